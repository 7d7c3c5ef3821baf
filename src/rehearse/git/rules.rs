//! The rules by which the remote refuses, each with the place that it is known from.
//!
//! Texts of the refusals stand where the checks are. Where GitHub's pages do not say what its answer
//! looks like, the texts are those that people quote from it.

use crate::rehearse::http::Rule;

const CLONING: &str = "https://docs.github.com/repositories/creating-and-managing-repositories/troubleshooting-cloning-errors";
const REMOTES: &str = "https://docs.github.com/get-started/git-basics/about-remote-repositories#cloning-with-https-urls";
const RULESETS: &str = "https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets";
const PROTECTED: &str = "https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches";
const LARGE: &str = "https://docs.github.com/repositories/working-with-files/managing-large-files/about-large-files-on-github";
const TOKEN: &str = "https://docs.github.com/actions/tutorials/authenticate-with-github_token";
const SCOPES: &str =
    "https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps";

macro_rules! rules {
    ($($id:ident = $name:literal, $source:expr;)*) => {
        $(pub(super) const $id: Rule = Rule { name: concat!("git.", $name), source: $source };)*

        /// Every rule by which the remote refuses.
        pub const RULES: &[Rule] = &[$($id),*];
    };
}

rules! {
    DUMB_HTTP = "dumb-http", "https://github.blog/news-insights/git-dumb-http-transport-to-be-turned-off-in-90-days/";
    NOT_FOUND = "repository-not-found", CLONING;
    CREDENTIALS = "credentials", REMOTES;
    WRITE_ACCESS = "write-access", TOKEN;
    REQUEST = "request", "https://git-scm.com/docs/gitprotocol-http";

    CREATION = "creation-restricted", RULESETS;
    UPDATE = "update-restricted", RULESETS;
    DELETION = "deletion-restricted", RULESETS;
    FORCE_PUSH = "force-push-blocked", RULESETS;
    PULL_REQUEST = "pull-request-required", RULESETS;
    PROTECTED_BRANCH = "protected-branch", PROTECTED;

    LARGE_FILE = "large-file", LARGE;
    WORKFLOW = "workflow-permission", TOKEN;
    WORKFLOW_SCOPE = "workflow-scope", SCOPES;
    RECEIVE_PACK = "receive-pack", "https://git-scm.com/docs/git-receive-pack";
}
