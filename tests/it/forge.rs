//! The rehearsal's GitHub, judged by GitHub's own client: `gh` as Debian packs it, unmodified, in
//! tasks that run live in a rehearsal.
//!
//! Whatever is checked here is what `gh` shows: how the forge is made inside does not matter.

use serde_json::Value;

use crate::peers;
use crate::project::{Project, Ran};

/// Runs a command, and shows its words, what it says and how it ends.
const ASK: &str = r#"
ask() { printf '$ %s\n' "$*"; "$@" 2>&1 | cat; printf '\n= %s\n' "${PIPESTATUS[0]}"; }
"#;

/// Rehearses tasks, each after the one before it: a name, whether it sends, and a script.
fn rehearsed(tasks: &[(&str, bool, &str)]) -> Option<Ran> {
    let gh = peers::gh()?;
    let (mut text, mut before) = (String::new(), String::new());
    for (name, sends, _) in tasks {
        let body = if *sends {
            format!(".effects(\"command\").run(|t| {{ remote(\"bash {name}.sh\"); }})")
        } else {
            format!(".exec(\"bash {name}.sh\")")
        };
        text +=
            &format!("task(\"{name}\"){before}.secrets([\"GH_TOKEN\", \"GITHUB_TOKEN\"]){body};\n");
        before = format!(".needs(\"{name}\")");
    }
    let path = format!("{}:{}", gh.display(), std::env::var("PATH").unwrap());
    let mut project = Project::new(&text).env("PATH", &path);
    for (name, _, script) in tasks {
        project = project.file(&format!("{name}.sh"), &format!("{ASK}{script}"));
    }
    let project = project.git().tag("v0.9.0");
    project.run_git(&["remote", "add", "origin", "https://github.com/acme/piece.git"]);
    let (last, ..) = tasks.last().unwrap();
    Some(project.rel(&format!("rehearse {last}")).code(0))
}

/// What a command of the scripts said, and how it ended.
#[track_caller]
fn said(ran: &Ran, command: &str) -> (String, i32) {
    let start = format!("  $ {command}\n");
    let (_, rest) = ran.err.split_once(&start).unwrap_or_else(|| panic!("{command}: {}", ran.err));
    let mut lines = Vec::new();
    for line in rest.lines().map(|line| line.strip_prefix("  ").unwrap_or(line)) {
        if let Some(code) = line.strip_prefix("= ") {
            return (lines.join("\n").trim().to_owned(), code.parse().unwrap());
        }
        lines.push(line);
    }
    panic!("{command} did not end: {}", ran.err);
}

/// What a command that succeeded said.
#[track_caller]
fn well(ran: &Ran, command: &str) -> String {
    let (text, code) = said(ran, command);
    assert_eq!(code, 0, "{command}: {text}");
    text
}

/// Checks that a command was turned down in these words.
#[track_caller]
fn refused(ran: &Ran, command: &str, words: &[&str]) {
    let (text, code) = said(ran, command);
    let missing: Vec<_> = words.iter().filter(|word| !text.contains(**word)).collect();
    assert!(code == 1 && missing.is_empty(), "{command}: {code}, {missing:?} missing in {text}");
}

/// The first columns of `gh release list`: title, kind, tag.
fn listed(ran: &Ran, command: &str) -> Vec<[String; 3]> {
    let row = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        [(); 3].map(|()| columns.next().unwrap_or_default())
    };
    well(ran, command).lines().map(row).collect()
}

/// What `gh release view` says first, up to the notes.
fn heading<'a>(text: &'a str, field: &str) -> Vec<&'a str> {
    let above = text.split("\n--\n").next().unwrap();
    let fields = above.lines().filter_map(|line| line.split_once(":\t"));
    fields.filter(|(name, _)| *name == field).map(|(_, value)| value).collect()
}

const MADE: &str = r#"
mkdir files && printf wheel > files/piece-1.0.whl
head -c 400000 /dev/urandom > files/piece-1.0.tar.gz
ask gh release create v1.0.0 files/piece-1.0.whl files/piece-1.0.tar.gz --title One --notes 'the notes'
ask gh release create v1.1.0-rc1 --draft --prerelease --generate-notes
"#;

