//! The integration tests: one binary, one file per subject.
//!
//! `project` builds projects and runs rel in them; `peers` starts real index servers, `wire`
//! stands between rel and a server to look and to cut.

#![allow(unreachable_pub, reason = "one binary: nothing is reached from outside")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is a failed test"
)]
#![allow(clippy::print_stderr, reason = "a test may say what it could not judge")]
#![allow(clippy::disallowed_methods, reason = "tests use the machine as it is")]
#![allow(clippy::pedantic, reason = "a test may say things the long way")]

mod actor;
mod adopt;
mod annotate;
mod architecture;
#[cfg(unix)]
mod bar;
mod bundle;
#[cfg(target_os = "linux")]
mod cache;
#[cfg(unix)]
mod changelog;
mod chaos;
mod ci;
mod ci_dispatch;
mod ci_gitlab;
#[cfg(target_os = "linux")]
mod ci_run;
mod clean;
#[cfg(unix)]
mod complete;
#[cfg(target_os = "linux")]
mod crash;
mod dist;
mod docs;
mod doctor;
mod door;
mod dry;
#[cfg(unix)]
mod edits;
mod errors;
mod example;
#[cfg(target_os = "linux")]
mod faults;
#[cfg(target_os = "linux")]
mod fidelity;
mod forge;
mod github;
mod guarded;
#[cfg(unix)]
mod guards;
mod halves;
mod hatch_vcs;
mod help;
mod http;
mod init;
mod judges;
mod kept;
mod labels;
mod language;
mod log;
#[cfg(target_os = "linux")]
mod notify;
#[cfg(target_os = "linux")]
mod offline;
mod orphans;
mod page;
mod peers;
mod places;
mod project;
#[cfg(unix)]
mod pty;
mod publish;
mod readme;
mod real;
#[cfg(target_os = "linux")]
mod recreate;
mod refusals;
mod rehearse;
#[cfg(unix)]
mod repo;
mod resume;
mod rst;
mod run;
mod runbook;
#[cfg(unix)]
mod runs_here;
#[cfg(target_os = "linux")]
mod rust_python;
mod scale;
mod secrets;
#[cfg(target_os = "linux")]
mod setting;
mod shims;
#[cfg(target_os = "linux")]
mod split;
mod status;
#[cfg(target_os = "linux")]
mod still;
#[cfg(target_os = "linux")]
mod strace;
mod terminal;
mod verify;
#[cfg(unix)]
mod version;
#[cfg(target_os = "linux")]
mod version_example;
#[cfg(unix)]
mod version_judge;
#[cfg(target_os = "linux")]
mod watch;
mod wire;
mod workflow_lint;
