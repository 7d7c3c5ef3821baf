//! Half-failed releases, one by one: what is found, what it comes to, what to do.

use super::name::{Names, before, names, newest, tag_of, tagged};
use super::*;

const WHEEL: &str = "piece-1.0-py3-none-any.whl";
const SDIST: &str = "piece-1.0.tar.gz";
const CRATE: &str = "piece-1.0.0.crate";

fn file(name: &str, sha256: &str) -> File {
    File::new(name, Some(sha256.repeat(64)))
}

fn both() -> Vec<File> {
    vec![file(WHEEL, "a"), file(SDIST, "b")]
}

fn shelf(files: Vec<File>) -> Told<Shelf> {
    let before = vec!["piece-0.9-py3-none-any.whl".into(), "piece-0.9.tar.gz".into()];
    Told::Holds(Shelf { known: true, files, before })
}

fn tag(commit: &str) -> Tagged {
    Tagged { name: "v1.0".into(), commit: commit.into() }
}

fn hub(files: Vec<File>) -> Hub {
    let release = Release { tag: "v1.0".into(), draft: false, immutable: false, files };
    Hub { release: Some(release), others: true, sees_drafts: true }
}

/// A release that is where it belongs, everywhere.
fn whole() -> Facts {
    Facts {
        project: "piece".into(),
        names: Names { python: Some("Piece".into()), krate: Some("piece".into()) },
        version: "1.0".into(),
        home: Some(Place::Pypi),
        shelves: [(Place::Pypi, shelf(both()))].into(),
        tag: Some(Told::Holds(Some(tag("c1")))),
        local: Some(tag("c1")),
        repository: Some("acme/piece".into()),
        hub: Some(Told::Holds(hub(both()))),
        ..Facts::default()
    }
}

fn krate() -> Facts {
    let before = vec!["piece-0.9.0.crate".into()];
    let shelf = Shelf { known: true, files: vec![file(CRATE, "c")], before };
    Facts {
        version: "1.0.0".into(),
        home: Some(Place::Crates),
        shelves: [(Place::Crates, Told::Holds(shelf))].into(),
        hub: Some(Told::Holds(Hub::default())),
        ..whole()
    }
}

fn with_release(change: impl FnOnce(&mut Release)) -> Facts {
    let mut hub = hub(both());
    change(hub.release.as_mut().unwrap());
    Facts { hub: Some(Told::Holds(hub)), ..whole() }
}

fn sent(name: &str, sha256: &str, stage: Stage) -> Sent {
    let sha256 = Some(sha256.repeat(64));
    Sent { what: format!("upload {name}"), name: name.into(), sha256, endpoint: None, stage }
}

/// What is found but for notes, with what to do.
fn told(facts: &Facts) -> (Verdict, Vec<String>, String) {
    let judged = judge(facts);
    let findings = judged.findings.iter().filter(|finding| finding.kind != Kind::Note);
    let shown = findings.map(|finding| {
        let lasting = if finding.lasting { ", final" } else { "" };
        format!("{}{lasting}: {}", finding.kind.name(), finding.text)
    });
    (judged.verdict, shown.collect(), judged.next)
}

#[track_caller]
fn is(facts: &Facts, findings: &[&str], next: &str) {
    let (verdict, found, line) = told(facts);
    assert_eq!(found, findings);
    assert!(line.contains(next), "{line}");
    let wanted = match findings {
        [] => Verdict::Agree,
        all if all.iter().any(|text| text.starts_with("unknown")) => Verdict::Unknown,
        _ => Verdict::Unfinished,
    };
    assert_eq!(verdict, wanted);
}

#[test]
fn where_all_agrees_there_is_nothing_to_do_and_what_is_final_is_named() {
    is(&whole(), &[], "nothing; final: cannot be changed on pypi");
    let locked = with_release(|release| release.immutable = true);
    is(&locked, &[], "cannot be changed on pypi, github");
    let text = judge(&krate()).findings.into_iter().map(|finding| finding.text);
    let text: Vec<String> = text.collect();
    assert!(text[0].ends_with("and none of any other version"), "{text:?}");
    is(&krate(), &[], "cannot be changed on crates.io");
}

