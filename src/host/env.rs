//! The environment, taken once: plain variables, and secrets that are withheld.
//!
//! A child gets the plain ones; a secret only if its task names it. What counts as a secret is told
//! by its name (`model::secret`) or declared by the Releasefile. Values of secrets are masked in
//! whatever children print.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::model::secret::{self, Secret, is_secret_name};

/// Variables at the start of the run.
#[derive(Default)]
pub struct Env {
    all: BTreeMap<String, String>,
    secrets: RwLock<BTreeSet<String>>,
    /// Values of secrets that stood in files.
    from_files: Mutex<BTreeSet<String>>,
    /// What is masked; made when first needed, anew when a secret is declared.
    forms: Mutex<Option<Arc<Option<AhoCorasick>>>>,
}

impl Env {
    /// The environment of this process. Names and values that are not Unicode are left out.
    pub fn from_process() -> Self {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let own = |(name, _): &(String, String)| name != super::rehearsed::VARIABLE;
        Self::new(std::env::vars_os().filter_map(unicode).filter(own))
    }

    /// An environment of these variables.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let all: BTreeMap<String, String> = variables.into_iter().collect();
        let secrets = all.keys().filter(|name| is_secret_name(name)).cloned().collect();
        Self { all, secrets: RwLock::new(secrets), ..Self::default() }
    }

    /// From now on this variable is a secret, whatever its name looks like.
    pub fn declare_secret(&self, name: &str) {
        self.secrets.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        *self.forms.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// From now on this value of a variable from a file is masked, if its name is a secret's.
    pub fn learn(&self, name: &str, value: &str) {
        let is_secret = secret::hides_value(name) || self.secrets().contains(name);
        let new = |values: &Mutex<BTreeSet<String>>| {
            values.lock().unwrap_or_else(PoisonError::into_inner).insert(value.to_owned())
        };
        if is_secret && new(&self.from_files) {
            *self.forms.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// A variable that is no secret, if set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let plain =
            self.all.get(name).filter(|value| !value.is_empty() && !self.secrets().contains(name));
        plain.map(String::as_str)
    }

    /// The names of all variables, secrets too.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.keys().map(String::as_str)
    }

    /// How many variables are secrets by now; never fewer than before.
    pub fn secret_count(&self) -> usize {
        self.secrets().len()
    }

    /// The secrets that only the Releasefile makes such.
    pub fn declared(&self) -> Vec<String> {
        self.secrets().iter().filter(|name| !is_secret_name(name)).cloned().collect()
    }

    /// Whether a variable of this name is a secret.
    pub fn is_secret(&self, name: &str) -> bool {
        is_secret_name(name) || self.secrets().contains(name)
    }

    /// A secret, by the name of its variable, if set and not empty.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        let value = self.all.get(name).filter(|value| !value.is_empty())?;
        Some(Secret::new(name, value))
    }

    /// Names of the secrets that a child does not get when only `allowed` ones are.
    pub fn withheld(&self, allowed: &[String]) -> Vec<String> {
        let secrets = self.secrets();
        secrets
            .iter()
            .filter(|name| self.all.contains_key(*name) && !allowed.contains(name))
            .cloned()
            .collect()
    }

    /// The variables of a child whose task may see the `allowed` secrets.
    pub fn for_child(&self, allowed: &[String]) -> BTreeMap<String, String> {
        let secrets = self.secrets();
        let seen =
            self.all.iter().filter(|(name, _)| !secrets.contains(*name) || allowed.contains(name));
        seen.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// `text` with every value of a secret replaced, in each form it may be written in.
    pub fn masked(&self, text: &str) -> String {
        match &*self.forms() {
            Some(forms) => forms.replace_all(text, &vec!["***"; forms.patterns_len()]),
            None => text.to_owned(),
        }
    }

    /// Whether there is nothing that would be replaced.
    pub fn masks_nothing(&self) -> bool {
        self.forms().is_none()
    }

    /// The same for every text within a JSON value; keys and structure stay.
    pub fn masked_json(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(self.masked(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.masked_json(item)).collect(),
            Value::Object(map) => {
                let masked = |(key, item): (String, Value)| {
                    // What a program tells records apart by is a word of rel's own.
                    let own = matches!(key.as_str(), "event" | "end" | "kind" | "state");
                    let item = if own && item.is_string() { item } else { self.masked_json(item) };
                    (key, item)
                };
                map.into_iter().map(masked).collect()
            }
            plain => plain,
        }
    }

    /// The forms in which values of secrets may be written; the longest that fits is taken.
    fn forms(&self) -> Arc<Option<AhoCorasick>> {
        let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        forms.get_or_insert_with(|| Arc::new(self.make_forms())).clone()
    }

    fn make_forms(&self) -> Option<AhoCorasick> {
        let secrets = self.secrets();
        let declared = |name: &String| !is_secret_name(name) || secret::hides_value(name);
        let values =
            secrets.iter().filter(|name| declared(name)).filter_map(|name| self.all.get(name));
        let from_files = self.from_files.lock().unwrap_or_else(PoisonError::into_inner);
        let logins = self.all.values().filter_map(|value| secret::password_in_url(value));
        let values = values.chain(from_files.iter()).map(String::as_str).chain(logins);
        let forms: BTreeSet<String> = values.flat_map(secret::forms).collect();
        let found = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        // Only gigabytes of secrets do not fit.
        found.ok().filter(|_| !forms.is_empty())
    }

    /// Whether this is a run of a CI service that rel knows.
    pub fn is_ci(&self) -> bool {
        self.get("GITHUB_ACTIONS").is_some() || self.get("GITLAB_CI").is_some()
    }

    fn secrets(&self) -> RwLockReadGuard<'_, BTreeSet<String>> {
        self.secrets.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        let pairs = [
            ("PATH", "/bin"),
            ("CORP_TOKEN", "hunter22"),
            ("GH_TOKEN", "ghp_123456"),
            ("CORP_PASS", "opensesame"),
        ];
        let env = Env::new(pairs.map(|(name, value)| (name.to_string(), value.to_string())));
        env.declare_secret("CORP_PASS");
        env
    }

    #[test]
    fn a_child_sees_only_the_secrets_it_names() {
        let child = env().for_child(&["CORP_TOKEN".into()]);
        assert_eq!(child.keys().collect::<Vec<_>>(), ["CORP_TOKEN", "PATH"]);
        assert_eq!(env().withheld(&["CORP_TOKEN".into()]), ["CORP_PASS", "GH_TOKEN"]);
    }

    #[test]
    fn values_are_masked_wherever_they_stand() {
        assert_eq!(env().masked("a hunter22, ghp_123456.opensesame"), "a ***, ***.***");
        assert_eq!(env().masked("aHVudGVyMjI= \"hunter22\""), "*** \"***\"");
        let json = serde_json::json!({ "hunter22": ["hunter22\"", 1] });
        assert_eq!(env().masked_json(json), serde_json::json!({ "hunter22": ["***\"", 1] }));
    }
}
