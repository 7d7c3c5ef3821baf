//! The output of one task, kept for later: whole, but for what nobody could read anyway.

/// Most bytes that are kept of one task's output.
const MOST: usize = 16 << 20;

/// Lines of output; of a flood only the end.
#[derive(Default)]
pub(super) struct Log {
    text: String,
    dropped: bool,
}

impl Log {
    /// Adds lines with their ends.
    pub(super) fn push(&mut self, lines: &str) {
        self.text.push_str(lines);
        if self.text.len() > MOST {
            let half = self.text.len() / 2;
            let line_end = self.text.bytes().skip(half).position(|byte| byte == b'\n');
            self.text.drain(..line_end.map_or(self.text.len(), |at| half + at + 1));
            self.dropped = true;
        }
    }

    /// Whether there was none.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// All that was kept.
    pub(super) fn text(&self) -> String {
        let dropped =
            if self.dropped { "  … what came before was too much to keep\n" } else { "" };
        format!("{dropped}{}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_flood_the_end_is_kept() {
        let mut log = Log::default();
        let line = "ä".repeat(1000) + "\n";
        (0..3 * MOST / line.len()).for_each(|_| log.push(&line));
        log.push("the end\n");
        assert!(log.text().starts_with("  … what came before was too much to keep\nä"));
        assert!(log.text().ends_with("ä\nthe end\n"));
        assert!(log.text().len() <= MOST + 100);
    }
}
