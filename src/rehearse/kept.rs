//! What the outside has answered, kept on disk: from here a rehearsal without a network is answered.
//!
//! A cache as RFC 9111 has it, but for age: online the outside is always asked, with the validators of
//! what is kept here in place of the client's, so that what a client keeps itself never decides whether
//! there is a whole answer to keep. Its own conditions are then met by [`conditioned`]. An answer is
//! known by method, address, `Accept` and `Range`; neither these nor a login are written down. Turned
//! down: relying on the caches of uv, pip and cargo, each of which asks again by rules of its own.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::http::{Request, Response};
use crate::host::fs;
use crate::model::artifact::Digest;

/// Statuses that are good for another day.
const LASTING: &[u16] = &[200, 206, 301, 302, 307, 308, 404];
/// Header fields of an answer that are kept. Those that tell its age are not: here it has none.
const FIELDS: &[&str] = &[
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
    "link",
    "location",
    "vary",
    "x-pypi-last-serial",
];
/// Conditions of a client, with the field of an answer that each is about.
const CONDITIONS: [(&str, &str); 2] =
    [("if-none-match", "etag"), ("if-modified-since", "last-modified")];
/// Longest body that is kept.
const LARGEST: usize = 512 << 20;
/// How long a body stays that no answer names, in seconds: one may be about to.
const UNNAMED: u64 = 24 * 60 * 60;
/// Version of the format on disk.
const VERSION: u64 = 1;

/// Answers of the outside in a folder.
pub struct Kept {
    folder: PathBuf,
    offline: bool,
}

/// What there is to answer with.
#[derive(Debug)]
pub enum Told {
    /// What the outside says now.
    Fresh(Response),
    /// What it said when it was last asked.
    Kept(Response),
    /// Neither is to be had.
    Missing(Response),
}

#[derive(Serialize, Deserialize)]
struct Entry {
    v: u64,
    status: u16,
    headers: Vec<(String, String)>,
    body: Digest,
}

impl Kept {
    /// Answers below this folder. `offline`: nothing else is asked.
    pub fn new(folder: PathBuf, offline: bool) -> Self {
        Self { folder, offline }
    }

    /// Hosts, with ports where they are unusual, that have answered.
    pub fn hosts(&self) -> Vec<String> {
        fs::names(&self.folder.join("answers"))
    }

    /// An answer to a request to read, without regard to its conditions. `ask` asks outside.
    pub fn answer(
        &self,
        request: &Request,
        ask: impl FnOnce(&Request) -> Option<Response>,
    ) -> Told {
        let kept = self.find(request);
        if self.offline {
            let kept = kept.or_else(|| self.find_whole(request));
            return kept.map_or_else(|| Told::Missing(unheard_of(request)), Told::Kept);
        }
        match (ask(&validating(request, kept.as_ref())), kept) {
            (None, kept) => {
                let text = "rel: no answer from outside, and none is kept\n";
                let kept = kept.or_else(|| self.find_whole(request));
                kept.map_or_else(|| Told::Missing(Response::text(504, text)), Told::Kept)
            }
            (Some(fresh), Some(kept)) if fresh.status == 304 => Told::Fresh(renewed(kept, fresh)),
            (Some(fresh), kept) => {
                // What cannot be written is missed in a rehearsal without a network alone.
                let _ = self.keep(request, &fresh, kept.as_ref());
                Told::Fresh(fresh)
            }
        }
    }

    /// Removes bodies that no answer names any more.
    pub fn sweep(&self, now: u64) {
        let answers = self.folder.join("answers");
        let of_host = |host: String| {
            let folder = answers.join(host);
            fs::names(&folder).into_iter().map(move |name| folder.join(name))
        };
        let files = fs::names(&answers).into_iter().flat_map(of_host);
        let entries = files
            .filter_map(|file| serde_json::from_str::<Entry>(&fs::read_text(&file).ok()?).ok());
        let named: BTreeSet<Digest> = entries.map(|entry| entry.body).collect();
        let named: BTreeSet<&str> = named.iter().map(Digest::as_str).collect();
        let bodies = self.folder.join("bodies");
        for name in fs::names(&bodies).iter().filter(|name| !named.contains(name.as_str())) {
            let file = bodies.join(name);
            if fs::modified(&file).is_ok_and(|at| at + UNNAMED < now) {
                // Another rehearsal may have been faster.
                let _ = fs::remove_file(&file);
            }
        }
    }

