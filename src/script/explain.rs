//! Rhai's errors in our words: place, chain of calls, did-you-mean; no Rust names, no `anon$…`.

use std::sync::Arc;

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

use super::builtins::{self, Place, Skip, Thrown};
use super::cx::Sources;
use super::stdlib;
use super::words::{our_type, site};
use crate::diag::{Diagnostic, Kind, Site, Source};

/// A text that cannot be compiled.
pub(crate) fn parse_error(error: &ParseError, source: &Arc<Source>) -> Diagnostic {
    let ParseError(kind, position) = error;
    let place = site(source, *position);
    match kind.as_ref() {
        ParseErrorType::MissingToken(token, _) if token == ";" => missing_semicolon(source, place),
        ParseErrorType::VariableUndefined(name) => {
            placed(unknown_variable(name, &source.text), place)
        }
        kind => placed(explain_parse(kind), place),
    }
}

fn explain_parse(kind: &ParseErrorType) -> Diagnostic {
    match kind {
        ParseErrorType::VariableUndefined(name) => unknown_variable(name, ""),
        ParseErrorType::ModuleUndefined(name) => unknown_module(name),
        ParseErrorType::Reserved(name) if name.starts_with('#') => {
            Diagnostic::usage("`#` begins no comment here").hint("comments begin with `//`")
        }
        ParseErrorType::Reserved(name) => Diagnostic::usage(format!("`{name}` is a reserved word"))
            .hint("choose another name; as a key of a map write it in quotes"),
        ParseErrorType::UnexpectedEOF => {
            Diagnostic::usage("the file ends in the middle of a statement")
                .hint("look for a bracket or quote that is never closed")
        }
        ParseErrorType::MissingToken(token, why) => {
            let wrong = Diagnostic::usage(format!("`{token}` is missing {why}"));
            wrong.hint(format!(
                "write `{token}` here, or look for an open bracket or quote before it"
            ))
        }
        ParseErrorType::BadInput(rhai::LexError::MalformedChar(_)) => {
            Diagnostic::usage("this is no character").hint("texts stand in double quotes: \"…\"")
        }
        ParseErrorType::BadInput(rhai::LexError::UnterminatedString) => {
            Diagnostic::usage("this text is never closed")
                .hint("write its closing quote on the same line; backticks go over many lines")
        }
        ParseErrorType::UnknownOperator(sign) => Diagnostic::usage(format!(
            "`{sign}` is no operator of Rhai"
        ))
        .hint("within a text, put quotes round it; a `$` belongs to a shell script in `sh(\"…\")`"),
        other => Diagnostic::usage(lower(&other.to_string()))
            .hint("mend the syntax here; the language is Rhai, as in the README"),
    }
}

fn missing_semicolon(source: &Arc<Source>, place: Option<Site>) -> Diagnostic {
    let wrong = Diagnostic::usage("this statement has no `;` at its end").hint("write `;` here");
    let Some(found) = place else { return wrong };
    let before = source.text.lines().take(found.line - 1).collect::<Vec<_>>();
    let first_on_line = found.line_text().chars().take(found.column - 1).all(char::is_whitespace);
    let code = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let last = before.iter().enumerate().rev().find(|(_, line)| code(line));
    match last {
        Some((at, line)) if first_on_line => {
            let column = line.trim_end().chars().count() + 1;
            wrong.at(&Site { source: source.clone(), line: at + 1, column })
        }
        _ => wrong.at(&found),
    }
}

/// The reason of a body that asked to be left out.
pub(crate) fn skip_reason(error: &EvalAltResult) -> Option<String> {
    match innermost(error) {
        EvalAltResult::ErrorRuntime(value, _) => {
            value.read_lock::<Skip>().map(|skip| skip.0.clone())
        }
        _ => None,
    }
}

fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    let mut at = error;
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _)
    | EvalAltResult::ErrorInModule(_, inner, _) = at
    {
        at = inner;
    }
    at
}

