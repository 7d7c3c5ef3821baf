//! A real terminal: programs are started on it, keys typed, and the screen read as a person would.
//!
//! Nothing here sleeps: [`Pty::wait_for`] waits until a text is on the screen, up to a deadline.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long a text may take to appear: long, since a machine may be busy.
const DEADLINE: Duration = Duration::from_secs(60);

/// A program on a terminal of its own, which it leads and which sends it signals.
pub struct Pty {
    child: Child,
    master: Arc<pty_process::blocking::Pty>,
    arriving: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// All bytes that the program wrote to the terminal.
    pub raw: Vec<u8>,
}

impl Pty {
    /// Starts `command` on a terminal of this size. Its streams are the terminal, whatever was set.
    pub fn spawn(command: Command, rows: u16, columns: u16) -> Self {
        let (master, slave) = pty_process::blocking::open().unwrap();
        master.resize(pty_process::Size::new(rows, columns)).unwrap();
        let child = pty_process::blocking::Command::from(command).spawn(slave).unwrap();
        let master = Arc::new(master);
        let (tell, arriving) = channel();
        let from = master.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Linux answers with an error when the last program has left the terminal.
            while let Ok(read @ 1..) = (&*from).read(&mut buffer) {
                let _ = tell.send(buffer[..read].to_vec());
            }
        });
        let screen = vt100::Parser::new(cells(rows), cells(columns), 1000);
        Self { child, master, arriving, screen, raw: Vec::new() }
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        (&*self.master).write_all(keys.as_bytes()).unwrap();
    }

    /// Gives the terminal another size, of which the program is told by a signal.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.screen.screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(pty_process::Size::new(rows, columns)).unwrap();
    }

    /// What is to be seen now, without blank ends of lines.
    pub fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// The state behind what is to be seen: cursor, colours, cells.
    pub fn state(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    /// Waits until the screen is as wanted; `what` names that in the complaint.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !wanted(&self.screen()) {
            let came = self.hear(deadline);
            assert!(came, "never on the screen: {what}\n--- screen\n{}", self.screen());
        }
    }

    /// Waits until the program has ended; gives its exit code, or -1 if a signal ended it.
    #[track_caller]
    pub fn wait_exit(&mut self) -> i32 {
        let deadline = Instant::now() + DEADLINE;
        while self.hear(deadline) {}
        assert!(Instant::now() < deadline, "it goes on\n--- screen\n{}", self.screen());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }

    /// The program's number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Takes what arrives next; false at the end, or when it is too late.
    fn hear(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(bytes) = self.arriving.recv_timeout(left) else { return false };
        self.screen.process(&bytes);
        self.raw.extend(bytes);
        true
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // A test that has failed leaves its program running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

#[test]
fn a_terminal_has_a_size_takes_keys_and_gives_signals() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap 'stty size' WINCH; stty size; read x; echo got $x; read y; exit 7"]);
    let mut pty = Pty::spawn(shell, 10, 40);
    pty.wait_for("10 40");
    pty.send("hello\n");
    pty.wait_for("got hello");
    pty.resize(5, 33);
    pty.send("\n");
    pty.wait_for("5 33");
    assert_eq!(pty.wait_exit(), 7);
    assert!(!pty.state().hide_cursor());
    // A shell could not hear a signal again that whoever started these tests ignores.
    let hears = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); \
                 print('here', flush=True); sys.stdin.read()";
    let mut python = Command::new("python3");
    python.args(["-c", hears]);
    let mut pty = Pty::spawn(python, 10, 40);
    pty.wait_for("here");
    pty.send("\u{3}");
    assert_eq!(pty.wait_exit(), -1, "Ctrl-C is a signal");
}
