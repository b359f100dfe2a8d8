//! The canonical form: the one way in which everything that a sentence can say is written.
//!
//! Floor 1: text out of data; what `parser` reads, this writes, and what this writes, `parser` reads back as the same.

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::resolve::INTERNAL_DISASTER;
use super::when;
use crate::model::{
    Class, Cohort, Declaration, Declared, Effect, Instant, Lane, Name, NameKind, Registry, Scope, ServiceId,
    StatusId, Subject, Target, WalkIn,
};

/// A whole sentence with absolute times: `Manchester Memorial Hospital closed from 2023-08-04 09:00-04:00, route to
/// ECHN because ransomware`. An end that nobody stated, and that it is an exercise, are not part of it.
pub fn declaration(declaration: &Declaration, registry: &Registry) -> String {
    let Declaration { subject, declared, from, until, route, walk_in, reason, text, approver, exercise: _ } =
        declaration;
    let zone = zone(*subject, registry);
    let disaster = *walk_in == Some(WalkIn::Closed)
        && reason.as_deref() == Some(INTERNAL_DISASTER)
        && *declared == Declared::Status { status: registry.builtin(Effect::Closed), scope: None };
    let condition =
        if disaster { "internal disaster".to_owned() } else { self::declared(declared, registry) };
    let mut said =
        vec![format!("{} {condition} from {}", self::subject(*subject, registry), clock(*from, zone))];
    if let Some(until) = until.filter(|until| until.stated) {
        said.push(format!(" until {}", clock(until.at, zone)));
    }
    if !route.is_empty() {
        said.push(format!(", route to {}", self::route(route, registry)));
    }
    if let Some(walk_in) = walk_in.filter(|_| !disaster) {
        said.push(format!(", walk-ins {}", walk_in.as_str()));
    }
    if let Some(approver) = approver {
        said.push(format!(", approved by {approver}"));
    }
    if let Some(reason) = text.as_ref().or(reason.as_ref().filter(|_| !disaster)) {
        said.push(format!(" because {reason}"));
    }
    said.concat()
}

/// What is said of a subject, without times: `diverting for stroke`, `ct down`, `off yellow`, `fully open`.
pub fn declared(declared: &Declared, registry: &Registry) -> String {
    let scoped = |condition: &str, scope: &Option<Scope>| match scope {
        Some(scope) => format!("{condition} for {}", self::scope(scope, registry)),
        None => condition.to_owned(),
    };
    match declared {
        Declared::Status { status, scope } => scoped(status_type(*status, registry), scope),
        Declared::Down(service) => format!("{} down", self::service(*service, registry)),
        Declared::Up(service) => format!("{} up", self::service(*service, registry)),
        Declared::Open { scope } => scoped("open", scope),
        Declared::FullyOpen => "fully open".to_owned(),
        Declared::OffDivert => "off divert".to_owned(),
        Declared::Off(status) => format!("off {}", status_type(*status, registry)),
    }
}

/// The word of a log's column `status`: `open`, `off-divert`, `off-yellow`, `fully-open`, `down`, `up`, or a type's id.
pub fn status(declared: &Declared, registry: &Registry) -> String {
    match declared {
        Declared::Status { status, .. } => registry.statuses[*status].key.clone(),
        Declared::Down(_) => "down".to_owned(),
        Declared::Up(_) => "up".to_owned(),
        Declared::Open { .. } => "open".to_owned(),
        Declared::FullyOpen => "fully-open".to_owned(),
        Declared::OffDivert => "off-divert".to_owned(),
        Declared::Off(status) => format!("off-{}", registry.statuses[*status].key),
    }
}

/// The subject as a sentence begins: a facility's name, or `region` and its name.
pub fn subject(subject: Subject, registry: &Registry) -> String {
    match subject {
        Subject::Facility(id) => {
            spoken(Name::Facility(id), &[NameKind::Facility, NameKind::Network], registry).to_owned()
        }
        Subject::Region(id) => format!("region {}", spoken(Name::Region(id), &[NameKind::Region], registry)),
    }
}

/// A scope without `for`: `all`, `stroke and trauma`, `all except adult als`.
pub fn scope(scope: &Scope, registry: &Registry) -> String {
    let named = match scope.named().len() {
        0 => "all".to_owned(),
        _ => cohorts(scope.named(), registry),
    };
    match scope.except().len() {
        0 => named,
        _ => format!("{named} except {}", cohorts(scope.except(), registry)),
    }
}

