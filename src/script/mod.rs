//! Scripts: a Releasefile is loaded to tasks (phase 1), and its bodies are called (phase 2).
//!
//! No Rhai type leaves this folder. Phase 1 may read and never acts; a body sees values as of its
//! `.run(…)`, so that bodies on several threads share nothing.

mod bodies;
mod builtins;
mod comments;
pub mod cx;
mod engine;
mod explain;
mod kept;
mod lint;
mod memo;
mod modules;
pub mod reads;
mod stdlib;
mod words;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rhai::{
    AST, Dynamic, Engine, EvalAltResult, FnPtr, GlobalRuntimeState, NativeCallContext, Position,
    Scope,
};

use crate::diag::{Diagnostic, Kind, Outcome, Site, Source, Word};
use crate::graph::Graph;
use crate::guard;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::model::task::{BodyId, Declared};
pub use builtins::{Builtin, Place, all as builtins, run_command};
use cx::{BodyCx, Declaring, Frame, Sources};
pub use memo::Memo;
use reads::Read;
pub use stdlib::{
    Documented, documented, names as stdlib_names, short as stdlib_short, text as stdlib_text,
};

/// As much as a body has in `schedule::run`.
const STACK: usize = 256 << 20;

/// A closure with all that it needs to be called later.
#[derive(Clone)]
pub(crate) struct Body {
    call: FnPtr,
    env: Arc<GlobalRuntimeState>,
    source: String,
    takes_task: bool,
}

/// What calls bodies.
struct Interpreter {
    engine: Engine,
    bodies: Vec<Body>,
}

/// Where a script comes from.
#[derive(Clone)]
struct Origin {
    host: Arc<Host>,
    root: PathBuf,
    file: PathBuf,
}

/// A loaded Releasefile.
pub struct Script {
    origin: Origin,
    /// Made when first needed, if what it declares was kept.
    interpreter: OnceLock<Outcome<Interpreter>>,
    sources: Arc<Sources>,
    /// What it declares.
    pub declared: Declared,
    /// Digest of its text and of every module it imports.
    pub digest: Digest,
    /// Digest of what it was told while it was read: git's answers, too, which are no part of it.
    pub told: Digest,
    /// All that reading it depended on, if all of that is known.
    pub reads: Option<Vec<Read>>,
}

/// How a body ended, when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    /// It came to its end.
    Done,
    /// It asked to be left out, for this reason.
    Skipped(String),
}

/// Loads the Releasefile at `file`, of the project in `root`. What it declares is taken from the file at
/// `kept` if that still holds ([`Script::keep`]).
///
/// # Errors
/// All that is wrong with it and can be seen without running a body.
pub fn load(
    host: &Arc<Host>,
    root: &Path,
    file: &Path,
    kept: Option<PathBuf>,
) -> Result<Script, Vec<Diagnostic>> {
    let origin = Origin { host: host.clone(), root: root.to_owned(), file: file.to_owned() };
    match kept.and_then(|place| kept::known(&origin, place)) {
        Some(known) => Ok(known),
        None => evaluate(&origin),
    }
}

fn evaluate(origin: &Origin) -> Result<Script, Vec<Diagnostic>> {
    let (root, file) = (&origin.root, &origin.file);
    let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().into_owned();
    let text = fs::read_text(file).map_err(|error| {
        let wrong = Diagnostic::usage(format!("cannot read {name}: {error}"));
        vec![wrong.hint("it must be a text file in UTF-8")]
    })?;
    evaluate_text(origin, &name, &text)
}

fn evaluate_text(origin: &Origin, name: &str, text: &str) -> Result<Script, Vec<Diagnostic>> {
    let Origin { host, root, .. } = origin;
    let sources = Arc::new(Sources::default());
    let source = sources.add(name, text.trim_start_matches('\u{feff}').to_owned());
    let declaring = Arc::new(Declaring::new(host.clone(), root.clone(), sources.clone()));
    declaring.reads.note(Read::text(root, name, Some(text)));
    let engine = engine::build(&declaring);
    let compiled = engine.compile(&source.text);
    let mut ast = compiled.map_err(|error| vec![explain::parse_error(&error, &source)])?;
    ast.set_source(name);
    let seen = lint::check(&ast, &source);
    declaring.learn_arities(&ast);
    let ended = run_top_level(&engine, &ast);
    let (declared, bodies, mut wrong) = declaring.finish();
    let well_declared = wrong.is_empty();
    match ended {
        // Whatever fails while the file is read, the file is what is wrong.
        Err(error) => wrong.push(Diagnostic {
            kind: Kind::Usage,
            ..explain::runtime_error(&error, &sources, name)
        }),
        // Needs and circles are looked at here too, so that all that is wrong shows at once.
        Ok(()) => match Graph::build_all(&declared.tasks) {
            Ok(graph) if well_declared => {
                wrong.extend(bodies::check(&ast, &source, &bodies, &declared, &graph));
                wrong.extend(guard::idle(&declared));
            }
            Ok(_) => {}
            Err(found) => wrong.extend(found),
        },
    }
    let wrong = merged(seen, wrong);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let digest = sources.digest();
    let told = Digest::of(format!("{digest} {:?}", cx::lock(&declaring.answers)));
    let reads = declaring.reads.all();
    let (origin, interpreter) =
        (origin.clone(), OnceLock::from(Ok(Interpreter { engine, bodies })));
    Ok(Script { origin, interpreter, sources, declared, digest, told, reads })
}

