//! `rel init`: what it writes for each kind of project, that this loads and runs, and that nothing
//! is ever replaced.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};

use crate::project::Project;

const SOURCE: &str = "def answer() -> int:\n    return 42\n";
const TEST: &str =
    "from demo import answer\n\n\ndef test_answer() -> None:\n    assert answer() == 42\n";
const WITH_UNITTEST: &str = "import unittest\nfrom demo import answer\n\n\nclass Test(unittest.TestCase):\n    def test(self):\n        self.assertEqual(answer(), 42)\n";

/// A project with these files and no Releasefile.
fn bare(files: &[(&str, &str)]) -> Project {
    let project = Project::new("");
    fs::remove_file(project.root().join("Releasefile")).unwrap();
    for (path, text) in files {
        project.write(path, text);
    }
    project
}

fn written(project: &Project) -> String {
    fs::read_to_string(project.root().join("Releasefile")).unwrap()
}

/// What `rel init` writes, after `rel validate` has taken it.
fn releasefile(files: &[(&str, &str)]) -> String {
    let project = bare(files);
    project.rel("init").code(0).says("wrote Releasefile; next: `rel list`, then `rel ");
    let text = written(&project);
    let checked = project.rel("validate");
    assert_eq!(checked.code, 0, "{}\n{text}", checked.err);
    assert_eq!(project.rel("init --print").code(0).out, text);
    text
}

fn writes(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&releasefile(files));
}

const HATCHLING: &str = r#"
[build-system]
requires = ["hatchling==1.33.0"]
build-backend = "hatchling.build"

[project]
name = "demo"
version = "0.2.0"
requires-python = ">=3.11"
classifiers = ["Programming Language :: Python :: 3", "Programming Language :: Python :: 3.11"]

[dependency-groups]
test = ["pytest==9.2.0"]
lint = ["ruff==0.17.5", "mypy==2.4.1"]

[tool.ruff.format]
[tool.mypy]
strict = true
"#;

fn hatchling() -> Vec<(&'static str, &'static str)> {
    vec![
        ("pyproject.toml", HATCHLING),
        ("src/demo/__init__.py", SOURCE),
        ("src/demo/py.typed", ""),
        ("tests/test_demo.py", TEST),
        (".gitignore", "__pycache__/\n"),
    ]
}