    fn find(&self, request: &Request) -> Option<Response> {
        let text = fs::read_text(&self.place(request)?).ok()?;
        let entry: Entry = serde_json::from_str(&text).ok()?;
        let mut body = Vec::new();
        fs::open(&self.body(&entry.body)).ok()?.read_to_end(&mut body).ok()?;
        let whole = entry.v == VERSION && Digest::of(&body) == entry.body;
        let Entry { status, headers, .. } = entry;
        whole.then(|| Response { status, headers, body, ..Response::default() })
    }

    /// The answer to the same without `Range`, or to `GET` instead of `HEAD`: a server may answer with
    /// these too, and which of them a client asks for is a matter of chance in some.
    fn find_whole(&self, request: &Request) -> Option<Response> {
        let mut whole = request.clone();
        whole.headers.retain(|(name, _)| name != "range");
        let found = self.find(&whole);
        if found.is_some() || whole.method != "HEAD" {
            return found;
        }
        whole.method = "GET".into();
        self.find(&whole).map(|found| Response { body: Vec::new(), ..found })
    }

    fn keep(&self, request: &Request, fresh: &Response, old: Option<&Response>) -> io::Result<()> {
        let place = self
            .place(request)
            .filter(|_| LASTING.contains(&fresh.status) && fresh.body.len() <= LARGEST);
        let Some(place) = place else { return Ok(()) };
        let stays = |(name, _): &&(String, String)| FIELDS.contains(&name.as_str());
        let entry = Entry {
            v: VERSION,
            status: fresh.status,
            headers: fresh.headers.iter().filter(stays).cloned().collect(),
            body: Digest::of(&fresh.body),
        };
        if old.is_none_or(|old| old.body != fresh.body) {
            let body = self.body(&entry.body);
            fs::make_dir(&self.folder.join("bodies"))?;
            fs::replace_with(&body, |file| file.write_all(&fresh.body))?;
        }
        let text = serde_json::to_string(&entry)?;
        if fs::read_text(&place).is_ok_and(|known| known == text) {
            return Ok(());
        }
        fs::replace(&place, &text)
    }

    fn body(&self, digest: &Digest) -> PathBuf {
        self.folder.join("bodies").join(digest.as_str())
    }

    /// Where an answer is; nowhere for a host whose name is none for a folder.
    fn place(&self, request: &Request) -> Option<PathBuf> {
        let host = request.authority();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]_".contains(c);
        if host.starts_with('.') || !host.chars().all(plain) {
            return None;
        }
        let field = |name| request.header(name).unwrap_or_default();
        let url = request.url();
        let known_by = [&request.method, url.as_str(), field("accept"), field("range")];
        let name = Digest::of(known_by.join("\n"));
        Some(self.folder.join("answers").join(host).join(name.as_str()))
    }
}

/// The answer, or 304 if the client has it already (RFC 9110, 13).
pub fn conditioned(request: &Request, answer: Response) -> Response {
    let asked = |(condition, about): (&'static str, &'static str)| {
        Some((about, request.header(condition)?))
    };
    // A date counts only without tags.
    let Some((about, held)) = CONDITIONS.into_iter().find_map(asked) else { return answer };
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let same = |told: &str| match about {
        "etag" => held.trim() == "*" || held.split(',').any(|tag| plain(tag) == plain(told)),
        _ => held == told,
    };
    if matches!(answer.status, 200 | 206) && field(&answer, about).is_some_and(same) {
        return Response { status: 304, body: Vec::new(), ..answer };
    }
    answer
}

