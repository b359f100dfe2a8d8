//! Policies: what a region decided about diversion, as data.
//!
//! Floor 4; acts on nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::MOST_MINUTES;
use super::entries::{Entry, Tables, is_id};
use super::table::{Table, Title};
use crate::diagnostic::{Code, Sink};
use crate::model::{
    AllDiverting, Crowding, Directory, Level, Limit, LimitAction, Minutes, Policy, PolicyId, Registry, Scope,
    TargetShare,
};
use crate::sentence;

/// More facilities than one region has.
const MOST_FACILITIES: u32 = 100_000;

const ALL_DIVERTING: [(AllDiverting, &str); 3] = [
    (AllDiverting::Closest, "closest"),
    (AllDiverting::Rotate, "rotate"),
    (AllDiverting::Consult, "consult"),
];

const ACTIONS: [(LimitAction, &str); 3] = [
    (LimitAction::Suspend, "suspend"),
    (LimitAction::ReopenAll, "reopen-all"),
    (LimitAction::Reject, "reject"),
];

/// Reads every policy.
pub(super) fn policies(registry: &Registry, tables: &Tables<'_>, sink: &mut Sink) -> Directory<Policy> {
    let policies =
        Directory::new(tables.policies.iter().map(|entry| policy(entry, registry, tables, sink)).collect());
    report_overlaps(&policies, registry, tables, sink);
    policies
}

fn policy(entry: &Entry<'_>, registry: &Registry, tables: &Tables<'_>, sink: &mut Sink) -> Policy {
    let mut table = entry.table();
    table.must_have(&["regions"]);
    let zone = registry.timezone;
    let policy = Policy {
        key: entry.key.to_owned(),
        regions: tables.regions.several("regions", &mut table),
        from: table.instant("from", zone),
        until: table.instant("until", zone),
        honoured_reasons: honoured_reasons(&mut table),
        never_diverted: scope("never_diverted", &mut table, registry),
        honour_request: table.boolean("honour_request").unwrap_or(false),
        all_diverting: table.choice("all_diverting", &ALL_DIVERTING).unwrap_or_default(),
        alternatives: table.whole("alternatives", 0..=MOST_FACILITIES),
        max_minutes: minutes("max_minutes", &mut table),
        max_extra_minutes: minutes("max_extra_minutes", &mut table),
        max_order_extra: minutes("max_order_extra", &mut table).unwrap_or(Policy::MAX_ORDER_EXTRA),
        consult: table.string("consult").map(|whom| whom.text.to_owned()),
        advisory_minutes: minutes("advisory_minutes", &mut table).unwrap_or_default(),
        crowding: table.table("crowding").and_then(|crowding| read_crowding(crowding, sink)),
        target: table.table("target").and_then(|target| read_target(target, sink)),
        limits: table.tables("limit").into_iter().map(|limit| read_limit(limit, tables, sink)).collect(),
        levels: table.table("levels").map(|levels| read_levels(levels, sink)).unwrap_or_default(),
        place: entry.place(),
    };
    if let (Some(from), Some(until)) = (policy.from, policy.until)
        && until <= from
    {
        let span = table.span_of("until");
        table.error(table.page.complain(
            Code::EmptyWindow,
            &span,
            "`until` is not after `from`: never in force",
        ));
    }
    table.finish(sink);
    policy
}

fn minutes(key: &'static str, table: &mut Table<'_>) -> Option<Minutes> {
    table.number(key, 0.0..=MOST_MINUTES).map(Minutes::round)
}

fn scope(key: &'static str, table: &mut Table<'_>, registry: &Registry) -> Option<Scope> {
    let said = table.string(key)?;
    let read = sentence::scope(said.text, said.page.file, registry);
    table.sentence(&said, read)
}

fn honoured_reasons(table: &mut Table<'_>) -> Option<BTreeSet<String>> {
    if !table.has("honoured_reasons") {
        table.value("honoured_reasons");
        return None;
    }
    let mut reasons = BTreeSet::new();
    for said in table.strings("honoured_reasons") {
        if !is_id(said.text) {
            let message = format!("`{}` cannot be the code of a reason", said.text);
            table.error(said.complain(Code::BadId, message).help(
                "a reason's code is made of lower-case letters, digits and hyphens: `internal-disaster`",
            ));
        }
        reasons.insert(said.text.to_owned());
    }
    Some(reasons)
}

