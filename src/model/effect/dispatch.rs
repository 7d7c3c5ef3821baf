//! A workflow on GitHub is started by hand: what it does then is another run's matter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Receipt};
use crate::model::task::Destination;

/// The start of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// The site, such as `https://git.corp.example`.
    pub server: String,
    /// `owner/name`.
    pub repository: String,
    /// The workflow's file, such as `release.yml`.
    pub workflow: String,
    /// The branch or tag that it runs on.
    pub reference: String,
    /// The commit that this is.
    pub commit: String,
    /// What it is given.
    pub inputs: BTreeMap<String, String>,
    /// Number of its newest run before: what is newer has come of this. 0 if there was none.
    pub after: u64,
    /// When the run began that starts it, in milliseconds since 1970: each start is one of its own, also if
    /// nothing else has changed.
    pub at: u64,
}

impl Change for Dispatch {
    fn identity(&self) -> Value {
        json!(["dispatch", self])
    }

    fn summary(&self) -> String {
        let Self { workflow, reference, repository, .. } = self;
        let given: Vec<String> =
            self.inputs.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("start {workflow} on {reference} of {repository}{}", given.concat())
    }

    fn destination(&self) -> Destination {
        Destination::Actions
    }

    fn endpoint(&self) -> String {
        format!("{}/{}", self.server, self.repository)
    }

    fn predicted(&self) -> Receipt {
        let name = format!("{} on {}", self.workflow, self.reference);
        let url = format!("{}/actions/workflows/{}", self.endpoint(), self.workflow);
        Receipt { name, digest: None, url: Some(url) }
    }
}
