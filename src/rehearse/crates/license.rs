//! Whether a licence is an SPDX expression, as crates.io asks: names from the SPDX list, `/` for `OR`.
//!
//! The lists beside this file are those of SPDX 3.28.0. It answers yes, or the server's text with a
//! caret under the word at fault; which words could have stood there it does not say. Turned down: a
//! crate for SPDX, one dependency for one question.

const LICENSES: &str = include_str!("licenses.txt");
const EXCEPTIONS: &str = include_str!("exceptions.txt");

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    License,
    Operator,
    Exception,
}

/// Checks an expression.
///
/// # Errors
/// The expression, and below it what is wrong where.
pub(super) fn check(expression: &str) -> Result<(), String> {
    let fault = |start: usize, end: usize, what: &str| {
        Err(format!("{expression}\n{}{} {what}", " ".repeat(start), "^".repeat(end - start)))
    };
    let (mut want, mut open, mut plain) = (Want::License, Vec::new(), false);
    for (start, word) in words(expression) {
        let end = start + word.len();
        match (want, word) {
            (Want::License, "(") => open.push(start),
            (Want::Operator, ")") => {
                if open.pop().is_none() {
                    return Err(format!("{expression}\n{}^ unopened parens", " ".repeat(start)));
                }
                plain = false;
            }
            (Want::Operator, "AND" | "OR" | "/") => want = Want::License,
            (Want::Operator, "WITH") if plain => want = Want::Exception,
            (Want::License, word) if is_license(word) => (want, plain) = (Want::Operator, true),
            (Want::Exception, word) if listed(EXCEPTIONS, word) => {
                (want, plain) = (Want::Operator, false);
            }
            (_, word) if is_known(word) => return fault(start, end, "unexpected term"),
            _ => return fault(start, end, "unknown term"),
        }
    }
    match (open.pop(), want) {
        (Some(start), _) => Err(format!("{expression}\n{}- unclosed parens", " ".repeat(start))),
        (None, Want::Operator) => Ok(()),
        (None, _) if expression.trim().is_empty() => fault(0, expression.len(), "empty expression"),
        (None, _) => fault(0, expression.len(), "unexpected term"),
    }
}

fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|name| name == word)
}

fn is_license(word: &str) -> bool {
    let own = word.strip_prefix("LicenseRef-").is_some_and(|name| !name.is_empty());
    own || listed(LICENSES, word.strip_suffix('+').unwrap_or(word)) || listed(LICENSES, word)
}

fn is_known(word: &str) -> bool {
    matches!(word, "(" | ")" | "/" | "AND" | "OR" | "WITH")
        || is_license(word)
        || listed(EXCEPTIONS, word)
}

/// The words with their places; brackets and slashes are words of their own.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = 0;
    let mark = |c: char| matches!(c, '(' | ')' | '/');
    for piece in text.split_inclusive(|c: char| c.is_whitespace() || mark(c)) {
        let word = piece.trim_end_matches(|c: char| c.is_whitespace() || mark(c));
        if !word.is_empty() {
            found.push((start, word));
        }
        if piece.ends_with(mark) {
            found.push((start + piece.len() - 1, &piece[piece.len() - 1..]));
        }
        start += piece.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_judged_as_by_the_server() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "MIT OR (Apache-2.0 AND MIT)",
            "GPL-3.0+",
            "Apache-2.0 WITH LLVM-exception",
            "LicenseRef-Own",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("MIT AND foobar", "MIT AND foobar\n        ^^^^^^ unknown term"),
            ("apache 2.0", "apache 2.0\n^^^^^^ unknown term"),
            ("MIT Apache-2.0", "MIT Apache-2.0\n    ^^^^^^^^^^ unexpected term"),
            ("(MIT", "(MIT\n- unclosed parens"),
            ("MIT)", "MIT)\n   ^ unopened parens"),
            ("MIT OR", "MIT OR\n^^^^^^ unexpected term"),
            ("MIT WITH MIT", "MIT WITH MIT\n         ^^^ unexpected term"),
            (" ", " \n^ empty expression"),
        ] {
            assert_eq!(check(bad), Err(why.into()), "{bad}");
        }
    }
}
