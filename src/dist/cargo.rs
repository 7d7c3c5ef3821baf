//! What a `.crate` says about itself: the normalised `Cargo.toml` that `cargo package` put into it.
//!
//! Source: <https://doc.rust-lang.org/cargo/reference/registry-web-api.html#publish>. The registry is
//! told nothing that does not stand in the file itself.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};
use tar::Archive;
use toml::Table;

use super::Invalid;
use super::order::Scheme;

/// The most a crate may unpack to: crates.io's own limit, 512 MiB.
const MAX_UNPACKED: u64 = 512 << 20;
const REBUILD: &str = "make it anew with `cargo package`";
const KINDS: [(&str, &str); 3] =
    [("dependencies", "normal"), ("dev-dependencies", "dev"), ("build-dependencies", "build")];

/// A packaged crate.
#[derive(Debug, Clone, PartialEq)]
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Names of the crates that it needs to be built.
    pub needs: Vec<String>,
    /// Names of the crates that only its tests need.
    pub tested_with: Vec<String>,
    /// What the registry is told along with the file.
    pub metadata: Value,
}

/// Name and version in the file name of a `.crate`: `demo-2` and `1.0.0` of `demo-2-1.0.0.crate`. A name may have
/// numbers behind dashes, a version too; it begins at the first that is one.
pub fn named(file: &str) -> Option<(&str, &str)> {
    let stem = file.strip_suffix(".crate")?;
    let cuts = stem.match_indices('-').map(|(at, _)| (&stem[..at], &stem[at + 1..]));
    cuts.into_iter().find(|(_, version)| Scheme::Semver.compare(version, version).is_some())
}

/// Reads a `.crate`; `name` is its file name.
///
/// # Errors
/// It is no such file, or its name is not that of what it holds.
pub fn read(name: &str, reader: impl Read) -> Result<Crate, Invalid> {
    let wrong = |what: String| Invalid::new(format!("{name} {what}"), REBUILD);
    let stem = name.strip_suffix(".crate").ok_or_else(|| wrong("is no `.crate`".into()))?;
    let mut archive = Archive::new(GzDecoder::new(reader).take(MAX_UNPACKED));
    let broken = |error: std::io::Error| wrong(format!("cannot be unpacked: {error}"));
    let (mut manifest, mut texts) = (None, Map::new());
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        let Some(inner) = path.strip_prefix(stem).and_then(|rest| rest.strip_prefix('/')) else {
            return Err(wrong(format!("holds {path}, which is outside of {stem}/")));
        };
        let is_text = [".md", ".txt", ".rst"].iter().any(|end| inner.to_lowercase().ends_with(end));
        if inner == "Cargo.toml" || is_text || inner.to_lowercase().starts_with("readme") {
            let (inner, mut text) = (inner.to_owned(), String::new());
            let read = entry.by_ref().take(super::MAX_METADATA).read_to_string(&mut text);
            match read {
                Ok(_) if inner == "Cargo.toml" => manifest = Some(text),
                Ok(_) => _ = texts.insert(inner, text.into()),
                Err(error) if inner == "Cargo.toml" => return Err(broken(error)),
                Err(_) => {}
            }
        }
    }
    let manifest = manifest.ok_or_else(|| wrong("holds no Cargo.toml".into()))?;
    let manifest: Table =
        manifest.parse().map_err(|error| wrong(format!("has a broken Cargo.toml: {error}")))?;
    let read = of_manifest(&manifest, &texts)
        .ok_or_else(|| wrong("has a Cargo.toml without a package".into()))?;
    if stem != format!("{}-{}", read.name, read.version) {
        return Err(wrong(format!("holds {} {}", read.name, read.version)));
    }
    Ok(read)
}

