//! Rounds, and the table of their medians.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often each side is measured, after one round that only warms it.
pub const ROUNDS: usize = 5;

/// What one measurement came to: times by name of their row.
pub type Sample = BTreeMap<String, Duration>;

/// Measures `sides` in turns, each round with another first; the samples of each.
pub fn in_turns<const N: usize>(sides: [&mut dyn FnMut() -> Sample; N]) -> [Vec<Sample>; N] {
    let mut samples = [const { Vec::new() }; N];
    for round in 0..=ROUNDS {
        for turn in 0..N {
            let side = (round + turn) % N;
            let sample = sides[side]();
            if round > 0 {
                samples[side].push(sample);
            }
        }
    }
    samples
}

/// The times of a row in rising order.
fn sorted(samples: &[Sample], row: &str) -> Vec<Duration> {
    let mut times: Vec<Duration> =
        samples.iter().filter_map(|sample| sample.get(row).copied()).collect();
    times.sort();
    times
}

/// The middle of a row's times.
pub fn median(samples: &[Sample], row: &str) -> Duration {
    let times = sorted(samples, row);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// All rows of these samples, the longest first.
pub fn rows(samples: &[Sample]) -> Vec<String> {
    let names: BTreeSet<&String> = samples.iter().flat_map(|sample| sample.keys()).collect();
    let mut rows: Vec<String> = names.into_iter().cloned().collect();
    rows.sort_by_key(|row| Reverse(median(samples, row)));
    rows
}

/// Prints a line for each row: median, least and most.
pub fn alone(title: &str, rows: &[String], samples: &[Sample]) {
    println!("\n{title}");
    println!("  {:<52} {:>9} {:>9} {:>9}", "", "median", "least", "most");
    for row in rows {
        let times = sorted(samples, row);
        let least = times.first().copied().unwrap_or_default();
        let most = times.last().copied().unwrap_or_default();
        let middle = shown(median(samples, row));
        println!("  {row:<52} {middle:>9} {:>9} {:>9}", shown(least), shown(most));
    }
}

/// Prints a line for each row that both sides have: both medians, and how many times the second the
/// first is.
pub fn beside(title: &str, other: &str, rows: &[&str], samples: &[Vec<Sample>; 2]) {
    println!("\n{title}");
    println!("  {:<52} {:>9} {:>16} {:>7}", "medians", "rel", other, "ratio");
    for row in rows {
        let [ours, theirs] = [0, 1].map(|side| median(&samples[side], row));
        let ratio = if theirs.is_zero() {
            String::new()
        } else {
            format!("{:.2}", ours.as_secs_f64() / theirs.as_secs_f64())
        };
        println!("  {row:<52} {:>9} {:>16} {ratio:>7}", shown(ours), shown(theirs));
    }
}

/// A time in milliseconds; none for a row that a side does not have.
fn shown(time: Duration) -> String {
    if time.is_zero() { "–".into() } else { format!("{:.1} ms", time.as_secs_f64() * 1e3) }
}
