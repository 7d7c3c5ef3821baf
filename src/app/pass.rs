//! A pass over the graph behind one door: how each instance in it is run, with its folder, steps,
//! retries and artifacts.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::session::Session;
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::door::Door;
use crate::graph::{Kind, Node};
use crate::host::fs;
use crate::host::stop::Stop;
use crate::model::artifact::Artifact;
use crate::model::command::Fill;
use crate::model::event::{End, Event};
use crate::model::task::{Step, Value};
use crate::schedule;
use crate::schedule::run::{Bodies, Ran};
use crate::schedule::state::Schedule;
use crate::script::cx::{Ancestors, BodyCx, Followed};
use crate::script::{Called, run_command};

/// Called before a sending instance acts; an error refuses it.
pub(super) type Permit = dyn Fn(&Session, Node) -> Outcome<()> + Send + Sync;

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
    }

    fn runs_alone(&self, node: Node) -> bool {
        let task = self.session.task(node);
        // Another task would see half of the edits, or find git's index locked.
        task.tty || task.edits.is_some()
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
        let id = session.graph.instance(node).id.clone();
        let cwd = session.task(node).cwd.clone();
        session.events.emit(Event::TaskStarted { task: id, cwd });
        let permitted =
            if kind == Kind::Sending && self.sends { (self.permit)(session, node) } else { Ok(()) };
        let called = permitted.and_then(|()| self.call(node, stop));
        match called {
            Ok(Called::Skipped(why)) => Ran::Ok(End::Skipped, Some(why)),
            Ok(Called::Done) if kind == Kind::Sending && !self.sends => Ran::Ok(End::Planned, None),
            Ok(Called::Done) => Ran::Ok(End::Done, None),
            Err(wrong) if session.task(node).optional || session.graph.follows(node) => {
                Ran::Tolerated(wrong)
            }
            Err(wrong) => Ran::Failed(wrong),
        }
    }

    fn ended(&self, node: Node, ran: Ran, took: Duration) {
        let session = &self.session;
        let artifacts = self.results(node);
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
        let schedule = Schedule::new(&session.graph, keep_going, takes_part);
        let jobs = session.options.jobs.unwrap_or_else(|| session.host.cores());
        let started = schedule::run::run(schedule, &self, jobs, &session.stop);
        started.map_err(|error| vec![Diagnostic::machine(format!("cannot run tasks: {error}"))])?;
        Ok(session.verdict())
    }

    /// Takes an instance as settled, with or without artifacts, so that a seal holds it.
    fn settle(&self, node: Node) {
        if self.results(node).is_empty() {
            self.session.adopt(node, &[]);
        }
    }

    fn results(&self, node: Node) -> Vec<Artifact> {
        let session = &self.session;
        let key = (session.task(node).name.clone(), session.graph.instance(node).id.clone());
        let results = session.cx.results.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        results.get(&key).cloned().unwrap_or_default()
    }

    /// Calls an instance until it is done, or its retries are used up.
    pub(super) fn call(&self, node: Node, stop: &Stop) -> Outcome<Called> {
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

    fn attempt(&self, node: Node, stop: &Stop) -> Outcome<Called> {
        let session = &self.session;
        let instance = session.graph.instance(node);
        let task = session.task(node);
        let out = session.out().join(slug(&instance.id));
        let cx = Arc::new(BodyCx {
            run: session.cx.clone(),
            door: self.door.clone(),
            task: task.clone(),
            id: instance.id.clone(),
            values: instance.values.clone(),
            rest: instance.rest.clone(),
            ancestors: ancestors(session, node),
            out: out.clone(),
            stop: stop.clone(),
            result: self.followed.clone(),
        });
        if let Some((condition, site)) = &task.when
            && !session.script.holds(*condition, site, &cx)?
        {
            return Ok(Called::Skipped("its condition does not hold".into()));
        }
        let acts = cx.conduct() == crate::door::Conduct::Act;
        if acts {
            fs::remove_dir(&out)
                .and_then(|()| fs::make_dir(&out))
                .map_err(|error| disk("cannot make the task's folder", &error))?;
            self.set_aside(node)?;
            self.inputs(node)?;
        }
        for step in &task.steps {
            if let Called::Skipped(why) = self.step(step, &cx)? {
                return Ok(Called::Skipped(why));
            }
        }
        if acts {
            self.collect(node, &out)?;
        }
        Ok(Called::Done)
    }

    fn step(&self, step: &Step, cx: &Arc<BodyCx>) -> Outcome<Called> {
        match step {
            Step::Body(body, site) => {
                self.session.script.call(*body, cx).map_err(|wrong| Box::new(wrong.at(site)))
            }
            Step::Command(template, site) => {
                let fill = |name: &str| match cx.values.get(name) {
                    Some(Value::Text(text)) => Some(Fill::One(text.clone())),
                    Some(other) => Some(Fill::One(other.to_string())),
                    None => {
                        (cx.task.rest.as_deref() == Some(name)).then(|| Fill::Many(cx.rest.clone()))
                    }
                };
                let cmd = template
                    .fill(&[], &fill)
                    .map_err(|wrong| Box::new(Diagnostic::from(wrong).at(site)))?;
                run_command(cx, &cmd).map_err(|wrong| Box::new(wrong.at(site)))?;
                Ok(Called::Done)
            }
        }
    }

    /// Moves files that `.outputs` would take for new ones out of the way. Nothing is lost.
    fn set_aside(&self, node: Node) -> Outcome<()> {
        let session = &self.session;
        let old = self.outputs(node)?;
        let run = format!("{}-{}", session.host.clock.unix(), session.host.pid());
        let aside =
            session.cx.state.join("aside").join(run).join(slug(&session.graph.instance(node).id));
        for file in &old {
            fs::rename(&file.path, &aside.join(&file.name))
                .map_err(|error| disk("cannot set old outputs aside", &error))?;
        }
        if !old.is_empty() {
            let id = &session.graph.instance(node).id;
            session.events.note(format!(
                "{id}: older files of its outputs were set aside ({}) in {}",
                old.len(),
                aside.display()
            ));
        }
        Ok(())
    }

    /// Makes sure that each glob of inputs matches something.
    fn inputs(&self, node: Node) -> Outcome<()> {
        for glob in &self.session.task(node).inputs {
            let found = fs::find(&self.session.cx.root, std::slice::from_ref(&glob.text))
                .map_err(|error| disk("cannot look for inputs", &error))?;
            if found.is_empty() {
                let wrong = Diagnostic::task(format!("no file matches the input `{}`", glob.text));
                return Err(Box::new(
                    wrong.at(&glob.site).hint("correct the glob, or take it away"),
                ));
            }
        }
        Ok(())
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

    /// Takes what the instance made into the store.
    fn collect(&self, node: Node, out: &Path) -> Outcome<()> {
        let session = &self.session;
        let made =
            fs::all_files(out).map_err(|error| disk("cannot read the task's folder", &error))?;
        let outputs = self.outputs(node)?;
        if outputs.is_empty() && !session.task(node).outputs.is_empty() {
            let wrong = Diagnostic::task("the task made none of its outputs")
                .at(&session.task(node).outputs[0].site);
            return Err(Box::new(
                wrong.hint("correct the glob, or the command that should write there"),
            ));
        }
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
        Ok(())
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

fn disk(what: &str, error: &std::io::Error) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::machine(format!("{what}: {error}"))
            .hint("make room or repair the disk; then run the same command"),
    )
}
