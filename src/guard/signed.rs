//! The tag that is released is signed, by somebody whom git trusts on this machine: with `gpg` by the
//! keyring, with SSH by `gpg.ssh.allowedSignersFile` (`git-verify-tag(1)`, `git-config(1)`).
//!
//! Git judges, not rel. A rehearsal has neither the keys nor the tag itself, so it is not asked there.

use super::{Ground, Wants};
use crate::diag::Diagnostic;
use crate::repo::Repo;
use crate::version::in_tag;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    let Some(repo) = ground.tagged else { return Vec::new() };
    let tags = ground.tags();
    // Where a tag names a version, that is the one: `latest` and the like move.
    let named = tags.iter().any(|tag| in_tag(tag).is_some());
    let tags: Vec<&String> = tags.iter().filter(|tag| !named || in_tag(tag).is_some()).collect();
    if tags.is_empty() {
        let wrong = Diagnostic::refused("HEAD carries no signed tag");
        return vec![wrong.hint("sign one: `git tag -s v1.2.3`")];
    }
    tags.into_iter().filter_map(|tag| doubtful(repo, tag)).collect()
}

fn doubtful(repo: &Repo<'_>, tag: &str) -> Option<Diagnostic> {
    let said = repo.verify_tag(tag).err()?;
    let unsigned = said.iter().any(|line| {
        line.contains("no signature found") || line.contains("cannot verify a non-tag object")
    });
    if unsigned {
        let wrong = Diagnostic::refused(format!("the tag `{tag}` is not signed"));
        return Some(wrong.hint(format!("sign it: `git tag --force -s {tag} {tag}^{{}}`")));
    }
    let mut wrong = Diagnostic::refused(format!("git does not trust the signature of `{tag}`"));
    for line in said.into_iter().filter(|line| !line.is_empty()).take(4) {
        wrong = wrong.note(line);
    }
    let hint = "add the signer's key: to the keyring with `gpg --import`, or to the file in `gpg.ssh.allowedSignersFile`";
    Some(wrong.hint(hint))
}
