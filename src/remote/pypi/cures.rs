//! What to do about refusals of package indexes, by words of their reasons.
//!
//! Source: the texts of PyPI's upload API (<https://github.com/pypi/warehouse>, `forklift`) and of the
//! library that checks metadata for it (<https://github.com/pypa/packaging>). Other indexes borrow some
//! of them. The first row whose words are in a reason counts.

use crate::model::task::Index;
use crate::remote::cures::{self, Cures};

/// Words of a reason, and what to do. `{index}` and `{password}` stand for the index's name and the
/// variables of its login.
const CURES: Cures = &[
    // Releases and files.
    ("older than 14 days", "give it a new version: this one is closed for new files"),
    ("previously used by a file", "give it a new version: a deleted file's name is used up"),
    (
        "File already exists",
        "give it a new version: {index} has other bytes under this name, or these under another",
    ),
    ("Only one sdist", "give it a new version, or publish the wheels alone"),
    (
        "File too large",
        "make the file smaller, or ask for a higher limit on the page that it names",
    ),
    (
        "Project size too large",
        "delete releases that nobody needs, or ask for a higher limit on the page that it names",
    ),
    ("digest supplied does not match", "run the same command again: the file changed on its way"),
    // Who sends it.
    ("temporarily disabled", "wait, then run the same command again"),
    (
        "Username/Password",
        "make an API token there, put it into {password}, and declare the index without `user`",
    ),
    (
        "Invalid or non-existent authentication",
        "put a token of {index} into {password}: the one that was sent is unknown or deleted there",
    ),
    (
        "project-scoped token",
        "put a token into {password} that is for this project, or for the whole account",
    ),
    (
        "OIDC scoped token",
        "add this run's publisher to this project too: on {index} it belongs to others only",
    ),
    ("token is expired", "run the same command again: it gets a new token, good for 15 minutes"),
    (
        "The given token isn't allowed",
        "look at the project's page on {index}: while archived or in quarantine it takes no files",
    ),
    (
        "isn't allowed to upload",
        "ask an owner of the project to add you, or this run as its trusted publisher; if it is archived, to reopen it",
    ),
    // New projects.
    (
        "Non-user identities cannot create",
        "add a pending publisher on {index} for exactly the name in the metadata",
    ),
    ("Standard Library", "choose another name: this one is a module of Python itself"),
    (
        "too similar to an existing project",
        "choose another name: separators, and letters that look alike, do not tell two apart",
    ),
    ("conflicts with an existing project", "choose another name: this one is taken"),
    ("The name '", "choose another name: {index} has put this one on its list of forbidden ones"),
    // Attestations.
    (
        "does not match expected Trusted Publisher",
        "register the workflow that was started, not one that it calls; or publish without: `#{ attestations: false }`",
    ),
    ("attestation", "publish without: `pypi::publish(files, index, #{ attestations: false })`"),
    // File names.
    ("unsupported platform tag", "build it with cibuildwheel, or repair it with auditwheel"),
    ("normalized project name", REBUILD_NAME),
    ("Invalid project name", REBUILD_NAME),
    ("Invalid wheel filename", REBUILD_NAME),
    ("Invalid source distribution filename", REBUILD_NAME),
    ("Start filename for", REBUILD_NAME),
    (
        "Version in filename",
        "build it again, and do not rename it: its metadata have another version",
    ),
    ("should be '", REBUILD_NAME),
    ("Invalid file extension", "publish only `.whl` and `.tar.gz` files"),
    // Archives.
    (
        "data descriptor",
        "let the build write a file, not a stream: each size stands before its member",
    ),
    ("ZIP archive not accepted", REBUILD),
    (
        "compression ratio",
        "leave out what packs so well, such as files of zeros: it looks like a bomb",
    ),
    ("supported compression type", "pack it with deflate, as build backends do"),
    ("Sparse members", "pack it without holes: GNU tar makes them with `--sparse`"),
    ("top-level directories", "put all into one folder, `name-version`, as build backends do"),
    ("PKG-INFO not found", "put `PKG-INFO` and the sources into one folder, as build backends do"),
    ("WHEEL not found", REBUILD),
    ("does not contain the required", REBUILD),
    (
        "invalid entry points",
        "correct `[project.scripts]` and `[project.entry-points]`: a script's name has no path and no blanks",
    ),
    ("License-File", "let the build pack that file, or correct `license-files` in pyproject.toml"),
    ("Invalid distribution file", REBUILD),
    // Metadata.
    (
        "local versions",
        "build from a tag, with the whole history: a version with `+` is none for an index",
    ),
    (
        "not a valid metadata version",
        "build with an older backend: {index} does not know this format",
    ),
    ("introduced in metadata version", "build with a newer backend, or leave that field out"),
    (
        "direct dependency",
        "require a released version, as in `name>=1.2`: an index takes no addresses",
    ),
    (
        "'Private ::",
        "remove that classifier if this project is to be public: it is there to prevent just this",
    ),
    ("not a valid classifier", "take one from the list that {index} keeps under `/classifiers/`"),
    ("License is deprecated", "remove the old `License`: the expression alone says it"),
    ("for 'license-expression'", "write it with names of SPDX, as in `MIT OR Apache-2.0`"),
    ("for 'license-file'", "name files below the project's own folder, with `/` between"),
    (
        "'description-content-type'",
        "set `readme` to a file of one of these kinds, and its `content-type`",
    ),
    ("dynamic field", "correct `dynamic` in pyproject.toml"),
    ("for 'provides-extra'", "name extras with letters, digits, `-`, `_` and `.`"),
    ("for 'requires-python'", "write it as conditions on versions, as in `>=3.10`"),
    (
        "for 'requires-dist'",
        "write requirements as in `name[extra]>=1.2; python_version < \"3.12\"`",
    ),
    ("'project_urls' has", "give each label in `[project.urls]` once"),
    ("32 characters or less", "shorten that label in `[project.urls]`"),
    ("valid url", "give the whole address in `[project.urls]`, with `https://`"),
    ("valid email address", "correct that address in `authors` or `maintainers`"),
    ("invalid value for Name", "name it with letters, digits, `-`, `_` and `.` between them"),
    ("for 'version'", "use a version such as `1.2.3` or `1.2.3rc1`"),
    ("for 'import-name", "name modules as `import` does: identifiers, and no keywords"),
    ("'summary'", "shorten `description` in pyproject.toml to one line of at most 512 characters"),
    ("core-metadata", "correct that field in pyproject.toml, and commit"),
    // What rel fills in, and no user.
    ("Invalid value for", DAMAGED),
    ("Unknown protocol version", DAMAGED),
    ("Should not be a tuple", DAMAGED),
    ("one message digest", DAMAGED),
    ("does not have a file", DAMAGED),
    ("in the name", DAMAGED),
    ("no longer supported", DAMAGED),
];

