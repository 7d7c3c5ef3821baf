//! Values of INI files as `setup.cfg` and `tox.ini` have them: sections, keys, lines that go on.
//!
//! Only as much as looking needs: no interpolation, no conditions. A crate would read more than is
//! asked here.

/// Whether there is a section of this name.
pub(super) fn has(text: &str, section: &str) -> bool {
    sections(text).any(|name| name == section)
}

/// The names of all sections.
pub(super) fn sections(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(heading)
}

fn heading(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('[')?.trim_end();
    inner.split(']').next().filter(|name| name.len() < inner.len()).map(str::trim)
}

/// The keys of a section with the lines of their values; empty lines and comments do not count.
pub(super) fn values<'a>(text: &'a str, section: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut inside = false;
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        if let Some(name) = heading(line) {
            inside = name == section;
        } else if !inside || line.trim().is_empty() {
        } else if line.starts_with([' ', '\t']) {
            found.last_mut().into_iter().for_each(|(_, lines)| lines.push(line.trim()));
        } else if let Some((key, value)) = line.split_once(['=', ':']) {
            let first = Some(value.trim()).filter(|value| !value.is_empty());
            found.push((key.trim(), first.into_iter().collect()));
        }
    }
    found
}

/// The lines of one value.
pub(super) fn lines<'a>(text: &'a str, section: &str, key: &str) -> Vec<&'a str> {
    let found = values(text, section).into_iter().find(|(name, _)| *name == key);
    found.map(|(_, lines)| lines).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_where_lines_are_indented() {
        let text =
            "[a]\nx = 1\n[metadata] # here\nname = demo\n# no\nlist =\n    one\n\n    two\n[z]\n";
        assert!(has(text, "metadata") && !has(text, "name"));
        assert_eq!(lines(text, "metadata", "name"), ["demo"]);
        assert_eq!(lines(text, "metadata", "list"), ["one", "two"]);
        assert!(lines(text, "a", "name").is_empty());
    }
}
