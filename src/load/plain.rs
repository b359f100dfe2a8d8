//! Plain TOML, read by hand: what nearly every line of a large registry looks like.
//!
//! `key = "text"`, numbers, true and false, arrays and inline tables of these, comments, and headers of bare keys. Whatever
//! else stands in a table (escapes, dotted keys, dates…) has TOML's parser read that table's keys; what is no TOML, or
//! stands twice, or comes back to a table that was left, has it read the whole text. So nothing is said here of mistakes,
//! and a text that is read here means what TOML's parser says that it means: tests compare the two.
//!
//! Floor 4; knows nothing of what the keys mean.

use std::borrow::Cow;
use std::collections::HashSet;

use toml::de::DeTable;

use super::tree::{Data, Keys, Pair, Value};
use crate::model::Span;

/// Deeper than any value or table of a registry; what is deeper is left to TOML's parser, which guards its stack.
const DEEPEST: usize = 4;
/// A header's tables are looked for among so many, the last ones: those that it leads through stand right before it.
const NEAR: usize = 16;
/// As much as most arrays and inline tables hold: `services`, `ed`.
const FEW: usize = 2;

/// The whole text as a tree; `None`: TOML's parser must read it.
pub(super) fn read(text: &str) -> Option<Keys<'_>> {
    let mut reader = Reader { text, at: 0 };
    let mut scratch = Vec::new();
    let mut root = Keys { pairs: reader.body(&mut scratch)?, open: true };
    while reader.at < text.len() {
        let header = reader.header()?;
        let pairs = reader.body(&mut scratch)?;
        header.put(pairs, &mut root)?;
    }
    (!has_repetition(&root)).then_some(root)
}

/// The part of a text before the first line that begins with a bracket. Of a text that begins outside of any value, that is
/// all before the first header, or ends within an array or a string, which is then not closed.
pub(super) fn before_header(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start_matches('\u{feff}').trim_start().starts_with('[') {
            break;
        }
        end += line.len();
    }
    &text[..end]
}

/// Whether a key stands twice in a table that headers opened.
fn has_repetition(keys: &Keys<'_>) -> bool {
    let twice = if keys.len() <= NEAR {
        // Keys that differ in length, or in their first letter or last, need no closer look.
        let mut seen = 0_u64;
        let may_be_twice = keys.iter().any(|pair| {
            let key = pair.key.as_bytes();
            let letter = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default());
            let bit = 1 << ((key.len() + 5 * letter(key.first()) + 11 * letter(key.last())) % 64);
            let before = seen;
            seen |= bit;
            before & bit != 0
        });
        may_be_twice
            && keys.iter().enumerate().any(|(at, pair)| keys.pairs[..at].iter().any(|it| it.key == pair.key))
    } else {
        let mut seen = HashSet::with_capacity(keys.len());
        !keys.iter().all(|pair| seen.insert(pair.key.as_ref()))
    };
    let within = |value: &Value<'_>| match &value.data {
        Data::Table(keys) => keys.open && has_repetition(keys),
        _ => false,
    };
    twice
        || keys.iter().any(|pair| match &pair.value.data {
            Data::Array(values) => values.iter().any(within),
            _ => within(&pair.value),
        })
}

