//! The rules for core metadata, as the upload form carries it.
//!
//! Two rounds, as on the server: first the rules of the packaging library, and only if all of them
//! hold those of the index itself. In each round the gravest fault is told, not the first. The list of
//! classifiers and that of licences are not here: of a classifier only its form and the `Private ::`
//! fuse are judged, of a licence expression only its grammar. Turned down: embedding those lists,
//! which change every month.

use std::str::FromStr as _;

use pep440_rs::Version;

use super::filename::is_project_name;
use super::form::Form;
use super::refusal::{Checked, bad, quoted};
use super::requirement::{Requirement, are_versions};
use super::{fields, rules};
use crate::rehearse::http::Rule;

/// Metadata that passed.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    /// `Name`.
    pub(super) name: String,
    /// `Version`.
    pub(super) version: Version,
}

/// A fault in one field.
struct Fault {
    /// The field's header in lower case.
    field: &'static str,
    text: String,
    rule: Rule,
}

/// Versions of the metadata that the packaging library knows.
const VERSIONS: [&str; 9] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6"];

/// The newest version that the index takes; the library knows one more.
const NEWEST: &str = "2.5";

impl Metadata {
    /// Checks the form's metadata.
    pub(super) fn read(form: &Form) -> Checked<Self> {
        told(repeated(form))?;
        told(library_faults(form))?;
        told(index_faults(form))?;
        let version = form.first("version").and_then(|text| Version::from_str(text).ok());
        let Some(version) = version else {
            return bad("'version' is a required field", rules::VERSION);
        };
        Ok(Self { name: form.first("name").unwrap_or_default().to_owned(), version })
    }
}

/// Tells the gravest of some faults.
fn told(faults: Vec<Fault>) -> Checked {
    let rank = |fault: &Fault| {
        ["metadata-version", "name", "version"]
            .iter()
            .position(|name| *name == fault.field)
            .unwrap_or(3)
    };
    let Some(worst) = faults.into_iter().min_by_key(|fault| (rank(fault), fault.field)) else {
        return Ok(());
    };
    let page = if worst.rule == rules::LOCAL_VERSION {
        "https://packaging.python.org/en/latest/specifications/version-specifiers/#local-version-identifiers"
    } else {
        "https://packaging.python.org/specifications/core-metadata"
    };
    let stop = if worst.text.ends_with('.') { "" } else { "." };
    bad(format!("{}{stop} See {page} for more information.", worst.text), worst.rule)
}

/// Single fields that were sent more than once, and labels that stand twice.
fn repeated(form: &Form) -> Vec<Fault> {
    let mut faults = Vec::new();
    for field in fields::FIELDS {
        let values = form.all(field.form);
        let twice = match field.kind {
            fields::Kind::Text => values.len() > 1,
            fields::Kind::List => false,
            fields::Kind::Urls => {
                let mut labels: Vec<&str> = values.iter().map(|pair| label(pair).0).collect();
                labels.sort_unstable();
                labels.windows(2).any(|pair| pair[0] == pair[1])
            }
        };
        if twice {
            let text = format!("{} has invalid data", quoted(field.form));
            faults.push(Fault { field: field.form, text, rule: rules::REPEATED });
        }
    }
    faults
}

/// Label and address of a project URL.
fn label(pair: &str) -> (&str, &str) {
    let (label, url) = pair.split_once(',').unwrap_or((pair, ""));
    (label.trim(), url.trim())
}

/// What the packaging library finds.
fn library_faults(form: &Form) -> Vec<Fault> {
    let mut faults = Vec::new();
    let given = form.first("metadata_version");
    let age = given.and_then(|given| VERSIONS.iter().position(|version| *version == given));
    if age.is_none() {
        let shown = given.map_or("None".into(), quoted);
        let text = format!("{shown} is not a valid metadata version");
        faults.push(Fault { field: "metadata-version", text, rule: rules::METADATA_VERSION });
    }
    for field in fields::FIELDS {
        let values = form.all(field.form);
        if values.iter().all(|value| value.is_empty()) && values.len() < 2 {
            if field.header == "version" {
                let text = "'version' is a required field".into();
                faults.push(Fault { field: field.header, text, rule: rules::VERSION });
            }
            continue;
        }
        let since = VERSIONS.iter().position(|version| *version == field.since);
        if age.is_some_and(|age| since.is_some_and(|since| since > age)) {
            let text = format!(
                "{} introduced in metadata version {}, not {}",
                field.header,
                field.since,
                given.unwrap_or_default()
            );
            faults.push(Fault { field: field.header, text, rule: rules::FIELD_AGE });
            continue;
        }
        let found = values.iter().find_map(|value| library_fault(field.header, value));
        faults.extend(found.map(|(text, rule)| Fault { field: field.header, text, rule }));
    }
    faults
}

