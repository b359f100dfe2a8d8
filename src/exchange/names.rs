//! Whose row it is: names of a board against those of the registry, and a stub for those that it lacks.
//!
//! Floor 4. Nothing is guessed: a name that fits no facility is listed with the nearest ones, and its rows are left out.

use std::collections::{BTreeMap, HashMap};

use crate::diagnostic::{closest, plural};
use crate::model::{FacilityId, Name, Registry};

/// A name that no facility has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unmatched {
    /// As written.
    pub name: String,
    /// How many rows bear it.
    pub rows: usize,
    /// The names that come nearest, the nearest first.
    pub nearest: Vec<String>,
}

/// Finds the facilities of a board's names.
pub(super) struct Matching<'g> {
    registry: &'g Registry,
    /// By the ids that facilities have in that system.
    ids: HashMap<&'g str, FacilityId>,
    found: HashMap<String, Option<FacilityId>>,
    /// In the order of the file.
    unmatched: Vec<(String, usize)>,
    places: BTreeMap<String, usize>,
}

impl<'g> Matching<'g> {
    /// `system` is the key under `ids`, such as `emresource`.
    pub(super) fn new(registry: &'g Registry, system: &str) -> Self {
        let ids = registry
            .facilities
            .iter()
            .filter_map(|(id, facility)| Some((facility.ids.get(system)?.as_str(), id)))
            .collect();
        Self { registry, ids, found: HashMap::new(), unmatched: Vec::new(), places: BTreeMap::new() }
    }
    /// The facility of a name: by its id in that system, else by its name, alias or id here.
    pub(super) fn facility(&mut self, name: &str) -> Option<FacilityId> {
        let found = if let Some(found) = self.found.get(name) {
            *found
        } else {
            let found = self.ids.get(name).copied().or_else(|| self.by_name(name));
            self.found.insert(name.to_owned(), found);
            found
        };
        if found.is_none() {
            let at = *self.places.entry(name.to_owned()).or_insert_with(|| {
                self.unmatched.push((name.to_owned(), 0));
                self.unmatched.len() - 1
            });
            self.unmatched[at].1 += 1;
        }
        found
    }
    fn by_name(&self, name: &str) -> Option<FacilityId> {
        let mut facilities = self.registry.names.meanings(name).iter().filter_map(|name| match name {
            Name::Facility(facility) => Some(*facility),
            _ => None,
        });
        let first = facilities.next();
        first.filter(|_| facilities.next().is_none())
    }
    /// The names that were not found.
    pub(super) fn finish(self) -> Vec<Unmatched> {
        let registry = self.registry;
        let nearest = |name: &str| {
            let mut names: Vec<&str> = registry
                .facilities
                .iter()
                .flat_map(|(_, facility)| std::iter::once(&facility.name).chain(&facility.aliases))
                .map(String::as_str)
                .collect();
            let mut nearest = Vec::new();
            while nearest.len() < 3
                && let Some(near) = closest(name, names.iter().copied())
            {
                names.retain(|other| *other != near);
                nearest.push(near.to_owned());
            }
            nearest
        };
        let unmatched = self.unmatched.into_iter();
        unmatched.map(|(name, rows)| Unmatched { nearest: nearest(&name), name, rows }).collect()
    }
}

/// Tables for the facilities that a registry lacks, to be completed: as comments, for where a hospital is and whether it
/// has an ED nobody can know from its name, and a wrong place would send ambulances there.
pub fn stub(unmatched: &[Unmatched], system: &str, registry: &Registry) -> String {
    let mut text = format!(
        "# {} of a board have no facility in this registry.\n\
         # Complete each table and take its `# ` away; leave out `ed` where there is no ED. Nothing here is read until then.\n\
         # A name that only is another spelling wants no table: add it to `aliases` of the facility, or to its `ids`.\n",
        plural(unmatched.len(), "name")
    );
    let mut taken: Vec<String> = Vec::new();
    for Unmatched { name, rows, nearest } in unmatched {
        let mut key = key(name);
        while registry.facilities.id(&key).is_some() || taken.contains(&key) {
            key.push_str("-2");
        }
        // A JSON string without control characters is a TOML string.
        let quoted = serde_json::Value::String(one_line(name));
        text.push_str(&format!("\n# [facility.{key}]    # {}", plural(*rows, "row")));
        if !nearest.is_empty() {
            text.push_str(&format!("; the nearest names here: {}", one_line(&nearest.join(", "))));
        }
        text.push_str(&format!(
            "\n# name = {quoted}\n# lat =\n# lon =\n# ed = {{}}\n# ids = {{ {system} = {quoted} }}\n"
        ));
        taken.push(key);
    }
    text
}

/// A table key from a name.
fn key(name: &str) -> String {
    let hyphened: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let key = hyphened.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if key.is_empty() { "facility".to_owned() } else { key }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
