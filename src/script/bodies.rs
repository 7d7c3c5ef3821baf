//! What can be seen of bodies that were never called, once all tasks are declared: artifacts of
//! tasks that are not needed, parameters that are not there, sends that go nowhere or unannounced.
//!
//! Only what a body says itself is looked at, not the functions that it calls. Turned down: calling
//! bodies for a look, which would act.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::Body;
use super::builtins::{self, Phase, Place};
use super::words::site;
use crate::diag::{Diagnostic, Source, nearest};
use crate::graph::{Graph, Node};
use crate::model::task::{Declared, Destination, Step, Task};

/// What `t` has besides parameters.
const OWN: [&str; 4] = ["name", "out", "result", "root"];

/// Everything found in the bodies that the file itself holds.
pub(super) fn check(
    ast: &AST,
    source: &Arc<Source>,
    bodies: &[Body],
    declared: &Declared,
    graph: &Graph,
) -> Vec<Diagnostic> {
    let names = Names::of(ast);
    let looks = looks(source, bodies, declared, graph, &names);
    let functions = Functions::of(ast);
    let top_level = ast.statements().len();
    let (mut roots, mut here) = (0, None);
    let mut found: Vec<Diagnostic> = Vec::new();
    // The statements of the file come first, then those of each function.
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(root)] = path {
            roots += 1;
            let function = functions.around(place(root.position()));
            here = function.filter(|_| roots > top_level).and_then(|name| looks.get(name));
        }
        if let (Some(looks), Some(node)) = (here, path.last()) {
            // A function that serves many tasks may tell them apart by itself.
            let wrong: Option<Vec<Diagnostic>> = looks.iter().map(|look| look.at(node)).collect();
            found.extend(wrong.into_iter().flatten().next());
        }
        true
    });
    found.sort_by_key(|wrong| wrong.site.as_ref().map(|site| (site.line, site.column)));
    found
}

/// For each function the tasks whose body it is.
fn looks<'a>(
    source: &'a Arc<Source>,
    bodies: &'a [Body],
    declared: &'a Declared,
    graph: &'a Graph,
    names: &'a Names,
) -> HashMap<&'a str, Vec<Look<'a>>> {
    let mut looks: HashMap<&str, Vec<Look<'_>>> = HashMap::new();
    let mut seen = BTreeSet::new();
    for node in graph.order() {
        let task = &declared.tasks[graph.instance(node).task];
        if !seen.insert(&task.name) {
            continue;
        }
        for step in &task.steps {
            let Step::Body(id, _) = step else { continue };
            let body = &bodies[id.0];
            let takes_task = body.takes_task;
            let look = Look { source, declared, task, graph, node, names, takes_task };
            looks.entry(body.call.fn_name()).or_default().push(look);
        }
    }
    looks
}

/// What the file gives names to, so that they mean something else here.
#[derive(Default)]
struct Names {
    /// Functions of the file's own, and names of imported modules.
    own: BTreeSet<String>,
    /// Something else than a task is called `t` somewhere: nothing is said of its properties.
    other_t: bool,
}

impl Names {
    fn of(ast: &AST) -> Self {
        let mut names = Self::default();
        names.own.extend(ast.iter_functions().map(|function| function.name.to_owned()));
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Stmt(Stmt::Import(import, _))) => {
                    names.own.insert(import.1.name.to_string());
                }
                Some(ASTNode::Stmt(Stmt::Var(var, ..))) => names.other_t |= var.0.name == "t",
                Some(ASTNode::Stmt(Stmt::For(each, ..))) => names.other_t |= each.0.name == "t",
                Some(ASTNode::Stmt(Stmt::TryCatch(parts, _))) => {
                    names.other_t |= is_t(&parts.expr);
                }
                _ => {}
            }
            true
        });
        names
    }
}

fn is_t(expression: &Expr) -> bool {
    matches!(expression, Expr::Variable(variable, ..) if variable.1 == "t")
}

