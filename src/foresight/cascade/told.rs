//! A knock-on as a sheet: a row for each facility and round, and how it ends in one line.
//!
//! Floor 3: columns, cells and words; no format is known.

use std::collections::BTreeSet;

use crate::diagnostic::plural;
use crate::model::FacilityId;
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Tone, Value, View};

use super::super::demand::COUNTED_AS_GENERAL;
use super::super::plan::a_day;
use super::{Cascade, Ending, Round, Then};

/// The columns of a knock-on.
pub fn columns() -> Vec<Column> {
    vec![
        Column::new("round", "Round", Kind::Integer, View::All),
        Column::text("name", "Facility"),
        Column::text("was", "In it"),
        Column::data("facility", Kind::Text.or_null()),
        Column::data("diverting", Kind::Bool.or_null()),
        Column::new("arrivals_per_day", "Come a day", Kind::Number.or_null(), View::All),
        Column::new("surge", "Can take", Kind::Number.or_null(), View::All),
        Column::text("does", "Then"),
        Column::data("then", Kind::OneOf(&Then::WORDS).or_null()),
    ]
}

/// What the envelope has beside the rows.
pub fn facts() -> Vec<(&'static str, Kind)> {
    vec![
        ("ending", Kind::OneOf(&["settles", "swings", "unsettled"])),
        ("habit", Kind::OneOf(&["quick", "hold"])),
        ("rounds", Kind::Integer),
        ("back_to", Kind::Integer.or_null()),
        ("swinging", Kind::Text.list()),
        ("diverting", Kind::Text.list()),
        ("summary", Kind::Text),
    ]
}

/// A knock-on as a sheet; `what` is the declaration that sets it off, in words.
pub fn sheet(basis: &Basis<'_>, cascade: &Cascade, what: &str) -> Sheet {
    let mut sheet = basis.sheet("cascade", columns());
    let keys = |facilities: &BTreeSet<FacilityId>| {
        Value::List(facilities.iter().map(|facility| basis.facility_key(*facility).into()).collect())
    };
    let last = cascade.rounds.last();
    let (ending, back_to, swinging) = match &cascade.ending {
        Ending::Settles => ("settles", Value::Missing, BTreeSet::new()),
        Ending::Swings { back_to, who } => ("swings", Value::count(*back_to), who.clone()),
        Ending::Unsettled => ("unsettled", Value::Missing, BTreeSet::new()),
    };
    sheet.facts = vec![
        ("ending", ending.into()),
        ("habit", cascade.habit.as_str().into()),
        ("rounds", Value::count(cascade.rounds.len())),
        ("back_to", back_to),
        ("swinging", keys(&swinging)),
        ("diverting", keys(&last.map(|round| round.diverting.clone()).unwrap_or_default())),
        ("summary", summary(basis, cascade).into()),
    ];
    sheet.header.push(format!("knock-on of: {what}"));
    for (number, round) in cascade.rounds.iter().enumerate() {
        sheet.rows.extend(rows(basis, number, round));
    }
    sheet.footer.push(format!("({COUNTED_AS_GENERAL})"));
    if !cascade.any_surge {
        sheet.footer.push("no facility says what it can take (`surge`): nobody can be full".to_owned());
    }
    sheet.footer.push(summary(basis, cascade));
    sheet
}

fn rows(basis: &Basis<'_>, number: usize, round: &Round) -> Vec<Vec<Cell>> {
    if round.strains.is_empty() {
        let mut row = vec![Cell::from(Value::count(number)), "nobody is full".into()];
        row.resize(9, Cell::from(Value::Missing));
        return vec![row];
    }
    let of_strain = |strain: &super::Strain| {
        let does = match strain.then {
            Then::Diverts => ("begins to divert", Tone::Warning),
            Then::Holds if strain.arrivals > strain.surge => {
                ("goes on diverting, and is flooded", Tone::Severe)
            }
            Then::Holds => ("goes on diverting", Tone::Caution),
            Then::Reopens => ("opens again", Tone::Good),
            Then::Flooded => ("is flooded: it turns patients away already", Tone::Severe),
        };
        vec![
            Value::count(number).into(),
            basis.registry.facilities[strain.facility].name.as_str().into(),
            if strain.diverting { "diverting" } else { "open" }.into(),
            basis.facility_key(strain.facility).into(),
            strain.diverting.into(),
            a_day(strain.arrivals).into(),
            a_day(strain.surge).into(),
            Cell::toned(does.0, does.1),
            strain.then.as_str().into(),
        ]
    };
    round.strains.iter().map(of_strain).collect()
}

/// How it ends, in one line.
fn summary(basis: &Basis<'_>, cascade: &Cascade) -> String {
    let names = |facilities: &BTreeSet<FacilityId>| {
        let names: Vec<&str> =
            facilities.iter().map(|facility| basis.registry.facilities[*facility].name.as_str()).collect();
        match names.split_last() {
            Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            _ => names.concat(),
        }
    };
    match &cascade.ending {
        Ending::Settles => {
            let rounds = plural(cascade.rounds.len() - 1, "round");
            let Some(last) = cascade.rounds.last().filter(|round| !round.diverting.is_empty()) else {
                return "knock-on: none".to_owned();
            };
            let divert = if last.diverting.len() == 1 { "diverts" } else { "divert" };
            let flooded: BTreeSet<FacilityId> = last
                .strains
                .iter()
                .filter(|strain| strain.arrivals > strain.surge)
                .map(|strain| strain.facility)
                .collect();
            let flooded = match flooded.len() {
                0 => "nobody is flooded".to_owned(),
                1 => format!("{} is flooded", names(&flooded)),
                _ => format!("{} are flooded", names(&flooded)),
            };
            format!("knock-on: settles after {rounds}: {} {divert}, {flooded}", names(&last.diverting))
        }
        Ending::Swings { back_to, who } => {
            let period = cascade.rounds.len() - back_to;
            let by_turns = if who.len() == 1 {
                format!("{} diverts and opens by turns", names(who))
            } else {
                format!("{} divert by turns", names(who))
            };
            format!("knock-on: swings for ever: {by_turns}, every {period} rounds from round {back_to} on")
        }
        Ending::Unsettled => format!("knock-on: not settled after {}", plural(cascade.rounds.len(), "round")),
    }
}
