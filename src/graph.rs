//! The graph: task instances and what each must wait for.
//!
//! One instance for each task, combination of matrix values, and set of parameters. Everything
//! wrong with names is found here, all of it at once, before anything runs. Pure; no recursion,
//! so a chain of any length is fine.
//! Turned down: resolving needs while running, which finds a typo after an hour.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use globset::{Glob, GlobMatcher};
use petgraph::Direction;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::diag::{Diagnostic, Word};
use crate::goals::Goal;
use crate::model::task::{Task, Value};

/// When an instance's body is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Neither it nor anything it needs has effects: it runs for real, dry or live.
    Local,
    /// It has effects: described in a dry run, called through the door in a live one.
    Sending,
    /// It needs a sending task: only a live run calls it.
    After,
}

/// One instance of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Index of its task.
    pub task: usize,
    /// Its name: `test:3.11`, or the task's own.
    pub id: String,
    /// Values of its axes and parameters.
    pub values: BTreeMap<String, Value>,
    /// The words after `--`.
    pub rest: Vec<String>,
}

/// Task instances with an edge from each need to what needs it.
#[derive(Debug)]
pub struct Graph {
    dag: DiGraph<Instance, ()>,
    order: Vec<NodeIndex>,
    kinds: Vec<Kind>,
    followers: Vec<bool>,
    asked: BTreeSet<NodeIndex>,
}

/// A node's number within its graph.
pub type Node = usize;

impl Graph {
    /// Builds the graph of what `goals` need.
    ///
    /// # Errors
    /// All unknown needs and the first cycle of each knot.
    pub fn build(tasks: &[Task], goals: &[Goal]) -> Result<Self, Vec<Diagnostic>> {
        let mut builder = Builder::new(tasks);
        builder.hand_down(goals);
        for goal in goals {
            let nodes = builder.want(goal);
            builder.asked.extend(nodes);
        }
        builder.want_followers();
        builder.finish()
    }

    /// Builds the graph of all tasks, with parameters at their defaults.
    ///
    /// # Errors
    /// As [`Graph::build`].
    pub fn build_all(tasks: &[Task]) -> Result<Self, Vec<Diagnostic>> {
        let goals: Vec<Goal> =
            tasks.iter().enumerate().map(|(task, _)| Goal::plain(task)).collect();
        Self::build(tasks, &goals)
    }

    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.dag.node_count()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An instance.
    pub fn instance(&self, node: Node) -> &Instance {
        &self.dag[NodeIndex::new(node)]
    }

    /// When its body is called.
    pub fn kind(&self, node: Node) -> Kind {
        self.kinds[node]
    }

    /// All nodes, each after what it needs, else in the order of the file.
    pub fn order(&self) -> impl Iterator<Item = Node> + '_ {
        self.order.iter().map(|node| node.index())
    }

    /// What a node needs directly.
    pub fn needs(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.dag.neighbors_directed(NodeIndex::new(node), Direction::Incoming).map(NodeIndex::index)
    }

    /// All edges, from a need to what needs it.
    pub fn edges(&self) -> impl Iterator<Item = (Node, Node)> + '_ {
        self.dag.raw_edges().iter().map(|edge| (edge.source().index(), edge.target().index()))
    }

    /// All that a node needs, directly or not.
    pub fn ancestors(&self, node: Node) -> BTreeSet<Node> {
        let mut seen = BTreeSet::new();
        let mut queue: VecDeque<Node> = self.needs(node).collect();
        while let Some(next) = queue.pop_front() {
            if seen.insert(next) {
                queue.extend(self.needs(next));
            }
        }
        seen
    }

    /// Nodes that only grouping tasks and goals wait for: what `wanted` leads to, but for nodes
    /// behind one of `settled`. Used to leave out what leads to sealed artifacts.
    pub fn reach(
        &self,
        wanted: impl IntoIterator<Item = Node>,
        settled: &BTreeSet<Node>,
    ) -> BTreeSet<Node> {
        let mut seen = BTreeSet::new();
        let mut queue: VecDeque<Node> = wanted.into_iter().collect();
        while let Some(next) = queue.pop_front() {
            if seen.insert(next) && !settled.contains(&next) {
                queue.extend(self.needs(next));
            }
        }
        seen
    }

    /// Whether a node follows the run (`.on(…)`): it is not part of it, and nothing needs it.
    pub fn follows(&self, node: Node) -> bool {
        self.followers[node]
    }

    /// The nodes that were asked for.
    pub fn asked(&self) -> impl Iterator<Item = Node> + '_ {
        self.asked.iter().map(|node| node.index())
    }
}

