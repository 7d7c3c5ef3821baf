//! Telling others: never before it is live, never twice, and never at a release's cost.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rel::rehearse::http::Request;
use serde_json::Value;

use crate::peers;
use crate::project::{Project, Ran};
use crate::setting::Setting;

/// A server that others wrote.
const AIOSMTPD: &[&str] = &["aiosmtpd==1.4.6", "atpublic==7.0.0", "attrs==25.4.0"];
const TAKES: &str = include_str!("notify/takes.py");
const SMTPLIB: &str = include_str!("notify/smtplib.py");

/// A release that tells in each way, and in a follower.
const RELEASE: &str = r###"
    task("send").effects("command").run(|| { remote("true"); });
    task("tell").needs("send").effects("notify").run(|t| {
        notify::webhook(secret("ALERT_URL"), "1.0 is out");
        notify::mail(#{
            server: "smtps://mail.example.org", user: "rel", password: secret("MAIL_PASSWORD"),
            from: "rel@example.org", to: ["Ada <ada@example.org>"], subject: "1.0", text: "It is out.",
        });
        notify::summary("## 1.0 is out");
    });
    task("always").needs("tell").on("always").effects("notify").run(|t| notify::slack(secret("SLACK_URL"), t.result));
    task("alert").needs("tell").on("failure").effects("notify").run(|t| notify::webhook(secret("ALERT_URL"), t.result));
"###;

type Seen = Arc<Mutex<Vec<Request>>>;

/// A setting for a Releasefile, with the requests that tell somebody something.
fn setting(text: &str) -> (Setting, Seen) {
    let seen = Seen::default();
    let into = seen.clone();
    let project = Project::new(text).git().tag("v1.0");
    let setting = Setting::watched(&project, move |request, _| {
        if matches!(request.host.as_str(), "webhook.invalid" | "mail.example.org") {
            into.lock().unwrap().push(request.clone());
        }
    });
    (setting, seen)
}

const SECRETS: [(&str, &str); 3] = [
    ("ALERT_URL", "https://webhook.invalid/alert-9f3c"),
    ("SLACK_URL", "https://webhook.invalid/slack-77ab"),
    ("MAIL_PASSWORD", "hunter2-of-mail"),
];

fn rel(setting: &Setting, line: &str) -> Ran {
    let output = setting.command(&[], line).envs(SECRETS).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran = Ran {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    };
    for (_, value) in SECRETS {
        assert!(!ran.out.contains(value) && !ran.err.contains(value), "{}{}", ran.out, ran.err);
    }
    ran
}

fn take(seen: &Seen) -> Vec<Request> {
    std::mem::take(&mut *seen.lock().unwrap())
}

fn text_of(request: &Request) -> String {
    request.json().unwrap()["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_dry_run_only_shows_what_it_would_tell() {
    let (setting, seen) = setting(RELEASE);
    let ran = rel(&setting, "--output plain run tell").code(0);
    let ran = ran.says("tell the webhook in ALERT_URL: 1.0 is out");
    ran.says("tell Ada <ada@example.org>: 1.0").says("tell the summary of the job: ## 1.0 is out");
    assert!(take(&seen).is_empty());
}

#[test]
fn a_follower_of_a_dry_run_only_shows_what_it_would_tell() {
    let text = r#"
        task("check").exec("false");
        task("alert").needs("check").on("failure").effects("notify").run(|t| notify::webhook(secret("ALERT_URL"), t.result));
    "#;
    let (setting, seen) = setting(text);
    let ran = rel(&setting, "--output plain run check").code(1);
    ran.says("a live run would tell the webhook in ALERT_URL: check of v1.0: failed");
    assert!(take(&seen).is_empty());
}

#[test]
fn a_release_tells_each_notice_once_and_the_same_command_none_again() {
    let (setting, seen) = setting(RELEASE);
    let summary = setting.beside("summary.md");
    let live = |times: usize| {
        let mut command = setting.command(&[], "--output plain run tell --live --yes");
        let output = command.envs(SECRETS).env("GITHUB_STEP_SUMMARY", &summary).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "run {times}: {err}");
        err
    };
    live(1);
    let told = take(&seen);
    let told: Vec<(&str, &str)> =
        told.iter().map(|one| (one.method.as_str(), one.path.as_str())).collect();
    assert_eq!(told, [("POST", "/alert-9f3c"), ("MAIL", "/"), ("POST", "/slack-77ab")]);
    assert!(std::fs::read_to_string(&summary).unwrap().contains("## 1.0 is out\n"));
    let again = live(2);
    assert!(take(&seen).is_empty(), "{again}");
    let lines = setting.world.inventory();
    let notices: Vec<&String> = lines.iter().filter(|line| line.starts_with("notice: ")).collect();
    let wanted = [
        "notice: mail to ada@example.org",
        "notice: webhook POST webhook.invalid",
        "notice: webhook POST webhook.invalid",
    ];
    assert_eq!(notices, wanted);
}

