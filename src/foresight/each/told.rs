//! Losses as a sheet, the worst first; or every row that they move.
//!
//! Floor 3: columns, cells and words; nothing is compared here, and no format is known.

use crate::diagnostic::plural;
use crate::sheet::{Basis, Cell, Column, Kind, Sheet, Tone, Value, View};

use super::super::demand::COUNTED_AS_GENERAL;
use super::super::plan::{self, Move, a_day, signed, some_of};
use super::Suffered;

/// The columns of a ranking.
pub fn columns() -> Vec<Column> {
    let row = Kind::Record(vec![
        ("zone", Kind::Text),
        ("need", Kind::Text),
        ("from", Kind::Text.or_null()),
        ("to", Kind::Text.or_null()),
        ("to_minutes", Kind::Number.or_null()),
        ("more_minutes", Kind::Number.or_null()),
        ("becomes", Kind::Text.list()),
    ]);
    vec![
        Column::new("name", "Loss", Kind::Text, View::Text),
        Column::text("strands", "Strands"),
        Column::text("moved", "Rows"),
        Column::text("a_day", "+Min a day"),
        Column::text("hit", "Hit hardest"),
        Column::text("far", "Farthest"),
        Column::data("loss", Kind::Text),
        Column::data("name", Kind::Text),
        Column::data("facilities", Kind::Text.list()),
        Column::data("strands", Kind::Bool),
        Column::data("rows_moved", Kind::Integer),
        Column::data("unmet", Kind::Integer),
        Column::data("over_limit", Kind::Integer),
        Column::data("minutes_per_day", Kind::Number.or_null()),
        Column::data("hardest", Kind::Text.or_null()),
        Column::data("hardest_per_day", Kind::Number.or_null()),
        Column::data("hardest_rows", Kind::Integer.or_null()),
        Column::data("farthest_zone", Kind::Text.or_null()),
        Column::data("farthest_need", Kind::Text.or_null()),
        Column::data("farthest_more_minutes", Kind::Number.or_null()),
        Column::data("not_in_force", Kind::Integer),
        Column::json("moves", row.list()),
    ]
}

/// What the envelope has beside the rows.
pub fn facts() -> Vec<(&'static str, Kind)> {
    vec![
        ("rows_compared", Kind::Integer),
        ("losses", Kind::Integer),
        ("losses_that_strand", Kind::Integer),
        ("losses_that_move_nobody", Kind::Integer),
    ]
}

/// A ranking as a sheet. `rows` is how many rows each loss was held against; `worst` of the losses are shown.
pub fn sheet(basis: &Basis<'_>, ranked: &[Suffered], rows: usize, worst: Option<usize>) -> Sheet {
    let mut sheet = basis.sheet("each", columns());
    let strand = ranked.iter().filter(|suffered| suffered.stranded().next().is_some()).count();
    let idle = ranked.iter().filter(|suffered| suffered.moves.is_empty()).count();
    sheet.facts = vec![
        ("rows_compared", Value::count(rows)),
        ("losses", Value::count(ranked.len())),
        ("losses_that_strand", Value::count(strand)),
        ("losses_that_move_nobody", Value::count(idle)),
    ];
    let shown = &ranked[..worst.unwrap_or(usize::MAX).min(ranked.len())];
    sheet.rows = shown.iter().map(|suffered| data_row(basis, suffered)).collect();
    let told = shown.iter().filter(|suffered| !suffered.moves.is_empty() || suffered.refused > 0);
    sheet.text_rows = Some(told.map(|suffered| text_row(basis, suffered)).collect());
    if shown.iter().any(|suffered| suffered.minutes_a_day.is_some()) {
        sheet.footer.push(format!("({COUNTED_AS_GENERAL})"));
    }
    if basis.registry.needs.iter().all(|(_, need)| need.max_minutes.is_none()) {
        sheet.footer.push(
            "(no need says how far is too far, `max_minutes`: only unmet needs strand somebody)".to_owned(),
        );
    }
    if shown.len() < ranked.len() {
        sheet.footer.push(format!("the {} worst are shown", shown.len()));
    }
    let strands =
        if strand == 1 { "1 strands somebody".to_owned() } else { format!("{strand} strand somebody") };
    let losses = if ranked.len() == 1 { "loss" } else { "losses" };
    sheet.footer.push(format!(
        "{} {losses} against {}: {strands}, {idle} {} nobody",
        ranked.len(),
        plural(rows, "row"),
        if idle == 1 { "moves" } else { "move" }
    ));
    sheet
}

