//! Faults of files: their names, their archives, and what must be in them.

use super::scene::now;
use super::{Row, dists, explained};

#[test]
fn faults_of_files_are_explained() {
    explained("archives", ROWS);
}

/// A row that publishes this file.
macro_rules! sends {
    ($name:literal, $rule:literal, $file:expr) => {
        ($name, concat!("pypi.", $rule), |scene| scene.files = vec![$file])
    };
}

/// A row with a wheel that has another text in one of its members.
macro_rules! holds {
    ($name:literal, $rule:literal, $member:literal, $text:literal) => {
        sends!($name, $rule, dists::rebuilt(|members| members.push(($member.into(), $text.into()))))
    };
}

pub const ROWS: &[Row] = &[
    sends!(
        "a wheel for one's own Linux",
        "platform-tag",
        dists::named("time_piece-1.0-cp313-cp313-linux_x86_64.whl", "")
    ),
    sends!(
        "a wheel with two underscores in its name",
        "wheel-name-form",
        dists::named("time__piece-1.0-py3-none-any.whl", "")
    ),
    sends!(
        "a wheel with capitals in its name",
        "wheel-name",
        dists::named("Time_Piece-1.0-py3-none-any.whl", "")
    ),
    ("a source distribution with a hyphen in its name", "pypi.sdist-name", |scene| {
        let (_, bytes) = dists::usual_sdist();
        scene.files = vec![("time-piece-1.0.tar.gz".into(), bytes)];
    }),
    ("a second source distribution", "pypi.one-sdist", |scene| {
        let other = "time-piece-1.0.zip";
        scene.index.add_file("time-piece", "1.0", other, b"old", now()).unwrap();
        scene.files = vec![dists::usual_sdist()];
    }),
    ("a source distribution that is a zip too", "pypi.archive-kind", |scene| {
        let (name, mut bytes) = dists::usual_sdist();
        bytes.extend(b"PK\x05\x06");
        bytes.extend([0; 18]);
        scene.files = vec![(name, bytes)];
    }),
    sends!(
        "a wheel with a damaged member",
        "archive-broken",
        dists::damaged(|bytes| {
            let at = bytes.windows(4).position(|window| window == b"test").unwrap();
            bytes[at] = b'T';
        })
    ),
    sends!(
        "a wheel that unpacks to very much",
        "zip-ratio",
        dists::damaged(|bytes| {
            let at = dists::record(bytes, "time_piece.py");
            bytes[at + 24..at + 28].copy_from_slice(&(80_u32 << 20).to_le_bytes());
        })
    ),
    sends!(
        "a wheel that is packed with bzip2",
        "zip-method",
        dists::damaged(|bytes| {
            let at = dists::record(bytes, "time_piece.py");
            bytes[at + 10] = 12;
        })
    ),
    sends!("a wheel that was written as a stream", "zip-framing", dists::streamed()),
    sends!(
        "a wheel with something in front of it",
        "zip-framing",
        dists::damaged(|bytes| drop(bytes.splice(0..0, *b"#!/usr/bin/env python3\n")))
    ),
    sends!(
        "a wheel without WHEEL",
        "wheel-file",
        dists::rebuilt(|members| drop(members.remove(2)))
    ),
    sends!("a wheel without RECORD", "record", dists::rebuilt(|members| drop(members.remove(3)))),
    holds!(
        "a script with a path in its name",
        "entry-points",
        "time_piece-1.0.dist-info/entry_points.txt",
        "[console_scripts]\n../bin/time = time_piece:main\n"
    ),
    sends!(
        "a licence file that is not in the wheel",
        "license-file-missing",
        dists::wheel("License-File: LICENSE\n")
    ),
    sends!("a source distribution with holes", "tar-sparse", dists::sparse_sdist()),
    sends!(
        "a source distribution with two top folders",
        "top-level",
        dists::sdist(&[
            ("time_piece-1.0/PKG-INFO", &dists::metadata("1.0", "")),
            ("docs/index.md", "x"),
        ])
    ),
    sends!(
        "a source distribution of nothing but metadata",
        "pkg-info",
        dists::sdist(&[("time_piece-1.0/PKG-INFO", &dists::metadata("1.0", ""))])
    ),
];
