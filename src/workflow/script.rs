//! The commands of a `run:` script, as words with their lines.
//!
//! Only as much of a shell as it takes to see which program is called with what: quotes, comments, lines
//! that go on, and what joins commands. Expressions (`${{ … }}`) stay one word. Turned down: the words of
//! `model::publisher`, which refuses in doubt; a linter that is wrong in doubt gets switched off.

/// One command.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// Its words, without quotes.
    pub words: Vec<String>,
    /// The line of the script that it begins on, from 0.
    pub line: usize,
}

/// All commands of a script, in order.
pub fn calls(script: &str) -> Vec<Call> {
    let script = joined(script);
    let mut reader = Reader { calls: Vec::new(), words: Vec::new(), word: None, line: 0, begun: 0 };
    let (mut quote, mut chars) = (None, script.chars().peekable());
    while let Some(c) = chars.next() {
        reader.line += usize::from(c == '\n');
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                reader.word.get_or_insert_default();
            }
            (None | Some('"'), '\\') if chars.peek() == Some(&'\n') => {
                chars.next();
                reader.line += 1;
            }
            (None | Some('"'), '\\') => reader.word.get_or_insert_default().extend(chars.next()),
            (None, '#') if reader.word.is_none() => {
                while chars.next_if(|c| *c != '\n').is_some() {}
            }
            (None, '\n' | ';' | '|' | '&' | '(' | ')' | '`') => {
                let ended = usize::from(c == '\n');
                reader.end_call(ended);
                if c == '|' && chars.next_if_eq(&'|').is_some() {
                    reader.words.push("||".into());
                }
            }
            (None, c) if c.is_whitespace() => reader.end_word(),
            (_, c) => reader.push(c),
        }
    }
    reader.end_call(0);
    reader.calls
}

struct Reader {
    calls: Vec<Call>,
    words: Vec<String>,
    word: Option<String>,
    line: usize,
    begun: usize,
}

impl Reader {
    fn push(&mut self, c: char) {
        if self.words.is_empty() && self.word.is_none() {
            self.begun = self.line;
        }
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    /// Ends a command; `ended` lines were counted that are not its own.
    fn end_call(&mut self, ended: usize) {
        self.end_word();
        let words = std::mem::take(&mut self.words);
        if !words.is_empty() {
            let line = self.begun.min(self.line.saturating_sub(ended));
            self.calls.push(Call { words, line });
        }
        self.begun = self.line;
    }
}

/// The script with expressions of which a shell would make no more than a part of a word.
fn joined(script: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '\n');
    let mut text = String::new();
    let mut rest = script;
    while let Some((before, after)) = rest.split_once("${{") {
        let (inside, behind) = after.split_once("}}").unwrap_or((after, ""));
        text += before;
        text += "${{";
        text.extend(inside.trim().chars().map(|c| if plain(c) { c } else { '_' }));
        text += "}}";
        rest = behind;
    }
    text + rest
}

/// The program's own name: no folder, no version.
fn base(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    let name = name.split(['@', '=', '[', '<', '>', '~']).next().unwrap_or(name);
    if name.starts_with("python") || name == "py" { "python" } else { name }
}

/// What stands before a program and is none: words of the shell, and programs that start others.
const BEFORE: &[&str] = &[
    "!", "command", "do", "else", "elif", "env", "exec", "if", "nice", "sudo", "then", "time",
    "until", "while", "{", "||",
];

/// Programs that start others, with the words by which they do, and how many words behind are tried.
const LAUNCHERS: &[(&str, &[&str], usize)] = &[
    ("hatch", &["run"], REACH),
    ("npx", &[], REACH),
    ("pdm", &["run"], REACH),
    ("pipx", &["run"], REACH),
    ("poetry", &["run"], REACH),
    // What follows is the program, and all behind it is told to that.
    ("python", &["-m"], 1),
    ("rye", &["run"], REACH),
    ("timeout", &[], REACH),
    ("uv", &["run"], REACH),
    ("uv", &["tool", "run"], REACH),
    ("uvx", &[], REACH),
    ("xargs", &[], REACH),
];

