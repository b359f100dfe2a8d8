//! What every store promises.

use ambulance_diversion::log::{Column, Draft, Entry, Head, Log, LogError, Row, Writer};
use ambulance_diversion::model::{Assignment, Census, Event, Kind, Ledger, Subject};
use chrono::TimeDelta;

use crate::stores::{NOON, Place, REGISTRY, append, append_at, closed, draft, elaborate, fill};

macro_rules! every_store {
    ($($fact:ident)*) => {
        mod in_memory { $(#[test] fn $fact() { super::$fact(&super::Place::memory()); })* }
        mod in_sqlite { $(#[test] fn $fact() { super::$fact(&super::Place::sqlite()); })* }
        #[cfg(feature = "postgres")]
        mod in_postgres {
            $(#[test] fn $fact() { if let Some(place) = super::Place::postgres() { super::$fact(&place); } })*
        }
    };
}
every_store! {
    numbers_have_no_gap
    all_drafts_are_recorded_or_none
    a_refusal_writes_nothing
    no_drafts_write_nothing
    a_decision_sees_what_others_wrote
    what_was_said_reads_back
    a_row_holds_who_said_it_and_ids
    rows_are_those_of_the_numbers_asked_for
    import_twice_is_once
    one_import_takes_a_key_once
    another_log_is_imported_once_however_its_clock_went
    a_clock_a_little_behind_gets_the_time_of_the_last_event
    a_clock_far_behind_is_refused
    the_chain_holds
    a_log_catches_up
    what_cannot_be_read_back_is_not_written
    an_empty_log_has_a_head_of_zero
    a_renamed_facility_keeps_its_events
}

fn numbers_have_no_gap(place: &Place) {
    let mut log = place.open();
    let first = append(&mut *log, vec![draft(), draft()]);
    let second = append(&mut *log, vec![draft()]);
    assert_eq!((first.numbers(), second.numbers()), (Some((1, 2)), Some((3, 3))));
    let numbers: Vec<u64> = log.load(&REGISTRY).unwrap().events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(log.head().unwrap(), second.head);
    assert_eq!(second.head.event, 3);
}

fn all_drafts_are_recorded_or_none(place: &Place) {
    let mut log = place.open();
    fill(&mut *log, 1);
    let before = log.head().unwrap();
    let writer = Writer { registry: &REGISTRY, author: "tester", clock: &|| NOON };
    let drafts = vec![draft(), draft(), Draft::retract(99, "dispatch")];
    let mut known = Log::default();
    let error = log.append(writer, &mut known, |_, _| Ok::<_, ()>(drafts)).unwrap_err();
    assert!(matches!(error, LogError::Unfaithful { event: 4, .. }), "{error}");
    assert_eq!(log.head().unwrap(), before);
    assert_eq!((known.head(), known.hash), (1, Some(before.hash)));
    fill(&mut *log, 1);
    assert_eq!(log.load(&REGISTRY).unwrap().head(), 2);
}

fn a_refusal_writes_nothing(place: &Place) {
    let mut log = place.open();
    let writer = Writer { registry: &REGISTRY, author: "tester", clock: &|| NOON };
    let outcome = log.append(writer, &mut Log::default(), |_, _| Err("the cap is reached")).unwrap();
    assert_eq!(outcome, Err("the cap is reached"));
    assert_eq!(log.head().unwrap(), Head::default());
}

fn no_drafts_write_nothing(place: &Place) {
    let mut log = place.open();
    let done = append(&mut *log, Vec::new());
    assert_eq!((done.places.len(), done.numbers(), done.head), (0, None, Head::default()));
}

fn a_decision_sees_what_others_wrote(place: &Place) {
    if !place.is_shared() {
        return;
    }
    let (mut mine, mut theirs) = (place.open(), place.open());
    let mut known = mine.load(&REGISTRY).unwrap();
    fill(&mut *theirs, 2);
    let writer = Writer { registry: &REGISTRY, author: "tester", clock: &|| NOON };
    let done = mine.append(writer, &mut known, |log, at| {
        assert_eq!((log.head(), at), (2, NOON));
        Ok::<_, ()>(vec![Draft::retract(log.head(), "dispatch")])
    });
    let done = done.unwrap().unwrap();
    assert_eq!(known.events.event(3).unwrap().kind, Kind::Retract(2));
    assert_eq!((known.head(), known.hash), (3, Some(done.head.hash)));
    assert_eq!(theirs.head().unwrap(), done.head);
}

fn what_was_said_reads_back(place: &Place) {
    let mut log = place.open();
    let grace = Subject::Facility(REGISTRY.facilities.id("grace").unwrap());
    let facility = REGISTRY.facilities.id("grace").unwrap();
    let census = Census {
        facility,
        at: NOON,
        occupied: Some(31),
        boarding: Some(0),
        waiting: None,
        ventilated: Some(2),
        longest_boarding: Some(TimeDelta::minutes(100)),
        last_wait: Some(TimeDelta::seconds(1)),
    };
    let assignment = Assignment {
        facility,
        at: NOON,
        id: Some("4411".into()),
        home: Some(facility),
        forced: true,
        rested_on: None,
    };
    let drafts = vec![
        Draft::declare(elaborate(), "hospital"),
        Draft::retract(1, "dispatch").with_text("said of the wrong hospital"),
        Draft::new(Entry::Census(Box::new(census.clone())), "hospital"),
        Draft::new(Entry::Note(Some(grace)), "dispatch").with_text("the bridge is closed"),
        Draft::new(Entry::Assign(Box::new(assignment.clone())), "dispatch").with("priority", 1),
    ];
    let mut known = Log::default();
    let writer = Writer { registry: &REGISTRY, author: "tester", clock: &|| NOON };
    log.append(writer, &mut known, |_, _| Ok::<_, ()>(drafts)).unwrap().unwrap();
    let kinds: Vec<Kind> = known.events.iter().map(|event| event.kind).collect();
    let said = [
        Kind::Declare(Box::new(elaborate())),
        Kind::Retract(1),
        Kind::Census(Box::new(census)),
        Kind::Note(Some(grace)),
        Kind::Assign(Box::new(Assignment { rested_on: Some(r#"{"priority":1}"#.into()), ..assignment })),
    ];
    assert_eq!(kinds, said);
    let words: Vec<_> = known.events.iter().filter_map(|event| event.text).collect();
    assert_eq!(
        words,
        ["said of the wrong hospital".into(), "the bridge is closed".into()] as [std::sync::Arc<str>; 2]
    );
    assert_eq!(log.load(&REGISTRY).unwrap().events, known.events);
}

fn a_row_holds_who_said_it_and_ids(place: &Place) {
    let mut log = place.open();
    append(&mut *log, vec![Draft::declare(elaborate(), "hospital").with("call", "A-17")]);
    let mut rows: Vec<Row<'static>> = Vec::new();
    log.rows(1..=u64::MAX, &mut |number, row| {
        assert_eq!(number, 1);
        rows.push(row.clone().into_owned());
        Ok(())
    })
    .unwrap();
    let cell = |column| rows[0].get(column);
    assert_eq!(cell(Column::RecordedAt), Some("2023-08-04T12:00:00Z"));
    assert_eq!(cell(Column::Facility), Some("grace"));
    assert_eq!(cell(Column::Lane), Some("yellow"));
    assert_eq!(cell(Column::Route), Some("mercy then united then region west then nearest ct"));
    assert_eq!(cell(Column::Author), Some("tester"));
    assert_eq!(cell(Column::Exercise), Some("true"));
    assert_eq!(cell(Column::Data), Some(r#"{"call":"A-17","until":"max"}"#));
    assert_eq!(cell(Column::Hash), Some(log.head().unwrap().hash.to_string().as_str()));
}

fn rows_are_those_of_the_numbers_asked_for(place: &Place) {
    let mut log = place.open();
    append(&mut *log, vec![draft(), draft(), draft(), draft()]);
    for (asked, found) in [(2..=3, vec![2, 3]), (1..=1, vec![1]), (3..=9, vec![3, 4]), (5..=9, vec![])] {
        let mut numbers: Vec<u64> = Vec::new();
        log.rows(asked.clone(), &mut |number, _| {
            numbers.push(number);
            Ok(())
        })
        .unwrap();
        assert_eq!(numbers, found, "{asked:?}");
    }
}

fn import_twice_is_once(place: &Place) {
    let mut log = place.open();
    let drafts: Vec<Draft> = (0..3).map(|row| draft().imported_as(format!("book 7, row {row}"))).collect();
    assert_eq!(append(&mut *log, drafts.clone()).skipped, 0);
    let again = append(&mut *log, drafts);
    assert_eq!((again.skipped, again.places.len(), again.head.event), (3, 0, 3));
    let more =
        append(&mut *log, vec![draft().imported_as("book 7, row 2"), draft().imported_as("book 7, row 3")]);
    assert_eq!((more.skipped, more.head.event), (1, 4));
}

fn one_import_takes_a_key_once(place: &Place) {
    let mut log = place.open();
    let done = append(&mut *log, vec![draft().imported_as("same"), draft().imported_as("same")]);
    assert_eq!((done.skipped, done.head.event), (1, 1));
}

fn another_log_is_imported_once_however_its_clock_went(place: &Place) {
    let event = |number: u64, minute: i64, kind: Kind| Event {
        number,
        recorded_at: NOON + TimeDelta::minutes(minute),
        source: "state".into(),
        text: None,
        kind,
    };
    let closed = || Kind::Declare(Box::new(closed("grace")));
    // The same is said twice at one instant, and the second of the two is retracted.
    let steady = vec![event(1, 0, closed()), event(2, 0, closed()), event(3, 1, Kind::Retract(2))];
    // What was said first is said again after the clock went back.
    let unsteady = vec![event(1, 5, closed()), event(2, 3, closed()), event(3, 5, closed())];
    let writer = Writer { registry: &REGISTRY, author: "tester", clock: &|| NOON };
    for events in [steady, unsteady] {
        let mut log = place.open();
        let mut known = log.load(&REGISTRY).unwrap();
        let before = known.head();
        let events: Ledger = events.iter().collect();
        assert_eq!(log.missing(&events, &REGISTRY).unwrap(), 3);
        let done = log.import(writer, &mut known, &events).unwrap();
        assert_eq!((done.numbers(), done.skipped), (Some((before + 1, before + 3)), 0));
        assert_eq!(log.load(&REGISTRY).unwrap().events, known.events);
        let retracted: Vec<(u64, u64)> = known.events.retractions().filter(|(by, _)| *by > before).collect();
        let is_steady = events.retractions().count() == 1;
        assert_eq!(retracted, if is_steady { vec![(before + 3, before + 2)] } else { vec![] });
        assert_eq!(log.missing(&events, &REGISTRY).unwrap(), 0);
        let again = log.import(writer, &mut known, &events).unwrap();
        assert_eq!((again.numbers(), again.skipped, again.head), (None, 3, done.head));
    }
}

fn a_clock_a_little_behind_gets_the_time_of_the_last_event(place: &Place) {
    let mut log = place.open();
    fill(&mut *log, 1);
    let behind = TimeDelta::minutes(5);
    let done = append_at(&mut *log, NOON - behind, vec![draft()]).unwrap();
    let recorded_at = log.load(&REGISTRY).unwrap().events.last_recorded_at();
    assert_eq!((recorded_at, done.behind), (Some(NOON), Some(behind)));
    assert_eq!(append(&mut *log, vec![draft()]).behind, None);
}

fn a_clock_far_behind_is_refused(place: &Place) {
    let mut log = place.open();
    fill(&mut *log, 1);
    let error = append_at(&mut *log, NOON - TimeDelta::seconds(301), vec![draft()]).unwrap_err();
    assert!(matches!(error, LogError::Clock { .. }), "{error}");
    assert_eq!(log.head().unwrap().event, 1);
}

fn the_chain_holds(place: &Place) {
    let mut log = place.open();
    fill(&mut *log, 3);
    let kept = log.head().unwrap();
    append(&mut *log, vec![Draft::declare(elaborate(), "hospital")]);
    let verdict = log.verify(Some(kept)).unwrap();
    assert_eq!((verdict.flaws.as_slice(), verdict.head.event), ([].as_slice(), 4));
}

fn a_log_catches_up(place: &Place) {
    let mut log = place.open();
    let mut known = log.load(&REGISTRY).unwrap();
    fill(&mut *log, 2);
    assert_eq!(log.catch_up(&mut known, &REGISTRY).unwrap(), 2);
    assert_eq!(log.catch_up(&mut known, &REGISTRY).unwrap(), 0);
    assert_eq!(known.events, log.load(&REGISTRY).unwrap().events);
}

fn what_cannot_be_read_back_is_not_written(place: &Place) {
    let mut log = place.open();
    let mut reversed = closed("grace");
    reversed.until = Some(ambulance_diversion::model::Until { at: NOON, stated: true });
    let mut nul = closed("grace");
    nul.text = Some("a\0b".into());
    for declaration in [reversed, nul] {
        let error = append_at(&mut *log, NOON, vec![Draft::declare(declaration, "x")]).unwrap_err();
        assert!(matches!(error, LogError::Unfaithful { event: 1, .. }), "{error}");
    }
    assert_eq!(log.head().unwrap().event, 0);
}

fn an_empty_log_has_a_head_of_zero(place: &Place) {
    let mut log = place.open();
    assert_eq!(log.head().unwrap(), Head::default());
    assert!(log.load(&REGISTRY).unwrap().events.is_empty());
    assert_eq!(log.verify(Some(Head::default())).unwrap().flaws, []);
}

fn a_renamed_facility_keeps_its_events(place: &Place) {
    let mut log = place.open();
    append(&mut *log, vec![Draft::declare(elaborate(), "hospital")]);
    let renamed = crate::stores::registry(["Amazing Grace", "Mercy, formerly Saint Elsewhere"]);
    assert_eq!(log.load(&renamed).unwrap().events, log.load(&REGISTRY).unwrap().events);
}
