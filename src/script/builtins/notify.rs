//! Telling others how a release went.
//!
//! Addresses of webhooks are secrets, so they come as such and never as text.

use rhai::{Dynamic, Map};
use serde_json::json;

use super::call::to_json;
use super::chosen::Options;
use super::{Builtin, Call, Phase, Place, SecretHandle, row};
use crate::diag::{Diagnostic, Outcome};
use crate::host::net::mail::{is_address, wrong_server};
use crate::model::effect::{Channel, Effect, Mail, Notify};

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("notify"),
        Phase::Body,
        "webhook",
        (2, 2),
        "notify::webhook(secret(\"ALERT_URL\"), t.result)",
        "Sends JSON to the address in a secret: a map as it is, a text as `{\"text\": …}`. A notice never stops or fails a release: it is tried a few times, what goes wrong is a warning, and each is told at most once for a release.",
        "task(\"check\").exec(\"true\");\ntask(\"alert\").needs(\"check\").on(\"failure\").effects(\"notify\").run(|t| notify::webhook(secret(\"ALERT_URL\"), t.result));",
        webhook,
    ),
    row(
        Place::Module("notify"),
        Phase::Body,
        "slack",
        (2, 2),
        "notify::slack(secret(\"SLACK_URL\"), \"1.0 is out\")",
        "Writes a message to Slack, by the incoming webhook in a secret. The message is a text, or `t.result`. Notices never stop a release (see `notify::webhook`).",
        "task(\"check\").exec(\"true\");\ntask(\"tell\").needs(\"check\").on(\"always\").effects(\"notify\").run(|t| notify::slack(secret(\"SLACK_URL\"), t.result));",
        slack,
    ),
    row(
        Place::Module("notify"),
        Phase::Body,
        "mail",
        (1, 1),
        "notify::mail(#{ server: \"smtps://mail.example.org\", from: \"…\", to: \"…\", subject: \"…\", text: t.result })",
        "Sends a mail through a server that speaks TLS from the first byte (`smtps://`); in the clear only to this machine (`smtp://localhost`). Options: `server`, `from`, `to` (one or an array), `subject`, `text`, and for a login `user` and `password` (a secret). Notices never stop a release (see `notify::webhook`).",
        "task(\"check\").exec(\"true\");\ntask(\"tell\").needs(\"check\").on(\"always\").effects(\"notify\").run(|t| notify::mail(#{\n    server: \"smtps://mail.example.org\", user: \"rel\", password: secret(\"MAIL_PASSWORD\"),\n    from: \"rel@example.org\", to: \"team@example.org\", subject: \"release\", text: t.result,\n}));",
        mail,
    ),
    row(
        Place::Module("notify"),
        Phase::Body,
        "summary",
        (1, 1),
        "notify::summary(\"## 1.0 is out\")",
        "Adds Markdown to the summary of the job on GitHub; elsewhere it is a line of the run.",
        "task(\"check\").exec(\"true\");\ntask(\"tell\").needs(\"check\").on(\"always\").effects(\"notify\").run(|t| notify::summary(t.result));",
        summary,
    ),
];

const MAIL: [&str; 7] = ["from", "password", "server", "subject", "text", "to", "user"];

fn webhook(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let url = address(call)?;
    let given = call.args.get(1).cloned().unwrap_or_default();
    let body = match to_json(&given) {
        Some(serde_json::Value::String(text)) => json!({ "text": text }),
        Some(body @ serde_json::Value::Object(_)) => body,
        _ => return Err(wrong(call, "takes a text or a map with plain values to send")),
    };
    send(call, Channel::Webhook { url, body })
}

fn slack(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let (url, text) = (address(call)?, text(call, call.args.get(1))?);
    send(call, Channel::Slack { url, text })
}

fn summary(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let text = text(call, call.args.first())?;
    send(call, Channel::Summary { text })
}

fn mail(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let options = Options::of(call, 0, &MAIL)?;
    let needed = |key: &str| {
        let missing = || wrong(call, &format!("needs `{key}`"));
        options.text(key)?.filter(|text| !text.trim().is_empty()).ok_or_else(missing)
    };
    let server = needed("server")?;
    if let Some(why) = wrong_server(&server) {
        let wrong = Diagnostic::usage(format!("`{server}` cannot take mail: {why}"));
        return Err(Box::new(wrong.hint("write `smtps://mail.example.org`: TLS from the first byte, port 465; the login goes into `user` and `password`")));
    }
    let password = options.get("password").map(|value| secret(call, &value)).transpose()?;
    let user = options.text("user")?;
    if user.is_some() != password.is_some() {
        return Err(wrong(call, "needs `user` and `password`, or none of both"));
    }
    let (from, to) = (needed("from")?, receivers(call, &options)?);
    if let Some(bad) = to.iter().chain([&from]).find(|address| !is_address(address)) {
        let wrong = Diagnostic::usage(format!("`{bad}` is no address of mail"));
        return Err(Box::new(wrong.hint("write `rel@example.org`, or `Ada <ada@example.org>`")));
    }
    let subject = needed("subject")?;
    let text = text(call, options.get("text").as_ref())?;
    send(call, Channel::Mail(Mail { server, user, password, from, to, subject, text }))
}

/// One receiver, or several.
fn receivers(call: &Call<'_>, options: &Options<'_>) -> Outcome<Vec<String>> {
    let value = options.get("to").unwrap_or_default();
    let values =
        value.read_lock::<rhai::Array>().map_or_else(|| vec![value.clone()], |all| all.clone());
    let texts = values.into_iter().map(|value| value.into_immutable_string().ok());
    let texts: Option<Vec<String>> = texts.map(|text| text.map(String::from)).collect();
    let texts = texts.filter(|texts| !texts.is_empty());
    texts.ok_or_else(|| wrong(call, "needs `to`: one address, or an array of them"))
}

/// A message: a text, or how a run ended.
fn text(call: &Call<'_>, value: Option<&Dynamic>) -> Outcome<String> {
    let value = value.cloned().unwrap_or_default();
    let of_result = value.read_lock::<Map>().and_then(|map| map.get("text").cloned());
    let text = of_result.unwrap_or(value).into_immutable_string();
    let text = text.map(String::from).ok().filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| wrong(call, "takes a text to tell, or `t.result`"))
}

/// The variable of an address that is a secret.
fn address(call: &Call<'_>) -> Outcome<String> {
    secret(call, &call.args.first().cloned().unwrap_or_default())
}

fn secret(call: &Call<'_>, value: &Dynamic) -> Outcome<String> {
    let name = value.read_lock::<SecretHandle>().map(|handle| handle.0.clone());
    name.ok_or_else(|| {
        let wrong = wrong(call, "takes what is secret by the name of its variable");
        Box::new(wrong.hint(
            "whoever knows the address of a webhook can write there: `secret(\"ALERT_URL\")`",
        ))
    })
}

fn wrong(call: &Call<'_>, what: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::usage(format!("`{}` {what}", call.builtin.title()));
    Box::new(wrong.hint(format!("write it as `{}`", call.builtin.signature)))
}

fn send(call: &Call<'_>, by: Channel) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let effect = Effect::Notify(Notify { by });
    cx.at_door(None, |door, caller| door.perform(caller, &[effect]))?;
    Ok(Dynamic::UNIT)
}
