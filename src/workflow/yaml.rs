//! YAML as a tree of texts, lists and maps, each with its place.
//!
//! Scalars stay as they are written: to a workflow `3.10` is a version and `on` a key, whatever types YAML
//! would give them. Aliases become what they stand for; a file whose aliases grow beyond all measure is
//! refused. A closing bracket may stand as far left as the line that opened it: the standard forbids that,
//! GitHub takes it, and many write so. Turned down: `saphyr` above this parser, whose maps are keyed by typed values, and a serde
//! reader, which has no places.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

use crate::diag::{Diagnostic, Outcome, Site, Source};

/// More nodes than any workflow has.
const MOST: usize = 200_000;
/// Nor is any nested deeper.
const DEEPEST: usize = 64;

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// First line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line that it ends on.
    pub last: usize,
    /// What it is.
    pub value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A scalar, as it is written.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in its order.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(Self, Self)] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// Key and value of an entry.
    pub fn entry(&self, key: &str) -> Option<(&Self, &Self)> {
        let found = self.entries().iter().find(|(known, _)| known.text() == Some(key));
        found.map(|(key, value)| (key, value))
    }

    /// The value of an entry.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The text of an entry.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Whether an entry is the word `true`.
    pub fn is_true(&self, key: &str) -> bool {
        self.text_of(key) == Some("true")
    }

    /// The words of a scalar or of a list of scalars, with their places.
    pub fn words(&self) -> Vec<&Self> {
        match &self.value {
            Value::Text(_) => vec![self],
            Value::List(items) => items.iter().filter(|item| item.text().is_some()).collect(),
            Value::Map(_) => Vec::new(),
        }
    }

    /// All texts in it, keys left out.
    pub fn texts(&self) -> Vec<&str> {
        match &self.value {
            Value::Text(text) => vec![text],
            Value::List(items) => items.iter().flat_map(Self::texts).collect(),
            Value::Map(entries) => entries.iter().flat_map(|(_, value)| value.texts()).collect(),
        }
    }

    /// Whether a text in it holds this.
    pub fn mentions(&self, part: &str) -> bool {
        self.texts().iter().any(|text| text.contains(part))
    }
}

/// What is begun and not ended.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Node>,
}

struct Tree<'a> {
    source: &'a Arc<Source>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    count: usize,
    root: Option<Node>,
}

/// Reads the first document of a file.
///
/// # Errors
/// It is no YAML, or is larger than a workflow can be.
pub(super) fn parse(source: &Arc<Source>) -> Outcome<Node> {
    let mut text = source.text.clone();
    let mut shifted = 0;
    loop {
        let error = match events(source, &text)? {
            Ok(root) => return Ok(root),
            Err(error) => error,
        };
        // Brackets close from top to bottom: each line is moved once.
        let line = error.marker().line();
        match bracket(&text, line).filter(|_| line > shifted) {
            Some(start) => text.insert_str(start, &" ".repeat(DEEPEST)),
            None => {
                let (line, column) = (line, error.marker().col() + 1);
                return Err(wrong(source, line, column, &format!("no YAML: {}", error.info())));
            }
        }
        shifted = line;
    }
}

/// Where a line begins that begins with a closing bracket.
fn bracket(text: &str, line: usize) -> Option<usize> {
    let mut start = 0;
    let content = text.split_inclusive('\n').nth(line.checked_sub(1)?)?;
    for before in text.split_inclusive('\n').take(line - 1) {
        start += before.len();
    }
    content.trim_start().starts_with([']', '}']).then_some(start)
}

