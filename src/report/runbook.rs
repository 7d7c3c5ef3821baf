//! The runbook: how this project is released, what to do when that fails, and what can be taken back.
//!
//! Pure. Tables say what holds for each exit code and each place; the rest is the Releasefile's own words. What
//! cannot be taken back stands in the documents of the places themselves:
//! <https://docs.pypi.org/project-management/yanking/>, <https://pypi.org/help/#file-name-reuse>,
//! <https://doc.rust-lang.org/cargo/commands/cargo-yank.html>,
//! <https://docs.github.com/code-security/concepts/supply-chain-security/immutable-releases>.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::doctor::forms::Form;
use crate::graph::Kind;
use crate::model::task::{Destination, Trigger};

/// What a runbook is made of.
pub struct Runbook {
    /// The task that releases, then the values that have to be given.
    pub call: Vec<String>,
    /// The task that checks, if there is a default one.
    pub check: Option<String>,
    /// What runs, in its order.
    pub steps: Vec<Step>,
    /// What follows it.
    pub followers: Vec<Follower>,
    /// Whether tasks commit and tag.
    pub edits: bool,
    /// Whether a tag is asked for.
    pub tagged: bool,
    /// The workflow that a tag starts, if one runs this task.
    pub by_tag: Option<String>,
    /// Environments with the tasks that run in them.
    pub environments: BTreeMap<String, Vec<String>>,
    /// Secrets that somebody has to set.
    pub secrets: BTreeSet<String>,
    /// `owner/name` on GitHub, if it is known.
    pub repository: Option<String>,
    /// The address of GitHub.
    pub github: String,
    /// What to fill in once.
    pub forms: Vec<Form>,
}

/// A task of a release.
pub struct Step {
    /// Its name.
    pub task: String,
    /// What it does.
    pub doc: String,
    /// When its body is called.
    pub kind: Kind,
    /// Where it sends.
    pub sends: Vec<Destination>,
    /// Its environment.
    pub environment: Option<String>,
    /// What it asks first.
    pub asks: Option<String>,
    /// Whether it edits.
    pub edits: bool,
}

/// A task that follows a release.
pub struct Follower {
    /// Its name.
    pub task: String,
    /// What it does.
    pub doc: String,
    /// When.
    pub trigger: Trigger,
    /// Whether it tells others.
    pub tells: bool,
}

/// Exit codes of a live run: what it means, and what to do.
const EXITS: [[&str; 3]; 8] = [
    ["0", "everything was sent and is seen on the remotes", "nothing"],
    ["1", "a task failed before anything was sent", "mend it, commit, and begin anew"],
    ["2", "wrong words, or a wrong Releasefile", "correct what the message points at"],
    [
        "3",
        "a guard or an answer said no; this run sent nothing",
        "do what the hint says; the same command again",
    ],
    ["4", "a remote failed or refused; nothing was sent", "wait or mend; the same command again"],
    [
        "5",
        "**not finished**: something was, or may have been, sent",
        "mend what the message says, change nothing else, and give the same command on the same commit: it sends only what is missing",
    ],
    ["130", "stopped before anything was sent", "the same command again"],
    ["killed", "it looks first and goes on", "the same command again"],
];

