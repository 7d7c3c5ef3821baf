//! A command that changes a remote in a way only the user knows.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Receipt};
use crate::model::artifact::Artifact;
use crate::model::command::Cmd;
use crate::model::task::Destination;

/// A command that changes a remote in a way only the user knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendCommand {
    /// What is started.
    pub cmd: Cmd,
    /// The same with each artifact's digest instead of its path: what it is on every machine.
    pub identity: String,
    /// The folder it starts in, relative to the project.
    pub cwd: Option<String>,
    /// The artifacts named in it.
    pub artifacts: Vec<Artifact>,
}

impl Change for SendCommand {
    fn identity(&self) -> Value {
        json!(["command", self.identity, self.cwd])
    }

    fn summary(&self) -> String {
        format!("run `{}`", self.cmd.shown())
    }

    fn files(&self) -> Vec<&Artifact> {
        self.artifacts.iter().collect()
    }

    fn destination(&self) -> Destination {
        Destination::Command
    }

    fn endpoint(&self) -> String {
        self.cmd.shown()
    }

    fn predicted(&self) -> Receipt {
        Receipt { name: self.cmd.shown(), digest: None, url: None }
    }
}
