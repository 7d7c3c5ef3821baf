//! Whether what a manifest says is good enough for crates.io, in the order of the real checks.
//!
//! It asks nothing of the registry: which crates and versions there are is looked at later. Turned
//! down: naming all faults at once, because the server names the first.

use super::manifest::{Dependency, Manifest};
use super::rules::{self, Checked, bad};
use super::{license, names, version};

const DESCRIPTION: usize = 1000;
const FEATURES: usize = 300;
const DEPENDENCIES: usize = 500;

/// Checks a manifest, and says what the licence is if none is named.
pub(super) fn check(manifest: &mut Manifest) -> Checked<()> {
    required(manifest)?;
    licensed(manifest)?;
    let urls = [
        ("homepage", &manifest.homepage),
        ("documentation", &manifest.documentation),
        ("repository", &manifest.repository),
    ];
    for (field, url) in urls {
        check_url(field, url.as_deref())?;
    }
    let numbers = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if manifest
        .rust_version
        .as_deref()
        .is_some_and(|text| !numbers(text) || version::requirement(text).is_none())
    {
        let message = "failed to parse `Cargo.toml` manifest file\n\ninvalid `rust-version` value";
        return Err(bad(rules::RUST_VERSION, message));
    }
    words(manifest)?;
    features(manifest)?;
    if manifest.dependencies.len() > DEPENDENCIES {
        let message = format!(
            "crates.io only allows a maximum number of {DEPENDENCIES} dependencies.\n\n{MORE}"
        );
        return Err(bad(rules::DEPENDENCY_COUNT, message));
    }
    manifest.dependencies.iter().try_for_each(dependency)
}

fn required(manifest: &Manifest) -> Checked<()> {
    let empty = |field: &Option<String>| field.as_ref().is_none_or(String::is_empty);
    let mut missing = Vec::new();
    if empty(&manifest.description) {
        missing.push("description");
    }
    if empty(&manifest.license) && empty(&manifest.license_file) {
        missing.push("license");
    }
    if !missing.is_empty() {
        let message = format!(
            "missing or empty metadata fields: {}. Please see \
             https://doc.rust-lang.org/cargo/reference/manifest.html for more information on \
             configuring these fields",
            missing.join(", ")
        );
        return Err(bad(rules::REQUIRED_FIELDS, message));
    }
    // Bytes are counted, whatever the text says.
    if manifest.description.as_ref().is_some_and(|text| text.len() > DESCRIPTION) {
        let message = format!(
            "The `description` is too long. A maximum of {DESCRIPTION} characters are currently allowed."
        );
        return Err(bad(rules::DESCRIPTION_LENGTH, message));
    }
    Ok(())
}

fn licensed(manifest: &mut Manifest) -> Checked<()> {
    let Some(expression) = &manifest.license else {
        manifest.license = Some("non-standard".into());
        return Ok(());
    };
    license::check(expression).map_err(|error| {
        let message = format!(
            "unknown or invalid license expression; see http://opensource.org/licenses for options, \
             and http://spdx.org/licenses/ for their identifiers\n\
             Note: If you have a non-standard license that is not listed by SPDX, use the \
             license-file field to specify the path to a file containing the text of the license.\n\
             See https://doc.rust-lang.org/cargo/reference/manifest.html#the-license-and-license-file-fields \
             for more information.\n{error}"
        );
        bad(rules::LICENSE, message)
    })
}

fn check_url(field: &str, url: Option<&str>) -> Checked<()> {
    let Some(url) = url else { return Ok(()) };
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        let message =
            format!("URL for field `{field}` must begin with http:// or https:// (url: {url})");
        return Err(bad(rules::URL, message));
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "<>^|".contains(c)) {
        return Err(bad(rules::URL, format!("`{field}` is not a valid url: `{url}`")));
    }
    Ok(())
}

/// Keywords and the number of categories.
fn words(manifest: &Manifest) -> Checked<()> {
    if manifest.keywords.len() > 5 {
        return Err(bad(rules::KEYWORD_COUNT, "expected at most 5 keywords per crate"));
    }
    for keyword in &manifest.keywords {
        let first = keyword.starts_with(|c: char| c.is_ascii_alphanumeric());
        let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
        if keyword.len() > 20 {
            let message = format!(
                "\"{keyword}\" is an invalid keyword (keywords must have less than 20 characters)"
            );
            return Err(bad(rules::KEYWORD, message));
        } else if !first || !keyword.chars().all(rest) {
            return Err(bad(rules::KEYWORD, format!("\"{keyword}\" is an invalid keyword")));
        }
    }
    if manifest.categories.len() > 5 {
        return Err(bad(rules::CATEGORY_COUNT, "expected at most 5 categories per crate"));
    }
    Ok(())
}

const MORE: &str = "If you have a use case that requires an increase of this limit, please send us an \
                    email to help@crates.io to discuss the details.";
const WHY: &str = "Take a look at https://blog.rust-lang.org/2023/10/26/broken-badges-and-23k-keywords.html \
                   to understand why this restriction was introduced.";

fn features(manifest: &Manifest) -> Checked<()> {
    let count = manifest.features.len();
    if count > FEATURES {
        let message = format!(
            "crates.io only allows a maximum number of {FEATURES} features, but your crate is \
             declaring {count} features.\n\n{WHY}\n\n{MORE}"
        );
        return Err(bad(rules::FEATURE_COUNT, message));
    }
    for (name, enabled) in &manifest.features {
        names::check_feature(name).map_err(|error| bad(rules::FEATURE_NAME, error))?;
        let count = enabled.len();
        if count > FEATURES {
            let message = format!(
                "crates.io only allows a maximum number of {FEATURES} features or dependencies that \
                 another feature can enable, but the \"{name}\" feature of your crate is enabling \
                 {count} features or dependencies.\n\n{WHY}\n\n{MORE}"
            );
            return Err(bad(rules::FEATURE_COUNT, message));
        }
        for one in enabled {
            names::check_enabled(one).map_err(|error| bad(rules::FEATURE_NAME, error))?;
        }
    }
    Ok(())
}

fn dependency(given: &Dependency) -> Checked<()> {
    names::check("dependency", &given.name).map_err(|e| bad(rules::DEPENDENCY_NAME, e))?;
    for feature in &given.features {
        names::check_enabled(feature).map_err(|error| bad(rules::FEATURE_NAME, error))?;
    }
    if given.registry.as_ref().is_some_and(|registry| !registry.is_empty()) {
        let message = format!(
            "Dependency `{}` is hosted on another registry. Cross-registry dependencies are not \
             permitted on crates.io.",
            given.name
        );
        return Err(bad(rules::DEPENDENCY_REGISTRY, message));
    }
    match version::requirement(&given.requirement).as_deref() {
        None => {
            let message = format!("\"{}\" is an invalid version requirement", given.requirement);
            return Err(bad(rules::DEPENDENCY_REQUIREMENT, message));
        }
        Some("*") => {
            let message = format!(
                "wildcard (`*`) dependency constraints are not allowed on crates.io. Crate with this \
                 problem: `{}` See https://doc.rust-lang.org/cargo/faq.html#can-libraries-use--as-a-version-for-their-dependencies \
                 for more information",
                given.name
            );
            return Err(bad(rules::DEPENDENCY_WILDCARD, message));
        }
        Some(_) => {}
    }
    match &given.explicit {
        None => Ok(()),
        Some(name) => {
            names::check_dependency(name).map_err(|error| bad(rules::DEPENDENCY_NAME, error))
        }
    }
}