const LOOKED_AT: &str = r#"
ask gh release view v1.0.0
ask gh release view
ask gh release view v1.0.0 --json tagName,name,body,isDraft,isPrerelease,author,assets,targetCommitish,url
ask gh release view v1.1.0-rc1
ask gh release list
ask gh release download v1.0.0 --dir got
ask diff -r files got
ask gh release download v1.0.0 --dir one --pattern '*.whl'
ask ls one
ask gh api repos/{owner}/{repo}/releases --jq '.[]|[.tag_name,.draft]|@csv'
ask gh api repos/{owner}/{repo}/git/ref/tags/v1.0.0 --jq .object.sha
ask git rev-parse HEAD
ask gh api --paginate 'repos/{owner}/{repo}/releases?per_page=1' --jq .[].tag_name
ask gh auth status
"#;

#[test]
fn a_release_that_gh_has_made_is_seen_listed_and_downloaded_by_it() {
    let tasks = [("make", true, MADE), ("look", false, LOOKED_AT)];
    let Some(ran) = rehearsed(&tasks) else { return };
    let made = well(
        &ran,
        "gh release create v1.0.0 files/piece-1.0.whl files/piece-1.0.tar.gz --title One --notes the notes",
    );
    assert_eq!(made, "https://github.com/acme/piece/releases/tag/v1.0.0");
    let draft = well(&ran, "gh release create v1.1.0-rc1 --draft --prerelease --generate-notes");
    assert!(draft.starts_with("https://github.com/acme/piece/releases/tag/untagged-"), "{draft}");

    for command in ["gh release view v1.0.0", "gh release view"] {
        let seen = well(&ran, command);
        assert_eq!(heading(&seen, "title"), ["One"]);
        assert_eq!(heading(&seen, "tag"), ["v1.0.0"]);
        assert_eq!(heading(&seen, "draft"), ["false"]);
        assert_eq!(heading(&seen, "author"), ["acme"]);
        assert_eq!(heading(&seen, "published").len(), 1);
        let mut files = heading(&seen, "asset");
        files.sort_unstable();
        assert_eq!(files, ["piece-1.0.tar.gz", "piece-1.0.whl"]);
        assert!(seen.ends_with("\n--\nthe notes"), "{seen}");
    }
    seen_as_json(&ran);
    let seen = well(&ran, "gh release view v1.1.0-rc1");
    assert_eq!(heading(&seen, "draft"), ["true"]);
    assert_eq!(heading(&seen, "prerelease"), ["true"]);
    assert!(heading(&seen, "published").is_empty(), "{seen}");
    assert!(seen.contains("/compare/v1.0.0...v1.1.0-rc1"), "notes since the last: {seen}");

    let rows = [["v1.1.0-rc1", "Draft", "v1.1.0-rc1"], ["One", "Latest", "v1.0.0"]];
    assert_eq!(listed(&ran, "gh release list"), rows);
    well(&ran, "gh release download v1.0.0 --dir got");
    assert_eq!(well(&ran, "diff -r files got"), "", "the same bytes");
    well(&ran, "gh release download v1.0.0 --dir one --pattern *.whl");
    assert_eq!(well(&ran, "ls one"), "piece-1.0.whl");
    let all = well(&ran, "gh api repos/{owner}/{repo}/releases --jq .[]|[.tag_name,.draft]|@csv");
    assert_eq!(all, "\"v1.1.0-rc1\",true\n\"v1.0.0\",false");
    let tagged = well(&ran, "gh api repos/{owner}/{repo}/git/ref/tags/v1.0.0 --jq .object.sha");
    assert_eq!(tagged, well(&ran, "git rev-parse HEAD"), "the tag is on the branch that counts");
    let pages = "gh api --paginate repos/{owner}/{repo}/releases?per_page=1 --jq .[].tag_name";
    assert_eq!(well(&ran, pages), "v1.1.0-rc1\nv1.0.0", "page after page");
    assert!(well(&ran, "gh auth status").contains("Logged in to github.com as acme"));
}

fn seen_as_json(ran: &Ran) {
    let command = "gh release view v1.0.0 --json tagName,name,body,isDraft,isPrerelease,author,assets,targetCommitish,url";
    let seen: Value = serde_json::from_str(&well(ran, command)).unwrap();
    assert_eq!(seen["tagName"], "v1.0.0");
    assert_eq!(seen["name"], "One");
    assert_eq!(seen["body"], "the notes");
    assert_eq!((&seen["isDraft"], &seen["isPrerelease"]), (&false.into(), &false.into()));
    assert_eq!(seen["author"]["login"], "acme");
    assert_eq!(seen["targetCommitish"], "main");
    assert_eq!(seen["url"], "https://github.com/acme/piece/releases/tag/v1.0.0");
    let assets = seen["assets"].as_array().unwrap();
    let asset = |name: &str| assets.iter().find(|asset| asset["name"] == name).unwrap();
    assert_eq!(asset("piece-1.0.tar.gz")["size"], 400_000);
    assert_eq!(asset("piece-1.0.whl")["state"], "uploaded");
    let url = "https://github.com/acme/piece/releases/download/v1.0.0/piece-1.0.whl";
    assert_eq!(asset("piece-1.0.whl")["url"], url);
}

