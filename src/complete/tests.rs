//! What is offered where, without a shell.

use std::sync::Arc;

use super::*;
use crate::diag::{Site, Source, Word};

fn task(name: &str) -> Task {
    let source = Arc::new(Source::new("Releasefile", ""));
    let site = Site { source, line: 1, column: 1 };
    Task::new(name.into(), site, Some(format!("About {name}")))
}

fn param(name: &str, default: Option<Value>, choices: &[&str]) -> Param {
    let choices = choices.iter().map(|choice| (*choice).to_owned()).collect();
    Param { name: name.into(), default, choices }
}

fn tasks() -> Vec<Task> {
    let mut bump = task("bump");
    let minor = Some(Value::Text("minor".into()));
    bump.params = vec![
        param("level", minor, &["minor", "major"]),
        param("dry_run", Some(Value::Bool(false)), &[]),
        param("times", Some(Value::Int(3)), &[]),
    ];
    let mut tag = task("tag");
    tag.params = vec![param("version", None, &[])];
    let mut test = task("test");
    test.matrix.insert("os".into(), vec!["linux".into(), "mac".into()]);
    let site = test.site.clone();
    test.aliases = vec![Word { text: "unit".into(), site }];
    test.matrix.insert("python".into(), vec!["3.11".into(), "3.12".into()]);
    let mut secret = task("setup");
    secret.hidden = true;
    let mut publish = task("publish");
    publish.confirm = Some("Really?".into());
    let mut note = task("note");
    note.params = vec![param("text", Some(Value::Text(String::new())), &[])];
    vec![bump, tag, note, test, secret, publish]
}

fn flag(names: &[&str], value: Option<Expect>, attached: bool) -> Flag {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Flag { names, doc: String::new(), value, attached }
}

fn surface() -> Surface {
    let flags = vec![
        flag(&["-C"], Some(Expect::Folder), false),
        flag(&["--output"], Some(Expect::OneOf(vec!["plain".into(), "json".into()])), false),
        flag(&["--live"], None, false),
        flag(&["--jobs", "-j"], Some(Expect::Unknown), false),
        flag(&["--yes"], Some(Expect::Asking), true),
    ];
    let command = |name: &str, word| Command {
        name: name.into(),
        doc: format!("Does {name}"),
        flags: flags.clone(),
        word,
    };
    let commands = vec![
        command("run", Expect::Goals),
        command("list", Expect::Unknown),
        command("apply", Expect::File),
        command("show", Expect::Subject),
        command("help", Expect::Topic),
    ];
    Surface { commands }
}

/// What is offered at the end of a line, the words after `rel`.
fn offered(line: &str) -> String {
    let mut before: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let current = before.pop().unwrap();
    let (surface, tasks) = (surface(), tasks());
    let known = Known { tasks: &tasks, subjects: vec!["guards", "std/python"], ..Known::default() };
    let (asked, _) = read(&before, &surface);
    match offer(&asked, &current, &surface, &known) {
        Offer::Words(found) => {
            found.into_iter().map(|candidate| candidate.text).collect::<Vec<_>>().join(" ")
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn the_first_word_is_a_task_or_a_command() {
    assert_eq!(offered(""), "bump tag note test publish run list apply show help");
    assert_eq!(offered("run "), "bump tag note test publish");
    assert_eq!(offered("l"), "list");
    assert_eq!(offered("-j 4 pu"), "publish");
    assert_eq!(offered("tag 1.0 l"), "", "a command comes first, or not at all");
}

#[test]
fn parameters_come_as_the_grammar_of_a_run_has_them() {
    assert_eq!(offered("bump "), "minor major level= dry_run= times= bump tag note test publish");
    assert_eq!(offered("bump major "), "true false dry_run= times= bump tag note test publish");
    assert_eq!(
        offered("bump dry_run=true "),
        "minor major level= times= bump tag note test publish"
    );
    assert_eq!(offered("bump test "), "bump tag note test publish", "`test` has begun");
    assert_eq!(offered("tag "), "version=", "it must be given, so no task may follow");
    assert_eq!(offered("note "), "text=", "a task would be taken for the text");
    assert_eq!(offered("tag 1.0 "), "bump tag note test publish");
    assert_eq!(offered("bump level="), "level=minor level=major");
    assert_eq!(offered("bump dry-run=t"), "dry-run=true");
    assert_eq!(offered("bump times="), "times=3");
    assert_eq!(offered("bump other="), "");
    assert_eq!(offered("bump -- "), "");
}

#[test]
fn instances_come_once_a_word_is_begun() {
    let all = "test:linux,3.11 test:linux,3.12 test:mac,3.11 test:mac,3.12";
    assert_eq!(offered("te"), format!("test {all}"));
    assert_eq!(offered("test:"), all);
    assert_eq!(offered("test:mac,3.12"), "test:mac,3.12");
    assert_eq!(offered("unit:mac,3.12"), "unit:mac,3.12");
    assert_eq!(offered("un").split(' ').next(), Some("unit"));
}

#[test]
fn a_hidden_task_is_offered_to_who_knows_its_name() {
    assert_eq!(offered("s"), "show");
    assert_eq!(offered("se"), "setup");
}

#[test]
fn options_come_with_their_values_and_not_twice() {
    assert_eq!(offered("-"), "-C --output --live --jobs --yes --yes=publish");
    assert_eq!(offered("publish --live -j 2 --"), "--output --yes --yes=publish");
    assert_eq!(offered("--output "), "plain json");
    assert_eq!(offered("--output=j"), "--output=json");
    assert_eq!(offered("--yes=p"), "--yes=publish");
    assert_eq!(offered("-C "), "Folders");
    assert_eq!(offered("--jobs "), "");
    assert_eq!(offered("--other=x"), "");
}

#[test]
fn other_commands_take_their_own_words() {
    assert_eq!(offered("apply "), "Files");
    assert_eq!(offered("apply plan.json "), "");
    assert_eq!(offered("show g"), "guards");
    assert_eq!(offered("show std/"), "std/python");
    assert_eq!(offered("show bump "), "");
    assert_eq!(offered("help li"), "list");
    assert_eq!(offered("list "), "");
}

#[test]
fn the_folder_that_c_names_is_told() {
    let folder = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        read(&words, &surface()).1
    };
    assert_eq!(folder("-C x lint").as_deref(), Some("x"));
    assert_eq!(folder("-Cx lint").as_deref(), Some("x"));
    assert_eq!(folder("lint -C y").as_deref(), Some("y"));
    assert_eq!(folder("lint -- -C y"), None);
}

#[test]
fn what_cannot_be_typed_is_left_out() {
    let mut bump = task("bump");
    bump.params = vec![param("level", Some(Value::Text("a".into())), &["a\nb", "c"])];
    bump.doc = Some("one\ttwo".into());
    let tasks = [bump];
    let (surface, known) = (surface(), Known { tasks: &tasks, ..Known::default() });
    let (asked, _) = read(&["bump".to_owned()], &surface);
    let Offer::Words(found) = offer(&asked, "", &surface, &known) else { panic!("no words") };
    let texts: Vec<&str> = found.iter().map(|candidate| candidate.text.as_str()).collect();
    assert_eq!(texts, ["c", "level=", "bump"]);
    assert_eq!(found[2].doc, "one two");
}
