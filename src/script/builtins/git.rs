//! What git knows of the project, without changing it; and the push of what was committed and tagged.

use rhai::{Array, Dynamic, Map};

use super::chosen::Options;
use super::remake;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::model::effect::{Effect, PushGit, PushedRef, ReleaseAt};
use crate::repo::Repo;
use crate::script::cx::{BodyCx, Frame};

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("git"),
        Phase::Any,
        "commit",
        (0, 0),
        "git::commit()",
        "The full name of the commit that HEAD is at; `()` before the first one.",
        "task(\"show\").run(|| print(git::commit()));",
        commit,
    ),
    row(
        Place::Module("git"),
        Phase::Any,
        "tag",
        (0, 0),
        "git::tag()",
        "The tag at HEAD, the highest if there are several; `()` if there is none.",
        "task(\"show\").run(|| print(if git::tag() == () { \"no tag\" } else { git::tag() }));",
        tag,
    ),
    row(
        Place::Module("git"),
        Phase::Any,
        "tags",
        (0, 0),
        "git::tags()",
        "All tags, the highest version first.",
        "task(\"show\").run(|| print(git::tags().len()));",
        tags,
    ),
    row(
        Place::Module("git"),
        Phase::Any,
        "branch",
        (0, 0),
        "git::branch()",
        "The branch that is checked out; `()` if none is.",
        "task(\"main\").when(|| git::branch() == \"main\").exec(\"true\");",
        branch,
    ),
    row(
        Place::Module("git"),
        Phase::Any,
        "is_clean",
        (0, 0),
        "git::is_clean()",
        "Whether the project is exactly what its commit holds.",
        "task(\"show\").run(|| print(git::is_clean()));",
        is_clean,
    ),
    row(
        Place::Module("git"),
        Phase::Any,
        "log",
        (1, 1),
        "git::log(\"v1.0..HEAD\")",
        "The commits of a range, newest first, each with `commit`, `author`, `subject` and `body`.",
        "task(\"show\").run(|| { for change in git::log(\"HEAD\") { print(change.subject); } });",
        log,
    ),
    row(
        Place::Module("git"),
        Phase::Body,
        "push",
        (1, 1),
        "git::push(#{ branch: \"main\", tag: \"v1.2.0\" })",
        "Pushes the commit at HEAD to a branch, and a tag: both or none, and never by force. A tag that is out is not moved, a branch only forward. `branch` or `tag` may be left out; `remote` is `origin` unless said. With `force_recreate: true` a tag of this name at another commit on GitHub is deleted first, as `github::release` does it: after asking, and never once a registry holds the version. Git logs in as the user does, and a pre-push hook is asked. After a run with `.edits()` the user's branch follows.",
        "task(\"note\").edits().sh(\"echo 1.1 > VERSION; git add VERSION; git -c user.name=Me -c user.email=me@example.org commit --quiet -m 1.1; git tag v1.1\");\ntask(\"push\").needs(\"note\").effects(\"git-push\").run(|t| git::push(#{ branch: \"main\", tag: \"v1.1\" }));",
        push,
    ),
];

fn ask<T>(call: &Call<'_>, question: impl FnOnce(&Repo<'_>) -> T) -> T {
    let (host, root) = match &call.frame {
        Frame::Declaring(declaring) => (&declaring.host, &declaring.root),
        Frame::Body(cx) => (&cx.run.host, &cx.run.root),
    };
    question(&Repo::new(host, root.clone()))
}

fn or_unit(text: Option<String>) -> Outcome<Dynamic> {
    Ok(text.map_or(Dynamic::UNIT, Dynamic::from))
}

fn commit(call: &mut Call<'_>) -> Outcome<Dynamic> {
    or_unit(ask(call, |repo| repo.head().map(|head| head.commit.clone())))
}

fn tag(call: &mut Call<'_>) -> Outcome<Dynamic> {
    or_unit(ask(call, |repo| repo.head().and_then(|head| head.tags.first().cloned())))
}

fn tags(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let tags = ask(call, |repo| repo.tags());
    Ok(tags.into_iter().map(Dynamic::from).collect::<Array>().into())
}

fn branch(call: &mut Call<'_>) -> Outcome<Dynamic> {
    or_unit(ask(call, |repo| repo.branch()))
}

fn is_clean(call: &mut Call<'_>) -> Outcome<Dynamic> {
    match ask(call, |repo| repo.changes(None)) {
        Some(changes) => Ok(changes.is_empty().into()),
        None => {
            let wrong = Diagnostic::usage("this project is in no git repository");
            Err(Box::new(wrong.hint("run `git init`, and commit")))
        }
    }
}

