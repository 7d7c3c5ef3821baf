//! Hears a command to its end where pipes cannot be polled: a thread for each stream.

use std::io::{self, Read as _};
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::Stream;

/// How long output is read after a command has ended, if something it started holds it open.
const LINGER: Duration = Duration::from_secs(1);
/// How often it is asked whether a command has ended.
const TICK: Duration = Duration::from_millis(50);
/// How much is read at once, in bytes.
const PIECE: usize = 32 * 1024;

/// Passes on what comes until the command has ended and its streams are closed. What it left running
/// may hold them open: that is waited for only shortly.
pub(super) fn hear(child: &mut Child, streams: Vec<Stream<'_>>) -> io::Result<ExitStatus> {
    // Bounded, so that a flood of output waits in the pipe and not in memory.
    let (tell, news) = mpsc::sync_channel::<(usize, Option<Vec<u8>>)>(64);
    let mut hearers = Vec::new();
    for (at, Stream { mut reader, each }) in streams.into_iter().enumerate() {
        hearers.push(Some(each));
        let tell = tell.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; PIECE];
            // A stream that cannot be read any more is as good as closed.
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if tell.send((at, Some(buffer[..read].to_vec()))).is_err() {
                    return;
                }
            }
            let _ = tell.send((at, None));
        });
    }
    let mut ended: Option<(ExitStatus, Instant)> = None;
    while hearers.iter().any(Option::is_some) {
        if ended.as_ref().is_some_and(|(_, deadline)| Instant::now() >= *deadline) {
            break;
        }
        match news.recv_timeout(TICK) {
            Ok((at, piece)) => {
                if let Some(each) = &mut hearers[at] {
                    each(piece.as_deref());
                }
                if piece.is_none() {
                    hearers[at] = None;
                }
            }
            Err(_) => {}
        }
        if ended.is_none() {
            ended = child.try_wait()?.map(|status| (status, Instant::now() + LINGER));
        }
    }
    hearers.iter_mut().flatten().for_each(|each| each(None));
    ended.map_or_else(|| child.wait(), |(status, _)| Ok(status))
}
