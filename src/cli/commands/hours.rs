//! Hours by the million rows: facilities are shared out to threads, which measure them and then write in the order of the
//! report what they measured.
//!
//! Floor 6, with threads. The same bytes as the report's sheet makes in csv and tsv.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::model::FacilityId;
use crate::render::{Format, Lines, Options};
use crate::report::hours_told::{Hours, Told};
use crate::sheet::Cells;

/// So many shares are written together, of one slice: a few hundred kilobytes.
const TOGETHER: usize = 32;

/// So many texts may wait for those before them.
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
    let text = |piece: usize, lines: &mut Lines| {
        for told in blocks[piece % blocks.len()] {
            hours.write(told, piece / blocks.len(), lines);
        }
    };
    in_order(hours.slices() * blocks.len(), processors, lines, text, out)
}

/// Writes pieces in their order, the text of which is made by as many as may work at once. This thread makes texts as well,
/// as long as there is nothing to write: to keep one for writing alone would have the others wait for a processor.
fn in_order(
    pieces: usize,
    processors: usize,
    lines: impl Fn() -> Lines,
    text: impl Fn(usize, &mut Lines) + Sync,
    out: &mut dyn Write,
) -> io::Result<()> {
    let next = AtomicUsize::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|piece| *piece < pieces);
    // Who is done with a text gives it back, to be written over: it stays in the processor's cache.
    let spare = Mutex::new(Vec::new());
    let make = |piece: usize, lines: &mut Lines| {
        let memory = spare.lock().map_or_else(|_| None, |mut spare| spare.pop());
        text(piece, lines);
        (piece, lines.hand_over(memory.unwrap_or_default()))
    };
    std::thread::scope(|scope| {
        let (made, texts) = mpsc::sync_channel(AHEAD);
        for _ in 1..processors.min(pieces) {
            let (made, take, make, mut lines) = (made.clone(), &take, &make, lines());
            scope.spawn(move || {
                while let Some(piece) = take()
                    && made.send(make(piece, &mut lines)).is_ok()
                {}
            });
        }
        drop(made);
        let (mut waiting, mut lines) = (BTreeMap::new(), lines());
        for piece in 0..pieces {
            while !waiting.contains_key(&piece) {
                let come = match texts.try_recv() {
                    Ok(come) => Some(come),
                    Err(_) if waiting.len() < AHEAD => take().map(|piece| make(piece, &mut lines)),
                    Err(_) => None,
                };
                // Without a text whoever should make it has panicked, which the scope tells.
                let Some((piece, text)) = come.or_else(|| texts.recv().ok()) else { return Ok(()) };
                waiting.insert(piece, text);
            }
            let text: Vec<u8> = waiting.remove(&piece).unwrap_or_default();
            out.write_all(&text)?;
            if let Ok(mut spare) = spare.lock() {
                spare.push(text);
            }
        }
        Ok(())
    })
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn lines() -> Lines {
        Lines::new(false, false)
    }

    /// The text of a piece. Every third takes longer, so that those after it are done first.
    fn text(piece: usize, lines: &mut Lines) {
        if piece.is_multiple_of(3) {
            std::thread::sleep(Duration::from_millis(3));
        }
        lines.word(&piece.to_string());
        lines.end();
    }

    #[test]
    fn pieces_are_written_in_their_order_whoever_makes_them() {
        let wanted = (0..40).map(|piece| piece.to_string()).collect::<Vec<_>>().join("\n") + "\n";
        for processors in 1..6 {
            let mut out = Vec::new();
            in_order(40, processors, lines, text, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), wanted, "{processors} processors");
        }
        in_order(0, 2, lines, text, &mut Vec::new()).unwrap();
    }

    #[test]
    fn whoever_reads_no_more_ends_all_who_write() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, text: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
                Ok(text.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        for processors in 1..6 {
            let error = in_order(40, processors, lines, text, &mut Full(5)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
    }
}
