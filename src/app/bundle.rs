//! `rel pack` and `rel unpack`: a release leaves this machine in one file, and goes on from there on another.
//!
//! Nothing is sent and nothing is run. What is taken over is held against the checkout and against what is
//! here already: another release, other bytes, or a ledger that has gone on by itself is refused.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::ledger::root;
use super::session::Done;
use crate::bundle::{self, Contents, LEDGER, NOTICES, Opened, PLAN, SEAL};
use crate::cli::{PackOptions, UnpackOptions};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::host::{Host, fs};
use crate::ledger::{self, Ledger};
use crate::model::artifact::{Artifact, Digest};
use crate::model::effect::Release;
use crate::model::task::task_of;
use crate::plan::Plan;
use crate::repo::Repo;
use crate::report::Output;
use crate::report::json::VERSION;
use crate::retention::{self, Part};
use crate::seal::Seal;
use crate::stage::{From, Stage};
use crate::store::Store;

/// Where a release is kept.
pub(super) struct Kept {
    pub(super) state: PathBuf,
    pub(super) release: Release,
    /// The commit's time, in seconds since 1970.
    time: u64,
    /// The commits of its stage, if there is one.
    pub(super) commits: Option<PathBuf>,
    _in_use: Option<File>,
}

impl Kept {
    /// The release of HEAD.
    ///
    /// # Errors
    /// There is none; what is kept cannot be held.
    fn of_head(host: &Host) -> Outcome<Self> {
        let repo = Repo::new(host, root(host));
        let (Some(release), Some(head)) = (repo.release(), repo.head()) else {
            let wrong = Diagnostic::usage("there is no repository with a commit here");
            return Err(Box::new(wrong.hint("start in a checkout of the release's commit")));
        };
        let state = repo.state()?;
        let in_use =
            retention::used(&state).map_err(|error| cannot("hold what is kept", &error))?;
        Ok(Self { state, release, time: head.time, commits: None, _in_use: Some(in_use) })
    }

    /// The release of a bundle, kept in a folder of its own.
    pub(super) fn carried(opened: &Opened, state: PathBuf) -> Self {
        let bundle::Manifest { release, time, .. } = opened.manifest.clone();
        let commits = opened.commits().map(Path::to_owned);
        Self { state, release, time, commits, _in_use: None }
    }

    pub(super) fn store(&self) -> Store {
        Store::new(self.state.join("store"))
    }

    pub(super) fn seal(&self) -> Outcome<Option<Seal>> {
        Seal::load(&self.state.join("seal"), &self.release)
    }

    pub(super) fn ledger(&self) -> Outcome<Ledger> {
        Ledger::open(&self.state.join("ledger"), &self.release)
    }

    /// Whether more is written down here than the bundle has that this was taken from; so also if that cannot
    /// be told.
    pub(super) fn has_gone_on(&self, opened: &Opened) -> bool {
        let ledger = self.ledger().and_then(|ledger| ledger.text());
        let notices = self.notices().and_then(|one| one.map(|one| one.text()).transpose());
        ledger.map_or(true, |text| Some(&*text) != opened.text(LEDGER))
            || notices.map_or(true, |text| text.as_deref() != opened.text(NOTICES))
    }

    /// The ledger of notices, if there is one.
    fn notices(&self) -> Outcome<Option<Ledger>> {
        let folder = self.state.join("notices");
        let path = folder.join(format!("{}.jsonl", self.release.commit));
        fs::exists(&path).then(|| Ledger::open(&folder, &self.release)).transpose()
    }

    fn short(&self) -> &str {
        self.release.commit.get(..12).unwrap_or(&self.release.commit)
    }
}

fn cannot(what: &str, error: &io::Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::machine(format!("cannot {what}: {error}")))
}

/// Writes a bundle.
///
/// # Errors
/// There is nothing to put into it, or not all of it is here.
pub(super) fn pack(host: &Arc<Host>, output: Output, options: &PackOptions) -> Done {
    packed(host, output, options).map_err(|wrong| vec![*wrong])
}

fn packed(host: &Arc<Host>, output: Output, options: &PackOptions) -> Outcome<Exit> {
    let mut kept = Kept::of_head(host)?;
    let drafts = tempfile::tempdir().map_err(|error| cannot("make a folder to work in", &error))?;
    let (repo, commits) = (Repo::new(host, root(host)), drafts.path().join("commits"));
    if Stage::pack(&From { host, repo: &repo, state: &kept.state }, &commits)? {
        kept.commits = Some(commits);
    }
    let plan = options.plan.as_ref().map(|path| plan_for(host, &kept, path)).transpose()?;
    let nothing = kept.seal()?.is_none() && plan.is_none();
    if nothing {
        let wrong = Diagnostic::usage(format!("nothing is kept of commit {}", kept.short()));
        let plan =
            "make a plan with `rel run TASK -o plan.json`, and pack it with `--plan plan.json`";
        return Err(Box::new(wrong.hint(plan)));
    }
    let written = write(host, &kept, plan, &options.file)?;
    written.tell(host, output, &kept);
    Ok(Exit::OK)
}

