//! Commands that publish: refused wherever a task would start them, since they would go past the
//! door. Told by their words alone, so that the same answer holds for what is written in a
//! Releasefile and for what a script deep inside a task starts (`host::shim`).
//!
//! An option may or may not take the next word, and rel does not know every option: both readings
//! are tried, so that in doubt a command is refused. Turned down: asking each program, since none of
//! them can say what it is about to do.

use crate::diag::{Diagnostic, Outcome};

/// Programs that publish, and the words by which they do, in order.
const PUBLISHERS: &[(&str, &[&str])] = &[
    ("anaconda", &["upload"]),
    ("bun", &["publish"]),
    ("cargo", &["owner"]),
    ("cargo", &["publish"]),
    ("cargo", &["workspaces", "publish"]),
    ("cargo", &["ws", "publish"]),
    ("cargo", &["yank"]),
    ("deno", &["publish"]),
    ("docker", &["buildx", "imagetools", "create"]),
    ("docker", &["compose", "push"]),
    ("docker", &["image", "push"]),
    ("docker", &["manifest", "push"]),
    ("docker", &["plugin", "push"]),
    ("docker", &["push"]),
    ("docker", &["trust", "sign"]),
    ("flit", &["publish"]),
    ("gem", &["push"]),
    ("gem", &["yank"]),
    ("gh", &["release", "create"]),
    ("gh", &["release", "delete"]),
    ("gh", &["release", "delete-asset"]),
    ("gh", &["release", "edit"]),
    ("gh", &["release", "new"]),
    ("gh", &["release", "upload"]),
    ("gh", &["run", "rerun"]),
    ("gh", &["workflow", "run"]),
    ("git", &["lfs", "push"]),
    ("git", &["push"]),
    ("git", &["send-pack"]),
    ("git", &["subtree", "push"]),
    ("git", &["svn", "dcommit"]),
    ("glab", &["release", "create"]),
    ("glab", &["release", "delete"]),
    ("glab", &["release", "upload"]),
    ("hatch", &["publish"]),
    ("helm", &["push"]),
    ("maturin", &["publish"]),
    ("maturin", &["upload"]),
    ("npm", &["access"]),
    ("npm", &["deprecate"]),
    ("npm", &["dist-tag", "add"]),
    ("npm", &["owner", "add"]),
    ("npm", &["publish"]),
    ("npm", &["unpublish"]),
    ("pdm", &["publish"]),
    ("pnpm", &["publish"]),
    ("pnpm", &["recursive", "publish"]),
    ("podman", &["image", "push"]),
    ("podman", &["manifest", "push"]),
    ("podman", &["push"]),
    ("poetry", &["publish"]),
    ("rye", &["publish"]),
    ("twine", &["register"]),
    ("twine", &["upload"]),
    ("uv", &["publish"]),
    ("wasm-pack", &["publish"]),
    ("yarn", &["npm", "publish"]),
    ("yarn", &["npm", "tag", "add"]),
    ("yarn", &["publish"]),
];

/// Programs that start others, which may be publishers, and the words by which they do.
const LAUNCHERS: &[(&str, &[&str])] = &[
    ("!", &[]),
    ("bun", &["x"]),
    ("bunx", &[]),
    ("command", &[]),
    ("do", &[]),
    ("else", &[]),
    ("env", &[]),
    ("exec", &[]),
    ("hatch", &["run"]),
    ("if", &[]),
    ("nice", &[]),
    ("nohup", &[]),
    ("npm", &["exec"]),
    ("npm", &["x"]),
    ("npx", &[]),
    ("pdm", &["run"]),
    ("pipx", &["run"]),
    ("pixi", &["run"]),
    ("pnpm", &["dlx"]),
    ("pnpm", &["exec"]),
    ("poetry", &["run"]),
    ("python", &[]),
    ("python3", &[]),
    ("rye", &["run"]),
    ("setsid", &[]),
    ("sudo", &[]),
    ("then", &[]),
    ("time", &[]),
    ("timeout", &[]),
    ("uv", &["run"]),
    ("uv", &["tool", "run"]),
    ("uv", &["x"]),
    ("uvx", &[]),
    ("while", &[]),
    ("xargs", &[]),
    ("yarn", &["dlx"]),
    ("yarn", &["exec"]),
    ("yarn", &["workspace"]),
    ("yarn", &["workspaces", "foreach"]),
];

/// Launchers that are programs of their own and stand on PATH: they get shims too.
const SHIMMED: &[&str] = &["bunx", "npx", "pipx", "uvx"];

