//! Reading attestations where they are published: an index's integrity API, GitHub's store.
//!
//! Sources: <https://docs.pypi.org/api/integrity/>;
//! <https://docs.github.com/rest/repos/attestations>. What comes back is only read, not believed. No login
//! goes to an index, since what it has is public; GitHub gets the run's token if there is one, because it
//! answers strangers seldom.

use super::{Trouble, pypi};
use crate::attest::read::{Given, read};
use crate::dist::{self, filename};
use crate::host::Host;
use crate::host::net::{Answer, Login, travels_in_the_clear};
use crate::host::stop::Stop;
use crate::model::task::Index;

const INTEGRITY: &str = "application/vnd.pypi.integrity.v1+json, application/json;q=0.9";
const GITHUB: &str = "application/vnd.github+json";
/// Variables with a token for GitHub, in order.
const TOKENS: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

/// The index at an address: the simple repository API's, or the site's that has it.
pub fn index_at(address: &str) -> Index {
    let site = address.trim_end_matches('/');
    let site = site.strip_suffix("/simple").unwrap_or(site);
    Index {
        name: address.to_owned(),
        upload: String::new(),
        simple: format!("{site}/simple/"),
        user: String::new(),
        password: Vec::new(),
        insecure: false,
        exchange: None,
    }
}

/// What an index has of a file's attestations; none if it has none.
///
/// # Errors
/// The name is that of no distribution, or the index cannot be asked.
pub fn of_index(
    host: &Host,
    index: &Index,
    name: &str,
    stop: &Stop,
) -> Result<Vec<Given>, Trouble> {
    let dist = filename::parse(name).map_err(|wrong| Trouble::Refused {
        reason: wrong.message,
        hint: "an index is asked by the file's name: give the file the name that it has there"
            .into(),
    })?;
    let site = index.simple.trim_end_matches('/').trim_end_matches("/simple");
    let url = format!("{site}/integrity/{}/{}/{name}/provenance", dist.project, dist.version);
    let answer = host.net().get(&url, INTEGRITY, None, stop)?;
    given(&answer)
}

/// What GitHub keeps of a repository's attestations about a digest; none if it keeps none, or does not
/// tell.
///
/// # Errors
/// It cannot be asked.
pub fn of_github(
    host: &Host,
    repository: &str,
    sha256: &str,
    stop: &Stop,
) -> Result<Vec<Given>, Trouble> {
    let api = &host.endpoints.github.api;
    let url = format!("{api}/repos/{repository}/attestations/sha256:{sha256}?per_page=100");
    let token = TOKENS.iter().find_map(|name| host.env.secret(name));
    let login = token.filter(|_| !travels_in_the_clear(&url)).map(Login::Bearer);
    let answer = host.net().get(&url, GITHUB, login.as_ref(), stop)?;
    given(&answer)
}

/// The files of a version, each with its digest.
///
/// # Errors
/// The index cannot be asked, or does not tell a digest.
pub fn files(
    host: &Host,
    index: &Index,
    project: &str,
    version: &str,
    stop: &Stop,
) -> Result<Vec<(String, String)>, Trouble> {
    let project = filename::normalize(project);
    let Some(page) = pypi::page(host, index, &project, None, stop)? else { return Ok(Vec::new()) };
    let of_version = page.files.into_iter().filter(|file| {
        filename::parse(&file.filename).is_ok_and(|dist| dist::same_version(&dist.version, version))
    });
    let told = of_version.map(|file| match file.sha256 {
        Some(sha256) => Ok((file.filename, sha256)),
        None => Err(Trouble::Refused {
            reason: format!("{} does not tell the digest of {}", index.name, file.filename),
            hint: "download the file, and verify that".into(),
        }),
    });
    told.collect()
}

fn given(answer: &Answer) -> Result<Vec<Given>, Trouble> {
    match answer.status {
        200 => read(&answer.body)
            .map_err(|what| Trouble::Unclear(format!("{} answered {what}", answer.url))),
        404 => Ok(Vec::new()),
        401 | 403 => Err(Trouble::Refused {
            reason: format!("{} answered {}", answer.url, answer.status),
            hint: "it refuses to tell: try again later, or check the token in GH_TOKEN".into(),
        }),
        status => Err(Trouble::Unclear(format!("{} answered {status}", answer.url))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::net::Fields;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            reason: String::new(),
            fields: Fields::from([("content-type", "application/json")]),
            url: "https://index.example/x".into(),
            body: body.into(),
        }
    }

    #[test]
    fn an_index_is_known_by_its_site_or_its_pages() {
        for address in [
            "https://i.example",
            "https://i.example/",
            "https://i.example/simple",
            "https://i.example/simple/",
        ] {
            assert_eq!(index_at(address).simple, "https://i.example/simple/", "{address}");
        }
        assert_eq!(index_at("https://i.example/a/simple/").simple, "https://i.example/a/simple/");
    }

    #[test]
    fn having_none_is_an_answer_and_anything_else_is_trouble() {
        assert_eq!(given(&answer(404, "{}")), Ok(Vec::new()));
        assert_eq!(given(&answer(200, r#"{"attestations": []}"#)), Ok(Vec::new()));
        assert!(matches!(given(&answer(200, "<html>")), Err(Trouble::Unclear(_))));
        assert!(matches!(given(&answer(403, "")), Err(Trouble::Refused { .. })));
        assert!(matches!(given(&answer(500, "")), Err(Trouble::Unclear(_))));
    }
}
