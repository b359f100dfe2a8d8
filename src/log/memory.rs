//! A log in memory: for tests, and for what must not outlive the program.
//!
//! Floor 4; touches no file.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::LogError;
use super::chain::Hash;
use super::row::{Column, Row};
use super::store::{EachRow, EventLog, Last, Reading, Writing, last};

/// Rows, the n-th of which has the number n.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog(Vec<Row<'static>>);

impl MemoryLog {
    /// Without rows.
    pub fn new() -> Self {
        Self::default()
    }
}

const NAME: &str = "in memory";

impl EventLog for MemoryLog {
    fn name(&self) -> &str {
        NAME
    }
    fn read(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Reading) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        work(self)
    }
    fn write(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Writing) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let before = self.0.len();
        work(self).inspect_err(|_| self.0.truncate(before))
    }
}

impl Reading for MemoryLog {
    fn last(&mut self) -> Result<Option<Last>, LogError> {
        let Some(row) = self.0.last() else { return Ok(None) };
        let cell = |column| row.cell(column).unwrap_or_default();
        last(NAME, self.0.len() as u64, cell(Column::RecordedAt), cell(Column::Hash)).map(Some)
    }
    fn rows(
        &mut self,
        numbers: RangeInclusive<u64>,
        _: &[Column],
        each: &mut EachRow<'_>,
    ) -> Result<(), LogError> {
        let mut wanted = (1..).zip(&self.0).filter(|(number, _)| numbers.contains(number));
        wanted.try_for_each(|(number, row)| each(number, row))
    }
    fn imported(&mut self, key: &str) -> Result<Option<u64>, LogError> {
        let has_key = |row: &Row<'_>| {
            let data =
                row.cell(Column::Data).and_then(|data| serde_json::from_str::<serde_json::Value>(data).ok());
            data.is_some_and(|data| data.get("import").and_then(serde_json::Value::as_str) == Some(key))
        };
        Ok((1..).zip(&self.0).find(|(_, row)| has_key(row)).map(|(number, _)| number))
    }
    fn inspect(&mut self) -> Result<Vec<String>, LogError> {
        Ok(Vec::new())
    }
}

impl Writing for MemoryLog {
    fn insert(&mut self, _: u64, row: &Row<'_>, hash: Hash) -> Result<(), LogError> {
        let mut row = row.clone().into_owned();
        row.set(Column::Hash, Cow::Owned(hash.to_string()));
        self.0.push(row);
        Ok(())
    }
}
