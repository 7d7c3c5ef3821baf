//! A crate's page, for who looks on with a browser: its versions, with their checksums and files.
//!
//! Only the address is the real page's, `/crates/NAME` and `/crates/NAME/VERSION`: the real one is drawn by
//! a program in the browser. Names and versions were checked: none holds a character that HTML knows.

use std::fmt::Write as _;

use super::Registry;
use super::shelf::Published;
use crate::calendar;
use crate::rehearse::http::{Request, Response};

impl Registry {
    /// The page, if the request is a browser's for one; there is none of a crate without versions.
    pub(super) fn shown(&self, request: &Request, parts: &[&str], at: u64) -> Option<Response> {
        let wants = request.header("accept").is_some_and(|kind| kind.contains("text/html"));
        let (name, number) = match parts {
            ["crates", name] => (name, None),
            ["crates", name, number] => (name, Some(*number)),
            _ => return None,
        };
        let found = self.shelf.get(name).filter(|_| wants && request.method == "GET")?;
        let asked = |one: &&Published| number.is_none_or(|number| one.number == number);
        let versions: Vec<&Published> = found.versions.iter().rev().filter(asked).collect();
        if versions.is_empty() {
            return None;
        }
        let name = &found.name;
        let mut page = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title><h1>{name}</h1>\
             <table><tr><th>version<th>sha256<th>file<th>published"
        );
        for one in versions {
            let (number, checksum) = (&one.number, one.checksum());
            let file = format!("{name}-{number}.crate");
            let place = format!("{}/crates/{name}/{file}", self.settings.downloads);
            let yanked = if one.yanked(at) { ", yanked" } else { "" };
            let _ = write!(
                page,
                "<tr><td><a href=\"/crates/{name}/{number}\">{number}</a>{yanked}<td>{checksum}\
                 <td><a href=\"{place}\">{file}</a><td>{}",
                calendar::rfc3339(one.at)
            );
        }
        let _ = write!(
            page,
            "</table><p><a href=\"/api/v1/crates/{name}\">as the API tells it</a></html>"
        );
        Some(Response::of(200, "text/html; charset=utf-8", page.into_bytes()))
    }
}
