//! The one place with sockets: a proxy on loopback that ends every connection itself, whatever the
//! host, and gives each request to whoever answers for the world.
//!
//! Nothing is ever passed through as bytes: what the world does not answer, it may fetch or refuse,
//! request by request. Turned down: a port for each service, which unmodified clients with their
//! built-in addresses would never find.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::http::uri::Authority as Place;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::ca::{Authority, For};
use super::http::{Reply, Request, Response, decoded};
use super::mail::{PORT, Step, Talk, said};

/// Longest line of a mail; RFC 5321 (4.5.3.1.6) knows 1000 bytes.
const LONGEST_LINE: u64 = 64 * 1024;

/// What answers requests.
type Answerer = Arc<dyn Fn(Request) -> Reply + Send + Sync>;

/// A proxy that runs until it is dropped.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    line: Line,
    runtime: Runtime,
}

/// The name by which the world knows requests to the proxy's own address: some clients look for a runner's
/// identity without any proxy, so that address must be one on this machine.
pub const RUNNER: &str = "runner";

/// Whom a connection is for.
#[derive(Clone)]
struct Line {
    answerer: Answerer,
    authority: Arc<Authority>,
    /// Where the proxy itself is.
    own: SocketAddr,
    /// Where a tunnel leads to; without one, requests name it themselves.
    tunnel: Option<Place>,
    /// Whether the tunnel is for mail.
    mail: bool,
}

impl Proxy {
    /// Listens on a port of 127.0.0.1 that the system picks. `answerer` is called on threads that may
    /// wait.
    ///
    /// # Errors
    /// No port, or no threads.
    pub fn start<R: Into<Reply>>(
        authority: Arc<Authority>,
        answerer: Arc<impl Fn(Request) -> R + Send + Sync + 'static>,
    ) -> io::Result<Self> {
        let answerer: Answerer = Arc::new(move |request| answerer(request).into());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let line = Line { answerer, authority, own: address, tunnel: None, mail: false };
        runtime.spawn(accept(listener, line.clone()));
        Ok(Self { address, line, runtime })
    }

    /// Listens at another socket too, whose address is the same to those who see it.
    ///
    /// # Errors
    /// It is no socket to wait at.
    pub fn listen(&self, listener: std::net::TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let _here = self.runtime.enter();
        self.runtime.spawn(accept(TcpListener::from_std(listener)?, self.line.clone()));
        Ok(())
    }
}

/// Serves all who come.
async fn accept(listener: TcpListener, line: Line) {
    loop {
        // What cannot be accepted is the client's loss.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let line = line.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| outer(request, line.clone()));
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        });
    }
}

/// Without an answer the connection ends.
type Answer = io::Result<hyper::Response<Flow>>;

/// A request to the proxy itself: for a tunnel, or in the clear with the whole address.
async fn outer(mut request: hyper::Request<Incoming>, line: Line) -> Answer {
    if request.method() != hyper::Method::CONNECT {
        return inner(request, line).await;
    }
    let Some(place) = request.uri().authority().cloned() else {
        return Ok(encoded(Response::empty(400)));
    };
    // Who serves mail speaks first, so that it has to be known before: by the port, or as RFC 7639 says it.
    let alpn = request.headers().get("alpn").is_some_and(|alpn| alpn == "smtp");
    let mail = alpn || place.port_u16() == Some(PORT);
    tokio::spawn(async move {
        if let Ok(stream) = hyper::upgrade::on(&mut request).await {
            // A client that breaks off has nobody to be told.
            let _ = tunnel(stream, Line { tunnel: Some(place), mail, ..line }).await;
        }
    });
    Ok(encoded(Response::empty(200)))
}

/// Ends TLS as the host that the client wants to reach, and answers what it asks.
async fn tunnel(stream: Upgraded, line: Line) -> io::Result<()> {
    let host = line.tunnel.as_ref().map(|place| place.host().to_owned()).unwrap_or_default();
    let resolver = For { authority: line.authority.clone(), host: host.clone() };
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = if line.mail { Vec::new() } else { vec![b"http/1.1".to_vec()] };
    let stream = TlsAcceptor::from(Arc::new(config)).accept(TokioIo::new(stream)).await?;
    if line.mail {
        return post(stream, Talk::new(&host), line.answerer).await;
    }
    let service = service_fn(move |request| inner(request, line.clone()));
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    served.map_err(io::Error::other)
}

/// Talks with a client that has mail.
async fn post(
    stream: impl AsyncRead + AsyncWrite,
    mut talk: Talk,
    answerer: Answerer,
) -> io::Result<()> {
    let (from, mut to) = tokio::io::split(stream);
    let mut from = BufReader::new(from);
    let (mut say, mut line) = (talk.greeting(), Vec::new());
    loop {
        to.write_all(say.as_bytes()).await?;
        to.flush().await?;
        line.clear();
        if (&mut from).take(LONGEST_LINE).read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        say = match talk.line(&line) {
            Step::Wait => String::new(),
            Step::Say(text) => text,
            Step::End(text) => {
                to.write_all(text.as_bytes()).await?;
                return to.shutdown().await;
            }
            Step::Deliver(request) => {
                let answerer = answerer.clone();
                let answered = tokio::task::spawn_blocking(move || answerer(*request)).await;
                match answered.unwrap_or_else(|_| Response::empty(451).into()) {
                    Reply::Whole(response) => said(&response),
                    Reply::Half(_) | Reply::Cut => return Ok(()),
                }
            }
        };
    }
}

