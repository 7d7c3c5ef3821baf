//! Time: one instant for the whole run, and how long things take.
//!
//! What a run writes down carries the instant of its start, so that a plan and what is made of it
//! never disagree by a second.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The run's clock.
pub struct Clock {
    started: Instant,
    unix: u64,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self { started: Instant::now(), unix }
    }

    /// The instant of the run, in seconds since 1970.
    pub fn unix(&self) -> u64 {
        self.unix
    }

    /// This very moment, in seconds since 1970: for what ends by itself.
    pub fn now(&self) -> u64 {
        self.unix + self.started.elapsed().as_secs()
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
