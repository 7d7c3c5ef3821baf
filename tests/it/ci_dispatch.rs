//! `rel ci dispatch` against the rehearsal's GitHub, where a test says how runs go on.

use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard};

use rel::rehearse::github::{Forge, Input, Job, Level, Permission, Token, Workflow};
use rel::rehearse::http::{Request, Response};
use rel::rehearse::world::{Service, World};
use serde_json::Value;

use crate::door::interrupt;
use crate::project::{Project, Ran};
use crate::setting::{Backstage, Setting, TOKEN, records};

const RELEASEFILE: &str = r#"
    task("publish").param("note", "none").effects("command").run(|t| { remote("true"); });
    ci("release").on(#{ dispatch: #{ live: true } }).run("publish");
    ci("other").on(#{ dispatch: true }).run("publish");
"#;

/// A forge that runs what is dispatched: one job, which has ended when somebody has looked at it.
struct Actions {
    forge: Forge,
    /// How runs end.
    ends: &'static str,
    /// Whether the answer to a dispatch is lost on its way.
    loses: bool,
    /// How often each run is looked for before it is shown; the others are shown at once.
    hides: &'static [usize],
    /// Looks since the newest run was started.
    looks: usize,
    /// Told of each of them.
    looked: Sender<()>,
}

impl Actions {
    /// The list of runs without the newest, as long as that is hidden.
    fn shown(&mut self, answer: Response) -> Response {
        let Some(newest) = self.forge.runs().last().map(|run| run.id) else { return answer };
        self.looks += 1;
        // Nobody waits for it in most tests.
        let _ = self.looked.send(());
        let hides = self.hides.get(self.forge.runs().len() - 1).copied().unwrap_or_default();
        if self.looks > hides {
            return answer;
        }
        let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["workflow_runs"].as_array_mut().unwrap().retain(|run| run["id"] != newest);
        Response::json(200, &body)
    }
}

impl Service for Actions {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        let answer = self.forge.answer(request, at);
        let run = self.forge.runs().last().map(|run| run.id);
        let job = |conclusion: Option<&str>| Job {
            name: "send".into(),
            conclusion: conclusion.map(str::to_owned),
        };
        match run {
            Some(run) if request.method == "POST" => {
                self.looks = 0;
                self.forge.run_jobs(run, vec![job(None)]);
                if self.loses {
                    return Response::empty(502);
                }
            }
            Some(_) if request.path.ends_with("/jobs") => {
                let all: Vec<u64> = self.forge.runs().iter().map(|run| run.id).collect();
                for run in all {
                    self.forge.run_jobs(run, vec![job(Some(self.ends))]);
                    self.forge.finish_run(run, self.ends);
                }
            }
            _ if request.path.ends_with("/runs") => return self.shown(answer),
            _ => {}
        }
        answer
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }
}

/// How it goes: how runs end, whether answers are lost, how long runs are hidden.
#[derive(Clone, Copy)]
struct Way(&'static str, bool, &'static [usize]);

fn actions(backstage: &Backstage<'_>, way: Way, looked: Sender<()>) -> Actions {
    let Way(ends, loses, hides) = way;
    let (_, mut forge) = backstage.forge();
    forge.set_default_branch(&backstage.scratch.branch);
    forge.add_token(Token::of_run(TOKEN, &[(Permission::Actions, Level::Write)]));
    let input = |name: &str| Input { name: name.into(), required: false };
    let inputs = Some(vec![input("note"), input("live")]);
    forge.add_workflow(Workflow { file: "release.yml".into(), name: "release".into(), inputs });
    Actions { forge, ends, loses, hides, looks: 0, looked }
}

struct Stage {
    setting: Setting,
    actions: Arc<Mutex<Actions>>,
    looked: Receiver<()>,
}

impl Stage {
    fn new(ends: &'static str) -> Self {
        Self::going(Way(ends, false, &[]))
    }

    fn going(way: Way) -> Self {
        let (tell, looked) = mpsc::channel();
        let project = Project::new(RELEASEFILE).git().tag("v1.0");
        let mut made = None;
        let dress = |world: &mut World, backstage: &Backstage<'_>| {
            let actions = Arc::new(Mutex::new(actions(backstage, way, tell)));
            world.serve("api.github.com", actions.clone());
            made = Some(actions);
        };
        let setting = Setting::dressed(&project, |_, _| {}, dress);
        Self { setting, actions: made.unwrap(), looked }
    }

    fn actions(&self) -> MutexGuard<'_, Actions> {
        self.actions.lock().unwrap()
    }

    /// Starts it, and presses Ctrl-C once it is looked for.
    fn left(&self) -> Ran {
        let mut rel = self.setting.command(&[], &format!("{START} --live"));
        let rel: Child = rel.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.looked.recv().unwrap();
        interrupt(&rel);
        let output = rel.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        Ran { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// What the ledger of starts has.
    fn records(&self) -> Vec<Value> {
        let file = self.setting.ledger.file_name().unwrap();
        records(&self.setting.state().join("dispatches").join(file))
    }
}

const START: &str = "ci dispatch release note=hi live=true";

#[test]
fn nothing_is_started_without_live_and_with_it_the_run_is_followed_to_its_end() {
    let stage = Stage::new("success");
    let ran = stage.setting.rel(&format!("{START} --output json")).code(0);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["effect"]["inputs"], serde_json::json!({ "note": "hi", "live": "true" }));
    stage.setting.rel(START).code(0).says("would start release.yml on ").says("live=true note=hi");
    assert!(stage.actions().forge.runs().is_empty() && stage.records().is_empty());

    let ran = stage.setting.rel(&format!("{START} --live")).code(0);
    let ran = ran.says("note: it runs: https://github.com/").says("note: send: in progress");
    let ran = ran.says("note: send: success");
    let runs = stage.actions().forge.runs().to_vec();
    let given: Vec<(&str, &Value)> =
        runs[0].inputs.iter().map(|(name, value)| (name.as_str(), value)).collect();
    assert_eq!(given.len(), 2);
    assert!(given.contains(&("live", &"true".into())) && given.contains(&("note", &"hi".into())));
    let page =
        format!("https://github.com/{}/actions/runs/{}", stage.setting.repository(), runs[0].id);
    assert_eq!(ran.out, format!("success: {page}\n"));

    // What was predicted is what the ledger has, apart from the release's.
    let records = stage.records();
    let of = |name: &str| records.iter().find(|record| record["record"] == name).unwrap();
    let effect = &told["effect"];
    let url =
        format!("https://github.com/{}/actions/workflows/release.yml", stage.setting.repository());
    let name = format!("release.yml on {}", effect["reference"].as_str().unwrap());
    let receipt = serde_json::json!({ "name": name, "digest": null, "url": url });
    assert_eq!(of("done")["receipt"], receipt);
    assert_eq!((&of("intent")["name"], &of("done")["found"]), (&receipt["name"], &false.into()));
    assert!(!stage.setting.ledger.exists(), "no release is begun here");

    // The same command starts it again: it is another run.
    stage.setting.rel(&format!("{START} --live")).code(0);
    assert_eq!(stage.actions().forge.runs().len(), 2);
}

