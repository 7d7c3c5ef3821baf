//! Declaring what a user owns in the jobs of a CI workflow: steps, services, variables.
//!
//! An action is taken by its commit and an image by its digest alone, since a tag can be moved to other code. A
//! script holds no expression: what GitHub puts there would be run. No text names a secret, for which there is
//! `.secrets` of a task. Which jobs have them is `ci::overlay`'s.
//! From GitHub's pages "Workflow syntax", `steps` and `services`, and "Secure use".

use std::collections::BTreeMap;

use rhai::{Dynamic, Map};

use super::ci::change;
use super::options::is_variable;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome, Word};
use crate::model::workflow::{Does, Service, Step};

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Ci,
        Phase::Declare,
        "step",
        (1, 1),
        ".step(#{ name: \"Install libpq\", run: \"sudo apt-get install --yes libpq-dev\" })",
        "A step of your own, before rel's, in the workflow's jobs that build and check and hold no privileges: `run` (a script) or `uses` (an action by its commit; what it is given as `\"with\"`, a word of the language, so in quotes); `name`, `env`, `runner` (only on machines of that label).",
        "task(\"check\").exec(\"true\");\nci(\"check\").on(#{ push: [\"main\"] })\n    .step(#{ name: \"Install libpq\", run: \"sudo apt-get install --yes libpq-dev\" })\n    .step(#{ uses: \"actions/setup-node@2028fbc5c25fe9cf00d9f06a71cc4710d4507903 # v6.0.0\", \"with\": #{ \"node-version\": \"24\" } })\n    .run(\"check\");",
        step,
    ),
    row(
        Place::Ci,
        Phase::Declare,
        "service",
        (2, 2),
        ".service(\"postgres\", #{ image: \"postgres:17@sha256:…\", ports: [\"5432:5432\"] })",
        "A container beside the same jobs: `image` (by its digest), `ports`, `env`, `health` (a command in it that succeeds once it is ready), `runner` (only on machines of that label).",
        "task(\"check\").exec(\"true\");\nci(\"check\").on(#{ push: [\"main\"] })\n    .service(\"redis\", #{ image: \"redis:8@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\", ports: [\"6379:6379\"], health: \"redis-cli ping\" })\n    .run(\"check\");",
        service,
    ),
    row(
        Place::Ci,
        Phase::Declare,
        "env",
        (1, 1),
        ".env(#{ PGHOST: \"localhost\" })",
        "Variables of the same jobs; secrets go into a task's `.secrets(…)`.",
        "task(\"check\").exec(\"true\");\nci(\"check\").on(#{ push: [\"main\"] }).env(#{ PGHOST: \"localhost\" }).run(\"check\");",
        env,
    ),
];

const STEP: &[&str] = &["name", "run", "uses", "with", "env", "runner"];
const SERVICE: &[&str] = &["image", "ports", "env", "health", "runner"];
/// Actions that are rel's own steps: another checkout would be another release, and bundles are handed on by digest.
const OWN: &[&str] = &["actions/checkout", "actions/upload-artifact", "actions/download-artifact"];
/// How names of variables begin that runners and rel's own steps give their values.
const TAKEN: &[&str] = &[
    "ACTIONS_",
    "BUNDLE",
    "CI_",
    "GITHUB_",
    "GITLAB_",
    "GIT_AUTHOR_",
    "GIT_COMMITTER_",
    "GIT_DEPTH",
    "GIT_STRATEGY",
    "INPUT_",
    "PART_",
    "REL_",
    "RUNNER_",
];
const PINNED: &str =
    "write the commit, and its version behind it: `uses: \"owner/name@0123…cdef # v1.2.3\"`";

fn step(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let map = call.map(0, STEP)?;
    let of = Of { call, map: &map };
    let (run, uses) = (of.text("run")?, of.text("uses")?);
    let does = match (run, uses) {
        (Some(script), None) => Does::Run(of.script(&script)?),
        (None, Some(action)) => of.action(&action)?,
        _ => {
            let wrong = Diagnostic::usage("a step has either `run` or `uses`");
            return Err(Box::new(wrong.hint(format!("write it as `{}`", call.builtin.signature))));
        }
    };
    if matches!(does, Does::Run(_)) && map.contains_key("with") {
        return Err(of.wrong("with", "a script is given nothing by `with`", "use `env`"));
    }
    let (name, env, runner) = (of.text("name")?, of.variables("env")?, of.runner()?);
    let step = Step { site: call.site.clone(), name, does, env, runner };
    change(call, |workflow| workflow.overlay.steps.push(step))
}

