//! The tasks of a Cargo project: format, lints, tests, package, publish.
//!
//! What `cargo package` makes is what is sent, in the order in which crates need each other.

use super::super::Found;
use super::super::crates::Crates;
use super::layout::{Line, Task, quoted};
use super::{Part, needs};

/// The tasks of `crates`; `beside` a Python project, whose names come first.
pub(super) fn part(found: &Found, crates: &Crates, beside: bool) -> Part {
    let everywhere = if crates.workspace { " --workspace" } else { "" };
    let fmt = if crates.workspace { "cargo fmt --all --check" } else { "cargo fmt --check" };
    let clippy = format!("cargo clippy{everywhere} --all-targets -- -D warnings");
    let mut checks = vec![
        Task::new("fmt", "Format of the Rust code").exec(&Line::new(fmt)),
        Task::new("clippy", "Lints of the Rust code, each an error").exec(&Line::new(&clippy)),
    ];
    if crates.testable {
        let name = if beside { "cargo-test" } else { "test" };
        let line = format!("cargo test{everywhere} {{args}}");
        let test = Task::new(name, if beside { "Tests of the Rust code" } else { "Tests" });
        checks.push(test.call(".rest(\"args\")").exec(&Line::new(&line)));
    }
    let mut part = Part { checks, ..Part::default() };
    if !crates.published.is_empty() {
        release(&mut part, found, crates, beside);
    }
    part
}

fn release(part: &mut Part, found: &Found, crates: &Crates, beside: bool) {
    let which = match (crates.workspace, crates.all_published) {
        (false, _) => String::new(),
        (true, true) => " --workspace".into(),
        (true, false) => format!(" -p {}", crates.published.join(" -p ")),
    };
    // The guard of the clean tree stands before all sending, so that a dry run may be of any tree;
    // the folder is named, because a variable may have moved it.
    let line = format!("cargo package --allow-dirty --target-dir target{which}");
    let package = Line::new(&line);
    let (what, it) = if crates.published.len() == 1 { ("crate", "it") } else { ("crates", "them") };
    let about = format!("The {what} as crates.io will hold {it}; a live run wants a clean tree");
    part.release.push(
        Task::new("package", about)
            .call(needs(&["check"]))
            .call(".outputs(\"target/package/*.crate\")")
            .exec(&package),
    );
    let name = if beside { "publish-crate" } else { "publish" };
    let title = match crates.published.len() {
        0..=3 => crates.published.join(", "),
        _ => found.title.clone(),
    };
    part.release.push(
        Task::new(name, "Upload to crates.io")
            .call(needs(&["package"]))
            .call(".effects(\"crates\")")
            .call(format!(".confirm({})", quoted(&format!("Publish {title} to crates.io?"))))
            .body("t", &["crates::publish(t.artifacts(\"package\"))".into()]),
    );
    part.last.push(name);
}
