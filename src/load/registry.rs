//! Assembly: from the tables of every file to one registry whose parts know each other.
//!
//! Floor 4. The order is that of dependence: what has only an id first, then what names it, then sentences, which may
//! name anything.

use std::collections::BTreeMap;
use std::path::Path;

use chrono_tz::Tz;

use super::entries::Tables;
use super::files::{Files, Page};
use super::syntax::{self, Lost, Parsed};
use super::table::Table;
use super::tree::Keys;
use super::{Loaded, Options, catalogue, facility, names, network, policy, rules, status, travel, warnings};
use crate::diagnostic::{Code, Diagnostic, Severity, Sink};
use crate::model::{Directory, Names, Registry, SourceSettings, Sources};

/// Reads, checks and links.
pub(super) fn registry(
    path: &Path,
    options: Options,
    sources: &mut Sources,
) -> Result<Loaded, Vec<Diagnostic>> {
    let mut sink = Sink::default();
    let mut lost = Lost::default();
    let mut files = Files::read(path, options, sources, &mut sink);
    let pages = files.take_pages();
    let parsed: Vec<Parsed<'_>> =
        pages.iter().map(|page| syntax::parse(page, &mut lost, &mut sink)).collect();
    let mended: Vec<Option<Keys<'_>>> = pages
        .iter()
        .zip(&parsed)
        .map(|(page, parsed)| match parsed {
            Parsed::Whole(_) => None,
            Parsed::Mended(text) => Some(syntax::again(page, text, &mut sink)),
        })
        .collect();
    let trees = pages.iter().zip(&parsed).zip(&mended).filter_map(|((page, parsed), mended)| {
        let tree = match parsed {
            Parsed::Whole(tree) => Some(tree),
            Parsed::Mended(_) => mended.as_ref(),
        };
        Some((page, tree?))
    });
    let tables = Tables::collect(trees, &mut sink);
    let registry = assemble(tables, &mut files, default_name(path), &mut sink);
    let registry = Registry { sha256: files.sha256(), ..registry };

    let mut found = sink.into_sorted();
    if found.iter().all(|diagnostic| diagnostic.code.severity() == Severity::Warning) {
        return Ok(Loaded { registry, warnings: found });
    }
    found.retain(|diagnostic| diagnostic.code.severity() == Severity::Error);
    found.retain(|diagnostic| !follows_from_damage(diagnostic, &pages, &lost));
    Err(found)
}

/// Whether a name may be unknown only because the table that defines it could not be read.
fn follows_from_damage(diagnostic: &Diagnostic, pages: &[Page], lost: &Lost) -> bool {
    let names_another = matches!(
        diagnostic.code,
        Code::UnknownId
            | Code::UnknownName
            | Code::UnknownStatus
            | Code::UnknownClass
            | Code::UnexpectedWord
            | Code::IncompleteSentence
            | Code::NoMembers
            | Code::BadMatrix
    );
    let Some(label) = diagnostic.labels.first().filter(|_| names_another) else { return false };
    let page = pages.iter().find(|page| page.file == label.file);
    let word = page.and_then(|page| page.source.text.get(label.span.clone())).unwrap_or_default();
    lost.may_define(word.trim_matches(['"', '\'']))
}

fn default_name(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn assemble(mut tables: Tables<'_>, files: &mut Files<'_>, name: String, sink: &mut Sink) -> Registry {
    let settings = settings(tables.registry.take(), name, sink);
    let travel = travel::settings(tables.travel.take(), sink);
    let services = catalogue::services(&tables, sink);
    let facilities = facility::facilities(&tables, &services, settings.timezone, sink);
    let mut registry = Registry {
        name: settings.name,
        sha256: String::new(),
        timezone: settings.timezone,
        stale_after: settings.stale_after,
        travel: travel.travel,
        needs: catalogue::needs(&tables, sink),
        statuses: status::statuses(&tables, sink),
        networks: network::networks(&tables, sink),
        regions: network::regions(&tables, sink),
        zones: facility::zones(&tables, sink),
        policies: Directory::default(),
        sources: sources(&tables, sink),
        rules: Vec::new(),
        expects: Vec::new(),
        names: Names::default(),
        services,
        facilities,
    };
    registry.index_names();
    names::check(&registry, &tables, sink);
    registry.statuses = status::scopes(&registry, &tables, sink);
    registry.policies = policy::policies(&registry, &tables, sink);
    if let Some(matrix) = &travel.matrix {
        travel::matrix(matrix, files, &mut registry, sink);
    }
    let rules = rules::rules(std::mem::take(&mut tables.rules), &registry, sink);
    registry.expects = rules::expects(std::mem::take(&mut tables.expects), &registry, sink);
    // What is likely not to be meant so can only be told of a registry that is right otherwise.
    if !sink.has_errors() {
        warnings::warn(&registry, &rules, &tables, sink);
    }
    registry.rules = rules.into_iter().map(|rule| rule.rule).collect();
    registry
}

struct Settings {
    name: String,
    timezone: Tz,
    stale_after: Option<chrono::TimeDelta>,
}

/// Reads `[registry]`. `name` is taken where it has none.
fn settings(table: Option<Table<'_>>, name: String, sink: &mut Sink) -> Settings {
    let mut settings = Settings { name, timezone: Tz::UTC, stale_after: None };
    let Some(mut table) = table else { return settings };
    if let Some(name) = table.string("name") {
        name.text.clone_into(&mut settings.name);
    }
    settings.timezone = table.timezone("timezone").unwrap_or(Tz::UTC);
    settings.stale_after = table.duration("stale_after");
    table.finish(sink);
    settings
}

/// Reads what is said of sources.
fn sources(tables: &Tables<'_>, sink: &mut Sink) -> BTreeMap<String, SourceSettings> {
    let mut sources = BTreeMap::new();
    for entry in tables.sources.iter() {
        let mut table = entry.table();
        let acts = table.boolean("acts").unwrap_or(true);
        table.finish(sink);
        sources.insert(entry.key.to_owned(), SourceSettings { acts, place: entry.place() });
    }
    sources
}
