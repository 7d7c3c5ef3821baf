//! Where a release stands, as one table for people and as one value for programs.
//!
//! Names of files and what remotes said are somebody else's words: they stay on their line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::VERSION;
use super::verified::flat;
use crate::status::{Facts, File, Finding, Judged, Kind, Place, Stage, Told};

/// How much of a digest is shown.
const SHORT: usize = 12;

/// A column of the table: its name, its first cell, and cells by the keys of files.
struct Column {
    name: &'static str,
    whole: String,
    cells: BTreeMap<String, String>,
}

/// The lines for people.
pub fn text(facts: &Facts, judged: &Judged) -> String {
    let mut text = format!("{} {}", flat(&facts.project), flat(&facts.version));
    for (what, value) in [
        ("tag", facts.tagged().or(facts.local.as_ref()).map(|tag| tag.name.as_str())),
        ("repository", facts.repository.as_deref()),
    ] {
        if let Some(value) = value {
            let _ = write!(text, ", {what} {}", flat(value));
        }
    }
    text += "\n\n";
    text += &table(facts, judged);
    text += "\n";
    for finding in &judged.findings {
        let word = if finding.kind == Kind::Differs { "DIFFERS" } else { finding.kind.name() };
        let _ = writeln!(text, "{word:<8} {}", flat(&finding.text));
    }
    if !judged.findings.is_empty() {
        text += "\n";
    }
    let _ = writeln!(text, "next: {}", flat(&judged.next));
    text
}

fn table(facts: &Facts, judged: &Judged) -> String {
    let columns = columns(facts);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (_, files) in facts.files() {
        names.extend(files.iter().map(|file| (file.key(), flat(&file.name))));
    }
    for sent in facts.ledger.iter().filter(|sent| sent.sha256.is_some()) {
        names.entry(key_of(&sent.name)).or_insert_with(|| flat(&sent.name));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    let row = |first: &str, cells: Vec<String>| [vec![first.to_owned()], cells].concat();
    rows.push(row("", columns.iter().map(|column| column.name.to_owned()).collect()));
    rows.push(row("release", columns.iter().map(|column| column.whole.clone()).collect()));
    let apart = judged.findings.iter().filter(|finding| finding.kind == Kind::Differs);
    let apart: BTreeSet<String> =
        apart.filter_map(|finding| finding.file.as_deref()).map(key_of).collect();
    for (key, name) in &names {
        let cell = |column: &Column| match column.cells.get(key) {
            Some(cell) if cell != "-" && apart.contains(key) => format!("{cell} !"),
            cell => cell.cloned().unwrap_or_default(),
        };
        rows.push(row(name, columns.iter().map(cell).collect()));
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// The name by which files of different places are the same.
fn key_of(name: &str) -> String {
    File::new(name, None).key()
}

fn columns(facts: &Facts) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (place, told) in &facts.shelves {
        let whole = match told {
            Told::Unknown(_) => "no answer".to_owned(),
            Told::Holds(shelf) => counted(&shelf.files),
        };
        columns.push(Column { name: place.name(), whole, cells: cells(facts, *place) });
    }
    if let Some(told) = &facts.tag {
        let whole = match told {
            Told::Unknown(_) => "no answer".to_owned(),
            Told::Holds(None) => "-".to_owned(),
            Told::Holds(Some(tag)) => short(&tag.commit),
        };
        columns.push(Column { name: Place::Tag.name(), whole, cells: BTreeMap::new() });
    }
    if let Some(told) = &facts.hub {
        let whole = match told {
            Told::Unknown(_) => "no answer",
            Told::Holds(hub) => match &hub.release {
                None => "-",
                Some(release) if release.draft => "draft",
                Some(release) if release.immutable => "immutable",
                Some(_) => "public",
            },
        };
        let cells = cells(facts, Place::GitHub);
        columns.push(Column { name: Place::GitHub.name(), whole: whole.to_owned(), cells });
    }
    if !facts.ledger.is_empty() || facts.pending > 0 {
        columns.push(ledger(facts));
    }
    columns
}

fn counted(files: &[File]) -> String {
    let yanked = if files.iter().any(|file| file.yanked) { ", yanked" } else { "" };
    match files.len() {
        0 => "-".to_owned(),
        1 => format!("1 file{yanked}"),
        many => format!("{many} files{yanked}"),
    }
}

fn short(text: &str) -> String {
    text.get(..SHORT).unwrap_or(text).to_owned()
}

/// Each file's short digest; `-` for what is elsewhere only, and would be taken here.
fn cells(facts: &Facts, place: Place) -> BTreeMap<String, String> {
    let mut cells = BTreeMap::new();
    let meant = facts.ledger.iter().filter(|sent| sent.sha256.is_some());
    let others = facts.files().flat_map(|(_, files)| files.iter().map(|file| &file.name));
    for name in others.chain(meant.map(|sent| &sent.name)).filter(|name| place.takes(name)) {
        cells.insert(key_of(name), "-".to_owned());
    }
    for (_, files) in facts.files().filter(|(at, _)| *at == place) {
        cells.extend(files.iter().map(|file| (file.key(), cell(file))));
    }
    cells
}

fn cell(file: &File) -> String {
    match &file.sha256 {
        _ if file.half => "half".to_owned(),
        Some(sha256) => short(sha256),
        None => "there".to_owned(),
    }
}

/// What the ledger has of each file: the least that it has come to, of all the places that it goes to.
fn ledger(facts: &Facts) -> Column {
    let rank = |stage: &Stage| match stage {
        Stage::Refused(_) => (0, "refused"),
        Stage::Open => (1, "open"),
        Stage::Done => (2, "done"),
    };
    let mut worst: BTreeMap<String, (u8, &'static str)> = BTreeMap::new();
    for sent in facts.ledger.iter().filter(|sent| sent.sha256.is_some()) {
        let found = rank(&sent.stage);
        let kept = worst.entry(key_of(&sent.name)).or_insert(found);
        *kept = (*kept).min(found);
    }
    let left = facts.unfinished().count() + facts.pending;
    let whole = if left == 0 { "done".to_owned() } else { format!("{left} not done") };
    let cells = worst.into_iter().map(|(key, (_, word))| (key, word.to_owned())).collect();
    Column { name: "ledger", whole, cells }
}

/// The one value for programs.
pub fn json(facts: &Facts, judged: &Judged) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "kind": finding.kind.name(), "place": finding.place.map(Place::name),
            "file": finding.file, "text": finding.text, "final": finding.lasting,
        })
    };
    let sent = |sent: &crate::status::Sent| {
        let (state, reason) = match &sent.stage {
            Stage::Open => ("open", None),
            Stage::Done => ("done", None),
            Stage::Refused(reason) => ("refused", Some(reason)),
        };
        json!({
            "what": sent.what, "name": sent.name, "sha256": sent.sha256, "state": state,
            "reason": reason,
        })
    };
    json!({
        "v": VERSION, "event": "status", "project": facts.project, "version": facts.version,
        "repository": facts.repository, "verdict": judged.verdict.name(), "places": places(facts),
        "findings": judged.findings.iter().map(finding).collect::<Vec<_>>(),
        "ledger": {
            "commit": facts.commit, "pending": facts.pending,
            "effects": facts.ledger.iter().map(sent).collect::<Vec<_>>(),
        },
        "next": judged.next,
    })
}

