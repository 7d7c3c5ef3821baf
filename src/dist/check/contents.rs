//! Rules on what nobody meant to publish.

use std::sync::LazyLock;

use globset::GlobSet;

use super::Level::{Error, Warning};
use super::subject::Subject;
use super::{Rule, policy, quoted, rule};

/// What tools leave behind, with all that lies below folders of such names.
const JUNK: [&str; 20] = [
    "*.pyc",
    "*.pyo",
    "__pycache__",
    ".DS_Store",
    "Thumbs.db",
    "*.swp",
    "*.swo",
    "*~",
    "*.orig",
    "*.rej",
    "*.egg-link",
    ".git",
    ".hg",
    ".svn",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
];

/// Files that hold logins.
const SECRET: [&str; 14] = [
    ".env",
    ".env.local",
    ".env.production",
    ".pypirc",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".git-credentials",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "*.p12",
    "*.pfx",
];

/// What build backends write into an sdist themselves, often into the checkout too.
const MADE: [&str; 6] =
    ["PKG-INFO", "setup.cfg", "**/*.egg-info/**", "_version.py", "version.py", "Cargo.lock"];

static JUNK_SET: LazyLock<GlobSet> = LazyLock::new(|| {
    let below = JUNK.map(|name| format!("**/{name}/**"));
    policy::globs(&[JUNK.map(str::to_owned), below].concat()).unwrap_or_default()
});
static SECRET_SET: LazyLock<GlobSet> = LazyLock::new(|| policy::globs(&SECRET).unwrap_or_default());
static MADE_SET: LazyLock<GlobSet> = LazyLock::new(|| policy::globs(&MADE).unwrap_or_default());

/// Names that nobody wants in an archive: of what tools leave behind, and of files with logins.
pub fn unwanted<'a>() -> impl Iterator<Item = &'a str> {
    JUNK.into_iter().chain(SECRET)
}

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("forbidden", Error),
        "No member has a name that the policy forbids.",
        "exclude it in the build backend's settings",
        "policy",
        |it| named(it, &it.policy.forbid),
    ),
    rule(
        ("unwanted", Warning),
        "No member has a name that the policy warns of.",
        "exclude it in the build backend's settings",
        "policy",
        |it| named(it, &it.policy.warn),
    ),
    rule(
        ("junk", Warning),
        "No member is left behind by tools: byte code, caches, files of editors and of version control.",
        "exclude it in the build backend's settings",
        "check-wheel-contents W001; sanity",
        |it| named(it, &JUNK_SET),
    ),
    rule(
        ("secret-file", Warning),
        "No member is named as files with logins are.",
        "leave it out, and change what it holds if that was ever published",
        "sanity",
        |it| named(it, &SECRET_SET),
    ),
    rule(
        ("secret", Warning),
        "No member holds a private key or a token.",
        "leave it out, and change what was ever published; allow `secret` if it opens nothing",
        "sanity; forms of tokens as their services document them",
        |it| {
            let one = |member: &super::members::Member| {
                let name = quoted(&member.name);
                member.leaks.iter().map(|what| format!("{name} holds {what}")).collect::<Vec<_>>()
            };
            it.files().flat_map(one).collect()
        },
    ),
    rule(
        ("untracked", Warning),
        "An sdist has no file of the checkout that git does not track.",
        "commit it, or exclude it in the build backend's settings",
        "sanity",
        untracked,
    ),
];

fn named(it: &Subject<'_>, set: &GlobSet) -> Vec<String> {
    // An sdist's names are those of the project, below the folder that holds all of them.
    let top = if it.is_sdist() { format!("{}/", it.top()) } else { String::new() };
    let fits = |name: &str| set.is_match(name.strip_prefix(&top).unwrap_or(name));
    it.files().filter(|member| fits(&member.name)).map(|member| quoted(&member.name)).collect()
}

fn untracked(it: &Subject<'_>) -> Vec<String> {
    let top = format!("{}/", it.top());
    let inner =
        it.files().filter(|_| it.is_sdist()).filter_map(|member| member.name.strip_prefix(&top));
    let told = inner.filter(|name| it.around.untracked.contains(*name) && !MADE_SET.is_match(name));
    told.map(quoted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_globs_that_fit() {
        let table = [
            (&*JUNK_SET, ["p/__pycache__/a.txt", "a/b.pyc", "sub/.git", "x/y.py~"]),
            (&*SECRET_SET, [".env", "deploy/.pypirc", "keys/id_rsa", "a.p12"]),
            (
                &*MADE_SET,
                ["PKG-INFO", "src/a.egg-info/SOURCES.txt", "src/a/_version.py", "setup.cfg"],
            ),
        ];
        for (set, names) in table {
            for name in names {
                assert!(set.is_match(name), "{name}");
            }
            for name in ["a/b.py", "README.md", "environment.py"] {
                assert!(!set.is_match(name), "{name}");
            }
        }
    }
}
