//! A `POST` of JSON to an address that is a secret.
//!
//! Slack's own form: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>. Its three
//! special characters are written as it wants them
//! (<https://docs.slack.dev/messaging/formatting-message-text#escaping>).

use serde_json::Value;

use super::{PAUSE, secret};
use crate::host::net::{Answer, is_web_url, travels_in_the_clear};
use crate::remote::{Errand, Trouble, one_line};

/// Sends `body` to the address in the variable `name`.
///
/// # Errors
/// It was not taken, or it is not known.
pub(super) fn send(errand: &Errand<'_>, name: &str, body: &Value) -> Result<(), Trouble> {
    let url = secret(errand, name)?;
    let url = url.reveal().trim();
    if !is_web_url(url) || travels_in_the_clear(url) {
        let reason = format!("`{name}` holds no https address");
        let hint = format!("put the whole address of the webhook into {name}");
        return Err(Trouble::Refused { reason, hint });
    }
    let answer = errand.host.net().post_json(url, None, body, errand.stop)?;
    taken(errand, name, &answer)
}

fn taken(errand: &Errand<'_>, name: &str, answer: &Answer) -> Result<(), Trouble> {
    let reason = one_line(answer.status, &answer.body);
    let after = || answer.retry_after(errand.host.clock.now()).unwrap_or(PAUSE);
    match answer.status {
        200..=299 => Ok(()),
        // Who stands before the receiver has heard nothing of it: it may have taken the message. Cloudflare's
        // own numbers are 520 to 527.
        408 | 502 | 504 | 520..=527 => Err(Trouble::Unclear(reason)),
        429 | 500..=599 => Err(Trouble::Later { reason, after: after() }),
        300..=399 => {
            let hint = format!("put the address that it leads to into {name}");
            Err(Trouble::Refused { reason, hint })
        }
        _ => {
            let hint =
                format!("look whether the webhook in {name} still exists, and what it takes");
            Err(Trouble::Refused { reason, hint })
        }
    }
}

/// A text as Slack takes it.
pub(super) fn for_slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_slack_takes_for_links_and_mentions_stays_text() {
        assert_eq!(super::for_slack("<!channel> a & b"), "&lt;!channel&gt; a &amp; b");
    }
}