#[test]
fn what_is_told_says_what_ended_how_with_version_and_links() {
    let (setting, seen) = setting(RELEASE);
    rel(&setting, "--output plain run tell --live --yes").code(0);
    let told = take(&seen);
    assert_eq!(told[0].json().unwrap(), serde_json::json!({ "text": "1.0 is out" }));
    let mail = String::from_utf8(told[1].body.clone()).unwrap();
    assert!(
        mail.contains("Subject: 1.0\r\n") && mail.ends_with("\r\n\r\nIt is out.\r\n"),
        "{mail}"
    );
    assert_eq!(told[1].basic(), Some(("rel".into(), "hunter2-of-mail".into())));
    let run = "https://github.com/rehearsal/project/actions/runs/3003";
    assert_eq!(text_of(&told[2]), format!("tell of v1.0: done\n{run}"));
}

#[test]
fn s1_8_a_failed_release_is_told_and_ends_as_it_would_without() {
    let text = r#"
        task("build").exec("false");
        task("send").needs("build").effects("command").run(|| { remote("true"); });
        task("alert").needs("send").on("failure").effects("notify").run(|t| notify::webhook(secret("ALERT_URL"), t.result));
    "#;
    let (setting, seen) = setting(text);
    rel(&setting, "--output plain run send --live --yes").code(1);
    let told = take(&seen);
    let body = told[0].json().unwrap();
    assert_eq!((&body["ok"], &body["exit"]), (&Value::from(false), &Value::from(1)));
    assert_eq!(body["failed"], serde_json::json!(["build"]));
    assert!(text_of(&told[0]).starts_with("send of v1.0: failed\nfailed: build\n"), "{body}");
    rel(&setting, "--output plain run send --live --yes").code(1);
    assert!(take(&seen).is_empty(), "the same end is told once");
    assert!(
        !setting.ledger.exists()
            || !std::fs::read_to_string(&setting.ledger).unwrap().contains("intent")
    );
}

#[test]
fn a_command_that_was_typed_wrong_tells_nobody_and_a_refused_release_is_told() {
    let text = r#"
        task("lint").exec("true");
        task("send").needs("lint").effects("command").run(|| { remote("true"); });
        task("alert").needs("lint").on("failure").effects("notify").run(|t| notify::webhook(secret("ALERT_URL"), t.result));
    "#;
    let (setting, seen) = setting(text);
    rel(&setting, "--output plain run lint --live --yes").code(2).says("`lint` sends nothing");
    assert!(take(&seen).is_empty());
    std::fs::write(setting.beside("checkout/new"), "not committed").unwrap();
    rel(&setting, "--output plain run send --live --yes").code(3);
    let told = take(&seen);
    assert!(text_of(&told[0]).starts_with("send of v1.0: refused: this run sent nothing\n"));
}

#[test]
fn a_secret_that_is_not_set_is_a_warning() {
    let (setting, seen) = setting(RELEASE);
    let ran = setting.rel("--output plain run tell --live --yes").code(0);
    ran.says("warning: not told: `ALERT_URL` is not set").says("set ALERT_URL where rel runs");
    assert!(take(&seen).is_empty());
    rel(&setting, "--output plain run tell --live --yes").code(0);
    assert_eq!(take(&seen).len(), 3, "what was not told is told by the same command");
}

const TO_TEST: &str = r#"
    task("send").effects("command").run(|| { remote("true"); });
    task("tell").needs("send").effects("notify").run(|t| { NOTICE });
"#;

fn rehearsed(notice: &str, options: &str) -> Ran {
    let project = Project::new(&TO_TEST.replace("NOTICE", notice)).git().tag("v1.0");
    project.rel(&format!("rehearse tell{options}"))
}

#[test]
fn s5_8_a_webhook_that_fails_for_ever_is_a_warning_and_the_release_is_green() {
    let notice = "notify::webhook(secret(\"ALERT_URL\"), \"out\")";
    let ran = rehearsed(notice, " --output json --fault notify.webhook=500x*").code(0);
    ran.says("not told: 500 rel: a fault on request").says("\"times\":3");
}

