//! A push: branches and tags of a git remote come to stand at given objects, all or none.
//!
//! It names objects, so that a tag or branch that moves on this machine meanwhile changes nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Receipt, ReleaseAt};
use crate::diag::Diagnostic;
use crate::model::task::Destination;

/// A push to a git remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushGit {
    /// The remote's name, by which git knows how to log in.
    pub remote: String,
    /// Its address, without a login; empty if there is no such remote.
    pub url: String,
    /// What is pushed.
    pub refs: Vec<PushedRef>,
    /// The release whose other tag is deleted first: until then it does not stand in the way. Nothing is ever
    /// pushed over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anew: Option<ReleaseAt>,
}

/// A ref, and where it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRef {
    /// Its whole name, such as `refs/tags/v1.2.0`.
    pub name: String,
    /// The object's full name: a commit, or an annotated tag; empty if there is none.
    pub object: String,
}

impl PushGit {
    /// A remote's address without a user's login; the user of SSH stays, as it is everybody's.
    pub fn without_login(url: &str) -> String {
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        let (site, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        match site.rsplit_once('@') {
            Some((login, host)) if scheme.starts_with("http") || login.contains(':') => {
                format!("{scheme}://{host}{path}")
            }
            _ => url.to_owned(),
        }
    }
}

impl PushedRef {
    /// A branch.
    pub fn branch(name: &str, object: String) -> Self {
        Self { name: format!("refs/heads/{name}"), object }
    }

    /// A tag.
    pub fn tag(name: &str, object: String) -> Self {
        Self { name: format!("refs/tags/{name}"), object }
    }

    /// The branch's name, if it is one.
    pub fn as_branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }

    /// The tag's name, if it is one.
    pub fn as_tag(&self) -> Option<&str> {
        self.name.strip_prefix("refs/tags/")
    }

    /// What it is called in a sentence.
    pub fn shown(&self) -> String {
        match self.as_tag() {
            Some(tag) => format!("tag {tag}"),
            None => format!("branch {}", self.as_branch().unwrap_or(&self.name)),
        }
    }
}

/// The beginning of an object's name.
fn short(object: &str) -> &str {
    object.get(..12).unwrap_or(object)
}

impl Change for PushGit {
    fn identity(&self) -> Value {
        json!(["push-git", self.url, self.refs])
    }

    fn summary(&self) -> String {
        let one = |at: &PushedRef| match at.object.as_str() {
            "" => at.shown(),
            object => format!("{} ({})", at.shown(), short(object)),
        };
        let refs: Vec<String> = self.refs.iter().map(one).collect();
        let to = if self.url.is_empty() { &self.remote } else { &self.url };
        format!("push {} to {to}", refs.join(" and "))
    }

    fn destination(&self) -> Destination {
        Destination::GitPush
    }

    fn endpoint(&self) -> String {
        self.url.clone()
    }

    fn predicted(&self) -> Receipt {
        let one = |at: &PushedRef| format!("{} {}", at.shown(), short(&at.object));
        let name = self.refs.iter().map(one).collect::<Vec<_>>().join(", ");
        let url = self.url.starts_with("https://").then(|| self.url.clone());
        Receipt { name, digest: None, url }
    }

    fn lacks(&self) -> Option<Diagnostic> {
        if let Some(missing) = self.refs.iter().find(|at| at.object.is_empty()) {
            let wrong = Diagnostic::refused(format!("there is no {} to push", missing.shown()));
            return Some(wrong.hint(if missing.as_tag().is_some() {
                "make it with `git tag` in a task with `.edits()` that this one needs"
            } else {
                "commit first: HEAD leads to no commit"
            }));
        }
        self.url.is_empty().then(|| {
            let wrong = Diagnostic::refused(format!("git knows no remote `{}`", self.remote));
            wrong.hint("add it with `git remote add`, or name another with `remote`")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(object: &str) -> PushGit {
        let refs = vec![
            PushedRef::branch("main", "1111111111111111".into()),
            PushedRef::tag("v1", object.into()),
        ];
        PushGit { remote: "origin".into(), url: "https://git.example/a".into(), refs, anew: None }
    }

    #[test]
    fn a_push_says_what_goes_where() {
        let push = push("2222222222222222");
        assert_eq!(
            push.summary(),
            "push branch main (111111111111) and tag v1 (222222222222) to https://git.example/a"
        );
        assert_eq!(push.predicted().name, "branch main 111111111111, tag v1 222222222222");
        assert!(push.lacks().is_none());
    }

    #[test]
    fn another_object_makes_it_another_push_and_another_name_of_the_remote_does_not() {
        let one = push("2222222222222222");
        assert_ne!(one.identity(), push("3333333333333333").identity());
        assert_eq!(one.identity(), PushGit { remote: "mine".into(), ..one.clone() }.identity());
    }

    #[test]
    fn logins_stay_out_of_addresses() {
        for (url, plain) in [
            ("https://me:t0ken@git.example/a@b", "https://git.example/a@b"),
            ("https://t0ken@git.example", "https://git.example"),
            ("ssh://git@git.example/a", "ssh://git@git.example/a"),
            ("git@git.example:a", "git@git.example:a"),
            ("../a", "../a"),
        ] {
            assert_eq!(PushGit::without_login(url), plain);
        }
    }

    #[test]
    fn what_is_not_there_is_told() {
        let missing = push("").lacks().map(|wrong| wrong.message);
        assert_eq!(missing.as_deref(), Some("there is no tag v1 to push"));
        let nowhere = PushGit { url: String::new(), ..push("2222222222222222") };
        let missing = nowhere.lacks().map(|wrong| wrong.message);
        assert_eq!(missing.as_deref(), Some("git knows no remote `origin`"));
    }
}
