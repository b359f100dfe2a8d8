//! The lexer: a text as words and commas that know where they stand.
//!
//! Floor 1: it cuts, and judges nothing; what a word means is the parser's business.

use crate::model::{Span, fold};

/// A word, a comma, or a `+` that joins two words.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    /// As it was typed.
    pub(super) text: &'a str,
    /// As it is compared: [`fold`]ed. Empty for a comma and a bare `&` or `-`, which names may hold.
    pub(super) key: String,
    /// Where it stands.
    pub(super) span: Span,
}

impl Token<'_> {
    /// Whether it is a comma.
    pub(super) fn is_comma(&self) -> bool {
        self.text == ","
    }
    /// Whether it begins with a digit, as durations and clock times do.
    pub(super) fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// Cuts at white space, at commas, and at a `+` before a letter (`stroke+trauma`, but not `+30m`). Full stops at the
/// end of the text are dropped.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = None;
    let mut push = |from: usize, to: usize| {
        tokens.push(Token { text: &text[from..to], key: fold(&text[from..to]), span: from..to });
    };
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joins = c == ',' || c == '+' && chars.peek().is_some_and(|(_, next)| next.is_alphabetic());
        if c.is_whitespace() || joins {
            if let Some(from) = start.take() {
                push(from, at);
            }
            if joins {
                push(at, at + c.len_utf8());
            }
        } else {
            start.get_or_insert(at);
        }
    }
    if let Some(from) = start {
        push(from, text.len());
    }
    while let Some(last) = tokens.last_mut() {
        last.text = last.text.trim_end_matches('.');
        last.span.end = last.span.start + last.text.len();
        if !last.text.is_empty() {
            break;
        }
        tokens.pop();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).iter().map(|token| token.text).collect()
    }

    #[test]
    fn commas_stand_alone_and_the_last_full_stop_goes() {
        assert_eq!(
            words("St. Mary's closed,route to\tECHN. "),
            ["St.", "Mary's", "closed", ",", "route", "to", "ECHN"]
        );
        assert_eq!(words("closed .. ."), ["closed"]);
    }

    #[test]
    fn a_plus_joins_words_and_signs_numbers() {
        assert_eq!(words("stroke+trauma"), ["stroke", "+", "trauma"]);
        assert_eq!(words("until +30m"), ["until", "+30m"]);
    }

    #[test]
    fn spans_are_bytes_of_the_text() {
        let all = tokens("é, b");
        assert_eq!(all.iter().map(|token| token.span.clone()).collect::<Vec<_>>(), [0..2, 2..3, 4..5]);
    }
}
