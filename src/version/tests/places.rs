//! Where versions are found: each build back end, Cargo, npm, and what a Releasefile names.

use super::super::{Asked, Sought};
use super::{Tree, asked};

#[test]
fn a_python_project_says_its_version_where_its_back_end_looks() {
    let init = "\"\"\"Doc.\"\"\"\n__version__: str = '1.2.0'  # ours\n";
    let dynamic = "[project]\nname = \"my-pkg\"\ndynamic = [\"version\"]\n";
    for (pyproject, file, text, place) in [
        ("[project]\nname = \"my-pkg\"\nversion = '1.2.0'\n", "x", "", "pyproject.toml:3"),
        ("[tool.poetry]\nname = \"my-pkg\"\nversion = \"1.2.0\"\n", "x", "", "pyproject.toml:3"),
        (
            "[tool.hatch.version]\npath = \"a/about.py\"\n",
            "a/about.py",
            "VERSION = \"1.2.0\"\n",
            "a/about.py:1",
        ),
        (
            "[tool.hatch.version]\npath = \"a.txt\"\npattern = 'is (?P<version>.+)$'\n",
            "a.txt",
            "x\nis 1.2.0\n",
            "a.txt:2",
        ),
        (
            "[tool.setuptools.dynamic]\nversion = {attr = \"my_pkg.__version__\"}\n",
            "src/my_pkg/__init__.py",
            init,
            "src/my_pkg/__init__.py:2",
        ),
        (
            "[tool.setuptools]\npackage-dir = {\"\" = \"lib\"}\n[tool.setuptools.dynamic]\nversion = {attr = \"my_pkg.about.V\"}\n",
            "lib/my_pkg/about.py",
            "V = '1.2.0'\n",
            "lib/my_pkg/about.py:1",
        ),
        (
            "[tool.setuptools.dynamic]\nversion = {file = [\"VERSION\"]}\n",
            "VERSION",
            "1.2.0\n",
            "VERSION:1",
        ),
        (
            "[build-system]\nbuild-backend = \"flit_core.buildapi\"\n",
            "my_pkg.py",
            init,
            "my_pkg.py:2",
        ),
        (
            "[tool.pdm.version]\nsource = \"file\"\npath = \"my_pkg/__init__.py\"\n",
            "my_pkg/__init__.py",
            init,
            "my_pkg/__init__.py:2",
        ),
        (
            "[build-system]\nbuild-backend = \"maturin\"\n",
            "rust/Cargo.toml",
            "[package]\nname = \"x\"\nversion = \"1.2.0\"\n",
            "rust/Cargo.toml:3",
        ),
    ] {
        let fixed = pyproject.contains("[project]") || pyproject.contains("tool.poetry");
        let whole = if fixed { pyproject.to_owned() } else { format!("{dynamic}{pyproject}") };
        let tree = Tree::of(&[("pyproject.toml", &whole), (file, text)]);
        assert_eq!(tree.places(""), [format!("{place}: 1.2.0")], "{whole}");
    }
}

#[test]
fn a_version_of_the_tag_stands_in_no_file() {
    for more in [
        "[tool.hatch.version]\nsource = \"vcs\"\n",
        "[tool.setuptools_scm]\n",
        "[tool.pdm.version]\nsource = \"scm\"\n",
        "[tool.poetry]\nversion = \"0.0.0\"\n",
    ] {
        let text = format!("[project]\nname = \"x\"\ndynamic = [\"version\"]\n{more}");
        let tree = Tree::of(&[("pyproject.toml", &text), ("x/__init__.py", "__version__ = '9'\n")]);
        let known = super::known(&tree, &asked("")).unwrap();
        assert!(known.tagged && known.places().next().is_none(), "{more}");
        assert_eq!(known.version().unwrap(), None);
    }
}

#[test]
fn what_the_back_end_looks_for_and_does_not_find_is_named() {
    let dynamic = "[project]\nname = \"x\"\ndynamic = [\"version\"]\n";
    let attr =
        format!("{dynamic}[tool.setuptools.dynamic]\nversion = {{attr = \"x.__version__\"}}\n");
    let tree = Tree::of(&[("pyproject.toml", &attr), ("x.py", "__version__ = read()\n")]);
    assert_eq!(tree.wrong(""), "x.py has no `__version__ = \"…\"`");
    let tree = Tree::of(&[("pyproject.toml", &attr)]);
    assert_eq!(
        tree.wrong(""),
        "there is no text file src/x/__init__.py to look for `__version__ = \"…\"` in"
    );
    let hatch = format!("{dynamic}[tool.hatch.version]\npath = \"v\"\npattern = '(?<=a)b'\n");
    let tree = Tree::of(&[("pyproject.toml", &hatch), ("v", "ab")]);
    assert_eq!(tree.wrong(""), "`(?<=a)b` is no regular expression that rel can read");
    assert!(
        Tree::of(&[("pyproject.toml", "[")]).wrong("").starts_with("cannot read pyproject.toml")
    );
}

