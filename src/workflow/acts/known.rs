//! Actions and programs that are known, and how programs that publish log in.
//!
//! Knowledge: the READMEs of the actions, and the documentation of twine, uv, cargo, npm, flit, hatch,
//! maturin, PDM and Poetry on their variables. Whoever uses something that is not here gets no finding.

use super::{Act, Index};

/// What an action is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Is(Act<'static>),
    PyPIPublish,
    Maturin,
    Release,
    Publish(Index, &'static str),
}

/// Actions, without version.
pub(super) const ACTIONS: &[(&str, Kind)] = &[
    ("actions/attest", Kind::Is(Act::Attest)),
    ("actions/attest-build-provenance", Kind::Is(Act::Attest)),
    ("actions/attest-sbom", Kind::Is(Act::Attest)),
    ("actions/cache", Kind::Is(Act::Cache)),
    ("actions/cache/restore", Kind::Is(Act::Cache)),
    ("actions/checkout", Kind::Is(Act::Checkout)),
    ("actions/create-release", Kind::Release),
    ("actions/download-artifact", Kind::Is(Act::Fetch)),
    ("actions/upload-artifact", Kind::Is(Act::Store)),
    ("hynek/build-and-inspect-python-package", Kind::Is(Act::Build)),
    ("js-devtools/npm-publish", Kind::Publish(Index::Npm, "token")),
    ("katyo/publish-crates", Kind::Publish(Index::Crates, "registry-token")),
    ("ncipollo/release-action", Kind::Release),
    ("peter-evans/repository-dispatch", Kind::Is(Act::Start)),
    ("pre-commit/action", Kind::Is(Act::Foreign)),
    ("pyo3/maturin-action", Kind::Maturin),
    ("pypa/cibuildwheel", Kind::Is(Act::Build)),
    ("pypa/gh-action-pypi-publish", Kind::PyPIPublish),
    ("rust-lang/crates-io-auth-action", Kind::Is(Act::LogIn)),
    ("softprops/action-gh-release", Kind::Release),
    ("swatinem/rust-cache", Kind::Is(Act::Cache)),
];

/// What a command is.
#[derive(Clone, Copy)]
pub(super) enum Command {
    Is(Act<'static>),
    Install,
    Release,
    Publish(&'static Publisher),
}

/// A program that sends files.
pub(super) struct Publisher {
    pub(super) to: Index,
    /// Variables and options that hold a login.
    pub(super) variables: &'static [&'static str],
    pub(super) options: &'static [&'static str],
    /// Variables and options that say where to.
    pub(super) targets: &'static [&'static str],
    pub(super) target_options: &'static [&'static str],
    /// Without a login it uses the run's identity.
    pub(super) by_identity: bool,
    /// It builds first.
    pub(super) builds: bool,
}

const NONE: Publisher = Publisher {
    to: Index::PyPI,
    variables: &[],
    options: &[],
    targets: &[],
    target_options: &[],
    by_identity: false,
    builds: false,
};
const TWINE: Publisher = Publisher {
    variables: &["TWINE_PASSWORD"],
    options: &["-p", "--password"],
    targets: &["TWINE_REPOSITORY", "TWINE_REPOSITORY_URL"],
    target_options: &["-r", "--repository", "--repository-url"],
    by_identity: true,
    ..NONE
};
const UV: Publisher = Publisher {
    variables: &["UV_PUBLISH_PASSWORD", "UV_PUBLISH_TOKEN"],
    options: &["-t", "--token", "-p", "--password"],
    targets: &["UV_PUBLISH_INDEX", "UV_PUBLISH_URL"],
    target_options: &["--index", "--publish-url"],
    by_identity: true,
    ..NONE
};
const CARGO: Publisher = Publisher {
    to: Index::Crates,
    variables: &["CARGO_REGISTRY_TOKEN"],
    options: &["--token"],
    target_options: &["--registry", "--index"],
    ..NONE
};
const NPM: Publisher = Publisher {
    to: Index::Npm,
    variables: &["NODE_AUTH_TOKEN", "NPM_TOKEN"],
    target_options: &["--registry"],
    ..NONE
};
const FLIT: Publisher =
    Publisher { variables: &["FLIT_PASSWORD"], targets: &["FLIT_INDEX_URL"], builds: true, ..NONE };
