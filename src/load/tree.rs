//! A text's keys and values as a tree, each with its place.
//!
//! TOML's own tree holds the same in several times the memory, and most of the time that a registry of thousands of
//! facilities took to read went into it. So [`plain`](super::plain) builds this one, and what only TOML's parser can read
//! is turned into it.
//!
//! Floor 4; knows nothing of what the keys mean.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::model::Span;

/// A span in half the space.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Stretch {
    start: u32,
    end: u32,
}

impl Stretch {
    #[allow(clippy::cast_possible_truncation)] // a registry of 4 GiB does not fit in memory beside its tree
    pub(super) fn new(span: &Span) -> Self {
        Self { start: span.start as u32, end: span.end as u32 }
    }
    pub(super) fn span(self) -> Span {
        self.start as usize..self.end as usize
    }
}

/// A value, and where it stands.
#[derive(PartialEq, Debug)]
pub(super) struct Value<'t> {
    pub(super) data: Data<'t>,
    place: Stretch,
}

/// What a value is.
#[derive(PartialEq, Debug)]
pub(super) enum Data<'t> {
    /// What a string says, without quotes and escapes.
    String(Cow<'t, str>),
    /// Beyond 64 bits it is the last number of 64 bits on its side: no range of a registry goes so far.
    Integer {
        value: i64,
        decimal: bool,
    },
    /// Infinite or no number where it was written so.
    Float(f64),
    Boolean(bool),
    /// A date or time as TOML writes it.
    Datetime(Box<str>),
    Array(Vec<Value<'t>>),
    Table(Keys<'t>),
}

impl<'t> Value<'t> {
    pub(super) fn new(data: Data<'t>, span: &Span) -> Self {
        Self { data, place: Stretch::new(span) }
    }
    /// The whole value, quotes and brackets included; of a table under a header, the header.
    pub(super) fn span(&self) -> Span {
        self.place.span()
    }
    /// What it says, if it is a string.
    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }
    /// Its values, if it is an array.
    pub(super) fn as_array(&self) -> Option<&[Value<'t>]> {
        match &self.data {
            Data::Array(values) => Some(values),
            _ => None,
        }
    }
    /// Its keys, if it is a table.
    pub(super) fn as_table(&self) -> Option<&Keys<'t>> {
        match &self.data {
            Data::Table(keys) => Some(keys),
            _ => None,
        }
    }
    /// `moved`: how many bytes of the text stand before what was parsed.
    fn of(value: Spanned<DeValue<'t>>, moved: usize) -> Self {
        let span = shifted(value.span(), moved);
        let data = match value.into_inner() {
            DeValue::String(text) => Data::String(text),
            DeValue::Integer(integer) => {
                let beyond = if integer.as_str().starts_with('-') { i64::MIN } else { i64::MAX };
                let value = i64::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(beyond);
                Data::Integer { value, decimal: integer.radix() == 10 }
            }
            DeValue::Float(float) => Data::Float(float.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(value) => Data::Boolean(value),
            DeValue::Datetime(written) => Data::Datetime(written.to_string().into()),
            DeValue::Array(values) => {
                Data::Array(values.into_iter().map(|value| Self::of(value, moved)).collect())
            }
            DeValue::Table(table) => Data::Table(Keys::of(table, moved)),
        };
        Self::new(data, &span)
    }
}

fn shifted(span: Span, by: usize) -> Span {
    span.start + by..span.end + by
}

/// A key with its value.
#[derive(PartialEq, Debug)]
pub(super) struct Pair<'t> {
    pub(super) key: Cow<'t, str>,
    place: Stretch,
    pub(super) value: Value<'t>,
}

impl<'t> Pair<'t> {
    pub(super) fn new(key: Cow<'t, str>, span: &Span, value: Value<'t>) -> Self {
        Self { key, place: Stretch::new(span), value }
    }
    /// Where the key stands.
    pub(super) fn key_span(&self) -> Span {
        self.place.span()
    }
}

/// The keys of a table, none of them twice, in no particular order.
#[derive(PartialEq, Debug, Default)]
pub(super) struct Keys<'t> {
    pub(super) pairs: Vec<Pair<'t>>,
    /// Whether a header opened it, so that headers farther down may put tables into it.
    pub(super) open: bool,
}

impl<'t> Keys<'t> {
    /// The value of a key. Looks through all keys: the tables that are asked for one have few.
    pub(super) fn get(&self, key: &str) -> Option<&Value<'t>> {
        self.pairs.iter().find(|pair| pair.key == key).map(|pair| &pair.value)
    }
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Pair<'t>> {
        self.pairs.iter()
    }
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }
    /// The same keys as TOML's parser has them. `moved`: how many bytes of the text stand before what it parsed.
    pub(super) fn of(table: DeTable<'t>, moved: usize) -> Self {
        let pair = |(key, value): (Spanned<Cow<'t, str>>, _)| {
            let span = shifted(key.span(), moved);
            Pair::new(key.into_inner(), &span, Value::of(value, moved))
        };
        Self { pairs: table.into_iter().map(pair).collect(), open: false }
    }
}
