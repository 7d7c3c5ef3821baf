//! What all stages of one run share: project, graph, state, and what came of it so far.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::fresh::Fresh;
use super::making::Making;
use super::out_there::OutThere;
use super::{Project, identity, leftovers, staging};
use crate::cli::{COMMANDS, RunOptions};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::goals;
use crate::graph::{Graph, Kind, Node};
use crate::guard::{self, Findings, Ground};
use crate::history::{self, Recorder};
use crate::host::stop::Stop;
use crate::host::stray::Stray;
use crate::host::{Host, fs};
use crate::model::artifact::Artifact;
use crate::model::effect::Release;
use crate::model::event::{End, Event, Events};
use crate::model::task::{Declared, Index, Step, Task};
use crate::plan::{Identity, Plan, Planned};
use crate::remote::Errand;
use crate::repo::Repo;
use crate::retention;
use crate::script::Script;
use crate::script::cx::RunCx;
use crate::stage::Stage;

/// The exit code, or what is wrong before anything was started.
pub(super) type Done = Result<Exit, Vec<Diagnostic>>;

/// One run.
pub(super) struct Session {
    pub(super) host: Arc<Host>,
    pub(super) events: Events,
    pub(super) options: RunOptions,
    pub(super) script: Script,
    pub(super) tasks: Vec<Arc<Task>>,
    pub(super) graph: Graph,
    pub(super) cx: Arc<RunCx>,
    pub(super) release: Option<Release>,
    /// Tags of the commit.
    pub(super) tags: Vec<String>,
    pub(super) stop: Stop,
    /// The user's folder with the Releasefile; tasks work elsewhere if one of them edits.
    pub(super) checkout: PathBuf,
    /// Where they do then.
    pub(super) stage: Option<Stage>,
    /// Why a live run would stop, counted in a dry one.
    pub(super) would_stop: AtomicUsize,
    /// All that is applied was sent before, by others: what is left takes no login.
    pub(super) was_sent: AtomicBool,
    /// What is wrong so far, in order.
    pub(super) wrong: Mutex<Vec<Diagnostic>>,
    /// What was warned of so far.
    warned: Mutex<Vec<Diagnostic>>,
    /// How each instance ended, and how long it took.
    pub(super) ended: Mutex<BTreeMap<Node, (End, Duration)>>,
    /// What was sent, and where it can be seen.
    pub(super) out_there: Mutex<OutThere>,
    /// Instances that are up to date.
    pub(super) fresh: Fresh,
    /// Others who may write where outputs go.
    pub(super) making: Making,
    /// While it is held, nothing of the state is cleaned away.
    in_use: Mutex<Option<File>>,
    /// Writes down what the run comes to.
    recorder: Recorder,
}

/// A stop that signals fire.
pub(super) fn listening(host: &Host) -> Result<Stop, Vec<Diagnostic>> {
    let stop = Stop::default();
    let deaf = |error| vec![Diagnostic::machine(format!("cannot listen to signals: {error}"))];
    host.stop_on_signals(&stop).map_err(deaf)?;
    Ok(stop)
}

impl Session {
    /// Loads the project and resolves what is asked for. Signals end the run from then on.
    pub(super) fn open(
        host: &Arc<Host>,
        events: &Events,
        options: RunOptions,
    ) -> Result<Arc<Self>, Vec<Diagnostic>> {
        Self::open_in(host, events, options, Project::open(host)?.keep())
    }

    /// The same in a project that is loaded.
    pub(super) fn open_in(
        host: &Arc<Host>,
        events: &Events,
        options: RunOptions,
        project: Project<'_>,
    ) -> Result<Arc<Self>, Vec<Diagnostic>> {
        Self::open_under(host, events, options, (project, listening(host)?))
    }

