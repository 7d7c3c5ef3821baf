//! What makes a plan another one, and what overtakes it.

use super::*;
use crate::model::effect::PublishCrate;

const REGISTRY: &str = "https://crates.example";

fn planned(version: &str) -> Planned {
    let name = format!("demo-{version}.crate");
    let (sha256, blake2b_256) = (Digest::of(&name), String::new());
    let file = Artifact { name, sha256, blake2b_256, size: 1, executable: false };
    let (registry, name, version) = (REGISTRY.into(), "demo".into(), version.into());
    let effect = Effect::PublishCrate(PublishCrate { registry, name, version, file });
    let (key, receipt) = (effect.key(&release()), effect.predicted());
    Planned { key, task: "publish".into(), receipt, effect }
}

fn release() -> Release {
    Release { commit: "c0ffee".into(), project: ".".into() }
}

/// A plan that sends 1.2.0 where `there` was not older, or where nobody had looked.
fn plan(there: Option<&[&str]>) -> Plan {
    let planned = planned("1.2.0");
    let seen = there.map(|there| {
        let ahead = there.iter().map(|version| (*version).to_owned()).collect();
        (planned.key.clone(), Seen { presence: Some(Presence::Absent), ahead })
    });
    Plan {
        release: Some(release()),
        tags: vec!["v1.2.0".into()],
        goals: vec!["publish".into()],
        effects: vec![planned],
        seen: seen.into_iter().collect(),
        ..Plan::empty(Digest::of("file"), 1)
    }
}

fn listed(version: &str) -> Listed {
    let (version, file) = (version.to_owned(), format!("demo-{version}.crate"));
    Listed { version, file, sha256: None, url: String::new() }
}

/// What was not older then, what is listed now, which files this release sent, what came from elsewhere.
type Case = (Option<&'static [&'static str]>, [&'static [&'static str]; 3]);

#[test]
fn only_what_came_from_elsewhere_since_then_overtakes_a_plan() {
    let table: [Case; 6] = [
        (Some(&[]), [&[], &[], &[]]),
        (Some(&[]), [&["1.3.0", "2.0.0"], &[], &["1.3.0", "2.0.0"]]),
        (Some(&["1.3.0"]), [&["1.3.0"], &[], &[]]),
        // The plan's own file, sent by a run whose ledger is gone.
        (Some(&[]), [&["1.2.0"], &[], &[]]),
        (Some(&[]), [&["1.3.0"], &["demo-1.3.0.crate"], &[]]),
        (None, [&["1.3.0"], &[], &[]]),
    ];
    for (then, [now, sent, came]) in table {
        let plan = plan(then);
        let now: Vec<Listed> = now.iter().map(|version| listed(version)).collect();
        let sent = |endpoint: &str, listed: &Listed| {
            endpoint == REGISTRY && sent.contains(&listed.file.as_str())
        };
        let found = plan.overtaken(&plan.effects[0], &now, sent);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), came, "{then:?} {now:?}");
    }
}

#[test]
fn another_file_of_the_same_version_overtakes_a_plan() {
    let plan = plan(Some(&[]));
    let other = Listed { file: "demo-1.2.0-other.crate".into(), ..listed("1.2.0") };
    let found = plan.overtaken(&plan.effects[0], &[other], |_, _| false);
    assert_eq!(found, BTreeSet::from(["1.2.0".to_owned()]));
}

#[test]
fn a_plan_is_read_as_it_was_written_and_refused_if_it_was_changed() {
    let whole = plan(Some(&["1.3.0"]));
    let text = whole.to_text();
    assert_eq!(Plan::parse(&text).unwrap(), whole);
    let sha256 = Digest::of("demo-1.2.0.crate");
    let changes = [
        ("\"version\": \"1.2.0\"", "\"version\": \"1.2.1\""),
        (REGISTRY, "https://elsewhere.example"),
        ("/crates/demo/1.2.0\"", "/crates/demo/1.2.1\""),
        (sha256.as_str(), "../../../etc"),
        ("c0ffee", "decaff"),
    ];
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        let wrong = Plan::parse(&text.replace(from, to)).unwrap_err();
        assert_eq!(wrong.message, "this plan was changed after it was made", "{from}");
    }
    let older = text.replace(&format!("\"v\": {VERSION}"), "\"v\": 1");
    assert!(Plan::parse(&older).unwrap_err().message.contains("format 1"));
}

#[test]
fn a_plan_that_is_no_longer_the_same_says_why() {
    let given = plan(Some(&[]));
    let mut now = plan(None);
    assert_eq!(given.moved(&now), None, "what was known then is not compared");
    now.tags.push("latest".into());
    assert_eq!(given.moved(&now), None, "another tag does no harm");
    now.tags.remove(0);
    let why = given.moved(&now).unwrap();
    assert_eq!(why, "it was made for the tag v1.2.0, which HEAD does not carry");
    let mut now = plan(None);
    if let Effect::PublishCrate(publish) = &mut now.effects[0].effect {
        publish.file.size += 1;
    }
    assert!(given.moved(&now).unwrap().starts_with("no longer the same as then: publish demo"));
    now.effects = vec![planned("1.3.0")];
    assert!(given.moved(&now).unwrap().starts_with("nothing asks any longer for: "));
}
