//! `rel ci dispatch`: starts a workflow on GitHub by hand, and follows its run to the end.
//!
//! What a person would type into a form is checked against the Releasefile first. Without `--live` it is only
//! told what would be started; with it, the start goes through the door, as an effect that has a ledger of its
//! own (`dispatches`): in the release's one it would make a release begun that this machine does not make.
//! Which commit is started is made sure of before: GitHub would take the branch as it has it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Project, chosen};
use crate::app::session::{Done, listening};
use crate::ci;
use crate::cli::DispatchOptions;
use crate::diag::{Diagnostic, Exit, Kind};
use crate::door::{Caller, Door, Doubt, Notices};
use crate::host::Host;
use crate::host::stop::Stop;
use crate::ledger::Ledger;
use crate::model::artifact::Digest;
use crate::model::effect::{Dispatch, Effect, Release};
use crate::model::event::Events;
use crate::model::task::Destination;
use crate::plan::{Plan, Planned};
use crate::remote::github::dispatch::{self as github, Job, Run, Runs};
use crate::remote::{Errand, Ties, Trouble};
use crate::repo::Repo;
use crate::report::{Output, ci as words};
use crate::store::Store;

/// Who asks for it.
const CALLER: &str = "ci dispatch";
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(3);
/// Looks after which a run that is not shown is given up, and failures in a row that are borne.
const LOOKS: usize = 40;
const FAILURES: usize = 10;

/// What is to be started, and where from.
struct Start<'a> {
    host: &'a Arc<Host>,
    events: &'a Events,
    stop: &'a Stop,
    repo: &'a Repo<'a>,
    release: Release,
    effect: Dispatch,
}

/// Starts what was asked for.
///
/// # Errors
/// It cannot be started, or did not end well.
pub(super) fn run(
    host: &Arc<Host>,
    events: &Events,
    output: Output,
    options: &DispatchOptions,
) -> Done {
    let project = Project::open(host)?;
    let declared = &project.script.declared;
    let names = [options.name.clone()];
    let workflow = chosen(declared, &names)?.remove(0);
    let inputs = ci::inputs(workflow, &declared.tasks, &options.inputs)?;
    let stop = listening(host)?;
    let repo = Repo::new(host, project.root.clone());
    let release = repo.release().ok_or_else(no_commit)?;
    let effect = looked_up(host, &stop, &repo, &release, options, inputs)?;
    let start = Start { host, events, stop: &stop, repo: &repo, release, effect };
    if !options.live {
        let effect = Effect::Dispatch(start.effect);
        match output {
            Output::Json => host.out_json(words::would_start_json(&effect)),
            _ => host.out(&words::would_start(&effect)),
        }
        return Ok(Exit::OK);
    }
    start.send()?;
    let (run, jobs) = start.follow()?;
    let conclusion = run.conclusion.as_deref().unwrap_or_default();
    let jobs: Vec<(&str, &str)> =
        jobs.iter().map(|job| (job.name.as_str(), job.state.as_str())).collect();
    match output {
        Output::Json => host.out_json(words::ended_json(conclusion, &run.url, &jobs)),
        _ => host.out(&words::ended(conclusion, &run.url)),
    }
    Ok(if conclusion == "success" { Exit::OK } else { Exit::TASK })
}

fn no_commit() -> Diagnostic {
    Diagnostic::usage("there is no commit to start a workflow for").hint("commit first, and push")
}

