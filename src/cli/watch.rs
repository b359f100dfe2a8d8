//! Watching: a log as it grows under other programs.
//!
//! Floor 6; sleeps, and asks the log's head rather than its events whether anything has happened.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::time::{Duration, SystemTime};

use crate::log::{self, EventLog, Log, LogError};
use crate::model::Sources;
use crate::report::journal::Entry;

use super::context::{Environment, Remark, Setting};
use super::desk;
use super::error::Failure;
use super::log_place::LogPlace;

/// How often a log is asked whether it has moved.
pub const PERIOD: Duration = Duration::from_secs(1);

/// A log that is read again when it has grown.
pub struct Watch<'a> {
    setting: &'a Setting,
    environment: &'a Environment,
    store: Option<Box<dyn EventLog>>,
    log: Option<Log>,
    mark: Option<(u64, Option<SystemTime>)>,
    /// Whether the last reading failed: then it is read again, whatever it looks like.
    failed: bool,
    /// How long the file was that was read last.
    length: u64,
    /// What was odd about the last reading.
    pub remarks: Vec<Remark>,
}

impl<'a> Watch<'a> {
    /// Reads what is there.
    pub fn open(
        setting: &'a Setting,
        environment: &'a Environment,
        sources: &mut Sources,
    ) -> Result<Self, Failure> {
        let mut watch = Self {
            setting,
            environment,
            store: None,
            log: None,
            mark: None,
            failed: false,
            length: 0,
            remarks: Vec::new(),
        };
        watch.read(sources)?;
        // Later the clock goes on, and the question's instant does not.
        if setting.is_behind(watch.log().and_then(|log| log.events.last_recorded_at())) {
            watch.remarks.push(Remark::ClockBehind);
        }
        Ok(watch)
    }

    /// What was read; `None` where there is no log.
    pub fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// Reads what has come since; says whether anything has.
    pub fn refresh(&mut self, sources: &mut Sources) -> Result<bool, Failure> {
        let (Some(store), Some(log)) = (&mut self.store, &mut self.log) else {
            let mark = self.mark();
            if (!self.failed && mark == self.mark) || self.setting.place == LogPlace::Input {
                return Ok(false);
            }
            return match self.read(sources) {
                Ok(()) => Ok(true),
                // Whoever writes the last row has not come to its end: it is not recorded yet, and all before it is known.
                Err(_) if self.log.is_some() && self.ends_within_a_row() => {
                    self.failed = false;
                    self.remarks.push(Remark::HalfARow);
                    Ok(false)
                }
                Err(failure) => Err(failure),
            };
        };
        match store.catch_up(log, &self.setting.registry) {
            Ok(new) => Ok(new > 0),
            // Another writer is slow; there is a next time.
            Err(LogError::Busy { .. }) => Ok(false),
            Err(LogError::Replaced { .. }) => self.read(sources).map(|()| true),
            Err(error) => Err(Failure::Store(error)),
        }
    }

    /// What is to be said of the last refreshing, once.
    pub fn half_a_row(&mut self) -> Option<Remark> {
        let at = self.remarks.iter().position(|remark| matches!(remark, Remark::HalfARow))?;
        Some(self.remarks.remove(at))
    }

    /// The events at these places with what the log keeps of each beside its meaning.
    pub fn entries(&mut self, places: Range<usize>) -> Result<Vec<Entry>, Failure> {
        let Some(Log { events, .. }) = &self.log else { return Ok(Vec::new()) };
        if let Some(store) = &mut self.store {
            return desk::stored(&mut **store, events, places);
        }
        let registry = &self.setting.registry;
        let entry = |event| {
            let data = log::data(&event, registry);
            Entry::new(event, data)
        };
        Ok(events.stand_at(places).map(entry).collect())
    }

    fn read(&mut self, sources: &mut Sources) -> Result<(), Failure> {
        self.failed = true;
        self.mark = self.mark();
        self.remarks.clear();
        let place = &self.setting.place;
        self.store = None;
        if place.has_store() {
            let mut store = place.to_read(self.environment)?;
            self.log = Some(store.load(&self.setting.registry).map_err(Failure::Store)?);
            self.store = Some(store);
        } else {
            self.log = place.read(&self.setting.registry, self.environment, sources, &mut self.remarks)?;
            if let (LogPlace::Default(path), None) = (place, &self.log) {
                self.remarks.push(Remark::NoLog(path.clone()));
            }
        }
        self.failed = false;
        self.length = self.mark.map_or(0, |(length, _)| length);
        Ok(())
    }

    /// Whether something was added to a file of rows, of which the last goes on.
    fn ends_within_a_row(&self) -> bool {
        let last_byte = || {
            let mut file = File::open(self.setting.place.path()?).ok()?;
            let length = file.seek(SeekFrom::End(-1)).ok()? + 1;
            let mut last = [0];
            file.read_exact(&mut last).ok()?;
            Some((length, last[0]))
        };
        last_byte().is_some_and(|(length, last)| self.length < length && last != b'\n')
    }

    /// What a file looks like from outside; another look means another content.
    fn mark(&self) -> Option<(u64, Option<SystemTime>)> {
        let metadata = std::fs::metadata(self.setting.place.path()?).ok()?;
        Some((metadata.len(), metadata.modified().ok()))
    }
}
