//! A pass over the graph behind one door: how each instance in it is run, with its folder, steps,
//! retries and artifacts.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::audit::Audit;
use super::making::Aside;
use super::questions::filled;
use super::session::Session;
use crate::cache::{self, Noted};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::door::Door;
use crate::graph::{Kind, Node};
use crate::host::fs;
use crate::host::stop::Stop;
use crate::model::artifact::Artifact;
use crate::model::event::{End, Event};
use crate::model::task::Step;
use crate::schedule;
use crate::schedule::run::{Bodies, Ran};
use crate::schedule::state::Schedule;
use crate::script::cx::{Ancestors, BodyCx, Followed};
use crate::script::{Called, run_command};

/// Called before a sending instance acts; an error refuses it.
pub(super) type Permit = dyn Fn(&Session, Node) -> Outcome<()> + Send + Sync;

/// What came of an instance that did not fail.
pub(super) enum Came {
    /// It was run to its end.
    Done,
    /// It was left out, for this reason.
    Skipped(String),
    /// It had not to be run.
    UpToDate,
}

/// One pass over the graph, behind one door.
pub(super) struct Pass {
    pub(super) session: Arc<Session>,
    pub(super) door: Arc<Door>,
    /// Whether instances that come after something sent are called.
    pub(super) sends: bool,
    /// Asked before a sending instance acts.
    pub(super) permit: Box<Permit>,
    /// How the run ended, for a pass of what follows it.
    pub(super) followed: Option<Arc<Followed>>,
}

impl Bodies for Pass {
    fn has_work(&self, node: Node) -> bool {
        let session = &self.session;
        !session.task(node).steps.is_empty()
            && (self.sends || session.graph.kind(node) != Kind::After)
            && (session.task(node).when.is_some() || !session.is_fresh(node))
    }

    fn runs_alone(&self, node: Node) -> bool {
        let task = self.session.task(node);
        // Another task would see half of the edits, or find git's index locked.
        // An audit tells whose files are whose.
        let audited = self.session.options.audit && self.session.may_be_fresh(node);
        task.tty || task.edits.is_some() || audited
    }

    fn timeout(&self, node: Node) -> Option<Duration> {
        self.session.task(node).timeout
    }

    fn run(&self, node: Node, stop: &Stop) -> Ran {
        let session = &self.session;
        let kind = session.graph.kind(node);
        if kind == Kind::After && !self.sends {
            return Ran::Ok(End::WouldRun, None);
        }
        if session.task(node).steps.is_empty() {
            return Ran::Ok(End::Done, None);
        }
        match session.take_fresh(node, false) {
            Some(Ok(())) => return Ran::Ok(End::UpToDate, None),
            Some(Err(wrong)) => return Ran::Failed(wrong),
            None => {}
        }
        let id = session.graph.instance(node).id.clone();
        let cwd = session.task(node).cwd.clone();
        session.events.emit(Event::TaskStarted { task: id, cwd });
        let permitted =
            if kind == Kind::Sending && self.sends { (self.permit)(session, node) } else { Ok(()) };
        let called = permitted.and_then(|()| self.call(node, stop));
        match called {
            Ok(Came::Skipped(why)) => Ran::Ok(End::Skipped, Some(why)),
            Ok(Came::UpToDate) => Ran::Ok(End::UpToDate, None),
            Ok(Came::Done) if kind == Kind::Sending && !self.sends => Ran::Ok(End::Planned, None),
            Ok(Came::Done) => Ran::Ok(End::Done, None),
            Err(wrong) if session.task(node).optional || session.graph.follows(node) => {
                Ran::Tolerated(wrong)
            }
            Err(wrong) => Ran::Failed(wrong),
        }
    }

    fn ended(&self, node: Node, ran: Ran, took: Duration) {
        let session = &self.session;
        let artifacts = session.made(node);
        let finished = |end, why| session.task_ended(node, end, took, why, artifacts);
        match ran {
            Ran::Ok(end, why) => {
                self.settle(node);
                finished(end, why);
            }
            Ran::Tolerated(wrong) => {
                self.settle(node);
                let why = if session.graph.follows(node) {
                    "it follows the run, whose end stands"
                } else {
                    "optional, so the run goes on"
                };
                finished(End::Failed, Some(why.into()));
                session.events.emit(Event::Warning { diagnostic: wrong });
            }
            Ran::Failed(wrong) => {
                finished(End::Failed, None);
                session.events.emit(Event::Error { diagnostic: wrong.clone() });
                session.blame(*wrong);
            }
        }
    }

