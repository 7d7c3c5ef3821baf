//! Uploads that are refused before their contents are looked at: one row for each way.
//!
//! A row is a rule, the status, the text and what is done to a good upload. Turned down: a test each,
//! which would say the same thing around every row.

use base64::Engine as _;

use super::super::{Flag, Standing};
use super::{AT, Case, SDIST, WHEEL};

/// Refusals before anything is known of the metadata.
pub(super) const BEFORE: &[Case] = &[
    (
        "trailing-slash",
        308,
        "An upload was attempted to /legacy but the expected upload URL is /legacy/ (with a trailing slash)",
        |a| a.request.path = "/legacy".into(),
    ),
    ("method", 405, "Method Not Allowed", |a| a.request.path = "/simple/widget/".into()),
    ("method", 405, "Method Not Allowed", |a| a.drop(":action")),
    ("method", 405, "Method Not Allowed", |a| a.request.method = "PUT".into()),
    ("not-found", 404, "Not Found", |a| {
        a.request.method = "GET".into();
        a.request.path = "/nothing/here".into();
    }),
    (
        "old-action",
        410,
        "Project pre-registration is no longer required or supported, upload your files instead.",
        |a| a.set(":action", "submit"),
    ),
    (
        "old-action",
        410,
        "Uploading documentation is no longer supported, we recommend using https://readthedocs.org/.",
        |a| a.set(":action", "doc_upload"),
    ),
    ("field-is-file", 400, "summary: Should not be a tuple.", |a| a.add("summary@x.txt", "text")),
    ("read-only", 403, "Read-only mode: Uploads are temporarily disabled.", |a| {
        a.index.set_flag(Flag::ReadOnly, true)
    }),
    (
        "uploads-disabled",
        403,
        "New uploads are temporarily disabled. See https://pypi.example/help/#admin-intervention for more information.",
        |a| a.index.set_flag(Flag::NoUploads, true),
    ),
    (
        "authentication",
        403,
        "Invalid or non-existent authentication information. See https://pypi.example/help/#invalid-auth for more information.",
        |a| a.token("other"),
    ),
    (
        "authentication",
        403,
        "Invalid or non-existent authentication information. See https://pypi.example/help/#invalid-auth for more information.",
        |a| a.request.headers.retain(|(name, _)| name != "authorization"),
    ),
    (
        "password",
        403,
        "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers instead. See https://pypi.example/help/#apitoken and https://pypi.example/help/#trusted-publishers",
        |a| {
            let login = base64::engine::general_purpose::STANDARD.encode("user:user");
            a.authorization(&format!("Basic {login}"));
        },
    ),
    ("protocol-version", 400, "Unknown protocol version.", |a| a.set("protocol_version", "2")),
    (
        "form-name",
        400,
        "'' is an invalid value for Name. Error: This field is required. See https://packaging.python.org/specifications/core-metadata for more information.",
        |a| a.drop("name"),
    ),
    (
        "form-name",
        400,
        "'-widget' is an invalid value for Name. Error: Start and end with a letter or numeral containing only ASCII numeric and '.', '_' and '-'. See https://packaging.python.org/specifications/core-metadata for more information.",
        |a| a.set("name", "-widget"),
    ),
    ("filetype", 400, "Invalid value for filetype. Error: Use a known file type.", |a| {
        a.set("filetype", "bdist_egg")
    }),
    ("filetype", 400, "Invalid value for filetype. Error: This field is required.", |a| {
        a.set("filetype", "UNKNOWN")
    }),
    (
        "pyversion",
        400,
        "Invalid value for pyversion. Error: Python version is required for binary distribution uploads.",
        |a| a.drop("pyversion"),
    ),
    (
        "pyversion",
        400,
        "Invalid value for pyversion. Error: Use 'source' as Python version for an sdist.",
        |a| {
            a.sdist();
            a.set("pyversion", "py3");
        },
    ),
    (
        "digest-form",
        400,
        "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest.",
        |a| a.set("sha256_digest", "abc"),
    ),
    (
        "digest-form",
        400,
        "Invalid value for blake2_256_digest. Error: Use a valid, hex-encoded, BLAKE2 message digest.",
        |a| a.set("blake2_256_digest", &"x".repeat(64)),
    ),
    ("no-digest", 400, "Error: Include at least one message digest.", |a| {
        a.set("sha256_digest", "");
        a.set("blake2_256_digest", "");
    }),
    ("no-file", 400, "Upload payload does not have a file.", |a| a.filename = None),
];

