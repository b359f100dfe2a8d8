//! Answers in one form, whoever gave them, and how many rows of one differ from another's.

use std::collections::BTreeSet;
use std::path::Path;

use csv::{Reader, StringRecord};

use super::tasks::Task;

/// So many differing rows are shown.
const SHOWN: usize = 5;

/// An answer's rows; of the patients in the order in which they came, else sorted.
pub(crate) type Answer = Vec<String>;

/// Adds the rows that a row of somebody's csv stands for.
type Form = Box<dyn Fn(&StringRecord, &mut Answer)>;

/// Reads what `divert` (`ours`) or a peer wrote.
pub(crate) fn read(task: Task, ours: bool, path: &Path) -> Result<Answer, String> {
    let mut reader = Reader::from_path(path).map_err(|error| error.to_string())?;
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let place = |name: &str| header.iter().position(|known| known == name);
    let at = |name: &str| place(name).ok_or_else(|| format!("no column `{name}` in `{}`", header.as_slice()));
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    let form: Form = match (task, ours) {
        (Task::Hours, true) => {
            let (facility, month, status, hours) =
                (at("facility")?, at("period")?, at("status")?, at("hours")?);
            Box::new(move |row, rows| {
                // "any" is the sum of the others.
                if &row[status] != "any" && row[hours].bytes().any(|digit| matches!(digit, b'1'..=b'9')) {
                    rows.push(format!("{},{},{},{}", &row[facility], &row[month], &row[status], &row[hours]));
                }
            })
        }
        (Task::Hours, false) => {
            let places = [at("facility")?, at("month")?, at("status")?];
            let hours = at("hours")?;
            Box::new(move |row, rows| {
                // Not every peer writes the second decimal of 12.50.
                let hours: f64 = row[hours].parse().unwrap_or(f64::NAN);
                rows.push(format!("{},{hours:.2}", places.map(|place| &row[place]).join(",")));
            })
        }
        (Task::Batch | Task::One, true) => {
            let (outcome, alternates) = (at("outcome")?, at("alternates")?);
            let (id, destination, minutes) = (at("id")?, at("destination")?, at("minutes")?);
            Box::new(move |row, rows| {
                let mut three = Vec::with_capacity(3);
                // Whoever is not simply routed has nobody among the peers' answers.
                if &row[outcome] == "routed" {
                    three.push(format!("{},{}", &row[destination], &row[minutes]));
                    let others = row[alternates].split(';').filter(|other| !other.is_empty());
                    three.extend(others.take(2).map(|other| other.replacen(':', ",", 1)));
                }
                if task == Task::One {
                    rows.append(&mut three);
                } else {
                    three.resize(3, ",".to_owned());
                    rows.push(format!("{},{}", &row[id], three.join(",")));
                }
            })
        }
        (Task::Batch | Task::One, false) => {
            Box::new(|row, rows| rows.push(row.iter().collect::<Vec<_>>().join(",")))
        }
        (Task::Board(_), _) => {
            let (facility, status, since) = (at("facility")?, at("status")?, at("since")?);
            Box::new(move |row, rows| {
                // Of an ED that nobody said anything about lately, `divert` does not claim that it is open.
                let (status, since) = match &row[status] {
                    "unknown" | "open" => ("open", ""),
                    status => (status, &row[since]),
                };
                let since = since.trim_end_matches('Z').trim_end_matches("+00:00");
                rows.push(format!("{},{status},{since}", &row[facility]));
            })
        }
    };
    while reader.read_record(&mut record).map_err(|error| error.to_string())? {
        form(&record, &mut rows);
    }
    if matches!(task, Task::Hours | Task::Board(_)) {
        rows.sort_unstable();
    }
    Ok(rows)
}

/// How many rows differ, and the first of them.
pub(crate) fn differences(found: &Answer, reference: &Answer) -> (usize, Vec<String>) {
    if found.len() == reference.len() {
        let differing = || found.iter().zip(reference).filter(|(found, reference)| found != reference);
        let shown = differing().take(SHOWN).map(|(found, instead)| format!("{found} instead of {instead}"));
        return (differing().count(), shown.collect());
    }
    let (here, there): (BTreeSet<_>, BTreeSet<_>) = (found.iter().collect(), reference.iter().collect());
    let more: Vec<_> = here.difference(&there).collect();
    let fewer: Vec<_> = there.difference(&here).collect();
    let shown = more.iter().take(SHOWN).map(|row| format!("{row} is here only"));
    let shown = shown.chain(fewer.iter().take(SHOWN).map(|row| format!("{row} is missing")));
    (more.len().max(fewer.len()), shown.collect())
}
