//! The one place with sockets: a proxy on loopback that ends every connection itself, whatever the
//! host, and gives each request to whoever answers for the world.
//!
//! Nothing is ever passed through as bytes: what the world does not answer, it may fetch or refuse,
//! request by request. Turned down: a port for each service, which unmodified clients with their
//! built-in addresses would never find.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::uri::Authority as Place;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use super::ca::{Authority, For};
use super::http::{Request, Response, decoded};

/// What answers requests: called on threads that may wait.
pub type Answerer = Arc<dyn Fn(Request) -> Response + Send + Sync>;

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
}

impl Proxy {
    /// Listens on a port of 127.0.0.1 that the system picks.
    ///
    /// # Errors
    /// No port, or no threads.
    pub fn start(authority: Arc<Authority>, answerer: Answerer) -> io::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let line = Line { answerer, authority, own: address, tunnel: None };
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

type Answer = Result<hyper::Response<Full<Bytes>>, Infallible>;

/// A request to the proxy itself: for a tunnel, or in the clear with the whole address.
async fn outer(mut request: hyper::Request<Incoming>, line: Line) -> Answer {
    if request.method() != hyper::Method::CONNECT {
        return inner(request, line).await;
    }
    let Some(place) = request.uri().authority().cloned() else {
        return Ok(encoded(Response::empty(400)));
    };
    tokio::spawn(async move {
        if let Ok(stream) = hyper::upgrade::on(&mut request).await {
            // A client that breaks off has nobody to be told.
            let _ = tunnel(stream, Line { tunnel: Some(place), ..line }).await;
        }
    });
    Ok(encoded(Response::empty(200)))
}

/// Ends TLS as the host that the client wants to reach, and answers what it asks.
async fn tunnel(stream: Upgraded, line: Line) -> io::Result<()> {
    let host = line.tunnel.as_ref().map(|place| place.host().to_owned()).unwrap_or_default();
    let resolver = For { authority: line.authority.clone(), host };
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let stream = TlsAcceptor::from(Arc::new(config)).accept(TokioIo::new(stream)).await?;
    let service = service_fn(move |request| inner(request, line.clone()));
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    served.map_err(io::Error::other)
}

async fn inner(request: hyper::Request<Incoming>, line: Line) -> Answer {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(encoded(Response::empty(400))) };
    let is_head = head.method == hyper::Method::HEAD;
    let request = plain(&head, body.to_bytes().to_vec(), &line);
    let answerer = line.answerer;
    let answered = tokio::task::spawn_blocking(move || answerer(request)).await;
    let mut answer = encoded(answered.unwrap_or_else(|_| Response::empty(500)));
    if is_head {
        *answer.body_mut() = Full::default();
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

fn encoded(response: Response) -> hyper::Response<Full<Bytes>> {
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
    let built = built.body(Full::new(Bytes::from(response.body)));
    built.unwrap_or_else(|_| hyper::Response::new(Full::default()))
}
