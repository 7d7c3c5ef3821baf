//! One job: a room of its own, and its steps one after the other.
//!
//! The room is what a fresh runner is: an empty folder and home, no login but what the job's file gives it.
//! Played here are the step that fetches rel, the checkout, and what hands files on; other actions and
//! scripts bring tools, which this machine has or has not, and are left out and told.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::machine;
use super::play::Play;
use crate::ci::expression::{self, Context};
use crate::ci::said::{Does, SaidJob, SaidStep, Texts};
use crate::ci::script::{self, Line, Word};
use crate::diag::{Exit, Outcome};
use crate::host::fs;
use crate::rehearse::scratch;
use crate::rehearse::services::Login;

/// How a job ended.
pub(super) struct Ended {
    /// `success`, `failure` or `skipped`.
    pub(super) result: &'static str,
    pub(super) exit: Exit,
    /// Why it failed, where rel has not said it itself.
    pub(super) why: Option<String>,
    /// What it hands on by name.
    pub(super) outputs: Texts,
    pub(super) took: Duration,
    /// What rel said in it.
    pub(super) said: Vec<String>,
}

impl Ended {
    pub(super) fn skipped() -> Self {
        Self { result: "skipped", ..Self::failed(String::new()) }
    }

    pub(super) fn failed(why: String) -> Self {
        let (outputs, said) = (Texts::new(), Vec::new());
        let (result, exit, why) = ("failure", Exit::TASK, Some(why).filter(|why| !why.is_empty()));
        Self { result, exit, why, outputs, took: Duration::ZERO, said }
    }
}

/// What ends a job early: an exit code, and why if rel has not said it.
type Stopped = (Exit, Option<String>);

/// A job that is played.
pub(super) struct Room<'a> {
    play: &'a Play<'a>,
    job: &'a SaidJob,
    login: Login,
    work: PathBuf,
    home: PathBuf,
    temp: PathBuf,
    /// Whether rel was fetched.
    has_rel: bool,
    /// Whether tools were left out that this machine may lack.
    lacks: bool,
    outputs: BTreeMap<String, Texts>,
    said: Vec<String>,
}

/// Variables of a runner that only some jobs have.
const OWN: [&str; 4] = [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "CARGO_REGISTRY_TOKEN",
    "GITHUB_TOKEN",
];
/// Files in which a step leaves something for the runner.
const FILES: [(&str, &str); 4] = [
    ("GITHUB_OUTPUT", "output"),
    ("GITHUB_STEP_SUMMARY", "summary"),
    ("GITHUB_ENV", "env"),
    ("GITHUB_PATH", "path"),
];

impl<'a> Room<'a> {
    pub(super) fn new(
        play: &'a Play<'a>,
        job: &'a SaidJob,
        login: Login,
        place: &Path,
    ) -> Outcome<Self> {
        let (work, home, temp) = (place.join("work"), place.join("home"), place.join("temp"));
        for folder in [&work, &home, &temp] {
            fs::make_dir(folder).map_err(|error| machine("cannot make a folder", &error))?;
        }
        let (outputs, said) = (BTreeMap::new(), Vec::new());
        Ok(Self { play, job, login, work, home, temp, has_rel: false, lacks: false, outputs, said })
    }

