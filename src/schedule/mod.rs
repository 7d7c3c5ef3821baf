//! Scheduling: [`state`] decides, purely; [`run`] only starts and waits.

pub mod run;
pub mod state;
