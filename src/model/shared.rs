//! Values that are kept once each, and found again by their value.

use std::borrow::Borrow;
use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Values that are kept once each, in the order of their first coming.
#[derive(Clone, Debug)]
pub struct Shared<T> {
    kept: Vec<T>,
    places: FxHashMap<T, u32>,
    /// The place that was asked for last: neighbours say the same.
    last: u32,
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), places: FxHashMap::default(), last: 0 }
    }
}

impl<T> Shared<T> {
    /// All of them, by their places.
    #[inline]
    pub fn kept(&self) -> &[T] {
        &self.kept
    }
}

impl<T: Clone + Eq + Hash> Shared<T> {
    /// The place of a value; if it is new, that of what `keep` makes of it.
    #[allow(clippy::cast_possible_truncation)] // four thousand million values do not fit in memory
    pub fn place<Q>(&mut self, value: &Q, keep: impl FnOnce() -> T) -> u32
    where
        T: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if self.kept.get(self.last as usize).is_some_and(|last| last.borrow() == value) {
            return self.last;
        }
        self.last = self.places.get(value).copied().unwrap_or_else(|| {
            let (place, value) = (self.kept.len() as u32, keep());
            self.places.insert(value.clone(), place);
            self.kept.push(value);
            place
        });
        self.last
    }
    /// Whether a value is among them.
    pub fn holds(&self, value: &T) -> bool {
        self.places.contains_key(value)
    }
}
