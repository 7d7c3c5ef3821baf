//! Rehearsals without a network: registries answer as they did when they were last asked.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::example::hatch_vcs;
use crate::peers::Pypiserver;
use crate::project::Project;
use crate::wire::Wire;

/// Gets pages as Python's own client does, and tells what came.
const ASK: &str = r#"
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        with urllib.request.urlopen(url) as page:
            print(page.status, page.read().decode().strip())
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode().strip())
"#;

/// Runs a program where there is no network but the machine's own, which is switched on first.
const ALONE: &str = r#"
import fcntl, os, socket, struct, sys
UP_LOOPBACK_RUNNING, SET_FLAGS = 0x49, 0x8914
fcntl.ioctl(socket.socket(), SET_FLAGS, struct.pack("16sH14x", b"lo", UP_LOOPBACK_RUNNING))
try:
    socket.create_connection(("192.0.2.1", 9), timeout=9)
except OSError as error:
    print("outside:", error.strerror, file=sys.stderr)
os.execv(sys.argv[1], sys.argv[1:])
"#;

#[test]
fn what_registries_said_once_is_there_without_them() {
    let registry = Pypiserver::start();
    let wire = Wire::forward(registry.url());
    let asks = |path: &str| format!("exec(\"python3 ask.py {}{path}\")", wire.url());
    let text = format!(
        r#"
        task("read").{};
        task("more").needs("read").{};
        task("send").needs("read").effects("command").run(|t| {{ remote("true"); }});
        task("send_more").needs("more").effects("command").run(|t| {{ remote("true"); }});
        "#,
        asks("/simple/"),
        asks("/packages/"),
    );
    let cache = tempfile::tempdir().unwrap();
    let project = Project::new(&text)
        .file("ask.py", ASK)
        .git()
        .env("PIP_INDEX_URL", &wire.through("/simple/"))
        .env("XDG_CACHE_HOME", &cache.path().to_string_lossy());
    let before = project.rel("rehearse send --offline").code(0);
    before
        .says("504 rel: nothing is kept of GET http://127.0.0.1:")
        .says("not kept: GET 127.0.0.1/simple/")
        .says("run once without --offline");
    assert_eq!(wire.requests().len(), 0, "nothing is asked outside");

    project.rel("rehearse send").code(0).says("<title>Simple").says("  1 read outside: 127.0.0.1");
    assert_eq!(wire.requests().len(), 1);
    let ran = project.rel("rehearse send --offline").code(0).says("<title>Simple");
    ran.says("and nothing was asked outside").says("  1 read from what is kept: 127.0.0.1");
    let ran = project.rel("rehearse send_more --offline --output json").code(0);
    let last: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    let by: Vec<String> =
        last["requests"].as_array().unwrap().iter().map(|one| one["by"].to_string()).collect();
    assert_eq!((&last["offline"], by.join(" ").as_str()), (&true.into(), r#""kept" "missing""#));
    assert_eq!(wire.requests().len(), 1, "nothing is asked outside");

    drop(wire);
    let ran = project.rel("rehearse send_more").code(0).says("<title>Simple");
    ran.says("1 answer was a kept one: the network did not answer (127.0.0.1)")
        .says("no answer, and none kept: GET 127.0.0.1/packages/");
}

#[test]
fn hatch_vcs_is_rehearsed_to_the_proof_without_a_network() {
    if let Err(why) = alone(Path::new("/bin/true"), &[], &Project::new("")) {
        eprintln!("not tested: a rehearsal without a network, since {why}");
        return;
    }
    let cache = tempfile::tempdir().unwrap();
    let project = hatch_vcs().tag("v0.2.0");
    let project = project.env("XDG_CACHE_HOME", &cache.path().to_string_lossy());
    project.rel("rehearse publish").code(0).says("proven");

    // Neither tools nor what clients keep themselves are left.
    std::fs::rename(cache.path().join("rel/rehearsal/outside"), cache.path().join("outside"))
        .unwrap();
    std::fs::remove_dir_all(cache.path().join("rel")).unwrap();
    std::fs::create_dir_all(cache.path().join("rel/rehearsal")).unwrap();
    std::fs::rename(cache.path().join("outside"), cache.path().join("rel/rehearsal/outside"))
        .unwrap();

    let rel = PathBuf::from(env!("CARGO_BIN_EXE_rel"));
    let ran = alone(&rel, &["rehearse", "publish", "--offline"], &project).unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    let shown = String::from_utf8_lossy(&ran.stdout);
    assert_eq!(ran.status.code(), Some(0), "{said}{shown}");
    assert!(said.starts_with("outside: Network is unreachable\n"), "{said}");
    assert!(
        said.contains("rehearsal of v0.2.0: nothing has left this machine, and nothing was asked")
    );
    assert!(said.contains("from what is kept: ") && !said.contains("not kept:"), "{said}");
    assert!(shown.contains("proven  pypi  tidepool_demo-0.2.0-py3-none-any.whl"), "{shown}");
}

/// Runs a program as in `project`, where there is no network but the machine's own.
fn alone(program: &Path, words: &[&str], project: &Project) -> Result<Output, String> {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "python3", "-c", ALONE]).arg(program).args(words);
    command.current_dir(project.root()).env_clear().envs(project.variables());
    let ran = command.stdin(Stdio::null()).output().map_err(|error| format!("unshare: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stderr).trim().to_owned();
    if said.starts_with("outside: ") { Ok(ran) } else { Err(said) }
}
