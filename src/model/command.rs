//! Command templates: a line with holes, and the command that filling it gives.
//!
//! `{}` is a hole for one argument, `{name}` (only where names are known) one for a parameter.
//! A hole is (part of) exactly one word of the command, whatever it is filled with: nothing is
//! ever split or expanded again. Nothing is run here.
//! Turned down: string interpolation, which cannot be quoted after the fact.

use serde::{Deserialize, Serialize};

use crate::diag::Diagnostic;
use crate::model::shell::{Reader, Unfit};

/// What a command is started as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cmd {
    /// A program and its words, started without a shell.
    Argv(Vec<String>),
    /// A script for the shell.
    Script(String),
}

impl Cmd {
    /// The command as a person would type it.
    pub fn shown(&self) -> String {
        match self {
            Self::Argv(words) => shell_words::join(words),
            Self::Script(script) => script.trim().to_owned(),
        }
    }
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Hole,
    Named(String),
}

/// A value for a hole: one word, or many where the hole is a whole word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fill {
    /// Exactly one word.
    One(String),
    /// Any number of words.
    Many(Vec<String>),
}

/// How a template is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Words, without a shell.
    Exec,
    /// A shell script.
    Shell,
}

/// A parsed command line with its holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub(super) how: How,
    pub(super) words: Vec<Vec<Piece>>,
}

/// Why a template cannot be parsed or filled.
#[derive(Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub hint: &'static str,
}

impl Misfit {
    fn new(why: impl Into<String>, hint: &'static str) -> Self {
        Self { why: why.into(), hint }
    }
}

impl From<Misfit> for Diagnostic {
    fn from(misfit: Misfit) -> Self {
        Self::usage(misfit.why).hint(misfit.hint)
    }
}

const HOLES: &str = "each `{}` takes one argument; without arguments braces are text";

impl Template {
    /// Parses `line`. `{}` is a hole only if `holes`; `{name}` only for the given `names`.
    ///
    /// # Errors
    /// Unbalanced quotes, an empty command, and in a script a hole within quotes.
    pub fn parse(how: How, line: &str, holes: bool, names: &[String]) -> Result<Self, Misfit> {
        if let (How::Exec, Some(sign)) = (how, shell_sign(line)) {
            let why = format!("`{sign}` is the shell's, and `exec` starts no shell");
            return Err(Misfit::new(
                why,
                "write `sh(…)`, or quote the word if it is meant as it stands; variables go into `.env(#{ … })`",
            ));
        }
        let texts = match how {
            How::Shell => vec![line.to_owned()],
            How::Exec => shell_words::split(line).map_err(|_| {
                Misfit::new(
                    "the command has an open quote",
                    "close it, or write `\\\\'` for one that is meant",
                )
            })?,
        };
        if texts.iter().all(|text| text.trim().is_empty()) {
            return Err(Misfit::new("the command is empty", "write the program and its words"));
        }
        let words: Vec<Vec<Piece>> = texts.iter().map(|text| pieces(text, holes, names)).collect();
        if how == How::Shell {
            refuse_unfit_holes(&words[0])?;
        }
        Ok(Self { how, words })
    }

    /// The number of `{}` holes.
    pub fn holes(&self) -> usize {
        self.words.iter().flatten().filter(|piece| **piece == Piece::Hole).count()
    }

    /// The first word, if it has no holes.
    pub fn program(&self) -> Option<&str> {
        match self.words.first()?.as_slice() {
            [Piece::Text(text)] => Some(text.split_whitespace().next().unwrap_or(text)),
            _ => None,
        }
    }

