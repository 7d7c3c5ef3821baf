//! What an index refuses although the file is good: who sends it, to which project, when and where.

use rel::rehearse::pypi::{Flag, Publisher, Standing};

use super::scene::{now, publisher};
use super::{Row, dists, explained};

#[test]
fn s3_6_refusals_of_good_files_are_explained() {
    explained("projects", ROWS);
}

/// The same index as one that the Releasefile declares.
pub const CORP: &str = r#"index("corp", #{ upload: "https://upload.pypi.org/legacy/", simple: "https://pypi.org/simple/", password: secret("PYPI_TOKEN") });"#;

const DAY: u64 = 86_400;
const WHEEL: &str = "time_piece-1.0-py3-none-any.whl";

pub const ROWS: &[Row] = &[
    ("the address of the pages as that of uploads", "pypi.method", |scene| {
        scene.declared = Some(
            r#"index("corp", #{ upload: "https://pypi.org/simple/", simple: "https://pypi.org/simple/", password: secret("PYPI_TOKEN") });"#,
        );
    }),
    ("an upload address without its slash", "pypi.trailing-slash", |scene| {
        scene.declared = Some(
            r#"index("corp", #{ upload: "https://upload.pypi.org/legacy", simple: "https://pypi.org/simple/", password: secret("PYPI_TOKEN") });"#,
        );
    }),
    ("a user's name and password", "pypi.password", |scene| {
        scene.declared = Some(
            r#"index("corp", #{ upload: "https://upload.pypi.org/legacy/", simple: "https://pypi.org/simple/", user: "ann", password: secret("PYPI_TOKEN") });"#,
        );
    }),
    ("a token that nobody knows", "pypi.authentication", |scene| scene.token = Some("pypi-other")),
    ("a token for another project", "pypi.token-scope", |scene| {
        scene.index.add_token("pypi-narrow", Some(vec!["sun-dial".into()]));
        scene.index.add_project("time-piece", true, now());
        scene.token = Some("pypi-narrow");
    }),
    ("a publisher of another project", "pypi.token-scope", |scene| {
        let project = Some("sun-dial".into());
        scene.registered(Publisher { project, ..publisher() });
    }),
    ("a minted token that got old", "pypi.token-expired", |scene| {
        scene.registered(publisher());
        scene.on_the_way = |request, meanwhile| {
            if request.path == "/legacy/" {
                meanwhile.later(901);
            }
        };
    }),
    ("an index that can only be read", "pypi.read-only", |scene| {
        scene.index.set_flag(Flag::ReadOnly, true);
    }),
    ("an index that takes no uploads for a while", "pypi.uploads-disabled", |scene| {
        scene.index.set_flag(Flag::NoUploads, true);
    }),
    ("a project of somebody else", "pypi.not-a-maintainer", |scene| {
        scene.index.add_project("time-piece", false, now());
    }),
    ("an archived project", "pypi.closed-project", |scene| {
        scene.index.add_project("time-piece", true, now());
        scene.index.set_standing("time-piece", Standing::Archived);
    }),
    ("a project in quarantine, by a publisher", "pypi.closed-project", |scene| {
        scene.registered(publisher());
        scene.index.set_standing("time-piece", Standing::Quarantined);
    }),
    ("a project that a publisher cannot make", "pypi.new-project-identity", |scene| {
        scene.token = None;
        scene.index.register(Publisher { project: Some("sun-dial".into()), ..publisher() });
    }),
    ("a name that nobody may have", "pypi.new-project-name", |scene| {
        scene.index.prohibit("time-piece");
    }),
    ("a name like that of another project", "pypi.new-project-name", |scene| {
        scene.index.add_project("timepiece", false, now());
    }),
    ("the name of a module of Python", "pypi.new-project-name", |scene| {
        scene.files = vec![dists::project("zoneinfo")];
    }),
    ("an index that takes no projects for a while", "pypi.projects-disabled", |scene| {
        scene.index.set_flag(Flag::NoProjects, true);
    }),
    ("a file above the project's limit", "pypi.file-size", |scene| {
        scene.index.add_project("time-piece", true, now());
        scene.index.set_limits("time-piece", 100, 10_000);
    }),
    ("a project without room", "pypi.project-size", |scene| {
        scene.index.add_project("time-piece", true, now());
        scene.index.set_limits("time-piece", 1000, 100);
    }),
    ("other bytes that are not listed yet", "pypi.file-exists", |scene| {
        scene.index.add_file("time-piece", "1.0", WHEEL, b"other", now()).unwrap();
        scene.index.set_lag(600);
    }),
    ("the same bytes under another name", "pypi.file-exists", |scene| {
        let (name, (_, bytes)) = ("time_piece-1.0-py2.py3-none-any.whl", dists::wheel(""));
        scene.index.add_file("time-piece", "1.0", name, &bytes, now()).unwrap();
    }),
    ("a file that was deleted", "pypi.filename-used", |scene| {
        scene.index.add_file("time-piece", "1.0", WHEEL, b"other", now()).unwrap();
        scene.index.delete_file(WHEEL);
    }),
    ("a release that is older than a fortnight", "pypi.release-age", |scene| {
        let (name, at) = ("time_piece-1.0-py2-none-any.whl", now() - 15 * DAY);
        scene.index.add_file("time-piece", "1.0", name, b"other", at).unwrap();
    }),
    ("a workflow that another one calls", "pypi.attestation-verified", |scene| {
        scene.with_attestations();
        scene.claims = |_, claims| {
            let calls = "acme/time-piece/.github/workflows/ci.yml@refs/tags/v1.0";
            claims.insert("workflow_ref".into(), calls.into());
        };
    }),
];
