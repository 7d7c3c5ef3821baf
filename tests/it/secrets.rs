//! Thirty secrets are planted, and looked for wherever a run leaves anything: on both streams, in
//! every report, in plans, ledgers and all other state, and in what children see.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::project::{Project, Ran};

/// Names that are secrets for what they are called, and three that the Releasefile declares.
const NAMES: [&str; 30] = [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "CARGO_REGISTRIES_CORP_TOKEN",
    "CARGO_REGISTRY_TOKEN",
    "CI_JOB_JWT",
    "CI_JOB_TOKEN",
    "DB_PASSWD",
    "DEPLOY_PASSPHRASE",
    "DOCKER_AUTH_CONFIG",
    "GCP_CREDENTIALS",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "HATCH_INDEX_AUTH",
    "MAPS_API_KEY",
    "NODE_AUTH_TOKEN",
    "NPM_TOKEN",
    "POETRY_PYPI_TOKEN_PYPI",
    "PYPI_TOKEN",
    "SIGNING_PRIVATE_KEY",
    "SITE_ID_TOKEN",
    "SLACK_WEBHOOK_URL",
    "TWINE_PASSWORD",
    "UV_PUBLISH_TOKEN",
    "WEB_SECRET",
    "corp_password",
    "DECLARED_BY_SECRET",
    "DECLARED_BY_TASK",
    "DECLARED_BY_INDEX",
];

/// What is planted under a name: with signs that encodings change.
fn value(name: &str) -> String {
    let number = NAMES.iter().position(|known| *known == name).unwrap();
    format!("pl4nt3d/{number:02}+{}=\"x&%ü", name.to_lowercase().replace('_', "-"))
}

fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}

/// Prints what it can of the variables it is told: in each encoding, and split over writes. Then its
/// own words and names of variables, and those of its parent, as far as the system shows them.
const LEAK: &str = r#"
import base64, json, os, sys, urllib.parse
for name in sys.argv[1:]:
    value = os.environ.get(name)
    if value is None:
        continue
    print("plain", value)
    print("base64", base64.b64encode(value.encode()).decode())
    print("basic", base64.b64encode(b"user:" + value.encode()).decode())
    print("url", urllib.parse.quote(value, safe=""), urllib.parse.quote(value, safe="").lower())
    print("json", json.dumps({"a": value}, ensure_ascii=False))
    sys.stdout.flush()
    half = value.encode()
    os.write(1, b"split " + half[:9]); os.write(1, half[9:]); os.write(1, b"\n")
    os.write(2, b"split " + half[:9]); os.write(2, half[9:]); os.write(2, b"\n")
    print("got", len(value))
with open(os.environ.get("REL_OUT", "..") + "/seen", "wb") as seen:
    seen.write(open("/proc/self/cmdline", "rb").read())
    seen.write(b"\0".join(name.encode() for name in os.environ))
"#;

fn project() -> Project {
    let file = format!(
        r#"
        let declared = secret("DECLARED_BY_SECRET");
        index("corp", #{{ upload: "http://127.0.0.1:9/up/", simple: "http://127.0.0.1:9/simple/", password: secret("DECLARED_BY_INDEX") }});
        const NAMES = {NAMES:?};
        task("plain").run(|t| exec("python3 leak.py {{}}", global::NAMES));
        task("open").secrets({NAMES:?}).run(|t| exec("python3 leak.py {{}}", global::NAMES));
        task("taken").secrets({NAMES:?}).run(|t| {{ let said = capture("python3 leak.py {{}}", global::NAMES); print(said); throw said; }});
        task("send").needs(["plain", "open"]).effects("command").secrets("DECLARED_BY_TASK")
            .run(|t| remote("python3 leak.py DECLARED_BY_TASK"));
        "#
    );
    let project = Project::new(&file).file("leak.py", LEAK);
    let project = NAMES.iter().fold(project, |project, name| project.env(name, &value(name)));
    project.git()
}

/// Every form in which a planted value may stand in a text.
fn traces(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in NAMES {
        let value = value(name);
        let forms = [
            value.clone(),
            value[..12].to_owned(),
            STANDARD.encode(&value),
            STANDARD.encode(format!("user:{value}")),
            percent(&value),
            percent(&value).to_lowercase(),
            serde_json::Value::from(value.as_str()).to_string(),
        ];
        found.extend(forms.into_iter().filter(|form| text.contains(form.as_str())));
    }
    found
}

#[track_caller]
fn clean(ran: &Ran) {
    for text in [&ran.out, &ran.err] {
        assert!(traces(text).is_empty(), "{:?}\n{text}", traces(text));
    }
}

/// Looks through every file below a folder.
fn clean_below(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            clean_below(&path);
        } else if is_rel(&path) {
            // A shim.
        } else if let (true, Ok(bytes)) = (kind.is_file(), fs::read(&path)) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(traces(&text).is_empty(), "{}: {:?}", path.display(), traces(&text));
        }
    }
}

fn is_rel(path: &Path) -> bool {
    let about = |path: &Path| fs::metadata(path).map(|about| (about.dev(), about.ino())).ok();
    about(path) == about(Path::new(env!("CARGO_BIN_EXE_rel")))
}

#[test]
fn no_sink_and_no_file_holds_a_secret() {
    let project = project();
    let got = format!("got {}", value("PYPI_TOKEN").chars().count());
    for output in ["plain", "json", "bar", "github"] {
        let ran = project.rel(&format!("open --output {output}"));
        clean(&ran);
        if output != "bar" {
            assert!(
                ran.code == 0 && format!("{}{}", ran.err, ran.out).contains(&got),
                "the child saw no secret"
            );
        }
        clean(&project.rel(&format!("taken --output {output}")));
    }
    let summary = project.root().join("../summary");
    let on_github = project
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary.to_string_lossy());
    clean(&on_github.rel("taken"));
    clean(&on_github.rel("send -o ../plan.json"));
    clean(&on_github.rel("send --live --yes").code(0));
    clean(&on_github.rel("send --live --yes --redo"));
    assert!(summary.exists() && on_github.state().join("ledger").exists());
    clean_below(&on_github.root().join(".."));
}

#[test]
fn what_a_program_has_hidden_on_a_runner_is_hidden_everywhere() {
    let text = "task(\"get\").sh(\"echo ::add-mask::minted-t0ken-4711; echo it is minted-t0ken-4711; echo ::add-mask::done\");\n\
                task(\"later\").needs(\"get\").exec(\"echo minted-t0ken-4711\");\n";
    for output in ["plain", "json", "github"] {
        let ran = Project::new(text).rel(&format!("later --output {output}")).code(0);
        let shown = format!("{}{}", ran.out, ran.err);
        assert!(shown.contains("it is ***") && shown.contains("done"), "{shown}");
    }
}

#[test]
fn a_child_sees_only_what_its_task_declares() {
    let project = project();
    let seen = |task: &str| {
        project.rel(&format!("run {task} --export ../{task}")).code(0);
        let bytes = fs::read(project.root().join(format!("../{task}/seen"))).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (plain, open) = (seen("plain"), seen("open"));
    // All names stand among the words of the command, and once more if they are variables.
    for name in NAMES {
        let count = |text: &str| text.split('\0').filter(|word| *word == name).count();
        assert_eq!((count(&plain), count(&open)), (1, 2), "{name}");
    }
    assert!(traces(&plain).is_empty() && traces(&open).is_empty());
}
