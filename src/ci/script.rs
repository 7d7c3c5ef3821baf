//! The scripts of generated steps, line by line: what starts rel, and what is done with what it prints.
//!
//! A shell is not started for them, since a rehearsed rel is believed by its own parent alone. Known is what
//! rel writes: words with variables, `NAME=$(rel …)`, `… >> "$FILE"`, `echo`. Any other line is another's,
//! and is not played.

/// A line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// rel is started.
    Rel {
        /// The words behind it.
        words: Vec<Word>,
        /// The variable that takes what it prints.
        into: Option<String>,
        /// The file that takes it.
        to: Option<Word>,
    },
    /// A text is written behind a file.
    Echo(Word, Word),
    /// Something else.
    Other(String),
}

/// A word: texts and variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A variable; whether only its first word counts (`${NAME%% *}`).
    Variable(String, bool),
}

impl Word {
    /// It with the values of its variables; what is not there is nothing.
    pub fn expanded<'a>(&self, value: impl Fn(&str) -> Option<&'a str>) -> String {
        let of = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable(name, first) => {
                let value = value(name).unwrap_or_default();
                if *first { value.split(' ').next().unwrap_or_default() } else { value }.to_owned()
            }
        };
        self.0.iter().map(of).collect()
    }
}

/// The lines of a script.
pub fn lines(script: &str) -> Vec<Line> {
    let joined = script.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(line).collect()
}

fn line(text: &str) -> Line {
    known(text).unwrap_or_else(|| Line::Other(text.to_owned()))
}

fn known(text: &str) -> Option<Line> {
    if let Some((name, rest)) = text.split_once("=$(") {
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let words = words(rest.strip_suffix(')')?)?;
        let into = is_name.then(|| name.to_owned())?;
        return rel(words, Some(into), None);
    }
    let mut words = words(text)?;
    let append = words.iter().position(|word| *word == plain(">>"));
    let to = match append {
        Some(at) if at + 2 == words.len() => words.pop().inspect(|_| words.truncate(at)),
        Some(_) => return None,
        None => None,
    };
    match (words.as_slice(), to) {
        ([echo, text], Some(to)) if *echo == plain("echo") => Some(Line::Echo(text.clone(), to)),
        (_, to) => rel(words, None, to),
    }
}

fn rel(mut words: Vec<Word>, into: Option<String>, to: Option<Word>) -> Option<Line> {
    if *words.first()? != plain("rel") {
        return None;
    }
    words.remove(0);
    Some(Line::Rel { words, into, to })
}

fn plain(text: &str) -> Word {
    Word(vec![Part::Text(text.to_owned())])
}

/// The words of a line; nothing if it holds what only a shell knows.
fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
            continue;
        }
        words.push(word(&mut chars)?);
    }
    Some(words)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn word(chars: &mut Chars<'_>) -> Option<Word> {
    let mut word = Word::default();
    let mut quote = None;
    while let Some(&c) = chars.peek() {
        match (quote, c) {
            (None, c) if c.is_whitespace() => break,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (Some('\''), c) => word.push(c),
            (_, '$') => {
                chars.next();
                word.0.push(variable(chars)?);
                continue;
            }
            (_, '`' | '\\') | (None, '|' | '&' | ';' | '<' | '(' | ')' | '*' | '?') => return None,
            (_, c) => word.push(c),
        }
        chars.next();
    }
    quote.is_none().then_some(word)
}

impl Word {
    fn push(&mut self, c: char) {
        match self.0.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.0.push(Part::Text(c.into())),
        }
    }
}

/// A variable behind its `$`.
fn variable(chars: &mut Chars<'_>) -> Option<Part> {
    let braced = chars.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
        name.push(c);
    }
    let mut first = false;
    if braced {
        let rest: String = std::iter::from_fn(|| chars.next_if(|c| *c != '}')).collect();
        first = rest == "%% *";
        if chars.next() != Some('}') || !(first || rest.is_empty()) {
            return None;
        }
    }
    (!name.is_empty()).then_some(Part::Variable(name, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> Vec<String> {
        let value = |name: &str| match name {
            "BUNDLE" => Some("c0ffee"),
            "sent" => Some("abc  release.tar"),
            _ => None,
        };
        let all = |words: &[Word]| {
            words.iter().map(|word| word.expanded(value)).collect::<Vec<_>>().join("|")
        };
        let told = |line: Line| match line {
            Line::Rel { words, into, to } => {
                let to = to.map(|to| to.expanded(|_| Some("file")));
                format!("rel {} {into:?} {to:?}", all(&words))
            }
            Line::Echo(text, _) => format!("echo {}", text.expanded(value)),
            Line::Other(text) => format!("other {text}"),
        };
        lines(script).into_iter().map(told).collect()
    }

    #[test]
    fn what_rel_writes_is_read_and_what_only_a_shell_knows_is_not() {
        let script = "sent=$(rel apply \"$TAR\" --sha256 \"$BUNDLE\" a --yes \\\n  -o 'x y')\n# why\n\
                      echo \"sha256=${sent%% *}\" >> \"$GITHUB_OUTPUT\"\nrel show p >> \"$S\"\n";
        assert_eq!(
            shown(script),
            [
                "rel apply||--sha256|c0ffee|a|--yes|-o|x y Some(\"sent\") None",
                "echo sha256=abc",
                "rel show|p None Some(\"file\")",
            ]
        );
        for other in
            ["rel run a | tee log", "make all", "rel $(cat x)", "A=1 rel x", "rel run 'a", "echo a"]
        {
            assert_eq!(shown(other), [format!("other {other}")]);
        }
    }
}
