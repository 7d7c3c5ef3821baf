//! What the index shows: the simple pages, provenance, downloads.
//!
//! The JSON API of releases is in `releases`. Turned down: a cache with ages and purges; the one delay
//! a client notices is that a stored file is listed later.

use serde_json::{Value, json};

use super::catalog::{File, Project, Release, Standing};
use super::filename::normalised;
use super::refusal::{Checked, Refusal, preferred};
use super::releases::core_metadata;
use super::{Flag, Index, rules};
use crate::calendar::rfc3339;
use crate::rehearse::html::escaped;
use crate::rehearse::http::{Request, Response};

const JSON: &str = "application/vnd.pypi.simple.v1+json";
const HTML: &str = "application/vnd.pypi.simple.v1+html";

/// The version of the simple API.
const VERSION: &str = "1.4";

fn not_found() -> Refusal {
    Refusal::new(404, "Not Found", rules::NOT_FOUND)
}

fn moved(place: &str) -> Response {
    Response::empty(301).with("location", place)
}

/// The form of a simple page that the client likes best; HTML for whoever likes none.
fn simple_form(request: &Request) -> &'static str {
    let offers = ["text/html", HTML, JSON];
    let accept = request.header("accept").unwrap_or("*/*");
    preferred(accept, &offers).unwrap_or(offers[0])
}

impl Index {
    /// Whether something stored at this instant is listed already.
    pub(super) fn is_listed(&self, stored: u64, at: u64) -> bool {
        stored.saturating_add(self.lag) <= at
    }

    /// Files that are listed, with their releases; none of a project in quarantine.
    pub(super) fn listed<'a>(&self, project: &'a Project, at: u64) -> Vec<(&'a Release, &'a File)> {
        let mut files = project.files();
        let open = project.standing != Standing::Quarantined;
        files.retain(|(_, file)| open && self.is_listed(file.stored, at));
        files
    }

    /// The list of projects.
    pub(super) fn projects(&self, request: &Request, at: u64) -> Response {
        let listed = self.catalog.projects().filter(|(_, project)| {
            project.standing != Standing::Quarantined && self.is_listed(project.created, at)
        });
        let names: Vec<(&str, &str)> =
            listed.map(|(normal, project)| (normal, project.name.as_str())).collect();
        let form = simple_form(request);
        if form == JSON {
            let projects: Vec<Value> =
                names.iter().map(|(_, name)| json!({ "name": name })).collect();
            let meta = json!({ "api-version": VERSION, "_last-serial": self.catalog.serial });
            return page(form, json!({ "meta": meta, "projects": projects }).to_string(), 0);
        }
        let link = |(normal, name): &(&str, &str)| {
            format!("    <a href=\"/simple/{normal}/\">{name}</a>\n")
        };
        let links = names.iter().map(link).collect::<Vec<_>>().concat();
        let head = format!("    <meta name=\"pypi:repository-version\" content=\"{VERSION}\">\n");
        page(form, document(&head, "Simple index", &links), self.catalog.serial)
    }

    /// The page of a project.
    pub(super) fn project(&self, request: &Request, name: &str, at: u64) -> Checked<Response> {
        if !request.path.ends_with('/') {
            return Ok(moved(&format!("{}/", request.path)));
        }
        let project = self.catalog.project(name).ok_or_else(not_found)?;
        if !self.is_listed(project.created, at) {
            return Err(not_found());
        }
        let normal = normalised(name);
        if normal != name {
            return Ok(moved(&format!("/simple/{normal}/")));
        }
        let files = self.listed(project, at);
        let serial = files.iter().map(|(_, file)| file.serial).max().unwrap_or_default();
        let entries: Vec<Value> =
            files.iter().map(|(release, file)| self.entry(&normal, release, file)).collect();
        let form = simple_form(request);
        if form != JSON {
            return Ok(page(form, links(&normal, project, &entries), serial));
        }
        let mut versions: Vec<String> =
            files.iter().map(|(release, _)| release.version.to_string()).collect();
        versions.dedup();
        let body = json!({
            "meta": { "api-version": VERSION, "_last-serial": serial },
            "name": normal,
            "project-status": { "status": project.standing.word() },
            "versions": versions,
            "files": entries,
        });
        Ok(page(form, body.to_string(), serial))
    }

    /// A file on the page of its project (PEP 691, 700, 714, 740).
    fn entry(&self, project: &str, release: &Release, file: &File) -> Value {
        let base = &self.settings.base;
        let metadata = core_metadata(file);
        let provenance = file.provenance.as_ref().map(|_| {
            format!("{base}/integrity/{project}/{}/{}/provenance", release.version, file.name)
        });
        json!({
            "filename": file.name,
            "url": format!("{base}{}", file.path()),
            "hashes": { "sha256": file.digests.sha256 },
            "requires-python": release.form.first("requires_python"),
            "size": file.bytes.len(),
            "upload-time": rfc3339(file.stored),
            "yanked": match &release.yanked {
                Some(reason) if !reason.is_empty() => json!(reason),
                yanked => json!(yanked.is_some()),
            },
            "data-dist-info-metadata": metadata,
            "core-metadata": metadata,
            "provenance": provenance,
        })
    }

    /// The provenance of a file.
    pub(super) fn provenance(
        &self,
        request: &Request,
        (project, version, filename): (&str, &str, &str),
    ) -> Checked<Response> {
        let project = self.catalog.project(project).ok_or_else(not_found)?;
        let same = |release: &Release, file: &File| {
            let version = version.parse::<pep440_rs::Version>();
            file.name == filename && version.is_ok_and(|version| version == release.version)
        };
        let files = project.files();
        let found = files.into_iter().find(|(release, file)| same(release, file));
        let (_, file) = found.ok_or_else(not_found)?;
        let accept = request.header("accept").unwrap_or("*/*");
        let offers = ["application/vnd.pypi.integrity.v1+json", "application/json"];
        let said = |status: u16, text: &str| Response::json(status, &json!({ "message": text }));
        let Some(form) = preferred(accept, &offers) else {
            return Ok(said(406, "Request not acceptable").by(rules::NOT_ACCEPTABLE));
        };
        if self.flags.contains(&Flag::NoProvenance) {
            return Ok(said(403, "Attestations temporarily disabled").by(rules::NO_PROVENANCE));
        }
        let Some(provenance) = &file.provenance else {
            let text = format!("No provenance available for {}", file.name);
            return Ok(said(404, &text).by(rules::WITHOUT_PROVENANCE));
        };
        Ok(Response::of(200, form, provenance.to_string().into_bytes()))
    }

    /// A file, or a wheel's metadata.
    pub(super) fn download(&self, request: &Request) -> Checked<Response> {
        let path = request.segments().join("/");
        let is = |file: &&File, path: &str| file.path().trim_start_matches('/') == path;
        if let Some(file) = self.catalog.all().find(|file| is(file, &path)) {
            return Ok(Response::of(200, "application/octet-stream", file.bytes.clone()));
        }
        let wheel = path.strip_suffix(".metadata");
        let file = wheel.and_then(|path| self.catalog.all().find(|file| is(file, path)));
        let metadata = file.and_then(|file| file.metadata.clone()).ok_or_else(not_found)?;
        Ok(Response::of(200, "application/octet-stream", metadata))
    }
}

