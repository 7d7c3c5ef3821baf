//! Telling others. Nobody can be asked later whether they were told.
//!
//! Each answer that says no leaves it untold, and what says "later" may be tried again; without an answer they
//! may have been told. How often to try is the door's matter.

mod mail;
mod webhook;

use std::io::Write as _;
use std::time::Duration;

use serde_json::json;

use super::{Errand, Trouble};
use crate::host::fs;
use crate::model::effect::{Channel, Notify};
use crate::model::secret::Secret;

/// A pause for those who name none.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells.
///
/// # Errors
/// They were not told, or it is not known.
pub fn apply(errand: &Errand<'_>, notify: &Notify) -> Result<(), Trouble> {
    match &notify.by {
        Channel::Webhook { url, body } => webhook::send(errand, url, body),
        Channel::Slack { url, text } => {
            webhook::send(errand, url, &json!({ "text": webhook::for_slack(text) }))
        }
        Channel::Mail(mail) => mail::send(errand, mail),
        Channel::Summary { text } => summary(errand, text),
    }
}

/// Where there is no page of a job, its text is a line of the run.
fn summary(errand: &Errand<'_>, text: &str) -> Result<(), Trouble> {
    let text = errand.host.env.masked(text);
    let Some(path) = errand.host.env.get("GITHUB_STEP_SUMMARY") else {
        text.lines().for_each(|line| (errand.say)(line.to_owned()));
        return Ok(());
    };
    let written = fs::open_append(&errand.host.cwd.join(path))
        .and_then(|mut file| file.write_all(format!("{text}\n\n").as_bytes()));
    written.map_err(|error| Trouble::Unsent(format!("the job summary cannot be written: {error}")))
}

/// A secret by the name of its variable.
fn secret(errand: &Errand<'_>, name: &str) -> Result<Secret, Trouble> {
    let missing = || Trouble::Refused {
        reason: format!("`{name}` is not set"),
        hint: format!("set {name} where rel runs; in CI, hand it to the job as a secret"),
    };
    errand.host.env.secret(name).ok_or_else(missing)
}
