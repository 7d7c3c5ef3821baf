//! Rules on addresses, of people and of pages.
//!
//! Only what is certain is judged: whether somebody reads mail there is nobody's business here.

use std::collections::BTreeSet;

use super::Level::Error;
use super::subject::Subject;
use super::{Rule, quoted, rule};

/// The most characters of a label.
const LONG: usize = 32;
/// Ends of domains that no mail goes to (RFC 6761, RFC 7686, RFC 9476).
const RESERVED: [&str; 6] = ["arpa", "invalid", "local", "localhost", "onion", "test"];

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("email", Error),
        "The first address of Author-email and Maintainer-email is one that mail can go to.",
        "write `authors` in `[project]` with a full address, or without one",
        "warehouse/forklift/metadata.py",
        |it| {
            let all =
                ["Author-email", "Maintainer-email"].into_iter().filter_map(|name| it.field(name));
            all.filter(|text| mailbox(text).is_some_and(|address| !is_mail(&address)))
                .map(quoted)
                .collect()
        },
    ),
    rule(
        ("url", Error),
        "Home-page and Download-URL are addresses on the web.",
        "begin them with `https://`",
        "warehouse/forklift/metadata.py",
        |it| {
            let all = ["Home-page", "Download-URL"].into_iter().filter_map(|name| it.field(name));
            all.filter(|text| !is_url(text)).map(quoted).collect()
        },
    ),
    rule(
        ("project-url", Error),
        "Each Project-URL has a label of its own, of at most 32 characters, and an address on the web.",
        "mend `[project.urls]`",
        "PEP 753; warehouse/forklift/metadata.py",
        project_urls,
    ),
];

/// The first address of a header (RFC 5322), if it is clear which one that is.
fn mailbox(text: &str) -> Option<String> {
    let mut bare = String::new();
    let (mut quote, mut depth) = (false, 0_u32);
    for c in text.chars() {
        match c {
            '"' if depth == 0 => quote = !quote,
            '(' if !quote => depth += 1,
            ')' if !quote && depth > 0 => depth -= 1,
            ',' if !quote && depth == 0 => break,
            c if !quote && depth == 0 => bare.push(c),
            _ => {}
        }
    }
    let angled = bare.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    let address = match angled {
        Some((address, _)) => address.trim(),
        None if bare.contains(['<', '>']) => return None,
        None => bare.trim(),
    };
    // Without an address there is nothing to judge; words alone are read differently by each reader.
    let unclear = address.is_empty() || angled.is_none() && !address.contains('@');
    (!unclear).then(|| address.to_owned())
}

fn is_mail(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let letter = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    let part = |part: &str| {
        let ends = !part.starts_with('-') && !part.ends_with('-');
        !part.is_empty()
            && ends
            && part.chars().all(|c| c.is_alphanumeric() || c == '-' || !c.is_ascii())
    };
    let top = domain.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let whole =
        domain.contains('.') && domain.split('.').all(part) && !RESERVED.contains(&top.as_str());
    !local.is_empty() && !dots && local.chars().all(letter) && whole
}

fn is_url(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    // What stands behind `#` is not looked at there.
    let mut letters = text.split('#').next().unwrap_or_default().chars();
    let letters = letters.all(|c| c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c));
    matches!(scheme.as_deref(), Some("http" | "https")) && letters
}

fn project_urls(it: &Subject<'_>) -> Vec<String> {
    let (mut told, mut known) = (Vec::new(), BTreeSet::new());
    for text in it.fields("Project-URL") {
        let (label, url) = text.split_once(',').unwrap_or((text, ""));
        let (label, url) = (label.trim(), url.trim());
        let host = url
            .split_once("://")
            .is_some_and(|(_, rest)| !rest.is_empty() && !rest.starts_with('/'));
        let why = match () {
            () if label.is_empty() => "has no label",
            () if label.chars().count() > LONG => "has a label of more than 32 characters",
            () if !known.insert(label) => "has the label of another one",
            () if !is_url(url) || !host => "has no address on the web",
            () => continue,
        };
        told.push(format!("{} {why}", quoted(text)));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses() {
        let good = |text: &str| mailbox(text).is_none_or(|address| is_mail(&address));
        let table = [
            ("Ann <ann@time.example>", true),
            ("\"B, Ann <x>\" <ann@time.example>, Bob <bob>", true),
            ("ann@time.example (Ann, of Time)", true),
            ("ann@zeit.exämple", true),
            ("Ann Bee", true),
            ("Ann <>", true),
            ("Ann <ann>", false),
            ("ann@localhost", false),
            ("ann@mail.local", false),
            ("ann@time..example", false),
            ("a nn@time.example", false),
            (".ann@time.example", false),
            ("@time.example", false),
        ];
        for (text, wanted) in table {
            assert_eq!(good(text), wanted, "{text}");
        }
    }

    #[test]
    fn addresses_on_the_web() {
        for text in ["https://a.example/b?c=d#e", "HTTP://a.example", "https://a.example/%20"] {
            assert!(is_url(text), "{text}");
        }
        for text in [
            "a.example",
            "ftp://a.example",
            "git+https://a.example",
            "https://a b",
            "",
            "https://a.example/\u{e4}",
        ] {
            assert!(!is_url(text), "{text}");
        }
    }
}
