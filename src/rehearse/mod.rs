//! The rehearsal: services on loopback that behave like the real ones, their refusals included.
//!
//! Each service is a plain value that answers requests at an instant; one file knows sockets. What a
//! service knows of the protocols is written here a second time, never taken from `remote` or `dist`:
//! a server that shares code with its client proves nothing.

pub mod ca;
pub mod chaos;
pub mod child;
pub mod codecov;
pub mod crates;
pub mod dates;
pub mod fault;
pub mod git;
pub mod github;
pub mod hooks;
mod html;
pub mod http;
pub mod kept;
pub mod mail;
pub mod oidc;
pub mod owned;
pub mod pages;
pub mod private;
pub mod pypi;
pub mod registries;
pub mod repository;
pub mod scratch;
pub mod services;
pub mod sigstore;
pub mod site;
pub mod wire;
pub mod world;
