//! The job summary: what a run did, as Markdown for the page of a workflow run.
//!
//! Pure. Each text that a task or a remote could have chosen is written in character references, so
//! that it can neither end a cell nor be a link or a picture. Output of tasks is not in it.

use super::text;
use crate::model::artifact::{Artifact, human_size};
use crate::model::event::{End, Event, PlanRow, ProofRow};

/// Parts of the summary. A part is taken as a whole or not at all.
pub(super) struct Summary {
    /// Masks secrets: before a text is escaped, since that would hide them.
    mask: Box<dyn Fn(&str) -> String + Send>,
    tasks: Vec<String>,
    plan: Vec<String>,
    proof: Vec<String>,
    wrong: Vec<String>,
}

impl Summary {
    pub(super) fn new(mask: impl Fn(&str) -> String + Send + 'static) -> Self {
        let (tasks, plan, proof, wrong) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { mask: Box::new(mask), tasks, plan, proof, wrong }
    }

    /// A task ended.
    pub(super) fn task(&mut self, event: &Event) {
        let Event::TaskFinished { task, end, millis, why, artifacts, empty } = event else {
            return;
        };
        if *empty {
            return;
        }
        let why = why.as_ref().map(|why| format!(": {}", self.plain(why))).unwrap_or_default();
        let took = match end {
            End::Done | End::Failed => text::seconds(*millis),
            _ => String::new(),
        };
        let files: Vec<String> = artifacts.iter().map(|file| self.file(file)).collect();
        let (task, state, files) = (self.plain(task), text::state(*end), files.join("<br>"));
        self.tasks.push(format!("| {task} | {state}{why} | {took} | {files} |\n"));
    }

    /// A plan was made.
    pub(super) fn plan(&mut self, rows: &[PlanRow], live: bool) {
        let head = "| task | effect | on the remote |\n| --- | --- | --- |\n";
        let row = |row: &PlanRow| {
            let state = self.plain(&text::presence(row));
            format!("| {} | {} | {state} |\n", self.plain(&row.task), self.plain(&row.summary))
        };
        self.plan = table(&text::plan_title(rows, live), head, rows.iter().map(row));
    }

    /// The remotes were read back.
    pub(super) fn proof(&mut self, rows: &[ProofRow]) {
        let head = "| state | where | what | sha256 | when |\n| --- | --- | --- | --- | --- |\n";
        let row = |row: &ProofRow| {
            let (state, when) = (text::proven(row), text::sent_when(row));
            let digest = row.sha256.as_deref().unwrap_or_default();
            let (place, name, digest) =
                (self.plain(&row.destination), self.plain(&row.name), self.plain(digest));
            format!("| {state} | {place} | {name} | {digest} | {when} |\n")
        };
        self.proof = table("proof, as read back from the remotes", head, rows.iter().map(row));
    }

    /// Something is wrong; `drawn` is the diagnostic without colours.
    pub(super) fn wrong(&mut self, drawn: &str) {
        let text = reference(&(self.mask)(drawn), |c| matches!(c, '<' | '>' | '&'));
        self.wrong.push(format!("<pre>{text}</pre>\n\n"));
    }

    fn file(&self, file: &Artifact) -> String {
        let (name, size) = (self.plain(&file.name), human_size(file.size));
        format!("{name} ({size}, sha256 <code>{}</code>)", file.sha256)
    }

    /// A text that means nothing to Markdown or HTML.
    fn plain(&self, text: &str) -> String {
        let text = (self.mask)(text).replace('\n', " ");
        reference(&text, |c| !(c.is_alphanumeric() || c == ' '))
    }

    /// The Markdown, in at most `room` bytes: of what is longer, the first parts and a last line.
    pub(super) fn markdown(&self, finished: &Event, room: usize) -> String {
        let Event::RunFinished { exit, millis, message, tally, critical_path } = finished else {
            return String::new();
        };
        let mark = if *exit == 0 { "✅" } else { "❌" };
        let head =
            format!("### {mark} rel: {} ({})\n\n", self.plain(message), text::seconds(*millis));
        let pace = text::pace(*millis, *tally, critical_path).unwrap_or_default();
        let pace: Vec<String> = pace.lines().map(|line| self.plain(line)).collect();
        let pace = pace.join("<br>\n") + "\n\n";
        let columns = "| task | state | time | artifacts |\n| --- | --- | ---: | --- |\n";
        let tasks = table("", columns, self.tasks.iter().cloned());
        let parts = [
            vec![head],
            self.wrong.clone(),
            tasks,
            vec![pace],
            self.plan.clone(),
            self.proof.clone(),
        ];
        let mut text = String::new();
        for part in parts.concat() {
            if text.len() + part.len() + MORE.len() > room {
                let more = if text.len() + MORE.len() > room { "" } else { MORE };
                return text + more;
            }
            text.push_str(&part);
        }
        text
    }
}

/// The last line of a summary that is cut.
const MORE: &str = "\n… the rest stands in the log\n";

/// A table with a title; nothing without rows.
fn table(title: &str, head: &str, rows: impl Iterator<Item = String>) -> Vec<String> {
    let title = if title.is_empty() { String::new() } else { format!("#### {title}\n\n") };
    let mut parts: Vec<String> = rows.collect();
    if let Some(first) = parts.first_mut() {
        *first = format!("{title}{head}{first}");
        parts.push("\n".into());
    }
    parts
}

/// A text with some characters written as references.
pub(super) fn reference(text: &str, special: impl Fn(char) -> bool) -> String {
    let write = |c: char| if special(c) { format!("&#{};", u32::from(c)) } else { c.to_string() };
    text.chars().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Tally;

    fn finished() -> Event {
        let (message, tally) = ("done".to_owned(), Tally::default());
        Event::RunFinished { exit: 0, millis: 1230, message, tally, critical_path: Vec::new() }
    }

    fn task(name: &str) -> Event {
        let (task, end, artifacts) = (name.to_owned(), End::Done, Vec::new());
        Event::TaskFinished { task, end, millis: 420, why: None, artifacts, empty: false }
    }

    #[test]
    fn no_text_breaks_out_of_its_cell() {
        let mut summary = Summary::new(|text| text.replace("se-cret", "***"));
        summary.task(&task("a|b\n# <img src=x> [l](http://x) `c` @who &amp; \\| se-cret"));
        summary.wrong("error: </pre><script>\n\n| x | se-cret");
        let text = summary.markdown(&finished(), 1 << 20);
        let row = text.lines().find(|line| line.contains("0.42 s")).unwrap();
        assert_eq!(row.matches('|').count(), 5, "{text}");
        assert!(!row.contains(['<', '[', '`', '@', '\\']), "{text}");
        assert!(!text.contains("cret"), "{text}");
        assert_eq!(text.matches("</pre>").count(), 1, "{text}");
        assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
    }

    #[test]
    fn what_is_too_long_is_cut_between_rows() {
        let mut summary = Summary::new(|text| text.replace("se-cret", "***"));
        (0..1000).for_each(|at| summary.task(&task(&format!("task {at}"))));
        let text = summary.markdown(&finished(), 4096);
        assert!(text.len() <= 4096 && text.len() > 3800, "{}", text.len());
        assert!(text.ends_with("| 0.42 s |  |\n\n… the rest stands in the log\n"), "{text}");
        assert_eq!(summary.markdown(&finished(), 10), "");
    }
}
