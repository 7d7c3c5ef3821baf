//! What the door must hold against: signals, lies of servers, doubles, moved bytes.

use std::process::{Command, Stdio};
use std::sync::mpsc;

use crate::actor::{Actor, page};
use crate::http::Message;
use crate::peers::Devpi;
use crate::project::{MAKE_DIST, Project};
use crate::wire::{Verdict, Wire};

/// A project that builds two files and publishes them to `corp` at this address.
fn publishing(url: &str) -> Project {
    Project::new(&format!(
        r#"
        index("corp", #{{ upload: "{url}/up/", simple: "{url}/simple/", user: "ci", password: secret("CORP_PW") }});
        task("build").run(|t| exec("python3 make_dist.py {{}} 1.0", t.out));
        task("publish").needs("build").effects("index:corp").run(|t| pypi::publish(t.artifacts("build"), "corp"));
        "#
    ))
    .file("make_dist.py", MAKE_DIST)
    .env("CORP_PW", "hunter22-secret")
    .git()
}

/// Ctrl-C for one process; `kill` is the shell's own, so that no package is needed for it.
pub fn interrupt(process: &std::process::Child) {
    let done = Command::new("sh").args(["-c", &format!("kill -INT {}", process.id())]).status();
    assert!(done.unwrap().success());
}

fn nothing() -> Option<Message> {
    Some(Message::answer(404, "no such project"))
}

#[test]
fn ctrl_c_at_the_gate_sends_nothing() {
    let (tell, told) = mpsc::channel();
    let actor = Actor::new(move |request| {
        // A read is never answered: only the signal can end the wait for it.
        while request.method() == "GET" {
            tell.send(()).unwrap();
            std::thread::park();
        }
        nothing()
    });
    let project = publishing(actor.url());
    let mut rel = project
        .command("publish --live --yes")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    told.recv().unwrap();
    interrupt(&rel);
    assert_eq!(rel.wait().unwrap().code(), Some(130));
    assert_eq!(actor.writes(), 0);
}

#[test]
fn a_login_goes_to_the_index_and_nowhere_else() {
    let stranger = Actor::new(|_| Some(Message::answer(200, "other bytes")));
    let link = format!(
        "<a href=\"{}/time_piece-1.0-py3-none-any.whl\">x</a>",
        stranger.url().replace("127.0.0.1", "localhost")
    );
    let index = Actor::new(
        move |request| if request.method() == "GET" { Some(page(&link)) } else { nothing() },
    );
    publishing(index.url()).rel("publish").code(0).says("OTHER BYTES are there");
    assert!(index.requests().iter().all(|request| request.header("authorization").is_some()));
    assert!(!stranger.requests().is_empty());
    assert!(stranger.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn a_page_that_lists_a_name_twice_is_judged_by_each() {
    let name = "time_piece-1.0-py3-none-any.whl";
    let project = publishing("http://127.0.0.1:9");
    project.rel("run build --export ../dist").code(0);
    let ours = rel::model::artifact::Digest::of(
        std::fs::read(project.root().join("../dist").join(name)).unwrap(),
    );
    let html = format!(
        "<a href=\"{name}#sha256={ours}\">{name}</a><a href=\"{name}#sha256={}\">{name}</a>",
        "0".repeat(64)
    );
    let index = Actor::new(
        move |request| if request.method() == "GET" { Some(page(&html)) } else { nothing() },
    );
    publishing(index.url()).rel("publish --live --yes").code(4).says("holds other bytes");
    assert_eq!(index.writes(), 0);
}

#[test]
fn a_page_without_links_is_no_project_page() {
    let index =
        Actor::new(
            |request| {
                if request.method() == "GET" { Some(page("please log in")) } else { nothing() }
            },
        );
    publishing(index.url()).rel("publish --live --yes").code(4).says("is no project page");
    assert_eq!(index.writes(), 0);
}

#[test]
fn once_a_request_may_have_arrived_a_refusal_does_not_mean_that_nothing_was_sent() {
    let posts = std::sync::atomic::AtomicUsize::new(0);
    let index = Actor::new(move |request| match request.method() {
        "POST" if posts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 4 => None,
        "POST" => Some(Message::answer(400, "File already exists")),
        _ => nothing(),
    });
    let project = publishing(index.url());
    project.rel("publish --live --yes").code(5).says("NOT FINISHED").never_says("nothing was sent");
    project.rel("publish --live --yes --rebuild").code(5).says("cannot be built anew");
}

#[test]
fn an_upload_that_the_index_lost_is_sent_again_with_redo() {
    let devpi = Devpi::start();
    let wire = Wire::forward(devpi.url());
    wire.before_request(1, |_| Verdict::Answer(200, "thank you".into()));
    let (tell, told) = mpsc::channel();
    wire.after_response(2, move |_| {
        tell.send(()).unwrap();
        Verdict::Pass
    });
    let (upload, simple) = (wire.through(&devpi.upload_url()), wire.through(&devpi.simple_url()));
    let project = publishing("http://127.0.0.1:9");
    let text = std::fs::read_to_string(project.root().join("Releasefile")).unwrap();
    let text = text
        .replace("http://127.0.0.1:9/up/", &upload)
        .replace("http://127.0.0.1:9/simple/", &simple);
    let project = project
        .env("CORP_PW", devpi.password())
        .file("Releasefile", &text.replace("\"ci\"", &format!("\"{}\"", devpi.user())));
    project.commit();
    let mut rel = project
        .command("publish --live --yes")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // From here on the proof waits for an index to catch up; this one never will.
    told.recv().unwrap();
    interrupt(&rel);
    assert_eq!(rel.wait().unwrap().code(), Some(5));
    project.rel("publish --live --yes --redo").code(0).says("proven").never_says("MISSING");
    assert_eq!(wire.writes().len(), 3);
}

#[test]
fn an_effect_asked_for_twice_is_sent_once() {
    let project = Project::new(
        r#"
        for name in ["a", "b", "c", "d"] { task(name).effects("command").run(|| remote_sh("echo x >> ../sent")); }
        task("all").needs(["a", "b", "c", "d"]);
        "#,
    )
    .git();
    project.rel("all --live --yes -j 4").code(0).says("plan: 1 effect");
    assert_eq!(std::fs::read_to_string(project.root().join("../sent")).unwrap(), "x\n");
}

#[test]
fn two_files_of_one_name_stop_at_the_gate() {
    let index = Actor::new(|_| nothing());
    let url = index.url();
    let text = format!(
        r#"
        index("corp", #{{ upload: "{url}/up/", simple: "{url}/simple/", user: "ci", password: secret("CORP_PW") }});
        task("build").matrix(#{{ n: ["1", "2"] }}).run(|t| exec("python3 make_dist.py {{}} 1.0 {{}}", t.out, t.n));
        task("publish").needs("build").effects("index:corp").run(|t| pypi::publish(t.artifacts("build"), "corp"));
        "#
    );
    let project =
        Project::new(&text).file("make_dist.py", MAKE_DIST).env("CORP_PW", "hunter22").git();
    project.rel("publish").code(0).says("would stop: two different files named time_piece-1.0");
    project.rel("publish --live --yes").code(3).says("two different files named");
    assert_eq!(index.writes(), 0);
}

#[test]
fn a_second_goal_of_the_same_commit_keeps_the_seal() {
    let text = r#"
        task("build").run(|t| sh("date +%s%N > {}/when", t.out));
        task("first").needs("build").effects("command").run(|t| remote("cp {} ../first", t.artifacts("build")));
        task("other").effects("command").run(|| remote("touch ../other"));
        task("second").needs("build").effects("command").run(|t| remote("cp {} ../second", t.artifacts("build")));
    "#;
    let project = Project::new(text).git();
    for task in ["first", "other", "second"] {
        project.rel(&format!("{task} --live --yes")).code(0);
    }
    let read = |name: &str| std::fs::read(project.root().join("..").join(name)).unwrap();
    assert_eq!(read("first"), read("second"), "built once, for both");
}

#[test]
fn a_renamed_build_cannot_bring_other_bytes_into_a_release() {
    let index = Devpi::start();
    let wire = Wire::forward(index.url());
    let (upload, simple) = (wire.through(&index.upload_url()), wire.through(&index.simple_url()));
    let text = format!(
        r#"
        index("corp", #{{ upload: "{upload}", simple: "{simple}", user: "{}", password: secret("CORP_PW") }});
        task("build").run(|t| exec("python3 make_dist.py {{}} 1.0 stamp", t.out));
        task("publish").needs("build").effects("index:corp").run(|t| pypi::publish(t.artifacts("build"), "corp"));
        "#,
        index.user()
    );
    let project =
        Project::new(&text).file("make_dist.py", MAKE_DIST).env("CORP_PW", index.password());
    let project = project.file(".gitignore", "Releasefile\n").git();
    wire.before_request(2, |_| Verdict::Answer(400, "no".into()));
    project.rel("publish --live --yes -j 1").code(5);
    project.write("Releasefile", &text.replace("\"build\"", "\"make\""));
    let sent = wire.writes().len();
    project.rel("publish --live --yes").code(5).says("this release has other bytes under the name");
    assert_eq!(wire.writes().len(), sent);
    project.write("Releasefile", &text);
    project.rel("publish --live --yes").code(0).says("proven");
}

#[test]
fn bytes_that_changed_in_the_store_are_not_sent() {
    let text = r#"
        task("build").run(|t| sh("echo good > {}/file", t.out));
        task("spoil").needs("build").run(|t| sh("chmod u+w {}; echo EVIL > {}", t.artifacts("build"), t.artifacts("build")));
        task("t").needs("spoil").effects("command").run(|t| remote("cp {} ../sent", t.artifacts("build")));
    "#;
    let project = Project::new(text).git();
    project.rel("t --live --yes").code(1).says("not sent: `file` has changed in the store");
    assert!(!project.root().join("../sent").exists());
}

#[test]
fn a_kept_plan_rests_on_a_commit() {
    let project =
        Project::new(r#"task("t").effects("command").run(|| remote("touch ../sent"));"#).git();
    project.write("x", "");
    project.rel("run t -o ../plan.json").code(3).says("the work tree has 1 change");
    assert!(!project.root().join("../plan.json").exists());
    project.commit();
    project.rel("run t -o plan.json").code(0);
    project.rel("apply plan.json --yes").code(0);
    std::fs::write(project.root().join(".git/index"), "garbage").unwrap();
    project.rel("t --live --yes").code(5).says("git cannot tell whether the work tree");
}

#[test]
fn what_a_server_says_is_masked_wherever_it_goes() {
    let index = Actor::new(|request| match request.method() {
        "POST" => Some(Message::answer(403, "hunter22-secret may not, nor aHVudGVyMjItc2VjcmV0")),
        _ => nothing(),
    });
    let project = publishing(index.url());
    for output in ["plain", "json"] {
        let ran = project
            .rel(&format!("publish --live --yes --output {output}"))
            .code(4)
            .says("*** may not, nor ***");
        ran.never_says("hunter22").never_says("aHVudGVy");
    }
    let ledger =
        std::fs::read_dir(project.state().join("ledger")).unwrap().next().unwrap().unwrap().path();
    let ledger = std::fs::read_to_string(ledger).unwrap();
    assert!(ledger.contains("refused") && !ledger.contains("hunter22"), "{ledger}");
}

#[test]
fn what_a_command_leaves_running_does_not_hold_the_run() {
    let project = Project::new(
        r#"
        task("leaves").sh("sleep 30 & echo went on");
        task("noisy").sh("setsid timeout 30 yes & sleep 0.1");
        task("slow").timeout("300ms").sh("setsid sleep 30 & sleep 30");
        "#,
    );
    for (task, code) in [("leaves", 0), ("noisy", 0), ("slow", 1)] {
        let started = std::time::Instant::now();
        let status = project.command(task).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{task}");
        assert!(started.elapsed().as_secs() < 20, "{task} was held");
    }
}

#[test]
fn what_is_captured_is_whole() {
    let project = Project::new(
        r#"
        task("t").run(|| {
            let text = capture("python3 -c {}", "print('[\"' + 'x' * 3000000 + '\"]\\r')");
            print(text.len());
            print(capture("sh -c {}", "sleep 30 & echo kept"));
            print(parse_json(`{"a": ${text}}`).a[0].len());
        });
        "#,
    );
    project.rel("t").code(0).says("  kept").says("  3000004").says("  3000000");
}

#[test]
fn json_stays_json_whatever_is_masked() {
    let project = Project::new(r#"task("release").run(|| throw "bad hunter22\" end");"#)
        .env("Q_TOKEN", "hunter22\"")
        .env("AWS_PROFILE", "release");
    let ran = project
        .rel("release --output json")
        .code(1)
        .says("bad *** end")
        .says("\"task\":\"release\"");
    assert!(
        ran.out.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{}",
        ran.out
    );
}

#[test]
fn endless_lines_are_cut() {
    let project =
        Project::new(r#"task("t").sh("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo done");"#);
    let ran = project.rel("t").code(0).says("  done");
    assert!(ran.err.lines().all(|line| line.len() <= (1 << 20) + 2));
}
