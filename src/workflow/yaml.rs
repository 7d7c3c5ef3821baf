//! YAML as a tree of texts, lists and maps, each with its place.
//!
//! Scalars stay as they are written: to a workflow `3.10` is a version and `on` a key, whatever types YAML
//! would give them; whether quotes stand round it is kept for who wants types (`ci::read`). Aliases become what
//! they stand for; a file whose aliases grow beyond all measure is refused. So are several documents and keys
//! that stand twice, which GitHub refuses, and tags, which nobody writes there. A closing bracket may stand as far
//! left as the line that opened it: the standard forbids that, and the parser here where a quoted text stands
//! before it; GitHub takes it, and many write so. Turned down: `saphyr` above this parser, whose maps are keyed by
//! typed values, and a serde reader, which has no places.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// More nodes than any workflow has.
const MOST: usize = 200_000;
/// Nor is any nested deeper.
const DEEPEST: usize = 64;
/// So many bytes of text count as a node where an alias repeats them.
const LONG: usize = 256;

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub why: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// First line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line that it ends on.
    pub last: usize,
    /// It is a scalar without quotes, which YAML gives a type: `3.10`, `true`.
    pub plain: bool,
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
    keys: BTreeSet<String>,
}

#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    count: usize,
    root: Option<Node>,
}

