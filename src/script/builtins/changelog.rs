//! Changelogs that people keep: what stands in them for a version, and a section for a new one.
//!
//! Reading is for everybody; a file is changed only by a task that says `.edits()`, so that the change is
//! made in a stage and leaves it as a commit.

use rhai::Dynamic;

use super::made;
use super::read::{self, unreadable};
use super::{Builtin, Call, Phase, Place, notes, row};
use crate::calendar::date;
use crate::changelog::has_version;
use crate::changelog::keep::{self, Wrong};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("changelog"),
        Phase::Body,
        "notes",
        (0, 1),
        "changelog::notes(#{ since: \"v1.0\" })",
        "What the commits since a tag change, as Markdown: what breaks first, then groups by the kinds of Conventional Commits. Options: `since` (else the newest tag of a version before HEAD), `version` (the one to come: a final one skips the tags of prereleases), `groups` (`[[\"New\", \"feat\"], [\"Mended\", \"fix\", \"perf\"]]`), `others` (the title for what is in no group; false leaves it out), `contributors` (false leaves them out), `labels` (true asks GitHub for the labels of pull requests, and groups by `.github/release.yml` or by the words of `groups`), `template` (Jinja). With a `cliff.toml`, git-cliff writes them if it is on PATH and no option asks for rel's own form.",
        "task(\"show\").run(|| print(changelog::notes(#{ since: \"v1.0\", groups: [[\"New\", \"feat\"]], others: false })));",
        notes::notes,
    ),
    row(
        Place::Module("changelog"),
        Phase::Any,
        "section",
        (1, 2),
        "changelog::section(version()) or changelog::section(\"1.2.0\", \"docs/changes.md\")",
        "What a changelog says of a version, or of the version that a tag names: the text below its heading, with the links that it uses. The file is CHANGELOG.md, CHANGES.md, HISTORY.md or NEWS.md unless said.",
        "task(\"write\").edits().run(|| changelog::prepend(\"1.0\", \"- First one.\"));\ntask(\"show\").needs(\"write\").run(|| print(changelog::section(\"1.0\")));",
        section,
    ),
    row(
        Place::Module("changelog"),
        Phase::Any,
        "has_version",
        (2, 2),
        "changelog::has_version(read(\"CHANGELOG.md\"), version())",
        "Whether the text of a changelog has a section of this version; `0.2.0-alpha.1` and `v0.2.0a1` are the same.",
        "task(\"show\").run(|| print(changelog::has_version(\"## [1.0]\", \"v1.0.0\")));",
        has,
    ),
    row(
        Place::Module("changelog"),
        Phase::Body,
        "promote",
        (1, 2),
        "changelog::promote(\"1.2.0\")",
        "Makes what stands below `[Unreleased]` the section of a version, with the run's date, and lets the links at the end follow. Only in a task with `.edits()`. A second argument may name another file.",
        "task(\"note\").edits().run(|| { write(\"CHANGELOG.md\", \"# Changelog\\n\\n## [Unreleased]\\n\\n- New.\\n\"); changelog::promote(\"1.2.0\"); print(read(\"CHANGELOG.md\")); });",
        promote,
    ),
    row(
        Place::Module("changelog"),
        Phase::Body,
        "prepend",
        (2, 3),
        "changelog::prepend(\"1.2.0\", changelog::notes())",
        "Puts a section with these notes above the newest version, with the run's date; makes CHANGELOG.md if there is no changelog. Only in a task with `.edits()`. A third argument may name another file.",
        "task(\"note\").edits().run(|| { changelog::prepend(\"1.2.0\", \"- New.\"); print(read(\"CHANGELOG.md\")); });",
        prepend,
    ),
];

/// Names that changelogs have, the usual one first.
const NAMES: [&str; 4] = ["CHANGELOG.md", "CHANGES.md", "HISTORY.md", "NEWS.md"];

/// The name of the changelog: as told in an argument, else the first that is there.
fn name(call: &Call<'_>, told: usize) -> Outcome<String> {
    if call.args.len() > told {
        return call.text(told);
    }
    let root = read::root(call);
    let there = NAMES.iter().find(|name| fs::is_file(&root.join(name)));
    Ok((*there.unwrap_or(&NAMES[0])).to_owned())
}

