//! The files that a Python index lists for one project, from its JSON or its HTML page.
//!
//! Turns a body that was already fetched into names, addresses and digests; it requests nothing,
//! resolves no relative address and ignores Python versions. Reading JSON alone
//! was turned down: many private indexes answer with HTML whatever they are asked for.

mod decode;
mod html;

use serde::Deserialize;
use serde_json::Value;

use crate::model::percent;

/// The extensions of files that an index may list, past and present.
const EXTENSIONS: [&str; 7] = [".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz", ".egg"];

/// One file of a project page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimpleFile {
    /// The file name, decoded.
    pub filename: String,
    /// The address as the page gives it, possibly relative to the page, without its fragment.
    pub url: String,
    /// The SHA-256 digest as 64 lower-case hex digits; `None` when the page gives another digest or
    /// none.
    pub sha256: Option<String>,
    /// Whether installers pass it over unless told otherwise (PEP 592).
    pub yanked: bool,
    /// Its size in bytes, if the page tells (PEP 700).
    pub size: Option<u64>,
    /// When it was uploaded, as the page has it (PEP 700).
    pub uploaded: Option<String>,
}

/// The text of an HTML page's body, without its tags.
pub(super) fn plain_text(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let mut inside = body.len() < html.len();
    let mut text = String::new();
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    decode::references(&text)
}

/// Parses a project page of the simple repository API.
///
/// `content_type` is the header of the answer, its parameters are ignored; `page_url` stands in
/// messages only. In HTML an anchor counts when its address, or else its text, ends like a
/// distribution. Errors: one sentence naming the page, for a content type that is no project page,
/// an API of another major version, or JSON of another shape. Sources: PEP 503, PEP 629, PEP 691.
pub fn parse(content_type: &str, body: &str, page_url: &str) -> Result<Vec<SimpleFile>, String> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/vnd.pypi.simple.v1+json"
        | "application/vnd.pypi.simple.latest+json"
        | "application/json" => from_json(body, page_url),
        "application/vnd.pypi.simple.v1+html"
        | "application/vnd.pypi.simple.latest+html"
        | "text/html" => from_html(body, page_url),
        _ => Err(format!(
            "`{page_url}` answered with `{kind}`, which is not a project page of a Python index"
        )),
    }
}

#[derive(Deserialize)]
struct Page {
    meta: Meta,
    files: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Meta {
    api_version: String,
}

#[derive(Deserialize)]
struct Listed {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: Hashes,
    #[serde(default)]
    /// Whether, or why; what is neither counts for nothing.
    yanked: Value,
    #[serde(default)]
    size: Value,
    #[serde(default, rename = "upload-time")]
    uploaded: Value,
}

#[derive(Deserialize, Default)]
struct Hashes {
    sha256: Option<String>,
}

fn from_json(body: &str, page_url: &str) -> Result<Vec<SimpleFile>, String> {
    let page: Page = serde_json::from_str(body).map_err(|error| {
        format!("`{page_url}` is not a JSON project page of a Python index: {error}")
    })?;
    check_api(&page.meta.api_version, page_url)?;
    let files = page.files.into_iter().map(|listed| SimpleFile {
        filename: listed.filename,
        url: split_fragment(&listed.url).0.to_owned(),
        sha256: listed.hashes.sha256.as_deref().and_then(digest),
        yanked: listed.yanked == true || listed.yanked.is_string(),
        size: listed.size.as_u64(),
        uploaded: listed.uploaded.as_str().map(str::to_owned),
    });
    Ok(files.collect())
}

fn from_html(body: &str, page_url: &str) -> Result<Vec<SimpleFile>, String> {
    let page = html::page(body);
    if let Some(version) = page.api_version {
        check_api(&version, page_url)?;
    }
    Ok(page.anchors.iter().filter_map(from_anchor).collect())
}

fn from_anchor(anchor: &html::Anchor) -> Option<SimpleFile> {
    let html::Anchor { href, text, yanked } = anchor;
    let (url, fragment) = split_fragment(href.trim());
    let path = url.split('?').next().unwrap_or_default();
    let segment = percent::decoded(path.rsplit('/').next().unwrap_or_default());
    let filename =
        [segment.as_str(), text.trim()].into_iter().find(|name| is_distribution(name))?;
    Some(SimpleFile {
        filename: filename.to_owned(),
        url: url.to_owned(),
        sha256: fragment.split('&').find_map(|part| digest(part.strip_prefix("sha256=")?)),
        yanked: *yanked,
        size: None,
        uploaded: None,
    })
}

fn check_api(version: &str, page_url: &str) -> Result<(), String> {
    match version.split('.').next() {
        Some("1") => Ok(()),
        _ => Err(format!(
            "`{page_url}` speaks version `{version}` of the simple API, only `1` is supported"
        )),
    }
}

fn split_fragment(url: &str) -> (&str, &str) {
    url.split_once('#').unwrap_or((url, ""))
}

fn digest(hex: &str) -> Option<String> {
    let whole = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| hex.to_ascii_lowercase())
}

