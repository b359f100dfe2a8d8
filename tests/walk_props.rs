//! What a walk over a plain facility tells is what folding keeps, whatever the log.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

#[path = "support/loaded.rs"]
mod loaded;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::OnceLock;

use ambulance_diversion::log::{self, Format};
use ambulance_diversion::model::{Event, FacilityId, Instant, Lane, Registry, Sources};
use ambulance_diversion::state::{
    EndedBy, Episode, FacilityState, History, LaneState, Saying, StateAt, Summary, Timeline, Track, Walk,
    Witness,
};
use chrono::TimeDelta;
use chrono_tz::Tz;
use proptest::prelude::*;

/// 2026-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_767_225_600;
const FACILITIES: usize = 3;

/// A row of the log to be.
#[derive(Clone, Debug)]
struct Said {
    facility: usize,
    what: (&'static str, &'static str, &'static str),
    /// Minutes after the row before.
    gap: i64,
    /// Minutes until it is recorded.
    lag: i64,
    /// Minutes from its recording to its `until`.
    length: Option<i64>,
    source: &'static str,
    odd: Odd,
}

/// What keeps a facility from being plain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Odd {
    Nothing,
    /// It begins that many minutes before the row before it, or with it.
    Back(i64),
    /// It begins that many minutes after its recording.
    Planned(i64),
    /// Its `until` lies that many minutes before its recording, or on it.
    Late(i64),
    Exercise,
    /// The row so many before it is retracted.
    Retracts(usize),
    /// It is a note.
    Note,
    /// It is a census.
    Census,
    /// It says where a patient was sent.
    Assign,
    /// Not the facility is in that, but its region.
    Region(&'static str),
}

/// Lane, status and scope of a row that a walk can take.
const SAYINGS: &[(&str, &str, &str)] = &[
    ("", "diverting", ""),
    ("", "diverting", ""),
    ("", "diverting", "stroke"),
    ("", "diverting", "stroke and trauma"),
    ("", "diverting", "all except trauma"),
    ("", "advisory", ""),
    ("", "advisory", "trauma and stroke"),
    ("", "closed", ""),
    ("", "closed", "stroke"),
    ("", "yellow", ""),
    ("", "yellow", "stroke"),
    ("service:ct", "down", ""),
    ("service:ct", "up", ""),
    ("", "open", ""),
    ("", "open", ""),
    ("", "open", "stroke"),
    ("", "open", "obstetric and trauma"),
    ("", "off-divert", ""),
    ("", "off-yellow", ""),
    ("", "off-red", ""),
    ("", "fully-open", ""),
];

/// Of a type with a `max`, of one that nobody may renew, of one that a renewal makes another, of one that wants leave.
const INTRICATE: &[(&str, &str, &str)] =
    &[("", "red", ""), ("", "grey", ""), ("", "green", ""), ("", "black", "")];

fn said(odd: bool) -> impl Strategy<Value = Said> {
    let sayings = if odd { [SAYINGS, SAYINGS, SAYINGS, INTRICATE].concat() } else { SAYINGS.to_vec() };
    let sources =
        if odd { vec!["hospital", "dispatch", "state", "news"] } else { vec!["hospital", "dispatch"] };
    let oddity = prop_oneof![
        30 => Just(Odd::Nothing),
        1 => (0..90_i64).prop_map(Odd::Back),
        1 => (1..90_i64).prop_map(Odd::Planned),
        1 => (0..90_i64).prop_map(Odd::Late),
        1 => Just(Odd::Exercise),
        1 => (1..5_usize).prop_map(Odd::Retracts),
        1 => Just(Odd::Note),
        1 => Just(Odd::Census),
        1 => Just(Odd::Assign),
        1 => prop::sample::select(vec!["storm", "off-storm"]).prop_map(Odd::Region),
    ];
    (
        0..FACILITIES,
        prop::sample::select(sayings),
        1..60_i64,
        0..30_i64,
        prop::option::of(1..200_i64),
        prop::sample::select(sources),
        oddity.prop_map(move |oddity| if odd { oddity } else { Odd::Nothing }),
    )
        .prop_map(|(facility, what, gap, lag, length, source, odd)| Said {
            facility,
            what,
            gap,
            lag,
            length,
            source,
            odd,
        })
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| read_registry(""))
}

