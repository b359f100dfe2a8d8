//! Strain over time: when a region stood at which level, and when its policy suspended diversion.
//!
//! Floor 3.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::model::{Instant, Interval, Policy, RegionId};
use crate::sentence::phrase;
use crate::sheet::{Basis, Kind, Sheet, Value};
use crate::state::Track;

/// What a sheet says of strain beside its rows.
pub fn facts() -> Vec<(&'static str, Kind)> {
    let level =
        vec![("region", Kind::Text), ("level", Kind::Text), ("from", Kind::Time), ("until", Kind::Time)];
    let suspension = vec![
        ("region", Kind::Text),
        ("from", Kind::Time),
        ("until", Kind::Time.or_null()),
        ("by", Kind::Text),
        ("event", Kind::Integer),
    ];
    vec![("levels", Kind::Record(level).list()), ("suspensions", Kind::Record(suspension).list())]
}

/// Tells what `[since, until)` saw of levels and suspensions: facts for programs, footer lines for people.
pub(super) fn tell(sheet: &mut Sheet, basis: &Basis<'_>, since: Instant, until: Instant) {
    let registry = basis.registry;
    let zone = basis.zone();
    let clock = |at: Instant| phrase::clock(at, zone);
    let mut levels = Vec::new();
    for (region, entry) in registry.regions.iter() {
        for (from, to, level) in levels_of(basis, region, since, until) {
            sheet.footer.push(format!("{}: {level} from {} to {}", entry.name, clock(from), clock(to)));
            levels.push(Value::Record(vec![
                ("region", entry.key.as_str().into()),
                ("level", level.into()),
                ("from", Value::Time(from, zone)),
                ("until", Value::Time(to, zone)),
            ]));
        }
    }
    let period = Interval::new(since, Some(until));
    let mut suspensions = Vec::new();
    for suspension in basis.timeline.suspensions() {
        if suspension.interval.intersection(period).is_none() {
            continue;
        }
        let entry = &registry.regions[suspension.region];
        let (from, end) = (suspension.interval.from(), suspension.interval.until());
        let to = end.map_or_else(String::new, |end| format!(" to {}", clock(end)));
        sheet.footer.push(format!(
            "{}: diversion suspended from {}{to} [{}]",
            entry.name,
            clock(from),
            suspension.clause
        ));
        suspensions.push(Value::Record(vec![
            ("region", entry.key.as_str().into()),
            ("from", Value::Time(from, zone)),
            ("until", Value::time(end, zone)),
            ("by", suspension.clause.as_ref().into()),
            ("event", Value::count(suspension.event)),
        ]));
    }
    sheet.facts.extend([("levels", Value::List(levels)), ("suspensions", Value::List(suspensions))]);
}

/// The stretches of a period in which a region stood at a level that its policy names, in order of time.
fn levels_of<'a>(
    basis: &Basis<'a>,
    region: RegionId,
    since: Instant,
    until: Instant,
) -> Vec<(Instant, Instant, &'a str)> {
    let registry = basis.registry;
    let here = |policy: &&Policy| policy.regions.contains(&region) && !policy.levels.is_empty();
    let policies: Vec<&Policy> = registry.policies.iter().map(|(_, policy)| policy).filter(here).collect();
    if policies.is_empty() {
        return Vec::new();
    }
    let mut changes = BTreeSet::from([since]);
    changes.extend(policies.iter().flat_map(|policy| [policy.from, policy.until]).flatten());
    let facilities = registry.facilities.iter().filter(|(_, facility)| facility.region == Some(region));
    let histories = facilities.filter_map(|(facility, _)| basis.timeline.folded(facility));
    for history in histories.chain(basis.timeline.region(region).map(Cow::Borrowed)) {
        for episode in history.tracks().flat_map(Track::episodes) {
            changes.extend(episode.said().iter().map(|said| said.from));
            changes.extend(episode.until());
        }
    }
    let changes: Vec<Instant> = changes.into_iter().filter(|at| (since..until).contains(at)).collect();
    let mut stretches: Vec<(Instant, Instant, &str)> = Vec::new();
    for (index, at) in changes.iter().enumerate() {
        let Some(policy) = registry.policy(region, *at) else { continue };
        let Some((name, ..)) = basis.timeline.at(registry, *at).level(region, policy) else { continue };
        let end = changes.get(index + 1).copied().unwrap_or(until);
        match stretches.last_mut() {
            Some(last) if last.1 == *at && last.2 == name => last.1 = end,
            Some(_) | None => stretches.push((*at, end, name)),
        }
    }
    stretches
}