    /// Fills the `{}` holes now, and leaves the named ones for later.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn filled_in_advance(mut self, args: &[Fill]) -> Result<Self, Misfit> {
        if args.is_empty() {
            return Ok(self);
        }
        self.check_count(args)?;
        let mut args = args.iter();
        let mut words = Vec::new();
        for word in &self.words {
            if let ([Piece::Hole], How::Exec) = (word.as_slice(), self.how) {
                match take(&Piece::Hole, &mut args, &|_| None)? {
                    Fill::One(text) => words.push(vec![Piece::Text(text)]),
                    Fill::Many(texts) => {
                        words.extend(texts.into_iter().map(|text| vec![Piece::Text(text)]));
                    }
                }
                continue;
            }
            let fixed = |piece: &Piece| match (piece, self.how) {
                (Piece::Hole, How::Exec) => fill_part(piece, &mut args, &|_| None).map(Piece::Text),
                (Piece::Hole, How::Shell) => {
                    take(piece, &mut args, &|_| None).map(|fill| Piece::Text(quoted(fill)))
                }
                (other, _) => Ok(other.clone()),
            };
            words.push(word.iter().map(fixed).collect::<Result<_, _>>()?);
        }
        self.words = words;
        Ok(self)
    }

    /// The command with its holes left visible, for people.
    pub fn shown(&self) -> Cmd {
        let text = |word: &Vec<Piece>| -> String {
            let piece = |piece: &Piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Hole => "{}".to_owned(),
                Piece::Named(name) => format!("{{{name}}}"),
            };
            word.iter().map(piece).collect()
        };
        match self.how {
            How::Exec => Cmd::Argv(self.words.iter().map(text).collect()),
            How::Shell => Cmd::Script(text(&self.words[0])),
        }
    }

    fn check_count(&self, args: &[Fill]) -> Result<(), Misfit> {
        let (holes, args) = (self.holes(), args.len());
        let plural = if args == 1 { "" } else { "s" };
        let wrong = || {
            Misfit::new(
                format!("the command has {holes} `{{}}` but {args} argument{plural}"),
                HOLES,
            )
        };
        if holes == args { Ok(()) } else { Err(wrong()) }
    }

    /// Fills the holes in order, and the named ones by `lookup`.
    ///
    /// # Errors
    /// A count that does not fit, an array where a hole is only part of a word, an unknown name.
    pub fn fill(
        &self,
        args: &[Fill],
        lookup: &dyn Fn(&str) -> Option<Fill>,
    ) -> Result<Cmd, Misfit> {
        self.check_count(args)?;
        let mut args = args.iter();
        match self.how {
            How::Exec => {
                let mut argv = Vec::new();
                for word in &self.words {
                    fill_word(word, &mut args, lookup, &mut argv)?;
                }
                Ok(Cmd::Argv(argv))
            }
            How::Shell => fill_script(&self.words[0], &mut args, lookup).map(Cmd::Script),
        }
    }
}

/// The first word of `line`, outside quotes, that only a shell would understand: `|`, `&&`, `>` …
fn shell_sign(line: &str) -> Option<&str> {
    const SIGNS: [&str; 11] = ["|", "||", "&&", "&", ";", ">", ">>", "<", "2>", "2>&1", "|&"];
    let mut quote = None;
    let mut outside = String::new();
    let mut escaped = false;
    for c in line.chars() {
        if escaped || (c == '\\' && quote != Some('\'')) {
            escaped = !escaped;
            outside.push('x');
            continue;
        }
        match quote {
            None if matches!(c, '\'' | '"') => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        // What stands in quotes is a word of its own kind, whatever it holds.
        outside.push(if quote.is_some() && c != '\n' { 'x' } else { c });
    }
    let assigns = |word: &str| {
        let name = word.split('=').next().filter(|name| name.len() < word.len()).unwrap_or("");
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    if outside.split_whitespace().next().is_some_and(assigns) {
        return Some("NAME=value");
    }
    outside.split_whitespace().find_map(|word| {
        let ends = word.len() > 1 && word.ends_with(';');
        let sign = if ends { ";" } else { word };
        SIGNS.iter().copied().find(|known| *known == sign)
    })
}

/// Names in single braces within `line`, with their character offsets: `{level}` gives `level`.
pub fn braced_names(line: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = line[from..].find('{').map(|at| at + from) {
        from = open + 1;
        let Some(length) = line[from..].find('}') else {
            break;
        };
        let name = &line[from..from + length];
        let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
        if plain && !line[..open].ends_with('$') {
            found.push((line[..open].chars().count(), name));
        }
    }
    found
}

fn pieces(text: &str, holes: bool, names: &[String]) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, after) = (&rest[..open], &rest[open + 1..]);
        plain.push_str(before);
        let piece = after.find('}').and_then(|close| match &after[..close] {
            "" if holes => Some((Piece::Hole, close)),
            name if names.iter().any(|known| known == name) && !before.ends_with('$') => {
                Some((Piece::Named(name.to_owned()), close))
            }
            _ => None,
        });
        if let Some((piece, close)) = piece {
            if !plain.is_empty() {
                found.push(Piece::Text(std::mem::take(&mut plain)));
            }
            found.push(piece);
            rest = &after[close + 1..];
        } else {
            plain.push('{');
            rest = after;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() || found.is_empty() {
        found.push(Piece::Text(plain));
    }
    found
}

fn refuse_unfit_holes(script: &[Piece]) -> Result<(), Misfit> {
    let mut reader = Reader::default();
    for piece in script {
        let shown = match piece {
            Piece::Text(text) => {
                reader.read(text);
                continue;
            }
            Piece::Hole => "{}".to_owned(),
            Piece::Named(name) => format!("{{{name}}}"),
        };
        let (place, hint) = match reader.value() {
            Ok(()) => continue,
            Err(Unfit::Quoted) => {
                ("within quotes: each one is quoted by rel already", "take the quotes away")
            }
            Err(Unfit::Here) => (
                "in a here-document, where nothing quotes it",
                "print it: printf '%s\\n' {} | …; or write the text with `write(…)` in a body",
            ),
            Err(Unfit::Comment) => ("in a comment, which it could end", "take it away"),
        };
        return Err(Misfit::new(format!("a `{shown}` {place}"), hint));
    }
    Ok(())
}

fn take<'a>(
    piece: &Piece,
    args: &mut impl Iterator<Item = &'a Fill>,
    lookup: &dyn Fn(&str) -> Option<Fill>,
) -> Result<Fill, Misfit> {
    match piece {
        Piece::Text(text) => Ok(Fill::One(text.clone())),
        Piece::Hole => args
            .next()
            .cloned()
            .ok_or_else(|| Misfit::new("the command has more `{}` than arguments", HOLES)),
        Piece::Named(name) => lookup(name).ok_or_else(|| {
            Misfit::new(format!("`{{{name}}}` is no parameter here"), "declare it with `.param(…)`")
        }),
    }
}

