//! What can be seen to be wrong without running anything, in bodies that never ran too.
//!
//! Walks the syntax tree: commands put together by interpolation, commands that plainly publish,
//! holes and arguments that do not fit, functions that nobody defines.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::builtins::{self, Builtin, Place};
use super::comments;
use super::explain;
use super::stdlib::{self, Documented};
use super::words::site;
use crate::diag::{Diagnostic, Site, Source, Word};
use crate::model::command::{How, Template};
use crate::model::publisher;

/// Builtins whose first argument is a command.
const COMMANDS: &[&str] = &["exec", "sh", "capture", "remote", "remote_sh"];

/// Functions of the language itself that can be called without a namespace.
const LANGUAGE: &[&str] = &[
    "E",
    "Fn",
    "PI",
    "abs",
    "acos",
    "acosh",
    "add",
    "all",
    "any",
    "append",
    "as_string",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "back_trace",
    "bits",
    "blob",
    "bytes",
    "call",
    "ceiling",
    "chars",
    "chop",
    "chunks",
    "clear",
    "concat",
    "contains",
    "contains_key",
    "copy",
    "cos",
    "cosh",
    "crop",
    "curry",
    "debug",
    "dedup",
    "drain",
    "elapsed",
    "end",
    "ends_with",
    "eval_fn",
    "exclusive",
    "exp",
    "extract",
    "fill_with",
    "filter",
    "find",
    "find_map",
    "first",
    "floor",
    "for_each",
    "fraction",
    "get",
    "get_bit",
    "get_bits",
    "hypot",
    "inclusive",
    "index_of",
    "insert",
    "int",
    "is_anonymous",
    "is_def_fn",
    "is_def_var",
    "is_empty",
    "is_even",
    "is_exclusive",
    "is_finite",
    "is_inclusive",
    "is_infinite",
    "is_nan",
    "is_odd",
    "is_shared",
    "is_zero",
    "join",
    "keys",
    "last",
    "len",
    "ln",
    "log",
    "make_ascii",
    "make_lower",
    "make_upper",
    "map",
    "max",
    "merge",
    "min",
    "mixin",
    "name",
    "order",
    "order_by",
    "order_desc",
    "pad",
    "parse_be_float",
    "parse_be_int",
    "parse_decimal",
    "parse_float",
    "parse_int",
    "parse_json",
    "parse_le_float",
    "parse_le_int",
    "pop",
    "print",
    "push",
    "range",
    "reduce",
    "reduce_rev",
    "remove",
    "remove_at",
    "replace",
    "retain",
    "reverse",
    "round",
    "round_down",
    "round_half_down",
    "round_half_up",
    "round_up",
    "rsplit",
    "set",
    "set_bit",
    "set_bits",
    "set_tag",
    "shift",
    "sign",
    "sin",
    "sinh",
    "some",
    "sort",
    "sort_by",
    "sort_by_desc",
    "sort_desc",
    "splice",
    "split",
    "split_at",
    "split_rev",
    "sqrt",
    "start",
    "starts_with",
    "sub_string",
    "tag",
    "take",
    "tan",
    "tanh",
    "throw",
    "to_array",
    "to_binary",
    "to_blob",
    "to_chars",
    "to_debug",
    "to_decimal",
    "to_degrees",
    "to_float",
    "to_hex",
    "to_int",
    "to_json",
    "to_lower",
    "to_octal",
    "to_radians",
    "to_string",
    "to_upper",
    "trim",
    "trim_end",
    "trim_start",
    "truncate",
    "type_of",
    "values",
    "windows",
    "write_ascii",
    "write_be",
    "write_le",
    "write_utf8",
    "zip",
];

/// What a text defines by itself.
struct Known {
    /// Its functions, with the number of parameters.
    own: BTreeMap<String, BTreeSet<usize>>,
    /// Names that hold values, and so perhaps closures.
    variables: BTreeSet<String>,
    /// Names under which modules are imported, with the functions of each, as they are declared.
    imports: BTreeMap<String, Option<Vec<Documented>>>,
}

/// The programs that commands begin with, each where it stands. What a shell starts is not looked for.
pub(crate) fn programs(ast: &AST, source: &Arc<Source>) -> Vec<Word> {
    let mut found = Vec::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        let call = match path.last() {
            Some(
                ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
                | ASTNode::Stmt(Stmt::FnCall(call, _)),
            ) if matches!(call.name.as_str(), "exec" | "capture" | "remote") => call,
            _ => return true,
        };
        if let Some(Expr::StringConstant(line, at)) = call.args.first() {
            let template = Template::parse(How::Exec, line, call.args.len() > 1, &[]).ok();
            let program = template.as_ref().and_then(Template::program).map(str::to_owned);
            let place = site(source, *at);
            found.extend(program.zip(place).map(|(text, site)| Word { text, site }));
        }
        true
    });
    found
}