    /// Plays its steps. After one that failed only those run that ask for it.
    pub(super) fn played(mut self) -> Outcome<Ended> {
        let clock = &self.play.ground.host.clock;
        let begun = clock.elapsed();
        let mut stopped: Option<Stopped> = None;
        for service in &self.job.services {
            self.leave_out(&format!("service {service}"));
        }
        for step in &self.job.steps {
            let context = self.context(stopped.is_some());
            let ended = match expression::runs(step.condition.as_deref(), &context) {
                Ok(false) => continue,
                Ok(true) => self.step(step, &context)?,
                Err(why) => Err((Exit::TASK, Some(why))),
            };
            if let Err((exit, why)) = ended {
                let why = why.map(|why| format!("step `{}`: {why}", step.name));
                stopped.get_or_insert((exit, why));
            }
        }
        let context = self.context(false);
        let outputs = self.job.outputs.iter();
        let outputs = outputs.map(|(name, of)| Ok((name.clone(), expression::text(of, &context)?)));
        let outputs: Result<Texts, String> = outputs.collect();
        let took = clock.elapsed().saturating_sub(begun);
        let (outputs, stopped) = match outputs {
            Ok(outputs) => (outputs, stopped),
            Err(why) => (Texts::new(), stopped.or(Some((Exit::TASK, Some(why))))),
        };
        let (result, (exit, why)) = match stopped {
            None => ("success", (Exit::OK, None)),
            Some(stopped) => ("failure", stopped),
        };
        Ok(Ended { result, exit, why, outputs, took, said: self.said })
    }

    fn context(&self, failed: bool) -> Context {
        let mut values = self.play.values(self.job, Some(&self.login));
        let steps = self.outputs.iter().map(|(id, of)| (id.clone(), json!({ "outputs": of })));
        values["steps"] = Value::Object(steps.collect());
        values["runner"] = json!({ "temp": self.temp, "os": "Linux", "arch": "X64" });
        Context { values, failed, skipped: false }
    }

    fn step(&mut self, step: &SaidStep, context: &Context) -> Outcome<Result<(), Stopped>> {
        let failed = |why: String| Ok(Err((Exit::TASK, Some(why))));
        let with = |of: &Texts| -> Result<Texts, String> {
            of.iter()
                .map(|(key, value)| Ok((key.clone(), expression::text(value, context)?)))
                .collect()
        };
        match &step.does {
            Does::Install => self.has_rel = true,
            Does::Action(name) => self.leave_out(name),
            Does::CheckOut { whole, login } => {
                let ground = self.play.ground;
                let token = login.then_some(self.login.token.as_str());
                let (scratch, github) = (&self.play.setting.scratch, &ground.host.endpoints.github);
                let places = (self.work.as_path(), self.home.as_path());
                scratch::check_out(ground.host, scratch, github, places, (*whole, token))?;
            }
            Does::Upload(of) | Does::Download(of) => {
                let keeps = matches!(step.does, Does::Upload(_));
                let moved = with(of).and_then(|with| self.moved(&with, keeps));
                if let Err(why) = moved {
                    return failed(why);
                }
            }
            Does::Run(text) => match with(&step.env) {
                Ok(env) => return self.run(step, text, env),
                Err(why) => return failed(why),
            },
        }
        Ok(Ok(()))
    }

    /// Whether a file is one that a job's steps may write here: below its own folder, and none by which a runner
    /// changes what later steps see.
    fn is_played(&self, file: &Path) -> bool {
        let is_runners = |name: &str| file == self.temp.join(name);
        file.starts_with(&self.temp) && !is_runners("env") && !is_runners("path")
    }

    fn leave_out(&mut self, what: &str) {
        self.lacks = true;
        self.said.push(format!("left out: {what}"));
    }

    /// Keeps a file for other jobs, or takes it.
    fn moved(&self, with: &Texts, keeps: bool) -> Result<(), String> {
        let text = |key: &str| with.get(key).filter(|text| !text.is_empty());
        let name = text("name").ok_or("it has no `name`")?;
        let path = self.work.join(text("path").map_or(".", String::as_str));
        let kept = self.play.kept.join(name);
        let copied = |from: &Path, to: &Path| {
            fs::copy(from, to).map_err(|error| format!("cannot copy {}: {error}", from.display()))
        };
        if keeps {
            let file = path.file_name().ok_or("it names no file")?;
            return copied(&path, &kept.join(file));
        }
        let files = fs::names(&kept);
        if files.is_empty() {
            return Err(format!("no job before has kept `{name}`"));
        }
        files.iter().try_for_each(|file| copied(&kept.join(file), &path.join(file)))
    }

