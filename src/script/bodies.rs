//! What can be seen of bodies that were never called, once all tasks are declared: artifacts of
//! tasks that are not needed, parameters that are not there, sends that go nowhere or unannounced.
//!
//! Only what a body says itself is looked at, not the functions that it calls. Turned down: calling
//! bodies for a look, which would act.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::Body;
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
    let looks = looks(source, bodies, declared, graph, !gives_t_away(ast));
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
            found.extend(looks.iter().filter_map(|look| look.at(node)));
        }
        true
    });
    found.sort_by_key(|wrong| wrong.site.as_ref().map(|site| (site.line, site.column)));
    // One function may serve many tasks.
    found.dedup_by(|one, other| one.site == other.site);
    found
}

/// For each function the tasks whose body it is.
fn looks<'a>(
    source: &'a Arc<Source>,
    bodies: &'a [Body],
    declared: &'a Declared,
    graph: &'a Graph,
    sure_of_t: bool,
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
            let look = Look {
                source,
                declared,
                task,
                graph,
                node,
                sure_of_t: sure_of_t && body.takes_task,
            };
            looks.entry(body.call.fn_name()).or_default().push(look);
        }
    }
    looks
}

/// Whether something else than a task is called `t` somewhere: then nothing is said of its properties.
fn gives_t_away(ast: &AST) -> bool {
    let mut given = false;
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        given |= match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(var, ..))) => var.0.name == "t",
            Some(ASTNode::Stmt(Stmt::For(each, ..))) => each.0.name == "t",
            _ => false,
        };
        !given
    });
    given
}

/// Where something stands, to be compared: line and column.
type Place = (usize, usize);

fn place(position: Position) -> Place {
    (position.line().unwrap_or(0), position.position().unwrap_or(0))
}

/// The functions of a file by where they begin, each with its end. A body that is one expression has
/// no end that is known; it holds one statement, at its beginning.
struct Functions<'a>(BTreeMap<Place, (Place, &'a str)>);

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
    fn around(&self, at: Place) -> Option<&'a str> {
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
    sure_of_t: bool,
}

impl Look<'_> {
    fn at(&self, node: &ASTNode<'_>) -> Option<Diagnostic> {
        match node {
            ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)) => {
                self.sends(call, *at)
            }
            ASTNode::Expr(Expr::MethodCall(call, _)) => self.takes(call),
            ASTNode::Expr(Expr::Dot(parts, ..)) => self.property(&parts.lhs, &parts.rhs),
            _ => None,
        }
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

    /// Artifacts of a task that this one does not need.
    fn takes(&self, call: &FnCallExpr) -> Option<Diagnostic> {
        let [Expr::StringConstant(text, place)] = &call.args[..] else { return None };
        if call.name != "artifacts" {
            return None;
        }
        let of = text.split(':').next().unwrap_or(text);
        let (tasks, needed) = (&self.declared.tasks, self.needed());
        let named = tasks.iter().find(|task| task.name == of);
        if named.is_some_and(|task| needed.contains(task.name.as_str())) {
            return None;
        }
        let task = &self.task.name;
        let wrong = Diagnostic::usage(format!("task `{task}` does not need `{text}`"));
        let near = nearest(of, needed.iter().copied());
        let wrong = match (named, near) {
            (None, Some(near)) => wrong.hint(format!("did you mean `{near}`?")),
            (Some(_), _) => wrong.hint(format!("add `.needs(\"{of}\")` to it")),
            (None, None) => wrong.suggest(of, tasks.iter().map(|task| task.name.as_str())),
        };
        Some(self.placed(wrong, *place))
    }

    /// Names of the tasks that this one needs, directly or not.
    fn needed(&self) -> BTreeSet<&str> {
        let needs = self.graph.ancestors(self.node).into_iter();
        let tasks = needs.map(|need| self.graph.instance(need).task);
        tasks.map(|task| self.declared.tasks[task].name.as_str()).collect()
    }

    /// A parameter that the task does not have; only where the task is called `t`, as everywhere here.
    fn property(&self, of: &Expr, name: &Expr) -> Option<Diagnostic> {
        let Expr::Variable(variable, ..) = of else { return None };
        if !self.sure_of_t || variable.1 != "t" {
            return None;
        }
        let first = match name {
            Expr::Dot(parts, ..) | Expr::Index(parts, ..) => &parts.lhs,
            other => other,
        };
        let Expr::Property(property, position) = first else { return None };
        let (name, own) = (property.2.as_str(), self.task.names());
        let known = own.iter().map(String::as_str).chain(OWN);
        if known.clone().any(|known| known == name) {
            return None;
        }
        let task = &self.task.name;
        let wrong = Diagnostic::usage(format!("task `{task}` has no parameter `{name}`"));
        Some(self.placed(wrong.suggest(name, known), *position))
    }
}
