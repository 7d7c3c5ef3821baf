//! What to do about refusals of crates.io, by words of their reasons.
//!
//! Source: the texts of <https://github.com/rust-lang/crates.io> (`controllers/krate/publish.rs`, `auth.rs`,
//! and the crates beside them that read the tarball and check names). The first row whose words are in a
//! reason counts.

use crate::remote::cures::{self, Cures};

/// Words of a reason, and what to do.
const CURES: Cures = &[
    // Releases and names.
    ("already uploaded", "give it a new version: a version can be published once"),
    (
        "too many versions of this crate",
        "wait a day, then run the same command: what is out by now is not sent again",
    ),
    ("recently deleted", "wait until then, or take another name"),
    ("reserved name", "take another name: this one is kept for Rust itself, or for a system"),
    ("was previously named", "write the name in Cargo.toml as it was first published"),
    // Who sends it.
    (
        "do not support creating new crates",
        "publish the first version with a token, by hand; then add this run as a trusted publisher",
    ),
    (
        "only be published using Trusted Publishing",
        "run it in CI as a trusted publisher of the crate, with `id-token: write`",
    ),
    ("verified email", "verify the e-mail address in the settings of your account"),
    ("owner to yank", "ask an owner of the crate to do it, or to add you"),
    ("seem to be an owner", "ask an owner of the crate to add you, and accept the invitation"),
    (
        "access token is not valid for",
        "add this run as a trusted publisher of this crate too: it is one of others only",
    ),
    (
        "required permissions",
        "take a token with the scope `publish-new` for a first version, `publish-update` for a later one, and with this crate among its own",
    ),
    (
        "does not match the format",
        "put a token of crates.io into CARGO_REGISTRY_TOKEN: what is there now is none",
    ),
    (
        "authentication failed",
        "put another token into CARGO_REGISTRY_TOKEN: the one that was sent is unknown or revoked",
    ),
    (
        "Failed to parse token",
        "put an API token into CARGO_REGISTRY_TOKEN: what is there now is a damaged one of a CI run",
    ),
    (
        "Invalid authentication token",
        "run the same command again: it takes a new token, good for half an hour",
    ),
    ("requires authentication", PROXY),
    ("unexpected authentication scheme", PROXY),
    ("`User-Agent` header", PROXY),
    (
        "data access policy",
        "write to the address that it names: crates.io turns this client or its network away",
    ),
    // The file.
    (
        "max upload size",
        "leave large files out with `exclude` in Cargo.toml, or ask crates.io for a higher limit",
    ),
    ("metadata blob too large", "shorten the README: with the rest it may have 1 MiB"),
    ("malformed", REPACKAGE),
    ("invalid path found", REPACKAGE),
    ("tar entry type", "replace the link by a file: a crate has nothing but files and folders"),
    ("more than one `Cargo.toml`", "leave out all but one, whatever the case of its letters"),
    ("missing a `Cargo.toml`", REPACKAGE),
    ("does not match manifest", DAMAGED),
    // What Cargo.toml says.
    (
        "missing or empty metadata",
        "add what is missing to [package] in Cargo.toml, and commit; `license-file` may stand for `license`",
    ),
    ("`description` is too long", "shorten `description` in Cargo.toml, and commit"),
    (
        "license expression",
        "write `license` with names of SPDX, as in `MIT OR Apache-2.0`, or name a `license-file`",
    ),
    ("URL for field", "give the whole address in Cargo.toml, with `https://`"),
    ("not a valid url", "correct that address in Cargo.toml"),
    ("`rust-version`", "write `rust-version` in Cargo.toml as a bare version, such as `1.85`"),
    ("at most 5 keywords", "leave five `keywords` in Cargo.toml"),
    (
        "invalid keyword",
        "write keywords with at most 20 letters, digits, `-`, `_` and `+`, a letter or digit first",
    ),
    ("at most 5 categories", "leave five `categories` in Cargo.toml"),
    ("category slugs", "take `categories` from the list on the page that it names"),
    (
        "maximum number of 300 features",
        "declare fewer features, or ask crates.io for a higher limit: the reason says where",
    ),
    ("in feature", FEATURE),
    ("feature cannot be empty", FEATURE),
    (
        "number of 500 dependencies",
        "split the crate, or ask crates.io for a higher limit: the reason says where",
    ),
    ("hosted on another registry", "publish that crate on crates.io first, or do without it"),
    (
        "invalid version requirement",
        "write the requirement as cargo does, as in `1.2` or `>=1.2, <3`",
    ),
    ("wildcard", "give each dependency a version in Cargo.toml, also those with a `path`"),
    (
        "no known crate named",
        "publish that crate before this one, or write its name to the letter as crates.io has it",
    ),
    ("dependency name", "write dependencies with the names that they have on crates.io"),
    (
        "crate name",
        "take a name of at most 64 letters, digits, `-` and `_`, of which the first is a letter",
    ),
    ("invalid semver version", "give it a version of three numbers, such as `1.2.0`"),
    ("version number is too long", "give it a version of at most 150 characters"),
    ("failed to parse `Cargo.toml`", "package it with `cargo package`, which writes a plain one"),
    // What rel fills in, and no user.
    ("invalid upload request", DAMAGED),
    ("invalid metadata length", DAMAGED),
    ("invalid tarball length", DAMAGED),
];

const PROXY: &str = "look for a proxy that changes header fields on their way to crates.io";
const DAMAGED: &str = "run the same command again: the request was damaged on its way; if it stays, report it: the mistake is in rel";
const REPACKAGE: &str =
    "package it again with `cargo package`, and do not change the file afterwards";
const FEATURE: &str =
    "name features with letters, digits, `_`, `-`, `+` and `.`, a letter, digit or `_` first";

/// What to do about a refusal; `by_identity`: the login was a token that the run got by its identity.
pub(super) fn advice(by_identity: bool, status: u16, reason: &str) -> String {
    let fits = |cure: &&str| !by_identity || !cure.contains("CARGO_REGISTRY_TOKEN");
    let cure = cures::of(CURES, reason).filter(fits);
    let otherwise = match status {
        401 | 403 if by_identity => {
            "check that this run is a trusted publisher of the crate: it got its token by that"
        }
        401 | 403 => "check the token in CARGO_REGISTRY_TOKEN, and what it may publish",
        _ => "read the reason; the same command again goes on from here",
    };
    cure.unwrap_or(otherwise).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_hides_a_later_one() {
        crate::remote::cures::each_counts(CURES.iter().map(|(words, _)| *words));
    }

    #[test]
    fn what_no_row_knows_is_judged_by_its_status() {
        assert!(advice(false, 403, "403 no").starts_with("check the token"));
        assert!(advice(true, 403, "403 no").contains("trusted publisher"));
        assert!(advice(false, 400, "400 no").starts_with("read the reason"));
    }
}
