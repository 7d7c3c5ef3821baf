//! What a Releasefile declares, as bytes and back, so that it can be kept and need not be evaluated again.
//!
//! One after the other, without names: numbers in seven bits a byte, texts and lists behind their length. Places
//! name their text by its number. Bytes that make no sense give nothing. Turned down: JSON, whose
//! reading takes longer than all that a short run does besides; `serde` for it, which cannot share
//! the texts that places point into.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::command::{How, Piece, Template};
use super::task::{
    BodyId, Declared, Destination, GuardCall, Index, Param, Retry, Step, Task, Trigger, Value,
};
use super::workflow::{
    self, Dispatch, Does, Download, Overlay, Runner, Service, Triggers, Workflow,
};
use crate::diag::{Site, Source, Word};

/// Bytes of a table, and the texts that its places point into.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    sources: Vec<Arc<Source>>,
}

/// What is left of a table's bytes.
struct Reader<'a> {
    bytes: &'a [u8],
    sources: &'a [Arc<Source>],
}

/// Can stand in a table.
trait Flat: Sized {
    fn write(&self, to: &mut Writer);
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// The bytes of all that is declared, with the texts that they point into, in the order of their numbers.
pub fn to_bytes(declared: &Declared) -> (Vec<u8>, Vec<Arc<Source>>) {
    let mut to = Writer::default();
    declared.write(&mut to);
    (to.bytes, to.sources)
}

/// What [`to_bytes`] wrote, pointing into these texts; `None` if it did not write these bytes.
pub fn from_bytes(bytes: &[u8], sources: &[Arc<Source>]) -> Option<Declared> {
    let mut from = Reader { bytes, sources };
    let declared = Declared::read(&mut from)?;
    from.bytes.is_empty().then_some(declared)
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }
}

impl Flat for u64 {
    fn write(&self, to: &mut Writer) {
        let mut left = *self;
        while left >= 0x80 {
            to.bytes.push(left.to_le_bytes()[0] | 0x80);
            left >>= 7;
        }
        to.bytes.push(left.to_le_bytes()[0]);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = from.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

impl Flat for usize {
    fn write(&self, to: &mut Writer) {
        (*self as u64).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        u64::read(from)?.try_into().ok()
    }
}

impl Flat for u32 {
    fn write(&self, to: &mut Writer) {
        u64::from(*self).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        u64::read(from)?.try_into().ok()
    }
}

impl Flat for i64 {
    fn write(&self, to: &mut Writer) {
        self.cast_unsigned().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(u64::read(from)?.cast_signed())
    }
}

impl Flat for bool {
    fn write(&self, to: &mut Writer) {
        to.bytes.push(u8::from(*self));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(from.byte()? != 0)
    }
}

impl Flat for String {
    fn write(&self, to: &mut Writer) {
        self.len().write(to);
        to.bytes.extend_from_slice(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let length = usize::read(from)?;
        let (text, rest) = from.bytes.split_at_checked(length)?;
        from.bytes = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }
}

impl<T: Flat> Flat for Option<T> {
    fn write(&self, to: &mut Writer) {
        self.is_some().write(to);
        if let Some(it) = self {
            it.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        if bool::read(from)? { T::read(from).map(Some) } else { Some(None) }
    }
}

impl<T: Flat> Flat for Vec<T> {
    fn write(&self, to: &mut Writer) {
        self.len().write(to);
        for it in self {
            it.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let length = usize::read(from)?;
        // Each takes a byte at least: nonsense must not ask for more memory than there is.
        let mut all = Self::with_capacity(length.min(from.bytes.len()));
        for _ in 0..length {
            all.push(T::read(from)?);
        }
        Some(all)
    }
}

impl<K: Flat + Ord, V: Flat> Flat for BTreeMap<K, V> {
    fn write(&self, to: &mut Writer) {
        self.len().write(to);
        for (key, value) in self {
            key.write(to);
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        (0..usize::read(from)?).map(|_| Flat::read(from)).collect()
    }
}

impl<A: Flat, B: Flat> Flat for (A, B) {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::read(from)?, B::read(from)?))
    }
}

impl Flat for Duration {
    fn write(&self, to: &mut Writer) {
        (self.as_secs(), self.subsec_nanos()).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (seconds, nanos) = Flat::read(from)?;
        (nanos < 1_000_000_000).then(|| Self::new(seconds, nanos))
    }
}

impl Flat for serde_json::Value {
    fn write(&self, to: &mut Writer) {
        self.to_string().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        serde_json::from_str(&String::read(from)?).ok()
    }
}

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

/// Writes and reads the fields of a struct, or of the variant of an enum that its number names, in this order.
macro_rules! flat {
    ($(struct $name:ty { $($field:ident),* })*) => {$(
        impl Flat for $name {
            fn write(&self, to: &mut Writer) {
                let Self { $($field),* } = self;
                $($field.write(to);)*
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                $(let $field = Flat::read(from)?;)*
                Some(Self { $($field),* })
            }
        }
    )*};
    ($(enum $name:ty { $($number:literal $variant:ident { $($key:tt: $field:ident),* })* })*) => {$(
        impl Flat for $name {
            fn write(&self, to: &mut Writer) {
                match self {
                    $(Self::$variant { $($key: $field),* } => {
                        to.bytes.push($number);
                        $($field.write(to);)*
                    })*
                }
            }

            fn read(from: &mut Reader<'_>) -> Option<Self> {
                Some(match from.byte()? {
                    $($number => {
                        $(let $field = Flat::read(from)?;)*
                        Self::$variant { $($key: $field),* }
                    })*
                    _ => return None,
                })
            }
        }
    )*};
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
