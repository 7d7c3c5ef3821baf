//! What git's words mean when it fails, and what to do.
//!
//! Sources: git's own texts (`transport.c`, `send-pack.c`, `remote-curl.c`, `connect.c`), GitHub's by
//! <https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/troubleshooting-rules>
//! and <https://docs.github.com/authentication/troubleshooting-ssh>. The first row whose words are in a reason counts.

use crate::remote::Trouble;
use crate::remote::cures::{self, Cures};

/// Words of a reason, and what to do.
const CURES: Cures = &[
    ("non-fast-forward", BEHIND),
    ("fetch first", BEHIND),
    ("already exists", "choose another version: a tag that is out stays where it is"),
    (
        "GH013",
        "push to a branch that takes pushes, or ask for a bypass of that ruleset for whoever pushes here",
    ),
    (
        "GH006",
        "push to a branch that is not protected, or let whoever pushes here go past the protection",
    ),
    (
        "GH001",
        "take the file out of the commit, or keep it in Git LFS; then run the same command with `--rebuild`",
    ),
    (
        "create or update workflow",
        "push with a token that may change workflow files: GITHUB_TOKEN of a run never may",
    ),
    (
        "not allowed to upload code",
        "let jobs push with their token: Settings > CI/CD > Job token permissions > Allow Git push requests to the repository",
    ),
    (
        "to protected branches",
        "let whoever starts the pipeline push there: Settings > Repository > Protected branches",
    ),
    ("hook declined", "read what the hook of the remote says, and mend that"),
    (
        "does not support --atomic",
        "push to a remote that can take several refs at once, or only one ref",
    ),
    ("shallow update not allowed", "fetch the whole history: `git fetch --unshallow`"),
    ("Write access to repository not granted", WRITE),
    ("denied to", WRITE),
    ("returned error: 403", WRITE),
    ("Permission denied (publickey", "load a key that the remote knows: `ssh-add -l` lists them"),
    ("Host key verification failed", "connect once by hand with `ssh`, and check the key it shows"),
    (
        "Repository not found",
        "check the address with `git remote -v`, and that the login may see the repository",
    ),
    (
        "does not appear to be a git repository",
        "check the address of the remote with `git remote -v`",
    ),
    ("Authentication failed", LOGIN),
    ("could not read Username", LOGIN),
    ("could not read Password", LOGIN),
    ("Invalid username or token", LOGIN),
];

const BEHIND: &str =
    "take in what is there with `git pull`; then the same command begins anew from that commit";
const WRITE: &str = "give the job, or the token, the permission `contents: write`";
const LOGIN: &str =
    "let git log in there: a credential helper, or in CI the checkout action's login";

/// What went wrong, by all that git said. `pushing`: it was no look.
pub(super) fn told(said: &[String], pushing: bool) -> Trouble {
    let reason = reason(said);
    if let Some(hint) = cures::of(CURES, &reason) {
        return Trouble::Refused { reason, hint: hint.into() };
    }
    if said.iter().any(|line| line.contains("rejected]")) {
        let hint = "read the reason; the same command again goes on from here".into();
        return Trouble::Refused { reason, hint };
    }
    let spoken = |line: &String| ["fatal:", "remote:", "!\t"].iter().any(|of| line.starts_with(of));
    if pushing && !said.iter().any(spoken) && said.iter().any(|line| line.contains(NOT_PUSHED)) {
        let reason = "a pre-push hook said no".into();
        return Trouble::Refused { reason, hint: "mend what it says above".into() };
    }
    Trouble::Unclear(reason)
}

const NOT_PUSHED: &str = "failed to push some refs";
/// What says nothing of the reason.
const NOISE: [&str; 3] =
    [NOT_PUSHED, "unable to read askpass response", "Review all repository rules"];

/// The lines that tell why, in one.
fn reason(said: &[String]) -> String {
    let mut told: Vec<String> = Vec::new();
    for line in said {
        let line = line.trim_end();
        let words = match line.strip_prefix("!\t").and_then(|line| line.split_once('\t')) {
            Some((refs, why)) => {
                let name = refs.rsplit(':').next().unwrap_or(refs);
                let name = name.trim_start_matches("refs/heads/").trim_start_matches("refs/tags/");
                format!("{name} {why}")
            }
            None => {
                let own = ["remote: error: ", "remote: ", "fatal: ", "error: "];
                match own.iter().find_map(|start| line.strip_prefix(start)) {
                    Some(words) => {
                        words.trim().trim_start_matches("- ").trim_end_matches('.').into()
                    }
                    None => continue,
                }
            }
        };
        // One ref was refused, and the others with it.
        let dragged = words.contains("atomic") && words.contains("rejected]");
        let noise = dragged || NOISE.iter().any(|noise| words.contains(noise));
        if !words.is_empty() && !noise && !told.contains(&words) {
            told.push(words);
        }
    }
    let whole =
        if told.is_empty() { said.last().cloned().unwrap_or_default() } else { told.join("; ") };
    whole.chars().take(600).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn no_row_hides_a_later_one() {
        cures::each_counts(CURES.iter().map(|(words, _)| *words));
    }

    #[test]
    fn a_refused_ref_is_told_and_what_was_dragged_along_is_not() {
        let said = "To https://git.example/a\n!\t11:refs/heads/main\t[rejected] (fetch first)\n!\t22:refs/tags/v1\t[rejected] (atomic push failed)\nDone\nerror: failed to push some refs to 'https://git.example/a'";
        let reason = "main [rejected] (fetch first)".to_owned();
        assert_eq!(told(&lines(said), true), Trouble::Refused { reason, hint: BEHIND.into() });
    }

    #[test]
    fn what_the_remote_says_leads_the_reason() {
        let said = "remote: error: GH013: Repository rule violations found for refs/heads/main.\nremote: \n!\t1:refs/heads/main\t[remote rejected] (push declined due to repository rule violations)\nerror: failed to push some refs to 'x'";
        let Trouble::Refused { reason, hint } = told(&lines(said), true) else { panic!() };
        assert!(reason.starts_with("GH013: Repository rule violations"), "{reason}");
        assert!(hint.contains("ruleset"), "{hint}");
    }

    #[test]
    fn a_hook_of_ones_own_and_a_network_are_told_apart() {
        let hook = lines("tests failed\nerror: failed to push some refs to 'x'");
        assert!(matches!(told(&hook, true), Trouble::Refused { .. }));
        let network = lines(
            "fatal: unable to access 'https://git.example/a/': Could not resolve host: git.example",
        );
        let unclear = Trouble::Unclear(
            "unable to access 'https://git.example/a/': Could not resolve host: git.example".into(),
        );
        assert_eq!(told(&network, true), unclear);
        assert_eq!(told(&network, false), unclear);
    }
}
