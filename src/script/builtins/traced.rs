//! What a call of a builtin means for the next run of its task: an answer that is written down, and held
//! against a later one, or one that nobody can hold against anything.
//!
//! Builtins of which nothing is said here count as the latter: a task that calls them runs each time.

use rhai::Dynamic;

use super::{Call, Phase};
use crate::script::cx::{Frame, lock};

/// Builtins whose answer depends on nothing else than what they are given, and those that note themselves
/// what they found.
const KNOWN: &[&str] = &[
    "archive::sha256sums",
    "archive::tar_gz",
    "archive::zip",
    "capture",
    "changelog::section",
    "env",
    "exec",
    "files",
    "json::parse",
    "json::read",
    "json::text",
    "os",
    "python::environment",
    "python::find",
    "python::uv",
    "read",
    "secret",
    "sh",
    "sh_raw",
    "skip",
    "t.artifacts",
    "toml::parse",
    "toml::read",
    "version",
    "write",
];

/// Builtins that note what they start before they start it: so they are known also where they fail.
const STARTING: &[&str] = &["capture", "exec", "sh", "sh_raw"];

/// Notes that a builtin was called, and what it answered; nothing if it failed, which a body may catch.
pub(super) fn note(call: &Call<'_>, value: Option<&Dynamic>) {
    match &call.frame {
        Frame::Declaring(declaring) if call.builtin.phase == Phase::Any => {
            lock(&declaring.answers).extend(value.map(|value| format!("{value:?}")));
        }
        Frame::Body(cx) if cx.noted.is_some() => {
            let title = call.builtin.title();
            let is_among = |names: &[&str]| names.contains(&title.as_str());
            if !is_among(KNOWN) {
                let why = format!("it asks `{title}`, whose answer may be another one each time");
                cx.note(|noted| noted.unsure(why));
            } else if value.is_none() && !is_among(STARTING) {
                cx.note(|noted| {
                    noted.unsure(format!("`{title}` failed in it, and may do otherwise"))
                });
            }
        }
        Frame::Declaring(_) | Frame::Body(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::builtins;

    #[test]
    fn each_name_is_one_of_a_builtin() {
        for name in KNOWN.iter().chain(STARTING) {
            assert!(builtins().any(|builtin| builtin.title() == *name), "{name}");
        }
    }
}