#[test]
fn a_run_that_fails_is_a_failure_here_too() {
    let stage = Stage::new("failure");
    let ran = stage.setting.rel(&format!("{START} --live --output json")).code(1);
    let last: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["conclusion"]), (&"workflow-run".into(), &"failure".into()));
    assert_eq!(last["jobs"][0], serde_json::json!({ "name": "send", "state": "failure" }));
}

#[test]
fn a_start_whose_answer_is_lost_is_looked_for_and_not_sent_again() {
    let stage = Stage::going(Way("success", true, &[1]));
    let ran = stage.setting.rel(&format!("{START} --live")).code(0).says("note: send: success");
    ran.says("GitHub answered 502; waiting for it to be seen").never_says("trying again");
    assert_eq!(stage.actions().forge.runs().len(), 1);
    assert!(stage.records().iter().any(|record| record["found"] == true));
}

#[test]
fn a_start_of_which_no_run_is_shown_is_left_to_a_look_at_its_page() {
    let stage = Stage::going(Way("success", true, &[usize::MAX]));
    let ran = stage.left().code(4).says("error: no clear answer from ");
    ran.says("note: its page: https://github.com/")
        .says("hint: look at its page first: the same command again starts another run");
    assert_eq!(stage.actions().forge.runs().len(), 1);
}

#[test]
fn the_same_command_starts_another_run_although_the_first_is_only_shown_meanwhile() {
    let stage = Stage::going(Way("success", false, &[2]));
    stage.left().code(130).says("stopped following; the run goes on at GitHub");
    let first = stage.actions().forge.runs()[0].id;
    stage.actions().forge.finish_run(first, "success");
    stage.setting.rel(&format!("{START} --live")).code(0).never_says("already");
    assert_eq!(stage.actions().forge.runs().len(), 2);
}

#[test]
fn what_github_does_not_have_is_not_started() {
    let stage = Stage::new("success");
    let rel = |line: &str| stage.setting.rel(line);
    rel("ci dispatch other --live").code(3).says("GitHub knows no workflow other.yml");
    rel("ci dispatch release --ref nowhere --live")
        .code(3)
        .says("on GitHub `nowhere` is not there");
    stage
        .setting
        .git("-c user.name=a -c user.email=a@localhost commit --quiet --allow-empty -m more");
    rel(&format!("{START} --live")).code(2).says("HEAD is neither a branch nor a tag");
    let ran = rel(&format!("{START} --live --ref v1.0")).code(3).says("on GitHub `v1.0` is at ");
    ran.says("and HEAD is ").says("hint: push it");
    assert!(stage.actions().forge.runs().is_empty() && stage.records().is_empty());
    let project = Project::new(RELEASEFILE).git();
    project.rel(START).code(2).says("it is not known which repository on GitHub this is");
}

#[test]
fn whose_token_may_not_start_anything_is_told_what_it_lacks() {
    let stage = Stage::new("success");
    let weak = Token::of_run("weak", &[(Permission::Contents, Level::Write)]);
    stage.actions().forge.add_token(weak);
    let mut rel = stage.setting.command(&[], &format!("{START} --live"));
    let output = rel.env("GITHUB_TOKEN", "weak").env_remove("GH_TOKEN").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("actions: write"), "{said}");
    assert!(stage.actions().forge.runs().is_empty());
}
