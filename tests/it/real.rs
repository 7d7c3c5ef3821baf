//! Projects of other people, from their source distributions: `rel init` writes them a Releasefile, and that
//! rehearses a release.

use std::path::Path;
use std::process::Command;

use crate::peers;
use crate::project::Project;

/// A project: its pin, the folder in its archive, and the tag of its release.
type Real = (&'static str, &'static str, &'static str);

const FIRST: Real = (
    "hatch-vcs==0.5.0 --hash=sha256:0395fa126940340215090c344a2bf4e2a77bcbe7daab16f41b37b98c95809ff9",
    "hatch_vcs-0.5.0",
    "v0.5.0",
);
/// With `REL_REAL=all`.
const MORE: [Real; 2] = [
    (
        "iniconfig==2.3.1 --hash=sha256:67f4b9c50da0dedf52af349e7749a80a9057a5031199791b906c3bb3ae878960",
        "iniconfig-2.3.1",
        "v2.3.1",
    ),
    (
        "structlog==26.1.0 --hash=sha256:f63a716cbd1b1291cf7661de7794b455acfa4c43c5bcf1630e6ad5ddc1adb3b7",
        "structlog-26.1.0",
        "26.1.0",
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
