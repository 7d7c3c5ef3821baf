//! Core metadata (`METADATA`, `PKG-INFO`) as an ordered list of headers.
//!
//! Reads the format and checks what every upload needs: a supported version of the format, a name
//! and a version. It does not validate the other fields; the index does. A general mail parser was
//! turned down: it decodes encoded words, guesses at charsets and forgives lines that lose metadata
//! in silence.

use super::Invalid;

/// The versions of the core metadata format that indexes accept; 2.0 was never one of them.
const SUPPORTED: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

/// Headers whose line breaks carry meaning and survive unfolding.
const MULTILINE: [&str; 2] = ["Description", "License"];

/// The headers of a metadata file in file order, values unfolded and trimmed.
///
/// Source: core metadata specification (PEP 241 to PEP 794). Only [`parse`] makes one, so that
/// Metadata-Version, Name and Version are always there, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    headers: Vec<(String, String)>,
}

impl Metadata {
    /// All headers in file order; a description from the body comes last.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first value of a header, its name in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a header in file order, its name in any case.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = move |(header, _): &&(String, String)| header.eq_ignore_ascii_case(name);
        self.headers.iter().filter(named).map(|(_, value)| value.as_str())
    }

    /// The project name as the author spells it.
    pub fn name(&self) -> &str {
        self.get("Name").unwrap_or_default()
    }

    /// The version as the build backend wrote it.
    pub fn version(&self) -> &str {
        self.get("Version").unwrap_or_default()
    }

    /// The version of the metadata format, `1.0` to `2.5`.
    pub fn metadata_version(&self) -> &str {
        self.get("Metadata-Version").unwrap_or_default()
    }

    /// The dependencies, each a PEP 508 text that is not parsed here.
    pub fn requires_dist(&self) -> impl Iterator<Item = &str> {
        self.all("Requires-Dist")
    }

    fn once(&self, name: &str) -> Result<&str, Invalid> {
        let mut values = self.all(name).filter(|value| !is_absent(value));
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            (None, _) => Err(Invalid::new(
                format!("the metadata has no `{name}`"),
                "set it in the `[project]` table and rebuild with a current build backend",
            )),
            _ => Err(Invalid::new(
                format!("the metadata has more than one `{name}`"),
                "rebuild with a current build backend",
            )),
        }
    }
}

/// Tells whether a value stands for no value: empty, or the `UNKNOWN` that old tools wrote.
pub fn is_absent(value: &str) -> bool {
    matches!(value.trim(), "" | "UNKNOWN")
}

/// Parses the text of a `METADATA` or `PKG-INFO` file.
///
/// Lines that start with a blank continue the header before them; the text after the first empty
/// line is the description, unless a Description header is there. Errors: [`Invalid`] for a line
/// that is no header, a Metadata-Version outside 1.0 to 2.5, and a Metadata-Version, Name or
/// Version that is missing or repeated. Source: core metadata specification.
pub fn parse(text: &str) -> Result<Metadata, Invalid> {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut body = "";
    let mut offset = 0;
    for (index, raw) in text.split_inclusive('\n').enumerate() {
        offset += raw.len();
        let line = raw.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            body = &text[offset..];
            break;
        }
        add_line(&mut headers, line, index + 1)?;
    }
    for (name, value) in &mut headers {
        *value = unfold(name, value);
    }
    let mut metadata = Metadata { headers };
    if !body.trim().is_empty() && metadata.get("Description").is_none() {
        metadata.headers.push(("Description".to_owned(), body.to_owned()));
    }
    check_format(metadata.once("Metadata-Version")?)?;
    metadata.once("Name")?;
    metadata.once("Version")?;
    Ok(metadata)
}

fn add_line(headers: &mut Vec<(String, String)>, line: &str, number: usize) -> Result<(), Invalid> {
    if line.starts_with([' ', '\t'])
        && let Some((_, value)) = headers.last_mut()
    {
        value.push('\n');
        value.push_str(line);
        return Ok(());
    }
    match line.split_once(':') {
        Some((name, value))
            if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            headers.push((name.to_owned(), value.to_owned()));
            Ok(())
        }
        _ => Err(Invalid::new(
            format!("line {number} of the metadata is not a header"),
            "rebuild with a current build backend",
        )),
    }
}