fn fill_word<'a>(
    word: &[Piece],
    args: &mut impl Iterator<Item = &'a Fill>,
    lookup: &dyn Fn(&str) -> Option<Fill>,
    argv: &mut Vec<String>,
) -> Result<(), Misfit> {
    if let [piece] = word {
        match take(piece, args, lookup)? {
            Fill::One(text) => argv.push(text),
            Fill::Many(texts) => argv.extend(texts),
        }
        return Ok(());
    }
    let mut built = String::new();
    for piece in word {
        built.push_str(&fill_part(piece, args, lookup)?);
    }
    argv.push(built);
    Ok(())
}

fn fill_part<'a>(
    piece: &Piece,
    args: &mut impl Iterator<Item = &'a Fill>,
    lookup: &dyn Fn(&str) -> Option<Fill>,
) -> Result<String, Misfit> {
    match take(piece, args, lookup)? {
        Fill::One(text) => Ok(text),
        Fill::Many(_) => Err(Misfit::new(
            "an array fits only where `{}` is a whole word",
            "put blanks round the `{}`",
        )),
    }
}

fn quoted(fill: Fill) -> String {
    match fill {
        Fill::One(text) => shell_words::quote(&text).into_owned(),
        Fill::Many(texts) => shell_words::join(texts),
    }
}

