//! Refs: reading, making, moving and deleting them, and the rules that stand against it.
//!
//! A ruleset is one pattern with what it forbids to everyone; nobody bypasses it. The refs of an
//! immutable release's tag are held by the same words.

use serde_json::Value;

use super::body::Body;
use super::publish::is_well_formed;
use super::rules::{self, Checked, missing, refuse};
use super::{Ask, Forge};
use crate::rehearse::http::{Response, Rule};

/// What rules forbid for refs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// Whole name of a ref, with `*` for anything but a slash, and `**` for anything.
    pub pattern: String,
    /// No ref of this name is made.
    pub creation: bool,
    /// None is moved.
    pub update: bool,
    /// None is deleted.
    pub deletion: bool,
}

impl Forge {
    pub(super) fn show_ref(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let name = format!("refs/{}", ask.arg(0));
        let object = self.git().find(&name).ok_or_else(missing)?;
        Ok(Response::json(200, &self.reference(&name, &object)))
    }

    pub(super) fn list_matching(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let found = self.git().refs(&format!("refs/{}", ask.arg(0)));
        let all: Vec<Value> =
            found.iter().map(|(name, object)| self.reference(name, object)).collect();
        Ok(Response::json(200, &Value::Array(all)))
    }

    pub(super) fn create_ref(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let body = Body::of(ask.request)?;
        let (name, sha) = (body.needed("ref")?, body.sha("sha")?);
        if !name.starts_with("refs/") || name.split('/').count() < 3 {
            let message = "Reference name must contain at least three slash-separated components.";
            return Err(refuse(422, rules::REF_NAME, message));
        }
        if !is_well_formed(name) {
            return Err(refuse(422, rules::REF_NAME, format!("{name} is not a valid ref name.")));
        }
        if self.git().find(name).is_some() {
            return Err(refuse(422, rules::REF_EXISTS, "Reference already exists"));
        }
        self.check_object(sha)?;
        if self.is_restricted(name) {
            return Err(violation(
                rules::RULE_CREATION,
                "Cannot create ref due to creations being restricted.",
            ));
        }
        self.point(name, sha)?;
        let object = self.git().find(name).ok_or_else(missing)?;
        let answer = Response::json(201, &self.reference(name, &object));
        Ok(answer.with("location", self.api(&format!("/git/{name}"))))
    }

    pub(super) fn update_ref(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let name = format!("refs/{}", ask.arg(0));
        let body = Body::of(ask.request)?;
        let (sha, force) = (body.sha("sha")?, body.flag("force")?.unwrap_or_default());
        if self.git().find(&name).is_none() {
            return Err(refuse(422, rules::REF_MISSING, "Reference does not exist"));
        }
        self.check_object(sha)?;
        if !force && !self.is_ahead(&name, sha) {
            return Err(refuse(422, rules::FAST_FORWARD, "Update is not a fast forward"));
        }
        if self.is_held(&name, |rule| rule.update) {
            return Err(violation(rules::RULE_UPDATE, "Cannot update this protected ref."));
        }
        self.point(&name, sha)?;
        let object = self.git().find(&name).ok_or_else(missing)?;
        Ok(Response::json(200, &self.reference(&name, &object)))
    }

    pub(super) fn delete_ref(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let name = format!("refs/{}", ask.arg(0));
        if self.git().find(&name).is_none() {
            return Err(refuse(422, rules::REF_MISSING, "Reference does not exist"));
        }
        if name == format!("refs/heads/{}", self.default_branch) {
            return Err(refuse(422, rules::DEFAULT_BRANCH, "Cannot delete the default branch"));
        }
        if self.is_held(&name, |rule| rule.deletion) {
            return Err(violation(rules::RULE_DELETION, "Cannot delete this protected ref."));
        }
        let deleted = self.git().delete(&name);
        deleted.map_err(|_| refuse(422, rules::REF_FAILED, "Reference update failed"))?;
        if let Some(tag) = name.strip_prefix("refs/tags/") {
            self.shelf.untag(tag);
        }
        Ok(Response::empty(204))
    }

    /// Whether a ref of this name may not be made.
    pub(super) fn is_restricted(&self, name: &str) -> bool {
        let tag = name.strip_prefix("refs/tags/");
        tag.is_some_and(|tag| self.shelf.burned.contains(tag))
            || self.protections.iter().any(|rule| rule.creation && matches(&rule.pattern, name))
    }

    fn is_held(&self, name: &str, what: impl Fn(&Protection) -> bool) -> bool {
        let tag = name.strip_prefix("refs/tags/");
        tag.is_some_and(|tag| self.shelf.locks(tag))
            || self.protections.iter().any(|rule| what(rule) && matches(&rule.pattern, name))
    }

    fn check_object(&self, sha: &str) -> Checked<()> {
        let git = self.git();
        let known = git.tag(sha).is_some() || git.commit(sha).is_some();
        known
            .then_some(())
            .ok_or_else(|| refuse(422, rules::OBJECT_MISSING, "Object does not exist"))
    }

    /// Whether the commits of a ref are all reached from `sha`.
    fn is_ahead(&self, name: &str, sha: &str) -> bool {
        let git = self.git();
        git.commit(name).is_some_and(|before| git.log(Some(sha), &before.sha).is_empty())
    }

    fn point(&self, name: &str, sha: &str) -> Checked<()> {
        let set = self.git().set(name, sha);
        set.map_err(|_| refuse(422, rules::REF_FAILED, "Reference update failed"))
    }
}

fn violation(rule: Rule, what: &str) -> Response {
    refuse(422, rule, format!("Repository rule violations found\n\n{what}\n\n"))
}

/// Whether a name fits a pattern of a ruleset.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some(at) = pattern.find('*') else { return pattern == name };
    let (start, rest) = pattern.split_at(at);
    let Some(name) = name.strip_prefix(start) else { return false };
    let (rest, deep) = match rest.strip_prefix("**") {
        Some(rest) => (rest, true),
        None => (&rest[1..], false),
    };
    let reach = if deep { name.len() } else { name.find('/').unwrap_or(name.len()) };
    (0..=reach).filter(|&at| name.is_char_boundary(at)).any(|at| matches(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_reach_as_far_as_their_stars() {
        for (pattern, name, fits) in [
            ("refs/tags/v*", "refs/tags/v1.0", true),
            ("refs/tags/v*", "refs/tags/v", true),
            ("refs/tags/v*", "refs/tags/v1/a", false),
            ("refs/tags/**", "refs/tags/v1/a", true),
            ("refs/*/v1", "refs/tags/v1", true),
            ("refs/tags/v1", "refs/tags/v10", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
