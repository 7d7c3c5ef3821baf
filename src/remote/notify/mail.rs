//! A mail through the server that the Releasefile names.

use std::time::Duration;

use super::{PAUSE, secret};
use crate::host::net::mail::{Letter, Undelivered};
use crate::model::artifact::Digest;
use crate::model::effect::Mail;
use crate::remote::{Errand, Trouble};

/// A server that says "later" of mail means minutes (greylisting); what is longer than a run can wait is told.
const LATER: Duration = PAUSE;

/// Sends a mail.
///
/// # Errors
/// It was not taken, or it is not known.
pub(super) fn send(errand: &Errand<'_>, mail: &Mail) -> Result<(), Trouble> {
    let (host, env) = (errand.host, &errand.host.env);
    let password = mail.password.as_deref().map(|name| secret(errand, name)).transpose()?;
    let login = mail.user.as_deref().zip(password.as_ref());
    let id = Digest::of(format!("{}\n{}", host.clock.unix(), serde_json::json!(mail)));
    let letter = Letter {
        server: &mail.server,
        login,
        from: &mail.from,
        to: &mail.to,
        subject: &env.masked(&mail.subject),
        text: &env.masked(&mail.text),
        id: id.short(),
        at: host.clock.unix(),
    };
    let proxy = env.get("ALL_PROXY").or_else(|| env.get("all_proxy"));
    host.net().mail(&letter, proxy, errand.stop).map_err(|wrong| match wrong {
        Undelivered::Unsent(why) => Trouble::Unsent(why),
        Undelivered::NoWay(reason) => {
            let hint = "put the address of an http proxy into ALL_PROXY, or run without it".into();
            Trouble::Refused { reason, hint }
        }
        Undelivered::Unclear(why) => Trouble::Unclear(why),
        Undelivered::Later(reason) => Trouble::Later { reason, after: LATER },
        Undelivered::Refused(reason) => {
            let hint = "look at the addresses and the login that `notify::mail` was given".into();
            Trouble::Refused { reason, hint }
        }
    })
}
