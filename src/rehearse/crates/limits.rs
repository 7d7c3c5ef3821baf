//! How often an account may publish and yank: a bucket for each account and action, filled again over
//! time.
//!
//! Uploads with a token of trusted publishing belong to no account and are not counted. Turned down: a
//! window of time, which would let through a burst that the real buckets stop.

use std::collections::BTreeMap;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    /// The first version of a crate.
    New,
    /// A further version.
    Update,
    /// Yanking, and taking that back.
    Yank,
}

impl Action {
    /// Seconds until there is one more, and how many there are at first.
    fn rate(self) -> (u64, u64) {
        match self {
            Self::New => (600, 5),
            Self::Update => (60, 30),
            Self::Yank => (60, 100),
        }
    }

    /// The server's complaint.
    pub(super) fn complaint(self) -> &'static str {
        match self {
            Self::New => "You have published too many new crates in a short period of time",
            Self::Update => {
                "You have published too many updates to existing crates in a short period of time"
            }
            Self::Yank => "You have yanked or unyanked too many versions in a short period of time",
        }
    }
}

#[derive(Debug)]
struct Bucket {
    left: u64,
    filled: u64,
}

/// All buckets.
#[derive(Debug, Default)]
pub(super) struct Limits(BTreeMap<(String, Action), Bucket>);

impl Limits {
    /// Counts one action.
    ///
    /// # Errors
    /// The instant from which there is one again.
    pub(super) fn take(&mut self, user: &str, action: Action, at: u64) -> Result<(), u64> {
        let (seconds, burst) = action.rate();
        let key = (user.to_owned(), action);
        let Some(bucket) = self.0.get_mut(&key) else {
            self.0.insert(key, Bucket { left: burst, filled: at });
            return Ok(());
        };
        let gained = at.saturating_sub(bucket.filled) / seconds;
        bucket.left = (bucket.left.saturating_sub(1) + gained).min(burst);
        bucket.filled += gained * seconds;
        if bucket.left >= 1 { Ok(()) } else { Err(bucket.filled + seconds) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_runs_dry_and_fills_again() {
        let mut limits = Limits::default();
        for _ in 0..5 {
            assert_eq!(limits.take("ann", Action::New, 100), Ok(()));
        }
        assert_eq!(limits.take("ann", Action::New, 150), Err(700));
        assert_eq!(limits.take("bob", Action::New, 150), Ok(()));
        assert_eq!(limits.take("ann", Action::Update, 150), Ok(()));
        assert_eq!(limits.take("ann", Action::New, 700), Ok(()));
        assert_eq!(limits.take("ann", Action::New, 701), Err(1_300));
    }
}
