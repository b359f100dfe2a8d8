//! Every table of every page, sorted by what it defines: the keys of each kind are known before any table is read, so a
//! table may name one that stands after it.
//!
//! Floor 4; reads no table, only its id.

use std::marker::PhantomData;

use super::files::{Layer, Page};
use super::table::{Said, Table, Title};
use super::tree::Keys;
use crate::diagnostic::{Code, Diagnostic, Sink, closest};
use crate::model::{
    FacilityId, NeedId, NetworkId, Place, PolicyId, RegionId, ServiceId, Span, StatusId, ZoneId,
};

/// A table that defines one thing.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t> {
    /// The word for its kind: `facility`.
    pub(super) kind: &'static str,
    /// Its id.
    pub(super) key: &'t str,
    /// Where the id stands.
    span: (usize, usize),
    /// On which page.
    pub(super) page: &'t Page,
    pub(super) entries: &'t Keys<'t>,
}

impl<'t> Entry<'t> {
    /// Where the id stands.
    pub(super) fn span(&self) -> Span {
        self.span.0..self.span.1
    }
    /// File, line and column of the id.
    pub(super) fn place(&self) -> Place {
        self.page.place(&self.span())
    }
    /// A cursor over the table.
    pub(super) fn table(&self) -> Table<'t> {
        Table::new(self.page, Title::Entry(self.kind, self.key), self.span(), self.entries)
    }
    /// A diagnostic about the entry as a whole.
    pub(super) fn complain(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        self.page.complain(code, &self.span(), message)
    }
}

/// The tables of one kind, by id. The n-th gets the n-th id, which is the number that a
/// [`Directory`](crate::model::Directory) gives it too.
pub(super) struct Entries<'t, I> {
    kind: &'static str,
    sorted: Vec<Entry<'t>>,
    id: PhantomData<I>,
}

impl<'t, I: From<u32> + Into<u32> + PartialEq> Entries<'t, I> {
    fn new(kind: &'static str) -> Self {
        Self { kind, sorted: Vec::new(), id: PhantomData }
    }
    /// Every entry, by id.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Entry<'t>> {
        self.sorted.iter()
    }
    /// The entry behind an id.
    pub(super) fn get(&self, id: I) -> &Entry<'t> {
        let at: u32 = id.into();
        &self.sorted[at as usize]
    }
    /// The id of a key, if there is such an entry.
    pub(super) fn id(&self, key: &str) -> Option<I> {
        let at = self.sorted.binary_search_by(|entry| entry.key.cmp(key)).ok()?;
        u32::try_from(at).ok().map(I::from)
    }
    /// The id of a key that a table names; if there is no such entry, that is an error of the table.
    pub(super) fn find(&self, said: &Said<'_>, table: &mut Table<'_>) -> Option<I> {
        let id = self.id(said.text);
        if id.is_none() {
            let message = format!("no {} has the id `{}`", self.kind, said.text);
            let diagnostic = said.complain(Code::UnknownId, message);
            let near = closest(said.text, self.sorted.iter().map(|entry| entry.key));
            table.error(match near {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None if is_id(said.text) => {
                    diagnostic.help(format!("define it as `[{}.{}]`", self.kind, said.text))
                }
                None => diagnostic.help("an id is the key of a table, not a name"),
            });
        }
        id
    }
    /// The id that a key of a table names.
    pub(super) fn one(&self, key: &'static str, table: &mut Table<'_>) -> Option<I> {
        let said = table.string(key)?;
        self.find(&said, table)
    }
    /// The ids that an array of a table names; those that exist. One that stands twice may have been meant for another.
    pub(super) fn several<C: FromIterator<I>>(&self, key: &'static str, table: &mut Table<'_>) -> C {
        let all = table.strings(key);
        let found: Vec<Option<I>> = all.iter().map(|said| self.find(said, table)).collect();
        for (at, said) in all.iter().enumerate() {
            let first = found[..at].iter().position(|first| first.is_some() && *first == found[at]);
            if let Some(first) = first.map(|first| &all[first]) {
                table.error(
                    said.complain(Code::Duplicate, format!("`{key}` names `{}` twice", said.text))
                        .and_at(first.page.file, first.span.clone(), "first here")
                        .help("leave one of them out, or name the one that was meant"),
                );
            }
        }
        found.into_iter().flatten().collect()
    }

    /// Takes every table under `[kind.…]` of a page.
    fn collect(&mut self, root: &mut Table<'t>) {
        let page = root.page;
        let Some(value) = root.value(self.kind) else { return };
        let Some(tables) = value.as_table() else {
            root.wrong_type(self.kind, "tables, each with an id", value);
            return;
        };
        self.sorted.reserve(tables.len());
        for pair in tables.iter() {
            let key = pair.key.as_ref();
            if let Some(entries) = pair.value.as_table() {
                let span = pair.key_span();
                if !is_id(key) {
                    root.error(bad_id(key, page.complain(Code::BadId, &span, "")));
                }
                self.sorted.push(Entry { kind: self.kind, key, span: (span.start, span.end), page, entries });
            } else {
                root.wrong_type(key, "a table", &pair.value);
            }
        }
    }

    /// Sorts by id. A table of a later layer stands in for one of an earlier layer, which is returned.
    fn settle(&mut self, sink: &mut Sink) -> Vec<Entry<'t>> {
        // The sort is stable: within a layer, one id's tables stay in the order of reading.
        self.sorted.sort_by(|a, b| (a.key, a.page.layer).cmp(&(b.key, b.page.layer)));
        let mut replaced = Vec::new();
        let mut kept: Vec<Entry<'t>> = Vec::with_capacity(self.sorted.len());
        for entry in std::mem::take(&mut self.sorted) {
            match kept.last_mut() {
                Some(last) if last.key == entry.key => {
                    if last.page.layer < entry.page.layer {
                        replaced.push(std::mem::replace(last, entry));
                    } else {
                        sink.push(twice(&entry, last));
                    }
                }
                _ => kept.push(entry),
            }
        }
        self.sorted = kept;
        replaced
    }
}

