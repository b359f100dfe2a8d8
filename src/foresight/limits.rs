//! How near a region's policy limits are: facilities counted, of how many allowed.
//!
//! Floor 3. What a limit does is the fold's affair; here it is only counted, from what is in force.

use std::collections::BTreeMap;

use crate::model::{Limit, RegionId, Registry, StatusId};
use crate::state::Snapshot;

/// One limit of the policy in force for a region.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Nearness {
    /// Where it holds.
    pub(super) region: RegionId,
    /// The clause: `policy.san-francisco.limit[0]`.
    pub(super) clause: String,
    /// Facilities that it counts now.
    pub(super) count: usize,
    /// Facilities that it still allows.
    pub(super) allowed: u32,
}

/// Every limit of every policy that is in force at the snapshot's instant.
pub(super) fn limits(snapshot: &Snapshot<'_>) -> Vec<Nearness> {
    let registry = snapshot.registry;
    let mut near = Vec::new();
    for region in registry.regions.ids() {
        let Some(policy) = registry.policy(region, snapshot.at) else { continue };
        for (index, limit) in policy.limits.iter().enumerate() {
            near.push(Nearness {
                region,
                clause: format!("policy.{}.limit[{index}]", policy.key),
                count: counted(snapshot, registry, region, limit),
                allowed: limit.more_than,
            });
        }
    }
    near
}

/// The facilities that a limit counts, each once; with `same_type`, those of the type that most of them have.
fn counted(snapshot: &Snapshot<'_>, registry: &Registry, region: RegionId, limit: &Limit) -> usize {
    let mut by_type: BTreeMap<StatusId, usize> = BTreeMap::new();
    let mut any = 0;
    for state in snapshot.facilities() {
        let is_meant = registry.facilities[state.facility].region == Some(region)
            && (limit.facilities.is_empty() || limit.facilities.contains(&state.facility));
        if !is_meant {
            continue;
        }
        let mut types: Vec<StatusId> =
            state.in_force().filter_map(|active| active.status.map(|(status, ..)| status)).collect();
        types.retain(|status| limit.counts.contains(status) && !limit.exempt.contains(status));
        types.sort_unstable();
        types.dedup();
        any += usize::from(!types.is_empty());
        for status in types {
            *by_type.entry(status).or_default() += 1;
        }
    }
    if limit.same_type { by_type.values().copied().max().unwrap_or_default() } else { any }
}
