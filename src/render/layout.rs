//! Layout: how wide the columns of a table are on a terminal, and where their texts break.
//!
//! Floor 5. Texts break between words, and where that is not enough inside ids, after `-`, `:`, `/`, `_` and `,`; a time
//! breaks between its date and its clock. A number, a status and a yes or no never break. Columns that find no room even
//! so are left out, and whoever draws the table says which.

use unicode_width::UnicodeWidthStr;

use crate::report::{Cell, Kind, Value};

/// A word of a text is broken from so many cells of the terminal on.
const LONGEST_WORD: usize = 20;

/// Where a table is cut down, so many columns are left at least.
const FEWEST: usize = 2;

/// How much room a column takes: cells of a terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Room {
    /// Uncut.
    natural: usize,
    /// Broken between words.
    by_words: usize,
    /// Broken wherever it may be.
    by_pieces: usize,
    /// Whether it says anything: more than nothing, nought and no.
    speaks: bool,
}

impl Room {
    /// That of a heading; it breaks between words.
    pub(super) fn of_heading(heading: &str) -> Self {
        let word = longest(heading.split(' '));
        Self { natural: heading.width(), by_words: word, by_pieces: word, speaks: false }
    }
    /// Makes room for a cell of a column of this kind. `text` is what is shown of it.
    pub(super) fn take(&mut self, kind: &Kind, cell: &Cell, text: &str) {
        let whole = text.width();
        let (by_words, by_pieces) = match &cell.value {
            Value::Text(_) | Value::List(_) if is_text(kind) => {
                let words = || text.split(' ');
                (longest(words()).min(LONGEST_WORD), longest(words().flat_map(pieces)).min(LONGEST_WORD))
            }
            Value::Time(..) => (whole, longest(text.split(' '))),
            _ => (whole, whole),
        };
        self.natural = self.natural.max(whole);
        self.by_words = self.by_words.max(by_words);
        self.by_pieces = self.by_pieces.max(by_pieces);
        self.speaks |= match &cell.value {
            Value::Missing | Value::Bool(false) | Value::Integer(0) => false,
            Value::Decimal(number, _) => *number != 0.0,
            _ => !text.is_empty(),
        };
    }
}

fn longest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// Whether a column holds words of any kind, and not those of a fixed list.
fn is_text(kind: &Kind) -> bool {
    match kind {
        Kind::Text | Kind::List(_) => true,
        Kind::Optional(kind) => is_text(kind),
        Kind::OneOf(_) | Kind::Integer | Kind::Number | Kind::Bool | Kind::Time | Kind::Record(_) => false,
    }
}

/// The pieces of a word that may stand on lines of their own. Clocks and telephone numbers are one.
fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let breaks = word.contains(char::is_alphabetic);
    word.split_inclusive(move |c| breaks && matches!(c, '-' | ':' | '/' | '_' | ','))
}

/// Which columns are shown, how wide, and how far apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Layout {
    /// Each with its width.
    pub(super) columns: Vec<(usize, usize)>,
    /// How many cells of the terminal part two columns.
    pub(super) gap: usize,
    /// The columns that find no room.
    pub(super) left_out: Vec<usize>,
}

impl Layout {
    /// Fits columns into a width. `may_drop` says whether any may be left out: first those that say nothing, then, with
    /// texts broken wherever they may be, the last.
    pub(super) fn of(rooms: &[Room], width: Option<usize>, may_drop: bool) -> Self {
        let width = width.unwrap_or(usize::MAX);
        let mut shown: Vec<usize> = (0..rooms.len()).collect();
        let fits = |shown: &[usize], room: fn(&Room) -> usize| whole(rooms, shown, room, 1) <= width;
        let done = |shown: &[usize], room| Self::sized(rooms, shown, room, width);
        if fits(&shown, |room| room.by_words) {
            return done(&shown, |room| room.by_words);
        }
        let silent = (1..rooms.len()).rev().filter(|at| !rooms[*at].speaks);
        for at in silent.filter(|_| may_drop) {
            if shown.len() > FEWEST {
                shown.retain(|shown| *shown != at);
            }
            if fits(&shown, |room| room.by_words) {
                return done(&shown, |room| room.by_words);
            }
        }
        while may_drop && shown.len() > FEWEST && !fits(&shown, |room| room.by_pieces) {
            shown.pop();
        }
        done(&shown, |room| room.by_pieces)
    }

    /// Gives columns the room that they need, and what is left to those that would rather have more: as much to each.
    fn sized(rooms: &[Room], shown: &[usize], least: fn(&Room) -> usize, width: usize) -> Self {
        let gap = if whole(rooms, shown, least, 2) <= width { 2 } else { 1 };
        let of = |at: &usize, most: usize| rooms[*at].natural.min(least(&rooms[*at]).max(most));
        let sum = |most: usize| whole_of(shown.iter().map(|at| of(at, most)), gap);
        let widest = shown.iter().map(|at| rooms[*at].natural).max().unwrap_or(0);
        let most = (0..widest).rev().find(|most| sum(*most) <= width).unwrap_or(0);
        let most = if sum(widest) <= width { widest } else { most };
        let mut spare = width.saturating_sub(sum(most));
        let columns = shown.iter().map(|at| {
            let more = usize::from(spare > 0 && of(at, most) < of(at, most + 1));
            spare -= more;
            (*at, of(at, most) + more)
        });
        Self {
            columns: columns.collect(),
            gap,
            left_out: (0..rooms.len()).filter(|at| !shown.contains(at)).collect(),
        }
    }
}