fn twice(second: &Entry<'_>, first: &Entry<'_>) -> Diagnostic {
    second
        .complain(Code::Duplicate, format!("`[{}.{}]` stands twice", second.kind, second.key))
        .and_at(first.page.file, first.span(), "first here")
        .help("give one of them another id, or make one table of both")
}

/// Whether a text has the form of an id.
pub(super) fn is_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().next().is_some_and(fits) && text.bytes().all(|byte| fits(byte) || byte == b'-')
}

/// Says of a place that what stands there is no id.
pub(super) fn bad_id(text: &str, mut at: Diagnostic) -> Diagnostic {
    at.message = format!("`{text}` cannot be an id");
    let fitting: String = text
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .skip_while(|c| *c == '-')
        .collect();
    let at =
        at.help("an id is made of lower-case letters, digits and hyphens, and does not begin with a hyphen");
    if is_id(&fitting) { at.help(format!("`{fitting}` would do")) } else { at }
}

/// All tables.
pub(super) struct Tables<'t> {
    pub(super) registry: Option<Table<'t>>,
    pub(super) travel: Option<Table<'t>>,
    pub(super) networks: Entries<'t, NetworkId>,
    pub(super) regions: Entries<'t, RegionId>,
    pub(super) facilities: Entries<'t, FacilityId>,
    pub(super) zones: Entries<'t, ZoneId>,
    pub(super) services: Entries<'t, ServiceId>,
    pub(super) needs: Entries<'t, NeedId>,
    pub(super) statuses: Entries<'t, StatusId>,
    /// The built-in status types that a file changes, as the catalogue has them.
    pub(super) builtin_statuses: Vec<Entry<'t>>,
    pub(super) policies: Entries<'t, PolicyId>,
    /// What is said of sources. A source has no id of its own: its number here is never used.
    pub(super) sources: Entries<'t, u32>,
    pub(super) rules: Vec<Table<'t>>,
    pub(super) expects: Vec<Table<'t>>,
}

impl<'t> Tables<'t> {
    /// Sorts the tables of every page.
    pub(super) fn collect(
        pages: impl IntoIterator<Item = (&'t Page, &'t Keys<'t>)>,
        sink: &mut Sink,
    ) -> Self {
        let mut all = Self {
            registry: None,
            travel: None,
            networks: Entries::new("network"),
            regions: Entries::new("region"),
            facilities: Entries::new("facility"),
            zones: Entries::new("zone"),
            services: Entries::new("service"),
            needs: Entries::new("need"),
            statuses: Entries::new("status"),
            builtin_statuses: Vec::new(),
            policies: Entries::new("policy"),
            sources: Entries::new("source"),
            rules: Vec::new(),
            expects: Vec::new(),
        };
        for (page, entries) in pages {
            let mut root = Table::new(page, Title::File, 0..0, entries);
            only_one("registry", &mut all.registry, &mut root);
            only_one("travel", &mut all.travel, &mut root);
            all.networks.collect(&mut root);
            all.regions.collect(&mut root);
            all.facilities.collect(&mut root);
            all.zones.collect(&mut root);
            all.services.collect(&mut root);
            all.needs.collect(&mut root);
            all.statuses.collect(&mut root);
            all.policies.collect(&mut root);
            all.sources.collect(&mut root);
            all.rules.extend(root.tables("rule"));
            all.expects.extend(root.tables("expect"));
            // `files` has followed it; here its type is checked.
            root.strings("include");
            root.finish(sink);
        }
        all.networks.settle(sink);
        all.regions.settle(sink);
        all.facilities.settle(sink);
        all.zones.settle(sink);
        all.services.settle(sink);
        all.needs.settle(sink);
        all.builtin_statuses = all.statuses.settle(sink);
        all.builtin_statuses.retain(|entry| entry.page.layer == Layer::Catalogue);
        all.policies.settle(sink);
        all.sources.settle(sink);
        all
    }
}

/// Takes a table that all files together may have once.
fn only_one<'t>(key: &'static str, taken: &mut Option<Table<'t>>, root: &mut Table<'t>) {
    let Some(value) = root.value(key) else { return };
    let Some(table) = root.table_of(key, Title::Table(key), value) else { return };
    match taken {
        Some(first) => {
            let diagnostic = table
                .complain(Code::Duplicate, format!("`[{key}]` stands in two files"))
                .and_at(first.page.file, first.span_of(""), "first here")
                .help("make one table of both");
            root.error(diagnostic);
        }
        None => *taken = Some(table),
    }
}
