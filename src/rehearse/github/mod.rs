//! GitHub of the rehearsal.
