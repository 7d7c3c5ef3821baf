//! A refusal, and how the index words it: in the status line, and as JSON, HTML or plain text by
//! `Accept`.
//!
//! Which rule is broken is decided elsewhere. Turned down: one form for all clients, since a client
//! that reads the reason phrase fails on HTTP/2, and only an `Accept` like the real one shows that.

use crate::rehearse::html::escaped;
use serde_json::json;

use crate::rehearse::http::{Response, Rule};

/// What a check gives.
pub(super) type Checked<T = ()> = Result<T, Refusal>;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Status code.
    pub(super) status: u16,
    /// What the server says.
    pub(super) text: String,
    /// The rule that was broken.
    pub(super) rule: Rule,
    /// Where to go instead, for redirections.
    pub(super) location: Option<String>,
}

impl Refusal {
    /// A refusal with this status.
    pub(super) fn new(status: u16, text: impl Into<String>, rule: Rule) -> Self {
        Self { status, text: text.into(), rule, location: None }
    }

    /// The answer for a client with this `Accept`.
    pub(super) fn response(&self, accept: Option<&str>) -> Response {
        let (title, explanation) = standard(self.status);
        // A reason phrase is one line of ISO 8859-1.
        let reason: String = self
            .text
            .chars()
            .map(|c| if u32::from(c) > 0xff || c.is_control() { '?' } else { c })
            .collect();
        let code = format!("{} {reason}", self.status);
        let body = format!("{explanation}\n\n\n{}\n\n", self.text);
        let offers = ["text/html", "application/json"];
        let mut response = match accept.and_then(|accept| preferred(accept, &offers)) {
            Some("application/json") => {
                let body = json!({ "message": body, "code": code, "title": title });
                Response::json(self.status, &body)
            }
            Some(_) => Response::of(
                self.status,
                "text/html; charset=UTF-8",
                format!(
                    "<html>\n <head>\n  <title>{code}</title>\n </head>\n <body>\n  <h1>{code}</h1>\n  {body}\n </body>\n</html>",
                    code = escaped(&code),
                    body = escaped(&body)
                )
                .into_bytes(),
            ),
            None => Response::text(self.status, format!("{code}\n\n{body}")),
        };
        response.reason = Some(reason);
        if let Some(location) = &self.location {
            response = response.with("location", location.clone());
        }
        response.by(self.rule)
    }
}

/// A refusal with status 400.
pub(super) fn bad<T>(text: impl Into<String>, rule: Rule) -> Checked<T> {
    Err(Refusal::new(400, text, rule))
}

/// Title and explanation that go with a status.
fn standard(status: u16) -> (&'static str, &'static str) {
    match status {
        308 => ("Permanent Redirect", "The resource has been moved"),
        400 => (
            "Bad Request",
            "The server could not comply with the request since it is either malformed or otherwise incorrect.",
        ),
        403 => ("Forbidden", "Access was denied to this resource."),
        404 => ("Not Found", "The resource could not be found."),
        405 => ("Method Not Allowed", "The method is not allowed for this resource."),
        406 => ("Not Acceptable", "The resource has no form that the client accepts."),
        409 => ("Conflict", "There was a conflict when trying to complete your request."),
        410 => ("Gone", "This resource is no longer available."),
        429 => ("Too Many Requests", "There were too many requests."),
        _ => ("Internal Server Error", "The server has failed."),
    }
}

/// The offer that `accept` likes best, the first of equals (RFC 9110, 12.5.1).
pub(super) fn preferred<'a>(accept: &str, offers: &[&'a str]) -> Option<&'a str> {
    let mut best: Option<(&str, f32)> = None;
    for offer in offers {
        let quality = quality(accept, offer);
        if quality > best.map_or(0.0, |(_, quality)| quality) {
            best = Some((offer, quality));
        }
    }
    best.map(|(offer, _)| offer)
}

/// How much `accept` likes `offer`: the most specific range decides.
fn quality(accept: &str, offer: &str) -> f32 {
    let kind = offer.split('/').next().unwrap_or_default();
    let mut found = (0, 0.0);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let given = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        let specific = match name.split_once('/') {
            _ if name.eq_ignore_ascii_case(offer) => 3,
            Some((range, "*")) if range.eq_ignore_ascii_case(kind) => 2,
            Some(("*", "*")) => 1,
            _ => continue,
        };
        if specific > found.0 {
            found = (specific, given);
        }
    }
    found.1
}

/// A text as Python's `repr` shows it, which the server's messages use.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            '\\' => shown.push_str("\\\\"),
            c if c == quote => shown.extend(['\\', c]),
            c if c.is_control() => shown.extend(format!("\\x{:02x}", u32::from(c)).chars()),
            c => shown.push(c),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides_and_the_first_of_equals_wins() {
        let offers = ["text/html", "application/json"];
        assert_eq!(preferred("application/json;q=0.9, text/plain;q=0.8", &offers), Some(offers[1]));
        assert_eq!(preferred("*/*", &offers), Some(offers[0]));
        assert_eq!(preferred("text/html;q=0, */*;q=0.1", &offers), Some(offers[1]));
        assert_eq!(preferred("application/*, text/html;q=0.5", &offers), Some(offers[1]));
        assert_eq!(preferred("image/png", &offers), None);
    }

    #[test]
    fn texts_are_quoted_as_python_does() {
        assert_eq!(quoted("a'b"), "\"a'b\"");
        assert_eq!(quoted("a'b\"\n\\"), "'a\\'b\"\\n\\\\'");
        assert_eq!(quoted("\u{1}"), "'\\x01'");
    }
}
