//! What builtins know of where they are called: while declaring, or within a task's body.
//!
//! Rhai hands it along as the tag of a call, so there are no globals and no thread-locals to
//! mix up. `TaskView` is what a body gets as `t`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use rhai::AST;

use super::Body;
use super::builtins::draft::Draft;
use super::reads::Reads;
use crate::cache::Noted;
use crate::diag::{Diagnostic, Exit, Outcome, Site, Source, Word};
use crate::door::{Caller, Conduct, Door};
use crate::goals;
use crate::host::shim::Shims;
use crate::host::stop::Stop;
use crate::host::stray::OUT;
use crate::host::{Host, fs};
use crate::model::artifact::{Artifact, Digest};
use crate::model::command::Cmd;
use crate::model::env_file;
use crate::model::event::{Event, Events};
use crate::model::task::{BodyId, Declared, Destination, Index, Task, Value};
use crate::model::workflow::Workflow;
use crate::remote::Errand;
use crate::remote::Ties;
use crate::store::Store;
use crate::tools::{Spec, Tools};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a builtin is called.
#[derive(Clone)]
pub(crate) enum Frame {
    /// Phase 1: the file is being read.
    Declaring(Arc<Declaring>),
    /// Phase 2: within a body.
    Body(Arc<BodyCx>),
}

/// Texts that a script is made of, by name.
#[derive(Default)]
pub(crate) struct Sources(Mutex<BTreeMap<String, Arc<Source>>>);