const CHANGED: &str = r#"
printf one > a.whl
gh release create v1.0.0 a.whl --title One --notes first >/dev/null
gh release create v1.1.0 --draft --title Two --notes second >/dev/null
printf other > a.whl; printf more > 'b c.txt'
ask gh release upload v1.0.0 a.whl --clobber
ask gh release upload v1.1.0 'b c.txt#More of it'
ask gh release edit v1.0.0 --title Uno --notes 'other notes' --prerelease
ask gh release edit v1.1.0 --draft=false
"#;

const CHANGES_SEEN: &str = r#"
ask gh release view v1.0.0 --json name,body,isPrerelease --jq '[.name,.body,.isPrerelease]|@csv'
ask gh release view v1.1.0 --json isDraft,assets --jq '[.isDraft,.assets[0].name,.assets[0].label]|@csv'
gh release download v1.0.0
ask cat a.whl
ask gh release list
ask git ls-remote --tags origin v1.*
"#;

const DELETED: &str = r#"
ask gh release delete-asset v1.0.0 a.whl --yes
ask gh api repos/{owner}/{repo}/releases/tags/v1.0.0 --jq '.assets|length'
ask gh release delete v1.0.0 --yes
ask gh release delete v1.1.0 --yes --cleanup-tag
ask gh api repos/{owner}/{repo}/releases
ask git ls-remote --tags origin
"#;

#[test]
fn what_gh_changes_and_deletes_is_changed_and_gone() {
    let tasks =
        [("change", true, CHANGED), ("look", false, CHANGES_SEEN), ("delete", true, DELETED)];
    let Some(ran) = rehearsed(&tasks) else { return };
    well(&ran, "gh release upload v1.0.0 a.whl --clobber");
    well(&ran, "gh release upload v1.1.0 b c.txt#More of it");
    well(&ran, "gh release edit v1.0.0 --title Uno --notes other notes --prerelease");
    let published = well(&ran, "gh release edit v1.1.0 --draft=false");
    assert_eq!(published, "https://github.com/acme/piece/releases/tag/v1.1.0");

    let edited = "gh release view v1.0.0 --json name,body,isPrerelease --jq [.name,.body,.isPrerelease]|@csv";
    assert_eq!(well(&ran, edited), "\"Uno\",\"other notes\",true");
    let labelled = "gh release view v1.1.0 --json isDraft,assets --jq [.isDraft,.assets[0].name,.assets[0].label]|@csv";
    assert_eq!(well(&ran, labelled), "false,\"b.c.txt\",\"More of it\"", "a name without spaces");
    assert_eq!(well(&ran, "cat a.whl"), "other", "the later file");
    let rows = [["Two", "Latest", "v1.1.0"], ["Uno", "Pre-release", "v1.0.0"]];
    assert_eq!(listed(&ran, "gh release list"), rows);
    let tags = well(&ran, "git ls-remote --tags origin v1.*");
    assert_eq!(tags.lines().count(), 2, "publishing has made them: {tags}");

    well(&ran, "gh release delete-asset v1.0.0 a.whl --yes");
    let files = "gh api repos/{owner}/{repo}/releases/tags/v1.0.0 --jq .assets|length";
    assert_eq!(well(&ran, files), "0");
    well(&ran, "gh release delete v1.0.0 --yes");
    well(&ran, "gh release delete v1.1.0 --yes --cleanup-tag");
    assert_eq!(well(&ran, "gh api repos/{owner}/{repo}/releases"), "[]");
    let tags = well(&ran, "git ls-remote --tags origin");
    assert!(tags.contains("refs/tags/v1.0.0"), "a tag outlives its release: {tags}");
    assert!(!tags.contains("refs/tags/v1.1.0"), "{tags}");
}

