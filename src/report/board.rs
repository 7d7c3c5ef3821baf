//! What stands below a run on a terminal: a row for each running task, and how far it is.
//!
//! Pure: rows are made for a size and an instant. No row is ever wider than the terminal, because
//! one that wraps cannot be taken back.

use std::time::Duration;

use super::text;
use crate::host::term::Size;

/// Most rows for running tasks, however high the terminal is.
const MOST_ROWS: usize = 10;
/// From this width on there is room for a bar beside the numbers.
const WIDE: usize = 50;
/// Columns of that bar.
const BAR: usize = 20;
const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// How far a run is.
#[derive(Default)]
pub(super) struct Board {
    /// Running tasks with the newest line of each, the oldest first.
    pub(super) running: Vec<(String, String)>,
    /// Tasks that have ended.
    pub(super) done: usize,
    /// All tasks.
    pub(super) total: usize,
}

impl Board {
    /// The rows for a terminal of this size.
    pub(super) fn rows(&self, size: Size, elapsed: Duration, colour: bool) -> Vec<String> {
        let room = (size.rows / 3).clamp(2, MOST_ROWS);
        let shown = if self.running.len() > room { room - 1 } else { self.running.len() };
        let spinner = SPINNER[(elapsed.as_millis() / 100) as usize % SPINNER.len()];
        let width = size.columns.saturating_sub(1);
        let mut rows: Vec<String> = self.running[..shown]
            .iter()
            .map(|(task, line)| cut(&format!("{spinner} {task}  {line}"), width))
            .map(|row| if colour { row.replacen(spinner, &cyan(spinner), 1) } else { row })
            .collect();
        if shown < self.running.len() {
            rows.push(cut(&format!("  +{} more", self.running.len() - shown), width));
        }
        rows.push(cut(&self.progress(size.columns, elapsed), width));
        rows
    }

    fn progress(&self, columns: usize, elapsed: Duration) -> String {
        let total = self.total.max(self.done).max(1);
        let numbers = format!("{}/{total}  {}", self.done, text::tenths(elapsed.as_millis()));
        if columns < WIDE {
            return numbers;
        }
        let filled = BAR * self.done / total;
        format!("{}{} {numbers}", "━".repeat(filled), "╌".repeat(BAR - filled))
    }
}

fn cyan(c: char) -> String {
    format!("\u{1b}[36m{c}\u{1b}[0m")
}

/// The beginning of a line that surely fits.
fn cut(line: &str, width: usize) -> String {
    let mut left = width;
    let fits = |c: &char| {
        let wide = columns(*c);
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    };
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take_while(fits).collect()
}

/// The most columns that a character takes. Where terminals differ the larger number is taken:
/// a line that is cut early does no harm, and one that wraps does.
fn columns(c: char) -> usize {
    match c {
        '\0'..='\u{10ff}'
        | '\u{2010}'..='\u{2027}'
        | '\u{2190}'..='\u{2193}'
        | '\u{2500}'..='\u{259f}'
        | '\u{2800}'..='\u{28ff}' => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn board(tasks: usize) -> Board {
        let running = (0..tasks).map(|at| (format!("t{at}"), "a line".to_owned())).collect();
        Board { running, done: 3, total: 12 }
    }

    fn rows(board: &Board, rows: usize, columns: usize) -> Vec<String> {
        board.rows(Size { rows, columns }, Duration::from_millis(4210), false)
    }

    #[test]
    fn few_rows_on_small_terminals() {
        assert_eq!(
            rows(&board(2), 24, 60),
            ["⠹ t0  a line", "⠹ t1  a line", "━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 3/12  4.2 s"]
        );
        assert_eq!(rows(&board(4), 6, 20), ["⠹ t0  a line", "  +3 more", "3/12  4.2 s"]);
        assert_eq!(rows(&board(40), 99, 8).len(), MOST_ROWS + 1);
        assert_eq!(rows(&Board::default(), 24, 60).len(), 1);
    }

    #[test]
    fn lines_are_cut_before_they_wrap() {
        assert_eq!(cut("abcdef", 4), "abcd");
        assert_eq!(cut("日本語", 5), "日本");
        assert_eq!(cut("a\tb\u{1b}c", 9), "a b c");
        assert_eq!(cut("abc", 0), "");
    }

    proptest! {
        #[test]
        fn no_row_is_as_wide_as_the_terminal(line in "\\PC{0,60}", width in 1..40_usize, height in 1..30_usize) {
            let board = Board { running: vec![("task".into(), line)], done: 1, total: 2 };
            for row in board.rows(Size { rows: height, columns: width }, Duration::ZERO, true) {
                let plain = super::super::clean::text(&row, false);
                prop_assert!(plain.chars().map(columns).sum::<usize>() < width.max(1), "{plain:?}");
            }
        }
    }
}
