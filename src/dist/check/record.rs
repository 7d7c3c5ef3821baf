//! `RECORD`: a table of the files of a wheel, each with a digest and a size.
//!
//! Source: PEP 376 and the binary distribution format. PyPI only writes to the owners of a project today if it
//! does not fit, and has said that it will refuse.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::members::Member;
use super::quoted;
use super::subject::Subject;

/// Files that are not listed, or without a digest: the table itself and its signatures.
const FREE: [&str; 3] = ["RECORD", "RECORD.jws", "RECORD.p7s"];
/// Digests too weak to be used (PEP 427).
const WEAK: [&str; 2] = ["md5", "sha1"];

/// What is wrong with the table of this wheel.
pub(super) fn faults(it: &Subject<'_>, text: &str) -> Vec<String> {
    let folder = it.dist_info();
    let free: BTreeSet<String> = FREE.iter().map(|name| format!("{folder}/{name}")).collect();
    let files: BTreeMap<&str, &Member> =
        it.files().map(|member| (member.name.as_str(), member)).collect();
    let (mut faults, mut listed) = (Vec::new(), BTreeSet::new());
    for row in text.lines().filter(|line| !line.trim().is_empty()).map(cells) {
        let [name, digest, size] = row.as_slice() else {
            faults.push(format!("{} has not three parts", quoted(&row.join(","))));
            continue;
        };
        if !listed.insert(name.clone()) {
            faults.push(format!("{} is listed twice", quoted(name)));
        }
        match files.get(name.as_str()) {
            None if name.ends_with('/') => {}
            None => faults.push(format!("{} is listed and not there", quoted(name))),
            Some(_) if free.contains(name) => {}
            Some(member) => faults.extend(compared(member, digest, size)),
        }
    }
    let missing = files.keys().filter(|name| !listed.contains(**name) && !free.contains(**name));
    faults.extend(missing.map(|name| format!("{} is not listed", quoted(name))));
    faults
}

/// What a row says that does not hold.
fn compared(member: &Member, digest: &str, size: &str) -> Option<String> {
    let name = quoted(&member.name);
    let Some((kind, value)) = digest.split_once('=') else {
        return Some(format!("{name} is listed without a digest"));
    };
    if WEAK.contains(&kind) {
        return Some(format!("{name} is listed with {}, which is too weak", quoted(kind)));
    }
    if size.parse().is_ok_and(|size: u64| size != member.size) {
        return Some(format!("{name} has {} bytes, and {size} are listed", member.size));
    }
    let ours = member.sha256.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    let differs = kind == "sha256" && ours.is_some_and(|ours| ours != value.trim_end_matches('='));
    differs.then(|| format!("{name} has another sha256 than is listed"))
}

/// The cells of a line of comma-separated values (RFC 4180).
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(cell) = cells.last_mut() else { break };
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn names_with_commas_and_quotes_are_read() {
        assert_eq!(cells("a.py,sha256=x,1"), ["a.py", "sha256=x", "1"]);
        assert_eq!(cells("\"a,\"\"b\"\".py\",,"), ["a,\"b\".py", "", ""]);
    }
}