struct Builder<'a> {
    tasks: &'a [Task],
    by_name: HashMap<&'a str, usize>,
    dag: DiGraph<Instance, ()>,
    known: HashMap<(usize, String), Vec<NodeIndex>>,
    nodes: HashMap<String, NodeIndex>,
    queue: VecDeque<NodeIndex>,
    asked: BTreeSet<NodeIndex>,
    /// Values of parameters of tasks that are needed, by task.
    handed: BTreeMap<usize, BTreeMap<String, Value>>,
    wrong: Vec<Diagnostic>,
}

/// All names of a task, each with its index.
fn names((index, task): (usize, &Task)) -> impl Iterator<Item = (&str, usize)> {
    let aliases = task.aliases.iter().map(|alias| alias.text.as_str());
    std::iter::once(task.name.as_str()).chain(aliases).map(move |name| (name, index))
}

impl<'a> Builder<'a> {
    fn new(tasks: &'a [Task]) -> Self {
        Self {
            tasks,
            by_name: tasks.iter().enumerate().flat_map(names).collect(),
            dag: DiGraph::new(),
            known: HashMap::new(),
            nodes: HashMap::new(),
            queue: VecDeque::new(),
            asked: BTreeSet::new(),
            handed: BTreeMap::new(),
            wrong: Vec::new(),
        }
    }