/// What a place holds of a failed release, and what can be taken back there.
fn place(place: &Destination) -> [&'static str; 2] {
    match place {
        Destination::Pypi | Destination::Testpypi => [
            "files that are there stay and are not sent again; other bytes under a name of theirs stop everything: release a new version",
            "**Nothing can be replaced.** A deleted file's name can never be used again. Yank the release on its page (Manage → Releases → Options → Yank), then release a new version",
        ],
        Destination::Index(_) => [
            "files that are there stay and are not sent again",
            "as its server allows it; whoever has installed a file has it",
        ],
        Destination::Crates => [
            "a crate that is there stays; the others follow in their order",
            "**A version stays for ever.** `cargo yank --version VERSION NAME`, or a task with `crates::yank`, keeps it out of new builds; then release a new version",
        ],
        Destination::GithubRelease => [
            "a draft is filled up and published by the same command; with `force_recreate: true` a partial one is made anew, as long as no registry has the version",
            "edit the notes at any time; a release and its tag can be deleted by hand, unless releases are immutable, and should stay once a registry has the version",
        ],
        Destination::Attestations => [
            "what is signed is kept and used again",
            "the signature stands in a public log for ever; the stored attestation can be deleted",
        ],
        Destination::GitPush => [
            "branch and tag are pushed together or not at all",
            "a tag that others may have stays: release a new version; take a commit back with another one",
        ],
        Destination::Actions => [
            "a workflow that was started goes on without rel: look at its run",
            "cancel the run on its page; what it has sent is there",
        ],
        Destination::Command => [
            "nobody but you can tell whether it happened: look, then the same command with `--assume-done` or `--redo`",
            "only as the command's own service allows it",
        ],
        Destination::Notify => [
            "a warning, never more; each notice is told at most once",
            "what was told was told: tell the correction",
        ],
    }
}

/// The runbook as Markdown.
pub fn markdown(book: &Runbook) -> String {
    let call = book.call.join(" ");
    let mut text = format!(
        "# Runbook: `rel {call}`\n\nMade from the Releasefile by `rel doc --runbook`; make it anew when that changes.\n"
    );
    for (title, body) in [
        ("What a release does, in order", happens(book)),
        ("Once, before the first release", set_up(book)),
        ("Each release", release(book, &call)),
        ("Who is asked what", asked(book, &call)),
        ("When it fails", fails(book)),
        ("What can be taken back", taken_back(book)),
    ] {
        let _ = write!(text, "\n## {title}\n\n{body}");
    }
    text
}

fn happens(book: &Runbook) -> String {
    let row = |step: &Step| {
        let sends = places(&step.sends);
        let when = match (step.kind, step.edits) {
            (Kind::Sending, _) => format!("sends to {sends}"),
            (Kind::After, _) => "runs after something was sent".to_owned(),
            (Kind::Local, true) => "on this machine; commits or tags in a clone".to_owned(),
            (Kind::Local, false) => "on this machine".to_owned(),
        };
        vec![format!("`{}`", step.task), step.doc.clone(), when]
    };
    let mut text = table(&["task", "what", "where"], book.steps.iter().map(row));
    for follower in &book.followers {
        let when = match follower.trigger {
            Trigger::Always => "When it has ended, however it did",
            Trigger::Failure => "When it has failed",
        };
        let tells = if follower.tells { ", and tells others" } else { "" };
        let doc =
            if follower.doc.is_empty() { String::new() } else { format!(": {}", follower.doc) };
        let _ = writeln!(text, "\n{when}, `{}` runs{tells}{doc}.", follower.task);
    }
    text
}

fn set_up(book: &Runbook) -> String {
    let mut text = String::new();
    for form in &book.forms {
        let _ = writeln!(
            text,
            "- Trusted publisher of `{}` on {}: {}",
            form.project, form.registry, form.address
        );
        for (field, value) in &form.fields {
            let _ = writeln!(text, "  - {field}: `{value}`");
        }
    }
    let sends = |to: Destination| sent_to(book).contains(&to);
    let python = sends(Destination::Pypi) || sends(Destination::Testpypi);
    let lines = [
        (python, "A project that is not there yet is made by a *pending* publisher."),
        (sends(Destination::Crates), "A crate's first version is published with a token."),
        (
            !book.forms.is_empty(),
            "`rel doctor` asks the registries, and prints each form as it is wanted.",
        ),
    ];
    let lines = lines.into_iter().filter_map(|(holds, line)| holds.then_some(line));
    let lines = lines.collect::<Vec<_>>().join(" ");
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{lines}\n");
    }
    let owner = book.repository.as_deref().unwrap_or("OWNER/NAME");
    for (environment, tasks) in &book.environments {
        let tasks: Vec<String> = tasks.iter().map(|task| format!("`{task}`")).collect();
        let _ = writeln!(
            text,
            "- Environment `{environment}` (of {}): {}/{owner}/settings/environments; required reviewers are who approves there",
            tasks.join(", "),
            book.github
        );
    }
    for secret in &book.secrets {
        let _ = writeln!(
            text,
            "- Secret `{secret}`: set it where rel runs; in CI as a secret of the repository or the environment"
        );
    }
    if text.is_empty() {
        text.push_str("Nothing has to be set up.\n");
    }
    text
}