fn page(form: &str, body: String, serial: u64) -> Response {
    Response::of(200, form, body.into_bytes())
        .with("cache-control", "max-age=600, public")
        .with("vary", "Accept")
        .with("x-pypi-last-serial", serial.to_string())
}

fn document(head: &str, title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n  <head>\n{head}    <title>{title}</title>\n  </head>\n  <body>\n{body}  </body>\n</html>\n"
    )
}

/// The page of links (PEP 503).
fn links(name: &str, project: &Project, entries: &[Value]) -> String {
    let title = format!("Links for {name}");
    let body = entries.iter().map(link).collect::<Vec<_>>().concat();
    let head = format!(
        "    <meta name=\"pypi:repository-version\" content=\"{VERSION}\">\n    <meta name=\"pypi:project-status\" content=\"{}\">\n",
        project.standing.word()
    );
    document(&head, &title, &format!("    <h1>{title}</h1>\n{body}"))
}

/// A file's link.
fn link(entry: &Value) -> String {
    let text = |place: &str| entry.pointer(place).and_then(Value::as_str).map(escaped);
    let shown = |place: &str| text(place).unwrap_or_default();
    let attribute = |name: &str, value: Option<String>| {
        value.map(|value| format!(" {name}=\"{value}\"")).unwrap_or_default()
    };
    let yanked = match &entry["yanked"] {
        Value::String(reason) => Some(escaped(reason)),
        Value::Bool(true) => Some(String::new()),
        _ => None,
    };
    let metadata = text("/core-metadata/sha256").map(|hash| format!("sha256={hash}"));
    let attributes = [
        attribute("data-requires-python", text("/requires-python")),
        attribute("data-yanked", yanked),
        attribute("data-dist-info-metadata", metadata.clone()),
        attribute("data-core-metadata", metadata),
        attribute("data-provenance", text("/provenance")),
    ];
    format!(
        "    <a href=\"{}#sha256={}\"{}>{}</a><br />\n",
        shown("/url"),
        shown("/hashes/sha256"),
        attributes.concat(),
        shown("/filename")
    )
}
