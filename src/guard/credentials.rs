//! Each index needs a login; what is missing is said before the first task, not after the build.

use super::Ground;
use crate::diag::Diagnostic;
use crate::host::net::travels_in_the_clear;
use crate::model::task::Index;
use crate::remote::{pypi, trusted};

pub(super) fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    ground
        .indexes
        .iter()
        .flat_map(|index| missing(ground, index).into_iter().chain(in_the_clear(index)))
        .collect()
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
    Some(wrong.hint(hint).hint("`.pypirc` and keyrings are never read"))
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
