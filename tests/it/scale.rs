//! Large graphs: long chains, wide layers. Nothing recurses, nothing runs twice.

use crate::project::Project;

#[test]
fn a_chain_of_20_000_tasks_runs() {
    let project = Project::new(
        r#"
        task("t0");
        for i in 1..20000 { task(`t${i}`).needs(`t${i - 1}`); }
        task("last").needs("t19999").run(|| print("at the end"));
        "#,
    );
    project.rel("last").code(0).says("at the end");
}

#[test]
fn a_chain_of_20_000_is_poisoned_by_its_first() {
    let project = Project::new(
        r#"
        task("t0").exec("false");
        for i in 1..20000 { task(`t${i}`).needs(`t${i - 1}`); }
        task("last").needs("t19999").run(|| print("at the end"));
        "#,
    );
    project
        .rel("last")
        .code(1)
        .never_says("at the end")
        .says("last: not run: something it needs failed");
}

#[test]
fn fifty_layers_of_forty_run_each_task_once() {
    let project = Project::new(
        r#"
        for layer in 0..50 {
            for i in 0..40 {
                let name = `l${layer}-${i}`;
                let made = task(name).run(|| print(`ran ${name}`));
                if layer > 0 { for j in 0..40 { made.needs(`l${layer - 1}-${j}`); } }
            }
        }
        let all = task("all");
        for i in 0..40 { all.needs(`l49-${i}`); }
        "#,
    );
    let ran = project.rel("all -j 4").code(0);
    let mut lines: Vec<&str> =
        ran.err.lines().filter(|line| line.trim_start().starts_with("ran ")).collect();
    assert_eq!(lines.len(), 2000);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 2000);
}
