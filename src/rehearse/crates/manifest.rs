//! The `Cargo.toml` of a `.crate`: from it crates.io takes nearly all that it knows of a version.
//!
//! It reads what is asked for and finds what cargo should have written out before; whether the values
//! are good is the matter of `metadata`. Turned down: believing the JSON before the tarball, of which
//! the real server reads little more than name and version.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::version;

/// What a version says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Manifest {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) description: Option<String>,
    pub(super) license: Option<String>,
    pub(super) license_file: Option<String>,
    pub(super) homepage: Option<String>,
    pub(super) documentation: Option<String>,
    pub(super) repository: Option<String>,
    pub(super) rust_version: Option<String>,
    pub(super) edition: Option<String>,
    pub(super) keywords: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) links: Option<String>,
    pub(super) features: BTreeMap<String, Vec<String>>,
    pub(super) dependencies: Vec<Dependency>,
}

/// When a dependency is needed; in the order in which the index lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Normal,
    Build,
    Dev,
}

impl Kind {
    /// Its name in the index.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Build => "build",
            Self::Dev => "dev",
        }
    }
}

/// A dependency.
#[derive(Debug, Clone)]
pub(super) struct Dependency {
    /// The crate's name.
    pub(super) name: String,
    /// The name in `Cargo.toml`, if that is another.
    pub(super) explicit: Option<String>,
    pub(super) requirement: String,
    pub(super) features: Vec<String>,
    pub(super) optional: bool,
    pub(super) default_features: bool,
    pub(super) target: Option<String>,
    pub(super) kind: Kind,
    pub(super) registry: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Raw {
    #[serde(alias = "project")]
    package: Option<Package>,
    patch: Option<toml::Table>,
    features: Option<BTreeMap<String, Vec<String>>>,
    #[serde(flatten)]
    top: Sets,
    target: Option<BTreeMap<String, Sets>>,
}

type Set = BTreeMap<String, Entry>;

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Sets {
    dependencies: Option<Set>,
    #[serde(alias = "dev_dependencies")]
    dev_dependencies: Option<Set>,
    #[serde(alias = "build_dependencies")]
    build_dependencies: Option<Set>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Package {
    name: String,
    version: Option<Field<String>>,
    description: Option<Field<String>>,
    license: Option<Field<String>>,
    license_file: Option<Field<String>>,
    homepage: Option<Field<String>>,
    documentation: Option<Field<String>>,
    repository: Option<Field<String>>,
    rust_version: Option<Field<String>>,
    edition: Option<Field<String>>,
    keywords: Option<Field<Vec<String>>>,
    categories: Option<Field<Vec<String>>>,
    links: Option<String>,
}

/// A value, or the word that the workspace has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field<T> {
    Own(T),
    Inherited {
        #[serde(rename = "workspace")]
        _workspace: bool,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Short(String),
    Long(Box<Long>),
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
struct Long {
    version: Option<String>,
    registry: Option<String>,
    features: Option<Vec<String>>,
    optional: Option<bool>,
    #[serde(alias = "default_features")]
    default_features: Option<bool>,
    package: Option<String>,
    workspace: Option<bool>,
}

/// Reads a manifest.
///
/// # Errors
/// What is wrong with it, without the words that the server puts before.
pub(super) fn read(text: &str) -> Result<Manifest, String> {
    let raw: Raw = toml::from_str(text).map_err(|error| error.to_string())?;
    let package = raw.package.ok_or("missing field `package`")?;
    if raw.patch.is_some_and(|patch| !patch.is_empty()) {
        return Err("crates cannot be published with `[patch]` tables".into());
    }
    let version = own(package.version)?.ok_or("missing field `version`")?;
    let mut dependencies = Vec::new();
    add(&mut dependencies, raw.top, None)?;
    for (target, sets) in raw.target.unwrap_or_default() {
        add(&mut dependencies, sets, Some(&target))?;
    }
    Ok(Manifest {
        name: package.name,
        version,
        description: own(package.description)?,
        license: own(package.license)?,
        license_file: own(package.license_file)?,
        homepage: own(package.homepage)?,
        documentation: own(package.documentation)?,
        repository: own(package.repository)?,
        rust_version: own(package.rust_version)?,
        edition: own(package.edition)?,
        keywords: own(package.keywords)?.unwrap_or_default(),
        categories: own(package.categories)?.unwrap_or_default(),
        links: package.links,
        features: raw.features.unwrap_or_default(),
        dependencies,
    })
}

const INHERITED: &str = "value from workspace hasn't been set";

fn own<T>(field: Option<Field<T>>) -> Result<Option<T>, String> {
    match field {
        None => Ok(None),
        Some(Field::Own(value)) => Ok(Some(value)),
        Some(Field::Inherited { .. }) => Err(INHERITED.into()),
    }
}

fn add(all: &mut Vec<Dependency>, sets: Sets, target: Option<&str>) -> Result<(), String> {
    let sets = [
        (sets.dependencies, Kind::Normal),
        (sets.dev_dependencies, Kind::Dev),
        (sets.build_dependencies, Kind::Build),
    ];
    for (set, kind) in sets {
        for (name, entry) in set.into_iter().flatten() {
            all.push(dependency(name, entry, kind, target)?);
        }
    }
    Ok(())
}

fn dependency(
    name: String,
    entry: Entry,
    kind: Kind,
    target: Option<&str>,
) -> Result<Dependency, String> {
    let long = match entry {
        Entry::Short(version) => Long { version: Some(version), ..Long::default() },
        Entry::Long(long) => *long,
    };
    if long.workspace == Some(true) {
        return Err(INHERITED.into());
    }
    // Without a version any will do, which is refused later as a wildcard.
    let given = long.version.unwrap_or_else(|| "*".into());
    let (name, explicit) = match long.package {
        Some(package) => (package, Some(name)),
        None => (name, None),
    };
    Ok(Dependency {
        name,
        explicit,
        requirement: version::requirement(&given).unwrap_or(given),
        features: long.features.unwrap_or_default(),
        optional: long.optional.unwrap_or(false),
        default_features: long.default_features.unwrap_or(true),
        target: target.map(str::to_owned),
        kind,
        registry: long.registry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_all_kinds_are_found() {
        let manifest = read(
            "[package]\nname='a'\nversion='1.0.0'\n\
             [dependencies]\nb='1'\n\
             [dev-dependencies.c]\nversion='0.2'\ndefault-features=false\n\
             [build-dependencies.d]\npackage='e'\nversion='=3.0.0'\noptional=true\n\
             [target.'cfg(unix)'.dependencies]\nf={version='4',features=['g']}\n",
        )
        .unwrap();
        let seen: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|d| (d.name.as_str(), d.requirement.as_str(), d.kind, d.target.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                ("b", "^1", Kind::Normal, None),
                ("c", "^0.2", Kind::Dev, None),
                ("e", "=3.0.0", Kind::Build, None),
                ("f", "^4", Kind::Normal, Some("cfg(unix)")),
            ]
        );
        assert!(!manifest.dependencies[1].default_features);
        assert_eq!(manifest.dependencies[2].explicit.as_deref(), Some("d"));
        assert_eq!(manifest.dependencies[3].features, ["g"]);
    }

    #[test]
    fn what_cargo_should_have_written_out_is_missed() {
        for (text, why) in [
            ("[workspace]\n", "missing field `package`"),
            ("[package]\nname='a'\n", "missing field `version`"),
            ("[package]\nname='a'\nversion.workspace=true\n", INHERITED),
            ("[package]\nname='a'\nversion='1.0.0'\nkeywords.workspace=true\n", INHERITED),
            ("[package]\nname='a'\nversion='1.0.0'\n[dependencies]\nb.workspace=true\n", INHERITED),
            (
                "[package]\nname='a'\nversion='1.0.0'\n[patch.crates-io]\nb={path='b'}\n",
                "crates cannot be published with `[patch]` tables",
            ),
        ] {
            assert_eq!(read(text).err().as_deref(), Some(why), "{text}");
        }
        assert!(
            read("[package]\nversion='1.0.0'\n").err().unwrap().contains("missing field `name`")
        );
        assert!(read("x = =").err().unwrap().starts_with("TOML parse error at line 1"));
    }
}
