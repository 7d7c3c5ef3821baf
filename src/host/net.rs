//! The network: a few kinds of requests, blocking for the caller, streamed on the wire.
//!
//! One client and one small runtime for the whole process. Nothing here retries: only who knows
//! whether a request may be repeated may repeat it. Redirects are followed for reads only.

pub mod mail;

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Url, multipart};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::calendar;
use crate::host::rehearsed::Way;
use crate::host::stop::Stop;
use crate::model::secret::Secret;

const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(60);
/// How long a request may stand still, and how long its answer may take.
const PATIENCE: Duration = Duration::from_secs(180);
/// Longest answer that is kept.
const LONGEST: u64 = 64 << 20;

/// The network of this process.
pub struct Net {
    way: Option<Way>,
    runtime: OnceLock<io::Result<Runtime>>,
    reads: Clients,
    writes: Clients,
}

/// A client for this machine, which goes through no proxy, and one for all others.
#[derive(Default)]
struct Clients {
    near: OnceLock<Result<Client, reqwest::Error>>,
    far: OnceLock<Result<Client, reqwest::Error>>,
}

/// Login for one host.
pub enum Login {
    /// Name and password, or token (RFC 7617).
    Basic {
        /// Name.
        user: String,
        /// Password or token.
        password: Secret,
    },
    /// A token (RFC 6750).
    Bearer(Secret),
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Reason phrase, if the server sent one of its own.
    pub reason: String,
    /// Header fields.
    pub fields: Fields,
    /// The address that answered, after redirects.
    pub url: String,
    /// The body as text.
    pub body: String,
}

/// Header fields of an answer: names in lower case, with their values.
#[derive(Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of a field; `name` in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Fields {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}

impl From<&HeaderMap> for Fields {
    fn from(map: &HeaderMap) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Self(map.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect())
    }
}

