//! Every user error, as it is shown: the files in `tests/errors`, each a bad Releasefile or
//! command line in the language's own words, with what rel must say in the `//=` lines at its end:
//! the words after `rel`, the exit code, then the text. PATH is an empty folder, so that a process
//! that rel tried to start would change the text. `UPDATE_EXPECT=1` rewrites the `//=` lines.

use std::fs;
use std::path::Path;

use crate::project::Project;

#[test]
fn each_bad_file_is_explained_as_written_in_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 40, "the corpus is gone");
    let wrong: Vec<String> = files.iter().filter_map(|file| check(file)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What differs in one file, if anything.
fn check(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).unwrap();
    let (releasefile, expected): (Vec<&str>, Vec<&str>) =
        text.lines().partition(|line| !line.starts_with("//="));
    let words =
        expected.first().and_then(|line| line.strip_prefix("//= rel")).unwrap_or(" validate");
    let releasefile = format!("{}\n", releasefile.join("\n"));
    let project = Project::new(&releasefile).env("PATH", "/nonexistent");
    let ran = project.rel(words);
    let said = project.steady(&format!("{}{}", ran.out, ran.err));
    let lines = [format!("rel{words}"), format!("exit {}", ran.code)]
        .into_iter()
        .chain(said.lines().map(str::to_owned));
    let found: String =
        lines.map(|line| format!("{}\n", format!("//= {line}").trim_end())).collect();
    let whole = format!("{releasefile}{found}");
    if whole == text {
        return None;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(file, whole).unwrap();
        return None;
    }
    Some(format!("{}: rel says\n{found}instead of\n{}", file.display(), expected.join("\n")))
}