const HATCH: Publisher = Publisher {
    variables: &["HATCH_INDEX_AUTH"],
    options: &["-a", "--auth"],
    targets: &["HATCH_INDEX_REPO"],
    target_options: &["-r", "--repo"],
    ..NONE
};
pub(super) const MATURIN: Publisher = Publisher {
    variables: &["MATURIN_PASSWORD", "MATURIN_PYPI_TOKEN"],
    options: &["-p", "--password"],
    targets: &["MATURIN_REPOSITORY", "MATURIN_REPOSITORY_URL"],
    target_options: &["-r", "--repository", "--repository-url"],
    ..NONE
};
const PDM: Publisher = Publisher {
    variables: &["PDM_PUBLISH_PASSWORD"],
    options: &["-P", "--password"],
    targets: &["PDM_PUBLISH_REPO"],
    target_options: &["-r", "--repository"],
    by_identity: true,
    builds: true,
    ..NONE
};
const POETRY: Publisher = Publisher {
    variables: &["POETRY_HTTP_BASIC_PYPI_PASSWORD", "POETRY_PYPI_TOKEN_PYPI"],
    options: &["-p", "--password"],
    target_options: &["-r", "--repository"],
    ..NONE
};

/// Programs, and the words by which they do it.
pub(super) const COMMANDS: &[(&str, &[&str], Command)] = &[
    ("build", &[], Command::Is(Act::Build)),
    ("cargo", &["build"], Command::Is(Act::Build)),
    ("cargo", &["package"], Command::Is(Act::Build)),
    ("cargo", &["publish"], Command::Publish(&CARGO)),
    ("cargo", &["run"], Command::Is(Act::Foreign)),
    ("cargo", &["test"], Command::Is(Act::Foreign)),
    ("cibuildwheel", &[], Command::Is(Act::Build)),
    ("flit", &["build"], Command::Is(Act::Build)),
    ("flit", &["publish"], Command::Publish(&FLIT)),
    ("gh", &["release", "create"], Command::Release),
    ("gh", &["workflow", "run"], Command::Is(Act::Start)),
    ("git", &["push"], Command::Is(Act::Push)),
    ("hatch", &["build"], Command::Is(Act::Build)),
    ("hatch", &["publish"], Command::Publish(&HATCH)),
    ("hatch", &["test"], Command::Is(Act::Foreign)),
    ("just", &[], Command::Is(Act::Foreign)),
    ("make", &[], Command::Is(Act::Foreign)),
    ("maturin", &["build"], Command::Is(Act::Build)),
    ("maturin", &["publish"], Command::Publish(&Publisher { builds: true, ..MATURIN })),
    ("maturin", &["upload"], Command::Publish(&MATURIN)),
    ("nox", &[], Command::Is(Act::Foreign)),
    ("npm", &["ci"], Command::Is(Act::Foreign)),
    ("npm", &["install"], Command::Is(Act::Foreign)),
    ("npm", &["publish"], Command::Publish(&NPM)),
    ("npm", &["test"], Command::Is(Act::Foreign)),
    ("pdm", &["build"], Command::Is(Act::Build)),
    ("pdm", &["publish"], Command::Publish(&PDM)),
    ("pip", &["install"], Command::Install),
    ("poetry", &["build"], Command::Is(Act::Build)),
    ("poetry", &["install"], Command::Is(Act::Foreign)),
    ("poetry", &["publish"], Command::Publish(&POETRY)),
    ("pytest", &[], Command::Is(Act::Foreign)),
    ("python", &["setup.py", "bdist_wheel"], Command::Is(Act::Build)),
    ("python", &["setup.py", "sdist"], Command::Is(Act::Build)),
    ("tox", &[], Command::Is(Act::Foreign)),
    ("twine", &["upload"], Command::Publish(&TWINE)),
    ("uv", &["build"], Command::Is(Act::Build)),
    ("uv", &["pip", "install"], Command::Install),
    ("uv", &["publish"], Command::Publish(&UV)),
    ("uv", &["sync"], Command::Is(Act::Foreign)),
];

/// What one installs in order to upload, and what comes with every Python.
pub(super) const UPLOADERS: &[&str] = &[
    "-U",
    "-q",
    "--upgrade",
    "--quiet",
    "build",
    "flit",
    "hatch",
    "keyring",
    "maturin",
    "packaging",
    "pip",
    "pkginfo",
    "poetry",
    "setuptools",
    "twine",
    "uv",
    "wheel",
];
