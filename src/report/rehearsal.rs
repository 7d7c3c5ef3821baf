//! What a rehearsal tells at its end: which services were asked what, who refused, and who has no part
//! in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::diag::Exit;
use crate::rehearse::fault::Struck;
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

/// That the same command is run once more.
pub fn again(ended: Exit) -> String {
    format!("\nrehearsal: it ended with {} under a fault; the same command again\n", ended.0)
}

/// All that there is to tell.
pub struct Rehearsed<'a> {
    /// The tag.
    pub tag: &'a str,
    /// Whether nothing was asked outside.
    pub offline: bool,
    /// What was asked.
    pub requests: &'a [Exchange],
    /// Faults that were asked for.
    pub faults: &'a [Struck],
    /// How the release ended, and how the same command did that was run once more.
    pub ends: [Option<Exit>; 2],
    /// Why programs could reach the network, if they could.
    pub hole: Option<&'a str>,
    /// The root that verifies what was signed, if anything was.
    pub trusted_root: Option<&'a Path>,
}

impl Rehearsed<'_> {
    /// The summary for people.
    pub fn text(&self) -> String {
        let but =
            if self.offline { ", and nothing was asked outside" } else { " but requests to read" };
        let mut lines =
            vec![format!("\nrehearsal of {}: nothing has left this machine{but}", self.tag)];
        for (host, (reads, writes, refused)) in counted(self.requests, By::World) {
            let counts = format!("{}, {}", plural(reads, "read"), plural(writes, "write"));
            let refused = if refused > 0 { format!(", {refused} refused") } else { String::new() };
            lines.push(format!("  {host:<42} {counts}{refused}"));
        }
        if let Some((reads, hosts)) = read(self.requests, By::Outside) {
            lines.push(format!("  {} outside: {hosts}", plural(reads, "read")));
        }
        lines.extend(told_of_kept(self.offline, self.requests));
        for (host, (reads, writes, _)) in counted(self.requests, By::Nobody) {
            let what = plural(reads + writes, "request");
            lines.push(format!("  kept back: {what} to {host}, which has no part in this"));
        }
        let told = |(rule, source)| format!("  refused by {rule} ({source})");
        lines.extend(refusals(self.requests).take(SHOWN).map(told));
        lines.extend(self.faults.iter().map(told_of_fault));
        if let [Some(first), Some(again)] = self.ends {
            let (first, again) = (first.0, again.0);
            lines.push(format!("  ended with {first}; the same command again with {again}"));
        }
        lines.extend(self.trusted_root.map(|root| {
            format!(
                "  signed with keys of this world: `rel verify … --trusted-root {}`",
                root.display()
            )
        }));
        lines.extend(limits(self.hole));
        lines.join("\n") + "\n"
    }

    /// The summary for programs.
    pub fn json(&self) -> Value {
        let ends: Vec<u8> = self.ends.iter().flatten().map(|end| end.0).collect();
        json!({
            "v": 1, "event": "rehearsal", "tag": self.tag, "offline": self.offline,
            "requests": self.requests, "faults": self.faults, "ends": ends,
            "isolated": self.hole.is_none(), "trusted_root": self.trusted_root,
        })
    }
}

/// What a rehearsal cannot tell.
fn limits(hole: Option<&str>) -> Vec<String> {
    let isolation = match hole {
        None => "isolation: the run saw no network but this world (a network namespace; not apart are files, and \
                 sockets that are files)".to_owned(),
        Some(why) => format!(
            "isolation: a program that ignores its proxy would have reached the network ({why})"
        ),
    };
    let mut lines = vec![format!("  {isolation}"), "  not covered here, ask the services:".into()];
    lines.extend(NOT_COVERED.iter().map(|what| format!("    {what}")));
    lines
}

/// What only the real services can tell.
const NOT_COVERED: [&str; 5] = [
    "whether a publisher is registered, for exactly this repository, workflow and environment",
    "whether crates are there: the first version of a new one takes a token",
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

fn told_of_fault(Struck { fault, times }: &Struck) -> String {
    match times {
        0 => format!("  never struck: {fault} (no such request was made)"),
        times => format!("  struck: {fault} ({})", plural(*times, "time")),
    }
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
