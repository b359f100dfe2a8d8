//! Names that cannot be told apart: two facilities of one name, two statuses of one label in one place, or a facility
//! called like a word of the language.
//!
//! Floor 4.

use super::entries::{Entry, Tables};
use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::model::{FileId, Name, Registry, Span, StatusId, fold};
use crate::sentence;

/// Reports names that two facilities, networks or statuses share, and names that are taken by the language.
pub(super) fn check(registry: &Registry, tables: &Tables<'_>, sink: &mut Sink) {
    let names = Named { registry, tables };
    for (folded, meanings) in registry.names.iter() {
        names.report_statuses(meanings, folded, sink);
        let mut owners = meanings.iter().filter(|name| matches!(name, Name::Facility(_) | Name::Network(_)));
        let Some(first) = owners.next() else { continue };
        // Pointing at both takes a look at the tables again, but only where something is wrong.
        for second in owners {
            names.report_shared(*first, *second, folded, sink);
        }
        let taken = meanings
            .iter()
            .find(|name| is_spoken_of(**name))
            .map(|name| format!("is the {}", names.title(*name)));
        if let Some(taken) = taken {
            names.report_reserved(*first, folded, &taken, sink);
        }
    }
    for keyword in sentence::keywords() {
        let folded = fold(keyword);
        let meanings = registry.names.of_folded(&folded);
        // A built-in status is a keyword too; once is enough.
        let reported = meanings.iter().any(|name| is_spoken_of(*name));
        for name in meanings {
            let taken = match name {
                Name::Facility(_) | Name::Network(_) => !reported,
                Name::Status(id) => !registry.statuses[*id].builtin,
                Name::Region(_) | Name::Zone(_) | Name::Service(_) | Name::Need(_) => false,
            };
            if taken {
                names.report_reserved(*name, &folded, "is a word of sentences", sink);
            }
        }
    }
}

/// Whether a name means something wherever it stands in a sentence.
fn is_spoken_of(name: Name) -> bool {
    matches!(name, Name::Service(_) | Name::Need(_) | Name::Status(_))
}

/// The registry's names, and the tables where they stand.
struct Named<'a, 't> {
    registry: &'a Registry,
    tables: &'a Tables<'t>,
}

impl Named<'_, '_> {
    fn report_shared(&self, first: Name, second: Name, folded: &str, sink: &mut Sink) {
        let (at, text) = self.find(second, folded);
        let (other, _) = self.find(first, folded);
        let both = format!("`{text}` stands for the {} and the {}", self.title(first), self.title(second));
        sink.push(
            Diagnostic::at(Code::SharedName, at.0, at.1, both)
                .and_at(other.0, other.1, "also here")
                .help("give one of them another name, or leave the name out of both"),
        );
    }

    /// Two regions may each have a "Code Red" of their own; in one place a word means one status.
    fn report_statuses(&self, meanings: &[Name], folded: &str, sink: &mut Sink) {
        let status = |name: &Name| if let Name::Status(id) = *name { Some(id) } else { None };
        let all: Vec<StatusId> = meanings.iter().filter_map(status).collect();
        for (at, second) in all.iter().enumerate() {
            let holds_there = |first: &&StatusId| {
                let (one, other) = (&self.registry.statuses[**first], &self.registry.statuses[*second]);
                let everywhere = one.regions.is_empty() || other.regions.is_empty();
                one.of == other.of && (everywhere || !one.regions.is_disjoint(&other.regions))
            };
            if let Some(first) = all[..at].iter().find(holds_there) {
                self.report_shared(Name::Status(*first), Name::Status(*second), folded, sink);
            }
        }
    }

    fn report_reserved(&self, name: Name, folded: &str, taken: &str, sink: &mut Sink) {
        let (at, text) = self.find(name, folded);
        let message = format!("`{text}` {taken}, so it cannot name the {} too", self.title(name));
        sink.push(
            Diagnostic::at(Code::ReservedName, at.0, at.1, message)
                .help("a longer name will do: names are compared without case, spaces and punctuation"),
        );
    }

    /// "facility `crozer-chester`"
    fn title(&self, name: Name) -> String {
        let registry = self.registry;
        let key = match name {
            Name::Facility(id) => &registry.facilities[id].key,
            Name::Network(id) => &registry.networks[id].key,
            Name::Region(id) => &registry.regions[id].key,
            Name::Zone(id) => &registry.zones[id].key,
            Name::Service(id) => &registry.services[id].key,
            Name::Need(id) => &registry.needs[id].key,
            Name::Status(id) => &registry.statuses[id].key,
        };
        format!("{} `{key}`", name.kind().as_str())
    }

    fn entry(&self, name: Name) -> &Entry<'_> {
        match name {
            Name::Facility(id) => self.tables.facilities.get(id),
            Name::Network(id) => self.tables.networks.get(id),
            Name::Region(id) => self.tables.regions.get(id),
            Name::Zone(id) => self.tables.zones.get(id),
            Name::Service(id) => self.tables.services.get(id),
            Name::Need(id) => self.tables.needs.get(id),
            Name::Status(id) => self.tables.statuses.get(id),
        }
    }

    /// Where a table says the name, and how it writes it: as an alias, as its name, or as its id.
    fn find(&self, name: Name, folded: &str) -> ((FileId, Span), String) {
        let entry = self.entry(name);
        let mut table = entry.table();
        let mut texts = table.strings("aliases");
        texts.extend(table.string("name"));
        texts.extend(table.string("label"));
        match texts.into_iter().find(|text| fold(text.text) == folded) {
            Some(text) => ((text.page.file, text.span), text.text.to_owned()),
            None => ((entry.page.file, entry.span()), entry.key.to_owned()),
        }
    }
}