/// The same, where no more than two may divert at once.
fn limited() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        read_registry(
            "[policy.r]\nregions = [\"r\"]\n[[policy.r.limit]]\ncounts = [\"diverting\"]\nmore_than = 2\n\
             then = \"suspend\"\nfor = \"1h\"\n",
        )
    })
}

/// So many types, each with a lane of its own: more than a walk tells apart.
const TYPES: usize = 140;

/// The same with many lanes.
fn wide() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let types = (0..TYPES).map(|index| format!("[status.t{index:03}]\neffect = \"advisory\"\n"));
        read_registry(&types.collect::<String>())
    })
}

fn read_registry(more: &str) -> Registry {
    let mut text = String::from(
        "[registry]\nname = \"World\"\ntimezone = \"UTC\"\n[source.news]\nacts = false\n[region.r]\nname = \"R\"\n\
         [status.yellow]\neffect = \"diverting\"\n[status.red]\neffect = \"diverting\"\nmax = \"2h\"\n\
         [status.grey]\neffect = \"advisory\"\nrenewal = \"refused\"\n\
         [status.green]\neffect = \"diverting\"\nrenewal = \"yellow\"\n\
         [status.black]\neffect = \"diverting\"\napprover = [\"chief\"]\n\
         [status.storm]\nof = \"region\"\nsuspends = [\"yellow\"]\n",
    );
    text += more;
    for index in 0..FACILITIES {
        let _ = writeln!(
            text,
            "[facility.f{index}]\nname = \"F {index}\"\nregion = \"r\"\nlat = 0\nlon = {index}\nservices = [\"ct\"]\ned = {{}}"
        );
    }
    loaded::registry(&text)
}

fn events(said: &[Said]) -> Vec<Event> {
    events_in(registry(), said)
}

fn events_in(registry: &Registry, said: &[Said]) -> Vec<Event> {
    let time = |minutes: i64| Instant::from_seconds(NEW_YEAR + 60 * minutes).rfc3339(Tz::UTC);
    let mut csv = String::from(
        "event,recorded_at,kind,facility,lane,status,scope,from,until,reason,source,exercise,retracts,region,data\n",
    );
    let (mut now, mut recorded) = (0, 0);
    for (index, row) in said.iter().enumerate() {
        now += row.gap;
        recorded = recorded.max(now + row.lag);
        let event = index + 1;
        if let Odd::Retracts(before) = row.odd
            && before < event
        {
            let _ = writeln!(
                csv,
                "{event},{},retract,,,,,,,,{},,{},,",
                time(recorded),
                row.source,
                event - before
            );
            continue;
        }
        if let Odd::Region(status) = row.odd {
            let (recorded, now, source) = (time(recorded), time(now), row.source);
            let _ = writeln!(csv, "{event},{recorded},declare,,,{status},,{now},,,{source},,,r,");
            continue;
        }
        let kind = match row.odd {
            Odd::Note => Some(("note", "")),
            Odd::Census => Some(("census", "\"{\"\"occupied\"\":5}\"")),
            Odd::Assign => Some(("assign", "\"{\"\"forced\"\":true}\"")),
            _ => None,
        };
        if let Some((kind, data)) = kind {
            let (recorded, facility, source) = (time(recorded), row.facility, row.source);
            let _ = writeln!(csv, "{event},{recorded},{kind},f{facility},,,,,,,{source},,,,{data}");
            continue;
        }
        let from = match row.odd {
            Odd::Back(minutes) => now - row.gap - minutes,
            Odd::Planned(minutes) => recorded + minutes,
            _ => now,
        };
        let (lane, status, scope) = row.what;
        let begins = !matches!(status, "up" | "open" | "fully-open") && !status.starts_with("off");
        let until = match (row.odd, row.length) {
            (Odd::Late(minutes), _) => Some((recorded - minutes).max(from + 1)),
            (Odd::Planned(_), length) => length.map(|length| from + length),
            (_, length) => length.map(|length| recorded + length),
        };
        let until = until.filter(|_| begins).map_or_else(String::new, time);
        let exercise = if row.odd == Odd::Exercise { "true" } else { "" };
        let _ = writeln!(
            csv,
            "{event},{},declare,f{},{lane},{status},{scope},{},{until},,{},{exercise},,,",
            time(recorded),
            row.facility,
            time(from),
            row.source,
        );
    }
    match log::read(csv.as_bytes(), "log.csv", Format::Csv, registry, &mut Sources::default()) {
        Ok(log) => log.events.iter().collect(),
        Err(diagnostics) => panic!("{diagnostics:#?}\n{csv}"),
    }
}

