//! Signals: Ctrl-C, SIGTERM and a closed terminal fire the stop of a run, wherever it is at that
//! moment: else what it has started would outlive it.
//!
//! One thread listens for the whole process, so that no stage of a run is deaf.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::host::stop::Stop;

/// Whether a command has the terminal: then Ctrl-C is meant for it, and reaches it by itself. Of the
/// whole process, as signals are.
static HANDED_OVER: AtomicBool = AtomicBool::new(false);

/// While it lives, Ctrl-C is left to the command that has the terminal.
pub(super) struct HandedOver;

impl HandedOver {
    pub(super) fn new() -> Self {
        HANDED_OVER.store(true, Ordering::SeqCst);
        Self
    }
}

impl Drop for HandedOver {
    fn drop(&mut self) {
        HANDED_OVER.store(false, Ordering::SeqCst);
    }
}

/// Fires `stop` on Ctrl-C and SIGTERM, from now to the end of the process; a second signal kills.
/// The end of a terminal counts only for a run that is `attached` to one: `nohup` detaches all.
///
/// # Errors
/// The system does not let signals be caught.
pub fn stop_on_signals(stop: &Stop, attached: bool) -> io::Result<()> {
    let stop = stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut signals = runtime.block_on(async { Signals::new(attached) })?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            stop.fire("interrupted");
            loop {
                signals.next().await;
                stop.kill();
            }
        })
    });
    Ok(())
}

/// Ctrl-C, SIGTERM, and the end of the terminal.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    quit: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
    /// Whether there is a terminal that sends Ctrl-C to all who are at it.
    #[cfg(unix)]
    attached: bool,
}

impl Signals {
    #[cfg(unix)]
    fn new(attached: bool) -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            hangup: if attached { Some(signal(SignalKind::hangup())?) } else { None },
            attached,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        loop {
            let hangup = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = self.interrupt.recv() => {
                    if self.attached && HANDED_OVER.load(Ordering::SeqCst) { continue }
                }
                _ = self.terminate.recv() => {}
                _ = self.quit.recv() => {}
                _ = hangup => {}
            }
            return;
        }
    }

    #[cfg(not(unix))]
    fn new(_attached: bool) -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
