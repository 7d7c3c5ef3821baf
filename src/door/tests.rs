//! Doors with commands of this machine, which can be seen to have run or not, and with servers on it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::host::Host;
use crate::host::endpoints::Endpoints;
use crate::host::env::Env;
use crate::host::fs;
use crate::host::stop::Stop;
use crate::host::term::Term;
use crate::ledger::Record;
use crate::model::artifact::{Artifact, Digest};
use crate::model::command::Cmd;
use crate::model::effect::{
    Channel, Delete, Doomed, Notify, ReleaseAt, Remake, SendCommand, UploadAsset,
};
use crate::model::event::Event;
use crate::remote::Ties;
use crate::store::Store;

/// A folder in which commands leave files, and what a door says there.
struct Scene {
    dir: TempDir,
    host: Host,
    store: Store,
    ties: Ties,
    stop: Stop,
    declared: Vec<Destination>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().to_owned();
        let mut endpoints = Endpoints::default();
        // Nobody listens there.
        endpoints.github.api = "http://127.0.0.1:9".into();
        let host = Host::new(at.clone(), Env::default(), endpoints, Term::captured().0);
        let (store, ties) = (Store::new(at.join("store")), Ties::new(at.join("attestations")));
        let declared = vec![Destination::Command, Destination::GithubRelease, Destination::Notify];
        Self { dir, host, store, ties, stop: Stop::default(), declared, said: Arc::default() }
    }

    /// A live door for a plan of these effects. All have one ledger, which one at a time may hold.
    fn live(&self, effects: &[Effect], doubt: Doubt) -> Door {
        let folder = self.dir.path().join("ledger");
        let ledger = Ledger::open(&folder, &release()).unwrap();
        let said = self.said.clone();
        let events = Events::to(move |event| {
            if let Event::Sent { summary, already, .. } = event {
                lock(&said).push(if already { format!("{summary} before") } else { summary });
            }
        });
        let notices = self.dir.path().join("notices");
        let notices = Notices::new(notices, Some(release()), 1, events.clone());
        Door::live(planned(effects), (ledger, notices), doubt, 1, events)
    }

    /// Notes in the ledger that an earlier run has sent this.
    fn sent_before(&self, effect: &Effect) {
        let ledger = Ledger::open(&self.dir.path().join("ledger"), &release()).unwrap();
        let (key, receipt) = (key(effect), effect.predicted());
        ledger.record(&live::intent(&key, effect, 1)).unwrap();
        ledger.record(&Record::Done { key, receipt, found: false }).unwrap();
    }

    fn perform(&self, door: &Door, optional: bool, effect: &Effect) -> Result<(), String> {
        let path = || Ok(BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]));
        let errand = Errand {
            host: &self.host,
            store: &self.store,
            root: self.dir.path(),
            env: &path,
            ties: &self.ties,
            stop: &self.stop,
            say: &|_| {},
        };
        let caller = Caller { task: "t", declared: &self.declared, optional, site: None, errand };
        let effects = std::slice::from_ref(effect);
        door.perform(&caller, effects).map(|_| ()).map_err(|wrong| wrong.message)
    }

    /// How often the command has run that notes it in this file.
    fn runs(&self, name: &str) -> usize {
        fs::read_text(&self.dir.path().join(name)).unwrap_or_default().lines().count()
    }
}

fn release() -> Release {
    Release { commit: "c0ffee".into(), project: ".".into() }
}

fn key(effect: &Effect) -> Key {
    effect.key(&release())
}

fn planned(effects: &[Effect]) -> Plan {
    let one = |effect: &Effect| {
        let (key, receipt, effect) = (key(effect), effect.predicted(), effect.clone());
        Planned { key, task: "t".into(), receipt, effect }
    };
    let effects = effects.iter().map(one).collect();
    Plan { release: Some(release()), effects, ..Plan::empty(Digest::of("file"), 1) }
}

fn command(script: &str) -> Effect {
    let (cmd, identity) = (Cmd::Script(script.into()), script.into());
    Effect::Command(SendCommand { cmd, identity, cwd: None, artifacts: Vec::new() })
}

fn keys(planned: &[Planned]) -> Vec<Key> {
    planned.iter().map(|planned| planned.key.clone()).collect()
}

