//! Safety: text of files and logs is data, and must never drive a terminal, forge a row or run in a spreadsheet.
//!
//! Floor 5. Nothing is dropped in silence: what can't be shown is shown by its number.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::diagnostic::SIGNS;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether a character is a control (C0, C1), a line or paragraph separator, reorders text, or has no width where it
/// stands. A plain space is none of these.
pub fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'                              // C0, delete, C1
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // bidi
        | '\u{2028}' | '\u{2029}'                                             // separators of lines, paragraphs
        | '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'      // zero width
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' // blank fillers
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'                 // variation selectors, tags
    )
}

/// Whether all of a text is printable ASCII, as nearly every text is: nothing in it is unsafe.
pub fn is_plain(text: &str) -> bool {
    // All of them are looked at, for then many are at once.
    text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
}

/// One line for a terminal: newlines show as `␤`, tabs as a space, other unsafe characters as `<U+202E>`. With `ascii`
/// letters lose their accents, signs become their nearest ASCII, and what is left shows by its number.
pub fn terminal(text: &str, ascii: bool) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' => out.push_str(if ascii { "<LF>" } else { "␤" }),
            '\t' => out.push(' '),
            c if is_unsafe(c) => push_number(&mut out, c),
            c if ascii && !c.is_ascii() => push_ascii(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

/// One line for csv and tsv: line breaks and tabs become a space, other unsafe characters show as `<U+202E>`.
pub fn flat(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if is_unsafe(c) => push_number(&mut out, c),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a spreadsheet would run a cell with this text: it begins, but for white space, with `= + - @`, with their
/// full-width forms, or with a tab or carriage return. Numbers and phone numbers are what they look like.
pub fn is_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r']) {
        return true;
    }
    let text = text.trim_start();
    text.starts_with(SIGNS) && !is_number(text) && !is_phone(text)
}

fn is_number(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// `+1-860-646-1222`: a plus, then groups of digits.
fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')'))
            && rest.chars().filter(char::is_ascii_digit).count() >= 5
    })
}

/// A GitHub table cell: [`terminal`], with everything escaped that Markdown or HTML would read.
pub fn markdown(text: &str, ascii: bool) -> String {
    let text = terminal(text, ascii);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '#' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// A text to be quoted whose byte positions must stay: every byte of an unsafe character but tab and newline becomes `?`.
pub fn same_bytes(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| is_unsafe(c) && !matches!(c, '\n' | '\t');
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if harmful(c) {
            out.extend(std::iter::repeat_n('?', c.len_utf8()));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn push_number(out: &mut String, c: char) {
    let _ = write!(out, "<U+{:04X}>", u32::from(c)); // writing to a string does not fail
}

fn push_ascii(out: &mut String, c: char) {
    let near = match c {
        '‘' | '’' | '‛' | '′' => "'",
        '“' | '”' | '„' | '″' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '·' => "-",
        '…' => "...",
        '→' => "->",
        '←' => "<-",
        '×' => "x",
        '≥' => ">=",
        '≤' => "<=",
        '≈' => "~",
        '•' => "*",
        'ß' => "ss",
        'æ' => "ae",
        'Æ' => "AE",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' => "d",
        'Đ' => "D",
        _ => {
            let base: String = std::iter::once(c).nfkd().filter(|c| !is_combining_mark(*c)).collect();
            if base.is_ascii() && !base.chars().any(char::is_control) {
                out.push_str(&base); // empty for a combining mark by itself: its letter stands before it
            } else {
                push_number(out, c);
            }
            return;
        }
    };
    out.push_str(near);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_printable_ascii() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            assert_eq!(is_plain(&format!("a{c}b")), c.is_ascii() && !is_unsafe(c), "{c:?}");
        }
    }

    #[test]
    fn escapes_and_bidi_never_reach_a_terminal() {
        assert_eq!(terminal("\u{1b}[2Jgone", false), "<U+001B>[2Jgone");
        assert_eq!(terminal("a\u{9b}31mb", false), "a<U+009B>31mb");
        assert_eq!(terminal("gnp.\u{202e}exe", false), "gnp.<U+202E>exe");
        assert_eq!(terminal("ma\u{200b}in\u{feff}", false), "ma<U+200B>in<U+FEFF>");
        assert_eq!(terminal("x\u{e0041}", false), "x<U+E0041>");
    }

    #[test]
    fn a_line_break_shows_and_breaks_nothing() {
        assert_eq!(terminal("a\r\nb\nc\td\u{2028}e", false), "a␤b␤c d<U+2028>e");
        assert_eq!(terminal("a\nb", true), "a<LF>b");
        assert_eq!(flat("a\r\nb\nc\td\u{85}e"), "a b c d<U+0085>e");
        assert_eq!(flat("plain"), "plain");
    }

    #[test]
    fn ascii_keeps_letters_and_numbers_the_rest() {
        assert_eq!(terminal("Sáint Mary’s — Łódź", true), "Saint Mary's - Lodz");
        assert_eq!(terminal("e\u{301}", true), "e");
        assert_eq!(terminal("中", true), "<U+4E2D>");
        assert!(terminal("½ № Ω", true).is_ascii());
    }

    #[test]
    fn formulas_are_known_from_numbers_and_phone_numbers() {
        for runs in [
            "=1+1", "+SUM(A1)", "-2+3", "@cmd", "\tx", "\rx", " =1", "＝1", "+1+1", "-", "+", "-inf", "+1-86",
        ] {
            assert!(is_formula(runs), "{runs:?}");
        }
        for safe in ["", "a=1", "-1.5", "+2", "-1e3", "+1-860-646-1222", "+49 (30) 1234-5", "12", "a\t=b"] {
            assert!(!is_formula(safe), "{safe:?}");
        }
    }

    #[test]
    fn a_pipe_opens_no_cell_and_a_tag_no_element() {
        assert_eq!(markdown("a|b <img> *x*\n", false), "a\\|b &lt;img&gt; \\*x\\*␤");
    }

    #[test]
    fn quoted_text_keeps_its_byte_positions() {
        let text = "a\u{202e}b\u{1b}c\u{85}d\te\n";
        assert_eq!(same_bytes(text), "a???b?c??d\te\n");
        assert_eq!(same_bytes(text).len(), text.len());
    }
}