#[test]
fn the_packages_own_version_and_its_lock_entry_count_too() {
    let lock = "version = 1\n[[package]]\nname = \"dep\"\nversion = \"9\"\nsource = { registry = \"r\" }\n[[package]]\nname = \"my-pkg\"\nversion = \"1.0\"\nsource = { editable = \".\" }\n";
    let tree = Tree::of(&[
        ("src/pyproject.toml", "[project]\nname = \"my.pkg\"\nversion = \"1.0\"\n"),
        ("src/my_pkg/__init__.py", "__version__ = \"1.0\"\n"),
        ("src/other/__init__.py", "__version__ = \"7\"\n"),
        ("src/tests/__init__.py", "__version__ = \"8\"\n"),
        ("src/uv.lock", lock),
        ("my_pkg/__init__.py", "__version__ = \"6\"\n"),
    ]);
    let all = ["src/pyproject.toml:3: 1.0", "src/my_pkg/__init__.py:1: 1.0"];
    assert_eq!(tree.places("src")[..2], all);
    assert_eq!(tree.places("src")[2..], ["src/uv.lock:8: 1.0"]);
    let other_name = Tree::of(&[
        ("pyproject.toml", "[project]\nname = \"acme-tools\"\nversion = \"1.0\"\n"),
        ("src/acme/__about__.py", "__version__ = \"1.1\"\n"),
        ("tests/__init__.py", "__version__ = \"8\"\n"),
    ]);
    assert_eq!(other_name.places("")[1..], ["src/acme/__about__.py:1: 1.1"]);
    assert_eq!(other_name.wrong(""), "the places of the version do not agree");
}

/// A workspace whose members share a version, but for one.
fn workspace() -> Tree {
    let lock = "version = 4\n[[package]]\nname = \"core\"\nversion = \"0.3.1\"\ndependencies = [\"dep 0.3.1\", \"core 0.2.0\"]\n[[package]]\nname = \"core\"\nversion = \"0.2.0\"\nsource = \"registry+x\"\n[[package]]\nname = \"cli\"\nversion = \"0.3.1\"\ndependencies = [\"core 0.3.1\"]\n[[package]]\nname = \"own\"\nversion = \"5.0.0\"\n";
    Tree::of(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/out\"]\n[workspace.package]\nversion = \"0.3.1\" # all\n[workspace.dependencies]\ncore = { path = \"crates/core\", version = \"=0.3.1\" }\nserde = \"1\"\n",
        ),
        ("crates/core/Cargo.toml", "[package]\nname = \"core\"\nversion.workspace = true\n"),
        (
            "crates/cli/Cargo.toml",
            "[package]\nname = \"cli\"\nversion = { workspace = true }\n[dependencies]\nnut = { package = \"core\", path = \"../core\", version = \"0.3\" }\nown = { path = \"../own\", version = \"5.0.0\" }\n[target.'cfg(unix)'.dev-dependencies]\ncore = { version = '0.3.1', path = \"../core\" }\n",
        ),
        (
            "crates/own/Cargo.toml",
            "[package]\nname = \"own\"\nversion = \"5.0.0\"\n[dependencies]\ncore = { path = \"../core\", version = \"0.3.1\" }\n",
        ),
        ("crates/out/Cargo.toml", "[package]\nname = \"out\"\nversion = \"9.0.0\"\n"),
        ("Cargo.lock", lock),
    ])
}

#[test]
fn a_workspace_has_one_version_in_many_places() {
    let all = [
        "Cargo.toml:5: 0.3.1",
        "Cargo.toml:7: 0.3.1",
        "crates/cli/Cargo.toml:5: 0.3",
        "crates/cli/Cargo.toml:8: 0.3.1",
        "crates/own/Cargo.toml:5: 0.3.1",
        "Cargo.lock:4: 0.3.1",
        "Cargo.lock:12: 0.3.1",
        "Cargo.lock:13: 0.3.1",
    ];
    assert_eq!(workspace().places(""), all);
    assert_eq!(workspace().places("crates/core"), all, "asked from within");
    assert_eq!(
        workspace().places("crates/own"),
        [
            "crates/own/Cargo.toml:3: 5.0.0",
            "crates/cli/Cargo.toml:6: 5.0.0",
            "Cargo.lock:16: 5.0.0"
        ]
    );
}

