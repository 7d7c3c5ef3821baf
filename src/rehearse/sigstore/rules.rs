//! The rules by which Fulcio and Rekor refuse.

use crate::rehearse::http::Rule;

const FULCIO: &str = "fulcio: pkg/server/grpc_server.go";
const REKOR: &str = "rekor: pkg/api/entries.go, pkg/types/dsse";

const fn rule(name: &'static str, source: &'static str) -> Rule {
    Rule { name, source }
}

pub(super) const BODY: Rule = rule("fulcio.body", FULCIO);
pub(super) const TOKEN: Rule = rule("fulcio.token", FULCIO);
pub(super) const KEY: Rule = rule("fulcio.key", FULCIO);
pub(super) const KEY_TYPE: Rule = rule("fulcio.key-type", FULCIO);
pub(super) const PROOF: Rule = rule("fulcio.proof-of-possession", FULCIO);
pub(super) const ENTRY: Rule = rule("rekor.entry", REKOR);
pub(super) const AUTHORITY: Rule = rule("rekor.authority", REKOR);
pub(super) const EXPIRED: Rule = rule("rekor.certificate-time", REKOR);
pub(super) const SIGNATURE: Rule = rule("rekor.signature", REKOR);
pub(super) const DUPLICATE: Rule = rule("rekor.duplicate", REKOR);

/// All of them.
pub const RULES: &[Rule] =
    &[BODY, TOKEN, KEY, KEY_TYPE, PROOF, ENTRY, AUTHORITY, EXPIRED, SIGNATURE, DUPLICATE];