fn read_crowding(mut table: Table<'_>, sink: &mut Sink) -> Option<Crowding> {
    table.must_have(&["nedocs", "minutes"]);
    let nedocs = table.number("nedocs", 0.0..=1000.0);
    let minutes = minutes("minutes", &mut table);
    table.finish(sink);
    Some(Crowding { nedocs: nedocs?, minutes: minutes? })
}

fn read_target(mut table: Table<'_>, sink: &mut Sink) -> Option<TargetShare> {
    table.must_have(&["percent"]);
    let percent = table.number("percent", 0.0..=100.0);
    let months = table.whole("months", 1..=120);
    table.finish(sink);
    Some(TargetShare { percent: percent?, months: months.unwrap_or(1) })
}

fn read_limit(mut table: Table<'_>, tables: &Tables<'_>, sink: &mut Sink) -> Limit {
    table.must_have(&["counts", "more_than", "then"]);
    let action = table.choice("then", &ACTIONS);
    let lasts = table.duration("for");
    if action == Some(LimitAction::Suspend) && !table.has("for") {
        let span = table.span_of("then");
        table.error(
            table
                .page
                .complain(
                    Code::MissingKey,
                    &span,
                    "`then = \"suspend\"` needs `for`: how long the suspension lasts",
                )
                .help("as in `for = \"4h\"`"),
        );
    }
    let limit = Limit {
        counts: tables.statuses.several("counts", &mut table),
        same_type: table.boolean("same_type").unwrap_or(false),
        more_than: table.whole("more_than", 0..=MOST_FACILITIES).unwrap_or_default(),
        action: action.unwrap_or(LimitAction::Reject),
        lasts,
        exempt: tables.statuses.several("exempt", &mut table),
        facilities: tables.facilities.several("facilities", &mut table),
        place: table.place(),
    };
    table.finish(sink);
    limit
}

/// `RED = 5`, or `BLACK = { at = 8, consult = true }`.
fn read_levels(mut table: Table<'_>, sink: &mut Sink) -> BTreeMap<String, Level> {
    let mut levels = BTreeMap::new();
    for (key, _, value) in table.every() {
        let level = if value.as_table().is_some() {
            table.table_of(key, Title::Value(key), value).and_then(|mut level| {
                level.must_have(&["at"]);
                let at = level.whole("at", 1..=MOST_FACILITIES);
                let consult = level.boolean("consult").unwrap_or(false);
                level.finish(sink);
                Some(Level { at: at?, consult })
            })
        } else {
            table.whole_of(key, value, 1..=MOST_FACILITIES).map(|at| Level { at, consult: false })
        };
        levels.extend(level.map(|level| (key.to_owned(), level)));
    }
    table.finish(sink);
    levels
}

/// Of two policies that hold in one region at one time, nobody could say which decides.
fn report_overlaps(policies: &Directory<Policy>, registry: &Registry, tables: &Tables<'_>, sink: &mut Sink) {
    let mut by_region: BTreeMap<_, Vec<(PolicyId, &Policy)>> = BTreeMap::new();
    for (id, policy) in policies.iter() {
        for region in &policy.regions {
            by_region.entry(*region).or_default().push((id, policy));
        }
    }
    let mut reported = BTreeSet::new();
    for (region, mut held) in by_region {
        held.sort_by_key(|(id, policy)| (policy.from, *id));
        // Those in force as the next begins: one may outlast many.
        let mut in_force: Vec<(PolicyId, &Policy)> = Vec::new();
        for (second_id, second) in held {
            in_force.retain(|(_, first)| {
                first.until.is_none_or(|until| second.from.is_none_or(|from| from < until))
            });
            for (first_id, first) in &in_force {
                if !reported.insert((*first_id, second_id)) {
                    continue;
                }
                let (one, other) = (tables.policies.get(*first_id), tables.policies.get(second_id));
                let message = format!(
                    "`{}` and `{}` are both in force in the region `{}`",
                    first.key, second.key, registry.regions[region].key
                );
                sink.push(
                    other
                        .complain(Code::PolicyOverlap, message)
                        .and_at(one.page.file, one.span(), "the other one")
                        .help("let the earlier one end where the later one begins: `until = 2024-01-01`"),
                );
            }
            in_force.push((second_id, second));
        }
    }
}
