//! The pictures of a page of hours: the figures that say the most, lanes over time, shares, maps.
//!
//! Floor 3. What is drawn is decided here, how it looks in `render`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FacilityId, Instant, Origin, PatientSaid, RegionId};
use crate::routing::{Question, decide};
use crate::sheet::{Basis, Map, Picture, Share, Sheet, Site, Value, ZoneMark};
use crate::state::{FacilityState, Snapshot};

use super::concurrency;
use super::extent::Extent;
use super::hours::{self, Selection};
use super::lanes;
use super::timeline;

/// So many bars are told one by one.
const MOST_SHARES: usize = 40;
/// A timeline of more lanes than that is no picture any more.
const MOST_LANES: usize = 200;
/// Nor is a map of more facilities.
const MOST_SITES: usize = 150;

/// The pictures of hours.
pub(super) fn of_hours(basis: &Basis<'_>, selection: &Selection, extent: &Extent) -> Vec<Picture> {
    let whole = Selection { calendar: None, pictures: false, ..selection.clone() };
    let sheet = hours::sheet(basis, &whole);
    let mut pictures = vec![Picture::Figures(figures(basis, selection, &sheet))];
    pictures.extend(lanes_over_time(basis, selection, extent));
    pictures.extend(shares(&sheet, selection.grouping.as_str()));
    pictures.extend(maps(basis, selection.facilities.as_ref()));
    pictures
}

/// The cells of the rows `any` under a key.
fn of_any<'s>(sheet: &'s Sheet, key: &str) -> impl Iterator<Item = &'s Value> + use<'s> {
    let at = |key: &str| sheet.columns.iter().position(|column| column.key == key);
    let (status, figure) = (at("status"), at(key));
    sheet.rows.iter().filter_map(move |row| {
        let any = row.get(status?)?.value == Value::from("any");
        any.then(|| row.get(figure?)).flatten().map(|cell| &cell.value)
    })
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Decimal(number, _) => *number,
        Value::Minutes(minutes) => minutes.as_f64(),
        #[allow(clippy::cast_precision_loss)] // counts of a report
        Value::Integer(number) => *number as f64,
        Value::Missing
        | Value::Text(_)
        | Value::Bool(_)
        | Value::Time(..)
        | Value::List(_)
        | Value::Record(_) => 0.0,
    }
}

fn figures(basis: &Basis<'_>, selection: &Selection, sheet: &Sheet) -> Vec<(String, String)> {
    let sum = |key: &str| of_any(sheet, key).map(number).sum::<f64>();
    let most = |key: &str| of_any(sheet, key).map(number).fold(0.0, f64::max);
    let concurrency = concurrency::sheet(
        basis,
        &concurrency::Selection { period: selection.period.clone(), calendar: None, statuses: None },
    );
    let at_once = concurrency.facts.iter().find(|(key, _)| *key == "max").map_or(0.0, |(_, max)| number(max));
    let facilities = hours::with_ed(basis.registry, selection.facilities.as_ref());
    let silent =
        facilities.filter(|facility| basis.timeline.folded(*facility).is_none_or(|h| !h.known)).count();
    let rows = of_any(sheet, "hours").filter(|value| number(value) > 0.0).count();
    let groups = of_any(sheet, "hours").count();
    vec![
        ("hours in which some patient was asked elsewhere".to_owned(), format!("{:.1}", sum("hours"))),
        ("stretches of it".to_owned(), format!("{:.0}", sum("activations"))),
        ("hours, the longest of them".to_owned(), format!("{:.1}", most("longest_stretch_min") / 60.0)),
        (format!("of {groups} turned some patient elsewhere"), rows.to_string()),
        ("at most at once in a region".to_owned(), format!("{at_once:.0}")),
        ("never reported".to_owned(), silent.to_string()),
    ]
}

fn lanes_over_time(basis: &Basis<'_>, selection: &Selection, extent: &Extent) -> Option<Picture> {
    let said = extent.home().said?;
    let facilities: BTreeSet<FacilityId> =
        hours::with_ed(basis.registry, selection.facilities.as_ref()).collect();
    let shown = timeline::Selection {
        facilities: Some(facilities),
        since: said.from(),
        until: said.until(),
        conflicts: false,
    };
    let drawing = timeline::sheet(basis, &shown).drawing?;
    (drawing.tracks.len() <= MOST_LANES).then_some(Picture::Lanes(drawing))
}

