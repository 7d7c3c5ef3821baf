//! The version in all places of a project: looking, choosing the next one, writing it.
//!
//! What places there are is known by `version`; here are the disk, the repository and the words of the
//! language. Files change in a task with `.edits()` alone, which works in a stage. A version whose tag is
//! there already, here or at `origin`, is refused before a file changes: such a tag is not moved.

use std::path::PathBuf;

use rhai::{Array, Dynamic, Map};

use super::chosen::Options;
use super::read::{remember, root, untold};
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::repo::Repo;
use crate::script::cx::{BodyCx, Frame};
use crate::version::{self, Asked, Files, Known, Number, Sought, Unknown, in_tag};

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("version"),
        Phase::Any,
        "check",
        (0, 1),
        "version::check(#{ folder: \"src\" })",
        "The version, if all places of the project agree on it: pyproject.toml and what its build back end reads, `__version__` of the package, Cargo.toml with its workspace, package.json, lock files, `[tool.bumpversion]`. Else an error with file and line of each. `folder` is where the project lies; `places` are more of them: `[#{ file: \"docs/conf.py\", search: \"release = '{version}'\" }]`.",
        "task(\"check-version\").run(|| print(version::check()));",
        check,
    ),
    row(
        Place::Module("version"),
        Phase::Any,
        "places",
        (0, 1),
        "version::places(#{ folder: \"src\" })",
        "The places that say the version, each with `file`, `line` and `version`. Texts that `[tool.bumpversion]` lists are looked for by the version that it says, and files that only some steps change are left out. Options as for `version::check`.",
        "task(\"places\").run(|| { for place in version::places() { print(`${place.file}:${place.line}: ${place.version}`); } });",
        places,
    ),
    row(
        Place::Module("version"),
        Phase::Any,
        "next",
        (1, 2),
        "version::next(\"minor\", #{ folder: \"src\" })",
        "The version that a step leads to: \"major\", \"minor\", \"patch\", \"pre\" (the next prerelease), \"release\" (what a prerelease comes before), or a part that `[tool.bumpversion]` names. Nothing changes. Options as for `version::check`.",
        "task(\"next\").run(|| print(version::next(\"minor\")));",
        next,
    ),
    row(
        Place::Module("version"),
        Phase::Any,
        "dev",
        (0, 1),
        "version::dev(#{ folder: \"src\" })",
        "A development version of HEAD, between this version and the next, without a local part, so that indexes take it: `1.2.4.dev2026013112000041573`, or `1.2.0-alpha.1.dev.2026013112000041573` of a crate's prerelease, is the time of the commit in UTC, and its first four digits as a number. The same for each run of a commit. Options as for `version::check`.",
        "task(\"dev\").run(|| print(version::dev()));",
        dev,
    ),
    row(
        Place::Module("version"),
        Phase::Body,
        "bump",
        (1, 2),
        "version::bump(\"patch\", #{ folder: \"src\" })",
        "Writes the next version into all places, and gives it: a step as for `version::next`, or a later version itself. Only the version's own bytes change. The task has to say `.edits()`, and commits and tags it. Refused if places do not agree, or a tag of that version is there, here or at `origin`. Options as for `version::check`, and `tag: \"name-{version}\"` where tags are neither `1.2.0` nor `v1.2.0`.",
        "task(\"bump\").param(\"level\", [\"patch\", \"minor\", \"major\"]).edits().run(|t| print(version::bump(t.level)));",
        bump,
    ),
    row(
        Place::Module("version"),
        Phase::Body,
        "set",
        (1, 2),
        "version::set(\"1.2.0\", #{ folder: \"src\" })",
        "Writes a version into all places, whatever they say now, but texts that `[tool.bumpversion]` lists are looked for by the version that it says. Gives it as it is written there: PEP 440 for Python, SemVer for Cargo and npm. The task has to say `.edits()`. Options as for `version::bump`.",
        "task(\"release\").param(\"version\", \"1.2.0\").edits().run(|t| print(version::set(t.version)));",
        set,
    ),
];

const OPTIONS: [&str; 3] = ["folder", "places", "tag"];
/// The remote whose tags count.
const ORIGIN: &str = "origin";

/// The project's files on disk.
struct Disk<'a, 'b> {
    call: &'a Call<'b>,
    root: PathBuf,
}

impl Disk<'_, '_> {
    /// Where a file really is, if that is below the project's folder.
    fn real(&self, path: &str) -> Option<PathBuf> {
        let real = fs::real(&self.root.join(path)).ok()?;
        real.starts_with(fs::real(&self.root).ok()?).then_some(real)
    }
}

