//! A stop: TERM to every command of a run, a grace, then KILL, with all that they started.
//!
//! What has left its command's process group is known by what it was told (`host::stray`). Turned down:
//! a control group for each task, which few users may make.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::host::stray;

/// How long a group may take to end by itself after TERM.
const GRACE: Duration = Duration::from_secs(5);

/// Ends what belongs to it, and tells whoever asks that it is over. Clones are the same stop.
#[derive(Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Default)]
struct Inner {
    fired: AtomicBool,
    reason: Mutex<String>,
    over: Condvar,
    running: Mutex<BTreeSet<Target>>,
    children: Mutex<Vec<Stop>>,
    listeners: Mutex<Vec<Listener>>,
    killed: AtomicBool,
    kill_listeners: Mutex<Vec<Listener>>,
}

type Listener = Box<dyn Fn() + Send + Sync>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stop {
    /// A stop that also fires when this one does.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Self::default();
        lock(&self.0.children).push(child.clone());
        if self.fired() {
            child.fire(&self.reason());
        }
        child
    }

    /// Forgets a child that has ended.
    pub fn release(&self, child: &Self) {
        lock(&self.0.children).retain(|known| !Arc::ptr_eq(&known.0, &child.0));
    }

    /// Whether it is over.
    pub fn fired(&self) -> bool {
        self.0.fired.load(Ordering::SeqCst)
    }

    /// Why, once it is over.
    pub fn reason(&self) -> String {
        lock(&self.0.reason).clone()
    }

    /// Calls `listener` when it is over; at once if it is already.
    pub fn on_fire(&self, listener: impl Fn() + Send + Sync + 'static) {
        let mut listeners = lock(&self.0.listeners);
        if self.fired() {
            listener();
        }
        listeners.push(Box::new(listener));
    }

    /// Calls `listener` when it is killed; at once if it is already.
    pub fn on_kill(&self, listener: impl Fn() + Send + Sync + 'static) {
        let mut listeners = lock(&self.0.kill_listeners);
        if self.0.killed.load(Ordering::SeqCst) {
            listener();
        }
        listeners.push(Box::new(listener));
    }

    /// Waits for `pause`, or until it is over.
    pub fn wait(&self, pause: Duration) {
        let reason = lock(&self.0.reason);
        let over = |_: &mut String| !self.fired();
        drop(
            self.0
                .over
                .wait_timeout_while(reason, pause, over)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Ends every group with TERM, and after a grace with KILL.
    pub fn fire(&self, reason: &str) {
        if !self.tell(reason) {
            return;
        }
        let children = lock(&self.0.children).clone();
        for child in children {
            child.fire(reason);
        }
        self.signal(false);
        if !lock(&self.0.running).is_empty() {
            let late = self.clone();
            std::thread::spawn(move || {
                std::thread::sleep(GRACE);
                late.signal(true);
            });
        }
    }

    /// Tells everybody that it is over; false if that was told before.
    fn tell(&self, reason: &str) -> bool {
        if !self.0.fired.load(Ordering::SeqCst) {
            reason.clone_into(&mut lock(&self.0.reason));
        }
        if self.0.fired.swap(true, Ordering::SeqCst) {
            return false;
        }
        drop(lock(&self.0.reason));
        self.0.over.notify_all();
        for listener in lock(&self.0.listeners).iter() {
            listener();
        }
        true
    }

    /// Ends every group with KILL, at once.
    pub fn kill(&self) {
        self.tell("killed");
        self.0.killed.store(true, Ordering::SeqCst);
        for listener in lock(&self.0.kill_listeners).iter() {
            listener();
        }
        let children = lock(&self.0.children).clone();
        for child in children {
            child.kill();
        }
        self.signal(true);
    }

    fn signal(&self, kill: bool) {
        for target in lock(&self.0.running).iter() {
            target.signal(kill);
        }
    }

    pub(super) fn enter(&self, target: &Target) {
        lock(&self.0.running).insert(target.clone());
        if self.fired() {
            target.signal(true);
        }
    }

    pub(super) fn leave(&self, target: &Target) {
        lock(&self.0.running).remove(target);
    }
}

/// What a stop ends: a command with all that it started.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pid: u32,
    /// Whether it leads a group of its own; without one it shares rel's, as it has the terminal.
    leads: bool,
    /// The folder by which what has left the group is known (see [`strays`]).
    out: Option<String>,
}

impl Target {
    /// A command by its number; `leads` says whether it leads a group, `out` what it was told as [`OUT`].
    pub(super) fn new(pid: u32, leads: bool, out: Option<String>) -> Self {
        Self { pid, leads, out }
    }

    /// Whether something of its group may run after its end; without a group nobody knows.
    #[cfg(unix)]
    pub(super) fn lives_on(&self) -> bool {
        use rustix::io::Errno;
        use rustix::process::{Pid, test_kill_process_group};
        let group = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let lives = |group| test_kill_process_group(group) != Err(Errno::SRCH);
        !self.leads || group.is_none_or(lives)
    }

    #[cfg(not(unix))]
    pub(super) fn lives_on(&self) -> bool {
        true
    }

    #[cfg(unix)]
    pub(super) fn signal(&self, kill: bool) {
        use rustix::process::{Signal, kill_process, kill_process_group};
        let signal = if kill { Signal::KILL } else { Signal::TERM };
        let send_all = || {
            if let Some(pid) = stray::number(self.pid) {
                let send = if self.leads { kill_process_group } else { kill_process };
                let _ = send(pid, signal);
            }
        };
        match self.out.as_deref() {
            None => send_all(),
            Some(own) => stray::signal(|out| out == own, signal, send_all),
        }
    }

    #[cfg(not(unix))]
    pub(super) fn signal(&self, kill: bool) {
        let _ = kill;
    }
}
