//! A log that is long enough for several readers: what they read together is what one reads.

use ambulance_diversion::log::{Draft, Entry, Log, LogError, Writer};
use ambulance_diversion::model::Subject;
use chrono::TimeDelta;

use crate::damage::forge;
use crate::stores::{NOON, Place, REGISTRY, closed, draft, elaborate};

/// Fills a log in two goes; what was recorded, as whoever recorded it knows it.
fn filled(place: &Place) -> Log {
    let mut log = place.open();
    let mut known = Log::default();
    let grace = Subject::Facility(REGISTRY.facilities.id("grace").unwrap());
    for (hour, count) in [(0, 700), (1, 850)] {
        let now = NOON + TimeDelta::hours(hour);
        let writer = Writer { registry: &REGISTRY, author: "tester", clock: &|| now };
        let drafts: Vec<Draft> = (0..count)
            .map(|at| match at % 7 {
                0 => Draft::declare(elaborate(), "hospital"),
                1 => Draft::new(Entry::Note(Some(grace)), "dispatch").with_text(format!("word {at}")),
                2 => Draft::declare(closed("mercy"), "state"),
                3 if at > 100 => Draft::retract(at - 90, "dispatch"),
                _ => draft(),
            })
            .collect();
        log.append(writer, &mut known, |_, _| Ok::<_, ()>(drafts)).unwrap().unwrap();
    }
    known
}

#[test]
fn several_read_what_one_wrote() {
    let place = Place::sqlite();
    let known = filled(&place);
    let read = place.open().load(&REGISTRY).unwrap();
    assert_eq!((read.head(), read.hash), (1550, known.hash));
    assert!(read.events == known.events);
}

#[test]
fn what_is_wrong_is_told_as_one_reader_tells_it() {
    let wrong = [
        ("UPDATE event SET status = 'clsed' WHERE event = 777", "event 777, `status`: expected"),
        ("DELETE FROM event WHERE event = 901", "event 901 is missing"),
        // The first of a stretch, and no row that is read before it by the same reader.
        (
            "UPDATE event SET recorded_at = '2000-01-01T00:00:00Z' WHERE event = 1201",
            "event 1201, `recorded_at`",
        ),
        ("UPDATE event SET facility = CAST(x'ff' AS TEXT) WHERE event = 1550", "event 1550 holds no text"),
    ];
    for (forgery, told) in wrong {
        let place = Place::sqlite();
        filled(&place);
        forge(&place, forgery);
        let error = place.open().load(&REGISTRY).unwrap_err();
        let said = match &error {
            LogError::Rows { rows, .. } => rows[0].message.clone(),
            other => other.to_string(),
        };
        assert!(said.contains(told), "{forgery}: {said}");
    }
}