/// What was written.
pub(super) struct Written {
    file: PathBuf,
    sha256: Digest,
    artifacts: usize,
    effects: usize,
}

impl Written {
    /// Prints its digest and name, as `sha256sum` does, or all of it for programs.
    pub(super) fn tell(&self, host: &Host, output: Output, kept: &Kept) {
        match output {
            Output::Json => host.out_json(json!({
                "v": VERSION, "event": "bundle", "file": self.file, "sha256": self.sha256,
                "release": kept.release, "artifacts": self.artifacts, "effects": self.effects,
            })),
            _ => host.out(&format!("{}  {}\n", self.sha256, self.file.display())),
        }
    }
}

/// Writes all that is kept of a release, with its plan.
///
/// # Errors
/// Not all of it is here; another run is at work; the disk fails.
pub(super) fn write(
    host: &Host,
    kept: &Kept,
    plan: Option<(Plan, String)>,
    file: &Path,
) -> Outcome<Written> {
    let seal = match &plan {
        Some((plan, _)) if plan.effects.is_empty() => Some(part(kept, plan)?),
        _ => kept.seal()?,
    };
    let artifacts = all_artifacts(seal.as_ref(), plan.as_ref().map(|(plan, _)| plan));
    let ledger = kept.ledger()?;
    let store = kept.store();
    let mut contents = Contents {
        plan: plan.map(|(_, text)| text),
        seal: seal.map(|seal| seal.to_text()),
        ledger: Some(ledger.text()?),
        notices: kept.notices()?.map(|notices| notices.text()).transpose()?,
        commits: kept.commits.clone(),
        ..Contents::default()
    };
    for artifact in artifacts {
        for name in bundle::signed_names(&artifact.sha256) {
            let path = kept.state.join("attest").join(&name);
            if fs::exists(&path) {
                contents.signed.insert(name, path);
            }
        }
        let path = store.verified(&artifact)?;
        contents.artifacts.push((artifact, path));
    }
    let shown = file.display();
    let sha256 = bundle::write(&host.cwd.join(file), &kept.release, &contents, kept.time)
        .map_err(|error| cannot(&format!("write {shown}"), &error))?;
    let (artifacts, effects) = (contents.artifacts.len(), ledger.keys().len());
    Ok(Written { file: file.to_owned(), sha256, artifacts, effects })
}

/// What a plan that sends nothing has made, as sealed: who takes it builds the rest. What its goals needed is
/// made there again, since it was made on another kind of machine.
fn part(kept: &Kept, plan: &Plan) -> Outcome<Seal> {
    let is_goal = |id: &str| plan.goals.iter().any(|goal| goal == id || goal == task_of(id));
    let made = plan.artifacts.iter().filter(|(id, _)| is_goal(id));
    let made = made.map(|(id, files)| (id.clone(), files.clone())).collect();
    Ok(Seal::join(kept.seal()?, &kept.release, made, []))
}

/// A plan of this release, with its text.
///
/// # Errors
/// It is none, or belongs to another release.
fn plan_for(host: &Host, kept: &Kept, path: &Path) -> Outcome<(Plan, String)> {
    let text = fs::read_text(&host.cwd.join(path)).map_err(|error| {
        let wrong = Diagnostic::usage(format!("cannot read {}: {error}", path.display()));
        Box::new(wrong.hint("make a plan with `rel run TASK -o plan.json`"))
    })?;
    let plan = Plan::parse(&text).map_err(Box::new)?;
    if plan.release.as_ref() == Some(&kept.release) {
        return Ok((plan, text));
    }
    let wrong = Diagnostic::refused(format!("{} is the plan of another commit", path.display()));
    Err(Box::new(wrong.hint("check that commit out, or make the plan anew")))
}

fn all_artifacts(seal: Option<&Seal>, plan: Option<&Plan>) -> BTreeSet<Artifact> {
    let sealed = seal.into_iter().flat_map(|seal| seal.tasks.values());
    let planned = plan.into_iter().flat_map(|plan| plan.artifacts.values());
    sealed.chain(planned).flatten().cloned().collect()
}

