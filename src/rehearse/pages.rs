//! Pages of a world that stays up, to look at in a browser: what was asked, what was refused, and each
//! service's own pages, which are found below `/@/HOST/`.
//!
//! Plain HTML without scripts. To look changes nothing and stands in no record.

use super::html::escaped;
use std::fmt::Write as _;

use super::http::{Request, Response};
use super::wire::RUNNER;
use super::world::{By, Exchange, World};

/// What the pages are about.
#[derive(Debug, Clone)]
pub struct Pages {
    /// The tag that was rehearsed.
    pub tag: String,
    /// Address of the repository's page.
    pub repository: String,
    /// Addresses of the indexes' simple pages.
    pub indexes: Vec<String>,
    /// Address of the registry of crates.
    pub crates: String,
    /// Address of the transparency log.
    pub log: String,
    /// Names that the project publishes.
    pub names: Vec<String>,
}

const BELOW: &str = "/@/";
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.15rem .6rem;\
    border-bottom:1px solid #ddd;font-variant-numeric:tabular-nums}.refused{color:#a40000}code{font-size:.9em}";

impl Pages {
    /// A page, if the request is for one.
    pub fn answer(&self, world: &World, request: &Request) -> Option<Response> {
        if request.host != RUNNER || request.method != "GET" {
            return None;
        }
        if request.path == "/" {
            let look = |address: &str| seen(world, address);
            let home = self.home(&world.record(), &look);
            return Some(Response::of(200, "text/html; charset=utf-8", home.into()));
        }
        let (host, path) = request.path.strip_prefix(BELOW)?.split_once('/')?;
        let query =
            request.target.split_once('?').map_or(String::new(), |(_, rest)| format!("?{rest}"));
        let asked = browsed(host, &format!("/{path}{query}"), &request.query);
        Some(linked(world.look(&asked), host, &world.hosts()))
    }

    /// The first page. `look` gives the text of what is at an address, if there is something.
    fn home(&self, record: &[Exchange], look: &dyn Fn(&str) -> Option<String>) -> String {
        let mut page = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>rehearsal of {tag}</title>\
             <style>{STYLE}</style><h1>rehearsal of {tag}</h1><h2>What is there now</h2><ul>",
            tag = escaped(&self.tag)
        );
        let release = format!("{}/releases/tag/{}", self.repository, self.tag);
        let mut items = vec![(release, "release")];
        for index in &self.indexes {
            for name in &self.names {
                let address = format!("{index}{name}/");
                let files = look(&address).map(|text| files(&text)).unwrap_or_default();
                items.push((address, "files of the project"));
                let origin = index.trim_end_matches('/').trim_end_matches("/simple");
                let proof = |(file, version): &(String, String)| {
                    (format!("{origin}/integrity/{name}/{version}/{file}/provenance"), "provenance")
                };
                items.extend(files.iter().map(proof));
            }
        }
        let krate =
            |name: &String| (format!("{}/crates/{name}", self.crates), "versions of the crate");
        items.extend(self.names.iter().map(krate));
        items.push((format!("{}/api/v1/log", self.log), "transparency log"));
        for (address, what) in items.iter().filter(|(address, _)| look(address).is_some()) {
            let (to, shown) = (escaped(&below(address)), escaped(address));
            let _ = write!(page, "<li><a href=\"{to}\">{what}</a> <code>{shown}</code>");
        }
        page.push_str("</ul><h2>Findings</h2><ul>");
        let refused: Vec<&Exchange> = record.iter().filter(|one| one.is_refusal()).collect();
        if refused.is_empty() {
            page.push_str("<li>nothing was refused");
        }
        for one in refused {
            let (rule, source) = one.rule.unwrap_or_default();
            let (host, path, source) = (escaped(&one.host), escaped(&one.path), escaped(source));
            let _ =
                write!(page, "<li class=refused>{} {host}{path}: {rule} ({source})", one.status);
        }
        page.push_str(
            "</ul><h2>Requests</h2><table><tr><th>method<th>host<th>path<th>status<th>by",
        );
        for one in record {
            let (method, host, path) =
                (escaped(&one.method), escaped(&one.host), escaped(&one.path));
            let class = if one.is_refusal() { " class=refused" } else { "" };
            let by = by(one.by);
            let _ = write!(
                page,
                "<tr{class}><td>{method}<td>{host}<td><code>{path}</code><td>{}<td>{by}",
                one.status
            );
        }
        page.push_str("</table></html>");
        page
    }
}

/// A request as a browser makes it.
fn browsed(host: &str, target: &str, query: &[(String, String)]) -> Request {
    Request {
        method: "GET".into(),
        host: host.to_ascii_lowercase(),
        path: target.split('?').next().unwrap_or_default().to_owned(),
        target: target.to_owned(),
        query: query.to_vec(),
        headers: vec![
            ("accept".into(), "text/html, */*;q=0.1".into()),
            ("user-agent".into(), "browser".into()),
        ],
        ..Request::default()
    }
}

