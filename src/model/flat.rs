//! Values as bytes and back, one after the other and without names: numbers in seven bits a byte, texts and lists
//! behind their length. Bytes that make no sense give nothing.
//!
//! Whoever keeps bytes sees to it that the same rel reads them. Turned down: JSON, whose reading takes longer than
//! all that a short run does besides; `serde` for it, which cannot share the texts that places point into.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::diag::Source;

/// Bytes that are written.
#[derive(Default)]
pub struct Writer {
    /// What is written so far.
    pub bytes: Vec<u8>,
    /// The texts that places point into.
    pub sources: Vec<Arc<Source>>,
}

/// Bytes that are read.
pub struct Reader<'a> {
    /// What is left.
    pub bytes: &'a [u8],
    /// The texts that places point into.
    pub sources: &'a [Arc<Source>],
}

/// Can be written as bytes.
pub trait Flat: Sized {
    /// Adds its bytes.
    fn write(&self, to: &mut Writer);
    /// Takes its bytes away; `None` if they are not its own.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// The bytes of a value, with the texts that its places point into, in the order of their numbers.
pub fn to_bytes(value: &impl Flat) -> (Vec<u8>, Vec<Arc<Source>>) {
    let mut to = Writer::default();
    value.write(&mut to);
    (to.bytes, to.sources)
}

/// What [`to_bytes`] wrote, pointing into these texts; `None` if it did not write these bytes.
pub fn from_bytes<T: Flat>(bytes: &[u8], sources: &[Arc<Source>]) -> Option<T> {
    let mut from = Reader { bytes, sources };
    let value = T::read(&mut from)?;
    from.bytes.is_empty().then_some(value)
}

impl Reader<'_> {
    /// The next byte.
    pub fn byte(&mut self) -> Option<u8> {
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

/// Writes and reads the fields of a struct, or of the variant of an enum that its number names, in this order.
macro_rules! flat {
    ($(struct $name:ty { $($field:ident),* })*) => {$(
        impl $crate::model::flat::Flat for $name {
            fn write(&self, to: &mut $crate::model::flat::Writer) {
                let Self { $($field),* } = self;
                $($crate::model::flat::Flat::write($field, to);)*
            }

            fn read(from: &mut $crate::model::flat::Reader<'_>) -> Option<Self> {
                $(let $field = $crate::model::flat::Flat::read(from)?;)*
                Some(Self { $($field),* })
            }
        }
    )*};
    ($(enum $name:ty { $($number:literal $variant:ident { $($key:tt: $field:ident),* })* })*) => {$(
        impl $crate::model::flat::Flat for $name {
            fn write(&self, to: &mut $crate::model::flat::Writer) {
                match self {
                    $(Self::$variant { $($key: $field),* } => {
                        to.bytes.push($number);
                        $($crate::model::flat::Flat::write($field, to);)*
                    })*
                }
            }

            fn read(from: &mut $crate::model::flat::Reader<'_>) -> Option<Self> {
                Some(match from.byte()? {
                    $($number => {
                        $(let $field = $crate::model::flat::Flat::read(from)?;)*
                        Self::$variant { $($key: $field),* }
                    })*
                    _ => return None,
                })
            }
        }
    )*};
}

pub(crate) use flat;
