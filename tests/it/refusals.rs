//! What an index refuses, in its own words, and what rel makes of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use expect_test::{Expect, expect};
use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::rehearsed::Way;
use rel::host::term::Term;
use rel::rehearse::ca::Authority;
use rel::rehearse::oidc::{Identity, Issuer};
use rel::rehearse::pypi::{Flag, Index, Publisher, Registration, Settings, Standing};
use rel::rehearse::wire::{Proxy, RUNNER};
use rel::rehearse::world::{Service, World};

use crate::project::{MAKE_DIST, Project};

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A live run against an index that was set up, and what it came to: from the first error on.
fn refused(setup: impl FnOnce(&mut Index), by_identity: bool, code: u8, said: Expect) {
    let identity = Identity {
        repository: "acme/time-piece".into(),
        workflow: "release.yml".into(),
        environment: None,
        reference: "refs/tags/v1.0".into(),
        sha: "0123456789abcdef0123456789abcdef01234567".into(),
        event: "push".into(),
        visibility: "public".into(),
    };
    let endpoints = Endpoints::default();
    let github = &endpoints.github;
    let issuer = Issuer::new(&github.issuer, &github.web, "runner", identity).unwrap();
    let mut index = Index::new(Settings {
        name: "pypi".into(),
        base: "https://pypi.org".into(),
        docs: endpoints.docs.clone(),
        issuer: issuer.verifier(),
        attest: Box::new(|_| Err("none is sent".into())),
    });
    index.add_token("pypi-good", None);
    setup(&mut index);
    let mut world = World::new([], [], Box::new(|_| None), Box::new(now));
    let index: Arc<Mutex<dyn Service>> = Arc::new(Mutex::new(index));
    world.serve("upload.pypi.org", index.clone());
    world.serve("pypi.org", index);
    world.serve(RUNNER, Arc::new(Mutex::new(issuer)));
    let (world, authority) = (Arc::new(world), Arc::new(Authority::new().unwrap()));
    let way_in = authority.pem();
    let proxy = Proxy::start(authority, Arc::new(move |request| world.answer(&request))).unwrap();
    let proxy_url = format!("http://{}", proxy.address);

    let project = Project::new(
        r#"
        task("build").run(|t| sh("python3 make_dist.py {} 1.0; rm {}/*.gz", t.out, t.out));
        task("publish").needs("build").effects("pypi")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
        "#,
    )
    .file("make_dist.py", MAKE_DIST)
    .git();
    let mut env: BTreeMap<String, String> = project.variables();
    if by_identity {
        env.insert("GITHUB_ACTIONS".into(), "true".into());
        env.insert("ACTIONS_ID_TOKEN_REQUEST_URL".into(), format!("{proxy_url}/token?v=2"));
        env.insert("ACTIONS_ID_TOKEN_REQUEST_TOKEN".into(), "runner".into());
    } else {
        env.insert("PYPI_TOKEN".into(), "pypi-good".into());
    }
    let (term, captured) = Term::captured();
    let mut host = Host::new(project.root(), Env::new(env), endpoints, term);
    host.way = Some(Way { proxy: proxy_url, authority: way_in });
    let words = ["publish", "--live", "--yes", "--output", "plain"].map(str::to_owned);
    assert_eq!(rel::run(&words, host).0, code, "{}", captured.err());
    let text = captured.err();
    let from = text.find("error:").unwrap_or_default();
    let until = text.find("\nstopped at").unwrap_or(text.len());
    said.assert_eq(&text[from..until]);
}

fn publisher(workflow: &str, environment: Option<&str>) -> Publisher {
    Publisher {
        owner: "acme".into(),
        repository: "time-piece".into(),
        owner_id: None,
        workflow: workflow.into(),
        environment: environment.map(str::to_owned),
        project: Some("time-piece".into()),
        registration: Registration::Normal,
    }
}

