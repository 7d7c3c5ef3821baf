//! What a workflow of GitHub Actions says of triggers, environments and permissions.
//!
//! Read line by line, as people write it: by indentation, without anchors and folded texts. It only warns, so
//! what it misses costs nothing. Turned down: a crate for YAML, for three questions.
//! Source: <https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax>.

/// A workflow's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Its name, without the folder.
    pub file: String,
    /// Its text.
    pub text: String,
}

impl Workflow {
    /// Whether it starts rel to send.
    pub fn sends(&self) -> bool {
        let words = |line: &str| {
            let mut words = line.split(|c: char| c.is_whitespace() || "'\"`".contains(c));
            let names = |word: &str| word == "rel" || word.ends_with("/rel");
            words.clone().any(names) && words.any(|word| word == "--live")
        };
        self.lines().any(|(_, line)| words(line))
    }

    /// What starts it: the names of its events.
    pub fn triggers(&self) -> Vec<&str> {
        let mut lines = self.lines().skip_while(|(indent, line)| *indent > 0 || !is_on(line));
        let Some((_, first)) = lines.next() else { return Vec::new() };
        let inline = first.split_once(':').map_or("", |(_, rest)| rest.trim());
        if !inline.is_empty() {
            return inline.trim_matches(['[', ']']).split(',').map(word).collect();
        }
        let below: Vec<(usize, &str)> = lines.take_while(|(indent, _)| *indent > 0).collect();
        let Some(&(depth, _)) = below.first() else { return Vec::new() };
        let own = below.iter().filter(|(indent, _)| *indent == depth);
        own.map(|(_, line)| word(line.trim_start_matches("- ").trim_end_matches(':'))).collect()
    }

    /// The environments that its jobs name; `None` if one is worked out when it runs.
    pub fn environments(&self) -> Option<Vec<&str>> {
        let mut found = Vec::new();
        let mut within = None;
        for (indent, line) in self.lines() {
            let value = line.strip_prefix("environment:").map(str::trim);
            let named = match within {
                Some(depth) if indent > depth => line.strip_prefix("name:").map(str::trim),
                _ => None,
            };
            if value == Some("") {
                within = Some(indent);
            } else if let Some(name) = value.or(named) {
                if name.contains("${{") {
                    return None;
                }
                found.push(word(name));
                within = None;
            }
        }
        Some(found)
    }

    /// Whether a job of it may get an identity.
    pub fn has_identity(&self) -> bool {
        let gives = |line: &str| {
            let mut parts = line.split(':').map(str::trim);
            match (parts.next(), parts.next()) {
                (Some("id-token"), Some("write")) => true,
                (Some("permissions"), Some(all)) => all == "write-all" || all.contains("id-token"),
                _ => false,
            }
        };
        self.lines().any(|(_, line)| gives(line))
    }

    /// Its lines that say something, each with its indentation.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let said = self.text.lines().map(|line| line.split(" #").next().unwrap_or_default());
        let said = said.filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
        said.map(|line| (line.len() - line.trim_start().len(), line.trim()))
    }
}

fn is_on(line: &str) -> bool {
    ["on:", "\"on\":", "'on':", "true:"].iter().any(|start| line.starts_with(start))
}

/// A word without quotes.
fn word(text: &str) -> &str {
    text.split(':').next().unwrap_or_default().trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow(text: &str) -> Workflow {
        Workflow { file: "release.yml".into(), text: text.into() }
    }

    #[test]
    fn triggers_are_found_in_each_form() {
        for (text, wanted) in [
            ("name: x\non: push\njobs:\n", vec!["push"]),
            ("on: [push, 'release']\n", vec!["push", "release"]),
            ("on:\n  - push\n  - release\njobs:\n  release:\n", vec!["push", "release"]),
            (
                "on:\n  push:\n    tags: v*\n  # comment\n  workflow_call: # called\njobs:\n",
                vec!["push", "workflow_call"],
            ),
            ("jobs:\n  release:\n    on: x\n", vec![]),
        ] {
            assert_eq!(workflow(text).triggers(), wanted, "{text}");
        }
    }

    #[test]
    fn environments_are_found_in_each_form() {
        let text = "jobs:\n  a:\n    environment: pypi\n  b:\n    environment:\n      name: 'test'\n      url: x\n    name: no\n";
        assert_eq!(workflow(text).environments().unwrap(), ["pypi", "test"]);
        assert_eq!(workflow("environment: ${{ inputs.where }}\n").environments(), None);
        assert_eq!(
            workflow("  environment:\n    url: x\n  name: no\n").environments().unwrap(),
            [""; 0]
        );
        assert!(workflow("jobs:\n").environments().unwrap().is_empty());
    }

    #[test]
    fn the_identity_is_a_permission() {
        for text in [
            "  id-token: write\n",
            "permissions: write-all\n",
            "permissions: { id-token: write }\n",
        ] {
            assert!(workflow(text).has_identity(), "{text}");
        }
        for text in ["", "  id-token: read\n", "# id-token: write\n", "permissions: read-all\n"] {
            assert!(!workflow(text).has_identity(), "{text}");
        }
    }

    #[test]
    fn it_sends_where_rel_is_started_live() {
        for line in ["- run: rel publish --live --yes", "./bin/rel run x --live"] {
            assert!(workflow(line).sends(), "{line}");
        }
        for line in ["- run: rel publish", "# rel publish --live", "- run: barrel --live"] {
            assert!(!workflow(line).sends(), "{line}");
        }
    }
}
