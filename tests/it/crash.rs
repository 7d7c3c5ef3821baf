//! The real program, struck from outside where it writes to disk, renames a file or sends: killed, or told
//! that the disk fails. The same command finishes the release, and the world then holds what an
//! undisturbed one leaves.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use rel::rehearse::chaos::{difference, sample};
use rel::rehearse::http::Request;

use crate::peers;
use crate::project::{Project, Ran};
use crate::refusals::dists;
use crate::setting::{Setting, records, released};
use crate::strace::{Point, Strace};

/// How many points are tried; with `REL_CRASH=all` all are.
const POINTS: usize = 12;
/// How often the same command is given after that, at most.
const TRIES: usize = 4;
/// What came to the world before the ledger told of it.
const TOO_EARLY: &str = "before its intent";
/// Settings side by side.
const SIDE_BY_SIDE: usize = 3;

const COMMAND: &str = "--output plain run --live --yes gh-release";
const RELEASE: &str = r#"
    task("build").run(|t| { sh("echo built >> $HOME/built; cp dist/* {}", t.out); });
    task("publish-pypi").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
    task("gh-release").needs("publish-pypi").effects("github-release").run(|t| github::release(#{ assets: t.artifacts("build") }));
"#;

fn release(text: &str) -> Project {
    released(Project::new(text), &[dists::wheel(""), dists::usual_sdist()])
}

/// Requests that make an effect happen, and those of them that came without an intent on disk.
#[derive(Default)]
struct Sent {
    all: AtomicUsize,
    too_early: Mutex<Vec<String>>,
}

impl Sent {
    fn note(&self, request: &Request, ledger: &Path) {
        let Request { method, host, path, .. } = request;
        let acts = match host.as_str() {
            "upload.pypi.org" => path == "/legacy/",
            "rekor.sigstore.dev" | "api.github.com" | "uploads.github.com" => !request.reads(),
            _ => false,
        };
        if acts {
            let sent = self.all.fetch_add(1, Ordering::SeqCst) + 1;
            if sent > intents(ledger) {
                self.too_early.lock().unwrap().push(format!("{method} {host}{path}"));
            }
        }
    }
}

fn intents(ledger: &Path) -> usize {
    records(ledger).iter().filter(|record| record["record"] == "intent").count()
}

/// A setting whose world looks into the ledger at each request.
fn watched(project: &Project) -> (Setting, Arc<Sent>) {
    let sent = Arc::new(Sent::default());
    let noted = sent.clone();
    (Setting::watched(project, move |request, ledger| noted.note(request, ledger)), sent)
}

/// How a release came to its end that was struck.
struct Story {
    first: Ran,
    wrong: Vec<String>,
}

/// A release whose first run is struck, and which the same command finishes; `judge` looks in between.
fn finished(
    project: &Project,
    wanted: &[String],
    strike: impl Fn(&Setting) -> Ran,
    judge: impl Fn(&Setting, &Sent, &Ran) -> Option<String>,
) -> Story {
    let (setting, sent) = watched(project);
    let first = strike(&setting);
    let mut wrong: Vec<String> = judge(&setting, &sent, &first).into_iter().collect();
    let built = || std::fs::read_to_string(setting.home().join("built")).unwrap_or_default();
    let is_sealed = std::fs::read_dir(setting.state().join("seal"))
        .is_ok_and(|all| all.flatten().any(|file| file.path().extension().is_some()));
    let is_fixed = is_sealed || intents(&setting.ledger) > 0;
    let before = built();
    let mut ends = vec![first.code];
    let mut said = String::new();
    while ends.last() != Some(&0) && ends.len() <= TRIES {
        let ran = setting.rel(COMMAND);
        ends.push(ran.code);
        said = ran.err;
    }
    wrong.extend((ends.last() != Some(&0)).then(|| format!("it ends with {ends:?}: {said}")));
    wrong.extend(difference(wanted, &setting.world.inventory()));
    wrong.extend((is_fixed && built() != before).then(|| "it is built again".into()));
    let too_early = sent.too_early.lock().unwrap();
    wrong.extend(too_early.iter().map(|request| format!("{TOO_EARLY}: {request}")));
    Story { first, wrong }
}

/// Strikes at some of the points that are `wanted`, and tells how many struck.
fn tried(
    is_meant: impl Fn(&Point) -> bool,
    strike: impl Fn(&Strace, &Setting, &Point) -> Ran + Sync,
    judge: impl Fn(&Setting, &Sent, &Ran) -> Option<String> + Sync,
    has_struck: impl Fn(&Ran) -> bool,
) {
    let Some(strace) = Strace::find() else { return };
    let project = release(RELEASE);
    let (clean, sent) = watched(&project);
    let mut points = strace.points(&clean, COMMAND);
    points.retain(is_meant);
    let wanted = clean.world.inventory();
    assert_eq!(
        sent.all.load(Ordering::SeqCst),
        10,
        "four signatures, two uploads, four of the release"
    );
    let all = std::env::var_os("REL_CRASH").is_some_and(|all| all == "all");
    let chosen = sample(points.len(), if all { points.len() } else { POINTS });
    let next = AtomicUsize::new(0);
    let told: Mutex<Vec<(&Point, Story)>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(at) = chosen.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let point = &points[*at];
                    let story = finished(
                        &project,
                        &wanted,
                        |setting| strike(&strace, setting, point),
                        &judge,
                    );
                    if !story.wrong.is_empty() {
                        // A release that is stuck takes long to give up: one is enough.
                        next.store(chosen.len(), Ordering::SeqCst);
                    }
                    told.lock().unwrap().push((point, story));
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    let wrong = |(point, story): &(&Point, Story)| {
        let Story { first, wrong } = story;
        (!wrong.is_empty()).then(|| format!("{point:?}: {wrong:#?}\n{}{}", first.out, first.err))
    };
    let wrong: Vec<String> = told.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Threads that work side by side share their work differently each time: some points are not met.
    let missed = told.iter().filter(|(_, story)| !has_struck(&story.first));
    let missed: Vec<&Point> = missed.map(|(point, _)| *point).collect();
    assert!(missed.len() * 3 < told.len(), "{} of {}: {missed:?}", missed.len(), told.len());
}

#[test]
fn killed_wherever_it_writes_or_sends_the_same_command_finishes_it() {
    let kill = |strace: &Strace, setting: &Setting, point: &Point| {
        strace.strike(setting, COMMAND, point, "signal=KILL")
    };
    tried(|_| true, kill, |_, _, _| None, |first| first.code == -1);
}

/// What is wrong with the end of a run that a disk has failed: it tells whether something was sent.
fn stopped(setting: &Setting, sent: &Sent, first: &Ran) -> Option<String> {
    let mut last = BTreeMap::new();
    for record in records(&setting.ledger).iter().skip(1) {
        last.insert(record["key"].to_string(), record["record"].clone());
    }
    let may_be_sent = last.values().any(|record| record != "refused");
    let fits = match first.code {
        0 | 5 => may_be_sent,
        1 | 4 => !may_be_sent && sent.all.load(Ordering::SeqCst) == 0,
        _ => false,
    };
    (!fits).then(|| format!("{} is not the exit code: {last:#?}", first.code))
}

#[test]
fn a_disk_that_fails_stops_it_before_it_sends_what_it_could_not_write_down() {
    let fail = |strace: &Strace, setting: &Setting, point: &Point| {
        let error = if point.call.ends_with("sync") { "error=EIO" } else { "error=ENOSPC" };
        strace.strike(setting, COMMAND, point, error)
    };
    // Whether the time of the last sweep is kept is all the same.
    let matters =
        |point: &Point| point.is_disk() && !point.path.is_empty() && point.path != "swept";
    tried(matters, fail, stopped, |first| first.code != 0);
}

#[test]
fn a_ledger_without_room_is_cut_back_to_whole_lines_and_finished_where_there_is_room() {
    let text = RELEASE.replace(r#""pypi"))"#, r#""pypi", #{ attestations: false }))"#);
    // Nothing else that rel writes may be as long as the ledger.
    let project = released(Project::new(&text), &[dists::wheel("")]);
    let clean = Setting::new(&project);
    clean.rel(COMMAND).code(0);
    let wanted = clean.world.inventory();
    let size = std::fs::metadata(&clean.ledger).unwrap().len();
    assert!(size > 2 * 1024, "{size}");
    for room in 1..=size / 1024 {
        let limited = |setting: &Setting| {
            // A file that has come to the limit takes a part of what is written, and then nothing.
            let words = ["bash", "-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\""];
            let words = words.map(str::to_owned);
            setting.behind(&[&words[..], &[room.to_string()]].concat(), COMMAND)
        };
        let judge = |setting: &Setting, sent: &Sent, first: &Ran| {
            let text = std::fs::read(&setting.ledger).unwrap();
            let whole = text.is_empty() || text.ends_with(b"\n");
            let stops = whole && first.err.contains("the ledger cannot be written");
            stopped(setting, sent, first).or((!stops).then(|| format!("{first:?}")))
        };
        let story = finished(&project, &wanted, limited, judge);
        assert!(story.wrong.is_empty(), "{room} KiB: {:#?}\n{}", story.wrong, story.first.err);
    }
}

/// Keeps a folder (`$1`) on a disk of some KiB (`$3`) as long as the command after that runs.
const ON_A_SMALL_DISK: &str = r#"
    folder=$1 below=$2 room=$3; shift 3
    mkdir -p "$folder" "$below" && mount --bind "$folder" "$below"
    mount -t tmpfs -o size="$room"k none "$folder" && cp -a "$below/." "$folder"
    "$@"; code=$?
    cp -a "$folder/." "$below" && exit $code
"#;

#[test]
fn a_disk_that_is_full_stops_it_and_where_there_is_room_it_is_finished() {
    let Some(mounts) = peers::mounts() else { return };
    let project = release(RELEASE);
    let clean = Setting::new(&project);
    clean.rel(COMMAND).code(0);
    let wanted = clean.world.inventory();
    let size = std::fs::metadata(&clean.ledger).unwrap().len() / 1024;
    // The smallest piece of such a disk is a page.
    let rooms: Vec<u64> = (4..=size).step_by(4).collect();
    assert!(!rooms.is_empty(), "{size} KiB");
    for room in rooms {
        let limited = |setting: &Setting| {
            let folder = setting.ledger.parent().unwrap().display().to_string();
            let below = setting.beside("below").display().to_string();
            let words = ["bash", "-c", ON_A_SMALL_DISK, "bash"].map(str::to_owned);
            let words = [&mounts[..], &words, &[folder, below, room.to_string()]].concat();
            setting.behind(&words, COMMAND)
        };
        let judge = |setting: &Setting, sent: &Sent, first: &Ran| {
            let full = first.err.contains("the ledger cannot be written");
            stopped(setting, sent, first).or((!full).then(|| format!("{first:?}")))
        };
        let mut story = finished(&project, &wanted, limited, judge);
        // Nobody outside sees that disk.
        story.wrong.retain(|wrong| !wrong.starts_with(TOO_EARLY));
        assert!(story.wrong.is_empty(), "{room} KiB: {:#?}\n{}", story.wrong, story.first.err);
    }
}

#[test]
fn of_two_runs_at_once_the_second_is_refused_and_the_first_goes_on() {
    let (arrived, begun) = mpsc::channel();
    let (go, waits) = mpsc::channel::<()>();
    let waits = Mutex::new(waits);
    let setting = Setting::watched(&release(RELEASE), move |request, _| {
        if request.path == "/legacy/" {
            arrived.send(()).unwrap();
            // The second upload finds nobody at the other end, and does not wait.
            let _ = waits.lock().unwrap().recv();
        }
    });
    let mut first = setting.command(&[], COMMAND);
    let first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    begun.recv().unwrap();
    let second = setting.rel(COMMAND).code(3);
    second.says("another rel is working on this release").says("wait until it has ended");
    drop(go);
    assert!(first.wait_with_output().unwrap().status.success());
    setting.rel(COMMAND).code(0).says("nothing had to be sent");
}