fn cohorts<'a>(all: impl Iterator<Item = &'a Cohort>, registry: &Registry) -> String {
    let texts: Vec<String> = all.map(|one| cohort(one, registry)).collect();
    match texts.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Classes side by side: `adult als`. Where two of them together would be the name of a need ("pediatric trauma"), in
/// the opposite order.
pub fn cohort(cohort: &Cohort, registry: &Registry) -> String {
    let mut texts: Vec<String> = cohort.classes().map(|one| class(one, registry)).collect();
    let misread = texts
        .windows(2)
        .any(|pair| registry.names.meanings(&pair.concat()).iter().any(|name| name.kind() == NameKind::Need));
    if misread {
        texts.reverse();
    }
    texts.join(" ")
}

/// A class: a need's id, `adult`, `pediatric`, `als`, `bls`, `priority 1`, `extremis`, `transfer`.
pub fn class(class: Class, registry: &Registry) -> String {
    match class {
        Class::Need(need) => spoken(Name::Need(need), &[NameKind::Need], registry).to_owned(),
        Class::Adult => "adult".to_owned(),
        Class::Pediatric => "pediatric".to_owned(),
        Class::Als => "als".to_owned(),
        Class::Bls => "bls".to_owned(),
        Class::Priority(priority) => format!("priority {}", priority.number()),
        Class::Extremis => "extremis".to_owned(),
        Class::Transfer => "transfer".to_owned(),
    }
}

/// A route without `route to`: `Eastern Connecticut Health Network then nearest ct`.
pub fn route(targets: &[Target], registry: &Registry) -> String {
    targets.iter().map(|one| target(*one, registry)).collect::<Vec<_>>().join(" then ")
}

/// A route without `route to`, by ids: what a log stores, so that a thing may get another name and old orders still
/// mean it. Where an id means another thing too, the text that means only this one.
pub fn route_by_ids(targets: &[Target], registry: &Registry) -> String {
    let by_id = |name: Name, kinds: &[NameKind]| -> String {
        let key = key(name, registry);
        if is_only(key, name, kinds, registry) {
            return key.to_owned();
        }
        spoken(name, kinds, registry).to_owned()
    };
    let one = |target: &Target| match *target {
        Target::Facility(id) => by_id(Name::Facility(id), TARGETS),
        Target::Network(id) => by_id(Name::Network(id), TARGETS),
        Target::Region(id) => format!("region {}", by_id(Name::Region(id), &[NameKind::Region])),
        Target::Nearest(_) => self::target(*target, registry),
    };
    targets.iter().map(one).collect::<Vec<_>>().join(" then ")
}

/// What a target's name may stand for.
const TARGETS: &[NameKind] = &[NameKind::Facility, NameKind::Network, NameKind::Region];

/// One target of a route.
pub fn target(target: Target, registry: &Registry) -> String {
    match target {
        Target::Facility(id) => spoken(Name::Facility(id), TARGETS, registry).to_owned(),
        Target::Network(id) => spoken(Name::Network(id), TARGETS, registry).to_owned(),
        Target::Region(id) => format!("region {}", spoken(Name::Region(id), &[NameKind::Region], registry)),
        Target::Nearest(None) => "nearest".to_owned(),
        Target::Nearest(Some(id)) => format!("nearest {}", service(id, registry)),
    }
}

/// A lane as a log's column holds it: `closed`, `traffic`, `traffic:adult als`, a type's id, `service:ct`.
pub fn lane(lane: &Lane, registry: &Registry) -> String {
    match lane {
        Lane::Closed => "closed".to_owned(),
        Lane::Traffic => "traffic".to_owned(),
        Lane::TrafficFor(cohort) => format!("traffic:{}", self::cohort(cohort, registry)),
        Lane::Type(status) => registry.statuses[*status].key.clone(),
        Lane::Service(service) => format!("service:{}", registry.services[*service].key),
    }
}

/// An instant on a clock: `2023-08-04 09:00-04:00`; seconds only where they are not zero.
pub fn clock(at: Instant, zone: Tz) -> String {
    when::clock_text(at, zone)
}

/// A duration: `1h30m`, `3d`, `0m`.
pub fn length(length: TimeDelta) -> String {
    when::length_text(length)
}

/// The zone in which a subject's times are shown.
pub fn zone(subject: Subject, registry: &Registry) -> Tz {
    match subject {
        Subject::Facility(facility) => registry.zone_of(facility),
        Subject::Region(_) => registry.timezone,
    }
}

fn service(id: ServiceId, registry: &Registry) -> &str {
    spoken(Name::Service(id), &[NameKind::Service], registry)
}

fn status_type(id: StatusId, registry: &Registry) -> &str {
    spoken(Name::Status(id), &[NameKind::Status], registry)
}

/// The text for a thing that means it and nothing else where things of these kinds may stand: facilities, networks and
/// regions by name, the rest by id, where that is possible.
fn spoken<'a>(name: Name, kinds: &[NameKind], registry: &'a Registry) -> &'a str {
    let texts = texts_of(name, registry);
    let mut texts = texts.iter().copied();
    texts.find(|text| is_only(text, name, kinds, registry)).unwrap_or_else(|| key(name, registry))
}

