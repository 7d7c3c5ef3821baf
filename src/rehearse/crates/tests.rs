//! Tests of the whole registry.
