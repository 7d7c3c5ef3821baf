//! `[tool.bumpversion]`: what it decides, and what is refused. Its own tool judges the bytes elsewhere.

use super::super::known;
use super::{Tree, asked};

/// A project whose table has these lines, and these files beside it.
fn tree(table: &str, files: &[(&str, &str)]) -> Tree {
    let text = format!("[tool.bumpversion]\n{table}\n");
    let mut tree = Tree::of(files);
    tree.0.insert(".bumpversion.toml".into(), text);
    tree
}

fn bump(tree: &Tree, word: &str) -> Result<(String, Tree), String> {
    tree.bumped(&asked(""), word).map_err(|wrong| wrong.message)
}

const PARTS: &str = r#"
current_version = "1.2.0rc1"
parse = '''(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)  # numbers
    (?:(?P<kind>a|rc)(?P<count>\d+))?'''
serialize = ["{major}.{minor}.{patch}{kind}{count}", "{major}.{minor}.{patch}"]
parts.kind = { values = ["a", "rc", "final"], optional_value = "final" }
parts.count = { first_value = "1" }
"#;

#[test]
fn its_parts_are_stepped() {
    for (word, next) in [
        ("count", "1.2.0rc2"),
        ("kind", "1.2.0"),
        ("patch", "1.2.1a1"),
        ("minor", "1.3.0a1"),
        ("1.2.0", "1.2.0"),
    ] {
        assert_eq!(bump(&tree(PARTS, &[]), word).unwrap().0, next, "{word}");
    }
    let wrong = |word| bump(&tree(PARTS, &[]), word).err().unwrap();
    assert_eq!(wrong("release"), "the version has no part `release` to bump");
    let done = tree(&PARTS.replace("1.2.0rc1", "1.2.0"), &[]);
    assert_eq!(
        bump(&done, "kind").err().unwrap(),
        "part `kind` is `final`, and no value comes after that"
    );
}

#[test]
fn its_files_are_searched_and_replaced() {
    let table = "current_version = \"1.0.45\"\nfiles = [\n{ filename = \"a.py\", search = 'V = \"{current_version}\"', replace = 'V = \"{new_version}\"' },\n{ filename = \"CHANGES\", search = \"## Next\", replace = \"## Next\\n\\n## {new_version} ({now:%Y-%m-%d})\" },\n{ glob = \"docs/*.md\", glob_exclude = [\"docs/old.md\"], serialize = [\"{major}.{minor}\"], exclude_bumps = [\"patch\"] },\n]";
    let files = [
        ("a.py", "V = \"1.0.45\"\r\nW = \"1.0.45\"\r\n"),
        ("CHANGES", "## Next\n"),
        ("docs/new.md", "since 1.0"),
        ("docs/old.md", "since 0.9"),
    ];
    let (next, new) = bump(&tree(table, &files), "patch").unwrap();
    assert_eq!(next, "1.0.46");
    assert_eq!(new.0["a.py"], "V = \"1.0.46\"\r\nW = \"1.0.45\"\r\n");
    assert_eq!(new.0["CHANGES"], "## Next\n\n## 1.0.46 (2026-07-14)\n");
    assert_eq!(new.0["docs/new.md"], "since 1.0");
    assert!(new.0[".bumpversion.toml"].contains("current_version = \"1.0.46\""));
    let (_, new) = bump(&new, "minor").unwrap();
    assert_eq!(new.0["docs/new.md"], "since 1.1");
    assert_eq!(new.0["docs/old.md"], "since 0.9");
}

#[test]
fn what_its_files_lack_is_named() {
    let table = "current_version = \"1.0.0\"\n[[tool.bumpversion.files]]\nfilename = \"a\"\nsearch = \"v={current_version}\"";
    assert_eq!(tree(table, &[("a", "v=1.0.1\n")]).wrong(""), "a has no `v=1.0.0`");
    assert_eq!(
        tree(table, &[]).wrong(""),
        "there is no text file a to look for `v={current_version}` in"
    );
    for lenient in ["ignore_missing_version", "ignore_missing_file"] {
        let files: &[(&str, &str)] = if lenient.ends_with("file") { &[] } else { &[("a", "x")] };
        let lenient = tree(&format!("{table}\n{lenient} = true"), files);
        assert_eq!(bump(&lenient, "minor").unwrap().0, "1.1.0");
    }
}

