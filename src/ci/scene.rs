//! What a workflow is made from: the Releasefile, one workflow of it, and addresses.

use super::privilege::Places;
use crate::model::task::Declared;
use crate::model::workflow::Workflow;

/// All that a workflow is made from.
pub struct Scene<'a> {
    /// What the Releasefile declares.
    pub declared: &'a Declared,
    /// The workflow.
    pub workflow: &'a Workflow,
    /// Addresses for environments.
    pub places: &'a Places,
}
