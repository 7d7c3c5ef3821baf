//! What is read of a repository without git is what git says.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::term::Term;
use rel::repo::{Commit, Repo};

use crate::project::Project;

fn git(project: &Project, at: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(words).current_dir(at).env_clear().envs(project.variables());
    String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned()
}

/// What rel knows of the repository around a folder: HEAD's commit, and where its state lies.
fn known(project: &Project, at: &Path, more: &[(&str, &str)]) -> (Option<Commit>, Option<PathBuf>) {
    let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let env = Env::new(project.variables().into_iter().chain(more));
    let host = Host::new(at.to_owned(), env, Endpoints::default(), Term::captured().0);
    let repo = Repo::new(&host, at.to_owned());
    (repo.commit().cloned(), repo.state().ok())
}

/// The same as git tells it.
fn told(project: &Project, at: &Path) -> (Option<Commit>, Option<PathBuf>) {
    let name = git(project, at, &["rev-parse", "HEAD"]);
    let time = git(project, at, &["log", "-1", "--format=%ct"]).parse().unwrap();
    let words = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
    let common = PathBuf::from(git(project, at, &words));
    let below = git(project, at, &["rev-parse", "--show-prefix"]);
    let below = below.trim_end_matches('/').replace('/', "+");
    let folder = if below.is_empty() { "top".to_owned() } else { format!("in-{below}") };
    (Some(Commit { name, time }), Some(common.join("rel").join(folder)))
}

/// A git that answers nothing, first on the PATH.
fn mute(project: &Project) -> String {
    let folder = project.root().with_extension("mute");
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("git");
    fs::write(&program, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", folder.display(), project.variables()["PATH"])
}

fn project() -> Project {
    Project::new("task(\"lint\");").file("a/b/Releasefile", "task(\"lint\");").git()
}

#[test]
fn git_is_not_started_for_a_plain_repository() {
    let project = project();
    let (root, path) = (project.root(), mute(&project));
    for at in [root.clone(), root.join("a/b")] {
        assert_eq!(known(&project, &at, &[("PATH", &path)]), told(&project, &at));
    }
    project.run_git(&["switch", "--quiet", "--detach"]);
    assert_eq!(known(&project, &root, &[("PATH", &path)]), told(&project, &root));
    let tree = root.with_extension("tree");
    project.run_git(&["worktree", "add", "--quiet", "--detach", &tree.display().to_string()]);
    assert_eq!(known(&project, &tree, &[("PATH", &path)]), told(&project, &tree));
}

#[test]
fn a_packed_commit_is_asked_for_once() {
    let project = project();
    let (root, path) = (project.root(), mute(&project));
    project.run_git(&["gc", "--quiet"]);
    assert_eq!(known(&project, &root, &[("PATH", &path)]).0, None);
    let answer = told(&project, &root);
    assert_eq!(known(&project, &root, &[]), answer);
    assert_eq!(known(&project, &root, &[("PATH", &path)]), answer);
    project.commit();
    assert_ne!(known(&project, &root, &[]).0, answer.0);
    assert_eq!(known(&project, &root, &[]), told(&project, &root));
}

#[test]
fn what_may_look_otherwise_to_git_is_left_to_git() {
    let project = project();
    let (root, path) = (project.root(), mute(&project));
    let inner = root.join(".git").display().to_string();
    assert_eq!(known(&project, &root, &[("PATH", &path), ("GIT_DIR", &inner)]).0, None);
    let settings = fs::read_to_string(root.join(".git/config")).unwrap();
    for more in ["[core]\n\tworktree = ..\n", "[include]\n\tpath = x\n", "[extensions]\n\tx = y\n"]
    {
        fs::write(root.join(".git/config"), format!("{settings}{more}")).unwrap();
        assert_eq!(known(&project, &root, &[("PATH", &path)]).0, None, "{more}");
    }
    fs::write(root.join(".git/config"), settings).unwrap();
    let old = git(&project, &root, &["rev-parse", "HEAD"]);
    project.commit();
    let new = git(&project, &root, &["rev-parse", "HEAD"]);
    project.run_git(&["replace", &new, &old]);
    assert_eq!(known(&project, &root, &[("PATH", &path)]).0, None);
}
