//! Faults on request: services of the world that fail as real ones do on a bad day.
//!
//! A fault is `SERVICE.OPERATION=KIND[xN][@K]`: it strikes N requests (one, if not said; `*` is all)
//! from the K-th on. It strikes only what is answered here, never what is read outside. The kinds are
//! those of proxies and load balancers (RFC 9110, 15.6; RFC 6585, 4), and connections that end before
//! or after a service has done its part, which a client cannot tell apart. Turned down: faults by
//! chance, which nobody can repeat, and slow answers, which would be a matter of the machine.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::http::{Reply, Request, Response, decoded};
use super::services::HOOKS;
use super::wire::RUNNER;
use super::world::World;
use crate::diag::{Diagnostic, Outcome};
use crate::host::endpoints::Endpoints;
use crate::host::net::host_of;
use crate::model::task::Index;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The service answers with this status, and has done nothing.
    Status(u16),
    /// See [`KINDS`].
    Reset,
    /// See [`KINDS`].
    Lost,
    /// See [`KINDS`].
    Truncated,
    /// See [`KINDS`].
    Empty,
    /// See [`KINDS`].
    Html,
    /// See [`KINDS`].
    Gateway,
}

/// Who lets a service fail, or leaves it alone.
pub trait Strikes: Send + Sync {
    /// What a client gets of the world's answer.
    fn reply(&self, world: &World, request: &Request) -> Reply;
}

impl Kind {
    /// Each kind with a name, and a status of each sort: over the limit, broken, down.
    pub fn all() -> Vec<Self> {
        let named = KINDS.iter().map(|(_, kind, _)| *kind);
        named.chain([429, 500, 503].map(Self::Status)).collect()
    }

    /// As it is written.
    pub fn name(self) -> String {
        if let Self::Status(status) = self {
            return status.to_string();
        }
        let named = KINDS.iter().find(|(_, kind, _)| *kind == self);
        named.map_or_else(String::new, |(name, ..)| (*name).to_owned())
    }

    /// What a client gets of the world's answer to a request that is struck.
    pub fn strike(self, world: &World, request: &Request) -> Reply {
        let response = match self {
            Self::Truncated => return Reply::Half(world.answer(request)),
            Self::Lost => {
                world.answer(request);
                return Reply::Cut;
            }
            Self::Reset => {
                world.note_fault(request, 0);
                return Reply::Cut;
            }
            Self::Status(status) => failing(status),
            Self::Empty => Response::empty(200),
            Self::Html => Response::of(200, "text/html; charset=utf-8", PAGE.into()),
            Self::Gateway => Response::of(502, "text/html; charset=utf-8", PAGE.into()),
        };
        world.note_fault(request, response.status);
        Reply::Whole(response)
    }
}

/// Kinds that have a name, with what they do.
pub const KINDS: &[(&str, Kind, &str)] = &[
    ("reset", Kind::Reset, "the connection ends without an answer; the service has done nothing"),
    ("lost", Kind::Lost, "the connection ends without an answer; the service has done it"),
    ("truncated", Kind::Truncated, "the answer breaks off in its middle; the service has done it"),
    ("empty", Kind::Empty, "200 without a body; the service has done nothing"),
    (
        "html",
        Kind::Html,
        "200 with a page, as of a login to a network; the service has done nothing",
    ),
    ("gateway", Kind::Gateway, "502 with a page, as of a proxy; the service has done nothing"),
];
const FORM: &str = "a fault is written SERVICE.OPERATION=KIND, KINDxN or KINDxN@K: \
                    `pypi.upload=503x2` fails the first two uploads";
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Fault</title></head>\
                    <body><h1>A fault on request</h1></body></html>\n";

/// Requests that a fault may strike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// `SERVICE.OPERATION`.
    pub name: String,
    /// When such a request is made.
    pub when: &'static str,
    method: &'static str,
    host: String,
    /// Parts of the path; `*` stands for one, `**` for all that follow.
    path: Vec<String>,
}

