//! crates.io: the API to publish, and the sparse index to look at what is there.
//!
//! Sources: <https://doc.rust-lang.org/cargo/reference/registry-web-api.html>,
//! <https://doc.rust-lang.org/cargo/reference/registry-index.html>. The file that was packaged is sent as
//! it is: `cargo publish` would package anew.

mod cures;
pub(super) mod yank;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::once::Once;
use super::{Errand, Trouble};
use crate::dist::cargo;
use crate::host::net::{Answer, Body, Login, Write};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::effect::{Listed, Presence, PublishCrate};

/// How long cargo waits too until the index shows what was published.
const CATCHES_UP: Duration = Duration::from_secs(60);
/// The variable with the user's own token.
pub const TOKEN: &str = "CARGO_REGISTRY_TOKEN";
const NO_TOKEN: &str = "there is no token for crates.io";

/// Versions of crates as one look found them, by the crate's name.
pub(super) type Versions = Once<Vec<Listed>>;

/// What the index holds under this version.
///
/// # Errors
/// The index cannot be asked.
pub(super) fn probe(
    errand: &Errand<'_>,
    publish: &PublishCrate,
    versions: &Versions,
) -> Result<Presence, Trouble> {
    let all = listed(errand, publish, versions)?;
    let found = all.iter().find(|listed| same_version(&listed.version, &publish.version));
    Ok(match found.map(|listed| listed.sha256.as_deref()) {
        None => Presence::Absent,
        Some(Some(sha256)) if sha256 == publish.file.sha256.as_str() => Presence::Same,
        Some(sha256) => Presence::Other(format!("sha256 {}", sha256.unwrap_or("unknown"))),
    })
}

/// The versions of the crate, read once in a look.
///
/// # Errors
/// The index cannot be asked.
pub(super) fn listed(
    errand: &Errand<'_>,
    publish: &PublishCrate,
    versions: &Versions,
) -> Result<Arc<Vec<Listed>>, Trouble> {
    versions.ask(publish.name.clone(), || of_index(errand.host, &publish.name, errand.stop))
}

/// The versions of a crate that the index has.
///
/// # Errors
/// The index cannot be asked.
pub(super) fn of_index(host: &Host, name: &str, stop: &Stop) -> Result<Vec<Listed>, Trouble> {
    let Some(lines) = lines(host, name, stop)? else { return Ok(Vec::new()) };
    let downloads = &host.endpoints.crates.downloads;
    let one = |line: &Value| {
        let version = line["vers"].as_str()?.to_owned();
        let file = format!("{name}-{version}.crate");
        let url = format!("{downloads}/crates/{name}/{version}/download");
        Some(Listed { version, file, sha256: line["cksum"].as_str().map(str::to_owned), url })
    };
    Ok(lines.iter().filter_map(one).collect())
}

/// The index's lines of a crate, one for each version; `None` if it has no such crate.
///
/// # Errors
/// The index cannot be asked.
pub(super) fn lines(host: &Host, name: &str, stop: &Stop) -> Result<Option<Vec<Value>>, Trouble> {
    let url = format!("{}/{}", host.endpoints.crates.index, in_index(name));
    let answer = host.net().get(&url, "text/plain, */*", None, stop)?;
    match answer.status {
        200 => {}
        404 | 410 | 451 => return Ok(None),
        status => return Err(Trouble::Unclear(format!("{url} answered {status}"))),
    }
    Ok(Some(answer.body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()))
}

/// Whether the registry takes two versions for one: what follows `+` does not count there.
fn same_version(one: &str, other: &str) -> bool {
    let plain = |version: &str| version.split('+').next().unwrap_or_default().to_owned();
    plain(one) == plain(other)
}

/// The path of a crate in a sparse index.
fn in_index(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let part = |from: usize, to: usize| name.get(from..to).unwrap_or_default();
    match name.len() {
        0..=2 => format!("{}/{name}", name.len()),
        3 => format!("3/{}/{name}", part(0, 1)),
        _ => format!("{}/{}/{name}", part(0, 2), part(2, 4)),
    }
}

/// Publishes the crate: by the run's identity if it is offered, else with the user's own token, and with that also
/// where the registry does not take the identity, as for the first version of a crate.
///
/// # Errors
/// `Refused` with the registry's reason, `Later` where it wants that, `Unclear` without an answer.
pub fn apply(errand: &Errand<'_>, publish: &PublishCrate) -> Result<(), Trouble> {
    let path =
        errand.store.verified(&publish.file).map_err(|wrong| Trouble::Unsent(wrong.message))?;
    let bytes = fs::read(&path).map_err(|error| Trouble::Unsent(error.to_string()))?;
    let read = cargo::read(publish.file.file_name(), bytes.as_slice())
        .map_err(|wrong| Trouble::Unsent(wrong.message))?;
    let body = framed(&read.metadata, &bytes);
    let (login, by_identity) = login(errand)?;
    let answer = put(errand, publish, &login, &body)?;
    match token(errand).filter(|_| by_identity && matches!(answer.status, 401 | 403)) {
        Some(own) => {
            now_with_token(errand, &reason(&answer));
            judged(errand, &put(errand, publish, &own, &body)?, false)
        }
        None => judged(errand, &answer, by_identity),
    }
}