#[test]
fn a_live_door_admits_its_plan_and_knows_what_was_sent_and_what_nobody_asked_for() {
    let scene = Scene::new();
    let (one, two) = (command("echo x >> one"), command("echo x >> two"));
    let both = [one.clone(), two.clone()];
    let door = scene.live(&both, Doubt::Ask);
    let other = scene.perform(&door, false, &command("echo x >> three"));
    assert_eq!(other.unwrap_err(), "not in the plan: run `echo x >> three`");
    assert_eq!((scene.runs("three"), door.touched()), (0, false));
    assert_eq!(keys(&door.unasked()), both.each_ref().map(key));

    scene.perform(&door, false, &one).unwrap();
    assert_eq!((scene.runs("one"), door.touched()), (1, true));
    assert_eq!((door.is_settled(&key(&one)), door.sent_now(&key(&one))), (true, true));
    assert_eq!((door.is_settled(&key(&two)), door.sent_now(&key(&two))), (false, false));
    assert_eq!(keys(&door.unasked()), [key(&two)]);
    assert_eq!(keys(&door.planned()), both.each_ref().map(key));

    drop(door);
    let later = scene.live(&both, Doubt::Ask);
    scene.perform(&later, false, &one).unwrap();
    assert_eq!((later.is_settled(&key(&one)), later.sent_now(&key(&one))), (true, false));
    assert_eq!(scene.runs("one"), 1);
    assert_eq!(*lock(&scene.said), ["run `echo x >> one`", "run `echo x >> one` before"]);
}

#[test]
fn after_a_failure_nothing_more_is_sent_unless_it_was_optional() {
    let scene = Scene::new();
    let (fails, goes) = (command("exit 3"), command("echo x >> goes"));
    let both = [fails.clone(), goes.clone()];
    let door = scene.live(&both, Doubt::Ask);
    assert!(scene.perform(&door, false, &fails).is_err());
    let since = scene.perform(&door, false, &goes).unwrap_err();
    assert_eq!(since, "not sent, since another effect failed: run `echo x >> goes`");
    assert_eq!(scene.runs("goes"), 0);

    drop(door);
    let door = scene.live(&both, Doubt::Redo);
    assert!(scene.perform(&door, true, &fails).is_err());
    scene.perform(&door, false, &goes).unwrap();
    assert_eq!(scene.runs("goes"), 1);
}

#[test]
fn a_command_that_may_have_run_is_taken_as_one_says() {
    for (doubt, runs, said) in [
        (Doubt::Ask, 1, Err("it is not known whether this was done: run `echo x >> it; exit 3`")),
        (Doubt::AssumeDone, 1, Ok(())),
        (Doubt::Redo, 2, Err("no clear answer from command: it ended with exit code 3")),
    ] {
        let scene = Scene::new();
        let fails = command("echo x >> it; exit 3");
        let door = scene.live(std::slice::from_ref(&fails), Doubt::Ask);
        assert!(scene.perform(&door, false, &fails).is_err());
        assert!(!door.is_settled(&key(&fails)));
        drop(door);
        let again = scene.live(std::slice::from_ref(&fails), doubt);
        let came_to = scene.perform(&again, false, &fails);
        assert_eq!(came_to.as_ref().map_err(String::as_str).copied(), said);
        assert_eq!(scene.runs("it"), runs, "{doubt:?}");
    }
}

#[test]
fn a_plans_door_writes_down_each_effect_once_and_settles_none() {
    let scene = Scene::new();
    let door = Door::planning(Some(release()));
    let one = command("echo x >> one");
    for _ in 0..2 {
        scene.perform(&door, false, &one).unwrap();
    }
    assert_eq!(keys(&door.planned()), [key(&one)]);
    assert!(door.unasked().is_empty() && !door.touched());
    assert!(!door.is_settled(&key(&one)) && !door.sent_now(&key(&one)));
    assert_eq!(scene.runs("one"), 0);
    assert_eq!((door.conduct(true), door.conduct(false)), (Conduct::Describe, Conduct::Act));
}

/// The release of a tag on GitHub.
fn at(tag: &str) -> ReleaseAt {
    let (server, repository) = ("https://forge.example".into(), "o/r".into());
    ReleaseAt { server, repository, tag: tag.into() }
}

fn makes_room_for(tag: &str) -> Effect {
    let (packages, indexes) = (Vec::new(), Vec::new());
    let remake =
        Remake { at: at(tag), commit: "c0ffee".into(), files: Vec::new(), packages, indexes };
    Effect::Delete(Delete { what: Doomed::Tag, remake })
}

