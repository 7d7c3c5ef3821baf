//! Queries as values: selections with their arguments, variables put in.
//!
//! As much of the language (<https://spec.graphql.org/October2021/>) as clients write for reading: no
//! mutations, no subscriptions, no directives, no block strings.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What is selected of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Selection {
    /// A field.
    Field(Field),
    /// A named fragment.
    Spread(String),
    /// A fragment without a name.
    Inline(Vec<Selection>),
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// The name that the answer gives it.
    pub(super) alias: String,
    /// Its name.
    pub(super) name: String,
    /// Its arguments.
    pub(super) args: Map<String, Value>,
    /// What is selected of it.
    pub(super) inner: Vec<Selection>,
}

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    /// What is selected at the top.
    pub(super) query: Vec<Selection>,
    /// Fragments by their names.
    pub(super) fragments: BTreeMap<String, Vec<Selection>>,
}

/// Reads a query with its variables.
pub(super) fn document(text: &str, variables: &Map<String, Value>) -> Result<Document, String> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, variables: variables.clone() };
    let mut found = Document { query: Vec::new(), fragments: BTreeMap::new() };
    while let Some(token) = reader.peek().cloned() {
        match token.as_str() {
            "{" => found.query = reader.selections()?,
            "query" => {
                reader.next()?;
                reader.head()?;
                found.query = reader.selections()?;
            }
            "fragment" => {
                reader.next()?;
                let name = reader.next()?;
                reader.follows("on")?;
                reader.next()?;
                let inner = reader.selections()?;
                found.fragments.insert(name, inner);
            }
            other => return Err(unexpected(other)),
        }
    }
    if found.query.is_empty() {
        return Err("A query attribute must be specified and must be a string.".into());
    }
    Ok(found)
}

fn unexpected(token: &str) -> String {
    format!("Parse error on {token:?}")
}

/// Names, numbers, punctuation, and strings with their first quote before them.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => while chars.next_if(|&c| c != '\n').is_some() {},
            '"' => {
                let mut token = String::from('"');
                loop {
                    match chars.next().ok_or_else(|| unexpected("\""))? {
                        '"' => break,
                        '\\' => token.extend(chars.next()),
                        c => token.push(c),
                    }
                }
                out.push(token);
            }
            '.' => {
                while chars.next_if_eq(&'.').is_some() {}
                out.push("...".into());
            }
            c if is_word(c) => {
                let mut token = String::from(c);
                while let Some(c) = chars.next_if(|&c| is_word(c) || c == '.') {
                    token.push(c);
                }
                out.push(token);
            }
            c if c.is_whitespace() || c == ',' || c == '\u{feff}' => {}
            c => out.push(c.into()),
        }
    }
    Ok(out)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
    variables: Map<String, Value>,
}

impl Reader {
    fn peek(&self) -> Option<&String> {
        self.tokens.get(self.at)
    }

    fn is(&self, token: &str) -> bool {
        self.peek().is_some_and(|found| found == token)
    }

    fn next(&mut self) -> Result<String, String> {
        let found = self.peek().cloned().ok_or("Unexpected end of document")?;
        self.at += 1;
        Ok(found)
    }

    fn taken(&mut self, token: &str) -> bool {
        let found = self.is(token);
        self.at += usize::from(found);
        found
    }

    fn follows(&mut self, token: &str) -> Result<(), String> {
        let found = self.next()?;
        if found == token { Ok(()) } else { Err(unexpected(&found)) }
    }

    /// Name and variables of a query, whose defaults are kept.
    fn head(&mut self) -> Result<(), String> {
        if !self.is("{") && !self.is("(") {
            self.next()?;
        }
        if !self.taken("(") {
            return Ok(());
        }
        while !self.taken(")") {
            self.follows("$")?;
            let name = self.next()?;
            self.follows(":")?;
            while !self.is("$") && !self.is(")") && !self.is("=") {
                self.next()?;
            }
            if self.taken("=") {
                let value = self.value()?;
                self.variables.entry(name).or_insert(value);
            }
        }
        Ok(())
    }

    fn selections(&mut self) -> Result<Vec<Selection>, String> {
        self.follows("{")?;
        let mut out = Vec::new();
        while !self.taken("}") {
            if self.taken("...") {
                out.push(self.fragment()?);
                continue;
            }
            let mut name = self.next()?;
            let mut alias = name.clone();
            if self.taken(":") {
                alias = std::mem::replace(&mut name, self.next()?);
            }
            let args = if self.taken("(") { self.fields(")")? } else { Map::new() };
            let inner = if self.is("{") { self.selections()? } else { Vec::new() };
            out.push(Selection::Field(Field { alias, name, args, inner }));
        }
        Ok(out)
    }

    fn fragment(&mut self) -> Result<Selection, String> {
        if self.taken("on") {
            self.next()?;
            return Ok(Selection::Inline(self.selections()?));
        }
        if self.is("{") {
            return Ok(Selection::Inline(self.selections()?));
        }
        Ok(Selection::Spread(self.next()?))
    }

    /// Names with values, up to `end`.
    fn fields(&mut self, end: &str) -> Result<Map<String, Value>, String> {
        let mut out = Map::new();
        while !self.taken(end) {
            let name = self.next()?;
            self.follows(":")?;
            let value = self.value()?;
            out.insert(name, value);
        }
        Ok(out)
    }

    fn value(&mut self) -> Result<Value, String> {
        let token = self.next()?;
        if let Some(text) = token.strip_prefix('"') {
            return Ok(text.into());
        }
        Ok(match token.as_str() {
            "$" => {
                let name = self.next()?;
                self.variables.get(&name).cloned().unwrap_or_default()
            }
            "{" => Value::Object(self.fields("}")?),
            "[" => {
                let mut list = Vec::new();
                while !self.taken("]") {
                    list.push(self.value()?);
                }
                Value::Array(list)
            }
            // Numbers, true, false and null are written as in JSON; all other words are enumerated.
            word => serde_json::from_str(word).unwrap_or_else(|_| word.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_query_is_read_with_its_variables_and_fragments() {
        let text = "fragment part on Repository { id } query Name($a:String!, $n: [Int!] = 3) {
            one: repository(owner: $a, name: \"x \\\"y\\\"\", of: {f: CREATED_AT, l: [1, true]}, n: $n) {
                ...part # a word
                ... on Repository { name }
            }
        }";
        let Value::Object(variables) = json!({ "a": "acme" }) else { unreachable!() };
        let found = document(text, &variables).unwrap();
        let Selection::Field(field) = &found.query[0] else { panic!("{found:?}") };
        assert_eq!((field.alias.as_str(), field.name.as_str()), ("one", "repository"));
        let args = json!({
            "owner": "acme", "name": "x \"y\"", "of": { "f": "CREATED_AT", "l": [1, true] }, "n": 3,
        });
        assert_eq!(Value::Object(field.args.clone()), args);
        assert_eq!(field.inner[0], Selection::Spread("part".into()));
        assert!(matches!(&field.inner[1], Selection::Inline(inner) if inner.len() == 1));
        assert_eq!(found.fragments["part"].len(), 1);
    }

    #[test]
    fn what_is_no_query_to_read_is_refused() {
        for text in ["", "mutation { x }", "{ a", "{ a(b }", "{ a(b: \"c }"] {
            assert!(document(text, &Map::new()).is_err(), "{text}");
        }
    }
}
