//! How the remote takes a push: its rules first, then git's own.
//!
//! The pack is unpacked before it is judged, since rules ask what commits hold; what is refused stays
//! behind as objects that no ref leads to. Turned down: hooks of git's own, which cannot give a reason
//! for one ref and let the others go through.

use super::access::Token;
use super::contents;
use super::protection::{Change, Keeper, Protection};
use super::push::{Command, Push, is_zero};
use super::{Moved, Remote, pkt, rules};
use crate::rehearse::http::{Response, Rule};
use crate::rehearse::repository::Repository as _;

/// Why a ref stays where it is.
struct Refusal {
    /// The word in the client's summary.
    reason: String,
    rule: Rule,
    /// What is printed before it.
    said: String,
}

/// What the rules make of a push.
struct Verdict {
    /// For each command.
    refusals: Vec<Option<Refusal>>,
    /// What is printed of what went through nevertheless.
    said: Vec<String>,
}

const RESULT: &str = "application/x-git-receive-pack-result";

impl Remote {
    pub(super) fn receive(&mut self, body: &[u8], token: &Token, at: u64) -> Response {
        if body == pkt::FLUSH {
            // A client that has much to send asks first whether it may.
            return Response::of(200, RESULT, Vec::new());
        }
        let Some(push) = Push::read(body) else {
            return Response::text(400, "this is no push").by(rules::REQUEST);
        };
        let verdict = self.judge(&push, token);
        let rule = verdict.refusals.iter().flatten().map(|refusal| refusal.rule).next();
        let atomic = push.has("atomic") && rule.is_some();
        let goes = |refusal: &Option<Refusal>| refusal.is_none() && !atomic;
        let judged = || push.commands.iter().zip(&verdict.refusals);
        let kept: Vec<&Command> =
            judged().filter(|(_, refusal)| goes(refusal)).map(|(command, _)| command).collect();
        let answer = if kept.is_empty() {
            push.nothing_done()
        } else {
            let words = ["receive-pack", "--stateless-rpc", "."];
            match self.git.feed(&words, &push.with(kept.iter().copied()), None) {
                Ok((_, answer)) => answer,
                Err(why) => return Response::text(500, why),
            }
        };
        self.remember(&kept, token, at);
        let refused: Vec<(&str, &str)> = judged()
            .filter(|(_, refusal)| !goes(refusal))
            .map(|(command, refusal)| {
                let reason = refusal.as_ref().map(|refusal| refusal.reason.as_str());
                (command.name.as_str(), reason.unwrap_or("atomic transaction failed"))
            })
            .collect();
        let mut said = verdict.said.concat();
        said.extend(verdict.refusals.iter().flatten().map(|refusal| refusal.said.as_str()));
        let mut whole = if push.has("side-band-64k") {
            pkt::banded(pkt::PROGRESS, said.as_bytes())
        } else {
            Vec::new()
        };
        let by_git = push.refuses(&answer);
        // What git itself breaks off has no report that could be added to.
        whole.extend(push.report(&answer, &refused).unwrap_or(answer));
        let response = Response::of(200, RESULT, whole).with("cache-control", "no-cache");
        match rule.or(by_git.then_some(rules::RECEIVE_PACK)) {
            Some(rule) => response.by(rule),
            None => response,
        }
    }

    /// Keeps what has become of refs, whatever was told of it.
    fn remember(&mut self, commands: &[&Command], token: &Token, at: u64) {
        for &Command { old, new, name } in commands {
            let is = self.find(name).map(|object| object.sha);
            if is.as_ref().map_or(is_zero(new), |sha| sha == new) {
                let (by, name) = (token.login.clone(), name.clone());
                self.moved.push(Moved { at, by, name, old: old.clone(), new: new.clone() });
            }
        }
    }

    fn judge(&self, push: &Push<'_>, token: &Token) -> Verdict {
        let mut verdict = Verdict { refusals: Vec::new(), said: Vec::new() };
        let words = ["index-pack", "--stdin", "--fix-thin"];
        if !push.pack.is_empty() {
            // If anything is wrong with it, git will say so when it is asked to take it.
            let _ = self.git.feed(&words, push.pack, None);
        }
        let large = contents::large_files(&self.git, &push.commands);
        for (at, command) in push.commands.iter().enumerate() {
            let refusal = if large.is_empty() {
                self.judge_one(command, token, &mut verdict.said)
            } else {
                let said = contents::large_files_said(&large);
                let said = if at == 0 { said } else { String::new() };
                let reason = "pre-receive hook declined".to_owned();
                Some(Refusal { reason, rule: rules::LARGE_FILE, said })
            };
            verdict.refusals.push(refusal);
        }
        verdict
    }

    fn judge_one(
        &self,
        command: &Command,
        token: &Token,
        said: &mut Vec<String>,
    ) -> Option<Refusal> {
        let branch = format!("refs/heads/{}", self.settings.default_branch);
        if let Some((reason, rule)) = contents::workflow(&self.git, command, token, &branch) {
            return Some(Refusal { reason, rule, said: String::new() });
        }
        let change = self.change(command);
        let name = &command.name;
        let struck = self.protections.iter().filter(|known| known.forbids(name, change));
        let struck: Vec<&Protection> = struck.collect();
        let keeper = struck.first()?.keeper;
        let struck: Vec<&Protection> =
            struck.into_iter().filter(|known| known.keeper == keeper).collect();
        let reasons: Vec<String> =
            struck.iter().map(|known| format!("\n- {}\n", known.words(name))).collect();
        let reasons = reasons.concat();
        if token.bypasses {
            said.push(format!("Bypassed rule violations for {name}:\n{reasons}\n"));
            return None;
        }
        let (said, reason) = match keeper {
            Keeper::Ruleset => (
                format!(
                    "error: GH013: Repository rule violations found for {name}.\nReview all repository rules at {}/{}/rules?ref={}\n{reasons}\n",
                    self.settings.web,
                    self.settings.repository,
                    name.replace('/', "%2F")
                ),
                "push declined due to repository rule violations",
            ),
            Keeper::ProtectedBranch => (
                format!("error: GH006: Protected branch update failed for {name}.\n{reasons}"),
                "protected branch hook declined",
            ),
        };
        let rule = struck.first()?.rule();
        Some(Refusal { reason: reason.into(), rule, said })
    }

    fn change(&self, command: &Command) -> Change {
        let Command { old, new, .. } = command;
        let follows = || self.git.holds(&["merge-base", "--is-ancestor", old, new]);
        match (is_zero(old), is_zero(new)) {
            (true, _) => Change::Creation,
            (_, true) => Change::Deletion,
            _ if follows() => Change::Forward,
            _ => Change::Forced,
        }
    }
}