/// All that a walk tells of an episode.
#[derive(Clone, PartialEq, Debug)]
struct Told {
    lane: Lane,
    state: LaneState,
    from: Instant,
    event: u64,
    confirmed: Vec<(Instant, u64)>,
    until: Option<Instant>,
    ended_by: Option<(EndedBy, Option<u64>)>,
}

struct Notes<'s> {
    states: &'s [(Lane, LaneState)],
    told: Vec<Told>,
}

impl Witness for Notes<'_> {
    fn begins(&mut self, state: StateAt, saying: &Saying) {
        let (lane, state) = self.states[state.index()].clone();
        let (from, event) = (saying.from, saying.event);
        self.told.push(Told { lane, state, from, event, confirmed: Vec::new(), until: None, ended_by: None });
    }
    fn confirmed(&mut self, episode: usize, saying: &Saying) {
        self.told[episode].confirmed.push((saying.from, saying.event));
    }
    fn ends(&mut self, episode: usize, until: Instant, by: EndedBy, event: Option<u64>) {
        let told = &mut self.told[episode];
        assert_eq!(told.until, None, "it ends once");
        (told.until, told.ended_by) = (Some(until), Some((by, event)));
    }
}

/// What the first sayings of a facility come to on a walk, in the order in which they begin; of all that are known to a
/// fold, in order of lanes.
fn walked(walk: &mut Walk<'_>, sayings: usize) -> Vec<Told> {
    let mut notes = Notes { states: walk.states(), told: Vec::new() };
    walk.go(sayings, &mut notes);
    notes.told
}

fn folded(history: Option<&History>) -> Vec<Told> {
    let told = |lane: &Lane, episode: &Episode| Told {
        lane: lane.clone(),
        state: episode.state.clone(),
        from: episode.from(),
        event: episode.event(),
        confirmed: episode.confirmations().iter().map(|said| (said.from, said.event)).collect(),
        until: episode.until(),
        ended_by: episode.ended_by(),
    };
    let mut all = Vec::new();
    for track in history.into_iter().flat_map(History::tracks) {
        all.extend(track.episodes().iter().map(|episode| told(&track.lane, episode)));
    }
    all.sort_by(|a, b| (a.from, &a.lane).cmp(&(b.from, &b.lane)));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_over_a_plain_facility_tells_what_folding_keeps(
        said in prop::collection::vec(said(false), 0..60),
        upto in 0..30_usize,
        known in prop::option::of(0..2_000_i64),
    ) {
        let events = events(&said);
        let known_at = known.map(|minutes| Instant::from_seconds(NEW_YEAR + 60 * minutes));
        let timeline = Timeline::fold(registry(), &events, known_at);
        let mut walk = Walk::new(&timeline);
        for facility in (0..).map(FacilityId::from).take(FACILITIES) {
            prop_assert!(walk.read(facility), "nothing is odd about it");
            prop_assert_eq!(walked(&mut walk, usize::MAX), folded(timeline.folded(facility).as_deref()));
            // As far as any of its sayings, it tells what folding those comes to.
            let Some(last) = walk.sayings().get(upto).map(|last| last.event) else { continue };
            let first = events.iter().filter(|event| event.number <= last);
            let before = Timeline::fold(registry(), first, known_at);
            prop_assert_eq!(walked(&mut walk, upto + 1), folded(before.folded(facility).as_deref()));
        }
    }

    #[test]
    fn a_walk_is_refused_or_tells_what_folding_keeps(
        said in prop::collection::vec(said(true), 0..24),
        known in prop::option::of(0..1_000_i64),
    ) {
        let known_at = known.map(|minutes| Instant::from_seconds(NEW_YEAR + 60 * minutes));
        let timeline = Timeline::fold(registry(), &events(&said), known_at);
        let mut walk = Walk::new(&timeline);
        for facility in (0..).map(FacilityId::from).take(FACILITIES) {
            if walk.read(facility) {
                prop_assert_eq!(walked(&mut walk, usize::MAX), folded(timeline.folded(facility).as_deref()));
            } else {
                prop_assert!(walk.sayings().is_empty());
                prop_assert!(walked(&mut walk, usize::MAX).is_empty());
            }
        }
    }

    #[test]
    fn what_matters_at_an_instant_tells_of_it_what_everything_does(
        said in prop::collection::vec(said(false), 0..60),
        odd in prop::collection::vec(said(true), 0..3),
        known in prop::option::of(0..2_000_i64),
        parts in 1..9_usize,
    ) {
        compare(registry(), &[said, odd].concat(), known, parts)?;
    }

    #[test]
    fn so_it_does_where_much_is_odd(
        said in prop::collection::vec(said(true), 0..40),
        known in prop::option::of(0..1_000_i64),
        parts in 1..9_usize,
    ) {
        compare(registry(), &said, known, parts)?;
    }

    #[test]
    fn so_it_does_where_policies_rule(
        said in prop::collection::vec(said(false), 0..40),
        odd in prop::collection::vec(said(true), 0..3),
        parts in 1..9_usize,
    ) {
        compare(limited(), &[said, odd].concat(), None, parts)?;
    }

    #[test]
    fn so_it_does_where_there_are_many_lanes(
        said in prop::collection::vec((said(false), 0..8 * TYPES), 0..60),
        parts in 1..9_usize,
    ) {
        static NAMES: OnceLock<Vec<String>> = OnceLock::new();
        let names = NAMES.get_or_init(|| {
            let types = (0..TYPES).map(|index| format!("t{index:03}"));
            types.chain((0..TYPES).map(|index| format!("off-t{index:03}"))).collect()
        });
        let said: Vec<Said> = said
            .into_iter()
            // Of some rows the type is replaced by one of many; the last ones are spoken of often.
            .map(|(said, at)| match names.get(at / 2) {
                Some(name) if at % 2 == 0 => Said { what: ("", name.as_str(), ""), ..said },
                _ if at % 5 == 0 => Said { what: ("", names[TYPES - 1 - at % 2].as_str(), ""), ..said },
                _ => said,
            })
            .collect();
        compare(wide(), &said, None, parts)?;
    }
}

