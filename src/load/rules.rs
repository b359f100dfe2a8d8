//! Rules, the registry's standing instructions, and expectations, the tests that it carries with it.
//!
//! Floor 4; nothing is decided here.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::entries::{bad_id, is_id};
use super::table::{Said, Table};
use crate::diagnostic::{Code, Sink};
use crate::model::{Expect, FileId, Instant, Registry, Rule, Span};
use crate::sentence::{self, Reading};

/// A rule, and where its sentence stands.
pub(super) struct RuleAt {
    pub(super) rule: Rule,
    pub(super) file: FileId,
    pub(super) span: Span,
}

/// Reads every rule, in file order.
pub(super) fn rules(found: Vec<Table<'_>>, registry: &Registry, sink: &mut Sink) -> Vec<RuleAt> {
    let mut rules = Vec::with_capacity(found.len());
    let mut keys: HashMap<String, (FileId, Span)> = HashMap::new();
    for (at, mut table) in found.into_iter().enumerate() {
        table.must_have(&["say"]);
        let key = table.string("id");
        if let Some(key) = key.as_ref().filter(|key| !is_id(key.text)) {
            table.error(bad_id(key.text, key.complain(Code::BadId, "")));
        }
        let span = table.span_of("id");
        let key = key.map_or_else(|| format!("rule-{}", at + 1), |key| key.text.to_owned());
        match keys.get(&key) {
            Some((file, first)) => table.error(
                table
                    .page
                    .complain(Code::Duplicate, &span, format!("two rules have the id `{key}`"))
                    .and_at(*file, first.clone(), "first here")
                    .help("give one of them another id"),
            ),
            None => {
                keys.insert(key.clone(), (table.page.file, span));
            }
        }
        let said = table.string("say").and_then(|text| {
            let read = sentence::rule(text.text, text.page.file, registry);
            Some((table.sentence(&text, read)?, text.span))
        });
        if let Some((said, span)) = said {
            rules.push(RuleAt {
                rule: Rule {
                    key,
                    subjects: said.subjects,
                    condition: said.condition,
                    scope: said.scope,
                    route: said.route,
                    place: table.place(),
                },
                file: table.page.file,
                span,
            });
        }
        table.finish(sink);
    }
    rules
}

/// Reads every expectation, in file order.
pub(super) fn expects(found: Vec<Table<'_>>, registry: &Registry, sink: &mut Sink) -> Vec<Expect> {
    let mut expects = Vec::with_capacity(found.len());
    for mut table in found {
        table.must_have(&["say"]);
        let at = at(&mut table, registry);
        let given = table.strings("given");
        // Read now, so that a mistake is found with all others; what they mean depends on when they are asked.
        let reading = Reading { now: at.unwrap_or(Instant::from_seconds(0)), zone: None };
        for text in &given {
            let read = sentence::statement(text.text, text.page.file, registry, reading);
            table.sentence(text, read);
        }
        let said = table.string("say").and_then(|text| {
            let read = sentence::expectation(text.text, text.page.file, registry);
            Some((text.text, table.sentence(&text, read)?))
        });
        if let Some((say, expectation)) = said {
            expects.push(Expect {
                at,
                given: given.iter().map(|text| text.text.to_owned()).collect(),
                say: say.to_owned(),
                expectation,
                place: table.place(),
            });
        }
        table.finish(sink);
    }
    expects
}

/// The instant of an expectation: a TOML date or time, or one as sentences have it.
fn at(table: &mut Table<'_>, registry: &Registry) -> Option<Instant> {
    let zone = registry.timezone;
    if !table.holds_a_string("at") {
        return table.instant("at", zone);
    }
    let said: Said<'_> = table.string("at")?;
    let epoch = Instant::from_seconds(0);
    let read = sentence::time(said.text, said.page.file, epoch, zone);
    let at = table.sentence(&said, read)?;
    // A test must not depend on the day on which it runs.
    let another_day = epoch + TimeDelta::days(1000);
    if sentence::time(said.text, said.page.file, another_day, zone).ok() != Some(at) {
        table.error(
            said.complain(Code::BadTime, format!("`{}` means another moment every day", said.text))
                .help("give the date too: `at = \"2023-08-04 09:00\"`"),
        );
        return None;
    }
    Some(at)
}