fn log(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let range = call.word(0)?;
    let Some(commits) = ask(call, |repo| repo.log(&range.text)) else {
        let wrong = Diagnostic::usage(format!("git has no range `{}`", range.text));
        return Err(Box::new(
            wrong
                .at(&range.site)
                .hint("write a range such as \"v1.0..HEAD\"; in CI fetch the whole history"),
        ));
    };
    let map = |commit: [String; 4]| -> Dynamic {
        let keys = ["commit", "author", "subject", "body"];
        let pairs = keys.into_iter().zip(commit);
        pairs.map(|(key, text)| (key.into(), text.into())).collect::<Map>().into()
    };
    Ok(commits.into_iter().map(map).collect::<Array>().into())
}

fn push(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let options = Options::of(call, 0, &["branch", "force_recreate", "remote", "tag"])?;
    let (branch, tag) = (options.text("branch")?, options.text("tag")?);
    let anew = options.flag("force_recreate")?.unwrap_or(false);
    let remote = options.text("remote")?.unwrap_or_else(|| "origin".into());
    if branch.is_none() && tag.is_none() {
        let wrong = Diagnostic::usage("`git::push` names nothing to push");
        return Err(Box::new(wrong.hint(format!("write it as `{}`", call.builtin.signature))));
    }
    let names = [branch.as_ref(), tag.as_ref(), Some(&remote)];
    if let Some(name) = names.into_iter().flatten().find(|name| !is_ref_name(name)) {
        let wrong = Diagnostic::usage(format!("git takes no name such as `{name}`"));
        return Err(Box::new(wrong.hint("give the short name alone, such as `main` or `v1.2.0`")));
    }
    let repo = Repo::new(&cx.run.host, cx.run.root.clone());
    let head = repo.head().map(|head| head.commit.clone()).unwrap_or_default();
    let url = repo.pushes_to(&remote).unwrap_or_default();
    let anew = tag.clone().filter(|_| anew).map(|tag| {
        let on_github = cx.run.host.endpoints.github.repository_of(&url);
        let (server, repository) = repository(&cx, &repo, on_github);
        ReleaseAt { server, repository, tag }
    });
    let branch = branch.map(|name| PushedRef::branch(&name, head.clone()));
    let tag = tag.map(|name| PushedRef::tag(&name, repo.tag(&name).unwrap_or_default()));
    let refs: Vec<PushedRef> = branch.into_iter().chain(tag).collect();
    let names = refs.iter().map(|at| Dynamic::from(at.name.clone())).collect::<Array>();
    let url = PushGit::without_login(&url);
    let mut steps = Vec::new();
    if let Some(at) = &anew {
        // The release, if it goes too, goes when it is made anew.
        let [tag, _] = remake::making_room(&remake::remake(&cx, at, &head, &[]));
        steps.push(tag);
    }
    steps.push(vec![Effect::PushGit(PushGit { remote, url, refs, anew })]);
    for step in &steps {
        cx.at_door(None, |door, caller| door.perform(caller, step))?;
    }
    Ok(names.into())
}

/// Whether git takes this for the name of a branch, tag or remote (`git check-ref-format`).
fn is_ref_name(name: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"~^:?*[\\".contains(c);
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.ends_with(".lock")
    };
    name.chars().all(plain)
        && name.split('/').all(part)
        && !name.starts_with('-')
        && !name.starts_with("refs/")
        && !name.contains("..")
        && !name.contains("@{")
        && name != "@"
}

/// The site and the repository on it: as told, else as the CI service or `origin` has it. What is
/// not known is empty, and stops a live run at the gate.
pub(super) fn repository(cx: &BodyCx, repo: &Repo<'_>, told: Option<String>) -> (String, String) {
    let github = &cx.run.host.endpoints.github;
    (github.web.clone(), told.or_else(|| repo.on_github()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::is_ref_name;

    #[test]
    fn names_of_refs_are_told_from_words_that_git_would_take_otherwise() {
        for name in ["main", "release/1.x", "v1.2.0-rc.1", "a@b"] {
            assert!(is_ref_name(name), "{name}");
        }
        for name in ["", "--force", "a:b", "+a b", "refs/heads/a", "a..b", "a.lock", "/a", "a^"] {
            assert!(!is_ref_name(name), "{name}");
        }
    }
}
