//! The example `rust-python`: two crates and wheels in one release, row by row as it has to hold, what is refused, and
//! cargo as the judge of what is sent.

use rel::rehearse::crates::{ApiToken, TrustedPublisher};
use rel::rehearse::github::Visibility;
use rel::rehearse::oidc::OWNER;
use serde_json::Value;

use crate::example;
use crate::places::{Places, REPOSITORY, RUNNER};
use crate::project::{Project, Ran};
use crate::rehearse::rustup;

const WHEEL: &str = "skerry_demo-0.4.0-py3-none-manylinux";
const CRATES: [&str; 2] = ["skerry-core", "skerry-demo"];

/// The example, committed, with the repository that the places of tests have.
fn skerry() -> Project {
    let project = example::copied("rust-python").env("RUSTUP_HOME", &rustup()).git();
    project.run_git(&["remote", "add", "origin", "https://github.com/acme/time-piece.git"]);
    project
}

/// Changes a file, and commits and tags that as the release.
#[track_caller]
fn changed(project: Project, file: &str, change: impl FnOnce(String) -> String) -> Project {
    let text = std::fs::read_to_string(project.root().join(file)).unwrap();
    let new = change(text.clone());
    assert_ne!(text, new, "{file} is changed");
    project.write(file, &new);
    project.commit();
    project.run_git(&["tag", "--force", "v0.4.0"]);
    project
}

/// The example without the checks before it packages.
fn short() -> Project {
    changed(skerry(), "Releasefile", |text| text.replace(".needs(\"check\")", ""))
}

/// The example with another Releasefile.
fn with(releasefile: &str) -> Project {
    let text = format!("import \"std/rust\" as rust;\n{releasefile}\n");
    changed(skerry(), "Releasefile", |_| text)
}

