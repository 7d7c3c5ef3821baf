//! What a dry run predicts of each kind of effect is what the ledger has of it after a live run, and what
//! the world shows at its address.

use std::collections::{BTreeMap, BTreeSet};

use rel::model::artifact::Digest;
use rel::rehearse::http::Request;
use serde_json::Value;

use crate::project::Project;
use crate::refusals::{dists, packages};
use crate::setting::{Setting, TOKEN, records, released};

/// Asks for every kind of effect.
const RELEASE: &str = r#"
    task("wheel").sh("cp dist/*.whl $REL_OUT");
    task("crate").sh("cp dist/*.crate $REL_OUT");
    task("pypi").needs(["wheel", "page"]).effects("pypi").run(|t| pypi::publish(t.artifacts("wheel"), "pypi"));
    task("crates").needs("crate").effects("crates").run(|t| crates::publish(t.artifacts("crate")));
    task("yank").needs("crates").effects("crates").run(|t| crates::yank("time-piece", "1.0.0"));
    task("attest").needs("wheel").effects("attestations").run(|t| github::attest(t.artifacts("wheel")));
    task("page").needs("wheel").effects("github-release")
        .run(|t| github::release(#{ assets: t.artifacts("wheel"), tag: "page-1.0", force_recreate: true }));
    task("push").effects("git-push").run(|t| git::push(#{ branch: "main", tag: "v1.1" }));
    task("tell").effects("command").run(|t| { remote("true"); });
    task("notify").effects("notify").run(|t| notify::webhook(secret("ALERT_URL"), "out"));
    task("all").needs(["pypi", "yank", "attest", "page", "push", "tell", "notify"]);
"#;

/// The kinds of effects, as the code has them and files name them.
fn kinds() -> BTreeSet<String> {
    let code = include_str!("../../src/model/effect/mod.rs");
    let (_, rest) = code.split_once("pub enum Effect {").unwrap();
    let (kinds, _) = rest.split_once("\n}").unwrap();
    let kinds = kinds.lines().filter_map(|line| line.trim().split_once('(')).map(|(name, _)| {
        let dashed = |letter: char| match letter.is_uppercase() {
            true => format!("-{}", letter.to_lowercase()),
            false => letter.to_string(),
        };
        name.chars().map(dashed).collect::<String>().trim_start_matches('-').to_owned()
    });
    // No task asks for this one: `ci_dispatch` looks at it.
    kinds.filter(|kind| kind != "dispatch").collect()
}

/// What the world answers at an address, wherever that leads on to.
fn body(setting: &Setting, url: &str) -> Vec<u8> {
    let (host, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut fields = vec![("user-agent", "tests")];
    let login = format!("Bearer {TOKEN}");
    fields.extend((host == "api.github.com").then_some(("authorization", &*login)));
    let request = Request {
        method: "GET".into(),
        host: host.into(),
        path: format!("/{path}"),
        query: query.split('&').filter_map(|one| one.split_once('=')).map(pair).collect(),
        headers: fields.into_iter().map(pair).collect(),
        ..Request::default()
    };
    let answer = setting.world.look(&request);
    match answer.headers.iter().find(|(name, _)| name == "location") {
        Some((_, there)) => body(setting, there),
        None if answer.status == 200 => answer.body,
        None => format!("{}", answer.status).into_bytes(),
    }
}

/// What is wrong with what the world shows of an effect. Pages for people alone have an address beside
/// them that tells the same to programs.
fn shown(setting: &Setting, planned: &Value) -> Option<String> {
    let (receipt, text) = (&planned["receipt"], |value: &Value| value.as_str().unwrap().to_owned());
    let url = receipt["url"].as_str()?;
    let sha256 = || text(&receipt["digest"]);
    let (url, wanted) = match planned["effect"].as_str().unwrap() {
        "upload-pypi" => (url.to_owned(), format!("sha256={}", sha256())),
        "publish-crate" => (url.replace("/crates/", "/api/v1/crates/"), sha256()),
        "yank-crate" => (url.replace("/crates/", "/api/v1/crates/"), r#""yanked":true"#.to_owned()),
        "upload-asset" => {
            let found = Digest::of(body(setting, url));
            return (found.as_str() != sha256()).then(|| format!("{url}: sha256 {found}"));
        }
        "publish-release" => (url.to_owned(), text(&receipt["name"])),
        "store-attestation" => {
            let api = url.replace("https://github.com/", "https://api.github.com/repos/");
            let digest = text(&planned["file"]["sha256"]);
            (format!("{api}/sha256:{digest}"), "dsseEnvelope".into())
        }
        "push-git" => {
            let object = text(&planned["refs"][0]["object"]);
            (format!("{url}/info/refs?service=git-upload-pack"), object)
        }
        other => return Some(format!("nobody looks at {url} of {other}")),
    };
    let body = String::from_utf8_lossy(&body(setting, &url)).into_owned();
    (!body.contains(&wanted)).then(|| format!("{url} lacks {wanted}: {body}"))
}

/// A release that stands at a tag of another commit, and has to go.
fn in_the_way(setting: &Setting, tag: &str) {
    let fields = [("authorization", format!("Bearer {TOKEN}")), ("user-agent", "tests".into())];
    let pair = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
    let answer = setting.world.look(&Request {
        method: "POST".into(),
        host: "api.github.com".into(),
        path: format!("/repos/{}/releases", setting.repository()),
        headers: fields.iter().map(pair).collect(),
        body: serde_json::json!({ "tag_name": tag }).to_string().into(),
        ..Request::default()
    });
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
}

#[test]
fn what_a_dry_run_predicts_of_each_kind_of_effect_is_what_a_live_run_has_done() {
    // A run's identity releases no crate that is not known.
    let manifest = packages::manifest(packages::NAME, "1.0.0", "");
    let project = Project::new(RELEASE).file("Cargo.toml", &manifest).git().tag("page-1.0");
    let setting = Setting::new(&released(project, &[dists::wheel(""), packages::usual("")]));
    setting.git("tag v1.1");
    in_the_way(&setting, "page-1.0");
    setting.rel("--output plain run all -o plan.json").code(0);
    let plan = std::fs::read_to_string(setting.beside("checkout/plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    std::fs::remove_file(setting.beside("checkout/plan.json")).unwrap();
    let planned = plan["effects"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let asked: BTreeSet<String> = planned.iter().map(|one| text(&one["effect"])).collect();
    assert_eq!(asked, kinds(), "a row for each kind");

    let mut live = setting.command(&[], "--output plain run --live --yes=page all");
    let live = live.env("ALERT_URL", "https://webhook.invalid/x").output().unwrap();
    assert!(live.status.success(), "{}", String::from_utf8_lossy(&live.stderr));
    // What only tells is written down apart.
    let apart = setting.state().join("notices").join(setting.ledger.file_name().unwrap());
    let records = [records(&setting.ledger), records(&apart)].concat();
    let by_key = |name: &str| -> BTreeMap<String, &Value> {
        let of_name = records.iter().filter(|record| record["record"] == name);
        of_name.map(|record| (text(&record["key"]), record)).collect()
    };
    let (intents, done) = (by_key("intent"), by_key("done"));
    assert_eq!(done.len(), planned.len());
    let mut wrong = Vec::new();
    for one in planned {
        let (key, kind, receipt) = (text(&one["key"]), text(&one["effect"]), &one["receipt"]);
        let (intent, done) = (intents[&key], done[&key]);
        assert_eq!(&done["receipt"], receipt, "{kind}");
        assert_eq!((&intent["name"], &intent["digest"]), (&receipt["name"], &receipt["digest"]));
        assert_eq!(done["found"], false, "{kind} was sent");
        wrong.extend(shown(&setting, one));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