fn events(source: &Arc<Source>, text: &str) -> Outcome<Result<Node, ScanError>> {
    let (open, anchors) = (Vec::new(), BTreeMap::new());
    let mut tree = Tree { source, open, anchors, count: 0, root: None };
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => return Ok(Err(error)),
        };
        if matches!(event, Event::DocumentEnd) {
            break;
        }
        tree.take(event, span)?;
    }
    let empty = || node(Span::default(), Value::Text(String::new()));
    Ok(Ok(tree.root.unwrap_or_else(empty)))
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Outcome<()> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let mut made = node(span, Value::Text(text.into_owned()));
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    made.last = span.end.line().max(made.line);
                }
                self.put(made, anchor)
            }
            Event::SequenceStart(anchor, _) => self.begin(span, Value::List(Vec::new()), anchor),
            Event::MappingStart(anchor, _) => self.begin(span, Value::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { mut node, anchor, .. }) => {
                    node.last = span.end.line().max(node.line);
                    self.put(node, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let at = (span.start.line(), span.start.col() + 1);
                let Some(mut copy) = self.anchors.get(&anchor).cloned() else {
                    return Err(wrong(self.source, at.0, at.1, "an alias stands for itself"));
                };
                self.count += size(&copy);
                (copy.line, copy.column) = at;
                self.put(copy, 0)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, span: Span, value: Value, anchor: usize) -> Outcome<()> {
        let node = node(span, value);
        if self.open.len() >= DEEPEST {
            return Err(wrong(self.source, node.line, node.column, "nested too deeply"));
        }
        self.open.push(Open { node, anchor, key: None });
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) -> Outcome<()> {
        self.count += 1;
        if self.count > MOST {
            return Err(wrong(self.source, node.line, node.column, "far too large"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some(key)) => entries.push((key, node)),
            (_, _) => open.key = Some(node),
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Text(_) => 1,
        Value::List(items) => items.iter().map(size).sum::<usize>() + 1,
        Value::Map(entries) => {
            entries.iter().map(|(key, value)| size(key) + size(value)).sum::<usize>() + 1
        }
    }
}

fn node(span: Span, value: Value) -> Node {
    let (start, end) = (span.start, span.end);
    Node { line: start.line().max(1), column: start.col() + 1, last: end.line().max(1), value }
}

fn wrong(source: &Arc<Source>, line: usize, column: usize, what: &str) -> Box<Diagnostic> {
    let site = Site { source: source.clone(), line: line.max(1), column: column.max(1) };
    let wrong = Diagnostic::usage(format!("{} cannot be read: {what}", source.name));
    Box::new(wrong.at(&site).hint("mend the file, or leave it out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Outcome<Node> {
        parse(&Arc::new(Source::new("x.yml", text)))
    }

    #[test]
    fn scalars_stay_as_they_are_written_and_know_their_place() {
        let root = read("on: push\njobs:\n  b:\n    python: [3.10, \"on\"]\n").unwrap();
        assert_eq!(root.text_of("on"), Some("push"));
        let list = root.get("jobs").unwrap().get("b").unwrap().get("python").unwrap();
        let items: Vec<_> = list
            .items()
            .iter()
            .map(|item| (item.text().unwrap(), item.line, item.column))
            .collect();
        assert_eq!(items, [("3.10", 4, 14), ("on", 4, 20)]);
    }

    #[test]
    fn a_bracket_may_close_where_its_line_began() {
        let text = "a:\n  b: [\n    x,\n  ]\n  c: {\n    d: y\n  }\n  e: z\n";
        let root = read(text).unwrap();
        let map = root.get("a").unwrap();
        assert_eq!(map.get("b").unwrap().items()[0].text(), Some("x"));
        assert_eq!(map.get("c").unwrap().text_of("d"), Some("y"));
        let last = map.get("e").unwrap();
        assert_eq!((last.line, last.column), (8, 6));
    }

    #[test]
    fn an_alias_is_what_it_stands_for() {
        let root = read("a: &x\n  b: 1\nc: *x\n").unwrap();
        assert_eq!(root.get("c").unwrap().text_of("b"), Some("1"));
        assert_eq!(root.get("c").unwrap().line, 3);
    }

    #[test]
    fn what_is_no_workflow_is_refused_with_a_place() {
        let bomb: String = (0..12).fold("a0: &a0 [x, x]\n".into(), |text, n| {
            let more = format!("*a{n}, ").repeat(9);
            format!("{text}a{}: &a{} [{more}]\n", n + 1, n + 1)
        });
        let table = [
            ("a: [1\nb: 2\n", "no YAML"),
            (&"[".repeat(DEEPEST + 1), "nested too deeply"),
            (&bomb, "far too large"),
        ];
        for (text, why) in table {
            let wrong = read(text).unwrap_err();
            assert!(wrong.message.contains(why), "{}", wrong.message);
            assert!(wrong.site.is_some());
        }
    }
}
