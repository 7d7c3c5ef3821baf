//! Yanking: what is published stays, and nobody's new resolution takes it (cargo book, "cargo yank";
//! <https://doc.rust-lang.org/cargo/reference/registry-web-api.html#yank>).

use super::{NO_TOKEN, TOKEN, judged, lines, same_version, token};
use crate::host::net::{Body, Write};
use crate::model::effect::{Presence, YankCrate};
use crate::remote::{Errand, Trouble};

/// Whether the version stands in the index as it is to.
///
/// # Errors
/// The index cannot be asked.
pub(in crate::remote) fn probe(errand: &Errand<'_>, yank: &YankCrate) -> Result<Presence, Trouble> {
    let lines = lines(errand.host, &yank.name, errand.stop)?.unwrap_or_default();
    let found = lines.iter().find(|line| {
        line["vers"].as_str().is_some_and(|version| same_version(version, &yank.version))
    });
    Ok(match found {
        Some(line) if line["yanked"].as_bool().unwrap_or_default() == yank.yanked => Presence::Same,
        _ => Presence::Absent,
    })
}

/// Yanks, or takes it back.
///
/// # Errors
/// `Refused` with the registry's reason, `Later` where it wants that, `Unclear` without an answer.
pub(in crate::remote) fn apply(errand: &Errand<'_>, yank: &YankCrate) -> Result<(), Trouble> {
    let (method, what) = if yank.yanked { ("DELETE", "yank") } else { ("PUT", "unyank") };
    let url = format!("{}/api/v1/crates/{}/{}/{what}", yank.registry, yank.name, yank.version);
    // What a trusted publisher gets is for publishing alone.
    let hint = format!("set {TOKEN} to a token that may yank: a run's identity may only publish");
    let login = token(errand).ok_or(Trouble::Refused { reason: NO_TOKEN.into(), hint })?;
    let write = Write {
        method,
        url: &url,
        accept: "application/json",
        fields: &[],
        login: Some(&login),
        body: Body::Nothing,
    };
    judged(errand, &errand.host.net().write(&write, errand.stop)?, false)
}
