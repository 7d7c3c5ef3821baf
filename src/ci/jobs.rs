//! Which instance runs in which job, and which job waits for which.
//!
//! A workflow that sends nothing is one job for each machine and set of privileges. One that sends begins with
//! a job for all that is local; then tasks with the same privileges, environment and machine share a job, unless
//! jobs would wait for each other in a circle. Commits that tasks make go along in the bundle, and the job that
//! pushes them runs nothing else. Grouping tasks have no job; who needs them waits for what they need.
//!
//! Local tasks of a release that name a machine run there, and their bundles are gathered by the job that builds.
//!
//! Turned down: one job for each task, which would fetch rel and the bundle again for each.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostic;
use crate::graph::{Graph, Kind, Node};
use crate::model::task::{Declared, Destination, Task, Trigger};
use crate::model::workflow::{Runner, Workflow};

/// The machine of jobs whose tasks name none.
pub(super) const MACHINE: &str = "ubuntu-24.04";

/// What a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// It checks, and hands nothing on.
    Check,
    /// It makes what has to be made on its machine, and packs it.
    Part,
    /// It builds, describes what would be sent, and packs it.
    Build,
    /// It sends out of a bundle.
    Send,
    /// It pushes out of one, which takes a checkout that may write.
    Push,
    /// It sends by commands of the project, which need its checkout.
    Command,
    /// It looks at what was sent.
    After,
    /// It follows the others.
    Follow(Follows),
}

impl Role {
    /// Whether it sends, and hands on a bundle that tells of it.
    pub(super) fn sends(self) -> bool {
        matches!(self, Self::Send | Self::Push | Self::Command)
    }
}

/// When a follower runs; as [`Trigger`], in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Follows {
    Failure,
    Always,
}

/// What instances must have in common to share a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Like {
    pub(super) role: Role,
    pub(super) environment: Option<String>,
    /// The machine, if one was named.
    pub(super) runner: Option<String>,
    pub(super) destinations: BTreeSet<Destination>,
    pub(super) secrets: BTreeSet<String>,
}

/// A job.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) like: Like,
    /// What it runs, in the graph's order.
    pub(super) nodes: Vec<Node>,
    /// Jobs before it.
    pub(super) needs: BTreeSet<usize>,
}

/// The jobs of a workflow, each behind those that it needs.
#[derive(Debug)]
pub(super) struct Jobs(pub(super) Vec<Job>);

impl Jobs {
    /// Finds them.
    ///
    /// # Errors
    /// A release cannot be split like this.
    pub(super) fn of(
        declared: &Declared,
        workflow: &Workflow,
        graph: &Graph,
    ) -> Result<Self, Vec<Diagnostic>> {
        let draft = Draft { declared, workflow, graph, jobs: Vec::new() };
        let sends = graph.order().any(|node| graph.kind(node) == Kind::Sending);
        Ok(Self(if sends { draft.release()? } else { draft.checks()? }))
    }

    /// All jobs that one waits for, directly or not.
    pub(super) fn before(&self, job: usize) -> BTreeSet<usize> {
        closure(&self.0, job)
    }
}

/// All jobs that one waits for.
fn closure(jobs: &[Job], job: usize) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<usize> = jobs[job].needs.iter().copied().collect();
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(&jobs[next].needs);
        }
    }
    seen
}

struct Draft<'a> {
    declared: &'a Declared,
    workflow: &'a Workflow,
    graph: &'a Graph,
    jobs: Vec<Job>,
}

