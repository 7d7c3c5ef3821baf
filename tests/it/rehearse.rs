//! Rehearsals: the same program, live, in a world on this machine.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;

use crate::peers;
use crate::project::{MAKE_DIST, Project};

/// Asks for a page as Python's own client does, which knows proxies and authorities by variables.
const ASK: &str = r#"
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        print(url, urllib.request.urlopen(url).status)
    except urllib.error.HTTPError as error:
        print(url, error.code, error.read().decode().strip())
"#;

fn sends(body: &str) -> Project {
    let text = format!(
        "task(\"build\").exec(\"python3 ask.py https://unknown.invalid/x http://127.0.0.1:9/\");\n\
         task(\"send\").needs(\"build\").effects(\"command\").run(|t| {body});\n"
    );
    Project::new(&text).file("ask.py", ASK)
}

/// Every file below a folder with its contents, but for git's own bookkeeping.
fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn changes_never_go_through_a_link() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("precious"), "as it was").unwrap();
    let project = Project::new(
        "task(\"build\").sh(\"cat d/precious new\");\n\
         task(\"send\").needs(\"build\").effects(\"command\").run(|| remote(\"true\"));\n",
    );
    std::os::unix::fs::symlink(outside.path(), project.root().join("d")).unwrap();
    let project = project.git();
    fs::remove_file(project.root().join("d")).unwrap();
    let project = project.file("d/precious", "changed\n").file("new", "added\n");
    project.rel("rehearse send --dirty").code(0).says("changed").says("added");
    assert_eq!(fs::read_to_string(outside.path().join("precious")).unwrap(), "as it was");
}

/// A rehearsal whose task waits for ever, with the task's number.
fn under_way() -> (Project, std::process::Child, rustix::process::Pid) {
    let project = Project::new("");
    let told = project.root().with_extension("told");
    let made = std::process::Command::new("mkfifo").arg(&told).status().unwrap();
    assert!(made.success());
    let text = format!(
        "task(\"build\").sh(\"echo $$ > {}; exec tail -f /dev/null\");\n\
         task(\"send\").needs(\"build\").effects(\"command\").run(|| remote(\"true\"));\n",
        told.display()
    );
    let project = project.file("Releasefile", &text).git();
    let mut command = project.command("rehearse send --tag v1.0");
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let number = fs::read_to_string(&told).unwrap().trim().parse().unwrap();
    (project, child, rustix::process::Pid::from_raw(number).unwrap())
}

#[test]
fn a_single_interrupt_ends_it() {
    let (_project, mut child, _) = under_way();
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn nothing_outlives_a_rehearsal_that_is_killed() {
    let (_project, mut child, task) = under_way();
    child.kill().unwrap();
    child.wait().unwrap();
    // It is not our child: it ends in its own time.
    let begun = std::time::Instant::now();
    while rustix::process::test_kill_process(task).is_ok() {
        assert!(begun.elapsed().as_secs() < 30, "its task is still running");
        std::thread::yield_now();
    }
}

#[test]
fn it_sends_for_real_and_nothing_leaves() {
    let project =
        sends("remote(\"python3 ask.py https://elsewhere.invalid/\")").git().tag("v1.2.3");
    let before = tree(&project.root());
    let ran = project.rel("rehearse send").code(0);
    ran.says("https://unknown.invalid/x 403 rel: unknown.invalid has no part in this rehearsal")
        .says("http://127.0.0.1:9/ 403")
        .says("https://elsewhere.invalid/ 403")
        .says("rehearsal of v1.2.3")
        .says("kept back: 1 request to elsewhere.invalid");
    assert_eq!(tree(&project.root()), before, "the checkout stays as it was");
}

#[test]
fn the_run_is_one_on_a_runner_without_the_users_logins() {
    let show = "remote_sh(\"echo on $GITHUB_REPOSITORY at $GITHUB_REF; ! env | grep t0ken; test $HOME != $OLD_HOME\")";
    let project = sends(show).git().env("CORP_TOKEN", "t0ken-of-mine");
    let project = project.env("TWINE_PASSWORD", "t0ken-of-mine").env("OLD_HOME", "/nonexistent");
    project.rel("rehearse send").code(0).says("on rehearsal/project at refs/tags/v0.1.0");
}

#[test]
fn the_next_patch_is_rehearsed_where_head_has_no_tag() {
    let project = sends("remote(\"git describe --exact-match --tags\")").git().tag("v0.9.9");
    project.commit();
    project.rel("rehearse send").code(0).says("v0.9.10");
    project.rel("rehearse send --tag v2.0.0").code(0).says("v2.0.0");
}

#[test]
fn a_version_that_the_project_states_is_rehearsed_before_the_next_patch() {
    let project = sends("remote(\"git describe --exact-match --tags\")");
    let project = project.file("pyproject.toml", "[project]\nname = \"x\"\nversion = \"0.3.0\"\n");
    let project = project.git().tag("0.9.9");
    project.rel("rehearse send").code(0).says("rehearsal of 0.9.9");
    project.commit();
    project.rel("rehearse send").code(0).says("rehearsal of 0.3.0");
}

#[test]
fn a_tag_of_another_version_than_the_files_is_refused() {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST).git();
    let ran = project.rel("rehearse publish --tag v9.9.9").code(3);
    ran.says("HEAD is tagged `v9.9.9`, and time_piece-1.0-py3-none-any.whl is version 1.0")
        .says("`--tag v1.0`")
        .never_says("1 write");
    project.rel("rehearse publish --tag v1.0").code(0);
    // Here nothing tells the version: the tag is the rehearsal's own.
    project.rel("rehearse publish").code(0).says("rehearsal of v0.1.0");
}

