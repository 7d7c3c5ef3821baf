//! Python package indexes: the legacy upload API, and the simple API to look at what is there.
//!
//! Sources: the upload form of PyPI (<https://docs.pypi.org/api/upload/>), PEP 503 and PEP 691 for
//! looking. Files are compared by digest, never by name alone. Works with every index that twine
//! works with. Nothing is retried here.

use std::io::BufReader;
use std::sync::Arc;

use serde_json::Value;

use super::once::Once;
use super::simple::{self, SimpleFile};
use super::{Errand, Trouble, sigstore};
use crate::dist::{self, filename};
use crate::host::net::{
    Answer, Body, FormFile, Login, Write, join_url, same_origin, travels_in_the_clear,
};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::effect::{Listed, Predicate, Presence, UploadPypi};
use crate::model::task::Index;

mod cures;

use cures::advice;

const SIMPLE: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
const REASON: &str = "application/json;q=0.9, text/plain;q=0.8";

/// The login for an index: the first of its variables that is set.
pub fn login(host: &Host, index: &Index) -> Option<Login> {
    let password = index.password.iter().find_map(|name| host.env.secret(name))?;
    Some(Login::Basic { user: index.user.clone(), password })
}

/// Project pages of one look; `None` where there is no such project.
pub(super) type Pages = Once<Option<Page>>;

/// A project's page.
pub(super) struct Page {
    /// The address that answered.
    url: String,
    /// The files on it.
    pub(super) files: Vec<SimpleFile>,
    /// The project's status, if the page tells one (PEP 792).
    pub(super) status: Option<String>,
}

/// What the index holds under the file's name.
///
/// # Errors
/// The index cannot be asked, or its answer not be read.
pub(super) fn probe(
    host: &Host,
    upload: &UploadPypi,
    pages: &Pages,
    stop: &Stop,
) -> Result<Presence, Trouble> {
    let index = &upload.index;
    let page = page_of(host, upload, pages, stop)?;
    let Some(page) = page.as_ref() else { return Ok(Presence::Absent) };
    // A page may list a name twice: any other bytes under it count.
    let mut presence = Presence::Absent;
    for file in page.files.iter().filter(|file| file.filename == upload.file.file_name()) {
        let found = match &file.sha256 {
            Some(sha256) => sha256.to_ascii_lowercase(),
            None => digest_of(host, index, &page.url, file, stop)?,
        };
        if found != upload.file.sha256.as_str() {
            return Ok(Presence::Other(format!("sha256 {found}")));
        }
        presence = Presence::Same;
    }
    Ok(presence)
}

/// The page of an upload's project, read with the index's own login.
fn page_of(
    host: &Host,
    upload: &UploadPypi,
    pages: &Pages,
    stop: &Stop,
) -> Result<Arc<Option<Page>>, Trouble> {
    let UploadPypi { index, project, .. } = upload;
    pages.ask(format!("{}{project}/", index.simple), || {
        page(host, index, project, login_for(host, index, &index.simple).as_ref(), stop)
    })
}

/// The files of an upload's project.
///
/// # Errors
/// The index cannot be asked.
pub(super) fn listed(
    host: &Host,
    upload: &UploadPypi,
    pages: &Pages,
    stop: &Stop,
) -> Result<Vec<Listed>, Trouble> {
    let page = page_of(host, upload, pages, stop)?;
    Ok(page.as_ref().as_ref().map(Page::listed).unwrap_or_default())
}

impl Page {
    /// Its files, each with its version; those whose names tell none are left out.
    pub(super) fn listed(&self) -> Vec<Listed> {
        let one = |file: &SimpleFile| {
            let version = filename::parse(&file.filename).ok()?.version;
            let url = join_url(&self.url, &file.url).ok()?;
            Some(Listed { version, file: file.filename.clone(), sha256: file.sha256.clone(), url })
        };
        self.files.iter().filter_map(one).collect()
    }
}

/// The index's page of a project; `None` if it has no such project.
///
/// # Errors
/// The index cannot be asked, or its answer not be read.
pub(super) fn page(
    host: &Host,
    index: &Index,
    project: &str,
    login: Option<&Login>,
    stop: &Stop,
) -> Result<Option<Page>, Trouble> {
    let url = format!("{}{project}/", index.simple);
    let answer = host.net().get(&url, SIMPLE, login, stop)?;
    match answer.status {
        200 => {}
        404 => return Ok(None),
        401 | 403 => {
            let hint = format!("check the login that `{}` reads with", index.name);
            return Err(Trouble::Refused { reason: reason(&answer), hint });
        }
        _ => {
            return Err(Trouble::Unclear(format!("{url} answered {}", reason(&answer))));
        }
    }
    let files = simple::parse(answer.content_type(), &answer.body, &answer.url)
        .map_err(|why| Trouble::Unclear(format!("{url} is no project page: {why}")))?;
    let is_index = |body: &str| {
        ["<a", "pypi:repository-version", "Links for"].iter().any(|sign| body.contains(sign))
    };
    if files.is_empty() && answer.content_type().contains("html") && !is_index(&answer.body) {
        return Err(Trouble::Unclear(format!("{url} is no project page: it has no links")));
    }
    let status = answer.json()["project-status"]["status"].as_str().map(str::to_owned);
    Ok(Some(Page { url: answer.url, files, status }))
}