fn of_manifest(manifest: &Table, texts: &Map<String, Value>) -> Option<Crate> {
    let package = manifest.get("package")?.as_table()?;
    let text = |key: &str| package.get(key).and_then(toml::Value::as_str);
    let list = |key: &str| json!(package.get(key).and_then(toml::Value::as_array));
    let (name, version) = (text("name")?.to_owned(), text("version")?.to_owned());
    let deps = dependencies(manifest);
    let (tests, needs): (Vec<&Value>, Vec<&Value>) =
        deps.iter().partition(|dep| dep["kind"] == "dev");
    let names = |deps: Vec<&Value>| -> Vec<String> {
        deps.iter().filter_map(|dep| dep["name"].as_str()).map(str::to_owned).collect()
    };
    let (needs, tested_with) = (names(needs), names(tests));
    let or_empty = |value: Value| if value.is_null() { json!([]) } else { value };
    let metadata = json!({
        "name": name,
        "vers": version,
        "deps": deps,
        "features": manifest.get("features").map_or(json!({}), |table| json!(table)),
        "authors": or_empty(list("authors")),
        "description": text("description"),
        "documentation": text("documentation"),
        "homepage": text("homepage"),
        "readme": text("readme").and_then(|file| texts.get(file)),
        "readme_file": text("readme"),
        "keywords": or_empty(list("keywords")),
        "categories": or_empty(list("categories")),
        "license": text("license"),
        "license_file": text("license-file"),
        "repository": text("repository"),
        "badges": {},
        "links": text("links"),
        "rust_version": text("rust-version"),
    });
    Some(Crate { name, version, needs, tested_with, metadata })
}

/// Puts first what others need, then what only their tests need: the registry refuses a crate that names an
/// unknown one, for its tests too. Two crates may test each other, which no order satisfies; cargo packages no
/// other circle, and what is left of one keeps the order of its names.
pub fn in_order<T>(mut left: Vec<(Crate, T)>) -> Vec<(Crate, T)> {
    left.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let is_left = |name: &String| left.iter().any(|(other, _)| other.name == *name);
        let builds = |one: &Crate| !one.needs.iter().any(is_left);
        let tests = |one: &Crate| !one.tested_with.iter().any(is_left);
        let both = left.iter().position(|(one, _)| builds(one) && tests(one));
        let next = both.or_else(|| left.iter().position(|(one, _)| builds(one)));
        ordered.push(left.remove(next.unwrap_or(0)));
    }
    ordered
}

fn dependencies(manifest: &Table) -> Vec<Value> {
    let of_table = |table: &Table, target: Option<&str>| -> Vec<Value> {
        let one = |(key, kind): &(&str, &str)| -> Vec<Value> {
            let found = table.get(*key).and_then(toml::Value::as_table);
            let all = found.into_iter().flatten();
            all.filter_map(|(name, value)| dependency(name, value, kind, target)).collect()
        };
        KINDS.iter().flat_map(one).collect()
    };
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let targets = targets
        .into_iter()
        .flatten()
        .filter_map(|(target, table)| Some(of_table(table.as_table()?, Some(target))));
    of_table(manifest, None).into_iter().chain(targets.flatten()).collect()
}

