//! Descriptions in reStructuredText: what rel refuses is what `twine check --strict` refuses, and nothing that it
//! takes. What only it refuses is listed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use rel::dist::check::{self, Around, Policy};
use serde_json::Value;

use crate::peers;

/// Texts that render.
const RIGHT: &[(&str, &str)] = &[
    ("title", "Title\n=====\n\nWords.\n"),
    ("overlined", "=====\nTitle\n=====\n\nWords.\n"),
    ("longer_lines", "Title\n=========\n\nMore\n----\n\nWords.\n"),
    ("short_title", "A\n-\n\nWords.\n"),
    ("wide_title", "Größe\n=====\n\nWords.\n"),
    ("wide_letters", "日本\n====\n\nWords.\n"),
    ("numbered_title", "1. One\n------\n\nWords.\n"),
    ("title_and_text", "Title\n=====\nWords at once.\n"),
    ("emphasis", "Words with *one*, **two** and ``three``.\n"),
    ("stars", "2 * 3 and a* and b** and \\*args here.\n"),
    ("lone_stars", "A * on its own, '*' in quotes and (*) too.\n"),
    ("backticks", "A ``*args`` and ``**kwargs`` and `title`.\n"),
    ("links", "See `one <https://a.example>`_ and `two <https://b.example>`_.\n"),
    ("same_link", "See `here <https://a.example>`_ and `here <https://a.example>`_.\n"),
    ("other_link", "See `here <https://a.example>`_ and `here <https://b.example>`_.\n"),
    ("anonymous", "See `here <https://a.example>`__ and `here <https://b.example>`__.\n"),
    ("target", "See it_.\n\n.. _it: https://a.example\n"),
    (
        "badges",
        ".. image:: https://a.example/a.svg\n   :target: https://a.example\n.. image:: https://a.example/b.svg\n\nWords.\n",
    ),
    ("note", ".. note::\n   Careful.\n\n.. warning:: Hot.\n\nWords.\n"),
    ("code", ".. code-block:: python\n\n    print('x')\n\nWords.\n"),
    ("sphinx_in_code", "So::\n\n    .. toctree::\n       :maxdepth: 2\n\nWords.\n"),
    ("sphinx_in_quotes", "So::\n\n.. toctree::\n.. raw:: html\n\nWords.\n"),
    ("sphinx_in_comment", "..\n   .. toctree::\n\nWords.\n"),
    ("sphinx_in_words", "Write .. toctree:: there.\n"),
    ("role_in_code", "Write ``:ref:`it``` there.\n"),
    ("own_role", ".. role:: ours\n\nSee :ours:`it`.\n"),
    ("known_roles", "Water is H\\ :sub:`2`\\ O, see :pep:`8` and :code:`x`.\n"),
    ("bullets", "- a\n  more\n- b\n\n* c\n\n  d\n\nWords.\n"),
    ("nested", "- a\n\n  - b\n\n    .. note:: c\n\n- d\n"),
    ("numbers", "1. one\n2. two\n\na) three\nb) four\n"),
    ("terms", "Term\n    What it is.\n\nOther\n    More.\n"),
    ("quote", "Words\nin two lines.\n\n    A quotation.\n\nMore.\n"),
    (
        "simple_table",
        "====  ====\na     b\n====  ====\n..    raw\n\nx     y\n====  ====\n\nWords.\n",
    ),
    ("grid_table", "+---+---+\n| a | b |\n+---+---+\n\nWords.\n"),
    ("list_table", ".. list-table::\n\n   * - a\n     - b\n\nWords.\n"),
    ("csv_table", ".. csv-table::\n\n   a,b\n\nWords.\n"),
    ("fields", ":Author: Ada\n:Year: 1843\n\nWords.\n"),
    ("options", "-a  all\n--long  more\n\nWords.\n"),
    ("doctest", ">>> 1 * 2\n2\n\nWords.\n"),
    ("line_block", "| one\n| two\n\nWords.\n"),
    ("transition", "One.\n\n----\n\nTwo.\n"),
    ("substitution", "|x| here.\n\n.. |x| replace:: words\n"),
    ("footnote", "See [1]_.\n\n.. [1] There.\n"),
    ("contents", ".. contents:: Table\n   :local:\n\nOne\n===\n\nWords.\n"),
    ("tabs", "Term\n\twhat it is\n\nWords::\n\n\tcode\n"),
    ("dots", "...and so on.\n\n..\n\nWords.\n"),
    ("colons", "Like this::\n\n  code\n\nor `this`:\n\nWords.\n"),
];

