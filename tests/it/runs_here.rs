//! Which wheels run here: `packaging`, by which installers choose, judges `python::runs_here`, and the recipe that
//! imports wheels leaves the others out.

use std::process::Command;

use rel::dist::runs::{Interpreter, QUESTION};

use crate::peers;
use crate::project::{MAKE_DIST, Project};

const PACKAGING: &[&str] = &["packaging==26.3"];
/// Prints whether each file of its arguments runs with the interpreter.
const JUDGE: &str = "import sys
from packaging import tags, utils
known = set(tags.sys_tags())
for name in sys.argv[1:]:
    print(bool(known & utils.parse_wheel_filename(name)[3]))";

fn python(code: &str, more: &[String]) -> String {
    let python = peers::venv("packaging", PACKAGING).join("bin/python");
    let done = Command::new(python).args(["-I", "-c", code]).args(more).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn installers_choose_the_same_wheels() {
    let minor: u64 = python("import sys; print(sys.version_info[1])", &[]).trim().parse().unwrap();
    let versions = [minor - 1, minor, minor + 1];
    let cpython = versions.iter().flat_map(|minor| {
        let abis =
            ["abi3".to_owned(), "none".into(), format!("cp3{minor}"), format!("cp3{minor}t")];
        abis.map(|abi| format!("cp3{minor}-{abi}"))
    });
    let plain = versions.iter().map(|minor| format!("py3{minor}-none"));
    let others =
        ["py3-none", "py2-none", "py2.py3-none", "py3-abi3", "pp310-pypy310_pp73", "cp27-none"];
    let pythons: Vec<String> =
        cpython.chain(plain).chain(others.map(str::to_owned)).chain(["cp39-abi3".into()]).collect();
    let machines = ["x86_64", "aarch64", "i686", "arm64", "universal2"];
    let kinds = [
        "linux",
        "manylinux1",
        "manylinux2010",
        "manylinux2014",
        "manylinux_2_17",
        "manylinux_2_99",
        "musllinux_1_1",
        "macosx_10_9",
        "macosx_11_0",
        "macosx_99_0",
        "win",
    ];
    let platforms = kinds.iter().flat_map(|kind| machines.map(|of| format!("{kind}_{of}")));
    let more = ["any", "win_amd64", "manylinux_2_5_x86_64.manylinux1_x86_64"];
    let platforms: Vec<String> = platforms.chain(more.map(str::to_owned)).collect();
    let names: Vec<String> = pythons
        .iter()
        .flat_map(|python| platforms.iter().map(move |at| format!("demo-1.0-{python}-{at}.whl")))
        .collect();

    let own = Interpreter::read(&python(QUESTION, &[])).unwrap();
    let judged = python(JUDGE, &names);
    let wrong: Vec<&String> = names
        .iter()
        .zip(judged.lines())
        .filter(|(name, judged)| own.runs(name) != (*judged == "True"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(judged.lines().count(), names.len());
    assert!(judged.contains("True") && judged.contains("False"));
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn wheels_that_do_not_run_here_are_not_imported() {
    let text = r#"
        import "std/python" as py;
        task("foreign").run(|t| write(t.out + "/other-1.0-cp39-cp39-macosx_99_0_arm64.whl", "no zip"));
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("imports").needs(["build", "foreign"])
            .run(|t| py::wheel_imports(t.artifacts("build") + t.artifacts("foreign")));
        task("alone").needs("foreign").run(|t| py::wheel_imports(t.artifacts("foreign")));
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST);
    project.rel("imports").code(0).says("import time_piece");
    project.rel("alone").code(1).says("none of these wheels runs on this machine");
}
