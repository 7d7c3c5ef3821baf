//! What the tests work with: a registry with accounts, crates in the making, and requests.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::rehearse::crates::{ApiToken, Registry, Scope, Settings, TrustedPublisher};
use crate::rehearse::http::{Request, Response};
use crate::rehearse::oidc::Issuer;

/// The instant at which the tests begin: 14 July 2026.
pub(super) const NOW: u64 = 1_784_000_000;
pub(super) const ANN: &str = "cioAnn";
pub(super) const BOB: &str = "cioBob";

/// A registry, with the issuer that it trusts.
pub(super) struct World {
    pub(super) registry: Registry,
    pub(super) issuer: Issuer,
    pub(super) at: u64,
}

pub(super) fn world() -> World {
    world_of(crate::rehearse::oidc::tests::issuer())
}

/// A world with this issuer, whose key takes its time to be made.
pub(super) fn world_of(issuer: Issuer) -> World {
    let mut registry = Registry::new(Settings {
        api: "https://crates.example".into(),
        index: "https://index.crates.example".into(),
        downloads: "https://static.crates.example".into(),
        audience: "crates.example".into(),
        issuer: issuer.verifier(),
    });
    for (secret, user) in [(ANN, "ann"), (BOB, "bob")] {
        registry.add_token(token(secret, user, None, &[]));
    }
    registry.add_crate("known", &["ann"], &["1.0.0", "1.1.0+old"]);
    registry.add_crate("dep", &["someone"], &["1.0.0"]);
    World { registry, issuer, at: NOW }
}

pub(super) fn token(
    secret: &str,
    user: &str,
    scopes: Option<Vec<Scope>>,
    crates: &[&str],
) -> ApiToken {
    let crates = crates.iter().map(|&name| name.into()).collect();
    ApiToken { secret: secret.into(), user: user.into(), scopes, crates }
}

/// The configuration that fits the issuer's run.
pub(super) fn publisher(krate: Option<&str>) -> TrustedPublisher {
    TrustedPublisher {
        repository: "Acme/Widget".into(),
        owner_id: 1001,
        workflow: "release.yml".into(),
        environment: Some("PyPI".into()),
        krate: krate.map(str::to_owned),
    }
}

impl World {
    pub(super) fn send(&mut self, request: &Request) -> Response {
        self.registry.answer(request, self.at)
    }

    pub(super) fn publish(&mut self, name: &str, number: &str) -> Response {
        self.send(&put(name, number, &crated(name, number, "")).with(ANN))
    }

    /// A token of trusted publishing.
    pub(super) fn mint(&mut self) -> String {
        let jwt = self.issuer.token("crates.example", self.at).unwrap();
        let answer = self.send(&exchange(&jwt));
        assert_eq!(answer.status, 200, "{}", detail(&answer));
        body(&answer)["token"].as_str().unwrap().to_owned()
    }

    pub(super) fn index(&mut self, path: &str) -> Response {
        self.send(&request("GET", "index.crates.example", path))
    }
}

pub(super) fn request(method: &str, host: &str, path: &str) -> Request {
    Request {
        method: method.into(),
        host: host.into(),
        path: path.into(),
        headers: vec![("user-agent".into(), "cargo/1.95.0".into())],
        ..Request::default()
    }
}

/// A request to the API.
pub(super) fn api(method: &str, path: &str) -> Request {
    request(method, "crates.example", &format!("/api/v1/{path}"))
}

/// What is put on top of a request.
pub(super) trait With {
    /// With this `Authorization`.
    fn with(self, authorization: &str) -> Self;
}

impl With for Request {
    fn with(mut self, authorization: &str) -> Self {
        self.headers.push(("authorization".into(), authorization.into()));
        self
    }
}

pub(super) fn exchange(jwt: &str) -> Request {
    let mut request = api("POST", "trusted_publishing/tokens");
    request.headers.push(("content-type".into(), "application/json".into()));
    request.body = json!({ "jwt": jwt }).to_string().into_bytes();
    request
}