impl Files for Disk<'_, '_> {
    fn text(&self, path: &str) -> Option<String> {
        let text = fs::read_plain_text(&self.real(path)?).ok()?;
        remember(self.call, path, &text);
        Some(text)
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let mut names = self.real(folder).map(|folder| fs::names(&folder)).unwrap_or_default();
        names.sort();
        names
    }

    fn find(&self, glob: &str) -> Vec<String> {
        let found = fs::find(&self.root, &[glob.to_owned()]).unwrap_or_default();
        let names: Vec<String> = found.into_iter().map(|file| file.name).collect();
        remember(self.call, &format!("files {glob}"), &names.join("\n"));
        names
    }
}

/// One question about the version.
struct Question<'a, 'b> {
    disk: Disk<'a, 'b>,
    asked: Asked,
    known: Known,
    tag: Option<String>,
    now: u64,
}

impl<'a, 'b> Question<'a, 'b> {
    /// The project that the options at this argument name.
    fn of(call: &'a Call<'b>, at: usize) -> Outcome<Self> {
        let options = Options::of(call, at, &OPTIONS)?;
        let (folder, tag) = (options.text("folder")?.unwrap_or_default(), options.text("tag")?);
        if tag.as_ref().is_some_and(|tag| !tag.contains("{version}")) {
            let wrong = Diagnostic::usage("`tag` has no `{version}`");
            return Err(Box::new(wrong.hint("write it as \"name-{version}\"")));
        }
        let asked = Asked { folder, sought: sought(&options)? };
        let disk = Disk { call, root: root(call) };
        let known = version::known(&disk, &asked)?;
        let now = match &call.frame {
            Frame::Declaring(declaring) => declaring.host.clock.unix(),
            Frame::Body(cx) => cx.run.host.clock.unix(),
        };
        Ok(Self { disk, asked, known, tag, now })
    }