/// Each place that was asked, with what it holds.
fn places(facts: &Facts) -> Vec<Value> {
    let files = |files: &[File]| -> Vec<Value> {
        let one = |file: &File| {
            let File { name, sha256, half, yanked } = file;
            json!({ "name": name, "sha256": sha256, "half": half, "yanked": yanked })
        };
        files.iter().map(one).collect()
    };
    let row = |place: Place, why: Option<&String>, more: Value| {
        let state = match why {
            Some(_) => "unknown",
            None if facts.holds(place) => "holds",
            None => "nothing",
        };
        let mut row = json!({ "place": place.name(), "state": state, "why": why });
        if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
            row.extend(more);
        }
        row
    };
    let mut rows: Vec<Value> = Vec::new();
    for (place, told) in &facts.shelves {
        let held = told.held().map(|shelf| files(&shelf.files)).unwrap_or_default();
        rows.push(row(*place, unknown(told), json!({ "files": held })));
    }
    if let Some(told) = &facts.tag {
        let tag = facts.tagged();
        let more = json!({
            "tag": tag.map(|tag| &tag.name), "commit": tag.map(|tag| &tag.commit),
        });
        rows.push(row(Place::Tag, unknown(told), more));
    }
    if let Some(told) = &facts.hub {
        let release = facts.release();
        let more = json!({
            "tag": release.map(|release| &release.tag), "draft": release.map(|release| release.draft),
            "immutable": release.map(|release| release.immutable),
            "files": release.map(|release| files(&release.files)).unwrap_or_default(),
        });
        rows.push(row(Place::GitHub, unknown(told), more));
    }
    rows
}

fn unknown<T>(told: &Told<T>) -> Option<&String> {
    match told {
        Told::Unknown(why) => Some(why),
        Told::Holds(_) => None,
    }
}