#[test]
fn other_bytes_under_one_name_are_the_loudest() {
    let mut facts = whole();
    facts.shelves.insert(Place::Testpypi, shelf(vec![file(WHEEL, "a"), file(SDIST, "d")]));
    let text = format!(
        "differs: {SDIST} is not the same: pypi has bbbbbbbbbbbb, testpypi has dddddddddddd"
    );
    is(&facts, &[&text], "final: what pypi has cannot be changed");
    let facts = with_release(|release| release.files[1] = file(SDIST, "d"));
    let text =
        format!("differs: {SDIST} is not the same: pypi has bbbbbbbbbbbb, github has dddddddddddd");
    is(&facts, &[&text], "replace the others");
    let mut facts = whole();
    facts.ledger = vec![sent(SDIST, "e", Stage::Done)];
    assert_eq!(told(&facts).1.len(), 1, "what was meant is another file");
    facts.ledger = vec![sent(SDIST, "e", Stage::Refused("no".into()))];
    assert!(!told(&facts).1[0].starts_with("differs"), "what was refused is nowhere");
    let facts = Facts { local: Some(tag("c2")), ..whole() };
    is(
        &facts,
        &["differs: tag v1.0 is not the same: the remote has c1, this checkout c2"],
        "move the tag that is wrong",
    );
}

#[test]
fn a_wheel_without_its_sdist_is_half_a_release() {
    let mut facts = whole();
    facts.hub = None;
    facts.shelves.insert(Place::Pypi, shelf(vec![file(WHEEL, "a")]));
    let text = "missing: pypi has wheels of 1.0, but no sdist, and the version before had one";
    is(&facts, &[text], "send the sdist that was built with the others to pypi");
    // A project that never has one lacks none; of a first version nothing is known.
    let before = vec!["piece-0.9-py3-none-any.whl".to_owned()];
    let alone = |before| Told::Holds(Shelf { known: true, files: vec![file(WHEEL, "a")], before });
    facts.shelves.insert(Place::Pypi, alone(before));
    is(&facts, &[], "nothing");
    facts.shelves.insert(Place::Pypi, alone(Vec::new()));
    is(&facts, &["missing: pypi has wheels of 1.0, but no sdist"], "send the sdist");
    facts.shelves.insert(Place::Pypi, shelf(vec![file(SDIST, "b")]));
    let text = "missing: pypi has an sdist of 1.0, but no wheel, and the version before had one";
    is(&facts, &[text], "send the wheel");
}

#[test]
fn what_another_place_has_is_missing_where_the_rest_is() {
    let mut facts = whole();
    facts.shelves.insert(Place::Pypi, shelf(vec![file(WHEEL, "a")]));
    let text = format!("missing: pypi lacks {SDIST}, which github has");
    is(&facts, &[&text], "do not build it anew");
    let facts = with_release(|release| release.files.truncate(1));
    let text = format!("missing: github lacks {SDIST}, which pypi has");
    is(&facts, &[&text], "send the very file");
    let other = |name| file(name, "9");
    let facts = with_release(|release| {
        release.files.extend([other("pieces-1.0.tar.gz"), other("piece-1.1.tar.gz")]);
    });
    is(&facts, &[], "nothing");
    // A release without any file may be meant so.
    is(&with_release(|release| release.files.clear()), &[], "nothing");
    let mut facts = whole();
    facts.shelves.insert(Place::Testpypi, shelf(Vec::new()));
    is(&facts, &[], "nothing");
    facts.shelves.insert(Place::Testpypi, shelf(both()));
    facts.shelves.insert(Place::Pypi, shelf(Vec::new()));
    let text =
        "missing: pypi has nothing of 1.0, which is on testpypi, tagged and released on github";
    is(&facts, &[text], "publish piece 1.0 to pypi");
}

#[test]
fn releases_and_tags_are_missed() {
    let none = Hub { release: None, others: true, sees_drafts: true };
    let facts = Facts { hub: Some(Told::Holds(none.clone())), ..whole() };
    let text = "missing: github has no release of 1.0, which is on pypi and tagged";
    is(&facts, &[text], "make the release of 1.0 on GitHub");
    let mut only_tag = facts.clone();
    only_tag.shelves.insert(Place::Pypi, shelf(Vec::new()));
    let text = "missing: github has no release of 1.0, which is tagged";
    is(
        &only_tag,
        &["missing: pypi has nothing of 1.0, which is tagged", text],
        "publish piece 1.0",
    );
    let blind = Hub { sees_drafts: false, ..none };
    let facts = Facts { hub: Some(Told::Holds(blind)), ..whole() };
    assert!(told(&facts).1[0].ends_with("; without a token drafts are not seen"));
    let untagged = Facts { tag: Some(Told::Holds(None)), ..krate() };
    let text = "missing: tag v1.0 is in this checkout, and not on the remote";
    is(&untagged, &[text], "git push origin v1.0");
    let untagged = Facts { local: None, ..untagged };
    let text = "missing: the remote has no tag of 1.0.0, which is on crates.io";
    is(&untagged, &[text], "tag the commit that 1.0.0 was built from");
}