/// Takes a bundle.
///
/// # Errors
/// It is none, not the one that was meant, or does not fit what is here.
pub(super) fn unpack(host: &Arc<Host>, output: Output, options: &UnpackOptions) -> Done {
    unpacked(host, output, options).map_err(|wrong| vec![*wrong])
}

fn unpacked(host: &Arc<Host>, output: Output, options: &UnpackOptions) -> Outcome<Exit> {
    let kept = Kept::of_head(host)?;
    let shown = options.file.display().to_string();
    let (from, found) = checked(host, &options.file, options.sha256.as_deref())?;
    let damaged = |why: String| damaged(&shown, &why);
    let manifest = bundle::manifest(&from).map_err(damaged)?;
    if manifest.release != kept.release {
        let wrong = Diagnostic::refused(format!("{shown} belongs to another release"));
        let wrong = wrong.note(format!("it is of commit {}", manifest.release.commit));
        return Err(Box::new(wrong.hint("check that commit out")));
    }
    if options.plan.is_some() && manifest.plan.is_none() {
        let wrong = Diagnostic::usage(format!("{shown} holds no plan"));
        return Err(Box::new(
            wrong.hint("pack it with the plan: `rel pack FILE --plan plan.json`"),
        ));
    }
    let drafts = drafts(host, &kept.state).map_err(|error| cannot("unpack it", &error))?;
    let opened = bundle::open(&from, drafts.path()).map_err(damaged)?;
    let taken = take(&kept, &opened, &damaged)?;
    if let Some(commits) = opened.commits() {
        let repo = Repo::new(host, root(host));
        let stage = Stage::unpack(&From { host, repo: &repo, state: &kept.state }, commits)?;
        stage.keep(host, true)?;
    }
    if let (Some(to), Some(plan)) = (&options.plan, opened.text(PLAN)) {
        fs::replace(&host.cwd.join(to), plan)
            .map_err(|error| cannot(&format!("write {}", to.display()), &error))?;
    }
    match output {
        Output::Json => host.out_json(json!({
            "v": VERSION, "event": "bundle", "file": options.file, "sha256": found,
            "release": kept.release, "artifacts": taken.artifacts, "effects": taken.effects,
        })),
        _ => host.out(&format!(
            "{} artifacts of commit {}, {} effects of its ledger\n",
            taken.artifacts,
            kept.short(),
            taken.effects
        )),
    }
    Ok(Exit::OK)
}

/// A folder of this process's, where the next run finds what it leaves if it is killed.
fn drafts(host: &Host, state: &Path) -> io::Result<TempDir> {
    let (all, own) = (state.join(Part::Out.name()), host.pid().to_string());
    fs::make_dir(&all)?;
    // Another process had this number, and was killed.
    fs::remove_dir(&all.join(&own))?;
    tempfile::Builder::new().prefix(&own).rand_bytes(0).tempdir_in(all)
}

/// Where a bundle is, if it is the one that is meant, and its digest.
///
/// # Errors
/// It cannot be read, or has another digest.
pub(super) fn checked(
    host: &Host,
    file: &Path,
    sha256: Option<&str>,
) -> Outcome<(PathBuf, Digest)> {
    let (from, shown) = (host.cwd.join(file), file.display());
    let found = fs::digests(&from).map_err(|error| {
        let wrong = Diagnostic::usage(format!("cannot read {shown}: {error}"));
        Box::new(wrong.hint("name a bundle that `rel pack` wrote"))
    })?;
    let found = found.sha256;
    let plain = |wanted: &str| wanted.trim_start_matches("sha256:").to_ascii_lowercase();
    let Some(wanted) = sha256.map(plain).filter(|wanted| *wanted != found.to_string()) else {
        return Ok((from, found));
    };
    let wrong = Diagnostic::refused(format!("{shown} is not the bundle that was packed"));
    let wrong =
        wrong.note(format!("wanted sha256 {wanted}")).note(format!("found  sha256 {found}"));
    Err(Box::new(wrong.hint("find out who changed it; nothing was taken from it")))
}

/// A bundle that is not what it says.
pub(super) fn damaged(shown: &str, why: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::refused(format!("{shown} cannot be taken: {why}"));
    Box::new(wrong.hint("pack it anew where the release was begun; nothing was taken from it"))
}

/// How much was taken.
pub(super) struct Taken {
    artifacts: usize,
    effects: usize,
}

