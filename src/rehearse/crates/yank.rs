//! Yanking a version, and taking that back.
//!
//! It deletes nothing: the index tells cargo not to choose the version. Turned down: yanking with a
//! message, which is another request that no client of a release sends.

use serde_json::json;

use super::Registry;
use super::access::Scope;
use super::limits::Action;
use super::rules::{self, Checked, refuse};
use crate::rehearse::http::{Request, Response};

impl Registry {
    /// `DELETE …/yank` and `PUT …/unyank`.
    pub(super) fn yank(
        &mut self,
        request: &Request,
        (name, number): (&str, &str),
        yanked: bool,
        at: u64,
    ) -> Checked<Response> {
        let (found, _) = self.held_version(name, number)?;
        let name = found.name.clone();
        let user = self.account(request, Scope::Yank, &name)?;
        let owner = found.is_owner(&user);
        self.count(&user, Action::Yank, at)?;
        if !owner {
            let message = "must already be an owner to yank or unyank";
            return Err(refuse(403, rules::YANK_OWNER, message));
        }
        let version = self
            .shelf
            .get_mut(&name)
            .and_then(|found| found.versions.iter_mut().find(|one| one.number == number));
        if let Some(one) = version
            && one.yanked(at) != yanked
        {
            one.yanks.push((at, yanked));
        }
        Ok(Response::json(200, &json!({ "ok": true })))
    }
}
