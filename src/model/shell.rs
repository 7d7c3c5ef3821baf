//! Where in a shell script a value may stand that is quoted for the shell: not within quotes, where
//! its own would be text, nor in a here-document or a comment, where they mean nothing.
//!
//! Follows quotes, `$(…)`, comments and here-documents (POSIX, Shell Command Language 2.2 to 2.7),
//! and knows no more of the language. Turned down: a parser for all of it.

/// What stands around a place of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    /// A command, at the top or within `$(…)`.
    Command,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// A backquoted command.
    Back,
    /// `((…))`, where `<<` is a shift.
    Sum,
}

/// Why a value must not stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It stands within quotes.
    Quoted,
    /// It stands in a comment.
    Comment,
    /// It stands in a here-document.
    Here,
}

/// A reader of a script, piece by piece.
#[derive(Debug)]
pub struct Reader {
    around: Vec<Around>,
    comment: bool,
    /// A new word begins here: only there `#` begins a comment.
    fresh: bool,
    /// Ends of here-documents that begin on the next line.
    waiting: Vec<String>,
    /// Ends of the here-documents that are being read, and the line so far.
    here: Vec<String>,
    line: String,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            around: vec![Around::Command],
            comment: false,
            fresh: true,
            waiting: Vec::new(),
            here: Vec::new(),
            line: String::new(),
        }
    }
}

impl Reader {
    /// Reads on.
    pub fn read(&mut self, text: &str) {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if !self.here.is_empty() {
                self.read_here(c);
                continue;
            }
            let fresh = std::mem::take(&mut self.fresh);
            if c == '\n' {
                (self.comment, self.fresh) = (false, true);
                self.here = std::mem::take(&mut self.waiting);
                continue;
            }
            if self.comment {
                continue;
            }
            match (self.around.last().copied().unwrap_or(Around::Command), c) {
                (Around::Single, '\'') | (Around::Double, '"') | (Around::Back, '`') => {
                    self.around.pop();
                }
                (Around::Single, _) => {}
                (_, '\\') => _ = chars.next(),
                (Around::Sum, '(') => self.around.push(Around::Sum),
                (Around::Sum, ')') => _ = self.around.pop(),
                (_, '$') if chars.next_if_eq(&'(').is_some() => self.open(&mut chars),
                (_, '`') => self.around.push(Around::Back),
                (Around::Double, _) => {}
                (_, '\'') => self.around.push(Around::Single),
                (_, '"') => self.around.push(Around::Double),
                (_, '(') => self.open(&mut chars),
                (_, ')') if self.around.len() > 1 => _ = self.around.pop(),
                (_, '#') if fresh => self.comment = true,
                (Around::Command, '<') if chars.next_if_eq(&'<').is_some() => {
                    self.waiting.extend(end_of_here(&mut chars));
                }
                (_, c) => self.fresh = c.is_whitespace() || matches!(c, ';' | '&' | '|'),
            }
        }
    }

    /// What a bracket opens: commands, or with a second one a sum.
    fn open(&mut self, chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
        let sum = chars.next_if_eq(&'(').is_some();
        self.around.extend(if sum { vec![Around::Sum; 2] } else { vec![Around::Command] });
        self.fresh = true;
    }

    fn read_here(&mut self, c: char) {
        if c != '\n' {
            self.line.push(c);
            return;
        }
        let line = std::mem::take(&mut self.line);
        if self.here.first().is_some_and(|end| line.trim_start_matches('\t') == end) {
            self.here.remove(0);
            self.fresh = true;
        }
    }

    /// Takes a value in at this place.
    ///
    /// # Errors
    /// It must not stand here.
    pub fn value(&mut self) -> Result<(), Unfit> {
        let unfit = match self.around.last() {
            _ if !self.here.is_empty() => Unfit::Here,
            _ if self.comment => Unfit::Comment,
            Some(Around::Single | Around::Double) => Unfit::Quoted,
            _ => {
                self.fresh = false;
                return Ok(());
            }
        };
        Err(unfit)
    }
}

/// The word that ends a here-document, after `<<`; none for `<<<`.
fn end_of_here(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    if chars.next_if(|c| *c == '<').is_some() {
        return None;
    }
    chars.next_if(|c| *c == '-');
    while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
    let mut end = String::new();
    let over = |c: &char| c.is_whitespace() || matches!(c, ';' | '&' | '|' | '<' | '>' | '(' | ')');
    while let Some(c) = chars.next_if(|c| !over(c)) {
        if !matches!(c, '\'' | '"' | '\\') {
            end.push(c);
        }
    }
    (!end.is_empty()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a value at each `@`.
    fn fits(script: &str) -> Vec<Result<(), Unfit>> {
        let mut reader = Reader::default();
        let mut found = Vec::new();
        for (number, piece) in script.split('@').enumerate() {
            if number > 0 {
                found.push(reader.value());
            }
            reader.read(piece);
        }
        found
    }

    #[test]
    fn a_value_stands_only_where_quotes_mean_something() {
        for script in [
            "echo @",
            "echo 'a' @",
            "x=\"$(echo @)\"; y=@",
            "echo a#@",
            "echo \\' @",
            "echo \"a \\\" b\" @",
            "cat <<E\nx\nE\necho @",
            "cat <<-'E' | tee @\n\tx\n\tE\necho @",
            "cat <<< @",
            "# a 'quote\necho @",
            "(cd @; ls)",
            "echo \"`echo @`\"",
            "x=$((1 << 2))\necho @",
            "if ((x<<y)); then echo @; fi\necho @",
            "case x in a) echo @;; esac",
        ] {
            assert!(fits(script).iter().all(Result::is_ok), "{script}: {:?}", fits(script));
        }
        for (script, why) in [
            ("echo '@'", Unfit::Quoted),
            ("echo \"$(echo x) @\"", Unfit::Quoted),
            ("echo \"$(echo '@')\"", Unfit::Quoted),
            ("cat <<EOF\nx @\nEOF\n", Unfit::Here),
            ("cat <<A <<B\nx\nA\n@\nB\n", Unfit::Here),
            ("cat << \"EOF\"\n@\nEOF\n", Unfit::Here),
            ("# note @\necho", Unfit::Comment),
            ("echo x; # @", Unfit::Comment),
        ] {
            assert_eq!(fits(script), [Err(why)], "{script}");
        }
    }
}