#[test]
fn changes_that_are_not_committed_are_left_out_unless_taken_along() {
    let project = sends("remote(\"cat note\")").file("note", "committed\n").file("gone", "").git();
    project.write("note", "changed\n");
    project.write("new/file", "x");
    fs::remove_file(project.root().join("gone")).unwrap();
    project.rel("rehearse send").code(0).says("  committed").says(" M note").says("?? new/file");
    let ran = project.rel("rehearse send --dirty").code(0);
    assert!(ran.err.contains("  changed") && !ran.err.contains("left out"), "{}", ran.err);
    let look = "remote(\"test -e new/file -a ! -e gone\")";
    project
        .write("Releasefile", &format!("task(\"send\").effects(\"command\").run(|t| {look});\n"));
    project.rel("rehearse send --dirty").code(0);
}

#[test]
fn a_project_below_the_top_is_rehearsed_alone() {
    let look = "ls -a; git describe --tags; git rev-list --count HEAD; git rev-parse --is-shallow-repository";
    let project = sends(&format!("remote(\"sh -c '{look}'\")")).git().tag("v5.0.0");
    let root = project.root();
    fs::create_dir(root.join("inner")).unwrap();
    for name in ["Releasefile", "ask.py"] {
        fs::copy(root.join(name), root.join("inner").join(name)).unwrap();
    }
    project.commit();
    let ran = project.rel("-C inner rehearse send").code(0);
    assert!(!ran.err.contains("inner") && ran.err.contains("v5.0.1"), "{}", ran.err);
    assert!(ran.err.contains("\n  1\n"), "one commit: {}", ran.err);

    // Where the history is cut off, that of the project alone is whole.
    let shallow = Project::new("");
    let from = format!("file://{}", root.display());
    let words = ["clone", "--quiet", "--depth=1", &from, "shallow"];
    let cloned = std::process::Command::new("git").args(words).current_dir(shallow.root()).status();
    assert!(cloned.unwrap().success());
    let ran = shallow.rel("-C shallow/inner rehearse send").code(0);
    ran.says("false").never_says("true");
}

#[test]
fn no_variable_turns_a_live_run_away() {
    let project = sends("remote(\"true\")").git();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("way");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(br#"{"proxy":"http://127.0.0.1:9","authority":""}"#);
        }
    });
    let project = project.env("REL_REHEARSAL", &path.to_string_lossy());
    project.rel("send --live --yes").code(2).says("is not the rel that started this one");
}

#[test]
fn without_a_commit_there_is_nothing_to_rehearse() {
    sends("remote(\"true\")").rel("rehearse send").code(2).says("a rehearsal needs a commit");
}

