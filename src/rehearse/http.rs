//! Requests and answers as values, with the few forms in which the services read and write them.
//!
//! No sockets here. Turned down: a web framework, whose routes would hide the order of checks that
//! the real services have.

use base64::Engine as _;
use serde_json::Value;

/// The method of a request that is a mail.
pub const MAIL: &str = "MAIL";

/// A request, read to its end.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Method in capitals.
    pub method: String,
    /// Host without port, lower-case.
    pub host: String,
    /// Port, if it is not the usual one.
    pub port: Option<u16>,
    /// Whether it was sent over plain http.
    pub clear: bool,
    /// Path as it was sent, still percent-encoded.
    pub path: String,
    /// Path and query as they were sent.
    pub target: String,
    /// Decoded pairs of the query, in order.
    pub query: Vec<(String, String)>,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A part of a `multipart/form-data` body (RFC 7578).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Name of the field.
    pub name: String,
    /// File name, for files.
    pub filename: Option<String>,
    /// Media type, if one was given.
    pub content_type: Option<String>,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// Why a service said no, and where that rule is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Short name of the rule, such as `pypi.local-version`.
    pub name: &'static str,
    /// Where it is known from: a page, an RFC or PEP, a source file.
    pub source: &'static str,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Reason phrase, if not the usual one.
    pub reason: Option<String>,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The rule by which it refuses, if it does.
    pub rule: Option<Rule>,
}

/// What a client gets of an answer.
#[derive(Debug)]
pub enum Reply {
    /// All of it.
    Whole(Response),
    /// Half of its body; then the connection ends.
    Half(Response),
    /// Nothing: the connection ends.
    Cut,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self::Whole(response)
    }
}

impl Request {
    /// Whether it only reads.
    pub fn reads(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// The host, with its port if that is not the usual one.
    pub fn authority(&self) -> String {
        self.port.map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }

    /// The whole address.
    pub fn url(&self) -> String {
        let scheme = if self.clear { "http" } else { "https" };
        format!("{scheme}://{}{}", self.authority(), self.target)
    }

    /// A header field's value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a query field.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The path's segments, decoded, without empty ones.
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The word after a scheme in `Authorization`, whichever way the scheme is capitalised
    /// (RFC 9110, 11.1).
    pub fn authorization(&self, scheme: &str) -> Option<&str> {
        let (given, rest) = self.header("authorization")?.split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
    }

    /// User and password of `Authorization: Basic` (RFC 7617).
    pub fn basic(&self) -> Option<(String, String)> {
        let raw = base64::engine::general_purpose::STANDARD.decode(self.authorization("basic")?);
        let text = String::from_utf8(raw.ok()?).ok()?;
        text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    /// The parts of a `multipart/form-data` body.
    pub fn parts(&self) -> Option<Vec<Part>> {
        let kind = self.header("content-type")?;
        let (kind, rest) = kind.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(rest, "boundary")?;
        split_parts(&self.body, boundary.as_bytes())
    }
}

impl Response {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// A text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::of(status, "text/plain; charset=UTF-8", text.into().into_bytes())
    }

    /// JSON.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::of(status, "application/json", value.to_string().into_bytes())
    }

    /// A body of this media type.
    pub fn of(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, body, ..Self::default() }.with("content-type", content_type)
    }

    /// The same with another header field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same, as a refusal by `rule`.
    #[must_use]
    pub fn by(mut self, rule: Rule) -> Self {
        self.rule = Some(rule);
        self
    }
}

/// A percent-decoded text (RFC 3986, 2.1).
pub fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut raw = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                raw.push(byte);
                at += 3;
            }
            _ => {
                raw.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&raw).into_owned()
}

/// A parameter of a header field, with or without quotes.
fn parameter(text: &str, name: &str) -> Option<String> {
    text.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn split_parts(body: &[u8], boundary: &[u8]) -> Option<Vec<Part>> {
    let mark = [b"--", boundary].concat();
    let find =
        |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).position(|window| window == needle);
    let mut rest = &body[find(body, &mark)? + mark.len()..];
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n")?;
        let head_ends = find(rest, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&rest[..head_ends]).into_owned();
        rest = &rest[head_ends + 4..];
        let end = find(rest, &[b"\r\n", mark.as_slice()].concat())?;
        parts.push(part(&head, &rest[..end])?);
        rest = &rest[end + 2 + mark.len()..];
    }
    Some(parts)
}

fn part(head: &str, bytes: &[u8]) -> Option<Part> {
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let disposition = field("content-disposition")?;
    Some(Part {
        name: parameter(&disposition, "name")?,
        filename: parameter(&disposition, "filename"),
        content_type: field("content-type"),
        bytes: bytes.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_with_its_file() {
        let body = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n--B\r\ncontent-disposition: form-data; name=\"content\"; filename=\"x.whl\"\r\nContent-Type: application/zip\r\n\r\n\r\n--B--\r\n";
        let request = Request {
            headers: vec![("content-type".into(), "multipart/form-data; boundary=\"B\"".into())],
            body: body.into(),
            ..Request::default()
        };
        let parts = request.parts().unwrap();
        assert_eq!(parts[0].bytes, b"1\r\n2");
        assert_eq!(parts[1].filename.as_deref(), Some("x.whl"));
        assert_eq!(parts[1].content_type.as_deref(), Some("application/zip"));
        assert!(parts[1].bytes.is_empty());
    }

    #[test]
    fn logins_are_read_whatever_the_schemes_letters() {
        let with = |value: &str| Request {
            headers: vec![("authorization".into(), value.into())],
            ..Request::default()
        };
        assert_eq!(with("basic dTpwOng=").basic(), Some(("u".into(), "p:x".into())));
        assert_eq!(with("bearer t").authorization("Bearer"), Some("t"));
        assert_eq!(with("t").authorization("Bearer"), None);
    }

    #[test]
    fn paths_are_decoded_segment_by_segment() {
        let request = Request { path: "/a%2Fb//c%20d/%zz".into(), ..Request::default() };
        assert_eq!(request.segments(), ["a/b", "c d", "%zz"]);
    }
}
