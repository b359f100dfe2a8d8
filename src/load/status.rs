//! Status types: the three built-in ones, as a registry changes them, and those that its regions define.
//!
//! Floor 4.

use super::entries::{Entry, Tables};
use super::files::Layer;
use super::table::{Table, did_you_mean, list_and};
use crate::diagnostic::{Code, Sink};
use crate::model::{Directory, Effect, RegionId, Registry, Renewal, Scope, StatusOf, StatusType};
use crate::sentence;

const EFFECTS: [(Effect, &str); 3] =
    [(Effect::Advisory, "advisory"), (Effect::Diverting, "diverting"), (Effect::Closed, "closed")];

const OF: [(StatusOf, &str); 2] = [(StatusOf::Facility, "facility"), (StatusOf::Region, "region")];

/// Reads every status type but for its scopes: those name needs, so they wait until the registry has names.
pub(super) fn statuses(tables: &Tables<'_>, sink: &mut Sink) -> Directory<StatusType> {
    let statuses = Directory::new(tables.statuses.iter().map(|entry| status(entry, tables, sink)).collect());
    renewals_hold(&statuses, tables, sink);
    statuses
}

/// A renewal goes on where the episode stands: what it becomes must be declared of the same kind of thing, and mean
/// something in the same regions.
fn renewals_hold(statuses: &Directory<StatusType>, tables: &Tables<'_>, sink: &mut Sink) {
    for (id, status) in statuses.iter() {
        let Renewal::Becomes(next) = status.renewal else { continue };
        let (entry, target, becomes) = (tables.statuses.get(id), tables.statuses.get(next), &statuses[next]);
        let key = |region: RegionId| tables.regions.get(region).key;
        let (message, there, help) = if becomes.of != status.of {
            let of = |of: StatusOf| if of == StatusOf::Region { "a region" } else { "a facility" };
            let message = format!(
                "`{}` is declared of {}, and so cannot become `{}`",
                status.key,
                of(status.of),
                becomes.key
            );
            let there = format!("this is declared of {}", of(becomes.of));
            (message, there, "name a status of the same kind of thing, or `allowed` or `refused`")
        } else if !becomes.regions.is_empty()
            && (status.regions.is_empty() || !status.regions.is_subset(&becomes.regions))
        {
            let only: Vec<&str> = becomes.regions.iter().map(|region| key(*region)).collect();
            let missing = status.regions.difference(&becomes.regions).next();
            let holds = missing.map_or_else(|| "everywhere".to_owned(), |at| format!("in `{}`", key(*at)));
            let message =
                format!("`{}` holds {holds}, and `{}`, which it becomes, does not", status.key, becomes.key);
            let there = format!("this holds in {} only", list_and(&only));
            (message, there, "give both the same `regions`, or a status for each")
        } else {
            continue;
        };
        let table = entry.table();
        // Regions that nobody knows are an error of their own.
        if status.regions.is_empty() && table.has("regions") {
            continue;
        }
        sink.push(
            entry
                .page
                .complain(Code::BadValue, &table.span_of("renewal"), message)
                .and_at(target.page.file, target.span(), there)
                .help(help),
        );
    }
}

fn status(entry: &Entry<'_>, tables: &Tables<'_>, sink: &mut Sink) -> StatusType {
    // What a file says of a built-in type adds to what the catalogue says.
    let builtin = tables.builtin_statuses.iter().find(|builtin| builtin.key == entry.key);
    let effect_before = builtin.and_then(|builtin| builtin.table().choice("effect", &EFFECTS));
    let mut table = entry.table();
    let label = table.name("label", entry.key);
    let of = table.choice("of", &OF).unwrap_or_default();
    let effect = effect(&mut table, of, effect_before);
    let suspends = tables.statuses.several("suspends", &mut table);
    if of == StatusOf::Facility && table.has("suspends") {
        let span = table.span_of("suspends");
        let message = "only the status of a region suspends others";
        table.error(
            table
                .page
                .complain(Code::BadValue, &span, message)
                .help("say `of = \"region\"`, or leave `suspends` out"),
        );
    }
    // Their type is checked here; what they mean is for `scopes`.
    table.string("diverts");
    table.string("consult");
    let status = StatusType {
        key: entry.key.to_owned(),
        label,
        effect,
        diverts: Scope::all(),
        consult: None,
        regions: tables.regions.several("regions", &mut table),
        max: table.duration("max"),
        renewal: renewal(&mut table, tables),
        approver: table.strings("approver").iter().map(|name| name.text.to_owned()).collect(),
        mandatory: table.boolean("mandatory").unwrap_or(false),
        of,
        suspends,
        builtin: entry.page.layer == Layer::Catalogue || builtin.is_some(),
        place: (entry.page.layer != Layer::Catalogue).then(|| entry.place()),
    };
    table.finish(sink);
    status
}

/// `before` is the effect of a built-in type that the table changes.
fn effect(table: &mut Table<'_>, of: StatusOf, before: Option<Effect>) -> Effect {
    if before.is_none() && of == StatusOf::Facility {
        table.must_have(&["effect"]);
    }
    let said = table.choice("effect", &EFFECTS);
    let wrong = match (before, said) {
        (Some(before), Some(said)) if said != before => {
            Some(format!("the effect of the built-in status `{}` cannot be changed", before.as_str()))
        }
        (_, Some(_)) if of == StatusOf::Region => {
            Some("the status of a region has no effect of its own".to_owned())
        }
        _ => None,
    };
    if let Some(message) = wrong {
        let span = table.span_of("effect");
        table.error(match of {
            StatusOf::Region => table
                .page
                .complain(Code::BadValue, &span, message)
                .help("leave `effect` out, and name in `suspends` what it suspends"),
            StatusOf::Facility => table
                .page
                .complain(Code::BadValue, &span, message)
                .help("leave `effect` out, or define a status of another name"),
        });
    }
    before.or(said).unwrap_or(Effect::Advisory)
}

fn renewal(table: &mut Table<'_>, tables: &Tables<'_>) -> Renewal {
    let Some(said) = table.string("renewal") else { return Renewal::default() };
    match said.text {
        "allowed" => Renewal::Allowed,
        "refused" => Renewal::Refused,
        other => {
            if let Some(status) = tables.statuses.id(other) {
                return Renewal::Becomes(status);
            }
            let diagnostic = said.complain(
                Code::UnknownId,
                format!("`renewal` takes `allowed`, `refused` or the id of a status, found `{other}`"),
            );
            let words =
                ["allowed", "refused"].into_iter().chain(tables.statuses.iter().map(|entry| entry.key));
            table.error(did_you_mean(diagnostic, other, words));
            Renewal::default()
        }
    }
}

/// Reads whom each status type speaks of, now that the registry knows its needs by name.
pub(super) fn scopes(registry: &Registry, tables: &Tables<'_>, sink: &mut Sink) -> Directory<StatusType> {
    let mut statuses = Vec::with_capacity(registry.statuses.len());
    for (entry, (_, status)) in tables.statuses.iter().zip(registry.statuses.iter()) {
        // The table was read and its keys were checked before: only what the sentences say is new.
        let mut table = entry.table();
        let mut scope = |key| {
            let said = table.string(key)?;
            sentence::scope(said.text, said.page.file, registry)
                .map_err(|diagnostic| sink.push(said.place(diagnostic)))
                .ok()
        };
        statuses.push(StatusType {
            diverts: scope("diverts").unwrap_or_default(),
            consult: scope("consult"),
            ..status.clone()
        });
    }
    Directory::new(statuses)
}
