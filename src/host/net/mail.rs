//! Mail: one message to one server, by SMTP submission (RFC 6409).
//!
//! The connection is encrypted from its first byte (RFC 8314, 3.3); in the clear only this machine is spoken
//! to. There is no STARTTLS: whoever stands between could take it away. Where requests go through a proxy, so
//! does mail, by `CONNECT` (RFC 9110, 9.3.6), and in a rehearsal by that of its world. `lettre` writes the
//! message and speaks the protocol. Turned down: its own connections, which know no proxy; proxies that are
//! spoken to by TLS or SOCKS, which nobody has asked for.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Message;
use lettre::address::Envelope;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::extension::ClientId;
use reqwest::Url;
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{CONNECT, Net, NoAnswer, is_here};
use crate::host::rehearsed::Way;
use crate::host::stop::Stop;
use crate::model::percent;
use crate::model::secret::Secret;

/// How long all of it may take.
const WHOLE: Duration = Duration::from_secs(60);
/// Longest answer of a proxy.
const ANSWER: usize = 8 * 1024;

/// A message with all that its delivery needs.
pub struct Letter<'a> {
    /// Address of the server.
    pub server: &'a str,
    /// Name and password.
    pub login: Option<(&'a str, &'a Secret)>,
    /// Who writes.
    pub from: &'a str,
    /// Who gets it.
    pub to: &'a [String],
    /// What it is about.
    pub subject: &'a str,
    /// The text.
    pub text: &'a str,
    /// A word that no other message has: by it a receiver knows that it has this one already.
    pub id: &'a str,
    /// When, in seconds since 1970.
    pub at: u64,
}

/// Why a message was not delivered.
#[derive(Debug)]
pub enum Undelivered {
    /// Nothing was handed over.
    Unsent(String),
    /// Nothing can be: the proxy is of a kind that is not spoken to.
    NoWay(String),
    /// The server wants it later (RFC 5321, 4.2.1: 4yz).
    Later(String),
    /// The server does not take it (5yz).
    Refused(String),
    /// It broke off while it was handed over.
    Unclear(String),
}

/// Where a server listens.
struct Place {
    host: String,
    port: u16,
    encrypted: bool,
}

/// What is wrong with the address of a server, if anything is.
pub fn wrong_server(server: &str) -> Option<&'static str> {
    place(server).err()
}

