//! `rel rehearse --chaos`: one release that nobody disturbs, then one for each blow at one of its requests.
//! Each stands in a world of its own, begins with what the first has built, and is finished by the same
//! command; in the end its world has to hold what the first one holds.

use std::path::PathBuf;
use std::sync::Arc;

use super::ground::Ground;
use super::setting::Setting;
use super::{machine, say_left_out};
use crate::cli::Chaos;
use crate::diag::{Exit, Outcome};
use crate::host::fs;
use crate::rehearse::chaos::{Blow, Point, Striker, difference, sample};
use crate::repo::Repo;
use crate::report::Output;
use crate::report::chaos::{Told, Tried};

/// How often the same command is given after the blow, at most.
const TRIES: usize = 4;
/// Folders of a project's state that are fixed once its gate has opened.
const SEALED: [&str; 2] = ["seal", "store"];

/// Rehearses, and strikes.
///
/// # Errors
/// A setting cannot be made.
pub(super) fn run(ground: &Ground<'_>, by: Chaos) -> Outcome<Exit> {
    let counter = Arc::new(Striker::default());
    let clean = Setting::new(ground, counter.clone())?;
    say_left_out(ground, &clean);
    let exit = clean.inner.shown(&ground.stop)?;
    if exit != Exit::OK {
        ground.host.err("\nchaos: it has to end well undisturbed first\n");
        return Ok(exit);
    }
    let wanted = clean.world.inventory();
    let sealed = Sealed::take(ground, &clean)?;
    let blows = blows(by, &counter.points(), ground.options.points);
    let begun = ground.host.clock.elapsed();
    let mut tried = Vec::new();
    for (number, point, blow) in &blows {
        if ground.stop.fired() {
            break;
        }
        let one = struck(ground, &sealed, &wanted, (*number, point, *blow))?;
        if ground.output != Output::Json {
            ground.host.err(&one.line(tried.len() + 1, blows.len()));
        }
        tried.push(one);
    }
    let took = ground.host.clock.elapsed().saturating_sub(begun);
    let told = Told { tried: &tried, planned: blows.len(), took };
    match ground.output {
        Output::Json => ground.host.out_json(told.json()),
        _ => ground.host.err(&told.text()),
    }
    Ok(if told.holds() { Exit::OK } else { Exit::TASK })
}

/// Every blow at every request, or some of them: number of the request, request, blow.
fn blows(by: Chaos, points: &[Point], most: Option<usize>) -> Vec<(usize, Point, Blow)> {
    let kinds = match by {
        Chaos::Kill => Blow::kills,
        Chaos::Faults => Blow::faults,
    };
    let all: Vec<(usize, Point, Blow)> = points
        .iter()
        .enumerate()
        .flat_map(|(number, point)| {
            kinds(point).into_iter().map(move |blow| (number, point.clone(), blow))
        })
        .collect();
    let chosen = sample(all.len(), most.unwrap_or(all.len()));
    chosen.into_iter().map(|at| all[at].clone()).collect()
}

/// A release that is struck, and finished.
fn struck(
    ground: &Ground<'_>,
    sealed: &Sealed,
    wanted: &[String],
    (number, point, blow): (usize, &Point, Blow),
) -> Outcome<Tried> {
    let begun = ground.host.clock.elapsed();
    let striker = Arc::new(Striker::at(number, blow));
    let setting = Setting::new(ground, striker.clone())?;
    sealed.give(ground, &setting)?;
    let life = ground.stop.child();
    let killed = life.clone();
    striker.arm(move || killed.kill());
    let (first, mut said) = setting.inner.heard(&[], &life)?;
    ground.stop.release(&life);
    let mut ends = vec![first];
    let mut asked = false;
    while ends.last() != Some(&Some(Exit::OK)) && ends.len() <= TRIES && !ground.stop.fired() {
        let says = |flag: &str| said.iter().any(|line| line.contains(flag));
        // Who is asked what became of a request knows it here.
        let flags: &[&str] = match (says("`--assume-done`"), says("`--redo`")) {
            (true, _) if blow.has_acted() => &["--assume-done"],
            (false, false) => &[],
            _ => &["--redo"],
        };
        asked |= !flags.is_empty();
        let (exit, lines) = setting.inner.heard(flags, &ground.stop)?;
        ends.push(exit);
        said = lines;
    }
    Ok(Tried {
        point: point.clone(),
        blow: blow.words(),
        struck: striker.has_struck(),
        ends: ends.iter().map(|end| end.map(|exit| exit.0)).collect(),
        asked,
        difference: difference(wanted, &setting.world.inventory()),
        said,
        took: ground.host.clock.elapsed().saturating_sub(begun),
    })
}

/// What the undisturbed release has built, for the others to begin with.
struct Sealed(PathBuf);

impl Sealed {
    /// Takes it out of a setting that is over.
    fn take(ground: &Ground<'_>, setting: &Setting<'_>) -> Outcome<Self> {
        let (state, kept) = (state(ground, setting)?, ground.place.join("sealed"));
        let taken = || -> std::io::Result<()> {
            if fs::exists(&kept) {
                fs::remove_dir(&kept)?;
            }
            fs::make_dir(&kept)?;
            for name in SEALED {
                // What builds nothing has no store.
                fs::make_dir(&state.join(name))?;
                fs::rename(&state.join(name), &kept.join(name))?;
            }
            Ok(())
        };
        taken().map_err(|error| machine("cannot keep what was built", &error))?;
        Ok(Self(kept))
    }

    /// Puts it into a new one.
    fn give(&self, ground: &Ground<'_>, setting: &Setting<'_>) -> Outcome<()> {
        let state = state(ground, setting)?;
        let [seal, store] = SEALED;
        let given = || {
            fs::make_dir(&state.join(seal))?;
            for name in fs::names(&self.0.join(seal)) {
                fs::copy(&self.0.join(seal).join(&name), &state.join(seal).join(&name))?;
            }
            fs::link_dir(&self.0.join(store), &state.join(store))
        };
        given().map_err(|error| machine("cannot put back what was built", &error))
    }
}

fn state(ground: &Ground<'_>, setting: &Setting<'_>) -> Outcome<PathBuf> {
    Repo::new(ground.host, setting.scratch.checkout.clone()).state()
}