    /// Values that a goal was given go to the tasks that it needs, directly or not, where they have a
    /// parameter of that name; what a task was given itself goes before.
    fn hand_down(&mut self, goals: &[Goal]) {
        for goal in goals.iter().filter(|goal| !goal.values.is_empty()) {
            for task in self.behind(goal.task) {
                let own = |name: &str| self.tasks[task].params.iter().any(|own| own.name == name);
                let handed = self.handed.entry(task).or_default();
                for (name, value) in goal.values.iter().filter(|(name, _)| own(name)) {
                    handed.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
        }
        for goal in goals.iter().filter(|goal| !goal.values.is_empty()) {
            self.handed.entry(goal.task).or_default().extend(goal.values.clone());
        }
    }

    /// The tasks that a task needs, directly or not.
    fn behind(&self, task: usize) -> BTreeSet<usize> {
        let (mut seen, mut queue) = (BTreeSet::new(), vec![task]);
        while let Some(task) = queue.pop() {
            let needs = self.tasks[task].needs.iter().flat_map(|need| self.goals_of(need, task));
            queue.extend(needs.map(|goal| goal.task).filter(|task| seen.insert(*task)));
        }
        seen
    }

    fn want(&mut self, goal: &Goal) -> Vec<NodeIndex> {
        let nodes = self.instances(goal);
        while let Some(node) = self.queue.pop_front() {
            self.connect(node);
        }
        nodes
    }

    /// The instances of a goal, made when first asked for.
    fn instances(&mut self, goal: &Goal) -> Vec<NodeIndex> {
        let task = &self.tasks[goal.task];
        let cache = (goal.task, format!("{:?}{:?}{:?}", goal.instance, goal.values, goal.rest));
        if let Some(nodes) = self.known.get(&cache) {
            return nodes.clone();
        }
        let mut made = Vec::new();
        for axes in combinations(task) {
            let id = instance_id(task, &axes);
            if goal.instance.as_ref().is_some_and(|wanted| *wanted != id) {
                continue;
            }
            let mut values = defaults(task);
            values.extend(goal.values.clone());
            let given = key_suffix(task, &values, &goal.rest);
            values.extend(axes.into_iter().map(|(axis, value)| (axis, Value::Text(value))));
            let id = format!("{id}{given}");
            let node = *self.nodes.entry(id.clone()).or_insert_with(|| {
                let node = self.dag.add_node(Instance {
                    task: goal.task,
                    id,
                    values,
                    rest: goal.rest.clone(),
                });
                self.queue.push_back(node);
                node
            });
            made.push(node);
        }
        self.known.insert(cache, made.clone());
        made
    }

    /// Takes in tasks that follow a run, once all that they follow is part of it.
    fn want_followers(&mut self) {
        let wanted: BTreeSet<usize> = self.dag.node_weights().map(|node| node.task).collect();
        for (index, task) in self.tasks.iter().enumerate() {
            let followed = |need: &Word| {
                let goals = self.goals_of(need, index);
                !goals.is_empty() && goals.iter().all(|goal| wanted.contains(&goal.task))
            };
            if task.on.is_some() && task.needs.iter().all(followed) {
                self.want(&Goal::plain(index));
            }
        }
    }

    fn connect(&mut self, node: NodeIndex) {
        let task = self.dag[node].task;
        for need in &self.tasks[task].needs {
            let goals = self.goals_of(need, task);
            if goals.is_empty() {
                self.blame(self.unknown_need(need));
            }
            for mut goal in goals {
                self.refuse_need(need, &self.tasks[goal.task]);
                goal.values.extend(self.handed.get(&goal.task).cloned().unwrap_or_default());
                for from in self.instances(&goal) {
                    self.dag.update_edge(from, node, ());
                }
            }
        }
    }

    /// What a need names: a task, an instance, or all tasks but its own that a glob matches.
    fn goals_of(&self, need: &Word, of: usize) -> Vec<Goal> {
        if let Some(task) = self.by_name.get(need.text.as_str()) {
            return vec![Goal::plain(*task)];
        }
        if let Some(goal) = self.instance_goal(&need.text) {
            return vec![goal];
        }
        let Some(glob) = glob(&need.text) else { return Vec::new() };
        let others =
            self.tasks.iter().enumerate().filter(|(index, task)| {
                *index != of && task.on.is_none() && glob.is_match(&task.name)
            });
        others.map(|(index, _)| Goal::plain(index)).collect()
    }

    fn unknown_need(&self, need: &Word) -> Diagnostic {
        let wrong = if glob(&need.text).is_some() {
            Diagnostic::usage(format!("no other task matches `{}`", need.text))
        } else {
            Diagnostic::usage(format!("unknown need `{}`", need.text))
        };
        wrong.at(&need.site).suggest(&need.text, self.tasks.iter().map(|task| task.name.as_str()))
    }

    /// Notes why a task cannot be needed, if it cannot.
    fn refuse_need(&mut self, need: &Word, task: &Task) {
        let name = &task.name;
        if let Some((_, site)) = &task.on {
            let wrong =
                Diagnostic::usage(format!("task `{name}` follows a run and cannot be needed"));
            let wrong = wrong.at(&need.site).note(format!("it says so at {site}"));
            self.blame(wrong.hint("take the need away, or the `.on` of that task"));
        }
        if let Some(param) = task.params.iter().find(|param| param.default.is_none()) {
            let param = &param.name;
            let message =
                format!("task `{name}` cannot be needed: its parameter `{param}` has no default");
            let wrong = Diagnostic::usage(message).at(&need.site);
            self.blame(wrong.hint(format!("give it one: .param(\"{param}\", \"…\")")));
        }
    }

    fn blame(&mut self, wrong: Diagnostic) {
        if !self.wrong.contains(&wrong) {
            self.wrong.push(wrong);
        }
    }

    fn instance_goal(&self, text: &str) -> Option<Goal> {
        let (name, _) = text.split_once(':')?;
        let task = *self.by_name.get(name)?;
        let of_task = &self.tasks[task];
        let wanted = text.replacen(name, &of_task.name, 1);
        let known = combinations(of_task).iter().any(|axes| instance_id(of_task, axes) == wanted);
        known.then(|| Goal { instance: Some(wanted), ..Goal::plain(task) })
    }

    fn finish(mut self) -> Result<Graph, Vec<Diagnostic>> {
        let order = toposort(&self.dag, None);
        if order.is_err() {
            let knots = kosaraju_scc(&self.dag);
            for knot in knots
                .iter()
                .filter(|knot| knot.len() > 1 || self.dag.contains_edge(knot[0], knot[0]))
            {
                self.wrong.push(self.cycle(knot));
            }
        }
        match order {
            Ok(_) if self.wrong.is_empty() => {
                let order = stable_order(&self.dag);
                let kinds = kinds(self.tasks, &self.dag, &order);
                let followers = self
                    .dag
                    .node_weights()
                    .map(|node| self.tasks[node.task].on.is_some())
                    .collect();
                Ok(Graph { dag: self.dag, order, kinds, followers, asked: self.asked })
            }
            _ => Err(self.wrong),
        }
    }

    fn cycle(&self, knot: &[NodeIndex]) -> Diagnostic {
        let inside: BTreeSet<NodeIndex> = knot.iter().copied().collect();
        let start = knot.iter().copied().min().unwrap_or(knot[0]);
        let mut path = vec![start];
        let mut seen = BTreeSet::from([start]);
        let mut at = start;
        while let Some(next) = self
            .dag
            .neighbors_directed(at, Direction::Incoming)
            .filter(|n| inside.contains(n))
            .min()
        {
            path.push(next);
            if !seen.insert(next) {
                break;
            }
            at = next;
        }
        let closing = path[path.len() - 1];
        let from = path.iter().position(|node| *node == closing).unwrap_or(0);
        let names: Vec<&str> =
            path[from..].iter().map(|node| self.dag[*node].id.as_str()).collect();
        let task = &self.tasks[self.dag[closing].task];
        let needed = names.get(1).copied().unwrap_or_default();
        let need = task
            .needs
            .iter()
            .find(|need| need.text == needed || needed.starts_with(&format!("{}:", need.text)));
        Diagnostic::usage(format!("tasks need each other in a circle: {}", shorten(&names)))
            .at(need.map_or(&task.site, |need| &need.site))
            .hint("take one of these needs away")
    }
}

/// A need that is a glob over the names of tasks.
fn glob(text: &str) -> Option<GlobMatcher> {
    let is_glob = text.contains(['*', '?', '[', '{']);
    is_glob.then(|| Glob::new(text).ok()).flatten().map(|glob| glob.compile_matcher())
}

fn shorten(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if quoted.len() <= 12 {
        return quoted.join(" needs ");
    }
    format!(
        "{} needs … {} more … needs {}",
        quoted[..5].join(" needs "),
        quoted.len() - 10,
        quoted[quoted.len() - 5..].join(" needs ")
    )
}

/// Kahn's order, smallest index first: each node after its needs, else as declared.
fn stable_order(dag: &DiGraph<Instance, ()>) -> Vec<NodeIndex> {
    let mut missing: Vec<usize> = dag
        .node_indices()
        .map(|node| dag.neighbors_directed(node, Direction::Incoming).count())
        .collect();
    let key = |node: NodeIndex| (dag[node].task, node);
    let mut ready: BTreeSet<(usize, NodeIndex)> =
        dag.node_indices().filter(|node| missing[node.index()] == 0).map(key).collect();
    let mut order = Vec::with_capacity(dag.node_count());
    while let Some((_, node)) = ready.pop_first() {
        order.push(node);
        for next in dag.neighbors_directed(node, Direction::Outgoing) {
            missing[next.index()] -= 1;
            if missing[next.index()] == 0 {
                ready.insert(key(next));
            }
        }
    }
    order
}

fn kinds(tasks: &[Task], dag: &DiGraph<Instance, ()>, order: &[NodeIndex]) -> Vec<Kind> {
    let mut kinds = vec![Kind::Local; dag.node_count()];
    for &node in order {
        let after = dag
            .neighbors_directed(node, Direction::Incoming)
            .any(|need| kinds[need.index()] != Kind::Local);
        let task = &tasks[dag[node].task];
        // What follows a run may only notify, and that is no part of a release.
        kinds[node.index()] = match task.effects.is_empty() || task.on.is_some() {
            false => Kind::Sending,
            true if after => Kind::After,
            true => Kind::Local,
        };
    }
    kinds
}

/// All combinations of a task's axes; one empty combination without a matrix.
fn combinations(task: &Task) -> Vec<Vec<(String, String)>> {
    let mut all = vec![Vec::new()];
    for (axis, values) in &task.matrix {
        let longer = |head: &Vec<(String, String)>| {
            let head = head.clone();
            values
                .iter()
                .map(move |value| [head.clone(), vec![(axis.clone(), value.clone())]].concat())
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

fn instance_id(task: &Task, axes: &[(String, String)]) -> String {
    let values: Vec<&str> = axes.iter().map(|(_, value)| value.as_str()).collect();
    if values.is_empty() {
        task.name.clone()
    } else {
        format!("{}:{}", task.name, values.join(","))
    }
}

fn defaults(task: &Task) -> BTreeMap<String, Value> {
    task.params
        .iter()
        .filter_map(|param| Some((param.name.clone(), param.default.clone()?)))
        .collect()
}

/// Parameters that differ from their defaults, and the rest, are part of the name.
fn key_suffix(task: &Task, values: &BTreeMap<String, Value>, rest: &[String]) -> String {
    let plain = defaults(task);
    let mut parts: Vec<String> = values
        .iter()
        .filter(|(name, value)| plain.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if !rest.is_empty() {
        parts.push(format!("-- {}", shell_words::join(rest)));
    }
    if parts.is_empty() { String::new() } else { format!("({})", parts.join(" ")) }
}
