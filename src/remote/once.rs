//! What is asked once in a look, by whoever needs it first, and then known to all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Trouble;

/// Answers by address.
pub(super) struct Once<T>(Mutex<BTreeMap<String, Place<T>>>);

/// Where an answer is, or will be.
type Place<T> = Arc<OnceLock<Result<Arc<T>, Trouble>>>;

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Once<T> {
    /// What `address` answers; `ask` is called for the first one only.
    pub(super) fn ask(
        &self,
        address: String,
        ask: impl FnOnce() -> Result<T, Trouble>,
    ) -> Result<Arc<T>, Trouble> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(address).or_default().clone();
        drop(places);
        place.get_or_init(|| ask().map(Arc::new)).clone()
    }
}
