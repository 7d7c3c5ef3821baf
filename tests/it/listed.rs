//! The list of tasks is kept, and never stale: whatever it was made of is changed, and shows.

use std::fs;

use rel::model::artifact::Digest;

use crate::project::Project;

/// Lists twice, so that the second may be the kept one, and tells it.
fn listed(project: &Project) -> String {
    let first = project.rel("list").code(0).out;
    let second = project.rel("list").code(0).out;
    assert_eq!(first, second);
    second
}

fn kept(project: &Project) -> Option<String> {
    fs::read_to_string(project.state().join("list")).ok()
}

#[test]
fn what_is_unchanged_is_not_evaluated_again() {
    let project = Project::new("task(\"lint\").exec(\"true\");").git();
    assert!(listed(&project).contains("lint"));
    let kept = kept(&project).unwrap();
    let (head, text) = kept.split_once('\n').unwrap();
    let other = text.replace("lint", "kept");
    let head = head.replace(&Digest::of(text).to_string(), &Digest::of(&other).to_string());
    fs::write(project.state().join("list"), format!("{head}\n{other}")).unwrap();
    assert!(project.rel("list").code(0).out.contains("kept"));
    let json = project.rel("list --output json").code(0).out;
    assert!(json.contains("lint") && !json.contains("kept"), "{json}");
}

#[test]
fn every_kind_of_reading_is_seen_to_change() {
    type Files = &'static [(&'static str, &'static str)];
    type Change = fn(&Project);
    let cases: &[(&str, Files, Change)] = &[
        ("task(\"old\");", &[], |project| project.write("Releasefile", "task(\"new\");")),
        (
            "import \"./part\" as part; task(part::NAME);",
            &[("part.rhai", "export const NAME = \"old\";")],
            |project| {
                project.write("part.rhai", "export const NAME = \"new\";");
            },
        ),
        (
            "import \"./part\" as part; task(part::NAME);",
            &[("part.rhai", "export const NAME = \"old\";")],
            |project| {
                project.write("part", "export const NAME = \"new\";");
            },
        ),
        ("task(read(\"name\"));", &[("name", "old")], |project| project.write("name", "new")),
        ("task(toml::read(\"name.toml\").name);", &[("name.toml", "name = \"old\"")], |project| {
            project.write("name.toml", "name = \"new\"");
        }),
        (
            "task(json::read(\"name.json\").name);",
            &[("name.json", "{\"name\":\"old\"}")],
            |project| {
                project.write("name.json", "{\"name\":\"new\"}");
            },
        ),
        (
            "for name in files(\"tasks/*\") { task(name.sub_string(6)); }",
            &[("tasks/old", "")],
            |project| {
                fs::rename(project.root().join("tasks/old"), project.root().join("tasks/new"))
                    .unwrap();
            },
        ),
        (
            "task(\"v\" + version().sub_string(0, 1));",
            &[("Cargo.toml", "[package]\nname = \"x\"\nversion = \"1.0.0\"")],
            |project| {
                project.write("pyproject.toml", "[project]\nname = \"x\"\nversion = \"2.0.0\"");
            },
        ),
        ("task(git::branch());", &[], |project| {
            project.run_git(&["switch", "--quiet", "--create", "new"])
        }),
        (
            "let name = \"old\"; try { read(\"none\"); name = \"new\"; } catch { } task(name);",
            &[],
            |project| {
                project.write("none", "there");
            },
        ),
    ];
    for (releasefile, files, change) in cases {
        let project = Project::new(releasefile);
        files.iter().for_each(|(path, text)| project.write(path, text));
        let project = project.git();
        let before = listed(&project);
        change(&project);
        assert_ne!(listed(&project), before, "{releasefile}");
    }
}

#[test]
fn a_variable_is_seen_to_change() {
    let releasefile = "task(env(\"MODE\", \"old\"));";
    let project = Project::new(releasefile).git();
    assert!(listed(&project).contains("old"));
    let project = project.env("MODE", "new");
    assert!(listed(&project).contains("new"));
}

#[test]
fn what_cannot_be_read_counts_as_nothing_kept() {
    let project = Project::new("task(\"lint\").exec(\"true\");").git();
    let list = listed(&project);
    let good = kept(&project).unwrap();
    let torn = &good[..good.len() - 3];
    let other = good.replacen("\"v\":1", "\"v\":2", 1);
    for bad in ["", "\n", "{}\nlint", torn, &other, "\u{0}\u{0}"] {
        fs::write(project.state().join("list"), bad).unwrap();
        assert_eq!(project.rel("list").code(0).out, list, "{bad:?}");
        assert_eq!(kept(&project).unwrap(), good);
    }
}

#[test]
fn neither_a_broken_file_nor_a_secret_is_kept() {
    let project = Project::new("task(\"lint\").needs(\"typo\");").git();
    project.rel("list").code(2);
    assert_eq!(kept(&project), None);
    project.write(
        "Releasefile",
        "secret(\"LOGIN\");\n// uses opensesame\ntask(\"lint\").exec(\"true\");",
    );
    let project = project.env("LOGIN", "opensesame");
    project.rel("list").code(0).says("***").never_says("opensesame");
    assert_eq!(kept(&project), None);
    let project = project.env("LOGIN", "something-else");
    assert!(listed(&project).contains("opensesame"));
    let project = project.env("LOGIN", "opensesame");
    project.rel("list").code(0).says("***").never_says("opensesame");
}
