//! Whole HTTP/1.1 messages over plain std sockets: just enough for `wire` to pass
//! them on and for tests to ask a loopback server one question per connection.
//! Bodies are read by length, by chunks or to the end, and written by length.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The longest silence on a connection before it is given up.
const SILENCE: Duration = Duration::from_secs(60);

/// Headers that speak of one connection only: read, but never passed on.
const HOP_BY_HOP: [&str; 6] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
];

/// A request or an answer: its first line, its headers in order, its body.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub start: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Ask a loopback server and wait for its whole answer.
pub fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Message> {
    let (authority, path) = split_url(url);
    let mut request = Message {
        start: format!("{method} {path} HTTP/1.1"),
        headers: vec![("Host".to_owned(), authority.to_owned())],
        body: body.to_vec(),
    };
    for (name, value) in headers {
        request.headers.push(((*name).to_owned(), (*value).to_owned()));
    }
    request.send(authority)
}

/// `http://host:port/path` as `host:port` and `/path`.
pub fn split_url(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.find('/').map_or((rest, "/"), |at| rest.split_at(at))
}

impl Message {
    pub fn answer(status: u16, body: impl Into<Vec<u8>>) -> Message {
        let kind = ("Content-Type".to_owned(), "text/plain".to_owned());
        Message {
            start: format!("HTTP/1.1 {status} Status {status}"),
            headers: vec![kind],
            body: body.into(),
        }
    }

    pub fn method(&self) -> &str {
        self.word(0)
    }

    pub fn path(&self) -> &str {
        self.word(1)
    }

    /// The status of an answer, 0 if it has none.
    pub fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or(0)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let same = |header: &&(String, String)| header.0.eq_ignore_ascii_case(name);
        let found = self.headers.iter().find(same);
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn word(&self, at: usize) -> &str {
        self.start.split(' ').nth(at).unwrap_or_default()
    }

    /// Read a client's whole request.
    pub fn read_request(client: &TcpStream) -> io::Result<Message> {
        client.set_read_timeout(Some(SILENCE))?;
        let mut reader = BufReader::new(client);
        let mut request = Message::read_head(&mut reader)?;
        if request.header("expect").is_some() {
            (&mut &*client).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if request.has_length() {
            request.read_body(&mut reader)?;
        }
        Ok(request)
    }

    /// Send this request to `authority` and read the whole answer.
    pub fn send(&self, authority: &str) -> io::Result<Message> {
        let upstream = TcpStream::connect(authority)?;
        upstream.set_read_timeout(Some(SILENCE))?;
        let sent = self.has_length() || !self.body.is_empty();
        self.write(&upstream, sent.then_some(self.body.len()))?;
        let mut reader = BufReader::new(&upstream);
        let mut answer = Message::read_head(&mut reader)?;
        while (100..200).contains(&answer.status()) {
            answer = Message::read_head(&mut reader)?;
        }
        if self.method() != "HEAD" && !answer.is_bodiless() {
            answer.read_body(&mut reader)?;
        }
        Ok(answer)
    }

    /// Give a client this answer to its request of this method.
    pub fn reply(&self, client: &TcpStream, method: &str) -> io::Result<()> {
        let told = self.header("content-length").and_then(|n| n.parse().ok());
        let length = match method {
            "HEAD" => told,
            _ if self.is_bodiless() => None,
            _ => Some(self.body.len()),
        };
        self.write(client, length)
    }

    fn write(&self, mut out: &TcpStream, length: Option<usize>) -> io::Result<()> {
        let mut bytes = format!("{}\r\nConnection: close\r\n", self.start);
        if let Some(length) = length {
            bytes += &format!("Content-Length: {length}\r\n");
        }
        for (name, value) in &self.headers {
            if !HOP_BY_HOP.contains(&name.to_lowercase().as_str()) {
                bytes += &format!("{name}: {value}\r\n");
            }
        }
        bytes += "\r\n";
        out.write_all(&[bytes.as_bytes(), &self.body].concat())
    }

    fn read_head(reader: &mut impl BufRead) -> io::Result<Message> {
        let start = read_line(reader)?;
        let mut headers = Vec::new();
        loop {
            let line = read_line(reader)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(Message { start, headers, body: Vec::new() })
    }

    fn read_body(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        if self.is_chunked() {
            return self.read_chunks(reader);
        }
        match self.header("content-length").map(str::parse) {
            Some(Ok(length)) => {
                self.body = vec![0; length];
                reader.read_exact(&mut self.body)
            }
            Some(Err(_)) => Err(io::ErrorKind::InvalidData.into()),
            None => reader.read_to_end(&mut self.body).map(drop),
        }
    }

    fn read_chunks(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        loop {
            let line = read_line(reader)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let length = u64::from_str_radix(digits, 16)
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
            if length == 0 {
                break;
            }
            let read = reader.take(length).read_to_end(&mut self.body)?;
            if read as u64 != length || !read_line(reader)?.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        while !read_line(reader)?.is_empty() {} // trailers
        Ok(())
    }

    fn has_length(&self) -> bool {
        self.is_chunked() || self.header("content-length").is_some()
    }

    fn is_chunked(&self) -> bool {
        let coding = self.header("transfer-encoding").unwrap_or_default();
        coding.to_lowercase().ends_with("chunked")
    }

    /// An answer that never has a body, whatever was asked.
    fn is_bodiless(&self) -> bool {
        matches!(self.status(), 204 | 304)
    }
}

/// One line without its end; the connection's end is an error.
fn read_line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let line = String::from_utf8_lossy(&line);
    Ok(line.trim_end_matches('\r').to_owned())
}
