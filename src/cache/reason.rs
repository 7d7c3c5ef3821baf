//! Why an instance has to run.

use super::mark::{Items, Mark};
use super::record::{Kind, Sets};

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Nothing is known of an earlier run that was good.
    NeverRan,
    /// Its last run says nothing of the next one.
    Unsure(String),
    /// A file that it made is not in the store any more.
    Lost(String),
    /// Something that it depends on differs.
    Differs(Kind, String, How),
    /// Its inputs cannot be looked at.
    Unreadable(String),
}

/// In what way something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is not as it was.
    Changed,
    /// It was not there.
    New,
    /// It is not there any more.
    Gone,
}

impl Reason {
    /// One word for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NeverRan => "never-ran",
            Self::Unsure(_) => "unsure",
            Self::Lost(_) => "lost",
            Self::Unreadable(_) => "unreadable",
            Self::Differs(kind, ..) => match kind {
                Kind::Said => "said",
                Kind::Variables => "variable",
                Kind::Programs => "tool",
                Kind::Inputs => "input",
                Kind::Read => "read",
                Kind::Needs => "need",
            },
        }
    }

    /// What differs, by name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Lost(name) => Some(name),
            Self::Differs(_, name, _) => Some(name.split('\t').next().unwrap_or(name)),
            Self::NeverRan | Self::Unsure(_) | Self::Unreadable(_) => None,
        }
    }

    /// The reason as people read it.
    pub fn text(&self) -> String {
        let (kind, name, how) = match self {
            Self::NeverRan => return "it has not run well before".into(),
            Self::Unsure(why) | Self::Unreadable(why) => return why.clone(),
            Self::Lost(name) => return format!("`{name}`, which it made, is gone from the store"),
            Self::Differs(kind, name, how) => (kind, name, how),
        };
        let changed = match how {
            How::Changed => "changed",
            How::New => "is new",
            How::Gone => "is gone",
        };
        match kind {
            Kind::Said => format!("{name} {changed}"),
            Kind::Variables => format!("variable `{name}` {changed}"),
            Kind::Programs => match name.split_once('\t') {
                Some((word, path)) if !path.is_empty() && word != path => {
                    format!("tool `{word}` {changed} ({path})")
                }
                _ => format!("tool `{}` {changed}", name.trim_end_matches('\t')),
            },
            Kind::Inputs => format!("input `{name}` {changed}"),
            Kind::Read => format!("`{name}`, which it reads, {changed}"),
            Kind::Needs => format!("`{name}` made other files"),
        }
    }
}

/// What differs between two sets of one kind.
pub(super) fn between(kind: Kind, before: &Items, now: &Items) -> Vec<Reason> {
    let of = |items: &Items, name: &str| {
        let at = items.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok();
        at.map(|at| items[at].1).filter(|mark| *mark != Mark::NONE)
    };
    let mut names: Vec<&String> = before.iter().chain(now).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    let differs = |name: &&String| {
        let how = match (of(before, name), of(now, name)) {
            (Some(one), Some(other)) if one != other => How::Changed,
            (None, Some(_)) => How::New,
            (Some(_), None) => How::Gone,
            _ => return None,
        };
        Some(Reason::Differs(kind, (*name).clone(), how))
    };
    let found: Vec<Reason> = names.iter().filter_map(differs).collect();
    if kind == Kind::Programs { moved(found) } else { found }
}

/// A program that is found elsewhere is one change, not one that is gone and one that is new.
fn moved(found: Vec<Reason>) -> Vec<Reason> {
    let word = |reason: &Reason| reason.name().map(str::to_owned);
    let mut told: Vec<Reason> = Vec::new();
    for reason in found {
        match told.iter_mut().find(|known| word(known) == word(&reason)) {
            Some(known) => {
                let newer = if matches!(reason, Reason::Differs(_, _, How::New)) {
                    reason
                } else {
                    known.clone()
                };
                if let Reason::Differs(kind, name, _) = newer {
                    *known = Reason::Differs(kind, name, How::Changed);
                }
            }
            None => told.push(reason),
        }
    }
    told
}

/// All that differs between the sets of two runs.
pub(super) fn all(before: &Sets, now: &Sets) -> Vec<Reason> {
    let each = Kind::ALL.into_iter().zip(before.iter().zip(now));
    each.flat_map(|(kind, (before, now))| between(kind, before, now)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(pairs: &[(&str, &str)]) -> Items {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), Mark::of(text))).collect()
    }

    #[test]
    fn what_differs_is_named() {
        let before = items(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let now = items(&[("a", "2"), ("c", "1"), ("d", "1")]);
        let told: Vec<String> =
            between(Kind::Inputs, &before, &now).iter().map(Reason::text).collect();
        assert_eq!(told, ["input `a` changed", "input `b` is gone", "input `d` is new"]);
    }

    #[test]
    fn a_tool_that_is_found_elsewhere_has_changed() {
        let before = items(&[("ruff\t/a/ruff", "1")]);
        let now = items(&[("ruff\t/b/ruff", "1")]);
        let told: Vec<String> =
            between(Kind::Programs, &before, &now).iter().map(Reason::text).collect();
        assert_eq!(told, ["tool `ruff` changed (/b/ruff)"]);
    }
}