/// Options that never take the next word.
const ALONE: &[&str] = &[
    "--all",
    "--all-features",
    "--bare",
    "--debug",
    "--dry-run",
    "--frozen",
    "--ignore-scripts",
    "--json",
    "--locked",
    "--no-cache",
    "--no-color",
    "--no-config",
    "--no-input",
    "--no-pager",
    "--no-sync",
    "--offline",
    "--paginate",
    "--quiet",
    "--recursive",
    "--release",
    "--silent",
    "--verbose",
    "--version",
    "--workspaces",
    "--yes",
    "-D",
    "-P",
    "-V",
    "-a",
    "-h",
    "-q",
    "-r",
    "-s",
    "-v",
    "-vv",
    "-vvv",
    "-y",
];

/// Options that say where an upload goes.
const TARGETS: &[&str] = &["--publish-url", "--registry", "--repository-url"];

/// Names of the programs that publish or start what does.
pub fn programs() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    let publishers = PUBLISHERS.iter().map(|(program, _)| *program).filter(move |program| {
        let new = *program != last;
        last = program;
        new
    });
    publishers.chain(SHIMMED.iter().copied())
}

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
    refuse(words, 0)
}

/// How often one command may start another in the words that are looked at.
const DEEPEST: usize = 8;

fn refuse(words: &[&str], depth: usize) -> Outcome<()> {
    let Some((first, rest)) = words.split_first().filter(|_| depth < DEEPEST) else {
        return Ok(());
    };
    let program = program(first);
    if matches!(program, "sh" | "bash" | "dash" | "zsh") {
        return script_of(rest, "c").map_or(Ok(()), refuse_script);
    }
    if let Some(ways) = publishes(program, rest).filter(|ways| !only_tries(program, ways, rest)) {
        return Err(Box::new(refusal(program, &ways)));
    }
    if sets_variable(first) {
        return refuse(rest, depth + 1);
    }
    for (_, ways) in LAUNCHERS.iter().filter(|(name, _)| *name == program) {
        for after in after_ways(rest, ways) {
            if let Some(script) = script_of(after, "c") {
                refuse_script(script)?;
            }
            for at in starts(after) {
                refuse(&after[at..], depth + 1)?;
            }
        }
    }
    Ok(())
}

/// Whether a publishing command is told to stop short of it. Only programs count that never take an
/// option for the value of another: `git push -o --dry-run` pushes.
fn only_tries(program: &str, ways: &[&str], words: &[&str]) -> bool {
    let mut own = words.iter().take_while(|word| **word != "--");
    matches!(program, "cargo" | "uv") && ways == ["publish"] && own.any(|word| *word == "--dry-run")
}

/// The script that `-c` (also among other letters, as in `-euc`) or `--call` is followed by.
fn script_of<'a>(words: &[&'a str], letter: &str) -> Option<&'a str> {
    let gives = |word: &&&str| {
        let short = word.starts_with('-') && !word.starts_with("--") && word.ends_with(letter);
        short || **word == "--call"
    };
    let at = words.iter().position(|word| gives(&word))?;
    words.get(at + 1).copied()
}

/// Whether this sets a variable for the command behind it: `NAME=value`.
fn sets_variable(word: &str) -> bool {
    let name = word.split_once('=').filter(|(_, value)| !value.starts_with('='));
    let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    name.is_some_and(|(name, _)| !name.is_empty() && plain(name))
}

/// Whether the word after this one may belong to it.
fn may_take(word: &str) -> bool {
    word.starts_with('-') && word.len() > 1 && !word.contains('=') && !ALONE.contains(&word)
}

/// Places at which a command may begin among the words of what starts it: behind options, their
/// values, variables, and at most one other word.
fn starts(words: &[&str]) -> Vec<usize> {
    let (mut found, mut others) = (Vec::new(), 0);
    for (at, word) in words.iter().enumerate() {
        if word.starts_with(['-', '+']) || sets_variable(word) {
            continue;
        }
        found.push(at);
        if at == 0 || !may_take(words[at - 1]) {
            others += 1;
        }
        if others > 1 {
            break;
        }
    }
    found
}

/// What follows `ways` in `words`, for each way to read them: each of `ways` comes first, or after
/// options and words that these may take.
fn after_ways<'a, 'b>(words: &'b [&'a str], ways: &[&str]) -> Vec<&'b [&'a str]> {
    let Some((way, more)) = ways.split_first() else { return vec![words] };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if word == way {
            found.extend(after_ways(&words[at + 1..], more));
        }
        let passed = word.starts_with(['-', '+']) || at > 0 && may_take(words[at - 1]);
        if !passed {
            break;
        }
    }
    found
}

