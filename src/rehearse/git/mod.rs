//! The git remote of the rehearsal: a bare repository below the rehearsal's folder, served to
//! unmodified git over smart HTTP (<https://git-scm.com/docs/gitprotocol-http>).
//!
//! Git does what git does; written here is what GitHub adds: who may push, and which refs stay where
//! they are. This file has the way from a request to its answer, and how the remote comes to be.
//! Turned down: `git http-backend`, which is not everywhere where git is, and knows none of this.

mod access;
mod contents;
mod pkt;
mod plumbing;
mod protection;
mod push;
mod receive;
mod refs;
mod rules;
#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::Path;

pub use access::{Holder, Token};
use flate2::read::MultiGzDecoder;
pub use protection::Forbidden;
pub use rules::RULES;

use self::plumbing::Git;
use self::protection::{Keeper, Protection};
use super::http::{Request, Response};
use super::repository::{Object, Repository as _};
use crate::diag::{Diagnostic, Outcome};
use crate::host::{Host, fs};

/// Where the remote is, and what it is called.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of the site, such as `https://github.example`, without a slash at its end.
    pub web: String,
    /// `owner/name`.
    pub repository: String,
    /// Name of the branch that `HEAD` stands for.
    pub default_branch: String,
    /// Only those who have a token see it.
    pub private: bool,
}

/// A ref that a push has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Whose token it was.
    pub by: String,
    /// Its whole name.
    pub name: String,
    /// Where it was; zeroes if it was not there.
    pub old: String,
    /// Where it is; zeroes if it was deleted.
    pub new: String,
}

/// The remote.
pub struct Remote {
    settings: Settings,
    git: Git,
    tokens: Vec<Token>,
    protections: Vec<Protection>,
    moved: Vec<Moved>,
}

/// What the services of git are called in paths.
const SERVICES: &[&str] = &["git-upload-pack", "git-receive-pack"];

/// What a path asks for.
struct Asked<'a> {
    /// `owner/name`, without the ending.
    repository: &'a str,
    service: Option<&'static str>,
    /// Which refs there are, before the exchange itself.
    advertises: bool,
}