fn put(
    errand: &Errand<'_>,
    publish: &PublishCrate,
    login: &Login,
    body: &[u8],
) -> Result<Answer, Trouble> {
    let url = format!("{}/api/v1/crates/new", publish.registry);
    let write = Write {
        method: "PUT",
        url: &url,
        accept: "application/json",
        fields: &[],
        login: Some(login),
        body: Body::Bytes(body),
    };
    Ok(errand.host.net().write(&write, errand.stop)?)
}

/// What an answer comes to.
fn judged(errand: &Errand<'_>, answer: &Answer, by_identity: bool) -> Result<(), Trouble> {
    let reason = reason(answer);
    match answer.status {
        // Old registries answered 200 to what they refused.
        200..=299 if !answer.body.contains("\"errors\"") => Ok(()),
        429 => match answer.retry_after(errand.host.clock.now()) {
            Some(after) => Err(Trouble::Later { reason, after }),
            None => Err(refused(by_identity, 429, reason)),
        },
        408 | 425 | 500..=599 => Err(Trouble::Unclear(format!("crates.io answered {reason}"))),
        status => Err(refused(by_identity, status, reason)),
    }
}

/// Waits until the index shows what was published: whoever builds a crate upon it looks there, and the registry
/// writes the index after it has answered. That it takes longer is no failure of the publishing; the proof looks
/// again.
pub(super) fn appear(errand: &Errand<'_>, publish: &PublishCrate) {
    let clock = &errand.host.clock;
    let begun = clock.elapsed();
    while clock.elapsed().saturating_sub(begun) < CATCHES_UP {
        let seen = probe(errand, publish, &Versions::default());
        if !matches!(seen, Ok(Presence::Absent) | Err(_)) || errand.stop.fired() {
            return;
        }
        errand.stop.wait(Duration::from_secs(1));
    }
}

/// The login, and whether the run got it by its identity.
fn login(errand: &Errand<'_>) -> Result<(Login, bool), Trouble> {
    let own = token(errand).map(|login| (login, false));
    match (errand.ties.tokens.for_crates(errand.host, errand.stop), own) {
        (Ok(Some(login)), _) => Ok((login, true)),
        (Err(Trouble::Refused { reason, .. }), Some(own)) => {
            now_with_token(errand, &reason);
            Ok(own)
        }
        (Err(trouble), _) => Err(trouble),
        (Ok(None), Some(own)) => Ok(own),
        (Ok(None), None) => {
            let hint = format!("set {TOKEN}, or run it in CI as a trusted publisher");
            Err(Trouble::Refused { reason: NO_TOKEN.into(), hint })
        }
    }
}

fn now_with_token(errand: &Errand<'_>, reason: &str) {
    let reason = errand.host.env.masked(reason);
    (errand.say)(format!("crates.io does not take the run's identity, now with {TOKEN}: {reason}"));
}

/// The user's own token.
fn token(errand: &Errand<'_>) -> Option<Login> {
    errand.host.env.secret(TOKEN).map(Login::Bearer)
}

/// Two parts, each behind its length in four bytes, little end first.
fn framed(metadata: &Value, bytes: &[u8]) -> Vec<u8> {
    let metadata = metadata.to_string();
    let mut body = Vec::with_capacity(metadata.len() + bytes.len() + 8);
    for part in [metadata.as_bytes(), bytes] {
        body.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        body.extend_from_slice(part);
    }
    body
}

fn refused(by_identity: bool, status: u16, reason: String) -> Trouble {
    let hint = cures::advice(by_identity, status, &reason);
    Trouble::Refused { reason, hint }
}

/// What the registry said, in one line.
pub(super) fn reason(answer: &Answer) -> String {
    let said: Value = answer.json();
    let details = said["errors"].as_array().into_iter().flatten();
    let details: Vec<&str> = details.filter_map(|error| error["detail"].as_str()).collect();
    let text = if details.is_empty() { answer.body.clone() } else { details.join("; ") };
    super::one_line(answer.status, &text)
}

#[cfg(test)]
mod tests {
    use super::in_index;

    #[test]
    fn crates_are_found_in_the_index_by_their_names() {
        let found = ["a", "ab", "Abc", "serde", "REL_x"].map(in_index);
        assert_eq!(found, ["1/a", "2/ab", "3/a/abc", "se/rd/serde", "re/l_/rel_x"]);
    }
}
