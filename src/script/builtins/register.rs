//! Registers the table with Rhai, and carries calls and errors across.

use std::any::TypeId;
use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, FuncRegistration, Module, NativeCallContext, RhaiFunc};

use super::call::Call;
use super::{
    Builtin, CiHandle, Phase, Place, SecretHandle, Skip, TaskHandle, Thrown, all, artifact,
    modules, traced,
};
use crate::diag::{Diagnostic, Outcome, Site, Source};
use crate::script::cx::{Frame, TaskView};
use crate::script::words;

/// Registers the whole table.
pub(crate) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<TaskHandle>("Task");
    engine.register_type_with_name::<CiHandle>("Workflow");
    engine.register_type_with_name::<SecretHandle>("Secret");
    engine.register_type_with_name::<Thrown>("error");
    engine.register_fn("to_string", |thrown: &mut Thrown| thrown.0.message.clone());
    engine.register_fn("to_debug", |thrown: &mut Thrown| thrown.0.message.clone());
    artifact::register_types(engine);
    let mut modules: Vec<(&'static str, Module)> =
        modules().map(|name| (name, Module::new())).collect();
    for builtin in all() {
        for count in builtin.arity.0..=builtin.arity.1 {
            let mut types = vec![TypeId::of::<Dynamic>(); count];
            match builtin.place {
                Place::Task => types.insert(0, TypeId::of::<TaskHandle>()),
                Place::Ci => types.insert(0, TypeId::of::<CiHandle>()),
                Place::View => types.insert(0, TypeId::of::<TaskView>()),
                Place::Function | Place::Module(_) => {}
            }
            if let Place::Module(name) = builtin.place
                && let Some((_, module)) = modules.iter_mut().find(|(known, _)| *known == name)
            {
                let registration = FuncRegistration::new(builtin.name).in_internal_namespace();
                registration.set_into_module_raw(module, types, native(builtin));
            } else {
                engine.register_raw_fn(builtin.name, types, move |context, args| {
                    invoke(builtin, &context, args)
                });
            }
        }
    }
    for (name, module) in modules {
        engine.register_static_module(name, module.into());
    }
}

fn native(builtin: &'static Builtin) -> RhaiFunc {
    let function =
        move |context: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| match context {
            Some(context) => invoke(builtin, &context, args),
            None => Ok(Dynamic::UNIT),
        };
    RhaiFunc::Method {
        func: rhai::Shared::new(function),
        has_context: true,
        is_pure: true,
        is_volatile: true,
    }
}

fn invoke(
    builtin: &'static Builtin,
    context: &NativeCallContext<'_>,
    args: &mut [&mut Dynamic],
) -> Result<Dynamic, Box<EvalAltResult>> {
    let position = context.call_position();
    let thrown = |value: Dynamic| Box::new(EvalAltResult::ErrorRuntime(value, position));
    let frame = context.tag().and_then(|tag| tag.clone().try_cast::<Frame>());
    let frame = frame.ok_or_else(|| thrown("rel lost track of this call".into()))?;
    let is_method = builtin.is_method();
    let mut values = args.iter().map(|arg| (**arg).flatten_clone());
    let this = if is_method { values.next().unwrap_or_default() } else { Dynamic::UNIT };
    let site = call_site(&frame, context);
    let mut call =
        Call { builtin, frame, site, this, args: values.collect(), rhai: context, skipped: None };
    let phase = match builtin.phase {
        Phase::Declare => call.declaring().map(|_| ()),
        Phase::Body => call.body().map(|_| ()),
        Phase::Any => Ok(()),
    };
    let result = phase.and_then(|()| (builtin.run)(&mut call));
    if let (Frame::Declaring(declaring), Phase::Any) = (&call.frame, builtin.phase) {
        declaring.reads.called(builtin, result.is_ok());
    }
    let result = result.or_else(|wrong| collected(&call, wrong));
    traced::note(&call, result.as_ref().ok());
    Err(thrown(match (result, call.skipped) {
        (Ok(_), Some(reason)) => Dynamic::from(Skip(reason)),
        (Ok(value), None) => return Ok(value),
        // Within a body only the name of the text is known here; whoever catches it has the text.
        (Err(wrong), _) if call.site.source.text.is_empty() => {
            Dynamic::from(Thrown(Arc::new(*wrong)))
        }
        (Err(wrong), _) => Dynamic::from(Thrown(Arc::new(wrong.at(&call.site)))),
    }))
}

/// A wrong declaration does not end the reading of the file: what else is wrong shall be shown too.
fn collected(call: &Call<'_>, wrong: Box<Diagnostic>) -> Outcome<Dynamic> {
    match (&call.frame, call.builtin.phase) {
        (Frame::Declaring(declaring), Phase::Declare) => {
            declaring.blame(wrong.at(&call.site));
            Ok(match call.builtin.name {
                "task" => Dynamic::from(TaskHandle(usize::MAX)),
                "ci" => Dynamic::from(CiHandle(usize::MAX)),
                _ => call.this.clone(),
            })
        }
        _ => Err(wrong),
    }
}

fn call_site(frame: &Frame, context: &NativeCallContext<'_>) -> Site {
    let name = context.call_source().unwrap_or_default();
    let source = match frame {
        Frame::Declaring(declaring) => declaring.sources.get(name),
        Frame::Body(_) => None,
    };
    let source = source.unwrap_or_else(|| Arc::new(Source::new(name, "")));
    words::site(&source, context.call_position()).unwrap_or(Site { source, line: 1, column: 1 })
}
