//! Notes by labels of pull requests, as the rehearsal's GitHub has them, and what is said where it has none.

use std::sync::{Arc, Mutex};

use rel::rehearse::github::{Level, Permission, Token};
use rel::rehearse::site::Site;
use rel::rehearse::world::World;

use crate::project::Project;
use crate::setting::{Backstage, Setting, TOKEN};

/// A history with a first version, and what was merged since.
fn project(releasefile: &str) -> Project {
    let project = Project::new(releasefile).git();
    project.run_git(&["tag", "v0.9"]);
    for message in
        ["fix: a leak (#3)", "More of it (#4)", "Pins (#5)", "docs: a word", "feat: by hand (#6)"]
    {
        project.run_git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }
    project
}

/// A GitHub whose pull requests have these labels; it answers so many requests an hour.
fn github(backstage: &Backstage<'_>, requests: Option<u64>) -> Site {
    let (remote, mut forge) = backstage.forge();
    forge.add_token(Token::of_run(TOKEN, &[(Permission::Contents, Level::Read)]));
    for (number, labels) in [(3, ["bug"]), (4, ["enhancement"]), (5, ["Skip"]), (6, ["bug"])] {
        forge.label_pull(number, &labels);
    }
    if let Some(requests) = requests {
        forge.limit_requests(requests);
    }
    let github = &backstage.host.endpoints.github;
    let shared = [&github.web, &github.api].map(|url| url.replace("https://", ""));
    Site::new(remote, forge, &backstage.scratch.repository, shared)
}

fn setting(project: &Project, requests: Option<u64>) -> Setting {
    let dress = |world: &mut World, backstage: &Backstage<'_>| {
        let site = Arc::new(Mutex::new(github(backstage, requests)));
        world.serve("api.github.com", site);
    };
    Setting::dressed(project, |_, _| {}, dress)
}

const LABELS: &str =
    "task(\"tell\").run(|| print(changelog::notes(#{ labels: true, contributors: false })));\n";

#[test]
fn s1_6_notes_are_grouped_by_labels_before_kinds() {
    let setting = setting(&project(LABELS), None);
    let page = format!("https://github.com/{}", setting.repository());
    let issue = |number: u32| format!("([#{number}]({page}/issues/{number}))");
    let ran = setting.rel("tell --output plain").code(0);
    let lines = [
        "### Features".to_owned(),
        format!("- More of it {}", issue(4)),
        "### Bug fixes".into(),
        format!("- a leak {}", issue(3)),
        format!("- by hand {}", issue(6)),
        "### Documentation".into(),
        "- a word".into(),
        "### Other changes".into(),
        format!("- Pins {}", issue(5)),
    ];
    let all = format!("{}{}", ran.out, ran.err);
    let mut rest = all.as_str();
    for line in &lines {
        rest = rest.split_once(line.as_str()).unwrap_or_else(|| panic!("{line}: {all}")).1;
    }
}

#[test]
fn s1_6_the_file_that_github_reads_tells_where_labels_go() {
    let project = project(LABELS);
    let rules = "changelog:\n  exclude:\n    labels: [skip]\n  categories:\n    - title: Mended\n      labels: [bug]\n    - title: All else\n      labels: ['*']\n";
    project.write(".github/release.yml", rules);
    project.commit();
    let ran = setting(&project, None).rel("tell").code(0);
    let ran = ran.says("### Mended").says("- by hand").says("### All else").says("- a word");
    ran.never_says("Pins").never_says("### Features");

    project.write(".github/release.yml", "changelog: [\n");
    project.commit();
    let ran = setting(&project, None).rel("tell").code(1);
    ran.says(".github/release.yml cannot be read").says("hint: mend line ");
}

#[test]
fn s1_6_own_groups_take_labels_too() {
    let text = "task(\"tell\").run(|| print(changelog::notes(#{ labels: true, others: false, groups: [[\"New\", \"feat\", \"enhancement\"]] })));\n";
    let ran = setting(&project(text), None).rel("tell").code(0);
    let ran = ran.says("### New").says("- More of it").says("- by hand");
    ran.never_says("Pins");
}

#[test]
fn s1_6_where_github_cannot_be_asked_it_is_said_and_kinds_count() {
    let plain = |ran: crate::project::Ran, why: &str| {
        let told = format!("labels of pull requests are not looked at: {why}");
        ran.code(0).says(&told).says("### Features").says("### Bug fixes");
    };
    let project = project(LABELS);
    plain(setting(&project, None).rel("tell --offline"), "the run is `--offline`");
    plain(setting(&project, Some(2)).rel("tell"), "403 API rate limit exceeded");
    plain(project.rel("tell"), "the remote `origin` is not on GitHub");
}

#[test]
fn labels_are_not_asked_for_where_a_release_is_described() {
    let text = "task(\"page\").effects(\"github-release\").run(|| github::release(#{ tag: \"v1.0\", notes: changelog::notes(#{ labels: true }) }));\n";
    let ran = setting(&project(text), None).rel("page");
    ran.code(2).says("`notes` needs a result").says("move this into a task that `page` needs");
}