/// Gets what an index says of a file's origin, as any client would.
const PROVENANCE: &str = r#"
import json, os, sys, urllib.request
folder = os.environ["HOME"]
wheel = f"{folder}/time_piece-1.0-py3-none-any.whl"
site = sys.argv[1]
page = urllib.request.Request(f"{site}/simple/time-piece/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
files = {file["filename"]: file for file in json.load(urllib.request.urlopen(page))["files"]}
entry = files["time_piece-1.0-py3-none-any.whl"]
open(wheel, "wb").write(urllib.request.urlopen(entry["url"]).read())
provenance = json.load(urllib.request.urlopen(entry["provenance"]))
attestations = provenance["attestation_bundles"][0]["attestations"]
for name, attestation in zip(["publish", "slsa"], attestations):
    open(f"{wheel}.{name}.attestation", "w").write(json.dumps(attestation))
json.dump(provenance, open(f"{folder}/provenance.json", "w"))
attestations[0]["envelope"]["statement"] = attestations[1]["envelope"]["statement"]
json.dump(provenance, open(f"{folder}/forged.json", "w"))
print("attestations:", len(attestations))
"#;

#[test]
fn attestations_convince_a_verifier_that_was_written_by_others() {
    let judge = peers::venv("verifiers", &["pypi-attestations==0.0.30", "sigstore==4.5.1"]);
    let judge = judge.join("bin/pypi-attestations").display().to_string();
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        task("fetch").needs("publish").exec("python3 provenance.py https://pypi.org");
        task("judge").needs("fetch").sh("JUDGE verify pypi --offline --repository https://github.com/rehearsal/project --provenance-file $HOME/provenance.json WHEEL");
        task("strange").needs("fetch").sh("! JUDGE verify pypi --offline --repository https://github.com/rehearsal/other --provenance-file $HOME/provenance.json WHEEL");
        task("forged").needs("fetch").sh("! JUDGE verify pypi --offline --repository https://github.com/rehearsal/project --provenance-file $HOME/forged.json WHEEL");
        task("changed").needs(["judge", "strange", "forged"]).sh("echo >> WHEEL; ! JUDGE verify pypi --offline --repository https://github.com/rehearsal/project --provenance-file $HOME/provenance.json WHEEL");
    "#;
    let project = Project::new(
        &text.replace("JUDGE", &judge).replace("WHEEL", "$HOME/time_piece-1.0-py3-none-any.whl"),
    )
    .file("make_dist.py", MAKE_DIST)
    .file("provenance.py", PROVENANCE)
    .git()
    .tag("v1.0");
    let ran = project.rel("rehearse changed").code(0);
    ran.says("attestations: 2")
        .says("proven  pypi  time_piece-1.0.tar.gz.publish.attestation")
        .says("OK: time_piece-1.0-py3-none-any.whl")
        .says("expected \"rehearsal/other\"")
        .says("DSSE: invalid signature")
        .says("subject does not match distribution digest")
        .says("changed: ok");
}

#[test]
fn a_crate_is_published_by_cargo_itself_and_built_upon() {
    let cargo = "/// A piece of time.\npub fn now() -> u64 { 7 }\n";
    let manifest = "[package]\nname = \"time-piece\"\nversion = \"0.1.0\"\nedition = \"2021\"\ndescription = \"a test\"\nlicense = \"MIT\"\n";
    let user = "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    let text = r#"
        task("publish").effects("command").secrets("CARGO_REGISTRY_TOKEN").run(|t| { remote("cargo publish"); });
        task("use").needs("publish").cwd("user").sh("cargo add --quiet time-piece && cargo run --quiet");
        task("look").needs("use").exec("cargo info --quiet --registry crates-io time-piece");
    "#;
    let project = Project::new(text)
        .file("Cargo.toml", &format!("{manifest}[workspace]\n"))
        .file("src/lib.rs", cargo)
        .file("user/Cargo.toml", user)
        .file("user/src/main.rs", "fn main() { println!(\"it is {}\", time_piece::now()) }\n")
        .file(".gitignore", "target\nCargo.lock\n")
        .git()
        .env("RUSTUP_HOME", &rustup());
    let ran = project.rel("rehearse look").code(0);
    ran.says("Published time-piece v0.1.0 at registry `crates-io`")
        .says("it is 7")
        .says("crates.io: https://crates.io/crates/time-piece/0.1.0");
}

#[test]
fn a_version_is_yanked_and_the_index_tells() {
    let text = r#"
        task("package").exec("cargo package --quiet").outputs("target/package/*.crate");
        task("publish").needs("package").effects("crates").run(|t| crates::publish(t.artifacts("package")));
        task("yank").needs("publish").effects("crates").run(|t| crates::yank("time-piece", "0.1.0"));
        task("look").needs("yank").exec("curl -fsS https://index.crates.io/ti/me/time-piece");
    "#;
    let manifest = "[package]\nname = \"time-piece\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
                    description = \"a test\"\nlicense = \"MIT\"\n";
    let project = Project::new(text)
        .file("Cargo.toml", manifest)
        .file("src/lib.rs", "/// Now.\npub fn now() -> u64 { 7 }\n")
        .file(".gitignore", "target\nCargo.lock\n")
        .git()
        .tag("v0.1.0")
        .env("RUSTUP_HOME", &rustup());
    project
        .rel("rehearse look")
        .code(0)
        .says("yank time-piece 0.1.0 on crates")
        .says("proven  crates  time-piece 0.1.0")
        .says("\"yanked\":true");
    // A registry that wants it later gets it later, in the same run.
    let busy = project.rel("rehearse yank --output json --fault crates.yank=429").code(0);
    busy.says("\"times\":1").says("\"ends\":[0]");
}

#[test]
fn crates_are_published_as_they_were_packaged_by_the_runs_identity() {
    let manifest = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
             description = \"a test\"\nlicense = \"MIT\"\n{more}"
        )
    };
    let text = r#"
        task("package").exec("cargo package --workspace").outputs("target/package/*.crate");
        task("publish").needs("package").effects("crates").environment("release")
            .run(|t| crates::publish(t.artifacts("package")));
        task("use").needs("publish").cwd("user").sh("cargo add --quiet a-clock && cargo run --quiet");
    "#;
    let needs = "[dependencies]\ntime-piece = { path = \"../piece\", version = \"0.1\" }\n";
    let user = "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    let project = Project::new(text)
        .file("Cargo.toml", "[workspace]\nmembers = [\"clock\", \"piece\"]\nresolver = \"2\"\n")
        .file("clock/Cargo.toml", &manifest("a-clock", needs))
        .file("clock/src/lib.rs", "/// Now.\npub use time_piece::now;\n")
        .file("piece/Cargo.toml", &manifest("time-piece", ""))
        .file("piece/src/lib.rs", "/// Now.\npub fn now() -> u64 { 7 }\n")
        .file("user/Cargo.toml", user)
        .file("user/src/main.rs", "fn main() { println!(\"it is {}\", a_clock::now()) }\n")
        .file(".gitignore", "target\nCargo.lock\n")
        .git()
        .env("RUSTUP_HOME", &rustup());
    let ran = project.rel("rehearse use").code(0);
    let ran = ran
        .says("proven  crates  time-piece-0.1.0.crate")
        .says("crates.io/crates/a-clock/0.1.0")
        .says("it is 7");
    let at = |text: &str| ran.err.find(text).unwrap_or_else(|| panic!("{text}: {}", ran.err));
    assert!(at("publish time-piece") < at("publish a-clock"), "what is needed comes first");
}