fn shares(sheet: &Sheet, group: &str) -> Option<Picture> {
    let figures = of_any(sheet, group).zip(of_any(sheet, "percent")).zip(of_any(sheet, "hours"));
    let mut shares: Vec<Share> = figures
        .filter(|(_, hours)| number(hours) > 0.0)
        .map(|((label, percent), hours)| Share {
            label: match label {
                Value::Text(label) => label.clone(),
                _ => "none".to_owned(),
            },
            percent: number(percent),
            text: format!("{:.2} h · {:.2} %", number(hours), number(percent)),
        })
        .collect();
    shares.sort_by(|a, b| b.percent.total_cmp(&a.percent).then_with(|| a.label.cmp(&b.label)));
    let left_out = shares.len().saturating_sub(MOST_SHARES);
    shares.truncate(MOST_SHARES);
    let mut title = "Share of the time in which some patient was asked elsewhere".to_owned();
    if left_out > 0 {
        title.push_str(&format!(" (the first {MOST_SHARES}; {left_out} more in the table)"));
    }
    (!shares.is_empty()).then_some(Picture::Shares { title, shares })
}

/// A map of each region: its facilities as they stand at the instant of the report, its zones with where a general
/// patient goes.
fn maps(basis: &Basis<'_>, wanted: Option<&BTreeSet<FacilityId>>) -> Vec<Picture> {
    let registry = basis.registry;
    let snapshot = basis.timeline.at(registry, basis.at);
    let mut regions: BTreeMap<(bool, Option<RegionId>), Vec<FacilityId>> = BTreeMap::new();
    for facility in hours::with_ed(registry, wanted) {
        let entry = &registry.facilities[facility];
        if !entry.is_permanently_closed(basis.at) {
            regions.entry((entry.region.is_none(), entry.region)).or_default().push(facility);
        }
    }
    regions
        .into_iter()
        .filter(|(_, facilities)| facilities.len() <= MOST_SITES)
        // A region of which nothing is known has no state to show.
        .filter(|(_, facilities)| {
            facilities.iter().any(|facility| basis.timeline.facility(*facility).is_some())
        })
        .map(|((_, region), facilities)| {
            Picture::Map(Map {
                title: region
                    .map_or_else(|| registry.name.clone(), |region| registry.regions[region].name.clone()),
                zones: zones(basis, &snapshot, region, &facilities),
                sites: facilities.iter().map(|facility| site(basis.at, &snapshot, *facility)).collect(),
            })
        })
        .collect()
}

fn site(at: Instant, snapshot: &Snapshot<'_>, facility: FacilityId) -> Site {
    let registry = snapshot.registry;
    let entry = &registry.facilities[facility];
    let state = snapshot.facility(facility);
    debug_assert_eq!(state.at, at);
    let worst = state.in_force().min_by_key(|active| FacilityState::severity(active));
    Site {
        name: entry.name.clone(),
        position: entry.position,
        state: state.summary().as_str(),
        shown: worst.map(|active| lanes::bar_state(&active.episode.state, registry)),
    }
}

fn zones(
    basis: &Basis<'_>,
    snapshot: &Snapshot<'_>,
    region: Option<RegionId>,
    facilities: &[FacilityId],
) -> Vec<ZoneMark> {
    let registry = basis.registry;
    let (exclude, forced) = (BTreeSet::new(), BTreeMap::new());
    let patient = registry.patient(PatientSaid::default());
    let zones = registry.zones.iter().filter(|(_, zone)| zone.region == region);
    zones
        .map(|(id, zone)| {
            let question =
                Question { patient: &patient, origin: Origin::Zone(id), exclude: &exclude, forced: &forced };
            let decision = decide(snapshot, &question);
            let to = decision.destination.map(|stop| stop.facility);
            ZoneMark {
                name: zone.name.clone(),
                position: zone.position,
                to: to.and_then(|to| facilities.iter().position(|facility| *facility == to)),
                changed: to != decision.home.map(|home| home.facility),
            }
        })
        .collect()
}
