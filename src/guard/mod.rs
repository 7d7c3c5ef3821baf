//! Guards: what must hold before anything may be sent.
//!
//! One file for each; this table is their only list. Some always hold watch, the others when the
//! Releasefile asks with `guard("name")`. A live run stops with all that it found at once, a dry
//! run lists the same as "would stop". Each is asked as soon as what it looks at is there, and again
//! at the gate. Turned down: guards that mend what they find; `--fix` alone does, for a shallow clone.

mod artifacts;
mod branch;
mod changelog;
mod commit;
mod contents;
mod crates;
mod credentials;
mod environment;
mod ground;
mod history;
mod names;
mod notes;
mod public;
mod sent;
mod signed;
mod sizes;
mod tag;
mod tree;
mod unreleased;
mod version;
mod wants;

pub use ground::Ground;
pub use history::mend;
pub use names::{Name, names_here};
pub use wants::{Form, Knob, Wants};

use std::collections::BTreeSet;

use crate::diag::Diagnostic;
use crate::model::task::{Declared, GuardCall};

/// When a guard can be asked first; all are asked at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the first task.
    First,
    /// Where it is known what is sent: at the gate, and in a dry run at its end.
    Gate,
}

/// What a guard cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but this machine.
    Nothing,
    /// An answer of a remote.
    Remotes,
    /// Keys that a rehearsal does not have.
    Keys,
    /// Logins, which the jobs have that send.
    Logins,
}

/// One guard.
pub struct Guard {
    /// Its name in `guard("…")`.
    pub name: &'static str,
    /// What it wants, in one line.
    pub doc: &'static str,
    /// Whether it holds watch in every live run.
    pub always: bool,
    /// When it is asked first.
    pub when: When,
    /// What it cannot do without.
    pub needs: Needs,
    /// What it may be given.
    pub options: &'static [Knob],
    check: fn(&Ground<'_>, Wants<'_>) -> Vec<Diagnostic>,
}

impl Guard {
    const fn new(
        name: &'static str,
        doc: &'static str,
        check: fn(&Ground<'_>, Wants<'_>) -> Vec<Diagnostic>,
    ) -> Self {
        let (when, needs) = (When::First, Needs::Nothing);
        Self { name, doc, always: false, when, needs, options: &[], check }
    }

    const fn always(self) -> Self {
        Self { always: true, ..self }
    }

    const fn at_gate(self) -> Self {
        Self { when: When::Gate, ..self }
    }

    const fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    const fn takes(self, options: &'static [Knob]) -> Self {
        Self { options, ..self }
    }
}

/// All guards, in the order in which their findings are shown.
pub const GUARDS: &[Guard] = &[
    Guard::new(
        "commit",
        "the project is in a repository that git trusts, with a commit to name the release",
        commit::check,
    )
    .always(),
    Guard::new("clean-tree", "the work tree is what the commit holds", tree::check).always(),
    Guard::new(
        "credentials",
        "there is a login for each index, for crates.io and for GitHub, as far as they are sent to",
        credentials::check,
    )
    .needs(Needs::Logins)
    .always(),
    Guard::new(
        "version",
        "what is sent has the version of HEAD's tag, if that names one",
        version::check,
    )
    .always()
    .at_gate(),
    Guard::new("notes", "notes of a release are not longer than GitHub takes", notes::check)
        .always()
        .at_gate(),
    Guard::new("full-history", "the history is not cut off (shallow clone)", history::check),
    Guard::new("tag", "HEAD carries a tag", tag::check),
    Guard::new("signed-tag", "HEAD's tag is signed, with a key that git trusts", signed::check)
        .needs(Needs::Keys),
    Guard::new(
        "up-to-date",
        "HEAD is what its remote has: nothing is left to push or to pull, no tag has moved",
        branch::check,
    )
    .needs(Needs::Remotes),
    Guard::new("public-repository", "everybody may see the repository on GitHub", public::check)
        .needs(Needs::Remotes),
    Guard::new(
        "protected-environment",
        "the environments of tasks that send are there and have protection rules",
        environment::check,
    )
    .needs(Needs::Remotes)
    .takes(environment::OPTIONS),
    Guard::new(
        "names",
        "each project is there to be published to, and names this repository if it names one",
        names::check,
    )
    .needs(Needs::Remotes)
    .takes(names::OPTIONS),
    Guard::new("changelog", "the changelog has a heading of the version", changelog::check)
        .takes(changelog::OPTIONS),
    Guard::new(
        "artifacts",
        "all files of the release are sent, and no others: a wheel and an sdist, or what `files` says",
        artifacts::check,
    )
    .at_gate()
    .takes(artifacts::OPTIONS),
    Guard::new(
        "contents",
        "no wheel, sdist or crate holds what nobody wants: caches, files of editors and of version control, logins",
        contents::check,
    )
    .at_gate()
    .takes(contents::OPTIONS),
    Guard::new(
        "unreleased",
        "no registry has files of this version but these",
        unreleased::check,
    )
    .at_gate()
    .needs(Needs::Remotes),
    Guard::new(
        "sizes",
        "files and projects are as large as PyPI takes them, and the version is open to new files",
        sizes::check,
    )
    .at_gate()
    .needs(Needs::Remotes)
    .takes(sizes::OPTIONS),
];

/// What guards found.
#[derive(Debug, Default)]
pub struct Findings {
    /// A live run stops at these.
    pub stops: Vec<Diagnostic>,
    /// It goes on after these.
    pub warnings: Vec<Diagnostic>,
    /// What each guard found, those that held included.
    pub guards: Vec<Asked>,
    /// Guards that could not be asked.
    pub unasked: Vec<&'static str>,
}

