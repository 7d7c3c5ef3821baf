//! Where a Python project says its version.
//!
//! `project.version` (PEP 621) or `tool.poetry.version`; or where the build back end is told to look: hatch
//! (`tool.hatch.version`), setuptools (`tool.setuptools.dynamic`), flit (`__version__` of the module), pdm
//! (`tool.pdm.version`). With hatch-vcs, setuptools-scm or pdm's `scm` it is the tag's. A literal
//! `__version__` of the package counts too, and the project's own entry in `uv.lock`.
//! Sources: <https://packaging.python.org/en/latest/specifications/pyproject-toml/>, the manuals of the back
//! ends. Turned down: asking the back end, which means to install and run it.

use super::files::{Files, join};
use super::number::{Form, Number};
use super::place::{self, Place};
use super::table::{self, Toml, Value};
use crate::diag::Outcome;

/// What hatch looks for unless told otherwise.
const HATCH: &str =
    r#"(?i)^(?:__version__|VERSION)(?: ?: ?str)? *= *(?:"v?([^"\n]+)"|'v?([^'\n]+)')"#;
/// Folders that hold no package of the project.
const BESIDE: [&str; 8] =
    ["benchmarks", "build", "docs", "examples", "scripts", "test", "tests", "vendor"];
/// Files of a package that may say its version.
const MODULES: [&str; 2] = ["__init__.py", "__about__.py"];

/// What a `pyproject.toml` tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) places: Vec<Place>,
    /// The version is that of the git tag.
    pub(super) tagged: bool,
    /// The `Cargo.toml` that maturin takes it from.
    pub(super) manifest: Option<String>,
}

/// A project being read.
struct Project<'a> {
    files: &'a dyn Files,
    folder: &'a str,
    toml: Toml<'a>,
}

/// The places of the project in a folder.
///
/// # Errors
/// A file is broken, or does not say what the back end looks for.
pub(super) fn places(files: &dyn Files, folder: &str) -> Outcome<Told> {
    let file = join(folder, "pyproject.toml");
    let Some(text) = files.text(&file) else { return Ok(Told::default()) };
    let project = Project { files, folder, toml: Toml::parse(&file, &text)? };
    let of_poetry = project.toml.place_at(&["tool", "poetry", "version"], Form::Pep440);
    let fixed = project.toml.place_at(&["project", "version"], Form::Pep440).or_else(|| {
        // Poetry's plugins for tags leave a version there that nobody means.
        of_poetry.filter(|place| !place.text.trim_matches(['0', '.']).is_empty())
    });
    let mut told = match fixed {
        Some(place) => Told { places: vec![place], ..Told::default() },
        None if project.toml.at(&["project"]).is_some() => project.dynamic()?,
        None => Told::default(),
    };
    if !told.places.is_empty() {
        let literal = project.literals(&told.places);
        told.places.extend(literal);
        told.places.extend(project.locked()?);
    }
    Ok(told)
}

