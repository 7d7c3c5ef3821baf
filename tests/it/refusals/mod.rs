//! Each refusal of the world, and what rel says to it.
//!
//! A row is one thing that is wrong, the rule that refuses it, and how the scene is set. What rel prints
//! is in the files of `tests/refusals`, one for each table; `UPDATE_EXPECT=1` rewrites them. The rules are
//! not taken from there: a row fails if another rule has refused.

mod altered;
mod archives;
mod configs;
pub mod dists;
mod manifests;
mod metadata;
mod minting;
pub mod packages;
mod projects;
mod pushes;
mod registry;
mod releases;
mod scene;
mod signing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use expect_test::expect_file;
use rel::rehearse::http::Rule;
use rel::rehearse::world::Exchange;
use rel::rehearse::{crates, git, github, pypi, sigstore};

use scene::{Scene, Told};

/// What is wrong, the rule by which it is refused, and how the scene is set.
type Row = (&'static str, &'static str, fn(&mut Scene));

/// Runs a table's rows side by side, and compares what rel said to the table's file.
fn explained(table: &str, rows: &[Row]) {
    explained_in(Scene::new, table, rows);
}

/// The same in another scene.
fn explained_in(scene: fn() -> Scene, table: &str, rows: &[Row]) {
    let next = AtomicUsize::new(0);
    let said: Mutex<BTreeMap<usize, Result<String, String>>> = Mutex::default();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::SeqCst);
            let Some(row) = rows.get(at) else { break };
            let told = refused(scene(), row);
            said.lock().unwrap().insert(at, told);
        }
    };
    std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(work))));
    let (good, wrong): (Vec<_>, Vec<_>) =
        said.into_inner().unwrap().into_values().partition(Result::is_ok);
    let wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let texts: Vec<String> = good.into_iter().flatten().collect();
    expect_file![format!("../../refusals/{table}.txt")].assert_eq(&texts.join("\n"));
}

/// What rel said in a row's scene, or how that was not the refusal that it should have been.
fn refused(mut scene: Scene, (name, rule, prepare): &Row) -> Result<String, String> {
    prepare(&mut scene);
    let Told { code, text, record } = scene.run();
    let last = record.iter().rfind(|exchange| exchange.rule.is_some() && !looks(exchange));
    let by = last.and_then(|exchange| exchange.rule).map(|(name, _)| name);
    let until = ["\ntasks:", "\nstopped at", "\nNOT FINISHED"]
        .iter()
        .filter_map(|end| text.find(end))
        .min();
    match (last, begin(&text), until) {
        (Some(last), Some(from), Some(until)) if by == Some(*rule) => {
            let said = &text[from..until];
            if said.contains("read the reason") {
                return Err(format!("{name}: rel knows nothing to do: {said}"));
            }
            let said = steady(said);
            Ok(format!("== {name}\n{} by {rule}; rel ends with {code}\n{said}\n", last.status))
        }
        _ => Err(format!("{name}: not refused by {rule} but by {by:?}: {text}")),
    }
}

/// Where it begins: with what git says of its remote, or with rel's own words.
fn begin(text: &str) -> Option<usize> {
    let error = text.find("error:")?;
    Some(text[..error].find("\n  remote: ").map_or(error, |at| at + 1))
}

/// Without what is another in each run: the instant at which to try again, and how long a task took.
fn steady(said: &str) -> String {
    let took = |line: &&str| line.starts_with("publish: FAILED, ");
    let said =
        said.lines().filter(|line| !took(line)).map(str::trim_end).collect::<Vec<_>>().join("\n");
    let (start, end) = ("try again after ", " GMT");
    match said.split_once(start).and_then(|(front, rest)| Some((front, rest.split_once(end)?))) {
        Some((front, (_, rest))) => format!("{front}{start}[instant]{rest}"),
        None => said,
    }
}

/// Whether it only looks what is there.
fn looks(exchange: &Exchange) -> bool {
    let starts = |start: &&str| exchange.path.starts_with(*start);
    let is_page = ["/simple/", "/api/v1/log"].iter().any(starts);
    exchange.method == "GET" && (is_page || exchange.status == 404 && starts(&"/repos/"))
}

/// Rules that no row can break, with the reason.
const ELSEWHERE: &[(&str, &str)] = &[
    ("pypi.not-found", "each row meets it: what is not there yet"),
    ("pypi.too-many-projects", "no clear answer for rel, which tries again for ten seconds"),
    ("pypi.integrity-accept", "rel does not ask for provenance"),
    ("pypi.integrity-disabled", "rel does not ask for provenance"),
    ("pypi.integrity-none", "rel does not ask for provenance"),
    ("crates.authorization-missing", "rel gives back only what it has"),
    ("crates.trusted-token-elsewhere", "rel yanks with the user's own token alone"),
    ("crates.no-such-crate", "rel asks the index alone"),
    ("crates.no-such-version", "rel asks the index alone"),
    ("crates.configs-query", "rel does not list configurations"),
    ("crates.configs-owner", "rel does not list configurations"),
    ("rekor.duplicate", "no refusal for rel: a test of its own in `signing`"),
];

const TABLES: &[&[Row]] = &[
    metadata::ROWS,
    archives::ROWS,
    projects::ROWS,
    altered::ROWS,
    minting::ROWS,
    signing::ROWS,
    manifests::ROWS,
    registry::ROWS,
    configs::ROWS,
    releases::ROWS,
    pushes::ROWS,
];

#[test]
fn every_rule_is_broken_by_a_row_or_out_of_reach() {
    let rows: BTreeSet<&str> = TABLES.iter().copied().flatten().map(|row| row.1).collect();
    let names = |rules: &[Rule]| rules.iter().map(|rule| rule.name).collect::<BTreeSet<&str>>();
    // Most that a forge refuses has nothing to do with a release: each has a test beside the forge.
    let forge = names(&[github::RULES, git::RULES].concat());
    let known = names(&[pypi::RULES, sigstore::RULES, crates::RULES].concat());
    assert!(rows.iter().all(|rule| known.contains(rule) || forge.contains(rule)), "{rows:?}");
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|row| row.0).collect();
    assert_eq!(known.difference(&rows).copied().collect::<BTreeSet<_>>(), elsewhere);
}

/// How many of [`faulty_files`] come first whose metadata alone is at fault.
pub const FAULTS_OF_METADATA: usize = metadata::ROWS.len();

/// The rows that the index refuses for what is in a file: their names, rules and files.
pub fn faulty_files() -> Vec<(&'static str, &'static str, Vec<dists::File>)> {
    let of = |(name, rule, prepare): &Row| {
        let mut scene = Scene::new();
        prepare(&mut scene);
        (*name, *rule, scene.files)
    };
    metadata::ROWS.iter().chain(archives::ROWS).map(of).collect()
}

#[test]
fn no_two_rows_of_a_table_have_one_name() {
    for rows in TABLES {
        let mut names = BTreeSet::new();
        rows.iter().for_each(|(name, ..)| assert!(names.insert(*name), "{name}"));
    }
}
