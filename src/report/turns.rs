//! Whose turn it is: one task at a time is shown live, others when theirs comes.
//!
//! So output is never interleaved, and yet a long task is not silent. It prints nothing: each step
//! gives the text that may be shown now.

use std::collections::BTreeMap;

/// Tasks that run, and what is to be shown of them later.
#[derive(Default)]
pub struct Turns {
    /// The task that is shown live.
    live: Option<String>,
    /// Text of other tasks that are running.
    waiting: BTreeMap<String, String>,
    /// Tasks in the order in which they began.
    begun: Vec<String>,
    /// Text of tasks that have ended while another was shown.
    ended: String,
}

impl Turns {
    /// A task begins, with a text at its head.
    #[must_use]
    pub fn start(&mut self, task: String, head: String) -> String {
        self.begun.push(task.clone());
        if self.live.is_none() {
            self.live = Some(task);
            return head;
        }
        self.waiting.insert(task, head);
        String::new()
    }

    /// Whether a task has begun and not ended.
    pub fn has_begun(&self, task: &str) -> bool {
        self.begun.iter().any(|known| known == task)
    }

    /// A task says something.
    #[must_use]
    pub fn say(&mut self, task: &str, text: String) -> String {
        match self.waiting.get_mut(task) {
            Some(waiting) => {
                waiting.push_str(&text);
                String::new()
            }
            None => text,
        }
    }

    /// Something is said that belongs to no task.
    #[must_use]
    pub fn aside(&mut self, text: String) -> String {
        if self.live.is_none() {
            return text;
        }
        self.ended.push_str(&text);
        String::new()
    }

    /// A task ends, with a last text; it may never have begun.
    #[must_use]
    pub fn finish(&mut self, task: &str, last: &str) -> String {
        self.begun.retain(|known| known != task);
        if self.live.as_deref() != Some(task) {
            let text = self.waiting.remove(task).unwrap_or_default() + last;
            return self.aside(text);
        }
        let mut text = format!("{last}{}", std::mem::take(&mut self.ended));
        self.live = self.begun.first().cloned();
        if let Some(next) = &self.live {
            text.push_str(&self.waiting.remove(next).unwrap_or_default());
        }
        text
    }

    /// What is left when the run is over.
    #[must_use]
    pub fn rest(&mut self) -> String {
        std::mem::take(&mut self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_is_live_and_the_others_follow_whole() {
        let mut turns = Turns::default();
        assert_eq!(turns.start("a".into(), "[a\n".into()), "[a\n");
        assert_eq!(turns.start("b".into(), "[b\n".into()), "");
        assert_eq!(turns.start("c".into(), "[c\n".into()), "");
        assert_eq!(turns.say("b", "b1\n".into()), "");
        assert_eq!(turns.say("a", "a1\n".into()), "a1\n");
        assert_eq!(turns.finish("c", "c]\n"), "");
        assert_eq!(turns.aside("note\n".into()), "");
        assert_eq!(turns.finish("a", "a]\n"), "a]\n[c\nc]\nnote\n[b\nb1\n");
        assert_eq!(turns.say("b", "b2\n".into()), "b2\n");
        assert_eq!(turns.finish("never begun", "x\n"), "");
        assert_eq!(turns.finish("b", "b]\n"), "b]\nx\n");
        assert_eq!(turns.aside("end\n".into()), "end\n");
        assert_eq!(turns.rest(), "");
    }
}
