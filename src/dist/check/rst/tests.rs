//! What is told of a text, and where nothing is: whether that is right, `twine` says in `tests/it/rst.rs`.

use super::*;

#[test]
fn a_text_in_order_has_no_faults() {
    let text = "Title\n=====\n\nWords with *one*, ``two`` and `three <https://a.example>`_.\n\n.. note::\n   Careful.\n\n- a\n  b\n- c\n\nTerm\n    what it is\n\nCode::\n\n    .. toctree::\n\nEnd.\n";
    assert_eq!(faults(text), Faults::default());
}

#[test]
fn nothing_is_judged_where_something_else_may_be_meant() {
    for text in [
        "Quoted::\n\n.. toctree::\n.. raw:: html\n",
        "Quoted::\n\n- a\n- b\n",
        "====  ====\na     b\n====  ====\n.. raw:: x\n\nx     y\n====  ====\n",
        "A\n-\n",
        "Größe über\n=========\n",
        "1. one\n   two\n",
        "a *b c* `d`\n",
        "a \\*b\n",
        "2 * 3\n",
        ".. role:: ref\n\nSee :ref:`it`.\n",
        "Odd\u{c}\n---\n",
    ] {
        assert_eq!(faults(text), Faults::default(), "{text}");
    }
}

#[test]
fn a_fault_is_told_with_its_line() {
    let text = "Long title\n=====\n\nWords.\n\n.. tabs::\n\n   one\n";
    let found = faults(text);
    assert_eq!(found.certain, ["line 2: the line under the title is shorter than it"]);
    assert_eq!(found.strange, ["line 6: docutils knows no directive `tabs`"]);
}