#[test]
fn a_bump_changes_a_workspace_and_short_requirements_only_where_they_end() {
    let (next, tree) = workspace().bumped(&asked(""), "patch").unwrap();
    assert_eq!(next, "0.3.2");
    assert!(tree.0["crates/cli/Cargo.toml"].contains("version = \"0.3\" }\nown"));
    assert!(tree.0["Cargo.toml"].contains("version = \"0.3.2\" # all"));
    assert!(tree.0["Cargo.lock"].contains("\"dep 0.3.1\", \"core 0.2.0\""));
    assert!(tree.0["Cargo.lock"].contains("dependencies = [\"core 0.3.2\"]"));
    let (next, tree) = tree.bumped(&asked(""), "minor").unwrap();
    assert_eq!(next, "0.4.0");
    assert!(tree.0["crates/cli/Cargo.toml"].contains("version = \"0.4\" }\nown"));
    assert!(tree.0["crates/own/Cargo.toml"].contains("version = \"5.0.0\"\n"));
}

#[test]
fn members_of_a_workspace_without_a_version_have_one_together() {
    let member = |name: &str, version: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\n")
    };
    let (one, two) = (member("one", "1.0.0"), member("two", "1.0.1"));
    let tree = Tree::of(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"one\", \"two\"]\n"),
        ("one/Cargo.toml", &one),
        ("two/Cargo.toml", &two),
    ]);
    assert_eq!(tree.places(""), ["one/Cargo.toml:3: 1.0.0", "two/Cargo.toml:3: 1.0.1"]);
    assert_eq!(tree.wrong(""), "the places of the version do not agree");
    assert_eq!(tree.places("two"), ["two/Cargo.toml:3: 1.0.1"]);
}

#[test]
fn path_dependencies_below_the_top_are_members_too() {
    let member = |name: &str, needs: &str| {
        format!("[package]\nname = \"{name}\"\nversion.workspace = true\n{needs}")
    };
    let top = "[workspace]\nmembers = [\"cli\"]\nexclude = [\"out\"]\n[workspace.package]\nversion = \"1.0.0\"\n[workspace.dependencies]\nb = { path = \"libs/b\" }\n";
    let needs = "[dependencies]\na = { path = \"../libs/a\" }\n[target.'cfg(unix)'.dependencies]\nb.workspace = true\n[dev-dependencies]\no = { path = \"../out/o\" }\nf = { path = \"../../far\" }\n";
    let requires = |name: &str| {
        format!("[dependencies]\n{name} = {{ path = \"../{name}\", version = \"=1.0.0\" }}\n")
    };
    let tree = Tree::of(&[
        ("all/Cargo.toml", top),
        ("all/cli/Cargo.toml", &member("cli", needs)),
        ("all/libs/a/Cargo.toml", &member("a", &requires("c"))),
        ("all/libs/b/Cargo.toml", &member("b", &requires("cli"))),
        ("all/libs/c/Cargo.toml", &member("c", &requires("a"))),
        ("all/libs/unneeded/Cargo.toml", &member("unneeded", &requires("a"))),
        ("all/out/o/Cargo.toml", &member("o", &requires("a"))),
        ("far/Cargo.toml", &member("f", &requires("a"))),
    ]);
    let all = [
        "all/Cargo.toml:5: 1.0.0",
        "all/libs/a/Cargo.toml:5: 1.0.0",
        "all/libs/b/Cargo.toml:5: 1.0.0",
        "all/libs/c/Cargo.toml:5: 1.0.0",
    ];
    assert_eq!(tree.places("all"), all);
    assert_eq!(tree.places("all/libs/c"), all, "asked from within");
}

#[test]
fn one_version_is_written_as_each_ecosystem_writes_it() {
    let tree = Tree::of(&[
        ("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1.0\"\n"),
        ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"1.0.0\"\n"),
        ("package.json", "{\n  \"name\": \"x\",\n  \"version\": \"1.0.0\"\n}\n"),
        (
            "package-lock.json",
            "{\"version\": \"1.0.0\", \"packages\": {\"\": {\"version\": \"1.0.0\"}, \"a\": {\"version\": \"3.0.0\"}}}",
        ),
    ]);
    let (next, tree) = tree.bumped(&asked(""), "1.1.0-rc.1").unwrap();
    assert_eq!(next, "1.1.0rc1");
    let said = tree.places("");
    assert_eq!(said[0], "pyproject.toml:3: 1.1.0rc1");
    assert!(said[1..].iter().all(|place| place.ends_with(": 1.1.0-rc.1")), "{said:?}");
    assert_eq!(said.len(), 5);
}

#[test]
fn a_private_package_of_tools_says_nothing() {
    let tree = Tree::of(&[
        ("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1.0\"\n"),
        ("package.json", "{\"private\": true, \"version\": \"0.0.0\"}"),
    ]);
    assert_eq!(tree.places("").len(), 1);
}

