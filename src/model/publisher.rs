//! Commands that publish: refused wherever a task would start them, since they would go past the
//! door. Told by their words alone, so that the same answer holds for what is written in a
//! Releasefile and for what a script deep inside a task starts (`host::shim`).
//! Turned down: asking each program, since none of them can say what it is about to do.

use crate::diag::{Diagnostic, Outcome};

/// Programs that publish, and the words by which they do, in order.
const PUBLISHERS: &[(&str, &[&str])] = &[
    ("bun", &["publish"]),
    ("cargo", &["publish"]),
    ("cargo", &["yank"]),
    ("docker", &["push"]),
    ("flit", &["publish"]),
    ("gem", &["push"]),
    ("gh", &["release", "create"]),
    ("gh", &["release", "delete"]),
    ("gh", &["release", "edit"]),
    ("gh", &["release", "upload"]),
    ("gh", &["workflow", "run"]),
    ("git", &["push"]),
    ("git", &["send-pack"]),
    ("glab", &["release", "create"]),
    ("glab", &["release", "upload"]),
    ("hatch", &["publish"]),
    ("maturin", &["publish"]),
    ("maturin", &["upload"]),
    ("npm", &["publish"]),
    ("npm", &["unpublish"]),
    ("pdm", &["publish"]),
    ("pnpm", &["publish"]),
    ("podman", &["push"]),
    ("poetry", &["publish"]),
    ("rye", &["publish"]),
    ("twine", &["upload"]),
    ("uv", &["publish"]),
    ("yarn", &["publish"]),
    ("yarn", &["npm", "publish"]),
];

/// Programs that start others, which may be publishers: `uvx twine upload`.
const LAUNCHERS: &[&str] = &["npx", "pipx", "uvx"];

/// Other words before a program that start it: `sudo`, `then` …
const STARTERS: &[&str] = &[
    "sudo", "env", "time", "nice", "exec", "command", "then", "do", "else", "if", "!", "uv", "run",
    "tool", "python", "python3", "-m",
];

/// Names of the programs that publish or start what does.
pub fn programs() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    let publishers = PUBLISHERS.iter().map(|(program, _)| *program).filter(move |program| {
        let new = *program != last;
        last = program;
        new
    });
    publishers.chain(LAUNCHERS.iter().copied())
}

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
pub fn refuse_script(script: &str) -> Outcome<()> {
    for words in commands(script) {
        refuse_words(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
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
pub fn refuse_words(words: &[&str]) -> Outcome<()> {
    if let [shell, options, script @ ..] = words
        && matches!(base(shell), "sh" | "bash" | "dash" | "zsh")
        && options.starts_with('-')
        && options.contains('c')
    {
        return refuse_script(&script.join(" "));
    }
    if words.iter().any(|word| is_loopback(word)) {
        return Ok(());
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
                    || LAUNCHERS.contains(&base(word))
                    || word.contains('=')
                    || word.starts_with('-') =>
            {
                rest = &rest[1..]
            }
            _ => return Ok(()),
        }
    }
}

/// Whether a word names, or sets an option to, an address of this machine: what goes there leaves
/// nothing, as the tests of a package tool do it.
pub fn is_loopback(word: &str) -> bool {
    let address = word.split_once('=').map_or(word, |(_, value)| value);
    let Some((_, rest)) =
        address.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
    else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = authority.rsplit('@').next().unwrap_or("");
    if host.starts_with("[::1]") {
        return true;
    }
    let name = host.split(':').next().unwrap_or("");
    name == "localhost" || name.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

fn publishes(program: &str, words: &[&str]) -> Option<(&'static str, &'static [&'static str])> {
    if program == "gh" && writes_by_api(words) {
        return Some(("gh", &["api"]));
    }
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

/// Whether `gh api …` changes something: another method than GET, fields, or a mutation.
fn writes_by_api(words: &[&str]) -> bool {
    let mut plain = words.iter().filter(|word| !word.starts_with('-'));
    if plain.next() != Some(&"api") {
        return false;
    }
    let method = words.iter().enumerate().find_map(|(at, word)| match *word {
        "-X" | "--method" => words.get(at + 1).copied(),
        word => word.strip_prefix("--method=").or_else(|| word.strip_prefix("-X")),
    });
    let gives = |word: &&str| {
        ["-f", "-F", "--field", "--raw-field", "--input"]
            .iter()
            .any(|option| word.starts_with(option))
    };
    match method {
        Some(method) => !method.eq_ignore_ascii_case("get"),
        None if words.contains(&"graphql") => words.iter().any(|word| word.contains("mutation")),
        None => words.iter().any(gives),
    }
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
    let python =
        ["flit", "hatch", "maturin", "pdm", "poetry", "rye", "twine", "uv"].contains(&program);
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
            "gh api -X POST repos/o/r/releases",
            "gh api repos/o/r/releases -f tag_name=v1",
            "npx npm publish",
            "twine upload --repository-url https://pypi.example.org/legacy/ x",
            "git push https://127.0.0.1.example.org/x main",
        ];
        for line in all {
            assert!(refuse_script(line).is_err(), "{line}");
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
            "gh api repos/o/r/releases",
            "gh api graphql -f query={viewer{login}}",
            "twine upload --repository-url http://127.0.0.1:8080/ x",
            "uv publish --publish-url=http://localhost/legacy x",
        ];
        for line in all {
            assert!(refuse_script(line).is_ok(), "{line}");
        }
    }
}
