//! What `rel adopt` has taken over, as lines for people and as one value for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::VERSION;
use crate::model::artifact::Artifact;

/// How a file came into the seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was not sealed.
    Added,
    /// It was, and is back in the store.
    Restored,
    /// Other bytes were, of which nothing was sent.
    Replaced,
}

impl How {
    /// Its name, for programs.
    fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Restored => "restored",
            Self::Replaced => "replaced",
        }
    }
}

/// A file that was adopted.
pub struct File {
    /// The file.
    pub artifact: Artifact,
    /// The instance whose artifact it is now.
    pub task: String,
    /// How.
    pub how: How,
    /// The places that it goes to, and whether it is there.
    pub places: Vec<(String, bool)>,
}

/// All that was adopted.
#[derive(Default)]
pub struct Adopted {
    /// The release's commit.
    pub commit: String,
    /// The files.
    pub files: Vec<File>,
    /// Names of files that are sealed, and still not in the store.
    pub gone: Vec<String>,
    /// The command that goes on.
    pub command: String,
}

/// The lines for people.
pub fn text(adopted: &Adopted) -> String {
    let commit = adopted.commit.get(..12).unwrap_or(&adopted.commit);
    let mut text = String::new();
    let width = adopted.files.iter().map(|file| file.artifact.file_name().len()).max().unwrap_or(0);
    let mut task = "";
    for file in &adopted.files {
        if file.task != task {
            task = &file.task;
            let _ = writeln!(text, "adopted for commit {commit} as what `{task}` makes:");
        }
        let (name, sha256) = (file.artifact.file_name(), file.artifact.sha256.short());
        let there = |(place, there): &(String, bool)| {
            if *there { format!("on {place}") } else { format!("missing on {place}") }
        };
        let how = match file.how {
            How::Added => None,
            How::Restored => Some("back in the store".to_owned()),
            How::Replaced => Some("in place of what was sealed".to_owned()),
        };
        let words: Vec<String> = how.into_iter().chain(file.places.iter().map(there)).collect();
        let line = format!("  {name:<width$}  {sha256}  {}", words.join(", "));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    for name in &adopted.gone {
        let _ = writeln!(text, "still gone from the store: {name}");
    }
    let _ = writeln!(
        text,
        "\nnothing was sent: `{}` sends what is missing of these files, and builds no others",
        adopted.command
    );
    text
}

/// The one value for programs.
pub fn json(adopted: &Adopted) -> Value {
    let place = |(place, there): &(String, bool)| json!({ "place": place, "there": there });
    let file = |file: &File| {
        json!({
            "name": file.artifact.file_name(), "sha256": file.artifact.sha256,
            "size": file.artifact.size, "task": file.task, "how": file.how.name(),
            "places": file.places.iter().map(place).collect::<Vec<_>>(),
        })
    };
    json!({
        "v": VERSION, "event": "adopted", "commit": adopted.commit,
        "files": adopted.files.iter().map(file).collect::<Vec<_>>(),
        "gone": adopted.gone, "command": adopted.command,
    })
}