/// Reads a file's text; an empty one is an empty plain scalar.
///
/// # Errors
/// It is no YAML, is larger than a workflow can be, or holds what none has.
pub fn parse(text: &str) -> Result<Node, Unreadable> {
    let mut text = text.to_owned();
    let mut shifted = 0;
    loop {
        let error = match events(&text)? {
            Ok(root) => return Ok(root),
            Err(error) => error,
        };
        // Brackets close from top to bottom: each line is moved once.
        let line = error.marker().line();
        match bracket(&text, line).filter(|_| line > shifted) {
            Some(start) => text.insert_str(start, &" ".repeat(DEEPEST)),
            None => {
                let (column, why) = (error.marker().col() + 1, error.info());
                return Err(wrong(line, column, &format!("no YAML: {why}")));
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

fn events(text: &str) -> Result<Result<Node, ScanError>, Unreadable> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => return Ok(Err(error)),
        };
        tree.take(event, span)?;
    }
    let empty = || Node { plain: true, ..node(Span::default(), Value::Text(String::new())) };
    Ok(Ok(tree.root.unwrap_or_else(empty)))
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Unreadable> {
        let at = (span.start.line(), span.start.col() + 1);
        match event {
            Event::Scalar(.., Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                Err(wrong(at.0, at.1, "it has a tag, which is not read here"))
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(wrong(at.0, at.1, "it holds several documents"))
            }
            Event::Scalar(text, style, anchor, None) => {
                let mut made = node(span, Value::Text(text.into_owned()));
                made.plain = matches!(style, ScalarStyle::Plain);
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    made.last = span.end.line().max(made.line);
                }
                self.put(made, anchor)
            }
            Event::SequenceStart(anchor, None) => self.begin(span, Value::List(Vec::new()), anchor),
            Event::MappingStart(anchor, None) => self.begin(span, Value::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open { mut node, anchor, .. }) => {
                    node.last = span.end.line().max(node.line);
                    self.put(node, anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some(mut copy) = self.anchors.get(&anchor).cloned() else {
                    return Err(wrong(at.0, at.1, "an alias stands for itself"));
                };
                if self.open.len() + depth(&copy) > DEEPEST {
                    return Err(wrong(at.0, at.1, "nested too deeply"));
                }
                self.count += size(&copy);
                (copy.line, copy.column) = at;
                self.put(copy, 0)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, span: Span, value: Value, anchor: usize) -> Result<(), Unreadable> {
        let node = node(span, value);
        if self.open.len() >= DEEPEST {
            return Err(wrong(node.line, node.column, "nested too deeply"));
        }
        self.open.push(Open { node, anchor, key: None, keys: BTreeSet::new() });
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Unreadable> {
        self.count += 1;
        if self.count > MOST {
            return Err(wrong(node.line, node.column, "far too large"));
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
            (_, _) => {
                let Some(key) = node.text() else {
                    return Err(wrong(node.line, node.column, "a key is no text"));
                };
                if !open.keys.insert(key.to_owned()) {
                    let why = format!("the key `{key}` stands twice in one map");
                    return Err(wrong(node.line, node.column, &why));
                }
                open.key = Some(node);
            }
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Text(text) => 1 + text.len() / LONG,
        Value::List(items) => items.iter().map(size).sum::<usize>() + 1,
        Value::Map(entries) => {
            entries.iter().map(|(key, value)| size(key) + size(value)).sum::<usize>() + 1
        }
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Text(_) => 0,
        Value::List(items) => items.iter().map(depth).max().unwrap_or(0) + 1,
        Value::Map(entries) => entries.iter().map(|(_, value)| depth(value)).max().unwrap_or(0) + 1,
    }
}

fn node(span: Span, value: Value) -> Node {
    let (start, end) = (span.start, span.end);
    let (line, column) = (start.line().max(1), start.col() + 1);
    Node { line, column, last: end.line().max(1), plain: false, value }
}

fn wrong(line: usize, column: usize, why: &str) -> Unreadable {
    Unreadable { why: why.to_owned(), line: line.max(1), column: column.max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_stay_as_they_are_written_and_know_their_place() {
        let root = parse("on: push\njobs:\n  b:\n    python: [3.10, \"on\"]\n").unwrap();
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
        // Without its quotes the parser takes it as it is.
        let text = "a:\n  b: [\n    \"x\",\n  ]\n  c: {\n    d: 'y'\n  }\n  e: z\n";
        let root = parse(text).unwrap();
        let map = root.get("a").unwrap();
        assert_eq!(map.get("b").unwrap().items()[0].text(), Some("x"));
        assert_eq!(map.get("c").unwrap().text_of("d"), Some("y"));
        let last = map.get("e").unwrap();
        assert_eq!((last.line, last.column), (8, 6));
    }

    #[test]
    fn an_alias_is_what_it_stands_for() {
        let root = parse("a: &x\n  b: 1\nc: *x\n").unwrap();
        assert_eq!(root.get("c").unwrap().text_of("b"), Some("1"));
        assert_eq!(root.get("c").unwrap().line, 3);
    }

    #[test]
    fn what_is_no_workflow_is_refused_with_a_place() {
        let bomb: String = (0..12).fold("a0: &a0 [x, x]\n".into(), |text, n| {
            let more = format!("*a{n}, ").repeat(9);
            format!("{text}a{}: &a{} [{more}]\n", n + 1, n + 1)
        });
        let half = |inner: &str| format!("{}{inner}{}", "[".repeat(40), "]".repeat(40));
        let stairs = format!("a: &a {}\nb: {}\n", half(""), half("*a"));
        let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(2000), "*a, ".repeat(30_000));
        let table = [
            ("a: [1\nb: 2\n", "no YAML", 2),
            (&"[".repeat(DEEPEST + 1), "nested too deeply", 1),
            (&"- ".repeat(20_000), "nested too deeply", 1),
            (&bomb, "far too large", 6),
            (&long, "far too large", 2),
            (&stairs, "nested too deeply", 2),
            ("a: 1\nb: 2\na: 3\n", "the key `a` stands twice in one map", 3),
            ("a: 1\n---\nb: 2\n", "it holds several documents", 2),
            ("a: !!str 1\n", "it has a tag", 1),
            ("a: !x [1]\n", "it has a tag", 1),
            ("? [a]\n: b\n", "a key is no text", 1),
            ("a: &x [*x]\n", "an alias stands for itself", 1),
        ];
        for (text, why, line) in table {
            let wrong = parse(text).unwrap_err();
            assert!(wrong.why.contains(why), "{}", wrong.why);
            assert_eq!(wrong.line, line, "{why}");
        }
    }
}
