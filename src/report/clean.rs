//! Text made harmless for a terminal: what a child prints must not move the cursor, rename the
//! window, or overwrite what rel has said.
//!
//! Colours may stay; everything else that is no text goes. It knows no terminal: a sequence is
//! dropped by its form (ECMA-48), not by a list of those known to do harm, which would have holes.

use std::iter::Peekable;
use std::str::Chars;

const ESC: char = '\u{1b}';
/// One character for `ESC [`.
const CSI: char = '\u{9b}';

/// Each line of `text`, cleaned. Colours stay if `colour`, and end with their line.
pub fn text(text: &str, colour: bool) -> String {
    let untouched = |c: char| matches!(c, '\n' | '\t') || !c.is_control() && !turns(c);
    if text.chars().all(untouched) {
        return text.to_owned();
    }
    text.split('\n').map(|part| line(part, colour)).collect::<Vec<_>>().join("\n")
}

/// Whether a character turns the direction of what follows (Unicode, UAX #9: explicit formatting), so that
/// a text is read in another order than it has.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// One line, cleaned. Of one that overwrote itself, as progress does, only its last state is left.
fn line(line: &str, colour: bool) -> String {
    let shown = |part: &str| {
        let plain = segment(part, false);
        !plain.trim().is_empty()
    };
    let last = line.rsplit('\r').find(|part| shown(part)).unwrap_or_default();
    segment(last, colour)
}

fn segment(text: &str, colour: bool) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut styled = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ESC | CSI => {
                let style = escaped(c, &mut rest).filter(|_| colour);
                if let Some(style) = style {
                    styled = !matches!(style.as_str(), "" | "0");
                    clean.extend([ESC, '[']);
                    clean.push_str(&style);
                    clean.push('m');
                }
            }
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut rest),
            '\t' => clean.push(c),
            c if c.is_control() || turns(c) => {}
            c => clean.push(c),
        }
    }
    if styled {
        clean.push_str("\u{1b}[0m");
    }
    clean
}

/// Takes the rest of a sequence; if it sets colours, gives its numbers.
fn escaped(start: char, rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    if start == ESC {
        match rest.next()? {
            '[' => {}
            ']' | 'P' | 'X' | '^' | '_' => {
                skip_string(rest);
                return None;
            }
            ' '..='/' => {
                while rest.next_if(|c| matches!(c, ' '..='/')).is_some() {}
                rest.next();
                return None;
            }
            _ => return None,
        }
    }
    let mut numbers = String::new();
    while let Some(c) = rest.next_if(|c| matches!(c, ' '..='?')) {
        numbers.push(c);
    }
    let ends_in = rest.next_if(|c| matches!(c, '@'..='~'));
    let colours = numbers.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':'));
    (ends_in == Some('m') && colours).then_some(numbers)
}

/// Takes the rest of a string such as a window's title, with what ends it.
fn skip_string(rest: &mut Peekable<Chars<'_>>) {
    while let Some(c) = rest.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            ESC => {
                rest.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_text_and_colours_stay() {
        let table = [
            ("plain\ttext, ünïcode", "plain\ttext, ünïcode"),
            ("\u{1b}[31mred\u{1b}[0m", "\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}[1;38:5:9mleft on", "\u{1b}[1;38:5:9mleft on\u{1b}[0m"),
            ("\u{9b}32mgreen\u{9b}m", "\u{1b}[32mgreen\u{1b}[m"),
            ("up\u{1b}[2Aover\u{1b}[2Kit\u{1b}[?25l", "upoverit"),
            ("\u{1b}[>4;1mkeys", "keys"),
            ("\u{1b}]0;a title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9d}0;title\u{9c}after", "after"),
            ("\u{1b}Pdevice\u{1b}\\after\u{1b}creset\u{1b}(Bset\u{1b}7", "afterresetset"),
            ("\u{1b}]0;never ended", ""),
            ("bell\u{7} back\u{8}\u{8} del\u{7f} shift\u{e}", "bell back del shift"),
            ("10%\r50%\r100%", "100%"),
            ("100%\r\u{1b}[K", "100%"),
            ("line\r", "line"),
            ("gpj.\u{202e}exe\u{2066}", "gpj.exe"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
        ];
        for (dirty, clean) in table {
            assert_eq!(text(dirty, true), clean, "{dirty:?}");
        }
        assert_eq!(text("\u{1b}[31mred\u{1b}[0m", false), "red");
        assert_eq!(text("a\rb\nc\u{1b}[2J\n", false), "b\nc\n");
    }

    proptest! {
        #[test]
        fn nothing_that_controls_is_left(dirty in "[\\x00-\\x7f\\x{80}-\\x{a0}\\[\\]m;0-9a]{0,40}") {
            let clean = text(&dirty, false);
            prop_assert!(clean.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()), "{clean:?}");
            prop_assert_eq!(clean.matches('\n').count(), dirty.matches('\n').count());
            prop_assert_eq!(text(&clean, true), clean);
        }

        #[test]
        fn with_colours_only_colours_control(dirty in "[\\x1b\\x{9b}\\[\\]m;0-9a?\\r]{0,40}") {
            let clean = text(&dirty, true);
            for after in clean.split(ESC).skip(1) {
                let numbers = after.strip_prefix('[').and_then(|rest| rest.split_once('m')).map(|(numbers, _)| numbers);
                let fine = |numbers: &str| numbers.chars().all(|c| c.is_ascii_digit() || matches!(c, ';' | ':'));
                prop_assert!(numbers.is_some_and(fine), "{clean:?}");
            }
        }
    }
}