impl Project<'_> {
    /// Where the build back end looks.
    fn dynamic(&self) -> Outcome<Told> {
        let toml = &self.toml;
        let told = |places: Vec<Place>| Told { places, ..Told::default() };
        let backend = toml.string(&["build-system", "build-backend"]).unwrap_or_default();
        if let Some(hatch) = toml.at(&["tool", "hatch", "version"])
            && let Some(path) = table::text(hatch, "path")
            && matches!(table::text(hatch, "source"), None | Some("regex"))
        {
            return self.of_hatch(path, table::text(hatch, "pattern")).map(told);
        }
        if let Some(setuptools) = toml.at(&["tool", "setuptools", "dynamic", "version"]) {
            return self.of_setuptools(setuptools).map(told);
        }
        if let Some(pdm) = toml.at(&["tool", "pdm", "version"])
            && table::text(pdm, "source") == Some("file")
            && let Some(path) = table::text(pdm, "path")
        {
            return self.assigned(&join(self.folder, path), "__version__").map(told);
        }
        if backend.starts_with("flit_core") {
            return self.of_flit().map(told);
        }
        if backend == "maturin" {
            let path = toml.string(&["tool", "maturin", "manifest-path"]).map(str::to_owned);
            let there = |path: &str| self.files.text(&join(self.folder, path)).is_some();
            let path = path.unwrap_or_else(|| {
                let usual = ["Cargo.toml", "rust/Cargo.toml"].into_iter().find(|path| there(path));
                usual.unwrap_or("Cargo.toml").to_owned()
            });
            return Ok(Told { manifest: Some(join(self.folder, &path)), ..Told::default() });
        }
        Ok(Told { tagged: true, ..Told::default() })
    }

    /// A file that hatch reads by its own expression, or by one of the project with a group `version`.
    fn of_hatch(&self, path: &str, pattern: Option<&str>) -> Outcome<Vec<Place>> {
        let file = join(self.folder, path);
        let Some(pattern) = pattern.filter(|pattern| *pattern != "default") else {
            return self.matched(&file, HATCH, "__version__ = \"…\"");
        };
        self.matched(&file, pattern, pattern)
    }

    /// `{attr = "package.module.NAME"}`, `{file = "VERSION"}`.
    fn of_setuptools(&self, value: &Value<'_>) -> Outcome<Vec<Place>> {
        if let Some((module, name)) = table::text(value, "attr").and_then(|at| at.rsplit_once('.'))
        {
            return self.assigned(&self.module(module), name);
        }
        let mut all = Vec::new();
        for path in table::texts(table::get(value, "file")) {
            all.extend(self.matched(
                &join(self.folder, &path),
                r"\A\s*(\S+)\s*\z",
                "a version alone",
            )?);
        }
        Ok(all)
    }

    fn of_flit(&self) -> Outcome<Vec<Place>> {
        let toml = &self.toml;
        let named = toml.string(&["tool", "flit", "module", "name"]);
        let name = named.or(toml.string(&["project", "name"])).unwrap_or_default();
        self.assigned(&self.module(&name.replace('-', "_")), "__version__")
    }

    /// The file of a module; where there is none, the one that would be its.
    fn module(&self, dotted: &str) -> String {
        let path = dotted.replace('.', "/");
        let roots = self.toml.at(&["tool", "setuptools", "package-dir"]);
        let root = roots.and_then(|roots| table::text(roots, ""));
        let roots = root.into_iter().chain(["src", ""]);
        let forms = |root: &str| {
            [format!("{path}/__init__.py"), format!("{path}.py")]
                .map(|file| join(&join(self.folder, root), &file))
        };
        let all: Vec<String> = roots.flat_map(forms).collect();
        let there = all.iter().find(|file| self.files.text(file).is_some());
        there.or(all.first()).cloned().unwrap_or_default()
    }

    /// `NAME = "1.2.0"` in a Python file.
    fn assigned(&self, file: &str, name: &str) -> Outcome<Vec<Place>> {
        self.matched(file, &assignment(name), &format!("{name} = \"…\""))
    }

    /// The first group of an expression that matches in a file: the one called `version`, if there is one.
    fn matched(&self, file: &str, pattern: &str, shown: &str) -> Outcome<Vec<Place>> {
        let text = self.files.text(file).ok_or_else(|| place::no_file(file, shown))?;
        let pattern = regex::RegexBuilder::new(pattern).multi_line(true).build();
        let pattern = pattern.map_err(|_| place::unreadable(shown))?;
        let found = pattern.captures(&text).and_then(|found| {
            let version = found.name("version");
            version.or_else(|| found.iter().skip(1).flatten().next())
        });
        let found = found.filter(|found| Number::read(found.as_str()).is_some());
        let found = found.ok_or_else(|| place::missing(file, shown))?;
        Ok(vec![Place::new(file, &text, found.range(), Form::Pep440)])
    }

    /// What packages say of themselves: those of the project's name; if there are none, all.
    fn literals(&self, known: &[Place]) -> Vec<Place> {
        let name = self.toml.string(&["project", "name"]);
        let name = name.or(self.toml.string(&["tool", "poetry", "name"])).unwrap_or_default();
        let roots = [self.folder.to_owned(), join(self.folder, "src")];
        let packages = roots.iter().flat_map(|root| {
            let names = self.files.names(root).into_iter();
            names.filter(|name| !BESIDE.contains(&name.as_str())).map(move |name| (root, name))
        });
        let found = packages.flat_map(|(root, package)| {
            let files = MODULES.map(|module| join(root, &format!("{package}/{module}")));
            let single = package.strip_suffix(".py").filter(|single| plain(single) == plain(name));
            let single = single.map(|_| join(root, &package));
            let package = package.trim_end_matches(".py").to_owned();
            files.into_iter().chain(single).map(move |file| (package.clone(), file))
        });
        let found = found.filter_map(|(package, file)| {
            let place = self.assigned(&file, "__version__").ok()?.pop()?;
            Some((package, place))
        });
        let found: Vec<(String, Place)> = found
            .filter(|(_, place)| {
                !known.iter().any(|other| other.file == place.file && other.at == place.at)
            })
            .collect();
        let own = |(package, _): &(String, Place)| plain(package) == plain(name);
        let any_own = found.iter().any(own);
        found.into_iter().filter(|one| !any_own || own(one)).map(|(_, place)| place).collect()
    }

    /// The project's own entry in `uv.lock`.
    fn locked(&self) -> Outcome<Option<Place>> {
        let file = join(self.folder, "uv.lock");
        let Some(text) = self.files.text(&file) else { return Ok(None) };
        let lock = Toml::parse(&file, &text)?;
        let name = self.toml.string(&["project", "name"]).unwrap_or_default();
        let own = |entry: &&&Value<'_>| {
            let here = |key| {
                let source = table::get(entry, "source")?;
                table::text(source, key).filter(|path| *path == ".")
            };
            let named = table::text(entry, "name").is_some_and(|own| plain(own) == plain(name));
            named && ["editable", "virtual"].into_iter().find_map(here).is_some()
        };
        let entries = table::items(lock.at(&["package"]));
        let version = entries.iter().find(own).and_then(|entry| table::get(entry, "version"));
        Ok(version.and_then(|version| lock.place(version, Form::Pep440)))
    }
}

/// An expression for `NAME = "1.2.0"`, at the beginning of a line, with or without a type.
fn assignment(name: &str) -> String {
    let name = regex::escape(name);
    format!("^{name}[ \\t]*(?::[^=\\n]*)?=[ \\t]*(?:\"([^\"\\n]+)\"|'([^'\\n]+)')")
}

/// A name as both packages and projects could have it.
fn plain(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '.'], "_")
}
