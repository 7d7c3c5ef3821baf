//! Rules on what a wheel says of itself: `WHEEL`, `RECORD`, `entry_points.txt`, and which folder they lie in.

use std::collections::BTreeSet;

use super::Level::{Error, Warning};
use super::subject::Subject;
use super::{Rule, quoted, record, rule};

const REBUILD: &str = "rebuild the wheel, and do not change it afterwards";

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("wheel-file", Error),
        "A wheel has `WHEEL` in the `.dist-info` folder of its name.",
        REBUILD,
        "PEP 427; warehouse/forklift/legacy.py",
        |it| lacks(it, "WHEEL"),
    ),
    rule(
        ("metadata-file", Error),
        "A wheel has `METADATA` in the `.dist-info` folder of its name.",
        REBUILD,
        "PEP 427; warehouse/forklift/legacy.py",
        |it| lacks(it, "METADATA"),
    ),
    rule(
        ("record-file", Error),
        "A wheel has `RECORD` in the `.dist-info` folder of its name.",
        REBUILD,
        "PEP 427; warehouse/utils/wheel.py",
        |it| lacks(it, "RECORD"),
    ),
    rule(
        ("entry-points", Error),
        "`entry_points.txt` is an INI file with `=`, and names of scripts are no paths.",
        "mend `[project.scripts]` and `[project.entry-points]`",
        "entry points specification; warehouse/utils/wheel.py",
        entry_points,
    ),
    rule(
        ("record", Warning),
        "`RECORD` lists each file with its size and a sha256 or better, and no others.",
        REBUILD,
        "PEP 376; PEP 427; binary distribution format",
        |it| {
            if !it.is_wheel() {
                return Vec::new();
            }
            it.text(&format!("{}/RECORD", it.dist_info()))
                .map(|text| record::faults(it, text))
                .unwrap_or_default()
        },
    ),
    rule(
        ("wheel-tags", Warning),
        "`WHEEL` has the tags of the file name.",
        "rename with `wheel tags`, which changes both",
        "PEP 427; PEP 425",
        tags,
    ),
    rule(
        ("dist-info", Warning),
        "A wheel has one `.dist-info` folder, and no `.data` folder of another name.",
        REBUILD,
        "PEP 427",
        folders,
    ),
    rule(
        ("empty", Warning),
        "A wheel has something besides what it says of itself.",
        "see that the build backend finds the package",
        "check-wheel-contents W008",
        |it| {
            let inner =
                |name: &str| name.split('/').next().is_some_and(|top| top.ends_with(".dist-info"));
            let empty =
                it.is_wheel() && it.archive.is_ok() && it.files().all(|member| inner(&member.name));
            if empty { vec!["it holds nothing else".into()] } else { Vec::new() }
        },
    ),
    rule(
        ("common-name", Warning),
        "A wheel installs nothing under a name that other projects use too, such as `tests`.",
        "exclude it in the build backend's settings",
        "check-wheel-contents W005",
        common_names,
    ),
];

/// Names at the top of a wheel that no project has for itself.
const COMMON: [&str; 14] = [
    "build",
    "data",
    "dist",
    "doc",
    "docs",
    "example",
    "examples",
    "scripts",
    "src",
    "test",
    "tests",
    "tools",
    "setup.py",
    "__init__.py",
];

fn lacks(it: &Subject<'_>, name: &str) -> Vec<String> {
    let place = format!("{}/{name}", it.dist_info());
    if !it.is_wheel() || it.archive.is_err() {
        return Vec::new();
    }
    match it.member(&place) {
        None => vec![format!("there is no {}", quoted(&place))],
        Some(member) if member.text.is_none() => vec![format!("{} cannot be read", quoted(&place))],
        Some(_) if it.text(&place).is_none() && name == "RECORD" => {
            vec![format!("{} is not UTF-8", quoted(&place))]
        }
        Some(_) => Vec::new(),
    }
}

fn entry_points(it: &Subject<'_>) -> Vec<String> {
    let place = format!("{}/entry_points.txt", it.dist_info());
    match (it.is_wheel(), it.member(&place), it.text(&place)) {
        (true, Some(_), Some(text)) => entry_point_fault(text).into_iter().collect(),
        (true, Some(_), None) => vec!["it cannot be read as UTF-8".into()],
        _ => Vec::new(),
    }
}

