//! `entry_points.txt` as the index reads it: an INI file with `=`, and names of scripts that hold no
//! paths.
//!
//! What the entry points lead to is not judged. Turned down: being lenient with repeated names, since
//! Python's parser is strict about them.

use std::collections::BTreeSet;

/// Whether the file is in order.
pub(super) fn are_valid(text: &str) -> bool {
    let (mut sections, mut names) = (BTreeSet::new(), BTreeSet::new());
    let mut section: Option<&str> = None;
    let mut continues = false;
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        // A line further in goes on with the value above it.
        if continues && line.starts_with(char::is_whitespace) {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            if !bare.contains(']') || !sections.insert(name) {
                return false;
            }
            (section, continues) = (Some(name), false);
            names.clear();
            continue;
        }
        let (Some(section), Some((name, _))) = (section, bare.split_once('=')) else {
            return false;
        };
        let name = name.trim();
        let letter = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let script = matches!(section, "console_scripts" | "gui_scripts");
        if name.is_empty() || !names.insert(name) || script && !name.chars().all(letter) {
            return false;
        }
        continues = true;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::are_valid;

    #[test]
    fn files_of_entry_points_are_strict() {
        assert!(are_valid(
            "# x\n[console_scripts]\na-b = m:f\n  more\n\n[other]\nany thing = m\na-b = m\n"
        ));
        for wrong in [
            "a = m:f\n",
            "[console_scripts]\n../a = m:f\n",
            "[console_scripts]\na : m\n",
            "[console_scripts]\na = m\na = n\n",
            "[a]\n[a]\n",
            "[a\nb = c\n",
            "[a]\n= c\n",
        ] {
            assert!(!are_valid(wrong), "{wrong}");
        }
    }
}
