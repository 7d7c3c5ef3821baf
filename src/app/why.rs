//! `rel why`: which instances would run, and why. It starts nothing, changes nothing, and asks what a run asks.
//!
//! What an instance would make is not known before it has run: what needs it is then up to date with a
//! reserve.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::Project;
use super::fresh::{lineages, made_of};
use super::questions::{Questions, Variables, system, tools};
use super::session::Done;
use crate::cache::{Cache, Items, Mark};
use crate::cli::COMMANDS;
use crate::diag::{Diagnostic, Exit};
use crate::goals;
use crate::graph::{Graph, Node};
use crate::host::Host;
use crate::model::artifact::Artifact;
use crate::report::{Output, why as tables};
use tables::{Answer, Verdict};

/// Explains the instances that words ask for, and those that they need.
///
/// # Errors
/// What is wrong with the Releasefile or the words.
pub(super) fn run(
    host: &Arc<Host>,
    output: Output,
    mut words: Vec<String>,
    rest: &[String],
) -> Done {
    let Project { root, repo, script } = Project::open(host)?;
    let declared = &script.declared;
    if words.is_empty() {
        words.extend(declared.default_task.iter().map(|word| word.text.clone()));
    }
    if words.is_empty() {
        let wrong = Diagnostic::usage("no task is named, and the Releasefile has no default");
        return Err(wrong.hint("name one: `rel why test`").into());
    }
    let goals =
        goals::parse(&words, rest, &declared.tasks, COMMANDS).map_err(|wrong| vec![*wrong])?;
    let graph = Graph::build(&declared.tasks, &goals)?;
    let state = repo.state().map_err(|wrong| vec![*wrong])?;
    let epoch = repo.commit().map(|commit| commit.time);
    let tasks: Vec<_> = declared.tasks.iter().cloned().map(Arc::new).collect();
    let questions = Questions {
        host,
        script: &script,
        tasks: &tasks,
        graph: &graph,
        root: &root,
        epoch,
        system: system(),
    };
    let answers = Look::new(&questions, &state).answers();
    match output {
        Output::Json => host.out_json(tables::json(&answers)),
        _ => host.out(&tables::text(&answers)),
    }
    Ok(Exit::OK)
}

/// What is known so far.
struct Look<'a> {
    questions: &'a Questions<'a>,
    cache: Cache,
    variables: Variables,
    /// What comes of an instance, as far as that is known without running it.
    lineages: HashMap<Node, Mark>,
    /// Instances that run, or may.
    open: Vec<Node>,
    /// Whether all of it would run in a stage, where nothing is taken as it was.
    staged: bool,
}

impl<'a> Look<'a> {
    fn new(questions: &'a Questions<'a>, state: &Path) -> Self {
        let now = questions.host.clock.unix();
        let edits = |node| questions.tasks[questions.graph.instance(node).task].edits.is_some();
        Self {
            questions,
            cache: Cache::open(state, questions.root, questions.tracked(), now),
            variables: Variables::of(questions.host, questions.epoch),
            lineages: HashMap::new(),
            open: Vec::new(),
            staged: questions.graph.order().any(edits),
        }
    }

    fn answers(mut self) -> Vec<Answer> {
        let graph = self.questions.graph;
        let nodes: Vec<Node> = graph.order().filter(|node| !graph.follows(*node)).collect();
        nodes.into_iter().filter_map(|node| self.answer(node)).collect()
    }

    /// The answer for one instance; none for one that only groups others.
    fn answer(&mut self, node: Node) -> Option<Answer> {
        let (questions, graph) = (self.questions, self.questions.graph);
        let id = graph.instance(node).id.clone();
        if questions.tasks[graph.instance(node).task].steps.is_empty() {
            let needs = lineages(graph, &self.lineages, node);
            self.lineages.insert(node, made_of(&[], &needs));
            if graph.needs(node).any(|need| self.open.contains(&need)) {
                self.open.push(node);
            }
            return None;
        }
        let staged = self.staged.then_some("it runs in a stage, since a task of the run edits");
        if let Some(why) = questions.always(node).or(staged) {
            self.open.push(node);
            return Some(Answer { id, verdict: Verdict::Always(why) });
        }
        let (needs, reserve) = self.needs(node);
        let tools = tools(questions.host, questions.root, &questions.script.declared.tools);
        let ask = questions.ask(node, needs, tools.as_deref());
        let verdict = match self.cache.fresh(&ask, &self.variables) {
            Err(reasons) => {
                self.open.push(node);
                Verdict::Runs(reasons)
            }
            Ok(record) => {
                let made: Vec<Artifact> =
                    record.made.iter().map(|made| made.artifact.clone()).collect();
                self.lineages.insert(node, made_of(&made, &ask.needs));
                if reserve.is_empty() {
                    Verdict::UpToDate(record.at)
                } else {
                    self.open.push(node);
                    Verdict::Perhaps(record.at, reserve)
                }
            }
        };
        Some(Answer { id, verdict })
    }

    /// What an instance would get from those that it needs, and of which of them that is not known: there
    /// what they made last is taken.
    fn needs(&self, node: Node) -> (Items, Vec<String>) {
        let graph = self.questions.graph;
        let open: Vec<&String> = graph
            .needs(node)
            .filter(|need| self.open.contains(need))
            .map(|need| &graph.instance(need).id)
            .collect();
        let before = self.cache.needed(&graph.instance(node).id);
        let before: Items = before.into_iter().filter(|(id, _)| open.contains(&id)).collect();
        let mut items = lineages(graph, &self.lineages, node);
        items.retain(|(id, _)| !open.contains(&id));
        let reserve = before.iter().map(|(id, _)| id.clone()).collect();
        items.extend(before);
        items.sort_unstable();
        (items, reserve)
    }
}
