//! Uploads: many small wheels into one world, by rel and by `uv publish`, both with a token.

use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::peers;
use crate::rounds::{self, Sample};
use crate::stage::{Asked, Stage};
use crate::wheels;

const COUNT: usize = 200;

/// One run from its start to its end; rel's builds the plan, looks before it sends, and proves.
const WHOLE: &str = "the whole command";
const SENDING: &str = "from the first upload to the last";
const WORLD: &str = "of the whole, the world's own answers (summed)";
const BEFORE: &str = "until the first request";
const LOOK: &str = "looking before the first upload";
const PROOF: &str = "the proof after the last";

/// How long an answer travels in the second table: about that of an index on another continent.
const WAY: Duration = Duration::from_millis(50);

pub fn measure() {
    compare(Duration::ZERO, "on this machine");
    compare(WAY, "each answer travels 50 ms");
}

fn compare(way: Duration, place: &str) {
    let made = TempDir::new().unwrap();
    let wheels = wheels::make(&made.path().join("wheels"), COUNT);
    let ours = &mut || {
        let project = wheels::project(&wheels, "#{ attestations: false }");
        let stage = Stage::distant(way);
        let begun = Instant::now();
        stage.rel(&project, &["publish", "--live", "--yes", "--output", "plain"], false);
        let whole = begun.elapsed();
        let (first, last) = (stage.first(sends), stage.last(sends));
        let all = stage.first(|_| true);
        let mut sample = sampled(&stage, whole);
        sample.insert(BEFORE.into(), all - begun);
        sample.insert(LOOK.into(), first - all);
        sample.insert(PROOF.into(), begun + whole - last);
        sample
    };
    let theirs = &mut || {
        let stage = Stage::distant(way);
        let mut uv = peers::client("uv");
        uv.args([
            "publish",
            "--quiet",
            "--no-cache",
            "--no-config",
            "--trusted-publishing",
            "never",
        ]);
        let begun = Instant::now();
        stage.client(uv.args(&wheels), false);
        let whole = begun.elapsed();
        sampled(&stage, whole)
    };
    let samples = rounds::in_turns([ours, theirs]);
    let title = format!("uploads: {COUNT} wheels, {place} (aim: a third)");
    rounds::beside(&title, "uv publish", &[WHOLE, SENDING, WORLD, BEFORE, LOOK, PROOF], &samples);
}

fn sampled(stage: &Stage, whole: std::time::Duration) -> Sample {
    assert_eq!(stage.count(sends), COUNT, "each file once");
    assert_eq!(stage.count(|asked| sends(asked) && asked.status == 200), COUNT, "all are taken");
    Sample::from([
        (WHOLE.into(), whole),
        (SENDING.into(), stage.last(sends) - stage.first(sends)),
        (WORLD.into(), stage.answering()),
    ])
}

fn sends(asked: &Asked) -> bool {
    asked.line == "POST upload.pypi.org/legacy/"
}
