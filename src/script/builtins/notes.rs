//! Notes from the history: git tells the commits, `changelog` words them, or git-cliff does where the
//! project is set up for it.
//!
//! git-cliff is a program of the project's own, with commands in its settings: a description does not start
//! it. Which labels pull requests have, `labels` asks for.

use rhai::{Array, Dynamic};

use super::Call;
use super::chosen::Options;
use super::command;
use super::git;
use super::labels;
use crate::calendar::date;
use crate::changelog::commits::{Change, Commit};
use crate::changelog::keep;
use crate::changelog::notes::{Group, Notes, OTHERS, usual_groups};
use crate::changelog::template::{self, Facts};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::model::command::Cmd;
use crate::repo::{Logged, Repo};
use crate::script::cx::BodyCx;
use crate::status::name;
use crate::version;

/// Options of rel's own form: who gives one does not want another tool's.
const OWN: [&str; 5] = ["contributors", "groups", "labels", "others", "template"];
/// Where git-cliff looks for what it is told: <https://git-cliff.org/docs/configuration>.
const CLIFF: [&str; 3] = ["cliff.toml", ".cliff.toml", ".config/cliff.toml"];
/// Tables of other files where it looks.
const CLIFF_TABLES: [(&str, &[&str]); 3] = [
    ("pyproject.toml", &["tool", "git-cliff"]),
    ("Cargo.toml", &["package", "metadata", "git-cliff"]),
    ("Cargo.toml", &["workspace", "metadata", "git-cliff"]),
];

/// `changelog::notes`.
pub(super) fn notes(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let known = ["contributors", "groups", "labels", "others", "since", "template", "version"];
    let options = Options::of(call, 0, &known)?;
    let repo = Repo::new(&cx.run.host, cx.run.root.clone());
    let told = options.text("version")?;
    let since = match options.text("since")? {
        Some(since) => Some(since),
        None => before(&repo, told.as_deref()),
    };
    let (groups, others) = (groups(&options)?, others(&options)?);
    let history = history(&repo, since.as_deref())?;
    let own = OWN.iter().any(|name| options.get(name).is_some());
    if let Some(set_up) = cliff(&cx).filter(|_| !own) {
        call.acting_body()?;
        let tag = tag(&repo, told.as_deref(), since.as_deref());
        match by_cliff(&cx, since.as_deref(), tag.as_deref())? {
            Some(text) => return Ok(keep::without_title(&text).to_owned().into()),
            None => cx.say(&format!(
                "{set_up} is for git-cliff, which is not on PATH: these notes are rel's own (`tools([\"git-cliff\"])` brings it)"
            )),
        }
    }
    let (server, repository) = git::repository(&cx, &repo, None);
    let mut changes = changes(history);
    let groups = match options.flag("labels")? {
        Some(true) => labels::sort(call, &repo, &repository, groups, &mut changes)?,
        _ => unlabelled(groups),
    };
    let mut notes = Notes::of(changes, &groups, others.as_deref());
    if options.flag("contributors")? == Some(false) {
        notes.contributors.clear();
    }
    let page = Some(format!("{server}/{repository}")).filter(|_| !repository.is_empty());
    let Some(template) = options.text("template")? else {
        return Ok(notes.markdown(page.as_deref()).into());
    };
    let day = date(cx.run.host.clock.unix());
    let facts = Facts {
        version: told.as_deref(),
        since: since.as_deref(),
        date: &day,
        page: page.as_deref(),
    };
    template::fill(&template, &notes, &facts).map(Dynamic::from).map_err(|why| {
        let wrong = Diagnostic::usage(format!("this template cannot be filled: {why}"));
        Box::new(wrong.hint("use what there is: `version`, `since`, `date`, `page`, `breaking`, `groups`, `contributors`"))
    })
}

/// The newest tag of a version that HEAD is beyond. A final version takes in what its prereleases had; a
/// neighbour's tags, under another name, do not count.
fn before(repo: &Repo<'_>, version: Option<&str>) -> Option<String> {
    let here = repo.head().map(|head| head.tags.clone()).unwrap_or_default();
    let text = |file: &str| fs::read_text(&repo.root().join(file)).unwrap_or_default();
    let names = name::names(&text("pyproject.toml"), &text("Cargo.toml"));
    let is_ours = |name: &str| name.is_empty() || names.are(name);
    let versions: Vec<(&str, &str)> = here.iter().filter_map(|tag| parts(tag)).collect();
    let own = versions.iter().find(|(name, _)| is_ours(name)).or(versions.first());
    let coming = version.or(own.map(|(_, version)| *version));
    let is_final = coming.is_some_and(|coming| !version::is_prerelease(coming));
    let is_kin = |name: &str| own.map_or_else(|| is_ours(name), |(own, _)| name == *own);
    let fits = |tag: &String| {
        parts(tag).is_some_and(|(name, _)| is_kin(name))
            && !here.contains(tag)
            && !(is_final && version::is_prerelease(tag))
    };
    repo.tags_behind().into_iter().find(fits)
}

