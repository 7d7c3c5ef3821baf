//! A publish that hides in a script is refused, in dry and in live runs; what only looks like one
//! runs. The publishers are the real ones where what they do matters (git, cargo, npm, twine), else
//! stand-ins that would leave a mark.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::peers;
use crate::project::Project;

/// A project whose PATH begins with programs that note that they ran.
fn project(releasefile: &str, marked: &[&str]) -> Project {
    let project = Project::new(releasefile);
    let bin = project.root().join("../bin");
    for program in marked {
        let text = format!("#!/bin/sh\necho {program} \"$@\" >> '{}'\n", mark(&project).display());
        project.write(&format!("../bin/{program}"), &text);
        let path = bin.join(program);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    project.env("PATH", &path)
}

fn mark(project: &Project) -> std::path::PathBuf {
    project.root().join("../mark")
}

#[test]
fn a_publish_inside_a_script_is_refused_however_deep() {
    let hidden = [
        ("twine", "twine upload dist/*"),
        ("twine", "sh -c 'sh -c \"twine upload x\"'"),
        ("uv", "uv publish"),
        ("uvx", "uvx twine upload x"),
        ("cargo", "cargo publish"),
        ("gh", "gh release create v1"),
        ("gh", "gh api -X POST repos/o/r/releases"),
        ("npm", "npm publish"),
        ("docker", "docker push x"),
        ("hatch", "hatch publish"),
        ("poetry", "poetry publish"),
        ("flit", "flit publish"),
        ("maturin", "maturin upload x"),
    ];
    for (program, line) in hidden {
        let project = project("task(\"lint\").exec(\"sh release.sh\");\n", &[program])
            .file("release.sh", &format!("{line}\n"));
        let ran = project.rel("lint").code(3);
        assert!(!mark(&project).exists(), "{line} ran");
        assert!(ran.err.contains("refused: nothing was sent by it"), "{line}\n{}", ran.err);
    }
}

#[test]
fn a_script_that_ignores_the_refusal_fails_all_the_same() {
    let project = project(
        "task(\"lint\").exec(\"sh release.sh\");\ntask(\"after\").needs(\"lint\").exec(\"true\");\n",
        &["twine"],
    )
    .file("release.sh", "twine upload x || true\necho went on\n");
    project.rel("after").code(3).says("`twine upload` publishes").says("after: not run");
    let captured =
        self::project("task(\"lint\").run(|| { capture(\"sh release.sh\"); });\n", &["twine"])
            .file("release.sh", "twine upload x || true\n");
    captured.rel("lint").code(3).says("`twine upload` publishes");
}

#[test]
fn a_live_run_refuses_it_before_anything_is_sent() {
    let project = project(
        r#"
        task("build").exec("sh release.sh");
        task("announce").needs("build").effects("command").run(|| remote("touch ../sent"));
        "#,
        &["twine"],
    )
    .file("release.sh", "twine upload x\n")
    .git();
    project.rel("announce --live --yes").code(3).says("`twine upload` publishes");
    assert!(!project.root().join("../sent").exists() && !mark(&project).exists());
}

#[test]
fn a_sending_command_of_the_users_own_is_not_held_back() {
    let project =
        project(r#"task("send").effects("command").run(|| remote("sh release.sh"));"#, &["twine"])
            .file("release.sh", "twine upload x\n")
            .git();
    project.rel("send").code(0);
    assert!(!mark(&project).exists(), "a dry run describes only");
    project.rel("send --live --yes").code(0);
    assert_eq!(fs::read_to_string(mark(&project)).unwrap(), "twine upload x\n");
}

#[test]
fn what_does_not_publish_reaches_the_real_program_as_it_was_called() {
    let project = project("task(\"lint\").exec(\"sh look.sh\");\n", &["twine", "npm"])
        .file("look.sh", "twine check 'a b' \"\"\nnpm run publish-docs\n");
    project.rel("lint").code(0);
    assert_eq!(
        fs::read_to_string(mark(&project)).unwrap(),
        "twine check a b \nnpm run publish-docs\n"
    );
    let code = Project::new(
        "task(\"x\").sh(\"printf in | git hash-object --stdin; git rev-parse --nonsense\");\n",
    );
    code.rel("x").code(1).says("ended with exit code 128");
}

#[test]
fn a_makefile_and_an_npm_script_are_no_way_round() {
    let npm = peers::node();
    let project = project(
        "task(\"make\").exec(\"make release\");\ntask(\"npm\").exec(\"npm run ship\");\n",
        &["twine"],
    )
    .file("Makefile", "release:\n\t@$(MAKE) upload\nupload:\n\ttwine upload dist/*\n")
    .file(
        "package.json",
        r#"{"name": "time-piece", "version": "1.0.0", "scripts": {"ship": "npm publish --registry=https://registry.example.invalid/", "twine": "twine upload x"}}"#,
    );
    let path = format!(
        "{}:{}:{}",
        project.root().join("../bin").display(),
        npm.display(),
        std::env::var("PATH").unwrap()
    );
    let project = project.env("PATH", &path);
    project.rel("npm").code(3).says("`npm publish` publishes");
    if peers::is_here("make") {
        project.rel("make").code(3).says("`twine upload` publishes");
    }
    assert!(!mark(&project).exists());
}

#[test]
fn git_pushes_nowhere_but_to_folders_of_other_repositories() {
    let script = r#"
        set -e
        git init --quiet --bare ../bare
        git init --quiet ../inner && cd ../inner
        git -c user.name=T -c user.email=t@localhost commit --quiet --allow-empty -m x
        git remote add origin ../bare
        git push --quiet origin HEAD:refs/heads/main
        git remote add away https://away.invalid/x.git
        git push away HEAD:refs/heads/main && exit 1
        "$(git --exec-path)/git" push away HEAD:refs/heads/main && exit 1
        git config remote.away.pushurl https://away.invalid/x.git
        git push away HEAD:refs/heads/main && exit 1
        git config alias.ship 'push away HEAD:refs/heads/main'
        git config --unset remote.away.pushurl
        git ship && exit 1
        exit 0
        "#;
    let project = Project::new("task(\"test\").exec(\"sh test.sh\");\n").file("test.sh", script);
    let ran = project.git().rel("test").code(3);
    assert!(ran.err.contains("`git push` publishes"), "{}", ran.err);
    assert_eq!(ran.err.matches("rel: `git push` publishes").count(), 2, "{}", ran.err);
    assert_eq!(ran.err.matches("'rel-refuses-to-publish' aborted").count(), 2, "{}", ran.err);
    let own = Project::new("task(\"test\").exec(\"sh test.sh\");\n").file(
        "test.sh",
        "git init --quiet --bare ../bare\ngit push ../bare HEAD:refs/heads/main\n",
    );
    own.git().rel("test").code(3).says("`git push` publishes");
}

#[test]
fn publishers_that_go_past_path_are_pointed_nowhere() {
    let clients = peers::clients();
    let script = format!(
        r#"
        export TWINE_USERNAME=u TWINE_PASSWORD=p
        {bin}/python -m twine upload --non-interactive dist/* && exit 1
        {bin}/uv publish --token x dist/* && exit 1
        exit 0
        "#,
        bin = clients.display()
    );
    let project = Project::new(
        "task(\"test\").run(|t| { exec(\"python3 make_dist.py {} 1.0\", \"dist\"); exec(\"sh test.sh\"); });\n",
    )
    .file("make_dist.py", crate::project::MAKE_DIST)
    .file("dist/.keep", "")
    .file("test.sh", &script);
    let ran = project.rel("test").code(0);
    assert!(ran.err.contains("rel-refuses-to-publish"), "{}", ran.err);
}

#[test]
fn cargo_called_by_its_own_path_finds_no_credentials() {
    let cargo = std::env::var("CARGO").unwrap();
    let project = Project::new("task(\"ship\").secrets(\"CARGO_REGISTRY_TOKEN\").exec(\"sh ship.sh\");\n")
        .env("CARGO_REGISTRY_TOKEN", "cio0123456789abcdef")
        .file("Cargo.toml", "[package]\nname = \"time-piece\"\nversion = \"0.1.0\"\nedition = \"2021\"\ndescription = \"x\"\nlicense = \"MIT\"\n")
        .file("src/lib.rs", "")
        .file("ship.sh", &format!("{cargo} login --help >/dev/null\n{cargo} publish --no-verify --allow-dirty\n"));
    project.rel("ship").code(3).says("rel: `cargo publish` publishes");
}

#[test]
fn an_address_of_this_machine_counts_only_as_the_place_to_send_to() {
    for line in [
        "npm publish --noproxy=http://localhost/",
        "git push -o http://localhost/ origin main",
        "twine upload --repository-url http://127.0.0.1:9/ --repository-url https://away.invalid/ x",
        "npm -w a publish",
        "docker image push x",
        "uvx --from twine twine upload x",
        "gh api -iXPOST repos/o/r/releases",
    ] {
        let programs = ["npm", "twine", "docker", "uvx", "gh"];
        let project = project("task(\"lint\").exec(\"sh release.sh\");\n", &programs)
            .file("release.sh", &format!("{line}\n"));
        project.git().rel("lint").code(3).says("refused: nothing was sent by it");
    }
    let text = "task(\"lint\").exec(\"sh release.sh\");\n";
    let local = project(text, &["twine"])
        .file("release.sh", "twine upload --repository-url http://127.0.0.1:8080/ x\n");
    local.rel("lint").code(0);
    assert!(mark(&local).exists());
}

#[test]
fn what_an_earlier_task_installs_is_held_back_too() {
    let releasefile = r#"
        task("before").exec("true");
        task("install").needs("before").sh("mv ../bin/later ../bin/twine");
        task("lint").needs("install").exec("sh release.sh");
    "#;
    let project = project(releasefile, &["later"]).file("release.sh", "twine upload dist/*\n");
    // The folder is left alone for some calls, so that it counts as settled.
    for _ in 0..5 {
        project.rel("list").code(0);
    }
    project.rel("lint").code(3).says("refused: nothing was sent by it");
    assert!(project.root().join("../bin/twine").exists());
    assert!(!mark(&project).exists());
}

#[test]
fn what_becomes_a_program_in_a_folder_that_stays_the_same_is_held_back_too() {
    for (before, after) in [
        ("chmod -x ../bin/twine", "chmod +x ../bin/twine"),
        (
            "mv ../bin/twine ../later; ln -s ../later-still ../bin/twine",
            "mv ../later ../later-still",
        ),
    ] {
        let releasefile = format!(
            "task(\"change\").sh(\"{after}\");\n\
             task(\"lint\").needs(\"change\").exec(\"sh release.sh\");"
        );
        let project = project(&releasefile, &["twine"]).file("release.sh", "twine upload dist/*\n");
        let mut shell = std::process::Command::new("sh");
        let made = shell.args(["-c", before]).current_dir(project.root()).status();
        assert!(made.unwrap().success());
        // The folder is left alone for some calls.
        for _ in 0..5 {
            project.rel("list").code(0);
        }
        project.rel("lint").code(3).says("refused: nothing was sent by it");
        assert!(!mark(&project).exists(), "{after}");
    }
}

#[test]
fn an_open_end_of_path_makes_nothing_seem_installed() {
    let project = Project::new("task(\"lint\").sh(\"if command -v twine; then exit 1; fi\");");
    project.env("PATH", "/usr/bin:/bin:").rel("lint").code(0);
}

#[test]
fn what_path_leads_to_from_elsewhere_is_held_back_too() {
    let project = project("task(\"lint\").exec(\"sh release.sh\");", &["twine"])
        .file("release.sh", "twine upload dist/*\n")
        .file("sub/empty", "");
    let path = format!("../bin:{}", std::env::var("PATH").unwrap());
    let project = project.env("PATH", &path);
    for folder in ["", "sub"] {
        let ran =
            project.command("lint").current_dir(project.root().join(folder)).output().unwrap();
        assert_eq!(ran.status.code(), Some(3), "{}", String::from_utf8_lossy(&ran.stderr));
        assert!(!mark(&project).exists(), "{folder}");
    }
}

#[test]
fn what_is_not_installed_is_not_there_behind_shims_either() {
    let bin = tempfile::tempdir().unwrap();
    for name in ["sh", "bash"] {
        let found = ["/bin", "/usr/bin"].map(|folder| format!("{folder}/{name}"));
        if let Some(found) = found.iter().find(|path| std::path::Path::new(path).exists()) {
            std::os::unix::fs::symlink(found, bin.path().join(name)).unwrap();
        }
    }
    let text = "task(\"probe\").sh(\"if command -v docker; then exit 1; fi; command -v git && exit 1; true\");\n";
    let project = Project::new(text).env("PATH", &bin.path().to_string_lossy());
    project.rel("probe").code(0);
}

#[test]
fn shims_of_two_programs_and_of_version_managers_end_at_the_real_one() {
    let other = tempfile::tempdir().unwrap();
    let copy = other.path().join("rel");
    fs::copy(env!("CARGO_BIN_EXE_rel"), &copy).unwrap();
    let text = format!(
        "task(\"outer\").exec(\"{} inner\");\ntask(\"inner\").exec(\"sh -c 'git --version'\");\n",
        copy.display()
    );
    Project::new(&text).rel("outer").code(0).says("git version");
    let manager = tempfile::tempdir().unwrap();
    let shim = manager.path().join("shims/git");
    fs::create_dir(shim.parent().unwrap()).unwrap();
    // As version managers do it: the first of this name in any folder but their own.
    let look = format!(
        "#!/bin/sh\nIFS=:\nfor d in $PATH; do\n  [ \"$d\" = {:?} ] || [ ! -x \"$d/git\" ] || exec \"$d/git\" \"$@\"\ndone\n",
        shim.parent().unwrap()
    );
    fs::write(&shim, look).unwrap();
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", shim.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let project =
        Project::new("task(\"look\").exec(\"sh -c 'git --version'\");\n").env("PATH", &path);
    project.rel("look").code(0).says("git version");
}