/// `[facility.bergen]` or `[[rule]]`
struct Header<'t> {
    /// The tables that it leads through.
    path: Vec<(&'t str, Span)>,
    /// The table that it opens.
    key: (&'t str, Span),
    span: Span,
    is_array: bool,
}

impl<'t> Header<'t> {
    /// Puts the table with these keys where the header says.
    fn put(self, pairs: Vec<Pair<'t>>, root: &mut Keys<'t>) -> Option<()> {
        let mut parent = root;
        for (key, span) in self.path {
            parent = step(parent, key, &span)?;
        }
        let table = Value::new(Data::Table(Keys { pairs, open: true }), &self.span);
        let (key, span) = self.key;
        if !self.is_array {
            parent.pairs.push(Pair::new(Cow::Borrowed(key), &span, table));
            return Some(());
        }
        if let Some(at) = near(parent, key) {
            let Data::Array(values) = &mut parent.pairs[at].value.data else { return None };
            values.last()?.as_table().filter(|last| last.open)?;
            values.push(table);
        } else {
            let array = Value::new(Data::Array(vec![table]), &self.span);
            parent.pairs.push(Pair::new(Cow::Borrowed(key), &span, array));
        }
        Some(())
    }
}

/// The table of a key on a header's path.
fn step<'a, 't>(keys: &'a mut Keys<'t>, key: &'t str, span: &Span) -> Option<&'a mut Keys<'t>> {
    let at = near(keys, key).unwrap_or_else(|| {
        let table = Value::new(Data::Table(Keys { pairs: Vec::new(), open: true }), span);
        keys.pairs.push(Pair::new(Cow::Borrowed(key), span, table));
        keys.pairs.len() - 1
    });
    let value = match &mut keys.pairs[at].value.data {
        Data::Array(values) => &mut values.last_mut()?.data,
        data => data,
    };
    match value {
        Data::Table(keys) if keys.open => Some(keys),
        _ => None,
    }
}

/// Where a key stands among the last ones. One that stands farther up is found to stand twice in the end.
fn near(keys: &Keys<'_>, key: &str) -> Option<usize> {
    let first = keys.pairs.len().saturating_sub(NEAR);
    keys.pairs[first..].iter().rposition(|pair| pair.key == key).map(|at| first + at)
}

/// A place in the text, always between two characters.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    /// The keys up to the next header.
    fn body(&mut self, scratch: &mut Vec<Pair<'t>>) -> Option<Vec<Pair<'t>>> {
        let begin = self.at;
        scratch.clear();
        if self.lines(scratch).is_some() {
            let mut pairs = Vec::with_capacity(scratch.len());
            pairs.append(scratch);
            return Some(pairs);
        }
        let body = before_header(&self.text[begin..]);
        self.at = begin + body.len();
        self.blank();
        // Where a text begins, its parser passes over a byte order mark.
        if begin > 0 && body.starts_with('\u{feff}') {
            return None;
        }
        let (tree, errors) = DeTable::parse_recoverable(body);
        errors.is_empty().then(|| Keys::of(tree.into_inner(), begin).pairs)
    }

    /// Plain lines, up to the next header.
    fn lines(&mut self, pairs: &mut Vec<Pair<'t>>) -> Option<()> {
        loop {
            self.gap()?;
            if matches!(self.peek(), None | Some(b'[')) {
                return Some(());
            }
            pairs.push(self.pair(DEEPEST)?);
            self.end_of_line()?;
        }
    }

    /// `key = value`
    fn pair(&mut self, deepest: usize) -> Option<Pair<'t>> {
        let (key, span) = self.bare_key()?;
        self.blank();
        self.take(b'=')?;
        self.blank();
        let value = self.value(deepest)?;
        Some(Pair::new(Cow::Borrowed(key), &span, value))
    }

    fn header(&mut self) -> Option<Header<'t>> {
        let begin = self.at;
        self.take(b'[')?;
        let is_array = self.take(b'[').is_some();
        let mut path = Vec::new();
        let mut key = self.bare_key()?;
        while self.take(b'.').is_some() {
            path.push(std::mem::replace(&mut key, self.bare_key()?));
            if path.len() > DEEPEST {
                return None;
            }
        }
        self.take(b']')?;
        if is_array {
            self.take(b']')?;
        }
        let span = begin..self.at;
        self.end_of_line()?;
        Some(Header { path, key, span, is_array })
    }

    fn value(&mut self, deepest: usize) -> Option<Value<'t>> {
        let begin = self.at;
        let deeper = deepest.checked_sub(1)?;
        let data = match self.peek()? {
            b'"' => Data::String(Cow::Borrowed(self.string()?)),
            b'[' => Data::Array(self.array(deeper)?),
            b'{' => Data::Table(self.inline_table(deeper)?),
            _ => scalar(self.run(NUMBER))?,
        };
        Some(Value::new(data, &(begin..self.at)))
    }

    /// A string on one line, without an escape.
    fn string(&mut self) -> Option<&'t str> {
        self.take(b'"')?;
        let text = self.run(TEXT);
        self.take(b'"')?;
        // Three quotes open a string of many lines.
        (!text.is_empty() || self.peek() != Some(b'"')).then_some(text)
    }

    fn array(&mut self, deepest: usize) -> Option<Vec<Value<'t>>> {
        self.take(b'[')?;
        let mut values = Vec::with_capacity(FEW);
        self.gap()?;
        while self.take(b']').is_none() {
            values.push(self.value(deepest)?);
            self.gap()?;
            if self.take(b',').is_some() {
                self.gap()?;
            } else if self.peek() != Some(b']') {
                return None;
            }
        }
        Some(values)
    }

    /// An inline table on one line.
    fn inline_table(&mut self, deepest: usize) -> Option<Keys<'t>> {
        self.take(b'{')?;
        let mut pairs: Vec<Pair<'t>> = Vec::with_capacity(FEW);
        self.blank();
        while self.take(b'}').is_none() {
            pairs.push(self.pair(deepest)?);
            self.blank();
            if self.take(b',').is_some() {
                self.blank();
            } else if self.peek() != Some(b'}') {
                return None;
            }
        }
        let keys = Keys { pairs, open: false };
        (!has_repetition(&keys)).then_some(keys)
    }

    fn bare_key(&mut self) -> Option<(&'t str, Span)> {
        let begin = self.at;
        let key = self.run(BARE_KEY);
        (!key.is_empty()).then_some((key, begin..self.at))
    }

    /// White space, newlines and comments.
    fn gap(&mut self) -> Option<()> {
        loop {
            self.blank();
            match self.peek() {
                Some(b'\n' | b'\r' | b'#') => self.end_of_line()?,
                _ => return Some(()),
            }
        }
    }

    /// The rest of a line on which nothing more stands than a comment.
    fn end_of_line(&mut self) -> Option<()> {
        self.blank();
        if self.peek() == Some(b'#') {
            self.run(COMMENT);
        }
        if self.at == self.text.len() {
            return Some(());
        }
        let _ = self.take(b'\r');
        self.take(b'\n')
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }
    /// The bytes that may stand in such a word. All bytes of a character beyond ASCII may, or none.
    fn run(&mut self, word: u8) -> &'t str {
        let begin = self.at;
        let rest = &self.text.as_bytes()[begin..];
        self.at += rest.iter().position(|byte| WORDS[usize::from(*byte)] & word == 0).unwrap_or(rest.len());
        &self.text[begin..self.at]
    }
}

