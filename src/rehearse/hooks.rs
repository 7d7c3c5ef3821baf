//! Where a release tells others that it happened: hosts of webhooks, which take whatever they are sent
//! and keep it for the report.
//!
//! Each service of this kind wants another form of body; none is checked here.

use super::http::{Request, Response, Rule};
use super::world::Service;

/// How much of a body is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// The rules by which a hook refuses.
pub const RULES: &[Rule] = &[METHOD];

const METHOD: Rule = Rule {
    name: "hooks.method",
    source: "https://www.rfc-editor.org/rfc/rfc9110#name-405-method-not-allowed",
};

/// What a hook was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Which host.
    pub host: String,
    /// How.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// Media type of the body.
    pub content_type: Option<String>,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// Length of the whole body.
    pub size: usize,
    /// Whether rel itself told it, and no command of a task.
    pub by_rel: bool,
}

/// All hooks of a world.
#[derive(Debug, Default)]
pub struct Hooks {
    told: Vec<Told>,
}

impl Hooks {
    /// What they were told, in order.
    pub fn told(&self) -> &[Told] {
        &self.told
    }
}

impl Service for Hooks {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        let response = match request.method.as_str() {
            "POST" => Response::text(200, "ok"),
            "PUT" => Response::empty(204),
            _ => return Response::empty(405).with("allow", "POST, PUT").by(METHOD),
        };
        self.told.push(Told {
            at,
            host: request.host.clone(),
            method: request.method.clone(),
            path: request.path.clone(),
            content_type: request.header("content-type").map(str::to_owned),
            body: request.body.iter().copied().take(KEPT).collect(),
            size: request.body.len(),
            by_rel: request.header("user-agent").is_some_and(|agent| agent.starts_with("rel/")),
        });
        response
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }

    fn inventory(&self) -> Vec<String> {
        let line = |told: &Told| {
            let kind = if told.by_rel { "notice: webhook" } else { "webhook:" };
            format!("{kind} {} {}", told.method, told.host)
        };
        self.told.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(method: &str, body: Vec<u8>) -> Request {
        Request {
            method: method.into(),
            host: "hooks.example".into(),
            path: "/services/T0".into(),
            target: "/services/T0?wait=true".into(),
            headers: vec![("content-type".into(), "application/json".into())],
            body,
            ..Request::default()
        }
    }

    #[test]
    fn what_is_sent_is_kept() {
        let mut hooks = Hooks::default();
        assert_eq!(hooks.answer(&sent("POST", b"{}".to_vec()), 7).status, 200);
        assert_eq!(hooks.answer(&sent("PUT", b"x".to_vec()), 8).status, 204);
        let first = Told {
            at: 7,
            host: "hooks.example".into(),
            method: "POST".into(),
            path: "/services/T0".into(),
            content_type: Some("application/json".into()),
            body: b"{}".to_vec(),
            size: 2,
            by_rel: false,
        };
        assert_eq!(hooks.told()[0], first);
        assert_eq!(hooks.told()[1].method, "PUT");
        let mut by_rel = sent("POST", Vec::new());
        by_rel.headers.push(("user-agent".into(), "rel/1.0".into()));
        hooks.answer(&by_rel, 9);
        let told = ["webhook: POST hooks.example", "webhook: PUT hooks.example"];
        assert_eq!(
            hooks.inventory(),
            [&told[..], &["notice: webhook POST hooks.example"]].concat()
        );
    }

    #[test]
    fn a_long_body_is_cut_but_counted() {
        let mut hooks = Hooks::default();
        hooks.answer(&sent("POST", vec![b'x'; KEPT + 1]), 7);
        assert_eq!((hooks.told()[0].body.len(), hooks.told()[0].size), (KEPT, KEPT + 1));
    }

    #[test]
    fn reading_tells_nothing() {
        let mut hooks = Hooks::default();
        let answer = hooks.answer(&sent("GET", Vec::new()), 7);
        assert_eq!((answer.status, answer.rule), (405, Some(METHOD)));
        assert!(hooks.told().is_empty());
    }
}
