//! `[tool.bumpversion]`, the table of bump-my-version, in `pyproject.toml` or `.bumpversion.toml`: which
//! version it is, how it is read and written, and which texts of which files hold it.
//!
//! Read as bump-my-version 1.8.1 does; the tests compare bytes with it. Its hooks are commands, and those are
//! written in the task; committing and tagging too. What is not known is refused, never left out silently.
//! Turned down: the old `[bumpversion]` of `setup.cfg` and `.bumpversion.cfg`, which its own tool gives up.

mod change;
mod format;
mod part;

use super::files::{Files, folder_of, join, upwards};
use super::number::Form;
use super::place::Place;
use super::table::{self, Toml, Value};
use crate::diag::{Diagnostic, Outcome};

pub(super) use change::To;

/// What is looked for in a file, unless the table says otherwise.
const SEARCH: &str = "{current_version}";
const REPLACE: &str = "{new_version}";
const PARSE: &str = r"(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)";
const SERIALIZE: &str = "{major}.{minor}.{patch}";
/// Where the table may stand, the first that has it counts.
const FILES: [&str; 2] = [".bumpversion.toml", "pyproject.toml"];
const OLD: [&str; 2] = [".bumpversion.cfg", "setup.cfg"];
const HOOKS: [&str; 3] = ["setup_hooks", "pre_commit_hooks", "post_commit_hooks"];

/// How a text is found and replaced.
#[derive(Debug, Clone)]
struct Manner {
    serialize: Vec<String>,
    search: String,
    replace: String,
    regex: bool,
    ignore_missing_version: bool,
    ignore_missing_file: bool,
}

/// A file of the table.
#[derive(Debug)]
struct Target {
    file: String,
    manner: Manner,
    include: Option<Vec<String>>,
    exclude: Vec<String>,
}

/// The table.
#[derive(Debug)]
pub(super) struct Table {
    /// The file that it stands in.
    file: String,
    current: String,
    scheme: part::Scheme,
    manner: Manner,
    targets: Vec<Target>,
    /// How a tag is made of a version, if the table says that.
    pub(super) tag: Option<String>,
    hooks: Option<&'static str>,
    place: Option<Place>,
}

/// The table that counts for a folder, if there is one.
///
/// # Errors
/// A file is broken, or says what is not known here.
pub(super) fn table(files: &dyn Files, folder: &str) -> Outcome<Option<Table>> {
    for folder in upwards(folder) {
        for name in FILES {
            let file = join(folder, name);
            let Some(text) = files.text(&file) else { continue };
            let toml = Toml::parse(&file, &text)?;
            if let Some(own) =
                toml.at(&["tool", "bumpversion"]).filter(|own| own.get_ref().is_table())
            {
                return read(files, &toml, own).map(Some);
            }
        }
        for name in OLD {
            let file = join(folder, name);
            let is_old = |text: String| text.lines().any(|line| line.trim_end() == "[bumpversion]");
            if files.text(&file).is_some_and(is_old) {
                let wrong =
                    Diagnostic::usage(format!("{file} has a `[bumpversion]` in the old form"));
                return Err(Box::new(wrong.hint("move it to `[tool.bumpversion]` in .bumpversion.toml: `bump-my-version show --format toml`")));
            }
        }
    }
    Ok(None)
}

fn read(files: &dyn Files, toml: &Toml<'_>, own: &Value<'_>) -> Outcome<Table> {
    let default = Manner {
        serialize: vec![SERIALIZE.into()],
        search: SEARCH.into(),
        replace: REPLACE.into(),
        regex: false,
        ignore_missing_version: false,
        ignore_missing_file: flag(own, "ignore_missing_files").unwrap_or(false),
    };
    let manner = Manner::read(own, &default);
    let scheme =
        part::Scheme::new(table::text(own, "parse").unwrap_or(PARSE), table::get(own, "parts"))?;
    let mut targets = Vec::new();
    for entry in table::items(table::get(own, "files")) {
        targets.extend(target(files, toml.file, entry, &manner)?);
    }
    let place = table::get(own, "current_version").and_then(|at| toml.place(at, Form::Pep440));
    let stated =
        toml.string(&["project", "version"]).filter(|_| toml.file.ends_with("pyproject.toml"));
    let current = place.as_ref().map(|place| place.text.as_str()).or(stated);
    let Some(current) = current.map(str::to_owned) else {
        let wrong = Diagnostic::usage(format!(
            "`[tool.bumpversion]` of {} has no `current_version`",
            toml.file
        ));
        return Err(Box::new(wrong.hint("write it there: current_version = \"1.2.0\"")));
    };
    let hooks = HOOKS.into_iter().find(|hooks| !table::items(table::get(own, hooks)).is_empty());
    let tag = table::text(own, "tag_name").map(str::to_owned);
    Ok(Table { file: toml.file.to_owned(), current, scheme, manner, targets, tag, hooks, place })
}

impl Manner {
    fn read(value: &Value<'_>, default: &Self) -> Self {
        let text = |key: &str, other: &String| table::text(value, key).unwrap_or(other).to_owned();
        let flag = |key: &str, other: bool| flag(value, key).unwrap_or(other);
        let serialize = table::texts(table::get(value, "serialize"));
        Self {
            serialize: if serialize.is_empty() { default.serialize.clone() } else { serialize },
            search: text("search", &default.search),
            replace: text("replace", &default.replace),
            regex: flag("regex", default.regex),
            ignore_missing_version: flag("ignore_missing_version", default.ignore_missing_version),
            ignore_missing_file: flag("ignore_missing_file", default.ignore_missing_file),
        }
    }
}

fn flag(value: &Value<'_>, key: &str) -> Option<bool> {
    table::get(value, key)?.get_ref().as_bool()
}

/// The files of one entry; their paths begin where the table stands, or at the top with `{repo_root}`.
fn target(files: &dyn Files, of: &str, entry: &Value<'_>, manner: &Manner) -> Outcome<Vec<Target>> {
    let manner = Manner::read(entry, manner);
    let path = |name: &str| match name.strip_prefix("{repo_root}") {
        Some(rest) => join("", rest),
        None => join(folder_of(of), name),
    };
    let paths = match (table::text(entry, "glob"), table::text(entry, "filename")) {
        (Some(glob), _) => {
            let without = table::texts(table::get(entry, "glob_exclude"));
            let without: Vec<String> =
                without.iter().flat_map(|glob| files.find(&path(glob))).collect();
            let mut found = files.find(&path(glob));
            found.retain(|file| !without.contains(file));
            if found.is_empty() && !manner.ignore_missing_file {
                let wrong = Diagnostic::task(format!(
                    "`{glob}` of the table of bumpversion matches no file"
                ));
                return Err(Box::new(wrong.hint("mend the glob, or take it out")));
            }
            found
        }
        (None, Some(name)) => vec![path(name)],
        (None, None) => {
            let wrong =
                Diagnostic::usage(format!("a file in `[tool.bumpversion]` of {of} has no name"));
            return Err(Box::new(wrong.hint("give each one a `filename` or a `glob`")));
        }
    };
    let include = table::get(entry, "include_bumps").map(|bumps| table::texts(Some(bumps)));
    let exclude = table::texts(table::get(entry, "exclude_bumps"));
    let of = |file| {
        let (manner, include, exclude) = (manner.clone(), include.clone(), exclude.clone());
        Target { file, manner, include, exclude }
    };
    Ok(paths.into_iter().map(of).collect())
}