/// An error of a running script; `file` is where it began.
pub(crate) fn runtime_error(error: &EvalAltResult, sources: &Sources, file: &str) -> Diagnostic {
    let mut name = file.to_owned();
    let mut chain = Vec::new();
    let mut at = error;
    loop {
        let place =
            |position: Position| sources.get(&name).and_then(|source| site(&source, position));
        match at {
            EvalAltResult::ErrorInFunctionCall(function, source, inner, position) => {
                if !function.starts_with("anon$")
                    && let Some(called) = place(*position)
                {
                    chain.push(format!("in `{function}`, called at {called}"));
                }
                if !source.is_empty() {
                    name.clone_from(source);
                }
                at = inner;
            }
            EvalAltResult::ErrorInModule(module, inner, position) => {
                if let Some(called) = place(*position) {
                    chain.push(format!("in module `{module}`, imported at {called}"));
                }
                name.clone_from(module);
                at = inner;
            }
            EvalAltResult::ErrorParsing(kind, position) if sources.get(&name).is_some() => {
                let error = ParseError(Box::new(kind.clone()), *position);
                let source = sources.get(&name).unwrap_or_else(|| Arc::new(Source::new(&name, "")));
                let mut wrong = parse_error(&error, &source);
                wrong.notes.extend(chain.into_iter().rev());
                return wrong;
            }
            last => {
                let mut wrong = placed(explain_runtime(last), place(last.position()));
                wrong.notes.extend(chain.into_iter().rev());
                return wrong;
            }
        }
    }
}

fn placed(wrong: Diagnostic, place: Option<Site>) -> Diagnostic {
    match place {
        Some(place) => wrong.at(&place),
        None => wrong,
    }
}

fn explain_runtime(error: &EvalAltResult) -> Diagnostic {
    match error {
        EvalAltResult::ErrorRuntime(value, _) => match value.read_lock::<Thrown>() {
            Some(thrown) => (*thrown.0).clone(),
            None if value.is_unit() || value.to_string().trim().is_empty() => {
                Diagnostic::task("the script gave up without saying why")
                    .hint("say it: throw \"what is wrong\";")
            }
            None => Diagnostic::task(value.to_string()),
        },
        EvalAltResult::ErrorParsing(kind, _) => explain_parse(kind),
        EvalAltResult::ErrorVariableNotFound(name, _) => unknown_variable(name, ""),
        EvalAltResult::ErrorModuleNotFound(name, _) => unknown_module(name),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => unknown_function(signature),
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            Diagnostic::task(format!("there is no `{name}` here"))
                .hint("look at how the value was made")
        }
        EvalAltResult::ErrorDotExpr(..) => Diagnostic::usage("there is no such property here")
            .hint("methods need brackets: `.hidden()`; see `rel doc` for what there is"),
        EvalAltResult::ErrorTerminated(reason, _) => {
            let kind =
                if reason.to_string() == "interrupted" { Kind::Interrupted } else { Kind::Task };
            Diagnostic::new(kind, format!("stopped: {reason}"))
        }
        EvalAltResult::ErrorTooManyOperations(_) => {
            Diagnostic::task("the script runs for too long").hint("look for a loop without end")
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            Diagnostic::task("functions call each other too deeply")
                .hint("look for a recursion without end")
        }
        EvalAltResult::ErrorMismatchDataType(wanted, given, _)
        | EvalAltResult::ErrorMismatchOutputType(wanted, given, _) => Diagnostic::usage(format!(
            "{} is expected here, not {}",
            our_type(wanted),
            our_type(given)
        ))
        .hint("look at how the value was made"),
        other => Diagnostic::task(lower(&without_position(&other.to_string())))
            .hint("look at the values in this line"),
    }
}

/// `text` is that of the file, where the name may be known but out of reach.
fn unknown_variable(name: &str, text: &str) -> Diagnostic {
    let wrong = Diagnostic::usage(format!("unknown variable `{name}`"));
    let declared = |how: &str| {
        text.lines().any(|line| {
            let rest = line.trim_start().strip_prefix(how);
            let rest = rest.and_then(|rest| rest.trim_start().strip_prefix(name));
            rest.is_some_and(|rest| rest.trim_start().starts_with('='))
        })
    };
    let hint = match name {
        "and" => "write `&&`".into(),
        "or" => "write `||`".into(),
        "not" => "write `!`".into(),
        name if declared("const ") => format!("in a function write `global::{name}`; it must be declared above"),
        name if declared("let ") => format!("functions see no variables of the file: pass `{name}` as an argument, or declare it with `const`"),
        "True" | "False" => format!("write `{}`", name.to_lowercase()),
        "None" | "null" | "nil" => "write `()`".into(),
        "t" => "take it as the argument of the body: .run(|t| { … })".into(),
        "def" | "lambda" | "function" => "write `fn name(x) { … }`, or `|x| …`".into(),
        module if builtins::modules().any(|known| known == module) => format!("write `{module}::…`: functions of a module stand after `::`"),
        name if name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c == '_') => {
            "in a backtick string `${…}` is Rhai's; write \"…\" to leave it to the shell, or declare a `const`".into()
        }
        name => format!("declare it with `let {name} = …;`, write \"{name}\" if it is text, `t.{name}` if it is a parameter"),
    };
    wrong.hint(hint)
}