async fn inner(request: hyper::Request<Incoming>, line: Line) -> Answer {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(encoded(Response::empty(400))) };
    let is_head = head.method == hyper::Method::HEAD;
    let request = plain(&head, body.to_bytes().to_vec(), &line);
    let answerer = line.answerer;
    let answered = tokio::task::spawn_blocking(move || answerer(request)).await;
    let (mut response, half) = match answered.unwrap_or_else(|_| Response::empty(500).into()) {
        Reply::Whole(response) => (response, false),
        Reply::Half(response) if !response.body.is_empty() => (response, true),
        Reply::Half(_) | Reply::Cut => return Err(io::ErrorKind::ConnectionReset.into()),
    };
    if is_head {
        response.body.clear();
    }
    let mut answer = encoded(response);
    if half {
        answer.body_mut().tear();
    }
    Ok(answer)
}

fn plain(head: &hyper::http::request::Parts, body: Vec<u8>, line: &Line) -> Request {
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let named = || head.headers.get("host").map(text).and_then(|named| named.parse().ok());
    let place = line.tunnel.clone().or_else(|| head.uri.authority().cloned()).or_else(named);
    let own = line.tunnel.is_none()
        && place.as_ref().is_some_and(|place| place.as_str() == line.own.to_string());
    let host = if own { RUNNER } else { place.as_ref().map_or("", |place| place.host()) };
    let usual = if line.tunnel.is_some() { 443 } else { 80 };
    let port = place.as_ref().and_then(Place::port_u16).filter(|port| !own && *port != usual);
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(&key.replace('+', " ")), decoded(&value.replace('+', " ")))
    };
    let query = head.uri.query().unwrap_or_default();
    Request {
        method: head.method.as_str().to_owned(),
        host: host.to_ascii_lowercase(),
        port,
        clear: line.tunnel.is_none(),
        path: head.uri.path().to_owned(),
        target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        query: query.split('&').filter(|part| !part.is_empty()).map(pair).collect(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body,
    }
}

fn encoded(response: Response) -> hyper::Response<Flow> {
    let mut built = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        built = built.header(name, value);
    }
    if let Some(reason) = response
        .reason
        .and_then(|reason| hyper::ext::ReasonPhrase::try_from(reason.into_bytes()).ok())
    {
        built = built.extension(reason);
    }
    let built = built.body(Flow { left: response.body.into(), ..Flow::default() });
    built.unwrap_or_else(|_| hyper::Response::new(Flow::default()))
}

/// A body that may break off.
#[derive(Default)]
struct Flow {
    left: Bytes,
    /// Bytes that are promised and never come.
    torn: u64,
    /// What did come is on its way.
    flushed: bool,
}

impl Flow {
    /// Half of it never comes.
    fn tear(&mut self) {
        self.torn = self.left.split_off(self.left.len() / 2).len() as u64;
    }
}

impl Body for Flow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.left.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.left)))));
        }
        if self.torn == 0 {
            return Poll::Ready(None);
        }
        if !self.flushed {
            // The connection writes out what it has while it waits.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.torn == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64 + self.torn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client reads until the connection ends.
    fn read(proxy: &Proxy, path: &str) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let mut stream = tokio::net::TcpStream::connect(proxy.address).await.unwrap();
            let asked = format!("GET http://x.example{path} HTTP/1.1\r\nconnection: close\r\n\r\n");
            stream.write_all(asked.as_bytes()).await.unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).await.unwrap();
            text
        })
    }

    #[test]
    fn an_answer_may_break_off_or_never_come() {
        let authority = Arc::new(Authority::new().unwrap());
        let answer = |request: Request| match request.path.as_str() {
            "/whole" => Reply::Whole(Response::text(200, "0123456789")),
            "/half" => Reply::Half(Response::text(200, "0123456789")),
            "/half-of-nothing" => Reply::Half(Response::empty(200)),
            _ => Reply::Cut,
        };
        let proxy = Proxy::start(authority, Arc::new(answer)).unwrap();
        let whole = read(&proxy, "/whole");
        assert!(whole.contains("content-length: 10\r\n") && whole.ends_with("\r\n0123456789"));
        let half = read(&proxy, "/half");
        assert!(half.contains("content-length: 10\r\n") && half.ends_with("\r\n01234"), "{half}");
        assert_eq!(read(&proxy, "/half-of-nothing"), "");
        assert_eq!(read(&proxy, "/cut"), "");
    }
}
