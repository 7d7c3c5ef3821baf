//! `force_recreate`: what stands at a release's tag and is another release is deleted first, after asking,
//! and never once a registry holds the version.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};

use expect_test::{Expect, expect};
use rel::rehearse::http::{Request, Response};
use rel::rehearse::world::{Service, World};
use serde_json::{Value, json};

use crate::adopt::{PYPI_TOKEN, places, upload};
use crate::halves::krate;
use crate::places::{Places, REPOSITORY, Running, built, python, sent};
use crate::project::{MAKE_DIST, Project, Ran};
use crate::refusals::dists;
use crate::setting::{Setting, TOKEN, records, released};
use crate::terminal::typed_to;

const RELEASEFILE: &str = r#"
task("build").run(|t| exec("python3 make_dist.py {} 1.0 stamp", t.out));
task("release").needs("build").param("force_recreate", false).effects("github-release").run(|t| {
    github::release(#{ assets: t.artifacts("build"), notes: "One.", force_recreate: t.force_recreate });
});
task("publish").needs(["build", "release"]).effects("pypi")
    .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
"#;

const ANEW: &str = "release force_recreate=true --live --yes=release --output plain";

/// A checkout whose tag v1.0 is at HEAD, and at the commit before on the remote if `elsewhere`.
fn checkout(releasefile: &str, elsewhere: bool) -> (Project, Places) {
    let project = python().file("Releasefile", releasefile).file("make_dist.py", MAKE_DIST);
    project.commit();
    let at = if elsewhere { "HEAD~1" } else { "HEAD" };
    project.run_git(&["tag", "--force", "v1.0", at]);
    let project = project.env("PYPI_TOKEN", PYPI_TOKEN);
    let places = places(&project);
    project.run_git(&["tag", "--force", "v1.0"]);
    (project, places)
}

/// What rel said, without what differs each time.
fn said(ran: &Ran, expected: &Expect) {
    let text = format!("{}{}", ran.out, ran.err);
    let from = text.find("error: ").or_else(|| text.find("would stop: ")).unwrap_or_default();
    // A run that took long has more to say of its tasks.
    let of_time = |line: &&str| line.starts_with("tasks: ") || line.starts_with("critical path: ");
    let lines = text[from..].lines().filter(|line| !of_time(line));
    let steady = |line: &str| {
        let is_time = |rest: &str| rest.ends_with(" s)");
        let line =
            line.rsplit_once(" (").filter(|(_, rest)| is_time(rest)).map_or(line, |(l, _)| l);
        let words = line.split(' ').map(|word| {
            let hex = |part: &str| part.len() > 11 && part.bytes().all(|b| b.is_ascii_hexdigit());
            if hex(word.trim_end_matches(')')) { "[hex]" } else { word }
        });
        format!("{}\n", words.collect::<Vec<_>>().join(" ").trim_end())
    };
    expected.assert_eq(&lines.map(steady).collect::<String>());
}

/// Files of the release on GitHub as it is now, with whether it is a draft.
fn release(running: &Running, project: &Project) -> (bool, usize) {
    let ran = running.rel(project, "status --output json");
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let places = told["places"].as_array().unwrap();
    let github = places.iter().find(|place| place["place"] == "github").unwrap();
    (github["draft"] == true, github["files"].as_array().map_or(0, Vec::len))
}

fn deletes(running: &Running) -> Vec<String> {
    running.writes().into_iter().filter(|write| write.starts_with("DELETE ")).collect()
}

#[test]
fn s4_5_a_partial_draft_with_a_wrong_file_gives_way_after_asking() {
    let (project, mut places) = checkout(RELEASEFILE, false);
    let wrong = built(&project, "dist", "1.0");
    places.release_of("v1.0", &wrong[..1], false);
    let running = places.start();
    running.rel(&project, "release --live --yes").code(4).says("github-release holds other bytes");
    let ran = running.rel(&project, "release force_recreate=true --live --yes").code(3);
    said(
        &ran,
        &expect![[r#"
        error: there is nobody to ask, and not all is answered
         |
         = note: release asks: delete the draft of v1.0 (id 1, 1 asset)?
         = hint: answer beforehand with `--yes=release`
        refused: this run sent nothing
    "#]],
    );
    assert_eq!(running.writes(), [""; 0]);
    let ran = running.rel(&project, ANEW).code(0);
    ran.says("sent: make room for release v1.0 of acme/time-piece")
        .never_says("make room for tag v1.0 of acme/time-piece\n");
    let path = format!("DELETE api.github.com/repos/{REPOSITORY}/releases/");
    assert!(
        matches!(&deletes(&running)[..], [one] if one.starts_with(&path)),
        "{:?}",
        running.writes()
    );
    assert_eq!(release(&running, &project), (false, 2));
    let before = running.writes().len();
    running.rel(&project, ANEW).code(0).says("nothing to delete").says("nothing had to be sent");
    assert_eq!(running.writes().len(), before, "its own release stays");
}

#[test]
fn a_tag_at_another_commit_goes_with_its_release_the_tag_first() {
    let (project, mut places) = checkout(RELEASEFILE, true);
    let wrong = built(&project, "dist", "1.0");
    places.release_of("v1.0", &wrong, true);
    let running = places.start();
    let ran = running.rel(&project, "release --live --yes --output plain").code(4);
    said(
        &ran,
        &expect![[r#"
        error: github-release holds something else: the tag v1.0 at [hex]
         |
         = note: draft release v1.0 of acme/time-piece
         = hint: what is published there cannot be replaced: release a new version
         = hint: as long as no registry holds it, `force_recreate: true` deletes what stands there first
        error: github-release holds other bytes under the name time_piece-1.0-py3-none-any.whl
         |
         = note: ours:   sha256 [hex]
         = note: theirs: sha256 [hex]
         = hint: a published file cannot be replaced: release a new version
         = hint: if this release was begun by other means, `rel adopt` takes its files over
         = hint: as long as no registry holds it, `force_recreate: true` deletes what stands there first
        error: github-release holds other bytes under the name time_piece-1.0.tar.gz
         |
         = note: ours:   sha256 [hex]
         = note: theirs: sha256 [hex]
         = hint: a published file cannot be replaced: release a new version
         = hint: if this release was begun by other means, `rel adopt` takes its files over
         = hint: as long as no registry holds it, `force_recreate: true` deletes what stands there first
        stopped at a remote: nothing was sent
    "#]],
    );
    let ran = running.rel(&project, ANEW).code(0);
    ran.says("make room for tag v1.0 of acme/time-piece: DELETES the tag v1.0 (at ")
        .says("make room for release v1.0 of acme/time-piece: DELETES the release v1.0 (id ")
        .says(", 2 assets)");
    let deleted = deletes(&running);
    assert_eq!(deleted.len(), 2, "{deleted:?}");
    assert!(deleted[0].ends_with("/git/refs/tags/v1.0"), "{deleted:?}");
    assert_eq!(release(&running, &project), (false, 2));
    running.rel(&project, "status --output plain").never_says("DIFFERS");
}

#[test]
fn what_stands_there_of_the_release_itself_stays_and_is_finished() {
    let (project, places) = checkout(RELEASEFILE, false);
    let running = places.start();
    running.rel(&project, "publish force_recreate=true --live --yes").code(2);
    running.rel(&project, "release --live --yes").code(0);
    running.rel(&project, "publish --live --yes").code(0);
    running.rel(&project, ANEW).code(0).says("nothing to delete");
    assert_eq!(deletes(&running), [""; 0], "PyPI holds it, and nothing had to go");
}

#[test]
fn s4_5_what_pypi_holds_is_never_made_anew() {
    let (project, mut places) = checkout(RELEASEFILE, true);
    let files = built(&project, "dist", "1.0");
    places.release_of("v1.0", &files, true);
    upload(&mut places, &files[..1]);
    let running = places.start();
    let ran = running.rel(&project, ANEW).code(3);
    said(
        &ran,
        &expect![[r#"
        error: release v1.0 must not be made anew: pypi holds time-piece 1.0
         |
         = hint: make a new version: without `force_recreate` this one is left as it stands
        refused: this run sent nothing
    "#]],
    );
    assert_eq!(running.writes(), [""; 0]);
}

#[test]
fn an_index_that_a_task_sends_to_counts_and_others_do_not() {
    let text = RELEASEFILE.replace("\"pypi\"", "\"testpypi\"");
    for (releasefile, code) in [(text.as_str(), 3), (RELEASEFILE, 0)] {
        let (project, mut places) = checkout(releasefile, false);
        let files = built(&project, "dist", "1.0");
        places.release_of("v1.0", &files, false);
        places.testpypi.add_file("time-piece", "1.0", files[1].0, &files[1].1, 0).unwrap();
        let ran = places.rel(&project, &[ANEW]).remove(0).code(code);
        if code == 3 {
            ran.says("must not be made anew: testpypi holds time-piece 1.0");
        }
    }
}

#[test]
fn what_crates_io_holds_is_never_made_anew() {
    let by_file = r#"
        task("package").sh("cp ../time-piece-1.0.0.crate $REL_OUT");
        task("release").needs("package").effects("github-release").run(|t| {
            github::release(#{ tag: "v1.0.0", assets: t.artifacts("package"), force_recreate: true });
        });
    "#;
    let by_name = r#"
        task("release").effects("github-release")
            .run(|t| { github::release(#{ tag: "v1.0.0", force_recreate: true }); });
    "#;
    for text in [by_file, by_name] {
        let manifest = "[package]\nname = \"time-piece\"\nversion = \"1.0.0\"\n";
        let project = crate::places::project(("Cargo.toml", manifest)).file("Releasefile", text);
        project.commit();
        project.run_git(&["tag", "--delete", "v1.0"]);
        let bytes = krate("time-piece", &[]);
        std::fs::write(project.root().join("../time-piece-1.0.0.crate"), &bytes).unwrap();
        let mut places = Places::new(&project);
        places.crates.add_crate("time-piece", &["acme"], &[]);
        places.crates.add_version("time-piece", "1.0.0", &bytes).unwrap();
        places.release("v1.0.0", &[("notes.txt", "wrong")], false);
        let running = places.start();
        let ran = running.rel(&project, "release --live --yes=release").code(3);
        ran.says("release v1.0.0 must not be made anew: crates.io holds time-piece 1.0.0");
        assert_eq!(running.writes(), [""; 0]);
    }
}

#[test]
fn a_registry_that_does_not_answer_may_hold_it() {
    let (project, mut places) = checkout(RELEASEFILE, false);
    places.release("v1.0", &[("notes.txt", "wrong")], false);
    places.silent = vec!["pypi.org"];
    let running = places.start();
    running.rel(&project, ANEW).code(4).says("cannot look at github-release");
    assert_eq!(running.writes(), [""; 0]);
}

#[test]
fn what_this_run_publishes_first_is_not_made_anew_after_that() {
    let text = RELEASEFILE
        .replace(r#"needs("build").param"#, r#"needs(["build", "publish"]).param"#)
        .replace(r#"needs(["build", "release"])"#, r#"needs("build")"#);
    let (project, mut places) = checkout(&text, false);
    places.release("v1.0", &[("notes.txt", "wrong")], false);
    let running = places.start();
    let ran = running.rel(&project, ANEW).code(3);
    said(
        &ran,
        &expect![[r#"
        error: release v1.0 may be made anew only before `publish` publishes it
         |
         = note: upload time_piece-1.0-py3-none-any.whl (831 B, sha256 [hex] to pypi
         = hint: let `publish` need `release`
        refused: this run sent nothing
    "#]],
    );
    assert_eq!(running.writes(), [""; 0]);
}

#[test]
fn a_task_that_does_both_asks_for_the_release_first() {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0 stamp", t.out));
        task("both").needs("build").effects(["github-release", "pypi"]).run(|t| {
            let files = t.artifacts("build");
            FIRST;
            SECOND;
        });
    "#;
    let made = "github::release(#{ assets: files, notes: \"One.\", force_recreate: true })";
    let published = "pypi::publish(files, \"pypi\", #{ attestations: false })";
    for (first, second, code) in [(published, made, 3), (made, published, 0)] {
        let text = text.replace("FIRST", first).replace("SECOND", second);
        let (project, mut places) = checkout(&text, false);
        places.release("v1.0", &[("notes.txt", "wrong")], false);
        let running = places.start();
        let ran = running.rel(&project, "both --live --yes=both --output plain").code(code);
        if code == 3 {
            ran.says("error: release v1.0 may be made anew only before `both` publishes it")
                .says("hint: ask for the release first in `both`");
            assert_eq!(running.writes(), [""; 0]);
        } else {
            ran.says("sent: make room for release v1.0");
            assert_eq!(deletes(&running).len(), 1);
        }
    }
}

/// An index that holds nothing until it was asked so often, and then the file.
struct Late {
    asked: usize,
    after: usize,
}

impl Service for Late {
    fn answer(&mut self, _: &Request, _: u64) -> Response {
        self.asked += 1;
        if self.asked <= self.after {
            return Response::text(404, "no such project");
        }
        let url = "https://corp.example/time_piece-1.0.tar.gz";
        let file = json!({ "filename": "time_piece-1.0.tar.gz", "url": url, "hashes": {} });
        let body = json!({ "meta": { "api-version": "1.0" }, "name": "x", "files": [file] });
        let mut answer = Response::json(200, &body);
        answer.headers.retain(|(name, _)| name != "content-type");
        answer.with("content-type", "application/vnd.pypi.simple.v1+json")
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }
}

#[test]
fn registries_are_asked_again_right_before_anything_is_deleted() {
    let corp = r#"index("corp", #{ upload: "https://corp.example/up/", simple: "https://corp.example/simple/", user: "ci", password: secret("CORP_PW") });
        task("elsewhere").needs("release").effects("index:corp").run(|t| { throw "not asked for"; });"#;
    // At the gate, when the task's turn has come, right before the request.
    for (after, code) in [(0, 3), (1, 3), (2, 4)] {
        let (project, mut places) = checkout(&format!("{RELEASEFILE}{corp}"), false);
        let project = project.env("CORP_PW", "hunter22-secret");
        places.release("v1.0", &[("notes.txt", "wrong")], false);
        places.more.push(("corp.example", Box::new(Late { asked: 0, after })));
        let running = places.start();
        let ran = running.rel(&project, ANEW).code(code);
        ran.says("release v1.0 must not be made anew: corp holds time-piece 1.0");
        assert_eq!(running.writes(), [""; 0], "asked {after} times");
    }
}

#[test]
fn an_immutable_release_is_final() {
    let (project, mut places) = checkout(RELEASEFILE, true);
    places.forge.set_immutable_releases(true);
    places.release("v1.0", &[("notes.txt", "wrong")], true);
    let running = places.start();
    let ran = running.rel(&project, ANEW).code(3);
    said(
        &ran,
        &expect![[r#"
        error: release v1.0 cannot be made anew: it is immutable, and GitHub keeps its tag for ever
         |
         = hint: make a new version: without `force_recreate` this one is left as it stands
        refused: this run sent nothing
    "#]],
    );
    assert_eq!(running.writes(), [""; 0]);
}

#[test]
fn a_protected_tag_keeps_its_release() {
    let (project, mut places) = checkout(RELEASEFILE, true);
    places.release("v1.0", &[("notes.txt", "wrong")], true);
    let pattern = "refs/tags/v*".to_owned();
    places.forge.protect(rel::rehearse::github::Protection {
        pattern,
        creation: false,
        update: true,
        deletion: true,
    });
    let running = places.start();
    let ran = running.rel(&project, ANEW).code(4);
    ran.says("Cannot delete this protected ref").says("whom the rules of the repository let do so");
    assert_eq!(release(&running, &project), (false, 1), "nothing has changed");
}

#[test]
fn a_dry_run_shows_what_would_be_deleted_and_deletes_nothing() {
    let (project, mut places) = checkout(RELEASEFILE, true);
    places.release("v1.0", &[("notes.txt", "wrong")], true);
    let running = places.start();
    let ran = running.rel(&project, "release force_recreate=true --output plain").code(0);
    ran.says("make room for tag v1.0 of acme/time-piece: DELETES the tag v1.0 (at ")
        .says("DELETES the release v1.0 (id ")
        .says(", 1 asset)")
        .says("draft release v1.0 of acme/time-piece: not there yet")
        .says("dry run done: nothing was sent");
    let ran = running.rel(&project, "release force_recreate=true --output json").code(0);
    let plan = ran.out.lines().find(|line| line.contains("\"event\":\"plan\"")).unwrap();
    let plan: Value = serde_json::from_str(plan).unwrap();
    let tag = plan["rows"][0]["presence"]["stands"].as_str().unwrap();
    assert!(tag.starts_with("the tag v1.0 (at "), "{tag}");
    assert_eq!(plan["rows"][0]["removes"], true);
    let offline = running.rel(&project, "release force_recreate=true --offline").code(0);
    offline.says("make room for release v1.0 of acme/time-piece: not looked");
    assert_eq!(running.writes(), [""; 0]);
}

#[test]
fn a_plan_deletes_what_it_showed_and_nothing_else() {
    let (project, mut places) = checkout(RELEASEFILE, false);
    places.release("v1.0", &[("notes.txt", "wrong")], false);
    let running = places.start();
    running.rel(&project, "release force_recreate=true -o ../plan.json").code(0);
    let asks = running.rel(&project, "apply ../plan.json --yes").code(3);
    asks.says("release asks: delete the draft of v1.0 (id ");
    let path = format!("/repos/{REPOSITORY}/releases");
    let body = br#"{"tag_name":"v1.0","draft":true}"#;
    let other = running.ask(sent("POST", "api.github.com", &path, body));
    let path = format!("{path}/{}/assets", other["id"]);
    let mut file = sent("POST", "uploads.github.com", &path, b"wrong, too");
    file.query = vec![("name".into(), "notes.txt".into())];
    file.headers.push(("content-type".into(), "text/plain".into()));
    running.ask(file);
    let stale = running.rel(&project, "apply ../plan.json --yes=release").code(3);
    stale.says("the plan is stale: it would delete the draft of v1.0 (id ");
    assert_eq!(deletes(&running), [""; 0]);
    running.rel(&project, "release force_recreate=true -o ../plan.json").code(0);
    running.rel(&project, "apply ../plan.json --yes=release").code(0);
    assert_eq!(deletes(&running).len(), 2, "both drafts");
    assert_eq!(release(&running, &project), (false, 2));
}

const WHEEL: &str = r#"
task("wheel").sh("cp dist/*.whl $REL_OUT");
task("page").needs("wheel").effects("github-release")
    .run(|t| { github::release(#{ assets: t.artifacts("wheel"), notes: "One.", force_recreate: true }); });
"#;
const PAGE: &str = "--output plain run --live --yes=page page";

fn wheel() -> Project {
    released(Project::new(WHEEL), &[dists::wheel("")])
}

/// Makes something on GitHub, as somebody else.
fn make(world: &World, host: &str, path: &str, body: &[u8], name: &str) -> Value {
    let fields = [
        ("authorization", format!("Bearer {TOKEN}")),
        ("user-agent", "tests".into()),
        ("content-type", "application/octet-stream".into()),
    ];
    let answer = world.look(&Request {
        method: "POST".into(),
        host: host.into(),
        path: path.into(),
        query: if name.is_empty() { Vec::new() } else { vec![("name".into(), name.into())] },
        headers: fields.map(|(name, value)| (name.to_owned(), value)).into(),
        body: body.into(),
        ..Request::default()
    });
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

/// A draft with a file that is not of the release; gives the path of its files.
fn wrong_draft(setting: &Setting) -> String {
    let path = format!("/repos/{}/releases", setting.repository());
    let body = br#"{"tag_name":"v1.0","draft":true}"#;
    let made = make(&setting.world, "api.github.com", &path, body, "");
    let path = format!("{path}/{}/assets", made["id"]);
    make(&setting.world, "uploads.github.com", &path, b"wrong", "notes.txt");
    path
}

/// Requests that deleted a release.
fn deleted(setting: &Setting) -> usize {
    let all = setting.world.record();
    all.iter().filter(|one| one.method == "DELETE" && one.path.contains("/releases/")).count()
}

/// Runs a release that is killed when the first request comes for which `is_it` holds; that still arrives.
fn killed(is_it: impl Fn(&Request, bool) -> bool + Send + Sync + 'static) -> Setting {
    let (tell, told) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let (deleted, struck, gone) =
        (AtomicBool::new(false), AtomicBool::new(false), Mutex::new(gone));
    let setting = Setting::watched(&wheel(), move |request, _| {
        if is_it(request, deleted.load(Ordering::SeqCst)) && !struck.swap(true, Ordering::SeqCst) {
            tell.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
        }
        deleted.fetch_or(request.method == "DELETE", Ordering::SeqCst);
    });
    wrong_draft(&setting);
    let mut rel = setting.command(&[], PAGE);
    let mut rel = rel.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    told.recv().unwrap();
    rel.kill().unwrap();
    rel.wait().unwrap();
    go.send(()).unwrap();
    setting
}

#[test]
fn killed_after_the_delete_the_same_command_goes_on_and_deletes_nothing_of_its_own() {
    let after_the_delete = |_: &Request, deleted: bool| deleted;
    let at_the_draft = |request: &Request, _: bool| {
        request.method == "POST" && request.path.ends_with("/releases")
    };
    let at_the_file = |request: &Request, _: bool| request.host == "uploads.github.com";
    for setting in [killed(after_the_delete), killed(at_the_draft), killed(at_the_file)] {
        assert_eq!(deleted(&setting), 1);
        setting.rel(PAGE).code(0).says("proven  github-release  no other release v1.0");
        assert_eq!(deleted(&setting), 1, "its own draft stays");
        let there = setting.world.inventory();
        let of_release = |line: &&String| line.starts_with("github: ");
        let there: Vec<&String> = there.iter().filter(of_release).collect();
        assert!(there.len() == 2 && there[0].starts_with("github: release v1.0 "), "{there:?}");
    }
}

#[test]
fn what_was_not_shown_is_not_deleted() {
    let there: Arc<OnceLock<(Arc<World>, String)>> = Arc::default();
    let (its, struck) = (there.clone(), AtomicBool::new(false));
    let setting = Setting::watched(&wheel(), move |_, ledger| {
        let Some((world, path)) = its.get() else { return };
        let begun = records(ledger).iter().any(|record| record["record"] == "intent");
        if begun && !struck.swap(true, Ordering::SeqCst) {
            make(world, "uploads.github.com", path, b"of somebody else", "more.txt");
        }
    });
    let path = wrong_draft(&setting);
    assert!(there.set((setting.world.clone(), path)).is_ok());
    let ran = setting.rel(PAGE).code(4);
    ran.says("DELETES the draft of v1.0 (id ")
        .says(", 2 assets) is not what was shown")
        .says("run the same command again: it shows what stands there now");
    assert_eq!(deleted(&setting), 0);
    setting.rel(PAGE).code(0);
    assert_eq!(deleted(&setting), 1);
}

#[test]
fn who_says_no_deletes_and_sends_nothing() {
    for (answer, code) in [("n\n", 3), ("y\n", 0)] {
        let setting = Setting::new(&wheel());
        wrong_draft(&setting);
        let rel = setting.command(&[], "--output plain run --live page");
        let folder = rel.get_current_dir().unwrap().to_owned();
        let question = "page: delete the draft of v1.0 (id ";
        let steps = [("? [y/N]", "y\n"), (question, answer)];
        let ran = typed_to(&rel, &folder, &steps).code(code);
        if code == 3 {
            ran.says("`page` is not to delete the draft of v1.0 (id ")
                .says("this run sent nothing");
        }
        assert_eq!(deleted(&setting), usize::from(code == 0));
    }
}

const TAGGED: &str = r#"
task("wheel").sh("cp dist/*.whl $REL_OUT");
task("page").needs("wheel").effects(["git-push", "github-release"]).run(|t| {
    git::push(#{ branch: "main", tag: "v1.0", force_recreate: true });
    github::release(#{ assets: t.artifacts("wheel"), tag: "v1.0", notes: "One.", force_recreate: true });
});
"#;

/// A copy whose annotated tag is at a commit of its own; on the remote the tag is at the commit before.
fn tagged_anew() -> Setting {
    let setting = Setting::new(&released(Project::new(TAGGED), &[dists::wheel("")]));
    setting.git("commit --quiet --allow-empty --message=mended");
    setting.git("tag --force --annotate --message=one v1.0");
    setting
}

/// What a ref of the remote is, or one of the copy.
fn object(setting: &Setting, words: &str) -> String {
    let mut git = Command::new("git");
    let rel = setting.command(&[], "list");
    git.args(words.split(' ')).current_dir(rel.get_current_dir().unwrap());
    let known = rel.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let output = git.env_clear().envs(known).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

#[test]
fn s4_5_an_annotated_tag_takes_the_place_of_one_at_another_commit() {
    let setting = tagged_anew();
    wrong_draft(&setting);
    let there = |setting: &Setting| object(setting, "ls-remote origin refs/tags/v1.0");
    let (old, ours) = (there(&setting), object(&setting, "rev-parse refs/tags/v1.0"));
    assert_ne!(old, ours);
    setting
        .rel("--output plain run --live --yes page")
        .code(3)
        .says("page asks: delete the tag v1.0 (at ");
    assert_eq!(there(&setting), old);
    setting
        .rel(PAGE)
        .code(0)
        .says("proven  git-push  branch main ")
        .says("proven  github-release  ");
    assert_eq!(there(&setting), ours, "the annotation itself");
    assert_eq!(object(&setting, "cat-file -t v1.0"), "tag");
    let deleted = |what: &str| {
        let all = setting.world.record();
        all.iter().filter(|one| one.method == "DELETE" && one.path.contains(what)).count()
    };
    assert_eq!((deleted("/git/refs/tags/v1.0"), deleted("/releases/")), (1, 1));
    setting.rel(PAGE).code(0).says("nothing had to be sent");
    assert_eq!((deleted("/git/refs/tags/v1.0"), deleted("/releases/")), (1, 1));
}

#[test]
fn without_force_recreate_a_tag_that_is_out_stays() {
    let setting = tagged_anew();
    let file = setting.command(&[], "list").get_current_dir().unwrap().join("Releasefile");
    std::fs::write(
        &file,
        TAGGED.replace(", force_recreate: true });\n    github", " });\n    github"),
    )
    .unwrap();
    setting.git("commit --quiet --all --message=plain");
    setting.git("tag --force --annotate --message=one v1.0");
    let ran = setting.rel(PAGE).code(4);
    ran.says("git-push would move what is there: tag v1.0 is at ");
    assert!(setting.world.record().iter().all(|one| one.method != "DELETE"));
}

#[test]
fn a_branch_that_cannot_be_pushed_keeps_the_tag() {
    let setting = tagged_anew();
    setting.git("push --quiet origin HEAD:refs/heads/main");
    setting.git("commit --quiet --amend --allow-empty --message=otherwise");
    setting.git("tag --force --annotate --message=one v1.0");
    let ran = setting.rel(PAGE).code(4);
    ran.says("git-push would move what is there: branch main is at ");
    assert!(setting.world.record().iter().all(|one| one.method != "DELETE"));
}
