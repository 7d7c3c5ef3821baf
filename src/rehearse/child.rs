//! What a rehearsed run sees: the variables of a GitHub runner, a proxy and an authority for every
//! client, a home of its own, and none of the user's credentials.

use std::collections::BTreeMap;
use std::path::Path;

use super::oidc::Identity;
use super::registries;
use crate::host::Host;

/// Beginnings of names that do not come along: places and settings of the user's.
const LEFT: &[&str] = &[
    "ACTIONS_",
    "CARGO_",
    "CI",
    "CURL_",
    "GH_",
    "GIT_",
    "GITHUB_",
    "GITLAB_",
    "NODE_EXTRA",
    "REL_",
    "REQUESTS_",
    "RUNNER_",
    "SSH_",
    "SSL_",
    "XDG_",
];
/// The proxy, as clients look for it.
const PROXIES: &[&str] =
    &["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "http_proxy", "https_proxy"];
/// The authority, as curl, Python, uv, cargo, Node, git and pip look for it.
const AUTHORITIES: &[&str] = &[
    "CARGO_HTTP_CAINFO",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
];

/// What the variables say.
pub struct Told<'a> {
    /// The user's machine.
    pub host: &'a Host,
    /// Address of the proxy.
    pub proxy: &'a str,
    /// File with the authority's certificate.
    pub authority: &'a Path,
    /// An empty home.
    pub home: &'a Path,
    /// Caches of rehearsals, kept between them.
    pub caches: &'a Path,
    /// The cache folder of this rehearsal.
    pub cache: &'a Path,
    /// Who the run is.
    pub identity: &'a Identity,
    /// Address of the site and of its API.
    pub addresses: [&'a str; 2],
    /// What the runner shows to get an identity token.
    pub bearer: &'a str,
    /// The token of the run for GitHub.
    pub token: &'a str,
    /// The token of the run for crates.io.
    pub crates_token: &'a str,
    /// Values of the secrets that the Releasefile names.
    pub secrets: &'a BTreeMap<String, String>,
}

/// The variables of a rehearsed run.
pub fn variables(told: &Told<'_>) -> BTreeMap<String, String> {
    let mut all = told.host.env.for_child(&[]);
    all.retain(|name, _| {
        let left = LEFT
            .iter()
            .any(|start| name == start || start.ends_with('_') && name.starts_with(start));
        !left && !name.to_ascii_lowercase().ends_with("_proxy")
    });
    // Whatever a secret is called, what it holds here is not for a rehearsal; the run has its own of some.
    all.extend(told.secrets.clone());
    let user = told.host.env.get("HOME").map(Path::new);
    for (name, place) in [("RUSTUP_HOME", ".rustup"), ("PYENV_ROOT", ".pyenv")] {
        if let Some(home) = user {
            all.entry(name.into())
                .or_insert_with(|| home.join(place).to_string_lossy().into_owned());
        }
    }
    let mut put = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
    for name in PROXIES {
        put(name, told.proxy);
    }
    for name in AUTHORITIES {
        put(name, &told.authority.to_string_lossy());
    }
    put("HOME", &told.home.to_string_lossy());
    for (name, folder) in [
        ("CARGO_HOME", "cargo"),
        ("UV_CACHE_DIR", "uv"),
        ("PIP_CACHE_DIR", "pip"),
        ("npm_config_cache", "npm"),
    ] {
        put(name, &told.caches.join(folder).to_string_lossy());
    }
    put("XDG_CACHE_HOME", &told.cache.to_string_lossy());
    for (name, file) in registries::settings(told.host) {
        put(name, &file.to_string_lossy());
    }
    put("GIT_CONFIG_NOSYSTEM", "1");
    put("GIT_TERMINAL_PROMPT", "0");
    runner(told, &mut put);
    all
}

/// What GitHub sets for a job on a tag or branch.
fn runner(told: &Told<'_>, put: &mut dyn FnMut(&str, &str) -> Option<String>) {
    let [web, api] = told.addresses;
    let run = told.identity;
    let name = run.workflow_name();
    let workflow = format!("{}/{name}@{}", run.repository, run.reference);
    let kind = if run.reference.starts_with("refs/tags/") { "tag" } else { "branch" };
    let owner = run.repository.split('/').next().unwrap_or_default();
    for (name, value) in [
        ("CI", "true"),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", owner),
        ("GITHUB_API_URL", api),
        ("GITHUB_EVENT_NAME", &run.event),
        ("GITHUB_REF", &run.reference),
        ("GITHUB_REF_NAME", run.reference.splitn(3, '/').nth(2).unwrap_or_default()),
        ("GITHUB_REF_TYPE", kind),
        ("GITHUB_REPOSITORY", &run.repository),
        ("GITHUB_REPOSITORY_OWNER", owner),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("GITHUB_RUN_ID", "3003"),
        ("GITHUB_SERVER_URL", web),
        ("GITHUB_SHA", &run.sha),
        ("GITHUB_WORKFLOW", &name),
        ("GITHUB_WORKFLOW_REF", &workflow),
        ("GITHUB_WORKFLOW_SHA", &run.sha),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", told.bearer),
        ("GITHUB_TOKEN", told.token),
        ("CARGO_REGISTRY_TOKEN", told.crates_token),
    ] {
        put(name, value);
    }
    put("ACTIONS_ID_TOKEN_REQUEST_URL", &format!("{}/token?api-version=2.0", told.proxy));
}
