//! Whether a job of a CI service is the one that a release was planned for, asked before anything costs time.
//!
//! A plan holds who made it and the environments that its tasks declare. A job that applies it is held against
//! that: by the variables of its runner, and by the claims of its identity where it has one, which alone tell the
//! environment on GitHub. An index would refuse another identity too, but late and without saying why; a bundle that another
//! run made is refused by nobody else. Outside of a CI service there is nothing to compare.
//! From GitHub's "OpenID Connect reference" and GitLab's "OpenID Connect (OIDC) Authentication Using ID Tokens".

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::session::Session;
use crate::diag::{Diagnostic, Word};
use crate::host::Host;
use crate::host::stop::Stop;
use crate::plan::{Identity, Plan};
use crate::remote::oidc;
use crate::workflow::FOLDER;

/// What is told of a run: its name here, the runner's variable, the token's claim.
type Fact = (&'static str, &'static str, &'static str);

/// A CI service: its name, the variable by which it is known, what it tells, the variable of the environment.
struct Service {
    name: &'static str,
    known_by: &'static str,
    facts: [Fact; 4],
    environment: &'static str,
}

const SERVICES: [Service; 2] = [
    Service {
        name: "github",
        known_by: "GITHUB_ACTIONS",
        facts: [
            ("repository", "GITHUB_REPOSITORY", "repository"),
            ("workflow", "GITHUB_WORKFLOW_REF", "workflow_ref"),
            ("event", "GITHUB_EVENT_NAME", "event_name"),
            ("ref", "GITHUB_REF", "ref"),
        ],
        environment: "",
    },
    Service {
        name: "gitlab",
        known_by: "GITLAB_CI",
        facts: [
            ("repository", "CI_PROJECT_PATH", "project_path"),
            ("workflow", "CI_CONFIG_PATH", ""),
            ("event", "CI_PIPELINE_SOURCE", "pipeline_source"),
            ("ref", "CI_COMMIT_REF_NAME", "ref"),
        ],
        environment: "CI_ENVIRONMENT_NAME",
    },
];
const SERVICE: &str = "service";

fn service(host: &Host) -> Option<&'static Service> {
    SERVICES.iter().find(|service| host.env.get(service.known_by) == Some("true"))
}

/// A workflow's file without the ref that it was taken from, which is told apart.
fn plain(text: &str) -> &str {
    if text.contains(".yml@") || text.contains(".yaml@") {
        text.split('@').next().unwrap_or(text)
    } else {
        text
    }
}

/// Who this run is, as its runner says; nothing outside of a CI service.
pub(super) fn origin(host: &Host) -> BTreeMap<String, String> {
    let Some(service) = service(host) else { return BTreeMap::new() };
    let of = |(what, variable, _): &Fact| {
        let value = host.env.get(variable).filter(|value| !value.is_empty())?;
        Some(((*what).to_owned(), plain(value).to_owned()))
    };
    let name = (SERVICE.to_owned(), service.name.to_owned());
    std::iter::once(name).chain(service.facts.iter().filter_map(of)).collect()
}

/// What is otherwise than planned in the job that applies this part of a plan.
pub(super) fn against(host: &Host, plan: &Plan, stop: &Stop) -> Vec<Diagnostic> {
    let Some(service) = service(host) else { return Vec::new() };
    let here = Here { service, claims: oidc::shown(host, stop), env: origin(host) };
    let environment = host.env.get(service.environment);
    let sends = |task: &str| plan.effects.iter().any(|planned| planned.task == task);
    here.against(&plan.identity, environment, &sends)
}

/// What a job shows.
struct Here {
    service: &'static Service,
    claims: Map<String, Value>,
    env: BTreeMap<String, String>,
}

impl Here {
    fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    fn against(
        &self,
        planned: &Identity,
        environment: Option<&str>,
        sends: &dyn Fn(&str) -> bool,
    ) -> Vec<Diagnostic> {
        let mut wrong = Vec::new();
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        if let Some(other) = planned.origin.get(SERVICE).filter(|name| *name != self.service.name) {
            wrong.push(of_run(SERVICE, self.service.name, other, self.service.known_by));
            return wrong;
        }
        for (what, variable, claim) in self.service.facts {
            let Some(wanted) = planned.origin.get(what) else { continue };
            let of_env = self.env.get(what).map(|found| (found.as_str(), variable.to_owned()));
            let of_token = self.claim(claim).map(|found| (plain(found), shown(claim)));
            let all = [of_env, of_token].into_iter().flatten();
            // Names of refs and events are told apart by case, those of repositories and files are not.
            let exact = matches!(what, "ref" | "event");
            let fits = |found: &str| if exact { found == wanted } else { same(found, wanted) };
            let other = all.into_iter().find(|(found, _)| !fits(found));
            wrong.extend(other.map(|(found, by)| of_run(what, found, wanted, &by)));
        }
        let by_token = self.claim("environment").map(|found| (found, shown("environment")));
        let of_env = environment.map(|found| (found, self.service.environment.to_owned()));
        let found = by_token.or(of_env);
        // Where nothing tells it, none is no other.
        let tells = !self.claims.is_empty() || !self.service.environment.is_empty();
        for (task, wanted) in planned.environments.iter().filter(|(task, _)| sends(task)) {
            match &found {
                Some((found, _)) if same(found, wanted) => {}
                None if !tells => {}
                other => wrong.push(of_environment(task, wanted, other.as_ref())),
            }
        }
        wrong
    }
}

