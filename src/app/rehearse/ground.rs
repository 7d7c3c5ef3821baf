//! The ground of a rehearsal: what all its settings have in common, held against other rehearsals.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::inside::{self, Isolation};
use super::machine;
use crate::app::Project;
use crate::cli::RehearseOptions;
use crate::diag::{Diagnostic, Outcome};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::rehearse::scratch;
use crate::rehearse::services::Login;
use crate::report::Output;
use crate::tools;

/// A workflow whose jobs are played, in place of one run.
#[derive(Debug)]
pub(super) struct Played {
    /// Its file's name, by which indexes know it.
    pub(super) file: String,
    /// What has started it.
    pub(super) event: String,
    /// What its jobs may, in the order of its file.
    pub(super) jobs: Vec<Login>,
}

/// What all settings of one rehearsal have in common.
pub(super) struct Ground<'a> {
    pub(super) host: &'a Arc<Host>,
    pub(super) project: &'a Project<'a>,
    pub(super) options: &'a RehearseOptions,
    pub(super) output: Output,
    /// Whether a task edits.
    pub(super) edits: bool,
    pub(super) played: Option<Played>,
    pub(super) stop: Stop,
    pub(super) isolation: Isolation,
    pub(super) commit: String,
    pub(super) caches: PathBuf,
    pub(super) place: PathBuf,
    _alone: std::fs::File,
}

impl<'a> Ground<'a> {
    /// The ground of this project's rehearsals, held against others.
    ///
    /// # Errors
    /// Another rehearsal of it is running, or a folder cannot be made.
    pub(super) fn new(
        host: &'a Arc<Host>,
        project: &'a Project<'a>,
        options: &'a RehearseOptions,
        (output, edits): (Output, bool),
    ) -> Outcome<Self> {
        let stop = Stop::default();
        host.stop_on_signals(&stop).map_err(|error| machine("cannot listen to signals", &error))?;
        let caches = tools::cache(host)?.join("rehearsal");
        let place = caches.join(Digest::of(project.root.to_string_lossy().as_bytes()).short());
        fs::make_dir(&place).map_err(|error| machine("cannot make a folder", &error))?;
        let alone = fs::lock(&place.join("lock")).map_err(|error| {
            let wrong = Diagnostic::usage(format!("this project cannot be rehearsed now: {error}"));
            wrong.hint("wait for the rehearsal that is running")
        })?;
        let isolation = inside::tried(host, program(host)?, &stop);
        let commit = scratch::head(host, &project.root)?;
        Ok(Self {
            host,
            commit,
            project,
            options,
            output,
            edits,
            played: None,
            stop,
            isolation,
            caches,
            place,
            _alone: alone,
        })
    }
}

/// rel's own file.
///
/// # Errors
/// It is not known.
pub(super) fn program(host: &Host) -> Outcome<&Path> {
    let missing = || Box::new(Diagnostic::machine("rel does not find its own file"));
    host.program.as_deref().ok_or_else(missing)
}