impl Sources {
    pub(crate) fn add(&self, name: &str, text: String) -> Arc<Source> {
        let source = Arc::new(Source::new(name, text));
        lock(&self.0).insert(name.to_owned(), source.clone());
        source
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Source>> {
        lock(&self.0).get(name).cloned()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<Source>> {
        lock(&self.0).values().cloned().collect()
    }

    /// One digest over all texts and the version of rel.
    pub(crate) fn digest(&self) -> Digest {
        let sources = lock(&self.0);
        let texts: Vec<(&String, &String)> =
            sources.iter().map(|(name, source)| (name, &source.text)).collect();
        Digest::of(serde_json::json!([env!("CARGO_PKG_VERSION"), texts]).to_string())
    }
}

/// What phase 1 collects.
pub(crate) struct Declaring {
    pub(crate) host: Arc<Host>,
    pub(crate) root: PathBuf,
    pub(crate) sources: Arc<Sources>,
    pub(crate) reads: Arc<Reads>,
    pub(crate) declared: Mutex<Declared>,
    pub(crate) drafts: Mutex<Vec<Draft>>,
    /// What the file was told when it asked, in order.
    pub(crate) answers: Mutex<Vec<String>>,
    /// The place of each draft, by the task's name.
    pub(crate) places: Mutex<HashMap<String, usize>>,
    bodies: Mutex<Vec<Body>>,
    wrong: Mutex<Vec<Diagnostic>>,
    arities: OnceLock<HashMap<String, usize>>,
}

impl Declaring {
    pub(crate) fn new(host: Arc<Host>, root: PathBuf, sources: Arc<Sources>) -> Self {
        Self {
            host,
            root,
            sources,
            reads: Arc::default(),
            declared: Mutex::default(),
            drafts: Mutex::default(),
            answers: Mutex::default(),
            places: Mutex::default(),
            bodies: Mutex::default(),
            wrong: Mutex::default(),
            arities: OnceLock::new(),
        }
    }

    /// Remembers how many parameters each closure of the file has, captured ones included.
    pub(crate) fn learn_arities(&self, ast: &AST) {
        let known =
            ast.iter_functions().map(|function| (function.name.to_owned(), function.params.len()));
        let _ = self.arities.set(known.collect());
    }

    pub(crate) fn arity(&self, closure: &str) -> Option<usize> {
        self.arities.get()?.get(closure).copied()
    }

    pub(crate) fn add_body(&self, body: Body) -> BodyId {
        let mut bodies = lock(&self.bodies);
        bodies.push(body);
        BodyId(bodies.len() - 1)
    }

    /// Notes what is wrong with a declaration.
    pub(crate) fn blame(&self, wrong: Diagnostic) {
        lock(&self.wrong).push(wrong);
    }

    /// Turns drafts into tasks, with all that is wrong about them.
    pub(crate) fn finish(&self) -> (Declared, Vec<Body>, Vec<Diagnostic>) {
        let mut declared = std::mem::take(&mut *lock(&self.declared));
        let bodies = std::mem::take(&mut *lock(&self.bodies));
        let mut wrong = std::mem::take(&mut *lock(&self.wrong));
        for draft in std::mem::take(&mut *lock(&self.drafts)) {
            let (task, found) = draft.finish(&declared.indexes);
            declared.tasks.push(task);
            wrong.extend(found);
        }
        wrong.extend(aliases(&declared));
        wrong.extend(references(&declared));
        wrong.extend(overlaps(&declared));
        (declared, bodies, wrong)
    }
}

/// Names of tasks outside `.needs` that no task or instance has.
fn references(declared: &Declared) -> Vec<Diagnostic> {
    let at = |word: &Word, wrong| Diagnostic { site: Some(word.site.clone()), ..wrong };
    let started = |word: &Word| {
        let words = std::slice::from_ref(&word.text);
        goals::parse(words, &[], &declared.tasks, &[]).err().map(|wrong| at(word, *wrong))
    };
    // Who starts a workflow by hand gives the values that its tasks need.
    let asks = |workflow: &&Workflow| workflow.on.dispatch.is_some() || workflow.on.call;
    let (asking, others): (Vec<_>, Vec<_>) = declared.workflows.iter().partition(asks);
    let words = others.into_iter().flat_map(|workflow| &workflow.run);
    let wrong = declared.default_task.iter().chain(words).filter_map(started);
    let named = asking.into_iter().flat_map(|workflow| &workflow.run).filter_map(|word| {
        goals::named(&word.text, &declared.tasks).err().map(|wrong| at(word, wrong))
    });
    wrong.chain(named).collect()
}

/// Aliases that another task has as a name or an alias.
fn aliases(declared: &Declared) -> Vec<Diagnostic> {
    let mut taken: HashMap<&str, &Task> =
        declared.tasks.iter().map(|task| (task.name.as_str(), task)).collect();
    let mut wrong = Vec::new();
    for task in &declared.tasks {
        for alias in &task.aliases {
            if let Some(other) = taken.insert(&alias.text, task) {
                let found = Diagnostic::usage(format!(
                    "`{}` is a name of task `{}` already",
                    alias.text, other.name
                ));
                let found = found.at(&alias.site).note(format!("declared at {}", other.site));
                wrong.push(found.hint("choose another alias"));
            }
        }
    }
    wrong
}

/// Globs of two tasks that would both take a file.
fn overlaps(declared: &Declared) -> Vec<Diagnostic> {
    let globs = declared.tasks.iter().enumerate();
    let globs: Vec<(usize, &Word)> =
        globs.flat_map(|(task, with)| with.outputs.iter().map(move |glob| (task, glob))).collect();
    let texts: Vec<&str> = globs.iter().map(|(_, glob)| glob.text.as_str()).collect();
    let pairs = fs::globs_that_meet(&texts).into_iter();
    let wrong = |(earlier, later): (usize, usize)| {
        let ((owner, earlier), (task, glob)) = (globs[earlier], globs[later]);
        let owner = &declared.tasks[Some(owner).filter(|owner| *owner != task)?].name;
        let found =
            Diagnostic::usage(format!("`{}` is also an output of task `{owner}`", glob.text));
        let found = found.at(&glob.site).note(format!("declared at {}", earlier.site));
        Some(found.hint("let each task write to a folder of its own"))
    };
    pairs.filter_map(wrong).collect()
}

/// What all bodies of a run share.
pub struct RunCx {
    /// The machine.
    pub host: Arc<Host>,
    /// The project's folder.
    pub root: PathBuf,
    /// The folder for state.
    pub state: PathBuf,
    /// Artifacts.
    pub store: Store,
    /// Where events go.
    pub events: Events,
    /// All indexes by name, public and declared.
    pub indexes: BTreeMap<String, Index>,
    /// Where any task of the Releasefile sends.
    pub sends_to: BTreeSet<Destination>,
    /// Requirements of the tool environment.
    pub tools: Vec<String>,
    /// The commit's time, for `SOURCE_DATE_EPOCH`.
    pub epoch: Option<u64>,
    /// Whether what would be skipped is an error.
    pub strict: bool,
    /// Whether jobs of the same workflow send what is described here, with identities of their own.
    pub signed_elsewhere: bool,
    /// Whether remotes are left alone.
    pub offline: bool,
    /// Artifacts of finished instances, by task and instance.
    pub results: Mutex<BTreeMap<(String, String), Vec<Artifact>>>,
    /// The tasks and instances whose artifacts bodies have asked for.
    pub taken: Mutex<BTreeSet<String>>,
    /// What the run has with the remotes by now.
    pub ties: Ties,
    tool_env: OnceLock<Outcome<Option<PathBuf>>>,
    /// Shims by PATH and the folder that commands start in.
    shims: Mutex<HashMap<(String, PathBuf), Shims>>,
    /// Variables of commands by the secrets that they see, by how many are secret by now, and by their folder.
    shared_env: Mutex<SharedEnv>,
}

type SharedEnv = HashMap<(Vec<String>, usize, Option<String>), Arc<ChildEnv>>;

/// The variables of a local command, and what else keeps it from publishing.
pub type ChildEnv = (BTreeMap<String, String>, Option<Shims>);

impl RunCx {
    /// A run's shared part.
    #[expect(clippy::too_many_arguments, reason = "each is one field, given once")]
    pub fn new(
        host: Arc<Host>,
        root: PathBuf,
        state: PathBuf,
        events: Events,
        indexes: BTreeMap<String, Index>,
        sends_to: BTreeSet<Destination>,
        tools: Vec<String>,
        epoch: Option<u64>,
        strict: bool,
        signed_elsewhere: bool,
        offline: bool,
    ) -> Self {
        let store = Store::new(state.join("store"));
        let ties = Ties::new(state.join("attest"));
        let (results, tool_env, shims) = (Mutex::default(), OnceLock::new(), Mutex::default());
        Self {
            host,
            root,
            state,
            store,
            events,
            indexes,
            sends_to,
            tools,
            epoch,
            strict,
            signed_elsewhere,
            offline,
            results,
            taken: Mutex::default(),
            ties,
            tool_env,
            shims,
            shared_env: Mutex::default(),
        }
    }

    /// What keeps commands of tasks with this PATH from publishing; made when the first one is started, and anew when
    /// programs may have come since.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn shims(&self, path: &str, cwd: &Path) -> Outcome<Option<Shims>> {
        let Some(program) = &self.host.program else { return Ok(None) };
        let mut known = lock(&self.shims);
        let key = (path.to_owned(), cwd.to_owned());
        if let Some(shims) = known.get(&key).filter(|shims| shims.are_current()) {
            return Ok(Some(shims.clone()));
        }
        let places = (self.root.as_path(), cwd);
        let made = Shims::new(&self.state, places, program, path).map_err(|error| {
            let wrong =
                Diagnostic::machine(format!("cannot keep commands from publishing: {error}"));
            Box::new(wrong.hint("no command is started without that: mend the folder for state"))
        })?;
        known.insert(key, made.clone());
        Ok(Some(made))
    }
}

/// Names of tasks, found when they are first asked for.
pub type Ancestors = LazyLock<BTreeSet<String>, Box<dyn FnOnce() -> BTreeSet<String> + Send>>;

/// What one call of a body knows.
pub struct BodyCx {
    /// What the run shares.
    pub run: Arc<RunCx>,
    /// The way to the remotes.
    pub door: Arc<Door>,
    /// The task.
    pub task: Arc<Task>,
    /// The instance's name.
    pub id: String,
    /// Values of parameters and axes.
    pub values: BTreeMap<String, Value>,
    /// The words after `--`.
    pub rest: Vec<String>,
    /// Names of the tasks that it needs, directly or not.
    pub ancestors: Ancestors,
    /// The instance's own empty folder.
    pub out: PathBuf,
    /// Ends the body.
    pub stop: Stop,
    /// How the run ended that this instance follows.
    pub result: Option<Arc<Followed>>,
    /// What is seen of it, if it may be remembered.
    pub noted: Option<Arc<Noted>>,
    /// Whether something of its commands' process groups may run on.
    pub left: AtomicBool,
}

/// How a run ended, for the tasks that follow it.
#[derive(Debug)]
pub struct Followed {
    /// Its exit code.
    pub exit: Exit,
    /// Instances that failed.
    pub failed: Vec<String>,
    /// The first of what is wrong, in one line; empty if nothing is.
    pub message: String,
    /// What is released: packages with versions, else the tag, else the commit.
    pub version: String,
    /// Where to see it, and the run.
    pub links: Vec<String>,
    /// All of that as a message.
    pub text: String,
}

/// Shortest text that a program may have hidden, in bytes: no word of rel's own is so long.
const SHORTEST_TOKEN: usize = 16;

/// A body's `t`.
#[derive(Clone)]
pub(crate) struct TaskView(pub(crate) Arc<BodyCx>);

impl BodyCx {
    /// What the body may do on this machine.
    pub fn conduct(&self) -> Conduct {
        self.door.conduct(!self.task.effects.is_empty())
    }

