//! Faults of metadata, which the index finds in the form that comes with a file.

use super::{Row, dists, explained};

#[test]
fn faults_of_metadata_are_explained() {
    explained("metadata", ROWS);
}

/// A row whose wheel has these lines in its metadata.
macro_rules! says {
    ($name:literal, $rule:literal, $lines:expr) => {
        ($name, concat!("pypi.", $rule), |scene| scene.files = vec![dists::wheel($lines)])
    };
}

pub const ROWS: &[Row] = &[
    ("a version with a local part", "pypi.local-version", |scene| {
        scene.declared = Some(super::projects::CORP);
        scene.files = vec![dists::named("time_piece-1.0+g12ab-py3-none-any.whl", "")];
    }),
    says!("a field that is newer than its format", "field-too-new", "Import-Name: time_piece\n"),
    says!(
        "two addresses under one label",
        "repeated-field",
        "Project-URL: Code, https://a.example\nProject-URL: Code, https://b.example\n"
    ),
    says!("a summary of two lines", "summary-lines", "Summary: one\u{2028}two\n"),
    says!(
        "a summary of a whole page",
        "summary-length",
        &format!("Summary: {}\n", "long ".repeat(103))
    ),
    says!(
        "a description of a strange kind",
        "description-content-type",
        "Description-Content-Type: text/asciidoc\n\nTime.\n"
    ),
    says!("a field that cannot be dynamic", "dynamic", "Dynamic: Version\n"),
    says!("a dynamic field that is none", "dynamic", "Dynamic: Colour\n"),
    says!("an extra of two words", "provides-extra", "Provides-Extra: time zones\n"),
    says!("a Python of no version", "requires-python", "Requires-Python: three\n"),
    says!("a requirement that cannot be read", "requirement", "Requires-Dist: tzdata >> 2024\n"),
    says!(
        "a requirement by address",
        "direct-dependency",
        "Requires-Dist: tzdata @ https://example.org/tzdata.whl\n"
    ),
    says!(
        "a licence in words",
        "license-expression",
        "License-Expression: MIT, or what you like\n"
    ),
    says!("a licence file above the project", "license-file-path", "License-File: ../LICENSE\n"),
    says!("two kinds of licence", "two-licenses", "License: MIT\nLicense-Expression: MIT\n"),
    ("an import name that is a keyword", "pypi.import-name", |scene| {
        scene.files = vec![dists::rebuilt(|members| {
            let text = &mut members[1].1;
            *text = text.replace("2.4", "2.5") + "Import-Name: class\n";
        })];
    }),
    says!("an address of a person without a domain", "email", "Author-email: Ann <ann>\n"),
    says!("a classifier in other words", "classifier", "Classifier: Stable\n"),
    says!("the fuse against publishing", "classifier", "Classifier: Private :: Do Not Upload\n"),
    says!("a home page without a scheme", "url", "Home-page: time.example\n"),
    says!(
        "an address under a long label",
        "project-url",
        "Project-URL: The place where all of the code is kept, https://a.example\n"
    ),
];
