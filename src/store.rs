//! The store: artifacts by digest, each in a folder of its own under its real name.
//!
//! A file goes in once, read-only, and is checked whenever it comes out; so a publish can only
//! send what a task made. Turned down: reading `dist/` again at publish time.

use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::model::artifact::Artifact;

/// Artifacts below one folder.
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in `root`, made when first written to.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Takes a file in.
    ///
    /// # Errors
    /// The file cannot be read, or the store not written.
    pub fn put(&self, path: &Path, name: &str) -> Outcome<Artifact> {
        self.try_put(path, name)
            .map_err(|error| Box::new(failed(&format!("cannot keep `{name}`"), &error)))
    }

    fn try_put(&self, path: &Path, name: &str) -> std::io::Result<Artifact> {
        let drafts = self.root.join("drafts");
        fs::make_dir(&drafts)?;
        let mut draft = tempfile::NamedTempFile::new_in(&drafts)?;
        let digests = fs::copy_digesting(&mut fs::open(path)?, draft.as_file_mut())?;
        let executable = fs::is_executable(path)?;
        let artifact = Artifact {
            name: name.to_owned(),
            sha256: digests.sha256,
            blake2b_256: digests.blake2b_256,
            size: digests.size,
            executable,
        };
        draft.as_file().sync_all()?;
        let place = self.place(&artifact);
        let folder = place.parent().unwrap_or(&self.root);
        fs::make_lasting_dir(folder)?;
        draft.persist(&place).map_err(|error| error.error)?;
        fs::seal_mode(&place, executable)?;
        fs::sync_dir(folder)?;
        Ok(artifact)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// Where an artifact lies under its real name. Whether it is there is not said.
    pub fn place(&self, artifact: &Artifact) -> PathBuf {
        self.root.join(artifact.sha256.as_str()).join(artifact.file_name())
    }

    /// The path of an artifact whose bytes have been checked just now.
    ///
    /// # Errors
    /// It is gone, or its bytes have changed.
    pub fn verified(&self, artifact: &Artifact) -> Outcome<PathBuf> {
        let place = self.place(artifact);
        let digests = fs::digests(&place).map_err(|error| {
            let name = artifact.file_name();
            Box::new(failed(&format!("`{name}` is gone from the store"), &error).hint(
                "give it back with `rel adopt FILE`, or as it was published with `rel adopt --from pypi`; if \
                 nothing was sent yet, build anew with `--rebuild`",
            ))
        })?;
        let same = digests.sha256 == artifact.sha256
            && digests.blake2b_256 == artifact.blake2b_256
            && digests.size == artifact.size;
        if same {
            return Ok(place);
        }
        let message = format!("`{}` has changed in the store", artifact.file_name());
        let wrong = Diagnostic::machine(message)
            .note(format!("sealed sha256 {}", artifact.sha256))
            .note(format!("found  sha256 {}", digests.sha256));
        Err(Box::new(wrong.hint(
            "find out what writes there; if nothing was sent yet, build anew with `--rebuild`",
        )))
    }
}

fn failed(message: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::machine(format!("{message}: {error}"))
}