#[test]
fn what_is_not_known_of_it_is_refused() {
    let current = "current_version = \"1.0.0\"\n";
    for (table, message) in [
        ("", "`[tool.bumpversion]` of .bumpversion.toml has no `current_version`"),
        ("parse = '(?<=x)(?P<a>.)'", "`(?<=x)(?P<a>.)` is no regular expression that rel can read"),
        (
            "parts.major.calver_format = '{YYYY}'",
            "rel does not know `calver_format` of part `major`",
        ),
        ("files = [{}]", "a file in `[tool.bumpversion]` of .bumpversion.toml has no name"),
        ("files = [{ glob = '*.none' }]", "`*.none` of the table of bumpversion matches no file"),
        ("parse = '(?P<a>x)'", "`parse` of the table of bumpversion does not read `1.0.0`"),
        ("serialize = ['{none}']", "no `serialize` of the table of bumpversion can be filled"),
        (
            "pre_commit_hooks = ['make lock']",
            "`pre_commit_hooks` of the table of bumpversion are commands, and rel does not run them",
        ),
        (
            "files = [{ filename = 'a', search = '{branch_name}' }]",
            "nothing is known for `{branch_name}` in the table of bumpversion",
        ),
        (
            "files = [{ filename = 'a', replace = '\\q' }]",
            "`\\q` replaces with something that rel cannot read",
        ),
        ("files = [{ filename = 'a', search = '{' }]", "the braces in `{` do not match"),
    ] {
        let table = if table.is_empty() { String::new() } else { format!("{current}{table}") };
        let found = bump(&tree(&table, &[("a", "1.0.0")]), "major").err();
        assert_eq!(found.as_deref(), Some(message));
    }
    let old = Tree::of(&[("setup.cfg", "[bumpversion]\ncurrent_version = 1.0\n")]);
    assert_eq!(old.wrong(""), "setup.cfg has a `[bumpversion]` in the old form");
}

#[test]
fn it_never_writes_another_version_than_was_asked_for() {
    let tree = tree("current_version = \"1.0.0\"", &[]);
    let wrong = bump(&tree, "1.1.0.dev5").err().unwrap();
    assert_eq!(
        wrong,
        "`parse` and `serialize` of the table of bumpversion make `1.1.0` of `1.1.0.dev5`"
    );
}

#[test]
fn it_may_stand_above_the_projects_folder_and_what_it_forgets_is_changed_too() {
    let mut tree = tree(
        "current_version = \"1.0.0\"\ntag_name = \"rel-{new_version}\"\nfiles = [{ filename = \"src/pyproject.toml\" }]",
        &[
            ("src/pyproject.toml", "[project]\nname = \"x\"\nversion = \"1.0.0\"\n"),
            ("src/x/__init__.py", "__version__ = \"1.0.0\"\n"),
        ],
    );
    let (_, new) = tree.bumped(&asked("src"), "minor").unwrap();
    let all =
        ["src/pyproject.toml:3: 1.1.0", "src/x/__init__.py:1: 1.1.0", ".bumpversion.toml:2: 1.1.0"];
    assert_eq!(new.places("src"), all);
    let known = known(&new, &asked("src")).unwrap();
    assert_eq!(known.tag_of("1.1.0").unwrap(), "rel-1.1.0");
    tree.0.insert("src/x/__init__.py".into(), "__version__ = \"0.9\"\n".into());
    assert_eq!(tree.wrong("src"), "the places of the version do not agree");
}

#[test]
fn a_file_for_some_steps_only_may_say_what_it_said_before_the_others() {
    let table = "current_version = \"2.7.1\"\nfiles = [\n{ filename = \"all\" },\n{ filename = \"major\", include_bumps = [\"major\"] },\n{ filename = \"not-patch\", exclude_bumps = [\"patch\"] },\n]";
    let files = [("all", "2.7.1"), ("major", "2.0.0"), ("not-patch", "2.7.0")];
    let (_, new) = bump(&tree(table, &files), "patch").unwrap();
    assert_eq!((new.0["all"].as_str(), new.0["major"].as_str()), ("2.7.2", "2.0.0"));
    assert_eq!(new.places(""), [".bumpversion.toml:2: 2.7.2", "all:1: 2.7.2"]);
    assert_eq!(bump(&new, "minor").err().unwrap(), "not-patch has no `2.7.2`");
}