    /// The same for a run that is ended by `stop`.
    pub(super) fn open_under<'a>(
        host: &'a Arc<Host>,
        events: &Events,
        mut options: RunOptions,
        (project, stop): (Project<'a>, Stop),
    ) -> Result<Arc<Self>, Vec<Diagnostic>> {
        let recorder = Recorder::new(host);
        let events = &recorder.tee(events);
        let (Project { root, repo, mut script }, graph) =
            resolved(host, events, &mut options, project)?;
        let declared = &script.declared;
        mend(&repo, events, &options, &stop)?;
        let state = repo.state().map_err(|wrong| vec![*wrong])?;
        let in_use = hold(&state)?;
        let making = Making::new(tell_leftovers(host, events, &state));
        let wanted = staging::Wanted {
            host,
            events,
            options: &options,
            tasks: &declared.tasks,
            graph: &graph,
            repo: &repo,
            state: &state,
        };
        let stage = staging::begin(&wanted)?;
        let work = stage.as_ref().map_or_else(|| root.clone(), |stage| stage.root().to_owned());
        let cx = RunCx::new(
            host.clone(),
            work,
            state,
            events.clone(),
            indexes(host, declared),
            declared.destinations(),
            declared.tools.clone(),
            repo.commit().map(|commit| commit.time),
            options.strict || host.is_ci(),
            is_split(host, &options),
            options.offline,
        );
        let (host, events, cx) = (host.clone(), events.clone(), Arc::new(cx));
        Ok(Arc::new(Self {
            tags: tags(&repo, &options, &graph),
            fresh: Fresh::of(&options, stage.is_some()),
            making,
            host,
            events,
            options,
            tasks: mem::take(&mut script.declared.tasks).into_iter().map(Arc::new).collect(),
            script,
            graph,
            cx,
            release: repo.release(),
            stop,
            checkout: root,
            stage,
            would_stop: AtomicUsize::new(0),
            was_sent: AtomicBool::new(false),
            wrong: Mutex::default(),
            warned: Mutex::default(),
            ended: Mutex::default(),
            out_there: Mutex::default(),
            in_use: Mutex::new(Some(in_use)),
            recorder,
        }))
    }

    /// The task of a node.
    pub(super) fn task(&self, node: Node) -> &Arc<Task> {
        &self.tasks[self.graph.instance(node).task]
    }

    /// Nodes of a kind, each after what it needs.
    pub(super) fn of_kind(&self, kind: Kind) -> Vec<Node> {
        self.graph.order().filter(|node| self.graph.kind(*node) == kind).collect()
    }

    /// Runs the guards, on the project as it is now and on what would be sent, as far as that is known.
    pub(super) fn guards(&self, effects: &[Planned]) -> Findings {
        self.on_ground(effects, |ground| guard::check(ground, &self.script.declared.guards))
    }