    fn poisoned(&self, node: Node) {
        self.session.task_ended(node, End::Poisoned, Duration::ZERO, None, Vec::new());
    }

    fn cancelled(&self, node: Node) {
        self.session.task_ended(node, End::Cancelled, Duration::ZERO, None, Vec::new());
    }
}

impl Pass {
    /// A pass in which nothing is sent.
    pub(super) fn before_gate(session: &Arc<Session>, door: &Arc<Door>) -> Self {
        Self {
            session: session.clone(),
            door: door.clone(),
            sends: false,
            permit: Box::new(|_, _| Ok(())),
            followed: None,
        }
    }

    /// Runs the nodes that take part; returns the exit code if something failed.
    ///
    /// # Errors
    /// The loop cannot be started.
    pub(super) fn run_all(
        self,
        keep_going: bool,
        takes_part: impl Fn(Node) -> bool,
    ) -> Result<Option<Exit>, Vec<Diagnostic>> {
        let session = self.session.clone();
        let following = self.followed.is_some();
        let takes_part = |node: Node| session.graph.follows(node) == following && takes_part(node);
        let has_steps = |node: &Node| takes_part(*node) && !session.task(*node).steps.is_empty();
        let alone = session.graph.order().filter(has_steps).nth(1).is_none();
        let schedule = Schedule::new(&session.graph, keep_going, takes_part);
        // How many cores there are is asked of several files.
        let cores = || session.options.jobs.unwrap_or_else(|| session.host.cores());
        let jobs = if alone { 1 } else { cores() };
        let started = schedule::run::run(schedule, &self, jobs, &session.stop);
        started.map_err(|error| vec![Diagnostic::machine(format!("cannot run tasks: {error}"))])?;
        Ok(session.verdict())
    }

    /// Takes an instance as settled, with or without artifacts, so that a seal holds it.
    fn settle(&self, node: Node) {
        if self.session.made(node).is_empty() {
            self.session.adopt(node, &[]);
        }
    }

    /// Calls an instance until it is done, or its retries are used up.
    pub(super) fn call(&self, node: Node, stop: &Stop) -> Outcome<Came> {
        let retry = self.session.task(node).retry;
        let acts = self.door.conduct(self.session.graph.kind(node) == Kind::Sending)
            == crate::door::Conduct::Act;
        let (times, pause) =
            retry.filter(|_| acts).map_or((1, Duration::ZERO), |retry| (retry.times, retry.pause));
        let mut tried = 1;
        loop {
            match self.attempt(node, stop) {
                Err(wrong)
                    if tried < times && wrong.kind == crate::diag::Kind::Task && !stop.fired() =>
                {
                    let id = &self.session.graph.instance(node).id;
                    let line = format!("{}; try {} of {times} follows", wrong.message, tried + 1);
                    let task = id.clone();
                    self.session.events.emit(Event::Output { task, line, printed: false });
                    tried += 1;
                    stop.wait(pause);
                }
                done => return done,
            }
        }
    }

    fn attempt(&self, node: Node, stop: &Stop) -> Outcome<Came> {
        let session = &self.session;
        let noted = session.may_be_fresh(node).then(|| Arc::new(Noted::default()));
        let cx = self.body(node, stop, noted.clone());
        if let Some((condition, site)) = &cx.task.when {
            // It may start commands.
            let busy = session.busy();
            let holds = session.script.holds(*condition, site, &cx)?;
            drop(busy);
            if !holds {
                return Ok(Came::Skipped("its condition does not hold".into()));
            }
            if session.is_fresh(node)
                && let Some(taken) = session.take_fresh(node, true)
            {
                return taken.map(|()| Came::UpToDate);
            }
        }
        if cx.conduct() != crate::door::Conduct::Act {
            return self.steps(&cx);
        }
        let _alone = session.alone(node, stop)?;
        let _busy = session.busy();
        fs::make_empty_dir(&cx.out)
            .map_err(|error| disk("cannot make the task's folder", &error))?;
        self.inputs(node)?;
        let aside = self.set_aside(node)?;
        let came = self.work(node, &cx, noted);
        match (aside, &came) {
            (Some(aside), Ok((Came::Done, placed))) => session.tell_unmade(node, &aside, placed),
            (Some(aside), _) => session.bring_back(node, &aside),
            (None, _) => {}
        }
        came.map(|(came, _)| came)
    }

