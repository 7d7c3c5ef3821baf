//! What a workflow of GitHub Actions says of triggers, environments and permissions, and whether it starts rel
//! to send.
//!
//! Read once by `workflow`, as the linter reads it; kept are plain values, so that traps can be judged without
//! a file. What a reusable workflow or a script of the repository does is not seen.

use crate::workflow::{self, Call, calls};

/// A workflow's file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workflow {
    /// Its name, without the folder.
    pub file: String,
    /// What starts it: the names of its events.
    pub triggers: Vec<String>,
    /// The environments that its jobs name; `None` if one is worked out when it runs.
    pub environments: Option<Vec<String>>,
    /// Whether a job of it may get an identity.
    pub has_identity: bool,
    /// Whether it starts rel to send.
    pub sends: bool,
    /// The words that it starts rel with.
    pub words: Vec<String>,
}

impl Workflow {
    /// What a workflow says; `file` is its name.
    pub fn of(file: &str, found: &workflow::Workflow<'_>) -> Self {
        let named = found.jobs.iter().filter_map(|job| job.environment()?.text());
        let named: Vec<String> = named.map(str::to_owned).collect();
        let steps = found.jobs.iter().flat_map(|job| &job.steps);
        let scripts = steps.filter_map(|step| step.node.text_of("run"));
        let calls: Vec<Call> =
            scripts.flat_map(calls).filter(|call| call.of("rel", &[]).is_some()).collect();
        Self {
            file: file.to_owned(),
            triggers: found.triggers().into_iter().map(str::to_owned).collect(),
            environments: (!named.iter().any(|name| name.contains("${{"))).then_some(named),
            has_identity: found.jobs.iter().any(|job| found.rights(job).writes("id-token")),
            sends: calls.iter().any(sends),
            words: calls.into_iter().flat_map(|call| call.words).collect(),
        }
    }
}

/// What is described on one machine is sent by `rel apply` on another; all else sends with `--live`.
fn sends(call: &Call) -> bool {
    call.has("--live") || call.of("rel", &["apply"]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::{File, Project};

    fn read(text: &str) -> Workflow {
        let file = File::read("release.yml", text).unwrap();
        Workflow::of("release.yml", &file.workflow(&Project::default()).unwrap())
    }

    fn with_job(job: &str) -> Workflow {
        read(&format!("jobs:\n  a:\n{job}\n"))
    }

    #[test]
    fn triggers_are_found_in_each_form() {
        for (text, wanted) in [
            ("on: push\n", vec!["push"]),
            ("on: [push, 'release']\n", vec!["push", "release"]),
            ("on:\n  - push\n  - release\n", vec!["push", "release"]),
            ("\"on\":\n- push\n", vec!["push"]),
            ("on:\n  push:\n    tags: v*\n  workflow_call: # x\n", vec!["push", "workflow_call"]),
            ("", vec![]),
        ] {
            let text = format!("{text}jobs:\n  release:\n    on: x\n");
            assert_eq!(read(&text).triggers, wanted, "{text}");
        }
    }

    #[test]
    fn environments_are_found_in_each_form() {
        for (job, wanted) in [
            ("    environment: pypi", Some(vec!["pypi"])),
            ("    environment: {name: pypi, url: x}", Some(vec!["pypi"])),
            ("    environment:\n      url: x\n      name: 'pypi'", Some(vec!["pypi"])),
            ("    environment: ${{ inputs.where }}", None),
            ("    environment:\n      url: ${{ x }}", Some(vec![])),
            ("    env: {environment: x}", Some(vec![])),
        ] {
            let wanted: Option<Vec<String>> =
                wanted.map(|all| all.into_iter().map(str::to_owned).collect());
            assert_eq!(with_job(job).environments, wanted, "{job}");
        }
    }

    #[test]
    fn the_identity_is_a_permission_of_a_job() {
        for job in [
            "    permissions:\n      id-token: \"write\"",
            "    permissions: write-all",
            "    permissions: { id-token: write }",
        ] {
            assert!(with_job(job).has_identity, "{job}");
        }
        for job in [
            "    steps: []",
            "    permissions: {id-token: read} # id-token: write",
            "    permissions: read-all",
            "    env: {id-token: write}",
        ] {
            assert!(!with_job(job).has_identity, "{job}");
        }
        let above = |job: &str| format!("permissions: write-all\njobs:\n  a: {job}\n");
        assert!(read(&above("{}")).has_identity);
        assert!(!read(&above("{permissions: {}}")).has_identity);
    }

    #[test]
    fn it_sends_where_rel_is_started_live_or_with_a_plan() {
        let run =
            |script: &str| with_job(&format!("    steps:\n      - run: |\n          {script}"));
        for script in [
            "rel publish --live --yes",
            "./bin/rel run x --live",
            "rel publish \\\n            --live",
            "sent=$(rel apply release.tar --sha256 x publish)",
            "uvx --from relfile rel publish --live",
        ] {
            assert!(run(script).sends, "{script}");
        }
        for script in
            ["rel publish", "# rel publish --live", "barrel --live", "echo rel apply", "apply x"]
        {
            assert!(!run(script).sends, "{script}");
        }
        assert_eq!(run("rel publish --live").words, ["rel", "publish", "--live"]);
    }
}
