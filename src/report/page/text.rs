//! The page of a plan as lines for a terminal.

use std::fmt::Write as _;

use super::{
    COLUMNS, Earlier, File, Inside, Page, addresses, ahead, changes, facts, rows, said, shown,
    since, sum,
};
use crate::model::artifact::human_size;

/// The page as text.
pub fn text(page: &Page<'_>) -> String {
    let plan = page.plan;
    let pair = |(name, value): (&str, String)| vec![name.to_owned(), value];
    let mut text = table("plan", facts(plan).into_iter().map(pair));
    let head = COLUMNS.map(str::to_owned).to_vec();
    let effects = rows(plan).into_iter().map(|row| row.to_vec());
    text += &table("what goes where", std::iter::once(head).chain(effects));
    let places = addresses(plan).into_iter().map(|(place, address)| vec![place, address]);
    text += &table("addresses", places);
    let there = ahead(plan).into_iter().map(|(place, versions)| vec![place, versions]);
    text += &table("versions there that are not older", there);
    let guards = plan.guards.iter().map(|guard| {
        let (state, found) = said(guard);
        vec![guard.guard.clone(), state.to_owned(), found]
    });
    text += &table("guards, when the plan was made", guards);
    for one in &page.files {
        text += &file(one);
    }
    text
}

/// Rows in columns below a title; nothing without rows.
fn table(title: &str, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let safe = |row: Vec<String>| row.iter().map(|cell| shown(cell)).collect();
    let rows: Vec<Vec<String>> = rows.into_iter().map(safe).collect();
    if rows.is_empty() {
        return String::new();
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    let mut text = format!("{title}\n");
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        let _ = writeln!(text, "  {}", line.trim_end());
    }
    text + "\n"
}

fn file(file: &File<'_>) -> String {
    let name = shown(file.artifact.file_name());
    let digest = &file.artifact.sha256;
    let mut text = match &file.inside {
        Inside::Members(members) => {
            let mut text = format!("{name}: {}\n  sha256 {digest}\n", sum(members));
            for member in members {
                let _ = writeln!(text, "  {:>9}  {}", human_size(member.size), shown(&member.name));
            }
            text
        }
        Inside::Plain => {
            format!("{name}: {}, no archive\n  sha256 {digest}\n", human_size(file.artifact.size))
        }
        Inside::Unknown(why) => format!("{name}: {}\n  sha256 {digest}\n", shown(why)),
    };
    if let Some(line) = since(&file.earlier) {
        let _ = writeln!(text, "  {}", shown(&line));
    }
    if let Earlier::Found(_, difference) = &file.earlier {
        for line in changes(difference) {
            let _ = writeln!(text, "    {}", shown(&line));
        }
    }
    text + "\n"
}
