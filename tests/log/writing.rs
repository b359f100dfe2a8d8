//! Writing an event as a row and reading it back gives the same event, whatever it says.

use ambulance_diversion::log::{Draft, Entry, EventLog, MemoryLog};
use ambulance_diversion::model::{
    Class, Cohort, Declaration, Declared, Event, Instant, Kind, Priority, Scope, StatusOf, Subject, Target,
    Until, WalkIn,
};
use chrono::TimeDelta;
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;

use crate::stores::{NOON, REGISTRY, append_at};

fn cohort() -> impl Strategy<Value = Cohort> {
    let mut classes =
        vec![Class::Adult, Class::Pediatric, Class::Als, Class::Bls, Class::Extremis, Class::Transfer];
    classes.extend([Priority::One, Priority::Two, Priority::Three].map(Class::Priority));
    classes.extend(REGISTRY.needs.ids().map(Class::Need));
    prop::collection::vec(select(classes), 1..3).prop_map(|classes| Cohort::new(classes).unwrap())
}

fn scope() -> impl Strategy<Value = Scope> {
    let cohorts = || prop::collection::vec(cohort(), 0..3);
    (cohorts(), cohorts()).prop_map(|(named, except)| Scope::new(named, except))
}

fn declared() -> impl Strategy<Value = (Subject, Declared)> {
    let facility = select(REGISTRY.facilities.ids().map(Subject::Facility).collect::<Vec<_>>());
    let service = select(REGISTRY.services.ids().collect::<Vec<_>>());
    let scoped = select(vec!["advisory", "diverting", "yellow"]);
    let of_facility = prop_oneof![
        (scoped, prop::option::of(scope())).prop_map(|(status, scope)| Declared::Status {
            status: REGISTRY.statuses.id(status).unwrap(),
            scope
        }),
        Just(Declared::Status { status: REGISTRY.statuses.id("closed").unwrap(), scope: None }),
        service.clone().prop_map(Declared::Down),
        service.prop_map(Declared::Up),
        prop::option::of(scope()).prop_map(|scope| Declared::Open { scope }),
        Just(Declared::FullyOpen),
        Just(Declared::OffDivert),
        select(vec!["yellow", "closed"])
            .prop_map(|status| Declared::Off(REGISTRY.statuses.id(status).unwrap())),
    ];
    let region = Subject::Region(REGISTRY.regions.id("west").unwrap());
    let blue = REGISTRY.statuses.id("blue").unwrap();
    assert_eq!(REGISTRY.statuses[blue].of, StatusOf::Region);
    prop_oneof![
        4 => (facility, of_facility),
        1 => Just((region, Declared::Status { status: blue, scope: None })),
        1 => Just((region, Declared::Off(blue))),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        select(REGISTRY.facilities.ids().collect::<Vec<_>>()).prop_map(Target::Facility),
        select(REGISTRY.networks.ids().collect::<Vec<_>>()).prop_map(Target::Network),
        select(REGISTRY.regions.ids().collect::<Vec<_>>()).prop_map(Target::Region),
        prop::option::of(select(REGISTRY.services.ids().collect::<Vec<_>>())).prop_map(Target::Nearest),
    ]
}

/// A text that says something, of any characters but the one that ends texts elsewhere.
fn words() -> impl Strategy<Value = Option<std::sync::Arc<str>>> {
    prop::option::of("[^\\x00]{1,12}".prop_map(Into::into))
}

fn declaration() -> impl Strategy<Value = Declaration> {
    let until = prop::option::of((1_i64..1_000_000, any::<bool>()));
    let route = prop::collection::vec(target(), 0..4);
    let walk_in = prop::option::of(select(vec![WalkIn::Open, WalkIn::Closed]));
    let said = (words(), words(), words(), any::<bool>());
    (declared(), -2_000_000_000_i64..4_000_000_000, until, route, walk_in, said).prop_map(
        |((subject, declared), from, until, route, walk_in, (reason, text, approver, exercise))| {
            let from = Instant::from_seconds(from);
            let until = until.map(|(length, stated)| Until { at: from + TimeDelta::seconds(length), stated });
            Declaration { subject, declared, from, until, route, walk_in, reason, text, approver, exercise }
        },
    )
}

proptest! {
    #[test]
    fn an_event_reads_back_as_itself(
        declaration in declaration(),
        source in "[^\\x00]{1,9}",
        text in words(),
    ) {
        let mut log = MemoryLog::new();
        let drafts = vec![
            Draft::declare(declaration.clone(), source.as_str()),
            Draft { text: text.clone(), ..Draft::retract(1, source.as_str()) },
            Draft::new(Entry::Note(Some(declaration.subject)), source.as_str()),
        ];
        append_at(&mut log, NOON, drafts).unwrap();
        let event = |number, text, kind| {
            Event { number, recorded_at: NOON, source: source.as_str().into(), text, kind }
        };
        let said = [
            event(1, None, Kind::Declare(Box::new(declaration.clone()))),
            event(2, text, Kind::Retract(1)),
            event(3, None, Kind::Note(Some(declaration.subject))),
        ];
        let log: &mut dyn EventLog = &mut log;
        prop_assert_eq!(log.load(&REGISTRY).unwrap().events, said.iter().collect());
    }
}
