//! Environments with their protection
//! (<https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments>).
//!
//! They are shown, not enforced: no job waits here. An environment that is not set up does not exist,
//! as before the first job that names it.

use serde_json::{Value, json};

use super::access::Holder;
use super::paging::Page;
use super::rules::{Checked, missing};
use super::show::{escaped, node};
use super::{Ask, Forge};
use crate::calendar::rfc3339;
use crate::rehearse::http::Response;

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Accounts of which one has to agree; nobody, if there are none.
    pub reviewers: Vec<String>,
    /// Whether nobody may agree to a run of their own.
    pub prevent_self_review: bool,
    /// How long a job waits, in minutes.
    pub wait_minutes: u64,
    /// From where it may be deployed to.
    pub branches: Branches,
}

/// From where an environment may be deployed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branches {
    /// From everywhere.
    All,
    /// From protected branches.
    Protected,
    /// From what fits one of these.
    Only(Vec<BranchPolicy>),
}

/// Names of branches or of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchPolicy {
    /// A name, with stars.
    pub pattern: String,
    /// Whether it is about tags.
    pub tag: bool,
}

impl Forge {
    pub(super) fn list_environments(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let all: Vec<Value> = (1..)
            .zip(&self.environments)
            .map(|(id, environment)| self.environment(id, environment))
            .collect();
        let (page, count) = (Page::of(ask), all.len());
        let body = json!({ "total_count": count, "environments": page.cut(all) });
        Ok(self.linked(Response::json(200, &body), &page, "environments", count))
    }

    fn numbered(&self, name: &str) -> Checked<(u64, &Environment)> {
        let mut all = (1..).zip(&self.environments);
        let same = |environment: &Environment| environment.name.eq_ignore_ascii_case(name);
        all.find(|(_, environment)| same(environment)).ok_or_else(missing)
    }

    pub(super) fn show_environment(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let (id, environment) = self.numbered(ask.arg(0))?;
        Ok(Response::json(200, &self.environment(id, environment)))
    }

    pub(super) fn list_branch_policies(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let (id, environment) = self.numbered(ask.arg(0))?;
        let Branches::Only(policies) = &environment.branches else { return Err(missing()) };
        let shown = |(number, policy): (u64, &BranchPolicy)| {
            let id = id * 1_000 + number;
            let kind = if policy.tag { "tag" } else { "branch" };
            json!({ "id": id, "node_id": node("GBP", id), "name": policy.pattern, "type": kind })
        };
        let all: Vec<Value> = (1..).zip(policies).map(shown).collect();
        let (page, count) = (Page::of(ask), all.len());
        let path =
            format!("environments/{}/deployment-branch-policies", escaped(&environment.name));
        let body = json!({ "total_count": count, "branch_policies": page.cut(all) });
        Ok(self.linked(Response::json(200, &body), &page, &path, count))
    }

    /// An environment (`environment`).
    fn environment(&self, id: u64, environment: &Environment) -> Value {
        let name = escaped(&environment.name);
        let policy = match environment.branches {
            Branches::All => Value::Null,
            Branches::Protected => {
                json!({ "protected_branches": true, "custom_branch_policies": false })
            }
            Branches::Only(_) => {
                json!({ "protected_branches": false, "custom_branch_policies": true })
            }
        };
        let page = format!("/deployments/activity_log?environments_filter={name}");
        json!({
            "id": id,
            "node_id": node("EN", id),
            "name": environment.name,
            "url": self.api(&format!("/environments/{name}")),
            "html_url": self.web(&page),
            "created_at": rfc3339(0),
            "updated_at": rfc3339(0),
            "can_admins_bypass": true,
            "protection_rules": self.protection(id, environment),
            "deployment_branch_policy": policy,
        })
    }

    fn protection(&self, id: u64, environment: &Environment) -> Vec<Value> {
        let mut rules = Vec::new();
        let mut add = |kind: &str, more: Value| {
            let id = id * 10 + rules.len() as u64;
            let mut rule = json!({ "id": id, "node_id": node("GA", id), "type": kind });
            if let (Value::Object(rule), Value::Object(more)) = (&mut rule, more) {
                rule.extend(more);
            }
            rules.push(rule);
        };
        if environment.wait_minutes > 0 {
            add("wait_timer", json!({ "wait_timer": environment.wait_minutes }));
        }
        if !environment.reviewers.is_empty() {
            let reviewer = |login: &String| {
                let account = self.account(&Holder::User(login.clone()));
                json!({ "type": "User", "reviewer": account })
            };
            let reviewers: Vec<Value> = environment.reviewers.iter().map(reviewer).collect();
            let itself = environment.prevent_self_review;
            let more = json!({ "prevent_self_review": itself, "reviewers": reviewers });
            add("required_reviewers", more);
        }
        if environment.branches != Branches::All {
            add("branch_policy", json!({}));
        }
        rules
    }
}