/// Refusals of metadata; each text goes on with the page to see.
pub(super) const METADATA: &[Case] = &[
    ("repeated-field", 400, "'summary' has invalid data.", |a| {
        a.add("summary", "one");
        a.add("summary", "two");
    }),
    ("repeated-field", 400, "'project_urls' has invalid data.", |a| {
        a.add("project_urls", "Home, https://a.example");
        a.add("project_urls", "Home, https://b.example");
    }),
    ("metadata-version", 400, "None is not a valid metadata version.", |a| {
        a.drop("metadata_version")
    }),
    ("metadata-version", 400, "'2.0' is not a valid metadata version.", |a| {
        a.set("metadata_version", "2.0")
    }),
    ("metadata-version", 400, "'2.6' is not a valid metadata version.", |a| {
        a.set("metadata_version", "2.6")
    }),
    (
        "field-too-new",
        400,
        "license-expression introduced in metadata version 2.4, not 2.3.",
        |a| {
            a.set("metadata_version", "2.3");
            a.add("license_expression", "MIT");
        },
    ),
    ("version", 400, "'version' is a required field.", |a| a.drop("version")),
    ("version", 400, "'one' is invalid for 'version'.", |a| a.set("version", "one")),
    ("summary-lines", 400, "'summary' must be a single line.", |a| a.add("summary", "one\ntwo")),
    ("summary-length", 400, "'summary' field must be 512 characters or less.", |a| {
        a.add("summary", &"x".repeat(513))
    }),
    (
        "description-content-type",
        400,
        "'description-content-type' must be one of ['text/plain', 'text/x-rst', 'text/markdown'], not 'text/html'.",
        |a| a.add("description_content_type", "text/html"),
    ),
    (
        "description-content-type",
        400,
        "'description-content-type' can only specify the UTF-8 charset, not 'latin1'.",
        |a| a.add("description_content_type", "text/plain; charset=latin1"),
    ),
    (
        "description-content-type",
        400,
        "valid Markdown variants for 'description-content-type' are ['GFM', 'CommonMark'], not 'x'.",
        |a| a.add("description_content_type", "text/markdown; variant=x"),
    ),
    ("dynamic", 400, "'name' is not allowed as a dynamic field.", |a| a.add("dynamic", "Name")),
    ("dynamic", 400, "'colour' is not a valid dynamic field.", |a| a.add("dynamic", "Colour")),
    ("dynamic", 400, "Dynamic field 'dynamic' is not a valid dynamic field.", |a| {
        a.add("dynamic", "Dynamic")
    }),
    ("provides-extra", 400, "'a b' is invalid for 'provides-extra'.", |a| {
        a.add("provides_extra", "a b")
    }),
    ("requires-python", 400, "'3.9+' is invalid for 'requires-python'.", |a| {
        a.add("requires_python", "3.9+")
    }),
    ("requirement", 400, "'a b' is invalid for 'requires-dist'.", |a| {
        a.add("requires_dist", "a b")
    }),
    ("requirement", 400, "'a b' is invalid.", |a| a.add("provides_dist", "a b")),
    ("direct-dependency", 400, "Can't have direct dependency: a @ https://x.example/a.whl.", |a| {
        a.add("requires_dist", "a@https://x.example/a.whl")
    }),
    ("direct-dependency", 400, "Can't have direct dependency: 'a@https://x.example/a.whl'.", |a| {
        a.add("obsoletes_dist", "a@https://x.example/a.whl")
    }),
    ("license-expression", 400, "'MIT/Apache-2.0' is invalid for 'license-expression'.", |a| {
        a.add("license_expression", "MIT/Apache-2.0")
    }),
    (
        "license-file-path",
        400,
        "'../LICENSE' is invalid for 'license-file', parent directory indicators are not allowed.",
        |a| a.add("license_file", "../LICENSE"),
    ),
    (
        "license-file-path",
        400,
        "'/LICENSE' is invalid for 'license-file', paths must be relative.",
        |a| a.add("license_file", "/LICENSE"),
    ),
    (
        "two-licenses",
        400,
        "License is deprecated when License-Expression is present. Only License-Expression should be present.",
        |a| {
            a.add("license", "MIT");
            a.add("license_expression", "MIT");
        },
    ),
    ("import-name", 400, "'a.class' is invalid for 'import-name'; 'class' is a keyword.", |a| {
        a.set("metadata_version", "2.5");
        a.add("import_name", "a.class");
    }),
    (
        "import-name",
        400,
        "'a; public' is invalid for 'import-namespace'; the only valid option is 'private'.",
        |a| {
            a.set("metadata_version", "2.5");
            a.add("import_namespace", "a; public");
        },
    ),
    (
        "email",
        400,
        "'ann' is not a valid email address: An email address must have an @-sign.",
        |a| a.add("author_email", "ann"),
    ),
    ("classifier", 400, "'Private :: Do Not Upload' is not a valid classifier.", |a| {
        a.add("classifiers", "Private :: Do Not Upload")
    }),
    ("classifier", 400, "'Typed' is not a valid classifier.", |a| a.add("classifiers", "Typed")),
    ("url", 400, "'ftp://x.example' is not a valid url.", |a| {
        a.add("home_page", "ftp://x.example")
    }),
    (
        "project-url",
        400,
        "'Home of the widget and of all it is' must be 32 characters or less.",
        |a| a.add("project_urls", "Home of the widget and of all it is, https://x.example"),
    ),
    ("project-url", 400, "Must have a URL.", |a| a.add("project_urls", "Home")),
    ("project-url", 400, "'x.example' is not a valid url.", |a| {
        a.add("project_urls", "Home, x.example")
    }),
];