/// A module of the standard library that is imported without a name: its functions are out of reach.
fn nameless_import(module: &Expr, at: Position, source: &Arc<Source>) -> Option<Diagnostic> {
    let Expr::StringConstant(name, _) = module else { return None };
    stdlib::text(name)?;
    let short = stdlib::short(name);
    let wrong =
        Diagnostic::usage("this import has no name, so that its functions cannot be called");
    let wrong = wrong.hint(format!("write `import \"{name}\" as {short};`"));
    Some(wrong.at(&site(source, at)?))
}

/// The secrets that a file names, whichever body does.
pub(crate) fn secrets(ast: &AST) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) =
            path.last()
            && call.name == "secret"
            && !call.is_qualified()
            && let [Expr::StringConstant(name, _)] = &call.args[..]
        {
            found.insert(name.to_string());
        }
        true
    });
    found
}

/// Everything found in `ast`.
pub(crate) fn check(ast: &AST, source: &Arc<Source>) -> Vec<Diagnostic> {
    let known = Known { own: own_functions(ast), variables: variables(ast), imports: imports(ast) };
    let mut found: Vec<Diagnostic> = Vec::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        let (call, position, method) = match path.last() {
            Some(ASTNode::Stmt(Stmt::Import(import, at))) if import.1.name.is_empty() => {
                found.extend(nameless_import(&import.0, *at, source));
                return true;
            }
            Some(
                ASTNode::Expr(Expr::FnCall(call, position))
                | ASTNode::Stmt(Stmt::FnCall(call, position)),
            ) => (call, *position, false),
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => (call, *position, true),
            _ => return true,
        };
        // A function of the file's own goes before a builtin of the same name.
        let own = !method
            && known
                .own
                .get(call.name.as_str())
                .is_some_and(|counts| counts.contains(&call.args.len()));
        let mut wrong = if own { None } else { check_call(call, position, method, source) };
        if !method && wrong.is_none() {
            wrong =
                unknown(call, &known).and_then(|wrong| Some(wrong.at(&site(source, position)?)));
        }
        found.extend(wrong.filter(|wrong| !found.contains(wrong)));
        true
    });
    found.extend(open_comment(source));
    found.sort_by_key(|wrong| wrong.site.as_ref().map(|site| (site.line, site.column)));
    found
}

/// A `/*` that is never closed: Rhai would leave out the rest of the file without a word.
fn open_comment(source: &Arc<Source>) -> Option<Diagnostic> {
    let start = comments::open_comment(&source.text)?;
    let before = &source.text[..start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(1, |rest| rest.chars().count() + 1);
    let site = Site { source: source.clone(), line, column };
    Some(
        Diagnostic::usage("this comment is never closed")
            .at(&site)
            .hint("write `*/` where it ends"),
    )
}

fn variables(ast: &AST) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = ast
        .iter_functions()
        .flat_map(|function| {
            function.params.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()
        })
        .collect();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(var, ..))) => _ = names.insert(var.0.name.to_string()),
            Some(ASTNode::Stmt(Stmt::For(each, ..))) => _ = names.insert(each.0.name.to_string()),
            _ => {}
        }
        true
    });
    names
}

fn check_call(
    call: &FnCallExpr,
    position: Position,
    method: bool,
    source: &Arc<Source>,
) -> Option<Diagnostic> {
    if !COMMANDS.contains(&call.name.as_str())
        || call.is_qualified()
        || (method && !matches!(call.name.as_str(), "exec" | "sh"))
    {
        return None;
    }
    let name = &call.name;
    match call.args.first()? {
        Expr::InterpolatedString(_, at) => {
            let wrong = Diagnostic::usage(format!(
                "the command of `{name}` is put together with `${{…}}`, which cannot be quoted"
            ));
            let wrong = wrong.hint(format!("write {name}(\"… {{}} …\", value): each `{{}}` is one word; or `sh_raw` if you quote by yourself"));
            site(source, *at).map(|place| wrong.at(&place))
        }
        Expr::StringConstant(line, at) => {
            let place = site(source, *at)?;
            if !name.starts_with("remote")
                && let Err(wrong) = publisher::refuse_script(line)
            {
                return Some(wrong.at(&place));
            }
            if method {
                return None;
            }
            let how = if name.ends_with("sh") { How::Shell } else { How::Exec };
            let given = call.args.len() - 1;
            match Template::parse(how, line, given > 0, &[]) {
                Err(wrong) => Some(Diagnostic::from(wrong).at(&place)),
                Ok(template) if template.holes() != given => {
                    let (holes, plural) = (template.holes(), if given == 1 { "" } else { "s" });
                    let wrong = Diagnostic::usage(format!(
                        "the command has {holes} `{{}}` but {given} argument{plural}"
                    ))
                    .at(&place);
                    Some(wrong.hint("each `{}` takes one argument"))
                }
                Ok(_) => None,
            }
        }
        Expr::Variable(..) | Expr::FnCall(..) | Expr::Dot(..) | Expr::Index(..) => {
            let wrong = Diagnostic::usage(format!("the command of `{name}` is not written out"));
            let wrong = wrong.hint(format!("write {name}(\"program {{}}\", words); or `sh_raw` for a script that was put together"));
            site(source, call.args[0].position())
                .or_else(|| site(source, position))
                .map(|place| wrong.at(&place))
        }
        _ => None,
    }
}

