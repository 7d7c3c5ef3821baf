//! The page of a plan, for whoever has to agree to it: what goes where, what is in it, what is new.
//!
//! What a name holds was chosen by somebody else, and is written so that it can do nothing: [`shown`]
//! for a terminal, besides in character references for Markdown. The page is made of what the plan says
//! and of bytes with the digests that it names.

mod markdown;
mod text;

pub use markdown::markdown;
pub use text::text;

use std::collections::BTreeSet;

use super::text::held;
use crate::calendar::rfc3339;
use crate::dist::contents::Member;
use crate::dist::difference::Difference;
use crate::model::artifact::{Artifact, human_size};
use crate::model::effect::Effect;
use crate::plan::{Guarded, Plan, Planned};

/// A plan with what is known of its files.
pub struct Page<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its files, each once.
    pub files: Vec<File<'a>>,
}

/// A file that a plan would send.
pub struct File<'a> {
    /// Which.
    pub artifact: &'a Artifact,
    /// What is in it.
    pub inside: Inside,
    /// What it is compared with.
    pub earlier: Earlier,
}

/// What is in a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Inside {
    /// The files of an archive.
    Members(Vec<Member>),
    /// It is no archive.
    Plain,
    /// It cannot be told, and why.
    Unknown(String),
}

/// The same file of an earlier release.
#[derive(Debug, PartialEq, Eq)]
pub enum Earlier {
    /// None was asked for, or there is nothing to compare.
    NotAsked,
    /// There is none.
    None,
    /// It cannot be told, and why.
    Unknown(String),
    /// Its name, and what has changed since.
    Found(String, Difference),
}

/// Characters that show nothing, or change the order in which others are shown: ranges of Unicode's
/// category Cf, and its separators of lines.
const UNSEEN: [(u32, u32); 11] = [
    (0xad, 0xad),
    (0x600, 0x605),
    (0x61c, 0x61c),
    (0x6dd, 0x6dd),
    (0x70f, 0x70f),
    (0x180e, 0x180e),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0xfeff, 0xfeff),
    (0xe0000, 0xe007f),
];