fn data_row(basis: &Basis<'_>, suffered: &Suffered) -> Vec<Cell> {
    let keys = suffered.loss.facilities.iter().map(|facility| basis.facility_key(*facility).into());
    let hit = suffered.hardest;
    let farthest = suffered.farthest();
    let mut values = vec![Value::Missing; 6];
    values.extend([
        suffered.loss.key.as_str().into(),
        suffered.loss.name.as_str().into(),
        Value::List(keys.collect()),
        suffered.stranded().next().is_some().into(),
        Value::count(suffered.moves.len()),
        Value::count(suffered.unmet()),
        Value::count(suffered.over_limit()),
        suffered.minutes_a_day.map_or(Value::Missing, a_day),
        Value::text(hit.map(|hit| basis.facility_key(hit.facility))),
        hit.map_or(Value::Missing, |hit| a_day(hit.patients)),
        hit.map_or(Value::Missing, |hit| Value::count(hit.rows)),
        Value::text(farthest.map(|row| row.zone.as_str())),
        Value::text(farthest.map(|row| row.need.as_str())),
        Value::minutes(farthest.and_then(Move::more)),
        Value::count(suffered.refused),
        Value::List(suffered.moves.iter().map(move_record).collect()),
    ]);
    values.into_iter().map(Cell::from).collect()
}

fn move_record(row: &Move) -> Value {
    let (before, after) = (row.before.as_ref(), row.after.as_ref());
    Value::Record(vec![
        ("zone", row.zone.as_str().into()),
        ("need", row.need.as_str().into()),
        ("from", Value::text(before.and_then(|place| place.destination.as_deref()))),
        ("to", Value::text(after.and_then(|place| place.destination.as_deref()))),
        (
            "to_minutes",
            Value::minutes(after.and_then(|place| place.seen.destination).map(|stop| stop.minutes)),
        ),
        ("more_minutes", Value::minutes(row.more())),
        ("becomes", Value::List(row.becomes.iter().map(|turn| turn.as_str().into()).collect())),
    ])
}

fn text_row(basis: &Basis<'_>, suffered: &Suffered) -> Vec<Cell> {
    let mut strands = Vec::new();
    for stranded in suffered.moves.chunk_by(|a, b| a.zone == b.zone) {
        let needs: Vec<&str> = stranded
            .iter()
            .filter(|row| row.becomes.iter().any(|turn| turn.strands()))
            .map(|row| row.need.as_str())
            .collect();
        if let (Some(row), false) = (stranded.first(), needs.is_empty()) {
            strands.push(format!("{} ({})", row.zone_name, needs.join(", ")));
        }
    }
    let tone = if suffered.unmet() > 0 {
        Tone::Severe
    } else if strands.is_empty() {
        Tone::Plain
    } else {
        Tone::Warning
    };
    let hit = suffered.hardest.map(|hit| {
        let name = &basis.registry.facilities[hit.facility].name;
        if hit.patients > 0.0 {
            format!("{name} +{:.1} a day", hit.patients)
        } else {
            format!("{name} +{}", plural(hit.rows, "row"))
        }
    });
    let farthest = suffered
        .farthest()
        .and_then(|row| Some(format!("{} {} {}", row.zone_name, row.need, signed(row.more()?))));
    let mut name = suffered.loss.name.clone();
    if suffered.refused > 0 {
        name = format!("{name} ({} not in force)", suffered.refused);
    }
    vec![
        Cell::toned(name, tone),
        Cell::toned(some_of(&strands), tone),
        Value::count(suffered.moves.len()).into(),
        Value::text(suffered.minutes_a_day.map(|minutes| format!("{minutes:+.0}"))).into(),
        Value::text(hit).into(),
        Value::text(farthest).into(),
    ]
}

/// The columns of the rows that losses move: those of a plan, and which loss it is.
pub fn move_columns() -> Vec<Column> {
    let mut columns =
        vec![Column::new("loss_name", "Loss", Kind::Text, View::Text), Column::data("loss", Kind::Text)];
    columns.extend(plan::columns());
    columns
}

/// Every row that the losses move, the worst loss first.
pub fn moves_sheet(basis: &Basis<'_>, ranked: &[Suffered], worst: Option<usize>) -> Sheet {
    let mut sheet = basis.sheet("moves", move_columns());
    let shown = &ranked[..worst.unwrap_or(usize::MAX).min(ranked.len())];
    let mut text_rows = Vec::new();
    for suffered in shown {
        let lead = |name: Value, key: Value| [Cell::from(name), Cell::from(key)];
        for row in plan::data_rows(&suffered.moves) {
            let lead = lead(Value::Missing, suffered.loss.key.as_str().into());
            sheet.rows.push(lead.into_iter().chain(row).collect());
        }
        for (index, row) in plan::text_rows(&suffered.moves).into_iter().enumerate() {
            let name = (index == 0).then_some(suffered.loss.name.as_str());
            text_rows.push(std::iter::once(Cell::from(Value::text(name))).chain(row).collect());
        }
    }
    sheet.text_rows = Some(text_rows);
    let moved: usize = shown.iter().map(|suffered| suffered.moves.len()).sum();
    let losses = if shown.len() == 1 { "loss" } else { "losses" };
    sheet.footer.push(format!("{} by {} {losses}", plural(moved, "row"), shown.len()));
    sheet
}
