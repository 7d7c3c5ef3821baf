//! The page of a plan as Markdown, for a job summary or a comment.
//!
//! Names stand in character references, or in `<pre>` where only `<`, `>` and `&` mean something. Long
//! lists are cut, and so is the page, because GitHub drops a summary that is larger than 1 MiB as a whole.

use std::fmt::Write as _;

use super::{
    COLUMNS, Earlier, File, Inside, Page, addresses, ahead, changes, facts, rows, said, shown,
    since, sum,
};
use crate::dist::contents::Member;
use crate::model::artifact::human_size;
use crate::report::summary::reference;

/// Most files of an archive that are listed.
const MOST: usize = 500;
/// The longest page, in bytes: other steps of the job have something to say too.
const ROOM: usize = 900 << 10;
/// The last line of a page that is cut.
const MORE: &str = "… `rel show` without `--markdown` shows the other files\n";

/// Writes texts so that they mean nothing to Markdown, with secrets masked before they are escaped.
struct Safe<'a>(&'a dyn Fn(&str) -> String);

impl Safe<'_> {
    /// A text anywhere.
    fn plain(&self, text: &str) -> String {
        reference(&shown(&(self.0)(text)), |c| !(c.is_alphanumeric() || c == ' '))
    }

    /// A text in `<pre>`.
    fn pre(&self, text: &str) -> String {
        reference(&shown(&(self.0)(text)), |c| matches!(c, '<' | '>' | '&'))
    }

    /// A table below a title; nothing without rows.
    fn table(&self, title: &str, head: &[&str], rows: Vec<Vec<String>>) -> String {
        if rows.is_empty() {
            return String::new();
        }
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let head: Vec<String> = head.iter().map(|name| (*name).to_owned()).collect();
        let rule = vec!["---".to_owned(); head.len()];
        let mut text = format!("#### {title}\n\n{}{}", line(&head), line(&rule));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| self.plain(cell)).collect();
            text += &line(&cells);
        }
        text + "\n"
    }

    /// A list that is folded, and cut where it is long.
    fn folded(&self, title: &str, lines: &[String]) -> String {
        let mut text = format!("<details><summary>{}</summary>\n\n<pre>\n", self.plain(title));
        for line in lines.iter().take(MOST) {
            let _ = writeln!(text, "{}", self.pre(line));
        }
        if lines.len() > MOST {
            let _ = writeln!(text, "… and {} more", lines.len() - MOST);
        }
        text + "</pre>\n\n</details>\n\n"
    }

    fn inside(&self, file: &File<'_>) -> String {
        match &file.inside {
            Inside::Members(members) => {
                let line = |one: &Member| format!("{:>9}  {}", human_size(one.size), one.name);
                let lines: Vec<String> = members.iter().map(line).collect();
                self.folded(&sum(members), &lines)
            }
            Inside::Plain => format!("{}, no archive\n\n", human_size(file.artifact.size)),
            Inside::Unknown(why) => format!("{}\n\n", self.plain(why)),
        }
    }

    fn file(&self, file: &File<'_>) -> String {
        let (name, digest) = (file.artifact.file_name(), &file.artifact.sha256);
        let mut text = format!("#### {}\n\n<code>sha256 {digest}</code>\n\n", self.plain(name));
        text += &self.inside(file);
        if let Some(line) = since(&file.earlier) {
            let _ = write!(text, "{}\n\n", self.plain(&line));
        }
        if let Earlier::Found(_, difference) = &file.earlier
            && !difference.is_empty()
        {
            let lines = changes(difference);
            let plural = if lines.len() == 1 { "" } else { "s" };
            text += &self.folded(&format!("{} change{plural}", lines.len()), &lines);
        }
        text
    }
}

/// The page as Markdown; `mask` takes secrets out of a text.
pub fn markdown(page: &Page<'_>, mask: &dyn Fn(&str) -> String) -> String {
    let (plan, safe) = (page.plan, Safe(mask));
    let mut text = format!("### plan of {}\n\n", safe.plain(&plan.goals.join(" ")));
    let pair = |(name, value): (&str, String)| vec![name.to_owned(), value];
    text += &safe.table("the plan", &["", ""], facts(plan).into_iter().map(pair).collect());
    let effects = rows(plan).into_iter().map(|row| row.to_vec());
    text += &safe.table("what goes where", &COLUMNS, effects.collect());
    let places = addresses(plan).into_iter().map(|(place, address)| vec![place, address]);
    text += &safe.table("addresses", &["place", "address"], places.collect());
    let there = ahead(plan).into_iter().map(|(place, versions)| vec![place, versions]);
    let head = ["place", "versions"];
    text += &safe.table("versions there that are not older", &head, there.collect());
    let guards = plan.guards.iter().map(|guard| {
        let (state, found) = said(guard);
        vec![guard.guard.clone(), state.to_owned(), found]
    });
    text +=
        &safe.table("guards, when the plan was made", &["guard", "", "found"], guards.collect());
    for one in &page.files {
        let part = safe.file(one);
        if text.len() + part.len() + MORE.len() > ROOM {
            return text + MORE;
        }
        text += &part;
    }
    text
}