    /// Writes down something that its next run depends on, if it may be remembered.
    pub fn note(&self, write: impl FnOnce(&Noted)) {
        if let Some(noted) = &self.noted {
            write(noted);
        }
    }

    /// Passes on a line of output.
    pub fn say(&self, line: &str) {
        // A program that has got a token tells a runner to hide it; rel hides it everywhere.
        if let Some(value) = line.trim_start().strip_prefix("::add-mask::").map(str::trim)
            && value.len() >= SHORTEST_TOKEN
            && !value.contains(char::is_whitespace)
        {
            self.run.host.env.learn("TOKEN", value);
        }
        self.output(line, false);
    }

    /// Passes on what the script prints.
    pub fn print(&self, text: &str) {
        text.lines().for_each(|line| self.output(line, true));
    }

    fn output(&self, line: &str, printed: bool) {
        let line = self.run.host.env.masked(line);
        self.note(|noted| noted.line(&line, printed));
        self.run.events.emit(Event::Output { task: self.id.clone(), line, printed });
    }

    /// Says which command is started, or in a description noted.
    pub fn say_command(&self, cmd: &Cmd, noted: bool) {
        let line = self.run.host.env.masked(&cmd.shown());
        self.run.events.emit(Event::Command { task: self.id.clone(), line, noted });
    }