/// Refusals by the project and the token's rights in it.
pub(super) const PROJECT: &[Case] = &[
    (
        "new-project-name",
        400,
        "The name 'Tomllib' isn't allowed (conflict with Python Standard Library module name). See https://pypi.example/help/#project-name for more information.",
        |a| a.set("name", "Tomllib"),
    ),
    (
        "new-project-name",
        400,
        "The name 'w1dget' is too similar to an existing project. See https://pypi.example/help/#project-name for more information.",
        |a| {
            a.index.add_project("widget", true, 0);
            a.set("name", "w1dget");
        },
    ),
    (
        "new-project-name",
        400,
        "The name 'widget' isn't allowed. See https://pypi.example/help/#project-name for more information.",
        |a| a.index.prohibit("Widget"),
    ),
    (
        "projects-disabled",
        403,
        "New project registration temporarily disabled. See https://pypi.example/help/#admin-intervention for more information.",
        |a| a.index.set_flag(Flag::NoProjects, true),
    ),
    ("too-many-projects", 429, "Too many new projects created", |a| {
        a.index.set_flag(Flag::TooManyProjects, true)
    }),
    (
        "token-scope",
        403,
        "Invalid API Token: project-scoped token is not valid for project: 'widget'",
        |a| {
            a.index.add_token("scoped", Some(vec!["gadget".into()]));
            a.token("scoped");
        },
    ),
    (
        "not-a-maintainer",
        403,
        "The user 'rehearsal' isn't allowed to upload to project 'Widget'. See https://pypi.example/help/#project-name for more information.",
        |a| a.index.add_project("Widget", false, 0),
    ),
    (
        "closed-project",
        403,
        "The user 'rehearsal' isn't allowed to upload to project 'widget'. See https://pypi.example/help/#project-name for more information.",
        |a| a.index.set_standing("widget", Standing::Archived),
    ),
];

