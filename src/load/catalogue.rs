//! Services and needs: the built-in ones and the registry's, each with everything that it includes or requires.
//!
//! Floor 4.

use std::collections::BTreeSet;

use super::entries::{Entries, Tables};
use super::files::Layer;
use super::table::list_and;
use crate::diagnostic::{Code, Sink};
use crate::model::{Directory, Minutes, Need, NeedId, Service, ServiceId};

/// Reads every service; what one includes, it includes through all steps.
pub(super) fn services(tables: &Tables<'_>, sink: &mut Sink) -> Directory<Service> {
    let mut direct: Vec<Vec<ServiceId>> = Vec::with_capacity(tables.services.iter().len());
    let mut services: Vec<Service> = Vec::with_capacity(direct.capacity());
    for entry in tables.services.iter() {
        let mut table = entry.table();
        direct.push(tables.services.several("includes", &mut table));
        services.push(Service {
            key: entry.key.to_owned(),
            name: table.name("name", entry.key),
            aliases: table.aliases(),
            includes: BTreeSet::new(),
        });
        table.finish(sink);
    }
    for (at, service) in services.iter_mut().enumerate() {
        service.includes = all_included(&direct, at);
    }
    report_cycles(&tables.services, &direct, &services, sink);
    Directory::new(services)
}

/// Everything that an entry leads to, through all steps, without itself.
fn all_included<Id: Copy + Ord + Into<u32>>(direct: &[Vec<Id>], entry: usize) -> BTreeSet<Id> {
    let index = |id: Id| -> usize { id.into() as usize };
    let mut all = BTreeSet::new();
    let mut open = direct[entry].clone();
    while let Some(next) = open.pop() {
        if index(next) != entry && all.insert(next) {
            open.extend(&direct[index(next)]);
        }
    }
    all
}

/// Reports each ring of services once, at the one whose id comes first.
fn report_cycles(
    entries: &Entries<'_, ServiceId>,
    direct: &[Vec<ServiceId>],
    services: &[Service],
    sink: &mut Sink,
) {
    for (at, entry) in entries.iter().enumerate() {
        let leads_back = |id: &ServiceId| services[id.index()].includes.iter().any(|next| next.index() == at);
        let ring: Vec<&ServiceId> = services[at].includes.iter().filter(|id| leads_back(id)).collect();
        let itself = direct[at].iter().any(|id| id.index() == at);
        if (ring.is_empty() && !itself) || ring.iter().any(|id| id.index() < at) {
            continue;
        }
        let message = if ring.is_empty() {
            format!("`{}` includes itself", entry.key)
        } else {
            let keys: Vec<&str> = ring.iter().map(|id| entries.get(**id).key).collect();
            format!("`{}` includes {}, and is included in turn", entry.key, list_and(&keys))
        };
        sink.push(
            entry
                .page
                .complain(Code::Cycle, &entry.table().span_of("includes"), message)
                .help("a service includes what it can always stand in for: only the smaller one"),
        );
    }
}

/// Reads every need; what one is a kind of, it is a kind of through all steps.
pub(super) fn needs(tables: &Tables<'_>, sink: &mut Sink) -> Directory<Need> {
    let mut direct: Vec<Vec<NeedId>> = Vec::with_capacity(tables.needs.iter().len());
    let mut needs: Vec<Need> = Vec::with_capacity(direct.capacity());
    for entry in tables.needs.iter() {
        let mut table = entry.table();
        direct.push(tables.needs.several("also", &mut table));
        needs.push(Need {
            key: entry.key.to_owned(),
            name: table.name("name", entry.key),
            aliases: table.aliases(),
            requires: tables.services.several("requires", &mut table),
            also: BTreeSet::new(),
            max_minutes: table.number("max_minutes", 0.0..=MOST_MINUTES).map(Minutes::round),
            time_critical: table.boolean("time_critical").unwrap_or(false),
        });
        table.finish(sink);
    }
    for (at, need) in needs.iter_mut().enumerate() {
        need.also = all_included(&direct, at);
    }
    Directory::new(needs)
}

/// A day on the road: no minutes in a registry are more.
pub(super) const MOST_MINUTES: f64 = 1440.0;

/// The needs that a file of the user's defines.
pub(super) fn defined_needs<'a>(tables: &'a Tables<'_>) -> impl Iterator<Item = NeedId> + 'a {
    tables
        .needs
        .iter()
        .zip(0u32..)
        .filter(|(entry, _)| entry.page.layer == Layer::User)
        .map(|(_, at)| NeedId::from(at))
}
