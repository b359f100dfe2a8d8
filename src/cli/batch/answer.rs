//! Answers to patients: rows in brief for csv, whole rows for everything else, or destinations alone.
//!
//! Floor 6. What stands in a row, and how it is written, is said below: in `report` and `render`.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

use crate::model::{FacilityId, Instant};
use crate::render::{self, Format, Lines};
use crate::report::brief::{self, Field};
use crate::report::keys::Keys;
use crate::report::{Basis, Sheet, route};
use crate::sheet::Cells;

use super::decider::Decider;
use super::known::Facts;
use super::patient::Asked;

/// How answers are written.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// These columns of csv, or of tsv.
    Brief { fields: Vec<Field>, by_tabs: bool, raw: bool },
    /// Every field of a decision, or columns that only a whole one has.
    Whole { format: Format, options: render::Options },
    /// The ids of destinations, each once.
    Ids,
}

impl Form {
    /// The form in which a sheet of decisions would be written so.
    pub(super) fn of(format: Format, options: &render::Options) -> Self {
        if options.ids_only.is_some() {
            return Self::Ids;
        }
        let fields = match &options.columns {
            None => Some(Field::ALL.to_vec()),
            Some(keys) => keys.iter().map(|key| Field::of(key)).collect(),
        };
        match (format, fields) {
            (Format::Csv | Format::Tsv, Some(fields)) => {
                Self::Brief { fields, by_tabs: format == Format::Tsv, raw: options.raw }
            }
            (
                Format::Csv
                | Format::Tsv
                | Format::Table
                | Format::Json
                | Format::Jsonl
                | Format::Md
                | Format::Html,
                _,
            ) => Self::Whole { format, options: render::Options { headers: false, ..options.clone() } },
        }
    }
}

/// What whole rows rest on, beside what is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling<'a> {
    pub(super) form: &'a Form,
    pub(super) keys: &'a Keys,
    pub(super) zone: Option<chrono_tz::Tz>,
    pub(super) alternates: usize,
    pub(super) exclude: &'a BTreeSet<FacilityId>,
}

/// Writes answers.
pub(super) struct Answers {
    lines: Lines,
    /// A sheet of one row, again and again.
    sheet: Sheet,
    whole: Vec<u8>,
}

impl Answers {
    /// `sheet` is an empty one of decisions.
    pub(super) fn new(form: &Form, sheet: Sheet) -> Self {
        let lines = match form {
            Form::Brief { by_tabs, raw, .. } => Lines::new(*by_tabs, *raw),
            Form::Whole { .. } | Form::Ids => Lines::new(false, false),
        };
        Self { lines, sheet, whole: Vec::new() }
    }

    /// What was written.
    pub(super) fn bytes(&self) -> &[u8] {
        // One of them is empty: a stream has one form.
        if self.whole.is_empty() { self.lines.bytes() } else { &self.whole }
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.whole.clear();
    }

    /// Puts what was written from `begin` on in another order, which is that of these rows.
    pub(super) fn rearrange(&mut self, begin: usize, rows: impl Iterator<Item = Range<usize>>) {
        self.lines.rearrange(begin, rows);
    }

    /// Decides about a patient and says so.
    pub(super) fn answer(
        &mut self,
        id: &str,
        asked: Asked<'_>,
        decider: &mut Decider<'_, '_>,
        facts: &Facts<'_>,
        telling: &Telling<'_>,
    ) -> io::Result<()> {
        let registry = facts.registry;
        match telling.form {
            Form::Brief { fields, .. } => {
                let lines = &mut self.lines;
                decider.brief(asked, |brief| brief::write(fields, telling.keys, id, brief, lines));
                Ok(())
            }
            Form::Ids => {
                if let Some(stop) = decider.brief(asked, |brief| brief.destination) {
                    self.lines.word(telling.keys.key(stop.facility));
                    self.lines.end();
                }
                Ok(())
            }
            Form::Whole { format, options } => {
                let row = decider.whole(asked, |timeline, decision| {
                    let basis = Basis {
                        registry,
                        timeline,
                        at: asked.at,
                        known_at: facts.known_at(asked.at),
                        zone: telling.zone,
                        log: None,
                    };
                    let id = Some(id).filter(|id| !id.is_empty());
                    let told = route::Telling { explain: false, alternates: telling.alternates, whole: true };
                    route::row(&basis, id, asked.patient, asked.origin, &decision, told)
                });
                self.write(row, asked.at, *format, options)
            }
        }
    }

    /// Says that a row can't be read, and why.
    pub(super) fn error(&mut self, id: &str, note: &str, telling: &Telling<'_>) -> io::Result<()> {
        match telling.form {
            Form::Brief { fields, .. } => {
                brief::write_error(fields, id, note, &mut self.lines);
                Ok(())
            }
            Form::Ids => Ok(()),
            Form::Whole { format, options } => {
                let row = route::error_row(Some(id).filter(|id| !id.is_empty()), note);
                let at = self.sheet.at;
                self.write(row, at, *format, options)
            }
        }
    }

    fn write(
        &mut self,
        row: Vec<crate::report::Cell>,
        at: Instant,
        format: Format,
        options: &render::Options,
    ) -> io::Result<()> {
        self.sheet.at = at;
        self.sheet.rows.clear();
        self.sheet.rows.push(row);
        render::write(&self.sheet, format, options, &mut self.whole)
    }
}