#[test]
fn a_hatchling_project() {
    let mut files = hatchling();
    files.push(("Makefile", "VERSION := 1\n.PHONY: docs\ndocs: clean\n\ttrue\nclean:\n\ttrue\n"));
    files.push((".github/workflows/ci.yml", "on: push\n"));
    writes(
        &files,
        expect![[r#"
        // How demo is checked and released. Every run is dry until `--live`.
        import "std/python" as py;

        tools(["ruff==0.17.5", "mypy==2.4.1"]);
        guard("tag"); // a release is made from a tag

        // Style
        task("lint").group("check").exec("ruff check .").exec("ruff format --check .");
        // Types
        task("typecheck").group("check").exec("mypy src");
        // Tests
        task("test").group("check").matrix(#{ python: ["3.11"] }).rest("args").run(|t| py::test(t.python, t.args));
        // Everything that must hold before a release
        task("check").group("check").needs(["lint", "typecheck", "test"]);

        // Wheel and source distribution, built once
        task("build").group("release").needs("check").run(|t| py::build(t.out));
        // Upload to TestPyPI
        task("publish-testpypi").group("release").needs("build").effects("testpypi")
            .run(|t| pypi::publish(t.artifacts("build"), "testpypi"));
        // Install the same files from TestPyPI, and import them
        task("smoke").group("release").needs("publish-testpypi").retry(5, "30s").timeout("10m")
            .run(|t| py::smoke_install(t.artifacts("build"), "testpypi"));
        // Upload to PyPI
        task("publish-pypi").group("release").needs("smoke").effects("pypi").confirm("Publish demo to PyPI?")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        // The whole release
        task("publish").group("release").needs("publish-pypi");

        default_task("check");

        // Not taken over:
        //   Makefile: docs, clean
        //   .github/workflows: ci.yml
    "#]],
    );
}

#[test]
fn what_was_found_is_said_with_its_reason() {
    let project = bare(&hatchling());
    let said = project.rel("init").code(0);
    assert_eq!(said.out, "");
    expect![[r#"
        found here:
          Python package  demo, built by hatchling
          Python          3.11 (classifiers)
          ruff            [tool.ruff], dependency group `lint`
          mypy            [tool.mypy], dependency group `lint`
          tests           pytest in tests/, with dependency group `test`
        wrote Releasefile; next: `rel list`, then `rel rehearse publish` (nothing is sent without --live)
    "#]]
    .assert_eq(&said.err);
}

const SETUP_CFG: &str = "
[metadata]
name = demo
classifiers =
    Programming Language :: Python :: 3.9
    Programming Language :: Python :: 3.12
[options]
install_requires =
    requests
[options.extras_require]
test =
    pytest>=7
    pytest-cov
[flake8]
max-line-length = 88
[mypy]
files = demo
";

#[test]
fn a_setuptools_project_of_old() {
    let files = [
        ("setup.cfg", SETUP_CFG),
        ("setup.py", "from setuptools import setup\nsetup()\n"),
        ("demo/__init__.py", SOURCE),
        ("tests/test_demo.py", TEST),
        (
            "tox.ini",
            "[tox]\nenvlist = py{39,312}, lint\n[testenv]\ncommands = pytest\n[testenv:docs]\n",
        ),
    ];
    writes(
        &files,
        expect![[r#"
        // How demo is checked and released. Every run is dry until `--live`.
        import "std/python" as py;

        tools(["flake8"]);
        guard("tag"); // a release is made from a tag

        // Style
        task("lint").group("check").exec("flake8");
        // Types
        task("typecheck").group("check").run(|| {
            let env = python::environment(#{ packages: ["mypy", "pytest>=7", "pytest-cov"], project: true });
            exec("{}/bin/mypy", env);
        });
        // Tests on each Python
        task("test").group("check").matrix(#{ python: ["3.9", "3.12"] }).rest("args").run(|t| {
            if python::find(t.python) == () {
                skip(`no Python ${t.python} on this machine`);
            }
            let env = python::environment(#{ python: t.python, packages: ["pytest>=7", "pytest-cov"], project: true });
            exec("{}/bin/python -m pytest {}", env, t.args);
        });
        // Everything that must hold before a release
        task("check").group("check").needs(["lint", "typecheck", "test"]);

        // Wheel and source distribution, built once
        task("build").group("release").needs("check").run(|t| py::build(t.out));
        // Upload to TestPyPI
        task("publish-testpypi").group("release").needs("build").effects("testpypi")
            .run(|t| pypi::publish(t.artifacts("build"), "testpypi"));
        // Install the same files from TestPyPI, and import them
        task("smoke").group("release").needs("publish-testpypi").retry(5, "30s").timeout("10m")
            .run(|t| py::smoke_install(t.artifacts("build"), "testpypi"));
        // Upload to PyPI
        task("publish-pypi").group("release").needs("smoke").effects("pypi").confirm("Publish demo to PyPI?")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        // The whole release
        task("publish").group("release").needs("publish-pypi");

        default_task("check");

        // Not taken over:
        //   tox.ini: py{39,312}, lint, docs
    "#]],
    );
}

#[test]
fn a_workspace() {
    let member = |name| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
    let hidden = format!("{}publish = false\n", member("demo-xtask"));
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\", \"xtask\"]\nresolver = \"3\"\n"),
        ("crates/core/Cargo.toml", &member("demo-core")),
        ("crates/cli/Cargo.toml", &member("demo-cli")),
        ("crates/notes.md", ""),
        ("xtask/Cargo.toml", &hidden),
    ];
    writes(
        &files,
        expect![[r#"
            // How project is checked and released. Every run is dry until `--live`.

            guard("tag"); // a release is made from a tag

            // Format of the Rust code
            task("fmt").group("check").exec("cargo fmt --all --check");
            // Lints of the Rust code, each an error
            task("clippy").group("check").exec("cargo clippy --workspace --all-targets -- -D warnings");
            // Tests
            task("test").group("check").rest("args").exec("cargo test --workspace {args}");
            // Everything that must hold before a release
            task("check").group("check").needs(["fmt", "clippy", "test"]);

            // The crates as crates.io will hold them; a live run wants a clean tree
            task("package").group("release").needs("check").outputs("target/package/*.crate")
                .exec("cargo package --allow-dirty --target-dir target -p demo-cli -p demo-core");
            // Upload to crates.io
            task("publish").group("release").needs("package").effects("crates")
                .confirm("Publish demo-cli, demo-core to crates.io?").run(|t| crates::publish(t.artifacts("package")));

            default_task("check");
        "#]],
    );
}

const MATURIN: &str = r#"
[build-system]
requires = ["maturin>=1.7,<2"]
build-backend = "maturin"
[project]
name = "demo"
dynamic = ["version"]
requires-python = ">=3.11,<3.13"
[dependency-groups]
dev = ["pytest", "maturin"]
[tool.ruff]
"#;

const EXTENSION: &str = "
[package]
name = \"demo\"
version = \"0.1.0\"
[lib]
crate-type = [\"cdylib\"]
[dependencies]
pyo3 = { version = \"0.27\", features = [\"extension-module\"] }
";

#[test]
fn a_project_of_rust_and_python() {
    let files = [
        ("pyproject.toml", MATURIN),
        ("Cargo.toml", EXTENSION),
        ("src/lib.rs", ""),
        ("python/demo/__init__.py", ""),
        ("tests/test_demo.py", TEST),
        ("justfile", "set shell := ['sh']\ndocs:\n  true\n"),
    ];
    writes(
        &files,
        expect![[r#"
        // How demo is checked and released. Every run is dry until `--live`.
        import "std/python" as py;

        tools(["ruff", "maturin>=1.7,<2"]);
        guard("tag"); // a release is made from a tag

        // Style
        task("lint").group("check").exec("ruff check .");
        // Tests on each Python
        task("test").group("check").matrix(#{ python: ["3.11", "3.12"] }).rest("args").run(|t| {
            if python::find(t.python) == () {
                skip(`no Python ${t.python} on this machine`);
            }
            let env = python::environment(#{ python: t.python, groups: ["dev"], project: true });
            // Compiled code as it is now
            exec("{} pip install --quiet --python {} --no-deps --reinstall-package demo --editable .", python::uv(), env);
            exec("{}/bin/python -m pytest {}", env, t.args);
        });
        // Format of the Rust code
        task("fmt").group("check").exec("cargo fmt --check");
        // Lints of the Rust code, each an error
        task("clippy").group("check").exec("cargo clippy --all-targets -- -D warnings");
        // Everything that must hold before a release
        task("check").group("check").needs(["lint", "test", "fmt", "clippy"]);

        // Wheel for this machine and source distribution, built once
        task("build").group("release").needs("check")
            .run(|t| exec("maturin build --release --sdist --out {}", t.out));
        // Upload to TestPyPI
        task("publish-testpypi").group("release").needs("build").effects("testpypi")
            .run(|t| pypi::publish(t.artifacts("build"), "testpypi"));
        // Install the same files from TestPyPI, and import them
        task("smoke").group("release").needs("publish-testpypi").retry(5, "30s").timeout("10m")
            .run(|t| py::smoke_install(t.artifacts("build"), "testpypi"));
        // Upload to PyPI
        task("publish-pypi").group("release").needs("smoke").effects("pypi").confirm("Publish demo to PyPI?")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        // The whole release
        task("publish").group("release").needs("publish-pypi");

        default_task("check");

        // Not taken over:
        //   justfile: docs
    "#]],
    );
}

#[test]
fn a_project_of_nothing_known_gets_a_beginning() {
    writes(
        &[("README.md", "")],
        expect![[r#"
        // How project is checked and released. Every run is dry until `--live`.
        // The comment above a task is its description; `rel doc` lists what there is.

        // Everything that must hold
        task("check").exec("echo 'put a command here'");

        // A release builds files once, into `t.out`, and sends exactly those:
        //   task("archive").needs("check").run(|t| exec("tar -czf {}/src.tar.gz src", t.out));
        //   task("publish").needs("archive").effects("command").secrets("UPLOAD_TOKEN").confirm("Publish?")
        //       .run(|t| remote("./upload {}", t.artifacts("archive")));

        default_task("check");
    "#]],
    );
}

#[test]
fn what_a_beginning_shows_in_a_comment_runs() {
    let project = bare(&[("src/a", "")]);
    project.rel("init").code(0);
    project.write("Releasefile", &written(&project).replace("\n//   ", "\n"));
    project.git().rel("publish").code(0).says("+ src.tar.gz").says("run `./upload /");
}

/// A project for each back end, and what must stand in its Releasefile.
#[test]
fn each_back_end_is_known() {
    let pyproject = |requires: &str, backend: &str, rest: &str| {
        format!(
            "[build-system]\nrequires = [\"{requires}\"]\nbuild-backend = \"{backend}\"\n{rest}"
        )
    };
    let project =
        "[project]\nname = \"demo\"\nversion = \"1\"\nrequires-python = \">=3.11,<3.13\"\n";
    let extra =
        "[project.optional-dependencies]\ntest = [\"pytest\"]\n[tool.pyright]\n[tool.black]\n";
    let flit = pyproject("flit_core>=3.2", "flit_core.buildapi", &format!("{project}{extra}"));
    let poetry = "[tool.poetry]\nname = \"demo\"\nversion = \"1\"\n[tool.poetry.dependencies]\npython = \"^3.11\"\n[tool.poetry.group.dev.dependencies]\npytest = \"^8.0\"\nmypy = \"~1.8\"\n";
    let poetry = pyproject("poetry-core", "poetry.core.masonry.api", poetry);
    let group = "[dependency-groups]\ndev = [\"pytest\", \"ty\"]\n";
    let uv = pyproject("uv_build>=0.9,<0.14", "uv_build", &format!("{project}{group}"));
    let pdm = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n[tool.pdm.version]\nsource = \"scm\"\n[tool.pdm.dev-dependencies]\ntest = [\"pytest\"]\n";
    let pdm = pyproject("pdm-backend", "pdm.backend", pdm);
    let vcs = "[project]\nname = \"demo\"\ndynamic = [\"version\"]\n";
    let vcs = pyproject("hatch-vcs", "hatchling.build", vcs);
    let private = format!("{project}classifiers = [\"Private :: Do Not Upload\"]\n");
    let private = pyproject("hatchling", "hatchling.build", &private);
    let application = format!("{project}{group}[tool.uv]\npackage = false\n");
    let pixi = "[workspace]\nname = \"demo\"\n[tasks]\ntest = \"pytest\"\nlint = { cmd = \"ruff\" }\nstart = \"x\"\n";
    let crate_toml = "[package]\nname = \"demo\"\nversion = \"1.0.0\"\n";
    type Files<'a> = &'a [(&'a str, &'a str)];
    let cases: &[(Files<'_>, &[&str], &[&str])] = &[
        (
            &[("pyproject.toml", &flit), ("demo.py", SOURCE), ("test/test_demo.py", TEST)],
            &[
                "toml::read(\"pyproject.toml\").project[\"optional-dependencies\"][\"test\"]",
                "black --check",
                "[\"3.11\", \"3.12\"]",
                "{}/bin/pyright --pythonpath",
            ],
            &["full-history"],
        ),
        (
            &[
                ("pyproject.toml", &poetry),
                ("demo/__init__.py", SOURCE),
                ("tests/test_demo.py", TEST),
            ],
            &["[\"pytest>=8.0,<9\"]", "\"3.14\"", "mypy demo", "mypy>=1.8,<1.9"],
            &["\"3.10\""],
        ),
        (
            &[
                ("pyproject.toml", &uv),
                ("src/demo/__init__.py", SOURCE),
                ("tests/test_demo.py", TEST),
            ],
            &["groups: [\"dev\"]", "{}/bin/ty check --python {}"],
            &["lint"],
        ),
        (
            &[
                ("pyproject.toml", &pdm),
                ("src/demo/__init__.py", SOURCE),
                ("tests/test_demo.py", TEST),
            ],
            &["tool.pdm[\"dev-dependencies\"][\"test\"]", "guard(\"full-history\")"],
            &["matrix"],
        ),
        (
            &[("pyproject.toml", &vcs), ("noxfile.py", "@nox.session\ndef tests(session):\n")],
            &["nox --session tests {args}", "guard(\"full-history\")", "tools([\"nox\"])"],
            &[],
        ),
        (
            &[
                ("pyproject.toml", &private),
                ("src/demo/__init__.py", SOURCE),
                ("tox.ini", "[testenv]\n"),
            ],
            &["py::build", "tox run {args}"],
            &["publish", "guard("],
        ),
        (
            &[("pyproject.toml", &application), ("uv.lock", ""), ("tests/test_demo.py", TEST)],
            &["{} run --isolated --python {} --group dev python -m pytest {}"],
            &["build", "publish"],
        ),
        (
            &[
                ("setup.py", "setup(name='demo', ext_modules=[])"),
                ("tests/test_a.py", "import unittest\n"),
            ],
            &["-m unittest discover -s tests", "--reinstall-package demo", "for this machine"],
            &["pytest"],
        ),
        (
            &[
                ("setup.cfg", "[metadata]\nname = demo\n"),
                ("requirements-dev.txt", "pytest\nruff==0.17.5\n"),
            ],
            &["-r requirements-dev.txt", "project: true", "ruff==0.17.5"],
            &[],
        ),
        (
            &[("pixi.toml", pixi)],
            &["pixi run test", "pixi run lint", ".needs([\"lint\", \"test\"])", "pixi.toml: start"],
            &[],
        ),
        (
            &[("Cargo.toml", crate_toml), ("src/lib.rs", "")],
            &[
                "cargo clippy --all-targets -- -D warnings",
                ".effects(\"crates\")",
                ".run(|t| crates::publish(t.artifacts(\"package\")))",
            ],
            &["std/python", "--workspace", "remote("],
        ),
        (
            &[("Cargo.toml", "[package]\nname = \"demo\"\npublish = false\n")],
            &["cargo test {args}"],
            &["publish", "package"],
        ),
        (
            &[("Cargo.toml", crate_toml), ("pyproject.toml", project), ("demo/__init__.py", "")],
            &["cargo-test", ".needs([\"publish-pypi\", \"publish-crate\"])"],
            &[],
        ),
        (
            &[("package.json", "{\"scripts\": {\"test\": \"x\", \"build\": \"y\"}}")],
            &["npm run test", "npm run build"],
            &["Not taken over"],
        ),
    ];
    for (files, wanted, unwanted) in cases {
        let text = releasefile(files);
        // The comments of a beginning show what could be.
        let code: String = text
            .lines()
            .filter(|line| !line.starts_with("//   ") || line.contains(".toml"))
            .map(|line| format!("{line}\n"))
            .collect();
        for part in *wanted {
            assert!(code.contains(part), "`{part}` is missing in\n{text}");
        }
        for part in *unwanted {
            assert!(!code.contains(part), "`{part}` is in\n{text}");
        }
    }
}

#[test]
fn versions_of_tools_come_from_the_project() {
    let hooks = "repos:\n- repo: https://github.com/astral-sh/ruff-pre-commit\n  rev: v0.17.5  # pinned\n  hooks:\n  - id: ruff-format\n- repo: 'https://github.com/pre-commit/mirrors-mypy.git'\n  rev: \"main\"\n";
    let text = releasefile(&[
        ("setup.py", "from setuptools import setup\nsetup(name=\"demo\")\n"),
        (".pre-commit-config.yaml", hooks),
        ("requirements-dev.txt", "flake8 (>=6)\nisort>=5 ; python_version > '3'  # sorted\n"),
    ]);
    assert!(
        text.contains("tools([\"ruff==0.17.5\", \"isort>=5\", \"flake8\", \"mypy\"]);"),
        "{text}"
    );
    assert!(text.contains(".exec(\"ruff format --check .\")"), "{text}");
}

#[test]
fn names_of_every_kind_become_literals() {
    let hostile = [
        "de\"mo",
        "\"); exec(\"touch owned",
        "${env}`de\\mo",
        "de\nmo\r\t\u{7f}",
        "{}{args}{python}",
        "\u{202e}omed\u{2028}",
        "// */ '",
        "$(touch owned)",
        "--upgrade",
        "",
    ];
    for name in hostile {
        let pyproject = toml::to_string(&toml::toml! {
            [build-system]
            requires = ["maturin"]
            build-backend = "maturin"
            [tool.mypy]
            strict = true
        });
        let mut table: toml::Table = pyproject.unwrap().parse().unwrap();
        let texts = |texts: &[String]| texts.to_vec().into();
        let mut project = toml::Table::new();
        project.insert("name".into(), name.into());
        project.insert("dependencies".into(), texts(&[name.into()]));
        let version = format!("Programming Language :: Python :: 3.{name}");
        project.insert("classifiers".into(), texts(&[name.into(), version]));
        let needs = ["pytest".into(), format!("ruff{name}"), format!("mypy>=1{name}")];
        let mut groups = toml::Table::new();
        groups.insert(name.into(), texts(&[&needs[..], &[format!("types-{name}")]].concat()));
        table.insert("project".into(), project.into());
        table.insert("dependency-groups".into(), groups.into());
        let pyproject = toml::to_string(&table).unwrap();
        let scripts = serde_json::json!({ "scripts": { name: "x" } }).to_string();
        let make = format!("{name}: all\n");
        let text = releasefile(&[
            ("pyproject.toml", &pyproject),
            ("Cargo.toml", "[package]\nname = \"demo\"\n"),
            ("Makefile", &make),
            ("package.json", &scripts),
            ("tests/test_demo.py", ""),
        ]);
        let hidden = ['\u{202e}', '\u{2028}', '\r', '\u{7f}'];
        assert!(!text.contains(hidden), "{text}");
        assert_eq!(text.lines().nth(1), Some("import \"std/python\" as py;"), "{text}");
        assert!(text.contains("\ntask(\"publish-pypi\")"), "{text}");
    }
}

#[test]
fn a_releasefile_is_never_replaced() {
    let project = bare(&[("sub/Cargo.toml", "[package]\nname = \"demo\"\n")]).git();
    for name in ["Releasefile", "Releasefile.rhai"] {
        let path = project.root().join(name);
        project.write(name, "// mine\n");
        for line in ["init", "-C sub init"] {
            let said = project.rel(line).code(2);
            assert!(said.err.contains("there is a Releasefile already"), "{}", said.err);
            assert!(said.err.contains("rel init --print"), "{}", said.err);
        }
        assert!(!project.root().join("sub/Releasefile").exists());
        assert_eq!(fs::read_to_string(&path).unwrap(), "// mine\n");
        project.rel("-C sub init --print").code(0).says("cargo test");
        fs::remove_file(path).unwrap();
    }
    project.rel("-C sub init").code(0);
    project.rel("-C sub init").code(2);
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_not_followed() {
    let project = bare(&[]);
    let target = project.root().join("elsewhere");
    std::os::unix::fs::symlink(&target, project.root().join("Releasefile")).unwrap();
    project.rel("init").code(2).says("there is a Releasefile already");
    assert!(!target.exists());
}

#[test]
fn a_releasefile_above_another_repository_does_not_count() {
    let project = bare(&[("inner/.git/HEAD", ""), ("Releasefile", "// another's\n")]);
    project.rel("-C inner init").code(0);
    assert!(project.root().join("inner/Releasefile").exists());
}

#[test]
fn a_broken_file_is_shown_with_its_place_and_nothing_is_written() {
    let broken = "[project]\nname = \"demo\nversion = 1\n";
    let project = bare(&[("pyproject.toml", broken)]);
    let said = project.rel("init").code(2);
    expect![[r#"
        error: pyproject.toml is no TOML: invalid basic string, expected `"`
         --> pyproject.toml:2:13
          |
        2 | name = "demo
          |             ^
          |
          = hint: mend it and run `rel init` again: nothing was written
    "#]]
    .assert_eq(&said.err);
    for (path, text) in [("Cargo.toml", "[package\n"), ("pixi.toml", "= 1\n")] {
        let project = bare(&[(path, text)]);
        project.rel("init").code(2).says(&format!("--> {path}:1:"));
        assert_eq!(names(&project.root()), [path]);
    }
    assert_eq!(names(&project.root()), ["pyproject.toml"]);
    let member = [("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n"), ("a/Cargo.toml", "x")];
    bare(&member).rel("init").code(2).says("--> a/Cargo.toml:1:2");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_text_is_data_and_the_rest_is_not() {
    let project = bare(&hatchling());
    let shown = project.rel("init --print --output json").code(0);
    let json: serde_json::Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(json["written"], serde_json::Value::Null);
    assert_eq!(json["found"][0]["what"], "Python package");
    let text = project.rel("init --print").code(0).out;
    assert_eq!(json["text"], text);
    assert!(!project.root().join("Releasefile").exists());
}

#[test]
fn what_is_written_for_a_hatchling_project_runs() {
    let project = bare(&hatchling()).git();
    project.rel("init").code(0);
    project.commit();
    let project = project.tag("v0.2.0");
    let said = project.rel("publish --offline").code(0);
    let said = said.says("lint: ok").says("typecheck: ok").says("test:3.11: ok");
    let said = said.says("build: ok").says("plan: 4 effects").never_says("carries no tag");
    said.says("upload demo-0.2.0-py3-none-any.whl").never_says("the work tree has");
}

#[test]
fn what_is_written_for_extras_and_type_checks_with_requirements_runs() {
    let pyproject = HATCHLING.replace(
        "[dependency-groups]",
        "dependencies = [\"packaging==26.3\"]\n[project.optional-dependencies]",
    );
    let mut files = hatchling();
    files[0].1 = &pyproject;
    let typed =
        format!("from packaging.version import Version\n\nONE = Version(\"1\")\n\n\n{SOURCE}");
    files[1].1 = &typed;
    let project = bare(&files);
    project.rel("init").code(0);
    let said = project.rel("check").code(0);
    said.says("lint: ok").says("typecheck: ok").says("test:3.11: ok").says("1 passed");
}

#[test]
fn what_is_written_for_unittest_runs() {
    let setup = "from setuptools import setup\nsetup(name='demo', version='1', py_modules=['demo'], python_requires='==3.11.*')\n";
    let tests = ("tests/test_demo.py", WITH_UNITTEST);
    let project =
        bare(&[("setup.py", setup), ("demo.py", SOURCE), ("tests/__init__.py", ""), tests]);
    project.rel("init").code(0);
    project.rel("test -- -v").code(0).says("Ran 1 test").says("test_demo.Test.test");
}

#[test]
fn what_is_written_for_a_crate_runs() {
    let manifest = "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT\"\ndescription = \"A test\"\n";
    let source = "//! A test.\n\n#[test]\nfn it_holds() {}\n";
    let ignored = (".gitignore", "/target\n");
    let files = [("Cargo.toml", manifest), ("src/lib.rs", source), ignored];
    let cargo = PathBuf::from(env!("CARGO"));
    let path = format!("{}:{}", cargo.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let project = bare(&files).git().env("PATH", &path).env("CARGO_NET_OFFLINE", "true");
    project.rel("init").code(0);
    project.rel("check").code(0).says("fmt: ok").says("clippy: ok").says("test: ok");
    let said = project.rel("publish --offline").code(0);
    let said = said.says("+ target/package/demo-0.1.0.crate").says("plan: 1 effect");
    said.says("publish demo-0.1.0.crate").says("to crates");
    let broken = source.replace("{}", "{ let x = 1; }");
    project.write("src/lib.rs", &broken);
    project.rel("clippy").code(1).says("unused variable");
}

#[test]
fn what_is_missing_of_a_new_crate_is_said() {
    let said = |files: &[(&str, &str)]| bare(files).rel("init").code(0).err;
    let new =
        ("Cargo.toml", "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    let told = said(&[new, ("src/lib.rs", ""), (".gitignore", "/target\n")]);
    assert!(
        told.contains("Cargo.toml   lacks what crates.io wants: description, license\n"),
        "{told}"
    );
    assert!(
        told.contains("Cargo.lock   none yet: make it with `cargo generate-lockfile`"),
        "{told}"
    );
    let whole = format!("{}description = \"A test\"\nlicense.workspace = true\n", new.1);
    for lock in [("Cargo.lock", "version = 4\n"), (".gitignore", "/target\n/Cargo.lock\n")] {
        let told = said(&[("Cargo.toml", &whole), lock]);
        assert!(!told.contains("lacks") && !told.contains("Cargo.lock"), "{told}");
    }
    let private = format!("{}publish = false\n", new.1);
    let told = said(&[("Cargo.toml", &private)]);
    assert!(!told.contains("lacks") && !told.contains("Cargo.lock"), "{told}");
}
