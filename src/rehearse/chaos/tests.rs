//! What strikes, where, and what is left of it.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use super::*;
use crate::rehearse::http::Response;
use crate::rehearse::world::Service;

#[derive(Default)]
struct Shelf(usize);

impl Service for Shelf {
    fn answer(&mut self, request: &Request, _: u64) -> Response {
        self.0 += usize::from(!request.reads());
        Response::text(200, "taken")
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }

    fn inventory(&self) -> Vec<String> {
        vec!["a thing".to_owned(); self.0]
    }
}

fn world() -> World {
    let mut world = World::new([], [], Box::new(|_| None), Box::new(|| 7));
    world.serve("shelf.example", Arc::new(Mutex::new(Shelf::default())));
    world
}

fn request(method: &str, agent: &str) -> Request {
    Request {
        method: method.into(),
        host: "shelf.example".into(),
        path: "/x".into(),
        headers: vec![("user-agent".into(), agent.into())],
        ..Request::default()
    }
}

/// How often the run was killed, and what is there, after a write, two reads and a write.
fn after(striker: &Arc<Striker>) -> (usize, usize) {
    let (world, killed) = (world(), Arc::new(AtomicUsize::new(0)));
    let counts = killed.clone();
    striker.arm(move || {
        counts.fetch_add(1, Ordering::SeqCst);
    });
    for (method, agent) in [
        ("POST", "pip/1"),
        ("GET", "pip/1"),
        ("GET", "rel/1"),
        ("POST", "rel/1"),
        ("POST", "rel/1"),
    ] {
        striker.reply(&world, &request(method, agent));
    }
    (killed.load(Ordering::SeqCst), world.inventory().len())
}

#[test]
fn writes_and_what_rel_reads_are_points() {
    let striker = Arc::new(Striker::default());
    assert_eq!(after(&striker), (0, 3));
    let writes: Vec<bool> = striker.points().iter().map(|point| point.writes).collect();
    assert_eq!(writes, [true, false, true, true]);
    assert_eq!(striker.points()[0].request, "POST shelf.example/x");
    assert!(!striker.has_struck());
}

#[test]
fn one_request_is_struck_before_or_after_the_service_has_acted() {
    for (blow, there) in [(Blow::KilledBefore, 2), (Blow::KilledAfter, 3)] {
        let striker = Arc::new(Striker::at(2, blow));
        assert_eq!(after(&striker), (1, there), "{}", blow.words());
        assert!(striker.has_struck());
    }
    let striker = Arc::new(Striker::at(3, Blow::Fault(Kind::Status(503))));
    assert_eq!(after(&striker), (0, 2));
}

#[test]
fn a_point_that_is_never_reached_strikes_nothing() {
    let striker = Arc::new(Striker::at(9, Blow::KilledBefore));
    assert_eq!(after(&striker), (0, 3));
    assert!(!striker.has_struck());
}

#[test]
fn what_is_there_twice_is_a_difference() {
    let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(difference(&lines("a b c"), &lines("c b a")), Vec::<String>::new());
    assert_eq!(difference(&lines("a b"), &lines("a a c")), ["- b", "+ a", "+ c"]);
}

#[test]
fn a_sample_is_spread_over_all() {
    assert_eq!(sample(10, 4), [0, 2, 5, 7]);
    assert_eq!(sample(3, 8), [0, 1, 2]);
    assert_eq!(sample(0, 8), Vec::<usize>::new());
}

#[test]
fn a_notice_may_be_missing_and_is_told_once_at_most() {
    let lines = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let wanted = lines(&["file", "notice: webhook POST x"]);
    assert!(difference(&wanted, &lines(&["file"])).is_empty());
    let twice = lines(&["file", "notice: webhook POST x", "notice: webhook POST x"]);
    assert_eq!(difference(&wanted, &twice), ["+ notice: webhook POST x"]);
}
