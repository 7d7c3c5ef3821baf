//! Each place needs a login; what is missing is said before the first task, not after the build.
//!
//! A job of GitHub Actions without `id-token: write` has no identity, and one for a fork's pull request gets
//! none even then (<https://docs.github.com/actions/reference/openid-connect-reference>).

use super::{Ground, Wants};
use crate::diag::Diagnostic;
use crate::host::Host;
use crate::host::net::travels_in_the_clear;
use crate::model::task::{Destination, Index};
use crate::remote::github::settings;
use crate::remote::{pypi, standing, trusted};

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    let indexes = ground.indexes.iter();
    let indexes =
        indexes.flat_map(|index| missing(ground, index).into_iter().chain(in_the_clear(index)));
    indexes.chain(for_crates(ground)).chain(for_github(ground)).collect()
}

fn missing(ground: &Ground<'_>, index: &Index) -> Option<Diagnostic> {
    let by_identity = trusted::is_offered(ground.host, index);
    if by_identity || index.password.is_empty() || pypi::login(ground.host, index).is_some() {
        return None;
    }
    let wrong = Diagnostic::refused(format!("no login for index `{}`", index.name));
    let mut hint = format!("set {}", index.password.join(" or "));
    if index.user == "__token__" {
        hint += " to an API token that may upload there";
    }
    let wrong = wrong.hint(hint).hint("`.pypirc` and keyrings are never read");
    Some(if index.exchange.is_some() { or_by_identity(ground.host, wrong) } else { wrong })
}

fn in_the_clear(index: &Index) -> Option<Diagnostic> {
    if index.insecure || index.password.is_empty() {
        return None;
    }
    let url = [&index.upload, &index.simple].into_iter().find(|url| travels_in_the_clear(url))?;
    let wrong = Diagnostic::refused(format!(
        "the login for index `{}` would travel in the clear to {url}",
        index.name
    ));
    Some(
        wrong.hint("use https; or, on a network that you trust, add `insecure: true` to the index"),
    )
}

fn for_crates(ground: &Ground<'_>) -> Option<Diagnostic> {
    if !ground.sends_to(&Destination::Crates) || standing::crates_login(ground.host) {
        return None;
    }
    let wrong = Diagnostic::refused("no login for crates.io");
    let wrong = wrong.hint("set CARGO_REGISTRY_TOKEN to a token that may publish there");
    Some(or_by_identity(ground.host, wrong))
}

/// On a runner the identity is one permission away.
fn or_by_identity(host: &Host, wrong: Diagnostic) -> Diagnostic {
    if host.env.get("GITHUB_ACTIONS") != Some("true") {
        return wrong;
    }
    wrong.hint("or give the job the permission `id-token: write`; pull requests of forks get none")
}

/// What is stored as an attestation is only asked for where the run has an identity.
fn for_github(ground: &Ground<'_>) -> Option<Diagnostic> {
    if !ground.sends_to(&Destination::GithubRelease) || settings::has_token(ground.host) {
        return None;
    }
    let wrong = Diagnostic::refused("no login for GitHub");
    Some(wrong.hint("set GITHUB_TOKEN: `gh auth token` prints one, in a job it is `github.token`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::endpoints::Endpoints;

    #[test]
    fn a_login_is_not_sent_in_the_clear_unless_that_is_meant() {
        let said = |index: &Index| in_the_clear(index).map(|wrong| wrong.message);
        let pypi = Endpoints::default().pypi;
        assert_eq!(said(&pypi), None);
        let corp = |upload: &str, simple: &str| Index {
            name: "corp".into(),
            upload: upload.into(),
            simple: simple.into(),
            ..pypi.clone()
        };
        let (open, safe) = ("http://corp.example/", "https://corp.example/");
        let wrong = "the login for index `corp` would travel in the clear to http://corp.example/";
        for index in [corp(open, safe), corp(safe, open)] {
            assert_eq!(said(&index).as_deref(), Some(wrong));
            assert_eq!(said(&Index { insecure: true, ..index.clone() }), None);
            assert_eq!(said(&Index { password: Vec::new(), ..index }), None);
        }
    }
}