    /// Makes Python environments for this body.
    pub fn with_tools<T>(&self, work: impl FnOnce(&Tools<'_>) -> T) -> T {
        let say = |line: String| self.say(&line);
        work(&Tools { host: &self.run.host, root: &self.run.root, stop: &self.stop, say: &say })
    }

    /// The variables of a local command of this task, and what else keeps it from publishing.
    ///
    /// # Errors
    /// The tool environment or shims cannot be made, or a file of variables cannot be read.
    pub fn child_env(&self) -> Outcome<Arc<ChildEnv>> {
        if !self.task.env.is_empty() || !self.task.env_files.is_empty() {
            return self.made_env().map(Arc::new);
        }
        // Tasks without variables of their own share them, but for the folder, which is no part of it.
        let count = self.run.host.env.secret_count();
        let key = (self.task.secrets.clone(), count, self.task.cwd.clone());
        let holds = |env: &&Arc<ChildEnv>| env.1.as_ref().is_none_or(Shims::are_current);
        if let Some(known) = lock(&self.run.shared_env).get(&key).filter(holds) {
            return Ok(known.clone());
        }
        let made = Arc::new(self.made_env()?);
        lock(&self.run.shared_env).insert(key, made.clone());
        Ok(made)
    }

    fn made_env(&self) -> Outcome<ChildEnv> {
        let mut env = self.plain_env()?;
        let path = env.get("PATH").cloned().unwrap_or_default();
        let shims = self.run.shims(&path, &self.cwd())?;
        if let Some(shims) = &shims {
            shims.guard(&mut env);
        }
        // What the Releasefile says itself stands above what keeps it safe.
        env.extend(self.task.env.clone());
        Ok((env, shims))
    }

    fn plain_env(&self) -> Outcome<BTreeMap<String, String>> {
        let mut env = self.run.host.env.for_child(&self.task.secrets);
        for (name, value) in self.file_variables()? {
            env.entry(name).or_insert(value);
        }
        if let Some(epoch) = self.run.epoch {
            env.entry("SOURCE_DATE_EPOCH".into()).or_insert_with(|| epoch.to_string());
        }
        if let Some(tools) = self.tool_env()? {
            let bin = tools.join("bin");
            let path = env.get("PATH").cloned().unwrap_or_default();
            env.insert("PATH".into(), format!("{}:{path}", bin.display()));
        }
        env.insert(OUT.into(), self.out.to_string_lossy().into_owned());
        env.extend(self.task.env.clone());
        Ok(env)
    }

    /// Variables from the task's files, of those that are there.
    fn file_variables(&self) -> Outcome<Vec<(String, String)>> {
        let mut all = Vec::new();
        for file in &self.task.env_files {
            let path = self.run.root.join(&file.text);
            if !fs::exists(&path) {
                continue;
            }
            let bad = |why: String| {
                let wrong =
                    Diagnostic::task(format!("cannot take variables from {}: {why}", file.text));
                Box::new(wrong.at(&file.site).hint("write one `NAME=value` on each line"))
            };
            let text = fs::read_text(&path).map_err(|error| bad(error.to_string()))?;
            let found =
                env_file::parse(&text).map_err(|(line, why)| bad(format!("line {line}: {why}")))?;
            for (name, value) in &found {
                self.run.host.env.learn(name, value);
            }
            all.extend(found);
        }
        Ok(all)
    }

    fn tool_env(&self) -> Outcome<Option<PathBuf>> {
        let made = self.run.tool_env.get_or_init(|| {
            if self.run.tools.is_empty() {
                return Ok(None);
            }
            let spec = Spec { packages: self.run.tools.clone(), ..Spec::default() };
            self.with_tools(|tools| tools.environment(&spec)).map(Some)
        });
        made.clone()
    }

    /// The folder that commands of this task start in.
    pub fn cwd(&self) -> PathBuf {
        self.task.cwd.as_ref().map_or_else(|| self.run.root.clone(), |cwd| self.run.root.join(cwd))
    }

    /// Hands `work` to the door in this body's name.
    pub fn at_door<T>(&self, site: Option<&Site>, work: impl FnOnce(&Door, &Caller<'_>) -> T) -> T {
        let declared: Vec<_> =
            self.task.effects.iter().map(|(destination, _)| destination.clone()).collect();
        let say = |line: String| self.say(&line);
        let errand = Errand {
            host: &self.run.host,
            store: &self.run.store,
            root: &self.run.root,
            env: &|| self.plain_env(),
            ties: &self.run.ties,
            stop: &self.stop,
            say: &say,
        };
        let (task, optional) = (self.id.as_str(), self.task.optional);
        work(&self.door, &Caller { task, declared: &declared, optional, site, errand })
    }

    /// Artifacts of a task that this one needs.
    ///
    /// # Errors
    /// It does not need it, or there is no such task.
    pub fn artifacts(&self, task: &str) -> Outcome<Vec<Artifact>> {
        let name = task.split(':').next().unwrap_or(task);
        if !self.ancestors.contains(name) {
            let wrong =
                Diagnostic::usage(format!("task `{}` does not need `{task}`", self.task.name));
            let known = self.ancestors.iter().map(String::as_str);
            return Err(Box::new(match crate::diag::nearest(task, known) {
                Some(near) => wrong.hint(format!("did you mean `{near}`?")),
                None => wrong.hint(format!("add `.needs(\"{task}\")` to it")),
            }));
        }
        lock(&self.run.taken).insert(task.to_owned());
        let results = lock(&self.run.results);
        if task.contains(':') && !results.keys().any(|(_, id)| id == task) {
            let known = results.keys().filter(|(of, _)| of == name).map(|(_, id)| id.as_str());
            let wrong = Diagnostic::usage(format!("`{task}` is no instance that has run"));
            return Err(Box::new(wrong.suggest(task, known)));
        }
        let of_task = results.iter().filter(|((of, id), _)| of == task || id == task);
        Ok(of_task.flat_map(|(_, artifacts)| artifacts.clone()).collect())
    }

    /// The path of `path` below the project.
    pub fn below_root(&self, path: &str) -> PathBuf {
        Path::new(&self.run.root).join(path)
    }
}