fn service(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let Word { text: name, site } = call.word(0)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        let wrong = Diagnostic::usage(format!("`{name}` is no name of a service")).at(&site);
        return Err(Box::new(wrong.hint("use small letters, digits and `-`: it is a host's name")));
    }
    let map = call.map(1, SERVICE)?;
    let of = Of { call, map: &map };
    let Some(image) = of.text("image")? else {
        let wrong = Diagnostic::usage(format!("the service `{name}` has no image"));
        return Err(Box::new(wrong.hint("add `image: \"postgres:17@sha256:…\"`")));
    };
    let service = Service {
        site,
        image: of.image(image)?,
        ports: of.ports()?,
        env: of.variables("env")?,
        health: of.health()?,
        runner: of.runner()?,
        name,
    };
    let mut twice = false;
    let done = change(call, |workflow| {
        twice = workflow.overlay.services.iter().any(|known| known.name == service.name);
        workflow.overlay.services.push(service.clone());
    })?;
    if twice {
        let wrong = Diagnostic::usage(format!("the service `{}` is said twice", service.name));
        return Err(Box::new(wrong.at(&service.site).hint("take one away")));
    }
    Ok(done)
}

fn env(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let map: Option<Map> = call.args[0].clone().try_cast();
    let of = Of { call, map: &Map::new() };
    let env = map.and_then(|map| values(&map));
    let env = env.ok_or_else(|| {
        let wrong = Diagnostic::usage("`env` takes a map of texts");
        Box::new(wrong.hint("write .env(#{ KEY: \"value\" })"))
    })?;
    for (name, value) in &env {
        of.is_plain(name, name, value)?;
        if TAKEN.iter().any(|start| name.starts_with(start)) {
            let what = format!("`{name}` is a variable that the runner or rel sets");
            return Err(of.wrong(name, &what, "give yours another name"));
        }
    }
    change(call, |workflow| workflow.overlay.env.extend(env))
}

/// Texts, numbers and truths as texts; `None` if there is something else.
fn values(map: &Map) -> Option<BTreeMap<String, String>> {
    let one = |value: &Dynamic| {
        let plain = value.is_int() || value.is_bool() || value.is_string();
        plain.then(|| value.to_string())
    };
    map.iter().map(|(key, value)| Some((key.to_string(), one(value)?))).collect()
}

/// The options of a call.
struct Of<'a, 'b> {
    call: &'a Call<'b>,
    map: &'a Map,
}

impl Of<'_, '_> {
    fn wrong(&self, key: &str, what: &str, hint: &str) -> Box<Diagnostic> {
        Box::new(Diagnostic::usage(what).at(&self.call.key_site(key)).hint(hint))
    }

