//! What `rel rehearse --chaos` tells: a line for each blow, and the story of each that was not made good.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rehearse::chaos::Point;

/// How much of the last run's output a story has, in lines.
const LAST: usize = 12;

/// A release that was struck, and what came of it.
pub struct Tried {
    /// The request.
    pub point: Point,
    /// What struck, in words.
    pub blow: String,
    /// Whether the release came to that request.
    pub struck: bool,
    /// How each run ended; `None` if it was killed.
    pub ends: Vec<Option<u8>>,
    /// Whether rel had to be told what became of a command.
    pub asked: bool,
    /// What its world lacks, and what it has too much of.
    pub difference: Vec<String>,
    /// What the last run printed.
    pub said: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Tried {
    /// Whether it ended well, with the world as it should be.
    pub fn converges(&self) -> bool {
        self.ends.last() == Some(&Some(0)) && self.difference.is_empty()
    }

    /// One line, for who waits.
    pub fn line(&self, number: usize, all: usize) -> String {
        let end = match (self.converges(), self.struck) {
            (false, _) => "DIVERGES",
            (true, true) => "converges",
            (true, false) => "never came to it",
        };
        let (blow, request) = (&self.blow, &self.point.request);
        format!("  {number}/{all} {blow} {request}: {end} ({:.1} s)\n", self.took.as_secs_f64())
    }

    fn story(&self) -> Vec<String> {
        let end = |end: &Option<u8>| end.map_or_else(|| "killed".into(), |code| code.to_string());
        let ends = self.ends.iter().map(end).collect::<Vec<_>>().join(", ");
        let mut lines = vec![
            format!("\ndiverges: {} {}", self.blow, self.point.request),
            format!("  its runs ended with: {ends}"),
        ];
        lines.extend(self.difference.iter().map(|line| format!("  {line}")));
        let from = self.said.len().saturating_sub(LAST);
        lines.extend(self.said[from..].iter().map(|line| format!("  | {line}")));
        lines
    }

    fn json(&self) -> Value {
        json!({
            "request": self.point.request, "writes": self.point.writes, "blow": self.blow,
            "struck": self.struck, "ends": self.ends, "asked": self.asked,
            "converges": self.converges(), "difference": self.difference,
        })
    }
}

/// All of them.
pub struct Told<'a> {
    /// Those that were tried.
    pub tried: &'a [Tried],
    /// How many there should have been.
    pub planned: usize,
    /// How long all took.
    pub took: Duration,
}

impl Told<'_> {
    /// Whether all were tried, and each was made good.
    pub fn holds(&self) -> bool {
        self.tried.len() == self.planned && self.tried.iter().all(Tried::converges)
    }

    /// The summary for people.
    pub fn text(&self) -> String {
        let count =
            |holds: &dyn Fn(&Tried) -> bool| self.tried.iter().filter(|one| holds(one)).count();
        let (struck, good) =
            (count(&|one| one.struck), count(&|one| one.struck && one.converges()));
        let diverging = self.tried.iter().filter(|one| !one.converges());
        let mut lines: Vec<String> = diverging.flat_map(Tried::story).collect();
        let took = self.took.as_secs_f64();
        lines.push(format!("\nchaos: {struck} crash points, {good} converge ({took:.1} s)"));
        let asked = count(&|one| one.asked);
        if asked > 0 {
            lines.push(format!(
                "  {asked} had to be told what became of a command, which cannot be looked up"
            ));
        }
        let missed = count(&|one| !one.struck);
        if missed > 0 {
            lines.push(format!("  {missed} were never come to: not every run asks the same"));
        }
        let left = self.planned - self.tried.len();
        if left > 0 {
            lines.push(format!("  {left} were not tried"));
        }
        lines.join("\n") + "\n"
    }

    /// The summary for programs.
    pub fn json(&self) -> Value {
        let tried: Vec<Value> = self.tried.iter().map(Tried::json).collect();
        json!({ "v": 1, "event": "chaos", "planned": self.planned, "tried": tried })
    }
}
