//! Hours by the million rows: facilities are shared out to threads, and their rows put in the order of the report.
//!
//! Floor 6, with threads. The same bytes as the report's sheet makes in csv and tsv.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::model::FacilityId;
use crate::render::{Format, Numbers, Options};
use crate::report::hours_told::{Hours, Teller};
use crate::sheet::Cells;

/// So many neighbours are told together: their rows of one slice are written at once.
const NEIGHBOURS: usize = 32;

/// Whether rows may be written without a sheet.
pub(super) fn fits(format: Format, options: &Options) -> bool {
    matches!(format, Format::Csv | Format::Tsv) && options.columns.is_none() && options.ids_only.is_none()
}

/// Writes the rows, under a row of their keys.
pub(super) fn write(
    hours: &Hours<'_>,
    format: Format,
    options: &Options,
    processors: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let facilities = hours.facilities();
    let shares: Vec<&[FacilityId]> = facilities.chunks(NEIGHBOURS).collect();
    let numbers = || Numbers::new(format == Format::Tsv, options.raw);
    if options.headers {
        let mut keys = numbers();
        for column in hours.columns().iter().filter(|column| column.view.in_csv()) {
            keys.word(column.key);
        }
        keys.end();
        out.write_all(&keys.text)?;
    }
    let told = tell(&shares, processors, || Desk {
        teller: hours.teller(),
        slices: hours.slices(),
        numbers: numbers(),
        pieces: Vec::new(),
    });
    for slice in 0..hours.slices() {
        for share in &told {
            out.write_all(share.of(slice))?;
        }
    }
    Ok(())
}

/// Has every share told, by as many as may work at once; in the order of shares.
fn tell<'a>(shares: &[&[FacilityId]], processors: usize, desk: impl Fn() -> Desk<'a> + Sync) -> Vec<Told> {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut desk, mut done) = (desk(), Vec::new());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(share) = shares.get(at) else { return done };
            done.push((at, desk.tell(share)));
        }
    };
    let mut told = std::thread::scope(|scope| {
        let others: Vec<_> = (1..processors.min(shares.len())).map(|_| scope.spawn(work)).collect();
        let mut told = work();
        for other in others {
            match other.join() {
                Ok(more) => told.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        told
    });
    told.sort_unstable_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, told)| told).collect()
}

/// The rows of some neighbours, by slice.
struct Told {
    rows: Vec<u8>,
    /// Where those of each slice end.
    ends: Vec<usize>,
}

impl Told {
    fn of(&self, slice: usize) -> &[u8] {
        let begin = slice.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[begin..self.ends[slice]]
    }
}

/// Where one thread works.
struct Desk<'a> {
    teller: Teller<'a>,
    slices: usize,
    numbers: Numbers,
    /// Slice after slice of each facility: which, and where its rows end.
    pieces: Vec<(usize, usize)>,
}

impl Desk<'_> {
    fn tell(&mut self, share: &[FacilityId]) -> Told {
        self.numbers.clear();
        self.pieces.clear();
        for facility in share {
            let pieces = &mut self.pieces;
            self.teller.tell(*facility, &mut self.numbers, |numbers, slice| {
                pieces.push((slice, numbers.text.len()));
            });
        }
        self.by_slice()
    }

    /// Puts the rows of each slice together.
    fn by_slice(&self) -> Told {
        let begins = || std::iter::once(0).chain(self.pieces.iter().map(|(_, end)| *end));
        let pieces = || begins().zip(&self.pieces).map(|(begin, (slice, end))| (*slice, begin..*end));
        let mut ends = vec![0; self.slices];
        for (slice, piece) in pieces() {
            ends[slice] += piece.len();
        }
        let mut all = 0;
        for end in &mut ends {
            (all, *end) = (all + *end, all);
        }
        let mut rows = vec![0; all];
        for (slice, piece) in pieces() {
            let begin = ends[slice];
            ends[slice] += piece.len();
            rows[begin..ends[slice]].copy_from_slice(&self.numbers.text[piece]);
        }
        Told { rows, ends }
    }
}