    /// A text that holds something and names no secret.
    fn text(&self, key: &str) -> Outcome<Option<String>> {
        let Some(value) = self.map.get(key) else { return Ok(None) };
        let text = value.clone().into_immutable_string().ok().map(|text| text.to_string());
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            let hint = format!("write it as `{}`", self.call.builtin.signature);
            return Err(self.wrong(key, &format!("`{key}` takes text"), &hint));
        };
        self.no_secret(key, &text)?;
        Ok(Some(text))
    }

    fn no_secret(&self, key: &str, text: &str) -> Outcome<()> {
        if !text.contains("${{") || !text.to_ascii_lowercase().contains("secrets") {
            return Ok(());
        }
        let what = format!("`{key}` takes a secret into a job that holds none");
        let hint = "let a task have it, with `.secrets(\"NAME\")`";
        Err(self.wrong(key, &what, hint))
    }

    /// A script's lines, without the margin that they have in the Releasefile.
    fn script(&self, text: &str) -> Outcome<String> {
        if text.contains("${{") {
            let what = "a script takes no expression: what is put there would be run";
            return Err(self.wrong("run", what, "give it in `env`, and write \"$NAME\""));
        }
        let filled = || text.lines().filter(|line| !line.trim().is_empty());
        let margin = filled().map(|line| line.len() - line.trim_start_matches(' ').len()).min();
        let lines = text.lines().map(|line| line.get(margin.unwrap_or(0)..).unwrap_or_default());
        let lines: Vec<&str> = lines.map(str::trim_end).collect();
        Ok(lines.join("\n").trim_matches('\n').to_owned())
    }

    /// An action of another repository by its commit, or one of the project's own.
    fn action(&self, text: &str) -> Outcome<Does> {
        let (action, version) = match text.split_once(" #") {
            Some((action, version)) => (action.trim(), Some(version.trim().to_owned())),
            None => (text.trim(), None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@".contains(c);
        let (name, commit) = action.split_once('@').unwrap_or((action, ""));
        let is_own = action.starts_with("./") && !action.contains('@');
        if !action.chars().all(plain) || !name.contains('/') {
            return Err(self.wrong("uses", &format!("`{text}` is no action"), PINNED));
        }
        if let Some(own) = OWN.iter().find(|own| name.eq_ignore_ascii_case(own)) {
            let what = format!("`{own}` is for rel's own steps");
            return Err(self.wrong("uses", &what, "take it away, or do it in a script: `run`"));
        }
        let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_own && !is_commit {
            let what = format!("the action `{name}` is not pinned by a commit");
            let wrong = self.wrong("uses", &what, PINNED);
            return Err(Box::new(wrong.note("a tag or branch can be moved to other code")));
        }
        let version = version.filter(|version| !version.is_empty());
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        if version.as_ref().is_some_and(|version| !version.chars().all(is_word)) {
            return Err(self.wrong("uses", "what stands behind `#` is no version", PINNED));
        }
        Ok(Does::Uses { action: action.to_owned(), version, with: self.given("with")? })
    }

    fn image(&self, image: String) -> Outcome<String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/@".contains(c);
        let digest = image.split_once("@sha256:").map(|(_, digest)| digest);
        let is_digest = |digest: &str| {
            digest.len() == 64 && digest.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
        };
        if image.chars().all(plain) && digest.is_some_and(is_digest) {
            return Ok(image);
        }
        let what = format!("the image `{image}` is not pinned by its digest");
        let hint = "add the digest that `docker buildx imagetools inspect IMAGE` prints: `postgres:17@sha256:…`";
        let wrong = self.wrong("image", &what, hint);
        Err(Box::new(wrong.note("a tag can be moved to another image")))
    }

    /// What is put before a container: numbers of ports, or pairs of them.
    fn ports(&self) -> Outcome<Vec<String>> {
        let Some(value) = self.map.get("ports") else { return Ok(Vec::new()) };
        let all = value.clone().into_typed_array::<Dynamic>();
        let all: Vec<String> =
            all.unwrap_or_else(|_| vec![value.clone()]).iter().map(ToString::to_string).collect();
        let is_port = |text: &str| text.parse::<u16>().is_ok_and(|port| port > 0);
        let wrong = all.iter().find(|port| !port.splitn(2, ':').all(is_port));
        match wrong {
            None => Ok(all),
            Some(port) => {
                let what = format!("`{port}` is no port");
                Err(self.wrong("ports", &what, "write it as `ports: [\"5432:5432\"]`"))
            }
        }
    }

    /// A command within double quotes.
    fn health(&self) -> Outcome<Option<String>> {
        let health = self.text("health")?;
        let is_quoted = |text: &String| !text.contains(['"', '\\', '$', '`', '\n']);
        if health.as_ref().is_none_or(is_quoted) {
            return Ok(health);
        }
        let what = "`health` is a command without quotes and variables";
        Err(self.wrong("health", what, "write it as `health: \"pg_isready --username app\"`"))
    }

    fn runner(&self) -> Outcome<Option<Word>> {
        let site = self.call.key_site("runner");
        Ok(self.text("runner")?.map(|text| Word { text, site }))
    }

    /// Variables.
    fn variables(&self, key: &str) -> Outcome<BTreeMap<String, String>> {
        let all = self.given(key)?;
        for (name, value) in &all {
            self.is_plain(key, name, value)?;
        }
        Ok(all)
    }

    fn is_plain(&self, key: &str, name: &str, value: &str) -> Outcome<()> {
        is_variable(name).map_err(|wrong| Box::new(wrong.at(&self.call.key_site(name))))?;
        self.no_secret(key, value)
    }

    /// A map of values.
    fn given(&self, key: &str) -> Outcome<BTreeMap<String, String>> {
        let Some(value) = self.map.get(key) else { return Ok(BTreeMap::new()) };
        let map: Option<Map> = value.clone().try_cast();
        let Some(all) = map.and_then(|map| values(&map)) else {
            let what = format!("`{key}` takes a map of texts");
            // A word of the language is a key in quotes only.
            let shown = if key == "with" { "\"with\"" } else { key };
            return Err(self.wrong(
                key,
                &what,
                &format!("write `{shown}: #{{ NAME: \"value\" }}`"),
            ));
        };
        for value in all.values() {
            self.no_secret(key, value)?;
        }
        Ok(all)
    }
}