#[test]
fn what_is_written_for_a_crate_is_rehearsed_to_the_proof() {
    let project = Project::new("");
    fs::remove_file(project.root().join("Releasefile")).unwrap();
    let manifest = "[package]\nname = \"time-piece\"\nversion = \"0.3.0\"\nedition = \"2024\"\ndescription = \"a test\"\nlicense = \"MIT\"\n";
    let project = project
        .file("Cargo.toml", manifest)
        .file("src/lib.rs", "//! A test.\n")
        .file(".gitignore", "/target\n")
        .env("RUSTUP_HOME", &rustup());
    project.rel("init").code(0);
    let project = project.git();
    let ran = project.rel("rehearse publish").code(3);
    ran.says("the work tree has 1 change")
        .says("?? Cargo.lock")
        .says("tasks made that in the rehearsed copy: commit what belongs to the project");
    assert!(!project.root().join("Cargo.lock").exists());
    let mut cargo = std::process::Command::new(env!("CARGO"));
    let locked = cargo.args(["generate-lockfile", "--offline", "--quiet"]);
    assert!(locked.current_dir(project.root()).status().unwrap().success());
    project.commit();
    let ran = project.rel("rehearse publish").code(0);
    ran.says("rehearsal of v0.3.0").says("proven  crates  time-piece-0.3.0.crate");
}

