//! A setting: a world with a copy of the project in it, in which one release can happen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ground::Ground;
use super::inner::{self, Inner, Stage};
use super::{cast, machine};
use crate::diag::{Diagnostic, Outcome};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::task::Task;
use crate::rehearse::fault::Strikes;
use crate::rehearse::kept::Kept;
use crate::rehearse::registries;
use crate::rehearse::scratch::{self, Scratch, Wanted};
use crate::rehearse::services::{self, Papers};
use crate::rehearse::wire::Proxy;
use crate::rehearse::world::World;

/// The file in a rehearsal's place that verifies what its world has signed.
pub(super) const TRUSTED_ROOT: &str = "trusted_root.json";

/// See the module.
pub(super) struct Setting<'a> {
    pub(super) scratch: Scratch,
    pub(super) world: Arc<World>,
    pub(super) proxy: Arc<Proxy>,
    pub(super) inner: Inner<'a>,
    /// Secrets by name, good in there alone.
    pub(super) secrets: BTreeMap<String, String>,
}

impl<'a> Setting<'a> {
    /// A new world, and a new copy in the place of the last one. `strikes` stands before the world.
    ///
    /// # Errors
    /// There is no commit, or the world cannot be made.
    pub(super) fn new(ground: &'a Ground<'a>, strikes: Arc<dyn Strikes>) -> Outcome<Self> {
        let Ground { host, project, options, place, caches, .. } = ground;
        let wanted = Wanted {
            commit: ground.commit.clone(),
            dirty: options.dirty,
            tag: options.tag.clone(),
            edits: ground.edits,
        };
        let scratch = scratch::make(host, &project.root, place, &host.endpoints.github, &wanted)?;
        let declared = &project.script.declared;
        let cast = cast::cast(host, &project.script, &scratch, ground.played.as_ref());
        let remote = cast::remote(host, &scratch, &place.join("remote"), &cast)?;
        let outside = outside(host, &ground.stop);
        let (mut world, papers) = services::world(&cast, Some(remote), outside, clock(host))
            .map_err(|why| Diagnostic::machine(format!("the world cannot be made: {why}")))?;
        world.keep(kept(host, caches, options.offline));
        let world = Arc::new(world);
        let cache = cache(host, caches, place, &papers)
            .map_err(|error| machine("cannot write below the cache folder", &error))?;
        let pages = cast::pages(&cast, &scratch.tag);
        let (proxy, authority) = inner::listening(&world, strikes, pages)?;
        let stage = Stage {
            scratch: &scratch,
            cast: &cast,
            place,
            caches,
            cache: &cache,
            asking: asking(&declared.tasks),
        };
        let inner = Inner::new(ground, &stage, &proxy, &authority)?;
        let secrets = cast.secrets.clone();
        Ok(Self { scratch, world, proxy, inner, secrets })
    }
}

/// Tasks that ask before they send.
fn asking(tasks: &[Task]) -> Vec<String> {
    let asks = |task: &&Task| task.confirm.is_some();
    tasks.iter().filter(asks).map(|task| task.name.clone()).collect()
}

/// The cache folder of programs in there: with what clients of Sigstore keep of its keys, so that they
/// verify offline by the world's, and rel's own tools, which all rehearsals share.
fn cache(host: &Host, caches: &Path, place: &Path, papers: &Papers) -> std::io::Result<PathBuf> {
    let cache = place.join("cache");
    let address = host.endpoints.sigstore.keys.replace(':', "%3A").replace('/', "%2F");
    let keys = cache.join("sigstore-python/tuf").join(address);
    fs::make_dir(&keys)?;
    let files = [
        (TRUSTED_ROOT, &papers.trusted_root),
        ("signing_config.v0.2.json", &papers.signing_config),
    ];
    for (name, value) in files {
        fs::replace(&keys.join(name), &value.to_string())?;
        fs::replace(&place.join(name), &value.to_string())?;
    }
    registries::take_cargo(host, &caches.join("cargo"))?;
    let tools = caches.join("rel");
    fs::make_dir(&tools)?;
    fs::link_dir(&tools, &cache.join("rel"))?;
    Ok(cache)
}

fn clock(host: &Arc<Host>) -> Box<dyn Fn() -> u64 + Send + Sync> {
    let host = host.clone();
    Box::new(move || host.clock.now())
}

/// What registries have answered in rehearsals before, of all projects.
fn kept(host: &Host, caches: &Path, offline: bool) -> Kept {
    let kept = Kept::new(caches.join("outside"), offline);
    if !offline {
        kept.sweep(host.clock.now());
    }
    kept
}

/// Reads registries as this machine does.
fn outside(host: &Arc<Host>, stop: &Stop) -> crate::rehearse::world::Outside {
    let (host, stop) = (host.clone(), stop.clone());
    Box::new(move |request| {
        services::relayed(request, |head, url, fields| {
            host.net().fetch(head, url, fields, &stop).ok()
        })
    })
}
