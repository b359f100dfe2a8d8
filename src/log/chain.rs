//! The chain: each event's hash covers the event and the hash before it, so that one kept head vouches for all before.
//!
//! Floor 4; touches no file and needs no registry: it is about what is stored, not about what it means.
//!
//! # What is hashed
//!
//! SHA-256 over, in this order:
//!
//! 1. the bytes `divert event 1` and a zero byte: the version of this encoding;
//! 2. the 32 bytes of the hash before it, zeros for event 1;
//! 3. the number of the event, 8 bytes, most significant first;
//! 4. each of `recorded_at`, `kind`, `facility`, `region`, `lane`, `status`, `scope`, `from`, `until`, `route`,
//!    `walk_in`, `reason`, `text`, `source`, `author`, `approver`, `exercise`, `retracts`, `data`: a zero byte where
//!    the cell is absent, else a byte 1, the length of its UTF-8 text in bytes as 8 bytes, most significant first, and
//!    the text.
//!
//! Lengths make the encoding unambiguous: no text can be moved from one cell to the next. Times are hashed as they are
//! stored, in UTC.
//!
//! # What it finds
//!
//! With a head that somebody kept (`N:HASH`): every change, gap, swap and removal among events 1 to N, also where
//! somebody computed all hashes anew, and a log that was cut before N.
//!
//! # What it can't find
//!
//! Without a kept head: a tail cut off, and a log rewritten with all its hashes, for both are good chains. With one:
//! what was done to the events after N. Never: that something was not declared, or not by the author named, or that the
//! clock was wrong; whoever can write to the file can write events. It is evidence, not a lock.

use std::fmt;
use std::str::FromStr;

use chrono::DateTime;
use sha2::{Digest, Sha256};

use super::LogError;
use super::row::{Column, Row};
use super::store::Reading;
use crate::model::Instant;

/// The cells that the hash covers, in the order of encoding 1. It never changes: a new column means encoding 2.
const COVERED: [Column; 19] = [
    Column::RecordedAt,
    Column::Kind,
    Column::Facility,
    Column::Region,
    Column::Lane,
    Column::Status,
    Column::Scope,
    Column::From,
    Column::Until,
    Column::Route,
    Column::WalkIn,
    Column::Reason,
    Column::Text,
    Column::Source,
    Column::Author,
    Column::Approver,
    Column::Exercise,
    Column::Retracts,
    Column::Data,
];

/// The tag of this encoding.
const ENCODING: &[u8] = b"divert event 1\0";

/// So many flaws are told one by one.
const TOLD: usize = 20;

/// The hash of an event and of everything before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Hash([u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let halves = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let text: String = halves.map(|half| char::from(DIGITS[usize::from(half)])).collect();
        f.write_str(&text)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = NotAHead;
    /// 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NotAHead);
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            let pair = text.get(at..at + 2).ok_or(NotAHead)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotAHead)?;
        }
        Ok(Self(bytes))
    }
}

/// The last event of a log, or one that was the last when somebody wrote it down: `4012:9f2c…`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// The number of the event; 0 for a log without events.
    pub event: u64,
    /// Its hash; zeros for a log without events.
    pub hash: Hash,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.event, self.hash)
    }
}

/// A text that is no head.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected the number of an event, a colon and its 64 hexadecimal digits, such as `4012:9f2c…`")]
pub struct NotAHead;

impl FromStr for Head {
    type Err = NotAHead;
    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (event, hash) = text.trim().split_once(':').ok_or(NotAHead)?;
        Ok(Self { event: event.parse().map_err(|_| NotAHead)?, hash: hash.parse()? })
    }
}

/// The hash of the event of this number, which comes after the one with the hash `before`.
pub(super) fn seal(before: Hash, number: u64, row: &Row<'_>) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(ENCODING);
    hasher.update(before.0);
    hasher.update(number.to_be_bytes());
    for column in COVERED {
        match row.cell(column) {
            None => hasher.update([0]),
            Some(cell) => {
                hasher.update([1]);
                hasher.update((cell.len() as u64).to_be_bytes());
                hasher.update(cell);
            }
        }
    }
    Hash(hasher.finalize().into())
}

/// One thing that is wrong with a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Flaw {
    /// The event, its number or the hash before it is not what it was when its hash was made.
    Changed {
        /// Which event.
        event: u64,
    },
    /// Events are missing.
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// The log ends before the head that was kept.
    Cut {
        /// The last event that is there.
        last: u64,
        /// The head that was kept.
        kept: Head,
    },
    /// The chain holds and leads elsewhere: at least one of the events up to the head that was kept was rewritten, and
    /// the hashes after it were made anew.
    Rewritten {
        /// The head that was kept.
        kept: Head,
        /// The hash that the event has now.
        found: Hash,
    },
    /// Something about the storage itself: a damaged page, a trigger that was taken off.
    Storage(String),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { event } => {
                write!(f, "event {event} is not what was recorded: its hash does not cover what stands there")
            }
            Self::Missing { first, last } if first == last => write!(f, "event {first} is missing"),
            Self::Missing { first, last } => write!(f, "events {first} to {last} are missing"),
            Self::Cut { last, kept } => {
                write!(
                    f,
                    "the log ends with event {last}, and event {} was there: its end was cut off",
                    kept.event
                )
            }
            Self::Rewritten { kept, found } => write!(
                f,
                "event {} has the hash {found}, and the head that was kept says {}: \
                 events up to it were rewritten together with their hashes",
                kept.event, kept.hash
            ),
            Self::Storage(found) => f.write_str(found),
        }
    }
}

