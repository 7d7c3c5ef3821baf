//! crates.io: what a crate's manifest says, and what its file holds.

use tar::EntryType;

use super::packages::{self, made, manifest, replaced, usual};
use super::scene::Scene;
use super::{Row, explained_in};

#[test]
fn faults_of_crates_are_explained() {
    explained_in(Scene::of_crates, "manifests", ROWS);
}

/// A row that publishes this crate.
macro_rules! sends {
    ($name:literal, $rule:literal, $file:expr) => {
        ($name, concat!("crates.", $rule), |scene| scene.files = vec![$file])
    };
}

/// A row with another crate, or another text about it, than rel has sent.
macro_rules! alters {
    ($name:literal, $rule:literal, |$text:ident, $file:ident| $change:expr) => {
        ($name, concat!("crates.", $rule), |scene| {
            scene.on_the_way = |request, _| packages::alter(request, |$text, $file| $change);
        })
    };
}

/// The usual crate with one more member.
fn holding(path: &str, kind: EntryType, text: &str) -> packages::File {
    made("time-piece-1.0.0", &manifest(packages::NAME, "1.0.0", ""), &[(path, kind, text)])
}

/// Texts for so many numbers, one after the other.
fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// A crate of this name and version.
fn called(name: &str, version: &str) -> packages::File {
    made(&format!("{name}-{version}"), &manifest(name, version, ""), &[])
}

const FILE: EntryType = EntryType::Regular;

pub const ROWS: &[Row] = &[
    sends!("a name with a digit first", "crate-name", called("1a", "1.0.0")),
    sends!("a name with a dot", "crate-name", called("time.piece", "1.0.0")),
    sends!("a version of two numbers", "version-syntax", called("time-piece", "1.0")),
    sends!(
        "a version of 151 characters",
        "version-length",
        called("time-piece", &format!("1.0.0+{}", "a".repeat(145)))
    ),
    sends!(
        "no description and no licence",
        "required-fields",
        replaced("description = \"a test\"\nlicense = \"MIT\"\n", "")
    ),
    sends!(
        "a description of a thousand letters and one",
        "description-length",
        replaced("a test", &"x".repeat(1001))
    ),
    sends!("a licence that is not in the list", "license", replaced("MIT", "MIT AND foobar")),
    sends!("a home page without https", "url", usual("homepage = \"acme.example\"")),
    sends!("a repository without a host", "url", usual("repository = \"https:///acme\"")),
    sends!("a version of Rust with a caret", "rust-version", usual("rust-version = \"^1.89\"")),
    sends!("six keywords", "keyword-count", usual("keywords = ['a','b','c','d','e','f']")),
    sends!("a keyword of two words", "keyword", usual("keywords = ['time piece']")),
    sends!("six categories", "category-count", usual("categories = ['a','b','c','d','e','f']")),
    sends!("a category that nobody knows", "category", usual("categories = ['clocks']")),
    sends!(
        "301 features",
        "feature-count",
        usual(&format!("[features]\n{}", many(301, |at| format!("f{at} = []\n"))))
    ),
    sends!("a feature with a space", "feature-name", usual("[features]\n'a b' = []")),
    sends!(
        "501 dependencies",
        "dependency-count",
        usual(&format!("[dependencies]\n{}", many(501, |at| format!("d{at} = '1'\n"))))
    ),
    sends!("a dependency with a dot", "dependency-name", usual("[dependencies]\n'a.b' = '1'")),
    sends!(
        "a dependency of another registry",
        "dependency-registry",
        usual("[dependencies]\ndial = { version = '1', registry = 'ours' }")
    ),
    sends!(
        "a dependency of version one",
        "dependency-requirement",
        usual("[dependencies]\ndial = 'one'")
    ),
    sends!(
        "a dependency with a path alone",
        "dependency-wildcard",
        usual("[build-dependencies]\ndial = { path = '../dial' }")
    ),
    sends!(
        "a dependency that is not out yet",
        "dependency-unknown",
        usual("[dependencies]\ndial = '1'")
    ),
    sends!("a way out of the folder", "tarball-path", holding("../dial", FILE, "")),
    sends!("a link", "tarball-entry", holding("dial", EntryType::Symlink, "")),
    sends!(
        "two manifests",
        "manifest-many",
        holding("cargo.toml", FILE, &manifest(packages::NAME, "1.0.0", ""))
    ),
    sends!(
        "a patch in the manifest",
        "manifest-invalid",
        usual("[patch.crates-io]\ndial.path = 'd'")
    ),
    sends!(
        "a file of more than ten megabytes",
        "tarball-size",
        holding("clip.bin", FILE, &"x".repeat(10 << 20))
    ),
    sends!(
        "a README of more than a megabyte",
        "metadata-size",
        made(
            "time-piece-1.0.0",
            &manifest(packages::NAME, "1.0.0", "readme = \"README.md\""),
            &[("README.md", FILE, &"x".repeat(1 << 20))]
        )
    ),
    alters!("half a crate", "tarball-malformed", |_text, file| file.truncate(60)),
    alters!("a crate without a manifest", "manifest-missing", |_text, file| {
        *file = packages::with("time-piece-1.0.0", &[("README.md", FILE, "x")]).1;
    }),
    alters!("a manifest in capitals", "manifest-case", |_text, file| {
        let manifest = manifest(packages::NAME, "1.0.0", "");
        *file = packages::with("time-piece-1.0.0", &[("CARGO.TOML", FILE, &manifest)]).1;
    }),
    alters!("a manifest of another crate", "name-mismatch", |_text, file| {
        *file = replaced("time-piece", "sun-dial").1;
    }),
    alters!("a manifest of another version", "version-mismatch", |_text, file| {
        *file = replaced("1.0.0", "1.0.1").1;
    }),
    alters!("a text about nothing", "metadata-json", |text, _file| *text = b"{}".to_vec()),
];
