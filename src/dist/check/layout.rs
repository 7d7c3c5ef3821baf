//! Rules on archives: that they can be read, by everybody in the same way, and where their members lie.

use std::collections::BTreeMap;

use super::Level::{Error, Warning};
use super::members::Class;
use super::subject::Subject;
use super::{MAX_FILE, Rule, quoted, rule};
use crate::dist::filename::Kind;

const REBUILD: &str = "build it anew with a current build backend";
/// The most that PyPI takes of a project that has not asked for more.
const USUAL: u64 = 100 << 20;
/// Unpacked sizes below this are never called a bomb.
const BOMB: u64 = 64 << 20;
const RATIO: u64 = 50;

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("archive", Error),
        "The file is a zip or a gzipped tar that can be read.",
        REBUILD,
        "warehouse/forklift/legacy.py",
        |it| {
            let named = it.kind().is_some();
            it.archive
                .as_ref()
                .err()
                .filter(|_| named)
                .map(|why| super::naming::harmless(why))
                .into_iter()
                .collect()
        },
    ),
    rule(
        ("archive-frame", Error),
        "Every byte of a zip belongs to one member, and both lists of members say the same; a tar is no zip too.",
        "pack it with a current build backend, which needs no streams, comments or things in front",
        "PyPI user documentation: archives",
        |it| it.archive.as_ref().map_or_else(|_| Vec::new(), |archive| archive.frame.clone()),
    ),
    rule(
        ("zip-method", Error),
        "Members of a wheel are stored or deflated.",
        "pack it without bzip2, lzma or zstd",
        "warehouse/forklift/legacy.py",
        |it| {
            it.files()
                .filter(|member| !member.known_method)
                .map(|member| quoted(&member.name))
                .collect()
        },
    ),
    rule(
        ("zip-ratio", Error),
        "A wheel does not unpack to more than fifty times its size.",
        "leave out data that is all alike, or fetch it when it is needed",
        "warehouse/forklift/legacy.py",
        zip_ratio,
    ),
    rule(
        ("tar-sparse", Error),
        "No member of an sdist is written with holes.",
        "pack it without `--sparse`",
        "PyPI user documentation: archives",
        |it| {
            it.members()
                .iter()
                .filter(|member| member.sparse)
                .map(|member| quoted(&member.name))
                .collect()
        },
    ),
    rule(
        ("top-folder", Error),
        "All members of an sdist lie in one folder.",
        REBUILD,
        "PEP 625; warehouse/forklift/legacy.py",
        |it| {
            let none = it.is_sdist() && it.archive.is_ok() && it.top().is_empty();
            if none { vec!["there is no folder that holds everything".into()] } else { Vec::new() }
        },
    ),
    rule(
        ("pkg-info", Error),
        "An sdist has its metadata, `PKG-INFO`, in that folder.",
        "build the sdist with `python -m build --sdist` or `uv build --sdist`",
        "PEP 625; warehouse/forklift/legacy.py",
        |it| {
            let place = it.metadata_place();
            let lacks = it.is_sdist()
                && it.archive.is_ok()
                && !it.top().is_empty()
                && it.member(&place).is_none();
            if lacks { vec![format!("there is no {}", quoted(&place))] } else { Vec::new() }
        },
    ),
    rule(
        ("max-size", Error),
        "The file is not larger than the policy wants, and in no case than 1 GiB.",
        "leave out what users can do without",
        "policy; PyPI user documentation: storage limits",
        |it| too_large(it, it.policy.max_size),
    ),
    rule(
        ("size", Warning),
        "The file is not larger than 100 MiB, for which a project has to ask PyPI.",
        "ask PyPI for a higher limit, or leave out what users can do without",
        "PyPI user documentation: storage limits",
        |it| if it.size > MAX_FILE { Vec::new() } else { too_large(it, USUAL) },
    ),
    rule(
        ("top-folder-name", Warning),
        "The folder of an sdist has the sdist's name.",
        REBUILD,
        "PEP 625; source distribution format",
        top_folder_name,
    ),
    rule(
        ("member-path", Warning),
        "Names of members are relative, without `..`, backslashes or drives.",
        REBUILD,
        "PEP 706; CVE-2007-4559",
        |it| {
            it.members()
                .iter()
                .filter(|member| strays(&member.name))
                .map(|member| quoted(&member.name))
                .collect()
        },
    ),
    rule(
        ("link", Warning),
        "A wheel has no links, and links of an sdist stay within it.",
        "put the file itself there",
        "PEP 706; PEP 778",
        links,
    ),
    rule(
        ("device", Warning),
        "No member is a device or a pipe.",
        "leave it out",
        "PEP 706",
        |it| {
            let special = it.members().iter().filter(|member| member.class == Class::Special);
            special.map(|member| quoted(&member.name)).collect()
        },
    ),
    rule(
        ("member", Warning),
        "Every member can be unpacked, without a password, to what is announced.",
        REBUILD,
        "APPNOTE 6.3.10",
        |it| {
            let told = it.files().filter_map(|member| {
                let why = if member.encrypted {
                    Some("it is encrypted")
                } else {
                    member.wrong.as_deref()
                };
                why.map(|why| format!("{}: {}", quoted(&member.name), super::naming::harmless(why)))
            });
            told.collect()
        },
    ),
    rule(
        ("case", Warning),
        "No two members differ in capitals only: on many systems they are one file.",
        "rename one of them",
        "sanity",
        case,
    ),
];