/// What a walk along the chain found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// The last event and its hash: what to keep.
    pub head: Head,
    /// What is wrong, in the order of events; empty where all is well.
    pub flaws: Vec<Flaw>,
    /// How many more flaws there are.
    pub more: usize,
    /// When the last event was recorded, as it says.
    pub recorded_at: Option<Instant>,
}

impl Verdict {
    fn found(&mut self, flaw: Flaw) {
        if self.flaws.len() < TOLD { self.flaws.push(flaw) } else { self.more += 1 }
    }
}

/// Walks the whole chain. Each event is judged by the hash stored before it, so that a changed one is named and the
/// good ones after it are not.
pub(super) fn verify(reading: &mut dyn Reading, kept: Option<Head>) -> Result<Verdict, LogError> {
    let mut walk = Walk { kept, ..Walk::default() };
    walk.at_kept = kept.filter(|kept| kept.event == 0).map(|_| Hash::default());
    let mut last = String::new();
    let mut next = 1;
    let is_whole = loop {
        let walked = reading.rows(next..=u64::MAX, Column::ALL, &mut |number, row| {
            walk.step(number, cell_of_hash(row), |before| seal(before, number, row));
            last.clear();
            last.push_str(row.cell(Column::RecordedAt).unwrap_or_default());
            Ok(())
        });
        match walked {
            Ok(()) => break true,
            // What is no text was not recorded so: the walk goes on behind it.
            Err(LogError::NoText { event, .. }) => {
                let mut stored = None;
                // The hash may be what is no text.
                let _ = reading.rows(event..=event, &[Column::Hash], &mut |_, row| {
                    stored = cell_of_hash(row);
                    Ok(())
                });
                walk.step(event, stored, |_| Hash::default());
                next = event.saturating_add(1);
            }
            Err(LogError::Damaged { found, .. }) => {
                walk.verdict.found(Flaw::Storage(format!("the events cannot be read to the end: {found}")));
                break false;
            }
            Err(error) => return Err(error),
        }
    };
    let Walk { mut verdict, at_kept, .. } = walk;
    verdict.recorded_at = DateTime::parse_from_rfc3339(&last).ok().map(Instant::from);
    if let Some(kept) = kept {
        if verdict.head.event < kept.event {
            if is_whole {
                verdict.found(Flaw::Cut { last: verdict.head.event, kept });
            }
        } else if let Some(found) = at_kept.filter(|found| *found != kept.hash) {
            verdict.found(Flaw::Rewritten { kept, found });
        }
    }
    match reading.inspect() {
        Ok(odd) => odd.into_iter().for_each(|odd| verdict.found(Flaw::Storage(odd))),
        Err(LogError::Damaged { found, .. }) => verdict.found(Flaw::Storage(found)),
        Err(error) => return Err(error),
    }
    Ok(verdict)
}

/// A walk along the chain, as far as it has come.
#[derive(Default)]
struct Walk {
    kept: Option<Head>,
    /// The hash that the event of the kept head has.
    at_kept: Option<Hash>,
    verdict: Verdict,
}

impl Walk {
    /// The next event that is there, the hash stored with it, and the one that it should have after another.
    fn step(&mut self, number: u64, stored: Option<Hash>, sealed: impl FnOnce(Hash) -> Hash) {
        let before = self.verdict.head;
        if number > before.event + 1 {
            self.verdict.found(Flaw::Missing { first: before.event + 1, last: number - 1 });
        }
        if stored != Some(sealed(before.hash)) {
            self.verdict.found(Flaw::Changed { event: number });
        }
        self.verdict.head = Head { event: number, hash: stored.unwrap_or_default() };
        if self.kept.is_some_and(|kept| kept.event == number) {
            self.at_kept = stored;
        }
    }
}

fn cell_of_hash(row: &Row<'_>) -> Option<Hash> {
    row.cell(Column::Hash).and_then(|cell| cell.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn no_text_can_be_moved_to_the_next_cell() {
        let row = |reason: &'static str, text: &'static str| {
            let mut row = Row::default();
            row.set(Column::Reason, Cow::Borrowed(reason));
            row.set(Column::Text, Cow::Borrowed(text));
            row
        };
        let seal = |row| super::seal(Hash::default(), 1, &row);
        assert_ne!(seal(row("ab", "c")), seal(row("a", "bc")));
        assert_ne!(seal(row("ab", "")), seal(Row::default()));
    }

    #[test]
    fn the_hash_covers_every_column_but_the_number_and_itself() {
        assert_eq!(COVERED.len() + 2, Column::ALL.len());
    }

    #[test]
    fn a_head_prints_and_reads_back() {
        let head = Head { event: 7, hash: seal(Hash::default(), 7, &Row::default()) };
        assert_eq!(head.to_string().parse(), Ok(head));
        assert_eq!("7:abc".parse::<Head>(), Err(NotAHead));
        assert_eq!(format!("7:{}", "é".repeat(32)).parse::<Head>(), Err(NotAHead));
    }
}