impl<'a> Draft<'a> {
    fn task(&self, node: Node) -> &'a Task {
        &self.declared.tasks[self.graph.instance(node).task]
    }

    /// The machine that an instance names.
    fn runner(&self, node: Node) -> Option<String> {
        let values = &self.graph.instance(node).values;
        match self.task(node).runner.as_ref()? {
            Runner::All(label) => Some(label.clone()),
            Runner::Of(labels, _) => {
                let of = |value: &String| values.values().any(|known| known.to_string() == *value);
                labels.iter().find(|(value, _)| of(value)).map(|(_, label)| label.clone())
            }
        }
    }

    fn like(&self, node: Node, role: Role) -> Like {
        let task = self.task(node);
        let destinations: BTreeSet<Destination> =
            task.effects.iter().map(|(destination, _)| destination.clone()).collect();
        let of_index = |destination: &Destination| match destination {
            Destination::Index(name) => {
                self.declared.indexes.get(name).map(|(index, _)| index.password.clone())
            }
            _ => None,
        };
        let passwords = destinations.iter().filter_map(of_index).flatten();
        let secrets = passwords.chain(task.secrets.iter().cloned()).collect();
        let environment = task.environment.clone();
        // The usual machine named is the usual machine.
        let runner = self.runner(node).filter(|label| label != MACHINE);
        Like { role, environment, runner, destinations, secrets }
    }

    /// Instances that do something, but for followers, which end a run of their own.
    fn working(&self) -> impl Iterator<Item = Node> + '_ {
        let works = |node: &Node| !self.task(*node).steps.is_empty() && !self.graph.follows(*node);
        self.graph.order().filter(works)
    }

    /// Followers of what is local: the run that they follow calls them itself.
    fn local_followers(&self) -> Vec<Node> {
        let local =
            |node: &Node| self.graph.follows(*node) && self.graph.kind(*node) == Kind::Local;
        self.graph.order().filter(local).collect()
    }

    fn secrets_of_followers(&self) -> BTreeSet<String> {
        let followers = self.local_followers().into_iter();
        followers.flat_map(|node| self.task(node).secrets.clone()).collect()
    }

    fn follows_several(&self, node: Node) -> Diagnostic {
        let task = self.task(node);
        let message =
            format!("`{}` follows tasks of several jobs, none of which sees the others", task.name);
        let wrong = Diagnostic::usage(message).at(&task.site);
        wrong.hint("take `.on` away, or let all tasks run on one machine, without secrets and environments")
    }

    fn name(&self, wanted: &str) -> String {
        let slug = slug(wanted);
        let taken = |id: &String| self.jobs.iter().any(|job| job.id == *id);
        let numbered = (2..).map(|number| format!("{slug}-{number}"));
        std::iter::once(slug.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(slug)
    }

    fn add(&mut self, wanted: &str, like: Like, nodes: Vec<Node>) -> usize {
        let id = self.name(wanted);
        self.jobs.push(Job { id, like, nodes, needs: BTreeSet::new() });
        self.jobs.len() - 1
    }

    /// Jobs of a workflow that sends nothing.
    fn checks(mut self) -> Result<Vec<Job>, Vec<Diagnostic>> {
        let mut groups: BTreeMap<Like, Vec<Node>> = BTreeMap::new();
        for node in self.working() {
            groups.entry(self.like(node, Role::Check)).or_default().push(node);
        }
        let wrong: Vec<Diagnostic> =
            self.working().filter_map(|node| self.elsewhere(node)).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        if groups.is_empty() {
            groups.insert(nothing(Role::Check), Vec::new());
        }
        let mut groups: Vec<(Like, Vec<Node>)> = groups.into_iter().collect();
        groups.sort_by_key(|(_, nodes)| nodes.first().copied());
        let alone = groups.len() == 1;
        match self.local_followers().first() {
            Some(node) if !alone => return Err(self.follows_several(*node).into()),
            _ => groups[0].0.secrets.extend(self.secrets_of_followers()),
        }
        for (like, nodes) in groups {
            let wanted = match (&like.runner, alone) {
                (Some(runner), false) => format!("{}-{runner}", self.workflow.name),
                _ => self.workflow.name.clone(),
            };
            self.add(&wanted, like, nodes);
        }
        Ok(self.jobs)
    }

    /// A need that names another machine than the instance: it could only run on the wrong one.
    fn elsewhere(&self, node: Node) -> Option<Diagnostic> {
        let own = self.runner(node);
        let strange = |need: &Node| self.runner(*need).is_some_and(|label| Some(label) != own);
        let need = self.graph.ancestors(node).into_iter().find(strange)?;
        let id = |node: Node| &self.graph.instance(node).id;
        let label = self.runner(need).unwrap_or_default();
        let task = self.task(node);
        let message =
            format!("`{}` needs `{}`, which runs on another machine: {label}", id(node), id(need));
        let wrong = Diagnostic::usage(message).at(&task.site);
        Some(
            wrong.hint(
                "let both run on the same machine, or let only a task without steps need them",
            ),
        )
    }

    /// Jobs of a release: one that builds, then those that send, look and follow.
    fn release(mut self) -> Result<Vec<Job>, Vec<Diagnostic>> {
        let local: Vec<Node> =
            self.working().filter(|node| self.graph.kind(*node) == Kind::Local).collect();
        let mixed = self.graph.order().filter_map(|node| self.mixed(node));
        let wrong: Vec<Diagnostic> =
            local.iter().filter_map(|node| self.apart(*node)).chain(mixed).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let (parts, local): (Vec<Node>, Vec<Node>) =
            local.into_iter().partition(|node| self.runner(*node).is_some());
        let mut like = nothing(Role::Build);
        like.secrets = local.iter().flat_map(|node| self.task(*node).secrets.clone()).collect();
        like.secrets.extend(self.secrets_of_followers());
        let build = self.add("build", like, local);
        for node in parts {
            self.part(node, build);
        }
        let mut at: BTreeMap<Node, BTreeSet<usize>> = BTreeMap::new();
        for node in self.graph.order() {
            let mut needs: BTreeSet<usize> = self
                .graph
                .needs(node)
                .filter_map(|need| at.get(&need))
                .flatten()
                .copied()
                .collect();
            let role = match self.graph.kind(node) {
                Kind::Local => {
                    at.insert(node, BTreeSet::from([build]));
                    continue;
                }
                Kind::Sending if self.sends(node, &Destination::Command) => Role::Command,
                Kind::Sending if self.sends(node, &Destination::GitPush) => Role::Push,
                Kind::Sending => Role::Send,
                Kind::After => match self.task(node).on {
                    None => Role::After,
                    Some((Trigger::Failure, _)) => Role::Follow(Follows::Failure),
                    Some((Trigger::Always, _)) => Role::Follow(Follows::Always),
                },
            };
            if self.task(node).steps.is_empty() {
                at.insert(node, needs);
                continue;
            }
            needs.insert(build);
            let job = self.place(node, role, &needs);
            at.insert(node, BTreeSet::from([job]));
        }
        self.follow_all();
        Ok(reduced(&chained(sorted(&self.jobs))))
    }

    /// Lets an instance run on its machine, with what it needs, before all is gathered.
    fn part(&mut self, node: Node, build: usize) {
        let mut like = self.like(node, Role::Part);
        for need in self.graph.ancestors(node) {
            like.secrets.extend(self.task(need).secrets.iter().cloned());
        }
        let found = self.jobs.iter().position(|job| job.like == like);
        let job = found.unwrap_or_else(|| {
            let wanted = self.graph.instance(node).id.clone();
            self.add(&wanted, like, Vec::new())
        });
        self.jobs[job].nodes.push(node);
        self.jobs[build].needs.insert(job);
    }

    /// The job of an instance: one that is like it and does not wait for itself then, else a new one.
    fn place(&mut self, node: Node, role: Role, needs: &BTreeSet<usize>) -> usize {
        let like = self.like(node, role);
        let fits = |job: &usize| {
            self.jobs[*job].like == like
                && needs.iter().all(|need| need == job || !closure(&self.jobs, *need).contains(job))
        };
        let found = (0..self.jobs.len()).rev().find(fits);
        let job = found.unwrap_or_else(|| {
            let instance = self.graph.instance(node);
            let wanted = instance.id.clone();
            self.add(&wanted, like, Vec::new())
        });
        self.jobs[job].nodes.push(node);
        self.jobs[job].needs.extend(needs.iter().filter(|need| **need != job));
        job
    }

    /// Followers wait for every job: whatever fails is what they are for.
    fn follow_all(&mut self) {
        let follows = |job: &Job| matches!(job.like.role, Role::Follow(_));
        let others: BTreeSet<usize> =
            (0..self.jobs.len()).filter(|job| !follows(&self.jobs[*job])).collect();
        for job in self.jobs.iter_mut().filter(|job| follows(job)) {
            job.needs.clone_from(&others);
        }
    }

    /// Whether an instance sends to this place.
    fn sends(&self, node: Node, place: &Destination) -> bool {
        self.task(node).effects.iter().any(|(destination, _)| destination == place)
    }

    /// Why a task would hold what others trust beside a checkout.
    fn mixed(&self, node: Node) -> Option<Diagnostic> {
        let task = self.task(node);
        let other = |apart: &[Destination]| {
            task.effects.iter().find(|(destination, _)| !apart.contains(destination))
        };
        let beside_push = [Destination::GitPush, Destination::GithubRelease];
        let ((to, site), how) = if self.sends(node, &Destination::Command) {
            (other(&[Destination::Command])?, "by a command that needs the checkout")
        } else if self.sends(node, &Destination::GitPush) {
            (other(&beside_push)?, "pushes commits, which needs the checkout")
        } else {
            return None;
        };
        let message = format!("`{}` sends to {to}, and {how}", task.name);
        let wrong = Diagnostic::usage(message).at(site);
        Some(wrong.hint("make two tasks of it: what may publish runs without a checkout in CI"))
    }

    /// Why a local task cannot be built where it says.
    fn apart(&self, node: Node) -> Option<Diagnostic> {
        let task = self.task(node);
        let id = &self.graph.instance(node).id;
        let say = |message: String, hint: &str| {
            Some(Diagnostic::usage(message).at(&task.site).hint(hint))
        };
        if task.environment.is_some() {
            return say(
                format!("`{id}` has an environment, and sends nothing"),
                "take `.environment` away: only what sends needs one",
            );
        }
        self.runner(node)?;
        let edits = |node: &Node| self.task(*node).edits.is_some();
        if self.graph.ancestors(node).iter().any(edits) || edits(&node) {
            return say(
                format!("`{id}` names a machine, and works on commits that each would make anew"),
                "take `.runner` away, or let the workflow begin with the tag",
            );
        }
        self.elsewhere(node)
    }
}

