//! Networks and regions: who owns facilities, and whose policy governs them.
//!
//! Floor 4.

use super::entries::{Entries, Tables};
use crate::diagnostic::{Code, Sink};
use crate::model::{Directory, Network, NetworkId, Region};

/// Reads every network. A ring of parents is an error, so a parent never leads back.
pub(super) fn networks(tables: &Tables<'_>, sink: &mut Sink) -> Directory<Network> {
    let mut networks: Vec<Network> = Vec::with_capacity(tables.networks.iter().len());
    for entry in tables.networks.iter() {
        let mut table = entry.table();
        networks.push(Network {
            key: entry.key.to_owned(),
            name: table.name("name", entry.key),
            aliases: table.aliases(),
            parent: tables.networks.one("parent", &mut table),
        });
        table.finish(sink);
    }
    break_rings(&tables.networks, &mut networks, sink);
    Directory::new(networks)
}

/// Reports each ring of parents once and cuts it, so that nothing walks round it for ever.
fn break_rings(entries: &Entries<'_, NetworkId>, networks: &mut [Network], sink: &mut Sink) {
    // 0: not yet visited; otherwise the number of the walk that came through.
    let mut walk = vec![0; networks.len()];
    for start in 0..networks.len() {
        let mut at = start;
        while walk[at] == 0 {
            walk[at] = start + 1;
            match networks[at].parent {
                Some(parent) => at = parent.index(),
                None => break,
            }
        }
        // A walk that meets its own trail has gone round.
        if walk[at] != start + 1 || networks[at].parent.is_none() {
            continue;
        }
        let mut chain = vec![networks[at].key.as_str()];
        let mut next = networks[at].parent;
        while let Some(parent) = next.filter(|parent| parent.index() != at) {
            chain.push(&networks[parent.index()].key);
            next = networks[parent.index()].parent;
        }
        chain.push(&networks[at].key);
        let message = format!("the parents of networks lead round: {}", chain.join(" → "));
        if let Some(entry) = entries.iter().nth(at) {
            sink.push(
                entry
                    .page
                    .complain(Code::Cycle, &entry.table().span_of("parent"), message)
                    .help("take `parent` away from the network that nobody owns"),
            );
        }
        networks[at].parent = None;
    }
}

/// Reads every region.
pub(super) fn regions(tables: &Tables<'_>, sink: &mut Sink) -> Directory<Region> {
    let read = |entry: &super::entries::Entry<'_>| {
        let mut table = entry.table();
        let region = Region {
            key: entry.key.to_owned(),
            name: table.name("name", entry.key),
            aliases: table.aliases(),
        };
        table.finish(sink);
        region
    };
    Directory::new(tables.regions.iter().map(read).collect())
}