    /// Asks the repository.
    fn ask<T>(&self, question: impl FnOnce(&Repo<'_>) -> T) -> T {
        let host = match &self.disk.call.frame {
            Frame::Declaring(declaring) => &declaring.host,
            Frame::Body(cx) => &cx.run.host,
        };
        question(&Repo::new(host, self.disk.root.clone()))
    }

    /// The version that all places say, else that of one of these tags.
    fn version(&self, tags: impl FnOnce(&Repo<'_>) -> Vec<String>) -> Outcome<String> {
        if let Some(version) = self.known.version()? {
            return Ok(version);
        }
        let tags = self.ask(tags);
        let tagged = tags.iter().find_map(|tag| in_tag(tag));
        tagged.map(|(_, version)| version.to_owned()).ok_or_else(|| {
            untold(if self.known.tagged { Unknown::Dynamic } else { Unknown::Nowhere })
        })
    }

    /// Writes a version into all places, if that may be.
    fn write(&self, cx: &BodyCx, next: &str, step: Option<&str>) -> Outcome<()> {
        let changed = self.known.changed(&self.disk, &self.asked, (next, step), self.now)?;
        for (path, text) in &changed {
            let Some(real) = self.disk.real(path) else { continue };
            fs::rewrite(&real, text).map_err(|error| {
                let wrong = Diagnostic::task(format!("cannot write {path}: {error}"));
                Box::new(wrong.hint("make room, or make the file writable"))
            })?;
        }
        let names: Vec<&str> = changed.keys().map(String::as_str).collect();
        cx.say(&format!(
            "version {next}: {}",
            if names.is_empty() { "nothing changes".into() } else { names.join(", ") }
        ));
        Ok(())
    }

    /// Refuses a version that has a tag already.
    fn refuse_tagged(&self, cx: &BodyCx, next: &str) -> Outcome<()> {
        let named = self.tag.as_ref().map(|tag| tag.replace("{version}", next));
        let named = named.or_else(|| self.known.tag_of(next));
        let is_taken = |tag: &String| match &named {
            Some(named) => named == tag,
            None => of_version(tag, next),
        };
        let taken = |tag: &str, place: &str| {
            let wrong = Diagnostic::refused(format!("tag {tag} is there already, {place}"));
            Err(Box::new(wrong.hint("choose another version: a tag that is out is not moved")))
        };
        if let Some(tag) = self.ask(|repo| repo.tags()).iter().find(|tag| is_taken(tag)) {
            return taken(tag, "in this repository");
        }
        if self.ask(|repo| repo.remote(ORIGIN)).is_none() {
            return Ok(());
        }
        match self.ask(|repo| repo.remote_tags(ORIGIN, &cx.stop)) {
            Ok(tags) => match tags.iter().map(|(tag, _)| tag).find(|tag| is_taken(tag)) {
                Some(tag) => taken(tag, "at `origin`"),
                None => Ok(()),
            },
            Err(why) => {
                cx.say(&format!("{why}: whether the tag is out is looked up when it is pushed"));
                Ok(())
            }
        }
    }
}

/// Whether a tag is this version's, with or without `v`.
fn of_version(tag: &str, version: &str) -> bool {
    let same = |text: &str| match (Number::read(text), Number::read(version)) {
        (Some(one), Some(other)) => one.is(&other),
        _ => text == version,
    };
    in_tag(tag).is_some_and(|(before, text)| matches!(before, "" | "v" | "V") && same(text))
}

/// Places that a Releasefile names.
fn sought(options: &Options<'_>) -> Outcome<Vec<Sought>> {
    let wrong =
        || {
            let wrong = Diagnostic::usage("`places` is an array of maps with `file` and `search`");
            Box::new(wrong.hint(
                "write it as [#{ file: \"docs/conf.py\", search: \"release = '{version}'\" }]",
            ))
        };
    let Some(value) = options.get("places") else { return Ok(Vec::new()) };
    let one = |place: Dynamic| {
        let map: Map = place.try_cast().ok_or_else(wrong)?;
        let text = |key: &str| options.as_text(key, map.get(key).cloned().ok_or_else(wrong)?);
        if map.len() == 2 {
            Ok(Sought { file: text("file")?, search: text("search")? })
        } else {
            Err(wrong())
        }
    };
    value.try_cast::<Array>().ok_or_else(wrong)?.into_iter().map(one).collect()
}

fn head_tags(repo: &Repo<'_>) -> Vec<String> {
    repo.head().map(|head| head.tags.clone()).unwrap_or_default()
}

fn check(call: &mut Call<'_>) -> Outcome<Dynamic> {
    Question::of(call, 0)?.version(head_tags).map(Dynamic::from)
}

fn places(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let question = Question::of(call, 0)?;
    let shown = |place: &version::Place| -> Dynamic {
        let line = i64::try_from(place.line).unwrap_or(i64::MAX);
        let pairs: [(&str, Dynamic); 3] = [
            ("file", place.file.clone().into()),
            ("line", line.into()),
            ("version", place.text.clone().into()),
        ];
        pairs.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map>().into()
    };
    Ok(question.known.places().map(shown).collect::<Array>().into())
}

fn next(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let (word, question) = (call.text(0)?, Question::of(call, 1)?);
    let current = question.version(|repo| repo.tags())?;
    question.known.next(&current, &word, question.now).map(Dynamic::from)
}

fn dev(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let question = Question::of(call, 0)?;
    let current = question.version(|repo| repo.tags())?;
    let head = question.ask(|repo| repo.head().cloned());
    let (time, commit) =
        head.map_or((question.now, String::new()), |head| (head.time, head.commit));
    question.known.development(&current, time, &commit).map(Dynamic::from)
}

fn bump(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.editing_body()?;
    let (word, question) = (call.text(0)?, Question::of(call, 1)?);
    let Some(current) = question.known.version()? else { return Err(in_no_file(&question)) };
    let next = question.known.next(&current, &word, question.now)?;
    question.refuse_tagged(&cx, &next)?;
    let is_step = !word.starts_with(|c: char| c.is_ascii_digit()) && Number::read(&word).is_none();
    question.write(&cx, &next, is_step.then_some(word.as_str()))?;
    Ok(next.into())
}

fn set(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.editing_body()?;
    let (word, question) = (call.text(0)?, Question::of(call, 1)?);
    if question.known.places().next().is_none() {
        return Err(in_no_file(&question));
    }
    let next = question.known.exactly(&word, question.now)?;
    // What says this version already is only written out.
    if !question.known.places().next().is_some_and(|first| of_version(&first.text, &next)) {
        question.refuse_tagged(&cx, &next)?;
    }
    question.write(&cx, &next, None)?;
    Ok(next.into())
}

/// There is nothing to write a version into.
fn in_no_file(question: &Question<'_, '_>) -> Box<Diagnostic> {
    if !question.known.tagged {
        return untold(Unknown::Nowhere);
    }
    let wrong = Diagnostic::task(
        "the build back end takes the version from the git tag, and no file says it",
    );
    Box::new(wrong.hint("tag the commit, and leave the files as they are: git tag v1.2.0"))
}
