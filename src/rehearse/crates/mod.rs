//! crates.io of the rehearsal.
