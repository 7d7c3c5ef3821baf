//! What a Releasefile declares, as bytes and back ([`flat`](super::flat)), so that it can be kept and need not be
//! evaluated again. Places name their text by its number.

use std::sync::Arc;

use super::command::{How, Piece, Template};
use super::flat::{Flat, Reader, Writer, flat};
use super::task::{
    BodyId, Declared, Destination, GuardCall, Index, Param, Retry, Step, Task, Trigger, Value,
};
use super::workflow::{
    self, Dispatch, Does, Download, Overlay, Runner, Service, Triggers, Workflow,
};
use crate::diag::{Site, Word};

impl Flat for Destination {
    fn write(&self, to: &mut Writer) {
        self.to_string().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::parse(&String::read(from)?)
    }
}

impl Flat for Site {
    fn write(&self, to: &mut Writer) {
        let known = to.sources.iter().position(|known| Arc::ptr_eq(known, &self.source));
        let number = known.unwrap_or_else(|| {
            to.sources.push(self.source.clone());
            to.sources.len() - 1
        });
        (number, (self.line, self.column)).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (number, (line, column)): (usize, _) = Flat::read(from)?;
        Some(Self { source: from.sources.get(number)?.clone(), line, column })
    }
}

flat! {
    struct Declared { tasks, indexes, workflows, downloads, image, tools, guards, printed, default_task }
    struct Task {
        name, aliases, site, doc, group, hidden, needs, on, when, steps, inputs, outputs, params, matrix, rest,
        effects, edits, environment, runner, confirm, retry, timeout, env, env_files, secrets, cwd, optional, tty
    }
    struct Word { text, site }
    struct Param { name, default, choices }
    struct Retry { times, pause }
    struct Template { how, words }
    struct Index { name, upload, simple, user, password, insecure, exchange }
    struct GuardCall { name, warn, to, options }
    struct Workflow { name, site, on, run, overlay }
    struct Triggers { push, tags, pull_request, release, schedule, dispatch, call }
    struct Dispatch { live }
    struct Overlay { steps, services, env }
    struct workflow::Step { site, name, does, env, runner }
    struct Service { site, name, image, ports, env, health, runner }
    struct Download { runner, url, sha256 }
}

flat! {
    enum Value { 0 Bool { 0: value } 1 Int { 0: value } 2 Text { 0: value } }
    enum Step { 0 Command { 0: template, 1: site } 1 Body { 0: body, 1: site } }
    enum Trigger { 0 Failure {} 1 Always {} }
    enum How { 0 Exec {} 1 Shell {} }
    enum Piece { 0 Text { 0: text } 1 Hole {} 2 Named { 0: name } }
    enum Does { 0 Run { 0: script } 1 Uses { action: action, version: version, with: with } }
    enum Runner { 0 All { 0: label } 1 Of { 0: labels, 1: site } }
}

impl Flat for BodyId {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        usize::read(from).map(Self)
    }
}