/// Name and version in a tag: `core` and `1.0` of `core-v1.0`.
fn parts(tag: &str) -> Option<(&str, &str)> {
    let (before, version) = version::in_tag(tag)?;
    let name = before.strip_suffix(['v', 'V']).unwrap_or(before);
    Some((name.trim_end_matches(['-', '/', '@']), version))
}

/// The commits since a tag, the oldest first.
fn history(repo: &Repo<'_>, since: Option<&str>) -> Outcome<Vec<Logged>> {
    if repo.is_shallow() == Some(true) {
        let wrong = Diagnostic::task("the history is cut off: this is a shallow clone");
        return Err(Box::new(wrong.hint(
            "fetch all of it: `git fetch --unshallow --tags`; in GitHub Actions `fetch-depth: 0`",
        )));
    }
    repo.history(since).ok_or_else(|| {
        let wrong = match since {
            Some(since) => Diagnostic::task(format!("git has no commits since `{since}`"))
                .hint("give a tag or a commit that is there; in CI fetch the whole history"),
            None => Diagnostic::task("there is no repository with a commit here")
                .hint("run `git init`, and commit"),
        };
        Box::new(wrong)
    })
}

fn changes(history: Vec<Logged>) -> Vec<Change> {
    let commit = |logged: Logged| {
        let Logged { commit: sha, author, email, message } = logged;
        Change::of(&Commit { sha, author, email, message })
    };
    history.into_iter().map(commit).collect()
}

/// Groups by kinds alone; the usual ones unless told.
pub(super) fn unlabelled(told: Option<Vec<Group>>) -> Vec<Group> {
    let mut groups = told.unwrap_or_else(usual_groups);
    for group in &mut groups {
        group.labels.clear();
    }
    groups
}

fn groups(options: &Options<'_>) -> Outcome<Option<Vec<Group>>> {
    let Some(value) = options.get("groups") else { return Ok(None) };
    let wrong =
        || options.wrong("groups", "an array such as [[\"New\", \"feat\"], [\"Mended\", \"fix\"]]");
    let group = |value: Dynamic| -> Option<Group> {
        let words = value.into_typed_array::<String>().ok()?;
        let (title, kinds) = words.split_first()?;
        Some(Group::of(title, kinds.iter().map(|kind| kind.to_lowercase()).collect()))
    };
    let all: Array = value.try_cast().ok_or_else(wrong)?;
    all.into_iter().map(group).collect::<Option<Vec<_>>>().map(Some).ok_or_else(wrong)
}

/// The title of what is in no group; none if that is left out.
fn others(options: &Options<'_>) -> Outcome<Option<String>> {
    match options.get("others").map(|value| value.as_bool()) {
        None | Some(Ok(true)) => Ok(Some(OTHERS.to_owned())),
        Some(Ok(false)) => Ok(None),
        Some(Err(_)) => options.text("others"),
    }
}

/// The file that sets git-cliff up, if there is one.
fn cliff(cx: &BodyCx) -> Option<&'static str> {
    let root = &cx.run.root;
    let in_table = |(file, path): &&(&'static str, &[&str])| {
        let text = fs::read_text(&root.join(file)).unwrap_or_default();
        let table = text.parse::<toml::Table>().unwrap_or_default();
        let (first, rest) = path.split_first().unzip();
        let found = first.and_then(|first| table.get(*first));
        rest.into_iter().flatten().try_fold(found, |at, key| Some(at?.get(key))).flatten().is_some()
    };
    let file = CLIFF.into_iter().find(|file| fs::is_file(&root.join(file)));
    file.or_else(|| CLIFF_TABLES.iter().find(in_table).map(|(file, _)| *file))
}

/// The tag that the release will have, if it has none yet.
fn tag(repo: &Repo<'_>, version: Option<&str>, since: Option<&str>) -> Option<String> {
    let tagged = repo.head().is_some_and(|head| !head.tags.is_empty());
    let before = since.and_then(version::in_tag).map_or("v", |(before, _)| before);
    version.filter(|_| !tagged).map(|version| format!("{before}{version}"))
}

/// What git-cliff writes; nothing if it is not there.
fn by_cliff(cx: &BodyCx, since: Option<&str>, tag: Option<&str>) -> Outcome<Option<String>> {
    let mut words = vec!["git-cliff".to_owned(), "--strip".into(), "all".into()];
    if let Some(tag) = tag {
        words.extend(["--tag".into(), tag.to_owned()]);
    }
    words.extend(since.map(|since| format!("{since}..HEAD")));
    command::output_of(cx, &Cmd::Argv(words))
}
