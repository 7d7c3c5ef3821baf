//! Telling others of a release: a webhook, a channel of Slack, a mail, the summary of a job.
//!
//! Addresses that are secrets stand here by the name of their variable, so that a plan may be shown. It is an
//! effect, since it leaves the machine, and no part of the release: that it fails changes nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Receipt};
use crate::model::task::Destination;

/// Longest part of a text that a line for people shows, in characters.
const SHOWN: usize = 60;

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// The way it takes, and what is told.
    pub by: Channel,
}

/// The ways to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Channel {
    /// JSON to an address.
    Webhook {
        /// The variable with the address.
        url: String,
        /// What is sent.
        body: Value,
    },
    /// A message to Slack's incoming webhook.
    Slack {
        /// The variable with the address.
        url: String,
        /// The message.
        text: String,
    },
    /// A mail.
    Mail(Mail),
    /// Markdown on the page of a workflow run; elsewhere a line.
    Summary {
        /// The Markdown.
        text: String,
    },
}

/// A mail, with the server that takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Address of the server: `smtps://host` or `smtp://localhost`, with a port if it is unusual.
    pub server: String,
    /// Login name.
    pub user: Option<String>,
    /// The variable with the password.
    pub password: Option<String>,
    /// Who writes.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Notify {
    /// The variable that nobody else may read.
    pub fn secret(&self) -> Option<&str> {
        match &self.by {
            Channel::Webhook { url, .. } | Channel::Slack { url, .. } => Some(url),
            Channel::Mail(mail) => mail.password.as_deref(),
            Channel::Summary { .. } => None,
        }
    }

    /// Whether telling it twice is harmless: nobody but the page of this very job shows it.
    pub fn is_local(&self) -> bool {
        matches!(self.by, Channel::Summary { .. })
    }

    /// Where it goes, in words.
    fn place(&self) -> String {
        match &self.by {
            Channel::Webhook { url, .. } => format!("the webhook in {url}"),
            Channel::Slack { url, .. } => format!("Slack, by the webhook in {url}"),
            Channel::Mail(mail) => mail.to.join(", "),
            Channel::Summary { .. } => "the summary of the job".to_owned(),
        }
    }

    fn said(&self) -> String {
        match &self.by {
            Channel::Webhook { body, .. } => match &body["text"] {
                Value::String(text) => text.clone(),
                _ => body.to_string(),
            },
            Channel::Slack { text, .. } | Channel::Summary { text } => text.clone(),
            Channel::Mail(mail) => mail.subject.clone(),
        }
    }
}

impl Change for Notify {
    fn identity(&self) -> Value {
        json!(["notify", self.by])
    }

    fn summary(&self) -> String {
        let said = self.said();
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut shown: String = line.chars().take(SHOWN).collect();
        if shown.len() < line.len() {
            shown.push('…');
        }
        format!("tell {}: {shown}", self.place())
    }

    fn destination(&self) -> Destination {
        Destination::Notify
    }

    fn endpoint(&self) -> String {
        self.place()
    }

    fn predicted(&self) -> Receipt {
        Receipt { name: self.place(), digest: None, url: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_one_short_line_for_people() {
        let text = format!("**1.0** is out\n{}", "word ".repeat(40));
        let notify = Notify { by: Channel::Slack { url: "SLACK_URL".into(), text } };
        let summary = notify.summary();
        assert!(
            summary.starts_with("tell Slack, by the webhook in SLACK_URL: **1.0** is out word")
        );
        assert!(summary.ends_with('…') && summary.chars().count() < 120, "{summary}");
    }

    #[test]
    fn a_webhook_without_a_text_shows_what_it_sends() {
        let by = Channel::Webhook { url: "HOOK".into(), body: json!({ "content": "out" }) };
        assert_eq!(Notify { by }.summary(), "tell the webhook in HOOK: {\"content\":\"out\"}");
    }
}
