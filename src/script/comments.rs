//! Finds a comment that is never closed. Rhai takes the rest of the file for a part of it and says
//! nothing, so whatever is declared there would be gone.

/// What encloses a place in a text.
enum Within {
    /// Code in a backtick text, with the number of its own open braces.
    Interpolation(usize),
    /// A text between such marks.
    Text(char),
    /// A raw text, closed by `"` and this many `#`.
    Raw(usize),
    /// A comment that began at this byte.
    Comment(usize),
}

/// The byte at which the outermost comment begins that is open at the end of `text`.
pub(crate) fn open_comment(text: &str) -> Option<usize> {
    let mut within: Vec<Within> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let mut step = c.len_utf8();
        match within.last_mut() {
            Some(Within::Comment(_)) if rest.starts_with("*/") => {
                within.pop();
                step = 2;
            }
            Some(Within::Comment(_)) if rest.starts_with("/*") => {
                within.push(Within::Comment(at));
                step = 2;
            }
            Some(Within::Raw(hashes)) => {
                let end = format!("\"{}", "#".repeat(*hashes));
                if rest.starts_with(&end) {
                    within.pop();
                    step = end.len();
                }
            }
            Some(Within::Text('`')) if rest.starts_with("${") => {
                within.push(Within::Interpolation(0));
                step = 2;
            }
            Some(Within::Text(mark)) if c == *mark => drop(within.pop()),
            Some(Within::Text(mark)) if c == '\\' && *mark != '`' => {
                step += rest.chars().nth(1).map_or(0, char::len_utf8);
            }
            Some(Within::Comment(_) | Within::Text(_)) => {}
            Some(Within::Interpolation(0)) if c == '}' => drop(within.pop()),
            Some(Within::Interpolation(braces)) if c == '}' => *braces -= 1,
            Some(Within::Interpolation(braces)) if c == '{' => *braces += 1,
            Some(Within::Interpolation(_)) | None => {
                step = code(rest, at, &mut within).unwrap_or(step)
            }
        }
        at += step;
    }
    within.iter().find_map(|open| match open {
        Within::Comment(start) => Some(*start),
        _ => None,
    })
}

/// What begins in code here, and how many bytes it takes; `None` for a plain character.
fn code(rest: &str, at: usize, within: &mut Vec<Within>) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        within.push(Within::Comment(at));
        return Some(2);
    }
    let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
    if hashes > 0 && rest[hashes..].starts_with('"') {
        within.push(Within::Raw(hashes));
        return Some(hashes + 1);
    }
    let mark = rest.chars().next().filter(|c| matches!(c, '"' | '`' | '\''))?;
    within.push(Within::Text(mark));
    Some(1)
}

#[cfg(test)]
mod tests {
    use super::open_comment;

    #[test]
    fn only_a_comment_that_is_open_at_the_end_is_found() {
        assert_eq!(open_comment("a /* b"), Some(2));
        assert_eq!(open_comment("/* a /* b */"), Some(0));
        let closed = [
            "a /* b */ c",
            "\"dist/*\"",
            "// src/**",
            "#\"cp \"a/*\" b\"#",
            "`${`dist/*`}`",
            "`${\"`\"}`; \"dist/*\"",
            "`a { ${ #{ a: 1 }.a } } /*`",
            "'\"'; \"/*\"",
            "\"\\\"/*\"",
            "##\"a\"# /*\"##",
        ];
        for text in closed {
            assert_eq!(open_comment(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[a-z/*#\"'`${}\\\\\n é]{0,40}") {
            open_comment(&text);
        }
    }
}
