//! The environments that sending tasks declare protect what they send: without a rule anybody who may push
//! publishes (<https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments>).
//!
//! A job that names an environment which is not there makes one without rules.

use super::ground::silent;
use super::{Form, Ground, Knob, Wants, public};
use crate::diag::Diagnostic;
use crate::remote::github::settings;

pub(super) const OPTIONS: &[Knob] = &[
    Knob {
        name: "environments",
        form: Form::Texts,
        doc: "only these, and each of them has to be declared by a task",
    },
    Knob {
        name: "rules",
        form: Form::Texts,
        doc: "rules that each has to have: `required_reviewers`, `wait_timer`, `branch_policy`; else any will do",
    },
];

pub(super) fn check(ground: &Ground<'_>, wants: Wants<'_>) -> Vec<Diagnostic> {
    let declared = ground.environments();
    let only = wants.texts("environments");
    let missing = only
        .iter()
        .flatten()
        .filter(|name| declared.iter().all(|(environment, _)| environment != *name));
    let mut wrong: Vec<Diagnostic> = missing.map(|name| undeclared(name)).collect();
    let asked: Vec<_> = declared
        .iter()
        .filter(|(name, _)| only.as_ref().is_none_or(|only| only.contains(name)))
        .collect();
    if asked.is_empty() && wrong.is_empty() {
        let none = Diagnostic::refused("no task that sends declares an environment");
        wrong.push(none.hint("give it one: `.environment(\"pypi\")`"));
    }
    if asked.is_empty() {
        return wrong;
    }
    let Some(repository) = ground.repository() else { return vec![public::unknown()] };
    let rules = wants.texts("rules").unwrap_or_default();
    for (environment, task) in asked {
        match settings::environment(ground.host, &repository, environment, ground.stop) {
            Ok(found) => wrong.extend(unprotected(&repository, environment, task, found, &rules)),
            Err(why) => {
                wrong.push(silent("GitHub", &format!("the environment `{environment}`"), &why));
            }
        }
    }
    wrong
}

fn undeclared(name: &str) -> Diagnostic {
    let wrong =
        Diagnostic::refused(format!("no task that sends declares the environment `{name}`"));
    wrong.hint(format!("give it to the task: `.environment(\"{name}\")`"))
}

/// What is wrong with an environment that has rules of these kinds; `None` if it is not there.
fn unprotected(
    repository: &str,
    name: &str,
    task: &str,
    found: Option<Vec<String>>,
    wanted: &[&str],
) -> Option<Diagnostic> {
    let place = format!("in the settings of {repository}, under Environments");
    let Some(found) = found else {
        let what = format!("{repository} shows no environment `{name}`, which `{task}` declares");
        return Some(
            Diagnostic::refused(what)
                .note("GitHub shows those of a private repository only to a token that may read it")
                .hint(format!("make it {place}, with required reviewers")),
        );
    };
    if found.is_empty() {
        let what = format!("the environment `{name}` has no protection rule");
        return Some(Diagnostic::refused(what).hint(format!("add required reviewers {place}")));
    }
    let lacks: Vec<String> = wanted
        .iter()
        .filter(|rule| !found.iter().any(|known| known == *rule))
        .map(|rule| format!("`{rule}`"))
        .collect();
    if lacks.is_empty() {
        return None;
    }
    let what = format!("the environment `{name}` has no rule {}", lacks.join(", "));
    let has = format!("it has {}", found.join(", "));
    Some(Diagnostic::refused(what).note(has).hint(format!("add it {place}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(found: Option<&[&str]>, wanted: &[&str]) -> String {
        let found = found.map(|kinds| kinds.iter().map(ToString::to_string).collect());
        let wrong = unprotected("o/r", "pypi", "publish", found, wanted);
        wrong.map_or_else(String::new, |wrong| wrong.message)
    }

    #[test]
    fn an_environment_wants_a_rule_or_those_that_are_named() {
        let missing = "o/r shows no environment `pypi`, which `publish` declares";
        assert_eq!(said(None, &[]), missing);
        assert_eq!(said(Some(&[]), &[]), "the environment `pypi` has no protection rule");
        assert_eq!(said(Some(&["wait_timer"]), &[]), "");
        assert_eq!(said(Some(&["wait_timer", "branch_policy"]), &["branch_policy"]), "");
        let lacks = "the environment `pypi` has no rule `required_reviewers`";
        assert_eq!(said(Some(&["wait_timer"]), &["required_reviewers", "wait_timer"]), lacks);
    }
}
