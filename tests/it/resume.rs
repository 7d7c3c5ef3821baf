//! Runs that break in the middle, and the same command that finishes them without rebuilding.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use crate::peers::{Devpi, Index};
use crate::project::Project;
use crate::wire::{Verdict, Wire};

/// A PEP 517 back end that writes the time into what it builds.
const BACKEND: &str = r#"
import io, os, tarfile, time, zipfile
META = "Metadata-Version: 2.1\nName: time-piece\nVersion: 1.0\n"
def note(): open(os.environ["BUILDS"], "a").write("x")
def build_wheel(folder, settings=None, metadata=None):
    note()
    name, info = "time_piece-1.0-py3-none-any.whl", "time_piece-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("time_piece.py", f"MADE = {time.time_ns()}\n")
        wheel.writestr(f"{info}/METADATA", META)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
def build_sdist(folder, settings=None):
    note()
    name = "time_piece-1.0.tar.gz"
    with tarfile.open(os.path.join(folder, name), "w:gz") as sdist:
        files = {"PKG-INFO": META.encode()}
        for path in ["pyproject.toml", "backend.py"]:
            files[path] = open(path, "rb").read()
        files["stamp"] = str(time.time_ns()).encode()
        for path, data in files.items():
            entry = tarfile.TarInfo("time_piece-1.0/" + path)
            entry.size = len(data)
            sdist.addfile(entry, io.BytesIO(data))
    return name
"#;
const PYPROJECT: &str =
    "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n";

fn project(index: &Index, wire: &Wire) -> Project {
    let (upload, simple, user) =
        (wire.through(&index.upload_url()), wire.through(&index.simple_url()), index.user());
    let project = Project::new(&format!(
        r#"
        import "std/python" as py;
        for name in ["one", "two"] {{
            index(name, #{{ upload: "{upload}", simple: "{simple}", user: "{user}", password: secret("CORP_PW") }});
        }}
        task("build").run(|t| py::build(t.out));
        task("publish").needs("build").effects("index:one").run(|t| pypi::publish(t.artifacts("build"), "one"));
        "#
    ))
    .file("backend.py", BACKEND)
    .file("pyproject.toml", PYPROJECT)
    .file(".gitignore", "__pycache__/\n")
    .env("CORP_PW", index.password());
    let builds = project.root().join("../builds").to_string_lossy().into_owned();
    project.env("BUILDS", &builds).git()
}

fn builds(project: &Project) -> usize {
    std::fs::read(project.root().join("../builds")).map_or(0, |marks| marks.len())
}

/// Kills rel at the first upload: before it is passed on, or after the server has taken it.
fn killed_at_the_first_upload(after: bool) {
    let index = Devpi::start();
    let wire = Wire::forward(index.url());
    let project = project(&index, &wire);
    let running: Arc<Mutex<Option<std::process::Child>>> = Arc::default();
    let victim = running.clone();
    let kill = move |_: &_| {
        let mut victim = victim.lock().unwrap();
        let child = victim.as_mut().expect("rel is running");
        child.kill().unwrap();
        child.wait().unwrap();
        Verdict::Drop
    };
    if after {
        wire.after_response(1, kill)
    } else {
        wire.before_request(1, kill)
    }
    let mut held = running.lock().unwrap();
    let mut command = project.command("publish --live --yes -j 1");
    *held = Some(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let mut said = held.as_mut().unwrap().stderr.take().unwrap();
    drop(held);
    std::io::copy(&mut said, &mut std::io::sink()).unwrap();
    let built = builds(&project);
    assert_eq!(built, 2, "wheel and sdist are built once");

    project.rel("publish --live --yes").code(0).says("build: taken as sealed");
    assert_eq!(builds(&project), built, "nothing is built again");
    let seal =
        std::fs::read_dir(project.state().join("seal")).unwrap().next().unwrap().unwrap().path();
    let seal: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(seal).unwrap()).unwrap();
    let page = crate::http::ask(
        "GET",
        &format!("{}time-piece/", index.simple_url()),
        &[("accept", "text/html")],
        b"",
    )
    .unwrap()
    .text();
    let files = seal["tasks"]["build"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    for file in files {
        assert!(
            page.contains(&format!("#sha256={}", file["sha256"].as_str().unwrap())),
            "the index holds the sealed bytes: {page}"
        );
    }
    project.rel("publish --live").code(0).says("nothing had to be sent");
}

#[test]
fn killed_after_the_first_upload_it_finishes_with_the_same_bytes() {
    killed_at_the_first_upload(true);
}

#[test]
fn killed_before_the_first_upload_arrived_it_finishes_with_the_same_bytes() {
    killed_at_the_first_upload(false);
}

#[test]
fn a_lost_answer_is_looked_up_and_not_sent_twice() {
    let index = Devpi::start();
    let wire = Wire::forward(index.url());
    let project = project(&index, &wire);
    wire.after_response(1, |_| Verdict::Drop);
    project.rel("publish --live --yes").code(0).says("proven");
    assert_eq!(wire.writes().len(), 2, "the upload whose answer was lost is not repeated");
}

#[test]
fn a_server_in_trouble_is_tried_again_after_a_look() {
    let index = Devpi::start();
    let wire = Wire::forward(index.url());
    let project = project(&index, &wire);
    wire.before_request(1, |_| Verdict::Answer(503, "later".into()));
    project
        .rel("publish --live --yes")
        .code(0)
        .says("later; looked, it is not there; trying again");
    assert_eq!(wire.writes().len(), 3);
}

#[test]
fn rebuilding_is_refused_once_something_was_sent() {
    let index = Devpi::start();
    let wire = Wire::forward(index.url());
    let project = project(&index, &wire);
    project.rel("publish --live --yes").code(0);
    project.rel("publish --live --yes --rebuild").code(5).says("they cannot be built anew");
}

#[test]
fn a_damaged_ledger_stops_everything() {
    let index = Devpi::start();
    let wire = Wire::forward(index.url());
    let project = project(&index, &wire);
    project.rel("publish --live --yes").code(0);
    let ledger =
        std::fs::read_dir(project.state().join("ledger")).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&ledger).unwrap().replace("intent", "Intent");
    std::fs::write(&ledger, text).unwrap();
    project.rel("publish --live --yes").code(5).says("the ledger is damaged: line 2");
}
