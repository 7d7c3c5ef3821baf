//! What starts a workflow, as conditions of GitLab's rules.
//!
//! GitHub's patterns are the words of the language; those that a regular expression can say too are taken: `*`
//! for all but a slash, `**` for all. Times stand in GitLab's settings, not in its file: a schedule is known by
//! its description, which has to be the workflow's name.

use super::inputs;
use crate::ci::triggers::LIVE;
use crate::model::workflow::Workflow;

/// A condition under which a job is there.
pub(super) struct Condition {
    /// In GitLab's words.
    pub(super) text: String,
    /// Whether a newer commit makes the run needless.
    pub(super) passing: bool,
}

/// What starts a workflow; `live` asks for the box that lets it send, `chosen` for its name, if several are
/// started by hand.
pub(super) fn conditions(workflow: &Workflow, live: bool, chosen: bool) -> Vec<Condition> {
    let on = &workflow.on;
    let mut all = Vec::new();
    let mut add = |source: &str, more: Option<String>, passing: bool| {
        let more = more.map(|more| format!(" && {more}")).unwrap_or_default();
        let text = format!("$CI_PIPELINE_SOURCE == \"{source}\"{more}");
        all.push(Condition { text, passing });
    };
    for branch in &on.push {
        add("push", Some(matches("$CI_COMMIT_BRANCH", branch)), false);
    }
    for tag in &on.tags {
        add("push", Some(matches("$CI_COMMIT_TAG", tag)), false);
    }
    match &on.pull_request {
        Some(branches) if branches.is_empty() => add("merge_request_event", None, true),
        branches => {
            for branch in branches.iter().flatten() {
                let into = matches("$CI_MERGE_REQUEST_TARGET_BRANCH_NAME", branch);
                add("merge_request_event", Some(into), true);
            }
        }
    }
    if !on.schedule.is_empty() {
        let known = format!("$CI_PIPELINE_SCHEDULE_DESCRIPTION == \"{}\"", workflow.name);
        add("schedule", Some(known), false);
    }
    if let Some(dispatch) = &on.dispatch {
        let named = chosen
            .then(|| format!("\"{}\" == \"{}\"", inputs::value(inputs::WORKFLOW), workflow.name));
        let ticked =
            (live && dispatch.live).then(|| format!("\"{}\" == \"true\"", inputs::value(LIVE)));
        let both: Vec<String> = named.into_iter().chain(ticked).collect();
        add("web", (!both.is_empty()).then(|| both.join(" && ")), false);
    }
    all
}

/// Whether a name can be compared with a pattern of GitHub's here.
pub(super) fn is_known(pattern: &str) -> bool {
    pattern.chars().all(|c| c.is_ascii_alphanumeric() || "-_./*@".contains(c))
}

/// The comparison of a variable with a pattern.
fn matches(variable: &str, pattern: &str) -> String {
    if pattern == "**" {
        return variable.to_owned();
    }
    if !pattern.contains('*') {
        return format!("{variable} == \"{pattern}\"");
    }
    let mut regex = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let (part, len) = match c {
            '*' if rest.starts_with("**") => (".*".to_owned(), 2),
            '*' => ("[^\\/]*".to_owned(), 1),
            '.' | '/' => (format!("\\{c}"), 1),
            c => (c.to_string(), c.len_utf8()),
        };
        regex.push_str(&part);
        rest = &rest[len..];
    }
    format!("{variable} =~ /^{regex}$/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_become_what_gitlab_compares_with() {
        for (pattern, wanted) in [
            ("main", "$B == \"main\""),
            ("**", "$B"),
            ("v*", "$B =~ /^v[^\\/]*$/"),
            ("release/**", "$B =~ /^release\\/.*$/"),
            ("v1.*", "$B =~ /^v1\\.[^\\/]*$/"),
        ] {
            assert_eq!(matches("$B", pattern), wanted);
            assert!(is_known(pattern));
        }
        assert!(["v[0-9]", "!main", "v1+", "a?", "\"", "a b"].iter().all(|other| !is_known(other)));
    }
}
