//! Making room for a release that is made anew (`force_recreate`): what is deleted first, and what must not hold
//! its version yet.
//!
//! What may go is judged when it is looked up (`remote::github::remake`), never here.

use crate::model::artifact::Artifact;
use crate::model::effect::{Delete, Doomed, Effect, ReleaseAt, Remake};
use crate::model::task::{Destination, Index};
use crate::remote::taken;
use crate::script::cx::{BodyCx, lock};

/// The tag goes before the releases: where it is protected, nothing has changed yet.
pub(super) fn making_room(remake: &Remake) -> [Vec<Effect>; 2] {
    let one = |what| vec![Effect::Delete(Delete { what, remake: remake.clone() })];
    [Doomed::Tag, Doomed::Release].map(one)
}

/// What the release is of: by its own files, else by those of the tasks that this one needs, else by what
/// the project's files say.
pub(super) fn remake(cx: &BodyCx, at: &ReleaseAt, commit: &str, files: &[Artifact]) -> Remake {
    let needed = || {
        let made = lock(&cx.run.results);
        let needed = made.iter().filter(|((task, _), _)| cx.ancestors.contains(task));
        needed.flat_map(|(_, files)| files.clone()).collect::<Vec<Artifact>>()
    };
    let mut packages = taken::named(files);
    if packages.is_empty() {
        packages = taken::named(&needed());
    }
    if packages.is_empty() {
        packages = taken::tagged(&cx.run.root, &at.tag);
    }
    let counts = |index: &&Index| {
        let place = index.destination();
        place == Destination::Pypi || cx.run.sends_to.contains(&place)
    };
    let indexes = cx.run.indexes.values().filter(counts).cloned().collect();
    Remake { at: at.clone(), commit: commit.to_owned(), files: files.to_vec(), packages, indexes }
}