    /// Refuses unless the project is exactly what its commit holds.
    ///
    /// # Errors
    /// What differs.
    pub(super) fn must_be_as_committed(&self) -> Result<(), Vec<Diagnostic>> {
        let found = self.on_ground(&[], guard::as_committed);
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    fn on_ground<T>(&self, effects: &[Planned], look: impl FnOnce(&Ground<'_>) -> T) -> T {
        let repo = Repo::new(&self.host, self.checkout.clone());
        // A tag that tasks make is not there before they have run.
        let staged =
            self.stage.as_ref().map(|stage| Repo::new(&self.host, stage.root().to_owned()));
        let tagged = self.has_edited().then(|| staged.as_ref().unwrap_or(&repo));
        let sending = self.of_kind(Kind::Sending);
        let sending: Vec<&Task> =
            sending.into_iter().map(|node| self.task(node).as_ref()).collect();
        // A plan that is written in CI is sent by other jobs, whose logins this one has not.
        let planned = !self.options.live && self.options.plan_file.is_some() && is_job(&self.host);
        let elsewhere = planned || self.was_sent.load(Ordering::Relaxed);
        let except = self.options.plan_file.as_ref().map(|path| self.host.cwd.join(path));
        look(&Ground {
            host: &self.host,
            stop: &self.stop,
            repo: &repo,
            tagged,
            release: self.release.as_ref(),
            except: except.as_deref(),
            indexes: sent_to(&sending, &self.cx.indexes),
            sending,
            store: Some(&self.cx.store),
            effects,
            offline: self.options.offline,
            elsewhere,
        })
    }

    /// The plan of these effects with the artifacts made so far. What guards and remotes say is left to
    /// whoever asks them.
    pub(super) fn plan(&self, mut effects: Vec<Planned>) -> Plan {
        let place: BTreeMap<&str, usize> = self
            .graph
            .order()
            .enumerate()
            .map(|(place, node)| (self.graph.instance(node).id.as_str(), place))
            .collect();
        effects.sort_by_key(|planned| place.get(planned.task.as_str()).copied());
        Plan {
            release: self.release.clone(),
            tags: self.tags.clone(),
            goals: self.options.words.clone(),
            rest: self.options.rest.clone(),
            artifacts: self.artifacts(),
            effects,
            after: self.sending_after(),
            confirm: self.questions(),
            identity: self.identity(),
            ..Plan::empty(self.script.digest.clone(), self.host.clock.unix())
        }
    }

    /// Does something with the remotes that no task asks for.
    pub(super) fn with_errand<T>(&self, work: impl FnOnce(&Errand<'_>) -> T) -> T {
        work(&Errand {
            host: &self.host,
            store: &self.cx.store,
            root: &self.cx.root,
            env: &|| Ok(BTreeMap::new()),
            ties: &self.cx.ties,
            stop: &self.stop,
            say: &|_| {},
        })
    }

    /// Who the plan is for.
    fn identity(&self) -> Identity {
        let environment = |node: Node| {
            let environment = self.task(node).environment.clone()?;
            Some((self.graph.instance(node).id.clone(), environment))
        };
        let environments =
            self.of_kind(Kind::Sending).into_iter().filter_map(environment).collect();
        Identity { origin: identity::origin(&self.host), environments }
    }

    /// The repository on GitHub that the checkout is of.
    pub(super) fn repository(&self) -> Option<String> {
        let origin = Repo::new(&self.host, self.checkout.clone()).remote("origin")?;
        self.host.endpoints.github.repository_of(&origin)
    }

    /// Sending instances that ask, each with its question.
    fn questions(&self) -> BTreeMap<String, String> {
        let question = |node: Node| {
            let question = self.task(node).confirm.clone()?;
            Some((self.graph.instance(node).id.clone(), question))
        };
        self.of_kind(Kind::Sending).into_iter().filter_map(question).collect()
    }

    /// Sending instances, each with those that have to be done before.
    fn sending_after(&self) -> BTreeMap<String, BTreeSet<String>> {
        let sending = self.of_kind(Kind::Sending);
        let id = |node: &Node| self.graph.instance(*node).id.clone();
        let before = |node: &Node| {
            let ancestors = self.graph.ancestors(*node);
            sending.iter().filter(|other| ancestors.contains(other)).map(id).collect()
        };
        sending.iter().map(|node| (id(node), before(node))).collect()
    }

    /// Artifacts of the local instances that have run, by instance.
    pub(super) fn artifacts(&self) -> BTreeMap<String, Vec<Artifact>> {
        let results = self.cx.results.lock().unwrap_or_else(PoisonError::into_inner);
        let local = self.of_kind(Kind::Local).into_iter().map(|node| &self.graph.instance(node).id);
        let local: BTreeSet<&String> = local.collect();
        results
            .iter()
            .filter(|((_, id), _)| local.contains(id))
            .map(|((_, id), files)| (id.clone(), files.clone()))
            .collect()
    }

    /// Takes instances and their artifacts as done.
    pub(super) fn adopt(&self, node: Node, artifacts: &[Artifact]) {
        let id = self.graph.instance(node).id.clone();
        let mut results = self.cx.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.insert((self.task(node).name.clone(), id), artifacts.to_vec());
    }

    /// Takes local instances as done with the artifacts kept for them, which are checked.
    ///
    /// # Errors
    /// An artifact is gone from the store, or has changed.
    pub(super) fn adopt_all(
        &self,
        kept: &BTreeMap<String, Vec<Artifact>>,
    ) -> Outcome<BTreeSet<Node>> {
        let mut settled = BTreeSet::new();
        for node in self.of_kind(Kind::Local) {
            let Some(files) = kept.get(&self.graph.instance(node).id) else { continue };
            for file in files {
                self.cx.store.verified(file)?;
            }
            self.adopt(node, files);
            settled.insert(node);
        }
        Ok(settled)
    }

    /// Says which instances were not run, since their artifacts are sealed.
    pub(super) fn say_sealed<'a>(&self, nodes: impl Iterator<Item = &'a Node>) {
        let made = self.artifacts();
        for &node in nodes {
            let artifacts = made.get(&self.graph.instance(node).id).cloned().unwrap_or_default();
            self.task_ended(node, End::Sealed, Duration::ZERO, None, artifacts);
        }
    }

    /// The first of what went wrong in a task, if anything did.
    pub(super) fn first_wrong(&self) -> Option<Diagnostic> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    /// Notes what is wrong.
    pub(super) fn blame(&self, wrong: Diagnostic) {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner).push(wrong);
    }

    /// The exit code of what is wrong so far, if anything is.
    pub(super) fn verdict(&self) -> Option<Exit> {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        if self.stop.fired() {
            return Some(Exit::INTERRUPTED);
        }
        wrong.first().map(|first| first.kind.exit())
    }

    /// Says that the run begins, and begins its record.
    pub(super) fn begin(&self) {
        let begun = Begun {
            host: &self.host,
            events: &self.events,
            recorder: &self.recorder,
            options: &self.options,
            state: &self.cx.state,
            root: &self.checkout,
            release: self.release.as_ref(),
            tasks: self.graph.len(),
        };
        begun.say();
    }

    /// Shows warnings, each once.
    pub(super) fn warn(&self, warnings: Vec<Diagnostic>) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        for warning in warnings {
            if !warned.contains(&warning) {
                warned.push(warning.clone());
                self.events.emit(Event::Warning { diagnostic: Box::new(warning) });
            }
        }
    }

