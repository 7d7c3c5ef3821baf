//! Lets the program stand at a fixed address on Linux: some 50,000 places in it would have to be written to
//! before it starts, which is half of what a short call costs (`docs/speed.md`).

use std::env;

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by variables")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
