//! Notes in a form of the user's own: a Jinja template, as other release tools for Python take it.
//!
//! Nothing is escaped, since Markdown is asked for; a name that is not there is an error, so that a typo
//! does not leave a hole in what is published. Turned down: a function of the Releasefile as the form,
//! which loops in backticks make hard to read.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};

use super::notes::Notes;

/// What notes are about.
#[derive(Debug, Default, serde::Serialize)]
pub struct Facts<'a> {
    /// The version, if it was told.
    pub version: Option<&'a str>,
    /// The tag before; none for the first release.
    pub since: Option<&'a str>,
    /// The day, as `2026-01-31`.
    pub date: &'a str,
    /// The page of the repository, if it is on GitHub.
    pub page: Option<&'a str>,
}

/// All that a template sees, by its names.
#[derive(serde::Serialize)]
struct Seen<'a> {
    #[serde(flatten)]
    notes: &'a Notes,
    #[serde(flatten)]
    facts: &'a Facts<'a>,
}

/// Fills a template.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn fill(template: &str, notes: &Notes, facts: &Facts<'_>) -> Result<String, String> {
    let told = |error: Error| {
        let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
        format!("{line}{}", error.detail().map_or_else(|| error.kind().to_string(), str::to_owned))
    };
    let mut form = Environment::new();
    form.set_undefined_behavior(UndefinedBehavior::Strict);
    // Tags on lines of their own leave no empty lines behind.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    form.set_syntax(syntax.map_err(told)?);
    form.render_str(template, Serde(Seen { notes, facts })).map_err(told)
}

#[cfg(test)]
mod tests {
    use super::super::commits::{Change, Commit};
    use super::super::notes::{OTHERS, usual_groups};
    use super::*;

    fn notes() -> Notes {
        let commit = |message: &str| Commit { message: message.into(), ..Commit::default() };
        let changes = ["feat(a): <new> (#3)", "fix!: x"].map(|text| Change::of(&commit(text)));
        Notes::of(changes.into(), &usual_groups(), Some(OTHERS))
    }

    #[test]
    fn a_template_sees_all_of_it() {
        let template = "{{ version }} on {{ date }} since {{ since }}\n{% for group in groups %}\n{{ group.title|upper }}\n{% for c in group.changes %}\n* {{ c.scope }}/{{ c.text }} {{ c.references|join(',') }}\n{% endfor %}\n{% endfor %}\n{{ breaking[0].text }}";
        let facts = Facts { version: Some("1.0"), since: None, date: "2026-01-31", page: None };
        let wanted = "1.0 on 2026-01-31 since None\nFEATURES\n* a/<new> 3\nx";
        assert_eq!(fill(template, &notes(), &facts).unwrap(), wanted);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let fill = |text| fill(text, &notes(), &Facts::default()).unwrap_err();
        assert!(fill("a\n{{ verzion }}").starts_with("line 2: "));
        assert!(fill("a\n\n{% for %}").starts_with("line 3: "));
    }
}
