//! Guards: what must hold before anything may be sent.
//!
//! One file for each; this table is their only list. Some always hold watch, the others when the
//! Releasefile asks with `guard("name")`. A live run stops with all that it found at once, a dry
//! run lists the same as "would stop".

mod commit;
mod credentials;
mod history;
mod tag;
mod tree;
mod version;

use std::path::Path;

use crate::diag::Diagnostic;
use crate::host::Host;
use crate::model::effect::Release;
use crate::model::task::{GuardCall, Index};
use crate::plan::Planned;
use crate::repo::Repo;

/// What guards look at, before the first task and at the gate.
pub struct Ground<'a> {
    /// The machine.
    pub host: &'a Host,
    /// The project's repository.
    pub repo: &'a Repo<'a>,
    /// The one whose HEAD is released; `None` as long as tasks have yet to commit and tag there.
    pub tagged: Option<&'a Repo<'a>>,
    /// The release that this run began with.
    pub release: Option<&'a Release>,
    /// A file that does not belong to the project: the plan that is written or applied.
    pub except: Option<&'a Path>,
    /// The indexes that this run's tasks send to.
    pub indexes: Vec<&'a Index>,
    /// What would be sent, once that is known: at the gate.
    pub effects: &'a [Planned],
}

/// One guard.
pub struct Guard {
    /// Its name in `guard("…")`.
    pub name: &'static str,
    /// What it wants, in one line.
    pub doc: &'static str,
    /// Whether it holds watch in every live run.
    pub always: bool,
    check: fn(&Ground<'_>) -> Vec<Diagnostic>,
}

/// All guards, in the order in which their findings are shown.
pub const GUARDS: &[Guard] = &[
    Guard {
        name: "commit",
        doc: "the project is in a repository, with a commit to name the release",
        always: true,
        check: commit::check,
    },
    Guard {
        name: "clean-tree",
        doc: "the work tree is what the commit holds",
        always: true,
        check: tree::check,
    },
    Guard {
        name: "credentials",
        doc: "there is a login for each index",
        always: true,
        check: credentials::check,
    },
    Guard {
        name: "version",
        doc: "what is sent has the version of HEAD's tag, if that names one",
        always: true,
        check: version::check,
    },
    Guard {
        name: "full-history",
        doc: "the history is not cut off (shallow clone)",
        always: false,
        check: history::check,
    },
    Guard { name: "tag", doc: "HEAD carries a tag", always: false, check: tag::check },
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
    [commit::check(ground), tree::check(ground)].concat()
}

/// Runs the guards that always hold watch, and those in `asked`.
pub fn check(ground: &Ground<'_>, asked: &[GuardCall]) -> Findings {
    let mut findings = Findings::default();
    for guard in GUARDS {
        let call = asked.iter().find(|call| call.name.text == guard.name);
        if !guard.always && call.is_none() {
            continue;
        }
        let found = (guard.check)(ground);
        let only_warns = !guard.always && call.is_some_and(|call| call.warn);
        let said = found.iter().map(|one| one.message.clone()).collect();
        findings.guards.push(Asked { name: guard.name, found: said, only_warns });
        let found = found.into_iter().map(|one| match call {
            Some(call) => one.at(&call.name.site),
            None => one,
        });
        if only_warns {
            findings.warnings.extend(found);
        } else {
            findings.stops.extend(found);
        }
    }
    findings
}
