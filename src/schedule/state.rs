//! Which task instance runs next: a state machine without threads, clocks or output.
//!
//! Every change of a state goes through `set`. A failed instance poisons all that need it, at
//! once and without recursion; others go on only with `keep_going`. Each runs at most once.

use std::collections::VecDeque;

use crate::graph::{Graph, Node};

/// What has become of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits for this many of its needs.
    Waiting(usize),
    /// All it needs is done.
    Ready,
    /// It has been started.
    Running,
    /// It is done, or may be taken as done.
    Done,
    /// It failed.
    Failed,
    /// Something it needs failed; it never starts.
    Poisoned,
    /// The run ended before its turn.
    Cancelled,
}

impl State {
    fn is_final(self) -> bool {
        !matches!(self, Self::Waiting(_) | Self::Ready | Self::Running)
    }
}

/// The state of each instance of a graph, and what is to be done next.
#[derive(Debug)]
pub struct Schedule {
    states: Vec<State>,
    dependents: Vec<Vec<Node>>,
    ready: VecDeque<Node>,
    open: usize,
    keep_going: bool,
    stopped: bool,
}

impl Schedule {
    /// A schedule of `graph` in which only nodes that `takes_part` are run; others count as done.
    pub fn new(graph: &Graph, keep_going: bool, takes_part: impl Fn(Node) -> bool) -> Self {
        let order: Vec<Node> = graph.order().collect();
        Self::of_edges(graph.len(), &order, graph.edges(), keep_going, takes_part)
    }

    fn of_edges(
        nodes: usize,
        order: &[Node],
        edges: impl Iterator<Item = (Node, Node)>,
        keep_going: bool,
        takes_part: impl Fn(Node) -> bool,
    ) -> Self {
        let mut missing = vec![0; nodes];
        let mut dependents = vec![Vec::new(); nodes];
        for (from, to) in edges.filter(|(from, to)| takes_part(*from) && takes_part(*to)) {
            dependents[from].push(to);
            missing[to] += 1;
        }
        let states = (0..nodes)
            .map(|node| if takes_part(node) { State::Waiting(missing[node]) } else { State::Done })
            .collect();
        let open = order.iter().filter(|node| takes_part(**node)).count();
        let mut schedule =
            Self { states, dependents, ready: VecDeque::new(), open, keep_going, stopped: false };
        for &node in order {
            if schedule.states[node] == State::Waiting(0) {
                schedule.set(node, State::Ready);
            }
        }
        schedule
    }

    /// The next instance to start, if one may.
    pub fn next(&self) -> Option<Node> {
        self.ready.front().copied().filter(|_| !self.stopped)
    }

    /// The next instance to start, which is running from now on.
    pub fn start_next(&mut self) -> Option<Node> {
        let node = self.next()?;
        self.ready.pop_front();
        self.set(node, State::Running);
        Some(node)
    }

    /// A running instance is done: those that waited only for it become ready.
    pub fn done(&mut self, node: Node) {
        self.set(node, State::Done);
        for at in 0..self.dependents[node].len() {
            let next = self.dependents[node][at];
            match self.states[next] {
                State::Waiting(1) => self.set(next, State::Ready),
                State::Waiting(missing) => self.states[next] = State::Waiting(missing - 1),
                _ => {}
            }
        }
    }

    /// A running instance failed. Returns what is poisoned by it, in no particular order.
    pub fn failed(&mut self, node: Node) -> Vec<Node> {
        self.set(node, State::Failed);
        let mut poisoned = Vec::new();
        let mut queue: Vec<Node> = self.dependents[node].clone();
        while let Some(next) = queue.pop() {
            if !self.states[next].is_final() {
                self.set(next, State::Poisoned);
                poisoned.push(next);
                queue.extend(&self.dependents[next]);
            }
        }
        if !self.keep_going {
            self.stop();
        }
        poisoned
    }

    /// Nothing new is started from now on.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Ends the schedule: what has not been started never will be. Returns those instances.
    pub fn cancel_rest(&mut self) -> Vec<Node> {
        let open = |state: &State| matches!(state, State::Waiting(_) | State::Ready);
        let rest: Vec<Node> =
            (0..self.states.len()).filter(|node| open(&self.states[*node])).collect();
        for &node in &rest {
            self.set(node, State::Cancelled);
        }
        self.ready.clear();
        rest
    }