/// Whether a board that knows of each facility what matters, worked out in so many parts at once, says at every instant at
/// which anything changes what a board does that knows everything.
fn compare(
    registry: &Registry,
    said: &[Said],
    known: Option<i64>,
    parts: usize,
) -> Result<(), TestCaseError> {
    let events = events_in(registry, said);
    let known_at = known.map(|minutes| Instant::from_seconds(NEW_YEAR + 60 * minutes));
    let whole = Timeline::fold(registry, &events, known_at);
    let facilities = || (0..).map(FacilityId::from).take(FACILITIES);
    let mut instants = BTreeSet::from([Instant::from_seconds(NEW_YEAR - 1)]);
    for facility in facilities() {
        for episode in
            whole.facility(facility).into_iter().flat_map(History::tracks).flat_map(Track::episodes)
        {
            let ends = episode.said().iter().map(|said| said.from).chain(episode.until());
            instants.extend(ends.flat_map(|at| [at, at - TimeDelta::seconds(1)]));
        }
    }
    for at in instants {
        let present = Timeline::fold(registry, &events, known_at);
        // No order is promised.
        present.look_ahead(at, parts, |tasks| tasks.into_iter().rev().for_each(|task| task()));
        let board = present.at(registry, at);
        for facility in facilities() {
            // Of one that was folded before, nothing is left out.
            let (little, all) = (board.facility(facility), whole.facility_at(registry, facility, at));
            let active = |state: &FacilityState<'_>| {
                let active = state.active.iter();
                let told = active.map(|it| (it.lane.clone(), it.episode.clone(), it.standing.clone()));
                told.collect::<Vec<_>>()
            };
            prop_assert_eq!(active(little), active(&all));
            prop_assert_eq!(little.summary(), all.summary());
            prop_assert_eq!(little.is_unknown(), all.is_unknown());
            prop_assert_eq!(little.last_report(), all.last_report());
            prop_assert_eq!(little.expired_at(), all.expired_at());
            prop_assert_eq!(little.conflicts(), all.conflicts());
            prop_assert_eq!(little.census(), all.census());
            prop_assert_eq!(little.walk_in(), all.walk_in());
            prop_assert_eq!(little.services_down(), all.services_down());
            prop_assert_eq!(little.ended_by_force().count(), all.ended_by_force().count());
            let shown = |state: &FacilityState<'_>| {
                let tracks = state.history().into_iter().flat_map(History::exercises);
                tracks.map(|(event, track)| (event, track.clone())).collect::<Vec<_>>()
            };
            prop_assert_eq!(shown(little), shown(&all));
            let claimed = |state: &FacilityState<'_>| {
                let tracks = state.history().into_iter().flat_map(|history| history.shown_only(registry));
                let held = tracks.filter_map(|(source, track)| Some((source.clone(), track.at(at)?.clone())));
                held.collect::<Vec<_>>()
            };
            prop_assert_eq!(claimed(little), claimed(&all));
        }
        // Of a single facility it is a walk that tells.
        for facility in facilities() {
            let all = whole.facility_at(registry, facility, at);
            let all = (all.summary(), all.expired_at(), all.last_report().cloned());
            let one = present.glance(registry, facility, at, |state| {
                (state.summary(), state.expired_at(), state.last_report().cloned())
            });
            prop_assert_eq!(one, all);
        }
    }
    Ok(())
}