fn section(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let (version, name) = (call.text(0)?, name(call, 1)?);
    let text = read::text_of(call, &name)?;
    let found = keep::section(&text, &version);
    let is_ready = keep::unreleased(&text).is_ok();
    found.map(Dynamic::from).map_err(|wrong| told(&name, &version, &wrong, is_ready))
}

fn has(call: &mut Call<'_>) -> Outcome<Dynamic> {
    Ok(has_version(&call.text(0)?, &call.text(1)?).into())
}

fn promote(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let (version, name) = (call.text(0)?, name(call, 1)?);
    edit(call, &name, |text, day| {
        let promoted = keep::promote(text.unwrap_or_default(), &version, day);
        promoted.map_err(|wrong| told(&name, &version, &wrong, false))
    })
}

fn prepend(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let (version, notes, name) = (call.text(0)?, call.text(1)?, name(call, 2)?);
    edit(call, &name, |text, day| {
        keep::prepend(text.unwrap_or_default(), &version, day, &notes)
            .map_err(|wrong| told(&name, &version, &wrong, false))
    })
}

/// Replaces a changelog by what is made of its text, if it is there, and of the run's day.
fn edit(
    call: &Call<'_>,
    name: &str,
    make: impl FnOnce(Option<&str>, &str) -> Outcome<String>,
) -> Outcome<Dynamic> {
    let cx = call.editing_body()?;
    let path = made::below(&cx, name)?;
    let there = fs::exists(&path);
    let text = if there { Some(read::text_of(call, name)?) } else { None };
    let made = make(text.as_deref(), &date(cx.run.host.clock.unix()))?;
    fs::replace(&path, &made).map_err(|error| unreadable(name, &error.to_string()))?;
    Ok(Dynamic::UNIT)
}

/// Most versions that are named.
const SHOWN: usize = 5;

/// What is wrong with a changelog, and what to do.
fn told(name: &str, version: &str, wrong: &Wrong, is_ready: bool) -> Box<Diagnostic> {
    let usage = |what: String| Diagnostic::task(what);
    let lines =
        "let a task with `.edits()` write it: `changelog::prepend(VERSION, changelog::notes())`";
    Box::new(match wrong {
        Wrong::NoVersion => Diagnostic::usage(format!("`{version}` is no version"))
            .hint("write one such as \"1.2.0\" or \"1.2.0rc1\", or its tag"),
        Wrong::NoSection(versions) => {
            let wrong = usage(format!("{name} has no section of version {version}"));
            let wrong = match versions.as_slice() {
                [] => wrong.note("it has none of any version"),
                all => {
                    wrong.note(format!("its versions: {}", all[..all.len().min(SHOWN)].join(", ")))
                }
            };
            let promote = "let a task with `.edits()` make one of `[Unreleased]`: `changelog::promote(VERSION)`";
            wrong.hint(
                if is_ready { promote } else { lines }
                    .replace("VERSION", &format!("\"{version}\"")),
            )
        }
        Wrong::Already(line) => {
            usage(format!("{name} has a section of version {version} already, in line {line}"))
                .hint("choose the next version, or take the section away")
        }
        Wrong::NoUnreleased => usage(format!("{name} has no heading `[Unreleased]`"))
            .hint("write `## [Unreleased]` above the newest version, and what has changed below it")
            .hint(lines.replace("VERSION", &format!("\"{version}\""))),
        Wrong::NothingUnreleased => usage(format!("nothing stands below `[Unreleased]` in {name}"))
            .hint("write what has changed there")
            .hint(lines.replace("VERSION", &format!("\"{version}\""))),
        Wrong::Empty(0) => usage(format!("there are no notes for version {version}"))
            .hint("look whether there are commits since the last tag: `git log`"),
        Wrong::Empty(line) => {
            usage(format!("{name} says nothing of version {version}, in line {line}"))
                .hint("write what has changed below that heading")
        }
    })
}