/// The request with conditions about what is kept here instead of the client's.
fn validating(request: &Request, kept: Option<&Response>) -> Request {
    let own = |name: &str| CONDITIONS.iter().any(|(condition, _)| *condition == name);
    let mut headers = request.headers.clone();
    headers.retain(|(name, _)| !own(name));
    if let Some(kept) = kept.filter(|kept| matches!(kept.status, 200 | 206)) {
        headers.extend(CONDITIONS.iter().filter_map(|(condition, about)| {
            Some(((*condition).to_owned(), field(kept, about)?.to_owned()))
        }));
    }
    Request { headers, ..request.clone() }
}

/// What is kept, with the header fields that came with the news that it still holds (RFC 9111, 4.3.4).
fn renewed(mut kept: Response, fresh: Response) -> Response {
    kept.headers.retain(|(name, _)| field(&fresh, name).is_none());
    kept.headers.extend(fresh.headers);
    kept
}

fn unheard_of(request: &Request) -> Response {
    let text = format!(
        "rel: nothing is kept of {} {}: run once without --offline\n",
        request.method,
        request.url()
    );
    Response::text(504, text)
}

fn field<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::Path;

    use super::*;

    fn get(headers: &[(&str, &str)]) -> Request {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Request {
            method: "GET".into(),
            host: "index.example".into(),
            target: "/simple/ruff/?key=t0ken".into(),
            headers: headers.iter().map(pair).collect(),
            ..Request::default()
        }
    }

    fn page(text: &str) -> Response {
        Response::of(200, "text/html", text.into()).with("etag", "\"1\"").with("age", "7")
    }

    /// Status and body of what is told, and by whom.
    fn told(told: Told) -> (&'static str, u16, String) {
        let (by, response) = match told {
            Told::Fresh(response) => ("fresh", response),
            Told::Kept(response) => ("kept", response),
            Told::Missing(response) => ("missing", response),
        };
        (by, response.status, String::from_utf8(response.body).unwrap())
    }

    fn offline(folder: &Path, request: &Request) -> (&'static str, u16, String) {
        let kept = Kept::new(folder.to_owned(), true);
        told(kept.answer(request, |_| unreachable!("nothing is asked outside")))
    }

    fn files(folder: &Path) -> Vec<(String, String)> {
        let found = fs::find(folder, &["**".into()]).unwrap();
        found.into_iter().map(|file| (file.name, fs::read_text(&file.path).unwrap())).collect()
    }

    #[test]
    fn what_was_read_once_is_there_without_a_network() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path().to_owned(), false);
        let request = get(&[("accept", "text/html")]);
        let fresh = kept.answer(&request, |_| Some(page("all of ruff")));
        assert_eq!(told(fresh), ("fresh", 200, "all of ruff".into()));
        assert_eq!(told(kept.answer(&request, |_| None)), ("kept", 200, "all of ruff".into()));
        assert_eq!(offline(folder.path(), &request), ("kept", 200, "all of ruff".into()));
        assert_eq!(kept.hosts(), ["index.example"]);

        let range = [("accept", "text/html"), ("range", "bytes=0-1")];
        assert_eq!(offline(folder.path(), &get(&range)), ("kept", 200, "all of ruff".into()));
        let head = Request { method: "HEAD".into(), ..get(&range) };
        assert_eq!(offline(folder.path(), &head), ("kept", 200, String::new()));
        assert_eq!(told(kept.answer(&head, |_| None)), ("kept", 200, String::new()));
        let json = get(&[("accept", "application/json")]);
        for other in [get(&[]), json, Request { target: "/".into(), ..request.clone() }] {
            let (by, status, text) = offline(folder.path(), &other);
            assert_eq!((by, status), ("missing", 504), "{other:?}");
            let cure = format!("{}: run once without --offline\n", other.url());
            assert!(text.ends_with(&cure), "{text}");
            assert_eq!(told(kept.answer(&other, |_| None)).0, "missing");
        }
    }

    #[test]
    fn conditions_of_clients_stay_here_and_those_of_what_is_kept_go_out() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path().to_owned(), false);
        let asked = RefCell::new(Vec::new());
        let ask = |answer: Response| {
            let asked = &asked;
            move |request: &Request| {
                asked.borrow_mut().push(request.header("if-none-match").map(str::to_owned));
                Some(answer)
            }
        };
        let conditional = get(&[("if-none-match", "W/\"0\", \"1\"")]);
        kept.answer(&conditional, ask(page("one")));
        let renewed = kept.answer(&conditional, ask(Response::empty(304).with("age", "9")));
        let Told::Fresh(renewed) = renewed else { panic!("{renewed:?}") };
        assert_eq!((renewed.status, field(&renewed, "age")), (200, Some("9")));
        assert_eq!(renewed.body, b"one");
        assert_eq!(*asked.borrow(), [None, Some("\"1\"".to_owned())]);
    }

    #[test]
    fn a_client_that_has_the_answer_is_told_so() {
        let dated = "Sat, 01 Jan 2000 00:00:00 GMT";
        let answer = || page("one").with("last-modified", dated);
        let told = |headers: &[(&str, &str)]| conditioned(&get(headers), answer());
        let same = told(&[("if-none-match", "\"0\", W/\"1\"")]);
        assert_eq!((same.status, same.body.len(), field(&same, "etag")), (304, 0, Some("\"1\"")));
        for (headers, status) in [
            (&[("if-none-match", "\"2\"")][..], 200),
            (&[("if-none-match", "*")], 304),
            (&[("if-modified-since", dated)], 304),
            (&[("if-modified-since", "Sun, 02 Jan 2000 00:00:00 GMT")], 200),
            (&[("if-none-match", "\"2\""), ("if-modified-since", dated)], 200),
            (&[], 200),
        ] {
            assert_eq!(told(headers).status, status, "{headers:?}");
        }
        let gone = conditioned(&get(&[("if-none-match", "*")]), Response::text(404, "no"));
        assert_eq!(gone.status, 404);
    }

    #[test]
    fn neither_logins_nor_addresses_are_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path().to_owned(), false);
        let request = get(&[("authorization", "Basic t0ken"), ("cookie", "t0ken")]);
        kept.answer(&request, |_| Some(page("one").with("set-cookie", "session=t0ken")));
        let files = files(folder.path());
        assert_eq!(files.len(), 2);
        for (name, text) in files {
            assert!(!text.contains("t0ken"), "{name}");
        }
    }

    #[test]
    fn what_does_not_last_or_is_damaged_is_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path().to_owned(), false);
        kept.answer(&get(&[]), |_| Some(Response::text(503, "later")));
        assert_eq!(offline(folder.path(), &get(&[])).0, "missing");
        let strange = Request { host: "../up".into(), ..get(&[]) };
        kept.answer(&strange, |_| Some(page("one")));
        assert!(files(folder.path()).is_empty());

        kept.answer(&get(&[]), |_| Some(page("one")));
        let body = folder.path().join("bodies").join(Digest::of("one").as_str());
        fs::replace(&body, "two").unwrap();
        assert_eq!(offline(folder.path(), &get(&[])).0, "missing");
        kept.answer(&get(&[]), |_| Some(page("one")));
        assert_eq!(offline(folder.path(), &get(&[])).2, "one", "it is mended by the next answer");
    }

    #[test]
    fn bodies_that_nothing_names_are_removed_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::new(folder.path().to_owned(), false);
        let html = get(&[("accept", "text/html")]);
        kept.answer(&get(&[]), |_| Some(page("one")));
        kept.answer(&html, |_| Some(page("one")));
        assert_eq!(files(folder.path()).len(), 3, "one body for both");
        kept.answer(&get(&[]), |_| Some(page("two")));
        kept.answer(&html, |_| Some(page("two")));
        let now = fs::modified(&folder.path().join("bodies")).unwrap();
        kept.sweep(now + 60);
        assert_eq!(files(folder.path()).len(), 4);
        kept.sweep(now + 2 * UNNAMED);
        assert_eq!(files(folder.path()).len(), 3);
        assert_eq!(offline(folder.path(), &html).2, "two");
    }
}
