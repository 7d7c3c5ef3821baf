//! What follows from a delete for the rest of a plan: what would be sent to a release that goes finds nothing.

use std::collections::BTreeMap;

use crate::model::effect::{Effect, Presence, ReleaseAt};

/// Releases at which something stands in the way, with whether it goes.
#[derive(Default)]
pub(super) struct Standing(BTreeMap<ReleaseAt, bool>);

impl Standing {
    fn goes(&self, effect: &Effect) -> Option<bool> {
        self.0.get(effect.part_of()?).copied()
    }

    /// Whether nobody has to be asked about an effect any more.
    pub(super) fn tells(&self, effect: &Effect) -> bool {
        self.goes(effect).is_some_and(|goes| !(goes && effect.removes()))
    }

    /// What will be there when its turn comes; `None` if what stands there stays, and is told of once.
    pub(super) fn of(&self, effect: &Effect) -> Option<Presence> {
        (self.goes(effect) == Some(true)).then_some(Presence::Absent)
    }

    /// Takes in what a look has found.
    pub(super) fn note(&mut self, effect: &Effect, found: Option<&Presence>) {
        let Some(remake) = effect.remakes() else { return };
        let goes = match found {
            Some(Presence::Stands(_)) => true,
            Some(Presence::Other(_)) => false,
            _ => return,
        };
        *self.0.entry(remake.at.clone()).or_insert(true) &= goes;
    }
}
