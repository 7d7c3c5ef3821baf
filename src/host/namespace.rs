//! A network namespace: a process in it, with all that it starts, sees no network but its own loopback.
//!
//! Source: `network_namespaces(7)`, `rtnetlink(7)`. It is entered by the program `unshare`, since that cannot be
//! done here without unsafe code. What is in there speaks to the outside through one listening socket,
//! which it makes and hands out.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::host::fs;

/// Words before a program's own that start it in a namespace, by who may do that: root needs no user
/// namespace, in which it would lose its rights over files of others.
pub fn words() -> &'static [&'static str] {
    if rustix::process::geteuid().is_root() {
        &["unshare", "--net", "--"]
    } else {
        &["unshare", "--user", "--map-current-user", "--keep-caps", "--net", "--"]
    }
}

/// Makes sure that this process stands in a namespace without a network: nothing of this machine's is seen.
///
/// # Errors
/// There is more than a loopback.
pub fn is_fresh() -> io::Result<()> {
    let devices = fs::read_text(Path::new("/proc/net/dev"))?;
    let mut names = devices.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name);
    if names.all(|name| name.trim() == "lo") {
        return Ok(());
    }
    Err(io::Error::other("it is for rehearsals alone, in a namespace without a network"))
}

/// Makes the namespace's loopback work, and gives up the rights that came with it.
///
/// # Errors
/// The system does not allow it.
#[cfg(target_os = "linux")]
pub fn settle() -> io::Result<()> {
    raise_loopback()?;
    if !rustix::process::geteuid().is_root() {
        use rustix::thread::{CapabilitySet, CapabilitySets};
        let none = CapabilitySet::empty();
        rustix::thread::clear_ambient_capability_set()?;
        let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
        rustix::thread::set_capabilities(None, sets)?;
    }
    Ok(())
}

/// Namespaces are a thing of Linux.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn settle() -> io::Result<()> {
    Err(io::Error::other("this system has no network namespaces"))
}

/// Sends the message of `rtnetlink(7)` by which `ip link set lo up` does it.
#[cfg(target_os = "linux")]
fn raise_loopback() -> io::Result<()> {
    use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
    const NEW_LINK: u16 = 16;
    const REQUEST_AND_ACK: u16 = 1 | 4;
    const UP: u32 = 1;
    const LENGTH: u32 = 32;
    let mut message = Vec::new();
    message.extend(LENGTH.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACK.to_ne_bytes());
    message.extend([0; 8]);
    // Family and type are of no matter; in its namespace the loopback is always the first.
    message.extend([0; 4]);
    message.extend(1_i32.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    // The protocol of links and routes is number 0, which is also the usual one.
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    rustix::net::send(&socket, &message, SendFlags::empty())?;
    let mut answer = [0_u8; 256];
    let (length, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::empty())?;
    let code = answer.get(16..20).filter(|_| length >= 20).and_then(|raw| raw.try_into().ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-code)),
        None => Err(io::Error::other("the system gave no answer")),
    }
}

/// Hands a listening socket out, over a socket that was connected before.
///
/// # Errors
/// The other side is gone.
pub fn hand_out(stream: &UnixStream, listener: &TcpListener) -> io::Result<()> {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
    use std::os::fd::AsFd as _;
    let handed = [listener.as_fd()];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&handed));
    let bytes = [io::IoSlice::new(b"l")];
    rustix::net::sendmsg(stream, &bytes, &mut ancillary, SendFlags::empty())?;
    Ok(())
}

/// Takes the listening socket that somebody hands out.
///
/// # Errors
/// They do not.
pub fn take(stream: &UnixStream) -> io::Result<TcpListener> {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut bytes = [io::IoSliceMut::new(&mut byte)];
    rustix::net::recvmsg(stream, &mut bytes, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let handed = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut handed) => handed.next(),
        _ => None,
    });
    let handed = handed.ok_or_else(|| io::Error::other("no socket was handed out"))?;
    Ok(TcpListener::from(handed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_socket_is_handed_out() {
        let (one, other) = UnixStream::pair().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        hand_out(&one, &listener).unwrap();
        drop(listener);
        let taken = take(&other).unwrap();
        assert_eq!(taken.local_addr().unwrap(), address);
        std::net::TcpStream::connect(address).unwrap();
    }
}
