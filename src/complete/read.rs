//! Which command and options the words before the cursor hold, and what is asked for next.

use super::{Command, Expect, Flag, Surface};

/// What the word at the cursor may be.
#[derive(Debug)]
pub enum Asked<'a> {
    /// Nothing of rel's: the words after `--` are the task's own.
    Nothing,
    /// The value of an option.
    Value(&'a Expect),
    /// A word of a command, or an option.
    Word {
        /// The command; `None` where it is left out, or not there yet.
        command: Option<&'a Command>,
        /// Its words so far, without options.
        words: Vec<String>,
        /// Options given so far.
        used: Vec<String>,
    },
}

impl Command {
    /// The option that is written so.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.names.iter().any(|known| known == name))
    }
}

/// Reads the words before the cursor. Besides: the folder that `-C` names.
pub fn read<'a>(before: &[String], surface: &'a Surface) -> (Asked<'a>, Option<String>) {
    let run = surface.commands.iter().find(|command| command.name == "run");
    let (mut command, mut folder) = (None, None);
    let (mut words, mut used) = (Vec::new(), Vec::new());
    let mut before = before.iter();
    while let Some(word) = before.next() {
        if word == "--" {
            return (Asked::Nothing, folder);
        }
        if !word.starts_with('-') || word == "-" {
            let named = surface.commands.iter().find(|known| known.name == *word);
            match named.filter(|_| command.is_none() && words.is_empty()) {
                Some(named) => command = Some(named),
                None => words.push(word.clone()),
            }
            continue;
        }
        if let Some(attached) = word.strip_prefix("-C").filter(|text| !text.is_empty()) {
            folder = Some(attached.trim_start_matches('=').to_owned());
        }
        let name = word.split('=').next().unwrap_or(word);
        used.push(name.to_owned());
        let flag = command.or(run).and_then(|command: &Command| command.flag(word));
        let value = flag.filter(|flag| !flag.attached).and_then(|flag| flag.value.as_ref());
        if let Some(expect) = value {
            match before.next() {
                None => return (Asked::Value(expect), folder),
                Some(text) if word == "-C" => folder = Some(text.clone()),
                Some(_) => {}
            }
        }
    }
    (Asked::Word { command, words, used }, folder)
}