impl Remote {
    /// A remote in `folder` that holds what the checkout at `from` holds: its branches and tags. The
    /// default branch leads to its `HEAD`, unless that would be a step back.
    ///
    /// # Errors
    /// There is no commit, or git fails.
    pub fn create(host: &Host, folder: &Path, from: &Path, settings: Settings) -> Outcome<Self> {
        let failed = |why: String| {
            Box::new(Diagnostic::machine(format!("cannot make the rehearsal's remote: {why}")))
        };
        let emptied = fs::remove_dir(folder).and_then(|()| fs::make_dir(folder));
        emptied.map_err(|error| failed(error.to_string()))?;
        let git = Git::new(host, folder, "repository.git");
        let (from, into) = (from.to_string_lossy(), git.repository.to_string_lossy());
        let words = ["clone", "--quiet", "--bare", "--template=", "--", &from, &into];
        git.ask_in(folder, &words).map_err(failed)?;
        let head = git.ask(&["rev-parse", "--verify", "HEAD^{commit}"]).map_err(failed)?;
        let branch = format!("refs/heads/{}", settings.default_branch);
        let is_there = git.holds(&["rev-parse", "--verify", "--quiet", &branch]);
        if !is_there || git.holds(&["merge-base", "--is-ancestor", &branch, &head]) {
            git.ask(&["update-ref", &branch, &head]).map_err(failed)?;
        }
        git.ask(&["symbolic-ref", "HEAD", &branch]).map_err(failed)?;
        let (tokens, protections, moved) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { settings, git, tokens, protections, moved })
    }

    /// Makes a token known.
    pub fn add_token(&mut self, token: Token) {
        self.tokens.push(token);
    }

    /// A ruleset forbids something to refs whose whole name matches, such as `refs/tags/v*`.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn protect(&mut self, pattern: &str, forbidden: Forbidden) -> Result<(), String> {
        self.protections.push(Protection::new(pattern, forbidden, Keeper::Ruleset)?);
        Ok(())
    }

    /// The older way to protect branches, which has other words.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub fn protect_branch(&mut self, pattern: &str, forbidden: Forbidden) -> Result<(), String> {
        let pattern = format!("refs/heads/{pattern}");
        self.protections.push(Protection::new(&pattern, forbidden, Keeper::ProtectedBranch)?);
        Ok(())
    }

    /// Refs that pushes have moved, in order.
    pub fn moved(&self) -> &[Moved] {
        &self.moved
    }

    /// The refs, one a line.
    pub fn inventory(&self) -> Vec<String> {
        let told = |(name, object): (String, Object)| format!("git: {name} at {}", object.sha);
        self.refs("refs/").into_iter().map(told).collect()
    }

    /// Name of the branch that `HEAD` stands for.
    pub fn default_branch(&self) -> &str {
        &self.settings.default_branch
    }

    /// The bare repository's folder.
    pub fn folder(&self) -> &Path {
        &self.git.repository
    }

    /// Whether a request is one of git's; a site has pages at other paths.
    pub fn takes(request: &Request) -> bool {
        asked(request).is_some()
    }

    /// Answers a request of git.
    pub fn answer(&mut self, request: &Request, at: u64) -> Response {
        let Some(asked) = asked(request) else { return Response::text(404, "Not Found") };
        let Some(service) = asked.service else {
            return Response::text(403, DUMB).by(rules::DUMB_HTTP);
        };
        let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
        if method != if asked.advertises { "GET" } else { "POST" } {
            return Response::empty(405).by(rules::REQUEST);
        }
        let here = asked.repository.eq_ignore_ascii_case(&self.settings.repository);
        let repository = here.then_some((&*self.settings.repository, self.settings.private));
        let pushes = service == "git-receive-pack";
        let token = match access::check(&self.tokens, request, repository, pushes) {
            Ok(token) => token.cloned(),
            Err(refusal) => return refusal,
        };
        if asked.advertises {
            return self.advertise(service, request);
        }
        let Some(body) = plain_body(request) else {
            return Response::text(400, "the body is no gzip").by(rules::REQUEST);
        };
        match token {
            Some(token) if pushes => self.receive(&body, &token, at),
            _ => self.upload(&body, request),
        }
    }

    /// Which refs there are, and what the service can do.
    fn advertise(&self, service: &str, request: &Request) -> Response {
        let word = service.trim_start_matches("git-");
        // Pushing knows the older protocol only, whatever the client would like.
        let protocol = request.header("git-protocol").filter(|_| word == "upload-pack");
        let is_two = protocol.is_some_and(|said| said.split(':').any(|part| part == "version=2"));
        let mut body = Vec::new();
        if !is_two {
            body.extend(pkt::line(format!("# service={service}\n").as_bytes()));
            body.extend(pkt::FLUSH);
        }
        let words = [word, "--stateless-rpc", "--advertise-refs", "."];
        match self.git.feed(&words, b"", protocol) {
            Ok((true, refs)) => body.extend(refs),
            Ok((false, _)) => return Response::text(500, "git did not tell the refs"),
            Err(why) => return Response::text(500, why),
        }
        Response::of(200, &format!("application/x-{service}-advertisement"), body)
            .with("cache-control", "no-cache")
    }

    fn upload(&self, body: &[u8], request: &Request) -> Response {
        let words = ["upload-pack", "--stateless-rpc", "."];
        match self.git.feed(&words, body, request.header("git-protocol")) {
            Ok((_, answer)) => Response::of(200, "application/x-git-upload-pack-result", answer)
                .with("cache-control", "no-cache"),
            Err(why) => Response::text(500, why),
        }
    }
}

const DUMB: &str = "Please upgrade your git client.\nGitHub.com no longer supports git over dumb-http: https://github.com/blog/809-git-dumb-http-transport-to-be-turned-off-in-90-days";

/// What of git's a request asks for, if it does.
fn asked(request: &Request) -> Option<Asked<'_>> {
    let known = |name: &str| SERVICES.iter().copied().find(|service| *service == name);
    let path = request.path.trim_start_matches('/');
    let (path, service, advertises) = match path.strip_suffix("/info/refs") {
        Some(path) => (path, known(request.query("service").unwrap_or_default()), true),
        None => {
            let (path, service) = path.rsplit_once('/')?;
            (path, Some(known(service)?), false)
        }
    };
    let repository = path.strip_suffix(".git").unwrap_or(path);
    (repository.split('/').count() == 2).then_some(Asked { repository, service, advertises })
}

/// The body, unpacked where the client has packed it.
fn plain_body(request: &Request) -> Option<Vec<u8>> {
    if !matches!(request.header("content-encoding"), Some("gzip" | "x-gzip")) {
        return Some(request.body.clone());
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(request.body.as_slice()).read_to_end(&mut plain).ok()?;
    Some(plain)
}
