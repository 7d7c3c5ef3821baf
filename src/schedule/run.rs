//! The loop that runs a schedule: starts what may start, waits for what ends.
//!
//! The only async code of a run. Bodies are plain blocking functions on threads of their own; an
//! instance without a body ends at once, without a thread. A fired stop starts nothing new.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

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

/// What the loop needs to know of the instances.
pub trait Bodies: Send + Sync + 'static {
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

/// Runs `schedule` with up to `jobs` bodies at a time. Returns whether it was interrupted.
///
/// # Errors
/// The runtime cannot be made.
pub fn run(
    schedule: &mut Schedule,
    bodies: &Arc<dyn Bodies>,
    jobs: usize,
    stop: &Stop,
) -> std::io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(jobs.max(1))
        .thread_stack_size(STACK)
        .build()?;
    Ok(runtime.block_on(drive(schedule, bodies, jobs.max(1), stop)))
}

async fn drive(
    schedule: &mut Schedule,
    bodies: &Arc<dyn Bodies>,
    jobs: usize,
    stop: &Stop,
) -> bool {
    let mut running: JoinSet<(Node, Ran, Duration)> = JoinSet::new();
    let over = Arc::new(Notify::new());
    let notice = over.clone();
    stop.on_fire(move || notice.notify_one());
    let mut room = jobs;
    loop {
        while running.len() < room && !stop.fired() {
            let Some(node) = schedule.next() else { break };
            let alone = bodies.runs_alone(node);
            if alone && !running.is_empty() {
                break;
            }
            schedule.start_next();
            if alone {
                room = 1;
            }
            if bodies.has_work(node) {
                let (bodies, stop) = (bodies.clone(), stop.child());
                running.spawn(one(node, bodies, stop));
            } else {
                let ran = bodies.run(node, stop);
                settle(schedule, bodies.as_ref(), node, ran, Duration::ZERO);
            }
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            ended = running.join_next() => {
                room = jobs;
                if let Some(Ok((node, ran, took))) = ended {
                    settle(schedule, bodies.as_ref(), node, ran, took);
                }
            }
            () = over.notified() => schedule.stop(),
        }
    }
    for node in schedule.cancel_rest() {
        bodies.cancelled(node);
    }
    stop.fired()
}

async fn one(node: Node, bodies: Arc<dyn Bodies>, stop: Stop) -> (Node, Ran, Duration) {
    let started = Instant::now();
    let limit = bodies.timeout(node);
    let (inner, its_stop) = (bodies.clone(), stop.clone());
    let mut body = tokio::task::spawn_blocking(move || inner.run(node, &its_stop));
    let joined = match limit {
        None => body.await,
        Some(limit) => match tokio::time::timeout(limit, &mut body).await {
            Ok(joined) => joined,
            Err(_) => {
                stop.fire(&format!("took longer than {} s", limit.as_secs_f64()));
                body.await
            }
        },
    };
    let ran = joined.unwrap_or_else(|panic| {
        let wrong =
            Diagnostic::new(Kind::Machine, format!("rel itself failed in this task: {panic}"));
        Ran::Failed(Box::new(wrong.hint("please report this with the output above")))
    });
    (node, ran, started.elapsed())
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