fn fill_script<'a>(
    script: &[Piece],
    args: &mut impl Iterator<Item = &'a Fill>,
    lookup: &dyn Fn(&str) -> Option<Fill>,
) -> Result<String, Misfit> {
    let mut built = String::new();
    for piece in script {
        match (piece, take(piece, args, lookup)?) {
            (Piece::Text(text), _) => built.push_str(text),
            (_, fill) => built.push_str(&quoted(fill)),
        }
    }
    Ok(built)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(line: &str, args: &[Fill]) -> Result<Cmd, Misfit> {
        Template::parse(How::Exec, line, !args.is_empty(), &[])?.fill(args, &|_| None)
    }

    fn one(text: &str) -> Fill {
        Fill::One(text.into())
    }

    #[expect(clippy::unnecessary_wraps, reason = "to be compared with what parsing gives")]
    fn argv(words: &[&str]) -> Result<Cmd, Misfit> {
        Ok(Cmd::Argv(words.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn a_hole_is_one_word_whatever_it_holds() {
        assert_eq!(exec("x {}", &[one("a b; rm -rf 'c'")]), argv(&["x", "a b; rm -rf 'c'"]));
        assert_eq!(exec("x --out={}/y", &[one("a b")]), argv(&["x", "--out=a b/y"]));
        assert_eq!(
            exec("x {} z", &[Fill::Many(vec!["a".into(), "b".into()])]),
            argv(&["x", "a", "b", "z"])
        );
        assert_eq!(exec("x {} z", &[Fill::Many(vec![])]), argv(&["x", "z"]));
        assert_eq!(exec("x {}", &[one("{}")]), argv(&["x", "{}"]));
    }

    #[test]
    fn braces_without_arguments_are_text() {
        assert_eq!(
            exec("find . -exec rm {} +", &[]),
            argv(&["find", ".", "-exec", "rm", "{}", "+"])
        );
        assert_eq!(exec("echo '${HOME}' {a:1}", &[]), argv(&["echo", "${HOME}", "{a:1}"]));
    }

    #[test]
    fn shell_signs_are_no_words_for_a_program() {
        for line in ["a | b", "a && b", "a; b", "a > b", "a 2>&1", "PYTHONPATH=src a"] {
            assert!(exec(line, &[]).is_err(), "{line}");
        }
        for line in [
            "awk '{print; }' f",
            "a 'x | y'",
            "a \"x && y\"",
            "find . -exec rm {} \\;",
            "a b|c",
            "a>b",
        ] {
            assert!(exec(line, &[]).is_ok(), "{line}");
        }
    }

    #[test]
    fn counts_and_arrays_must_fit() {
        assert_eq!(
            exec("x {} {}", &[one("a")]).unwrap_err().why,
            "the command has 2 `{}` but 1 argument"
        );
        assert!(exec("x a{}", &[Fill::Many(vec![])]).is_err());
        assert!(exec("x 'open", &[]).is_err());
        assert!(exec("  ", &[]).is_err());
    }

    #[test]
    fn a_script_quotes_each_hole_and_refuses_quotes_round_one() {
        let shell = |line: &str| {
            Template::parse(How::Shell, line, true, &[])?.fill(&[one("it's; $HOME")], &|_| None)
        };
        assert_eq!(
            shell("echo {} | tee log"),
            Ok(Cmd::Script("echo 'it'\\''s; $HOME' | tee log".into()))
        );
        assert!(shell("echo 'a {}'").is_err());
        assert!(shell("echo \"{}\"").is_err());
        assert!(shell("echo 'a' {}").is_ok());
        assert!(shell("echo \\' {}").is_ok());
    }

    #[test]
    fn names_are_holes_only_where_they_are_known() {
        let names = ["level".to_string()];
        let template =
            Template::parse(How::Exec, "bump {level} {other} ${level}", false, &names).unwrap();
        let filled = template.fill(&[], &|name| (name == "level").then(|| one("a b")));
        assert_eq!(filled, argv(&["bump", "a b", "{other}", "${level}"]));
        assert_eq!(braced_names("x {level} ${level} {} {a-b} {lvl}"), [(2, "level"), (28, "lvl")]);
    }

    proptest::proptest! {
        #[test]
        fn filling_never_changes_an_argument(args in proptest::collection::vec(".*", 1..5)) {
            let line = format!("x{}", " {}".repeat(args.len()));
            let fills: Vec<Fill> = args.iter().map(|a| Fill::One(a.clone())).collect();
            let Ok(Cmd::Argv(words)) = exec(&line, &fills) else { panic!("must fill") };
            proptest::prop_assert_eq!(&words[1..], &args[..]);
        }

        #[test]
        fn a_shell_reads_back_what_was_quoted(args in proptest::collection::vec("[^\u{0}]*", 1..5)) {
            let line = format!("x{}", " {}".repeat(args.len()));
            let fills: Vec<Fill> = args.iter().map(|a| Fill::One(a.clone())).collect();
            let template = Template::parse(How::Shell, &line, true, &[]).unwrap();
            let Ok(Cmd::Script(script)) = template.fill(&fills, &|_| None) else { panic!("must fill") };
            proptest::prop_assert_eq!(&shell_words::split(&script).unwrap()[1..], &args[..]);
        }
    }
}