impl Answer {
    /// Media type, empty if none is given.
    pub fn content_type(&self) -> &str {
        self.fields.get("content-type").unwrap_or_default()
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// When to come again, if the answer says so (RFC 9110, 10.2.3): after seconds, or at a date.
    pub fn retry_after(&self, now: u64) -> Option<Duration> {
        let said = self.fields.get("retry-after")?.trim();
        let until = || Some(date(said)?.saturating_sub(now));
        said.parse().ok().or_else(until).map(Duration::from_secs)
    }
}

/// An answer that is passed on.
#[derive(Debug)]
pub struct Fetched {
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub fields: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// The request did not get an answer: no name, no route, broken off, too late.
#[derive(Debug)]
pub struct NoAnswer(pub String);

/// A file to be sent.
pub struct FormFile {
    /// Where its bytes are.
    pub path: PathBuf,
    /// The name it is sent under.
    pub name: String,
    /// Length in bytes.
    pub size: u64,
}

/// A request that changes something.
pub struct Write<'a> {
    /// Method in capitals.
    pub method: &'a str,
    /// Where to.
    pub url: &'a str,
    /// Media types of the answer.
    pub accept: &'a str,
    /// Further header fields.
    pub fields: &'a [(&'a str, &'a str)],
    /// Who asks.
    pub login: Option<&'a Login>,
    /// What is sent.
    pub body: Body<'a>,
}

/// What a request sends; files are streamed from disk.
pub enum Body<'a> {
    /// Nothing.
    Nothing,
    /// A JSON value.
    Json(&'a serde_json::Value),
    /// Bytes.
    Bytes(&'a [u8]),
    /// The bytes of a file.
    File(&'a FormFile),
    /// A `multipart/form-data` form with text fields, then one file as `content`.
    Form(&'a [(String, String)], &'a FormFile),
}

impl Net {
    pub(super) fn new(way: Option<Way>) -> Self {
        let clients = Clients::default;
        Self { way, runtime: OnceLock::new(), reads: clients(), writes: clients() }
    }

    /// `POST` of a JSON value, for one in return.
    ///
    /// # Errors
    /// As of [`Net::write`].
    pub fn post_json(
        &self,
        url: &str,
        login: Option<&Login>,
        body: &serde_json::Value,
        stop: &Stop,
    ) -> Result<Answer, NoAnswer> {
        let (accept, body) = ("application/json", Body::Json(body));
        self.write(&Write { method: "POST", url, accept, fields: &[], login, body }, stop)
    }

    /// `GET` with an `Accept` header; given up when `stop` fires.
    ///
    /// # Errors
    /// No answer, or one longer than 64 MiB.
    pub fn get(
        &self,
        url: &str,
        accept: &str,
        login: Option<&Login>,
        stop: &Stop,
    ) -> Result<Answer, NoAnswer> {
        let request =
            self.reads.of(url, self.way.as_ref(), &reader)?.get(url).header(ACCEPT, accept);
        self.wait(or_stopped(stop, async {
            read(with(login, request).send().await.map_err(no_answer)?).await
        }))
    }

    /// `GET`, giving the body's bytes to `each` as they come; the status is returned. Given up when
    /// `stop` fires.
    ///
    /// # Errors
    /// No answer, or it broke off.
    pub fn download(
        &self,
        url: &str,
        login: Option<&Login>,
        stop: &Stop,
        mut each: impl FnMut(&[u8]),
    ) -> Result<u16, NoAnswer> {
        let request = self.reads.of(url, self.way.as_ref(), &reader)?.get(url);
        self.wait(or_stopped(stop, async {
            let mut response = with(login, request).send().await.map_err(no_answer)?;
            while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
                each(&chunk);
            }
            Ok(response.status().as_u16())
        }))
    }

    /// A request that changes something. Given up only when `stop` is killed, or when nothing moves: what
    /// has begun to be sent is better sent to its end.
    ///
    /// # Errors
    /// No answer: it is not known whether the request took effect.
    pub fn write(&self, write: &Write<'_>, stop: &Stop) -> Result<Answer, NoAnswer> {
        let client = self.writes.of(write.url, self.way.as_ref(), &writer)?;
        let method = Method::from_bytes(write.method.as_bytes())
            .map_err(|_| NoAnswer("no method".into()))?;
        let mut request = client.request(method, write.url).header(ACCEPT, write.accept);
        for (name, value) in write.fields {
            request = request.header(*name, *value);
        }
        let request = with(write.login, request);
        self.wait(async {
            let moved = Arc::new(Mutex::new(Instant::now()));
            let request = filled(request, &write.body, &moved).await?;
            let answer = async { read(request.send().await.map_err(no_answer)?).await };
            let killed = Arc::new(Notify::new());
            let notice = killed.clone();
            stop.on_kill(move || notice.notify_one());
            tokio::select! {
                answer = answer => answer,
                () = killed.notified() => Err(NoAnswer("killed".into())),
                () = stalled(&moved) => Err(NoAnswer(format!("nothing moved for {} s", PATIENCE.as_secs()))),
            }
        })
    }

    /// `GET` or `HEAD` for somebody else: their header fields go along, the answer comes back as it is.
    ///
    /// # Errors
    /// No answer, or it broke off.
    pub fn fetch(
        &self,
        head: bool,
        url: &str,
        fields: &[(String, String)],
        stop: &Stop,
    ) -> Result<Fetched, NoAnswer> {
        let client = self.reads.of(url, self.way.as_ref(), &reader)?;
        let request = if head { client.head(url) } else { client.get(url) };
        let request = fields
            .iter()
            .fold(request, |request, (name, value)| request.header(name.as_str(), value.as_str()));
        self.wait(or_stopped(stop, async {
            let response = request.send().await.map_err(no_answer)?;
            let status = response.status().as_u16();
            let fields = Fields::from(response.headers()).into_pairs();
            let body = response.bytes().await.map_err(no_answer)?.to_vec();
            Ok(Fetched { status, fields, body })
        }))
    }

    fn wait<T>(&self, work: impl Future<Output = Result<T, NoAnswer>>) -> Result<T, NoAnswer> {
        let runtime = self.runtime.get_or_init(|| {
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()
        });
        match runtime {
            Ok(runtime) => runtime.block_on(work),
            Err(error) => Err(NoAnswer(error.to_string())),
        }
    }
}

/// Seconds since 1970 of an HTTP date: `Sun, 06 Nov 1994 08:49:37 GMT`.
fn date(text: &str) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let (_, rest) = text.split_once(", ")?;
    let parts: Vec<&str> = rest.split([' ', ':']).collect();
    let [day, month, year, hour, minute, second, "GMT"] = parts.as_slice() else { return None };
    let number = |text: &str| text.parse::<u64>().ok();
    let month = u64::try_from(MONTHS.find(month)? / 3).ok()? + 1;
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    calendar::unix([number(year)?, month, number(day)?, hour, minute, second])
}

/// An address with a query.
///
/// # Errors
/// It is no address.
pub fn with_query(url: &str, pairs: &[(&str, &str)]) -> Result<String, NoAnswer> {
    let with = Url::parse_with_params(url, pairs);
    with.map(String::from).map_err(|error| NoAnswer(format!("`{url}` is no address: {error}")))
}

/// The absolute address of a link on a page.
///
/// # Errors
/// It is no address.
pub fn join_url(page: &str, link: &str) -> Result<String, NoAnswer> {
    let joined = Url::parse(page).and_then(|page| page.join(link));
    joined.map(String::from).map_err(|error| NoAnswer(format!("`{link}` is no link: {error}")))
}

/// The host of an address, lower-case.
pub fn host_of(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_ascii_lowercase)
}