/// What was seen without running anything, and what reading the file found besides, as it stands in
/// the file.
fn merged(mut seen: Vec<Diagnostic>, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if seen.is_empty() {
        return found;
    }
    found.retain(|wrong| {
        let is_seen = |seen: &Diagnostic| seen.site == wrong.site || seen.message == wrong.message;
        !seen.iter().any(is_seen)
    });
    seen.extend(found);
    let mut all = seen;
    all.sort_by_key(|wrong| {
        wrong.site.as_ref().map(|site| (site.source.name.clone(), site.line, site.column))
    });
    all
}

/// Runs the file on a stack on which the depths that a script may reach fit.
fn run_top_level(engine: &Engine, ast: &AST) -> Result<(), Box<EvalAltResult>> {
    let run = || engine.run_ast_with_scope(&mut Scope::new(), ast);
    std::thread::scope(|scope| {
        let started = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        match started.map(|thread| thread.join()) {
            Ok(Ok(ended)) => ended,
            Ok(Err(_)) => Err("rel itself failed while it read this file".into()),
            Err(error) => Err(format!("cannot start a thread: {error}").into()),
        }
    })
}

fn changed() -> Diagnostic {
    let wrong = Diagnostic::usage("the Releasefile has changed since rel began");
    wrong.hint("run the same command again")
}

impl Script {
    /// Keeps what it declares in a file, unless it was taken from one.
    pub fn keep(&self, place: PathBuf) {
        if self.interpreter.get().is_some() {
            kept::keep(self, place);
        }
    }

    /// Makes what calls bodies, if that is not there yet: before anything runs that might change what the
    /// Releasefile reads.
    ///
    /// # Errors
    /// It has changed since.
    pub fn prepare(&self) -> Outcome<()> {
        self.interpreter().map(drop)
    }

    fn interpreter(&self) -> Outcome<&Interpreter> {
        let made = self.interpreter.get_or_init(|| {
            let again = evaluate(&self.origin).map_err(|_| Box::new(changed()))?;
            let same = again.told == self.told && again.reads == self.reads;
            again
                .interpreter
                .into_inner()
                .filter(|_| same)
                .unwrap_or_else(|| Err(Box::new(changed())))
        });
        made.as_ref().map_err(Clone::clone)
    }

    /// The programs that the project's own files start, each where it stands first, by name.
    pub fn programs(&self) -> Vec<Word> {
        let texts = self.compiled().into_iter();
        let own = texts.filter(|(_, source)| stdlib_text(&source.name).is_none());
        let mut all: Vec<Word> =
            own.flat_map(|(ast, source)| lint::programs(&ast, &source)).collect();
        all.sort_by(|one, other| one.text.cmp(&other.text));
        all.dedup_by(|next, first| next.text == first.text);
        all
    }

    /// The secrets that its texts name with `secret("NAME")`.
    pub fn secrets(&self) -> BTreeSet<String> {
        self.compiled().iter().flat_map(|(ast, _)| lint::secrets(ast)).collect()
    }

    /// All texts that it is made of.
    fn compiled(&self) -> Vec<(AST, Arc<Source>)> {
        let Origin { host, root, .. } = &self.origin;
        let declaring = Declaring::new(host.clone(), root.clone(), self.sources.clone());
        let engine = engine::build(&Arc::new(declaring));
        let texts = self.sources.all().into_iter();
        texts.filter_map(|source| Some((engine.compile(&source.text).ok()?, source))).collect()
    }

    /// Whether a module of the standard library is imported.
    pub fn imports(&self, module: &str) -> bool {
        self.sources.get(module).is_some()
    }

    /// Calls a body.
    ///
    /// # Errors
    /// The body failed; the diagnostic points into the script.
    pub fn call(&self, body: BodyId, cx: &Arc<BodyCx>) -> Outcome<Called> {
        let (interpreter, body) = self.body(body)?;
        match interpreter.value(body, cx) {
            Ok(_) => Ok(Called::Done),
            Err(error) => match explain::skip_reason(&error) {
                Some(reason) => Ok(Called::Skipped(reason)),
                None => Err(self.explained(&error, body)),
            },
        }
    }

    /// Asks a condition, declared at `site`.
    ///
    /// # Errors
    /// It failed, or said neither yes nor no.
    pub fn holds(&self, condition: BodyId, site: &Site, cx: &Arc<BodyCx>) -> Outcome<bool> {
        let (interpreter, body) = self.body(condition)?;
        let value = interpreter.value(body, cx).map_err(|error| self.explained(&error, body))?;
        value.as_bool().map_err(|given| {
            let given = words::our_type(given);
            let wrong =
                Diagnostic::usage(format!("a condition must be true or false, not {given}"));
            Box::new(wrong.at(site).hint("compare something: .when(|| env(\"CI\", \"\") == \"\")"))
        })
    }

    fn explained(&self, error: &EvalAltResult, body: &Body) -> Box<Diagnostic> {
        Box::new(explain::runtime_error(error, &self.sources, &body.source))
    }

    fn body(&self, id: BodyId) -> Outcome<(&Interpreter, &Body)> {
        let interpreter = self.interpreter()?;
        let body = interpreter.bodies.get(id.0).ok_or_else(|| Box::new(changed()))?;
        Ok((interpreter, body))
    }
}

impl Interpreter {
    fn value(&self, body: &Body, cx: &Arc<BodyCx>) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut global = (*body.env).clone();
        global.tag = Dynamic::from(Frame::Body(cx.clone()));
        global.level = 0;
        global.num_operations = 0;
        let context = NativeCallContext::new_with_all_fields(
            &self.engine,
            body.call.fn_name(),
            Some(&body.source),
            &global,
            Position::NONE,
        );
        let args = if body.takes_task {
            vec![Dynamic::from(cx::TaskView(cx.clone()))]
        } else {
            Vec::new()
        };
        let _guard = engine::Interruptible::enter(cx);
        body.call.call_raw(&context, None, args)
    }
}