/// Takes all that a bundle holds: bytes first, the ledger last, so that a run that is cut off leaves what the
/// next one completes.
pub(super) fn take(
    kept: &Kept,
    opened: &Opened,
    damaged: &dyn Fn(String) -> Box<Diagnostic>,
) -> Outcome<Taken> {
    let plan = opened.text(PLAN).map(Plan::parse).transpose().map_err(Box::new)?;
    let seal = opened.text(SEAL).map(Seal::parse).transpose().map_err(damaged)?;
    let strange = |release: Option<&Release>| release.is_some_and(|found| *found != kept.release);
    let of_plan = plan.as_ref().and_then(|plan| plan.release.as_ref());
    if strange(of_plan) || strange(seal.as_ref().map(|seal| &seal.release)) {
        return Err(damaged("a part of it belongs to another release".into()));
    }
    let ours = kept.seal()?;
    if let (Some(ours), Some(theirs)) = (&ours, &seal) {
        let differs = theirs
            .tasks
            .iter()
            .find(|(id, files)| ours.tasks.get(*id).is_some_and(|known| known != *files));
        if let Some((id, _)) = differs {
            let wrong = Diagnostic::refused(format!("`{id}` was built here too, with other bytes"));
            return Err(Box::new(wrong.hint(
                "if nothing was sent from here, drop what was built with `--rebuild` or `rel clean --all`",
            )));
        }
    }
    let artifacts = all_artifacts(seal.as_ref(), plan.as_ref());
    let sent = plan.iter().flat_map(|plan| &plan.effects).flat_map(|one| one.effect.files());
    if let Some(stray) = artifacts.iter().chain(sent).find(|file| !file.lies_within()) {
        return Err(damaged(format!("`{}` would lie outside of its folder", stray.name)));
    }
    bound(opened, seal.as_ref(), plan.as_ref()).map_err(damaged)?;
    let ledger = kept.ledger()?;
    // All that may be refused is looked at before anything is taken.
    ledger.may_go_on(opened.text(LEDGER).unwrap_or_default())?;
    for artifact in &artifacts {
        let found = opened.file(artifact).map(fs::digests).transpose();
        let found = found.map_err(|error| cannot("read what was unpacked", &error))?;
        let sealed = (&artifact.sha256, &artifact.blake2b_256, artifact.size);
        if found.as_ref().map(|found| (&found.sha256, &found.blake2b_256, found.size))
            != Some(sealed)
        {
            return Err(damaged(format!("{} is not what was sealed", artifact.file_name())));
        }
    }
    if let Some(text) = opened.text(PLAN) {
        let noted = retention::remember(&kept.state, text);
        noted.map_err(|error| cannot("keep what was unpacked", &error))?;
    }
    take_files(kept, opened, &artifacts)?;
    if let Some(seal) = seal {
        Seal::join(ours, &kept.release, seal.tasks, seal.planned).save(&kept.state.join("seal"))?;
    }
    if let Some(text) = opened.text(LEDGER) {
        ledger.go_on(text)?;
    }
    if let Some(text) = opened.text(NOTICES) {
        // What both have told may stand in another order: then each keeps its own.
        let _ = Ledger::open(&kept.state.join("notices"), &kept.release)?.go_on(text);
    }
    Ok(Taken { artifacts: artifacts.len(), effects: ledger.keys().len() })
}

/// Puts artifacts into the store, and what was signed for them where it is not kept already.
fn take_files(kept: &Kept, opened: &Opened, artifacts: &BTreeSet<Artifact>) -> Outcome<()> {
    let (store, folder) = (kept.store(), kept.state.join("attest"));
    for artifact in artifacts {
        if let Some(path) = opened.file(artifact) {
            store.put(path, &artifact.name)?;
        }
        for (name, path) in opened.signed(&artifact.sha256) {
            let place = folder.join(name);
            if fs::exists(&place) {
                continue;
            }
            fs::make_lasting_dir(&folder)
                .and_then(|()| fs::replace(&place, &fs::read_text(path)?))
                .map_err(|error| cannot("keep what was signed", &error))?;
        }
    }
    Ok(())
}

/// Makes sure that the ledger is whole, and tells of nothing but what was planned, if there is a plan.
fn bound(opened: &Opened, seal: Option<&Seal>, plan: Option<&Plan>) -> Result<(), String> {
    let keys = ledger::keys(opened.text(LEDGER).unwrap_or_default())
        .map_err(|why| format!("its ledger is damaged: {why}"))?;
    if plan.is_none() {
        return Ok(());
    }
    let planned = plan.into_iter().flat_map(|plan| &plan.effects).map(|planned| &planned.key);
    let planned: BTreeSet<_> =
        planned.chain(seal.into_iter().flat_map(|seal| &seal.planned)).collect();
    match keys.iter().find(|key| !planned.contains(key)) {
        Some(key) => Err(format!("its ledger knows of {key}, which no plan in it holds")),
        None => Ok(()),
    }
}
