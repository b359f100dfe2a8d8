//! What is known while patients come: the log as it grows, what is supposed beside it, and both folded.
//!
//! Floor 6. Answers rest on what was read when the stretch that they belong to had come.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Event, FacilityId, Instant, Ledger, Registry, Sources};
use crate::routing::Index;
use crate::state::Timeline;

use super::super::context::Remark;
use super::super::error::Failure;
use super::super::watch::Watch;

/// A file that is being saved is looked at again so often, and so much later each time.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(50);

/// What is known, as of which moment.
pub struct Known<'a> {
    watch: Watch<'a>,
    /// What `--given` supposes, numbered from 1.
    given: Vec<Event>,
    registry: &'a Registry,
    /// `--known-at`; `None`: everything recorded.
    until: Option<Instant>,
    /// Each row as known at its own time.
    by_row: bool,
    /// Folded, unless that is done row by row.
    timeline: Arc<Timeline<'a>>,
    /// Who is left out by the index, where there is to be one.
    indexed: Option<BTreeSet<FacilityId>>,
    /// What answers for the timeline.
    index: Option<Arc<Index<'a>>>,
    /// When each recorded event was, in order, where that is asked row by row.
    recordings: Vec<Instant>,
    /// What is recorded where there is no log.
    nothing: Ledger,
}

impl<'a> Known<'a> {
    pub(super) fn new(
        watch: Watch<'a>,
        registry: &'a Registry,
        given: Vec<Event>,
        until: Option<Instant>,
        by_row: bool,
        indexed: Option<BTreeSet<FacilityId>>,
    ) -> Self {
        let mut known = Self {
            watch,
            given,
            registry,
            until,
            by_row,
            timeline: Arc::new(Timeline::unknown(registry)),
            indexed: indexed.filter(|_| !by_row),
            index: None,
            recordings: Vec::new(),
            nothing: Ledger::default(),
        };
        known.fold();
        known
    }

    /// Reads the log again if it has grown.
    pub(super) fn refresh(&mut self, sources: &mut Sources) -> Result<(), Failure> {
        for again in 1..=TRIES {
            // The text of a log that is read again and again is not kept, but for what is to be said of it.
            let mut read = Sources::default();
            match self.watch.refresh(&mut read) {
                Ok(false) => break,
                Ok(true) => {
                    self.fold();
                    break;
                }
                Err(Failure::Log(_)) if again < TRIES => std::thread::sleep(PAUSE * again),
                Err(failure) => {
                    *sources = read;
                    return Err(failure);
                }
            }
        }
        Ok(())
    }

    /// What is to be said of the log as it was read last.
    pub(super) fn remark(&mut self) -> Option<Remark> {
        self.watch.half_a_row()
    }

    fn fold(&mut self) {
        if self.by_row {
            self.recordings = self.recorded().recordings().collect();
            self.recordings.sort_unstable();
        } else {
            self.timeline = Arc::new(self.everything());
            let index = |exclude: &BTreeSet<FacilityId>| {
                Arc::new(Index::new(self.registry, self.timeline.clone(), exclude.clone()))
            };
            self.index = self.indexed.as_ref().map(index);
        }
    }

    /// Everything recorded and supposed, folded as known at `--known-at`.
    pub fn everything(&self) -> Timeline<'a> {
        let mut events = self.recorded().clone();
        for event in self.supposed() {
            events.push(&event);
        }
        Timeline::owning(self.registry, events, self.until)
    }

    /// What is recorded.
    pub fn recorded(&self) -> &Ledger {
        self.watch.log().map_or(&self.nothing, |log| &log.events)
    }

    /// What is supposed, numbered after what is recorded.
    pub fn supposed(&self) -> impl Iterator<Item = Event> + '_ {
        let last = self.recorded().head();
        self.given.iter().map(move |event| Event { number: last + event.number, ..event.clone() })
    }

    /// What decides about most rows without looking at every facility, where there is such a thing.
    pub(super) fn index(&self) -> Option<&Arc<Index<'a>>> {
        self.index.as_ref()
    }

    /// What rows are decided from.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            registry: self.registry,
            until: self.until,
            by_row: self.by_row,
            recorded: self.recorded(),
            given: &self.given,
            timeline: &self.timeline,
            recordings: &self.recordings,
        }
    }
}

/// What rows are decided from; several threads may read it at once.
#[derive(Clone, Copy)]
pub(super) struct Facts<'k> {
    pub(super) registry: &'k Registry,
    until: Option<Instant>,
    pub(super) by_row: bool,
    recorded: &'k Ledger,
    /// What is supposed, whatever was known; numbered from 1.
    given: &'k [Event],
    /// Everything, folded; nothing where that is done row by row.
    pub(super) timeline: &'k Timeline<'k>,
    recordings: &'k [Instant],
}

/// What was known after so many recordings.
pub(super) struct Then<'k> {
    recordings: usize,
    pub(super) timeline: Timeline<'k>,
}

impl<'k> Facts<'k> {
    /// As known when a row of this time is answered.
    pub(super) fn known_at(&self, at: Instant) -> Option<Instant> {
        if self.by_row { Some(at) } else { self.until }
    }

    /// What was known at an instant: as it was for the row before, as long as nothing was recorded between.
    pub(super) fn then<'t>(&self, at: Instant, before: &'t mut Option<Then<'k>>) -> &'t Timeline<'k> {
        let recordings = self.recordings.partition_point(|recorded| *recorded <= at);
        if before.as_ref().is_some_and(|then| then.recordings != recordings) {
            *before = None;
        }
        &before.get_or_insert_with(|| Then { recordings, timeline: self.fold(at) }).timeline
    }

    /// What was known at an instant, and what is supposed.
    fn fold(&self, at: Instant) -> Timeline<'k> {
        if self.given.is_empty() {
            return Timeline::of(self.registry, self.recorded, Some(at));
        }
        // What is supposed is known then, too, however late it was supposed.
        let mut events: Ledger = Ledger::default();
        for event in self.recorded.iter().filter(|event| event.recorded_at <= at) {
            events.push(&event);
        }
        let last = self.recorded.head();
        for event in self.given {
            events.push(&Event { number: last + event.number, ..event.clone() });
        }
        Timeline::owning(self.registry, events, None)
    }
}
