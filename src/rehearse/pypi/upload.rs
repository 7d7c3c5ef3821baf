//! An upload: all checks in the order of the real index, and the file stored at their end.
//!
//! The order is the point: of two faults a client gets to see the first. Nothing is changed before the
//! last check has passed. Not modelled: whether a description can be rendered (that takes docutils), MD5
//! (counted as a digest, not compared), the scan for malware, a user's e-mail address and second
//! factor, organisations. Turned down: collecting all faults, which no client ever sees.

use serde_json::Value;

use super::archive::Archive;
use super::attestations::Judge;
use super::catalog::{Digests, File, Project};
use super::filename::{self, Expected};
use super::form::Form;
use super::metadata::Metadata;
use super::refusal::{Checked, Refusal, bad, quoted};
use super::tokens::Token;
use super::{Flag, Index, rules};
use crate::rehearse::http::{Part, Request, Response};

/// How long a release takes new files, in seconds.
const OPEN: u64 = 14 * 24 * 3600;

/// An upload on its way through the checks.
struct Upload<'a> {
    form: &'a Form,
    metadata: &'a Metadata,
    token: &'a Token,
    part: &'a Part,
    filename: &'a str,
    at: u64,
}

impl Index {
    /// Requests to the upload address, by method and `:action`.
    pub(super) fn legacy(&mut self, request: &Request, at: u64) -> Checked<Response> {
        let slash = request.path.ends_with('/');
        if request.method != "POST" {
            let page = slash && matches!(request.method.as_str(), "GET" | "HEAD");
            let action = request.query(":action").is_some();
            return if page && !action {
                Ok(Response::of(200, "text/html; charset=UTF-8", b"<!DOCTYPE html>\n".to_vec()))
            } else {
                Err(super::method_refused())
            };
        }
        if !slash {
            let text = "An upload was attempted to /legacy but the expected upload URL is /legacy/ (with a trailing slash)";
            let mut refusal = Refusal::new(308, text, rules::TRAILING_SLASH);
            refusal.location = Some("/legacy/".into());
            return Err(refusal);
        }
        let parts = request.parts().unwrap_or_default();
        let named = parts.iter().find(|part| part.name == ":action");
        let named = named.map(|part| String::from_utf8_lossy(&part.bytes).into_owned());
        match request.query(":action").map(str::to_owned).or(named).as_deref() {
            Some("file_upload") => self.upload(request, at),
            Some("submit" | "submit_pkg_info") => {
                let text = "Project pre-registration is no longer required or supported, upload your files instead.";
                Err(Refusal::new(410, text, rules::OLD_ACTION))
            }
            Some("doc_upload") => {
                let text = "Uploading documentation is no longer supported, we recommend using https://readthedocs.org/.";
                Err(Refusal::new(410, text, rules::OLD_ACTION))
            }
            _ => Err(super::method_refused()),
        }
    }

    fn upload(&mut self, request: &Request, at: u64) -> Checked<Response> {
        let mut form = Form::read(request)?;
        self.check_open()?;
        let token = self.tokens.identify(request)?.clone();
        form.check()?;
        let metadata = Metadata::read(&form)?;
        let Some(part) = form.content.take() else {
            return bad("Upload payload does not have a file.", rules::NO_FILE);
        };
        let filename = part.filename.clone().unwrap_or_default();
        let upload = Upload {
            form: &form,
            metadata: &metadata,
            token: &token,
            part: &part,
            filename: &filename,
            at,
        };
        let Some(file) = self.checked(&upload)? else {
            return Ok(Response::text(200, ""));
        };
        self.catalog.store(&metadata.name, &metadata.version, &form, file);
        // The newest spelling of the name is the one that is shown.
        self.catalog.project_mut(&metadata.name, at).name.clone_from(&metadata.name);
        Ok(Response::text(200, ""))
    }

    fn check_open(&self) -> Checked {
        if self.flags.contains(&Flag::ReadOnly) {
            let text = "Read-only mode: Uploads are temporarily disabled.";
            return Err(Refusal::new(403, text, rules::READ_ONLY));
        }
        if self.flags.contains(&Flag::NoUploads) {
            let text = format!(
                "New uploads are temporarily disabled. See {}#admin-intervention for more information.",
                rules::HELP
            );
            return Err(Refusal::new(403, text, rules::NO_UPLOADS));
        }
        Ok(())
    }

    /// The file to be stored, or nothing if it is stored already.
    fn checked(&self, upload: &Upload<'_>) -> Checked<Option<File>> {
        let made;
        let project = match self.catalog.project(&upload.metadata.name) {
            Some(project) => project,
            None => {
                made = self.new_project(upload)?;
                &made
            }
        };
        upload.token.check(project, upload.at)?;
        upload.check_name_and_size(project)?;
        let digests = upload.check_digests()?;
        if self.is_stored(upload, &digests)? {
            return Ok(None);
        }
        upload.check_release(project)?;
        let archive = Archive::check(upload.filename, &upload.part.bytes)?;
        let metadata = upload.check_contents(&archive)?;
        let provenance = self.check_attestations(upload, &digests)?;
        Ok(Some(File {
            name: upload.filename.to_owned(),
            kind: upload.form.filetype().to_owned(),
            python: upload.form.pyversion().to_owned(),
            comment: upload.form.first("comment").unwrap_or_default().to_owned(),
            bytes: upload.part.bytes.clone(),
            digests,
            metadata,
            provenance,
            stored: upload.at,
            serial: 0,
        }))
    }

