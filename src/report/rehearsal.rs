//! What a rehearsal tells at its end: which services were asked what, who refused, and who has no part
//! in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::rehearse::world::{By, Exchange};

/// Longest list of single things.
const SHOWN: usize = 10;

/// Changes that are not part of the rehearsal.
pub fn left_out(changes: &[String]) -> String {
    let what = "these changes are not committed, and left out (`--dirty` takes them along)";
    let mut lines = vec![format!("rehearsing HEAD: {what}")];
    lines.extend(changes.iter().take(SHOWN).map(|line| format!("  {line}")));
    let more = changes.len().saturating_sub(SHOWN);
    lines.extend((more > 0).then(|| format!("  and {more} more")));
    lines.join("\n") + "\n"
}

/// The summary for people.
pub fn text(tag: &str, offline: bool, record: &[Exchange]) -> String {
    let but = if offline { ", and nothing was asked outside" } else { " but requests to read" };
    let mut lines = vec![format!("\nrehearsal of {tag}: nothing has left this machine{but}")];
    for (host, (reads, writes, refused)) in counted(record, By::World) {
        let counts = format!("{}, {}", plural(reads, "read"), plural(writes, "write"));
        let refused = if refused > 0 { format!(", {refused} refused") } else { String::new() };
        lines.push(format!("  {host:<42} {counts}{refused}"));
    }
    if let Some((reads, hosts)) = read(record, By::Outside) {
        lines.push(format!("  {} outside: {hosts}", plural(reads, "read")));
    }
    lines.extend(told_of_kept(offline, record));
    for (host, (reads, writes, _)) in counted(record, By::Nobody) {
        let what = plural(reads + writes, "request");
        lines.push(format!("  kept back: {what} to {host}, which has no part in this"));
    }
    let told = |(rule, source)| format!("  refused by {rule} ({source})");
    lines.extend(refusals(record).take(SHOWN).map(told));
    lines.join("\n") + "\n"
}

/// What a rehearsal cannot tell. `hole`: why programs could reach the network, if they could.
pub fn limits(hole: Option<&str>) -> String {
    let isolation = match hole {
        None => "isolation: the run saw no network but this world (a network namespace)".to_owned(),
        Some(why) => format!(
            "isolation: a program that ignores its proxy would have reached the network ({why})"
        ),
    };
    let mut lines = vec![format!("  {isolation}"), "  not covered here, ask the services:".into()];
    lines.extend(NOT_COVERED.iter().map(|what| format!("    {what}")));
    lines.join("\n") + "\n"
}

/// What only the real services can tell.
const NOT_COVERED: [&str; 4] = [
    "whether a publisher is registered, for exactly this repository, workflow and environment",
    "whether the names are yours, and what was published under them before",
    "how the repository is set up: environments and who approves, rulesets, what tokens may do",
    "limits of your accounts, and what the services refuse for reasons of their own",
];

/// That the world stays up.
pub fn serving(address: &str) -> String {
    format!("\nlook at it: {address} (until Ctrl-C)\n")
}

/// The same for programs.
pub fn serving_json(address: &str) -> Value {
    json!({ "v": 1, "event": "serving", "address": address })
}

/// The summary for programs.
pub fn json(tag: &str, offline: bool, record: &[Exchange]) -> Value {
    json!({ "v": 1, "event": "rehearsal", "tag": tag, "offline": offline, "requests": record })
}

/// What was not answered by the outside itself.
fn told_of_kept(offline: bool, record: &[Exchange]) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((reads, hosts)) = read(record, By::Kept) {
        lines.push(match (offline, reads) {
            (true, _) => format!("  {} from what is kept: {hosts}", plural(reads, "read")),
            (false, 1) => {
                format!("  1 answer was a kept one: the network did not answer ({hosts})")
            }
            (false, _) => {
                format!("  {reads} answers were kept ones: the network did not answer ({hosts})")
            }
        });
    }
    let missing = record.iter().filter(|exchange| exchange.by == By::Missing);
    let missing: BTreeSet<String> = missing
        .map(|Exchange { method, host, path, .. }| format!("{method} {host}{path}"))
        .collect();
    let what = if offline { "not kept" } else { "no answer, and none kept" };
    lines.extend(missing.iter().take(SHOWN).map(|one| format!("  {what}: {one}")));
    let more = missing.len().saturating_sub(SHOWN);
    lines.extend((more > 0).then(|| format!("  {what}: {more} more")));
    if offline && !missing.is_empty() {
        lines.push("  run once without --offline, and these are kept".into());
    }
    lines
}

/// How many reads were answered so, and of which hosts.
fn read(record: &[Exchange], by: By) -> Option<(usize, String)> {
    let hosts = counted(record, by);
    let reads = hosts.values().map(|counts| counts.0).sum();
    let names: Vec<&str> = hosts.keys().copied().collect();
    (!hosts.is_empty()).then(|| (reads, names.join(", ")))
}

/// Reads, writes and refusals by host.
fn counted(record: &[Exchange], by: By) -> BTreeMap<&str, (usize, usize, usize)> {
    let mut hosts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for exchange in record.iter().filter(|exchange| exchange.by == by) {
        let counts = hosts.entry(&exchange.host).or_default();
        match exchange.method.as_str() {
            "GET" | "HEAD" => counts.0 += 1,
            _ => counts.1 += 1,
        }
        counts.2 += usize::from(exchange.is_refusal());
    }
    hosts
}

fn refusals(record: &[Exchange]) -> impl Iterator<Item = (&'static str, &'static str)> {
    let by_world =
        record.iter().filter(|exchange| exchange.by == By::World && exchange.is_refusal());
    by_world.filter_map(|exchange| exchange.rule)
}

fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
