//! How a job gets rel: an archive by address and digest, checked before anything of it is started.
//!
//! `ci_rel(…)` in the Releasefile gives both; without it they are the repository's variables `REL_URL` and
//! `REL_SHA256`, and a job without them fails here. Turned down: `cargo install`, which is not bound to a
//! digest and takes minutes; an action of rel's own, one more thing to pin; a default address, as long as
//! there is nothing to be found there.

use super::jobs::MACHINE;
use super::yaml::{Yaml, map};
use crate::model::workflow::Download;

const SCRIPT: &str = r#"curl --fail --silent --show-error --location --proto =https --output "$RUNNER_TEMP/rel.tar.gz" "$REL_URL"
echo "$REL_SHA256  $RUNNER_TEMP/rel.tar.gz" | shasum --algorithm 256 --check
tar -xzf "$RUNNER_TEMP/rel.tar.gz" -C "$RUNNER_TEMP" rel
echo "$RUNNER_TEMP" >> "$GITHUB_PATH"
"#;

/// The archive for machines of a label, if the Releasefile names one.
pub(super) fn download<'a>(all: &'a [Download], runner: Option<&str>) -> Option<&'a Download> {
    let of = |wanted: Option<&str>| all.iter().find(|known| known.runner.as_deref() == wanted);
    match runner {
        Some(label) => of(Some(label)),
        // An archive without a label is for the machines that jobs run on unless told otherwise.
        None => of(None).or_else(|| of(Some(MACHINE))),
    }
}

/// Whether a script is the one that fetches rel, line by line.
pub(super) fn is(script: &str) -> bool {
    let lines = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    let plain = |text: &str| {
        lines(text)
            .into_iter()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect::<Vec<_>>()
    };
    plain(script) == plain(SCRIPT)
}

/// The step.
pub(super) fn step(download: Option<&Download>) -> Yaml {
    let (url, sha256) = match download {
        Some(known) => (known.url.clone(), known.sha256.clone()),
        None => ("${{ vars.REL_URL }}".into(), "${{ vars.REL_SHA256 }}".into()),
    };
    map([
        ("name", "Install rel".into()),
        ("env", map([("REL_URL", url.into()), ("REL_SHA256", sha256.into())])),
        ("run", Yaml::Block(SCRIPT.into())),
    ])
}