#[test]
fn a_publisher_of_another_workflow() {
    refused(
        |index| index.register(publisher("publish.yml", None)),
        true,
        4,
        expect![[r#"
        error: pypi refused: trusted publishing was refused: invalid-publisher: valid token, but no corresponding publisher (Publisher with matching claims was not found)
         --> Releasefile:4:28
          |
        4 |             .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
          |                            ^^^^^^^
          |
          = note: upload time_piece-1.0-py3-none-any.whl (812 B, sha256 e95250c05a19) to pypi
          = hint: register exactly this as a trusted publisher of the project on pypi; the run was seen as: repository = acme/time-piece, repository_owner_id = 1001, job_workflow_ref = acme/time-piece/.github/workflows/release.yml@refs/tags/v1.0, environment = (none), event_name = push, ref = refs/tags/v1.0"#]],
    );
}

#[test]
fn a_publisher_with_an_environment() {
    refused(
        |index| index.register(publisher("release.yml", Some("pypi"))),
        true,
        4,
        expect![[r#"
        error: pypi refused: trusted publishing was refused: invalid-publisher: valid token, but no corresponding publisher (Publisher with matching claims was not found)
         --> Releasefile:4:28
          |
        4 |             .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
          |                            ^^^^^^^
          |
          = note: upload time_piece-1.0-py3-none-any.whl (812 B, sha256 e95250c05a19) to pypi
          = hint: register exactly this as a trusted publisher of the project on pypi; the run was seen as: repository = acme/time-piece, repository_owner_id = 1001, job_workflow_ref = acme/time-piece/.github/workflows/release.yml@refs/tags/v1.0, environment = (none), event_name = push, ref = refs/tags/v1.0"#]],
    );
}

#[test]
fn trusted_publishing_is_switched_off() {
    refused(
        |index| {
            index.register(publisher("release.yml", None));
            index.set_flag(Flag::NoTrustedPublishing, true);
        },
        true,
        4,
        expect![[r#"
            error: pypi refused: https://upload.pypi.org/_/oidc/audience names no audience for trusted publishing: 403 Trusted publishing functionality not enabled
             --> Releasefile:4:28
              |
            4 |             .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
              |                            ^^^^^^^
              |
              = note: upload time_piece-1.0-py3-none-any.whl (812 B, sha256 e95250c05a19) to pypi
              = hint: try later, or give it a token"#]],
    );
}

#[test]
fn a_project_of_somebody_else() {
    let wrong = |index: &mut Index| index.add_project("time-piece", false, now());
    refused(
        wrong,
        false,
        4,
        expect![[r#"
        error: pypi refused: 403 The user 'rehearsal' isn't allowed to upload to project 'time-piece'. See https://pypi.org/help/#project-name for more information.
         --> Releasefile:4:28
          |
        4 |             .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
          |                            ^^^^^^^
          |
          = note: upload time_piece-1.0-py3-none-any.whl (812 B, sha256 e95250c05a19) to pypi
          = hint: ask an owner of the project, or register this run as its trusted publisher"#]],
    );
}

#[test]
fn a_release_that_is_older_than_a_fortnight() {
    let old = |index: &mut Index| {
        let at = now() - 15 * 86_400;
        index.add_file("time-piece", "1.0", "time_piece-1.0-py2-none-any.whl", b"old", at).unwrap();
    };
    refused(
        old,
        false,
        4,
        expect![[r#"
        error: pypi refused: 400 Uploading new files to releases older than 14 days is not allowed.
         --> Releasefile:4:28
          |
        4 |             .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
          |                            ^^^^^^^
          |
          = note: upload time_piece-1.0-py3-none-any.whl (812 B, sha256 e95250c05a19) to pypi
          = hint: give it a new version: this one is closed for new files"#]],
    );
}

#[test]
fn a_file_that_was_deleted() {
    let deleted = |index: &mut Index| {
        let name = "time_piece-1.0-py3-none-any.whl";
        index.add_file("time-piece", "1.0", name, b"old", now()).unwrap();
        index.delete_file(name);
    };
    refused(
        deleted,
        false,
        4,
        expect![[r#"
        error: pypi refused: 400 This filename was previously used by a file that has since been deleted. Use a different version. See https://pypi.org/help/#file-name-reuse for more information.
         --> Releasefile:4:28
          |
        4 |             .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
          |                            ^^^^^^^
          |
          = note: upload time_piece-1.0-py3-none-any.whl (812 B, sha256 e95250c05a19) to pypi
          = hint: give it a new version: a deleted file's name is used up"#]],
    );
}

#[test]
fn a_project_that_is_archived() {
    let archived = |index: &mut Index| {
        index.add_project("time-piece", true, now());
        index.set_standing("time-piece", Standing::Archived);
    };
    refused(
        archived,
        false,
        4,
        expect![[r#"
        error: pypi refused: 403 The user 'rehearsal' isn't allowed to upload to project 'time-piece'. See https://pypi.org/help/#project-name for more information.
         --> Releasefile:4:28
          |
        4 |             .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
          |                            ^^^^^^^
          |
          = note: upload time_piece-1.0-py3-none-any.whl (812 B, sha256 e95250c05a19) to pypi
          = hint: ask an owner of the project, or register this run as its trusted publisher"#]],
    );
}

#[test]
fn a_name_that_nobody_may_have() {
    refused(
        |index| index.prohibit("time-piece"),
        false,
        4,
        expect![[r#"
        error: pypi refused: 400 The name 'time-piece' isn't allowed. See https://pypi.org/help/#project-name for more information.
         --> Releasefile:4:28
          |
        4 |             .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
          |                            ^^^^^^^
          |
          = note: upload time_piece-1.0-py3-none-any.whl (812 B, sha256 e95250c05a19) to pypi
          = hint: read the reason; the same command again goes on from here"#]],
    );
}
