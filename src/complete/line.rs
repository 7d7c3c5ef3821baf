//! How shells write words: reading a half-typed line, and answering so that the shell takes it.
//!
//! bash tells the raw line, since it cuts words at `:` and `=`; the others tell words. Answers are
//! lines: what to offer (`words`, `folders`, `files`), then one candidate each.

use super::{Candidate, Offer};

/// A shell that can complete words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// GNU Bash, from 3.2.
    Bash,
    /// Z shell.
    Zsh,
    /// fish, from 3.
    Fish,
    /// PowerShell, from 5.1.
    Powershell,
}

impl Shell {
    /// All, with their names.
    pub const ALL: [(&'static str, Self); 4] = [
        ("bash", Self::Bash),
        ("zsh", Self::Zsh),
        ("fish", Self::Fish),
        ("powershell", Self::Powershell),
    ];

    /// The shell of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, shell)| *shell)
    }

    /// The script to source.
    pub fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../completion/rel.bash"),
            Self::Zsh => include_str!("../../completion/rel.zsh"),
            Self::Fish => include_str!("../../completion/rel.fish"),
            Self::Powershell => include_str!("../../completion/rel.ps1"),
        }
    }
}

/// What is typed up to the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// The words before the one at the cursor, the program's name left out.
    pub before: Vec<String>,
    /// The word at the cursor, as far as it is typed.
    pub current: String,
    /// Its first part, which the shell keeps and the answer must leave out.
    pub kept: String,
    /// The quote that it stands in.
    pub quote: Option<char>,
    /// It is the file that a stream is sent to or taken from.
    pub redirect: bool,
}

impl Typed {
    /// What a shell's script says of the line: for bash the raw line and the part of it that will be
    /// replaced, for the others the words. PowerShell drops empty words, so its last has a sign in
    /// front; fish does not unquote its last.
    pub fn of(shell: Shell, told: &[String]) -> Self {
        let Some((last, before)) = told.split_last() else { return Self::default() };
        let plain = |current: &str| Self {
            before: before.to_vec(),
            current: current.to_owned(),
            ..Self::default()
        };
        match (shell, before) {
            (Shell::Bash, [line]) => of_bash(line, last),
            (Shell::Bash, _) => Self::default(),
            (Shell::Zsh, _) => plain(last),
            (Shell::Fish, _) => plain(&split(last).current),
            (Shell::Powershell, _) => plain(last.strip_prefix('.').unwrap_or(last)),
        }
    }
}

fn of_bash(line: &str, replaced: &str) -> Typed {
    let mut typed = split(line);
    let kept = line.strip_suffix(replaced).unwrap_or(line);
    let kept = split(kept);
    // Where the replaced part is the whole word, nothing of that word is kept.
    if kept.before.len() == typed.before.len() {
        typed.kept = kept.current;
    }
    if !typed.before.is_empty() {
        typed.before.remove(0);
    }
    typed
}

/// Splits a line as a shell would, the last word as far as it goes.
fn split(line: &str) -> Typed {
    let mut typed = Typed::default();
    let (mut begun, mut chars) = (false, line.chars());
    while let Some(c) = chars.next() {
        match (typed.quote, c) {
            (Some(quote), _) if c == quote => typed.quote = None,
            (None, '\'' | '"') => (typed.quote, begun) = (Some(c), true),
            (None | Some('"'), '\\') => {
                typed.current.extend(chars.next());
                begun = true;
            }
            (None, '<' | '>') => {
                typed.current.clear();
                (typed.redirect, begun) = (true, false);
            }
            (None, _) if c.is_whitespace() => {
                let word = std::mem::take(&mut typed.current);
                if begun && !std::mem::take(&mut typed.redirect) {
                    typed.before.push(word);
                }
                begun = false;
            }
            _ => {
                typed.current.push(c);
                begun = true;
            }
        }
    }
    typed
}

/// The answer to a shell.
pub fn answer(shell: Shell, typed: &Typed, offer: &Offer) -> String {
    let candidates = match offer {
        Offer::Folders => return "folders\n".into(),
        Offer::Files => return "files\n".into(),
        Offer::Words(candidates) => candidates,
    };
    let lines = candidates.iter().filter_map(|candidate| line(shell, typed, candidate));
    std::iter::once("words".to_owned()).chain(lines).map(|line| line + "\n").collect()
}

