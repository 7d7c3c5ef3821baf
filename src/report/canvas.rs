//! The terminal as `indicatif` wants one: cursor movements become ECMA-48 sequences on standard
//! error, written at once so that nothing flickers.
//!
//! It never hides the cursor, so there is nothing to restore when rel is killed.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

use crate::host::Host;

/// A terminal narrower than this is taken for one as wide: `indicatif` cannot count rows on it.
/// What is drawn is cut to the true width before.
const NARROWEST: u16 = 20;

/// Where bars are drawn.
pub(super) struct Canvas {
    host: Arc<Host>,
    draft: Mutex<Draft>,
}

#[derive(Default)]
struct Draft {
    text: String,
    /// The row is full: what comes next begins a new one.
    full: bool,
}

impl Canvas {
    pub(super) fn new(host: Arc<Host>) -> Self {
        Self { host, draft: Mutex::default() }
    }

    fn draft(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, text: &str) {
        self.draft().text.push_str(text);
    }

    fn moves(&self, count: usize, direction: char) {
        if count > 0 {
            self.add(&format!("\u{1b}[{count}{direction}"));
        }
    }
}

impl fmt::Debug for Canvas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canvas")
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        let columns = self.host.term.size().map_or(0, |size| size.columns);
        u16::try_from(columns).unwrap_or(u16::MAX).max(NARROWEST)
    }

    fn height(&self) -> u16 {
        let rows = self.host.term.size().map_or(1, |size| size.rows);
        u16::try_from(rows).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        self.moves(count, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.moves(count, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.moves(count, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.moves(count, 'D');
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.add("\r\n");
        Ok(())
    }

    /// Takes blanks alone for the end of a row. `indicatif` fills each row with them so that it
    /// wraps; a terminal that is made wider would join such rows, so here a row ends with a line end.
    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut draft = self.draft();
        if !text.is_empty() && text.trim_matches(' ').is_empty() {
            draft.full = true;
            return Ok(());
        }
        if std::mem::take(&mut draft.full) {
            draft.text.push_str("\r\n");
        }
        draft.text.push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.add("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let draft = std::mem::take(&mut *self.draft());
        if !draft.text.is_empty() {
            self.host.term.err(&draft.text);
        }
        Ok(())
    }
}
