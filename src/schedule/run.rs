//! The threads that run a schedule: each takes what may start next, runs it, and settles what came of it.
//!
//! Bodies are plain blocking functions. An instance without a body ends at once, whoever comes by it.
//! A fired stop starts nothing new. Turned down: an async loop that hands bodies to threads, which
//! wakes two threads for each task.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::diag::{Diagnostic, Kind};
use crate::graph::Node;
use crate::host::stop::Stop;
use crate::model::event::End;
use crate::schedule::state::Schedule;

/// A body's stack: the depths that a script may reach (see `script::engine`) fit on it. Only what is
/// used of it takes memory.
const STACK: usize = 256 << 20;

/// How an instance's body ended.
#[derive(Debug)]
pub enum Ran {
    /// It is done, or may be taken as done.
    Ok(End, Option<String>),
    /// It failed, and what needs it must not run.
    Failed(Box<Diagnostic>),
    /// It failed, and nobody minds.
    Tolerated(Box<Diagnostic>),
}

/// What has to be known of the instances.
pub trait Bodies: Send + Sync {
    /// Whether the instance has anything to do that takes time.
    fn has_work(&self, node: Node) -> bool;
    /// Whether nothing else may run beside it.
    fn runs_alone(&self, node: Node) -> bool;
    /// How long it may take.
    fn timeout(&self, node: Node) -> Option<Duration>;
    /// Runs it. Called once for each instance.
    fn run(&self, node: Node, stop: &Stop) -> Ran;
    /// It has ended.
    fn ended(&self, node: Node, ran: Ran, took: Duration);
    /// It will never run, because something it needs failed.
    fn poisoned(&self, node: Node);
    /// It will never run, because the run is over.
    fn cancelled(&self, node: Node);
}

/// Runs `schedule` with up to `jobs` bodies at a time.
///
/// # Errors
/// No thread can be started.
pub fn run(
    schedule: Schedule,
    bodies: &dyn Bodies,
    jobs: usize,
    stop: &Stop,
) -> std::io::Result<()> {
    let threads = jobs.min(schedule.left()).max(1);
    let floor = Floor::new(schedule);
    thread::scope(|scope| {
        for number in 0..threads {
            let work = || floor.work(bodies, stop);
            let started = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            // Fewer threads take longer, but do it.
            if number == 0 {
                started?;
            }
        }
        floor.keep_time();
        std::io::Result::Ok(())
    })?;
    for node in floor.lock().schedule.cancel_rest() {
        bodies.cancelled(node);
    }
    Ok(())
}

/// Where the threads of a run meet.
struct Floor {
    state: Mutex<State>,
    /// Something may start, or nothing ever will.
    room: Condvar,
    /// A limit was set, or the run is over.
    time: Condvar,
}

struct State {
    schedule: Schedule,
    running: usize,
    /// Whether what is running must be alone.
    alone: bool,
    limits: Vec<Limit>,
    over: bool,
}

/// When an instance has to have ended.
struct Limit {
    node: Node,
    at: Instant,
    after: Duration,
    stop: Stop,
}

impl Floor {
    fn new(schedule: Schedule) -> Self {
        let state = State { schedule, running: 0, alone: false, limits: Vec::new(), over: false };
        Self { state: Mutex::new(state), room: Condvar::new(), time: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, bodies: &dyn Bodies, stop: &Stop) {
        while let Some((node, its_stop)) = self.take(bodies, stop) {
            let started = Instant::now();
            let ran = catch_unwind(AssertUnwindSafe(|| bodies.run(node, &its_stop)));
            let ran = ran.unwrap_or_else(|panic| Ran::Failed(Box::new(own_fault(panic.as_ref()))));
            let took = started.elapsed();
            stop.release(&its_stop);
            let mut state = self.lock();
            state.running -= 1;
            state.alone = false;
            state.limits.retain(|limit| limit.node != node);
            settle(&mut state.schedule, bodies, node, ran, took);
        }
    }

    /// What this thread runs next; nothing when the run is over.
    fn take(&self, bodies: &dyn Bodies, stop: &Stop) -> Option<(Node, Stop)> {
        let mut state = self.lock();
        loop {
            if stop.fired() {
                state.schedule.stop();
            }
            match state.schedule.next() {
                Some(node) if !state.alone && !bodies.has_work(node) => {
                    state.schedule.start_next();
                    let ran = bodies.run(node, stop);
                    settle(&mut state.schedule, bodies, node, ran, Duration::ZERO);
                    continue;
                }
                Some(node) if !state.alone => {
                    let alone = bodies.runs_alone(node);
                    if !alone || state.running == 0 {
                        return Some((node, self.start(&mut state, bodies, node, stop)));
                    }
                }
                None if state.running == 0 => {
                    state.over = true;
                    self.room.notify_all();
                    self.time.notify_all();
                    return None;
                }
                _ => {}
            }
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn start(&self, state: &mut State, bodies: &dyn Bodies, node: Node, stop: &Stop) -> Stop {
        state.schedule.start_next();
        state.running += 1;
        state.alone = bodies.runs_alone(node);
        let its_stop = stop.child();
        if let Some(after) = bodies.timeout(node) {
            let at = Instant::now() + after;
            state.limits.push(Limit { node, at, after, stop: its_stop.clone() });
            self.time.notify_one();
        }
        if state.schedule.next().is_some() {
            self.room.notify_one();
        }
        its_stop
    }

    /// Ends what takes too long, until the run is over.
    fn keep_time(&self) {
        let mut state = self.lock();
        while !state.over {
            let now = Instant::now();
            let late = state.limits.extract_if(.., |limit| limit.at <= now).collect::<Vec<_>>();
            if !late.is_empty() {
                // What is ended may be looked for everywhere: others go on meanwhile.
                drop(state);
                for limit in late {
                    let after = limit.after.as_secs_f64();
                    limit.stop.fire(&format!("took longer than {after} s"));
                }
                state = self.lock();
                continue;
            }
            let next = state.limits.iter().map(|limit| limit.at - now).min();
            state = match next {
                None => self.time.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(next) => {
                    let waited = self.time.wait_timeout(state, next);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

fn own_fault(panic: &(dyn Any + Send)) -> Diagnostic {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
    let wrong = Diagnostic::new(Kind::Machine, format!("rel itself failed in this task: {text}"));
    wrong.hint("please report this with the output above")
}

fn settle(schedule: &mut Schedule, bodies: &dyn Bodies, node: Node, ran: Ran, took: Duration) {
    let failed = matches!(ran, Ran::Failed(_));
    bodies.ended(node, ran, took);
    if failed {
        for poisoned in schedule.failed(node) {
            bodies.poisoned(poisoned);
        }
    } else {
        schedule.done(node);
    }
}
