//! What a job runs, a line each: the runner stops at the first that fails, and shows each before it runs.
//!
//! rel and what it makes lie in a folder of the job's own, outside of the checkout: what a job takes over is
//! laid into the checkout by GitLab, and would be a change there. The digest of a bundle comes as a variable
//! that GitLab reads from the report of the job before, so not the way of the bundle itself.
//!
//! What `ci_rel` says stands here and not in the job's `variables`, over which a project's variables of the same
//! names win (GitLab's page "CI/CD variables", on precedence): address and digest would not bind.
//!
//! GitLab checks a commit out and no branch: where a release pushes, the job that commits and the one that pushes
//! name it. The address with the job's token stands in a variable of the runner's, so in no log, and in the
//! checkout's configuration, where the runner has put one already; a plan holds addresses without logins.
//! From GitLab's pages "CI/CD job token", "Allow Git push requests to your project repository", and "Predefined
//! CI/CD variables".

use super::job::Pipe;
use crate::ci::install::download;
use crate::ci::jobs::{Follows, Job, Role};
use crate::model::workflow::Download;

/// Gets rel, as on GitHub; the program that takes digests is not called the same everywhere.
fn install(known: Option<&Download>, digests: &str) -> Vec<String> {
    // Neither has a quote in it: both were looked at when they were declared.
    let said = known.into_iter().flat_map(|known| {
        [("REL_URL", &known.url), ("REL_SHA256", &known.sha256)]
            .map(|(name, value)| format!("{name}='{value}'"))
    });
    let lines = [
        "REL_WORK=$(mktemp -d)",
        "curl --fail --silent --show-error --location --proto =https --output \"$REL_WORK/rel.tar.gz\" \"$REL_URL\"",
        &format!("echo \"$REL_SHA256  $REL_WORK/rel.tar.gz\" | {digests} -c -"),
        "mkdir \"$REL_WORK/bin\"",
        "tar -xzf \"$REL_WORK/rel.tar.gz\" -C \"$REL_WORK/bin\" rel",
        "export PATH=\"$REL_WORK/bin:$PATH\"",
    ];
    said.chain(lines.map(str::to_owned)).collect()
}

/// The variable with the digest of a job's bundle.
fn digest(workflow: &str, job: &Job) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = format!("{workflow}_{}", job.id).chars().map(word).collect();
    format!("BUNDLE_{name}")
}

const PLAN: &str = "\"$REL_WORK/plan.json\"";
/// Where GitLab lays the bundle, and where it takes it from.
const BUNDLE: &str = "\"$CI_PROJECT_DIR/release.tar\"";
/// What was taken over, out of the checkout.
const TAKEN: &str = "\"$REL_WORK/release.tar\"";
/// Names the branch; a pipeline of a tag has none.
const BRANCH: &str = "if [ -n \"$CI_COMMIT_BRANCH\" ]; then git checkout --quiet -B \"$CI_COMMIT_BRANCH\" \"$CI_COMMIT_SHA\"; fi";
/// Lets git push there by the job's own token.
const LOGIN: &str = "git remote set-url --push origin \"$CI_REPOSITORY_URL\"";

/// The file of a job's bundle: those of parts lie side by side where they are gathered.
pub(super) fn bundle(job: &Job) -> String {
    if job.like.role == Role::Part { format!("{}.tar", job.id) } else { "release.tar".into() }
}