const TURNED_DOWN: &str = r#"
printf one > a.whl; mkdir again; cp a.whl again
gh release create v1.0.0 a.whl --notes first >/dev/null
id=$(gh api repos/{owner}/{repo}/releases/tags/v1.0.0 --jq .id)
GH_TOKEN=wrong ask gh release create v2.0.0 --notes 'not mine'
GH_TOKEN=wrong ask gh api user
GH_TOKEN=wrong ask gh release list
GH_TOKEN=$GITHUB_TOKEN ask gh api --include -X POST repos/{owner}/{repo}/actions/workflows/release.yml/dispatches -f ref=main
ask gh release view v3.0.0
ask gh release download v3.0.0
ask gh api repos/{owner}/{repo}/releases/999999
ask gh release list --repo acme/other
ask gh release upload v1.0.0 a.whl
ask gh release create v2.1.0 a.whl again/a.whl --notes twice
ask sh -c "gh api 'https://uploads.github.com/repos/acme/piece/releases/$id/assets?name=a.whl' --input a.whl -H content-type:application/zip"
ask gh release create v1.0.0 --notes again
ask gh release create v1.0.0 a.whl --notes again
ask gh release create v4.0.0 --target nowhere --notes lost
ask gh release create v4.0.0 --verify-tag --notes lost
ask gh api -X POST repos/{owner}/{repo}/releases -f name=nameless
ask gh api -X POST repos/{owner}/{repo}/git/refs -f ref=refs/tags/v1.0.0 -f sha=0000000000000000000000000000000000000000
ask gh release list --limit 9
"#;

#[test]
fn gh_tells_each_refusal_as_that_of_the_real_forge() {
    let Some(ran) = rehearsed(&[("try", true, TURNED_DOWN)]) else { return };
    let releases = "(https://api.github.com/repos/acme/piece/releases)";
    let failed = format!("HTTP 422: Validation Failed {releases}");
    let by_hand = "gh api repos/{owner}/{repo}/releases/999999";
    let dispatch = "gh api --include -X POST repos/{owner}/{repo}/actions/workflows/release.yml/dispatches -f ref=main";
    let reference = "gh api -X POST repos/{owner}/{repo}/git/refs -f ref=refs/tags/v1.0.0 -f sha=0000000000000000000000000000000000000000";
    let rows: &[(&str, &[&str])] = &[
        // 401
        (
            "gh release create v2.0.0 --notes not mine",
            &["HTTP 401: Bad credentials", "gh auth login"],
        ),
        ("gh api user", &["gh: Bad credentials (HTTP 401)"]),
        ("gh release list", &["401 Unauthorized", "Bad credentials"]),
        // 403
        (
            dispatch,
            &[
                "HTTP/1.1 403",
                "Resource not accessible by integration (HTTP 403)",
                "X-Accepted-Github-Permissions: actions=write",
            ],
        ),
        // 404
        ("gh release view v3.0.0", &["release not found"]),
        ("gh release download v3.0.0", &["release not found"]),
        (by_hand, &["gh: Not Found (HTTP 404)"]),
        (
            "gh release list --repo acme/other",
            &["Could not resolve to a Repository with the name 'acme/other'"],
        ),
        // 422
        ("gh release upload v1.0.0 a.whl", &["asset under the same name already exists: [a.whl]"]),
        (
            "gh release create v2.1.0 a.whl again/a.whl --notes twice",
            &[
                "HTTP 422: Validation Failed (https://uploads.github.com/repos/acme/piece/releases/",
                "ReleaseAsset.name already exists",
            ],
        ),
        ("gh release create v1.0.0 --notes again", &[&failed, "Release.tag_name already exists"]),
        (
            "gh release create v1.0.0 a.whl --notes again",
            &["a release with the same tag name already exists: v1.0.0"],
        ),
        (
            "gh release create v4.0.0 --target nowhere --notes lost",
            &[&failed, "Release.target_commitish is invalid"],
        ),
        (
            "gh release create v4.0.0 --verify-tag --notes lost",
            &["tag v4.0.0 doesn't exist in the repo acme/piece"],
        ),
        (
            "gh api -X POST repos/{owner}/{repo}/releases -f name=nameless",
            &["(HTTP 422)", "tag_name"],
        ),
        (reference, &["gh: Reference already exists (HTTP 422)"]),
    ];
    for (command, words) in rows {
        refused(&ran, command, words);
    }
    let upload = ran.err.lines().find_map(|line| line.strip_prefix("  $ sh -c gh api ")).unwrap();
    refused(
        &ran,
        &format!("sh -c gh api {upload}"),
        &["gh: Validation Failed (HTTP 422)", "already_exists"],
    );
    let only = [["v1.0.0", "Latest", "v1.0.0"]];
    assert_eq!(listed(&ran, "gh release list --limit 9"), only, "what was refused left nothing");
}
