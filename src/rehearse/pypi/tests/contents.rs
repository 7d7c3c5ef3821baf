//! Uploads that are refused for their contents, their names after them, or their attestations.
//!
//! Rows as in `requests`. Turned down: archives spoilt at random, since each fault has a text of its own.

use serde_json::{Value, json};

use super::{Attempt, Case, PUBLISH, WHEEL, attestation, parcels};

/// Refusals by what is in a file, and how it is named after it.
pub(super) const CONTENTS: &[Case] = &[
    ("archive-kind", 400, "Invalid distribution file. File is not a zipfile", |a| {
        a.bytes = b"text".to_vec()
    }),
    ("archive-kind", 400, "Invalid distribution file. File is not a tarfile", |a| {
        a.sdist();
        a.bytes = parcels::wheel(&[]).split_off(4);
        let end = a.bytes.len() - 22;
        a.bytes.truncate(end);
    }),
    ("archive-kind", 400, "Invalid distribution file. File is both a zip and a tar file", |a| {
        a.bytes = [parcels::sdist("widget-1.2.3", &[]), parcels::wheel(&[])].concat()
    }),
    ("archive-broken", 400, "Invalid distribution file. None", |a| {
        a.sdist();
        let half = a.bytes.len() / 2;
        a.bytes.truncate(half);
    }),
    ("archive-broken", 400, "Invalid distribution file. None", |a| {
        let at = parcels::directory(&a.bytes);
        a.bytes[at] = b'X';
    }),
    ("zip-ratio", 400, "Invalid distribution file. File exceeds compression ratio of 50", |a| {
        let at = parcels::directory(&a.bytes);
        a.bytes[at + 24..at + 28].copy_from_slice(&(65_u32 << 20).to_le_bytes());
    }),
    (
        "zip-method",
        400,
        "Invalid distribution file. File does not use a supported compression type",
        |a| {
            let at = parcels::directory(&a.bytes);
            a.bytes[at + 10] = 14;
        },
    ),
    (
        "wheel-file",
        400,
        "Invalid distribution file. WHEEL not found at widget-1.2.3.dist-info/WHEEL",
        |a| a.bytes = parcels::wheel_without("WHEEL"),
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: Trailing data. See https://docs.example/archives for more information",
        |a| a.bytes.push(0),
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: Unknown record signature. …",
        |a| a.bytes.splice(..0, *b"#!/x").for_each(drop),
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: ZIP contains a data descriptor. …",
        |a| a.bytes[6] |= 8,
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: Filename not in central directory. …",
        |a| a.bytes[30] = b'x',
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: Mis-matched data size. …",
        |a| a.bytes[18] += 1,
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: Mis-matched file size. …",
        |a| a.bytes[22] += 1,
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: Invalid character in filename. …",
        |a| a.bytes = parcels::wheel(&[("widget/\u{1}.py", "")]),
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: Comment in central directory. …",
        |a| {
            let at = parcels::directory(&a.bytes);
            a.bytes[at + 32] = 1;
            a.bytes.insert(at + 46 + "widget/__init__.py".len(), b'c');
            let end = a.bytes.len() - 22;
            a.bytes[end + 12] += 1;
        },
    ),
    (
        "zip-framing",
        400,
        "Invalid distribution file. ZIP archive not accepted: Duplicate filename in local headers. …",
        |a| {
            let members = [("a-1.dist-info/WHEEL", "x"), ("a-1.dist-info/WHEEL", "y")];
            a.bytes = parcels::zip(&members);
            a.named("a-1-py3-none-any.whl");
        },
    ),
    (
        "tar-sparse",
        400,
        "Invalid distribution file. tar archive not accepted: Sparse members are not allowed. See https://docs.example/archives for more information",
        |a| {
            a.sdist();
            a.bytes = parcels::sparse_sdist();
        },
    ),
    (
        "top-level",
        400,
        "Invalid distribution file. Incorrect number of top-level directories in sdist",
        |a| {
            a.sdist();
            a.bytes = parcels::sdist("widget-1.2.3", &[("setup.py", "")]);
        },
    ),
    (
        "pkg-info",
        400,
        "Invalid distribution file. PKG-INFO not found at widget-1.2.3/PKG-INFO",
        |a| {
            a.sdist();
            a.bytes = parcels::tarball(&[("widget-1.2.3/a.py", ""), ("widget-1.2.3/b.py", "")]);
        },
    ),
    ("pkg-info", 400, "Invalid distribution file. PKG-INFO not found at a/PKG-INFO", |a| {
        a.sdist();
        a.named("widget-1.2.3.zip");
        a.bytes = parcels::zip(&[("a/b", ""), ("a/c", "")]);
    }),
    ("sdist-name-form", 400, "Invalid source distribution filename: widget.tar.gz", |a| {
        a.sdist();
        a.named("widget.tar.gz");
    }),
    (
        "sdist-name",
        400,
        "Filename 'Widget-1.2.3.tar.gz' is invalid, should be 'widget-1.2.3.tar.gz'.",
        |a| {
            a.sdist();
            a.named("Widget-1.2.3.tar.gz");
        },
    ),
    (
        "sdist-name",
        400,
        "Filename 'widget-1.2.3.zip' is invalid, should be 'widget-1.2.3.tar.gz'.",
        |a| {
            a.sdist();
            a.named("widget-1.2.3.zip");
            a.bytes = parcels::zip(&[("w/PKG-INFO", ""), ("w/x", "")]);
        },
    ),
    ("filename-project", 400, "Start filename for 'Wid.get' with 'wid_get'.", |a| {
        a.sdist();
        a.set("name", "Wid.get");
    }),
    ("filename-project", 400, "Start filename for 'gadget' with 'gadget'.", |a| {
        a.set("name", "gadget")
    }),
    (
        "wheel-name-form",
        400,
        "Invalid wheel filename (wrong number of parts): 'widget-1.2.3-py3'",
        |a| a.named("widget-1.2.3-py3.whl"),
    ),
    (
        "wheel-name-form",
        400,
        "Invalid distribution file. Unable to parse name and version from wheel filename",
        |a| a.named("widget.whl"),
    ),
    (
        "platform-tag",
        400,
        "Binary wheel 'widget-1.2.3-cp313-cp313-linux_x86_64.whl' has an unsupported platform tag 'linux_x86_64'.",
        |a| a.named("widget-1.2.3-cp313-cp313-linux_x86_64.whl"),
    ),
    (
        "wheel-name",
        400,
        "Filename 'Widget-1.2.3-py3-none-any.whl' should contain the normalized project name 'widget', not 'Widget'.",
        |a| {
            a.named("Widget-1.2.3-py3-none-any.whl");
            a.bytes = parcels::wheel_of("Widget-1.2.3");
        },
    ),
    ("wheel-version", 400, "Version in filename should be '1.2.4' not '1.2.3'.", |a| {
        a.set("version", "1.2.4")
    }),
    (
        "license-file-missing",
        400,
        "License-File LICENSE does not exist in distribution file widget-1.2.3-py3-none-any.whl at widget-1.2.3.dist-info/licenses/LICENSE",
        |a| a.add("license_file", "LICENSE"),
    ),
    (
        "license-file-missing",
        400,
        "License-File LICENSE does not exist in distribution file widget-1.2.3.tar.gz at widget-1.2.3/LICENSE",
        |a| {
            a.sdist();
            a.add("license_file", "LICENSE");
        },
    ),
    (
        "record",
        400,
        "Wheel 'widget-1.2.3-py3-none-any.whl' does not contain the required RECORD file: widget-1.2.3.dist-info/RECORD",
        |a| a.bytes = parcels::wheel_without("RECORD"),
    ),
    (
        "entry-points",
        400,
        "Wheel 'widget-1.2.3-py3-none-any.whl' has invalid entry points defined in the entry_points.txt file",
        |a| {
            a.bytes = parcels::wheel(&[(
                "widget-1.2.3.dist-info/entry_points.txt",
                "[console_scripts]\n../x = a:b\n",
            )])
        },
    ),
    (
        "metadata-file",
        400,
        "Wheel 'widget-1.2.3-py3-none-any.whl' does not contain the required METADATA file: widget-1.2.3.dist-info/METADATA",
        |a| a.bytes = parcels::wheel_without("METADATA"),
    ),
];