/// The digest of a file whose page does not tell it. The login goes along only to the index itself,
/// whatever the page names.
fn digest_of(
    host: &Host,
    index: &Index,
    page: &str,
    file: &SimpleFile,
    stop: &Stop,
) -> Result<String, Trouble> {
    let url = join_url(page, &file.url)?;
    let login = same_origin(&url, &index.simple).then(|| login_for(host, index, &url)).flatten();
    super::digest_of(host, &url, login.as_ref(), stop)
}

/// Sends the file.
///
/// # Errors
/// `Refused` with the server's reason, `Unclear` without an answer or with "later".
pub fn apply(errand: &Errand<'_>, upload: &UploadPypi) -> Result<(), Trouble> {
    let index = &upload.index;
    let path =
        errand.store.verified(&upload.file).map_err(|wrong| Trouble::Unsent(wrong.message))?;
    let name = upload.file.file_name();
    let opened = fs::open(&path).map_err(|error| Trouble::Unsent(error.to_string()))?;
    let dist =
        dist::read(name, BufReader::new(opened)).map_err(|wrong| Trouble::Unsent(wrong.message))?;
    let mut fields = dist::form::fields(
        &dist.name,
        &dist.metadata,
        upload.file.sha256.as_str(),
        &upload.file.blake2b_256,
    );
    if !upload.attested.is_empty() {
        fields.push(("attestations".into(), attestations(errand, upload)?));
    }
    let minted = errand.ties.tokens.login(errand.host, index, errand.stop)?;
    let by_identity = minted.is_some();
    let login = minted.or_else(|| login_for(errand.host, index, &index.upload));
    let file = FormFile { path, name: name.to_owned(), size: upload.file.size };
    let answer = errand.host.net().write(
        &Write {
            method: "POST",
            url: &index.upload,
            accept: REASON,
            fields: &[],
            login: login.as_ref(),
            body: Body::Form(&fields, &file),
        },
        errand.stop,
    )?;
    let after = answer.retry_after(errand.host.clock.now());
    match (answer.status, after) {
        // An index has at most a word to say; a page is somebody's between here and there.
        (200..=299, _) if is_page(&answer.body) => {
            Err(Trouble::Unclear(format!("{} answered a page of another kind", index.name)))
        }
        (200..=299, _) => Ok(()),
        (429 | 503, Some(after)) => Err(Trouble::Later { reason: reason(&answer), after }),
        (408 | 425 | 429 | 500..=599, _) => {
            Err(Trouble::Unclear(format!("{} answered {}", index.name, reason(&answer))))
        }
        (status, _) => {
            let reason = reason(&answer);
            let hint = advice(index, by_identity, status, &reason);
            Err(Trouble::Refused { reason, hint })
        }
    }
}

fn is_page(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(9).collect();
    ["<!doctype", "<html"].iter().any(|tag| start.to_ascii_lowercase().starts_with(tag))
}

/// The form's field with what was signed (PEP 740), as a JSON array.
fn attestations(errand: &Errand<'_>, upload: &UploadPypi) -> Result<String, Trouble> {
    let one = |predicate: &Predicate| {
        let kept = sigstore::kept(errand, &upload.file.sha256, *predicate);
        let name = predicate.name();
        kept.ok_or_else(|| Trouble::Unsent(format!("its {name} attestation is not there")))
    };
    let all: Result<Vec<Value>, Trouble> = upload.attested.iter().map(one).collect();
    Ok(Value::from(all?).to_string())
}

/// The login, but never over a readable connection to another machine.
pub(super) fn login_for(host: &Host, index: &Index, url: &str) -> Option<Login> {
    (index.insecure || !travels_in_the_clear(url)).then(|| login(host, index)).flatten()
}

/// What the server said, in one line: its code, if that says more than the status, else its message,
/// its reason phrase, its text.
fn reason(answer: &Answer) -> String {
    let message = serde_json::from_str::<Value>(&answer.body).ok().and_then(|json| {
        let text = |key: &str| json.get(key).and_then(Value::as_str).map(str::to_owned);
        // PyPI's message begins with a sentence that is the same each time.
        let code = text("code").and_then(|code| {
            let said = code.strip_prefix(&format!("{} ", answer.status))?.trim().to_owned();
            Some(said).filter(|said| said.contains(' '))
        });
        code.or_else(|| text("message")).or_else(|| text("code")).or_else(|| text("detail"))
    });
    let plain = || {
        let text = if answer.content_type().contains("html") {
            simple::plain_text(&answer.body)
        } else {
            answer.body.clone()
        };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let said = match message {
        Some(message) => message,
        None if !answer.reason.is_empty() && plain().len() > 300 => answer.reason.clone(),
        None => [answer.reason.clone(), plain()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(": "),
    };
    let said: String = said.chars().filter(|c| !c.is_control()).take(600).collect();
    if said.is_empty() { answer.status.to_string() } else { format!("{} {said}", answer.status) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::net::Fields;

    #[test]
    fn the_servers_reason_is_found_in_each_form() {
        let answer = |content_type: &str, reason: &str, body: &str| Answer {
            status: 400,
            reason: reason.into(),
            fields: Fields::from([("content-type", content_type)]),
            url: String::new(),
            body: body.into(),
        };
        assert_eq!(
            reason(&answer("application/json", "", r#"{"message":"no such","code":"400 x"}"#)),
            "400 no such"
        );
        assert_eq!(
            reason(&answer(
                "text/html",
                "",
                "<html><head>x</head><body><h1>File</h1> &#039;exists&#039;</body>"
            )),
            "400 File 'exists'"
        );
        assert_eq!(reason(&answer("text/plain", "bad name", "")), "400 bad name");
        assert_eq!(reason(&answer("", "", "")), "400");
    }
}