/// Joins folded lines by a space; where lines matter, removes the margin of 8 blanks, or of 7 and a
/// bar.
fn unfold(name: &str, value: &str) -> String {
    if !MULTILINE.iter().any(|header| header.eq_ignore_ascii_case(name)) {
        let lines: Vec<&str> =
            value.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        return lines.join(" ");
    }
    let lines: Vec<&str> = value.lines().map(without_margin).collect();
    lines.join("\n").trim().to_owned()
}

fn without_margin(line: &str) -> &str {
    let margin = line.bytes().take(8).take_while(u8::is_ascii_whitespace).count();
    match &line[margin..] {
        rest if margin == 7 => rest.strip_prefix('|').unwrap_or(rest),
        rest => rest,
    }
}

fn check_format(version: &str) -> Result<(), Invalid> {
    if SUPPORTED.contains(&version) {
        return Ok(());
    }
    let newest = SUPPORTED[SUPPORTED.len() - 1];
    let number = |text: &str| {
        text.split_once('.')
            .and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)))
    };
    let hint = if number(version) > number(newest) {
        "pin an older build backend, or update `rel` once indexes accept this format"
    } else {
        "rebuild with a current build backend"
    };
    let message =
        format!("`Metadata-Version: {version}` is not supported, `{newest}` is the newest that is");
    Err(Invalid::new(message, hint))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::CORE;
    use super::*;

    fn with(rest: &str) -> Metadata {
        parse(&format!("{CORE}{rest}")).unwrap()
    }

    #[test]
    fn headers_keep_order_and_repeat() {
        let metadata = with("requires-dist: b; extra == 'x'\r\nRequires-Dist: a\r\n");
        assert_eq!(metadata.requires_dist().collect::<Vec<_>>(), ["b; extra == 'x'", "a"]);
        assert_eq!(
            (metadata.name(), metadata.version(), metadata.metadata_version()),
            ("Demo.Pkg", "1.0", "2.1")
        );
        assert_eq!((metadata.headers().len(), metadata.get("Summary")), (5, None));
    }

    #[test]
    fn folded_lines_join_by_the_meaning_of_their_header() {
        let metadata = with(
            "Keywords: a,\n        b\nLicense: MIT\n        \n          text\n       |bar\n\tend\n",
        );
        assert_eq!(metadata.get("Keywords"), Some("a, b"));
        assert_eq!(metadata.get("License"), Some("MIT\n\n  text\nbar\nend"));
    }

    #[test]
    fn body_is_the_description_unless_a_header_is() {
        let body = with("Summary: s: t\n\n# Title\n\nName: not a header\n");
        assert_eq!(body.get("description"), Some("# Title\n\nName: not a header\n"));
        assert_eq!(body.get("Summary"), Some("s: t"));
        assert_eq!(with("Description: head\n\nbody\n").get("Description"), Some("head"));
        assert_eq!(with("\n \n").get("Description"), None);
    }

    #[test]
    fn required_headers_stand_once() {
        for (text, part) in [
            ("", "no `Metadata-Version`"),
            ("Metadata-Version: 2.1\nVersion: 1\n", "no `Name`"),
            ("Metadata-Version: 2.1\nName: UNKNOWN\nVersion: 1\n", "no `Name`"),
            ("Metadata-Version: 2.1\nName: a\nVersion: 1\nversion: 2\n", "more than one `Version`"),
            (" Metadata-Version: 2.1\n", "line 1"),
            ("Metadata-Version: 2.1\nName a\n", "line 2"),
        ] {
            assert!(parse(text).unwrap_err().message.contains(part), "{text}");
        }
    }

    #[test]
    fn formats_from_1_0_to_2_5() {
        let parsed =
            |version: &str| parse(&format!("Metadata-Version: {version}\nName: a\nVersion: 1\n"));
        assert!(["1.0", "1.2", "2.5"].iter().all(|version| parsed(version).is_ok()));
        assert!(parsed("2.6").unwrap_err().hint.starts_with("pin an older"));
        assert!(parsed("2.10").unwrap_err().hint.starts_with("pin an older"));
        assert!(parsed("2.0").unwrap_err().hint.starts_with("rebuild"));
        assert!(parsed("new").is_err());
    }

    proptest! {
        #[test]
        fn parse_never_panics(text in any::<String>(), tail in "[ \t\r\n|:aé]{0,40}") {
            let _ = parse(&text);
            let _ = parse(&format!("{CORE}License:{tail}{text}"));
        }
    }
}
