//! The endpoints: how a path is read, what a token needs for each, and where it is documented.
//!
//! The first fitting line counts. A path that fits no line is not found, whatever the method, as at
//! the real one.

use super::access::{Level, Permission};
use super::rules::Checked;
use super::{Ask, Forge, Settings};
use crate::rehearse::http::{Request, Response};

/// Which of the two hosts of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// The API itself.
    Api,
    /// Where assets are sent to.
    Uploads,
}

type Handler = fn(&mut Forge, &Ask<'_>) -> Checked<Response>;

/// An endpoint.
pub(super) struct Route {
    door: Door,
    method: &'static str,
    /// Segments; `*` is any one, `**` all that follow, `@` the repository.
    path: &'static str,
    /// What a token has to have.
    pub(super) needs: (Permission, Level),
    /// Page and heading of its documentation.
    pub(super) docs: &'static str,
    /// What it does.
    pub(super) go: Handler,
}

impl Route {
    /// Whether it is about the repository, which not everyone may see.
    pub(super) fn is_below_repository(&self) -> bool {
        self.path.starts_with('@')
    }

    /// Whether it does not count against the rate limit.
    pub(super) fn is_free(&self) -> bool {
        self.path == "rate_limit"
    }

    /// Whether what it does is new content, of which only so much may be made.
    pub(super) fn makes_content(&self) -> bool {
        self.door == Door::Api && self.method == "POST" && self.needs.1 == Level::Write
    }

    /// What stands at the free places, if the path fits.
    fn fit(&self, settings: &Settings, parts: &[&str]) -> Option<Vec<String>> {
        if self.path.is_empty() {
            return parts.is_empty().then(Vec::new);
        }
        let (mut parts, mut args) = (parts, Vec::new());
        for wanted in self.path.split('/') {
            match (wanted, parts) {
                ("@", _) => parts = repository(settings, parts)?,
                ("**", [_, ..]) => {
                    args.push(parts.join("/"));
                    parts = &[];
                }
                ("*", [one, rest @ ..]) => {
                    args.push((*one).to_owned());
                    parts = rest;
                }
                (word, [one, rest @ ..]) if word == *one => parts = rest,
                _ => return None,
            }
        }
        parts.is_empty().then_some(args)
    }
}

/// What follows the repository, which is named, or numbered as in links to further pages.
fn repository<'a, 'b>(settings: &Settings, parts: &'a [&'b str]) -> Option<&'a [&'b str]> {
    match parts {
        ["repos", owner, name, rest @ ..] => {
            let name = format!("{owner}/{name}");
            name.eq_ignore_ascii_case(&settings.repository).then_some(rest)
        }
        ["repositories", id, rest @ ..] => {
            (*id == settings.repository_id.to_string()).then_some(rest)
        }
        _ => None,
    }
}

/// The endpoint that a request is for, with what stands at its free places.
pub(super) fn find(
    settings: &Settings,
    door: Door,
    request: &Request,
    parts: &[&str],
) -> Option<(&'static Route, Vec<String>)> {
    let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
    let mut fitting = ROUTES.iter().filter(|route| route.door == door && route.method == method);
    fitting.find_map(|route| Some((route, route.fit(settings, parts)?)))
}

const fn at(
    method: &'static str,
    path: &'static str,
    needs: (Permission, Level),
    docs: &'static str,
    go: Handler,
) -> Route {
    Route { door: Door::Api, method, path, needs, docs, go }
}

const SEEN: (Permission, Level) = (Permission::Metadata, Level::Read);
const READ: (Permission, Level) = (Permission::Contents, Level::Read);
const RUNS: (Permission, Level) = (Permission::Actions, Level::Read);
const PUSH: (Permission, Level) = (Permission::Contents, Level::Write);