/// The body of an upload.
pub(super) fn framed(json: &[u8], tarball: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [&length(json)[..], json, &length(tarball), tarball].concat()
}

/// An upload of these bytes.
pub(super) fn put(name: &str, number: &str, tarball: &[u8]) -> Request {
    let json = json!({ "name": name, "vers": number, "deps": [], "readme": null });
    let mut request = api("PUT", "crates/new");
    request.body = framed(json.to_string().as_bytes(), tarball);
    request
}

/// A `.crate` with a good manifest and `more` behind it: keys of the package, then tables.
pub(super) fn crated(name: &str, number: &str, more: &str) -> Vec<u8> {
    let manifest = manifest(name, number, more);
    packed(name, number, &[("Cargo.toml", &manifest), ("src/lib.rs", "//! Nothing.\n")])
}

pub(super) fn manifest(name: &str, number: &str, more: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"{number}\"\ndescription = \"a test\"\n\
         license = \"MIT\"\n{more}"
    )
}

/// A `.crate` with these files.
pub(super) fn packed(name: &str, number: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let folder = format!("{name}-{number}");
    tarred(
        files.iter().map(|(path, text)| {
            (format!("{folder}/{path}"), tar::EntryType::Regular, text.as_bytes())
        }),
    )
}

/// A `.crate` with these entries, by their whole paths.
pub(super) fn tarred<'a>(
    entries: impl IntoIterator<Item = (String, tar::EntryType, &'a [u8])>,
) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, kind, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        // Written as it is, because the crate for tars refuses paths that lead out.
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        if kind.is_symlink() {
            header.set_link_name("elsewhere").unwrap();
        }
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

pub(super) fn body(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// What the answer complains of: the detail of its JSON, or all of its text.
pub(super) fn detail(answer: &Response) -> String {
    match body(answer)["errors"][0]["detail"].as_str() {
        Some(detail) => detail.to_owned(),
        None => String::from_utf8_lossy(&answer.body).into_owned(),
    }
}

pub(super) fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// The name of the rule by which it was refused.
pub(super) fn rule(answer: &Response) -> &'static str {
    answer.rule.map_or("", |rule| rule.name)
}

/// Status, rule without its first word, and whether the detail is this, or begins with it where that
/// ends in an ellipsis.
#[track_caller]
pub(super) fn assert_refused(answer: &Response, status: u16, name: &str, wanted: &str) {
    let said = detail(answer);
    assert_eq!(
        (answer.status, rule(answer)),
        (status, format!("crates.{name}").as_str()),
        "{said}"
    );
    match wanted.strip_suffix('…') {
        Some(beginning) => assert!(said.starts_with(beginning), "{said}"),
        None => assert_eq!(said, wanted),
    }
}

/// A refusal to be seen.
pub(super) struct Case {
    status: u16,
    rule: &'static str,
    wanted: &'static str,
    act: Box<dyn Fn(&mut World) -> Response>,
}

pub(super) fn case(
    status: u16,
    rule: &'static str,
    wanted: &'static str,
    act: impl Fn(&mut World) -> Response + 'static,
) -> Case {
    Case { status, rule, wanted, act: Box::new(act) }
}

impl Case {
    /// Sees it in a world of its own, and gives back the rule's name with the issuer. Nothing may be
    /// held after it that was not before.
    #[track_caller]
    pub(super) fn see(&self, issuer: Issuer) -> (&'static str, Issuer) {
        let mut world = world_of(issuer);
        let before = world.registry.held_versions();
        let answer = (self.act)(&mut world);
        assert_refused(&answer, self.status, self.rule, self.wanted);
        assert_eq!(world.registry.held_versions(), before, "{}", self.rule);
        (self.rule, world.issuer)
    }
}

/// How many lines the body has.
pub(super) fn lines(answer: &Response) -> usize {
    String::from_utf8_lossy(&answer.body).lines().count()
}
