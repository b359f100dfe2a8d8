//! Hands: several read the stretches of a log at once, and what they read is put together in its order.
//!
//! Floor 4; threads, and nothing that depends on which of them is quicker.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Format;
use super::lines::Lines;
use super::stretches::Stretches;
use super::usual::{Part, Tools, Usual};

/// A log of so few stretches is not worth a second hand. In tests fewer, so that short logs are read by several.
const FEW: usize = if cfg!(test) { 2 } else { 12 };
/// For each hand so many stretches may be read before it is the turn of the first of them.
const AHEAD: usize = 4;

/// Reads the rows of which there is nothing to tell.
pub(super) enum Hand<'g> {
    Csv(Box<Usual<'g>>),
    Jsonl(Box<Lines<'g>>),
    /// Leaves everything to whoever is patient.
    #[cfg(test)]
    Idle,
}

impl<'g> Hand<'g> {
    pub(super) fn of(format: Format, tools: &'g Tools<'g>) -> Self {
        match format {
            Format::Csv => Self::Csv(Box::new(Usual::new(tools))),
            Format::Jsonl => Self::Jsonl(Box::new(Lines::new(tools))),
        }
    }
    /// Reads the events of a stretch into `part`; false where something is wrong with it, or where only who knows what
    /// comes before can tell.
    pub(super) fn read(&mut self, text: &[u8], part: &mut Part) -> bool {
        part.clear();
        let read = match self {
            Self::Csv(usual) => usual.read(text, part),
            Self::Jsonl(lines) => lines.read(text, part),
            #[cfg(test)]
            Self::Idle => None,
        };
        read.is_some()
    }
}

/// Why reading ended early.
pub(super) enum Stop<E> {
    /// The file could not be read on.
    Lost(io::Error),
    /// Whoever puts the parts in order wants no more.
    Refused(E),
}

/// Has every stretch read, the first of which is at hand in `text`, and gives each with what was read of it to `take`, in
/// order.
pub(super) fn read<'g, E: Send>(
    mut text: Vec<u8>,
    mut stretches: Stretches<'_>,
    hand: impl Fn() -> Hand<'g>,
    mut take: impl FnMut(&mut Vec<u8>, Option<&mut Part>) -> Result<(), E> + Send,
) -> Result<(), Stop<E>> {
    let (mut first, mut part) = (hand(), Part::default());
    for _ in 0..FEW {
        if text.is_empty() {
            return Ok(());
        }
        let is_read = first.read(&text, &mut part);
        take(&mut text, is_read.then_some(&mut part)).map_err(Stop::Refused)?;
        stretches.fill(&mut text).map_err(Stop::Lost)?;
    }
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let table = Table {
        hands: count,
        pile: Mutex::new(Pile { at_hand: Some(text), stretches, taken: 0 }),
        shelf: Mutex::default(),
        goes_on: Condvar::new(),
        turn: Mutex::new((take, Ok(()))),
    };
    std::thread::scope(|scope| {
        for _ in 1..count {
            let (table, mut hand) = (&table, hand());
            scope.spawn(move || table.work(&mut hand));
        }
        table.work(&mut first);
    });
    let (_, ended) = table.turn.into_inner().unwrap_or_else(PoisonError::into_inner);
    ended
}

/// Where hands work. Whoever has read what comes next gives it on, and what others have read after it: so no hand waits
/// for another, and nobody stands by to put in order.
struct Table<'r, T, E> {
    hands: usize,
    pile: Mutex<Pile<'r>>,
    shelf: Mutex<Shelf>,
    /// Something of the shelf was given on.
    goes_on: Condvar,
    /// Who is given it, and how that ended.
    turn: Mutex<(T, Result<(), Stop<E>>)>,
}

/// The stretches that nobody has taken yet.
struct Pile<'r> {
    at_hand: Option<Vec<u8>>,
    stretches: Stretches<'r>,
    /// How many were taken.
    taken: usize,
}

/// What was read and not given on yet.
#[derive(Default)]
struct Shelf {
    /// By the number of its stretch.
    read: BTreeMap<usize, io::Result<Piece>>,
    /// The number of the stretch whose turn it is.
    next: usize,
    /// Whether nothing more is wanted.
    is_over: bool,
    /// What was given on, to be read into again: memory is asked for once.
    spare: Vec<Piece>,
}

/// A stretch, and what was read of it.
#[derive(Default)]
struct Piece {
    text: Vec<u8>,
    part: Part,
    is_read: bool,
}