impl Pipe<'_> {
    /// The lines of a job, after rel is there. `follows` is how the jobs before ended.
    pub(super) fn script(&self, job: &Job, source: Option<&Job>, follows: Follows) -> Vec<String> {
        let writer = &self.writer;
        let (goals, _) = writer.goals_of(job);
        let (words, _) = writer.sending(job);
        let answers = writer.answers(job);
        let taken = source.map_or(Vec::new(), |source| self.taken(source));
        let lines = match job.like.role {
            Role::Check => vec![format!("rel run {goals} --strict")],
            Role::Part => {
                let run = format!("rel run {goals} --strict -o {PLAN}");
                [vec![run], self.packed(job)].concat()
            }
            Role::Build => [
                self.branch(),
                self.gathered(job),
                vec![format!("rel run {goals} --strict -o {PLAN}"), format!("rel show {PLAN}")],
                self.packed(job),
            ]
            .concat(),
            Role::Push => self.pushed(job, source),
            Role::Send => self.sent(job, source),
            Role::Command => {
                let apply = format!("rel apply {PLAN} {words}{answers}");
                [taken, vec![apply], self.packed(job)].concat()
            }
            Role::After => [taken, vec![format!("rel apply {PLAN} {words}")]].concat(),
            Role::Follow(_) => vec![followed(&words, follows)],
        };
        let runner = job.like.runner.as_deref();
        let known = download(&writer.scene.declared.downloads, runner);
        let digests = if runner.is_some() { "shasum -a 256" } else { "sha256sum" };
        [install(known, digests), lines].concat()
    }

    fn workflow(&self) -> &str {
        &self.writer.scene.workflow.name
    }

    fn packed(&self, job: &Job) -> Vec<String> {
        let name = digest(self.workflow(), job);
        let file = bundle(job);
        vec![
            format!("packed=$(rel pack \"$CI_PROJECT_DIR/{file}\" --plan {PLAN})"),
            format!("echo \"{name}=${{packed%% *}}\" > \"$CI_PROJECT_DIR/bundle.env\""),
        ]
    }

    /// Out of the checkout, and unpacked.
    fn taken(&self, source: &Job) -> Vec<String> {
        let digest = digest(self.workflow(), source);
        vec![
            format!("mv {BUNDLE} {TAKEN}"),
            format!("rel unpack {TAKEN} --sha256 \"${digest}\" -o {PLAN}"),
        ]
    }

    /// A line that names the branch, if something is pushed later.
    fn branch(&self) -> Vec<String> {
        let pushes = self.writer.jobs.0.iter().any(|job| job.like.role == Role::Push);
        pushes.then(|| BRANCH.to_owned()).into_iter().collect()
    }

    /// What other machines have made, each bundle by its digest.
    fn gathered(&self, job: &Job) -> Vec<String> {
        let parts = job.needs.iter().map(|need| &self.writer.jobs.0[*need]);
        let take = |part: &Job| {
            let (file, digest) = (bundle(part), digest(self.workflow(), part));
            [
                format!("mv \"$CI_PROJECT_DIR/{file}\" \"$REL_WORK/{file}\""),
                format!("rel unpack \"$REL_WORK/{file}\" --sha256 \"${digest}\""),
            ]
        };
        parts.flat_map(take).collect()
    }

    /// Pushes from the checkout, which nothing is laid into.
    fn pushed(&self, job: &Job, source: Option<&Job>) -> Vec<String> {
        let before = [LOGIN.to_owned(), format!("mv {BUNDLE} {TAKEN}")];
        [self.branch(), before.to_vec(), self.applied(job, source, TAKEN)].concat()
    }

    /// Sends from an empty folder: where nothing is fetched, an earlier job of the same machine may have left its
    /// files.
    fn sent(&self, job: &Job, source: Option<&Job>) -> Vec<String> {
        let before = ["mkdir \"$REL_WORK/empty\"", "cd \"$REL_WORK/empty\""].map(str::to_owned);
        [before.to_vec(), self.applied(job, source, BUNDLE)].concat()
    }

    fn applied(&self, job: &Job, source: Option<&Job>, from: &str) -> Vec<String> {
        let writer = &self.writer;
        let (words, answers) = (writer.words(&job.nodes).join(" "), writer.answers(job));
        let taken = source.map(|source| digest(self.workflow(), source)).unwrap_or_default();
        let own = digest(self.workflow(), job);
        vec![
            format!("sent=$(rel apply {from} --sha256 \"${taken}\" {words}{answers} -o {BUNDLE})"),
            format!("echo \"{own}=${{sent%% *}}\" > \"$CI_PROJECT_DIR/bundle.env\""),
        ]
    }
}

/// GitLab tells a job only whether one before it has failed, not which.
fn followed(words: &str, follows: Follows) -> String {
    let result = if follows == Follows::Failure { "failure" } else { "success" };
    format!("rel ci follow {words} --needs '{{\"pipeline\":{{\"result\":\"{result}\"}}}}'")
}