/// The start, with what GitHub has by now.
fn looked_up(
    host: &Host,
    stop: &Stop,
    repo: &Repo<'_>,
    release: &Release,
    options: &DispatchOptions,
    inputs: BTreeMap<String, String>,
) -> Result<Dispatch, Diagnostic> {
    let github = &host.endpoints.github;
    let in_ci = || host.env.get("GITHUB_REPOSITORY").map(str::to_owned);
    let repository = in_ci().or_else(|| github.repository_of(&repo.remote("origin")?));
    let repository = repository.ok_or_else(|| {
        Diagnostic::usage("it is not known which repository on GitHub this is")
            .hint("add it as the remote `origin`")
    })?;
    let tagged = || repo.head().and_then(|head| head.tags.first().cloned());
    let reference = options.reference.clone().or_else(|| repo.branch()).or_else(tagged);
    let reference = reference.ok_or_else(|| {
        Diagnostic::usage("HEAD is neither a branch nor a tag, and a workflow starts on one")
            .hint("name it: `--ref main`")
    })?;
    let workflow = format!("{}.yml", options.name);
    let runs = Runs::new(host, &repository, stop);
    let there = runs.commit(&reference).map_err(|trouble| unasked(&trouble))?;
    if there.as_deref() != Some(&release.commit) {
        let what = match &there {
            Some(commit) => format!("is at {}", short(commit)),
            None => "is not there".to_owned(),
        };
        let wrong = Diagnostic::refused(format!(
            "on GitHub `{reference}` {what}, and HEAD is {}",
            short(&release.commit)
        ));
        return Err(wrong
            .hint(format!("push it, or check out what is there: `git push origin {reference}`")));
    }
    let Some(after) = runs.newest(&workflow).map_err(|trouble| unasked(&trouble))? else {
        let wrong = Diagnostic::refused(format!("GitHub knows no workflow {workflow}"));
        return Err(wrong.hint("push it to the default branch: only there GitHub looks for it"));
    };
    let (server, commit) = (github.web.clone(), release.commit.clone());
    let at = host.clock.unix_millis();
    Ok(Dispatch { server, repository, workflow, reference, commit, inputs, after, at })
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

fn unasked(trouble: &Trouble) -> Diagnostic {
    let (why, hint) = match trouble {
        Trouble::Refused { reason, hint } => (reason, hint.as_str()),
        Trouble::Later { reason, .. } => (reason, "wait, then run the same command again"),
        Trouble::Unclear(why) | Trouble::Unsent(why) => {
            (why, "check the network; then run the same command")
        }
    };
    Diagnostic::remote(format!("cannot ask GitHub: {why}")).hint(hint)
}

impl Start<'_> {
    /// Sends it through the door.
    fn send(&self) -> Result<(), Vec<Diagnostic>> {
        let one = |wrong: Box<Diagnostic>| vec![*wrong];
        let state = self.repo.state().map_err(one)?;
        let at = self.host.clock.unix();
        let effect = Effect::Dispatch(self.effect.clone());
        let ledger = Ledger::open(&state.join("dispatches"), &self.release).map_err(one)?;
        let notices = state.join("notices");
        let notices = Notices::new(notices, Some(self.release.clone()), at, self.events.clone());
        let plan = self.plan(&effect, at);
        let door = Door::live(plan, (ledger, notices), Doubt::Ask, at, self.events.clone());
        let (store, ties) = (Store::new(state.join("store")), Ties::new(state.join("attest")));
        let caller = Caller {
            task: CALLER,
            declared: &[Destination::Actions],
            optional: false,
            site: None,
            errand: Errand {
                host: self.host,
                store: &store,
                root: self.repo.root(),
                env: &|| Ok(BTreeMap::new()),
                ties: &ties,
                stop: self.stop,
                say: &|_| {},
            },
        };
        door.perform(&caller, &[effect]).map(|_| ()).map_err(one)
    }

    /// The plan that has this effect and no other.
    fn plan(&self, effect: &Effect, at: u64) -> Plan {
        let planned = Planned {
            key: effect.key(&self.release),
            task: CALLER.into(),
            receipt: effect.predicted(),
            effect: effect.clone(),
        };
        Plan {
            release: Some(self.release.clone()),
            goals: vec![CALLER.into()],
            effects: vec![planned],
            ..Plan::empty(Digest::of(""), at)
        }
    }

    /// Waits for the end of the run, and tells what jobs do.
    fn follow(&self) -> Result<(Run, Vec<Job>), Diagnostic> {
        let runs = Runs::new(self.host, &self.effect.repository, self.stop);
        let (mut shown, mut told) = (None, BTreeMap::new());
        let (mut looks, mut failures) = (0, 0);
        loop {
            match self.look(&runs, shown.as_ref()) {
                Ok((run, jobs)) => {
                    failures = 0;
                    if let (None, Some(run)) = (&shown, &run) {
                        self.events.note(format!("it runs: {}", run.url));
                    }
                    for job in &jobs {
                        let known = told.insert(job.name.clone(), job.state.clone());
                        if known.as_deref() != Some(job.state.as_str()) {
                            self.events.note(format!(
                                "{}: {}",
                                job.name,
                                job.state.replace('_', " ")
                            ));
                        }
                    }
                    if let Some(run) = run.clone().filter(|run| run.conclusion.is_some()) {
                        return Ok((run, jobs));
                    }
                    shown = run.or(shown);
                }
                Err(trouble) if failures >= FAILURES => return Err(unasked(&trouble)),
                Err(_) => failures += 1,
            }
            looks += 1;
            if shown.is_none() && looks >= LOOKS {
                return Err(self.lost());
            }
            self.stop.wait(PAUSE);
            if self.stop.fired() {
                return Err(self.left(shown.as_ref()));
            }
        }
    }

    /// How it is by now.
    fn look(
        &self,
        runs: &Runs<'_>,
        shown: Option<&Run>,
    ) -> Result<(Option<Run>, Vec<Job>), Trouble> {
        let Some(known) = shown else {
            return Ok((github::started(self.host, &self.effect, self.stop)?, Vec::new()));
        };
        // The run first: what its jobs say afterwards is not older.
        let run = runs.run(known.id)?;
        let jobs = runs.jobs(known.id)?;
        Ok((Some(run), jobs))
    }

    fn page(&self) -> String {
        Effect::Dispatch(self.effect.clone()).predicted().url.unwrap_or_default()
    }

    fn lost(&self) -> Diagnostic {
        let wrong = Diagnostic::remote("GitHub has taken the start, and shows no run of it");
        wrong.hint(format!("look there: {}", self.page()))
    }

    fn left(&self, shown: Option<&Run>) -> Diagnostic {
        let page = shown.map_or_else(|| self.page(), |run| run.url.clone());
        let wrong =
            Diagnostic::new(Kind::Interrupted, "stopped following; the run goes on at GitHub");
        wrong.hint(format!("look there: {page}"))
    }
}
