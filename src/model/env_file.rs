//! A file of variables: one `NAME=value` on each line, as `.env` files are commonly written.
//!
//! `export` before a name, comments with `#`, and quotes round a value are understood; nothing is
//! expanded, so that a `$` in a password stays what it is.

/// The variables of such a text, in order.
///
/// # Errors
/// The number of the first line (from 1) that is none of that, and why.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, (usize, &'static str)> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let lines = lines.map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(number, line)| variable(line).map_err(|why| (number, why)))
        .collect()
}

fn variable(line: &str) -> Result<(String, String), &'static str> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("it has no `=`")?;
    let name = name.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit())
    {
        return Err("what stands before `=` is no name of a variable");
    }
    let value = value.trim();
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = value.find(" #").unwrap_or(value.len());
        return Ok((name.into(), value[..end].trim_end().into()));
    };
    let inner = &value[1..];
    let end = inner.find(quote).ok_or("its quote is never closed")?;
    let after = inner[end + 1..].trim_start();
    if after.is_empty() || after.starts_with('#') {
        Ok((name.into(), inner[..end].into()))
    } else {
        Err("something follows the closing quote")
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn lines_are_names_and_values() {
        let text = "# a\nA=1\nexport B = 'x # $y' # z\n\nC=\"\"\nD=a b # c\nE=#\n";
        let found = parse(text).unwrap();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, [("A", "1"), ("B", "x # $y"), ("C", ""), ("D", "a b"), ("E", "#")]);
    }

    #[test]
    fn what_is_none_is_told_with_its_line() {
        for (text, line) in [("A=1\nB\n", 2), ("1A=x", 1), ("\n\nA='x", 3), ("A='x'y", 1)] {
            assert_eq!(parse(text).unwrap_err().0, line, "{text}");
        }
    }
}
