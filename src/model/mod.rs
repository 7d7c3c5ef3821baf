//! The words of the program: plain data that every layer shares, and nothing that acts.
//!
//! Each file holds one word of the glossary in ARCHITECTURE.md.

pub mod artifact;
pub mod command;
pub mod effect;
pub mod env_file;
pub mod event;
pub mod flat;
pub mod percent;
pub mod publisher;
pub mod scm;
pub mod secret;
pub mod shell;
pub mod table;
pub mod task;
pub mod workflow;