/// Where rustup keeps toolchains, whatever the home is.
pub fn rustup() -> String {
    let usual = || format!("{}/.rustup", std::env::var("HOME").unwrap());
    std::env::var("RUSTUP_HOME").unwrap_or_else(|_| usual())
}

#[test]
fn clients_that_were_written_by_others_publish_by_the_runs_identity() {
    let clients = peers::clients().display().to_string();
    let text = r#"
        let identity = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("uv").needs("build").effects("command").secrets(identity)
            .run(|t| { remote("BIN/uv publish --trusted-publishing always {}", t.artifacts("build")); });
        task("twine").needs("build").effects("command").secrets(identity)
            .run(|t| { remote("BIN/twine upload --non-interactive -r testpypi {}", t.artifacts("build")); });
        task("pip").needs(["uv", "twine"]).sh("BIN/pip install --quiet --no-deps --target $HOME/pip time-piece==1.0; ls $HOME/pip");
    "#;
    let project = Project::new(&text.replace("BIN", &clients))
        .file("make_dist.py", MAKE_DIST)
        .git()
        .tag("v1.0");
    let ran = project.rel("rehearse pip --output json").code(0).says("time_piece.py");
    let last: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    let writes = |host: &str| -> Vec<String> {
        let requests = last["requests"].as_array().unwrap().iter();
        let writes =
            requests.filter(|request| request["host"] == host && request["method"] == "POST");
        writes
            .map(|request| format!("{} {}", request["path"].as_str().unwrap(), request["status"]))
            .collect()
    };
    let [mint, legacy, burn] = ["/_/oidc/mint-token 200", "/legacy/ 200", "/_/oidc/burn-token 202"];
    assert_eq!(writes("upload.pypi.org"), [mint, legacy, legacy, burn], "uv");
    assert_eq!(writes("test.pypi.org"), [mint, legacy, legacy], "twine");
}

#[test]
fn what_is_wrong_with_the_words_is_said_before_a_world_is_made() {
    let project = sends("remote(\"true\")").git();
    let ran = project.rel("rehearse build").code(2).never_says("rehearsal of");
    ran.says("there is nothing to rehearse: `build` sends nothing")
        .says("or needs one that does: `send`");
    project.rel("rehearse sned").code(2).says("did you mean `send`?").never_says("rehearsal of");
    project.rel("rehearse").code(2).says("no task is named").never_says("rehearsal of");
    project.rel("rehearse send --tag bad..tag").code(1).says("not a valid tag name");
}

#[test]
fn a_declared_index_is_played_too_and_secrets_are_made_up() {
    let text = r#"
        index("corp", #{ upload: "https://corp.invalid/api/upload", simple: "https://corp.invalid/api/pypi/simple", user: "ci", password: secret("CORP_PW") });
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("index:corp").run(|t| pypi::publish(t.artifacts("build"), "corp"));
        task("tell").needs("publish").effects("command").secrets("CHAT_KEY").run(|t| { remote_sh("test -n $CHAT_KEY && echo key ${#CHAT_KEY}"); });
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST).git().tag("v1.0");
    let ran = project.env("CORP_PW", "mine-alone").rel("rehearse tell").code(0);
    ran.says("proven  index:corp  time_piece-1.0-py3-none-any.whl")
        .says("https://corp.invalid/api/pypi/simple/time-piece/")
        .says("key 42")
        .never_says("mine-alone");
}