#[test]
fn a_releasefile_names_more_places() {
    let tree = Tree::of(&[
        ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"1.0.0\"\n"),
        ("docs/conf.py", "release = '1.0.0'  # v1.0.0\nother = '2.0.0'\n"),
        ("README.md", "Get x@v1.0.0, or x@v1.0.0.\n"),
    ]);
    let sought = |file: &str, search: &str| {
        let sought = vec![Sought { file: file.into(), search: search.into() }];
        Asked { sought, ..Asked::default() }
    };
    let asked = Asked {
        sought: [("docs/conf.py", "release = '{version}'"), ("README.md", "x@v{version}")]
            .map(|(file, search)| Sought { file: file.into(), search: search.into() })
            .into(),
        ..Asked::default()
    };
    let (_, new) = tree.bumped(&asked, "1.1.0-rc.1").unwrap();
    assert_eq!(new.0["docs/conf.py"], "release = '1.1.0-rc.1'  # v1.0.0\nother = '2.0.0'\n");
    assert_eq!(new.0["README.md"], "Get x@v1.1.0-rc.1, or x@v1.1.0-rc.1.\n");
    let wrong = |asked: &Asked| super::known(&tree, asked).unwrap_err().message;
    assert_eq!(wrong(&sought("README.md", "y@{version}")), "README.md has no `y@{version}`");
    assert_eq!(wrong(&sought("README.md", "x@")), "`x@` has no `{version}`");
    assert_eq!(
        wrong(&sought("none", "{version}")),
        "there is no text file none to look for `{version}` in"
    );
}

#[test]
fn a_later_version_may_be_named_and_an_earlier_one_is_refused() {
    let tree = Tree::of(&[("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1.2.0\"\n")]);
    let bump = |word| tree.bumped(&asked(""), word).map(|(next, _)| next).map_err(|w| w.message);
    assert_eq!(bump("v1.3").unwrap(), "1.3");
    assert_eq!(bump("1.2").unwrap_err(), "version 1.2 does not come after 1.2.0");
    assert_eq!(bump("1.x").unwrap_err(), "`1.x` is no version");
    assert_eq!(
        bump("1.3.0-nightly.1").unwrap_err(),
        "pyproject.toml cannot say version 1.3.0-nightly.1"
    );
    assert_eq!(bump("pathc").unwrap_err(), "`pathc` is neither a version nor a step to one");
    assert_eq!(bump("release").unwrap_err(), "1.2.0 is a release already");
    let text = "[package]\nname = \"x\"\nversion = \"1.2.0-nightly.9\"\n";
    let tree = Tree::of(&[("Cargo.toml", text)]);
    for later in ["1.2.0-nightly.10", "1.2.0-rc.1"] {
        assert_eq!(tree.bumped(&asked(""), later).unwrap().0, later);
    }
}

#[test]
fn a_development_version_is_of_its_commit() {
    let tree = Tree::of(&[("pyproject.toml", "[project]\nname = \"x\"\nversion = \"1.2.3\"\n")]);
    let known = super::known(&tree, &asked("")).unwrap();
    let of = |time, commit| known.development("1.2.3", time, commit).unwrap();
    assert_eq!(of(super::NOW, "ffff0123"), "1.2.4.dev2026071423595965535");
    assert_eq!(of(super::NOW, ""), "1.2.4.dev2026071423595900000");
    assert_ne!(of(super::NOW, "0001"), of(super::NOW, "0002"));
}

#[test]
fn a_development_version_of_a_crate_is_behind_its_prerelease() {
    let krate = |version: &str| format!("[package]\nname = \"x\"\nversion = \"{version}\"\n");
    let python = "[project]\nname = \"x\"\nversion = \"1.2.0a1\"\n";
    let early = krate("1.2.0-alpha.1");
    for (files, current, made) in [
        (
            vec![("Cargo.toml", early.as_str())],
            "1.2.0-alpha.1",
            "1.2.0-alpha.1.dev.2026071423595900001",
        ),
        (
            vec![("Cargo.toml", early.as_str()), ("pyproject.toml", python)],
            "1.2.0a1",
            "1.2.0a2.dev2026071423595900001",
        ),
        (
            vec![("Cargo.toml", &krate("1.0.0-nightly.3"))],
            "1.0.0-nightly.3",
            "1.0.0-nightly.3.dev.2026071423595900001",
        ),
        (vec![], "1.2.0a1", "1.2.0a2.dev2026071423595900001"),
    ] {
        let known = super::known(&Tree::of(&files), &asked("")).unwrap();
        assert_eq!(known.development(current, super::NOW, "0001").unwrap(), made);
    }
}