fn shown(claim: &str) -> String {
    format!("the claim `{claim}` of its token")
}

fn of_run(what: &str, found: &str, wanted: &str, by: &str) -> Diagnostic {
    let message = format!("this job's {what} is `{found}`, and the plan was made for `{wanted}`");
    let wrong = Diagnostic::refused(message).note(format!("it is told by {by}"));
    wrong.hint("apply it in the run of CI that made it, or make it anew here")
}

fn of_environment(task: &str, wanted: &str, found: Option<&(&str, String)>) -> Diagnostic {
    let has = found.map_or_else(
        || "no environment".to_owned(),
        |(found, _)| format!("the environment `{found}`"),
    );
    let message = format!("this job has {has}, and `{task}` is planned for `{wanted}`");
    let wrong = Diagnostic::refused(message);
    let wrong = match found {
        Some((_, by)) => wrong.note(format!("it is told by {by}")),
        None => wrong,
    };
    wrong.hint("look at the job's `environment`: `rel ci check` tells where the file differs from the Releasefile")
}

/// What stands against building a release here: the Releasefile says which workflow releases, and whoever trusts
/// that one would refuse this.
pub(super) fn elsewhere(session: &Session) -> Option<Diagnostic> {
    let (host, options) = (&session.host, &session.options);
    if options.live || options.plan_file.is_none() || host.env.get("GITHUB_ACTIONS") != Some("true")
    {
        return None;
    }
    let started = plain(host.env.get("GITHUB_WORKFLOW_REF")?);
    let (of, file) = started.split_once(&format!("/{FOLDER}/"))?;
    let (of, file) = (of.to_owned(), file.to_owned());
    let runs = |words: &[Word]| {
        !words.is_empty() && words.iter().all(|word| options.words.contains(&word.text))
    };
    let workflows = &session.script.declared.workflows;
    let mut known = workflows.iter().filter(|one| !one.on.call && runs(&one.run)).peekable();
    let first = known.peek().map(|one| (one.name.clone(), one.site.clone()))?;
    if !known.any(|one| format!("{}.yml", one.name) == file) {
        let goals = options.words.join(" ");
        let message =
            format!("`{goals}` is released by {}.yml, and {file} has started this", first.0);
        let wrong = Diagnostic::refused(message).at(&first.1);
        let wrong = wrong
            .note("indexes compare the file that was started with the publisher that they trust");
        return Some(
            wrong.hint(format!("start {}.yml, or generate it: `rel ci generate github`", first.0)),
        );
    }
    let origin = session.repository()?;
    if origin.eq_ignore_ascii_case(&of) {
        return None;
    }
    let message = format!("this run is one of {of}, and its checkout is of {origin}");
    let wrong = Diagnostic::refused(message);
    Some(wrong.hint("check out the repository that the workflow is in"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    const RUN: [(&str, &str); 5] = [
        ("service", "github"),
        ("repository", "acme/demo"),
        ("workflow", "acme/demo/.github/workflows/release.yml"),
        ("event", "push"),
        ("ref", "refs/tags/v1"),
    ];

    /// What is said of a job with these variables and claims, each instead of the planned one.
    fn said(env: Option<(&str, &str)>, claims: &Value, service: usize) -> Vec<String> {
        let planned = Identity {
            origin: texts(&RUN),
            environments: texts(&[("publish", "pypi"), ("other", "testpypi")]),
        };
        let mut here = texts(&RUN);
        here.extend(env.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let claims = claims.as_object().unwrap().clone();
        let here = Here { service: &SERVICES[service], claims, env: here };
        let wrong = here.against(&planned, None, &|task| task == "publish");
        wrong.into_iter().map(|wrong| wrong.message).collect()
    }

    #[test]
    fn each_thing_that_is_not_as_planned_is_named() {
        let token = |key: &str, value: &str| {
            let mut all = json!({ "environment": "pypi", "repository": "Acme/demo",
                "workflow_ref": "acme/demo/.github/workflows/release.yml@refs/tags/v1" });
            all[key] = value.into();
            all
        };
        assert!(said(None, &json!({}), 0).is_empty(), "no token tells no environment");
        assert!(said(None, &token("event_name", "push"), 0).is_empty());
        for (env, claims, wanted) in [
            (Some(("repository", "acme/fork")), json!({}), "repository is `acme/fork`"),
            (Some(("event", "pull_request")), json!({}), "event is `pull_request`"),
            (Some(("ref", "refs/tags/V1")), json!({}), "ref is `refs/tags/V1`"),
            (None, token("ref", "refs/heads/main"), "ref is `refs/heads/main`"),
            (None, token("workflow_ref", "a/b/.github/workflows/x.yml@m"), "workflow is `a/b/"),
            (None, token("environment", "other"), "the environment `other`, and `publish`"),
            (None, json!({ "sub": "x" }), "no environment, and `publish` is planned for `pypi`"),
        ] {
            let said = said(env, &claims, 0);
            assert!(said.len() == 1 && said[0].contains(wanted), "{wanted}: {said:?}");
        }
        let other = said(None, &json!({}), 1);
        assert_eq!(other, ["this job's service is `gitlab`, and the plan was made for `github`"]);
    }
}
