//! Hours by the million rows: facilities are shared out to threads, which measure them and then write in the order of the
//! report what they measured.
//!
//! Floor 6, with threads. The same bytes as the report's sheet makes in csv and tsv.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::Scope;

use crate::model::FacilityId;
use crate::render::{Format, Lines, Options};
use crate::report::hours_told::{Hours, Told};
use crate::sheet::Cells;

/// So many shares are written together, of one slice: a few hundred kilobytes.
const TOGETHER: usize = 32;

/// Whoever writes may be so many pieces ahead of the reader.
const AHEAD: usize = 2;

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
    let lines = || Lines::new(format == Format::Tsv, options.raw);
    if options.headers {
        let mut keys = lines();
        for column in hours.columns().iter().filter(|column| column.view.in_csv()) {
            keys.word(column.key);
        }
        keys.end();
        out.write_all(keys.bytes())?;
    }
    let told = tell(hours, processors);
    let blocks: Vec<&[Told<'_>]> = told.chunks(TOGETHER).collect();
    let pieces = hours.slices() * blocks.len();
    let text = |piece: usize, lines: &mut Lines| {
        for told in blocks[piece % blocks.len()] {
            hours.write(told, piece / blocks.len(), lines);
        }
    };
    std::thread::scope(|scope| {
        let writers = processors.min(pieces);
        let writers: Vec<_> = (0..writers)
            .map(|writer| write_every(scope, (writer..pieces).step_by(writers), lines(), text))
            .collect();
        for piece in 0..pieces {
            let (texts, spare) = &writers[piece % writers.len()];
            // Without a text the writer has panicked, which the scope tells.
            let Ok(text) = texts.recv() else { break };
            out.write_all(&text)?;
            let _ = spare.send(text); // the writer is done
        }
        Ok(())
    })
}

/// Has the text of some pieces written by a thread of its own. Whoever takes a text gives it back, to be written over: it
/// stays in the processor's cache.
fn write_every<'scope>(
    scope: &'scope Scope<'scope, '_>,
    pieces: impl Iterator<Item = usize> + Send + 'scope,
    mut lines: Lines,
    write: impl Fn(usize, &mut Lines) + Send + 'scope,
) -> (Receiver<Vec<u8>>, Sender<Vec<u8>>) {
    let (text, texts) = mpsc::sync_channel(AHEAD);
    let (spare, spares) = mpsc::channel();
    scope.spawn(move || {
        for piece in pieces {
            write(piece, &mut lines);
            if text.send(lines.hand_over(spares.try_recv().unwrap_or_default())).is_err() {
                return; // nobody reads on
            }
        }
    });
    (texts, spare)
}

/// Has every share told, by as many as may work at once; in the order of shares.
fn tell<'h>(hours: &'h Hours<'_>, processors: usize) -> Vec<Told<'h>> {
    let shares: Vec<&[FacilityId]> = hours.shares();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut teller, mut done) = (hours.teller(), Vec::new());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(share) = shares.get(at) else { return done };
            done.push((at, teller.tell(share)));
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