#[test]
fn drafts_and_broken_uploads_are_half_done() {
    let facts = with_release(|release| release.draft = true);
    let text = "half: release v1.0 is a draft, which only its makers see";
    is(&facts, &[text], "then publish it");
    let facts = with_release(|release| {
        release.files[1] = File { half: true, sha256: None, ..release.files[1].clone() };
    });
    let text = format!("half: the upload of {SDIST} to release v1.0 broke off");
    is(&facts, &[&text], "delete the half file");
}

#[test]
fn what_an_immutable_release_lacks_it_lacks_for_ever() {
    let facts = with_release(|release| {
        release.immutable = true;
        release.files.clear();
    });
    let text = "half, final: release v1.0 is immutable and has no files";
    is(&facts, &[text], "final: cannot be changed, since release v1.0 is immutable");
    let facts = with_release(|release| {
        release.immutable = true;
        release.files.truncate(1);
    });
    let text = format!("missing, final: github lacks {SDIST}, which pypi has");
    is(&facts, &[&text], "final: cannot be changed");
}

#[test]
fn what_is_signed_and_out_nowhere_is_told() {
    let signed = |name: &str| Sent {
        name: format!("{name}.publish.attestation"),
        sha256: None,
        endpoint: Some("sigstore".into()),
        ..sent(name, "", Stage::Done)
    };
    let mut facts = whole();
    facts.ledger = vec![signed(WHEEL), signed(SDIST), sent(SDIST, "b", Stage::Open)];
    facts.hub = None;
    assert!(!told(&facts).1.iter().any(|line| line.contains("is signed")), "it is on PyPI");
    facts.shelves = [(Place::Pypi, shelf(vec![file(WHEEL, "a")]))].into();
    let (_, found, next) = told(&facts);
    let line =
        format!("half: {SDIST} is signed, which the transparency log shows, and out nowhere");
    assert_eq!(
        found.iter().filter(|found| found.contains("is signed")).collect::<Vec<_>>(),
        [&line]
    );
    assert!(next.contains("goes on with the same bytes"), "{next}");
    facts.ledger[1].stage = Stage::Refused("no".into());
    assert!(!told(&facts).1.contains(&line), "who was refused has signed nothing");
}

#[test]
fn what_the_ledger_can_finish_goes_first() {
    let mut facts = whole();
    facts.commit = Some("0123456789abcdef".into());
    facts.shelves.insert(Place::Pypi, shelf(vec![file(WHEEL, "a")]));
    facts.ledger = vec![sent(WHEEL, "a", Stage::Done), sent(SDIST, "b", Stage::Open)];
    facts.pending = 2;
    facts.command = Some("rel run publish --live".into());
    let lacks = format!("missing: pypi lacks {SDIST}, which github has");
    let open = format!("half: begun and not known to be done: upload {SDIST}");
    let rest = "half: planned and not yet begun: 2 more";
    is(&facts, &[&open, rest, &lacks], "`rel run publish --live` on commit 0123456789ab goes on");
    facts.command = None;
    facts.ledger[1].stage = Stage::Refused("403 no".into());
    let refused = format!("half: refused by the remote: upload {SDIST}: 403 no");
    is(&facts, &[&refused, rest, &lacks], "run the same live command again on commit 0123456789ab");
}

#[test]
fn what_an_immutable_release_has_refused_is_not_finished_by_another_run() {
    let mut facts = with_release(|release| {
        release.immutable = true;
        release.files.clear();
    });
    let empty = "half, final: release v1.0 is immutable and has no files";
    let refused = format!("refused by the remote: upload {SDIST}: 422 locked");
    facts.ledger = vec![sent(SDIST, "b", Stage::Refused("422 locked".into()))];
    let half = format!("half: {refused}");
    is(&facts, &[empty, &half], "run the same live command again");
    facts.ledger[0].endpoint = Some("https://forge.example/acme/piece/releases/tag/v1.0".into());
    let last = format!("half, final: {refused}");
    is(&facts, &[empty, &last], "final: cannot be changed, since release v1.0 is immutable");
}