impl<T, E> Table<'_, T, E>
where
    T: FnMut(&mut Vec<u8>, Option<&mut Part>) -> Result<(), E>,
{
    /// Reads stretches while there are any.
    fn work(&self, hand: &mut Hand<'_>) {
        let _alarm = Alarm(&self.shelf, &self.goes_on);
        while let Some((number, piece)) = self.next() {
            let piece = piece.map(|mut piece| {
                piece.is_read = hand.read(&piece.text, &mut piece.part);
                piece
            });
            lock(&self.shelf).read.insert(number, piece);
            self.give_on();
        }
    }

    /// The next stretch of the pile, and its number. Whoever waits here keeps others from the pile: they would have to
    /// wait as well, and who reads the stretch whose turn it is has it already.
    fn next(&self) -> Option<(usize, io::Result<Piece>)> {
        let mut pile = lock(&self.pile);
        let is_far = |shelf: &mut Shelf| !shelf.is_over && pile.taken - shelf.next >= AHEAD * self.hands;
        let mut shelf =
            self.goes_on.wait_while(lock(&self.shelf), is_far).unwrap_or_else(PoisonError::into_inner);
        if shelf.is_over {
            return None;
        }
        let mut piece = shelf.spare.pop().unwrap_or_default();
        drop(shelf);
        let Pile { at_hand, stretches, taken } = &mut *pile;
        let filled = match at_hand.take() {
            Some(text) => {
                piece.text = text;
                Ok(())
            }
            None => stretches.fill(&mut piece.text),
        };
        if filled.is_err() || piece.text.is_empty() {
            // Whoever comes next finds nothing; what was taken before is read all the same.
            *at_hand = Some(Vec::new());
        }
        if filled.is_ok() && piece.text.is_empty() {
            return None;
        }
        *taken += 1;
        Some((*taken - 1, filled.map(|()| piece)))
    }

    /// Gives on what was read, as far as it is its turn and nobody is at it.
    fn give_on(&self) {
        while let Ok(mut turn) = self.turn.try_lock() {
            let (take, ended) = &mut *turn;
            loop {
                let mut shelf = lock(&self.shelf);
                let next = shelf.next;
                let Some(piece) = shelf.read.remove(&next).filter(|_| !shelf.is_over) else { break };
                drop(shelf);
                let given = match piece {
                    Ok(mut piece) => take(&mut piece.text, piece.is_read.then_some(&mut piece.part))
                        .map_err(Stop::Refused)
                        .map(|()| piece),
                    Err(error) => Err(Stop::Lost(error)),
                };
                let mut shelf = lock(&self.shelf);
                shelf.next += 1;
                match given {
                    Ok(piece) => shelf.spare.push(piece),
                    Err(stop) => (shelf.is_over, *ended) = (true, Err(stop)),
                }
                drop(shelf);
                self.goes_on.notify_all();
            }
            drop(turn);
            // Meanwhile somebody may have put there what comes next, and gone.
            let shelf = lock(&self.shelf);
            if shelf.is_over || !shelf.read.contains_key(&shelf.next) {
                break;
            }
        }
    }
}

/// Ends everything where a hand panics: nobody is to wait for what it will never give on.
struct Alarm<'t>(&'t Mutex<Shelf>, &'t Condvar);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.0).is_over = true;
            self.1.notify_all();
        }
    }
}

/// What a panic left is looked at no more: the panic goes on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// Rows enough for a hundred stretches.
    fn text() -> Vec<u8> {
        (0..1000).flat_map(|row| format!("{row:->30}\n").into_bytes()).collect()
    }

    /// Has all that is read given to `take`, a stretch after the other.
    fn all(
        reader: impl Read + Send,
        mut take: impl FnMut(&[u8]) -> Result<(), &'static str> + Send,
    ) -> Result<(), Stop<&'static str>> {
        let (mut stretches, mut first) = (Stretches::new(reader, Format::Csv).unwrap(), Vec::new());
        stretches.fill(&mut first).unwrap();
        read(first, stretches, || Hand::Idle, |text, _| take(text))
    }

    #[test]
    fn every_stretch_is_given_on_in_its_order() {
        let mut given = Vec::new();
        let ended = all(&text()[..], |stretch| {
            given.extend_from_slice(stretch);
            Ok(())
        });
        assert!(ended.is_ok() && given == text());
    }

    #[test]
    fn after_one_that_is_refused_nobody_is_given_another() {
        let mut given = 0;
        let ended = all(&text()[..], |_| {
            given += 1;
            if given < 20 {
                return Ok(());
            }
            // Meanwhile others read what comes after it.
            std::thread::sleep(std::time::Duration::from_millis(20));
            Err("enough")
        });
        assert!(matches!(ended, Err(Stop::Refused("enough"))));
        assert_eq!(given, 20);
    }

    /// A file that can't be read to its end.
    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }

    #[test]
    fn what_was_read_before_the_file_was_lost_is_given_on() {
        let (text, mut given) = (text(), Vec::new());
        let ended = all(text.chain(Broken), |stretch| {
            given.extend_from_slice(stretch);
            Ok(())
        });
        assert!(matches!(ended, Err(Stop::Lost(error)) if error.to_string() == "the disk is gone"));
        assert!(text.starts_with(&given) && text.len() - given.len() < 1000, "{} bytes", given.len());
    }

    #[test]
    #[should_panic(expected = "panicked")]
    fn a_panic_ends_it() {
        let mut given = 0;
        // Of the first few stretches there is but one hand; the panic of another tells no more than that there was one.
        let _ = all(&text()[..], |_| {
            given += 1;
            assert!(given < 20, "it panicked");
            Ok(())
        });
    }
}
