//! The JSON API of projects and releases.
//!
//! Vulnerabilities and roles are empty: a rehearsal has none. Turned down: leaving it out in favour of
//! the simple pages, because twine's `--skip-existing` asks it.

use pep440_rs::Version;
use serde_json::{Map, Value, json};

use super::catalog::{Digests, File, Project, Release};
use super::filename::normalised;
use super::refusal::{Checked, Refusal};
use super::{Index, rules};
use crate::calendar::rfc3339;
use crate::rehearse::http::Response;

/// Fields of the form that are shown as they are.
const SINGLE: [&str; 14] = [
    "summary",
    "description_content_type",
    "description",
    "keywords",
    "license",
    "license_expression",
    "author",
    "author_email",
    "maintainer",
    "maintainer_email",
    "requires_python",
    "platform",
    "home_page",
    "download_url",
];

impl Index {
    /// A release, or a project's newest one with the list of all.
    pub(super) fn release(&self, name: &str, version: Option<&str>, at: u64) -> Checked<Response> {
        let not_found = || Refusal::new(404, "Not Found", rules::NOT_FOUND);
        let project = self.catalog.project(name).ok_or_else(not_found)?;
        let files = self.listed(project, at);
        let wanted = version.and_then(|text| text.parse::<Version>().ok());
        let release = match version {
            Some(_) => files.iter().find(|(one, _)| Some(&one.version) == wanted.as_ref()),
            None => files.iter().max_by_key(|(one, _)| {
                (one.yanked.is_none(), !one.version.any_prerelease(), &one.version)
            }),
        };
        let (release, _) = release.ok_or_else(not_found)?;
        let normal = normalised(name);
        if normal != name {
            let rest = version.map(|version| format!("/{version}")).unwrap_or_default();
            let place = format!("/pypi/{normal}{rest}/json");
            return Ok(Response::empty(301).with("location", place));
        }
        let serial = files.iter().map(|(_, file)| file.serial).max().unwrap_or_default();
        let of = |release: &Release| -> Vec<Value> {
            let same = files.iter().filter(|(one, _)| one.version == release.version);
            same.map(|(one, file)| self.file(one, file)).collect()
        };
        let mut body = json!({
            "info": self.info(project, release),
            "urls": of(release),
            "vulnerabilities": [],
            "last_serial": serial,
            "ownership": { "roles": [], "organization": null },
        });
        if version.is_none() {
            let all = files.iter().map(|(one, _)| (one.version.to_string(), of(one).into()));
            body["releases"] = Value::Object(all.collect::<Map<String, Value>>());
        }
        Ok(Response::json(200, &body)
            .with("cache-control", "max-age=900, public")
            .with("x-pypi-last-serial", serial.to_string()))
    }

    fn info(&self, project: &Project, release: &Release) -> Value {
        let form = &release.form;
        let mut info = Map::new();
        info.insert("name".into(), project.name.clone().into());
        info.insert("version".into(), release.version.to_string().into());
        for name in SINGLE {
            info.insert(name.into(), form.first(name).into());
        }
        info.insert("classifiers".into(), form.all("classifiers").into());
        for (field, name) in [
            ("license_file", "license_files"),
            ("requires_dist", "requires_dist"),
            ("provides_extra", "provides_extra"),
            ("dynamic", "dynamic"),
        ] {
            let values = form.all(field);
            info.insert(name.into(), (!values.is_empty()).then_some(values).into());
        }
        let pairs = form.all("project_urls");
        let urls = pairs.iter().filter_map(|pair| pair.split_once(','));
        let urls: Map<String, Value> =
            urls.map(|(label, url)| (label.trim().into(), url.trim().into())).collect();
        info.insert(
            "project_urls".into(),
            (!urls.is_empty()).then_some(Value::Object(urls)).into(),
        );
        let page = format!("{}/project/{}/", self.settings.base, project.name);
        info.insert("release_url".into(), format!("{page}{}/", release.version).into());
        info.insert("package_url".into(), page.clone().into());
        info.insert("project_url".into(), page.into());
        info.insert("yanked".into(), release.yanked.is_some().into());
        info.insert("yanked_reason".into(), reason(release));
        Value::Object(info)
    }

    fn file(&self, release: &Release, file: &File) -> Value {
        let time = rfc3339(file.stored);
        json!({
            "filename": file.name,
            "packagetype": file.kind,
            "python_version": file.python,
            "has_sig": false,
            "comment_text": file.comment,
            "digests": { "sha256": file.digests.sha256, "blake2b_256": file.digests.blake2 },
            "core-metadata": core_metadata(file),
            "size": file.bytes.len(),
            "downloads": -1,
            "upload_time": time.trim_end_matches('Z'),
            "upload_time_iso_8601": time,
            "url": format!("{}{}", self.settings.base, file.path()),
            "requires_python": release.form.first("requires_python"),
            "yanked": release.yanked.is_some(),
            "yanked_reason": reason(release),
        })
    }
}

fn reason(release: &Release) -> Value {
    release.yanked.as_deref().filter(|reason| !reason.is_empty()).into()
}

/// The digest of a wheel's metadata, or `false` (PEP 714).
pub(super) fn core_metadata(file: &File) -> Value {
    file.metadata
        .as_ref()
        .map_or(json!(false), |metadata| json!({ "sha256": Digests::of(metadata).sha256 }))
}
