//! Hears a command to its end on the thread that started it: one `poll` over its streams and, where
//! the system tells the end of a process that way (`pidfd_open(2)`), over that too.
//!
//! Turned down: `SIGCHLD`, which belongs to the whole process, and waiting for the end of the streams
//! alone: what a command leaves running may hold them open.

use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;

use super::Stream;
use crate::host::stray::end_of;

/// How long output is read after a command has ended, if something it started holds it open.
const LINGER: Duration = Duration::from_secs(1);
/// How often it is asked whether a command has ended, where nothing else tells.
const TICK: Duration = Duration::from_millis(50);
/// How much is read at once, in bytes.
const PIECE: usize = 32 * 1024;

/// Passes on what comes until the command has ended and its streams are closed. What it left running
/// may hold them open: that is waited for only shortly.
pub(super) fn hear(child: &mut Child, mut streams: Vec<Stream<'_>>) -> io::Result<ExitStatus> {
    let end = end_of(Pid::from_child(child));
    let tells = end.is_some();
    let mut buffer = Vec::new();
    let mut ended: Option<(ExitStatus, Instant)> = None;
    while !streams.is_empty() {
        let wait = match &ended {
            // What a command left running may print for ever: the time counts, not what is there.
            Some((_, deadline)) => Some(deadline.saturating_duration_since(Instant::now())),
            None => (!tells).then_some(TICK),
        };
        if ended.is_some() && wait.is_some_and(|left| left.is_zero()) {
            break;
        }
        let end = end.as_ref().filter(|_| ended.is_none());
        let Ok((ready, over)) = ready(&streams, end, wait) else { break };
        for at in ready.into_iter().rev() {
            if !pass_on(&mut streams[at], &mut buffer) {
                streams.remove(at);
            }
        }
        if ended.is_none() && (over || !tells) {
            ended = child.try_wait()?.map(|status| (status, Instant::now() + LINGER));
        }
    }
    // What has been heard of a stream that stays open is all that will be.
    streams.drain(..).for_each(|stream| (stream.each)(None));
    ended.map_or_else(|| child.wait(), |(status, _)| Ok(status))
}

/// The streams that have something to say, or have ended, and whether the command has.
fn ready(
    streams: &[Stream<'_>],
    end: Option<&OwnedFd>,
    wait: Option<Duration>,
) -> io::Result<(Vec<usize>, bool)> {
    let told = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
    let mut all: Vec<PollFd<'_>> =
        streams.iter().map(|stream| told(stream.reader.as_fd())).collect();
    all.extend(end.map(|end| told(end.as_fd())));
    let wait = wait.and_then(|wait| Timespec::try_from(wait).ok());
    match poll(&mut all, wait.as_ref()) {
        Err(error) if error != rustix::io::Errno::INTR => return Err(error.into()),
        _ => {}
    }
    let is_ready = |at: &usize| !all[*at].revents().is_empty();
    let over = (streams.len()..all.len()).any(|at| is_ready(&at));
    Ok(((0..streams.len()).filter(is_ready).collect(), over))
}

/// Passes on what a stream has to say; false at its end. One that cannot be read any more is as good
/// as closed.
fn pass_on(stream: &mut Stream<'_>, buffer: &mut Vec<u8>) -> bool {
    buffer.resize(PIECE, 0);
    match stream.reader.read(buffer) {
        Ok(read) if read > 0 => (stream.each)(Some(&buffer[..read])),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        _ => {
            (stream.each)(None);
            return false;
        }
    }
    true
}
