//! Where something stands in a workflow's file, and which action stands there.

use super::yaml::Node;

/// A place in a workflow's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl From<&Node> for Place {
    fn from(node: &Node) -> Self {
        Self { line: node.line, column: node.column }
    }
}

/// An action with its version.
#[derive(Debug)]
pub struct Uses<'a> {
    /// Where it stands.
    pub node: &'a Node,
    /// `owner/name/path` in small letters.
    pub name: String,
    /// What follows `@`.
    pub version: &'a str,
}

impl<'a> Uses<'a> {
    /// Reads `uses: owner/name@version`; nothing for a folder or an image.
    pub fn read(step: &'a Node) -> Option<Self> {
        let node = step.get("uses")?;
        let (name, version) = node.text()?.split_once('@')?;
        let foreign = !name.starts_with("./") && !name.starts_with("docker:");
        foreign.then(|| Self { node, name: name.to_lowercase(), version: version.trim() })
    }
}
