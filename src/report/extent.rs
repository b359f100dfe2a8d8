//! The extent of a report: its period on each clock that facilities go by, cut into slices.
//!
//! Floor 3. A period said in words is a local one: August of a facility in Los Angeles is Los Angeles' August.

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::model::{FacilityId, Instant};
use crate::sentence::phrase;
use crate::state::{History, Walk};

use super::period::{Calendar, Period, Slice, slices};
use super::span::Span;
use crate::sheet::Basis;

/// The period of a report on one clock.
#[derive(Clone, Debug)]
pub(super) struct Clocked {
    /// The period as it was said.
    pub(super) said: Option<Span>,
    /// The part of it that is over, up to the instant of the question: what is measured.
    pub(super) past: Option<Span>,
    /// What is measured, in the slices asked for; one, where none were. Each with its place among the labels.
    pub(super) slices: Vec<(usize, Slice)>,
    /// When each slice is, in the same order.
    pub(super) spans: Vec<Span>,
    /// What is measured, by local days.
    pub(super) days: Vec<Span>,
}

/// A period on every clock that facilities go by.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// The names of all slices, in order; a single empty one where the period is not cut.
    pub(super) labels: Vec<String>,
    home: (Tz, Clocked),
    /// The clocks of facilities that go by another.
    others: Vec<(Tz, Clocked)>,
    period: Period,
}

impl Extent {
    /// Reads a period for the facilities of a registry.
    pub(super) fn new(basis: &Basis<'_>, period: &Period, calendar: Option<Calendar>) -> Self {
        let mut zones = Vec::new();
        for facility in basis.registry.facilities.ids() {
            let zone = basis.zone_of(facility);
            if zone != basis.zone() && !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        let period = match period {
            Period::Between(None, until) => Period::Between(Some(first_report(basis)), *until),
            said => said.clone(),
        };
        let on = |zone: Tz| (zone, clocked(basis, &period, calendar, zone));
        let mut home = on(basis.zone());
        let mut others: Vec<(Tz, Clocked)> = zones.into_iter().map(on).collect();
        let slices = std::iter::once(&home).chain(&others).flat_map(|(_, clocked)| &clocked.slices);
        let mut labels: Vec<String> = slices.map(|(_, slice)| slice.label.clone()).collect();
        labels.sort();
        labels.dedup();
        for (_, clocked) in std::iter::once(&mut home).chain(&mut others) {
            for (at, slice) in &mut clocked.slices {
                *at = labels.binary_search(&slice.label).unwrap_or_default();
            }
        }
        Self { labels, home, others, period }
    }

    /// On a facility's clock.
    pub(super) fn of(&self, basis: &Basis<'_>, facility: FacilityId) -> &Clocked {
        self.on_clock_of(basis.zone_of(facility))
    }

    /// On the clock of a zone; where no facility goes by it, on that of the registry.
    pub(super) fn on_clock_of(&self, zone: Tz) -> &Clocked {
        let found = self.others.iter().find(|(clock, _)| *clock == zone);
        found.map_or(&self.home.1, |(_, clocked)| clocked)
    }

    /// On the registry's clock.
    pub(super) fn home(&self) -> &Clocked {
        &self.home.1
    }

    /// `2023-08 · 2023-08-01 00:00-04:00 to 2023-09-01 00:00-04:00 · 744 h`, for people.
    pub(super) fn told(&self, at: Instant) -> String {
        let Some(span) = self.home().said else { return "an empty period".to_owned() };
        let clock = |at: Instant| phrase::clock(at, self.home.0);
        let mut told = match &self.period {
            Period::Said(said) => format!("{said} · "),
            Period::Between(..) => String::new(),
        };
        told += &format!("{} to {}", clock(span.from()), clock(span.until()));
        match self.home().past {
            None => told += " · it has not begun",
            Some(past) if past != span => told += &format!(" · measured up to {}", clock(at)),
            Some(_) => {}
        }
        if matches!(self.period, Period::Said(_)) && !self.others.is_empty() {
            told += " · on each facility's own clock";
        }
        told
    }
}

fn clocked(basis: &Basis<'_>, period: &Period, calendar: Option<Calendar>, zone: Tz) -> Clocked {
    let (from, until) = match period {
        Period::Said(said) => said.on_clock_of(zone, basis.at),
        Period::Between(from, until) => (from.unwrap_or(basis.at), until.unwrap_or(basis.at)),
    };
    let said = Span::new(from, until);
    let past = Span::new(from, until.min(basis.at));
    let cut = |calendar| past.map_or_else(Vec::new, |past| slices(past, calendar, zone));
    let pieces = match calendar {
        Some(calendar) => cut(calendar),
        None => past.into_iter().map(|span| Slice { label: String::new(), span, whole: true }).collect(),
    };
    Clocked {
        said,
        past,
        spans: pieces.iter().map(|slice| slice.span).collect(),
        slices: pieces.into_iter().map(|slice| (0, slice)).collect(),
        days: cut(Calendar::Day).into_iter().map(|day| day.span).collect(),
    }
}

/// From when on anything is known: the `from` of the first report that is routed on. Without one, a day ago.
fn first_report(basis: &Basis<'_>) -> Instant {
    let mut walk = Walk::new(basis.timeline);
    let mut first = |facility| {
        if walk.read(facility) {
            return walk.sayings().first().map(|first| first.from);
        }
        basis.timeline.folded(facility).as_deref().and_then(first_acting)
    };
    let first = basis.registry.facilities.ids().filter_map(&mut first).min();
    first.unwrap_or(basis.at - TimeDelta::hours(24)).min(basis.at - TimeDelta::seconds(1))
}

/// The `from` of the first report about a facility that is routed on.
pub(super) fn first_acting(history: &History) -> Option<Instant> {
    history.reports.iter().filter(|report| report.acts).map(|report| report.from).min()
}