    /// Does what an instance is there for. Gives the names of its outputs in the project.
    fn work(
        &self,
        node: Node,
        cx: &Arc<BodyCx>,
        noted: Option<Arc<Noted>>,
    ) -> Outcome<(Came, Vec<String>)> {
        let session = &self.session;
        let trial = session.trial(node);
        let audit = trial.is_some().then(|| Audit::begin(session)).flatten();
        let came = self.steps(cx).and_then(|came| match came {
            Came::Done => Ok((came, self.collect(node, cx)?)),
            other => Ok((other, Vec::new())),
        });
        if let (Some(trial), Some(noted)) = (trial, noted) {
            match &came {
                Ok((Came::Done, placed)) => session.remember(node, trial, noted.take(), placed),
                // Only the end of the whole run says nothing of this instance.
                Err(_) if !session.stop.fired() => session.remember_failure(node),
                _ => {}
            }
        }
        if let (Some(audit), Ok((Came::Done, _))) = (audit, &came) {
            audit.end(session, node);
        }
        came
    }

    /// What one call of an instance knows.
    fn body(&self, node: Node, stop: &Stop, noted: Option<Arc<Noted>>) -> Arc<BodyCx> {
        let session = &self.session;
        let instance = session.graph.instance(node);
        Arc::new(BodyCx {
            run: session.cx.clone(),
            door: self.door.clone(),
            task: session.task(node).clone(),
            id: instance.id.clone(),
            values: instance.values.clone(),
            rest: instance.rest.clone(),
            ancestors: ancestors(session, node),
            out: session.out().join(slug(&instance.id)),
            stop: stop.clone(),
            result: self.followed.clone(),
            noted,
            left: AtomicBool::new(false),
        })
    }

    fn steps(&self, cx: &Arc<BodyCx>) -> Outcome<Came> {
        for step in &cx.task.steps {
            if let Called::Skipped(why) = self.step(step, cx)? {
                return Ok(Came::Skipped(why));
            }
        }
        Ok(Came::Done)
    }

    fn step(&self, step: &Step, cx: &Arc<BodyCx>) -> Outcome<Called> {
        match step {
            Step::Body(body, site) => {
                self.session.script.call(*body, cx).map_err(|wrong| Box::new(wrong.at(site)))
            }
            Step::Command(template, site) => {
                let cmd = filled(template, &cx.task, &cx.values, &cx.rest)
                    .map_err(|wrong| Box::new(Diagnostic::from(wrong).at(site)))?;
                run_command(cx, &cmd).map_err(|wrong| Box::new(wrong.at(site)))?;
                Ok(Called::Done)
            }
        }
    }

    /// Moves files that `.outputs` would take for new ones out of the way. Nothing is lost.
    fn set_aside(&self, node: Node) -> Outcome<Option<Aside>> {
        let old = self.outputs(node)?;
        self.session.put_aside(node, old.iter().map(|file| (&file.path, &file.name)))
    }

    /// Makes sure that each glob of inputs matches something.
    fn inputs(&self, node: Node) -> Outcome<()> {
        let inputs = &self.session.task(node).inputs;
        let globs: Vec<String> = inputs.iter().map(|word| word.text.clone()).collect();
        let idle = cache::idle(&self.session.cx.root, self.session.tracked(), &globs)
            .map_err(|error| disk("cannot look for inputs", &error))?;
        match inputs.iter().find(|word| Some(&word.text) == idle.as_ref()) {
            None => Ok(()),
            Some(glob) => {
                let wrong = Diagnostic::task(format!("no file matches the input `{}`", glob.text));
                Err(Box::new(wrong.at(&glob.site).hint(
                    "correct the glob, or take it away; one with a sign passes over what git ignores",
                )))
            }
        }
    }

