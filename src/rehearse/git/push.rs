//! A push as it comes over the wire: commands, what the client can take, and a pack
//! (<https://git-scm.com/docs/gitprotocol-pack#_pushing_data_to_a_server>).
//!
//! The remote takes commands out that its rules refuse, hands the rest to git, and adds to git's report
//! what it took out.

use super::pkt;

/// What is to become of one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// Where the client believes it to be; zeroes for nowhere.
    pub(super) old: String,
    /// Where it is to be; zeroes to delete it.
    pub(super) new: String,
    /// Its whole name.
    pub(super) name: String,
}

/// The body of a push.
pub(super) struct Push<'a> {
    /// Lines about the client's cut-off history, which lead the commands.
    shallow: Vec<&'a [u8]>,
    pub(super) commands: Vec<Command>,
    capabilities: String,
    /// Options and pack, as they came.
    rest: &'a [u8],
    pub(super) pack: &'a [u8],
}

/// Whether this is the name of no object.
pub(super) fn is_zero(sha: &str) -> bool {
    sha.bytes().all(|byte| byte == b'0')
}

fn is_object_name(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl<'a> Push<'a> {
    /// Reads a body.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let (lines, rest) = pkt::lines(body)?;
        let (shallow, lines): (Vec<&[u8]>, Vec<&[u8]>) =
            lines.into_iter().partition(|line| line.starts_with(b"shallow "));
        let mut commands = Vec::new();
        let mut capabilities = String::new();
        for line in lines {
            let line = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
            let (line, after) = line.split_once('\0').unwrap_or((line, ""));
            capabilities.push_str(after);
            let (old, line) = line.split_once(' ')?;
            let (new, name) = line.split_once(' ')?;
            if ![old, new].iter().all(|sha| is_object_name(sha)) {
                return None;
            }
            commands.push(Command { old: old.into(), new: new.into(), name: name.into() });
        }
        let mut push = Self { shallow, commands, capabilities, rest, pack: rest };
        if push.has("push-options") {
            push.pack = pkt::lines(rest)?.1;
        }
        Some(push)
    }

    /// Whether the client can take, or asks for, something.
    pub(super) fn has(&self, capability: &str) -> bool {
        self.capabilities.split(' ').any(|has| has == capability)
    }

    /// The body with these commands only.
    pub(super) fn with<'c>(&self, commands: impl IntoIterator<Item = &'c Command>) -> Vec<u8> {
        let mut body: Vec<u8> = self.shallow.iter().flat_map(|line| pkt::line(line)).collect();
        for (at, Command { old, new, name }) in commands.into_iter().enumerate() {
            let said = if at == 0 { format!("\0{}", self.capabilities) } else { String::new() };
            body.extend(pkt::line(format!("{old} {new} {name}{said}").as_bytes()));
        }
        body.extend(pkt::FLUSH);
        body.extend(self.rest);
        body
    }

    /// Git's answer with the refs that it was not shown, each with the reason.
    pub(super) fn report(&self, answer: &[u8], refused: &[(&str, &str)]) -> Option<Vec<u8>> {
        let banded = self.has("side-band-64k");
        let (report, mut whole) =
            if banded { pkt::unbanded(answer)? } else { (answer.to_owned(), Vec::new()) };
        let mut told: Vec<u8> = pkt::lines(&report)?.0.into_iter().flat_map(pkt::line).collect();
        for (name, reason) in refused {
            told.extend(pkt::line(format!("ng {name} {reason}\n").as_bytes()));
        }
        told.extend(pkt::FLUSH);
        if !banded {
            return Some(told);
        }
        whole.extend(pkt::banded(pkt::REPORT, &told));
        whole.extend(pkt::FLUSH);
        Some(whole)
    }

    /// The answer of a git that was shown nothing.
    pub(super) fn nothing_done(&self) -> Vec<u8> {
        let report = [pkt::line(b"unpack ok\n"), pkt::FLUSH.to_vec()].concat();
        if self.has("side-band-64k") {
            [pkt::banded(pkt::REPORT, &report), pkt::FLUSH.to_vec()].concat()
        } else {
            report
        }
    }

    /// Whether git's answer tells of a ref that stays where it is.
    pub(super) fn refuses(&self, answer: &[u8]) -> bool {
        let report = if self.has("side-band-64k") {
            pkt::unbanded(answer).map(|(report, _)| report)
        } else {
            Some(answer.to_owned())
        };
        let report = report.unwrap_or_default();
        let lines = pkt::lines(&report).map(|(lines, _)| lines).unwrap_or_default();
        lines.iter().any(|line| line.starts_with(b"ng "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0000000000000000000000000000000000000000";
    const NEW: &str = "1111111111111111111111111111111111111111";

    fn body(capabilities: &str, rest: &[u8]) -> Vec<u8> {
        [
            pkt::line(format!("shallow {NEW}").as_bytes()),
            pkt::line(format!("{OLD} {NEW} refs/heads/a\0{capabilities}").as_bytes()),
            pkt::line(format!("{OLD} {NEW} refs/tags/b").as_bytes()),
            pkt::FLUSH.to_vec(),
            rest.to_vec(),
        ]
        .concat()
    }

    #[test]
    fn a_push_is_read_and_written_again() {
        let body = body(" report-status agent=git/2", b"PACK");
        let push = Push::read(&body).unwrap();
        let names: Vec<&str> = push.commands.iter().map(|command| command.name.as_str()).collect();
        assert_eq!(names, ["refs/heads/a", "refs/tags/b"]);
        assert!(push.has("report-status") && !push.has("atomic"));
        assert_eq!(push.pack, b"PACK");
        assert_eq!(push.with(&push.commands), body);
        let text = String::from_utf8(push.with(&push.commands[1..])).unwrap();
        assert!(text.contains("refs/tags/b\0 report-status") && !text.contains("heads"), "{text}");
    }

    #[test]
    fn options_stand_before_the_pack() {
        let body = body(" push-options", b"000aci.skip0000PACK");
        let body = String::from_utf8(body).unwrap().replace("000aci.skip", "000bci.skip");
        let push = Push::read(body.as_bytes()).unwrap();
        assert_eq!(push.pack, b"PACK");
        assert_eq!(push.with(&push.commands), body.as_bytes());
    }

    #[test]
    fn what_was_taken_out_is_told_with_the_rest() {
        for capabilities in [" report-status", " report-status side-band-64k"] {
            let body = body(capabilities, b"");
            let push = Push::read(&body).unwrap();
            let whole = push.report(&push.nothing_done(), &[("refs/tags/b", "no")]).unwrap();
            assert!(push.refuses(&whole) && !push.refuses(&push.nothing_done()));
            let text = String::from_utf8(whole).unwrap();
            assert!(text.contains("000eunpack ok\n0016ng refs/tags/b no\n0000"), "{text}");
        }
    }

    #[test]
    fn what_is_no_push_is_not_read() {
        let option = pkt::line(format!("--all {NEW} refs/heads/a\0").as_bytes());
        for body in [b"".to_vec(), b"0008nope0000".to_vec(), [&option, pkt::FLUSH].concat()] {
            assert!(Push::read(&body).is_none());
        }
    }
}
