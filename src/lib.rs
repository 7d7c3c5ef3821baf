#![doc = include_str!("../ARCHITECTURE.md")]
//! # The map
//!
//! Modules stand here from the bottom up: each imports only from lines above its own, and a test
//! reads this list to hold them to it. Read `model::effect`, `door`, `schedule::state`, `ledger`,
//! then `app::live` and `app::pass`, where it all comes together.

// --- L0: words, pure data
pub mod diag;
pub mod model;

// --- L1: pure functions over words
pub mod archive;
pub mod attest;
pub mod calendar;
pub mod dist;
pub mod goals;
pub mod graph;
pub mod plan;
pub mod starter;
pub mod status;
pub mod timing;
pub mod version;
pub mod workflow;

pub mod doctor;

pub mod changelog;

pub mod ci;
pub mod complete;

// --- L1: the machine
pub mod host;

// --- L2: mechanisms
pub mod bundle;
pub mod history;
pub mod ledger;
pub mod repo;
pub mod seal;
pub mod stage;
pub mod store;
pub mod tools;

pub mod cache;

pub mod remote;

pub mod retention;

pub mod rehearse;

// --- L3: the door
pub mod door;
pub mod guard;

// --- L4: using it
pub mod report;
pub mod schedule;
pub mod script;

// --- L5: the program
pub mod cli;

pub mod app;

pub use app::run;