/// The host of an address, lower-case, with its port if that is not the usual one.
pub fn authority_of(url: &str) -> Option<String> {
    let port = Url::parse(url).ok()?.port();
    let host = host_of(url)?;
    Some(port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// Whether `url` is an absolute http or https address with a host.
pub fn is_web_url(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether two addresses have the same scheme, host and port.
pub fn same_origin(one: &str, other: &str) -> bool {
    let origin = |text: &str| {
        Url::parse(text).map(|url| url.origin()).ok().filter(|origin| origin.is_tuple())
    };
    origin(one).is_some() && origin(one) == origin(other)
}

/// Whether a request to `url` can be read on its way: plain http to another machine.
pub fn travels_in_the_clear(url: &str) -> bool {
    !Url::parse(url).is_ok_and(|url| url.scheme() == "https" || is_here(&url))
}

/// Whether an address holds a login.
pub fn holds_login(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

fn is_here(url: &Url) -> bool {
    match url.host_str().map(|host| host.trim_matches(['[', ']'])) {
        Some("localhost") => true,
        Some(host) => host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

fn reader() -> ClientBuilder {
    Client::builder().read_timeout(SILENCE).redirect(Policy::limited(10))
}

fn writer() -> ClientBuilder {
    Client::builder().redirect(Policy::none())
}

impl Clients {
    fn of(
        &self,
        url: &str,
        way: Option<&Way>,
        builder: &dyn Fn() -> ClientBuilder,
    ) -> Result<&Client, NoAnswer> {
        let common = |builder: ClientBuilder| {
            builder
                .user_agent(concat!("rel/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT)
                .build()
        };
        let made = if let Some(way) = way {
            self.far.get_or_init(|| common(through(builder(), way)?))
        } else if Url::parse(url).is_ok_and(|url| is_here(&url)) {
            self.near.get_or_init(|| common(builder().no_proxy()))
        } else {
            self.far.get_or_init(|| common(builder()))
        };
        made.as_ref().map_err(|error| NoAnswer(cause(error)))
    }
}

/// Requests within a rehearsal trust its authority alone: what went past the proxy would fail.
fn through(builder: ClientBuilder, way: &Way) -> Result<ClientBuilder, reqwest::Error> {
    let authority = reqwest::Certificate::from_pem(way.authority.as_bytes())?;
    Ok(builder.proxy(reqwest::Proxy::all(&way.proxy)?).tls_certs_only([authority]))
}

fn with(login: Option<&Login>, request: RequestBuilder) -> RequestBuilder {
    match login {
        Some(Login::Basic { user, password }) => request.basic_auth(user, Some(password.reveal())),
        Some(Login::Bearer(token)) => request.bearer_auth(token.reveal()),
        None => request,
    }
}

/// `work`, or its end when `stop` fires.
async fn or_stopped<T>(
    stop: &Stop,
    work: impl Future<Output = Result<T, NoAnswer>>,
) -> Result<T, NoAnswer> {
    let over = Arc::new(Notify::new());
    let notice = over.clone();
    stop.on_fire(move || notice.notify_one());
    tokio::select! {
        done = work => done,
        () = over.notified() => Err(NoAnswer("stopped".into())),
    }
}

/// The request with its body.
async fn filled(
    request: RequestBuilder,
    body: &Body<'_>,
    moved: &Arc<Mutex<Instant>>,
) -> Result<RequestBuilder, NoAnswer> {
    Ok(match body {
        Body::Nothing => request,
        Body::Json(value) => {
            request.header(CONTENT_TYPE, "application/json").body(value.to_string())
        }
        Body::Bytes(bytes) => {
            request.header(CONTENT_TYPE, "application/octet-stream").body(bytes.to_vec())
        }
        Body::File(file) => request
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, file.size)
            .body(streamed(file, moved).await?),
        Body::Form(fields, file) => {
            let part = multipart::Part::stream_with_length(streamed(file, moved).await?, file.size)
                .file_name(file.name.clone())
                .mime_str("application/octet-stream")
                .map_err(no_answer)?;
            let form = fields.iter().fold(multipart::Form::new(), |form, (name, value)| {
                form.text(name.clone(), value.clone())
            });
            request.multipart(form.part("content", part))
        }
    })
}

async fn streamed(file: &FormFile, moved: &Arc<Mutex<Instant>>) -> Result<reqwest::Body, NoAnswer> {
    let opened =
        tokio::fs::File::open(&file.path).await.map_err(|error| NoAnswer(error.to_string()))?;
    let paced = Paced { file: opened, moved: moved.clone() };
    let stream = tokio_util::io::ReaderStream::with_capacity(paced, 128 * 1024);
    Ok(reqwest::Body::wrap_stream(stream))
}

/// A file that notes when it was last read from.
struct Paced {
    file: tokio::fs::File,
    moved: Arc<Mutex<Instant>>,
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Pin::new(&mut self.file).poll_read(cx, buffer)
    }
}

/// Ends when nothing has moved for [`PATIENCE`].
async fn stalled(moved: &Mutex<Instant>) {
    loop {
        let last = *moved.lock().unwrap_or_else(PoisonError::into_inner);
        let left = PATIENCE.saturating_sub(last.elapsed());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left).await;
    }
}

async fn read(mut response: reqwest::Response) -> Result<Answer, NoAnswer> {
    let status = response.status();
    let fields = Fields::from(response.headers());
    let url = response.url().to_string();
    let reason = response.extensions().get::<hyper::ext::ReasonPhrase>();
    let reason = reason
        .map_or(String::new(), |phrase| String::from_utf8_lossy(phrase.as_bytes()).into_owned());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > LONGEST {
            return Err(NoAnswer(format!("the answer is longer than {LONGEST} bytes")));
        }
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    Ok(Answer { status: status.as_u16(), reason, fields, url, body })
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn no_answer(error: reqwest::Error) -> NoAnswer {
    NoAnswer(cause(&error))
}

/// The innermost cause of an error: what is round it says only that a request failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(inner) = innermost.source() {
        innermost = inner;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_be_spoken_to_in_the_clear() {
        for safe in [
            "https://x.example/",
            "http://127.0.0.1:80/x",
            "http://localhost/",
            "http://[::1]:3141/",
        ] {
            assert!(!travels_in_the_clear(safe), "{safe}");
        }
        let open = [
            "http://x.example/",
            "HTTP://0.0.0.0:1/",
            "http:host/",
            "http:\\\\host/",
            "http://127.0.0.1.x.example/",
        ];
        for open in open.into_iter().chain(["http://localhost@x.example/", "http://10.0.0.1/"]) {
            assert!(travels_in_the_clear(open), "{open}");
        }
    }

    #[test]
    fn dates_are_read() {
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(date("soon"), None);
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert!(same_origin("https://a.example/x", "https://A.example:443/y"));
        for other in
            ["http://a.example/", "https://b.example/", "https://a.example:444/", "nonsense"]
        {
            assert!(!same_origin("https://a.example/x", other), "{other}");
        }
    }
}
