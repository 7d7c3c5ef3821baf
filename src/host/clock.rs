//! Time: one instant for the whole run, and how long things take.
//!
//! What a run writes down carries the instant of its start, so that a plan and what is made of it
//! never disagree by a second.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The run's clock.
pub struct Clock {
    started: Instant,
    millis: u64,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Self { started: Instant::now(), millis }
    }

    /// The instant of the run, in seconds since 1970.
    pub fn unix(&self) -> u64 {
        self.millis / 1000
    }

    /// The same in milliseconds, which tell runs apart.
    pub fn unix_millis(&self) -> u64 {
        self.millis
    }

    /// This very moment, in seconds since 1970: for what ends by itself.
    pub fn now(&self) -> u64 {
        self.unix() + self.started.elapsed().as_secs()
    }

    /// Time since the run began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits.
    pub fn sleep(&self, pause: Duration) {
        std::thread::sleep(pause);
    }
}