fn nothing(role: Role) -> Like {
    Like {
        role,
        environment: None,
        runner: None,
        destinations: BTreeSet::new(),
        secrets: BTreeSet::new(),
    }
}

/// Lets jobs that send wait for each other where a later job needs several: its bundle has one ledger, which
/// has to tell of all of them.
fn chained(mut jobs: Vec<Job>) -> Vec<Job> {
    for job in 0..jobs.len() {
        if matches!(jobs[job].like.role, Role::Follow(_)) {
            continue;
        }
        let before = closure(&jobs, job).into_iter();
        let senders: Vec<usize> = before.filter(|job| jobs[*job].like.role.sends()).collect();
        for pair in senders.windows(2) {
            jobs[pair[1]].needs.insert(pair[0]);
        }
    }
    jobs
}

/// Leaves out needs that another need has as well.
fn reduced(jobs: &[Job]) -> Vec<Job> {
    let spare = |job: &Job| -> BTreeSet<usize> {
        job.needs.iter().flat_map(|need| closure(jobs, *need)).collect()
    };
    let spares: Vec<BTreeSet<usize>> = jobs.iter().map(spare).collect();
    let fewer = |(mut job, spare): (Job, BTreeSet<usize>)| {
        if !matches!(job.like.role, Role::Follow(_)) {
            job.needs.retain(|need| !spare.contains(need));
        }
        job
    };
    jobs.iter().cloned().zip(spares).map(fewer).collect()
}

/// Jobs in an order in which each stands behind what it needs; needs are renumbered.
fn sorted(jobs: &[Job]) -> Vec<Job> {
    let depth = |job: usize| -> usize {
        let mut depths = vec![0; jobs.len()];
        // As many rounds as there are jobs settle every depth, since there is no circle.
        for _ in 0..jobs.len() {
            for (at, job) in jobs.iter().enumerate() {
                depths[at] = job.needs.iter().map(|need| depths[*need] + 1).max().unwrap_or(0);
            }
        }
        depths[job]
    };
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|job| (depth(*job), *job));
    let place: BTreeMap<usize, usize> =
        order.iter().enumerate().map(|(at, job)| (*job, at)).collect();
    let moved = |job: usize| {
        let mut job = jobs[job].clone();
        job.needs = job.needs.iter().map(|need| place[need]).collect();
        job
    };
    order.iter().map(|job| moved(*job)).collect()
}

/// A job's id (letters, digits, `-`, `_`, a letter first) of a name.
fn slug(name: &str) -> String {
    let known = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let slug: String = name.chars().map(known).collect();
    let slug = slug.trim_matches('-');
    if slug.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        slug.to_owned()
    } else {
        format!("task-{slug}")
    }
}
