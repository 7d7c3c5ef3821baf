//! Tests of the whole registry: requests go in as a client would send them.
//!
//! `world` builds crates and requests; the rest is one file for each subject, with the refusals in
//! tables. Turned down: `.crate` files in the repository, whose contents nobody could see.

#![allow(clippy::too_many_lines, reason = "tables of cases are long")]

mod publish;
mod refusals;
mod serving;
mod trusted;
mod world;
