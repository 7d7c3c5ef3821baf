//! Pieces of Rhai: string literals, arrays, and tasks laid out as a person would.
//!
//! Whatever stands in a project's files becomes text here, never code: names are quoted or left out.

use std::fmt::Write as _;

/// The longest line that is written, unless one word is longer.
const WIDTH: usize = 110;

/// `text` as a string literal.
pub fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            c if is_printable(c) => literal.push(c),
            c if u32::from(c) <= 0xffff => {
                let _ = write!(literal, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _ = write!(literal, "\\U{:08x}", u32::from(c));
            }
        }
    }
    literal.push('"');
    literal
}

/// Whether a character shows as itself: no control, none that is invisible or turns text round.
pub(in crate::starter) fn is_printable(c: char) -> bool {
    let hidden = matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    !c.is_control() && !hidden
}

/// An array of texts.
pub(super) fn array<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// One text by itself, several as an array.
pub(super) fn one_or_many(texts: &[&str]) -> String {
    if let [one] = texts { quoted(one) } else { array(texts) }
}

/// A command as the words of `exec`: its line, then what fills its holes.
#[derive(Clone, Default)]
pub(super) struct Line {
    line: String,
    fills: Vec<String>,
}

impl Line {
    pub(super) fn new(line: &str) -> Self {
        Self { line: line.into(), fills: Vec::new() }
    }

    /// Adds words that need no quotes.
    pub(super) fn words(mut self, words: &str) -> Self {
        if !self.line.is_empty() && !words.is_empty() {
            self.line.push(' ');
        }
        self.line.push_str(words);
        self
    }

    /// Adds a word that comes from the project, in quotes or through a hole if it needs them.
    pub(super) fn word(self, word: &str) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let is_plain = !word.is_empty() && word.chars().all(plain);
        if is_plain { self.words(word) } else { self.words("{}").fill(&quoted(word)) }
    }

    /// An expression for the next hole.
    pub(super) fn fill(mut self, expression: &str) -> Self {
        self.fills.push(expression.into());
        self
    }

    /// `exec(…)`.
    pub(super) fn exec(&self) -> String {
        let line = std::iter::once(quoted(&self.line)).chain(self.fills.iter().cloned());
        format!("exec({})", line.collect::<Vec<_>>().join(", "))
    }
}

/// A task to be written.
pub(super) struct Task {
    pub(super) name: &'static str,
    about: String,
    calls: Vec<String>,
}

impl Task {
    pub(super) fn new(name: &'static str, about: impl Into<String>) -> Self {
        Self { name, about: about.into(), calls: Vec::new() }
    }

    /// Adds a method call: `.needs("check")`.
    pub(super) fn call(mut self, call: impl Into<String>) -> Self {
        self.calls.push(call.into());
        self
    }

    /// Adds a command.
    pub(super) fn exec(self, line: &Line) -> Self {
        self.call(format!(".{}", line.exec()))
    }

    /// Adds a body of several statements, without and with the task as its argument.
    pub(super) fn body(self, argument: &str, statements: &[String]) -> Self {
        if let [one] = statements {
            return self.call(format!(".run(|{argument}| {one})"));
        }
        let lines = statements.join("\n").replace('\n', "\n    ");
        self.call(format!(".run(|{argument}| {{\n    {lines}\n}})"))
    }

    /// The task with its description, on as few lines as are pleasant.
    pub(super) fn text(&self, group: Option<&str>) -> String {
        let group = group.map(|group| format!(".group({})", quoted(group))).unwrap_or_default();
        let mut lines = vec![format!("task({}){group}", quoted(self.name))];
        let broken = |text: &str| text.replace('\n', "\n    ");
        for call in &self.calls {
            let first = call.lines().next().unwrap_or_default();
            let room = lines.last().map_or(0, |last| last.chars().count()) + first.chars().count();
            let is_first = lines.len() == 1;
            match lines.last_mut() {
                Some(last) if room < WIDTH && is_first => last.push_str(call),
                Some(last) if room < WIDTH => last.push_str(&broken(call)),
                _ => lines.push(format!("    {}", broken(call))),
            }
        }
        format!("// {}\n{};\n", self.about, lines.join("\n"))
    }
}

/// Statements with their ends: one alone needs none.
pub(super) fn statements(lines: &[String]) -> Vec<String> {
    if let [one] = lines {
        return vec![one.clone()];
    }
    let ended = |line: &String| match line {
        block if block.ends_with('}') => block.clone(),
        line => format!("{line};"),
    };
    lines.iter().map(ended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_literal_is_the_text_again(text in proptest::prelude::any::<String>()) {
            let read = rhai::Engine::new_raw().eval::<String>(&quoted(&text)).unwrap();
            proptest::prop_assert_eq!(read, text);
        }
    }

    #[test]
    fn hostile_texts_stay_texts() {
        for text in ["\"); exec(\"x", "${x}`\\", "a\nb\r\t\0", "{}{args}", "\u{202e}evil", ""] {
            let literal = quoted(text);
            assert!(!literal.contains(['\n', '\u{202e}', '\0']), "{literal}");
            assert_eq!(rhai::Engine::new_raw().eval::<String>(&literal).unwrap(), text);
        }
    }

    #[test]
    fn a_long_task_goes_on_on_the_next_line() {
        let short = Task::new("a", "About a").call(".needs(\"b\")").text(None);
        assert_eq!(short, "// About a\ntask(\"a\").needs(\"b\");\n");
        let long = "x".repeat(100);
        let task =
            Task::new("a", "About a").call(".needs(\"b\")").exec(&Line::new(&long)).text(None);
        assert!(task.contains(").needs(\"b\")\n    .exec("), "{task}");
        let body = ["a()".into(), "b()".into()];
        let task = Task::new("a", "About a").exec(&Line::new(&long)).body("", &body).text(None);
        assert!(task.ends_with(".run(|| {\n        a()\n        b()\n    });\n"), "{task}");
    }
}
