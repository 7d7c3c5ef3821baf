//! `rel show plan.json`: the page of a plan, with what is in its files and what is new in them.
//!
//! The Releasefile is not run for that: whoever looks at a plan need not trust it yet. Files come from
//! the store by their digests; one that is not on this machine is named, and no error.

use std::io::{BufReader, Cursor, Read, Seek};
use std::path::PathBuf;
use std::sync::Arc;

use super::session::{Done, listening};
use super::{find, inspect};
use crate::cli::ShowOptions;
use crate::diag::{Diagnostic, Exit, Kind};
use crate::dist::contents::{Form, Member, members};
use crate::dist::difference::{between, predecessor};
use crate::host::{Host, fs};
use crate::model::artifact::Artifact;
use crate::model::effect::Effect;
use crate::plan::Plan;
use crate::remote::Trouble;
use crate::remote::earlier::Search;
use crate::repo::Repo;
use crate::report::page::{self, Earlier, File, Inside, Page};
use crate::store::Store;

/// Shows one thing; a file whose name ends in `.json` is taken for a plan.
///
/// # Errors
/// There is no such thing, or the file is no plan.
pub(super) fn show(host: &Arc<Host>, options: &ShowOptions) -> Done {
    let ShowOptions { name, markdown, against, online } = options;
    if name.ends_with(".json") && fs::is_file(&host.cwd.join(name)) {
        return of_plan(host, options);
    }
    if *markdown || *online || !against.is_empty() {
        let wrong = Diagnostic::usage(format!("`{name}` is no file of a plan"));
        let hint = "`--markdown`, `--against` and `--online` are for the page of a plan: `rel show plan.json`";
        return Err(wrong.hint(hint).into());
    }
    inspect::show(host, name)
}

fn of_plan(host: &Arc<Host>, options: &ShowOptions) -> Done {
    let stop = listening(host)?;
    let text = fs::read_text(&host.cwd.join(&options.name))
        .map_err(|error| Diagnostic::usage(format!("cannot read {}: {error}", options.name)))?;
    let plan = Plan::parse(&text)?;
    let sources = Sources {
        host,
        store: store(host),
        against: against(host, &options.against)?,
        search: options.online.then(|| Search::new(host, &stop)),
    };
    let files = files(&plan).into_iter().map(|(artifact, effect)| sources.file(artifact, effect));
    let page = Page { plan: &plan, files: files.collect() };
    if stop.fired() {
        return Err(Diagnostic::new(Kind::Interrupted, stop.reason()).into());
    }
    let mask = |text: &str| host.env.masked(text);
    host.out(&if options.markdown { page::markdown(&page, &mask) } else { page::text(&page) });
    Ok(Exit::OK)
}

/// The files of a plan, each once, with an effect that says which release it is of, if one does.
fn files(plan: &Plan) -> Vec<(&Artifact, &Effect)> {
    let mut all: Vec<(&Artifact, &Effect)> = Vec::new();
    for effect in plan.effects.iter().map(|planned| &planned.effect) {
        let tells = matches!(effect, Effect::UploadPypi(_) | Effect::PublishCrate(_));
        for file in effect.files() {
            let same = |(known, _): &&mut (&Artifact, &Effect)| {
                known.sha256 == file.sha256 && known.file_name() == file.file_name()
            };
            match all.iter_mut().find(same) {
                Some(known) if tells => known.1 = effect,
                Some(_) => {}
                None => all.push((file, effect)),
            }
        }
    }
    all
}

/// The store of the project around; none where there is no project.
fn store(host: &Host) -> Option<Store> {
    let root = find(&host.cwd).ok()?.parent()?.to_owned();
    let state = Repo::new(host, root).state().ok()?;
    Some(Store::new(state.join("store")))
}

/// The files to compare with, by their names.
fn against(host: &Host, paths: &[PathBuf]) -> Result<Vec<(String, PathBuf)>, Vec<Diagnostic>> {
    let (mut named, mut wrong) = (Vec::new(), Vec::new());
    for shown in paths {
        let path = host.cwd.join(shown);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        match name.filter(|_| fs::is_file(&path)) {
            Some(name) => named.push((name, path)),
            None => {
                let message = format!("there is no file {}", shown.display());
                wrong.push(Diagnostic::usage(message).hint("name files of an earlier release"));
            }
        }
    }
    if wrong.is_empty() { Ok(named) } else { Err(wrong) }
}

/// Where contents come from.
struct Sources<'a> {
    host: &'a Host,
    store: Option<Store>,
    against: Vec<(String, PathBuf)>,
    search: Option<Search<'a>>,
}

impl Sources<'_> {
    fn file<'p>(&self, artifact: &'p Artifact, effect: &Effect) -> File<'p> {
        let form = Form::of(artifact.file_name());
        let inside = self.inside(artifact, form);
        let earlier = match (&inside, form) {
            (Inside::Members(now), Some(form)) => self.earlier(artifact, effect, form, now),
            _ => Earlier::NotAsked,
        };
        File { artifact, inside, earlier }
    }

    fn inside(&self, artifact: &Artifact, form: Option<Form>) -> Inside {
        let Some(store) = &self.store else {
            return Inside::Unknown("not on this machine: no project is here".into());
        };
        let path = match store.verified(artifact) {
            Ok(path) => path,
            Err(wrong) => {
                return Inside::Unknown(format!("not on this machine: {}", wrong.message));
            }
        };
        let Some(form) = form else { return Inside::Plain };
        on_disk(form, &path).map_or_else(Inside::Unknown, Inside::Members)
    }

    /// What has changed since the file before: one of those that were named, else the index's.
    fn earlier(&self, artifact: &Artifact, effect: &Effect, form: Form, now: &[Member]) -> Earlier {
        let compared = |name: &str, before: Result<Vec<Member>, String>| match before {
            Ok(before) => Earlier::Found(name.to_owned(), between(form, &before, now)),
            Err(why) => Earlier::Unknown(format!("{name}: {why}")),
        };
        let names: Vec<&str> = self.against.iter().map(|(name, _)| name.as_str()).collect();
        let named = predecessor(artifact.file_name(), &names);
        if let Some((name, path)) =
            self.against.iter().find(|(name, _)| Some(name.as_str()) == named)
        {
            return compared(name, on_disk(form, path));
        }
        let Some(search) = &self.search else {
            return if names.is_empty() { Earlier::NotAsked } else { Earlier::None };
        };
        match search.before(effect) {
            Ok(Some(found)) => compared(&found.name, listed(form, Cursor::new(found.bytes))),
            Ok(None) => Earlier::None,
            Err(trouble) => Earlier::Unknown(why(self.host, trouble)),
        }
    }
}

fn on_disk(form: Form, path: &std::path::Path) -> Result<Vec<Member>, String> {
    let file = fs::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    listed(form, BufReader::new(file))
}

fn listed(form: Form, reader: impl Read + Seek) -> Result<Vec<Member>, String> {
    members(form, reader).map_err(|wrong| wrong.message)
}

fn why(host: &Host, trouble: Trouble) -> String {
    let said = match trouble {
        Trouble::Refused { reason, .. } | Trouble::Later { reason, .. } => reason,
        Trouble::Unclear(why) | Trouble::Unsent(why) => why,
    };
    host.env.masked(&said)
}
