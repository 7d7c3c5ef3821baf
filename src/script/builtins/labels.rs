//! Labels of pull requests, for notes: GitHub is asked for them, and `.github/release.yml` tells where they go.
//!
//! Notes are made without them where GitHub cannot be asked, and the run says why: a release does not wait for a
//! label. It is all or nothing, since half of them would put changes where nobody expects them. One request a commit,
//! since the number in a commit's first line is missing where pull requests are merged otherwise than squashed.

use super::Call;
use super::notes::unlabelled;
use crate::changelog::commits::Change;
use crate::changelog::labels::{FILES, Rules};
use crate::changelog::notes::{Group, usual_groups};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::remote::Trouble;
use crate::remote::github::pulls::{self, Pull};
use crate::repo::Repo;
use crate::script::cx::BodyCx;

/// Commits that are asked for at most: who has no token may ask 60 times an hour, and who has one need not wait
/// minutes for notes.
const MOST: usize = 300;

/// Labels changes and leaves out what has no place in notes: the groups for the rest.
pub(super) fn sort(
    call: &Call<'_>,
    repo: &Repo<'_>,
    repository: &str,
    told: Option<Vec<Group>>,
    changes: &mut Vec<Change>,
) -> Outcome<Vec<Group>> {
    let cx = call.acting_body()?;
    let rules = if told.is_some() { None } else { rules(repo)? };
    let all = match looked_up(&cx, repository, changes) {
        Ok(all) => all,
        Err(why) => {
            cx.say(&format!("labels of pull requests are not looked at: {why}"));
            return Ok(unlabelled(told));
        }
    };
    for (change, pull) in changes.iter_mut().zip(all) {
        if let Some(Pull { number, author, labels }) = pull {
            change.came_with(number, &author, labels);
        }
    }
    let Some(rules) = rules else { return Ok(told.unwrap_or_else(usual_groups)) };
    changes.retain(|change| !rules.without.has(change));
    Ok(if rules.groups.is_empty() { usual_groups() } else { rules.groups })
}

/// What the repository says of where labels go.
fn rules(repo: &Repo<'_>) -> Outcome<Option<Rules>> {
    let top = repo.top().unwrap_or_else(|| repo.root().to_owned());
    let read = |name| Some((name, fs::read_text(&top.join(name)).ok()?));
    let Some((name, text)) = FILES.into_iter().find_map(read) else { return Ok(None) };
    Rules::read(&text).map(Some).map_err(|wrong| {
        let (why, line) = (wrong.why, wrong.line);
        let wrong = Diagnostic::task(format!("{name} cannot be read: {why}"));
        Box::new(wrong.hint(format!("mend line {line}: GitHub reads it for its own notes")))
    })
}

/// The pull request of each change; or why that is not known.
fn looked_up(
    cx: &BodyCx,
    repository: &str,
    changes: &[Change],
) -> Result<Vec<Option<Pull>>, String> {
    if cx.run.offline {
        return Err("the run is `--offline`".into());
    }
    if repository.is_empty() {
        return Err("the remote `origin` is not on GitHub".into());
    }
    if changes.len() > MOST {
        return Err(format!("{} commits are too many to ask for", changes.len()));
    }
    let of = |change: &Change| pulls::of_commit(&cx.run.host, repository, &change.commit, &cx.stop);
    changes.iter().map(of).collect::<Result<_, _>>().map_err(|trouble| match trouble {
        Trouble::Refused { reason, hint } => format!("{reason}; {hint}"),
        Trouble::Later { reason, .. } => format!("{reason}; a token in GITHUB_TOKEN may ask more"),
        Trouble::Unclear(why) | Trouble::Unsent(why) => why,
    })
}
