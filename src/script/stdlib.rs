//! The standard library: Rhai modules that travel within the program.
//!
//! They use public builtins only, so that a user may copy a function and change it.

const STANDARD: &[(&str, &str)] = &[
    ("std/python", include_str!("../../stdlib/python.rhai")),
    ("std/github", include_str!("../../stdlib/github.rhai")),
    ("std/checks", include_str!("../../stdlib/checks.rhai")),
    ("std/rust", include_str!("../../stdlib/rust.rhai")),
];

/// The short name that a module is usually imported under: none that hides a module of builtins.
pub fn short(name: &str) -> &str {
    match name {
        "std/python" => "py",
        "std/github" => "gh",
        other => other.rsplit('/').next().unwrap_or(other),
    }
}

/// Names of the standard library's modules.
pub fn names() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|(name, _)| *name)
}

/// The text of a module of the standard library.
pub fn text(name: &str) -> Option<&'static str> {
    STANDARD.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A function of a module with what its comment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documented {
    /// Its name.
    pub name: String,
    /// How it is declared: `test(python, args)`.
    pub signature: String,
    /// What it does.
    pub doc: String,
    /// The indented lines of the comment.
    pub example: String,
}

/// The functions of a module's text that others may call.
pub fn documented(text: &str) -> Vec<Documented> {
    let (mut doc, mut example) = (Vec::new(), Vec::new());
    let mut all = Vec::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("///") {
            match comment.strip_prefix("   ") {
                Some(code) => example.push(code),
                None => doc.push(comment.trim()),
            }
            continue;
        }
        let declared = line.strip_prefix("fn ").and_then(|line| line.split_once(" {"));
        if let Some((signature, _)) = declared {
            let name = signature.split('(').next().unwrap_or(signature);
            all.push(Documented {
                name: name.to_owned(),
                signature: signature.to_owned(),
                doc: doc.join(" "),
                example: example.join("\n"),
            });
        }
        doc.clear();
        example.clear();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::documented;

    #[test]
    fn comments_above_a_function_are_its_documentation() {
        let text = "// no\n\n/// Does a\n/// thing.\n///   a(1);\nfn a(x) {\n}\nprivate fn b() {\n}\nfn c() {\n}\n";
        let found = documented(text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].signature.as_str(), found[0].doc.as_str()), ("a(x)", "Does a thing."));
        assert_eq!((found[0].example.as_str(), found[1].doc.as_str()), ("a(1);", ""));
    }
}
