//! Small wheels of one release, told apart by their build numbers.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::project::Project;

/// `python3 make_wheels.py FOLDER COUNT`.
const MAKE: &str = r#"
import sys, zipfile
folder, count = sys.argv[1], int(sys.argv[2])
info = "time_piece-1.0.dist-info"
for build in range(1, count + 1):
    with zipfile.ZipFile(f"{folder}/time_piece-1.0-{build}-py3-none-any.whl", "w") as wheel:
        names = {
            "time_piece.py": f"BUILD = {build}, '{'x' * 8192}'\n".encode(),
            f"{info}/METADATA": b"Metadata-Version: 2.1\nName: time-piece\nVersion: 1.0\nSummary: a bench\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nBuild: {build}\nTag: py3-none-any\n".encode(),
        }
        names[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*names, f"{info}/RECORD"]).encode()
        for name, text in names.items():
            wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
"#;

/// Writes `count` wheels of about 8 KiB to `folder`; their paths.
pub fn make(folder: &Path, count: usize) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let mut python = Command::new("python3");
    let made = python.args(["-c", MAKE]).arg(folder).arg(count.to_string()).status().unwrap();
    assert!(made.success(), "no wheels");
    let mut wheels: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    wheels.sort();
    assert_eq!(wheels.len(), count);
    wheels
}

/// A project whose `publish` sends these to the index. Its build only hands them over.
pub fn project(wheels: &[PathBuf], options: &str) -> Project {
    let folder = wheels[0].parent().unwrap().display();
    let text = format!(
        "task(\"build\").run(|t| sh(\"cp {folder}/*.whl {{}}\", t.out));\n\
         task(\"publish\").needs(\"build\").effects(\"pypi\")\n\
             .run(|t| pypi::publish(t.artifacts(\"build\"), \"pypi\", {options}));\n"
    );
    Project::new(&text).git()
}