/// A module that is neither built in nor imported.
pub(crate) fn unknown_module(name: &str) -> Diagnostic {
    let wrong = Diagnostic::usage(format!("unknown module `{name}`"));
    if builtins::modules().any(|module| module == name)
        || name.starts_with("std/")
        || name.contains('/')
    {
        return wrong.suggest(name, stdlib::names());
    }
    match crate::diag::nearest(name, builtins::modules()) {
        Some(near) => wrong.hint(format!("did you mean `{near}`?")),
        None => wrong.hint(format!("import it, for example: import \"std/python\" as {name};")),
    }
}

/// `signature` is Rhai's: a name, with the argument types in brackets.
fn unknown_function(signature: &str) -> Diagnostic {
    let (name, types) = signature.split_once('(').unwrap_or((signature, ")"));
    let name = name.trim();
    let types: Vec<String> = types
        .strip_suffix(')')
        .unwrap_or(types)
        .split(',')
        .map(|part| our_type(part.trim()))
        .filter(|part| !part.is_empty())
        .collect();
    let bare = name.rsplit("::").next().unwrap_or(name);
    if bare.starts_with("anon$") {
        return Diagnostic::usage("a function made by another module cannot be called here")
            .hint("call a named function of that module: module::function(…)");
    }
    if !bare.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return Diagnostic::usage(format!("`{bare}` cannot be used with {}", types.join(" and ")))
            .hint("look at the types of the values: numbers, texts and `()` do not mix");
    }
    if let Some((module, function)) = name.rsplit_once("::")
        && let Some(known) = builtins::in_module(module)
    {
        return call_problem(
            name,
            &types,
            known.iter().find(|builtin| builtin.name == function).copied(),
        )
        .unwrap_or_else(|| {
            Diagnostic::usage(format!("module `{module}` has no function `{function}`"))
                .suggest(function, known.iter().map(|b| b.name))
        });
    }
    let place = match types.first().map(String::as_str) {
        Some("a task") => Place::Task,
        Some("a CI workflow") => Place::Ci,
        Some("a body's `t`") => Place::View,
        _ => Place::Function,
    };
    if let Some(found) = call_problem(bare, &types, builtins::find(bare, place)) {
        return found;
    }
    if place != Place::Function {
        let names =
            builtins::all().filter(|builtin| builtin.place == place).map(|builtin| builtin.name);
        return Diagnostic::usage(format!("{} has no method `{bare}`", types[0]))
            .suggest(bare, names);
    }
    let wrong = Diagnostic::usage(format!("unknown function `{bare}`"));
    match crate::diag::nearest(bare, builtins::functions()) {
        Some(near) => wrong.hint(format!("did you mean `{near}`?")),
        None if types.is_empty() => {
            wrong.hint("look at `rel doc` for what there is, or at the number of its arguments")
        }
        None => wrong
            .note(format!("called with {}", types.join(", ")))
            .hint("look at the number and the types of its arguments"),
    }
}

/// The name is known, so the arguments are wrong.
fn call_problem(
    name: &str,
    types: &[String],
    builtin: Option<&builtins::Builtin>,
) -> Option<Diagnostic> {
    let builtin = builtin?;
    let types = if builtin.is_method() { types.get(1..).unwrap_or_default() } else { types };
    let wrong = Diagnostic::usage(format!("wrong number of arguments for `{name}`"));
    let given = if types.is_empty() {
        "called without arguments".into()
    } else {
        format!("called with {}", types.join(", "))
    };
    Some(wrong.note(given).hint(format!("write it as `{}`", builtin.signature)))
}

fn without_position(text: &str) -> String {
    text.rfind(" (line ").map_or(text, |at| &text[..at]).to_owned()
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_lowercase().collect::<String>() + chars.as_str())
        .unwrap_or_default()
}
