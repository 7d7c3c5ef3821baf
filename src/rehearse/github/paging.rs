//! Lists in pages, with links to the others
//! (<https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api>).

use serde_json::Value;

use super::{Ask, Forge};
use crate::rehearse::http::Response;

/// What a page is when nothing is said, and at most.
const USUAL: usize = 30;
const MOST: usize = 100;

/// Which part of a list is asked for.
pub(super) struct Page {
    size: usize,
    number: usize,
}

impl Page {
    /// The page that a request asks for.
    pub(super) fn of(ask: &Ask<'_>) -> Self {
        let number = |name: &str| ask.request.query(name).and_then(|text| text.parse().ok());
        let size = number("per_page").filter(|&size| size > 0).unwrap_or(USUAL).min(MOST);
        Self { size, number: number("page").filter(|&page| page > 0).unwrap_or(1) }
    }

    /// What of the list is on it.
    pub(super) fn cut<T>(&self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip((self.number - 1).saturating_mul(self.size)).take(self.size).collect()
    }

    /// The field with the links, unless all is on one page.
    fn links(&self, address: &str, length: usize) -> Option<String> {
        let last = length.div_ceil(self.size).max(1);
        let link = |number: usize, name: &str| {
            format!("<{address}?per_page={}&page={number}>; rel=\"{name}\"", self.size)
        };
        let mut links = Vec::new();
        if self.number > 1 {
            links.push(link((self.number - 1).min(last), "prev"));
        }
        if self.number < last {
            links.push(link(self.number + 1, "next"));
            links.push(link(last, "last"));
        }
        if self.number > 1 {
            links.push(link(1, "first"));
        }
        (!links.is_empty()).then(|| links.join(", "))
    }
}

impl Forge {
    /// A list, of which one page is shown.
    pub(super) fn listed(&self, ask: &Ask<'_>, path: &str, all: Vec<Value>) -> Response {
        let (page, length) = (Page::of(ask), all.len());
        let answer = Response::json(200, &Value::Array(page.cut(all)));
        self.linked(answer, &page, path, length)
    }

    /// The answer with links to other pages of a list of this length.
    pub(super) fn linked(
        &self,
        answer: Response,
        page: &Page,
        path: &str,
        length: usize,
    ) -> Response {
        let number = self.settings.repository_id;
        let address = format!("{}/repositories/{number}/{path}", self.settings.api);
        match page.links(&address, length) {
            Some(links) => answer.with("link", links),
            None => answer,
        }
    }
}
