//! What has changed: changelogs that people keep, and notes made from commits. Pure.
//!
//! `keep` reads and edits a file in the form of Keep a Changelog, `commits` reads commits, `notes` writes
//! Markdown from them, `labels` sorts them by labels of pull requests, `template` a form of the user's own. Who asks git, reads files or runs git-cliff is `script`.

pub mod commits;
pub mod keep;
pub mod labels;
pub mod notes;

mod headings;
pub mod template;

pub use keep::has_version;
