//! `cargo bench`: rel beside the programs that others use for the same, in one run and against one world.
//!
//! Nothing is asserted here: a time says something of the machine too, a ratio of two times that were
//! taken in turns hardly. `cargo bench -- uploads` takes one part alone.

#![allow(unreachable_pub, reason = "one binary: nothing is reached from outside")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is a measurement that failed"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a table is to be seen")]
#![allow(clippy::disallowed_methods, reason = "benches use the machine as it is")]
#![allow(clippy::pedantic, reason = "a bench may say things the long way")]

mod release;
mod rounds;
mod runners;
mod signing;
mod stage;
mod uploads;
mod wheels;

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/http.rs"]
mod http;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/peers.rs"]
mod peers;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/project.rs"]
mod project;

/// The parts by name.
const PARTS: &[(&str, fn())] = &[
    ("release", release::measure),
    ("runners", runners::measure),
    ("signing", signing::measure),
    ("uploads", uploads::measure),
];

fn main() {
    // Cargo itself adds `--bench`.
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    for (name, measure) in PARTS {
        if asked.is_empty() || asked.iter().any(|word| word == name) {
            measure();
        }
    }
}
