//! The world of a rehearsal: which host is which service, what is asked outside, and a record of all
//! that was asked.
//!
//! It decides by project, not by host: what this release publishes is answered here and never asked
//! for outside; other projects are read where they are; whatever writes stays here. A host that is
//! neither a service nor a registry is refused, and told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::http::{MAIL, Request, Response, Rule};
use super::kept::{Kept, Told, conditioned};

/// A service that answers requests at an instant, in seconds since 1970.
pub trait Service: Send {
    /// The answer.
    fn answer(&mut self, request: &Request, at: u64) -> Response;

    /// The project that a request to read is about, if it is about one that is not here.
    fn project(&self, request: &Request) -> Option<String>;

    /// What is there by now, one thing a line: the same after every release that did the same.
    fn inventory(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A service that several hosts lead to.
pub type Shared = Arc<Mutex<dyn Service>>;
/// Asks outside; without an answer there, `None`.
pub type Outside = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

/// Last labels of names that mean something on this machine or in its network only (RFC 6761, RFC 6762,
/// RFC 9476; `internal` is reserved by ICANN).
const PRIVATE: [&str; 6] = ["alt", "arpa", "internal", "invalid", "local", "localhost"];

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// A service of the world.
    World,
    /// A registry outside.
    Outside,
    /// A registry outside, when it was last asked.
    Kept,
    /// Nobody: the registry was not asked or did not answer, and nothing is kept of it.
    Missing,
    /// A fault on request, in place of a service of the world.
    Fault,
    /// Nobody: the host has no part in this.
    Nobody,
}

/// A request with its answer.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// Method.
    pub method: String,
    /// Host.
    pub host: String,
    /// Path, without the query.
    pub path: String,
    /// Status of the answer; 0 if a fault let it be none.
    pub status: u16,
    /// Who answered.
    pub by: By,
    /// The rule by which it was refused, with where that is known from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<(&'static str, &'static str)>,
}

impl Exchange {
    /// Whether something was refused. That something is not there is an answer, and no refusal.
    pub fn is_refusal(&self) -> bool {
        self.rule.is_some() && self.status != 404
    }
}

/// The services and what is known of the outside.
pub struct World {
    services: BTreeMap<String, Shared>,
    /// Takes mail, whichever server it is for.
    mail: Option<Shared>,
    /// Names of what is released, normalised: never asked for outside.
    own: Mutex<BTreeSet<String>>,
    /// Hosts that may be read outside, with ports where they are unusual.
    registries: Mutex<BTreeSet<String>>,
    outside: Outside,
    kept: Option<Kept>,
    record: Mutex<Vec<Exchange>>,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl World {
    /// A world without services. `registries` are hosts that may be read outside.
    pub fn new(
        own: impl IntoIterator<Item = String>,
        registries: impl IntoIterator<Item = String>,
        outside: Outside,
        clock: Box<dyn Fn() -> u64 + Send + Sync>,
    ) -> Self {
        let own = own.into_iter().map(|name| normal(&name)).collect();
        Self {
            services: BTreeMap::new(),
            mail: None,
            own: Mutex::new(own),
            registries: Mutex::new(registries.into_iter().collect()),
            outside,
            kept: None,
            record: Mutex::default(),
            clock,
        }
    }

    /// Lets `service` answer for a host.
    pub fn serve(&mut self, host: &str, service: Shared) {
        self.services.insert(host.to_ascii_lowercase(), service);
    }

    /// Lets `service` take mail for every host.
    pub fn take_mail(&mut self, service: Shared) {
        self.mail = Some(service);
    }

    /// Keeps what the outside answers, and answers with it. Whose answers are kept may be read.
    pub fn keep(&mut self, kept: Kept) {
        lock(&self.registries).extend(kept.hosts());
        self.kept = Some(kept);
    }

    /// Answers a request, whoever it is for.
    pub fn answer(&self, request: &Request) -> Response {
        let (by, mut response) = self.answered(request);
        if by == By::World {
            // Each rehearsal is another world: what clients kept of one would be wrong in the next.
            response.headers.retain(|(name, _)| name != "cache-control");
            response = response.with("cache-control", "no-store");
        }
        self.note(request, &response, by);
        response
    }

    /// Whether a service of the world answers a request.
    pub fn plays(&self, request: &Request) -> bool {
        self.player(request).is_some()
    }

    /// Notes a request that a fault has answered so, or not at all (0).
    pub fn note_fault(&self, request: &Request, status: u16) {
        self.note(request, &Response::empty(status), By::Fault);
    }

