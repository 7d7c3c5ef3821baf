//! Whether this process is the inner half of a rehearsal, and which way its requests then take.
//!
//! The outer half tells it over a socket, and is believed only if the system says that it is our own
//! parent and the same program: no variable, flag or file turns an ordinary live run away from the
//! public services. Turned down: addresses in variables, which anybody could set.

use std::io;

use serde::{Deserialize, Serialize};

/// The only way out of a rehearsed run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Way {
    /// Address of the proxy that all requests go through.
    pub proxy: String,
    /// Certificate (PEM) of the one authority that counts.
    pub authority: String,
    /// The tag of HEAD, if the rehearsal made it up: it says nothing of what is released.
    pub guessed: Option<String>,
}

/// Variable with the path of the outer half's socket.
pub const VARIABLE: &str = "REL_REHEARSAL";

/// The way that our parent tells, if we are within a rehearsal.
///
/// # Errors
/// The variable is set, but our parent is not a rehearsing rel, or does not answer.
pub(super) fn way() -> io::Result<Option<Way>> {
    let Some(path) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let why = |why: &str| io::Error::other(format!("{VARIABLE} is set, but {why}"));
    let text = told(path.as_ref()).map_err(|error| why(&error.to_string()))?;
    end_with_parent()?;
    serde_json::from_str(&text).map(Some).map_err(|error| why(&error.to_string()))
}

#[cfg(target_os = "linux")]
fn told(path: &std::path::Path) -> io::Result<String> {
    use std::io::Read as _;
    use std::os::unix::fs::MetadataExt as _;
    let mut stream = std::os::unix::net::UnixStream::connect(path)?;
    let peer = rustix::net::sockopt::socket_peercred(&stream)?.pid;
    let program =
        |of: &str| std::fs::metadata(format!("/proc/{of}/exe")).map(|it| (it.dev(), it.ino()));
    let same = program(&peer.as_raw_nonzero().to_string())? == program("self")?;
    if rustix::process::getppid() != Some(peer) || !same {
        return Err(io::Error::other("who answers there is not the rel that started this one"));
    }
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(not(target_os = "linux"))]
fn told(_: &std::path::Path) -> io::Result<String> {
    Err(io::Error::other("this system does not tell who answers"))
}

/// From now on this process is asked to end (TERM) when its parent has ended: what belongs to a rehearsal
/// does not outlive it (`PR_SET_PDEATHSIG` in `prctl(2)`).
///
/// # Errors
/// The system does not do that.
#[cfg(target_os = "linux")]
pub fn end_with_parent() -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    Ok(set_parent_process_death_signal(Some(Signal::TERM))?)
}

/// A thing of Linux.
///
/// # Errors
/// Never.
#[cfg(not(target_os = "linux"))]
pub fn end_with_parent() -> io::Result<()> {
    Ok(())
}

/// Tells the way to whoever asks at `path`, until the process ends.
///
/// # Errors
/// The socket cannot be made.
#[cfg(unix)]
pub fn tell(path: &std::path::Path, way: &Way) -> io::Result<()> {
    use std::io::Write as _;
    let listener = std::os::unix::net::UnixListener::bind(path)?;
    let text = serde_json::to_string(way)?;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Who asks and goes away has lost nothing.
            let _ = stream.write_all(text.as_bytes());
        }
    });
    Ok(())
}

/// Sockets with a path are a thing of Unix.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn tell(_: &std::path::Path, _: &Way) -> io::Result<()> {
    Err(io::Error::other("a rehearsal needs Linux"))
}
