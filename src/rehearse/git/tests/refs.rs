//! The repository as the forge's API sees it.

use super::bench::bench;
use crate::rehearse::repository::{Object, Repository as _, Tag};

#[test]
fn refs_and_commits_are_found() {
    let bench = bench();
    let remote = bench.remote.lock().unwrap();
    let main = remote.commit("main").unwrap();
    assert_eq!((main.author.as_str(), main.date), ("Ann", 1_700_000_000));
    assert_eq!(main.message, "two\n\nwith a body");
    assert_eq!(main.parents.len(), 1);
    let object = Object { sha: main.sha.clone(), kind: "commit".into() };
    assert_eq!(remote.find("refs/heads/main"), Some(object));
    assert_eq!(remote.find("refs/heads/mai"), None);
    for name in [main.sha.as_str(), &main.sha[..10], "refs/heads/main", "HEAD"] {
        assert_eq!(remote.commit(name).as_ref(), Some(&main), "{name}");
    }
    for name in ["", "none", "--all", "^main", "v0.9..main"] {
        assert_eq!(remote.commit(name), None, "{name}");
    }
    let names =
        |start: &str| remote.refs(start).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("refs/tags/v"), ["refs/tags/v0.9"]);
    assert!(names("refs/tags/w").is_empty());
}

#[test]
fn a_log_is_newest_first_and_ends_where_it_shall() {
    let bench = bench();
    let remote = bench.remote.lock().unwrap();
    let log = |from: Option<&str>, to: &str| {
        let commits = remote.log(from, to);
        commits.iter().map(|commit| commit.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(log(None, "main"), ["two\n\nwith a body", "one"]);
    assert_eq!(log(Some("v0.9"), "main"), ["two\n\nwith a body"]);
    assert!(log(Some("main"), "v0.9").is_empty());
    assert!(log(Some("none"), "main").is_empty() && log(None, "none").is_empty());
}

#[test]
fn tags_are_made_and_read() {
    let bench = bench();
    let mut remote = bench.remote.lock().unwrap();
    let object = remote.find("refs/heads/main").unwrap();
    let wanted = Tag {
        sha: String::new(),
        name: "v1.0".into(),
        message: "a release\n\nwith notes".into(),
        object,
    };
    let sha = remote.make_tag(&wanted).unwrap();
    assert_eq!(remote.tag(&sha), Some(Tag { sha: sha.clone(), ..wanted.clone() }));
    remote.set("refs/tags/v1.0", &sha).unwrap();
    let found = remote.find("refs/tags/v1.0").unwrap();
    assert_eq!((found.sha, found.kind.as_str()), (sha, "tag"));
    assert_eq!(remote.commit("v1.0"), remote.commit("main"));
    let commit = remote.commit("main").unwrap().sha;
    assert_eq!(remote.tag(&commit), None, "a commit is no tag");
    let nothing = Object { sha: "1".repeat(40), kind: "commit".into() };
    assert!(remote.make_tag(&Tag { object: nothing, ..wanted }).is_err());
}

#[test]
fn refs_are_made_moved_and_deleted() {
    let bench = bench();
    let mut remote = bench.remote.lock().unwrap();
    let (main, first) = (remote.commit("main").unwrap().sha, remote.commit("v0.9").unwrap().sha);
    remote.set("refs/tags/v1.0", &main).unwrap();
    remote.set("refs/tags/v1.0", &first).unwrap();
    assert_eq!(remote.find("refs/tags/v1.0").unwrap().sha, first);
    remote.delete("refs/tags/v1.0").unwrap();
    assert_eq!(remote.find("refs/tags/v1.0"), None);
    assert!(remote.delete("refs/tags/v1.0").is_err());
    assert!(remote.set("refs/tags/v1..0", &main).is_err());
    assert!(remote.set("refs/tags/v2.0", &"1".repeat(40)).is_err());
    drop(remote);
    let said = bench.well("work", &["ls-remote", "--tags", "origin"]);
    assert!(!said.contains("v1.0"), "{said}");
}
