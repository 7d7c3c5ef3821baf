//! Instances that are up to date: taken as they were, instead of being run; and what is remembered of those
//! that run.
//!
//! Nothing of it holds in a live run, which does everything for real until artifacts are sealed, nor for
//! a plan that is written to be sent, nor in a stage, which is new each time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::questions::{Questions, Variables, system, tools};
use super::session::Session;
use crate::cache::{
    Ask, Cache, Items, Made, Mark, Notes, Quiet, Record, Seen, Still, Told, of_items,
};
use crate::cli::RunOptions;
use crate::diag::{Diagnostic, Outcome};
use crate::graph::{Graph, Node};
use crate::model::artifact::Artifact;
use crate::model::event::Event;

/// What is remembered is written down so often while a run goes on, at most.
const PAUSE: Duration = Duration::from_secs(1);
/// And takes no larger part of it than one in so many.
const PART: u32 = 20;

/// What a run knows of instances that are up to date.
#[derive(Default)]
pub(super) struct Fresh {
    /// Whether anything is remembered in this run.
    remembers: bool,
    /// Whether anything is taken as it was.
    reuses: bool,
    state: Mutex<State>,
    variables: OnceLock<Variables>,
    system: OnceLock<Mark>,
    tracked: OnceLock<Option<Arc<[String]>>>,
}

#[derive(Default)]
struct State {
    cache: Option<Cache>,
    /// Instances that run now.
    running: usize,
    /// Instances that are up to date, and have not had their turn.
    hits: HashMap<Node, (Ask, Record)>,
    /// Those that have had it. `None`: something was done in this run.
    taken: Option<HashMap<Node, (Ask, Record)>>,
    /// What comes of each instance, and of those that it needs.
    lineages: HashMap<Node, Mark>,
    tools: Option<PathBuf>,
    next_save: Option<Instant>,
}

/// An instance that runs, and may be remembered.
pub(super) struct Trial {
    ask: Ask,
    seen: Seen,
}

/// While it lives, files may change.
pub(super) struct Busy<'a>(&'a Session);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.run_by(|running| running.saturating_sub(1));
    }
}

impl State {
    fn cache(&mut self, session: &Session) -> &mut Cache {
        let running = self.running;
        self.cache.get_or_insert_with(|| {
            let cx = &session.cx;
            let now = session.host.clock.unix();
            let mut cache = Cache::open(&cx.state, &cx.root, session.tracked(), now);
            let asked = session.graph.order().filter(|node| session.may_be_fresh(*node));
            let globs = |node| session.task(node).inputs.iter().map(|word| word.text.clone());
            let inputs: Vec<Vec<String>> = asked.map(|node| globs(node).collect()).collect();
            cache.running(running);
            cache.look_ahead(&inputs);
            cache
        })
    }
}

impl Fresh {
    /// What these options leave of it.
    pub(super) fn of(options: &RunOptions, staged: bool) -> Self {
        let remembers = !options.live && options.plan_file.is_none() && !staged;
        let reuses = remembers && !options.no_cache && !options.audit;
        let state = State { taken: reuses.then(HashMap::new), ..State::default() };
        Self { remembers, reuses, state: Mutex::new(state), ..Self::default() }
    }
}

