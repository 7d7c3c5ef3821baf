//! What of the machine a task depends on: programs that its commands start, and some variables.
//!
//! Of a command the program counts, of a script each word that is the name of a program; by path and bytes.
//! Of variables those count that a script names, that a function asks for, and those of a table by which
//! usual tools change what they do. Turned down: all variables, since terminals and sessions set
//! some anew each time, and everything would run again.

use std::collections::BTreeSet;
use std::path::Path;

use crate::host::fs;
use crate::model::command::Cmd;

/// Variables that change what usual tools do.
const EXACT: &[&str] = &[
    "AR",
    "CC",
    "CFLAGS",
    "CI",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "GOFLAGS",
    "LANG",
    "LANGUAGE",
    "LD",
    "LDFLAGS",
    "MAKEFLAGS",
    "NODE_ENV",
    "NODE_OPTIONS",
    "PKG_CONFIG_PATH",
    "RUSTC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
    "TZ",
    "VIRTUAL_ENV",
];
/// Beginnings of such.
const BEGINNINGS: &[&str] = &[
    "CARGO_BUILD_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "LC_",
    "MYPY",
    "PYTEST_",
    "PYTHON",
    "RUFF_",
];

/// Whether every task depends on this variable.
pub fn matters(name: &str) -> bool {
    EXACT.contains(&name) || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
}

/// The words of a command that may be programs.
pub(super) fn programs(cmd: &Cmd) -> BTreeSet<String> {
    let script = match cmd {
        Cmd::Argv(words) => return words.first().cloned().into_iter().collect(),
        Cmd::Script(script) => script,
    };
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/');
    // `${TOOL:-ruff}` has the word behind a dash.
    let words = script.split(|c: char| !part(c)).map(|word| word.trim_start_matches('-'));
    let plain = |word: &&str| word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    let inside = |word: &&str| word.starts_with('/') || !word.contains('/');
    let mut found: BTreeSet<String> =
        words.filter(plain).filter(inside).map(str::to_owned).collect();
    found.extend(["bash".to_owned(), "sh".to_owned()]);
    found
}

/// The variables that a script names.
pub(super) fn variables(cmd: &Cmd) -> BTreeSet<String> {
    let Cmd::Script(script) = cmd else { return BTreeSet::new() };
    let name = |rest: &str| -> String {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let names = script.split('$').skip(1).map(name);
    let is_name = |name: &String| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    names.filter(is_name).collect()
}

/// The file that a word starts, as the system would find it; empty if there is none.
pub(super) fn resolved(word: &str, path: &str, cwd: &Path) -> String {
    let found = fs::which(word, Some(path), cwd);
    found.map(|found| found.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_script_every_word_may_be_a_program_and_every_dollar_a_variable() {
        let script = Cmd::Script("FOO=1 a-b x/y | /bin/c \"$HOME\" ${B_1:-d} $1 $(e f.py)".into());
        let names: Vec<String> = programs(&script).into_iter().collect();
        assert_eq!(
            names,
            ["/bin/c", "1", "B_1", "FOO", "HOME", "a-b", "bash", "d", "e", "f.py", "sh"]
        );
        assert_eq!(variables(&script).into_iter().collect::<Vec<_>>(), ["B_1", "HOME"]);
        let words = Cmd::Argv(vec!["./tool".into(), "$A".into(), "b".into()]);
        assert_eq!(programs(&words).into_iter().collect::<Vec<_>>(), ["./tool"]);
        assert!(variables(&words).is_empty());
    }

    #[test]
    fn sessions_differ_in_what_does_not_matter() {
        assert!(["RUSTFLAGS", "PYTHONPATH", "LC_ALL"].into_iter().all(matters));
        assert!(["SSH_AUTH_SOCK", "TERM", "HOME", "PWD"].into_iter().all(|name| !matters(name)));
    }
}
