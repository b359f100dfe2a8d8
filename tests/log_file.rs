//! What the rows of a log file come to, in either format.
#![allow(clippy::unwrap_used)] // a test that cannot go on stops

use std::path::Path;

use ambulance_diversion::diagnostic::{Code, Diagnostic};
use ambulance_diversion::load::{self, Options};
use ambulance_diversion::log::{self, Format, Log};
use ambulance_diversion::model::{
    Declaration, Declared, Effect, Event, Kind, Registry, Sources, Subject, WalkIn,
};

fn registry() -> Registry {
    let path = Path::new("tests/errors/facilities.toml");
    load::registry(path, &Options::default(), &mut Sources::default()).unwrap().registry
}

fn read(format: Format, text: &str) -> Result<Log, Vec<Diagnostic>> {
    log::read(text.as_bytes(), "log", format, &registry(), &mut Sources::default())
}

fn csv(text: &str) -> Log {
    read(Format::Csv, text).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}"))
}

fn event(log: &Log, at: u64) -> Event {
    log.events.event(at + 1).unwrap()
}

fn declaration(log: &Log, at: u64) -> Declaration {
    match event(log, at).kind {
        Kind::Declare(declaration) => *declaration,
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_columns_are_a_log() {
    let log = csv("status,from,facility\nclosed,2023-08-03 06:00,Manchester Memorial\n");
    let event = &event(&log, 0);
    assert_eq!((log.head(), event.number, &*event.source), (1, 1, "import"));
    // Six in the morning on Connecticut's clocks.
    assert_eq!(event.recorded_at.rfc3339(chrono_tz::UTC), "2023-08-03T10:00:00Z");
    let registry = registry();
    let said = declaration(&log, 0);
    assert_eq!(said.subject, Subject::Facility(registry.facilities.id("manchester-memorial").unwrap()));
    let closed = Declared::Status { status: registry.builtin(Effect::Closed), scope: None };
    assert_eq!(said.declared, closed);
}

#[test]
fn an_empty_log_has_no_head() {
    assert_eq!(csv("facility,status,from\n").head(), 0);
    assert_eq!(read(Format::Jsonl, "\n").map(|log| log.head()), Ok(0));
}

#[test]
fn the_words_of_the_column_status() {
    let registry = registry();
    let log = csv("facility,status,scope,lane,from\n\
        manchester-memorial,closed,stroke,,2023-08-03 06:00\n\
        manchester-memorial,open,stroke,traffic:stroke,2023-08-03 06:00\n\
        manchester-memorial,open,,,2023-08-03 06:00\n\
        manchester-memorial,fully-open,,,2023-08-03 06:00\n\
        manchester-memorial,Off divert,,traffic,2023-08-03 06:00\n\
        manchester-memorial,off-yellow,,yellow,2023-08-03 06:00\n\
        manchester-memorial,down,,service:ct,2023-08-03 06:00\n\
        manchester-memorial,up,,service:ct,2023-08-03 06:00\n\
        manchester-memorial,diverting,stroke and trauma,traffic:trauma;traffic:stroke,2023-08-03 06:00\n\
        manchester-memorial,diverting,all except trauma,traffic,2023-08-03 06:00\n");
    let ct = registry.services.id("ct").unwrap();
    let yellow = registry.statuses.id("yellow").unwrap();
    // Closed to some is open to the others.
    let diverting = registry.builtin(Effect::Diverting);
    assert!(
        matches!(&declaration(&log, 0).declared, Declared::Status { status, scope: Some(_) } if *status == diverting)
    );
    assert!(matches!(declaration(&log, 1).declared, Declared::Open { scope: Some(_) }));
    assert_eq!(declaration(&log, 2).declared, Declared::Open { scope: None });
    assert_eq!(declaration(&log, 3).declared, Declared::FullyOpen);
    assert_eq!(declaration(&log, 4).declared, Declared::OffDivert);
    assert_eq!(declaration(&log, 5).declared, Declared::Off(yellow));
    assert_eq!(declaration(&log, 6).declared, Declared::Down(ct));
    assert_eq!(declaration(&log, 7).declared, Declared::Up(ct));
    assert!(
        matches!(&declaration(&log, 8).declared, Declared::Status { scope: Some(scope), .. } if scope.named().len() == 2)
    );
    assert!(
        matches!(&declaration(&log, 9).declared, Declared::Status { scope: Some(scope), .. } if scope.except().len() == 1)
    );
}

#[test]
fn an_end_that_followed_from_a_max_was_not_stated() {
    let log = csv("facility,status,from,until,data\n\
        manchester-memorial,diverting,2023-08-03T06:00:00-04:00,2023-08-03T08:00:00-04:00,\n\
        manchester-memorial,diverting,2023-08-03T09:00:00-04:00,2023-08-03T11:00:00-04:00,\"{\"\"until\"\":\"\"max\"\"}\"\n");
    let stated: Vec<bool> = [0, 1].map(|at| declaration(&log, at).until.unwrap().stated).to_vec();
    assert_eq!(stated, [true, false]);
}

#[test]
fn both_formats_say_the_same() {
    let rows = "facility,status,scope,from,route,walk_in,reason,text,approver,exercise,source\n\
        manchester-memorial,diverting,all except trauma,2023-08-03T06:00:00-04:00,ECHN then nearest ct,open,it-outage,\
        '=all down,chief,yes,hospital\n";
    let object = r#"{"facility":"manchester-memorial","status":"diverting","scope":"all except trauma",
        "from":"2023-08-03T06:00:00-04:00","route":"ECHN then nearest ct","walk_in":"open","reason":"it-outage",
        "text":"=all down","approver":"chief","exercise":true,"source":"hospital","until":null}"#;
    let from_csv = csv(rows);
    let from_jsonl = read(Format::Jsonl, &object.replace('\n', " ")).unwrap();
    assert_eq!(from_csv.events, from_jsonl.events);
    let said = declaration(&from_csv, 0);
    assert_eq!((said.walk_in, said.exercise, said.route.len()), (Some(WalkIn::Open), true, 2));
    // What kept a spreadsheet from running the cell is taken off again.
    assert_eq!(said.text.as_deref(), Some("=all down"));
}

#[test]
fn retractions_and_notes_need_no_status() {
    let log = csv("event,recorded_at,kind,facility,status,from,retracts\n\
        1,2023-08-03 06:00,declare,manchester-memorial,closed,2023-08-03 06:00,\n\
        2,2023-08-03 06:10,retract,,,,1\n\
        3,2023-08-03 06:20,census,manchester-memorial,,,\n\
        4,2023-08-03 06:20,note,,,,\n");
    assert_eq!(event(&log, 1).kind, Kind::Retract(1));
    assert!(matches!(event(&log, 2).kind, Kind::Census(_)));
    assert!(matches!(event(&log, 3).kind, Kind::Note(None)));
}

#[test]
fn the_clock_of_recording_does_not_go_back() {
    let errors = read(
        Format::Csv,
        "recorded_at,facility,status,from\n2023-08-03 06:00,harbor,closed,2023-08-03 06:00\n\
         2023-08-03 05:00,harbor,open,2023-08-03 05:00\n2023-08-03 07:00,harbor,open,2023-08-03 07:00\n",
    )
    .unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.starts_with("row 2, `recorded_at`"), "{}", errors[0].message);
}

