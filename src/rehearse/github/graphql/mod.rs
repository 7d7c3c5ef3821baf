//! As much of the GraphQL API as `gh` asks for about releases, refs and the repository.
//!
//! Answers and errors in the forms of the real one: fields that a type does not have are told, so that
//! a client notices. What a type has is in `types`. Turned down: fixed answers to the known queries of
//! one version of `gh`, which the next one writes differently.

mod parse;
mod types;

use serde_json::{Map, Value, json};

use self::parse::{Document, Field, Selection};
use self::types::Node;
use super::body::Body;
use super::rules::{self, Checked, refuse};
use super::{Ask, Forge};
use crate::rehearse::http::Response;

/// How deep a query may go, which fragments that hold themselves would pass.
const DEEPEST: usize = 32;

/// An answer in the making.
struct Answering<'a> {
    forge: &'a Forge,
    ask: &'a Ask<'a>,
    document: &'a Document,
    /// What was not found, where the rest is answered all the same.
    missing: Vec<Value>,
}

impl Forge {
    pub(super) fn graphql(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        if ask.token.is_none() {
            let message = "This endpoint requires you to be authenticated.";
            return Err(refuse(401, rules::GRAPHQL_LOGIN, message));
        }
        let body = Body::of(ask.request)?;
        let none = Map::new();
        let variables = body.object("variables")?.unwrap_or(&none);
        let query = body.text("query")?.unwrap_or_default();
        let document = parse::document(query, variables).map_err(|why| faulty(&why, &[]))?;
        let mut answering =
            Answering { forge: self, ask, document: &document, missing: Vec::new() };
        let data = answering
            .object(&Node::Query, &document.query, &mut Vec::new())
            .map_err(|(why, path)| faulty(&why, &path))?;
        let mut body = json!({ "data": data });
        if let (Value::Object(fields), false) = (&mut body, answering.missing.is_empty()) {
            fields.insert("errors".into(), Value::Array(answering.missing));
        }
        Ok(Response::json(200, &body))
    }
}

fn faulty(why: &str, path: &[String]) -> Response {
    let body = json!({ "errors": [{ "message": why, "path": path }] });
    Response::json(200, &body).by(rules::GRAPHQL_QUERY)
}

/// What is wrong with a query, and where.
type Fault = (String, Vec<String>);

impl<'a> Answering<'a> {
    fn value(
        &mut self,
        node: Node<'a>,
        field: &Field,
        path: &mut Vec<String>,
    ) -> Result<Value, Fault> {
        match node {
            Node::Plain(value) => Ok(value),
            Node::Missing(message) => {
                let error = json!({ "type": "NOT_FOUND", "path": path, "message": message });
                self.missing.push(error);
                Ok(Value::Null)
            }
            Node::List(list) => {
                let mut out = Vec::new();
                for node in list {
                    out.push(self.value(node, field, path)?);
                }
                Ok(Value::Array(out))
            }
            node if field.inner.is_empty() => {
                let (name, kind) = (&field.name, node.kind());
                let why = format!(
                    "Field must have selections (field '{name}' returns {kind} but has no \
                     selections. Did you mean '{name} {{ ... }}'?)"
                );
                Err((why, path.clone()))
            }
            node => self.object(&node, &field.inner, path),
        }
    }

    fn object(
        &mut self,
        node: &Node<'a>,
        selections: &[Selection],
        path: &mut Vec<String>,
    ) -> Result<Value, Fault> {
        let mut out = Map::new();
        self.fill(&mut out, node, selections, path)?;
        Ok(Value::Object(out))
    }

    fn fill(
        &mut self,
        out: &mut Map<String, Value>,
        node: &Node<'a>,
        selections: &[Selection],
        path: &mut Vec<String>,
    ) -> Result<(), Fault> {
        if path.len() > DEEPEST {
            return Err(("Query has depth which exceeds max depth".into(), path.clone()));
        }
        for selection in selections {
            let field = match selection {
                Selection::Field(field) => field,
                Selection::Inline(inner) => {
                    self.fill(out, node, inner, path)?;
                    continue;
                }
                Selection::Spread(name) => {
                    let inner = self.document.fragments.get(name);
                    let why = || format!("Fragment {name} was used, but not defined");
                    let inner = inner.ok_or_else(|| (why(), path.clone()))?;
                    path.push(name.clone());
                    self.fill(out, node, inner, path)?;
                    path.pop();
                    continue;
                }
            };
            path.push(field.alias.clone());
            let found = self.forge.field(self.ask, node, field);
            let found = found.map_err(|why| (why, path.clone()))?;
            let value = self.value(found, field, path)?;
            out.insert(field.alias.clone(), value);
            path.pop();
        }
        Ok(())
    }
}
