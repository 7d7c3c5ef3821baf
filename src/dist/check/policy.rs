//! What a project wants of its files beyond what PyPI wants.
//!
//! It makes warnings errors, silences them, and bounds size and names. What PyPI refuses it cannot allow: the
//! upload would fail all the same.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::super::Invalid;
use super::{Level, MAX_FILE, Rule, rules};

/// What a policy is made of, as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Largest size of a file, such as `50MB`.
    pub max_size: Option<String>,
    /// Globs of names within an archive that stop.
    pub forbid: Vec<String>,
    /// Globs of names within an archive that are warned of.
    pub warn: Vec<String>,
    /// Rules whose warnings stop; `all` for each of them.
    pub stop: Vec<String>,
    /// Rules whose warnings are left out.
    pub allow: Vec<String>,
}

/// A policy, understood.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Largest size of a file in bytes.
    pub(super) max_size: u64,
    /// Names within an archive that stop.
    pub(super) forbid: GlobSet,
    /// Names within an archive that are warned of.
    pub(super) warn: GlobSet,
    stop: Vec<String>,
    allow: Vec<String>,
}

/// Endings of sizes with their bytes, the long ones first.
const UNITS: [(&str, u64); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

impl Default for Policy {
    fn default() -> Self {
        let (forbid, warn) = (GlobSet::empty(), GlobSet::empty());
        Self { max_size: MAX_FILE, forbid, warn, stop: Vec::new(), allow: Vec::new() }
    }
}

impl Policy {
    /// Understands wishes.
    ///
    /// # Errors
    /// A size, a glob or a rule that is none, or an error that is to be allowed.
    pub fn new(wishes: &Wishes) -> Result<Self, Invalid> {
        for id in wishes.stop.iter().chain(&wishes.allow).filter(|id| *id != "all") {
            if rules().all(|rule| rule.id != id) {
                let near = crate::diag::nearest(id, rules().map(|rule| rule.id));
                let hint = near.map_or_else(
                    || "see the rules in `rel dist rules`".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                return Err(Invalid::new(format!("there is no rule `{id}`"), hint));
            }
        }
        let refused = |rule: &&Rule| {
            rule.level == Level::Error && wishes.allow.iter().any(|id| id == rule.id)
        };
        if let Some(rule) = rules().find(refused) {
            let message = format!("`{}` cannot be allowed: PyPI refuses such a file", rule.id);
            return Err(Invalid::new(message, "leave it out, and mend the file"));
        }
        if wishes.allow.iter().any(|id| id == "all") {
            let message = "`all` cannot be allowed";
            return Err(Invalid::new(message, "name the rules whose warnings you accept"));
        }
        let max_size = wishes.max_size.as_deref().map_or(Ok(MAX_FILE), size)?;
        let (forbid, warn) = (globs(&wishes.forbid)?, globs(&wishes.warn)?);
        let (stop, allow) = (wishes.stop.clone(), wishes.allow.clone());
        Ok(Self { max_size, forbid, warn, stop, allow })
    }

    /// How grave it is to break a rule; `None` if nobody wants to know.
    pub(super) fn level(&self, rule: &Rule) -> Option<Level> {
        let named = |ids: &[String]| ids.iter().any(|id| id == rule.id);
        let stops = named(&self.stop) || self.stop.iter().any(|id| id == "all");
        match rule.level {
            Level::Error => Some(Level::Error),
            Level::Warning if named(&self.allow) => None,
            Level::Warning if stops => Some(Level::Error),
            Level::Warning => Some(Level::Warning),
        }
    }
}

/// A size in bytes: `50MB`, `1.5 GiB`, `4096`.
fn size(text: &str) -> Result<u64, Invalid> {
    let wrong = || Invalid::new(format!("`{text}` is no size"), "write it as `50MB` or `1GiB`");
    let bare = text.trim();
    let unit = UNITS.iter().find(|(name, _)| {
        let at = bare.len().saturating_sub(name.len());
        bare.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(name))
    });
    let (number, factor) =
        unit.map_or((bare, 1), |(name, factor)| (&bare[..bare.len() - name.len()], *factor));
    let (whole, part) = number.trim().split_once('.').unwrap_or((number.trim(), "0"));
    let digits = |text: &str| {
        !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let parse = |text: &str| text.parse::<u64>().map_err(|_| wrong());
    let scale = (0..part.len()).fold(1_u64, |scale, _| scale * 10);
    let bytes = parse(whole)?.checked_mul(factor).ok_or_else(wrong)?;
    let rest = parse(part)?.checked_mul(factor).ok_or_else(wrong)? / scale;
    Ok(bytes + rest)
}

/// Globs for names within an archive; one without `/` fits in every folder.
pub(super) fn globs(texts: &[impl AsRef<str>]) -> Result<GlobSet, Invalid> {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        let text = text.as_ref();
        let wrong = |error: globset::Error| {
            let hint = "write it as `*.pyc` or `docs/**`";
            Invalid::new(format!("`{text}` is no glob: {}", error.kind()), hint)
        };
        let glob = if text.contains('/') { text.to_owned() } else { format!("**/{text}") };
        set.add(GlobBuilder::new(&glob).literal_separator(true).build().map_err(wrong)?);
    }
    set.build().map_err(|error| Invalid::new(error.to_string(), "give fewer globs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_kinds_of_units() {
        let table = [
            ("50MB", 50_000_000),
            ("1 GiB", 1 << 30),
            ("1.5kb", 1_500),
            ("4096", 4096),
            ("0.25MiB", 1 << 18),
            ("7B", 7),
        ];
        for (text, bytes) in table {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
        for text in
            ["", "MB", "much", "1.2.3MB", "-1MB", "1.MB", "99999999999999999999", "5 TB", "é"]
        {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn globs_without_a_folder_fit_everywhere() {
        let set = globs(&["*.pyc", "docs/**"]).unwrap();
        for (name, fits) in
            [("a.pyc", true), ("p/q/a.pyc", true), ("docs/a/b", true), ("p/docs/a", false)]
        {
            assert_eq!(set.is_match(name), fits, "{name}");
        }
        assert!(globs(&["a["]).is_err());
    }

    #[test]
    fn what_pypi_refuses_cannot_be_allowed_and_rules_have_to_be_there() {
        let of = |stop: &[&str], allow: &[&str]| {
            let texts = |all: &[&str]| all.iter().map(|&id| id.to_owned()).collect();
            Policy::new(&Wishes { stop: texts(stop), allow: texts(allow), ..Wishes::default() })
        };
        let said = |stop: &[&str], allow: &[&str]| of(stop, allow).unwrap_err().message;
        assert_eq!(said(&["recor"], &[]), "there is no rule `recor`");
        assert!(said(&[], &["platform-tag"]).starts_with("`platform-tag` cannot be allowed"));
        assert_eq!(said(&[], &["all"]), "`all` cannot be allowed");
        let policy = of(&["all"], &["junk"]).unwrap();
        let level = |id: &str| policy.level(rules().find(|rule| rule.id == id).unwrap());
        assert_eq!((level("junk"), level("record")), (None, Some(Level::Error)));
        assert_eq!(
            Policy::default().level(rules().find(|rule| rule.id == "junk").unwrap()),
            Some(Level::Warning)
        );
    }
}