/// A call of a function that nobody defines.
fn unknown(call: &FnCallExpr, known: &Known) -> Option<Diagnostic> {
    let name = call.name.as_str();
    if call.is_qualified() {
        return unknown_in_module(call, known);
    }
    let is_known = call.is_operator_call()
        || !name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        || known.own.contains_key(name)
        || LANGUAGE.contains(&name)
        || builtins::functions().any(|function| function == name);
    if is_known {
        return miscounted(call, known);
    }
    if known.variables.contains(name) {
        let wrong = Diagnostic::usage(format!("`{name}` is a value, not a function"));
        return Some(wrong.hint(format!("if it holds a function, write `{name}.call(…)`")));
    }
    let names = builtins::functions()
        .map(|name| -> &str { name })
        .chain(known.own.keys().map(String::as_str));
    let wrong = Diagnostic::usage(format!("unknown function `{name}`"));
    Some(match crate::diag::nearest(name, names) {
        Some(near) => wrong.hint(format!("did you mean `{near}`?")),
        None => wrong.hint("define it with `fn`, or look for the builtin's name in `rel doc`"),
    })
}

fn unknown_in_module(call: &FnCallExpr, known: &Known) -> Option<Diagnostic> {
    let [module] = &call.namespace.path[..] else { return None };
    let (module, name) = (module.name.as_str(), call.name.as_str());
    let given = call.args.len();
    // What a file imports goes before a builtin module of the same name.
    let functions: Vec<&str> = match (builtins::in_module(module), known.imports.get(module)) {
        (Some(rows), None) => {
            if let Some(builtin) = rows.iter().find(|builtin| builtin.name == name) {
                return miscounted_builtin(builtin, given);
            }
            rows.iter().map(|builtin| builtin.name).collect()
        }
        (_, Some(Some(functions))) => {
            if let Some(function) = functions.iter().find(|function| function.name == name) {
                let wanted = function.signature.matches(['(', ',']).count();
                let wanted = if function.signature.ends_with("()") { 0 } else { wanted };
                return (wanted != given).then(|| {
                    wrong_count(&format!("{module}::{name}"), given, &wanted.to_string())
                        .hint(format!("write it as `{module}::{}`", function.signature))
                });
            }
            functions.iter().map(|function| function.name.as_str()).collect()
        }
        // A project's own module: what it holds is seen when it is called.
        (_, Some(None)) => return None,
        (None, None) if module == "global" => return None,
        (None, None) => return Some(explain::unknown_module(module)),
    };
    let wrong = Diagnostic::usage(format!("module `{module}` has no function `{name}`"));
    Some(wrong.suggest(name, functions))
}

fn own_functions(ast: &AST) -> BTreeMap<String, BTreeSet<usize>> {
    let mut own: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for function in ast.iter_functions() {
        own.entry(function.name.to_owned()).or_default().insert(function.params.len());
    }
    own
}

/// A call of a known function with another number of arguments than it takes.
fn miscounted(call: &FnCallExpr, known: &Known) -> Option<Diagnostic> {
    let (name, given) = (call.name.as_str(), call.args.len());
    if known.variables.contains(name) {
        return None;
    }
    let builtin = builtins::find(name, Place::Function);
    match known.own.get(name) {
        Some(counts) if counts.contains(&given) => None,
        Some(_) if builtin.is_some_and(|builtin| builtin.takes(given)) => None,
        Some(counts) => {
            let wanted: Vec<String> = counts.iter().map(ToString::to_string).collect();
            Some(
                wrong_count(name, given, &wanted.join(" or "))
                    .hint("look at how it is declared with `fn`"),
            )
        }
        None => miscounted_builtin(builtin?, given),
    }
}

fn miscounted_builtin(builtin: &Builtin, given: usize) -> Option<Diagnostic> {
    let (fewest, most) = builtin.arity();
    let wanted = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
    let wrong = || wrong_count(&builtin.title(), given, &wanted);
    (!builtin.takes(given)).then(|| wrong().hint(format!("write it as `{}`", builtin.signature)))
}

fn wrong_count(name: &str, given: usize, wanted: &str) -> Diagnostic {
    let plural = if wanted == "1" { "" } else { "s" };
    Diagnostic::usage(format!("`{name}` takes {wanted} argument{plural}, not {given}"))
}

/// Modules that a text imports, by their names in it; with their functions, if they are standard.
fn imports(ast: &AST) -> BTreeMap<String, Option<Vec<Documented>>> {
    let mut found = BTreeMap::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, _))) = path.last() {
            let text = match &import.0 {
                Expr::StringConstant(module, _) => stdlib::text(module),
                _ => None,
            };
            let functions = text.map(stdlib::documented);
            // One name may stand for several modules in several functions.
            let functions = match (found.remove(import.1.name.as_str()), functions) {
                (None, functions) => functions,
                (Some(Some(before)), Some(functions)) => Some([before, functions].concat()),
                _ => None,
            };
            found.insert(import.1.name.to_string(), functions);
        }
        true
    });
    found
}
