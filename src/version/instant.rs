//! An instant in UTC, as the digits of a development version and as `strftime` writes it.

use crate::calendar::parts;

/// An instant, in its parts.
pub(super) struct Instant {
    parts: [u64; 6],
}

impl Instant {
    /// The instant so many seconds after 1970 began.
    pub(super) fn of(unix: u64) -> Self {
        Self { parts: parts(unix) }
    }

    /// `20260131120000`, as a number.
    pub(super) fn digits(&self) -> u64 {
        self.parts[1..].iter().fold(self.parts[0], |digits, part| digits * 100 + part)
    }

    /// As `strftime` writes it; `None` for a sign other than those for numbers.
    pub(super) fn written(&self, format: &str) -> Option<String> {
        let mut text = String::new();
        let mut signs = format.chars();
        while let Some(c) = signs.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            let sign = signs.next()?;
            let two = |at: usize| format!("{:02}", self.parts[at]);
            let written = match sign {
                'Y' => self.parts[0].to_string(),
                'y' => format!("{:02}", self.parts[0] % 100),
                'F' => format!("{}-{}-{}", self.parts[0], two(1), two(2)),
                '%' => "%".into(),
                sign => two(1 + "mdHMS".find(sign)?),
            };
            text.push_str(&written);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;

    #[test]
    fn instants_are_written_as_digits_and_by_format() {
        for (unix, digits) in [
            (0, 19_700_101_000_000),
            (951_782_400, 20_000_229_000_000),
            (1_784_073_599, 20_260_714_235_959),
            (4_107_542_400, 21_000_301_000_000),
        ] {
            assert_eq!(Instant::of(unix).digits(), digits);
        }
        let instant = Instant::of(1_784_073_599);
        assert_eq!(
            instant.written("%Y-%m-%d %H:%M:%S, 100 %%").unwrap(),
            "2026-07-14 23:59:59, 100 %"
        );
        assert_eq!(
            (instant.written("%F").unwrap(), instant.written("%y").unwrap()),
            ("2026-07-14".into(), "26".into())
        );
        assert_eq!((instant.written("%B"), instant.written("%")), (None, None));
    }
}