/// One guard that was asked.
#[derive(Debug)]
pub struct Asked {
    /// Its name.
    pub name: &'static str,
    /// What it found, in one line each.
    pub found: Vec<String>,
    /// Whether a live run goes on all the same.
    pub only_warns: bool,
}

/// Whether the project is exactly what its commit holds: what a plan that is kept must rest on.
pub fn as_committed(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let nothing = Wants::of(None);
    [commit::check(ground, nothing), tree::check(ground, nothing)].concat()
}

/// Runs the guards that always hold watch, and those in `asked`, each as often as it is asked.
pub fn check(ground: &Ground<'_>, asked: &[GuardCall]) -> Findings {
    let mut findings = Findings::default();
    for guard in GUARDS {
        let calls: Vec<&GuardCall> = asked
            .iter()
            .filter(|call| call.name.text == guard.name && ground.concerns(call))
            .collect();
        if calls.is_empty() && !guard.always
            || guard.when == When::Gate && ground.effects.is_empty()
        {
            continue;
        }
        if !ground.has(guard.needs) {
            findings.unasked.push(guard.name);
            continue;
        }
        if calls.is_empty() {
            findings.add(guard, None, ground);
        }
        for call in calls {
            findings.add(guard, Some(call), ground);
        }
    }
    // Several guards may miss the same.
    let mut said = BTreeSet::new();
    findings.stops.retain(|one| said.insert(one.message.clone()));
    findings
}

/// Guards of a Releasefile that would never hold watch: no task sends to where they do.
pub fn idle(declared: &Declared) -> Vec<Diagnostic> {
    let sent: BTreeSet<String> = declared
        .tasks
        .iter()
        .flat_map(|task| &task.effects)
        .map(|(place, _)| place.to_string())
        .collect();
    let named = declared.guards.iter().flat_map(|call| &call.to);
    let idle = named.map(|(place, site)| (place.to_string(), site));
    idle.filter(|(place, _)| !sent.contains(place))
        .map(|(place, site)| {
            let wrong = Diagnostic::usage(format!("no task sends to `{place}`")).at(site);
            wrong.suggest(&place, sent.iter().map(String::as_str))
        })
        .collect()
}

impl Findings {
    fn add(&mut self, guard: &Guard, call: Option<&GuardCall>, ground: &Ground<'_>) {
        let found = (guard.check)(ground, Wants::of(call.map(|call| &call.options)));
        let only_warns = !guard.always && call.is_some_and(|call| call.warn);
        let said = found.iter().map(|one| one.message.clone()).collect();
        self.guards.push(Asked { name: guard.name, found: said, only_warns });
        let found = found.into_iter().map(|one| match call {
            Some(call) => one.at(&call.name.site),
            None => one,
        });
        if only_warns {
            self.warnings.extend(found);
        } else {
            self.stops.extend(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ground::samples::{call, on};
    use super::sent::samples::upload;
    use super::*;

    const DOCS: &str = include_str!("../../docs/guards.md");

    /// The rows of the table in the documentation, by guard, without the guard's name.
    fn rows() -> Vec<(&'static str, Vec<&'static str>)> {
        let rows = DOCS.lines().filter_map(|line| line.strip_prefix("| `"));
        let row = |line: &'static str| {
            let (name, rest) = line.split_once("` | ")?;
            Some((name, rest.trim_end_matches(" |").split(" | ").collect()))
        };
        rows.filter_map(row).collect()
    }

    #[test]
    fn the_documentation_has_each_guard_as_it_is() {
        let named: Vec<&str> = rows().into_iter().map(|(name, _)| name).collect();
        assert_eq!(named, GUARDS.iter().map(|guard| guard.name).collect::<Vec<_>>());
        for (guard, (_, cells)) in GUARDS.iter().zip(rows()) {
            let when = match (guard.always, guard.when) {
                (true, When::First) => "always, from the start",
                (true, When::Gate) => "always, at the gate",
                (false, When::First) => "from the start",
                (false, When::Gate) => "at the gate",
            };
            let needs = match guard.needs {
                Needs::Nothing => "-",
                Needs::Remotes => "remotes",
                Needs::Keys => "keys",
                Needs::Logins => "logins",
            };
            let options: Vec<String> =
                guard.options.iter().map(|knob| format!("`{}`", knob.name)).collect();
            let options = if options.is_empty() { "-".to_owned() } else { options.join(", ") };
            assert_eq!(cells, [guard.doc, when, needs, &options], "{}", guard.name);
        }
    }

    #[test]
    fn each_option_is_explained_in_the_documentation() {
        for guard in GUARDS {
            for knob in guard.options {
                let line = format!("- `{}`: `{}`: {}", guard.name, knob.name, knob.doc);
                assert!(DOCS.contains(&line), "{line}");
            }
        }
    }

    #[test]
    fn only_a_guard_that_is_asked_for_may_warn_and_go_on() {
        let asked = [call("commit", true, None), call("artifacts", true, None)];
        let findings = on(&[], &[upload("demo-1.0.tar.gz")], |ground| check(ground, &asked));
        let said = |all: &[Diagnostic]| -> Vec<String> {
            all.iter().map(|one| one.message.clone()).collect()
        };
        assert_eq!(said(&findings.stops), ["there is no commit to name the release by"]);
        assert_eq!(said(&findings.warnings), ["no wheel of demo 1.0 goes to pypi"]);
    }

    #[test]
    fn no_two_guards_have_one_name() {
        let names: BTreeSet<&str> = GUARDS.iter().map(|guard| guard.name).collect();
        assert_eq!(names.len(), GUARDS.len());
    }
}