/// The text of what is at an address of the world, if there is something.
fn seen(world: &World, address: &str) -> Option<String> {
    let (host, path) = address.split_once("://")?.1.split_once('/')?;
    let mut request = browsed(host, &format!("/{path}"), &[]);
    if path.starts_with("integrity/") {
        request.headers[0].1 = "application/json".into();
    }
    let response = world.look(&request);
    (response.status == 200).then(|| String::from_utf8_lossy(&response.body).into_owned())
}

/// Names of distributions on a page, each with its version.
fn files(page: &str) -> Vec<(String, String)> {
    let names = page.split("</a>").filter_map(|part| part.rsplit('>').next());
    let versioned = |name: &str| {
        let version = match name.strip_suffix(".tar.gz") {
            Some(stem) => stem.rsplit('-').next()?,
            None => name.strip_suffix(".whl")?.split('-').nth(1)?,
        };
        Some((name.to_owned(), version.to_owned()))
    };
    names.filter_map(versioned).collect()
}

fn by(by: By) -> &'static str {
    match by {
        By::World => "world",
        By::Outside => "outside",
        By::Kept => "kept",
        By::Missing => "missing",
        By::Fault => "fault",
        By::Nobody => "nobody",
    }
}

/// An address of the world, as it is found here.
fn below(address: &str) -> String {
    format!("{BELOW}{}", address.split("://").nth(1).unwrap_or(address))
}

/// A page whose links lead to other pages of the world.
fn linked(response: Response, host: &str, hosts: &[String]) -> Response {
    let field = |name: &str| {
        let found = response.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    let kind = field("content-type").unwrap_or_default();
    let known = |address: &str| {
        let to = address.split("://").nth(1).and_then(|rest| rest.split('/').next());
        to.is_some_and(|to| hosts.iter().any(|host| host == to))
    };
    if let Some(to) = field("location").filter(|to| known(to)) {
        return Response::empty(response.status).with("location", below(&to));
    }
    if !kind.contains("html") {
        let kind = if kind.contains("json") { "application/json" } else { &kind };
        return Response::of(response.status, kind, response.body);
    }
    let mut text = String::from_utf8_lossy(&response.body).into_owned();
    for other in hosts {
        text = text.replace(&format!("=\"https://{other}/"), &format!("=\"{BELOW}{other}/"));
    }
    text = text.replace("=\"/", &format!("=\"{BELOW}{host}/"));
    // What led to another host was told apart already.
    text = text.replace(&format!("{BELOW}{host}{BELOW}"), BELOW);
    let text = text.replace(&format!("{BELOW}{host}/@/"), BELOW);
    Response::of(response.status, "text/html; charset=utf-8", text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_of_the_world_or_stay() {
        let page = "<a href=\"https://files.example/x\">1</a><a href=\"/y\">2</a>\
                    <a href=\"https://other.example/\">3</a><a href=\"../z\">4</a>";
        let hosts = ["files.example".to_owned(), "index.example".to_owned()];
        let response = Response::of(200, "text/html", page.into());
        let text = String::from_utf8(linked(response, "index.example", &hosts).body).unwrap();
        assert_eq!(
            text,
            "<a href=\"/@/files.example/x\">1</a><a href=\"/@/index.example/y\">2</a>\
             <a href=\"https://other.example/\">3</a><a href=\"../z\">4</a>"
        );
        let moved = Response::empty(302).with("location", "https://files.example/x?a=1&b=2");
        let moved = linked(moved, "index.example", &hosts);
        let to = "/@/files.example/x?a=1&b=2".to_owned();
        assert_eq!(moved.headers, [("location".to_owned(), to)]);
    }

    #[test]
    fn what_was_asked_cannot_write_the_page() {
        let pages = Pages {
            tag: "v1<b>".into(),
            repository: "https://forge.example/o/r".into(),
            indexes: vec!["https://index.example/simple/".into()],
            crates: "https://crates.example".into(),
            log: "https://log.example".into(),
            names: vec!["widget".into()],
        };
        let exchange = Exchange {
            method: "GET".into(),
            host: "x.example".into(),
            path: "/<script>".into(),
            status: 403,
            by: By::Nobody,
            rule: Some(("rehearsal.unknown-host", "rel")),
        };
        let text = pages.home(&[exchange], &|_| Some("<a href=x>widget-1.0.tar.gz</a>".into()));
        assert!(!text.contains("<script>") && !text.contains("<b>"), "{text}");
        assert!(text.contains("/@/index.example/simple/widget/"), "{text}");
        assert!(text.contains("/integrity/widget/1.0/widget-1.0.tar.gz/provenance"), "{text}");
        assert!(text.contains("href=\"/@/crates.example/crates/widget\""), "{text}");
        assert!(text.contains("rehearsal.unknown-host"), "{text}");
    }
}
