//! The table for people: a heading, a thin rule, rows; or the answer, or the drawing, in its place.
//!
//! Floor 5. How it fits a width is the business of `layout`, comfy-table draws it, and what finds no room is named below.

use std::collections::BTreeSet;
use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

use crate::report::{Cell, Line, Sheet, Tone};

use super::layout::{Layout, Room, broken};
use super::paint::paint;
use super::select::{Selection, is_numeric, select};
use super::{Format, Options, lanes, safe, text};

/// Stands between cells and between rows while comfy-table lays out, so that cells can be painted afterwards. Safe
/// text has no control characters, so these can't occur in it.
const CELL_END: char = '\u{1f}';
const ROW_END: char = '\u{1e}';

/// How far the rule under the headings runs where the table is uncut.
const LONGEST_RULE: usize = 100;

/// Writes a sheet for people.
pub(super) fn write(sheet: &Sheet, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    if let Some(answer) = &sheet.answer {
        // The answer comes first, in one line fit for the radio; what it rests on comes after it.
        write_answer(answer, options, out)?;
        if options.headers {
            write_lines(&sheet.footer, options, out)?;
            if !sheet.header.is_empty() {
                writeln!(out)?;
            }
            write_lines(&sheet.header, options, out)?;
        }
        return Ok(());
    }
    if options.headers {
        write_lines(&sheet.header, options, out)?;
    }
    let body = match &sheet.drawing {
        Some(drawing) => lanes::draw(drawing, options),
        None => rows(sheet, options),
    };
    if options.headers && !sheet.header.is_empty() && !body.is_empty() {
        writeln!(out)?;
    }
    for line in &body {
        writeln!(out, "{line}")?;
    }
    if options.headers && !sheet.footer.is_empty() {
        if !(body.is_empty() && sheet.header.is_empty()) {
            writeln!(out)?;
        }
        write_lines(&sheet.footer, options, out)?;
    }
    Ok(())
}

/// Writes the values of one column, each once, in their order.
pub(super) fn write_ids(
    sheet: &Sheet,
    key: &'static str,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_ids_told(sheet, sheet.rows.iter().map(Ok), key, options, out)
}

/// The same of rows that come one after the other.
pub(super) fn write_ids_told<R: AsRef<[Cell]>>(
    sheet: &Sheet,
    rows: impl Iterator<Item = io::Result<R>>,
    key: &'static str,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(at) = sheet.columns.iter().position(|column| column.key == key) else {
        return Ok(());
    };
    let mut seen = BTreeSet::new();
    for row in rows {
        let row = row?;
        let Some(cell) = row.as_ref().get(at) else { continue };
        let id = safe::terminal(&text::shown(&cell.value, sheet), options.ascii);
        if !id.is_empty() && !seen.contains(&id) {
            writeln!(out, "{id}")?;
            seen.insert(id);
        }
    }
    Ok(())
}

fn write_answer(answer: &[Line], options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for (index, line) in answer.iter().enumerate() {
        // The first line is the answer: one line, whatever the width.
        let width = options.width.filter(|_| index > 0);
        for text in text::wrap(&safe::terminal(&line.text, options.ascii), width) {
            writeln!(out, "{}", paint(&text, line.tone, options.color))?;
        }
    }
    Ok(())
}