    fn note(&self, request: &Request, response: &Response, by: By) {
        lock(&self.record).push(Exchange {
            method: request.method.clone(),
            host: request.host.clone(),
            path: request.path.clone(),
            status: response.status,
            by,
            rule: response.rule.map(|Rule { name, source }| (name, source)),
        });
    }

    /// What a service answers to somebody who only looks on: it stands in no record.
    pub fn look(&self, request: &Request) -> Response {
        match self.services.get(&request.host) {
            Some(service) => lock(service).answer(request, (self.clock)()),
            None => Response::text(404, "no such host in this world\n"),
        }
    }

    /// Hosts that services answer for.
    pub fn hosts(&self) -> Vec<String> {
        self.services.keys().cloned().collect()
    }

    fn answered(&self, request: &Request) -> (By, Response) {
        if let Some(service) = self.player(request) {
            return (By::World, lock(service).answer(request, (self.clock)()));
        }
        let registry = || lock(&self.registries).contains(&request.authority());
        if request.reads() && (self.services.contains_key(&request.host) || registry()) {
            return self.read_outside(request);
        }
        (By::Nobody, nobody(request))
    }

    /// The service that answers a request: none for reading what others have published.
    fn player(&self, request: &Request) -> Option<&Shared> {
        if request.method == MAIL {
            return self.mail.as_ref();
        }
        let service = self.services.get(&request.host)?;
        let foreign = || {
            let Some(project) = lock(service).project(request) else { return false };
            let mut own = lock(&self.own);
            // rel itself asks only for what it is about to release; others do the installing.
            if request.header("user-agent").is_some_and(|agent| agent.starts_with("rel/")) {
                own.insert(normal(&project));
            }
            !own.contains(&normal(&project))
        };
        (!(request.reads() && foreign())).then_some(service)
    }

    fn read_outside(&self, request: &Request) -> (By, Response) {
        let told = match &self.kept {
            Some(kept) => kept.answer(request, |request| (self.outside)(request)),
            None => (self.outside)(request).map_or_else(
                || Told::Missing(Response::text(504, "rel: no answer from outside\n")),
                Told::Fresh,
            ),
        };
        let (by, response) = match told {
            Told::Fresh(response) => (By::Outside, response),
            Told::Kept(response) => (By::Kept, response),
            Told::Missing(response) => return (By::Missing, response),
        };
        self.learn(&response);
        (by, conditioned(request, response))
    }

    /// Pages of registries name the hosts that their files are on.
    fn learn(&self, page: &Response) {
        let kind = page.headers.iter().find(|(name, _)| name == "content-type");
        if !kind.is_some_and(|(_, kind)| kind.contains("json") || kind.contains("html")) {
            return;
        }
        let text = String::from_utf8_lossy(&page.body);
        let hosts = text.split("https://").skip(1).filter_map(|rest| {
            let host = rest.split(['/', '"', '\'', '<', ' ', '\\']).next()?;
            // A name of the public network: not this machine, nor its neighbours.
            let last = host.rsplit('.').next().filter(|last| last.len() < host.len())?;
            let public = last.starts_with(|c: char| c.is_ascii_alphabetic())
                && !PRIVATE.iter().any(|private| last.eq_ignore_ascii_case(private));
            (public && host.len() < 254).then(|| host.to_ascii_lowercase())
        });
        lock(&self.registries).extend(hosts.filter(|host| !self.services.contains_key(host)));
    }

    /// What all services hold by now, one thing a line.
    pub fn inventory(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut once = |service: &&Shared| seen.insert(Arc::as_ptr(service).cast::<()>());
        let services: Vec<&Shared> =
            self.services.values().chain(&self.mail).filter(&mut once).collect();
        let mut all: Vec<String> =
            services.into_iter().flat_map(|service| lock(service).inventory()).collect();
        all.sort();
        all
    }

