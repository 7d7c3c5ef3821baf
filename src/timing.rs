//! Where the time of a run went: the slowest chain of tasks that waited for each other.
//!
//! Pure, over an order and durations; it measures nothing. What ran beside the chain cost no time:
//! only making a link of it shorter makes the run shorter.

use std::collections::HashMap;
use std::time::Duration;

use crate::graph::Node;

/// The chain of nodes, each needing the one before it, that took longest in all. Nodes that took
/// no time are left out. `order` has each node after what it needs; of chains that took the same
/// the one that comes first in it wins.
pub fn slowest_chain<N: IntoIterator<Item = Node>>(
    order: impl IntoIterator<Item = Node>,
    needs: impl Fn(Node) -> N,
    took: impl Fn(Node) -> Duration,
) -> Vec<Node> {
    let mut ends: HashMap<Node, (Duration, Option<Node>)> = HashMap::new();
    let mut last: Option<(Duration, Node)> = None;
    for node in order {
        let mut before: (Duration, Option<Node>) = (Duration::ZERO, None);
        for need in needs(node) {
            let sum = ends.get(&need).map_or(Duration::ZERO, |(sum, _)| *sum);
            if sum > before.0 {
                before = (sum, Some(need));
            }
        }
        let sum = before.0 + took(node);
        ends.insert(node, (sum, before.1));
        if last.is_none_or(|(most, _)| sum > most) {
            last = Some((sum, node));
        }
    }
    let links = std::iter::successors(last.map(|(_, node)| node), |node| ends.get(node)?.1);
    let mut chain: Vec<Node> = links.filter(|node| !took(*node).is_zero()).collect();
    chain.reverse();
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chain(needs: &[Vec<Node>], millis: &[u64]) -> Vec<Node> {
        let took = |node: Node| Duration::from_millis(millis[node]);
        slowest_chain(0..needs.len(), |node| needs[node].clone(), took)
    }

    #[test]
    fn the_slow_branch_of_a_diamond_is_the_chain() {
        let diamond = [vec![], vec![0], vec![0], vec![1, 2]];
        assert_eq!(chain(&diamond, &[1, 5, 9, 1]), [0, 2, 3]);
        assert_eq!(chain(&diamond, &[1, 5, 5, 1]), [0, 1, 3]);
        assert_eq!(chain(&diamond, &[0, 5, 9, 0]), [2]);
        assert_eq!(chain(&[vec![], vec![]], &[3, 8]), [1]);
        assert!(chain(&[], &[]).is_empty());
    }

    /// The longest sum of a path that ends at `node`, found by walking all paths.
    fn longest(needs: &[Vec<Node>], millis: &[u64], node: Node) -> u64 {
        let before = needs[node].iter().map(|need| longest(needs, millis, *need)).max();
        before.unwrap_or(0) + millis[node]
    }

    proptest! {
        #[test]
        fn no_path_takes_longer_and_each_link_leads_to_the_next(
            graph in proptest::collection::vec((proptest::collection::vec(0..9_usize, 0..3), 1..50_u64), 1..9)
        ) {
            let needs: Vec<Vec<Node>> = graph.iter().enumerate()
                .map(|(node, (needs, _))| needs.iter().copied().filter(|need| *need < node).collect())
                .collect();
            let millis: Vec<u64> = graph.iter().map(|(_, millis)| *millis).collect();
            let found = chain(&needs, &millis);
            let most = (0..needs.len()).map(|node| longest(&needs, &millis, node)).max();
            prop_assert_eq!(Some(found.iter().map(|node| millis[*node]).sum()), most);
            prop_assert!(found.windows(2).all(|pair| needs[pair[1]].contains(&pair[0])));
        }
    }
}
