//! How what was pushed out of a stage comes to the user's checkout: its tags, what the remote is known to
//! hold, and the branch that is checked out, if it only has to go forward.
//!
//! The release is out by then, so that nothing here can fail it. What was not pushed stays behind.

use std::path::Path;

use super::Stage;
use super::git::{FETCH, Git};
use crate::diag::Diagnostic;
use crate::host::Host;
use crate::model::effect::{PushGit, PushedRef};
use crate::repo::Repo;

/// What has come of it.
#[derive(Debug, Default)]
pub struct Landed {
    /// What has arrived, in words.
    pub notes: Vec<String>,
    /// What has not, and how to get it.
    pub left: Vec<Diagnostic>,
    /// The user's HEAD is where the release is.
    pub followed: bool,
}

impl Stage {
    /// Brings what a push has sent to the user's checkout at `users`.
    pub fn land(&self, host: &Host, users: &Path, push: &PushGit) -> Landed {
        let mut landed = Landed::default();
        let git = Git { host, at: users };
        let repository = self.repository();
        let source = repository.to_string_lossy();
        let fetch = |refs: &str| git.ask(&[&FETCH[..], &["--", &source, refs]].concat()).is_some();
        for at in &push.refs {
            if let Some(tag) = at.as_tag() {
                if fetch(&format!("{0}:{0}", at.name)) {
                    landed.notes.push(format!("tag {tag} is in your repository"));
                } else {
                    let message = format!("your repository has another tag {tag} than was pushed");
                    let wrong = Diagnostic::machine(message);
                    let hint =
                        format!("take it with `git fetch --force {} tag {tag}`", push.remote);
                    landed.left.push(wrong.hint(hint));
                }
            } else if let Some(branch) = at.as_branch() {
                self.follow(host, users, &push.remote, (branch, at), &mut landed);
            }
        }
        landed
    }

    fn follow(
        &self,
        host: &Host,
        users: &Path,
        remote: &str,
        (branch, at): (&str, &PushedRef),
        landed: &mut Landed,
    ) {
        let repository = self.repository();
        let (mine, git) = (Git { host, at: &self.tree }, Git { host, at: users });
        // What this run made of the branch has a name here, by which it can be asked for.
        let pushed = format!("refs/rel/pushed/{branch}");
        let tracked = format!("refs/remotes/{remote}/{branch}");
        let named = mine.ask(&["update-ref", &pushed, &at.object]).is_some();
        let is_known =
            mine.ask(&["rev-parse", "--verify", "--quiet", &tracked]).as_ref() == Some(&at.object);
        let source = repository.to_string_lossy();
        let fetched = named && git.ask(&[&FETCH[..], &["--", &source, &pushed]].concat()).is_some();
        if fetched && is_known {
            git.ask(&["update-ref", &tracked, &at.object]);
        }
        let repo = Repo::new(host, users.to_owned());
        let short = at.object.get(..12).unwrap_or(&at.object);
        let why = match (repo.branch(), repo.head(), repo.changes(None)) {
            _ if !fetched => "it could not be read from the stage".into(),
            (Some(here), ..) if here != branch => format!("`{here}` is checked out"),
            (None, ..) => "no branch is checked out".into(),
            (_, Some(head), _) if head.commit != self.base => "it has gone on meanwhile".into(),
            (_, _, Some(changes)) if changes.is_empty() => {
                if git.ask(&["merge", "--ff-only", "--quiet", &at.object]).is_some() {
                    landed.notes.push(format!("your branch {branch} is at {short} now"));
                    landed.followed = true;
                    return;
                }
                "git did not move it".into()
            }
            _ => "the work tree has changes".into(),
        };
        let wrong = Diagnostic::machine(format!("your branch {branch} stays where it is: {why}"));
        landed
            .left
            .push(wrong.hint(format!("on {branch}: `git pull --ff-only {remote} {branch}`")));
    }
}