fn dependency(key: &str, value: &toml::Value, kind: &str, target: Option<&str>) -> Option<Value> {
    if let Some(version) = value.as_str() {
        let table = Table::from_iter([("version".to_owned(), version.into())]);
        return dependency(key, &table.into(), kind, target);
    }
    let table = value.as_table()?;
    let text = |key: &str| table.get(key).and_then(toml::Value::as_str);
    let flag =
        |key: &str, usual: bool| table.get(key).and_then(toml::Value::as_bool).unwrap_or(usual);
    let renamed = text("package").filter(|package| *package != key);
    Some(json!({
        "name": renamed.unwrap_or(key),
        "version_req": text("version").unwrap_or("*"),
        "features": table.get("features").map_or(json!([]), |list| json!(list)),
        "optional": flag("optional", false),
        "default_features": flag("default-features", true),
        "target": target,
        "kind": kind,
        "registry": text("registry-index"),
        "explicit_name_in_toml": renamed.map(|_| key),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gz);
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    const MANIFEST: &str = r#"
        [package]
        name = "demo"
        version = "1.0.0"
        readme = "README.md"
        license = "MIT"
        [dependencies.serde]
        version = "1"
        features = ["derive"]
        [dependencies.json]
        version = "1"
        package = "serde_json"
        [dev-dependencies]
        proptest = "1"
        [target."cfg(unix)".dependencies.rustix]
        version = "1"
        optional = true
        default-features = false
    "#;

    #[test]
    fn all_that_a_registry_is_told_stands_in_the_file() {
        let bytes = packed(&[("demo-1.0.0/Cargo.toml", MANIFEST), ("demo-1.0.0/README.md", "# x")]);
        let read = read("demo-1.0.0.crate", bytes.as_slice()).unwrap();
        assert_eq!((read.name.as_str(), read.version.as_str()), ("demo", "1.0.0"));
        assert_eq!(read.needs, ["serde_json", "serde", "rustix"]);
        assert_eq!(read.tested_with, ["proptest"]);
        assert_eq!(read.metadata["readme"], "# x");
        let deps = read.metadata["deps"].as_array().unwrap();
        assert_eq!(deps[0]["explicit_name_in_toml"], "json");
        assert_eq!(deps[1]["features"], json!(["derive"]));
        assert_eq!(deps[2]["kind"], "dev");
        assert_eq!((&deps[3]["target"], &deps[3]["optional"]), (&"cfg(unix)".into(), &true.into()));
    }

    #[test]
    fn file_names_are_cut_where_the_version_begins() {
        for (file, parts) in [
            ("demo-1.0.0.crate", Some(("demo", "1.0.0"))),
            ("demo-2-core-1.0.0-alpha.1.crate", Some(("demo-2-core", "1.0.0-alpha.1"))),
            ("demo-2.1-1.0.0.crate", Some(("demo-2.1", "1.0.0"))),
            ("demo-1.0.0+build-2.crate", Some(("demo", "1.0.0+build-2"))),
            ("demo.crate", None),
            ("demo-1.0.0", None),
            ("demo-1.0.0.tar.gz", None),
        ] {
            assert_eq!(named(file), parts, "{file}");
        }
    }

    fn ordered(crates: &[(&str, &[&str], &[&str])]) -> Vec<String> {
        let texts = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let one = |(name, needs, tested_with): &(&str, &[&str], &[&str])| Crate {
            name: (*name).to_owned(),
            version: "1.0.0".into(),
            needs: texts(needs),
            tested_with: texts(tested_with),
            metadata: Value::Null,
        };
        let all = crates.iter().map(|entry| (one(entry), ())).collect();
        in_order(all).into_iter().map(|(one, ())| one.name).collect()
    }

    #[test]
    fn what_others_need_comes_first_and_what_tests_need_where_it_can() {
        let chain: [(&str, &[&str], &[&str]); 3] =
            [("app", &["core", "serde"], &[]), ("core", &["macros"], &[]), ("macros", &[], &[])];
        assert_eq!(ordered(&chain), ["macros", "core", "app"]);
        assert_eq!(ordered(&[("a", &[], &["b"]), ("b", &[], &[])]), ["b", "a"]);
        let each_other: [(&str, &[&str], &[&str]); 2] =
            [("macros", &["core"], &[]), ("core", &[], &["macros"])];
        assert_eq!(ordered(&each_other), ["core", "macros"]);
        assert_eq!(ordered(&[("a", &["b"], &[]), ("b", &["a"], &[])]), ["a", "b"]);
    }

    #[test]
    fn what_is_no_crate_is_said() {
        let said = |name: &str, files: &[(&str, &str)]| {
            read(name, packed(files).as_slice()).unwrap_err().message
        };
        let good = ("demo-1.0.0/Cargo.toml", MANIFEST);
        assert_eq!(said("demo-1.0.0.zip", &[good]), "demo-1.0.0.zip is no `.crate`");
        assert!(said("demo-2.0.0.crate", &[good]).contains("outside of demo-2.0.0/"));
        assert!(said("demo-1.0.0.crate", &[]).contains("holds no Cargo.toml"));
        let other = [("demo-2.0.0/Cargo.toml", MANIFEST)];
        assert!(said("demo-2.0.0.crate", &other).contains("holds demo 1.0.0"));
        assert!(read("x-1.0.0.crate", [1, 2, 3].as_slice()).is_err());
    }
}