/// Whether a text is an address of mail, with or without a name: `Ada <ada@example.org>`.
pub fn is_address(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

fn place(server: &str) -> Result<Place, &'static str> {
    let url = Url::parse(server).map_err(|_| "it is no address")?;
    if url.password().is_some() || !url.username().is_empty() {
        return Err("it holds a login");
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it has no host")?.to_owned();
    match url.scheme() {
        "smtps" => Ok(Place { host, port: url.port().unwrap_or(465), encrypted: true }),
        "smtp"
            if is_here(&Url::parse(&format!("http://{host}")).map_err(|_| "it has no host")?) =>
        {
            Ok(Place { host, port: url.port().unwrap_or(25), encrypted: false })
        }
        "smtp" => Err("it is spoken to in the clear"),
        _ => Err("it is no server of mail"),
    }
}

/// What stands between, if anything does.
struct Proxy {
    host: String,
    port: u16,
    /// What it is told of who asks (RFC 7617).
    login: Option<String>,
}

impl Proxy {
    /// Reads an address as it stands in `ALL_PROXY`; without a scheme it is meant for http.
    ///
    /// # Errors
    /// Mail cannot go through it: why, without the address, which may hold a password.
    fn of(address: &str) -> Result<Self, String> {
        let address = address.trim();
        let whole =
            if address.contains("://") { address.into() } else { format!("http://{address}") };
        let url = Url::parse(&whole).map_err(|_| "the proxy's address is none".to_owned())?;
        if url.scheme() != "http" {
            let scheme = url.scheme();
            return Err(format!("mail goes through a proxy by http, and this one speaks {scheme}"));
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err("the proxy has no host".into());
        };
        let (user, password) = (url.username(), url.password().unwrap_or_default());
        let named = !user.is_empty() || !password.is_empty();
        let login = || {
            let pair = format!("{}:{}", percent::decoded(user), percent::decoded(password));
            format!("Basic {}", STANDARD.encode(pair))
        };
        Ok(Self { host: host.to_owned(), port, login: named.then(login) })
    }
}

impl Net {
    /// Hands a message over. `proxy` is what requests of this machine go through. Given up when `stop` fires
    /// before it is handed over.
    ///
    /// # Errors
    /// It was not taken, or it is not known whether it was.
    pub fn mail(
        &self,
        letter: &Letter<'_>,
        proxy: Option<&str>,
        stop: &Stop,
    ) -> Result<(), Undelivered> {
        let unsent = |NoAnswer(why): NoAnswer| Undelivered::Unsent(why);
        let (envelope, message) = written(letter).map_err(Undelivered::Unsent)?;
        let place = place(letter.server).map_err(|why| Undelivered::Unsent(why.to_owned()))?;
        let way = self.way.as_ref();
        // In a rehearsal everything goes to its world, which is spoken to by TLS alone.
        let place = Place { encrypted: place.encrypted || way.is_some(), ..place };
        let proxy = way.map(|way| way.proxy.as_str()).or(proxy.filter(|_| place.encrypted));
        let proxy = proxy.map(Proxy::of).transpose().map_err(Undelivered::NoWay)?;
        let reached = self.wait(super::or_stopped(stop, async {
            let reached = tokio::time::timeout(WHOLE, reach(&place, proxy.as_ref(), way));
            reached.await.map_err(|_| NoAnswer("no answer in time".into()))?
        }));
        let stream = reached.map_err(unsent)?;
        let handed = self.wait(async {
            let handed =
                tokio::time::timeout(WHOLE, hand_over(stream, letter, &envelope, &message));
            let late = || Err(Undelivered::Unclear("no answer in time".into()));
            Ok(handed.await.unwrap_or_else(|_| late()))
        });
        handed.map_err(unsent)?
    }
}

/// The message with who it goes to, as it is sent.
fn written(letter: &Letter<'_>) -> Result<(Envelope, Vec<u8>), String> {
    let address =
        |text: &str| text.parse::<Mailbox>().map_err(|error| format!("`{text}`: {error}"));
    let mut message = Message::builder()
        .from(address(letter.from)?)
        .subject(letter.subject)
        .date(UNIX_EPOCH + Duration::from_secs(letter.at))
        .message_id(Some(format!("<{}@rel.invalid>", letter.id)))
        .header(ContentType::TEXT_PLAIN);
    for to in letter.to {
        message = message.to(address(to)?);
    }
    let message =
        message.body(letter.text.trim_end().to_owned()).map_err(|error| error.to_string())?;
    Ok((message.envelope().clone(), message.formatted()))
}

/// A stream to the server, through a proxy if there is one.
async fn reach(
    place: &Place,
    proxy: Option<&Proxy>,
    way: Option<&Way>,
) -> Result<Box<dyn AsyncTokioStream>, NoAnswer> {
    let stream = match proxy {
        Some(proxy) => through(proxy, place).await?,
        None => connected((place.host.trim_matches(['[', ']']), place.port)).await?,
    };
    if !place.encrypted {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(place.host.clone()).map_err(|error| said(&error))?;
    let connector = TlsConnector::from(Arc::new(trust(way)?));
    let stream = connector.connect(name, stream).await.map_err(|error| said(&error))?;
    Ok(Box::new(Encrypted(stream)))
}

async fn connected(to: (&str, u16)) -> Result<TcpStream, NoAnswer> {
    let connected = tokio::time::timeout(CONNECT, TcpStream::connect(to)).await;
    connected.map_err(|_| NoAnswer(format!("{} does not answer", to.0)))?.map_err(|e| said(&e))
}

/// Whom the server's certificate has to be from; in a rehearsal its authority alone.
fn trust(way: Option<&Way>) -> Result<ClientConfig, NoAnswer> {
    let Some(way) = way else {
        return ClientConfig::with_platform_verifier().map_err(|error| said(&error));
    };
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(way.authority.as_bytes());
    let authority = authority.map_err(|error| said(&error))?;
    roots.add(authority).map_err(|error| said(&error))?;
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

/// A tunnel through a proxy. What it is for stands in `ALPN` (RFC 7639).
async fn through(proxy: &Proxy, place: &Place) -> Result<TcpStream, NoAnswer> {
    let mut stream = connected((proxy.host.trim_matches(['[', ']']), proxy.port)).await?;
    let to = format!("{}:{}", place.host, place.port);
    let login = proxy.login.iter().map(|login| format!("Proxy-Authorization: {login}\r\n"));
    let login: String = login.collect();
    let asked = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nALPN: smtp\r\n{login}\r\n");
    stream.write_all(asked.as_bytes()).await.map_err(|error| said(&error))?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        // Byte by byte: what comes after belongs to the tunnel.
        answer.push(stream.read_u8().await.map_err(|error| said(&error))?);
        if answer.len() > ANSWER {
            return Err(NoAnswer("the proxy's answer has no end".into()));
        }
    }
    let first = String::from_utf8_lossy(&answer);
    let first = first.lines().next().unwrap_or_default();
    match first.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(stream),
        _ => Err(NoAnswer(format!("the proxy answered {first}"))),
    }
}

/// Speaks the protocol. Until the message itself begins, nothing is handed over.
async fn hand_over(
    stream: Box<dyn AsyncTokioStream>,
    letter: &Letter<'_>,
    envelope: &Envelope,
    message: &[u8],
) -> Result<(), Undelivered> {
    let hello = ClientId::Domain("rel.invalid".into());
    let before = |error| no(&error, false);
    let connected = AsyncSmtpConnection::connect_with_transport(stream, &hello).await;
    let mut connection = connected.map_err(before)?;
    if let Some((user, password)) = letter.login {
        let login = Credentials::new(user.to_owned(), password.reveal().to_owned());
        connection.auth(DEFAULT_MECHANISMS, &login).await.map_err(before)?;
    }
    connection.send(envelope, message).await.map_err(|error| no(&error, true))?;
    // The message is taken: how the conversation ends does not matter.
    let _ = connection.quit().await;
    Ok(())
}

fn no(error: &lettre::transport::smtp::Error, begun: bool) -> Undelivered {
    let why = match (error.status(), std::error::Error::source(error)) {
        (Some(code), Some(said)) => format!("{code} {said}"),
        (Some(code), None) => code.to_string(),
        (None, _) => super::cause(error),
    };
    match (error.is_transient(), error.is_permanent()) {
        (true, _) => Undelivered::Later(why),
        (_, true) => Undelivered::Refused(why),
        _ if begun => Undelivered::Unclear(why),
        _ => Undelivered::Unsent(why),
    }
}

fn said(error: &dyn std::error::Error) -> NoAnswer {
    NoAnswer(super::cause(error))
}

/// A stream by TLS, as `lettre` takes it.
#[derive(Debug)]
struct Encrypted(TlsStream<TcpStream>);

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_spoken_to_by_tls_or_on_this_machine() {
        for (server, port) in [
            ("smtps://mail.example.org", 465),
            ("smtps://x.org:2465", 2465),
            ("smtp://localhost:25", 25),
        ] {
            assert_eq!(place(server).unwrap().port, port, "{server}");
        }
        let wrong = [
            ("mail.example.org", "it is no address"),
            ("https://mail.example.org", "it is no server of mail"),
            ("smtp://mail.example.org:587", "it is spoken to in the clear"),
            ("smtps://me:secret@mail.example.org", "it holds a login"),
            ("smtps://", "it has no host"),
        ];
        for (server, why) in wrong {
            assert_eq!(wrong_server(server), Some(why), "{server}");
        }
    }

    #[test]
    fn a_proxy_is_spoken_to_by_http_and_told_who_asks() {
        let parts =
            |address: &str| Proxy::of(address).map(|proxy| (proxy.host, proxy.port, proxy.login));
        let plain = ("proxy.example.org".to_owned(), 3128, None);
        for address in ["http://proxy.example.org:3128", "proxy.example.org:3128/"] {
            assert_eq!(parts(address), Ok(plain.clone()), "{address}");
        }
        let (_, port, login) = parts("http://Aladdin:open%20sesame@proxy.example.org").unwrap();
        assert_eq!((port, login.as_deref()), (80, Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")));
        for address in ["socks5://me:hunter2@x:1080", "https://me:hunter2@x:443"] {
            let scheme = address.split(':').next().unwrap();
            let why = format!("mail goes through a proxy by http, and this one speaks {scheme}");
            assert_eq!(parts(address), Err(why));
        }
        assert_eq!(parts("http://"), Err("the proxy's address is none".into()));
    }

    #[test]
    fn a_message_says_when_and_by_which_word_it_is_known() {
        let to = ["Ada <ada@example.org>".to_owned(), "grace@example.org".to_owned()];
        let (from, subject, text) = ("rel@example.org", "1.0 ist da – schön", "Alles grün.\n.\n");
        let letter =
            Letter { server: "", login: None, from, to: &to, subject, text, id: "c0ffee", at: 0 };
        let (envelope, message) = written(&letter).unwrap();
        assert_eq!(envelope.to().len(), 2);
        let text = String::from_utf8(message).unwrap();
        assert!(text.contains("Message-ID: <c0ffee@rel.invalid>\r\n"), "{text}");
        assert!(text.contains("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"), "{text}");
        assert!(text.is_ascii(), "{text}");
    }
}