#[test]
fn what_the_ledger_knows_as_done_is_looked_up_only_where_its_release_is_made_anew() {
    let (name, sha256, blake2b_256) = ("a".to_owned(), Digest::of("a"), String::new());
    let file = Artifact { name, sha256, blake2b_256, size: 1, executable: false };
    let asset = Effect::UploadAsset(UploadAsset { at: at("v1"), file });
    for (others, is_known) in
        [(vec![], true), (vec![makes_room_for("v2")], true), (vec![makes_room_for("v1")], false)]
    {
        let scene = Scene::new();
        scene.sent_before(&asset);
        let door = scene.live(&[others, vec![asset.clone()]].concat(), Doubt::Ask);
        let came_to = scene.perform(&door, false, &asset);
        let looked = came_to.is_err_and(|wrong| wrong.starts_with("cannot look at"));
        assert_eq!(looked, !is_known);
    }
}

fn webhook(text: &str) -> Effect {
    let (url, body) = ("HOOK_URL".into(), text.into());
    Effect::Notify(Notify { by: Channel::Webhook { url, body } })
}

#[test]
fn a_notice_counts_as_told_once_it_is_known_that_it_arrived() {
    let dir = tempfile::tempdir().unwrap();
    let [told, open, other] = ["told", "open", "other"].map(webhook);
    let ledger = Ledger::open(dir.path(), &release()).unwrap();
    for effect in [&told, &open] {
        ledger.record(&live::intent(&key(effect), effect, 1)).unwrap();
    }
    let receipt = told.predicted();
    ledger.record(&Record::Done { key: key(&told), receipt, found: false }).unwrap();
    let of = |release| Notices::new(dir.path().to_owned(), release, 1, Events::to(|_| ()));
    let notices = of(Some(release()));
    assert_eq!([&told, &open, &other].map(|one| notices.is_told(&key(one))), [true, false, false]);
    assert!(!of(None).is_told(&key(&told)));
}

/// A server on this machine that answers each request like this, and how many it has answered.
fn answering(answer: &'static str) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (url, came) = (format!("http://{}/", listener.local_addr().unwrap()), Arc::default());
    let count: Arc<Mutex<usize>> = Arc::clone(&came);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = BufReader::new(client.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                client.read_line(&mut line).unwrap();
                let line = line.to_ascii_lowercase();
                match line.strip_prefix("content-length:") {
                    Some(number) => length = number.trim().parse().unwrap(),
                    None if line.trim().is_empty() => break,
                    None => {}
                }
            }
            std::io::copy(&mut (&mut client).take(length), &mut std::io::sink()).unwrap();
            *lock(&count) += 1;
            let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
            client.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, came)
}

#[test]
fn a_receiver_that_wants_too_long_a_pause_is_not_waited_for() {
    let mut scene = Scene::new();
    let (url, came) = answering("429 Later\r\nretry-after: 60");
    scene.host.env = Env::new([("HOOK_URL".to_owned(), url)]);
    let notice = webhook("out");
    let door = scene.live(std::slice::from_ref(&notice), Doubt::Ask);
    scene.perform(&door, false, &notice).unwrap();
    assert_eq!((*lock(&came), door.sent_now(&key(&notice))), (1, false));
}

#[test]
fn a_notice_is_told_by_one_run_and_no_later_one() {
    let mut scene = Scene::new();
    let (url, came) = answering("200 OK");
    scene.host.env = Env::new([("HOOK_URL".to_owned(), url)]);
    let notice = webhook("out");
    for is_first in [true, false] {
        let door = scene.live(std::slice::from_ref(&notice), Doubt::Ask);
        scene.perform(&door, false, &notice).unwrap();
        assert_eq!(door.sent_now(&key(&notice)), is_first);
    }
    assert_eq!(*lock(&came), 1);
}

#[test]
fn what_its_task_does_not_declare_passes_no_door() {
    let mut scene = Scene::new();
    scene.declared = vec![Destination::Pypi, Destination::Notify];
    let one = command("echo x >> one");
    let doors =
        [Door::planning(Some(release())), scene.live(std::slice::from_ref(&one), Doubt::Ask)];
    for door in doors {
        let wrong = scene.perform(&door, false, &one).unwrap_err();
        assert_eq!(wrong, "task `t` sends to `command` and does not declare it");
    }
    assert_eq!(scene.runs("one"), 0);
}
