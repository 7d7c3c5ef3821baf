//! The words in which people are told of a run; each report puts them where it wants.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::clean;
use crate::model::artifact::{Artifact, human_size};
use crate::model::effect::Presence;
use crate::model::event::{Edits, End, Event, Leg, PlanRow, ProofRow, Tally};

/// A time with hundredths of a second.
pub fn seconds(millis: u128) -> String {
    format!("{}.{:02} s", millis / 1000, millis % 1000 / 10)
}

/// A time with tenths of a second, for sums.
pub fn tenths(millis: u128) -> String {
    format!("{}.{} s", millis / 1000, millis % 1000 / 100)
}

/// What an event adds to the log of its task, with that task. What a program printed is cleaned
/// before it is indented, since it may have overwritten its line.
pub fn log(event: &Event, colour: bool) -> Option<(&str, String)> {
    match event {
        Event::Command { task, line, noted } => {
            let mark = if *noted { "would run:" } else { "$" };
            Some((task, format!("  {mark} {line}\n")))
        }
        Event::Output { task, line, .. } => {
            Some((task, format!("  {}\n", clean::text(line, colour))))
        }
        Event::Sent { task, summary, already } => {
            Some((task, format!("  {}: {summary}\n", sent(*already))))
        }
        _ => None,
    }
}

/// The word for an effect that happened.
pub fn sent(already: bool) -> &'static str {
    if already { "already there" } else { "sent" }
}

/// How a task ended, and what it made; nothing for a task that only groups others.
pub fn finished(event: &Event) -> String {
    let Event::TaskFinished { task, end, millis, why, artifacts: made, empty } = event else {
        return String::new();
    };
    if *empty && matches!(end, End::Done | End::Sealed) {
        return String::new();
    }
    let took = match end {
        End::Done | End::Failed => format!(", {}", seconds(*millis)),
        _ => String::new(),
    };
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{task}: {}{took}{why}\n{}", state(*end), artifacts(made))
}

/// What a task made, one line each.
pub fn artifacts(files: &[Artifact]) -> String {
    files.iter().fold(String::new(), |mut text, file| {
        let (size, digest) = (human_size(file.size), file.sha256.short());
        let _ = writeln!(text, "  + {} ({size}, sha256 {digest})", file.name);
        text
    })
}

/// How a task ended, in a few words.
pub fn state(end: End) -> &'static str {
    match end {
        End::Done => "ok",
        End::Sealed => "taken as sealed",
        End::UpToDate => "up to date",
        End::Planned => "described, not sent",
        End::WouldRun => "would run after that",
        End::Skipped => "skipped",
        End::Failed => "FAILED",
        End::Poisoned => "not run: something it needs failed",
        End::Cancelled => "not run",
    }
}

/// The effects of a run.
pub fn plan(rows: &[PlanRow], live: bool) -> String {
    let mut text = format!("\n{}\n", plan_title(rows, live));
    let mut task = "";
    for row in rows {
        if row.task != task {
            task = &row.task;
            let _ = writeln!(text, "  {task}");
        }
        let _ = writeln!(text, "    {}: {}", row.summary, presence(row));
    }
    text
}

/// What stands above the effects of a run.
pub fn plan_title(rows: &[PlanRow], live: bool) -> String {
    let (count, plural) = (rows.len(), if rows.len() == 1 { "" } else { "s" });
    let mode = if live { "live" } else { "dry run: nothing was sent" };
    format!("plan: {count} effect{plural} ({mode})")
}

/// What the remote holds of an effect.
pub fn presence(row: &PlanRow) -> Cow<'static, str> {
    held(row.presence.as_ref(), row.removes)
}

/// What a remote holds where an effect would put something, or takes something away (`removes`).
pub fn held(presence: Option<&Presence>, removes: bool) -> Cow<'static, str> {
    Cow::Borrowed(match presence {
        None => "not looked",
        Some(Presence::Stands(what)) => return format!("DELETES {what}").into(),
        Some(Presence::Other(_)) if removes => "what stands there has to stay",
        Some(Presence::Same) if removes => "nothing to delete",
        Some(Presence::Absent) => "not there yet",
        Some(Presence::Same) => "already there",
        Some(Presence::Other(_)) => "OTHER BYTES are there",
        Some(Presence::Unknowable) => "cannot be looked at",
    })
}

/// What a dry run changed in its stage.
pub fn edits(edits: &Edits) -> String {
    let mut text =
        String::from("\nedits: made in a stage, which is dropped; your checkout is as it was\n");
    for (word, all) in [("commit", &edits.commits), ("tag", &edits.tags)] {
        for one in all {
            let _ = writeln!(text, "  {word} {one}");
        }
    }
    for line in &edits.stat {
        let _ = writeln!(text, " {line}");
    }
    if !edits.patch.is_empty() {
        text.push('\n');
    }
    for line in &edits.patch {
        let _ = writeln!(text, "  {line}");
    }
    if edits.more > 0 {
        let _ = writeln!(text, "  … {} more lines", edits.more);
    }
    if edits.stat.is_empty() && edits.commits.is_empty() && edits.tags.is_empty() {
        text.push_str("  nothing has changed\n");
    }
    text
}