/// Whether a text means this thing and nothing else of these kinds.
fn is_only(text: &str, name: Name, kinds: &[NameKind], registry: &Registry) -> bool {
    let mut fitting = registry.names.meanings(text).iter().filter(|other| kinds.contains(&other.kind()));
    fitting.next() == Some(&name) && fitting.next().is_none()
}

/// The text that means a thing and nothing else where its kind may stand.
pub(super) fn name(name: Name, registry: &Registry) -> String {
    match name {
        Name::Facility(id) => target(Target::Facility(id), registry),
        Name::Network(id) => target(Target::Network(id), registry),
        Name::Region(id) => target(Target::Region(id), registry),
        Name::Zone(_) | Name::Service(_) | Name::Need(_) | Name::Status(_) => {
            spoken(name, &[name.kind()], registry).to_owned()
        }
    }
}

/// The id of a thing.
pub(super) fn key(name: Name, registry: &Registry) -> &str {
    match name {
        Name::Facility(id) => &registry.facilities[id].key,
        Name::Network(id) => &registry.networks[id].key,
        Name::Region(id) => &registry.regions[id].key,
        Name::Zone(id) => &registry.zones[id].key,
        Name::Service(id) => &registry.services[id].key,
        Name::Need(id) => &registry.needs[id].key,
        Name::Status(id) => &registry.statuses[id].key,
    }
}

/// Every text that stands for a thing, the one to be written first.
pub(super) fn texts_of(name: Name, registry: &Registry) -> Vec<&str> {
    macro_rules! named {
        ($entry:expr) => {{
            let entry = $entry;
            let texts = [entry.name.as_str(), entry.key.as_str()].into_iter();
            texts.chain(entry.aliases.iter().map(String::as_str)).collect::<Vec<&str>>()
        }};
    }
    let mut texts = match name {
        Name::Facility(id) => return named!(&registry.facilities[id]),
        Name::Network(id) => return named!(&registry.networks[id]),
        Name::Region(id) => return named!(&registry.regions[id]),
        Name::Zone(id) => return named!(&registry.zones[id]),
        Name::Service(id) => named!(&registry.services[id]),
        Name::Need(id) => named!(&registry.needs[id]),
        Name::Status(id) => vec![registry.statuses[id].label.as_str(), registry.statuses[id].key.as_str()],
    };
    texts.swap(0, 1);
    texts
}

/// The texts that stand for each thing of a kind, for suggestions.
pub(super) fn texts(kind: NameKind, registry: &Registry) -> Vec<Vec<&str>> {
    let of = |names: Vec<Name>| names.into_iter().map(|name| texts_of(name, registry)).collect();
    match kind {
        NameKind::Facility => of(registry.facilities.ids().map(Name::Facility).collect()),
        NameKind::Network => of(registry.networks.ids().map(Name::Network).collect()),
        NameKind::Region => of(registry.regions.ids().map(Name::Region).collect()),
        NameKind::Zone => of(registry.zones.ids().map(Name::Zone).collect()),
        NameKind::Service => of(registry.services.ids().map(Name::Service).collect()),
        NameKind::Need => of(registry.needs.ids().map(Name::Need).collect()),
        NameKind::Status => of(registry.statuses.ids().map(Name::Status).collect()),
    }
}