#[test]
fn a_place_without_an_answer_makes_all_uncertain_and_hides_nothing() {
    let mut facts = whole();
    facts.shelves.insert(Place::Testpypi, Told::Unknown("timed out".into()));
    is(&facts, &["unknown: testpypi could not be asked: timed out"], "ask again");
    facts.tag = Some(Told::Unknown("x".into()));
    facts.hub = Some(Told::Unknown("y".into()));
    assert_eq!(told(&facts).1.len(), 3);
    facts.shelves.insert(Place::Pypi, shelf(vec![file(WHEEL, "a")]));
    facts.ledger = vec![sent(WHEEL, "f", Stage::Done)];
    let (verdict, found, next) = told(&facts);
    assert_eq!((verdict, found.len()), (Verdict::Unknown, 5), "{found:?}");
    assert!(next.starts_with("find out which bytes"), "{next}");
}

#[test]
fn a_yanked_version_is_told_and_nothing_wrong() {
    let mut facts = whole();
    let yanked = both().into_iter().map(|file| File { yanked: true, ..file });
    facts.shelves.insert(Place::Pypi, shelf(yanked.collect()));
    is(&facts, &[], "nothing");
    assert_eq!(judge(&facts).findings[0].text, "1.0 is yanked on pypi");
}

#[test]
fn a_version_that_is_nowhere_is_no_success() {
    let facts = Facts {
        shelves: [(Place::Pypi, shelf(Vec::new()))].into(),
        tag: Some(Told::Holds(None)),
        local: None,
        hub: Some(Told::Holds(Hub::default())),
        ..whole()
    };
    is(&facts, &["missing: piece 1.0 is nowhere"], "release it, or check its name and version");
}

#[test]
fn a_shelf_holds_one_version_and_knows_the_one_before() {
    let one = |version: &str, name: &str| (version.to_owned(), file(name, "a"));
    let files = vec![
        one("0.8", "piece-0.8.tar.gz"),
        one("0.9", "piece-0.9.tar.gz"),
        one("1.0rc1", "piece-1.0rc1.tar.gz"),
        one("1.0", SDIST),
        one("1.1", "piece-1.1.tar.gz"),
    ];
    let listed = Listed { known: true, files };
    let shelf = listed.shelf("1.0.0");
    assert_eq!(shelf.files, [file(SDIST, "a")]);
    assert_eq!(shelf.before, ["piece-0.9.tar.gz"], "a prerelease is no measure");
    assert_eq!(newest(listed.versions()), Some("1.1"));
    let mut listed = listed;
    listed.files[4].1.yanked = true;
    assert_eq!(newest(listed.offered()), Some("1.0"));
    assert!(listed.has("1.1.0") && !listed.has("1.2"));
}

#[test]
fn versions_are_found_in_tags_of_the_project_and_no_other() {
    let own = Names { python: Some("time-piece".into()), krate: Some("clock2".into()) };
    for (tag, version) in [
        ("v1.0", Some("1.0")),
        ("1.2.3", Some("1.2.3")),
        ("time_piece-1.0rc1", Some("1.0rc1")),
        ("Time-Piece/v2.0", Some("2.0")),
        ("clock2@3.0.0-alpha.1", Some("3.0.0-alpha.1")),
        ("other-1.0", None),
        ("beta1", None),
        ("release", None),
    ] {
        assert_eq!(tagged(tag, &own), version, "{tag}");
    }
    let tags = ["other-1.0", "v1.0.0", "time-piece-1.0"];
    assert_eq!(tag_of(tags, &own, "1.0"), Some("v1.0.0"));
    assert_eq!(tag_of(tags, &own, "1.1"), None);
    assert_eq!(newest(["1.0", "2.0rc1", "0.9", "x"]), Some("1.0"));
    assert_eq!(newest(["2.0rc1", "1.0a1"]), Some("2.0rc1"));
    assert_eq!(before("1.0", ["1.0", "2.0"]), None);
}

#[test]
fn names_come_from_the_files_and_a_crate_that_stays_has_none() {
    let of = |pyproject: &str, cargo: &str| {
        let Names { python, krate } = names(pyproject, cargo);
        (python.unwrap_or_default(), krate.unwrap_or_default())
    };
    let cargo = "[package]\nname = \"c\"\n";
    assert_eq!(of("[project]\nname = \"p\"\n", cargo), ("p".into(), "c".into()));
    assert_eq!(of("[tool.poetry]\nname = \"p\"\n", "").0, "p");
    assert_eq!(of("[tool.ruff]\n", &format!("{cargo}publish = false\n")), Default::default());
    assert_eq!(of("[project\n", &format!("{cargo}publish = [\"own\"]\n")).1, "c");
    assert_eq!(of("[project]\nname = \"../x\"\n", "").0, "");
}