fn too_large(it: &Subject<'_>, limit: u64) -> Vec<String> {
    if it.size <= limit {
        return Vec::new();
    }
    vec![format!("it has {} bytes, and {limit} are the most", it.size)]
}

fn zip_ratio(it: &Subject<'_>) -> Vec<String> {
    let size = it.members().iter().fold(0_u64, |sum, member| sum.saturating_add(member.size));
    if !it.is_wheel() || size <= BOMB || size <= it.size.saturating_mul(RATIO) {
        return Vec::new();
    }
    vec![format!("it unpacks to {size} bytes")]
}

fn top_folder_name(it: &Subject<'_>) -> Vec<String> {
    let stem = it.name.strip_suffix(".tar.gz").unwrap_or_default();
    let top = it.top();
    if !it.is_sdist() || it.parts.is_err() || top.is_empty() || top == stem {
        return Vec::new();
    }
    vec![format!("{} and not {}", quoted(&top), quoted(stem))]
}

/// Whether a name may lead out of the folder that an archive is unpacked to.
fn strays(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    name.starts_with('/')
        || name.contains('\\')
        || drive
        || name.split('/').any(|part| part == "..")
}

fn links(it: &Subject<'_>) -> Vec<String> {
    let wheel = it.kind() == Some(Kind::Wheel);
    let top = it.top();
    let told = it.members().iter().filter_map(|member| {
        let leads = match &member.class {
            Class::Link(_) if wheel => return Some(quoted(&member.name)),
            Class::Link(target) => {
                let folder = member.name.rsplit_once('/').map_or("", |(folder, _)| folder);
                if strays(target) && target.starts_with(['/', '\\']) {
                    None
                } else {
                    resolved(folder, target)
                }
            }
            Class::Same(target) => resolved("", target),
            _ => return None,
        };
        let stays =
            leads.is_some_and(|leads| leads == top || leads.starts_with(&format!("{top}/")));
        let (Class::Link(target) | Class::Same(target)) = &member.class else { return None };
        (!stays).then(|| format!("{} leads to {}", quoted(&member.name), quoted(target)))
    });
    told.collect()
}

/// Where a relative path leads from a folder, if not above all folders.
fn resolved(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn case(it: &Subject<'_>) -> Vec<String> {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    let told = it.files().filter_map(|member| {
        let before = known.insert(member.name.to_lowercase(), &member.name)?;
        (before != member.name).then(|| format!("{} and {}", quoted(before), quoted(&member.name)))
    });
    told.collect()
}