fn write_lines(lines: &[String], options: &Options, out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        for line in text::wrap(&safe::terminal(line, options.ascii), options.width) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// The rows, laid out and painted.
fn rows(sheet: &Sheet, options: &Options) -> Vec<String> {
    let selection = select(sheet, Format::Table, options);
    if selection.rows.is_empty() || selection.columns.is_empty() {
        return Vec::new();
    }
    let texts: Vec<Vec<String>> = selection
        .rows
        .iter()
        .map(|row| {
            row.iter().map(|cell| safe::terminal(&text::shown(&cell.value, sheet), options.ascii)).collect()
        })
        .collect();
    let headings: Vec<String> =
        selection.columns.iter().map(|column| safe::terminal(column.heading, options.ascii)).collect();
    let rooms: Vec<Room> = (0..selection.columns.len())
        .map(|at| {
            let mut room = if options.headers { Room::of_heading(&headings[at]) } else { Room::default() };
            for (row, texts) in selection.rows.iter().zip(&texts) {
                if let (Some(cell), Some(text)) = (row.get(at), texts.get(at)) {
                    room.take(&selection.columns[at].kind, cell, text);
                }
            }
            room
        })
        .collect();
    let layout = Layout::of(&rooms, options.width, options.columns.is_none());
    let table = lay_out(&layout, &selection, &headings, &texts, options);
    let mut lines = painted(&table, &layout, &selection, options);
    lines.extend(remark(&layout, &selection, options));
    lines
}

/// The table as it is laid out: texts are broken already.
fn lay_out(
    layout: &Layout,
    selection: &Selection<'_>,
    headings: &[String],
    texts: &[Vec<String>],
    options: &Options,
) -> Table {
    let rule = if options.ascii { '-' } else { '─' };
    let style = TableStyle::new()
        .header_lines(ContentLineStyle::none().junction(CELL_END))
        .header_separator(LineStyle::none().fill(rule).junction(CELL_END))
        .content_lines(ContentLineStyle::none().junction(CELL_END))
        .row_separator(LineStyle::none().fill(ROW_END).junction(ROW_END));
    let mut table = Table::new();
    table.load_style(style);
    let cells = |texts: &[String]| -> Vec<String> {
        let text = |at: usize| texts.get(at).map_or("", String::as_str);
        layout.columns.iter().map(|(at, width)| broken(text(*at), *width).join("\n")).collect()
    };
    if options.headers {
        table.set_header(cells(headings));
    }
    table.add_rows(texts.iter().map(|row| cells(row)));
    table.set_content_arrangement(ContentArrangement::Disabled);
    // The mark between two cells is one of those that part them.
    let padding = u16::from(layout.gap > 1);
    for ((place, (at, _)), laid_out) in (1..).zip(&layout.columns).zip(table.column_iter_mut()) {
        laid_out.set_padding((0, if place < layout.columns.len() { padding } else { 0 }));
        if is_numeric(selection, *at) {
            laid_out.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The laid-out lines with every cell in its tone.
fn painted(table: &Table, layout: &Layout, selection: &Selection<'_>, options: &Options) -> Vec<String> {
    let mut row = 0;
    let mut heading = if options.headers { Heading::Words } else { Heading::Done };
    let rule = if options.ascii { '-' } else { '─' };
    let mut lines = Vec::new();
    for line in table.lines() {
        if line.starts_with(ROW_END) {
            row += 1;
            continue;
        }
        let is_rule = heading == Heading::Words && line.chars().all(|c| c == rule || c == CELL_END);
        if is_rule {
            heading = Heading::Done;
            let width = line.chars().count().min(options.width.unwrap_or(LONGEST_RULE));
            let rule = rule.to_string().repeat(width);
            lines.push(paint(&rule, Tone::Faint, options.color));
            continue;
        }
        let mut out = String::new();
        let cells: Vec<&str> = line.split(CELL_END).collect();
        for (at, cell) in cells.iter().enumerate() {
            let tone = match heading {
                Heading::Words => Tone::Faint,
                Heading::Done => {
                    let cell = selection.rows[row].get(layout.columns[at].0);
                    cell.map_or(Tone::Plain, |cell| cell.tone)
                }
            };
            let last = at + 1 == cells.len();
            let word = cell.trim_end();
            let lead = word.len() - word.trim_start().len();
            out.push_str(&word[..lead]);
            out.push_str(&paint(&word[lead..], tone, options.color));
            if !last {
                out.push_str(&cell[word.len()..]);
                out.push(' ');
            }
        }
        lines.push(out.trim_end().to_owned());
    }
    lines
}

/// Which part of the table a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heading {
    Words,
    Done,
}

/// Which columns found no room, and how to see them: also below rows that stand alone, for nothing goes unsaid.
fn remark(layout: &Layout, selection: &Selection<'_>, options: &Options) -> Vec<String> {
    let (Some(width), false) = (options.width, layout.left_out.is_empty()) else { return Vec::new() };
    let keys: Vec<String> =
        layout.left_out.iter().map(|at| format!("`{}`", selection.columns[*at].key)).collect();
    let remark = format!(
        "left out, for a terminal of {width} columns has no room: {}; choose with `--columns`, or see all with `-F csv`",
        keys.join(", ")
    );
    let mut lines = vec![String::new()];
    lines.extend(text::wrap(&remark, options.width));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{board, written};
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn options() -> Options {
        Options::default()
    }

    #[test]
    fn a_table_is_calm_and_uncut_when_piped() {
        assert_eq!(
            written(&board(), Format::Table, &options()),
            "Fri 2023-08-04 10:00 -04:00 · Prospect\n\
             \n\
             facility             status   reason                                       min\n\
             ──────────────────────────────────────────────────────────────────────────────\n\
             manchester-memorial  closed   =cmd|' /C calc'!A0␤<U+001B>[31mred<U+202E>  12.0\n\
             rockville-general    unknown\n"
        );
    }

    #[test]
    fn it_fits_the_width_and_breaks_no_status() {
        for width in [60, 80] {
            let mut sheet = board();
            sheet.rows[0][2] =
                "boarding: thirty patients wait for a bed upstairs, CT is down and nobody knows for how long"
                    .into();
            let table = written(&sheet, Format::Table, &Options { width: Some(width), ..options() });
            assert!(table.lines().all(|line| line.width() <= width), "{width}\n{table}");
            assert!(table.contains("manchester-memorial") && table.contains("unknown"), "{table}");
            let words: Vec<&str> = table.split_whitespace().collect();
            assert!(words.contains(&"boarding:") && words.contains(&"upstairs,"), "{table}");
        }
    }

    #[test]
    fn what_finds_no_room_is_named_below_and_had_by_asking() {
        let narrow = Options { width: Some(24), ..options() };
        let table = written(&board(), Format::Table, &narrow);
        let words = table.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("no room: `reason`, `minutes`;") && !table.contains("12.0"), "{table}");
        assert!(table.lines().all(|line| line.width() <= 24), "{table}");
        let asked = Options { columns: Some(vec!["status".to_owned(), "minutes".to_owned()]), ..narrow };
        let table = written(&board(), Format::Table, &asked);
        assert!(table.contains("12.0") && !table.contains("left out"), "{table}");
    }

    #[test]
    fn ascii_means_ascii() {
        let mut sheet = board();
        sheet.rows[1][2] = "Sáint Mary’s — 中".into();
        sheet.footer = vec!["minutes × 2 → more".to_owned()];
        let table = written(&sheet, Format::Table, &Options { ascii: true, ..options() });
        assert!(table.is_ascii(), "{table}");
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let plain = written(&board(), Format::Table, &options());
        let coloured = written(&board(), Format::Table, &Options { color: true, ..options() });
        assert!(coloured.contains("\u{1b}[1;31mclosed\u{1b}[0m"), "{coloured}");
        let mut stripped = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            stripped.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        stripped.push_str(rest);
        assert_eq!(stripped, plain);
    }

    #[test]
    fn the_answer_comes_first_and_whole() {
        let mut sheet = board();
        sheet.answer = Some(vec![Line::plain("Hartford Hospital, 14.0 min, +1-860-545-5000")]);
        let text = written(&sheet, Format::Table, &Options { width: Some(20), ..options() });
        assert!(text.starts_with("Hartford Hospital, 14.0 min, +1-860-545-5000\n"), "{text}");
    }

    #[test]
    fn without_headers_only_rows_are_left() {
        let table = written(&board(), Format::Table, &Options { headers: false, ..options() });
        assert_eq!(table.lines().count(), 2, "{table}");
        assert!(table.starts_with("manchester-memorial  closed"), "{table}");
    }

    #[test]
    fn ids_stand_alone_and_once() {
        let mut sheet = board();
        sheet.rows.push(sheet.rows[0].clone());
        let ids = written(&sheet, Format::Table, &Options { ids_only: Some("facility"), ..options() });
        assert_eq!(ids, "manchester-memorial\nrockville-general\n");
    }
}
