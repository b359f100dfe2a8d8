//! Ids: small numbers that stand for a table key, and the directory that turns one into the other.
//!
//! A directory keeps its entries in key order, so comparing two ids compares their keys: every tie "by id" is a plain
//! comparison of numbers.

use std::fmt::Debug;

/// What a [`Directory`] can hold: something with a table key.
pub trait Keyed {
    /// The number type that stands for the key.
    type Id: Copy + Ord + Debug + From<u32> + Into<u32>;
    /// The table key: lower-case letters, digits, hyphens.
    fn key(&self) -> &str;
}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(u32);
        impl From<u32> for $name { fn from(n: u32) -> Self { Self(n) } }
        impl From<$name> for u32 { fn from(id: $name) -> u32 { id.0 } }
        impl $name {
            /// The position in the directory, for tables that run parallel to it.
            pub fn index(self) -> usize { self.0 as usize }
        }
    )*};
}
id! {
    /// A facility of the registry.
    FacilityId
    /// A network of the registry.
    NetworkId
    /// A region of the registry.
    RegionId
    /// A zone of the registry.
    ZoneId
    /// A service of the registry or the catalogue.
    ServiceId
    /// A need of the registry or the catalogue.
    NeedId
    /// A status type: built in or defined by the registry.
    StatusId
    /// A policy of the registry.
    PolicyId
}

/// The entries of one kind, in key order.
#[derive(Clone, Debug)]
pub struct Directory<T>(Vec<T>);

impl<T> Default for Directory<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Keyed> Directory<T> {
    /// Sorts the entries by key. Of two entries with one key the first stays, so check for duplicates before.
    pub fn new(mut entries: Vec<T>) -> Self {
        entries.sort_by(|a, b| a.key().cmp(b.key()));
        entries.dedup_by(|a, b| a.key() == b.key());
        Self(entries)
    }
    /// The id of a key, if the directory has it.
    pub fn id(&self, key: &str) -> Option<T::Id> {
        let at = self.0.binary_search_by(|entry| entry.key().cmp(key)).ok()?;
        u32::try_from(at).ok().map(T::Id::from)
    }
    /// The entry of an id that this directory gave out.
    pub fn get(&self, id: T::Id) -> &T {
        let at: u32 = id.into();
        &self.0[at as usize]
    }
    /// Every entry with its id, in key order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (T::Id, &T)> + DoubleEndedIterator + Clone {
        #[allow(clippy::cast_possible_truncation)] // ids are 32 bits wide by construction
        self.0.iter().enumerate().map(|(at, entry)| (T::Id::from(at as u32), entry))
    }
    /// Every id, in key order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = T::Id> + DoubleEndedIterator + Clone + use<'_, T> {
        self.iter().map(|(id, _)| id)
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: Keyed> std::ops::Index<T::Id> for Directory<T> {
    type Output = T;
    fn index(&self, id: T::Id) -> &T {
        self.get(id)
    }
}