/// A text on one line in which every character can be seen.
pub fn shown(text: &str) -> String {
    let is_unseen = |c: char| {
        let code = u32::from(c);
        c.is_control() || UNSEEN.iter().any(|(from, to)| (*from..=*to).contains(&code))
    };
    let one = |c: char| if is_unseen(c) { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(one).collect()
}

/// What a plan is, in pairs.
fn facts(plan: &Plan) -> Vec<(&'static str, String)> {
    let commit = plan.release.as_ref().map_or("none: nothing can be sent".into(), |release| {
        match release.project.as_str() {
            "." => release.commit.clone(),
            project => format!("{}, in {project}", release.commit),
        }
    });
    let words = |words: &[String]| words.join(" ");
    let rest =
        if plan.rest.is_empty() { String::new() } else { format!(" -- {}", words(&plan.rest)) };
    vec![
        ("goals", format!("{}{rest}", words(&plan.goals))),
        ("commit", commit),
        ("tags", if plan.tags.is_empty() { "none".into() } else { words(&plan.tags) }),
        ("made", format!("{} by rel {}", rfc3339(plan.at), plan.rel)),
        ("Releasefile", format!("sha256 {}", plan.releasefile)),
    ]
}

/// Heads of the columns of what goes where.
const COLUMNS: [&str; 6] = ["effect", "place", "what", "size", "sha256", "then on the remote"];

/// What goes where, an effect a row.
fn rows(plan: &Plan) -> Vec<[String; 6]> {
    plan.effects.iter().map(|planned| row(plan, planned)).collect()
}

fn row(plan: &Plan, planned: &Planned) -> [String; 6] {
    let (verb, what) = match &planned.effect {
        Effect::UploadPypi(_) => ("upload".to_owned(), None),
        Effect::PublishCrate(_) => ("publish".to_owned(), None),
        Effect::YankCrate(yank) => {
            let verb = if yank.yanked { "yank" } else { "unyank" };
            (verb.to_owned(), Some(format!("{} {}", yank.name, yank.version)))
        }
        Effect::Sign(sign) => (format!("sign {}", sign.predicate.name()), None),
        Effect::StoreAttestation(store) => (format!("store {}", store.predicate.name()), None),
        Effect::Delete(delete) => {
            let what = format!("{} {}", delete.what.name(), delete.remake.at.tag);
            ("make room".to_owned(), Some(what))
        }
        Effect::DraftRelease(draft) => {
            ("draft release".to_owned(), Some(format!("{}: {}", draft.at.tag, draft.title)))
        }
        Effect::UploadAsset(_) => ("attach".to_owned(), None),
        Effect::PublishRelease(publish) => {
            ("publish release".to_owned(), Some(publish.at.tag.clone()))
        }
        Effect::PushGit(push) => {
            let refs: Vec<&str> = push.refs.iter().map(|pushed| pushed.name.as_str()).collect();
            ("push".to_owned(), Some(refs.join(", ")))
        }
        Effect::Dispatch(dispatch) => ("start".to_owned(), Some(dispatch.workflow.clone())),
        Effect::Command(command) => ("run".to_owned(), Some(command.identity.clone())),
        Effect::Notify(_) => ("tell".to_owned(), Some(planned.effect.endpoint())),
    };
    let files = planned.effect.files();
    let file = files.first().filter(|_| what.is_none());
    let (size, sha256) = file
        .map(|file| (human_size(file.size), file.sha256.short().to_owned()))
        .unwrap_or_default();
    let what = what.or_else(|| Some(file?.file_name().to_owned())).unwrap_or_default();
    let seen = plan.seen.get(&planned.key).and_then(|seen| seen.presence.as_ref());
    let place = planned.effect.destination().to_string();
    [verb, place, what, size, sha256, held(seen, planned.effect.removes()).into_owned()]
}

/// Each place with the address that is written to; commands have none, and whoever is told is no place.
fn addresses(plan: &Plan) -> BTreeSet<(String, String)> {
    let effects = plan.effects.iter().map(|planned| &planned.effect);
    let remote = effects.filter(|effect| !matches!(effect, Effect::Command(_) | Effect::Notify(_)));
    remote.map(|effect| (effect.destination().to_string(), effect.endpoint())).collect()
}

/// Where what versions were not older than this release when the plan was made.
fn ahead(plan: &Plan) -> BTreeSet<(String, String)> {
    let one = |planned: &Planned| {
        let versions = plan.seen.get(&planned.key)?.ahead.iter().cloned().collect::<Vec<_>>();
        let place = planned.effect.destination().to_string();
        (!versions.is_empty()).then(|| (place, versions.join(", ")))
    };
    plan.effects.iter().filter_map(one).collect()
}

/// What a guard said, in a word and in its own words.
fn said(guard: &Guarded) -> (&'static str, String) {
    let found = guard.found.join("; ");
    match (guard.found.is_empty(), guard.only_warns) {
        (true, _) => ("held", String::new()),
        (false, true) => ("warned", found),
        (false, false) => ("would stop", found),
    }
}

/// How many files, and how large they are together.
fn sum(members: &[Member]) -> String {
    let size = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.size));
    let plural = if members.len() == 1 { "" } else { "s" };
    format!("{} file{plural}, {} unpacked", members.len(), human_size(size))
}

/// The lines of a difference: a word, sizes, a name.
fn changes(difference: &Difference) -> Vec<String> {
    let one = |word: &'static str| {
        move |member: &Member| (word, human_size(member.size), member.name.clone())
    };
    let resized = difference.resized.iter().map(|one| {
        let word = if one.now > one.before { "grown" } else { "shrunk" };
        let sizes = format!("{} -> {}", human_size(one.before), human_size(one.now));
        (word, sizes, one.name.clone())
    });
    let (new, gone) =
        (difference.new.iter().map(one("new")), difference.gone.iter().map(one("gone")));
    let all: Vec<(&str, String, String)> = new.chain(gone).chain(resized).collect();
    let width = all.iter().map(|(_, sizes, _)| sizes.len()).max().unwrap_or_default();
    all.iter().map(|(word, sizes, name)| format!("{word:<6}  {sizes:>width$}  {name}")).collect()
}

/// What is said of an earlier file in one line, if anything.
fn since(earlier: &Earlier) -> Option<String> {
    match earlier {
        Earlier::NotAsked => None,
        Earlier::None => Some("no file of an earlier release to compare with".into()),
        Earlier::Unknown(why) => Some(format!("not compared: {why}")),
        Earlier::Found(name, difference) if difference.is_empty() => {
            Some(format!("since {name}: no file more or less, and none of another size"))
        }
        Earlier::Found(name, _) => Some(format!("since {name}:")),
    }
}

#[cfg(test)]
mod tests;