/// What the remotes show after a live run.
pub fn proof(rows: &[ProofRow]) -> String {
    let mut text = String::from("\nproof, as read back from the remotes\n");
    for row in rows {
        let (state, when) = (proven(row), sent_when(row));
        let _ = writeln!(text, "  {state}  {}  {}  {when}", row.destination, row.name);
        if let Some(sha256) = &row.sha256 {
            let _ = writeln!(text, "          sha256 {sha256}");
        }
        if let Some(url) = &row.url {
            let _ = writeln!(text, "          {url}");
        }
    }
    text
}

/// Whether an effect was read back.
pub fn proven(row: &ProofRow) -> &'static str {
    match row.proven {
        Some(true) => "proven",
        Some(false) => "MISSING",
        None => "not provable",
    }
}

/// Which run sent it.
pub fn sent_when(row: &ProofRow) -> &'static str {
    if row.sent_now { "sent now" } else { "sent before" }
}

/// How a run ended. Where its time went is said of longer ones only.
pub fn closing(event: &Event) -> String {
    let Event::RunFinished { millis, message, tally, critical_path, .. } = event else {
        return String::new();
    };
    let pace = pace(*millis, *tally, critical_path).unwrap_or_default();
    format!("{pace}{message} ({})\n", seconds(*millis))
}

/// Shorter runs need no account of their time, in milliseconds.
const SHORT: u128 = 1000;

/// How many tasks ended how, and the slowest chain of them; nothing for a short run.
pub fn pace(millis: u128, tally: Tally, critical_path: &[Leg]) -> Option<String> {
    if millis < SHORT || tally.ok + tally.failed < 2 || critical_path.is_empty() {
        return None;
    }
    let mut text = format!("tasks: {} ok", tally.ok);
    for (count, word) in [(tally.failed, "failed"), (tally.left_out, "not run")] {
        if count > 0 {
            let _ = write!(text, ", {count} {word}");
        }
    }
    let sum: u128 = critical_path.iter().map(|leg| leg.millis).sum();
    let _ = writeln!(
        text,
        "\ncritical path: {}, {} of {}",
        legs(critical_path),
        tenths(sum),
        tenths(millis)
    );
    Some(text)
}

/// Most tasks of a chain that are named.
const MOST_LEGS: usize = 7;

/// The slowest tasks of a chain, in its order.
fn legs(path: &[Leg]) -> String {
    let mut by_time: Vec<u128> = path.iter().map(|leg| leg.millis).collect();
    by_time.sort_unstable_by_key(|millis| std::cmp::Reverse(*millis));
    let least = by_time.get(MOST_LEGS).map_or(0, |millis| millis + 1);
    let mut shown: Vec<String> = Vec::new();
    for leg in path {
        if leg.millis >= least {
            shown.push(format!("{} {}", leg.task, tenths(leg.millis)));
        } else if shown.last().is_none_or(|last| last != "…") {
            shown.push("…".into());
        }
    }
    shown.join(" → ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(millis: &[u128]) -> Vec<Leg> {
        let leg = |(at, millis): (usize, &u128)| Leg { task: format!("t{at}"), millis: *millis };
        millis.iter().enumerate().map(leg).collect()
    }

    #[test]
    fn the_chain_is_told_of_long_runs_of_many_tasks() {
        let tally = Tally { ok: 3, failed: 1, left_out: 2 };
        let told = pace(5130, tally, &path(&[412, 3200, 1000])).unwrap();
        let tasks = "tasks: 3 ok, 1 failed, 2 not run\n";
        assert_eq!(
            told,
            format!("{tasks}critical path: t0 0.4 s → t1 3.2 s → t2 1.0 s, 4.6 s of 5.1 s\n")
        );
        assert_eq!(pace(999, tally, &path(&[400, 400])), None);
        assert_eq!(pace(5000, Tally { ok: 1, ..Tally::default() }, &path(&[400])), None);
    }

    #[test]
    fn of_a_long_chain_the_slowest_are_named() {
        let chain = path(&[9, 900, 9, 9, 800, 700, 600, 500, 400, 300, 9]);
        let named = "… → t1 0.9 s → … → t4 0.8 s → t5 0.7 s → t6 0.6 s → t7 0.5 s → t8 0.4 s → t9 0.3 s → …";
        assert_eq!(legs(&chain), named);
    }
}