    /// How many instances have not come to their end.
    pub fn left(&self) -> usize {
        self.open
    }

    /// Whether every instance has come to its end.
    pub fn is_over(&self) -> bool {
        self.open == 0
    }

    /// The state of an instance.
    pub fn state(&self, node: Node) -> State {
        self.states[node]
    }

    fn set(&mut self, node: Node, state: State) {
        debug_assert!(!self.states[node].is_final(), "an end is final");
        self.states[node] = state;
        match state {
            State::Ready => self.ready.push_back(node),
            state if state.is_final() => self.open -= 1,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A random graph: each node needs some of the nodes before it.
    fn graphs() -> impl Strategy<Value = (Vec<Vec<Node>>, Vec<bool>, bool, u64)> {
        (1..40_usize).prop_flat_map(|size| {
            let needs = (0..size)
                .map(|node| proptest::collection::btree_set(0..node.max(1), 0..4.min(node + 1)));
            let needs: Vec<_> = needs.collect();
            let fails = proptest::collection::vec(proptest::bool::weighted(0.15), size);
            (needs, fails, any::<bool>(), any::<u64>()).prop_map(
                |(needs, fails, keep_going, seed)| {
                    let needs = needs.into_iter().enumerate();
                    let needs = needs
                        .map(|(node, set)| set.into_iter().filter(|need| *need < node).collect())
                        .collect();
                    (needs, fails, keep_going, seed)
                },
            )
        })
    }

    fn schedule(needs: &[Vec<Node>], keep_going: bool) -> Schedule {
        let order: Vec<Node> = (0..needs.len()).collect();
        let edges = needs
            .iter()
            .enumerate()
            .flat_map(|(to, from)| from.iter().map(move |from| (*from, to)));
        Schedule::of_edges(needs.len(), &order, edges, keep_going, |_| true)
    }

    /// All that a node needs, directly or not.
    fn closure(needs: &[Vec<Node>], node: Node) -> BTreeSet<Node> {
        let mut all = BTreeSet::new();
        let mut queue = needs[node].clone();
        while let Some(next) = queue.pop() {
            if all.insert(next) {
                queue.extend(&needs[next]);
            }
        }
        all
    }

    proptest! {
        #[test]
        fn nothing_starts_before_its_needs_and_failure_poisons_all_that_need_it((needs, fails, keep_going, mut seed) in graphs()) {
            let mut schedule = schedule(&needs, keep_going);
            let mut running: Vec<Node> = Vec::new();
            let mut started = vec![0; needs.len()];
            let mut failed = false;
            loop {
                while running.len() < 3 {
                    let Some(node) = schedule.start_next() else { break };
                    prop_assert!(keep_going || !failed, "nothing new starts after a failure");
                    prop_assert!(needs[node].iter().all(|need| schedule.state(*need) == State::Done));
                    started[node] += 1;
                    running.push(node);
                }
                if running.is_empty() {
                    break;
                }
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                #[expect(clippy::cast_possible_truncation, reason = "any index will do")]
                let node = running.swap_remove(seed as usize % running.len());
                if fails[node] {
                    failed = true;
                    schedule.failed(node);
                } else {
                    schedule.done(node);
                }
            }
            schedule.cancel_rest();
            prop_assert!(schedule.is_over());
            for node in 0..needs.len() {
                prop_assert!(started[node] <= 1);
                let broken = closure(&needs, node).iter().any(|need| schedule.state(*need) == State::Failed);
                match schedule.state(node) {
                    State::Done => prop_assert!(started[node] == 1 && !broken && !fails[node]),
                    State::Failed => prop_assert!(started[node] == 1 && fails[node] && !broken),
                    State::Poisoned => prop_assert!(started[node] == 0 && broken),
                    State::Cancelled => prop_assert!(started[node] == 0 && !keep_going && !broken),
                    other => prop_assert!(false, "{other:?} is no end"),
                }
            }
        }
    }

    #[test]
    fn a_chain_of_any_length_is_poisoned_without_recursion() {
        let needs: Vec<Vec<Node>> =
            (0..200_000_usize).map(|node| node.checked_sub(1).into_iter().collect()).collect();
        let mut schedule = schedule(&needs, true);
        let first = schedule.start_next().unwrap();
        assert_eq!(schedule.failed(first).len(), needs.len() - 1);
        assert!(schedule.is_over());
    }
}
