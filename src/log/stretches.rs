//! Stretches: a log file a few whole rows at a time, so that no more of it than that need be in memory.
//!
//! Floor 4: reads; what a row means is the business of others. What was compressed with gzip is unpacked on the way.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memrchr};

use super::Format;

/// So many bytes are read at a time, or one row where that is longer. In tests a few rows, so that short logs have many.
const LENGTH: usize = if cfg!(test) { 256 } else { 1 << 17 };

/// What gzip writes first.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a reader gives, unpacked where it is compressed with gzip.
pub fn unpacked<'r>(mut reader: impl Read + Send + 'r) -> io::Result<Box<dyn Read + Send + 'r>> {
    let mut first = Vec::with_capacity(GZIP.len());
    (&mut reader).take(GZIP.len() as u64).read_to_end(&mut first)?;
    let is_packed = first == GZIP;
    let reader = Cursor::new(first).chain(reader);
    if is_packed {
        let packed = io::BufReader::with_capacity(LENGTH, reader);
        return Ok(Box::new(Unpacking(MultiGzDecoder::new(packed))));
    }
    Ok(Box::new(reader))
}

/// Says of a compressed file that is cut off or damaged that it is that.
struct Unpacking<R>(R);

impl<R: Read> Read for Unpacking<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            kind => io::Error::new(kind, format!("the compressed file is cut off or damaged ({error})")),
        })
    }
}

/// The rows of a log, a stretch after the other.
pub(super) struct Stretches<'r> {
    reader: Box<dyn Read + Send + 'r>,
    format: Format,
    /// What was read beyond the last whole row.
    begun: Vec<u8>,
    over: bool,
}

impl<'r> Stretches<'r> {
    /// Before the first row.
    pub(super) fn new(reader: impl Read + Send + 'r, format: Format) -> io::Result<Self> {
        Ok(Self { reader: unpacked(reader)?, format, begun: Vec::new(), over: false })
    }

    /// Puts the next whole rows into `text`, over what it held; nothing after the last.
    pub(super) fn fill(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        let mut len = self.begun.len();
        // What it held before need not be cleared to be written over.
        text.resize(LENGTH.max(2 * len), 0);
        text[..len].copy_from_slice(&self.begun);
        self.begun.clear();
        loop {
            while !self.over && len < text.len() {
                match self.reader.read(&mut text[len..]) {
                    Ok(0) => self.over = true,
                    Ok(read) => len += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            if self.over {
                text.truncate(len);
                return Ok(());
            }
            if let Some(end) = end_of_rows(text, self.format) {
                self.begun.extend_from_slice(&text[end..]);
                text.truncate(end);
                return Ok(());
            }
            text.resize(2 * len, 0);
        }
    }
}

/// Where the last whole row of a text ends, which begins with a row; `None`: it holds none.
fn end_of_rows(text: &[u8], format: Format) -> Option<usize> {
    match format {
        Format::Csv if memchr(b'"', text).is_some() => {
            let mut end = None;
            let mut row = 0;
            while let Some(length) = csv_row(&text[row..]) {
                row += length;
                end = Some(row);
            }
            end
        }
        Format::Csv | Format::Jsonl => memrchr(b'\n', text).map(|at| at + 1),
    }
}

/// The length of the csv row with which a text begins, up to and with its newline, which is not in quotes; `None`: it
/// does not end here.
pub(super) fn csv_row(text: &[u8]) -> Option<usize> {
    let mut begins = true;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'"' if begins => {
                // Up to the quote that is not doubled.
                loop {
                    at += memchr(b'"', &text[at..])? + 1;
                    match text.get(at) {
                        Some(b'"') => at += 1,
                        Some(_) => break,
                        None => return None,
                    }
                }
                begins = false;
            }
            b'\n' => return Some(at),
            other => begins = matches!(other, b',' | b'\r'),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn all(text: &[u8], format: Format) -> Vec<Vec<u8>> {
        let mut stretches = Stretches::new(text, format).unwrap();
        let next = || {
            let mut text = Vec::new();
            stretches.fill(&mut text).unwrap();
            (!text.is_empty()).then_some(text)
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn a_stretch_ends_with_a_row_and_nothing_is_lost() {
        for quoted in ["", "\"a\nb,\"\"\nc\"", "5\" nail"] {
            let row = format!("x,{quoted}{}\n", "y".repeat(700));
            let text = row.repeat(1000) + "last, without an end";
            let stretches = all(text.as_bytes(), Format::Csv);
            assert!(stretches.len() > 1);
            assert_eq!(stretches.concat(), text.as_bytes());
            let (_, before) = stretches.split_last().unwrap();
            assert!(before.iter().all(|stretch| stretch.len() % row.len() == 0));
        }
    }

    #[test]
    fn a_row_longer_than_a_stretch_is_one() {
        let text = format!("{}\nb\n", "a".repeat(3 * LENGTH));
        assert_eq!(all(text.as_bytes(), Format::Jsonl).concat(), text.as_bytes());
        let open = format!("\"{}\nb\n", "a\n".repeat(LENGTH));
        assert_eq!(all(open.as_bytes(), Format::Csv), [open.as_bytes()]);
    }

    #[test]
    fn what_was_compressed_is_unpacked() {
        let mut packed = Vec::new();
        for part in ["a,b\n", "1,2\n"] {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(part.as_bytes()).unwrap();
            packed.extend(encoder.finish().unwrap());
        }
        assert_eq!(all(&packed, Format::Csv).concat(), b"a,b\n1,2\n");
        assert!(all(b"", Format::Csv).is_empty());
    }
}