/// The words by which a program of this name publishes, if it does with these.
fn publishes(program: &str, words: &[&str]) -> Option<Vec<&'static str>> {
    if matches!(program, "gh" | "glab") && writes_by_api(words) {
        return Some(vec!["api"]);
    }
    if matches!(program, "docker" | "podman") && words.iter().any(|word| pushes_image(word)) {
        return Some(vec!["build", "--push"]);
    }
    let executes = words.iter().any(|word| matches!(*word, "-x" | "--execute"));
    if program == "cargo" && executes && !after_ways(words, &["release"]).is_empty() {
        return Some(vec!["release", "--execute"]);
    }
    let of_program = PUBLISHERS.iter().filter(|(name, _)| *name == program);
    let found = of_program.map(|(_, ways)| *ways).find(|ways| {
        // npm takes the beginning of a word for the word.
        let short = || {
            let full =
                |word: &&str| program == "npm" && word.len() > 2 && ways[0].starts_with(*word);
            let first = words.iter().find(|word| full(word));
            first.is_some_and(|first| !after_ways(words, &[first]).is_empty()) && ways.len() == 1
        };
        !after_ways(words, ways).is_empty() || short()
    })?;
    let target = words.iter().enumerate().filter_map(|(at, word)| match word.split_once('=') {
        Some((option, value)) => TARGETS.contains(&option).then_some(value),
        None => TARGETS.contains(word).then(|| words.get(at + 1).copied()).flatten(),
    });
    // What goes to this machine leaves nothing, as the tests of a package tool do it.
    let targets: Vec<&str> = target.collect();
    let stays = !targets.is_empty() && targets.iter().all(|target| is_loopback(target));
    (!stays).then(|| found.to_vec())
}

fn pushes_image(word: &str) -> bool {
    word == "--push" || word.contains("type=registry") || word.contains("push=true")
}

/// Whether an address is one of this machine.
pub fn is_loopback(address: &str) -> bool {
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

/// Whether `gh api …` changes something: another method than GET, fields, or a mutation.
fn writes_by_api(words: &[&str]) -> bool {
    if after_ways(words, &["api"]).is_empty() {
        return false;
    }
    let mut methods = words.iter().enumerate().filter_map(|(at, word)| match *word {
        "-X" | "--method" => words.get(at + 1).copied(),
        word => {
            let short = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            let joined = short.and_then(|rest| rest.split_once('X')).map(|(_, method)| method);
            word.strip_prefix("--method=").or(joined)
        }
    });
    let reads = |method: &str| method.trim_start_matches('=').eq_ignore_ascii_case("get");
    if let Some(first) = methods.next() {
        return !reads(first) || methods.any(|method| !reads(method));
    }
    if words.contains(&"graphql") {
        // A query that stands in a file cannot be told from a mutation.
        return words.iter().any(|word| {
            word.contains("mutation") || word.contains("=@") || word.starts_with("--input")
        });
    }
    let gives = |word: &&str| {
        let fields = ["-f", "-F", "--field", "--raw-field", "--input"];
        fields.iter().any(|option| word.starts_with(option))
    };
    words.iter().any(gives)
}

/// The name of a program, without its folder and a version: `twine@latest`, `twine==6.0`.
fn program(word: &str) -> &str {
    let name = base(word);
    name.split(['@', '=', '<', '>', '~', '['])
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(name)
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
            "uv --color never publish dist/x",
            "uv run --with twine -- twine upload x",
            "uv run -p 3.12 python -m twine upload x",
            "uvx --from twine twine upload x",
            "uvx twine@latest upload x",
            "pipx run twine==5.0 upload x",
            "npx -c 'npm publish'",
            "npm exec -- npm publish",
            "npm -w a publish",
            "npm --loglevel silent publish",
            "npm pub",
            "yarn workspace a npm publish",
            "docker image push x",
            "docker --log-level debug push x",
            "docker buildx build -t x --push .",
            "gh release -R o/r create v1",
            "gh api -iXPOST repos/o/r/releases",
            "gh api --paginate -X GET -X POST repos/o/r/releases",
            "cargo --color never publish",
            "cargo release --execute",
            "hatch -e x run twine upload y",
            "poetry run python -m twine upload x",
            "nice -n 5 twine upload x",
            "A=1 B=2 twine upload x",
            "npm publish --noproxy=http://localhost/",
            "npm publish --tag x=http://localhost",
            "twine upload --repository-url http://127.0.0.1:9/ --repository-url https://evil.example/ x",
            "git push -o http://localhost/ origin main",
            "bash -euc 'twine upload x'",
            "cargo publish -- --dry-run",
            "git push -o --dry-run origin main",
            "npm publish --tag --dry-run",
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
            "npm publish --registry http://localhost:4873",
            "npm run publish",
            "npm install --save-dev publish",
            "npm pack",
            "docker build -t x .",
            "docker run --rm push",
            "gh pr view --json title",
            "gh release list",
            "cargo release patch",
            "cargo test -- publish",
            "uv run pytest -k upload tests",
            "uv run python script.py upload",
            "git commit --message push",
            "git log -p --grep push",
            "poetry run pytest",
            "python -m pytest twine",
            "sh build.sh upload",
            "hatch run lint",
            "env -u X pytest",
            "xargs -n1 echo",
            "cargo +stable publish --locked --dry-run",
            "uv publish --dry-run dist/x",
        ];
        for line in all {
            assert!(refuse_script(line).is_ok(), "{line}");
        }
    }
}
