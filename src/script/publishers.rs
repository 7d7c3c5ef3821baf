//! Commands that plainly publish: refused wherever they are written, since they would go past the
//! door. What is hidden in a user's own script is not seen here.

use crate::diag::{Diagnostic, Outcome};

/// Programs that publish, and the words by which they do, in order.
const PUBLISHERS: &[(&str, &[&str])] = &[
    ("twine", &["upload"]),
    ("uv", &["publish"]),
    ("cargo", &["publish"]),
    ("cargo", &["yank"]),
    ("gh", &["release", "create"]),
    ("gh", &["release", "upload"]),
    ("gh", &["release", "edit"]),
    ("gh", &["release", "delete"]),
    ("git", &["push"]),
    ("npm", &["publish"]),
    ("npm", &["unpublish"]),
    ("docker", &["push"]),
    ("hatch", &["publish"]),
    ("poetry", &["publish"]),
    ("pdm", &["publish"]),
    ("flit", &["publish"]),
    ("maturin", &["publish"]),
    ("maturin", &["upload"]),
];

/// Words before a program that start it: `sudo`, `uvx`, `then` …
const STARTERS: &[&str] = &[
    "sudo", "env", "time", "nice", "exec", "command", "then", "do", "else", "if", "!", "uvx",
    "pipx", "uv", "run", "tool", "python", "python3", "-m",
];

/// Options that take the next word, so that what publishes may come one word later.
const TAKES_WORD: &[&str] = &[
    "-C",
    "-c",
    "-R",
    "-p",
    "--directory",
    "--project",
    "--prefix",
    "--manifest-path",
    "--git-dir",
    "--work-tree",
    "--repo",
    "--config",
    "--package",
    "--workspace",
];

/// Refuses a command line or script in which a publishing command is written.
///
/// # Errors
/// There is one.
pub(crate) fn refuse_publisher(script: &str) -> Outcome<()> {
    for words in commands(script) {
        refuse_publishing_words(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// The commands of a shell script as words without their quotes. Quoted text and comments hold none.
fn commands(script: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = script.chars().peekable();
    let close = |all: &mut Vec<Vec<String>>, word: &mut Option<String>| {
        if let (Some(done), Some(last)) = (word.take(), all.last_mut()) {
            last.push(done);
        }
    };
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, '#') if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            (None, '\n' | ';' | '|' | '&' | '(' | ')' | '{' | '}' | '`') => {
                close(&mut all, &mut word);
                all.push(Vec::new());
            }
            (None, c) if c.is_whitespace() => close(&mut all, &mut word),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    close(&mut all, &mut word);
    all
}

/// Refuses a command of these words if it publishes.
///
/// # Errors
/// It does.
pub(crate) fn refuse_publishing_words(words: &[&str]) -> Outcome<()> {
    if let [shell, options, script @ ..] = words
        && matches!(base(shell), "sh" | "bash" | "dash" | "zsh")
        && options.starts_with('-')
        && options.contains('c')
    {
        return refuse_publisher(&script.join(" "));
    }
    let mut rest = words;
    loop {
        if let Some((program, ways)) =
            rest.first().and_then(|first| publishes(base(first), &rest[1..]))
        {
            return Err(Box::new(refusal(program, ways)));
        }
        match rest.first() {
            Some(word)
                if STARTERS.contains(&base(word))
                    || word.contains('=')
                    || word.starts_with('-') =>
            {
                rest = &rest[1..]
            }
            _ => return Ok(()),
        }
    }
}

fn publishes(program: &str, words: &[&str]) -> Option<(&'static str, &'static [&'static str])> {
    let found = PUBLISHERS.iter().find(|(name, ways)| {
        let mut plain = words.iter().filter(|word| !word.starts_with(['-', '+']));
        // An option may take the next word, so the way may come one word later, but not far.
        let near: Vec<&str> = plain.by_ref().take(ways.len() + 1).copied().collect();
        *name == program
            && near.windows(ways.len()).any(|window| window == *ways)
            && starts_soon(words, ways)
    })?;
    Some((found.0, found.1))
}

/// Whether the way comes first, or after options only: `git -C x push`, not `git commit -m push`.
fn starts_soon(words: &[&str], ways: &[&str]) -> bool {
    let mut after_option = false;
    for word in words {
        if word == &ways[0] {
            return true;
        }
        let is_option = word.starts_with(['-', '+']);
        if !is_option && !after_option {
            return false;
        }
        after_option = TAKES_WORD.contains(word);
    }
    false
}

fn base(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}

fn refusal(program: &str, ways: &[&str]) -> Diagnostic {
    let wrong = Diagnostic::usage(format!(
        "`{program} {}` publishes, and would do so in a dry run too",
        ways.join(" ")
    ));
    let python = ["twine", "uv", "hatch", "poetry", "pdm", "flit", "maturin"].contains(&program);
    let better =
        if python { "pypi::publish(t.artifacts(\"build\"), \"pypi\")" } else { "remote(\"…\")" };
    wrong.hint(format!("use `{better}` in a task with `.effects(…)`: it only acts with --live"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishing_commands_are_seen_in_each_guise() {
        let all = [
            "twine upload dist/*",
            "python3 -m twine upload x",
            "uv publish",
            "uvx twine upload x",
            "uv run twine upload x",
            "pipx run twine upload x",
            "sudo docker push x",
            "git -C . push",
            "cargo +stable publish",
            "uv --directory x publish",
            "(cd dist && npm publish)",
            "if true; then twine upload x; fi",
            "sh -c 'twine upload x'",
            "env A=1 /usr/bin/twine upload x",
            "gh release create v1",
        ];
        for line in all {
            assert!(refuse_publisher(line).is_err(), "{line}");
        }
    }

    #[test]
    fn others_are_let_through() {
        let all = [
            "git commit -m push",
            "uv build",
            "cargo package",
            "gh release view",
            "echo twine upload",
            "grep push log",
            "git log --grep publish",
            "uv run pytest tests/publish",
            "npm run publish-docs",
            "ruff check .",
            "git --no-pager grep push",
            "cargo --locked test publish",
            "npm -s run publish",
            "git commit -m 'fix; git push comes later'",
            "grep -rnE 'a|git push' .",
            "# by hand; git push",
        ];
        for line in all {
            assert!(refuse_publisher(line).is_ok(), "{line}");
        }
    }
}