/// A fault as it was asked for, with how often it has struck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Struck {
    /// The words.
    pub fault: String,
    /// How often.
    pub times: usize,
}

/// Faults that are asked for.
#[derive(Default)]
pub struct Faults(Vec<Fault>);

struct Fault {
    words: String,
    target: Target,
    kind: Kind,
    /// The first request that it strikes, from 1, and the first that it no longer does.
    from: usize,
    until: usize,
    /// Such requests so far.
    asked: AtomicUsize,
    struck: AtomicUsize,
}

impl Faults {
    /// Reads what was asked for.
    ///
    /// # Errors
    /// One is not written as a fault, or there is no such operation or kind.
    pub fn new(words: &[String], targets: &[Target]) -> Outcome<Self> {
        words.iter().map(|words| fault(words, targets)).collect::<Outcome<_>>().map(Self)
    }

    /// Whether any has struck.
    pub fn have_struck(&self) -> bool {
        self.0.iter().any(|fault| fault.struck.load(Ordering::SeqCst) > 0)
    }

    /// How often each has struck.
    pub fn struck(&self) -> Vec<Struck> {
        let told = |fault: &Fault| Struck {
            fault: fault.words.clone(),
            times: fault.struck.load(Ordering::SeqCst),
        };
        self.0.iter().map(told).collect()
    }

    /// What strikes a request: the first of those that are due. All count it.
    fn due(&self, request: &Request) -> Option<Kind> {
        let due = |fault: &&Fault| {
            fault.target.is_met(request) && {
                let number = fault.asked.fetch_add(1, Ordering::SeqCst) + 1;
                (fault.from..fault.until).contains(&number)
            }
        };
        let due: Vec<&Fault> = self.0.iter().filter(due).collect();
        let fault = due.first()?;
        fault.struck.fetch_add(1, Ordering::SeqCst);
        Some(fault.kind)
    }
}

impl Strikes for Faults {
    fn reply(&self, world: &World, request: &Request) -> Reply {
        match if world.plays(request) { self.due(request) } else { None } {
            None => Reply::Whole(world.answer(request)),
            Some(kind) => kind.strike(world, request),
        }
    }
}

impl Target {
    fn new(
        name: String,
        when: &'static str,
        method: &'static str,
        address: &str,
        below: &str,
    ) -> Self {
        let root = address.split("://").last().and_then(|rest| rest.split_once('/'));
        let root = root.map_or("", |(_, path)| path);
        let path =
            if below.starts_with('/') { below.to_owned() } else { format!("{root}/{below}") };
        let path = parts(&path).map(str::to_owned).collect();
        Self { name, when, method, host: host_of(address).unwrap_or_default(), path }
    }

    fn is_met(&self, request: &Request) -> bool {
        let mut asked = parts(&request.path).map(decoded);
        let meets = |wanted: &String| match wanted.as_str() {
            "**" => asked.by_ref().count() > 0,
            "*" => asked.next().is_some(),
            wanted => asked.next().as_deref() == Some(wanted),
        };
        let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
        method == self.method
            && request.host == self.host
            && self.path.iter().all(meets)
            && asked.next().is_none()
    }
}