/// What the packaging library says of one value.
fn library_fault(header: &str, value: &str) -> Option<(String, Rule)> {
    let plain = |good: bool, rule: Rule| {
        (!good).then(|| (format!("{} is invalid for {}", quoted(value), quoted(header)), rule))
    };
    match header {
        "version" => plain(Version::from_str(value).is_ok(), rules::VERSION),
        "summary" => value
            .contains(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
            .then(|| ("'summary' must be a single line".into(), rules::SUMMARY_LINE)),
        "description-content-type" => fields::content_type(value),
        "dynamic" => fields::dynamic(value),
        "provides-extra" => plain(is_project_name(value), rules::EXTRA),
        "requires-python" => plain(are_versions(value), rules::REQUIRES_PYTHON),
        "requires-dist" => plain(Requirement::parse(value).is_some(), rules::REQUIREMENT),
        "license-expression" => plain(fields::is_expression(value), rules::LICENSE_EXPRESSION),
        "license-file" => fields::license_file(value),
        "import-name" | "import-namespace" => fields::import_name(header, value),
        _ => None,
    }
}

/// What the index finds on top.
fn index_faults(form: &Form) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut push = |field, text: String, rule| faults.push(Fault { field, text, rule });
    if form.first("metadata_version") > Some(NEWEST) {
        let shown = quoted(form.first("metadata_version").unwrap_or_default());
        let text = format!("{shown} is not a valid metadata version");
        push("metadata-version", text, rules::METADATA_VERSION);
    }
    if let Some(version) = form.first("version").and_then(|text| Version::from_str(text).ok())
        && version.is_local()
    {
        let text = format!("The use of local versions in '{version}' is not allowed.");
        push("version", text, rules::LOCAL_VERSION);
    }
    if form.first("summary").is_some_and(|text| text.chars().count() > 512) {
        let text = "'summary' field must be 512 characters or less.".into();
        push("summary", text, rules::SUMMARY_LENGTH);
    }
    let mut classifiers = form.all("classifiers");
    classifiers.sort_unstable();
    if let Some(wrong) = classifiers.into_iter().find(|text| !fields::is_classifier(text)) {
        let text = format!("{} is not a valid classifier.", quoted(wrong));
        push("classifier", text, rules::CLASSIFIER);
    }
    if form.all("dynamic").iter().any(|name| name.eq_ignore_ascii_case("dynamic")) {
        let text = "Dynamic field 'dynamic' is not a valid dynamic field.".into();
        push("dynamic", text, rules::DYNAMIC);
    }
    if form.first("license").is_some() && form.first("license_expression").is_some() {
        let text = "License is deprecated when License-Expression is present. Only License-Expression should be present.";
        push("license", text.into(), rules::TWO_LICENSES);
    }
    addresses(form, &mut push);
    dependencies(form, &mut push);
    faults
}

/// Addresses of people and pages.
fn addresses(form: &Form, push: &mut impl FnMut(&'static str, String, Rule)) {
    for (name, header) in
        [("author_email", "author-email"), ("maintainer_email", "maintainer-email")]
    {
        let given = form.first(name).map(fields::mailbox).filter(|given| !given.is_empty());
        if let Some((given, Err(why))) = given.map(|given| (given, fields::mail(given))) {
            let text = format!("{} is not a valid email address: {why}", quoted(given));
            push(header, text, rules::EMAIL);
        }
    }
    for (name, header) in [("home_page", "home-page"), ("download_url", "download-url")] {
        if let Some(url) = form.first(name).filter(|url| !fields::is_url(url)) {
            push(header, format!("{} is not a valid url.", quoted(url)), rules::URL);
        }
    }
    for pair in form.all("project_urls") {
        let (label, url) = label(pair);
        let text = if label.is_empty() {
            "Must have a label".into()
        } else if label.chars().count() > 32 {
            format!("{} must be 32 characters or less.", quoted(label))
        } else if url.is_empty() {
            "Must have a URL".into()
        } else if fields::is_url(url) {
            continue;
        } else {
            format!("{} is not a valid url", quoted(url))
        };
        push("project-url", text, rules::PROJECT_URL);
    }
}

/// Requirements by address, which would tie the index to other places.
fn dependencies(form: &Form, push: &mut impl FnMut(&'static str, String, Rule)) {
    for (name, header) in [("provides_dist", "provides-dist"), ("obsoletes_dist", "obsoletes-dist")]
    {
        for value in form.all(name) {
            match Requirement::parse(value) {
                None => push(header, format!("{} is invalid", quoted(value)), rules::REQUIREMENT),
                Some(Requirement { url: Some(_), .. }) => {
                    let text = format!("Can't have direct dependency: {}", quoted(value));
                    push(header, text, rules::DIRECT);
                }
                Some(_) => {}
            }
        }
    }
    for value in form.all("requires_dist") {
        if let Some(Requirement { url: Some(_), shown }) = Requirement::parse(value) {
            push("requires-dist", format!("Can't have direct dependency: {shown}"), rules::DIRECT);
        }
    }
}