const DAMAGED: &str = "run the same command again: the form was damaged on its way; if it stays, report it: the mistake is in rel";
const REBUILD: &str = "build it again with a current backend, and do not change it afterwards";
const REBUILD_NAME: &str =
    "build it again with a current backend, and do not rename it: indexes want the normalised name";

/// What to do about a refusal by `index`. No variable has a part in it where the login was a token that
/// the run got `by_identity`.
pub(super) fn advice(index: &Index, by_identity: bool, status: u16, reason: &str) -> String {
    let password = index.password.join(" or ");
    let fits = |cure: &&str| !by_identity || !cure.contains("{password}");
    if let Some(cure) = cures::of(CURES, reason).filter(fits) {
        return cure.replace("{index}", &index.name).replace("{password}", &password);
    }
    match status {
        401 | 403 if by_identity => format!(
            "check that this run is a trusted publisher of the project on {}: it got its token by that",
            index.name
        ),
        401 | 403 => format!("check the token in {password}, and what it may upload to"),
        300..=399 => format!("give the address that {} redirects to", index.upload),
        404 | 405 => format!(
            "check the upload address {}: it is not that of the pages, which `simple` names",
            index.upload
        ),
        _ => "read the reason; the same command again goes on from here".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_hides_a_later_one() {
        crate::remote::cures::each_counts(CURES.iter().map(|(words, _)| *words));
    }

    #[test]
    fn what_no_row_knows_is_judged_by_its_status() {
        let index = crate::host::endpoints::Endpoints::default().testpypi;
        let told = |status| advice(&index, false, status, "no");
        assert!(told(401).starts_with("check the token in TESTPYPI_TOKEN or "));
        assert!(told(404).contains(&index.upload));
        assert!(told(400).starts_with("read the reason"));
    }

    #[test]
    fn no_variable_is_named_where_the_login_was_the_runs_identity() {
        let index = crate::host::endpoints::Endpoints::default().testpypi;
        for reason in ["no", "Invalid or non-existent authentication information."] {
            let told = advice(&index, true, 403, reason);
            assert!(told.starts_with("check that this run is a trusted publisher"), "{told}");
            assert!(advice(&index, false, 403, reason).contains("TESTPYPI_TOKEN"));
        }
        assert!(advice(&index, true, 400, "File already exists").contains("a new version"));
    }
}
