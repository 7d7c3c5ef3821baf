//! The end of a task's output. Whole lines, but for one that is longer than all that is kept.

/// Most bytes that are kept of one task.
pub(super) const MOST: usize = 64 * 1024;

/// The last lines that were said.
#[derive(Default)]
pub(super) struct Tail {
    text: String,
    cut: bool,
}

impl Tail {
    /// Adds a line.
    pub(super) fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        // Cut seldom, so that a flood costs no more than its own length.
        if self.text.len() > 2 * MOST {
            self.shorten();
        }
    }

    /// What is kept, and whether more came before.
    pub(super) fn take(mut self) -> (String, bool) {
        self.shorten();
        (self.text, self.cut)
    }

    fn shorten(&mut self) {
        let Some(from) = self.text.len().checked_sub(MOST).filter(|from| *from > 0) else { return };
        let ends = self.text.bytes().enumerate().skip(from - 1).filter(|(_, byte)| *byte == b'\n');
        let next_line = ends.map(|(at, _)| at + 1).find(|at| *at < self.text.len());
        let cut = next_line
            .or_else(|| (from..self.text.len()).find(|at| self.text.is_char_boundary(*at)));
        self.text.drain(..cut.unwrap_or(self.text.len()));
        self.cut = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(lines: &[&str]) -> (String, bool) {
        let mut tail = Tail::default();
        for line in lines {
            tail.push(line);
        }
        tail.take()
    }

    #[test]
    fn of_much_output_the_last_whole_lines_are_kept() {
        assert_eq!(tail(&["a", "b"]), ("a\nb\n".into(), false));
        let line = "ä".repeat(1000);
        let (text, cut) = tail(&vec![line.as_str(); 500]);
        assert!(cut && text.len() <= MOST && text.len() > MOST - 3000);
        assert!(text.lines().all(|kept| kept == line));
    }

    #[test]
    fn what_just_fits_is_whole() {
        let line = "x".repeat(MOST - 1);
        assert_eq!(tail(&[&line]), (format!("{line}\n"), false));
        assert_eq!(tail(&["first", &line]), (format!("{line}\n"), true));
    }

    #[test]
    fn of_one_endless_line_the_end_is_kept() {
        let (text, cut) = tail(&["short", &("ä".repeat(MOST) + "end")]);
        assert!(cut && text.ends_with("äend\n") && text.len() <= MOST);
    }
}