#[test]
fn a_webhook_whose_answer_is_lost_is_not_asked_again() {
    let notice = "notify::webhook(secret(\"ALERT_URL\"), \"out\")";
    let ran = rehearsed(notice, " --output json --fault notify.webhook=lostx*").code(0);
    ran.says("it may have arrived, so it is not told again").says("\"times\":1");
}

#[test]
fn what_answers_for_a_webhook_does_not_know_whether_it_arrived() {
    let notice = "notify::webhook(secret(\"ALERT_URL\"), \"out\")";
    for fault in ["gateway", "408", "504", "522"] {
        let line = format!(" --output json --fault notify.webhook={fault}x*");
        let ran = rehearsed(notice, &line).code(0);
        ran.says("it may have arrived, so it is not told again").says("\"times\":1");
    }
}

#[test]
fn a_server_that_refuses_a_mail_is_a_warning_and_the_release_is_green() {
    let notice = "notify::mail(#{ server: \"smtps://mail.example.org:2465\", from: \"a@example.org\", to: \"b@team.invalid\", subject: \"s\", text: \"t\" })";
    let ran = rehearsed(notice, "").code(0);
    let ran = ran.says("not told: 550 5.1.2 <b@team.invalid>: there is no such domain");
    ran.says("refused by mail.receiver").says("mail.example.org");
}

#[test]
fn a_killed_release_tells_each_notice_at_most_once() {
    let project = Project::new(RELEASE).git().tag("v1.0");
    let ran = project.rel("rehearse --output json tell --chaos").code(0);
    let told: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    let tried = told["tried"].as_array().unwrap();
    assert!(tried.len() >= 6, "before and after each of three notices: {told}");
    assert!(tried.iter().all(|one| one["converges"] == true), "{told}");
}

#[test]
fn python_sends_mail_to_the_world() {
    let (setting, seen) = setting(RELEASE);
    let script = setting.beside("smtplib_client.py");
    std::fs::write(&script, SMTPLIB).unwrap();
    let before = ["python3".to_owned(), script.display().to_string()];
    let ran = setting.behind(&before, "x").code(0);
    ran.says("550 5.1.2 <ada@team.invalid>").says("550 5.6.0 it lacks `From` or `Date`");
    let told = take(&seen);
    assert_eq!(told[0].basic(), Some(("rel".into(), "any-word".into())));
    assert!(told[0].body.ends_with(b"\r\n\r\nhello\r\n.dot\r\n"));
    assert_eq!(
        setting.world.inventory().iter().filter(|line| line.starts_with("mail: ")).count(),
        1
    );
}

#[test]
fn a_server_that_others_wrote_takes_our_mail_and_its_no_is_heard() {
    let place = tempfile::tempdir().unwrap();
    let script = place.path().join("takes.py");
    std::fs::write(&script, TAKES).unwrap();
    let python = peers::venv("aiosmtpd", AIOSMTPD).join("bin/python");
    let mut server = Command::new(python);
    let server =
        server.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut server = server.spawn().unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines();
    let port = said.next().unwrap().unwrap();
    let text = format!(
        r#"
        let to = |who| #{{ server: "smtp://localhost:{port}", from: "Wächter <rel@example.org>", to: who, subject: "1.0 ist da – schön", text: "Zeile\n.Punkt\n" }};
        task("tell").effects("notify").run(|t| {{ notify::mail(to.call(["ada@example.org", "Grace <grace@example.org>"])); notify::mail(to.call("nobody@example.org")); }});
        "#
    );
    let project = Project::new(&text).git();
    let ran = project.rel("run tell --live --yes").code(0);
    ran.says("not told: 550 5.1.1 no such user");
    let taken: Value = serde_json::from_str(&said.next().unwrap().unwrap()).unwrap();
    drop(server.stdin.take());
    server.wait().unwrap();
    assert_eq!(taken["to"], serde_json::json!(["ada@example.org", "grace@example.org"]));
    assert_eq!(
        (&taken["From"], &taken["Subject"]),
        (&"Wächter <rel@example.org>".into(), &"1.0 ist da – schön".into())
    );
    assert_eq!(taken["text"].as_str().unwrap().replace("\r\n", "\n"), "Zeile\n.Punkt\n");
    assert!(taken["Message-ID"].as_str().unwrap().ends_with("@rel.invalid>"), "{taken}");
}
