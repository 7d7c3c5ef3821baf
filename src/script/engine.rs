//! The Rhai engine as scripts get it: limits, strictness, registered builtins, modules.
//!
//! Optimisation stays below `Full`, which calls functions while compiling. `eval` is off. Limits
//! are set here and nowhere else, since Rhai's own differ between debug and release builds.

use std::cell::RefCell;
use std::sync::Arc;

use rhai::{Dynamic, Engine, OptimizationLevel};

use super::builtins;
use super::cx::{BodyCx, Declaring, Frame, lock};
use super::modules::Modules;

/// Far more than any release needs, and a few seconds of an endless loop.
const OPERATIONS: u64 = 10_000_000;

/// An engine for one load of a Releasefile.
pub(crate) fn build(declaring: &Arc<Declaring>) -> Engine {
    let mut engine = Engine::new();
    engine.set_optimization_level(OptimizationLevel::Simple);
    engine.set_strict_variables(true);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_max_expr_depths(256, 256);
    engine.set_max_call_levels(64);
    engine.set_max_operations(OPERATIONS);
    engine.set_max_string_size(16 << 20);
    engine.set_max_array_size(1_000_000);
    engine.set_max_map_size(100_000);
    // It keeps few, and looks through all for the one to drop whenever another comes.
    engine.set_max_strings_interned(0);
    for symbol in ["eval", "exit", "sleep", "timestamp"] {
        engine.disable_symbol(symbol);
    }
    engine.set_default_tag(Dynamic::from(Frame::Declaring(declaring.clone())));
    engine.set_module_resolver(Modules::new(declaring));
    builtins::register(&mut engine);
    engine.on_progress(|_| {
        RUNNING.with_borrow(|running| {
            let stop = running.last().map(|cx| &cx.stop);
            stop.filter(|stop| stop.fired()).map(|stop| stop.reason().into())
        })
    });
    let printed = declaring.clone();
    engine.on_debug(|text, _, _| {
        RUNNING.with_borrow(|running| running.last().cloned()).inspect(|cx| cx.print(text));
    });
    engine.on_print(move |text| match RUNNING.with_borrow(|running| running.last().cloned()) {
        Some(cx) => cx.print(text),
        None => lock(&printed.declared).printed.extend(text.lines().map(str::to_owned)),
    });
    engine
}

thread_local! {
    /// Bodies on this thread; Rhai's callbacks for progress and `print` get no context.
    static RUNNING: RefCell<Vec<Arc<BodyCx>>> = const { RefCell::new(Vec::new()) };
}

/// While it lives, a fired stop ends the script on this thread.
pub(crate) struct Interruptible;

impl Interruptible {
    pub(crate) fn enter(cx: &Arc<BodyCx>) -> Self {
        RUNNING.with_borrow_mut(|running| running.push(cx.clone()));
        Self
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        RUNNING.with_borrow_mut(Vec::pop);
    }
}
