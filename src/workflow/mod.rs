//! A linter for workflows of GitHub Actions that were written by hand: it knows how releases go wrong.
//!
//! `yaml` reads a file with places, `read` makes jobs and steps of it, `acts` tells what a step does,
//! `rules` has one table of traps. Pure: `app::lint` reads files, `report` shows findings. Closely looked
//! at are workflows that publish, release or sign; what endangers those from elsewhere is looked for in
//! all. Turned down: a second schema check, which GitHub does, and every weakness of a workflow, which
//! zizmor knows; what both know is compared by a test.

pub mod acts;
mod place;
mod project;
mod read;
mod rules;
mod script;
pub mod yaml;

use std::sync::Arc;

pub use place::Place;
pub use project::{Project, version_source};
pub use read::Workflow;
pub use script::{Call, calls};
pub use yaml::Node;

pub use rules::RULES;

use crate::diag::{Diagnostic, Kind, Outcome, Site, Source};

/// Where GitHub looks for workflows, from the repository's folder.
pub const FOLDER: &str = ".github/workflows";

/// How bad what a rule finds is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It breaks a release, or lets others make one.
    Error,
    /// It is a danger only together with something else.
    Warning,
}

impl Level {
    /// Its word, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One trap.
pub struct Rule {
    /// Its name, for comments and programs.
    pub id: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What is wrong, in one line.
    pub doc: &'static str,
    /// What comes of it, and where that is known from.
    pub why: &'static str,
    /// What to do.
    pub cure: &'static str,
    check: fn(&Ground<'_>) -> Vec<Found>,
}

/// What rules look at.
struct Ground<'a> {
    /// The workflow that is judged.
    here: &'a Workflow<'a>,
    /// All workflows of the repository, this one included.
    all: &'a [Workflow<'a>],
    /// The project.
    project: &'a Project,
}

/// What a rule found.
struct Found {
    at: Place,
    text: String,
}

impl Found {
    fn new(at: impl Into<Place>, text: impl Into<String>) -> Self {
        Self { at: at.into(), text: text.into() }
    }
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The name of its rule.
    pub rule: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What to show.
    pub diagnostic: Diagnostic,
}

/// A file that was read.
pub struct File {
    source: Arc<Source>,
    root: Node,
}

impl File {
    /// Reads a file's text.
    ///
    /// # Errors
    /// It is no YAML.
    pub fn read(name: &str, text: &str) -> Outcome<Self> {
        let source = Arc::new(Source::new(name, text));
        let root = yaml::parse(text).map_err(|found| {
            let site = Site { source: source.clone(), line: found.line, column: found.column };
            let wrong = Diagnostic::usage(format!("{name} cannot be read: {}", found.why));
            Box::new(wrong.at(&site).hint("mend the file, or leave it out"))
        })?;
        Ok(Self { source, root })
    }

    /// The workflow in it.
    ///
    /// # Errors
    /// It is none.
    pub fn workflow(&self, project: &Project) -> Outcome<Workflow<'_>> {
        Workflow::read(&self.source, &self.root, project)
    }
}

/// Judges files; `beside` are other workflows of the repository, which are not judged.
///
/// # Errors
/// Files that are no workflows.
pub fn lint(
    files: &[File],
    beside: &[File],
    project: &Project,
) -> Result<Vec<Finding>, Vec<Diagnostic>> {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        match file.workflow(project) {
            Ok(workflow) => all.push(workflow),
            Err(diagnostic) => wrong.push(*diagnostic),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let judged = all.len();
    all.extend(beside.iter().filter_map(|file| file.workflow(project).ok()));
    let mut findings: Vec<Finding> = Vec::new();
    for here in &all[..judged] {
        findings.extend(one(&Ground { here, all: &all, project }));
    }
    Ok(findings)
}

/// What is wrong with one workflow, from top to bottom.
fn one(ground: &Ground<'_>) -> Vec<Finding> {
    let source = ground.here.source;
    let mut findings = Vec::new();
    for rule in RULES {
        for found in (rule.check)(ground) {
            if !is_allowed(source, found.at.line, rule.id) {
                findings.push((found.at, finding(rule, source, found)));
            }
        }
    }
    findings.sort_by_key(|(at, finding)| (*at, finding.level));
    findings.into_iter().map(|(_, finding)| finding).collect()
}

fn finding(rule: &Rule, source: &Arc<Source>, found: Found) -> Finding {
    let site = Site { source: source.clone(), line: found.at.line, column: found.at.column };
    let diagnostic = Diagnostic::new(Kind::Refused, found.text)
        .at(&site)
        .note(format!("{} (`{}`)", rule.why, rule.id))
        .hint(rule.cure);
    Finding { rule: rule.id, level: rule.level, diagnostic }
}

/// Whether a comment at the line, or right above it, allows this: `# rel: allow(rule-id) because …`.
fn is_allowed(source: &Source, line: usize, rule: &str) -> bool {
    let allows = |text: &str| {
        let (_, comment) = text.split_once('#')?;
        let (_, names) = comment.split_once("rel: allow(")?;
        let (names, _) = names.split_once(')')?;
        Some(names.split(',').any(|name| name.trim() == rule))
    };
    let above = source.line(line.saturating_sub(1));
    let above = above.trim_start().starts_with('#').then_some(above);
    [Some(source.line(line)), above].into_iter().flatten().any(|text| allows(text) == Some(true))
}
