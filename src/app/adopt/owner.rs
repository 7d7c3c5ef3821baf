//! Whose artifacts a file is: of the instance that sealed it, of the task that was named, else of the one
//! that the tasks take artifacts from which send such files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::given::{Given, Made};
use crate::app::gate;
use crate::app::session::Session;
use crate::diag::{Diagnostic, Outcome};
use crate::graph::{Kind, Node};
use crate::model::artifact::Artifact;
use crate::model::task::Destination;

/// The instances that files may belong to.
pub(super) struct Owners<'a> {
    session: &'a Session,
    sealed: &'a BTreeMap<String, Vec<Artifact>>,
    named: Option<Node>,
    /// For each sending instance the local ones that it takes artifacts from.
    taken: Vec<(Node, BTreeSet<Node>)>,
}

impl<'a> Owners<'a> {
    /// Looks at what sending tasks take, unless a task is named.
    ///
    /// # Errors
    /// No task of the name makes anything that is sent.
    pub(super) fn of(
        session: &'a Arc<Session>,
        sealed: &'a BTreeMap<String, Vec<Artifact>>,
        task: Option<&str>,
    ) -> Result<Self, Diagnostic> {
        let local = session.of_kind(Kind::Local);
        let is_called = |node: &Node, text: &str| {
            session.graph.instance(*node).id == text || session.task(*node).is_called(text)
        };
        let Some(task) = task else {
            let nodes = |texts: BTreeSet<String>| {
                let asked = |node: &Node| texts.iter().any(|text| is_called(node, text));
                local.iter().copied().filter(asked).collect()
            };
            let taken = gate::taken(session).into_iter().map(|(node, texts)| (node, nodes(texts)));
            return Ok(Self { session, sealed, named: None, taken: taken.collect() });
        };
        let named = local.iter().copied().find(|node| is_called(node, task));
        if named.is_some() {
            return Ok(Self { session, sealed, named, taken: Vec::new() });
        }
        let wrong = Diagnostic::usage(format!("`--task {task}`: no such task builds what is sent"));
        let names = local.iter().map(|node| session.task(*node).name.as_str());
        Err(wrong.suggest(task, names))
    }

    /// The instance that a file belongs to.
    ///
    /// # Errors
    /// None does, or it cannot be told which.
    pub(super) fn of_file(&self, file: &Given) -> Outcome<Node> {
        let name = file.artifact.file_name();
        let has = |files: &Vec<Artifact>| files.iter().any(|known| known.file_name() == name);
        let sealed: Vec<&String> =
            self.sealed.iter().filter(|(_, files)| has(files)).map(|(id, _)| id).collect();
        let is_sealed = |node: &Node| sealed.contains(&&self.session.graph.instance(*node).id);
        if let Some(named) = self.named {
            return Ok(named);
        }
        let mut local = self.session.of_kind(Kind::Local).into_iter();
        if let Some(node) = local.find(is_sealed) {
            return Ok(node);
        }
        let candidates = self.candidates(&file.made);
        let id = |node: &Node| self.session.graph.instance(*node).id.clone();
        let tasks: BTreeSet<&str> =
            candidates.iter().map(|node| self.session.task(*node).name.as_str()).collect();
        match (candidates.first(), tasks.len()) {
            (Some(first), 1) => Ok(*first),
            (None, _) => {
                let wrong = Diagnostic::usage(format!("no task that sends takes {name}"));
                Err(Box::new(wrong.hint("say which task builds it: `--task NAME`")))
            }
            _ => {
                let names: Vec<String> = candidates.iter().map(id).collect();
                let wrong = Diagnostic::usage(format!("several tasks may have built {name}"));
                let wrong = wrong.note(format!("artifacts are taken from {}", names.join(", ")));
                Err(Box::new(wrong.hint(format!("say which: `--task {}`", names[0]))))
            }
        }
    }

    /// What those tasks take that send such files to a registry, else what any takes.
    fn candidates(&self, made: &Made) -> Vec<Node> {
        let goes = |destination: &Destination| match made {
            Made::Python(..) => destination.index().is_some(),
            Made::Crate(..) => *destination == Destination::Crates,
            Made::Other => false,
        };
        let sends = |node: Node| {
            self.session.task(node).effects.iter().any(|(destination, _)| goes(destination))
        };
        let of = |only: bool| -> Vec<Node> {
            let taken = self.taken.iter().filter(|(node, _)| !only || sends(*node));
            let nodes: BTreeSet<Node> = taken.flat_map(|(_, nodes)| nodes).copied().collect();
            nodes.into_iter().collect()
        };
        let registry = of(true);
        if registry.is_empty() { of(false) } else { registry }
    }
}