    /// This run's folder for outputs of tasks.
    pub(super) fn out(&self) -> PathBuf {
        self.cx.state.join("out").join(self.host.pid().to_string())
    }

    /// Removes what this run no longer needs.
    pub(super) fn tidy(&self) {
        self.save_fresh();
        // Left-overs cost room only; failing to remove them is no reason to fail a run.
        let _ = fs::remove_dir(&self.out());
        self.leave_stage();
        drop(self.in_use.lock().unwrap_or_else(PoisonError::into_inner).take());
        let _ = retention::after_run(&self.cx.state, self.host.clock.unix());
    }
}

/// Whether this is one of several jobs on GitHub that make one release: each has an identity only if it publishes,
/// and all have to describe the same.
fn is_split(host: &Host, options: &RunOptions) -> bool {
    is_job(host) && options.plan_file.is_some() && on_github(host)
}

/// Whether this is a job of a workflow, or plays one in a rehearsal.
fn is_job(host: &Host) -> bool {
    host.is_ci() || host.way.is_some() && on_github(host)
}

fn on_github(host: &Host) -> bool {
    host.env.get("GITHUB_ACTIONS") == Some("true")
}

/// The graph of the words that were given, else of the default task.
fn asked(options: &mut RunOptions, declared: &Declared) -> Result<Graph, Vec<Diagnostic>> {
    if options.words.is_empty() {
        let default = declared.default_task.as_ref().ok_or_else(|| {
            Diagnostic::usage("no task is named, and the Releasefile has no default")
                .hint("name one, or add default_task(\"…\")")
        })?;
        options.words = vec![default.text.clone()];
    }
    known_confirmations(&options.yes_to, &declared.tasks)?;
    let goals = goals::parse(&options.words, &options.rest, &declared.tasks, COMMANDS)
        .map_err(|wrong| vec![*wrong])?;
    Graph::build(&declared.tasks, &goals)
}

/// What is known of a run as it begins.
pub(super) struct Begun<'a> {
    pub(super) host: &'a Host,
    pub(super) events: &'a Events,
    pub(super) recorder: &'a Recorder,
    pub(super) options: &'a RunOptions,
    pub(super) state: &'a Path,
    pub(super) root: &'a Path,
    pub(super) release: Option<&'a Release>,
    /// How many instances it has.
    pub(super) tasks: usize,
}

impl Begun<'_> {
    /// Says that the run begins, and begins its record.
    pub(super) fn say(&self) {
        let (goals, live) = (self.options.words.clone(), self.options.live);
        let start = history::Start {
            v: history::VERSION,
            rel: env!("CARGO_PKG_VERSION").into(),
            at: self.host.clock.unix(),
            words: self.host.words(),
            goals: goals.clone(),
            live,
            commit: self.release.map(|release| release.commit.clone()),
        };
        if let Err(error) = self.recorder.begin(&self.state.join("runs"), start) {
            self.events.note(format!("`rel log` will not know of this run: {error}"));
        }
        let (tasks, root) = (self.tasks, self.root.to_owned());
        self.events.emit(Event::RunStarted { goals, live, tasks, root });
    }
}