    fn run(&mut self, step: &SaidStep, text: &str, given: Texts) -> Outcome<Result<(), Stopped>> {
        let env = self.env(given);
        for (_, file) in FILES {
            fs::replace(&self.temp.join(file), "")
                .map_err(|error| machine("cannot write a file", &error))?;
        }
        let mut ended = Ok(());
        let mut variables = env.clone();
        for line in script::lines(text) {
            ended = self.line(line, &env, &mut variables)?;
            if ended.is_err() {
                break;
            }
        }
        let left = fs::read_text(&self.temp.join("output")).unwrap_or_default();
        if let Some(id) = &step.id {
            let pairs = left.lines().filter_map(|line| line.split_once('='));
            let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
            self.outputs.insert(id.clone(), pairs.collect());
        }
        Ok(ended)
    }

    fn line(
        &mut self,
        line: Line,
        env: &Texts,
        variables: &mut Texts,
    ) -> Outcome<Result<(), Stopped>> {
        let expanded =
            |word: &Word, of: &Texts| word.expanded(|name| of.get(name).map(String::as_str));
        let append = |to: &str, text: &str| {
            let file = fs::open_append(Path::new(to));
            file.and_then(|mut file| file.write_all(text.as_bytes()))
                .map_err(|error| machine("cannot write a file", &error))
        };
        match line {
            Line::Other(text) => self.leave_out(&text),
            Line::Echo(said, to) => {
                let (said, to) = (expanded(&said, variables), expanded(&to, variables));
                if !self.is_played(Path::new(&to)) {
                    self.leave_out(&format!("echo {said} >> {to}"));
                    return Ok(Ok(()));
                }
                append(&to, &format!("{said}\n"))?;
            }
            Line::Rel { .. } if !self.has_rel => {
                return Ok(Err((Exit::TASK, Some("no step has fetched rel".into()))));
            }
            Line::Rel { words, into, to } => {
                // What would have been brought is no failure of the workflow's.
                let is_asked = |word: &String| !(self.lacks && word == "--strict");
                let words = words.iter().map(|word| expanded(word, variables));
                let form = ["--output", "github"].map(str::to_owned).into_iter();
                let words = form.chain(words.filter(is_asked)).collect();
                let inner = &self.play.setting.inner;
                let (exit, printed, said) = inner.asked(words, &self.work, env)?;
                self.said.extend(said);
                match (into, to) {
                    (Some(name), _) => {
                        variables.insert(name, printed.trim_end().to_owned());
                    }
                    (None, Some(to)) => append(&expanded(&to, variables), &printed)?,
                    (None, None) => self.said.extend(printed.lines().map(str::to_owned)),
                }
                if exit != Exit::OK {
                    return Ok(Err((exit, None)));
                }
            }
        }
        Ok(Ok(()))
    }

    /// What a step sees: a runner's variables, and of logins what the job's file gives it.
    fn env(&self, given: Texts) -> Texts {
        let setting = self.play.setting;
        let mut env = setting.inner.env().clone();
        let url = env.get("ACTIONS_ID_TOKEN_REQUEST_URL").cloned().unwrap_or_default();
        env.retain(|name, _| !OWN.contains(&name.as_str()) && !setting.secrets.contains_key(name));
        let mut put = |name: &str, value: &str| env.insert(name.to_owned(), value.to_owned());
        put("HOME", &self.home.to_string_lossy());
        put("RUNNER_TEMP", &self.temp.to_string_lossy());
        put("GITHUB_WORKSPACE", &self.work.to_string_lossy());
        put("GITHUB_JOB", &self.job.id);
        for (name, file) in FILES {
            put(name, &self.temp.join(file).to_string_lossy());
        }
        if self.login.writes("id-token") {
            put("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &self.login.bearer);
            put("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
        }
        env.extend(given);
        env
    }
}
