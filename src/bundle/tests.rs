//! Bundles that are whole, and bundles that somebody has changed.

use std::io::Write as _;

use super::*;

fn release() -> Release {
    Release { commit: "c0ffee".into(), project: ".".into() }
}

/// A bundle with a plan, a ledger, a program and what was signed for it.
fn bundle(folder: &Path) -> (PathBuf, Artifact) {
    let program = folder.join("program");
    fs::replace(&program, "#!/bin/sh\n").unwrap();
    let signed = folder.join("signed.json");
    fs::replace(&signed, "{}").unwrap();
    let digests = fs::digests(&program).unwrap();
    let artifact = Artifact {
        name: "bin/program".into(),
        sha256: digests.sha256,
        blake2b_256: digests.blake2b_256,
        size: digests.size,
        executable: true,
    };
    let name = signed_names(&artifact.sha256).next().unwrap();
    let contents = Contents {
        plan: Some("the plan".into()),
        seal: None,
        ledger: Some("the ledger\n".into()),
        notices: None,
        commits: None,
        artifacts: vec![(artifact.clone(), program)],
        signed: [(name, signed)].into(),
    };
    let to = folder.join("release.tar");
    let digest = write(&to, &release(), &contents, 1_767_323_045).unwrap();
    assert_eq!(digest, fs::digests(&to).unwrap().sha256);
    (to, artifact)
}

#[test]
fn what_goes_in_comes_out_with_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let (file, artifact) = bundle(folder.path());
    let again = folder.path().join("again");
    fs::make_dir(&again).unwrap();
    let (second, _) = bundle(&again);
    assert_eq!(fs::read(&file).unwrap(), fs::read(&second).unwrap(), "the same each time");
    let drafts = tempfile::tempdir().unwrap();
    let opened = open(&file, drafts.path()).unwrap();
    assert_eq!(opened.manifest.release, release());
    assert_eq!(opened.manifest.plan, Some(Digest::of("the plan")));
    assert_eq!((opened.text(PLAN), opened.text(SEAL)), (Some("the plan"), None));
    assert_eq!(opened.text(LEDGER), Some("the ledger\n"));
    let place = opened.file(&artifact).unwrap();
    assert_eq!(fs::read_text(place).unwrap(), "#!/bin/sh\n");
    assert!(fs::is_executable(place).unwrap());
    let signed: Vec<String> = opened.signed(&artifact.sha256).map(|(name, _)| name).collect();
    assert_eq!(signed, [format!("{}.publish.json", artifact.sha256)]);
}

/// The members of an archive, with their bytes.
fn members(file: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = Archive::new(fs::open(file).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    });
    entries.collect()
}

/// What is said of a bundle whose members were changed.
fn changed(change: impl FnOnce(&mut Vec<(String, Vec<u8>)>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = bundle(folder.path());
    let mut all = members(&file);
    change(&mut all);
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in &all {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, bytes.as_slice()).unwrap();
    }
    let forged = folder.path().join("forged.tar");
    let bytes = builder.into_inner().unwrap();
    fs::replace_with(&forged, |file| file.write_all(&bytes)).unwrap();
    let drafts = tempfile::tempdir().unwrap();
    open(&forged, drafts.path()).unwrap_err()
}

#[test]
fn a_member_that_was_changed_added_doubled_or_left_out_is_refused() {
    let at = |all: &[(String, Vec<u8>)], end: &str| {
        all.iter().position(|(name, _)| name.ends_with(end)).unwrap()
    };
    let said = changed(|all| {
        let at = at(all, "/program");
        all[at].1[0] = b'!';
    });
    assert!(said.ends_with("/program` is not what the bundle says of it"), "{said}");
    let said = changed(|all| all.push(("../evil".into(), b"x".to_vec())));
    assert_eq!(said, "`../evil` does not belong into a bundle");
    let said = changed(|all| {
        let plan = all[at(all, "plan.json")].clone();
        all.push(plan);
    });
    assert_eq!(said, "`plan.json` stands in it twice");
    let said = changed(|all| {
        let at = at(all, "ledger.jsonl");
        all.remove(at);
    });
    assert_eq!(said, "`ledger.jsonl` is not in it");
    let said = changed(|all| {
        let at = at(all, MANIFEST);
        let text = String::from_utf8(all[at].1.clone()).unwrap();
        let other = format!("\"plan\": \"{}\"", Digest::of("another plan"));
        let plan = format!("\"plan\": \"{}\"", Digest::of("the plan"));
        assert!(text.contains(&plan), "{text}");
        all[at].1 = text.replace(&plan, &other).into_bytes();
    });
    assert_eq!(said, "it is bound to another plan than the one in it");
}

#[test]
fn a_commit_that_is_none_is_refused_since_files_are_named_after_it() {
    for commit in ["", "/tmp/escaped", "../../x", "c0ffee/x", "caf\u{e9}"] {
        let said = changed(|all| {
            let at = all.iter().position(|(name, _)| name == MANIFEST).unwrap();
            let text = String::from_utf8(all[at].1.clone()).unwrap();
            assert!(text.contains("\"c0ffee\""), "{text}");
            all[at].1 = text.replace("\"c0ffee\"", &format!("\"{commit}\"")).into_bytes();
        });
        assert_eq!(said, "it belongs to no commit");
    }
}

#[test]
fn names_that_lead_elsewhere_are_no_members_even_if_the_bundle_names_them() {
    for name in [
        "../x",
        "store/../x",
        "store/a/../b",
        "store/a",
        "signed/",
        "signed/..",
        "/etc/x",
        "programs/./x",
    ] {
        assert!(!is_member(name), "{name}");
    }
    for name in ["store/a/b.whl", "programs/a/.hidden", "signed/a.publish.json", "notices.jsonl"] {
        assert!(is_member(name), "{name}");
    }
}

#[test]
fn what_is_no_bundle_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x");
    fs::replace(&file, "no tar at all").unwrap();
    assert!(manifest(&file).unwrap_err().starts_with("it is no bundle"));
    let said = changed(|all| {
        let at = all.iter().position(|(name, _)| name == MANIFEST).unwrap();
        all[at].1 = b"{\"v\": 7}".to_vec();
    });
    assert_eq!(said, "it has format 7, and this rel reads format 1");
}