/// Refusals of a file as a whole.
pub(super) const FILE: &[Case] = &[
    (
        "filename-letters",
        400,
        "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character (ordinal 127) in the name.",
        |a| a.named("a\u{7f}.whl"),
    ),
    ("filename-letters", 400, "Cannot upload a file with '/' or '\\' in the name.", |a| {
        a.named("a/b.whl")
    }),
    (
        "extension",
        400,
        "Invalid file extension: Use .tar.gz, .whl or .zip extension. See https://www.python.org/dev/peps/pep-0527 and https://peps.python.org/pep-0715/ for more information",
        |a| a.named("widget-1.2.3.egg"),
    ),
    (
        "extension",
        400,
        "Invalid file extension: Extension .tar.gz is invalid for filetype bdist_wheel. See https://www.python.org/dev/peps/pep-0527 for more information.",
        |a| a.named(SDIST),
    ),
    ("content-type", 400, "Invalid distribution file.", |a| a.media_type = "image/png".into()),
    (
        "file-size",
        400,
        "File too large. Limit for project 'widget' is 0 MB. See https://docs.example/project-management/storage-limits#requesting-a-file-size-limit-increase for more information.",
        |a| a.index.set_limits("widget", 100, 10 << 30),
    ),
    (
        "project-size",
        400,
        "Project size too large. Limit for project 'widget' total size is 0 GB. See https://docs.example/project-management/storage-limits#requesting-a-project-size-limit-increase",
        |a| {
            a.index.add_file("widget", "1", "widget-1.tar.gz", &[0; 500], AT).unwrap();
            a.index.set_limits("widget", 100 << 20, 600);
        },
    ),
    (
        "digest",
        400,
        "The digest supplied does not match a digest calculated from the uploaded file.",
        |a| a.set("sha256_digest", &"0".repeat(64)),
    ),
    (
        "digest",
        400,
        "The digest supplied does not match a digest calculated from the uploaded file.",
        |a| a.set("blake2_256_digest", &"0".repeat(64)),
    ),
    (
        "file-exists",
        400,
        "File already exists ('widget-1.2.3-py3-none-any.whl', with blake2_256 hash '…",
        |a| a.index.add_file("widget", "1.2.3", WHEEL, b"other", AT).unwrap(),
    ),
    (
        "file-exists",
        400,
        "File already exists ('widget-1.2.3-py3-none-any.whl', with blake2_256 hash '…",
        |a| {
            let bytes = a.bytes.clone();
            a.index.add_file("gadget", "1", "gadget-1-py3-none-any.whl", &bytes, AT).unwrap();
        },
    ),
    (
        "filename-used",
        400,
        "This filename was previously used by a file that has since been deleted. Use a different version. See https://pypi.example/help/#file-name-reuse for more information.",
        |a| {
            let bytes = a.bytes.clone();
            a.index.add_file("widget", "1.2.3", WHEEL, &bytes, AT).unwrap();
            a.index.delete_file(WHEEL);
        },
    ),
    (
        "release-age",
        400,
        "Uploading new files to releases older than 14 days is not allowed.",
        |a| {
            let old = AT - 14 * 24 * 3600 - 1;
            a.index.add_file("widget", "1.2.3.0", "widget-1.2.3.0.tar.gz", b"old", old).unwrap();
        },
    ),
    ("one-sdist", 400, "Only one sdist may be uploaded per release.", |a| {
        a.sdist();
        a.index.add_file("widget", "1.2.3", "widget-1.2.3.zip", b"other", AT).unwrap();
    }),
];