/// A closing or an opening, so many minutes after what was said before.
fn turn(index: usize, gap: i64) -> Said {
    Said {
        facility: 0,
        what: ("", if index.is_multiple_of(2) { "closed" } else { "open" }, ""),
        gap,
        lag: 0,
        length: None,
        source: "hospital",
        odd: Odd::Nothing,
    }
}

#[test]
fn a_facility_of_which_two_things_are_said_of_one_instant_is_not_plain() {
    for (gap, is_plain) in [(1, true), (0, false)] {
        let events = events(&[turn(0, 1), turn(1, 1), turn(2, gap)]);
        let timeline = Timeline::fold(registry(), &events, None);
        assert_eq!(Walk::new(&timeline).read(FacilityId::from(0)), is_plain, "{gap} minutes apart");
    }
}

#[test]
fn of_a_long_history_little_matters_at_an_instant() {
    let said: Vec<Said> = (0..60).map(|index| turn(index, 30)).collect();
    // The first of these is no walk's: what it says was over when it was recorded.
    let late = Said { length: Some(10), odd: Odd::Late(5), ..turn(0, 1) };
    for said in [said.clone(), [vec![late], said].concat()] {
        let timeline = Timeline::fold(registry(), &events(&said), None);
        let board = timeline.at(registry(), Instant::from_seconds(NEW_YEAR + 60 * 1_000));
        let closed = board.facility(FacilityId::from(0));
        assert_eq!(closed.summary(), Summary::Closed);
        let history = closed.history().unwrap();
        assert_eq!(history.reports.len(), 1, "its closing");
        let kept = history.tracks().flat_map(Track::episodes).count();
        assert!((1..4).contains(&kept), "{kept} episodes of 30 or 31");
    }
}

#[test]
fn a_log_may_have_more_lanes_than_a_walk_tells_apart() {
    let begins = (0..TYPES).map(|index| (format!("t{index:03}"), usize::from(index >= 100)));
    // The last facility is in late lanes only, of which a sweep tells no two apart.
    let ends = [
        ("off-t000", 0),
        ("off-t139", 1),
        ("t070", 0),
        ("t080", 2),
        ("t081", 2),
        ("off-t080", 2),
        ("open", 0),
        ("t139", 1),
        ("open", 1),
        ("t003", 0),
        ("open", 2),
    ];
    let names: Vec<(String, usize)> =
        begins.chain(ends.map(|(name, facility)| (name.to_owned(), facility))).collect();
    let said = names.into_iter().map(|(name, facility)| Said {
        facility,
        what: ("", name.leak(), ""),
        ..turn(0, 1)
    });
    let said: Vec<Said> = said.collect();
    let timeline = Timeline::fold(wide(), &events_in(wide(), &said), None);
    let mut walk = Walk::new(&timeline);
    let [few, beyond, late] = [0, 1, 2].map(FacilityId::from);
    for plain in [few, late] {
        assert!(walk.read(plain));
        assert_eq!(walked(&mut walk, usize::MAX), folded(timeline.folded(plain).as_deref()));
    }
    assert!(!walk.read(beyond), "it is in lanes that have no number");
    compare(wide(), &said, None, 2).unwrap();
}
