//! Tests of the remote, by real git wherever git can ask for it.

mod access;
mod bench;
mod content;
mod protection;
mod refs;
mod serving;

use super::RULES;

#[test]
fn each_rule_has_a_name_of_its_own_and_a_source() {
    let names: std::collections::BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
    assert!(RULES.iter().all(|rule| rule.source.starts_with("https://")));
}