/// What can be struck: operations of the public services, and of the indexes that are declared.
pub fn targets<'a>(
    all: &'a Endpoints,
    declared: impl IntoIterator<Item = &'a Index>,
) -> Vec<Target> {
    let public = [&all.pypi, &all.testpypi].into_iter();
    let mut targets: Vec<Target> = public.chain(declared).flat_map(of_index).collect();
    let mut put = |name: &str, when, method, address: &str, below: &str| {
        targets.push(Target::new(name.to_owned(), when, method, address, below));
    };
    let (crates, github) = (&all.crates, &all.github);
    let tokens = "api/v1/trusted_publishing/tokens";
    put("crates.publish", "a crate is published", "PUT", &crates.api, "api/v1/crates/new");
    put("crates.yank", "a version is yanked", "DELETE", &crates.api, "api/v1/crates/*/*/yank");
    put("crates.mint", "an identity is exchanged for a token", "POST", &crates.api, tokens);
    put("crates.index", "the index is read", "GET", &crates.index, "**");
    put("github.release", "a release is made", "POST", &github.api, "repos/*/*/releases");
    let assets = "repos/*/*/releases/*/assets";
    put("github.asset", "a file is added to a release", "POST", &github.uploads, assets);
    put("github.publish", "a release is changed", "PATCH", &github.api, "repos/*/*/releases/*");
    let stored = "repos/*/*/attestations";
    put("github.attestation", "an attestation is stored", "POST", &github.api, stored);
    put("github.push", "git pushes", "POST", &github.web, "*/*/git-receive-pack");
    let runner = format!("https://{RUNNER}");
    put("oidc.token", "the runner is asked for an identity", "GET", &runner, "token");
    let (fulcio, rekor) = (&all.sigstore.fulcio, &all.sigstore.rekor);
    let (certificate, entry) = ("a certificate is asked for", "the log takes an entry");
    put("sigstore.certificate", certificate, "POST", fulcio, "api/v2/signingCert");
    put("sigstore.log", entry, "POST", rekor, "api/v1/log/entries");
    put("notify.webhook", "a webhook in a secret is called", "POST", HOOKS, "**");
    targets
}

fn of_index(index: &Index) -> Vec<Target> {
    let target = |name: &str, when, method, address: &str, below: &str| {
        Target::new(format!("{}.{name}", index.name), when, method, address, below)
    };
    let mut targets = vec![
        target("upload", "a distribution is uploaded", "POST", &index.upload, ""),
        target("simple", "the page of a released project is read", "GET", &index.simple, "*"),
        target("file", "a released file is downloaded", "GET", &index.simple, "/packages/**"),
    ];
    if let Some(exchange) = &index.exchange {
        let mint = "an identity is exchanged for a token";
        targets.push(target("audience", "the audience is asked for", "GET", exchange, "audience"));
        targets.push(target("mint", mint, "POST", exchange, "mint-token"));
        targets.push(target("burn", "a token is given back", "POST", exchange, "burn-token"));
    }
    targets
}

fn fault(words: &str, targets: &[Target]) -> Outcome<Fault> {
    let wrong = |why: &str| Diagnostic::usage(format!("`--fault {words}`: {why}"));
    let Some((name, rest)) = words.split_once('=') else {
        return Err(Box::new(wrong("it does not say how it fails").hint(FORM)));
    };
    let Some(target) = targets.iter().find(|target| target.name == name) else {
        let names = targets.iter().map(|target| target.name.as_str());
        return Err(Box::new(wrong(&format!("there is no `{name}`")).suggest(name, names)));
    };
    let (rest, from) = rest.split_once('@').unwrap_or((rest, "1"));
    let (kind, times) = rest.split_once('x').unwrap_or((rest, "1"));
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    let times = if times == "*" { Some(usize::MAX) } else { number(times) };
    let (Some(from), Some(times)) = (number(from), times) else {
        let why = "how often, and from which request on, are numbers from 1; `x*` is all";
        return Err(Box::new(wrong(why).hint(FORM)));
    };
    let status = kind.parse().ok().filter(|status| (400..600).contains(status)).map(Kind::Status);
    let named = || KINDS.iter().find(|(name, ..)| *name == kind).map(|(_, kind, _)| *kind);
    let Some(kind) = status.or_else(named) else {
        let wrong = wrong(&format!("there is no kind `{kind}`"));
        let wrong = wrong.suggest(kind, KINDS.iter().map(|(name, ..)| *name));
        return Err(Box::new(wrong.hint("a kind may be a status too, from 400 to 599")));
    };
    let until = from.saturating_add(times);
    let (asked, struck) = Default::default();
    Ok(Fault { words: words.to_owned(), target: target.clone(), kind, from, until, asked, struck })
}

/// The failure of a whole service: without the words in which it refuses what is wrong.
fn failing(status: u16) -> Response {
    let response = Response::text(status, "rel: a fault on request\n");
    match status {
        429 | 503 => response.with("retry-after", "1"),
        _ => response,
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests;
