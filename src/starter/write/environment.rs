//! A Python environment as a body of a task makes it: `let env = python::environment(#{ … });`.
//!
//! Lists of the project are named, not copied, wherever they have a name.

use super::super::python::{Home, Python};
use super::super::requirements::How;
use super::layout::{Line, array, quoted};

/// What is to be installed, with the project itself.
#[derive(Default)]
pub(super) struct Environment {
    matrix: bool,
    groups: Vec<String>,
    /// The path of an array in pyproject.toml.
    listed: Option<Vec<String>>,
    packages: Vec<String>,
    files: Vec<String>,
}

impl Environment {
    /// One for the Python of the task's matrix, or for the usual one.
    pub(super) fn new(matrix: bool) -> Self {
        Self { matrix, ..Self::default() }
    }

    /// Adds what a list of the project holds, if that can be named.
    pub(super) fn list(&mut self, how: &How) {
        match how {
            How::Group(name) if !self.groups.contains(name) => self.groups.push(name.clone()),
            How::Listed(path) => self.listed = Some(path.clone()),
            How::File(name) if !self.files.contains(name) => self.files.push(name.clone()),
            How::Group(_) | How::Written | How::File(_) => {}
        }
    }

    /// Adds requirements that are written out.
    pub(super) fn packages<'a>(&mut self, packages: impl IntoIterator<Item = &'a String>) {
        for package in packages {
            if !self.packages.contains(package) {
                self.packages.push(package.clone());
            }
        }
    }

    /// The statements that make it, without their ends.
    pub(super) fn statements(&self) -> Vec<String> {
        let mut statements = Vec::new();
        let written = (!self.packages.is_empty()).then(|| array(&self.packages));
        let packages = match (&self.listed, written) {
            (Some(path), written) => {
                statements.push(format!("let listed = {}", read(path)));
                Some(written.map_or("listed".into(), |written| format!("{written} + listed")))
            }
            (None, written) => written,
        };
        let mut keys = Vec::new();
        keys.extend(self.matrix.then(|| "python: t.python".to_owned()));
        keys.extend(packages.map(|packages| format!("packages: {packages}")));
        keys.extend((!self.groups.is_empty()).then(|| format!("groups: {}", array(&self.groups))));
        keys.push("project: true".into());
        statements.push(format!("let env = python::environment(#{{ {} }})", keys.join(", ")));
        if !self.files.is_empty() {
            let line = Line::new("{} pip install --quiet --python {}");
            let line = line.fill("python::uv()").fill("env");
            let add = |line: Line, file: &String| line.words("-r").word(file);
            statements.push(self.files.iter().fold(line, add).exec());
        }
        statements
    }
}

/// `uv run` for a project that is no package, with what its lists and `package` ask for.
pub(super) fn by_uv(
    python: &Python,
    matrix: bool,
    needs: Option<&How>,
    package: Option<&str>,
) -> Line {
    let mut line = Line::new("{} run --isolated").fill("python::uv()");
    if python.home == Home::UvWithFiles {
        line = line.words("--no-project");
    }
    if matrix {
        line = line.words("--python {}").fill("t.python");
    }
    let runtime = python.home == Home::UvWithFiles && python.has_requirements;
    let runtime = runtime.then_some("requirements.txt");
    let listed = match needs {
        Some(How::File(file)) => Some(file.as_str()),
        _ => None,
    };
    for file in runtime.into_iter().chain(listed.filter(|file| Some(*file) != runtime)) {
        line = line.words("--with-requirements").word(file);
    }
    match (needs, python.home) {
        (Some(How::Group(group)), Home::Uv) => line = line.words("--group").word(group),
        (Some(How::Listed(path)), Home::Uv) => {
            let extra = path.last().filter(|_| path[0] == "project");
            line = extra.into_iter().fold(line, |line, name| line.words("--extra").word(name));
        }
        _ => {}
    }
    package.into_iter().fold(line, |line, package| line.words("--with").word(package))
}

/// The statement that installs the project anew, with its compiled code.
pub(super) fn refreshed(name: &str) -> String {
    let line = Line::new("{} pip install --quiet --python {} --no-deps --reinstall-package")
        .fill("python::uv()")
        .fill("env");
    format!("// Compiled code as it is now\n{}", line.word(name).words("--editable .").exec())
}

/// An array in pyproject.toml, read when the task runs.
fn read(path: &[String]) -> String {
    const PLAIN: &[&str] = &["project", "tool", "hatch", "envs", "pdm", "uv", "flit", "metadata"];
    let step = |key: &String| match key.as_str() {
        key if PLAIN.contains(&key) => format!(".{key}"),
        key => format!("[{}]", quoted(key)),
    };
    let path = path.iter().map(step).collect::<Vec<_>>().concat();
    format!("toml::read(\"pyproject.toml\"){path}")
}
