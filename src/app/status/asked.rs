//! Asking every place, one after the other; what does not answer keeps nobody else from being shown.

use std::sync::Arc;

use super::here::Here;
use crate::host::Host;
use crate::host::stop::Stop;
use crate::remote::status as remote;
use crate::status::name::{self, Names};
use crate::status::{Facts, Listed, Place, Tagged, Told};

/// The git remote whose tags count.
const ORIGIN: &str = "origin";

/// Who asks, for what.
pub(super) struct Asker<'a> {
    pub(super) host: &'a Arc<Host>,
    pub(super) stop: &'a Stop,
    pub(super) names: &'a Names,
    /// The folder, if it is this project's.
    pub(super) here: Option<&'a Here<'a>>,
}

impl Asker<'_> {
    /// All that the registries list of the project. A project of others has one name, which may be
    /// somebody else's on the other registry: the first counts that has the version.
    pub(super) fn registries(&self, version: Option<&str>) -> Vec<(Place, Told<Listed>)> {
        let mut listed = self.python();
        let has = |(_, told): &(Place, Told<Listed>)| {
            let listed = told.held().filter(|listed| listed.known);
            listed.is_some_and(|listed| version.is_none_or(|version| listed.has(version)))
        };
        if self.here.is_none() && listed.first().is_some_and(has) {
            return listed;
        }
        let krate = self.names.krate.as_deref();
        let krate = krate.map(|name| remote::krate(self.host, name, self.stop));
        let krate = krate.map(|asked| (Place::Crates, Told::from(asked)));
        // TestPyPI decides nothing: what is only tried out there is not out.
        let answered = listed.first().is_none_or(|(_, told)| told.held().is_some());
        if self.here.is_none() && answered && krate.as_ref().is_some_and(has) {
            listed.clear();
        }
        listed.extend(krate);
        listed
    }

    fn python(&self) -> Vec<(Place, Told<Listed>)> {
        let Some(name) = &self.names.python else { return Vec::new() };
        let endpoints = &self.host.endpoints;
        let indexes = [(Place::Pypi, &endpoints.pypi), (Place::Testpypi, &endpoints.testpypi)];
        let ask = |index| remote::python(self.host, index, name, self.stop).into();
        indexes.into_iter().map(|(place, index)| (place, ask(index))).collect()
    }

    /// What the registries tell of the version.
    pub(super) fn facts(&self, listed: &[(Place, Told<Listed>)], version: &str) -> Facts {
        let of_version = |told: &Told<Listed>| match told {
            Told::Holds(listed) => Told::Holds(listed.shelf(version)),
            Told::Unknown(why) => Told::Unknown(why.clone()),
        };
        let home = self.home(listed);
        // A registry that never had the project says nothing by not having it now.
        let counts = |place: Place, told: &Told<Listed>| {
            Some(place) == home || told.held().is_none_or(|listed| listed.known)
        };
        let shelves = listed.iter().filter(|(place, told)| counts(*place, told));
        Facts {
            project: self.names.first().unwrap_or_default().to_owned(),
            names: self.names.clone(),
            version: version.to_owned(),
            home,
            shelves: shelves.map(|(place, told)| (*place, of_version(told))).collect(),
            ..Facts::default()
        }
    }

    /// Where the project goes first: as its files say, else the registry that has it.
    fn home(&self, listed: &[(Place, Told<Listed>)]) -> Option<Place> {
        let known = |(place, told): &(Place, Told<Listed>)| {
            let known = told.held().is_some_and(|listed| listed.known);
            (*place != Place::Testpypi && known).then_some(*place)
        };
        let by_name = self.here.map(|_| match &self.names.python {
            Some(_) => Place::Pypi,
            None => Place::Crates,
        });
        listed.iter().find_map(known).or(by_name)
    }

    /// Adds tag and release: of `origin` of this checkout, else of the repository that a registry names.
    pub(super) fn repository(&self, facts: &mut Facts) {
        let origin = self.here.and_then(|here| here.repo.remote(ORIGIN));
        facts.local = self.here.and_then(|here| here.tag(&facts.version));
        facts.repository = match &origin {
            Some(address) => self.host.endpoints.github.repository_of(address),
            None => self.named(facts),
        };
        if let Some(repository) = facts.repository.clone() {
            self.on_github(facts, &repository);
        } else if let Some(here) = self.here.filter(|_| origin.is_some()) {
            let tags = here.repo.remote_tags(ORIGIN, self.stop);
            let tag = tags.map(|tags| {
                let fits = |name: &str| self.fits(name, &facts.version);
                let found = tags.into_iter().find(|(name, _)| fits(name));
                found.map(|(name, commit)| Tagged { name, commit })
            });
            facts.tag = Some(tag.into());
        }
    }

    fn on_github(&self, facts: &mut Facts, repository: &str) {
        let (host, stop, version) = (self.host, self.stop, facts.version.clone());
        let fits = |tag: &str| self.fits(tag, &version);
        let local = facts.local.as_ref().map(|tag| tag.name.clone());
        let likely = [local.clone().unwrap_or_else(|| format!("v{version}"))];
        let tag = Told::from(remote::tag(host, repository, &likely, &fits, stop));
        let found = tag.held().and_then(Option::as_ref).map(|tag| tag.name.clone());
        facts.tag = Some(tag);
        let name = found.or(local);
        let release = remote::release(host, repository, name.as_deref(), &fits, stop);
        facts.hub = Some(release.into());
    }

    /// Whether a tag is the version's.
    fn fits(&self, tag: &str, version: &str) -> bool {
        name::tag_of([tag], self.names, version).is_some()
    }

    /// The repository on GitHub that a registry names for the project; one that does not answer leaves
    /// GitHub unknown.
    fn named(&self, facts: &mut Facts) -> Option<String> {
        let (host, stop) = (self.host, self.stop);
        let index = &host.endpoints.pypi;
        for place in facts.shelves.keys() {
            let named = match (place, &self.names.python, &self.names.krate) {
                (Place::Pypi, Some(name), _) => {
                    remote::repository_of_python(host, index, name, stop)
                }
                (Place::Crates, _, Some(name)) => remote::repository_of_crate(host, name, stop),
                _ => continue,
            };
            match named {
                Ok(Some(found)) => return Some(found),
                Ok(None) => {}
                Err(why) => facts.hub = Some(Told::Unknown(why)),
            }
        }
        None
    }
}
