//! Reading what each place has of a project, for `rel status`. Only reads, and no login goes to an index.
//!
//! Sources: PEP 691 for the files of a project, <https://docs.pypi.org/api/json/> for its addresses;
//! <https://doc.rust-lang.org/cargo/reference/registry-index.html>, and crates.io's API for a crate's
//! repository.

use serde_json::Value;

use super::github::look::{Fits, Look};
use super::{Trouble, crates, pypi};
use crate::dist::filename;
use crate::host::Host;
use crate::host::endpoints::GitHub;
use crate::host::stop::Stop;
use crate::model::task::Index;
use crate::status::{File, Hub, Listed, Tagged};

/// Why a place could not be asked, in one line.
pub(super) fn why(trouble: Trouble) -> String {
    let said = match trouble {
        Trouble::Refused { reason, .. } | Trouble::Later { reason, .. } => reason,
        Trouble::Unclear(why) | Trouble::Unsent(why) => why,
    };
    said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// All files that an index lists of a project; what is no wheel and no sdist is left out.
///
/// # Errors
/// Why it cannot be asked.
pub fn python(host: &Host, index: &Index, project: &str, stop: &Stop) -> Result<Listed, String> {
    let project = filename::normalize(project);
    let Some(page) = pypi::page(host, index, &project, None, stop).map_err(why)? else {
        return Ok(Listed::default());
    };
    let named = page.files.into_iter().filter_map(|file| {
        let dist = filename::parse(&file.filename).ok()?;
        let (name, yanked) = (file.filename, file.yanked);
        Some((dist.version, File { yanked, ..File::new(name, file.sha256) }))
    });
    Ok(Listed { known: true, files: named.collect() })
}

/// All versions that crates.io has of a crate, each as its file.
///
/// # Errors
/// Why it cannot be asked.
pub fn krate(host: &Host, name: &str, stop: &Stop) -> Result<Listed, String> {
    let Some(lines) = crates::lines(host, name, stop).map_err(why)? else {
        return Ok(Listed::default());
    };
    let one = |line: &Value| {
        let version = line["vers"].as_str()?.to_owned();
        let name = format!("{}-{version}.crate", line["name"].as_str().unwrap_or(name));
        let sha256 = line["cksum"].as_str().map(str::to_owned);
        let yanked = line["yanked"] == true;
        Some((version, File { yanked, ..File::new(name, sha256) }))
    };
    Ok(Listed { known: true, files: lines.iter().filter_map(one).collect() })
}

/// `owner/name` of the repository on GitHub that an index's project names, if it names one.
///
/// # Errors
/// Why it cannot be asked.
pub fn repository_of_python(
    host: &Host,
    index: &Index,
    project: &str,
    stop: &Stop,
) -> Result<Option<String>, String> {
    let site = index.simple.trim_end_matches('/').trim_end_matches("/simple");
    let url = format!("{site}/pypi/{}/json", filename::normalize(project));
    let said = said(host, &url, stop)?;
    let page = said["info"]["home_page"].as_str().map(|url| ("homepage", url));
    let urls = said["info"]["project_urls"].as_object().into_iter().flatten();
    let urls = urls.filter_map(|(label, url)| Some((label.as_str(), url.as_str()?)));
    Ok(among(&host.endpoints.github, urls.chain(page)))
}

/// The same for a crate.
///
/// # Errors
/// Why it cannot be asked.
pub fn repository_of_crate(host: &Host, name: &str, stop: &Stop) -> Result<Option<String>, String> {
    let url = format!("{}/api/v1/crates/{name}", host.endpoints.crates.api);
    let said = said(host, &url, stop)?;
    let of = |key| Some((key, said["crate"][key].as_str()?));
    let urls = ["repository", "homepage"].into_iter().filter_map(of);
    Ok(among(&host.endpoints.github, urls))
}

fn said(host: &Host, url: &str, stop: &Stop) -> Result<Value, String> {
    let answer =
        host.net().get(url, "application/json", None, stop).map_err(|no| why(no.into()))?;
    match answer.status {
        200 => super::json_of(&answer).map_err(why),
        404 => Ok(Value::Null),
        status => Err(format!("{url} answered {status}")),
    }
}

/// The repository among addresses with labels: one that is called the source goes first.
fn among<'a>(github: &GitHub, urls: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    const SOURCE: [&str; 4] = ["source", "repo", "code", "github"];
    let rank = |label: &str| {
        let label = label.to_ascii_lowercase();
        let is = |word: &&str| label.contains(*word);
        if SOURCE.iter().any(is) { 0 } else { 1 + u8::from(!is(&"home")) }
    };
    let named = urls.filter_map(|(label, url)| Some((rank(label), github.repository_of(url)?)));
    let named = named.filter(|(_, name)| is_repository(name));
    named.min_by_key(|(rank, _)| *rank).map(|(_, name)| name)
}

/// Whether this can be a repository: what indexes tell was written by others.
fn is_repository(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let part = |part: &str| part.chars().all(inner) && !part.chars().all(|c| c == '.');
    name.split_once('/')
        .is_some_and(|(owner, name)| part(owner) && part(name) && owner != "sponsors")
}

/// The tag of a version in a repository on GitHub.
///
/// # Errors
/// Why it cannot be asked.
pub fn tag(
    host: &Host,
    repository: &str,
    likely: &[String],
    fits: Fits<'_>,
    stop: &Stop,
) -> Result<Option<Tagged>, String> {
    Look::new(host, repository, stop).tag(likely, fits).map_err(why)
}

/// The release of a version on GitHub.
///
/// # Errors
/// Why it cannot be asked.
pub fn release(
    host: &Host,
    repository: &str,
    tag: Option<&str>,
    fits: Fits<'_>,
    stop: &Stop,
) -> Result<Hub, String> {
    Look::new(host, repository, stop).release(tag, fits).map_err(why)
}

#[cfg(test)]
mod tests {
    use super::among;
    use crate::host::endpoints::Endpoints;

    #[test]
    fn the_repository_is_the_address_that_is_called_the_source() {
        let github = Endpoints::default().github;
        let at = |path: &str| format!("{}/{path}", github.web);
        let of = |urls: &[(&str, String)]| {
            among(&github, urls.iter().map(|(label, url)| (*label, url.as_str())))
        };
        let urls = [
            ("Funding", at("sponsors/o")),
            ("Docs", at("o/docs")),
            ("Homepage", at("o/home")),
            ("Issues", at("o/r/issues")),
            ("Source Code", at("o/r")),
        ];
        assert_eq!(of(&urls).as_deref(), Some("o/r"));
        assert_eq!(of(&urls[..4]).as_deref(), Some("o/home"));
        assert_eq!(of(&urls[..2]).as_deref(), Some("o/docs"));
        assert_eq!(of(&urls[..1]), None);
        assert_eq!(of(&[("Source", at("o/..")), ("Code", at("o/r?x"))]), None);
    }
}
