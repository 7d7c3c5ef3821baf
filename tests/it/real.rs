//! Projects of other people, from their source distributions: `rel init` writes them a Releasefile, and that
//! rehearses a release.

use std::path::Path;
use std::process::Command;

use crate::peers;
use crate::project::Project;

/// A project: its pin, the folder in its archive, and the tag of its release.
type Real = (&'static str, &'static str, &'static str);

const FIRST: Real = (
    "tomli-w==1.2.0 --hash=sha256:2dd14fac5a47c27be9cd4c976af5a12d87fb1f0b4512f81d69cce3b35ae25021",
    "tomli_w-1.2.0",
    "1.2.0",
);
/// With `REL_REAL=all`.
const MORE: [Real; 3] = [
    (
        "blinker==1.9.0 --hash=sha256:b4ce2265a7abece45e7cc896e98dbebe6cead56bcf805a3d23136d145f5445bf",
        "blinker-1.9.0",
        "1.9.0",
    ),
    (
        "humanize==4.17.0 --hash=sha256:1d6a36c453dbfbb3f0b34601d2e0b4ce5d48d780305cd45714843f0068fde6ac",
        "humanize-4.17.0",
        "4.17.0",
    ),
    (
        "iniconfig==2.3.1 --hash=sha256:67f4b9c50da0dedf52af349e7749a80a9057a5031199791b906c3bb3ae878960",
        "iniconfig-2.3.1",
        "v2.3.1",
    ),
];

fn is_released((pin, folder, tag): Real) {
    let archives = peers::corpus(&format!("real-{folder}"), &[], &[pin]);
    let project = Project::new("");
    std::fs::remove_file(project.root().join("Releasefile")).unwrap();
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--no-same-owner", "--strip-components=1", "--file"]);
    tar.arg(Path::new(&archives).join(format!("{folder}.tar.gz")));
    assert!(tar.arg("--directory").arg(project.root()).status().unwrap().success());
    // What the archive was made with does not belong to the project.
    let _ = std::fs::remove_file(project.root().join("PKG-INFO"));
    let project = project.git();
    project.rel("init").code(0);
    project.commit();
    let project = project.tag(tag);
    let ran = project.rel("rehearse publish --output plain").code(0);
    ran.says("proven");
}

#[test]
fn a_project_of_others_is_released_as_rel_init_writes_it() {
    is_released(FIRST);
    if std::env::var_os("REL_REAL").is_some_and(|all| all == "all") {
        MORE.into_iter().for_each(is_released);
    }
}
