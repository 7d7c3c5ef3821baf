//! Where an npm package says its version: `package.json`, and the same twice in `package-lock.json`.
//!
//! A package that is `private` and stands beside another project only brings tools: its version says nothing,
//! nor does none. Source: <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>.
//! Turned down: a parser that keeps places; the keys wanted stand at the top, so that a look at each token does.

use std::ops::Range;

use serde_json::Value;

use super::files::{Files, join};
use super::number::Form;
use super::place::Place;

/// The places of the package in a folder.
pub(super) fn places(files: &dyn Files, folder: &str) -> Vec<Place> {
    let read = |name: &str, paths: &[&[&str]]| -> Vec<Place> {
        let file = join(folder, name);
        let Some(text) = files.text(&file) else { return Vec::new() };
        let found = paths.iter().filter_map(|path| find(&text, path));
        found.map(|at| Place::new(&file, &text, at, Form::SemVer)).collect()
    };
    let text = files.text(&join(folder, "package.json")).unwrap_or_default();
    let package: Value = serde_json::from_str(&text).unwrap_or_default();
    if package["private"] == true || !package["version"].is_string() {
        return Vec::new();
    }
    let mut places = read("package.json", &[&["version"]]);
    places.extend(read("package-lock.json", &[&["version"], &["packages", "", "version"]]));
    places
}

/// Where the text at a path of keys stands, without its quotes.
fn find(text: &str, path: &[&str]) -> Option<Range<usize>> {
    // The keys that lead to where the scan is; `None` within an array.
    let mut keys: Vec<Option<String>> = Vec::new();
    let mut last: Option<Range<usize>> = None;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'{' => keys.push(Some(String::new())),
            b'[' => keys.push(None),
            b'}' | b']' => _ = keys.pop(),
            b':' => {
                if let (Some(Some(key)), Some(word)) = (keys.last_mut(), last.take()) {
                    text[word].clone_into(key);
                }
            }
            b'"' => {
                let mut end = at;
                while let Some((next, byte)) = bytes.next() {
                    end = next;
                    match byte {
                        b'"' => break,
                        b'\\' => _ = bytes.next(),
                        _ => {}
                    }
                }
                let after = text.get(end + 1..)?.trim_start().starts_with(':');
                let here = keys.iter().map(Option::as_deref);
                if !after && here.eq(path.iter().map(|key| Some(*key))) {
                    return Some(at + 1..end);
                }
                last = after.then_some(at + 1..end);
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn texts_are_found_by_the_keys_that_lead_to_them() {
        let text = r#"{ "a": [{"version": "9"}], "n": "version", "q": "\"{", "version" : "1.0",
            "packages": { "": { "version": "1.0", "x": 3 }, "b": { "version": "2" } } }"#;
        let at = |path: &[&str]| find(text, path).map(|at| &text[at]);
        assert_eq!(at(&["version"]), Some("1.0"));
        assert_eq!(at(&["packages", "", "version"]), Some("1.0"));
        assert_eq!(at(&["packages", "b", "version"]), Some("2"));
        assert_eq!(at(&["a", "version"]), None);
        assert_eq!(find("{\"version\": \"1", &["x"]), None);
    }
}
