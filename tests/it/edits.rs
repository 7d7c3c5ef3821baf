//! Tasks that edit: a stage of their own, and `git::push`, the only way out of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::project::{Project, Ran};

/// Bumps a version, tags it, builds from what it wrote, and pushes.
const RELEASEFILE: &str = r#"
    task("bump").edits().sh("echo 1.1 > VERSION; echo new > added; git add -A; git commit --quiet -m 'version 1.1'; git tag -a v1.1 -m 1.1");
    task("build").needs("bump").sh("cp VERSION $REL_OUT/; date +%N > $REL_OUT/stamp");
    task("look").needs("bump").sh("test -z \"$(git -C $CHECKOUT tag --list v1.1)\"; test $(cat $CHECKOUT/VERSION) = 1.0; ! git -C $CHECKOUT cat-file -e $(git rev-parse HEAD)");
    task("push").needs(["build", "look"]).effects("git-push").run(|t| git::push(#{ branch: "main", tag: "v1.1" }));
    task("after").needs("push").sh("cat VERSION; git describe");
"#;

/// A project whose `origin` is a bare repository beside it.
fn project(releasefile: &str) -> Project {
    let project = Project::new(releasefile).file("VERSION", "1.0\n").git().tag("v1.0");
    let origin = origin(&project).display().to_string();
    project.run_git(&["init", "--quiet", "--bare", "--initial-branch=main", &origin]);
    project.run_git(&["remote", "add", "origin", &origin]);
    project.run_git(&["push", "--quiet", "origin", "main", "v1.0"]);
    project.run_git(&["config", "user.name", "Ada"]);
    project.run_git(&["config", "user.email", "ada@example.org"]);
    let checkout = project.root().display().to_string();
    project.env("CHECKOUT", &checkout)
}

fn origin(project: &Project) -> PathBuf {
    project.root().parent().unwrap().join("origin.git")
}

/// What git says in a folder; nothing if it fails.
fn git(folder: &Path, words: &str) -> String {
    let git = Command::new("git").args(words.split(' ')).current_dir(folder).output().unwrap();
    String::from_utf8(git.stdout).unwrap().trim().to_owned()
}

/// All that a checkout holds, git's own files too, but for rel's state.
fn whole(project: &Project) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![project.root()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.ends_with(".git/rel") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Folders that stages left, of repositories and of files.
fn stages(project: &Project) -> (usize, usize) {
    let count = |folder: PathBuf| fs::read_dir(folder).map_or(0, |entries| entries.count());
    let files = project.root().parent().unwrap().join("home/.local/state/rel/stage");
    (count(project.state().join("stage")), count(files))
}

fn live(project: &Project) -> Ran {
    project.rel("after --live --yes")
}

#[test]
fn a_dry_run_shows_what_would_change_and_changes_nothing() {
    let project = project(RELEASEFILE);
    let (before, there) = (whole(&project), git(&origin(&project), "for-each-ref"));
    let ran = project.rel("after").code(0);
    let ran = ran.says("version 1.1\n").says("  tag v1.1\n").says("  -1.0\n  +1.1\n");
    let ran = ran.says("new file mode").says("push branch main (").says("and tag v1.1 (");
    ran.says("not there yet").says("dry run done: nothing was sent");
    assert_eq!(whole(&project), before);
    assert_eq!(git(&origin(&project), "for-each-ref"), there);
    assert_eq!(stages(&project), (0, 0), "the stage is dropped");
}

#[test]
fn changes_that_were_not_committed_are_shown_too() {
    let project = project(
        "task(\"note\").edits().run(|t| { write(\"VERSION\", \"1.2\\n\"); write(\"notes/new\", \"n\\n\"); print(read(\"VERSION\")); });\n",
    );
    let ran = project.rel("note --output json").code(0);
    let events =
        ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let edits = events.into_iter().find(|event| event["event"] == "edits").unwrap();
    let edits = &edits["edits"];
    assert_eq!(edits["commits"], serde_json::json!([]));
    assert!(edits["stat"].to_string().contains("notes/new"), "{edits}");
    assert!(edits["patch"].to_string().contains("+1.2"), "{edits}");
    assert_eq!(git(&project.root(), "status --porcelain"), "");
    project.rel("note --live --yes").code(2).says("edits leave their stage by `git::push` alone");
}

#[test]
fn a_long_patch_is_cut_and_says_so() {
    let project = project("task(\"many\").edits().sh(\"seq 1000 > many\");\n");
    project.rel("many").code(0).says("+190\n").never_says("+999").says("more lines");
}

#[test]
fn a_live_run_pushes_and_the_users_branch_follows() {
    let project = project(RELEASEFILE);
    let ran = live(&project).code(0);
    let ran = ran.says("proven  git-push  branch main").says("your branch main is at");
    ran.says("tag v1.1 is in your repository").says("  1.1\n").says("  v1.1\n");
    let (mine, theirs) = (project.root(), origin(&project));
    for name in ["refs/heads/main", "refs/tags/v1.1"] {
        let show = format!("rev-parse {name}");
        assert_eq!(git(&mine, &show), git(&theirs, &show));
    }
    assert_eq!(git(&mine, "rev-parse origin/main"), git(&mine, "rev-parse HEAD"));
    assert_eq!(git(&mine, "log -1 --format=%an:%s"), "Ada:version 1.1");
    assert_eq!(git(&mine, "cat-file -t v1.1"), "tag");
    assert_eq!(git(&mine, "status --porcelain"), "");
    assert_eq!(fs::read_to_string(mine.join("VERSION")).unwrap(), "1.1\n");
    assert_eq!(stages(&project), (0, 0), "nobody needs it any more");
}

#[test]
fn without_a_stage_the_checkouts_own_commit_and_tag_are_pushed() {
    let text = "task(\"push\").effects(\"git-push\").run(|t| print(git::push(#{ branch: \"main\", tag: \"v2.0\" })));\n";
    let project = project(text);
    project.commit();
    project.rel("push").code(0).says("would stop: there is no tag v2.0 to push");
    let project = project.tag("v2.0");
    let ran = project.rel("push --live --yes").code(0).says("refs/heads/main").never_says("stage");
    ran.says("proven  git-push  branch main");
    let (mine, theirs) = (project.root(), origin(&project));
    for name in ["main", "v2.0"] {
        let show = format!("rev-parse {name}");
        assert_eq!(git(&mine, &show), git(&theirs, &show));
    }
    project.rel("push --live --yes").code(0).says("nothing had to be sent");
}

#[test]
fn what_is_edited_and_not_committed_is_built_from_and_stays_behind() {
    let text = RELEASEFILE
        .replace("echo new > added", "true")
        .replace("git tag -a v1.1 -m 1.1", "git tag -a v1.1 -m 1.1; echo 1.1+local > VERSION");
    let project = project(&text);
    let ran = live(&project).code(0).says("  1.1+local\n");
    ran.says("note: edited, not committed, so not pushed: 1 file (VERSION)");
    assert_eq!(git(&origin(&project), "show main:VERSION"), "1.1");
}

#[test]
fn a_branch_that_is_not_checked_out_stays_and_the_tag_comes() {
    let project = project(RELEASEFILE);
    project.run_git(&["switch", "--quiet", "--create", "work"]);
    let ran = live(&project).code(0);
    ran.says("your branch main stays where it is: `work` is checked out")
        .says("on main: `git pull --ff-only origin main`");
    assert_eq!(git(&project.root(), "rev-parse HEAD"), git(&project.root(), "rev-parse v1.0"));
    assert_eq!(git(&project.root(), "cat-file -t v1.1"), "tag");
    assert_eq!(stages(&project), (1, 1), "the same command may come again");
    live(&project).code(0).says("nothing had to be sent").never_says("bump: ok");
    project.rel("after").code(0).says("already there").says("version 1.1\n");
}

#[test]
fn a_tag_that_is_out_is_not_moved() {
    let project = project(RELEASEFILE);
    project.run_git(&["push", "--quiet", "origin", "main:refs/tags/v1.1"]);
    let there = git(&origin(&project), "for-each-ref");
    let ran = project.rel("after").code(0);
    ran.says("would stop").says("git-push would move what is there: tag v1.1 is at");
    let ran = live(&project).code(4);
    ran.says("git-push would move what is there: tag v1.1 is at").says("choose another version");
    assert_eq!(git(&origin(&project), "for-each-ref"), there);
    assert_eq!(git(&project.root(), "tag --list"), "v1.0");
}

#[test]
fn a_branch_that_has_gone_elsewhere_stops_the_release_before_anything_is_sent() {
    let project = project(RELEASEFILE);
    project.run_git(&["commit", "--quiet", "--allow-empty", "--message=of another"]);
    project.run_git(&["push", "--quiet", "origin", "HEAD:main"]);
    project.run_git(&["reset", "--quiet", "--hard", "v1.0"]);
    project.run_git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    live(&project).code(4).says("branch main is at").says("git pull");
    assert_eq!(git(&origin(&project), "tag --list"), "v1.0");
}

fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A hook of the user's, in the user's repository.
fn hook(project: &Project, name: &str, text: &str) {
    executable(&project.root().join(".git/hooks").join(name), text);
}

#[test]
fn a_pre_push_hook_sees_what_is_pushed_and_may_refuse_it() {
    let project = project(RELEASEFILE);
    hook(&project, "pre-push", "echo checking $(cat VERSION); exit 1");
    let ran = live(&project).code(4).says("checking 1.1");
    ran.says("git-push refused: a pre-push hook said no").says("mend what it says above");
    assert_eq!(git(&origin(&project), "tag --list"), "v1.0");
    fs::remove_file(project.root().join(".git/hooks/pre-push")).unwrap();
    live(&project).code(0).never_says("bump: ok").says("your branch main is at");
}

/// Kills rel while a hook of git's waits, which then ends with this code; gives the commit that it saw.
fn killed(project: &Project, wait: impl Fn(&str), code: u8) -> String {
    let beside = project.root().parent().unwrap().to_owned();
    let fifos = Command::new("mkfifo").args(["begun", "go"]).current_dir(&beside).status();
    assert!(fifos.unwrap().success());
    let place = beside.display();
    wait(&format!(
        "test -e {place}/killed && exit 0; touch {place}/killed; git rev-parse HEAD > {place}/begun; cat {place}/go; exit {code}"
    ));
    let mut rel = project.command("after --live --yes");
    let mut rel = rel.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let seen = fs::read_to_string(beside.join("begun")).unwrap();
    rel.kill().unwrap();
    rel.wait().unwrap();
    fs::write(beside.join("go"), "on\n").unwrap();
    seen.trim().to_owned()
}

#[test]
fn killed_before_the_push_the_same_command_pushes_the_very_commit() {
    let project = project(RELEASEFILE);
    let before = git(&project.root(), "for-each-ref");
    let made = killed(&project, |text| hook(&project, "pre-push", text), 1);
    assert_eq!(git(&project.root(), "for-each-ref"), before, "the checkout is as it was");
    assert_eq!(git(&project.root(), "status --porcelain"), "");
    assert_eq!(git(&origin(&project), "tag --list"), "v1.0", "nothing was pushed");
    live(&project).code(0).says("build: taken as sealed").never_says("bump: ok");
    assert_eq!(git(&origin(&project), "rev-parse main"), made);
    assert_eq!(git(&project.root(), "rev-parse HEAD"), made);
}

#[test]
fn killed_before_it_knows_of_the_push_it_finds_it_there() {
    let project = project(RELEASEFILE);
    let place = origin(&project).join("hooks/post-receive");
    let wait = |text: &str| executable(&place, &text.replace("parse HEAD", "parse main"));
    let made = killed(&project, wait, 0);
    assert_eq!(git(&origin(&project), "rev-parse main"), made, "it has arrived");
    assert_eq!(git(&project.root(), "rev-parse HEAD"), git(&project.root(), "rev-parse v1.0"));
    let ran = live(&project).code(0).says("already there: push branch main").never_says("bump: ok");
    ran.says("your branch main is at");
    assert_eq!(git(&project.root(), "rev-parse HEAD"), made);
}

#[test]
fn a_later_failure_leaves_the_stage_for_the_command_that_finishes() {
    let text = "task(\"after\").needs(\"push\").sh(\"test -e $CHECKOUT/../mended; cat VERSION\");";
    let (before, _) = RELEASEFILE.split_once("task(\"after\")").unwrap();
    let project = project(&format!("{before}{text}\n"));
    live(&project).code(5);
    let (mine, theirs) = (project.root(), origin(&project));
    assert_ne!(git(&mine, "rev-parse HEAD"), git(&theirs, "rev-parse main"), "HEAD has to wait");
    // Somebody goes on from there; what was pushed is still there.
    let words = "-c user.name=B -c user.email=b@localhost commit-tree -p main -m more main^{tree}";
    let more = git(&theirs, words);
    git(&theirs, &format!("update-ref refs/heads/main {more}"));
    fs::write(mine.join("../mended"), "").unwrap();
    live(&project).code(0).says("taken as sealed").says("  1.1\n").says("your branch main is at");
    assert_eq!(git(&theirs, "rev-parse main"), more);
}

#[test]
fn a_rehearsal_pushes_commit_and_tag() {
    let text = r#"
        task("bump").edits().sh("test $GITHUB_REF = refs/heads/main; echo 1.0.1 > VERSION; git commit --quiet -a -m bump; git tag -a v1.0.1 -m next");
        task("push").needs("bump").effects("git-push").run(|t| git::push(#{ branch: git::branch(), tag: "v1.0.1" }));
        task("look").needs("push").sh("git ls-remote https://github.com/acme/piece.git; git log -1 --format='by %an'");
    "#;
    let project = project(text);
    project.run_git(&["remote", "set-url", "origin", "git@github.com:acme/piece.git"]);
    let before = whole(&project);
    let ran = project.rel("rehearse look").code(0).says("rehearsal of main");
    let ran = ran.says("proven  git-push  branch main").says("refs/tags/v1.0.1^{}").says("by Ada");
    ran.says("https://github.com/acme/piece.git");
    assert_eq!(whole(&project), before, "the checkout stays as it was");
}

#[test]
fn what_github_refuses_comes_with_a_cure() {
    let text = r#"
        task("bump").edits().sh("mkdir -p .github/workflows; echo 'on: push' > .github/workflows/new.yml; git add -A; git commit --quiet -m new");
        task("push").needs("bump").effects("git-push").run(|t| git::push(#{ branch: "main" }));
    "#;
    let ran = project(text).rel("rehearse push").code(4);
    ran.says("git-push refused: main [remote rejected] (refusing to allow a GitHub App to create")
        .says("push with a token that may change workflow files");
}

#[test]
fn what_no_release_needs_is_cleaned_away() {
    let project = project(RELEASEFILE);
    hook(&project, "pre-push", "exit 1");
    live(&project).code(4);
    project.rel("clean").code(0).says("stage: 1 kept");
    assert_eq!(stages(&project), (1, 1));
    let left = project.state().join("stage/trial-1");
    fs::create_dir_all(&left).unwrap();
    project.rel("clean").code(0).says("removed stage/trial-1");
    assert_eq!(stages(&project), (1, 1));
    fs::remove_dir_all(project.state().join("stage")).unwrap();
    project.rel("clean").code(0);
    assert_eq!(stages(&project), (0, 0), "files without a repository are of no use");
    live(&project).code(3).says("the stage of this release is gone").says("--rebuild");
    fs::remove_file(project.root().join(".git/hooks/pre-push")).unwrap();
    project.rel("after --live --yes --rebuild").code(0).says("your branch main is at");
}

#[test]
fn what_follows_a_run_still_finds_the_stage() {
    let text =
        "task(\"tell\").needs(\"after\").on(\"always\").sh(\"cat VERSION > $CHECKOUT/../told\");";
    let project = project(&format!("{RELEASEFILE}{text}\n"));
    live(&project).code(0);
    assert_eq!(fs::read_to_string(project.root().join("../told")).unwrap(), "1.1\n");
    assert_eq!(stages(&project), (0, 0));
}

#[test]
fn what_is_not_committed_does_not_come_along() {
    let project = project(RELEASEFILE);
    project.write("VERSION", "9.9\n");
    let ran = project.rel("bump").code(0);
    ran.says("changes that are not committed do not come along")
        .says(" M VERSION")
        .says("  -1.0\n");
    live(&project).code(3).says("the work tree has 1 change");
}

#[test]
fn a_clone_that_is_cut_off_has_no_stage() {
    let project = project(RELEASEFILE);
    project.commit();
    let from = format!("file://{}", project.root().display());
    project.run_git(&["clone", "--quiet", "--depth=1", &from, "../shallow"]);
    project.rel("-C ../shallow bump").code(2).says("this is a shallow clone");
}

#[test]
fn git_is_configured_there_as_in_the_checkout_and_nothing_counts_twice() {
    let look = "touch a.key; git status --porcelain; git branch --show-current; git config --get-all http.extraheader; git config --get-all user.name; git describe --tags; git rev-parse origin/main";
    let project = project(&format!("task(\"look\").edits().sh(\"{look}\");\n"));
    let beside = project.root().parent().unwrap().to_owned();
    let [conditional, plain] = ["one \"quoted\"", "two"].map(|name| beside.join(name));
    fs::write(&conditional, "[http]\n\textraheader = X-One: 1\n").unwrap();
    fs::write(&plain, "[user]\n\tname = Zoe\n").unwrap();
    let condition = format!("includeIf.gitdir:{}/.git.path", project.root().display());
    project.run_git(&["config", &condition, &conditional.to_string_lossy()]);
    project.run_git(&["config", "include.path", &plain.to_string_lossy()]);
    fs::write(project.root().join(".git/info/exclude"), "*.key\n").unwrap();
    let head = git(&project.root(), "rev-parse HEAD");
    let wanted = format!("  main\n  X-One: 1\n  Ada\n  Zoe\n  v1.0\n  {head}\nlook: ok");
    project.rel("look").code(0).says(&wanted);
    let folder = project.root().join(".git").display().to_string();
    let in_a_hook = project.env("GIT_DIR", &folder);
    in_a_hook.rel("look").code(2).says("GIT_DIR is set: git would not look into the stage");
}

#[test]
fn a_guard_for_the_tag_waits_for_the_task_that_makes_it() {
    let project = project(&format!("guard(\"tag\");\n{RELEASEFILE}"));
    project.commit();
    project.rel("after").code(0).never_says("carries no tag");
    live(&project).code(0);
}

#[test]
fn a_project_below_the_top_and_a_linked_worktree_have_stages_too() {
    let project = project("");
    project.write("inner/Releasefile", RELEASEFILE);
    project.write("inner/VERSION", "1.0\n");
    project.commit();
    project.run_git(&["push", "--quiet", "origin", "main"]);
    project.run_git(&["worktree", "add", "--quiet", "-b", "main-too", "../linked"]);
    let checkout = project.root().join("inner").display().to_string();
    let project = project.env("CHECKOUT", &checkout);
    project.rel("-C ../linked/inner after").code(0).says("inner/VERSION").says("  tag v1.1\n");
    project.rel("-C inner after --live --yes").code(0).says("your branch main is at");
    assert_eq!(fs::read_to_string(project.root().join("inner/VERSION")).unwrap(), "1.1\n");
}

/// A second machine: a clone of the project, at the same commit, with the same `origin`.
fn elsewhere(project: &Project) -> PathBuf {
    let other = project.root().parent().unwrap().join("other");
    project.run_git(&["clone", "--quiet", ".", "../other"]);
    let origin = origin(project).display().to_string();
    project.run_git(&["-C", "../other", "remote", "set-url", "origin", &origin]);
    other
}

/// The refs whose commits are in a bundle.
fn carried(project: &Project, bundle: &str) -> String {
    let beside = project.root().parent().unwrap().to_owned();
    let mut archive = tar::Archive::new(fs::File::open(beside.join(bundle)).unwrap());
    let mut of_git = archive.entries().unwrap().map(Result::unwrap).find(|entry| {
        let name = entry.path().unwrap().display().to_string();
        name.contains("commits")
    });
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(of_git.as_mut().unwrap(), &mut bytes).unwrap();
    fs::write(beside.join("of-git"), bytes).unwrap();
    git(&project.root(), "bundle list-heads ../of-git")
}

#[test]
fn what_was_amended_away_elsewhere_does_not_go_along() {
    let project = project(RELEASEFILE);
    project.run_git(&["checkout", "--quiet", "-b", "side"]);
    project.write("password", "hunter22\n");
    project.run_git(&["add", "password"]);
    project.run_git(&["commit", "--quiet", "--message", "a password"]);
    project.run_git(&["tag", "side-too"]);
    project.run_git(&["checkout", "--quiet", "main"]);
    project.rel("run push -o ../plan.json").code(0);
    let packed = project.rel("pack ../release.tar --plan ../plan.json").code(0);
    project.run_git(&["branch", "--quiet", "--force", "side", "main"]);
    project.run_git(&["tag", "--delete", "side-too"]);
    let again = project.rel("pack ../again.tar --plan ../plan.json").code(0);
    let refs = carried(&project, "again.tar");
    for name in [" refs/rel/head", " refs/heads/main", " refs/tags/v1.1"] {
        assert!(refs.contains(name), "{refs}");
    }
    assert_eq!(refs.lines().count(), 3, "{refs}");
    let digest = |text: &str| text.split(' ').next().unwrap().to_owned();
    assert_eq!(digest(&packed.out), digest(&again.out), "the same release, the same bundle");
}

#[test]
fn commits_go_to_another_machine_and_are_pushed_there() {
    let project = project(RELEASEFILE);
    project.rel("run push -o ../plan.json").code(0).says("the plan is in");
    let packed = project.rel("pack ../release.tar --plan ../plan.json").code(0);
    let again = project.rel("pack ../again.tar --plan ../plan.json").code(0);
    let digest = |text: &str| text.split(' ').next().unwrap().to_owned();
    assert_eq!(digest(&packed.out), digest(&again.out), "the same release, the same bundle");

    let ran = project.rel("-C .. apply release.tar --yes").code(2);
    ran.says("this needs the project's checkout: ").says("start it in a checkout of commit ");
    let other = elsewhere(&project);
    let before = git(&other, "rev-parse HEAD");
    let apply = format!(
        "-C ../other apply ../release.tar push --yes --sha256 {} -o ../sent.tar",
        digest(&packed.out)
    );
    project.rel(&apply).code(0).says("proven  git-push  branch main");
    assert_eq!(git(&origin(&project), "log -1 --format=%an:%s main"), "Ada:version 1.1");
    assert_eq!(git(&origin(&project), "describe main"), "v1.1");
    assert_eq!(git(&other, "rev-parse HEAD"), before, "the checkout there stays");
    assert_eq!(stages(&project), (1, 1), "that of the plan");

    // What was pushed is in the checkout there by now, and still the release's own.
    project.rel("-C ../other unpack ../sent.tar -o ../there.json").code(0);
    project.run_git(&["-C", "../other", "fetch", "--quiet", "--tags", "origin"]);
    project.rel("-C ../other pack ../there.tar --plan ../there.json").code(0);
    assert_eq!(carried(&project, "there.tar"), carried(&project, "release.tar"));

    // Who goes on from there works in the very commit.
    let third = project.root().parent().unwrap().join("other");
    project.rel("-C ../other unpack ../sent.tar -o ../there.json").code(0);
    assert_eq!(git(&third, "rev-parse HEAD"), before);
    let ran = project.rel("-C ../other apply ../there.json after --yes").code(0);
    ran.says("  1.1\n").says("  v1.1\n");
    assert_eq!(git(&third, "describe HEAD"), "v1.1", "all of the plan is done, so it comes home");
}

#[test]
fn a_plan_of_commits_is_good_until_others_are_made() {
    let project = project(RELEASEFILE);
    project.rel("run push -o ../plan.json").code(0);
    let planned = std::fs::read_to_string(project.root().join("../plan.json")).unwrap();
    let ran = project.rel("apply ../plan.json --yes").code(0);
    ran.says("proven  git-push  branch main").says("your branch main is at");
    let pushed = git(&origin(&project), "rev-parse main");
    assert!(planned.contains(&pushed), "the very commit of the plan");
}

#[test]
fn a_plan_is_stale_when_its_commits_are_gone() {
    let project = project(RELEASEFILE);
    project.rel("run push -o ../plan.json").code(0);
    let there = git(&origin(&project), "rev-parse main");
    fs::remove_dir_all(project.state().join("stage")).unwrap();
    let ran = project.rel("apply ../plan.json --yes").code(3);
    ran.says("the stage of this release is gone, with the commits made in it");
    assert_eq!(git(&origin(&project), "rev-parse main"), there);
}
