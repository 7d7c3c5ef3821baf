//! Publishing to real index servers: what arrives can be installed, and nothing is sent twice.

use crate::peers::{self, Devpi, Index, Pypiserver};
use crate::project::{MAKE_DIST, Project};
use crate::wire::Wire;

/// A project that publishes a wheel and an sdist to `corp`, reached through `wire`.
fn project(index: &Index, wire: &Wire, version: &str) -> Project {
    let (upload, simple, user) =
        (wire.through(&index.upload_url()), wire.through(&index.simple_url()), index.user());
    Project::new(&format!(
        r#"
        index("corp", #{{ upload: "{upload}", simple: "{simple}", user: "{user}", password: secret("CORP_PW") }});
        task("build").run(|t| exec("python3 make_dist.py {{}} {version}", t.out));
        task("publish").needs("build").effects("index:corp").run(|t| pypi::publish(t.artifacts("build"), "corp"));
        "#
    ))
    .file("make_dist.py", MAKE_DIST)
    .env("CORP_PW", index.password())
    .git()
}

fn publishes_installs_back_and_sends_nothing_twice(index: &Index) {
    let wire = Wire::forward(index.url());
    let project = project(index, &wire, "1.0");
    project.rel("publish").code(0).says("plan: 2 effects");
    assert_eq!(wire.writes().len(), 0, "a dry run sends nothing");

    let ran = project.rel("publish --live --yes").code(0);
    assert_eq!(ran.out.matches("proven").count(), 2, "{}", ran.out);
    assert_eq!(wire.writes().len(), 2);
    for upload in wire.writes() {
        let body = String::from_utf8_lossy(&upload.body).into_owned();
        for field in ["sha256_digest", "blake2_256_digest", "metadata_version", "requires_python"] {
            assert!(body.contains(&format!("name=\"{field}\"")), "{field} is missing in the form");
        }
        assert_eq!(
            upload.headers.get("transfer-encoding"),
            None,
            "some indexes refuse chunked uploads"
        );
    }

    let target = tempfile::tempdir().unwrap();
    peers::pip_install(&index.simple_url(), "time-piece==1.0", &target.path().join("pip"));
    peers::uv_install(&index.simple_url(), "time-piece==1.0", &target.path().join("uv"));
    assert!(
        target.path().join("pip/time_piece.py").exists()
            && target.path().join("uv/time_piece.py").exists()
    );

    let again = project.rel("publish --live").code(0);
    again.says("nothing had to be sent").says("build: taken as sealed");
    assert_eq!(wire.writes().len(), 2, "the second run sends nothing");
}

#[test]
fn devpi_takes_it_and_pip_and_uv_give_it_back() {
    publishes_installs_back_and_sends_nothing_twice(&Devpi::start());
}

#[test]
fn pypiserver_takes_it_and_pip_and_uv_give_it_back() {
    publishes_installs_back_and_sends_nothing_twice(&Pypiserver::start());
}

fn other_bytes_stop_before_any_upload(index: &Index) {
    let wire = Wire::forward(index.url());
    project(index, &wire, "1.0").rel("publish --live --yes").code(0);
    let before = wire.writes().len();
    let other = project(index, &wire, "1.0")
        .file("make_dist.py", &MAKE_DIST.replace("a test", "another test"));
    other.commit();
    let ran = other.rel("publish --live --yes").code(4);
    let ran = ran
        .says("holds other bytes under the name time_piece-1.0-py3-none-any.whl")
        .says("nothing was sent");
    assert!(
        ran.err.contains("ours:   sha256 ") && ran.err.contains("theirs: sha256 "),
        "both digests are shown"
    );
    assert_eq!(wire.writes().len(), before, "nothing was uploaded");
    other.rel("publish").code(0).says("OTHER BYTES are there").says("would stop");
}

#[test]
fn other_bytes_on_devpi_stop_before_any_upload() {
    other_bytes_stop_before_any_upload(&Devpi::start());
}

#[test]
fn other_bytes_on_pypiserver_stop_before_any_upload() {
    other_bytes_stop_before_any_upload(&Pypiserver::start());
}

#[test]
fn a_wrong_password_is_explained_with_the_servers_reason() {
    let index = Devpi::start();
    let wire = Wire::forward(index.url());
    let project = project(&index, &wire, "1.0").env("CORP_PW", "not-the-password");
    project
        .rel("publish --live --yes")
        .code(4)
        .says("401")
        .says("CORP_PW")
        .never_says("not-the-password");
}

#[test]
fn what_twine_uploaded_counts_as_done() {
    let index = Devpi::start();
    let wire = Wire::forward(index.url());
    let project = project(&index, &wire, "1.0");
    project.rel("run build --export ../dist").code(0);
    let wheel = project.root().join("../dist/time_piece-1.0-py3-none-any.whl");
    assert!(peers::twine_upload(&index, &index.upload_url(), &[&wheel]).status.success());
    project
        .rel("publish --live --yes")
        .code(0)
        .says("already there: upload time_piece-1.0-py3-none-any.whl");
    assert_eq!(wire.writes().len(), 1, "only the sdist is sent");
}

#[test]
fn an_index_that_is_down_stops_a_live_run_before_anything_is_sent() {
    let mut index = Devpi::start();
    let wire = Wire::forward(index.url());
    let project = project(&index, &wire, "1.0");
    index.kill();
    project.rel("publish").code(0).says("would stop: cannot look at index:corp");
    project.rel("publish --live --yes").code(4).says("nothing was sent");
    assert_eq!(wire.writes().len(), 0);
}
