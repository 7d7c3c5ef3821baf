//! Tests of the whole forge: requests go in as a client would send them.
//!
//! `memory` is a repository without git, `world` has forges and requests; the rest is one file for each
//! subject, with the refusals in a table.

#![allow(clippy::too_many_lines, reason = "tables of cases are long")]

mod actions;
mod assets;
mod graphql;
mod memory;
mod refs;
mod refusals;
mod refused;
mod releases;
mod serving;
mod world;
