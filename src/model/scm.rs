//! What takes a Python project's version from git: one list for who writes a Releasefile and who judges workflows.
//!
//! Knowledge: the documentation of each. A version that stands in `[project]` holds whatever else is asked for
//! (`setuptools-scm` only reads the files that git knows then): that is looked at first. PDM's own way is no
//! requirement, but `source = "scm"` in `[tool.pdm.version]`.

/// Build requirements that do it, with normal names.
pub const FROM_GIT: &[&str] = &[
    "flit-scm",
    "hatch-vcs",
    "poetry-dynamic-versioning",
    "setuptools-git-versioning",
    "setuptools-scm",
    "uv-dynamic-versioning",
    "versioneer",
    "versioningit",
];