fn is_distribution(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    !name.contains(['/', '\\']) && EXTENSIONS.iter().any(|extension| lower.ends_with(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://index.example/simple/demo/";
    const HEX: &str = "ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81";

    fn html(body: &str) -> Vec<SimpleFile> {
        parse("text/html; charset=utf-8", body, PAGE).unwrap()
    }

    fn file(filename: &str, url: &str, sha256: Option<&str>) -> SimpleFile {
        let (filename, url) = (filename.to_owned(), url.to_owned());
        let sha256 = sha256.map(str::to_owned);
        SimpleFile { filename, url, sha256, yanked: false, size: None, uploaded: None }
    }

    #[test]
    fn json_page() {
        let body = format!(
            r#"{{"meta":{{"api-version":"1.4","_last-serial":7}},"name":"demo","versions":["1"],"files":[
            {{"filename":"demo-1.tar.gz","url":"../demo-1.tar.gz#x","hashes":{{"sha256":"{}"}},"yanked":false}},
            {{"filename":"demo-2.zip","url":"u","yanked":"it was bad"}},{{"filename":"demo-3.zip","url":"u","yanked":true}},
            {{"filename":"demo-1.zip","url":"u","hashes":{{"md5":"00"}},"provenance":null,"yanked":null,
            "size":7,"upload-time":"2026-01-02T03:04:05.678Z"}}]}}"#,
            HEX.to_uppercase()
        );
        let files = parse("application/vnd.pypi.simple.v1+json", &body, PAGE).unwrap();
        assert_eq!(
            files,
            [
                file("demo-1.tar.gz", "../demo-1.tar.gz", Some(HEX)),
                SimpleFile { yanked: true, ..file("demo-2.zip", "u", None) },
                SimpleFile { yanked: true, ..file("demo-3.zip", "u", None) },
                SimpleFile {
                    size: Some(7),
                    uploaded: Some("2026-01-02T03:04:05.678Z".into()),
                    ..file("demo-1.zip", "u", None)
                },
            ]
        );
    }

    #[test]
    fn pages_that_are_none_are_refused() {
        for (content_type, body) in [
            ("text/plain", ""),
            ("", "{}"),
            ("application/json", "{}"),
            ("application/json", r#"{"meta":{"api-version":"2.0"},"files":[]}"#),
            ("text/html", r#"<meta content=2.0 name="pypi:repository-version">"#),
        ] {
            assert!(
                parse(content_type, body, PAGE).unwrap_err().contains(PAGE),
                "{content_type} {body}"
            );
        }
    }

    #[test]
    fn pypiserver_page() {
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n    <head>\n        <meta charset=\"utf-8\">\n        \
             <title>Links for demo</title>\n    </head>\n    <body>\n        \
             <h1>Links for demo</h1>\n            \
             <a href=\"/packages/demo-1.0.tar.gz#sha256={HEX}\">demo-1.0.tar.gz</a><br>\n            \
             <a href=\"/packages/sub/demo-1.0-py3-none-any.whl#md5=00\">\
             demo-1.0-py3-none-any.whl</a><br>\n    </body>\n</html>"
        );
        let wheel = "demo-1.0-py3-none-any.whl";
        let expected = [
            file("demo-1.0.tar.gz", "/packages/demo-1.0.tar.gz", Some(HEX)),
            file(wheel, "/packages/sub/demo-1.0-py3-none-any.whl", None),
        ];
        assert_eq!(html(&body), expected);
    }

    #[test]
    fn devpi_page() {
        let body = format!(
            "<!DOCTYPE html><html><head><title>root/dev: links for demo</title></head><body>\
             <h1>root/dev: links for demo</h1>\n<form action=\"/root/dev/demo/refresh\" \
             method=\"post\"><input name=\"refresh\" type=\"submit\" value=\"Refresh\"/></form>\n\
             root/dev <a href=\"../../+f/ff7/0335d468e7eb6/demo-1.0%2Blocal.tar.gz#sha256={HEX}\" \
             data-core-metadata=\"true\" data-requires-python=\"&gt;=3.9\" data-yanked=\"\">\
             demo-1.0+local.tar.gz</a><br>\n</body></html>"
        );
        let url = "../../+f/ff7/0335d468e7eb6/demo-1.0%2Blocal.tar.gz";
        let yanked = SimpleFile { yanked: true, ..file("demo-1.0+local.tar.gz", url, Some(HEX)) };
        assert_eq!(html(&body), [yanked]);
    }

    #[test]
    fn other_anchors() {
        let body = format!(
            "<a href='../'>Parent</a> <a name=x>demo-1.zip</a>\
             <A rel=internal HREF = get?file=1&amp;v=2#egg=a&amp;sha256={HEX}>\
             <b>demo-1</b>.zip </A>\
             <a href=demo-1.whl.asc>sig</a><a href=demo-2.egg#sha256=00>x"
        );
        assert_eq!(
            html(&body),
            [
                file("demo-1.zip", "get?file=1&v=2", Some(HEX)),
                file("demo-2.egg", "demo-2.egg", None)
            ]
        );
    }
}