fn with(a: &mut Attempt, change: fn(&mut Value)) {
    let mut one = json!([attestation(WHEEL, &a.bytes, PUBLISH)]);
    change(&mut one);
    a.set("attestations", &one.to_string());
}

/// Refusals of attestations; the token is one of a trusted publisher unless it is changed.
pub(super) const ATTESTATIONS: &[Case] = &[
    (
        "attestation-token",
        400,
        "Attestations are only supported when using Trusted Publishing",
        |a| {
            with(a, |_| {});
            a.token("user");
        },
    ),
    (
        "attestation-form",
        400,
        "Malformed attestations: an empty attestation set is not permitted",
        |a| a.add("attestations", "[]"),
    ),
    ("attestation-form", 400, "Malformed attestations: Invalid JSON: …", |a| {
        a.add("attestations", "[")
    }),
    (
        "attestation-form",
        400,
        "Malformed attestations: invalid or missing verification_material.transparency_entries",
        |a| with(a, |list| list[0]["verification_material"]["transparency_entries"] = json!([])),
    ),
    ("attestation-count", 400, "A maximum of 2 attestations per file are supported", |a| {
        with(a, |list| *list = json!([list[0], list[0], list[0]]))
    }),
    (
        "attestation-verified",
        400,
        "Could not verify the uploaded artifact using the included attestation: Signature is invalid",
        |a| with(a, |list| list[0]["envelope"]["signature"] = "AAAA".into()),
    ),
    (
        "attestation-verified",
        400,
        "Could not verify the uploaded artifact using the included attestation: subject does not match distribution name: widget-1.2.4-py3-none-any.whl != widget-1.2.3-py3-none-any.whl",
        |a| {
            let other = attestation("widget-1.2.4-py3-none-any.whl", &a.bytes, PUBLISH);
            a.add("attestations", &json!([other]).to_string());
        },
    ),
    (
        "attestation-verified",
        400,
        "Could not verify the uploaded artifact using the included attestation: subject does not match distribution digest",
        |a| {
            let other = attestation(WHEEL, b"other", PUBLISH);
            a.add("attestations", &json!([other]).to_string());
        },
    ),
    (
        "attestation-verified",
        400,
        "Could not verify the uploaded artifact using the included attestation: unknown attestation type: https://x.example/v1",
        |a| {
            let other = attestation(WHEEL, &a.bytes, "https://x.example/v1");
            a.add("attestations", &json!([other]).to_string());
        },
    ),
    (
        "attestation-twice",
        400,
        "Multiple attestations for the same file with the same predicate type (https://docs.example/attestations/publish/v1) are not supported",
        |a| with(a, |list| *list = json!([list[0], list[0]])),
    ),
];
