//! The terminal: where text goes and answers come from.
//!
//! Only `report` writes here. Standard output carries data, standard error everything else.

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use crate::host::stop::Stop;

/// A place to write to.
pub type Sink = Box<dyn Write + Send>;

/// Standard streams of a run.
pub struct Term {
    out: Mutex<Sink>,
    err: Mutex<Sink>,
    /// Whether a person can be asked.
    pub interactive: bool,
    /// Whether standard error takes colours.
    pub colour: bool,
    /// Whether the cursor can be moved on standard error.
    canvas: bool,
    /// Whether data could not be written.
    lost: AtomicBool,
}

/// Whether a stream of this process is a terminal, whose end is the end of the run.
pub fn attached() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// How much a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Lines.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
}

impl Term {
    /// The streams of this process.
    pub fn from_process() -> Self {
        let term = std::env::var_os("TERM");
        let dumb = term.as_ref().is_some_and(|term| term == "dumb");
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let (input, err) = (io::stdin().is_terminal(), io::stderr().is_terminal());
        Self {
            out: Mutex::new(Box::new(io::stdout())),
            err: Mutex::new(Box::new(io::stderr())),
            interactive: input && err,
            colour: err && !dumb && !plain,
            canvas: err && !dumb && term.is_some(),
            lost: AtomicBool::new(false),
        }
    }

    /// Streams into two buffers, with nobody to ask.
    pub fn captured() -> (Self, Captured) {
        let captured = Captured::default();
        let term = Self {
            out: Mutex::new(Box::new(captured.out.clone())),
            err: Mutex::new(Box::new(captured.err.clone())),
            interactive: false,
            colour: false,
            canvas: false,
            lost: AtomicBool::new(false),
        };
        (term, captured)
    }

    /// Writes data. A closed pipe is not an error: whoever read has read enough.
    pub fn out(&self, text: &str) {
        let written = write(&self.out, text);
        if written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            self.lost.store(true, Ordering::Relaxed);
        }
    }

    /// Whether data could not be written: a full disk, a closed stream.
    pub fn lost_data(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Writes what is for eyes.
    pub fn err(&self, text: &str) {
        // There is nowhere to say that it cannot be said.
        let _ = write(&self.err, text);
    }

    /// How much the terminal shows now, if standard error is one on which the cursor can be moved.
    pub fn size(&self) -> Option<Size> {
        self.canvas.then(stderr_size).flatten().filter(|size| size.rows > 0 && size.columns > 0)
    }

    /// Asks a person and waits for a line; `None` at the end of input, or when `stop` fires.
    pub fn ask(&self, question: &str, stop: &Stop) -> Option<String> {
        self.err(question);
        let (tell, answer) = mpsc::channel();
        let over = tell.clone();
        stop.on_fire(move || drop(over.send(None)));
        // Left behind when the stop fires first: it waits for a line that nobody needs any more.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().lock().read_line(&mut line).ok().filter(|read| *read > 0);
            drop(tell.send(read.map(|_| line.trim().to_owned())));
        });
        let answer = answer.recv().ok().flatten();
        if answer.is_none() {
            // Nobody ended the question's line.
            self.err("\n");
        }
        answer
    }
}

#[cfg(unix)]
fn stderr_size() -> Option<Size> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some(Size { rows: size.ws_row.into(), columns: size.ws_col.into() })
}

#[cfg(not(unix))]
fn stderr_size() -> Option<Size> {
    None
}

fn write(sink: &Mutex<Sink>, text: &str) -> io::Result<()> {
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    sink.write_all(text.as_bytes()).and_then(|()| sink.flush())
}

/// What a run wrote.
#[derive(Clone, Default)]
pub struct Captured {
    out: Shared,
    err: Shared,
}

impl Captured {
    /// What went to standard output.
    pub fn out(&self) -> String {
        self.out.text()
    }

    /// What went to standard error.
    pub fn err(&self) -> String {
        self.err.text()
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
