//! What git knows of the project, without changing it.

use rhai::{Array, Dynamic, Map};

use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::repo::Repo;
use crate::script::cx::Frame;

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
