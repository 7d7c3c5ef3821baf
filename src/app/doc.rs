//! `rel doc`: what a Releasefile may use, out of the one table of builtins and the comments of the
//! standard library.

pub(super) mod runbook;

use std::fmt::Write as _;

use crate::diag::{Diagnostic, Exit};
use crate::host::Host;
use crate::script::{self, Builtin, Documented, Place};

/// A heading of the list, and whether a builtin of a place belongs under it.
type Heading = (&'static str, fn(Place) -> bool);

const HEADINGS: &[Heading] = &[
    ("Methods of a task", |place| place == Place::Task),
    ("Functions", |place| place == Place::Function),
    ("A body's `t` (also t.out, t.root, t.name, and each parameter)", |place| place == Place::View),
    ("Modules", |place| matches!(place, Place::Module(_))),
    ("Methods of a CI workflow", |place| place == Place::Ci),
];

/// Explains what is called `name`, or lists everything.
///
/// # Errors
/// There is no such thing.
pub fn explain(host: &Host, name: Option<&str>) -> Result<Exit, Vec<Diagnostic>> {
    let Some(name) = name else {
        host.out(&list());
        return Ok(Exit::OK);
    };
    let wanted = name.trim_end_matches(['(', ')']);
    let bare = wanted.rsplit([':', '.']).next().unwrap_or(wanted);
    let exact = |builtin: &&Builtin| builtin.title() == wanted;
    let named = |builtin: &&Builtin| builtin.name == wanted;
    let mut found: Vec<&Builtin> = script::builtins().filter(exact).collect();
    if found.is_empty() || wanted == bare {
        found = script::builtins().filter(named).collect();
    }
    let mut texts: Vec<String> = found
        .iter()
        .map(|builtin| entry(builtin.signature, builtin.doc, builtin.example))
        .collect();
    if texts.is_empty() || wanted == bare {
        let recipes = recipes().filter(|(_, function)| function.name == bare);
        texts.extend(recipes.map(|(module, function)| {
            let heading = format!("{} of {module}", function.signature);
            entry(&heading, &function.doc, &function.example)
        }));
    }
    if texts.is_empty() {
        let titles: Vec<String> = script::builtins().map(Builtin::title).collect();
        let names = script::builtins().map(|builtin| builtin.name);
        let known = titles.iter().map(String::as_str).chain(names);
        let wrong = Diagnostic::usage(format!("there is no `{name}` in the language"));
        return Err(match crate::diag::nearest(wanted, known) {
            Some(near) => wrong.hint(format!("did you mean `{near}`?")),
            None => {
                wrong.hint("see `rel doc` for all there is, and the Rhai book for the language")
            }
        }
        .into());
    }
    host.out(&texts.join("\n"));
    Ok(Exit::OK)
}

/// Functions of the standard library, each with its module.
fn recipes() -> impl Iterator<Item = (&'static str, Documented)> {
    script::stdlib_names().flat_map(|module| {
        let text = script::stdlib_text(module).unwrap_or_default();
        script::documented(text).into_iter().map(move |function| (module, function))
    })
}

fn entry(heading: &str, doc: &str, example: &str) -> String {
    format!("{heading}\n    {doc}\n\n{}", each_line(example, "    "))
}

/// `text` with something before each of its lines.
fn each_line(text: &str, before: &str) -> String {
    text.lines().flat_map(|line| [before, line, "\n"]).collect()
}

fn list() -> String {
    let mut text = String::new();
    for (heading, belongs) in HEADINGS {
        let _ = writeln!(text, "{heading}");
        for builtin in script::builtins().filter(|builtin| belongs(builtin.place)) {
            let _ = writeln!(text, "  {:22} {}", builtin.title(), summary(builtin.doc));
        }
        text.push('\n');
    }
    for module in script::stdlib_names() {
        let _ = writeln!(text, "Recipes of {module}");
        for (_, function) in recipes().filter(|(of, _)| *of == module) {
            let _ = writeln!(text, "  {:22} {}", function.signature, summary(&function.doc));
        }
        text.push('\n');
    }
    text + "`rel doc NAME` explains one, with an example.\n"
}

/// The first sentence.
fn summary(doc: &str) -> &str {
    doc.split_inclusive(". ").next().unwrap_or(doc).trim()
}

/// Prints declarations of all builtins, as Rhai's language server reads them.
pub fn definitions(host: &Host) -> Exit {
    let mut text = String::from("module static;\n");
    let mut modules: Vec<&str> = Vec::new();
    for builtin in script::builtins() {
        match builtin.place {
            Place::Module(module) if !modules.contains(&module) => modules.push(module),
            Place::Module(_) => {}
            _ => text.push_str(&declaration(builtin, "")),
        }
    }
    for module in modules {
        let _ = write!(text, "\nmodule {module} {{");
        for builtin in script::builtins().filter(|known| known.place == Place::Module(module)) {
            text.push_str(&declaration(builtin, "    "));
        }
        text.push_str("}\n");
    }
    host.out(&text);
    Exit::OK
}

fn declaration(builtin: &Builtin, indent: &str) -> String {
    let this = match builtin.place {
        Place::Task => Some("this: Task"),
        Place::Ci => Some("this: Workflow"),
        Place::View => Some("this: TaskView"),
        Place::Function | Place::Module(_) => None,
    };
    let doc = format!("{}\n\n```rhai\n{}\n```", builtin.doc, builtin.example);
    let doc = each_line(&doc, &format!("{indent}/// "));
    let (fewest, most) = builtin.arity();
    let one = |count: usize| {
        let words = (1..=count).map(|number| format!("arg{number}: ?"));
        let words: Vec<String> = this.map(str::to_owned).into_iter().chain(words).collect();
        format!("{doc}{indent}fn {}({}) -> ?;\n", builtin.name, words.join(", "))
    };
    std::iter::once("\n".to_owned()).chain((fewest..=most).map(one)).collect()
}
