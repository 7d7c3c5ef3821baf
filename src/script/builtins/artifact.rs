//! A body's `t` and the artifacts that it can ask for.

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, Position};

use super::{Builtin, Call, Phase, Place, Thrown, row};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::model::artifact::Artifact;
use crate::model::task::Value;
use crate::script::cx::{BodyCx, Followed, TaskView};

pub(super) const TABLE: &[Builtin] = &[row(
    Place::View,
    Phase::Body,
    "artifacts",
    (1, 1),
    "t.artifacts(\"build\")",
    "What a task made that this one needs: files by digest, in the order of their names.",
    "task(\"make\").run(|t| write(t.out + \"/a.txt\", \"a\"));\ntask(\"use\").needs(\"make\").run(|t| { for file in t.artifacts(\"make\") { print(`${file.name} ${file.size} ${file.sha256}`); } });",
    artifacts,
)];

/// An artifact, as scripts hold it.
#[derive(Clone)]
pub(crate) struct ArtifactHandle {
    pub(crate) artifact: Artifact,
    pub(crate) path: String,
}

/// Registers the types of `t` and of artifacts.
pub(super) fn register_types(engine: &mut Engine) {
    engine.register_type_with_name::<TaskView>("TaskView");
    engine.register_indexer_get(|view: &mut TaskView, name: ImmutableString| field(&view.0, &name));
    engine.register_type_with_name::<ArtifactHandle>("Artifact");
    engine.register_get("name", |file: &mut ArtifactHandle| file.artifact.file_name().to_owned());
    engine.register_get("sha256", |file: &mut ArtifactHandle| file.artifact.sha256.to_string());
    engine.register_get("size", |file: &mut ArtifactHandle| {
        i64::try_from(file.artifact.size).unwrap_or(i64::MAX)
    });
    engine.register_get("path", |file: &mut ArtifactHandle| file.path.clone());
    engine
        .register_fn("to_string", |file: &mut ArtifactHandle| file.artifact.file_name().to_owned());
    engine
        .register_fn("to_debug", |file: &mut ArtifactHandle| file.artifact.file_name().to_owned());
}

/// `t.name`, `t.out`, `t.root`, a parameter, an axis or the rest.
fn field(cx: &BodyCx, name: &str) -> Result<Dynamic, Box<EvalAltResult>> {
    if let Some(value) = cx.values.get(name) {
        return Ok(match value {
            Value::Bool(truth) => (*truth).into(),
            Value::Int(number) => (*number).into(),
            Value::Text(text) => text.clone().into(),
        });
    }
    if let (Some(followed), "result") = (&cx.result, name) {
        return Ok(result(followed).into());
    }
    match name {
        "out" => return Ok(cx.out.to_string_lossy().into_owned().into()),
        "name" => return Ok(cx.id.clone().into()),
        "root" => return Ok(cx.run.root.to_string_lossy().into_owned().into()),
        name if cx.task.rest.as_deref() == Some(name) => {
            let rest: Array = cx.rest.iter().map(|word| word.clone().into()).collect();
            return Ok(rest.into());
        }
        _ => {}
    }
    let known: Vec<String> =
        cx.task.names().into_iter().chain(["out", "name", "root"].map(str::to_owned)).collect();
    let wrong = Diagnostic::usage(format!("task `{}` has no parameter `{name}`", cx.task.name));
    let wrong = if name == "result" {
        wrong
            .hint("only a task that follows a run has a result: .needs(\"publish\").on(\"always\")")
    } else {
        wrong.suggest(name, known.iter().map(String::as_str))
    };
    Err(Box::new(EvalAltResult::ErrorRuntime(
        Dynamic::from(Thrown(std::sync::Arc::new(wrong))),
        Position::NONE,
    )))
}

/// How the run ended that a task follows.
fn result(followed: &Followed) -> Map {
    let array = |all: &[String]| all.iter().map(|one| one.clone().into()).collect::<Array>();
    Map::from([
        ("ok".into(), (followed.exit == Exit::OK).into()),
        ("exit".into(), i64::from(followed.exit.0).into()),
        ("failed".into(), array(&followed.failed).into()),
        ("message".into(), followed.message.clone().into()),
        ("version".into(), followed.version.clone().into()),
        ("links".into(), array(&followed.links).into()),
        ("text".into(), followed.text.clone().into()),
    ])
}

fn artifacts(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let found = cx.artifacts(&call.text(0)?)?;
    let handle = |artifact: Artifact| {
        let path = cx.run.store.place(&artifact).to_string_lossy().into_owned();
        Dynamic::from(ArtifactHandle { artifact, path })
    };
    Ok(found.into_iter().map(handle).collect::<Array>().into())
}

/// The artifacts in an argument: one, or an array of them.
pub(super) fn argument(call: &Call<'_>, at: usize) -> Outcome<Vec<Artifact>> {
    artifacts_of(call, &call.args.get(at).cloned().unwrap_or_default())
}

/// Artifacts, given as one or as an array.
pub(super) fn artifacts_of(call: &Call<'_>, value: &Dynamic) -> Outcome<Vec<Artifact>> {
    let values = match value.read_lock::<Array>() {
        Some(array) => array.clone(),
        None => vec![value.clone()],
    };
    let taken: Option<Vec<Artifact>> = values
        .iter()
        .map(|value| Some(value.read_lock::<ArtifactHandle>()?.artifact.clone()))
        .collect();
    taken.ok_or_else(|| {
        let wrong = Diagnostic::usage(format!("`{}` takes artifacts, not paths or other values", call.builtin.name));
        Box::new(wrong.hint("write `t.artifacts(\"build\")`: only what a task made, known by its digest, can be published"))
    })
}
