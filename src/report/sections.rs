//! Sections of a job's log on GitLab, one for each task, which people fold.
//!
//! A mark is a name between control characters. What tasks print is rid of those before, so that nobody forges
//! one; names are numbers, since GitLab allows few letters. There is no command that masks: rel masks what it
//! prints itself. From GitLab's page "Job logs", custom collapsible sections.

use std::collections::BTreeMap;

use crate::host::Host;

const ERASE: &str = "\u{1b}[0K";

/// The sections that are open; nowhere else than on GitLab is one opened.
pub(super) struct Sections {
    wanted: bool,
    count: usize,
    open: BTreeMap<String, usize>,
}

impl Sections {
    /// None yet.
    pub(super) fn of(host: &Host) -> Self {
        let wanted = host.env.get("GITLAB_CI") == Some("true");
        Self { wanted, count: 0, open: BTreeMap::new() }
    }

    /// Whether the log has sections.
    pub(super) fn are_shown(&self) -> bool {
        self.wanted
    }

    /// What opens a task's section at a time in seconds; `title` is what people see.
    pub(super) fn open(&mut self, task: &str, title: &str, at: u64) -> String {
        if !self.wanted {
            return String::new();
        }
        self.count += 1;
        self.open.insert(task.to_owned(), self.count);
        format!("{ERASE}section_start:{at}:rel_{}\r{ERASE}{title}\n", self.count)
    }

    /// What closes it, if it is open.
    pub(super) fn close(&mut self, task: &str, at: u64) -> String {
        let Some(number) = self.open.remove(task) else { return String::new() };
        format!("{ERASE}section_end:{at}:rel_{number}\r{ERASE}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_opens_a_section_of_its_own_and_closes_that() {
        let mut sections = Sections { wanted: true, count: 0, open: BTreeMap::new() };
        let first = sections.open("a", "a", 7);
        assert_eq!(first, "\u{1b}[0Ksection_start:7:rel_1\r\u{1b}[0Ka\n");
        sections.open("b:3.11,x", "b", 7);
        assert_eq!(sections.close("a", 9), "\u{1b}[0Ksection_end:9:rel_1\r\u{1b}[0K\n");
        assert!(sections.close("b:3.11,x", 9).contains(":rel_2\r"));
        assert_eq!(sections.close("a", 9), "", "it is closed");
    }

    #[test]
    fn elsewhere_there_are_none() {
        let mut sections = Sections { wanted: false, count: 0, open: BTreeMap::new() };
        assert_eq!([sections.open("a", "a", 7), sections.close("a", 9)], ["", ""]);
    }
}
