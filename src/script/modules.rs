//! What `import` finds: the standard library, which travels within the program, and a project's
//! own files below its folder.
//!
//! Each module is compiled and run once, when first asked for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rhai::{Dynamic, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::builtins::Thrown;
use super::cx::{Declaring, Frame, Sources, lock};
use super::lint;
use super::reads::{Read, Reads};
use super::stdlib;
use crate::diag::Diagnostic;
use crate::host::fs;

/// Resolves `import "std/…"` and `import "./…"`.
pub(crate) struct Modules {
    root: PathBuf,
    sources: Arc<Sources>,
    reads: Arc<Reads>,
    loaded: Mutex<HashMap<String, Shared<Module>>>,
    loading: Mutex<Vec<String>>,
}

impl Modules {
    pub(crate) fn new(declaring: &Declaring) -> Self {
        let (root, sources) = (declaring.root.clone(), declaring.sources.clone());
        let reads = declaring.reads.clone();
        Self { root, sources, reads, loaded: Mutex::default(), loading: Mutex::default() }
    }

    /// The name and text of a project's own module, which `from` imports as `path`.
    fn own(&self, from: Option<&str>, path: &str) -> Result<(String, String), Diagnostic> {
        let folder = from.and_then(|from| Path::new(from).parent()).unwrap_or(Path::new(""));
        let named = folder.join(path).to_string_lossy().into_owned();
        let asked = if fs::is_file(&self.root.join(&named)) {
            named
        } else {
            self.reads.note(Read::NoFile { path: named.clone() });
            format!("{named}.rhai")
        };
        let file = self.root.join(&asked);
        let outside = || {
            Diagnostic::usage(format!("`{path}` leads out of the project"))
                .hint("import files below the Releasefile's folder")
        };
        let missing = |error: std::io::Error| {
            let wrong = Diagnostic::usage(format!("cannot import `{path}`: {error}"));
            wrong.hint("write the path from the importing file, as in import \"./release/notes\" as notes;")
        };
        let root = fs::real(&self.root).map_err(missing)?;
        let real = fs::real(&file).map_err(missing)?;
        let name =
            real.strip_prefix(&root).map_err(|_| outside())?.to_string_lossy().replace('\\', "/");
        let text = fs::read_text(&real).map_err(missing)?;
        self.reads.note(Read::text(&self.root, &asked, Some(&text)));
        Ok((name, text))
    }

    fn load(
        &self,
        engine: &Engine,
        name: &str,
        text: &str,
        at: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let inside = |error| EvalAltResult::ErrorInModule(name.into(), error, at);
        let source = self.sources.add(name, text.trim_start_matches('\u{feff}').to_owned());
        let mut ast = engine
            .compile(&source.text)
            .map_err(|error| inside(Box::new(EvalAltResult::from(error))))?;
        ast.set_source(name);
        let mut wrong = lint::check(&ast, &source).into_iter();
        if let Some(first) = wrong.next() {
            if let Some(Frame::Declaring(declaring)) = engine.default_tag().clone().try_cast() {
                wrong.for_each(|wrong| declaring.blame(wrong));
            }
            return Err(Box::new(inside(thrown(first, Position::NONE))));
        }
        let module = Module::eval_ast_as_new(Scope::new(), &ast, engine).map_err(inside)?;
        Ok(Shared::new(module))
    }
}

impl ModuleResolver for Modules {
    fn resolve(
        &self,
        engine: &Engine,
        from: Option<&str>,
        path: &str,
        at: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let (name, text) = match stdlib::text(path) {
            Some(text) => (path.to_owned(), text.to_owned()),
            None if path.starts_with("./") || path.starts_with("../") => {
                self.own(from, path).map_err(|wrong| {
                    // A script may catch it, and why it failed is not noted.
                    self.reads.unknown();
                    thrown(wrong, at)
                })?
            }
            None => return Err(Box::new(EvalAltResult::ErrorModuleNotFound(path.into(), at))),
        };
        if let Some(module) = lock(&self.loaded).get(&name) {
            return Ok(module.clone());
        }
        if lock(&self.loading).contains(&name) {
            let wrong = Diagnostic::usage(format!("`{name}` imports itself, by way of others"));
            return Err(thrown(wrong.hint("move what both need into a third file"), at));
        }
        lock(&self.loading).push(name.clone());
        let module = self.load(engine, &name, &text, at);
        lock(&self.loading).pop();
        let module = module?;
        lock(&self.loaded).insert(name, module.clone());
        Ok(module)
    }
}

fn thrown(wrong: Diagnostic, at: Position) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(Thrown(Arc::new(wrong))), at))
}
