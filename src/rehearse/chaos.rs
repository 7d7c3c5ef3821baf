//! One blow at one request: the release is killed there, or the service fails, and the same command has
//! to finish it.
//!
//! A release can be struck where it changes something, and where rel itself looks, since its next step
//! hangs on what it sees. Between two such requests it only writes to its own disk. Turned down: blows at
//! moments in time, which nobody can repeat.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde::Serialize;

use super::fault::{Kind, Strikes};
use super::http::{Reply, Request};
use super::world::World;

/// A request at which a release can be struck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Method, host and path.
    pub request: String,
    /// Whether it changes something.
    pub writes: bool,
}

/// What strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// The run is killed, and the service has done nothing.
    KilledBefore,
    /// The service has done its part, and the run is killed.
    KilledAfter,
    /// The service fails.
    Fault(Kind),
}

impl Blow {
    /// Which ends of a run are tried at a point: to a request to read both are one.
    pub fn kills(point: &Point) -> Vec<Self> {
        if point.writes {
            vec![Self::KilledBefore, Self::KilledAfter]
        } else {
            vec![Self::KilledBefore]
        }
    }

    /// Which failures are tried at a point: all.
    pub fn faults(_: &Point) -> Vec<Self> {
        Kind::all().into_iter().map(Self::Fault).collect()
    }

    /// Whether the service has done its part.
    pub fn has_acted(self) -> bool {
        matches!(self, Self::KilledAfter | Self::Fault(Kind::Lost | Kind::Truncated))
    }

    /// In words, before the request.
    pub fn words(self) -> String {
        match self {
            Self::KilledBefore => "killed before".into(),
            Self::KilledAfter => "killed after".into(),
            Self::Fault(kind) => format!("{} at", kind.name()),
        }
    }
}

type Kill = Box<dyn Fn() + Send + Sync>;

/// Counts the requests of a release, and strikes at one of them.
#[derive(Default)]
pub struct Striker {
    at: Option<(usize, Blow)>,
    points: Mutex<Vec<Point>>,
    struck: AtomicBool,
    kill: OnceLock<Kill>,
}

impl Striker {
    /// Strikes so at the request with this number, counted from 0.
    pub fn at(number: usize, blow: Blow) -> Self {
        Self { at: Some((number, blow)), ..Self::default() }
    }

    /// Says what kills the run.
    pub fn arm(&self, kill: impl Fn() + Send + Sync + 'static) {
        // It is armed once.
        let _ = self.kill.set(Box::new(kill));
    }

    /// The requests so far.
    pub fn points(&self) -> Vec<Point> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has struck.
    pub fn has_struck(&self) -> bool {
        self.struck.load(Ordering::SeqCst)
    }

    fn due(&self, world: &World, request: &Request) -> Option<Blow> {
        let by_rel = || request.header("user-agent").is_some_and(|agent| agent.starts_with("rel/"));
        if !world.plays(request) || request.reads() && !by_rel() {
            return None;
        }
        let mut points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        points.push(Point {
            request: format!("{} {}{}", request.method, request.host, request.path),
            writes: !request.reads(),
        });
        let (at, blow) = self.at?;
        (at + 1 == points.len() && !self.struck.swap(true, Ordering::SeqCst)).then_some(blow)
    }
}

impl Strikes for Striker {
    fn reply(&self, world: &World, request: &Request) -> Reply {
        let kill = || self.kill.get().into_iter().for_each(|kill| kill());
        match self.due(world, request) {
            None => Reply::Whole(world.answer(request)),
            Some(Blow::KilledBefore) => {
                kill();
                Reply::Cut
            }
            Some(Blow::KilledAfter) => {
                world.answer(request);
                kill();
                Reply::Cut
            }
            Some(Blow::Fault(kind)) => kind.strike(world, request),
        }
    }
}

/// What tells others, as an inventory has it: who may have been told is not told again.
const AT_MOST_ONCE: &str = "notice: ";

/// What is in one list and not in the other, by sign; each as often as it is there. A notice may be missing,
/// and must not be there twice.
pub fn difference(wanted: &[String], got: &[String]) -> Vec<String> {
    let mut missing = wanted.to_vec();
    let mut extra = Vec::new();
    for line in got {
        match missing.iter().position(|known| known == line) {
            Some(at) => _ = missing.remove(at),
            None => extra.push(line),
        }
    }
    missing.retain(|line| !line.starts_with(AT_MOST_ONCE));
    let missing = missing.iter().map(|line| format!("- {line}"));
    missing.chain(extra.into_iter().map(|line| format!("+ {line}"))).collect()
}

/// `count` of the numbers below `all`, evenly spread; all of them if that is no more.
pub fn sample(all: usize, count: usize) -> Vec<usize> {
    let count = count.min(all);
    (0..count).map(|number| number * all / count).collect()
}

#[cfg(test)]
mod tests;