    fn outputs(&self, node: Node) -> Outcome<Vec<fs::Found>> {
        let session = &self.session;
        let globs: Vec<String> =
            session.task(node).outputs.iter().map(|word| word.text.clone()).collect();
        if globs.is_empty() {
            return Ok(Vec::new());
        }
        fs::find(&session.cx.root, &globs).map_err(|error| {
            let wrong = Diagnostic::usage(format!("cannot look for outputs: {error}"));
            Box::new(
                wrong
                    .at(&session.task(node).outputs[0].site)
                    .hint("write a glob below the project's folder, such as \"dist/*\""),
            )
        })
    }

    /// Takes what the instance made into the store. Gives the names of its outputs in the project.
    fn collect(&self, node: Node, cx: &BodyCx) -> Outcome<Vec<String>> {
        let (session, out) = (&self.session, cx.out.as_path());
        // What most tasks leave is nothing, which shows as the folder is removed: unless something of its commands'
        // groups runs on, which may work there.
        let is_empty = !cx.left.load(Ordering::Relaxed) && fs::remove_empty_dir(out);
        if !is_empty && fs::is_link(out) {
            let wrong = Diagnostic::task("the task has put a link in place of its folder");
            return Err(Box::new(wrong.hint("copy what is wanted into the folder `$REL_OUT`")));
        }
        let made = if is_empty { Ok(Vec::new()) } else { fs::all_files(out) };
        let made = made.map_err(|error| disk("cannot read the task's folder", &error))?;
        let outputs = self.outputs(node)?;
        if outputs.is_empty() && !session.task(node).outputs.is_empty() {
            let wrong = Diagnostic::task("the task made none of its outputs")
                .at(&session.task(node).outputs[0].site);
            return Err(Box::new(
                wrong.hint("correct the glob, or the command that should write there"),
            ));
        }
        let placed = outputs.iter().map(|file| file.name.clone()).collect();
        let mut artifacts: Vec<Artifact> = Vec::new();
        for file in made.into_iter().chain(outputs) {
            if file.special {
                let wrong = Diagnostic::task(format!("`{}` is no regular file", file.name));
                return Err(Box::new(
                    wrong.hint("artifacts are plain files: copy what a link points at"),
                ));
            }
            if file.name.contains(|c: char| c.is_control() || c == '\\') {
                let wrong = Diagnostic::task(format!("{:?} is no name for an artifact", file.name));
                return Err(Box::new(
                    wrong.hint("use names without control characters and backslashes"),
                ));
            }
            let artifact = session.cx.store.put(&file.path, &file.name)?;
            if let Some(twin) =
                artifacts.iter().find(|known| known.file_name() == artifact.file_name())
            {
                let wrong = Diagnostic::task(format!(
                    "two artifacts have the same file name: `{}`, `{}`",
                    twin.name, artifact.name
                ));
                return Err(Box::new(wrong.hint("give each file a name of its own")));
            }
            artifacts.push(artifact);
        }
        artifacts.sort();
        session.adopt(node, &artifacts);
        Ok(placed)
    }
}

/// The tasks that an instance needs, looked up when its body first asks for artifacts: a long chain
/// has many.
fn ancestors(session: &Arc<Session>, node: Node) -> Ancestors {
    let session = session.clone();
    LazyLock::new(Box::new(move || {
        let nodes = session.graph.ancestors(node);
        nodes.into_iter().map(|need| session.task(need).name.clone()).collect()
    }))
}

/// A name for a folder, made from an instance's name; different names stay different.
pub(super) fn slug(id: &str) -> PathBuf {
    let plain: String = id
        .chars()
        .take(60)
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' })
        .collect();
    if plain == id {
        return PathBuf::from(plain);
    }
    PathBuf::from(format!("{plain}-{}", crate::model::artifact::Digest::of(id).short()))
}

pub(super) fn disk(what: &str, error: &std::io::Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::machine(format!("{what}: {error}")).hint(fs::cure(error)))
}