    /// The provenance of a file with attestations.
    fn check_attestations(&self, upload: &Upload<'_>, digests: &Digests) -> Checked<Option<Value>> {
        if self.flags.contains(&Flag::NoProvenance) {
            return Ok(None);
        }
        let predicates = [
            format!("{}/attestations/publish/v1", self.settings.docs),
            "https://slsa.dev/provenance/v1".into(),
        ];
        let judge = Judge { attest: &self.settings.attest, predicates };
        judge.check(upload.form, upload.token, upload.filename, &digests.sha256)
    }

    /// A project that does not exist yet.
    fn new_project(&self, upload: &Upload<'_>) -> Checked<Project> {
        let name = &upload.metadata.name;
        if !upload.token.may_create() {
            return bad(
                format!(
                    "Non-user identities cannot create new projects. This was probably caused by successfully using a pending publisher but specifying the project name incorrectly (either in the publisher or in your project's metadata). Please ensure that both match. See: {}/trusted-publishers/troubleshooting/",
                    rules::DOCS
                ),
                rules::NEW_PROJECT,
            );
        }
        if self.flags.contains(&Flag::TooManyProjects) {
            return Err(Refusal::new(429, "Too many new projects created", rules::MANY_PROJECTS));
        }
        self.check_new_name(name)?;
        Ok(Project::new(name, upload.at))
    }

    /// Whether the very same file is here already; a refusal if one like it is or was.
    fn is_stored(&self, upload: &Upload<'_>, digests: &Digests) -> Checked<bool> {
        let help = format!("See {}#file-name-reuse for more information.", rules::HELP);
        if let Some(known) = self.catalog.known(upload.filename, &digests.blake2) {
            if known.name == upload.filename && known.digests == *digests {
                return Ok(true);
            }
            let (name, hash) = (quoted(upload.filename), quoted(&digests.blake2));
            return bad(
                format!("File already exists ({name}, with blake2_256 hash {hash}). {help}"),
                rules::FILE_EXISTS,
            );
        }
        if self.catalog.was_used(upload.filename) {
            return bad(
                format!(
                    "This filename was previously used by a file that has since been deleted. Use a different version. {help}"
                ),
                rules::FILENAME_USED,
            );
        }
        Ok(false)
    }
}

impl Upload<'_> {
    fn check_name_and_size(&self, project: &Project) -> Checked {
        filename::check(self.filename, self.form.filetype())?;
        let kind = self.part.content_type.as_deref();
        if kind.is_some_and(|kind| kind.is_empty() || kind.starts_with("image/")) {
            return bad("Invalid distribution file.", rules::MEDIA_TYPE);
        }
        let (largest, total) = project.limits;
        let size = u64::try_from(self.part.bytes.len()).unwrap_or(u64::MAX);
        let left = total.saturating_sub(project.size());
        // The body is read piece by piece: what is crossed first is told.
        let place = format!("{}/project-management/storage-limits", rules::DOCS);
        let name = quoted(&self.metadata.name);
        if size > largest && largest <= left {
            return bad(
                format!(
                    "File too large. Limit for project {name} is {} MB. See {place}#requesting-a-file-size-limit-increase for more information.",
                    largest >> 20
                ),
                rules::FILE_SIZE,
            );
        }
        if size > left {
            return bad(
                format!(
                    "Project size too large. Limit for project {name} total size is {} GB. See {place}#requesting-a-project-size-limit-increase",
                    total >> 30
                ),
                rules::PROJECT_SIZE,
            );
        }
        Ok(())
    }

    fn check_digests(&self) -> Checked<Digests> {
        let digests = Digests::of(&self.part.bytes);
        let given = |name: &str, right: &str| {
            self.form.first(name).is_none_or(|given| given.eq_ignore_ascii_case(right))
        };
        if given("sha256_digest", &digests.sha256) && given("blake2_256_digest", &digests.blake2) {
            return Ok(digests);
        }
        bad(
            "The digest supplied does not match a digest calculated from the uploaded file.",
            rules::DIGEST,
        )
    }

    fn check_release(&self, project: &Project) -> Checked {
        let Some(release) = project.release(&self.metadata.version) else {
            return Ok(());
        };
        if release.created + OPEN < self.at {
            return bad(
                "Uploading new files to releases older than 14 days is not allowed.",
                rules::RELEASE_AGE,
            );
        }
        let sdist = |kind: &str| kind == "sdist";
        if sdist(self.form.filetype()) && release.files.iter().any(|file| sdist(&file.kind)) {
            return bad("Only one sdist may be uploaded per release.", rules::ONE_SDIST);
        }
        Ok(())
    }

    /// Checks the name against the metadata, then what is inside; gives a wheel's `METADATA`.
    fn check_contents(&self, archive: &Archive<'_>) -> Checked<Option<Vec<u8>>> {
        let expected = Expected { project: &self.metadata.name, version: &self.metadata.version };
        let wheel = self.form.filetype() == "bdist_wheel";
        if wheel {
            expected.check_wheel(self.filename)?;
        } else {
            expected.check_sdist(self.filename)?;
        }
        let licences = self.form.all("license_file");
        for licence in licences.into_iter().filter(|path| !path.is_empty()) {
            archive.check_licence(self.filename, licence)?;
        }
        if wheel { archive.check_wheel(self.filename) } else { Ok(None) }
    }
}