    /// All that was asked so far.
    pub fn record(&self) -> Vec<Exchange> {
        lock(&self.record).clone()
    }
}

fn nobody(request: &Request) -> Response {
    let text = format!("rel: {} has no part in this rehearsal\n", request.host);
    Response::text(403, text).by(Rule { name: "rehearsal.unknown-host", source: "rel" })
}

/// PEP 503; crates are told apart in the same way, but for dots, which they have none of.
fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        let c = if matches!(c, '-' | '_' | '.') { '-' } else { c.to_ascii_lowercase() };
        if c != '-' || !normal.ends_with('-') {
            normal.push(c);
        }
    }
    normal
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Shelf;

    impl Service for Shelf {
        fn answer(&mut self, request: &Request, at: u64) -> Response {
            Response::text(200, format!("{} at {at}", request.path))
        }

        fn project(&self, request: &Request) -> Option<String> {
            request.segments().get(1).cloned()
        }

        fn inventory(&self) -> Vec<String> {
            vec!["a shelf".into()]
        }
    }

    fn world() -> World {
        let outside = |request: &Request| {
            let links = "<a href=\"https://files.example/x\"><a href=\"https://127.0.0.1/x\">\
                         <a href=\"https://db.internal/x\"><a href=\"https://localhost/x\">";
            let page = format!("outside {} {links}", request.host);
            Some(Response::of(200, "text/html", page.into_bytes()))
        };
        let registries = ["mirror.example".to_owned()];
        let mut world =
            World::new(["My.Widget".to_owned()], registries, Box::new(outside), Box::new(|| 7));
        world.serve("index.example", Arc::new(Mutex::new(Shelf)));
        world
    }

    fn request(method: &str, host: &str, path: &str) -> Request {
        let (host, port) =
            host.split_once(':').map_or((host, None), |(host, port)| (host, port.parse().ok()));
        let (method, target) = (method.into(), path.into());
        let (host, path) = (host.into(), path.into());
        Request { method, host, port, path, target, ..Request::default() }
    }

    fn ask(world: &World, method: &str, host: &str, path: &str) -> (u16, String) {
        let response = world.answer(&request(method, host, path));
        (response.status, String::from_utf8(response.body).unwrap())
    }

    #[test]
    fn it_decides_by_project() {
        let world = world();
        assert_eq!(
            ask(&world, "GET", "index.example", "/simple/my-widget/").1,
            "/simple/my-widget/ at 7"
        );
        assert!(
            ask(&world, "GET", "index.example", "/simple/ruff/").1.starts_with("outside index")
        );
        assert_eq!(ask(&world, "POST", "index.example", "/legacy/ruff").1, "/legacy/ruff at 7");
        let request = Request {
            method: "GET".into(),
            host: "index.example".into(),
            path: "/simple/ruff/".into(),
            headers: vec![("user-agent".into(), "rel/1.0".into())],
            ..Request::default()
        };
        let answer = world.answer(&request);
        assert_eq!(answer.body, b"/simple/ruff/ at 7", "it is what rel releases");
        let kept = answer.headers.iter().find(|(name, _)| name == "cache-control").unwrap();
        assert_eq!(kept.1, "no-store", "the next world is another one");
        assert_eq!(ask(&world, "GET", "index.example", "/simple/ruff/").1, "/simple/ruff/ at 7");
    }

    #[test]
    fn without_a_network_registries_answer_as_they_did_before() {
        let folder = tempfile::tempdir().unwrap();
        let kept = |offline| Kept::new(folder.path().to_owned(), offline);
        let mut before = world();
        before.keep(kept(false));
        assert_eq!(ask(&before, "GET", "mirror.example", "/x").0, 200);
        assert_eq!(ask(&before, "GET", "files.example", "/x").0, 200);

        let outside = |_: &Request| unreachable!("nothing is asked outside");
        let mut world = World::new([], [], Box::new(outside), Box::new(|| 7));
        world.keep(kept(true));
        for host in ["mirror.example", "files.example"] {
            assert!(ask(&world, "GET", host, "/x").1.starts_with("outside"), "{host}");
        }
        assert_eq!(ask(&world, "GET", "mirror.example:8080", "/x").0, 403);
        assert_eq!(ask(&world, "GET", "mirror.example", "/y").0, 504);
        let told: Vec<By> = world.record().iter().map(|exchange| exchange.by).collect();
        assert_eq!(told, [By::Kept, By::Kept, By::Nobody, By::Missing]);
    }

    #[test]
    fn registries_are_read_only_and_unknown_hosts_are_refused() {
        let world = world();
        assert_eq!(ask(&world, "GET", "files.example", "/x").0, 403);
        assert!(ask(&world, "GET", "mirror.example", "/x").1.starts_with("outside mirror"));
        assert_eq!(ask(&world, "POST", "mirror.example", "/x").0, 403);
        // Its page has named the host that its files are on.
        assert_eq!(ask(&world, "GET", "files.example", "/x").0, 200);
        assert_eq!(ask(&world, "PUT", "files.example", "/x").0, 403);
        for near in ["127.0.0.1", "db.internal", "localhost"] {
            assert_eq!(ask(&world, "GET", near, "/x").0, 403, "{near} is this machine's own");
        }
        let told: Vec<By> = world.record().iter().map(|exchange| exchange.by).collect();
        assert_eq!(
            told,
            [
                By::Nobody,
                By::Outside,
                By::Nobody,
                By::Outside,
                By::Nobody,
                By::Nobody,
                By::Nobody,
                By::Nobody
            ]
        );
    }
}