fn events(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn s5_the_releasefile_is_short() {
    let path = example::folder("rust-python").join("Releasefile");
    let text = std::fs::read_to_string(path).unwrap();
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    assert!(text.lines().filter(is_code).count() <= 25);
    assert!(text.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn s5_1_it_is_dry_without_any_secret_and_keeps_the_files() {
    let project = skerry().tag("v0.4.0");
    let ran = project.rel("package wheels sdist publish --offline --export ../kept").code(0);
    let ran = ran.says("would stop: no login for crates.io").says("dry run done");
    let ran = ran.says("publish skerry-core-0.4.0.crate").says("upload skerry_demo-0.4.0.tar.gz");
    // s5_2: what another machine has to build is told.
    for target in ["aarch64-unknown-linux-gnu", "universal2-apple-darwin"] {
        assert!(ran.err.contains(&format!("wheels:{target}: skipped")), "{}", ran.err);
    }
    let kept = std::fs::read_dir(project.root().join("../kept")).unwrap();
    let mut kept: Vec<String> =
        kept.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    kept.sort();
    assert_eq!(kept.len(), 4, "{kept:?}");
    assert!(kept[2].starts_with(WHEEL), "{kept:?}");
}

#[test]
fn s5_6_it_is_rehearsed_to_the_proof() {
    let ran = skerry().tag("v0.4.0").rel("rehearse publish --output json").code(0);
    let events = events(&ran);
    let at = |event: &str, task: &str| {
        let found = events.iter().position(|one| one["event"] == event && one["task"] == task);
        found.unwrap_or_else(|| panic!("no {event} of {task}: {}", ran.out))
    };
    // s5_3: both languages are linted and tested before anything is packaged, and Python with the very wheel.
    for check in ["clippy", "ruff", "cargo-test"] {
        assert!(at("task-finished", check) < at("task-started", "package"), "{check}");
    }
    assert!(at("task-finished", "pytest") < at("task-started", "publish-crates"));
    // s5_6: names that are not there are told before the first task.
    let warned = events.iter().filter(|event| event["event"] == "warning");
    let warned: Vec<&str> =
        warned.map(|event| event["diagnostic"]["message"].as_str().unwrap()).collect();
    let names = CRATES.map(|name| format!("crates.io has no crate `{name}` yet"));
    assert_eq!(warned[..2], names);
    assert_eq!(warned[2], "pypi has no project `skerry-demo` yet");
    let first = events.iter().position(|event| event["event"] == "warning").unwrap();
    assert!(first < at("task-started", "clippy"), "{}", ran.out);
    // s5_4: both registries are written to by the run's identity.
    let last = events.last().unwrap();
    let requests = last["requests"].as_array().unwrap();
    let writes = |host: &str| -> Vec<String> {
        let here = requests.iter().filter(|one| one["host"] == host && one["method"] != "GET");
        let line = |one: &Value| format!("{} {} {}", one["method"], one["path"], one["status"]);
        here.map(|one| line(one).replace('"', "")).collect()
    };
    let tokens = "/api/v1/trusted_publishing/tokens";
    let put = "PUT /api/v1/crates/new 200".to_owned();
    let [mint, burn] = [format!("POST {tokens} 200"), format!("DELETE {tokens} 204")];
    assert_eq!(writes("crates.io"), [mint, put.clone(), put, burn]);
    assert_eq!(writes("upload.pypi.org")[0], "POST /_/oidc/mint-token 200");
    assert!(requests.iter().all(|request| request["by"] != "nobody"), "{requests:?}");
}

#[test]
fn s5_3_make_targets_are_called_and_a_publish_within_is_caught() {
    if !crate::peers::is_here("make") {
        return;
    }
    let project = with("task(\"docs\").exec(\"make docs\");\ntask(\"ship\").exec(\"make ship\");");
    project.write(
        "Makefile",
        "docs:\n\techo written\nship:\n\tcd crates && cargo publish -p skerry-core\n",
    );
    project.rel("docs").code(0).says("written");
    project.rel("ship").code(3).says("`cargo publish` publishes");
}

#[test]
fn s5_3_pinned_tools_are_taken_as_they_are_pinned() {
    let text = "task(\"clippy\").run(|| rust::clippy());\ntask(\"sdist\").run(|t| rust::sdist(t.out));\n\
                task(\"wheels\").run(|t| rust::wheels(t.out, #{}));\n\
                task(\"pytest\").needs(\"wheels\").run(|t| rust::test_wheels(t.artifacts(\"wheels\"), []));";
    // pytest has a version after it.
    let project = with(text);
    let project = changed(project, "uv.lock", |lock| lock.replace("9.2.0", "9.0.2"));
    project.rel("pytest --offline").code(0).says("pytest-9.0.2");

    let project = project.file(".python-version", "3.99\n");
    project.rel("sdist").code(1).says("Python 3.99 is not on this machine");

    let project = project.file("rust-toolchain.toml", "[toolchain]\nchannel = \"of-its-own\"\n");
    if crate::peers::is_here("rustup") {
        project.rel("clippy").code(1).says("of-its-own");
    }

    // A lock that does not fit is not mended.
    let project = changed(with(text), "Cargo.toml", |text| text.replace("0.4.0", "0.5.0"));
    project.rel("clippy").code(1).says("--locked");
    let lock = std::fs::read_to_string(project.root().join("Cargo.lock")).unwrap();
    assert!(lock.contains("0.4.0"), "{lock}");
}

#[test]
fn s5_4_all_that_is_missing_is_named_before_the_first_task() {
    let project = skerry();
    let mut places = Places::new(&project);
    places.forge.set_visibility(Visibility::Private);
    let running = places.start();
    let ran = running.rel(&project, "publish --live --yes --output plain").code(3);
    let ran = ran.says("acme/time-piece is private").says("make it public");
    let ran = ran.says("HEAD carries no tag").says("no login for index `pypi`");
    let ran = ran.says("no login for crates.io").says("set CARGO_REGISTRY_TOKEN");
    ran.never_says("cargo clippy");
    assert!(running.writes().is_empty());
}

#[test]
fn s5_4_a_tag_that_nobody_signed_is_told() {
    let ran = skerry().tag("v0.4.0").rel("publish --offline").code(0);
    ran.says("warning: the tag `v0.4.0` is not signed").says("git tag --force -s");
}

#[test]
fn s5_5_another_version_than_the_tags_is_refused() {
    let project = short();
    project.run_git(&["tag", "--delete", "v0.4.0"]);
    let ran = project.rel("rehearse publish --tag v9.9.9 --output json").code(3);
    let said = ran.out.clone();
    for file in ["skerry-core-0.4.0.crate", "skerry-demo-0.4.0.crate", "skerry_demo-0.4.0.tar.gz"] {
        assert!(said.contains(&format!("{file} is version 0.4.0")), "{file}: {said}");
    }
    let uploads = events(&ran).last().unwrap()["requests"].to_string();
    assert!(!uploads.contains("/api/v1/crates/new") && !uploads.contains("/legacy/"), "{uploads}");
    // One of them alone.
    let project = changed(short(), "pyproject.toml", |text| {
        text.replace("dynamic = [\"version\"]", "version = \"0.3.0\"")
    });
    let ran = project.rel("rehearse publish").code(3);
    ran.says("HEAD is tagged `v0.4.0`, and skerry_demo-0.3.0");
}

const PUBLISH: &str = r#"
    task("package").run(|t| rust::crates(t.out));
    task("publish").needs("package").effects("crates").run(|t| crates::publish(t.artifacts("package")));
"#;

/// A world that knows a token of ours.
fn with_token(project: &Project) -> Places {
    let mut places = Places::new(project);
    let (user, scopes, crates) = ("acme".to_owned(), None, Vec::new());
    places.crates.add_token(ApiToken { secret: "cio-of-mine".into(), user, scopes, crates });
    places
}

#[test]
fn s5_4_a_token_is_taken_where_the_runs_identity_is_not() {
    let project = with(PUBLISH).env("CARGO_REGISTRY_TOKEN", "cio-of-mine");
    let url = format!("https://{RUNNER}/token?v=2");
    let project = project.env("GITHUB_ACTIONS", "true").env("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
    let project = project.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", RUNNER);
    let line = "publish --live --yes --output plain";

    let running = with_token(&project).start();
    let ran = running.rel(&project, line).code(0).says("No Trusted Publishing config found");
    ran.says("does not take the run's identity, now with CARGO_REGISTRY_TOKEN")
        .never_says("cio-of");

    // One crate is configured, and the other is new.
    let mut places = with_token(&project);
    places.crates.add_crate("skerry-core", &["acme"], &["0.3.0"]);
    places.crates.add_publisher(TrustedPublisher {
        repository: REPOSITORY.into(),
        owner_id: OWNER.parse().unwrap(),
        workflow: "release.yml".into(),
        environment: None,
        krate: Some("skerry-core".into()),
    });
    let running = places.start();
    let ran = running.rel(&project, &format!("{line} --redo")).code(0);
    ran.says("do not support creating new crates").says("sent: publish skerry-demo");
    let puts = running.writes().into_iter().filter(|one| one.starts_with("PUT")).count();
    assert_eq!(puts, 3, "one of them is refused: {:?}", running.writes());
}

#[test]
fn s5_5_a_crate_is_sent_once_the_index_shows_what_it_needs() {
    let project = with(PUBLISH).env("CARGO_REGISTRY_TOKEN", "cio-of-mine");
    let mut places = with_token(&project);
    places.crates.set_lag(2);
    let running = places.start();
    running.rel(&project, "publish --live --yes --output plain").code(0).says("proven");
    let requests = running.requests();
    let puts: Vec<usize> =
        (0..requests.len()).filter(|at| requests[*at].starts_with("PUT")).collect();
    let [first, second] = puts[..] else { panic!("{requests:?}") };
    let between = &requests[first + 1..second];
    let looks = between.iter().filter(|one| one.ends_with("/sk/er/skerry-core")).count();
    assert!(looks >= 2, "it is not there at first: {requests:?}");

    // What is out is not sent again.
    running.rel(&project, "publish --live --yes --output plain").code(0).says("sent before");
    assert_eq!(running.writes().len(), 2);
}

#[test]
fn cargo_sends_the_very_same_bytes() {
    let text = r#"
        task("package").run(|t| rust::crates(t.out));
        task("cargo").needs("package").effects("command").secrets("CARGO_REGISTRY_TOKEN")
            .run(|| remote("cargo publish --workspace --locked"));
        task("same").needs("cargo").run(|t| {
            for file in t.artifacts("package") {
                let name = file.name.split("-0.4.0")[0];
                sh("curl -fsSL https://static.crates.io/crates/{}/0.4.0/download | cmp - {}", name, file.path);
                print(`same: ${file.name}`);
            }
        });
        task("publish").needs("same").effects("crates").run(|t| crates::publish(t.artifacts("package")));
    "#;
    let ran = with(text).rel("rehearse publish --output json").code(0);
    for name in CRATES {
        assert!(ran.out.contains(&format!("same: {name}-0.4.0.crate")), "{}", ran.out);
    }
    let last = events(&ran).pop().unwrap();
    let requests = last["requests"].as_array().unwrap().iter();
    let puts = requests.filter(|one| one["method"] == "PUT").count();
    assert_eq!(puts, 2, "what cargo has sent is not sent again: {last}");
}

#[test]
fn a_wheel_of_this_machine_only_is_refused_before_anything_is_sent() {
    let project = changed(short(), "Releasefile", |text| {
        text.replace("target: t.target }", "target: t.target, compatibility: \"linux\" }")
    });
    let ran = project.rel("rehearse publish --output json").code(1);
    let said = &ran.out;
    assert!(said.contains("platform-tag") && said.contains("linux_x86_64"), "{said}");
    let uploads = events(&ran).last().unwrap()["requests"].to_string();
    assert!(!uploads.contains("/api/v1/crates/new") && !uploads.contains("/legacy/"), "{uploads}");
}

#[test]
fn changes_and_warnings_are_not_packaged() {
    let project = with(PUBLISH).env("CARGO_TERM_COLOR", "always");
    let file = "crates/skerry-core/src/lib.rs";
    let text = std::fs::read_to_string(project.root().join(file)).unwrap();
    project.write(file, &format!("{text}\nfn idle() {{}}\n"));
    project.rel("package").code(1).says("not yet committed");
    project.commit();
    project.rel("package").code(1).says("a warning is an error here").says("never used");
}

#[test]
fn a_crate_that_stays_at_home_is_not_packaged() {
    let project = changed(with(PUBLISH), "crates/skerry/Cargo.toml", |text| {
        text.replace("[package]", "[package]\npublish = false")
    });
    project.rel("package").code(0).says("+ skerry-core-0.4.0").never_says("+ skerry-demo-0.4.0");
}

#[test]
fn an_extension_with_abi3_is_one_wheel_for_many_pythons() {
    let extension = "#![allow(missing_docs)]\nuse pyo3::prelude::*;\n\
        #[pymodule(name = \"lantern\")]\nmod lantern {\n    #[pymodule_export]\n    const SECONDS: u32 = 15;\n}\n";
    let project = Project::new(
        "import \"std/rust\" as rust;\nimport \"std/python\" as py;\n\
         task(\"wheels\").run(|t| rust::wheels(t.out, #{}));\n\
         task(\"imports\").needs(\"wheels\").run(|t| py::wheel_imports(t.artifacts(\"wheels\")));\n",
    )
    .file(
        "Cargo.toml",
        "[package]\nname = \"lantern\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
         [lib]\ncrate-type = [\"cdylib\"]\n[profile.release]\nopt-level = 0\n\
         [dependencies]\npyo3 = { version = \"=0.27.2\", features = [\"abi3-py39\"] }\n",
    )
    .file(
        "pyproject.toml",
        "[build-system]\nrequires = [\"maturin==1.16.0\"]\nbuild-backend = \"maturin\"\n\
         [project]\nname = \"lantern\"\ndynamic = [\"version\"]\nrequires-python = \">=3.9\"\n",
    )
    .file("src/lib.rs", extension)
    .file(".gitignore", "target\nCargo.lock\n")
    .env("RUSTUP_HOME", &rustup())
    .git();
    project.rel("imports").code(0).says("lantern-0.1.0-cp39-abi3-manylinux").says("import lantern");
}
