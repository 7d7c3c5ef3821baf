//! How the program is linked on Linux (`docs/speed.md`): at a fixed address, since some 50,000 places in it would
//! have to be written to at any other, which is half of what a short call costs; and with what unwinds a stack in
//! it, which would have to be looked for as a library each time.

use std::path::Path;
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by variables")]
fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let told = |name: &str| env::var(name).unwrap_or_default();
    if told("CARGO_CFG_TARGET_OS") == "linux" && told("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        // What the linker finds by the library's name: the same functions to link in.
        let folder = told("OUT_DIR");
        fs::write(Path::new(&folder).join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n")?;
        println!("cargo::rustc-link-search=native={folder}");
    }
    Ok(())
}
