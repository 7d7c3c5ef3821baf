//! Declarations about the whole project: tools, indexes, the default task.

use rhai::{Dynamic, Map};

use super::{Builtin, Call, Phase, Place, SecretHandle, row};
use crate::diag::{Diagnostic, Outcome};
use crate::host::net::{holds_login, is_web_url};
use crate::model::task::Index;
use crate::script::cx::{Frame, lock};

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Function,
        Phase::Declare,
        "tools",
        (1, 1),
        "tools([\"ruff\", \"mypy\"])",
        "Python tools whose programs lead PATH in every command, in an environment made when first needed.",
        "tools(\"pyflakes==3.4.0\");\ntask(\"lint\").exec(\"pyflakes src\");",
        tools,
    ),
    row(
        Place::Function,
        Phase::Declare,
        "index",
        (2, 2),
        "index(\"corp\", #{ upload: \"https://…\", simple: \"https://…\", user: \"ci\", password: secret(\"CORP_TOKEN\") })",
        "A private package index.",
        "index(\"corp\", #{ upload: \"https://pypi.corp.example/upload/\", simple: \"https://pypi.corp.example/simple/\", user: \"ci\", password: secret(\"CORP_TOKEN\") });\ntask(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"publish\").needs(\"build\").effects(\"index:corp\").run(|t| pypi::publish(t.artifacts(\"build\"), \"corp\"));",
        index,
    ),
    row(
        Place::Function,
        Phase::Declare,
        "default_task",
        (1, 1),
        "default_task(\"check\")",
        "The task of a bare `rel run`.",
        "task(\"check\").exec(\"true\");\ndefault_task(\"check\");",
        default_task,
    ),
    row(
        Place::Function,
        Phase::Any,
        "secret",
        (1, 1),
        "secret(\"CORP_TOKEN\")",
        "A secret, by the name of its variable. Its value never enters the script.",
        "index(\"corp\", #{ upload: \"https://pypi.corp.example/upload/\", simple: \"https://pypi.corp.example/simple/\", password: secret(\"CORP_TOKEN\") });\ntask(\"check\").exec(\"true\");",
        secret,
    ),
];

fn tools(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let names = call.texts(0)?;
    if let Some(bad) = names.iter().find(|name| !is_requirement(name)) {
        let wrong = Diagnostic::usage(format!("`{bad}` is no requirement"));
        return Err(Box::new(
            wrong.hint("write a name, with a version if you like: \"ruff==0.17.5\""),
        ));
    }
    lock(&call.declaring()?.declared).tools.extend(names);
    Ok(Dynamic::UNIT)
}

/// Whether this looks like a requirement (PEP 508): a name, perhaps with extras, versions, a marker.
fn is_requirement(text: &str) -> bool {
    let name = text
        .trim()
        .split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .next()
        .unwrap_or("");
    let rest = text.trim()[name.len()..].trim_start();
    let versions = ["==", ">=", "<=", "!=", "~=", "===", ">", "<", "[", "@", ";"];
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && (rest.is_empty() || versions.iter().any(|sign| rest.starts_with(sign)))
}

fn index(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let declaring = call.declaring()?;
    let name = call.word(0)?;
    if name.text.is_empty()
        || !name.text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        let wrong =
            Diagnostic::usage(format!("`{}` is no name for an index", name.text)).at(&name.site);
        return Err(Box::new(wrong.hint("use letters, digits, `-`, `_`, `.`")));
    }
    if declaring.host.endpoints.index(&name.text).is_some() {
        let wrong =
            Diagnostic::usage(format!("`{}` is a public index and cannot be declared", name.text))
                .at(&name.site);
        return Err(Box::new(wrong.hint("choose another name")));
    }
    let map = call.map(1, &["upload", "simple", "user", "password", "insecure"])?;
    let upload = url(&map, "upload")?;
    let mut simple = url(&map, "simple")?;
    if !simple.ends_with('/') {
        simple.push('/');
    }
    let password = match map.get("password") {
        None => Vec::new(),
        Some(value) => {
            match value.read_lock::<SecretHandle>() {
                Some(secret) => vec![secret.0.clone()],
                None => {
                    let wrong = Diagnostic::usage("the password of an index must be a secret");
                    return Err(Box::new(wrong.hint("write `password: secret(\"CORP_TOKEN\")` and set that variable where rel runs")));
                }
            }
        }
    };
    let user = match map.get("user") {
        None => "__token__".to_owned(),
        Some(value) => {
            value.clone().into_immutable_string().map_err(|_| of_type("user", "text"))?.to_string()
        }
    };
    let insecure = map.get("insecure").map_or(Ok(false), |value| {
        value.as_bool().map_err(|_| of_type("insecure", "true or false"))
    })?;
    let index =
        Index { name: name.text.clone(), upload, simple, user, password, insecure, exchange: None };
    let twice =
        lock(&declaring.declared).indexes.insert(name.text.clone(), (index, call.site.clone()));
    match twice {
        None => Ok(Dynamic::UNIT),
        Some((_, first)) => {
            let wrong = Diagnostic::usage(format!("index `{}` is declared twice", name.text))
                .at(&name.site);
            Err(Box::new(wrong.note(format!("first at {first}")).hint("take one away")))
        }
    }
}

fn of_type(key: &str, wanted: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::usage(format!("`{key}` of an index is {wanted}"))
            .hint(format!("write `{key}: …` as {wanted}, or leave it out")),
    )
}

fn url(map: &Map, key: &str) -> Outcome<String> {
    let text = map.get(key).and_then(|value| value.clone().into_immutable_string().ok());
    let Some(text) = text else {
        let wrong = Diagnostic::usage(format!("an index needs `{key}`"));
        return Err(Box::new(wrong.hint(format!("add `{key}: \"https://…\"`"))));
    };
    if !is_web_url(&text) {
        let wrong = Diagnostic::usage(format!("`{text}` is no address"));
        return Err(Box::new(wrong.hint("write one that begins with https://")));
    }
    if holds_login(&text) {
        let wrong = Diagnostic::usage("an address must not hold a login");
        return Err(Box::new(wrong.hint("write `user: \"…\", password: secret(\"…\")` instead")));
    }
    Ok(text.to_string())
}

fn default_task(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let name = call.word(0)?;
    let declaring = call.declaring()?;
    let mut declared = lock(&declaring.declared);
    if let Some(first) = declared.default_task.replace(name) {
        let wrong = Diagnostic::usage("there are two default tasks")
            .note(format!("first at {}", first.site));
        return Err(Box::new(wrong.hint("take one away")));
    }
    Ok(Dynamic::UNIT)
}

fn secret(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let name = call.text(0)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        let wrong = Diagnostic::usage(
            "a secret is named by its variable, and its value never stands in the file",
        );
        return Err(Box::new(
            wrong.hint("write `secret(\"CORP_TOKEN\")` and set CORP_TOKEN where rel runs"),
        ));
    }
    match &call.frame {
        Frame::Declaring(declaring) => declaring.host.env.declare_secret(&name),
        Frame::Body(cx) => cx.run.host.env.declare_secret(&name),
    }
    Ok(Dynamic::from(SecretHandle(name)))
}
