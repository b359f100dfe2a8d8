//! Keys: the ids of facilities, for whoever writes them by the million.
//!
//! Floor 3.

use std::collections::BTreeMap;

use crate::model::{FacilityId, Registry};

/// The ids of all facilities, each in a slot of the same width: rows by the million name any of them, and each is to be
/// fetched from memory at once.
#[derive(Clone, Debug)]
pub struct Keys {
    /// By facility, its id, spaces after it, and how long it is.
    slots: String,
    width: usize,
    /// Those that fit into no slot.
    long: BTreeMap<FacilityId, String>,
}

impl Keys {
    /// The widest slot: a line of a processor's cache.
    const WIDEST: usize = 64;

    /// Those of a registry.
    pub fn of(registry: &Registry) -> Self {
        let lengths = registry.facilities.iter().map(|(_, facility)| facility.key.len());
        let longest = lengths.filter(|length| *length < Self::WIDEST).max().unwrap_or(0);
        let width = (longest + 1).next_power_of_two();
        let mut keys = Self {
            slots: String::with_capacity(width * registry.facilities.len()),
            width,
            long: BTreeMap::new(),
        };
        for (id, facility) in registry.facilities.iter() {
            let fits = facility.key.len() < width;
            let key = if fits { facility.key.as_str() } else { "" };
            keys.slots.push_str(key);
            keys.slots.extend(std::iter::repeat_n(' ', width - 1 - key.len()));
            // Lengths as characters: none is longer than there are ASCII characters.
            keys.slots
                .push(char::from(u8::try_from(if fits { key.len() } else { Self::WIDEST }).unwrap_or(0)));
            if !fits {
                keys.long.insert(id, facility.key.clone());
            }
        }
        keys
    }
    /// That of a facility of the registry.
    #[inline]
    pub fn key(&self, facility: FacilityId) -> &str {
        let begin = facility.index() * self.width;
        let length = usize::from(self.slots.as_bytes()[begin + self.width - 1]);
        if length < self.width {
            return &self.slots[begin..begin + length];
        }
        self.long.get(&facility).map(String::as_str).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{self, Options};
    use crate::model::Sources;

    #[test]
    fn ids_in_slots_are_those_of_the_registry() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("facilities.toml");
        let mut text = "[registry]\nname = \"World\"\ntimezone = \"UTC\"\n".to_owned();
        let long = "x".repeat(64);
        for key in ["b", "manchester-memorial", &long, "a", &long[1..], "zz-top"] {
            text.push_str(&format!("[facility.{key}]\nname = \"{key}\"\nlat = 0\nlon = 0\ned = {{}}\n"));
        }
        std::fs::write(&path, text).unwrap();
        let registry = load::registry(&path, &Options::default(), &mut Sources::default()).unwrap().registry;
        let keys = Keys::of(&registry);
        assert_eq!(registry.facilities.len(), 6);
        for (id, facility) in registry.facilities.iter() {
            assert_eq!(keys.key(id), facility.key);
        }
    }
}
