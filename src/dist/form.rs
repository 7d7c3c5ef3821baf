//! The text fields of the legacy upload form, filled from a distribution's own metadata.
//!
//! Does not build the multipart body, add the file or its attestations, or send anything. Deriving
//! each field from its header's name was turned down: two fields are plural where their headers are
//! not, and the index drops a misspelt field in silence.

use super::filename::DistName;
use super::metadata::{self, Metadata};

/// Headers that stand at most once, with their form fields.
const SINGLE: [(&str, &str); 12] = [
    ("Summary", "summary"),
    ("Description", "description"),
    ("Description-Content-Type", "description_content_type"),
    ("Keywords", "keywords"),
    ("Home-page", "home_page"),
    ("Download-URL", "download_url"),
    ("Author", "author"),
    ("Author-email", "author_email"),
    ("Maintainer", "maintainer"),
    ("Maintainer-email", "maintainer_email"),
    ("License", "license"),
    ("License-Expression", "license_expression"),
];

/// Headers that may repeat, with the form fields that repeat as often.
const REPEATED: [(&str, &str); 16] = [
    ("Classifier", "classifiers"),
    ("Dynamic", "dynamic"),
    ("Platform", "platform"),
    ("Supported-Platform", "supported_platform"),
    ("License-File", LICENSE_FILE),
    ("Project-URL", "project_urls"),
    ("Requires-Dist", "requires_dist"),
    ("Requires-External", "requires_external"),
    ("Provides-Dist", "provides_dist"),
    ("Provides-Extra", "provides_extra"),
    ("Obsoletes-Dist", "obsoletes_dist"),
    ("Requires", "requires"),
    ("Provides", "provides"),
    ("Obsoletes", "obsoletes"),
    ("Import-Name", "import_name"),
    ("Import-Namespace", "import_namespace"),
];

const LICENSE_FILE: &str = "license_file";

/// Metadata formats that do not define License-File, though older setuptools wrote it.
const BEFORE_LICENSE_FILE: [&str; 6] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3"];

/// Lists the fields of the upload form in a fixed order, all but `content` and `attestations`.
///
/// `sha256_hex` and `blake2b_256_hex` are the lower-case digests of the whole file, 64 digits each.
/// Empty values and `UNKNOWN` are left out, save that `requires_python` is always sent because some
/// indexes insist on it; License-File goes only with Metadata-Version 2.4 and later. Infallible.
/// Source: the legacy upload API with the core metadata specification.
pub fn fields(
    dist_name: &DistName,
    metadata: &Metadata,
    sha256_hex: &str,
    blake2b_256_hex: &str,
) -> Vec<(String, String)> {
    let mut fields = vec![
        (":action", "file_upload"),
        ("protocol_version", "1"),
        ("filetype", dist_name.kind.filetype()),
        ("pyversion", &dist_name.python_tag),
        ("sha256_digest", sha256_hex),
        ("blake2_256_digest", blake2b_256_hex),
        ("metadata_version", metadata.metadata_version()),
        ("name", metadata.name()),
        ("version", metadata.version()),
        ("requires_python", present(metadata, "Requires-Python").next().unwrap_or_default()),
    ];
    for (header, field) in SINGLE {
        fields.extend(present(metadata, header).next().map(|value| (field, value)));
    }
    let early = BEFORE_LICENSE_FILE.contains(&metadata.metadata_version());
    for (header, field) in REPEATED {
        if !(early && field == LICENSE_FILE) {
            fields.extend(present(metadata, header).map(|value| (field, value)));
        }
    }
    fields.into_iter().map(|(field, value)| (field.to_owned(), value.to_owned())).collect()
}

fn present<'a>(metadata: &'a Metadata, header: &str) -> impl Iterator<Item = &'a str> {
    metadata.all(header).filter(|value| !metadata::is_absent(value))
}

#[cfg(test)]
mod tests {
    use super::super::filename;
    use super::*;

    fn filled(file: &str, text: &str) -> Vec<(String, String)> {
        fields(&filename::parse(file).unwrap(), &metadata::parse(text).unwrap(), "5a", "b2")
    }

    fn values<'a>(fields: &'a [(String, String)], name: &str) -> Vec<&'a str> {
        fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    #[test]
    fn the_smallest_form() {
        let form = filled(
            "a_b-1.0.tar.gz",
            "Metadata-Version: 2.1\nName: A.b\nVersion: 1.0\nLicense: UNKNOWN\nHome-page:\n",
        );
        let expected = [
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("filetype", "sdist"),
            ("pyversion", "source"),
            ("sha256_digest", "5a"),
            ("blake2_256_digest", "b2"),
            ("metadata_version", "2.1"),
            ("name", "A.b"),
            ("version", "1.0"),
            ("requires_python", ""),
        ];
        assert_eq!(form, expected.map(|(field, value)| (field.to_owned(), value.to_owned())));
    }

    #[test]
    fn every_header_has_its_field() {
        let every: Vec<(&str, &str)> = SINGLE.into_iter().chain(REPEATED).collect();
        let mut text =
            "Metadata-Version: 2.5\nName: a\nVersion: 1\nRequires-Python: >=3.9\n".to_owned();
        for (header, field) in &every {
            text.extend([1, 2].map(|number| format!("{header}: {field} {number}\n")));
        }
        let form = filled("a-1-py2.py3-none-any.whl", &text);
        assert_eq!(values(&form, "filetype"), ["bdist_wheel"]);
        assert_eq!(values(&form, "pyversion"), ["py2.py3"]);
        assert_eq!(values(&form, "requires_python"), [">=3.9"]);
        for (index, (_, field)) in every.iter().enumerate() {
            let (one, two) = (format!("{field} 1"), format!("{field} 2"));
            let expected = if index < SINGLE.len() { vec![one] } else { vec![one, two] };
            assert_eq!(values(&form, field), expected);
        }
    }

    #[test]
    fn licence_files_need_format_2_4() {
        let text = |format: &str| {
            format!("Metadata-Version: {format}\nName: a\nVersion: 1\nLicense-File: LICENSE\n")
        };
        assert_eq!(values(&filled("a-1.tar.gz", &text("2.3")), LICENSE_FILE), [""; 0]);
        assert_eq!(values(&filled("a-1.tar.gz", &text("2.4")), LICENSE_FILE), ["LICENSE"]);
    }
}
