//! The documentation of the language is true: every builtin and every function of the standard
//! library has an example, and each example runs.

use std::fs;
use std::path::Path;

use crate::project::Project;

const PYPROJECT: &str = r#"
[project]
name = "demo"
version = "1.0"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"#;

/// The same project, built by maturin around a program in Rust.
const MATURIN: &str = r#"
[project]
name = "demo"
version = "1.0.0"
[build-system]
requires = ["maturin==1.16.0"]
build-backend = "maturin"
[tool.maturin]
bindings = "bin"
"#;

/// A hook that needs nothing from elsewhere.
const HOOKS: &str = r#"
repos:
  - repo: local
    hooks: [{ id: demo, name: demo, entry: "true", language: system, pass_filenames: false }]
"#;

const CRATE: &str = r#"
[package]
name = "demo"
version = "1.0.0"
edition = "2021"
description = "A demo"
license = "MIT"
repository = "https://github.com/acme/demo"
"#;

/// A small project with something of everything that examples use.
fn project(releasefile: &str, pyproject: &str) -> Project {
    let project = Project::new(&format!("{releasefile}\n"));
    // A toolchain that rustup keeps is found by it, not below the project's own home.
    let project = match std::env::var("RUSTUP_HOME") {
        Ok(place) => project.env("RUSTUP_HOME", &place),
        Err(_) => project,
    };
    project
        .env("CORP_TOKEN", "0123456789")
        .file("pyproject.toml", pyproject)
        .file("Cargo.toml", CRATE)
        .file("src/lib.rs", "//! Demo.\n")
        .file("src/main.rs", "//! Demo.\n\nfn main() {}\n")
        .file(".gitignore", "/target/\nCargo.lock\n")
        .file("package.json", r#"{"name": "demo"}"#)
        .file("src/demo/__init__.py", "ANSWER = 42\n")
        .file("tests/test_demo.py", "def test_demo() -> None:\n    assert True\n")
        .file("make_dist.py", crate::project::MAKE_DIST)
        .file("release/notes.rhai", "fn heading(version) { `# ${version}` }\n")
        .file(".env", "GREETING=hello\n")
        .file(".pre-commit-config.yaml", HOOKS)
        .git()
        .tag("v1.0")
}

/// Runs all tasks of an example, dry; what went wrong, if anything did.
fn run(project: &Project, name: &str, example: &str) -> Option<String> {
    let listed = project.rel("list --output json");
    if listed.code != 0 {
        return Some(format!("--- {name}\n{example}\n{}", listed.out));
    }
    let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    let tasks: Vec<&str> = listed["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["task"].as_str().unwrap())
        .collect();
    if tasks.is_empty() {
        return None;
    }
    let ran = project.rel(&format!("run {} --offline", tasks.join(" ")));
    (ran.code != 0).then(|| format!("--- {name}\n{example}\n{}{}", ran.out, ran.err))
}

#[test]
fn each_builtin_has_an_example_that_runs() {
    let mut wrong = Vec::new();
    for builtin in rel::script::builtins() {
        let (name, example) = (builtin.title(), builtin.example);
        if !example.contains(builtin.name) {
            wrong.push(format!("--- {name} has no example that uses it"));
            continue;
        }
        wrong.extend(run(&project(example, PYPROJECT), &name, example));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_function_of_the_standard_library_has_an_example_that_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let module = entry.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&entry).unwrap();
        for function in rel::script::documented(&text) {
            let name = format!("std/{module}: {}", function.name);
            if function.example.is_empty() {
                wrong.push(format!("--- {name} has no example"));
                continue;
            }
            let short = rel::script::stdlib_short(&format!("std/{module}")).to_owned();
            let pyproject = if module == "rust" { MATURIN } else { PYPROJECT };
            let example = format!("import \"std/{module}\" as {short};\n{}", function.example);
            wrong.extend(run(&project(&example, pyproject), &name, &example));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