#[test]
fn git_pushes_to_the_worlds_remote_and_a_webhook_is_heard() {
    let text = r#"
        task("push").effects("command").run(|t| {
            remote_sh("git commit --quiet --allow-empty -m 'release' && git tag -a v9.0 -m nine && git push --quiet --atomic origin HEAD:refs/heads/main v9.0");
        });
        task("pull").needs("push").sh("git clone --quiet git@github.com:acme/piece.git $HOME/piece && git -C $HOME/piece log -1 --format='by %an' v9.0");
        task("move").needs("pull").effects("command").run(|t| {
            remote_sh("git push origin HEAD~1:refs/heads/main || echo kept");
        });
        task("tell").needs("move").effects("command").secrets("CHAT_WEBHOOK")
            .run(|t| { remote_sh("curl --fail --silent --data released $CHAT_WEBHOOK"); });
    "#;
    let project = Project::new(text).file("a.txt", "1").git().tag("v8.0");
    project.run_git(&["remote", "add", "origin", "git@github.com:acme/piece.git"]);
    project.run_git(&["config", "user.name", "Ada"]);
    let before = tree(&project.root());
    let ran = project.rel("rehearse tell").code(0);
    let ran = ran.says("by Ada").says("kept").says("non-fast-forward").says("webhook.invalid");
    ran.says("github.com");
    assert_eq!(tree(&project.root()), before, "the checkout stays as it was");
}

/// Gets a page as any browser would, without proxies.
fn page(address: &str) -> String {
    let got = std::process::Command::new("python3")
        .args(["-c", "import sys, urllib.request as u; print(u.build_opener(u.ProxyHandler({})).open(sys.argv[1]).read().decode())", address])
        .output()
        .unwrap();
    assert!(got.status.success(), "{address}: {}", String::from_utf8_lossy(&got.stderr));
    String::from_utf8(got.stdout).unwrap()
}

#[test]
fn the_world_stays_up_to_be_looked_at_until_it_is_stopped() {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects(["pypi", "github-release"]).run(|t| {
            pypi::publish(t.artifacts("build"), "pypi");
            github::release(#{ assets: t.artifacts("build"), notes: "First <one>." });
        });
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST).git().tag("v1.0");
    project.write("pyproject.toml", "[project]\nname = \"time-piece\"\nversion = \"1.0\"\n");
    project.commit();
    let mut command = project.command("rehearse publish --serve --tag v1.0");
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let told = "  signed with keys of this world: `rel verify … --trusted-root ";
    let root = lines.find_map(|line| line.strip_prefix(told).map(str::to_owned));
    let root = root.unwrap().trim_end_matches('`').to_owned();
    let address = lines.find_map(|line| line.strip_prefix("look at it: ").map(str::to_owned));
    let address = address.unwrap().split(' ').next().unwrap().to_owned();

    let home = page(&address);
    assert!(home.contains("rehearsal of v1.0") && home.contains("nothing was refused"), "{home}");
    let links = home.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let pages: Vec<String> =
        links.map(|link| page(&format!("{}{link}", address.trim_end_matches('/')))).collect();
    let has =
        |text: &str| assert!(pages.iter().any(|page| page.contains(text)), "{text}: {pages:?}");
    has("time_piece-1.0-py3-none-any.whl");
    has("First &lt;one&gt;.");
    has("rootHash");
    has("attestation_bundles");
    let wheel = "time_piece-1.0-py3-none-any.whl";
    let mut links = home.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let link = links.find(|link| link.ends_with(&format!("{wheel}/provenance"))).unwrap();
    project.write("provenance.json", &page(&format!("{}{link}", address.trim_end_matches('/'))));
    let mut made = std::process::Command::new("python3");
    assert!(
        made.args(["make_dist.py", ".", "1.0"])
            .current_dir(project.root())
            .status()
            .unwrap()
            .success()
    );
    let verify = format!(
        "verify {wheel} --attestation provenance.json --repository rehearsal/project --workflow release.yml"
    );
    project.rel(&format!("{verify} --trusted-root {root}")).code(0);
    project.rel(&verify).code(3);
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(child.wait().unwrap().success(), "it ends as the release ended");
}