/// The project and what is asked for of it, with all that its functions are called by if this run may call any.
fn resolved<'a>(
    host: &'a Arc<Host>,
    events: &Events,
    options: &mut RunOptions,
    mut project: Project<'a>,
) -> Result<(Project<'a>, Graph), Vec<Diagnostic>> {
    let given = options.words.clone();
    let mut graph = asked(options, &project.script.declared);
    if graph.as_ref().is_ok_and(|graph| !can_call(&project.script, graph)) {
        // It has just been edited.
        project = Project::open_anew(host)?.keep();
        options.words = given;
        graph = asked(options, &project.script.declared);
    }
    project.script.declared.printed.iter().for_each(|line| events.note(line));
    Ok((project, graph?))
}

/// Whether functions can be called, if anything in this graph calls any.
fn can_call(script: &Script, graph: &Graph) -> bool {
    let calls = |node: Node| {
        let task = &script.declared.tasks[graph.instance(node).task];
        task.when.is_some() || task.steps.iter().any(|step| matches!(step, Step::Body(..)))
    };
    !graph.order().any(calls) || script.prepare().is_ok()
}

/// Tags of the commit. Only plans and messages name them, and git has to be asked.
fn tags(repo: &Repo<'_>, options: &RunOptions, graph: &Graph) -> Vec<String> {
    let tells = |node| graph.kind(node) == Kind::Sending || graph.follows(node);
    let named = options.live || options.plan_file.is_some() || graph.order().any(tells);
    let head = if named { repo.head() } else { None };
    head.map(|head| head.tags.clone()).unwrap_or_default()
}

/// Holds the state of a project, so that nothing of it is cleaned away beside this run.
pub(super) fn hold(state: &Path) -> Result<File, Vec<Diagnostic>> {
    retention::used(state).map_err(|error| {
        let wrong =
            Diagnostic::machine(format!("the state of this project cannot be held: {error}"));
        let wrong = wrong.note(state.display().to_string());
        wrong.hint(fs::cure(&error)).into()
    })
}

/// Names what a run that was killed left running, and gives it.
pub(super) fn tell_leftovers(host: &Host, events: &Events, state: &Path) -> Vec<Stray> {
    let left = leftovers::look(host, state);
    if let Some(told) = leftovers::told(&left) {
        events.emit(Event::Warning { diagnostic: Box::new(told) });
    }
    left
}

/// Fetches what a shallow clone lacks, if that is wanted.
fn mend(
    repo: &Repo<'_>,
    events: &Events,
    options: &RunOptions,
    stop: &Stop,
) -> Result<(), Vec<Diagnostic>> {
    if options.fix && guard::mend(repo, stop).map_err(|wrong| vec![*wrong])? {
        events.note("the rest of the history was fetched: this was a shallow clone");
    }
    Ok(())
}

/// The indexes that tasks send to.
pub(super) fn sent_to<'a>(
    sending: &[&Task],
    indexes: &'a BTreeMap<String, Index>,
) -> Vec<&'a Index> {
    let places = sending.iter().flat_map(|task| &task.effects);
    let names: BTreeSet<&str> = places.filter_map(|(place, _)| place.index()).collect();
    names.into_iter().filter_map(|name| indexes.get(name)).collect()
}

/// All indexes by name, public and declared.
pub(super) fn indexes(host: &Host, declared: &Declared) -> BTreeMap<String, Index> {
    let own = declared.indexes.values().map(|(index, _)| index);
    let all = own.chain([&host.endpoints.pypi, &host.endpoints.testpypi]);
    all.map(|index| (index.name.clone(), index.clone())).collect()
}

/// `--yes=TASK` must name a task: a slip would leave its question open.
fn known_confirmations(names: &[String], tasks: &[Task]) -> Result<(), Vec<Diagnostic>> {
    let unknown = names.iter().find(|name| tasks.iter().all(|task| task.name != **name));
    unknown.map_or(Ok(()), |name| {
        let wrong = Diagnostic::usage(format!("`--yes={name}` names no task"));
        let asking =
            tasks.iter().filter(|task| task.confirm.is_some()).map(|task| task.name.as_str());
        Err(wrong.suggest(name, asking).into())
    })
}
