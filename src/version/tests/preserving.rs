//! A bump changes the version's bytes and no others, and afterwards all places agree.

use proptest::prelude::*;

use super::super::known;
use super::{Tree, asked};

/// What may stand round a version in a file that is TOML.
fn noise() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("# 1.2.3 \u{e9}\n"),
        Just("\n"),
        Just("\r\n"),
        Just("\t \n"),
        Just("# version = \"9.9.9\"\n"),
    ];
    proptest::collection::vec(line, 0..5).prop_map(|lines| lines.concat())
}

fn quote() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("\""), Just("'")]
}

proptest! {
    #[test]
    fn only_the_versions_own_bytes_change_and_then_all_agree(
        (major, minor, patch) in (0..30_u64, 0..30_u64, 0..30_u64),
        step in prop_oneof![Just("major"), Just("minor"), Just("patch"), Just("pre")],
        before in proptest::array::uniform4(noise()),
        after in proptest::array::uniform4(noise()),
        (quote, gap) in (quote(), prop_oneof![Just(""), Just(" "), Just("\t")]),
        with_table in any::<bool>(),
    ) {
        let with_table = with_table && step != "pre";
        let old = format!("{major}.{minor}.{patch}");
        let files = |python: &str, cargo: &str| -> Vec<(String, String)> {
            let table = if with_table {
                format!("[tool.bumpversion]{gap}\ncurrent_version{gap}={gap}{quote}{python}{quote}\n")
            } else {
                String::new()
            };
            [
                ("pyproject.toml", format!("{}[project]\nname = \"x\"\nversion{gap}={gap}{quote}{python}{quote} # {old}x\n{}{table}", before[0], after[0])),
                ("x/__init__.py", format!("{}__version__{gap}={gap}{quote}{python}{quote}\n{}", before[1], after[1])),
                ("Cargo.toml", format!("{}[package]\nname = \"x\"\nversion{gap}={gap}{quote}{cargo}{quote}\n{}", before[2], after[2])),
                ("package.json", format!("{{\n\t\"version\"{gap}: \"{cargo}\",\"a\": {{\"version\": \"{old}\"}}}}\n")),
                ("untouched", format!("{old}{}{}", before[3], after[3])),
            ]
            .map(|(name, text)| (name.to_owned(), text))
            .into()
        };
        let tree = Tree(files(&old, &old).into_iter().collect());
        let (next, changed) = tree.bumped(&asked(""), step).unwrap();
        let cargo = next.replace('a', "-alpha.");
        prop_assert_eq!(&changed.0, &files(&next, &cargo).into_iter().collect());
        let said = known(&changed, &asked("")).unwrap().version().unwrap();
        prop_assert_eq!(said.as_deref(), Some(next.as_str()));
    }
}
