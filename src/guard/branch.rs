//! What is released is what the remote has: nothing is left to push, nothing to pull, and a tag leads there
//! where it leads here. Else others could not build what was published.
//!
//! The remote is asked with `git ls-remote`; nothing is fetched. A tag that only this checkout has is no
//! fault: releases on GitHub make theirs.

use super::ground::silent;
use super::{Ground, Wants};
use crate::diag::Diagnostic;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    let Some(head) = ground.repo.head() else { return Vec::new() };
    let branch = ground.repo.branch();
    let remote =
        branch.as_deref().map_or_else(|| "origin".into(), |name| ground.repo.remote_of(name));
    if ground.repo.remote(&remote).is_none() {
        let wrong =
            Diagnostic::refused(format!("there is no remote `{remote}` to compare HEAD with"));
        return vec![wrong.hint(format!("add it: `git remote add {remote} URL`"))];
    }
    let asked = ground
        .repo
        .remote_branches(&remote, ground.stop)
        .and_then(|branches| Ok((branches, ground.repo.remote_tags(&remote, ground.stop)?)));
    let (branches, tags) = match asked {
        Ok(told) => told,
        Err(why) => return vec![silent(&remote, "its branches and tags", &why)],
    };
    let mut wrong = moved(&remote, &ground.tags(), &head.commit, &tags);
    let state = |tip: &str| Tip {
        same: tip == head.commit,
        ours_is_before: ground.repo.is_before(&head.commit, tip),
        theirs_is_before: ground.repo.is_before(tip, &head.commit),
    };
    let apart = match branch {
        Some(name) => {
            let tip = branches.iter().find(|(known, _)| *known == name);
            apart(&remote, &name, tip.map(|(_, tip)| state(tip)).as_ref())
        }
        None => {
            let tips = branches.iter().chain(&tags).map(|(_, tip)| state(tip));
            detached(&remote, tips)
        }
    };
    wrong.extend(apart);
    wrong
}

/// How the tip of a branch at the remote stands to HEAD.
struct Tip {
    same: bool,
    ours_is_before: bool,
    theirs_is_before: bool,
}

/// Tags of HEAD that lead elsewhere at the remote.
fn moved(
    remote: &str,
    here: &[String],
    commit: &str,
    there: &[(String, String)],
) -> Vec<Diagnostic> {
    let elsewhere = |(name, other): &&(String, String)| here.contains(name) && other != commit;
    let one = |(name, other): &(String, String)| {
        let wrong =
            Diagnostic::refused(format!("`{remote}` has the tag `{name}` at another commit"));
        wrong
            .note(format!("here:  {commit}"))
            .note(format!("there: {other}"))
            .hint("give the release a new version: a tag that was pushed stays where it is")
    };
    there.iter().filter(elsewhere).map(one).collect()
}

fn apart(remote: &str, branch: &str, tip: Option<&Tip>) -> Option<Diagnostic> {
    let push = format!("push it: `git push {remote} {branch}`");
    let pull = format!("take them: `git pull --ff-only {remote} {branch}`");
    let (what, hint) = match tip {
        Some(Tip { same: true, .. }) => return None,
        None => (format!("`{remote}` has no branch `{branch}`"), push),
        Some(Tip { theirs_is_before: true, .. }) => {
            (format!("`{branch}` has commits that `{remote}` lacks"), push)
        }
        Some(Tip { ours_is_before: true, .. }) => {
            (format!("`{branch}` lacks commits that `{remote}` has"), pull)
        }
        Some(_) => (
            format!("`{remote}` has commits of `{branch}` that are not here"),
            format!("look at them: `git fetch {remote}`, then `git log HEAD..{remote}/{branch}`"),
        ),
    };
    Some(Diagnostic::refused(what).hint(hint))
}

/// HEAD is on no branch, as in CI: it has to be part of what the remote has.
fn detached(remote: &str, mut tips: impl Iterator<Item = Tip>) -> Option<Diagnostic> {
    if tips.any(|tip| tip.same || tip.ours_is_before) {
        return None;
    }
    let wrong = Diagnostic::refused(format!("HEAD is on no branch that `{remote}` has"));
    Some(
        wrong.hint(format!("push it: `git push {remote} HEAD:BRANCH`, or check out what is there")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tip(same: bool, ours_is_before: bool, theirs_is_before: bool) -> Tip {
        Tip { same, ours_is_before, theirs_is_before }
    }

    fn said(tip: Option<&Tip>) -> String {
        apart("origin", "main", tip).map_or_else(String::new, |wrong| wrong.message)
    }

    #[test]
    fn a_branch_is_ahead_behind_or_neither() {
        assert_eq!(said(Some(&tip(true, true, true))), "");
        assert_eq!(said(None), "`origin` has no branch `main`");
        let ahead = "`main` has commits that `origin` lacks";
        assert_eq!(said(Some(&tip(false, false, true))), ahead);
        let behind = "`main` lacks commits that `origin` has";
        assert_eq!(said(Some(&tip(false, true, false))), behind);
        let other = "`origin` has commits of `main` that are not here";
        assert_eq!(said(Some(&tip(false, false, false))), other);
    }

    #[test]
    fn without_a_branch_head_has_to_be_part_of_one_that_is_there() {
        assert!(detached("origin", [tip(false, false, true)].into_iter()).is_some());
        assert!(detached("origin", [].into_iter()).is_some());
        for good in [tip(true, false, false), tip(false, true, false)] {
            let tips = [tip(false, false, true), good];
            assert!(detached("origin", tips.into_iter()).is_none());
        }
    }

    #[test]
    fn a_tag_that_leads_elsewhere_is_named() {
        let there = [("v1".to_owned(), "aa".to_owned()), ("v2".to_owned(), "bb".to_owned())];
        let here = ["v1".to_owned(), "v3".to_owned()];
        assert!(moved("origin", &here, "aa", &there).is_empty());
        let wrong = moved("origin", &here, "cc", &there);
        assert_eq!(wrong.len(), 1);
        assert_eq!(wrong[0].message, "`origin` has the tag `v1` at another commit");
    }
}