/// Where something stands, to be compared: line and column.
type Spot = (usize, usize);

fn place(position: Position) -> Spot {
    (position.line().unwrap_or(0), position.position().unwrap_or(0))
}

/// The functions of a file by where they begin, each with its end. A body that is one expression has
/// no end that is known; it holds one statement, at its beginning.
struct Functions<'a>(BTreeMap<Spot, (Spot, &'a str)>);

impl<'a> Functions<'a> {
    fn of(ast: &'a AST) -> Self {
        let span = |function: &'a rhai::Shared<rhai::ScriptFuncDef>| {
            let body = &function.body;
            let end = place(body.end_position());
            (place(body.start_position()), (end, function.name.as_str()))
        };
        Self(ast.iter_fn_def().map(span).collect())
    }

    /// The innermost function around a place.
    fn around(&self, at: Spot) -> Option<&'a str> {
        let before = self.0.range(..=at).rev();
        let mut around = before.filter(|(start, (end, _))| **start == at || *end >= at);
        around.next().map(|(_, (_, name))| *name)
    }
}

/// A look at the bodies of one task.
struct Look<'a> {
    source: &'a Arc<Source>,
    declared: &'a Declared,
    task: &'a Task,
    graph: &'a Graph,
    node: Node,
    names: &'a Names,
    takes_task: bool,
}

