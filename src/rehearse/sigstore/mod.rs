//! Fulcio, CT log and Rekor of the rehearsal.
