//! The steps of each job, and the few forms that all of them have.
//!
//! A script is a line or two that start rel; what it is told comes in variables. The digest of a bundle is a
//! step's output with the id `bundle`, and so the job's.

use super::actions::{Action, CHECKOUT, DOWNLOAD, PYTHON, UPLOAD};
use super::github::Writer;
use super::jobs::{Job, Role};
use super::yaml::{Yaml, map};
use super::{install, overlay, privilege, triggers};
use crate::graph::Node;

/// The address by which GitHub knows the author of a commit who shows no other.
const AUTHOR: &str = "${{ github.actor_id }}+${{ github.actor }}@users.noreply.github.com";
/// How a job ends whose tasks another one sends.
const PLAN: &str = " --strict --output github -o \"$RUNNER_TEMP/plan.json\"";
/// How long bundles are kept, in days.
pub(super) const KEPT: u64 = 30;

impl Writer<'_> {
    pub(super) fn steps(&self, job: &Job, source: Option<&Job>) -> Vec<Yaml> {
        let declared = &self.scene.declared;
        let mut steps = Vec::new();
        if job.like.role != Role::Send {
            steps.push(checkout(job.like.role == Role::Push));
            steps.extend(self.python(job));
            steps.extend(self.own_steps(job).map(overlay::step));
        }
        let download = install::download(&declared.downloads, job.like.runner.as_deref());
        steps.push(install::step(download));
        if let Some(source) = source {
            let with =
                map([("name", artifact(source).into()), ("path", "${{ runner.temp }}".into())]);
            steps.push(uses("Take the release over", &DOWNLOAD, with));
        }
        match job.like.role {
            Role::Check => steps.push(self.run(job, "Run", "rel run", " --strict --output github")),
            Role::Part => steps.extend(self.part(job)),
            Role::Build => steps.extend([self.gather(job), self.build(job)].concat()),
            Role::Send | Role::Push => steps.extend(self.send(job, source)),
            Role::Command => steps.extend(self.command(job, source)),
            Role::After => steps.extend(self.after(job, source)),
            Role::Follow(_) => steps.push(self.follow(job)),
        }
        steps
    }

    /// The Pythons of an axis called so.
    fn python(&self, job: &Job) -> Option<Yaml> {
        let mut versions: Vec<&String> = Vec::new();
        for node in &job.nodes {
            let axis = self.task(*node).matrix.get("python").into_iter().flatten();
            versions.extend(axis.filter(|version| !versions.contains(version)).collect::<Vec<_>>());
        }
        let lines: Vec<String> = versions.iter().map(|version| format!("{version}\n")).collect();
        let value = match versions.as_slice() {
            [] => return None,
            [one] => Yaml::Text((*one).clone()),
            _ => Yaml::Block(lines.concat()),
        };
        Some(uses("Install Python", &PYTHON, map([("python-version", value)])))
    }

    /// A step that runs the workflow's goals, or of several jobs those that are this one's.
    fn run(&self, job: &Job, name: &str, before: &str, after: &str) -> Yaml {
        let (words, env) = self.goals_of(job);
        let shown: Vec<&str> =
            self.scene.workflow.run.iter().map(|word| word.text.as_str()).collect();
        let env = [env, self.author(job), secrets(job)].concat();
        step(&format!("{name} {}", shown.join(", ")), env, &format!("{before} {words}{after}"))
    }

    /// The goals of a job that runs tasks by itself.
    pub(super) fn goals_of(&self, job: &Job) -> (String, Vec<(String, Yaml)>) {
        let alone = self.jobs.0.iter().filter(|job| job.like.role == Role::Check).count() <= 1;
        let own = job.like.role == Role::Part || !alone;
        if own { (self.ends(job), Vec::new()) } else { self.goals() }
    }

    /// Whether its tasks may commit.
    pub(super) fn commits(&self, job: &Job) -> bool {
        job.nodes.iter().any(|node| self.task(*node).edits.is_some())
    }

    /// Who commits, where tasks do: git asks for somebody, and on a runner nobody has told it.
    fn author(&self, job: &Job) -> Vec<(String, Yaml)> {
        if !self.commits(job) {
            return Vec::new();
        }
        let of = |role: &str| {
            [("NAME", "${{ github.actor }}"), ("EMAIL", AUTHOR)]
                .map(|(what, value)| (format!("GIT_{role}_{what}"), value.into()))
        };
        [of("AUTHOR"), of("COMMITTER")].concat()
    }

    /// Goals as words, with the variables of their parameters.
    fn goals(&self) -> (String, Vec<(String, Yaml)>) {
        let mut words = Vec::new();
        let mut env = Vec::new();
        for asked in self.asked {
            words.push(shell_words::quote(asked.word).into_owned());
            for param in asked.params {
                let variable = triggers::variable(param);
                words.push(format!("\"{}=${variable}\"", param.name));
                env.push((variable, triggers::expression(param, &self.scene.workflow.on).into()));
            }
        }
        (words.join(" "), env)
    }

    /// The instances of a job that none of its others needs.
    fn ends(&self, job: &Job) -> String {
        let needed =
            |node: &Node| job.nodes.iter().any(|of| self.graph.ancestors(*of).contains(node));
        let ends: Vec<Node> = job.nodes.iter().copied().filter(|node| !needed(node)).collect();
        self.words(&ends).join(" ")
    }

    /// Instances as words: a task's name if all its instances are among them.
    pub(super) fn words(&self, nodes: &[Node]) -> Vec<String> {
        let mut words = Vec::new();
        for node in nodes {
            let instance = self.graph.instance(*node);
            let same = |other: &Node| self.graph.instance(*other).task == instance.task;
            let all = self.graph.order().filter(same).count()
                == nodes.iter().filter(|node| same(node)).count();
            let name = if all { self.task(*node).name.clone() } else { instance.id.clone() };
            let word = shell_words::quote(&name).into_owned();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// A job's tasks as words, with parameters where goals have them.
    pub(super) fn sending(&self, job: &Job) -> (String, Vec<(String, Yaml)>) {
        let mut env = Vec::new();
        let mut words = Vec::new();
        for word in self.words(&job.nodes) {
            let asked = self.asked.iter().find(|asked| shell_words::quote(asked.word) == word);
            words.push(word);
            for param in asked.map_or(&[][..], |asked| asked.params) {
                let variable = triggers::variable(param);
                words.push(format!("\"{}=${variable}\"", param.name));
                env.push((variable, triggers::expression(param, &self.scene.workflow.on).into()));
            }
        }
        (words.join(" "), env)
    }

    /// The options that answer the gate, and each task that asks; its environment has asked before.
    pub(super) fn answers(&self, job: &Job) -> String {
        let mut asking: Vec<&str> = job
            .nodes
            .iter()
            .map(|node| self.task(*node))
            .filter(|task| task.confirm.is_some())
            .map(|task| task.name.as_str())
            .collect();
        asking.dedup();
        let each = asking.iter().map(|name| format!(" --yes={}", shell_words::quote(name)));
        format!(" --yes{}", each.collect::<String>())
    }

    fn part(&self, job: &Job) -> Vec<Yaml> {
        vec![self.run(job, "Build a part of", "rel run", PLAN), pack(), upload(job)]
    }

    /// What other machines have made, each bundle by its digest.
    fn gather(&self, job: &Job) -> Vec<Yaml> {
        let parts: Vec<&Job> = job.needs.iter().map(|need| &self.jobs.0[*need]).collect();
        let take = |part: &&Job| {
            let path = format!("${{{{ runner.temp }}}}/{}", artifact(part));
            let with = map([("name", artifact(part).into()), ("path", path.into())]);
            uses(&format!("Take {} over", part.id), &DOWNLOAD, with)
        };
        let mut steps: Vec<Yaml> = parts.iter().map(take).collect();
        if !parts.is_empty() {
            let variable = |at: usize| format!("PART_{}", at + 1);
            let of = |(at, part): (usize, &&Job)| (variable(at), digest(part).1);
            let line = |(at, part): (usize, &&Job)| {
                let (folder, variable) = (artifact(part), variable(at));
                format!(
                    "rel unpack \"$RUNNER_TEMP/{folder}/release.tar\" --sha256 \"${variable}\"\n"
                )
            };
            let env = parts.iter().enumerate().map(of).collect();
            let script: String = parts.iter().enumerate().map(line).collect();
            steps.push(step("Gather them", env, &script));
        }
        steps
    }

    fn build(&self, job: &Job) -> Vec<Yaml> {
        let summary = "rel show \"$RUNNER_TEMP/plan.json\" --markdown >> \"$GITHUB_STEP_SUMMARY\"";
        vec![
            self.run(job, "Build and describe", "rel run", PLAN),
            step("Show what would be sent", Vec::new(), summary),
            pack(),
            upload(job),
        ]
    }

    /// What is sent stands in the plan, so parameters do not come again.
    fn send(&self, job: &Job, source: Option<&Job>) -> Vec<Yaml> {
        let mut env: Vec<(String, Yaml)> = source.map(digest).into_iter().collect();
        if privilege::takes_token(&job.like.destinations) {
            env.push(token());
        }
        env.extend(secrets(job));
        let (words, answers) = (self.words(&job.nodes).join(" "), self.answers(job));
        let script = format!(
            "sent=$(rel apply \"$RUNNER_TEMP/release.tar\" --sha256 \"$BUNDLE\" {words}{answers} -o \"$RUNNER_TEMP/release.tar\")\n\
             echo \"sha256=${{sent%% *}}\" >> \"$GITHUB_OUTPUT\"\n"
        );
        vec![bundle("Send", env, &script), upload(job)]
    }

    fn command(&self, job: &Job, source: Option<&Job>) -> Vec<Yaml> {
        let (words, of_goals) = self.sending(job);
        let answers = self.answers(job);
        let line = format!("rel apply \"$RUNNER_TEMP/plan.json\" {words}{answers} --output github");
        vec![
            unpack(source),
            step("Send", [of_goals, secrets(job)].concat(), &line),
            pack(),
            upload(job),
        ]
    }

    fn after(&self, job: &Job, source: Option<&Job>) -> Vec<Yaml> {
        let (words, of_goals) = self.sending(job);
        let apply = format!("rel apply \"$RUNNER_TEMP/plan.json\" {words} --output github");
        let env = [of_goals, secrets(job)].concat();
        vec![unpack(source), step("Look at what was sent", env, &apply)]
    }

    fn follow(&self, job: &Job) -> Yaml {
        let words = self.words(&job.nodes).join(" ");
        let needs = ("NEEDS".to_owned(), Yaml::from("${{ toJSON(needs) }}"));
        let env = [vec![needs], secrets(job)].concat();
        step("Follow the release", env, &format!("rel ci follow {words} --needs \"$NEEDS\""))
    }
}

fn step(name: &str, env: Vec<(String, Yaml)>, script: &str) -> Yaml {
    let mut entries = vec![("name".to_owned(), name.into())];
    if !env.is_empty() {
        entries.push(("env".into(), Yaml::Map(env)));
    }
    let script =
        if script.contains('\n') { Yaml::Block(script.into()) } else { Yaml::Text(script.into()) };
    entries.push(("run".into(), script));
    Yaml::Map(entries)
}

fn unpack(source: Option<&Job>) -> Yaml {
    let script = "rel unpack \"$RUNNER_TEMP/release.tar\" --sha256 \"$BUNDLE\" -o \"$RUNNER_TEMP/plan.json\"";
    step("Unpack it", source.map(digest).into_iter().collect(), script)
}

fn pack() -> Yaml {
    let script = "packed=$(rel pack \"$RUNNER_TEMP/release.tar\" --plan \"$RUNNER_TEMP/plan.json\")\n\
                  echo \"sha256=${packed%% *}\" >> \"$GITHUB_OUTPUT\"\n";
    bundle("Pack the release", Vec::new(), script)
}

/// A step that leaves a bundle's digest as its output.
fn bundle(name: &str, env: Vec<(String, Yaml)>, script: &str) -> Yaml {
    let Yaml::Map(mut entries) = step(name, env, script) else { return Yaml::Empty };
    entries.insert(1, ("id".into(), "bundle".into()));
    Yaml::Map(entries)
}

fn uses(name: &str, action: &Action, with: Yaml) -> Yaml {
    let pinned = Yaml::Noted(format!("{}@{}", action.name, action.commit), action.version.into());
    map([("name", name.into()), ("uses", pinned), ("with", with)])
}

fn checkout(pushes: bool) -> Yaml {
    let with =
        map([("fetch-depth", Yaml::Number(0)), ("persist-credentials", Yaml::Truth(pushes))]);
    uses("Check the project out", &CHECKOUT, with)
}

fn artifact(job: &Job) -> String {
    format!("release-{}", job.id)
}

fn upload(job: &Job) -> Yaml {
    let with = map([
        ("name", artifact(job).into()),
        ("path", "${{ runner.temp }}/release.tar".into()),
        ("if-no-files-found", "error".into()),
        ("overwrite", Yaml::Truth(true)),
        ("retention-days", Yaml::Number(KEPT)),
    ]);
    uses("Hand the release on", &UPLOAD, with)
}

fn digest(source: &Job) -> (String, Yaml) {
    ("BUNDLE".into(), format!("${{{{ needs.{}.outputs.bundle }}}}", source.id).into())
}

fn token() -> (String, Yaml) {
    ("GITHUB_TOKEN".into(), "${{ github.token }}".into())
}

fn secrets(job: &Job) -> Vec<(String, Yaml)> {
    let own =
        job.like.secrets.iter().filter(|name| {
            *name != "GITHUB_TOKEN" || !privilege::takes_token(&job.like.destinations)
        });
    own.map(|name| (name.clone(), format!("${{{{ secrets.{name} }}}}").into())).collect()
}