fn release(book: &Runbook, call: &str) -> String {
    let mut steps = Vec::new();
    steps.push(match &book.check {
        Some(check) => format!("Everything is committed and pushed, and `rel {check}` is green."),
        None => "Everything is committed and pushed.".to_owned(),
    });
    if book.edits {
        steps.push("No tag by hand: the release makes its commit and its tag itself.".to_owned());
    } else {
        let why = if book.tagged { " Without one a live run is refused." } else { "" };
        steps.push(format!(
            "Tag HEAD: `git tag -a v1.2.3 -m v1.2.3`, with the version that is released.{why}"
        ));
    }
    let task = book.call.first().map_or("", String::as_str);
    steps.push(format!("Ask what would stand in the way: `rel doctor {task}`."));
    steps.push(format!("Rehearse, with no account: `rel rehearse {call}`."));
    steps.push(format!("Look at what would be sent: `rel {call}` is dry, and sends nothing."));
    let by_tag = book.by_tag.as_ref().map(|workflow| {
        format!(
            " Or push the tag, and the workflow `{workflow}` does it: `git push origin v1.2.3`."
        )
    });
    steps.push(format!("Switch it live: `rel {call} --live`.{}", by_tag.unwrap_or_default()));
    steps.push("Verify: the run ends with a table of what the remotes show; `rel status` reads it again at any time, `rel verify FILE` checks who signed a file.".to_owned());
    let mut text = String::new();
    for (number, step) in steps.iter().enumerate() {
        let _ = writeln!(text, "{}. {step}", number + 1);
    }
    text
}

fn asked(book: &Runbook, call: &str) -> String {
    let mut text = format!(
        "- Whoever starts `rel {call} --live` is asked once before anything is sent; `--yes` answers beforehand.\n"
    );
    for step in &book.steps {
        if let Some(question) = &step.asks {
            let _ = writeln!(
                text,
                "- `{}` asks “{question}” when its turn comes; `--yes={}` answers beforehand.",
                step.task, step.task
            );
        }
    }
    for environment in book.environments.keys() {
        let _ = writeln!(
            text,
            "- In CI, the reviewers of the environment `{environment}` approve, if it has any."
        );
    }
    text
}

fn fails(book: &Runbook) -> String {
    let exits = EXITS.iter().map(|row| row.iter().map(ToString::to_string).collect());
    let mut text = table(&["exit", "means", "what to do"], exits);
    text += "\nWhat each place holds then:\n\n";
    let rows =
        sent_to(book).into_iter().map(|to| vec![format!("`{to}`"), place(&to)[0].to_owned()]);
    text.push_str(&table(&["place", "after a failure"], rows));
    text
}

fn taken_back(book: &Runbook) -> String {
    let rows =
        sent_to(book).into_iter().map(|to| vec![format!("`{to}`"), place(&to)[1].to_owned()]);
    table(&["place", "what can be taken back"], rows)
}

/// All places, each once.
fn sent_to(book: &Runbook) -> BTreeSet<Destination> {
    let told = book.followers.iter().filter(|follower| follower.tells).map(|_| Destination::Notify);
    book.steps.iter().flat_map(|step| step.sends.iter().cloned()).chain(told).collect()
}

fn places(sends: &[Destination]) -> String {
    sends.iter().map(|to| format!("`{to}`")).collect::<Vec<_>>().join(", ")
}

/// A table; a bar in a cell would end it.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rule = vec!["---"; head.len()];
    let mut text = format!("| {} |\n| {} |\n", head.join(" | "), rule.join(" | "));
    for row in rows {
        let cells: Vec<String> =
            row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}