impl Session {
    fn fresh_state(&self) -> MutexGuard<'_, State> {
        self.fresh.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asking(&self) -> Questions<'_> {
        let (host, script, graph) = (&*self.host, &self.script, &self.graph);
        let (root, epoch) = (self.cx.root.as_path(), self.cx.epoch);
        let system = *self.fresh.system.get_or_init(system);
        Questions { host, script, tasks: &self.tasks, graph, root, epoch, system }
    }

    /// The files that git tracks, as this run found them.
    pub(super) fn tracked(&self) -> Option<Arc<[String]>> {
        self.fresh.tracked.get_or_init(|| self.asking().tracked()).clone()
    }

    fn variables(&self) -> &Variables {
        self.fresh.variables.get_or_init(|| Variables::of(&self.host, self.cx.epoch))
    }

    /// Whether an instance is remembered in this run.
    pub(super) fn may_be_fresh(&self, node: Node) -> bool {
        let has_work = !self.task(node).steps.is_empty();
        self.fresh.remembers && has_work && self.asking().always(node).is_none()
    }

    /// Whether an instance is up to date; if so it is kept for its turn.
    pub(super) fn is_fresh(&self, node: Node) -> bool {
        if !self.fresh.reuses || !self.may_be_fresh(node) {
            return false;
        }
        let mut state = self.fresh_state();
        let ask = self.ask(&mut state, node);
        match state.cache(self).fresh(&ask, self.variables()) {
            Ok(record) => state.hits.insert(node, (ask, record)).is_none(),
            Err(_) => false,
        }
    }

    fn ask(&self, state: &mut State, node: Node) -> Ask {
        let questions = self.asking();
        if state.tools.is_none() {
            state.tools = tools(&self.host, &self.cx.root, &self.script.declared.tools);
        }
        let needs = self.needed(state, node);
        questions.ask(node, needs, state.tools.as_deref())
    }

    /// What an instance gets from those that it needs, as far as they made anything.
    fn needed(&self, state: &mut State, node: Node) -> Items {
        let mut open = vec![node];
        while let Some(at) = open.last().copied() {
            let unknown: Vec<Node> =
                self.graph.needs(at).filter(|need| !state.lineages.contains_key(need)).collect();
            if unknown.is_empty() {
                open.pop();
                if at != node {
                    let needs = lineages(&self.graph, &state.lineages, at);
                    let made = made_of(&self.made(at), &needs);
                    state.lineages.insert(at, made);
                }
            } else {
                open.extend(unknown);
            }
        }
        lineages(&self.graph, &state.lineages, node)
    }

    /// Artifacts of an instance that has run, or was taken as it was.
    pub(super) fn made(&self, node: Node) -> Vec<Artifact> {
        let key = (self.task(node).name.clone(), self.graph.instance(node).id.clone());
        let results = self.cx.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.get(&key).cloned().unwrap_or_default()
    }

    /// Takes an instance that is up to date as it was: its files are where they belong, and what it said is
    /// said again. `None`: it has to run. `begun`: that has been said of it.
    ///
    /// # Errors
    /// Its files cannot be put back.
    pub(super) fn take_fresh(&self, node: Node, begun: bool) -> Option<Outcome<()>> {
        let (ask, record) = self.fresh_state().hits.remove(&node)?;
        if !begun && !record.log.is_empty() {
            let (task, cwd) = (ask.id.clone(), self.task(node).cwd.clone());
            self.events.emit(Event::TaskStarted { task, cwd });
        }
        let replayed = self.replay(node, &ask, &record);
        if let Some(taken) = &mut self.fresh_state().taken {
            taken.insert(node, (ask, record));
        }
        Some(replayed)
    }

    fn replay(&self, node: Node, ask: &Ask, record: &Record) -> Outcome<()> {
        if !ask.outputs.is_empty() {
            let unread = |error| super::pass::disk("cannot put outputs back", &error);
            let look = |state: &mut State| state.cache(self).placed(ask, record).map_err(unread);
            let mut placed = look(&mut self.fresh_state())?;
            let is_off = !placed.whole || !placed.strays.is_empty();
            // What is not in its place may be what another run is making.
            let _alone = if is_off { self.alone(node, &self.stop)? } else { None };
            if is_off {
                placed = look(&mut self.fresh_state())?;
            }
            let mut state = self.fresh_state();
            let strays = placed.strays.iter().map(|it| (&it.path, &it.name));
            self.put_aside(node, strays)?;
            if !placed.whole || !placed.strays.is_empty() {
                state.taken = None;
            }
            if !placed.whole {
                let cache = state.cache(self);
                let count = cache.put_back(record).map_err(unread)?;
                self.events.note(format!("{}: {count} of its outputs put back", ask.id));
            }
        }
        let made: Vec<Artifact> = record.made.iter().map(|made| made.artifact.clone()).collect();
        self.adopt(node, &made);
        for line in &record.log {
            let (task, line, printed) = (ask.id.clone(), line.text.clone(), line.printed);
            self.events.emit(Event::Output { task, line, printed });
        }
        Ok(())
    }

    /// An instance runs: files may change until that is over.
    pub(super) fn busy(&self) -> Busy<'_> {
        self.run_by(|running| running + 1);
        Busy(self)
    }

    fn run_by(&self, change: impl FnOnce(usize) -> usize) {
        let mut state = self.fresh_state();
        state.running = change(state.running);
        let running = state.running;
        state.taken = None;
        if let Some(cache) = &mut state.cache {
            cache.running(running);
        }
    }

    /// What an instance finds as it begins, if it may be remembered.
    pub(super) fn trial(&self, node: Node) -> Option<Trial> {
        if !self.may_be_fresh(node) {
            return None;
        }
        let mut state = self.fresh_state();
        let ask = self.ask(&mut state, node);
        let seen = state.cache(self).begin(&ask);
        Some(Trial { ask, seen })
    }

    /// Remembers an instance that ran well. `placed` are the names of its outputs in the project.
    pub(super) fn remember(&self, node: Node, trial: Trial, notes: Notes, placed: &[String]) {
        let made = self.made(node).into_iter().map(|artifact| {
            let placed = placed.contains(&artifact.name);
            Made { artifact, placed }
        });
        let made: Vec<Made> = made.collect();
        let mut state = self.fresh_state();
        // The tools of the project may have been made only now.
        let path = self.ask(&mut state, node).path;
        let ask = Ask { path, ..trial.ask };
        state.cache(self).remember(&ask, self.variables(), &trial.seen, notes, made);
        let now = Instant::now();
        if *state.next_save.get_or_insert(now + PAUSE) <= now {
            self.save(&mut state);
            state.next_save = Some(Instant::now() + PAUSE.max(now.elapsed() * PART));
        }
    }

    /// An instance failed: what it did before says nothing of its next run.
    pub(super) fn remember_failure(&self, node: Node) {
        let id = &self.graph.instance(node).id;
        self.fresh_state().cache(self).remember_failure(id);
    }

    /// Whether `name` is one of the outputs of an instance.
    pub(super) fn is_output(&self, node: Node, name: &str) -> bool {
        let globs: Vec<String> =
            self.task(node).outputs.iter().map(|word| word.text.clone()).collect();
        self.fresh_state().cache(self).is_output(&globs, name)
    }

    /// The instances that were up to date, if nothing else was done.
    pub(super) fn taken(&self) -> Option<HashMap<Node, (Ask, Record)>> {
        self.fresh_state().taken.take()
    }

    /// All that was looked at for these instances.
    pub(super) fn still(
        &self,
        taken: &HashMap<Node, (Ask, Record)>,
        told: Told,
        quiet: Vec<Quiet>,
    ) -> Option<Still> {
        let mut state = self.fresh_state();
        state.cache(self).still(taken.values(), (told, quiet), self.variables())
    }

    /// Writes down what is remembered.
    pub(super) fn save_fresh(&self) {
        self.save(&mut self.fresh_state());
    }

    fn save(&self, state: &mut State) {
        let Some(Err(error)) = state.cache.as_mut().map(Cache::save) else { return };
        let wrong =
            Diagnostic::machine(format!("what is up to date cannot be written down: {error}"));
        let wrong =
            wrong.hint("make room or repair the disk; until then these tasks run each time");
        self.warn(vec![wrong]);
    }
}

/// What an instance gets from those that it needs, as far as that is known and anything.
pub(super) fn lineages(graph: &Graph, known: &HashMap<Node, Mark>, node: Node) -> Items {
    let item = |need: Node| Some((graph.instance(need).id.clone(), *known.get(&need)?));
    let items = graph.needs(node).filter_map(item).filter(|(_, mark)| *mark != Mark::NONE);
    let mut items: Items = items.collect();
    items.sort_unstable();
    items
}

/// What comes of an instance: its files, and what it was given.
pub(super) fn made_of(files: &[Artifact], needs: &Items) -> Mark {
    let file = |file: &Artifact| {
        (format!("{} {}", file.name, file.executable), Mark::of(file.sha256.as_str()))
    };
    let all: Items = files.iter().map(file).chain(needs.iter().cloned()).collect();
    of_items(&all)
}