#[test]
fn twenty_errors_are_told_and_the_rest_is_counted() {
    let rows: String = (0..30).map(|_| "nobody,closed,2023-08-03 06:00\n").collect();
    let errors = read(Format::Csv, &format!("facility,status,from\n{rows}")).unwrap_err();
    assert_eq!((errors.len(), errors[20].message.as_str()), (21, "and 10 more errors"));
    assert!(errors.iter().all(|error| error.code == Code::BadRow));
}

#[test]
fn a_byte_order_mark_and_blank_lines_shift_no_place() {
    let text = "\u{feff}facility,status,from\r\n\r\nharbor,closed,2023-08-03 06:00\r\n\r\nharbour,open,2023-08-03 07:00\r\n";
    let mut sources = Sources::default();
    let errors = log::read(text.as_bytes(), "log", Format::Csv, &registry(), &mut sources).unwrap_err();
    let label = &errors[0].labels[0];
    assert_eq!(&sources.get(label.file).text[label.span.clone()], "harbour");
    assert_eq!(sources.place(label.file, &label.span).to_string(), "log:5");
    assert!(errors[0].message.starts_with("row 2"), "{}", errors[0].message);
}

#[test]
fn a_lone_carriage_return_ends_a_row_too() {
    let rows = ["facility,status,from", "harbor,closed,2023-08-03 06:00", "harbor,open,2023-08-03 07:00"];
    for end in ["\r", "\n", "\r\n"] {
        let log = csv(&rows.map(|row| format!("{row}{end}")).concat());
        assert_eq!(log.head(), 2, "{end:?}");
        assert_eq!(declaration(&log, 1).declared, Declared::Open { scope: None });
    }
}

#[test]
fn of_a_member_that_stands_twice_the_last_counts() {
    let object =
        r#"{"facility":"harbor","status":"closed","from":"2023-08-03 06:00","scope":"stroke","scope":null}"#;
    let log = read(Format::Jsonl, object).unwrap();
    assert!(matches!(declaration(&log, 0).declared, Declared::Status { scope: None, .. }));
}

#[test]
fn formats_are_known_by_their_ending() {
    assert_eq!(Format::of(Path::new("a/b.CSV")), Some(Format::Csv));
    assert_eq!(Format::of(Path::new("b.jsonl")), Some(Format::Jsonl));
    assert_eq!(Format::of(Path::new("b.csv.gz")), Some(Format::Csv));
    assert_eq!(Format::of(Path::new("b.db")), None);
    assert_eq!(Format::of(Path::new("b.db.gz")), None);
}