const ROUTES: &[Route] = &[
    at("GET", "", SEEN, "meta/meta#github-api-root", Forge::show_root),
    at("GET", "rate_limit", SEEN, "rate-limit/rate-limit", Forge::show_limits),
    at("POST", "graphql", SEEN, "", Forge::graphql),
    at("GET", "user", SEEN, "users/users#get-the-authenticated-user", Forge::show_user),
    at("GET", "@", SEEN, "repos/repos#get-a-repository", Forge::show_repository),
    at("GET", "@/tags", READ, "repos/repos#list-repository-tags", Forge::list_tags),
    at(
        "GET",
        "@/immutable-releases",
        (Permission::Administration, Level::Read),
        "repos/repos#check-if-immutable-releases-are-enabled-for-a-repository",
        Forge::show_immutability,
    ),
    at("GET", "@/releases", READ, "releases/releases#list-releases", Forge::list_releases),
    at("POST", "@/releases", PUSH, "releases/releases#create-a-release", Forge::create_release),
    at(
        "POST",
        "@/releases/generate-notes",
        PUSH,
        "releases/releases#generate-release-notes-content-for-a-release",
        Forge::generate_notes,
    ),
    at(
        "GET",
        "@/releases/latest",
        READ,
        "releases/releases#get-the-latest-release",
        Forge::show_latest,
    ),
    at(
        "GET",
        "@/releases/tags/**",
        READ,
        "releases/releases#get-a-release-by-tag-name",
        Forge::show_tagged,
    ),
    at(
        "GET",
        "@/releases/assets/*",
        READ,
        "releases/assets#get-a-release-asset",
        Forge::show_asset,
    ),
    at(
        "PATCH",
        "@/releases/assets/*",
        PUSH,
        "releases/assets#update-a-release-asset",
        Forge::edit_asset,
    ),
    at(
        "DELETE",
        "@/releases/assets/*",
        PUSH,
        "releases/assets#delete-a-release-asset",
        Forge::delete_asset,
    ),
    at("GET", "@/releases/*", READ, "releases/releases#get-a-release", Forge::show_release),
    at("PATCH", "@/releases/*", PUSH, "releases/releases#update-a-release", Forge::edit_release),
    at("DELETE", "@/releases/*", PUSH, "releases/releases#delete-a-release", Forge::delete_release),
    at(
        "GET",
        "@/releases/*/assets",
        READ,
        "releases/assets#list-release-assets",
        Forge::list_assets,
    ),
    Route {
        door: Door::Uploads,
        method: "POST",
        path: "@/releases/*/assets",
        needs: PUSH,
        docs: "releases/assets#upload-a-release-asset",
        go: Forge::upload,
    },
    at("GET", "@/git/ref/**", READ, "git/refs#get-a-reference", Forge::show_ref),
    at(
        "GET",
        "@/git/matching-refs/**",
        READ,
        "git/refs#list-matching-references",
        Forge::list_matching,
    ),
    at("POST", "@/git/refs", PUSH, "git/refs#create-a-reference", Forge::create_ref),
    at("PATCH", "@/git/refs/**", PUSH, "git/refs#update-a-reference", Forge::update_ref),
    at("DELETE", "@/git/refs/**", PUSH, "git/refs#delete-a-reference", Forge::delete_ref),
    at("POST", "@/git/tags", PUSH, "git/tags#create-a-tag-object", Forge::create_tag),
    at("GET", "@/git/tags/*", READ, "git/tags#get-a-tag", Forge::show_tag),
    at(
        "GET",
        "@/commits/*/pulls",
        READ,
        "commits/commits#list-pull-requests-associated-with-a-commit",
        Forge::list_pulls_of_commit,
    ),
    at("GET", "@/commits/**", READ, "commits/commits#get-a-commit", Forge::show_commit),
    at("GET", "@/compare/**", READ, "commits/commits#compare-two-commits", Forge::compare),
    at(
        "GET",
        "@/environments",
        RUNS,
        "deployments/environments#list-environments",
        Forge::list_environments,
    ),
    at(
        "GET",
        "@/environments/*",
        RUNS,
        "deployments/environments#get-an-environment",
        Forge::show_environment,
    ),
    at(
        "GET",
        "@/environments/*/deployment-branch-policies",
        RUNS,
        "deployments/branch-policies#list-deployment-branch-policies",
        Forge::list_branch_policies,
    ),
    at(
        "GET",
        "@/actions/workflows",
        RUNS,
        "actions/workflows#list-repository-workflows",
        Forge::list_workflows,
    ),
    at(
        "GET",
        "@/actions/workflows/*",
        RUNS,
        "actions/workflows#get-a-workflow",
        Forge::show_workflow,
    ),
    at(
        "GET",
        "@/actions/workflows/*/runs",
        RUNS,
        "actions/workflow-runs#list-workflow-runs-for-a-workflow",
        Forge::list_workflow_runs,
    ),
    at(
        "POST",
        "@/actions/workflows/*/dispatches",
        (Permission::Actions, Level::Write),
        "actions/workflows#create-a-workflow-dispatch-event",
        Forge::dispatch,
    ),
    at(
        "GET",
        "@/actions/runs",
        RUNS,
        "actions/workflow-runs#list-workflow-runs-for-a-repository",
        Forge::list_runs,
    ),
    at(
        "GET",
        "@/actions/runs/*",
        RUNS,
        "actions/workflow-runs#get-a-workflow-run",
        Forge::show_run,
    ),
    at(
        "GET",
        "@/actions/runs/*/jobs",
        RUNS,
        "actions/workflow-jobs#list-jobs-for-a-workflow-run",
        Forge::list_jobs,
    ),
    at(
        "POST",
        "@/attestations",
        (Permission::Attestations, Level::Write),
        "repos/attestations#create-an-attestation",
        Forge::create_attestation,
    ),
    at(
        "GET",
        "@/attestations/*",
        (Permission::Attestations, Level::Read),
        "repos/attestations#list-attestations",
        Forge::list_attestations,
    ),
];