/// Options may take a word.
const REACH: usize = 6;

impl Call {
    /// Whether `program` is called with these words first, options between them left out, directly or by
    /// what starts programs. Gives the words that follow.
    pub fn of<'a>(&'a self, program: &str, first: &[&str]) -> Option<&'a [String]> {
        self.starts().into_iter().find_map(|at| self.at(at, program, first))
    }

    /// The same for a program that begins at this word.
    pub(super) fn at<'a>(
        &'a self,
        at: usize,
        program: &str,
        first: &[&str],
    ) -> Option<&'a [String]> {
        let (name, words) = self.words.get(at..)?.split_first()?;
        (base(name) == program).then(|| after(words, first)).flatten()
    }

    /// Where a program may begin, what starts others before these.
    pub(super) fn starts(&self) -> Vec<usize> {
        let assigns = |word: &str| {
            word.split_once('=').is_some_and(|(name, _)| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        };
        let is_before = |word: &String| BEFORE.contains(&word.as_str()) || assigns(word);
        let at = self.words.iter().take_while(|word| is_before(word)).count();
        let mut starts = vec![at];
        let Some((name, rest)) = self.words.get(at..).and_then(|words| words.split_first()) else {
            return Vec::new();
        };
        let launchers = LAUNCHERS.iter().filter(|(launcher, ..)| *launcher == base(name));
        for (_, words, reach) in launchers {
            if let Some(after) = after(rest, words) {
                let begin = self.words.len() - after.len();
                let places = begin..self.words.len().min(begin + reach);
                starts.extend(places.filter(|at| !self.words[*at].starts_with('-')));
            }
        }
        starts
    }

    /// The value of an option, written as `--option value` or `--option=value`.
    pub fn option(&self, names: &[&str]) -> Option<&str> {
        self.words.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
            Some((name, value)) if names.contains(&name) => Some(value),
            None if names.contains(&word.as_str()) => self.words.get(at + 1).map(String::as_str),
            _ => None,
        })
    }

    /// Whether a word is there.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }
}

/// What follows `first` in `words`; options before and between are passed over.
fn after<'a>(words: &'a [String], first: &[&str]) -> Option<&'a [String]> {
    let Some((want, more)) = first.split_first() else { return Some(words) };
    let passed = |word: &&String| word.starts_with(['-', '+']) && word != want;
    let at = words.iter().take_while(passed).count();
    (words.get(at)? == want).then(|| after(&words[at + 1..], more)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(script: &str) -> Vec<(String, usize)> {
        calls(script).iter().map(|call| (call.words.join(" "), call.line)).collect()
    }

    #[test]
    fn commands_know_the_line_that_they_begin_on() {
        let script = "# twine upload\necho \"a; b\" && make\n\ngh release \\\n  create v1 | cat\nx || true\n";
        let expected = [("echo a; b", 1), ("make", 1), ("gh release create v1", 3), ("cat", 4)];
        let found = words(script);
        for (at, (text, line)) in expected.into_iter().enumerate() {
            assert_eq!(found[at], (text.to_owned(), line));
        }
        assert_eq!(found[4..], [("x".to_owned(), 5), ("|| true".to_owned(), 5)]);
    }

    #[test]
    fn an_expression_is_one_word() {
        assert_eq!(words("echo ${{ a || 'b c' }} d"), [("echo ${{a_____b_c_}} d".to_owned(), 0)]);
    }

    #[test]
    fn programs_are_found_behind_what_starts_them() {
        let table = [
            ("twine upload dist/*", true),
            ("python3.12 -m twine --no-color upload dist/*", true),
            ("uv run --with twine twine upload", true),
            ("TWINE_USERNAME=a pipx run 'twine==6.0' upload", true),
            ("if uvx twine@latest upload; then echo; fi", true),
            ("pip install twine upload", false),
            ("python -m pip install twine upload", false),
            ("echo twine upload", false),
            ("twine check dist/*", false),
        ];
        for (script, publishes) in table {
            let found = calls(script).iter().any(|call| call.of("twine", &["upload"]).is_some());
            assert_eq!(found, publishes, "{script}");
        }
    }
}
