//! Which registries this machine reads from: what its variables and the settings of pip, uv and cargo
//! name. Those hosts may be read in a rehearsal too, and the settings come along, without logins.
//!
//! Only addresses are looked for, whatever the file's form: a parser for each would say no more.

use std::io;
use std::path::{Path, PathBuf};

use crate::host::net::authority_of;
use crate::host::{Host, fs};

/// Variables that name registries.
const VARIABLES: [&str; 7] = [
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "npm_config_registry",
];
/// Settings of the whole machine.
const GLOBAL: [&str; 2] = ["/etc/pip.conf", "/etc/uv/uv.toml"];
/// Settings below the user's home, with the variable by which a program is pointed to them.
const OWN: [(&str, &str); 3] = [
    (".config/pip/pip.conf", "PIP_CONFIG_FILE"),
    (".pip/pip.conf", "PIP_CONFIG_FILE"),
    (".config/uv/uv.toml", "UV_CONFIG_FILE"),
];
const CARGO: &str = ".cargo/config.toml";

/// Hosts of registries that may be read outside, with ports where they are unusual.
pub fn hosts(host: &Host) -> Vec<String> {
    let values = VARIABLES.iter().filter_map(|name| host.env.get(name)).map(str::to_owned);
    let own = OWN.iter().map(|(file, _)| *file).chain([CARGO]).filter_map(|file| home(host, file));
    let files = GLOBAL.iter().map(PathBuf::from).chain(own);
    let texts = files.filter_map(|file| fs::read_text(&file).ok());
    values.chain(texts).flat_map(|text| addresses(&text)).collect()
}

/// Hosts of all addresses in a text.
fn addresses(text: &str) -> Vec<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ']');
    let words = text.split(ends).filter_map(|word| {
        let at = ["https://", "http://"].iter().find_map(|scheme| word.find(scheme))?;
        authority_of(&word[at..])
    });
    words.collect()
}

/// Variables that point programs, whose home is another, to the user's settings.
pub fn settings(host: &Host) -> Vec<(&'static str, PathBuf)> {
    let there = OWN.iter().filter_map(|(file, name)| Some((*name, home(host, file)?)));
    there.filter(|(name, file)| fs::is_file(file) && host.env.get(name).is_none()).collect()
}

/// Takes cargo's settings along, unless they hold a token.
///
/// # Errors
/// They cannot be written.
pub fn take_cargo(host: &Host, folder: &Path) -> io::Result<()> {
    let text = home(host, CARGO).and_then(|file| fs::read_text(&file).ok());
    let text = text.filter(|text| !text.contains("token")).unwrap_or_default();
    fs::make_dir(folder)?;
    fs::replace(&folder.join("config.toml"), &text)
}

fn home(host: &Host, file: &str) -> Option<PathBuf> {
    Some(Path::new(host.env.get("HOME")?).join(file))
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn addresses_are_found_in_each_form_of_settings() {
        let text = "index-url = https://u:p@pip.example/simple\nextra=http://10.0.0.1:3141/x \
                    [source.m]\nregistry = \"sparse+https://cargo.example/index/\"\n# none: //x";
        assert_eq!(addresses(text), ["pip.example", "10.0.0.1:3141", "cargo.example"]);
    }
}