/// Texts that do not, each with a word of what rel says.
const WRONG: &[(&str, &str, &str)] = &[
    ("short_underline", "A long title\n====\n\nWords.\n", "under the title"),
    ("short_second", "Title\n=====\n\nWords.\n\nLonger title\n-----------\n", "line 7: "),
    ("short_overline", "====\nTitle here\n====\n\nWords.\n", "over the title"),
    ("unlike_lines", "=====\nTitle\n-----\n\nWords.\n", "differ"),
    ("no_underline", "=====\nTitle\n\nWords.\n", "none under it"),
    ("raw", ".. raw:: html\n\n   <b>x</b>\n\nWords.\n", "`raw` is turned off"),
    ("include", "Words.\n\n.. include:: CHANGES.rst\n", "`include` is turned off"),
    ("csv_file", ".. csv-table:: A\n   :file: a.csv\n\nWords.\n", "from a file"),
    ("toctree", "Words.\n\n.. toctree::\n   :maxdepth: 2\n\n   one\n", "`toctree` is Sphinx's"),
    ("automodule", ".. automodule:: landmark\n   :members:\n", "`automodule`"),
    ("versionadded", "Words.\n\n.. versionadded:: 1.0\n\nWords.\n", "`versionadded`"),
    ("seealso", ".. note:: One.\n.. seealso:: Two.\n\nWords.\n", "line 2: the directive `seealso`"),
    ("role", "See :ref:`there` for more.\n", "the role `ref`"),
    ("role_of_domain", "Call :py:func:`bearing` twice,\nand :class:`Map`.\n", "the role `py:func`"),
    ("role_first", "Use it.\n\nSee\n:meth:`bearing`.\n", "the role `meth`"),
    ("open_star", "Takes *args and more.\n", "a star: opened"),
    ("open_stars", "Takes **kwargs, and more.\n", "two stars: opened"),
    ("open_backtick", "Call `bearing and more.\n", "a backtick"),
    ("open_literal", "Call ``bearing and more.\n", "two backticks"),
    ("glued_directive", ".. note:: Careful.\nWords.\n", "behind what begins with `..`"),
    ("glued_comment", ".. a comment\nWords.\n", "line 2: "),
    ("glued_list", "- a\n- b\nWords.\n", "behind a list"),
    ("indented", "Words in\ntwo lines\n    and more.\n", "line 3: "),
    ("no_literal", "Like this::\n\nprint('x')\n", "follows `::`"),
];

/// Texts that do not render either, and of which rel says nothing.
const UNSEEN: &[(&str, &str, &str)] = &[
    ("odd_backticks", "Call ``bearing` and more.\n", "which of them are meant is not clear"),
    (
        "no_target",
        "See it_.\n",
        "all targets of a text, those that are meant too, would have to be known",
    ),
    (
        "levels",
        "A1\n==\n\nB1\n--\n\nC1\n~~\n\nA2\n==\n\nC2\n~~\n",
        "each title of a text would have to be known",
    ),
    ("in_list", "- a\n\n  .. toctree::\n", "what is indented may be anything"),
    ("strange_directive", ".. tabs::\n\n   a\n", "it may come to docutils: a warning"),
    ("strange_role", "See :mine:`it`.\n", "it may come to docutils"),
    ("several_marks", "One *two* and *three here.\n", "others of the same kind may close it"),
    ("wide_short", "日本語日本語\n========\n\nWords.\n", "widths of letters change with Unicode"),
    (
        "bad_option",
        ".. image:: a.svg\n   :size: 3\n",
        "options of each directive would have to be known",
    ),
    ("bad_table", "+---+\n| a\n+---+\n", "tables are not read"),
    ("no_substitution", "A |word| here.\n", "all definitions would have to be known"),
];

const JUDGES: &[&str] = &["twine==7.0.0", "readme_renderer==46.0", "docutils==0.23"];

/// Wheels with these descriptions in a folder, and whether `twine check --strict` takes each.
fn judged(folder: &Path, texts: &BTreeMap<&str, &str>) -> BTreeMap<String, bool> {
    let python = peers::venv("rst-judges", JUDGES).join("bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/judges/rst.py");
    let given = folder.join("texts.json");
    fs::write(&given, serde_json::to_string(texts).unwrap()).unwrap();
    let ran = Command::new(python).arg(script).arg(folder).arg(&given).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said: BTreeMap<String, Value> = serde_json::from_slice(&ran.stdout).unwrap();
    said.into_iter().map(|(name, taken)| (name, taken == true)).collect()
}

/// What rel says of a wheel's description: errors of the renderer, one a line.
fn told(folder: &Path, name: &str) -> String {
    let file = format!("{name}-1.0-py3-none-any.whl");
    let bytes = fs::read(folder.join(&file)).unwrap();
    let found = check::check(&file, &bytes, &Around::default(), &Policy::default());
    let of = found.iter().filter(|found| found.rule.id == "description-renders");
    of.map(|found| found.text.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn descriptions_are_refused_only_if_twine_refuses_them() {
    let folder = tempfile::tempdir().unwrap();
    let right = RIGHT.iter().map(|(name, text)| (*name, *text));
    let wrong = WRONG.iter().chain(UNSEEN).map(|(name, text, _)| (*name, *text));
    let texts: BTreeMap<&str, &str> = right.chain(wrong).collect();
    assert_eq!(texts.len(), RIGHT.len() + WRONG.len() + UNSEEN.len(), "two have one name");
    let taken = judged(folder.path(), &texts);
    let mut strange = Vec::new();
    let mut look = |name: &str, renders: bool, said: &dyn Fn(&str) -> bool| {
        let found = told(folder.path(), name);
        if taken[name] != renders || !said(&found) {
            strange.push(format!("{name}: twine takes it: {}, rel says: {found:?}", taken[name]));
        }
    };
    RIGHT.iter().for_each(|(name, _)| look(name, true, &str::is_empty));
    WRONG.iter().for_each(|(name, _, word)| look(name, false, &|found| found.contains(word)));
    UNSEEN.iter().for_each(|(name, ..)| look(name, false, &str::is_empty));
    assert!(strange.is_empty(), "{}", strange.join("\n"));
}