/// The first thing that Python's `configparser`, or an index, does not take.
fn entry_point_fault(text: &str) -> Option<String> {
    let (mut sections, mut names) = (BTreeSet::new(), BTreeSet::new());
    let mut section: Option<&str> = None;
    let mut indent = None;
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        let depth = line.len() - line.trim_start().len();
        // A line further in goes on with the value above it.
        if indent.is_some_and(|indent| depth > indent) {
            continue;
        }
        if let Some(name) =
            bare.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name)
        {
            if !sections.insert(name) {
                return Some(format!("line {number}: {} stands twice", quoted(name)));
            }
            (section, indent) = (Some(name), None);
            names.clear();
            continue;
        }
        let Some(section) = section else {
            return Some(format!("line {number} stands in no section"));
        };
        let Some((name, _)) = bare.split_once('=').filter(|(name, _)| !name.trim().is_empty())
        else {
            return Some(format!("line {number} is no `name = value`"));
        };
        let name = name.trim();
        if !names.insert(name) {
            return Some(format!("line {number}: {} stands twice", quoted(name)));
        }
        let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        if ["console_scripts", "gui_scripts"].contains(&section) && !name.chars().all(letter) {
            return Some(format!("line {number}: {} is no name of a script", quoted(name)));
        }
        indent = Some(depth);
    }
    None
}

/// Each tag of three parts that sets of tags stand for.
fn expanded(tag: &str) -> BTreeSet<String> {
    let parts: Vec<&str> = tag.split('-').collect();
    let [pythons, abis, platforms] = parts.as_slice() else {
        return BTreeSet::from([tag.to_owned()]);
    };
    let mut all = BTreeSet::new();
    for python in pythons.split('.') {
        for abi in abis.split('.') {
            all.extend(platforms.split('.').map(|platform| format!("{python}-{abi}-{platform}")));
        }
    }
    all
}

fn tags(it: &Subject<'_>) -> Vec<String> {
    let text =
        it.text(&format!("{}/WHEEL", it.dist_info())).filter(|_| it.is_wheel() && it.parts.is_ok());
    let Some(text) = text else { return Vec::new() };
    let told = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.trim() == "Tag");
    let told: BTreeSet<String> = told.flat_map(|(_, tag)| expanded(tag.trim())).collect();
    let stem = it.name.strip_suffix(".whl").unwrap_or_default();
    let parts: Vec<&str> = stem.rsplitn(4, '-').take(3).collect();
    let named = expanded(&parts.into_iter().rev().collect::<Vec<_>>().join("-"));
    let alone = |one: &BTreeSet<String>, other: &BTreeSet<String>, what: &str| -> Vec<String> {
        one.difference(other).map(|tag| format!("{} stands in {what} only", quoted(tag))).collect()
    };
    [alone(&named, &told, "the file name"), alone(&told, &named, "`WHEEL`")].concat()
}

fn folders(it: &Subject<'_>) -> Vec<String> {
    if !it.is_wheel() {
        return Vec::new();
    }
    let stem = it.dist_info().replace(".dist-info", "");
    let tops: BTreeSet<&str> = it
        .members()
        .iter()
        .filter_map(|member| member.name.split_once('/'))
        .map(|(top, _)| top)
        .collect();
    let ours = |top: &str| {
        [".dist-info", ".data"]
            .iter()
            .all(|end| top.strip_suffix(end).is_none_or(|name| name == stem))
    };
    tops.into_iter().filter(|top| !ours(top)).map(quoted).collect()
}

fn common_names(it: &Subject<'_>) -> Vec<String> {
    let tops: BTreeSet<&str> =
        it.files().map(|member| member.name.split('/').next().unwrap_or_default()).collect();
    let named = |top: &&str| it.is_wheel() && COMMON.contains(top);
    tops.into_iter().filter(named).map(quoted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_points_are_read_as_python_reads_them() {
        let good = [
            "",
            "[console_scripts]\na-b.c = d:e\n",
            "# x\n[x.y]\na b = c\n  goes on\n\n[console_scripts]\na=b\n",
            "[x]\na =\n b = c\n",
        ];
        assert!(good.iter().all(|text| entry_point_fault(text).is_none()));
        let table = [
            ("a = b\n", "line 1 stands in no section"),
            ("[x]\na : b\n", "line 2 is no `name = value`"),
            ("[x]\n = b\n", "line 2 is no `name = value`"),
            ("[x]\n[x]\n", "line 2: `x` stands twice"),
            ("[x]\na=1\na=2\n", "line 3: `a` stands twice"),
            ("[gui_scripts]\n../a = b\n", "line 2: `../a` is no name of a script"),
        ];
        for (text, wanted) in table {
            assert_eq!(entry_point_fault(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn sets_of_tags_stand_for_all_of_them() {
        let all: Vec<String> = expanded("py2.py3-none-any").into_iter().collect();
        assert_eq!(all, ["py2-none-any", "py3-none-any"]);
        assert_eq!(expanded("cp39-abi3-a.b").len(), 2);
        assert_eq!(expanded("odd").len(), 1);
    }
}
