//! What to do where crates.io gives no token for the run's identity, beside the claims that it went by.
//!
//! Source: the texts of <https://github.com/rust-lang/crates.io> (`controllers/trustpub/tokens/exchange`).
//! The first row whose words are in the reason counts.

use super::cures::seen_as;
use crate::model::secret::Secret;
use crate::remote::{Trouble, oidc};

/// What a configuration is made of.
const CONFIGURED: &[&str] = &["repository", "repository_owner_id", "workflow_ref", "environment"];

/// Words of a reason, what to do, and the claims that count. `{fault}` stands for what the claims say
/// against the token.
const CURES: &[(&str, &str, &[&str])] = &[
    (
        "already been used",
        "run the same command again: each try takes a new identity token",
        &["jti"],
    ),
    ("Failed to decode JWT", "{fault}; the same command again takes a new one", &[]),
    (
        "Unsupported JWT issuer",
        "publish from a CI service that crates.io knows, or set CARGO_REGISTRY_TOKEN outside of CI",
        &["iss"],
    ),
    (
        "JWT key ID",
        "run the same command again: the issuer may just have changed its keys",
        &["iss"],
    ),
    ("Unexpected `", "publish from a run that a workflow file of a repository began", CONFIGURED),
    (
        "event trigger",
        "publish from a push, a release or by hand: such a run is started by anybody's fork",
        &["event_name", "ref"],
    ),
    (
        "requires an environment",
        "give the job that publishes this `environment`, and the task `.environment(…)`",
        CONFIGURED,
    ),
    (
        "does not match the environment",
        "let the job run in that `environment`, or register the one it has",
        CONFIGURED,
    ),
    (
        "workflow filename",
        "register the workflow that begins the run, not one that it calls",
        CONFIGURED,
    ),
    (
        "repository owner ID",
        "delete the configuration and make it anew: the owner's name was another's before",
        CONFIGURED,
    ),
    (
        "No Trusted Publishing config",
        "register exactly this in the crate's settings, under Trusted Publishing",
        CONFIGURED,
    ),
    ("request body", DAMAGED, &[]),
    ("application/json", DAMAGED, &[]),
    ("JSON body", DAMAGED, &[]),
];

const DAMAGED: &str = "run the same command again: the request was damaged on its way";

/// What stands in no row.
const OTHERWISE: (&str, &[&str]) =
    ("register exactly this as a trusted publisher of the crate", CONFIGURED);

/// What crates.io said, beside what it could see of this run.
pub(super) fn refused(reason: &str, identity: &Secret, audience: &str, now: u64) -> Trouble {
    let row = CURES.iter().find(|(words, ..)| reason.contains(words));
    let (todo, counts) = row.map_or(OTHERWISE, |(_, todo, counts)| (*todo, *counts));
    let claims = oidc::claims(identity);
    let mut hint = todo.replace("{fault}", &oidc::fault(&claims, audience, now));
    if !counts.is_empty() {
        hint = format!("{hint}; the run was seen as: {}", seen_as(&claims, counts));
    }
    Trouble::Refused { reason: format!("no token for this run: {reason}"), hint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_hides_a_later_one() {
        crate::remote::cures::each_counts(CURES.iter().map(|(words, ..)| *words));
    }

    #[test]
    fn what_stands_in_no_row_is_told_with_the_claims_that_are_registered() {
        let told = refused("400 no", &Secret::new("token", "x"), "crates.io", 0);
        let Trouble::Refused { reason, hint } = told else { panic!("{told:?}") };
        assert_eq!(reason, "no token for this run: 400 no");
        assert!(hint.ends_with("workflow_ref = (none), environment = (none)"), "{hint}");
    }
}