impl Look<'_> {
    fn at(&self, node: &ASTNode<'_>) -> Option<Diagnostic> {
        match node {
            ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)) => {
                let first = call.namespace.path.first();
                let name = first.map_or(call.name.as_str(), |module| module.name.as_str());
                if self.names.own.contains(name) {
                    return None;
                }
                self.sends(call, *at).or_else(|| self.declares(call, *at))
            }
            ASTNode::Expr(Expr::Dot(parts, ..)) if self.is_task(&parts.lhs) => {
                let first = match &parts.rhs {
                    Expr::Dot(parts, ..) | Expr::Index(parts, ..) => &parts.lhs,
                    other => other,
                };
                match first {
                    Expr::MethodCall(call, at) => self.method(call, *at),
                    Expr::Property(property, at) => self.property(&property.2, *at),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether this is the body's `t`; only where the task is called so, as everywhere here.
    fn is_task(&self, of: &Expr) -> bool {
        self.takes_task && !self.names.other_t && is_t(of)
    }

    fn placed(&self, wrong: Diagnostic, position: Position) -> Diagnostic {
        match site(self.source, position) {
            Some(site) => wrong.at(&site),
            None => wrong,
        }
    }

    /// A call that sends, where nothing says that the task does.
    fn sends(&self, call: &FnCallExpr, position: Position) -> Option<Diagnostic> {
        let module = call.namespace.path.first().map(|module| module.name.as_str());
        let (destination, place) = match (module, call.name.as_str(), call.args.get(1)) {
            (Some("pypi"), "publish", Some(Expr::StringConstant(name, place))) => {
                if let Some(wrong) = self.unknown_index(name) {
                    return Some(self.placed(wrong, *place));
                }
                (Destination::of_index(name), *place)
            }
            (Some("crates"), "publish", _) => (Destination::Crates, position),
            (Some("github"), "release", _) => (Destination::GithubRelease, position),
            (Some("github"), "attest", _) => (Destination::Attestations, position),
            (Some("git"), "push", _) => (Destination::GitPush, position),
            (Some("notify"), _, _) => (Destination::Notify, position),
            (None, "remote" | "remote_sh", _) => (Destination::Command, position),
            _ => return None,
        };
        if self.task.effects.iter().any(|(known, _)| *known == destination) {
            return None;
        }
        let task = &self.task.name;
        let wrong = Diagnostic::usage(format!(
            "task `{task}` sends to `{destination}` and does not declare it"
        ));
        let wrong = wrong.hint(format!("add `.effects(\"{destination}\")` to task `{task}`"));
        Some(self.placed(wrong, place))
    }

    fn unknown_index(&self, name: &str) -> Option<Diagnostic> {
        let known = ["pypi", "testpypi"].into_iter();
        let mut known = known.chain(self.declared.indexes.keys().map(String::as_str));
        if known.any(|known| known == name) {
            return None;
        }
        let known = ["pypi", "testpypi"].into_iter();
        let known = known.chain(self.declared.indexes.keys().map(String::as_str));
        Some(Diagnostic::usage(format!("there is no index `{name}`")).suggest(name, known))
    }

    /// A declaration, which has no place in a body.
    fn declares(&self, call: &FnCallExpr, position: Position) -> Option<Diagnostic> {
        let builtin = builtins::find(call.name.as_str(), Place::Function)?;
        if call.is_qualified() || builtin.phase != Phase::Declare {
            return None;
        }
        let wrong = Diagnostic::usage(format!(
            "`{}` declares something and cannot be used inside a task body",
            call.name
        ));
        Some(self.placed(wrong.hint("move it to the top level of the file"), position))
    }

    /// A method that `t` does not have, or artifacts of a task that this one does not need.
    fn method(&self, call: &FnCallExpr, position: Position) -> Option<Diagnostic> {
        let known: Vec<&str> = builtins::all()
            .filter(|builtin| builtin.place == Place::View)
            .map(|builtin| builtin.name)
            .collect();
        if !known.contains(&call.name.as_str()) {
            let wrong = Diagnostic::usage(format!("a body's `t` has no method `{}`", call.name));
            return Some(self.placed(wrong.suggest(&call.name, known), position));
        }
        let [Expr::StringConstant(text, place)] = &call.args[..] else { return None };
        let instances = self.needed();
        let (of, tasks) = (text.split(':').next().unwrap_or(text), &self.declared.tasks);
        let named = tasks.iter().find(|task| task.is_called(of));
        let is_needed =
            |wanted: &str| instances.iter().any(|(name, id)| *name == wanted || *id == wanted);
        if is_needed(text) {
            return None;
        }
        let task = &self.task.name;
        let wrong = Diagnostic::usage(format!("task `{task}` does not need `{text}`"));
        let near = nearest(of, instances.iter().map(|(name, _)| *name));
        let wrong = match (named, near) {
            (Some(named), _) if named.name != of => {
                wrong.hint(format!("artifacts go by the task's name: `{}`", named.name))
            }
            (Some(named), _) if is_needed(&named.name) => {
                let ids = instances.iter().filter(|(name, _)| *name == named.name);
                wrong.suggest(text, ids.map(|(_, id)| *id))
            }
            (Some(_), _) => wrong.hint(format!("add `.needs(\"{text}\")` to it")),
            (None, Some(near)) => wrong.hint(format!("did you mean `{near}`?")),
            (None, None) => wrong.suggest(of, tasks.iter().map(|task| task.name.as_str())),
        };
        Some(self.placed(wrong, *place))
    }

    /// Names of the instances that this one needs, directly or not, each with its task's.
    fn needed(&self) -> BTreeSet<(&str, &str)> {
        let needs = self.graph.ancestors(self.node).into_iter();
        let needs = needs.map(|need| self.graph.instance(need));
        needs.map(|need| (self.declared.tasks[need.task].name.as_str(), need.id.as_str())).collect()
    }

    /// A parameter that the task does not have.
    fn property(&self, name: &str, position: Position) -> Option<Diagnostic> {
        let own = self.task.names();
        let known = own.iter().map(String::as_str).chain(OWN);
        if known.clone().any(|known| known == name) {
            return None;
        }
        let task = &self.task.name;
        let wrong = Diagnostic::usage(format!("task `{task}` has no parameter `{name}`"));
        let wrong = if name == "artifacts" {
            wrong.hint("name the task: `t.artifacts(\"build\")`")
        } else {
            wrong.suggest(name, known)
        };
        Some(self.placed(wrong, position))
    }
}
