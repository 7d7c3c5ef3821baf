//! Who uploads: API tokens of the rehearsed user, and tokens that were minted for a publisher.
//!
//! Tokens carry nothing themselves; the index knows them by their text. Turned down: macaroons, whose
//! caveats would have to be signed and read again to no one's use.

use std::collections::BTreeMap;

use super::catalog::{Project, Standing};
use super::filename::normalised;
use super::publishers::Publisher;
use super::refusal::{Checked, Refusal, quoted};
use super::rules;
use crate::rehearse::http::Request;

/// How long a minted token is good for, in seconds.
pub(super) const LIFETIME: u64 = 900;

/// The name of the user whose API tokens these are.
const USER: &str = "rehearsal";

/// A token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Normalised names of its projects; none for all.
    pub(super) projects: Option<Vec<String>>,
    /// For minted tokens, the publisher and the instant of minting.
    pub(super) publisher: Option<(Publisher, u64)>,
}

/// The tokens that are alive.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    known: BTreeMap<String, Token>,
}

impl Tokens {
    /// Makes a token known.
    pub(super) fn add(&mut self, text: &str, token: Token) {
        self.known.insert(text.to_owned(), token);
    }

    /// Forgets a minted token; API tokens outlive this.
    pub(super) fn burn(&mut self, text: &str) {
        if self.known.get(text).is_some_and(|token| token.publisher.is_some()) {
            self.known.remove(text);
        }
    }

    /// The token of a request. An expired one is known still: its age is judged with its projects.
    pub(super) fn identify(&self, request: &Request) -> Checked<&Token> {
        let password = match request.basic() {
            Some((user, _)) if user != "__token__" => {
                let help = rules::HELP;
                let text = format!(
                    "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers instead. See {help}#apitoken and {help}#trusted-publishers"
                );
                return Err(Refusal::new(403, text, rules::PASSWORD));
            }
            found => found.map(|(_, password)| password.trim().to_owned()),
        };
        let bearer = ["bearer", "token"].iter().find_map(|scheme| request.authorization(scheme));
        let text = password.or_else(|| bearer.map(str::to_owned));
        text.and_then(|text| self.known.get(&text)).ok_or_else(|| {
            let text = format!(
                "Invalid or non-existent authentication information. See {}#invalid-auth for more information.",
                rules::HELP
            );
            Refusal::new(403, text, rules::AUTHENTICATION)
        })
    }
}

impl Token {
    /// Whether it may make a new project by uploading to it.
    pub(super) fn may_create(&self) -> bool {
        self.publisher.is_none() || self.projects.is_none()
    }

    /// Checks that it may upload to this project now.
    pub(super) fn check(&self, project: &Project, at: u64) -> Checked {
        let named = normalised(&project.name);
        let scoped = self.projects.as_ref().is_none_or(|names| names.contains(&named));
        let why = match &self.publisher {
            Some(_) if !scoped => {
                format!("OIDC scoped token is not valid for project '{}'", project.name)
            }
            Some((_, minted)) if !(*minted..minted + LIFETIME).contains(&at) => {
                "token is expired".into()
            }
            None if !scoped => {
                format!("project-scoped token is not valid for project: {}", quoted(&project.name))
            }
            _ => return self.check_role(project),
        };
        let rule = if scoped { rules::TOKEN_EXPIRED } else { rules::TOKEN_SCOPE };
        Err(Refusal::new(403, format!("Invalid API Token: {why}"), rule))
    }

    /// What the project itself allows: an archived one nothing, one in quarantine users only.
    fn check_role(&self, project: &Project) -> Checked {
        let user = self.publisher.is_none();
        let open = match project.standing {
            Standing::Active | Standing::Deprecated => true,
            Standing::Quarantined => user,
            Standing::Archived => false,
        };
        if open && (project.ours || !user) {
            return Ok(());
        }
        let who = if user { format!("The user '{USER}'") } else { "The given token".into() };
        let rule = if open { rules::NOT_OURS } else { rules::CLOSED_PROJECT };
        let text = format!(
            "{who} isn't allowed to upload to project '{}'. See {}#project-name for more information.",
            project.name,
            rules::HELP
        );
        Err(Refusal::new(403, text, rule))
    }
}