const BARE_KEY: u8 = 1;
/// A number, true or false.
const NUMBER: u8 = 2;
/// A string, up to its end or its first escape.
const TEXT: u8 = 4;
const COMMENT: u8 = 8;
/// In which words each byte may stand: one look, where to ask for letters, digits and signs in turn took most of the time.
const WORDS: [u8; 256] = {
    let mut words = [0; 256];
    let mut at = 0;
    while at < 256 {
        #[allow(clippy::cast_possible_truncation)] // it ends before
        let byte = at as u8;
        // What no string or comment may hold: a tab is none.
        let is_control = (byte < b' ' && byte != b'\t') || byte == 0x7f;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            words[at] |= BARE_KEY;
        }
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.') {
            words[at] |= NUMBER;
        }
        if byte != b'"' && byte != b'\\' && !is_control {
            words[at] |= TEXT;
        }
        if !is_control {
            words[at] |= COMMENT;
        }
        at += 1;
    }
    words
};

/// A number in its simplest form, true or false.
fn scalar(word: &str) -> Option<Data<'static>> {
    match word {
        "true" => return Some(Data::Boolean(true)),
        "false" => return Some(Data::Boolean(false)),
        _ => {}
    }
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word).as_bytes();
    let whole = digits(unsigned);
    if whole == 0 || (whole > 1 && unsigned[0] == b'0') {
        return None;
    }
    match &unsigned[whole..] {
        [] => word.parse().ok().map(|value| Data::Integer { value, decimal: true }),
        [b'.', fraction @ ..] if !fraction.is_empty() && digits(fraction) == fraction.len() => {
            word.parse().ok().map(Data::Float)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// What TOML's parser makes of the whole text, if it is without mistakes.
    fn toml(text: &str) -> Option<Keys<'_>> {
        let (tree, errors) = DeTable::parse_recoverable(text);
        errors.is_empty().then(|| Keys::of(tree.into_inner(), 0))
    }

    fn same(one: &Keys<'_>, other: &Keys<'_>) -> bool {
        let matches = |pair: &Pair<'_>| {
            other.iter().any(|with| {
                with.key == pair.key
                    && with.key_span() == pair.key_span()
                    && same_value(&with.value, &pair.value)
            })
        };
        one.len() == other.len() && one.iter().all(matches)
    }
    fn same_value(one: &Value<'_>, other: &Value<'_>) -> bool {
        one.span() == other.span()
            && match (&one.data, &other.data) {
                (Data::Table(one), Data::Table(other)) => same(one, other),
                (Data::Array(one), Data::Array(other)) => {
                    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same_value(a, b))
                }
                // Not a number is not equal to itself.
                (Data::Float(one), Data::Float(other)) => one.to_bits() == other.to_bits(),
                (one, other) => one == other,
            }
    }
    /// Fails where the text is read, and means something else to TOML's parser.
    fn agree(text: &str) -> bool {
        let Some(read) = read(text) else { return false };
        let toml = toml(text);
        assert!(toml.as_ref().is_some_and(|toml| same(&read, toml)), "{text}\n{read:#?}\n{toml:#?}");
        true
    }

    fn texts_under(directory: &Path) -> Vec<(std::path::PathBuf, String)> {
        let mut texts = Vec::new();
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                texts.extend(texts_under(&path));
            } else if path.extension().is_some_and(|ending| ending == "toml")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                texts.push((path, text));
            }
        }
        texts
    }

    #[test]
    fn every_registry_that_ships_is_plain() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut texts = texts_under(&root.join("examples"));
        texts.extend(texts_under(&root.join("src")));
        texts.push((root.into(), std::fs::read_to_string(root.join("facilities.toml")).unwrap()));
        assert!(texts.len() > 10);
        for (path, text) in texts {
            assert!(agree(&text), "{}", path.display());
        }
    }

    #[test]
    fn registries_with_mistakes_mean_nothing_else() {
        let texts = texts_under(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
        assert!(texts.iter().filter(|(_, text)| !agree(text)).count() > 0, "some have mistakes");
    }

    #[test]
    fn one_table_that_is_not_plain_leaves_the_others_so() {
        assert!(agree(
            "[facility.a]\nname = \"A \\\"B\\\" C\"\nids.npi = '1'\nclosed_on = 2022-11-07\n\
             [facility.b]\nname = \"B\"\n"
        ));
    }

    #[test]
    fn what_a_header_may_not_do_is_left_to_tomls_parser() {
        for text in [
            "[a]\n[b]\n[a]\n",
            "[a.b]\n[a]\nx = 1\n",
            "[a]\nb = {}\n[a.b]\n",
            "[a]\nb.c = 1\n[a.b.d]\n",
            "a = [{}]\n[[a]]\n",
            "a = []\n[[a]]\n",
            "[a]\nx = 1\nx = 2\n",
            "[a]\nb = [\n[a.b]\n]\n",
            "[a]\nb = \"\"\"\n[a.b]\nc = 1\n\"\"\"\n",
        ] {
            assert!(!agree(text), "{text}");
        }
    }

    #[test]
    fn depth_is_left_to_tomls_parser() {
        let deep = "a".to_owned() + &".a".repeat(100_000);
        let brackets = "a = ".to_owned() + &"[".repeat(100_000);
        for text in [format!("[{deep}]\n"), format!("{deep} = 1\n"), brackets] {
            assert!(!agree(&text));
        }
    }

    fn value() -> impl Strategy<Value = String> {
        let plain = prop_oneof![
            "[-+]?[0-9]{1,3}(\\.[0-9]{0,2})?",
            "\"[a-zé#\\[\\] ]{0,6}\"",
            "\"[a-z\\\\\"n]{0,4}\"",
            "'[a-z]{0,3}'",
            Just("true".to_owned()),
            Just("0x1F".to_owned()),
            Just("1_000".to_owned()),
            Just("-9223372036854775809".to_owned()),
            Just("1e3".to_owned()),
            Just("nan".to_owned()),
            Just("2023-08-04".to_owned()),
            Just("2023-08-04 09:00:00Z".to_owned()),
            Just("\"\"\"a\n[b]\n\"\"\"".to_owned()),
            Just("\"\"".to_owned()),
            Just("{}".to_owned()),
        ];
        plain.prop_recursive(5, 24, 3, |inner| {
            prop_oneof![
                (prop::collection::vec(inner.clone(), 0..3), "[,\n# ]{0,2}")
                    .prop_map(|(values, end)| format!("[{}{end}]", values.join(" ,"))),
                (inner.clone(), inner, ",?")
                    .prop_map(|(one, other, end)| format!("{{ a = {one}, b={other}{end} }}")),
            ]
        })
    }

    fn line() -> impl Strategy<Value = String> {
        let key = "[abc]|[ab]\\.[abc]|\"a\"";
        prop_oneof![
            6 => (key, "[ \t]?", value(), " ?(# é)?").prop_map(|(key, gap, value, end)| {
                format!("{gap}{key}{gap}={gap}{value}{end}")
            }),
            3 => "\\[[ab](\\.[abc]){0,2}\\] ?(# x)?",
            2 => "\\[\\[[abc](\\.[abc])?\\]\\]",
            1 => "\\[ ?[ab] ?\\.\"?[ab]\"? ?\\]",
            1 => "#.{0,3}|[ \t\r]{0,2}",
            1 => "[a-c=\\[\\]{}.\", \u{feff}\u{1}]{0,4}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]
        #[test]
        fn whatever_is_read_means_what_tomls_parser_says(
            lines in prop::collection::vec(line(), 0..7), end in "\n|\r\n", cut in 0usize..200,
        ) {
            let text = lines.join(&end);
            agree(&text);
            // Anywhere broken off, as well.
            if let Some(text) = text.get(..cut) {
                agree(text);
            }
        }
    }
}