/// How wide some columns are together.
fn whole(rooms: &[Room], shown: &[usize], room: fn(&Room) -> usize, gap: usize) -> usize {
    whole_of(shown.iter().map(|at| room(&rooms[*at])), gap)
}

fn whole_of(widths: impl ExactSizeIterator<Item = usize>, gap: usize) -> usize {
    let gaps = gap * widths.len().saturating_sub(1);
    widths.sum::<usize>() + gaps
}

/// The lines of a text in a column so wide.
pub(super) fn broken(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let is_begun = !line.is_empty();
        if is_begun && line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        if is_begun {
            lines.push(std::mem::take(&mut line));
        }
        if word.width() <= width {
            line.push_str(word);
            continue;
        }
        for piece in pieces(word) {
            if !line.is_empty() && line.width() + piece.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            for c in piece.chars() {
                line.push(c);
                if line.width() > width && line.chars().nth(1).is_some() {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn room(natural: usize, by_words: usize, by_pieces: usize) -> Room {
        Room { natural, by_words, by_pieces, speaks: true }
    }

    #[test]
    fn what_fits_is_not_cut() {
        let rooms = [room(30, 10, 5), room(8, 8, 8)];
        for width in [None, Some(40), Some(100)] {
            let layout = Layout::of(&rooms, width, true);
            assert_eq!((layout.columns, layout.gap), (vec![(0, 30), (1, 8)], 2));
        }
    }

    #[test]
    fn room_that_is_left_goes_to_whoever_has_least() {
        let rooms = [room(30, 10, 5), room(40, 10, 5), room(12, 4, 4)];
        let layout = Layout::of(&rooms, Some(45), true);
        assert_eq!((layout.columns, layout.gap), (vec![(0, 15), (1, 14), (2, 12)], 2));
    }

    #[test]
    fn columns_move_together_before_any_is_left_out() {
        let rooms = [room(10, 10, 10), room(10, 10, 10), room(10, 10, 10)];
        let layout = Layout::of(&rooms, Some(32), true);
        assert_eq!((layout.gap, layout.left_out), (1, Vec::new()));
    }

    #[test]
    fn what_says_nothing_is_left_out_first_then_the_last() {
        let silent = Room { speaks: false, ..room(10, 10, 10) };
        let rooms = [room(10, 10, 10), silent, room(10, 10, 10), room(10, 10, 10)];
        assert_eq!(Layout::of(&rooms, Some(32), true).left_out, [1]);
        assert_eq!(Layout::of(&rooms, Some(25), true).left_out, [1, 3]);
        // Whoever chose the columns gets them, though the terminal breaks the lines.
        assert_eq!(Layout::of(&rooms, Some(25), false).left_out, Vec::<usize>::new());
    }

    #[test]
    fn ids_break_after_hyphens_and_numbers_of_a_telephone_do_not() {
        assert_eq!(broken("manchester-memorial", 11), ["manchester-", "memorial"]);
        assert_eq!(broken("service:stroke-ready", 16), ["service:stroke-", "ready"]);
        assert_eq!(broken("call +1-860-545-5000 now", 15), ["call", "+1-860-545-5000", "now"]);
        assert_eq!(pieces("+1-860-545-5000").count(), 1);
        assert_eq!(broken("08-04 10:00", 6), ["08-04", "10:00"]);
        assert_eq!(broken("unbreakable", 4), ["unbr", "eaka", "ble"]);
        assert_eq!(broken("中中中", 5), ["中中", "中"]);
    }

    proptest! {
        #[test]
        fn a_table_is_no_wider_than_the_terminal_while_columns_can_be_left_out(
            rooms in prop::collection::vec((1..40_usize, 1..40_usize, 1..40_usize, any::<bool>()), 1..20),
            width in 20..200_usize,
        ) {
            let room = |(a, b, c, speaks): (usize, usize, usize, bool)| {
                let mut sizes = [a, b, c];
                sizes.sort_unstable();
                Room { natural: sizes[2], by_words: sizes[1], by_pieces: sizes[0], speaks }
            };
            let rooms: Vec<Room> = rooms.into_iter().map(room).collect();
            let layout = Layout::of(&rooms, Some(width), true);
            let whole = whole_of(layout.columns.iter().map(|(_, width)| *width), layout.gap);
            prop_assert!(whole <= width || layout.columns.len() <= FEWEST, "{layout:?}");
            prop_assert_eq!(layout.columns.len() + layout.left_out.len(), rooms.len());
            for (at, width) in layout.columns {
                prop_assert!((rooms[at].by_pieces..=rooms[at].natural).contains(&width));
            }
        }

        #[test]
        fn a_broken_text_says_the_same_in_lines_that_fit(text in "[a-z0-9 :+-]{0,60}", width in 1..30_usize) {
            let lines = broken(&text, width);
            prop_assert!(lines.iter().all(|line| line.width() <= width), "{lines:?}");
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
