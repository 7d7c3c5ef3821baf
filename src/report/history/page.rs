//! The page of a run: one file of HTML that needs nothing else, and does nothing.
//!
//! It has no script and asks for nothing, and says so to the browser (Content Security Policy, W3C): what a task
//! printed could then do no harm even if it were not escaped. Names are written so that each of their characters
//! is seen; output loses what would control a terminal. Turned down: a page that fetches its data, which
//! cannot be sent to anybody.

use std::fmt::Write as _;

use super::html::{escaped, name};
use super::{ended, facts, said, task_end, timeline, words};
use crate::history::{Finish, Record, State, Task};
use crate::model::artifact::human_size;
use crate::report::clean;
use crate::report::text::{held, seconds};

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub fn html(record: &Record) -> String {
    let title = name(&words(&record.brief));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title} <em>{}</em></h1>\n<dl>\n",
        ended(&record.brief.state),
    );
    for (key, fact) in facts(&record.brief) {
        let _ = writeln!(page, "<dt>{key}</dt><dd>{}</dd>", name(&fact));
    }
    page.push_str("</dl>\n");
    what_was_said(&mut page, record);
    time(&mut page, record);
    tasks(&mut page, record);
    artifacts(&mut page, record);
    plan(&mut page, record);
    proof(&mut page, record);
    page.push_str("</body>\n</html>\n");
    page
}

fn what_was_said(page: &mut String, record: &Record) {
    for one in &record.said {
        let class = if one.warning { "warning" } else { "error" };
        let lines: Vec<String> = said(one).iter().map(|line| name(line)).collect();
        let _ = writeln!(page, "<pre class=\"{class}\">{}</pre>", lines.join("\n"));
    }
}

fn time(page: &mut String, record: &Record) {
    let none = Finish::default();
    let finish = match &record.brief.state {
        State::Finished(finish) => finish,
        _ => &none,
    };
    let picture = timeline::svg(&record.tasks, &finish.critical_path);
    if picture.is_empty() {
        return;
    }
    let _ = write!(page, "<h2>Time</h2>\n{picture}");
    let leg =
        |leg: &crate::history::Leg| format!("{} {}", name(&leg.task), seconds(leg.millis.into()));
    let path: Vec<String> = finish.critical_path.iter().map(leg).collect();
    if !path.is_empty() {
        let _ = writeln!(page, "<p>Critical path, outlined: {}</p>", path.join(" → "));
    }
}

/// A table with its heading; nothing without rows.
fn table(page: &mut String, heading: &str, columns: &[&str], rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    let columns = format!("<th>{}</th>", columns.join("</th><th>"));
    let _ = write!(
        page,
        "<h2>{heading}</h2>\n<table>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n{}</tbody>\n</table>\n",
        rows.concat()
    );
}

fn cells(cells: &[&str]) -> String {
    format!("<tr><td>{}</td></tr>\n", cells.join("</td><td>"))
}

fn tasks(page: &mut String, record: &Record) {
    let row = |(place, task): (usize, &Task)| {
        let (end, why) = (task_end(task), task.why.as_ref().map(|why| format!(": {}", name(why))));
        let class = if task.end == "failed" { " class=\"failed\"" } else { "" };
        format!(
            "<tr id=\"t{place}\"{class}><td>{}</td><td>{}{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            name(&task.task),
            escaped(&end),
            why.unwrap_or_default(),
            seconds(task.start.into()),
            seconds(task.millis.into()),
            output(task),
        )
    };
    let rows: Vec<String> = record.tasks.iter().enumerate().map(row).collect();
    table(page, "Tasks", &["task", "end", "began after", "took", "output"], &rows);
}

/// What a task said, folded unless it failed.
fn output(task: &Task) -> String {
    if task.log.is_empty() && !task.cut {
        return String::new();
    }
    let (open, count) = (if task.end == "failed" { " open" } else { "" }, task.log.lines().count());
    let plural = if count == 1 { "" } else { "s" };
    let cut = if task.cut { "… what came before was too much to keep\n" } else { "" };
    let text = escaped(&clean::text(&task.log, false));
    format!(
        "<details{open}><summary>{count} line{plural}</summary><pre>{cut}{text}</pre></details>"
    )
}

fn artifacts(page: &mut String, record: &Record) {
    let made =
        record.tasks.iter().flat_map(|task| task.artifacts.iter().map(move |file| (task, file)));
    let rows: Vec<String> = made
        .map(|(task, file)| {
            let (size, digest) =
                (human_size(file.size), format!("<code>{}</code>", name(file.sha256.as_str())));
            cells(&[&name(&task.task), &name(&file.name), &size, &digest])
        })
        .collect();
    table(page, "Artifacts", &["task", "file", "size", "sha256"], &rows);
}

fn plan(page: &mut String, record: &Record) {
    let row = |effect: &crate::history::Effect| {
        let key = format!("<code>{}</code>", name(effect.key.0.short()));
        let there = name(&held(effect.presence.as_ref(), effect.removes));
        cells(&[&name(&effect.task), &name(&effect.summary), &there, &key])
    };
    let rows: Vec<String> = record.plan.iter().map(row).collect();
    let heading = if record.brief.start.live { "Plan" } else { "Plan (dry: nothing was sent)" };
    table(page, heading, &["task", "effect", "on the remote", "key"], &rows);
}

fn proof(page: &mut String, record: &Record) {
    let row = |proof: &crate::history::Proof| {
        let state = match proof.proven {
            Some(true) => "proven",
            Some(false) => "MISSING",
            None => "not provable",
        };
        let digest = name(proof.sha256.as_deref().unwrap_or_default());
        // An address is text here: what a remote answered is no link to follow.
        let url = name(proof.url.as_deref().unwrap_or_default());
        cells(&[
            state,
            &name(&proof.destination),
            &name(&proof.name),
            &format!("<code>{digest}</code>"),
            &url,
        ])
    };
    let rows: Vec<String> = record.proof.iter().map(row).collect();
    table(page, "Proof", &["state", "where", "what", "sha256", "address"], &rows);
}