fn line(shell: Shell, typed: &Typed, candidate: &Candidate) -> Option<String> {
    let Candidate { text, doc, open } = candidate;
    Some(match shell {
        Shell::Bash => {
            let rest = text.strip_prefix(&typed.kept)?;
            let end = if *open { "" } else { " " };
            match typed.quote {
                // Within quotes bash adds the closing one itself.
                Some(quote) if rest.contains([quote, '\\', '$', '`', '!']) => return None,
                Some(_) => rest.to_owned(),
                None => format!("{}{end}", escaped(rest)),
            }
        }
        Shell::Zsh => {
            let sign = if *open { '+' } else { ' ' };
            format!("{sign}{}:{doc}", text.replace('\\', "\\\\").replace(':', "\\:"))
        }
        Shell::Fish => format!("{text}\t{doc}"),
        Shell::Powershell => {
            let plain = |c: char| c.is_alphanumeric() || "-_.:=/+".contains(c);
            let quoted = if text.chars().all(plain) {
                text.clone()
            } else {
                format!("'{}'", text.replace('\'', "''"))
            };
            format!("{quoted}\t{text}\t{doc}")
        }
    })
}

/// The word for bash, with a backslash before everything that means something to it.
fn escaped(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.:=/+,@%".contains(c) || !c.is_ascii();
    text.chars().fold(String::new(), |mut out, c| {
        if !plain(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(candidates: &[&str]) -> Offer {
        let candidate = |text: &&str| Candidate {
            text: (*text).to_owned(),
            doc: "d".into(),
            open: text.ends_with('='),
        };
        Offer::Words(candidates.iter().map(candidate).collect())
    }

    fn bash(line: &str, replaced: &str, candidates: &[&str]) -> String {
        let typed = Typed::of(Shell::Bash, &[line.to_owned(), replaced.to_owned()]);
        answer(Shell::Bash, &typed, &words(candidates)).replace('\n', "|")
    }

    #[test]
    fn bash_keeps_what_stands_before_a_colon_or_equals_sign() {
        assert_eq!(bash("rel test:3", "3", &["test:3.11", "test:3.12"]), "words|3.11 |3.12 |");
        assert_eq!(bash("rel test:", "", &["test:3.11"]), "words|3.11 |");
        assert_eq!(bash("rel level=mi", "mi", &["level=minor"]), "words|minor |");
        assert_eq!(bash("rel le", "le", &["level="]), "words|level=|");
        assert_eq!(bash("rel bump ", "", &["minor"]), "words|minor |");
        assert_eq!(bash("rel \"test:3", "test:3", &["test:3.11"]), "words|test:3.11|");
    }

    #[test]
    fn what_means_something_to_a_shell_is_quoted() {
        assert_eq!(bash("rel b a\\ ", "a\\ ", &["a $(b)"]), "words|a\\ \\$\\(b\\) |");
        assert_eq!(bash("rel b 'a ", "a ", &["a b", "a 'b'", "a $b"]), "words|a b|");
        let powershell = answer(Shell::Powershell, &Typed::default(), &words(&["it's", "x"]));
        assert_eq!(powershell, "words\n'it''s'\tit's\td\nx\tx\td\n");
        let zsh = answer(Shell::Zsh, &Typed::default(), &words(&["test:3.11", "level="]));
        assert_eq!(zsh, "words\n test\\:3.11:d\n+level=:d\n");
    }

    #[test]
    fn a_line_is_split_as_a_shell_would() {
        let typed = split("rel -C 'my folder' a\\ b \"c\"d 2>log x=\"y z");
        assert_eq!(typed.before, ["rel", "-C", "my folder", "a b", "cd"]);
        assert_eq!((typed.current.as_str(), typed.quote), ("x=y z", Some('"')));
        assert!(split("rel lint > fi").redirect && split("rel lint >").redirect);
        assert!(!split("rel lint > file te").redirect);
        assert_eq!(split("rel lint ").current, "");
        assert_eq!(split("rel '' te").before, ["rel", ""]);
    }

    #[test]
    fn the_last_word_is_told_in_each_shells_way() {
        let told = |shell, last: &str| Typed::of(shell, &["bump".into(), last.into()]).current;
        assert_eq!(told(Shell::Powershell, "."), "");
        assert_eq!(told(Shell::Powershell, ".mi"), "mi");
        assert_eq!(told(Shell::Fish, "'a b"), "a b");
        assert_eq!(told(Shell::Zsh, "mi"), "mi");
    }
}
