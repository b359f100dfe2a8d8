//! What must hold of every decision, whatever the registry, the log and the patient.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ambulance_diversion::load::{self, Options};
use ambulance_diversion::log::{self, Format};
use ambulance_diversion::model::{
    Effect, Event, FacilityId, Instant, Kind, Origin, Patient, Position, Priority, Registry, Sources, WalkIn,
};
use ambulance_diversion::render::{self, Format as Written};
use ambulance_diversion::report::route::{self, Telling};
use ambulance_diversion::routing::{Decision, Outcome, Question, decide};
use ambulance_diversion::sheet::Basis;
use ambulance_diversion::state::{FacilityState, Snapshot, Summary, Timeline};
use proptest::prelude::*;

const NOON: i64 = 1_700_000_000;

/// A hospital to be: where on the line it stands, what it has, who owns it.
#[derive(Clone, Debug)]
struct Site {
    north: u32,
    has_ed: bool,
    external: bool,
    services: Vec<&'static str>,
    network: bool,
}

/// A row of the log to be.
#[derive(Clone, Debug)]
struct Said {
    facility: usize,
    what: (&'static str, &'static str, &'static str),
    from: i64,
    length: Option<i64>,
    walk_in: &'static str,
    route: Option<usize>,
}

#[derive(Clone, Debug)]
struct World {
    sites: Vec<Site>,
    said: Vec<Said>,
    rules: Vec<(usize, &'static str, usize)>,
    policy: &'static str,
}

/// Lane, status and scope of a row.
const SAYINGS: &[(&str, &str, &str)] = &[
    ("", "diverting", ""),
    ("", "diverting", "stroke"),
    ("", "diverting", "all except trauma"),
    ("", "diverting", "adult als"),
    ("", "advisory", ""),
    ("", "closed", ""),
    ("", "yellow", ""),
    ("", "black", ""),
    ("service:ct", "down", ""),
    ("", "open", ""),
    ("", "off-divert", ""),
];

const POLICIES: &[&str] = &[
    "",
    "all_diverting = \"closest\"\nmax_extra_minutes = 5",
    "all_diverting = \"consult\"\nhonour_request = true",
    "alternatives = 1\nnever_diverted = \"obstetric\"",
    "honoured_reasons = [\"fire\"]",
    "max_minutes = 15\nmax_order_extra = 10",
    "[[policy.p.limit]]\ncounts = [\"diverting\", \"yellow\"]\nmore_than = 1\nthen = \"suspend\"\nfor = \"1h\"",
    "[[policy.p.limit]]\ncounts = [\"diverting\"]\nmore_than = 1\nthen = \"reject\"",
    "[[policy.p.limit]]\ncounts = [\"diverting\", \"closed\"]\nmore_than = 2\nthen = \"reopen-all\"",
];

fn site() -> impl Strategy<Value = Site> {
    let services = prop::sample::subsequence(vec!["ct", "stroke-primary", "obstetrics", "trauma-2"], 0..=4);
    (0..60_u32, prop::bool::weighted(0.9), prop::bool::weighted(0.1), services, any::<bool>()).prop_map(
        |(north, has_ed, external, services, network)| Site { north, has_ed, external, services, network },
    )
}

fn world() -> impl Strategy<Value = World> {
    prop::collection::vec(site(), 1..7).prop_flat_map(|sites| {
        let count = sites.len();
        let said = (
            0..count,
            prop::sample::select(SAYINGS.to_vec()),
            -20..10_i64,
            prop::option::of(1..20_i64),
            prop::sample::select(vec!["", "open", "closed"]),
            prop::option::weighted(0.3, 0..count),
        )
            .prop_map(|(facility, what, from, length, walk_in, route)| Said {
                facility,
                what,
                from,
                length,
                walk_in,
                route,
            });
        let rule = (0..count, prop::sample::select(vec!["diverting", "closed", "yellow"]), 0..count);
        (
            Just(sites),
            prop::collection::vec(said, 0..12),
            prop::collection::vec(rule, 0..3),
            prop::sample::select(POLICIES.to_vec()),
        )
            .prop_map(|(sites, said, rules, policy)| World { sites, said, rules, policy })
    })
}

impl World {
    /// The text of a registry, its facilities in this order.
    fn toml(&self, order: &[usize], with_rules: bool) -> String {
        let mut text = String::from(
            "[registry]\nname = \"World\"\ntimezone = \"UTC\"\nstale_after = \"12h\"\n[travel]\nspeed_kmh = 60\n\
             circuity = 1.0\n[network.n]\nname = \"Network\"\n[region.r]\nname = \"Region\"\n\
             [status.yellow]\neffect = \"diverting\"\ndiverts = \"priority 2, priority 3\"\nconsult = \"pediatric\"\n\
             [status.black]\neffect = \"diverting\"\nmandatory = true\nmax = \"2h\"\n",
        );
        if !self.policy.is_empty() {
            let _ = writeln!(text, "[policy.p]\nregions = [\"r\"]\n{}", self.policy);
        }
        for &index in order {
            let site = &self.sites[index];
            let _ = writeln!(
                text,
                "[facility.f{index}]\nname = \"Facility {index}\"\nregion = \"r\"\nlat = {}\nlon = 0\nservices = {:?}\n\
                 external = {}\n{}{}",
                f64::from(site.north) / 100.0,
                site.services,
                site.external,
                if site.network { "network = \"n\"\n" } else { "" },
                if site.has_ed { "ed = {}" } else { "" }
            );
        }
        for (index, (subject, condition, target)) in self.rules.iter().enumerate().filter(|_| with_rules) {
            let _ = writeln!(
                text,
                "[[rule]]\nid = \"rule-{index}\"\nsay = \"when f{subject} {condition}, route to f{target} then Network\""
            );
        }
        text
    }

    /// The registry, its facilities in this order.
    fn registry(&self, order: &[usize], with_rules: bool) -> Registry {
        let directory = tempfile::tempdir().unwrap();
        self.registry_in(directory.path(), order, with_rules)
    }

    /// The same, from a file in that directory.
    fn registry_in(&self, directory: &std::path::Path, order: &[usize], with_rules: bool) -> Registry {
        let path = directory.join("facilities.toml");
        std::fs::write(&path, self.toml(order, with_rules)).unwrap();
        let mut sources = Sources::default();
        match load::registry(&path, &Options::default(), &mut sources) {
            Ok(loaded) => loaded.registry,
            Err(diagnostics) => panic!("{diagnostics:#?}"),
        }
    }

    fn csv(&self, with_routes: bool) -> String {
        let mut csv =
            String::from("recorded_at,facility,lane,status,scope,from,until,walk_in,route,reason\n");
        for (index, said) in self.said.iter().enumerate() {
            let (lane, status, scope) = said.what;
            let begins = matches!(status, "diverting" | "closed" | "yellow" | "black" | "advisory" | "down");
            let time = |minutes: i64| Instant::from_seconds(NOON + 600 * minutes).rfc3339(chrono_tz::UTC);
            let until =
                said.length.filter(|_| begins).map_or_else(String::new, |length| time(said.from + length));
            let route = said.route.filter(|_| begins && with_routes && status != "advisory");
            let route = route.map_or_else(String::new, |target| format!("f{target} then Network"));
            let _ = writeln!(
                csv,
                "{},f{},{lane},{status},{scope},{},{until},{},{route},{}",
                Instant::from_seconds(NOON - 100_000 + i64::try_from(index).unwrap()).rfc3339(chrono_tz::UTC),
                said.facility,
                time(said.from),
                if status == "closed" { said.walk_in } else { "" },
                if begins && index % 2 == 0 { "fire" } else { "" },
            );
        }
        csv
    }

    fn events(&self, registry: &Registry, with_routes: bool) -> Vec<ambulance_diversion::model::Event> {
        let csv = self.csv(with_routes);
        let mut sources = Sources::default();
        match log::read(csv.as_bytes(), "log.csv", Format::Csv, registry, &mut sources) {
            Ok(log) => log.events.iter().collect(),
            Err(diagnostics) => panic!("{diagnostics:#?}\n{csv}"),
        }
    }
}

#[derive(Clone, Debug)]
struct Who {
    need: &'static str,
    priority: u64,
    extremis: bool,
    request: Option<usize>,
    north: u32,
    exclude: Option<usize>,
}

fn who() -> impl Strategy<Value = Who> {
    (
        prop::sample::select(vec!["general", "stroke", "obstetric", "trauma", "pediatric"]),
        1..=3_u64,
        prop::bool::weighted(0.2),
        prop::option::weighted(0.2, 0..7_usize),
        0..60_u32,
        prop::option::weighted(0.1, 0..7_usize),
    )
        .prop_map(|(need, priority, extremis, request, north, exclude)| Who {
            need,
            priority,
            extremis,
            request,
            north,
            exclude,
        })
}

impl Who {
    fn patient(&self, registry: &Registry) -> Patient {
        registry.patient(ambulance_diversion::model::PatientSaid {
            needs: BTreeSet::from([registry.needs.id(self.need).unwrap()]),
            priority: Priority::from_number(self.priority),
            extremis: self.extremis,
            request: self.request.and_then(|index| registry.facilities.id(&format!("f{index}"))),
            ..ambulance_diversion::model::PatientSaid::default()
        })
    }
    fn exclude(&self, registry: &Registry) -> BTreeSet<FacilityId> {
        self.exclude.and_then(|index| registry.facilities.id(&format!("f{index}"))).into_iter().collect()
    }
    fn decide(&self, snapshot: &Snapshot<'_>) -> Decision {
        let registry = snapshot.registry;
        let (patient, exclude, forced) = (self.patient(registry), self.exclude(registry), BTreeMap::new());
        let origin = Origin::Point(Position { lat: f64::from(self.north) / 100.0, lon: 0.0 });
        decide(snapshot, &Question { patient: &patient, origin, exclude: &exclude, forced: &forced })
    }
}

/// Answers a stream of patients.
fn batch(directory: &std::path::Path, options: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_divert"));
    command.current_dir(directory).env_clear().arg("--registry").arg(directory.join("facilities.toml"));
    command.args(["--log", "log.csv", "route", "--batch", "patients.csv"]);
    let output = command.args(options).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What the board shows of a facility.
fn board(state: &FacilityState<'_>) -> (Summary, Vec<(u64, bool, Option<Instant>)>) {
    let active = state.active.iter();
    (
        state.summary(),
        active.map(|active| (active.episode.event(), active.in_force(), active.episode.until())).collect(),
    )
}

fn now() -> Instant {
    Instant::from_seconds(NOON)
}

/// Whether a facility is closed to the patient, and whether its walk-ins are open all the same.
fn closed(snapshot: &Snapshot<'_>, facility: FacilityId, patient: &Patient) -> Option<bool> {
    let mut shut = None;
    for active in snapshot.facility(facility).in_force() {
        let Some((_, kind, scope)) = active.status else { continue };
        if kind.effect == Effect::Closed && patient.is_in(scope) {
            let open = active.episode.walk_in(snapshot.at) == Some(WalkIn::Open);
            shut = Some(shut.unwrap_or(true) && open);
        }
    }
    shut
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn every_facility_stands_in_exactly_one_place(world in world(), who in who()) {
        let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), true);
        let events = world.events(&registry, true);
        let timeline = Timeline::fold(&registry, &events, None);
        let decision = who.decide(&timeline.at(&registry, now()));
        let mut stands: Vec<FacilityId> = decision.destination.iter().map(|stop| stop.facility).collect();
        stands.extend(decision.alternates.iter().map(|stop| stop.facility));
        stands.extend(decision.rejected.iter().map(|rejected| rejected.stop.facility));
        stands.sort_unstable();
        prop_assert_eq!(stands, registry.facilities.ids().collect::<Vec<_>>());
        prop_assert!(decision.rejected.iter().all(|rejected| !rejected.reasons.is_empty()));
    }

    #[test]
    fn a_living_patient_gets_an_answer_while_any_ed_is_not_closed(world in world(), who in who()) {
        let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), true);
        let events = world.events(&registry, true);
        let timeline = Timeline::fold(&registry, &events, None);
        let snapshot = timeline.at(&registry, now());
        let (patient, exclude) = (who.patient(&registry), who.exclude(&registry));
        let decision = who.decide(&snapshot);
        let open = registry.facilities.iter().any(|(id, facility)| {
            facility.ed.is_some() && !exclude.contains(&id) && closed(&snapshot, id, &patient).is_none()
        });
        if open {
            prop_assert_ne!(decision.outcome, Outcome::None);
        }
        prop_assert_eq!(decision.destination.is_some(), matches!(decision.outcome, Outcome::Routed | Outcome::Forced));
        prop_assert_eq!(decision.decided_by.is_none(), decision.outcome == Outcome::None);
    }

    #[test]
    fn nobody_is_sent_to_a_closed_ed_but_in_extremis_with_walk_ins_open(world in world(), who in who()) {
        let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), true);
        let events = world.events(&registry, true);
        let timeline = Timeline::fold(&registry, &events, None);
        let snapshot = timeline.at(&registry, now());
        let patient = who.patient(&registry);
        let decision = who.decide(&snapshot);
        if let Some(stop) = decision.destination {
            prop_assert!(registry.facilities[stop.facility].ed.is_some());
            prop_assert!(!who.exclude(&registry).contains(&stop.facility));
            if let Some(walk_ins_open) = closed(&snapshot, stop.facility, &patient) {
                prop_assert!(who.extremis && walk_ins_open, "sent to a closed ED: {:?}", decision);
            }
        }
        for stop in &decision.alternates {
            prop_assert_eq!(closed(&snapshot, stop.facility, &patient), None);
        }
    }

    #[test]
    fn a_retracted_event_is_as_if_never_recorded(world in world(), taken_back in 0..12_usize, minutes in -30..40_i64) {
        prop_assume!(!world.said.is_empty());
        let taken_back = taken_back % world.said.len();
        let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), false);
        let events = world.events(&registry, true);
        let number = events[taken_back].number;
        let mut retracted = events.clone();
        retracted.push(Event {
            number: events.len() as u64 + 1,
            recorded_at: now(),
            source: "dispatch".into(),
            text: None,
            kind: Kind::Retract(number),
        });
        let mut never = events.clone();
        never[taken_back].kind = Kind::Retract(0);
        let at = Instant::from_seconds(NOON + 600 * minutes);
        let [with, without] = [retracted, never].map(|events| {
            let timeline = Timeline::fold(&registry, &events, None);
            registry.facilities.ids().map(|id| board(&timeline.facility_at(&registry, id, at))).collect::<Vec<_>>()
        });
        prop_assert_eq!(with, without);
    }

    #[test]
    fn the_order_of_simultaneous_words_about_two_facilities_changes_nothing(
        world in world(),
        first in 0..11_usize,
        minutes in -30..40_i64,
    ) {
        let limit = "[[policy.p.limit]]\ncounts = [\"diverting\", \"yellow\"]\nmore_than = 1\nthen = \"suspend\"\nfor = \"1h\"";
        prop_assume!(world.said.len() > first + 1 && world.said[first].facility != world.said[first + 1].facility);
        let mut world = World { policy: limit, ..world };
        world.said[first + 1].from = world.said[first].from;
        let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), false);
        let events = world.events(&registry, true);
        let mut swapped = events.clone();
        swapped.swap(first, first + 1);
        let at = Instant::from_seconds(NOON + 600 * minutes);
        let [one, other] = [events, swapped].map(|mut events| {
            for (index, event) in events.iter_mut().enumerate() {
                event.number = index as u64 + 1;
                event.recorded_at = Instant::from_seconds(NOON - 100_000 + i64::try_from(index / 2).unwrap());
            }
            let timeline = Timeline::fold(&registry, &events, None);
            let state = |id| timeline.facility_at(&registry, id, at).summary();
            registry.facilities.ids().map(state).collect::<Vec<_>>()
        });
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_limit_that_is_never_reached_changes_nothing(world in world(), minutes in -30..40_i64) {
        let limit = "[[policy.p.limit]]\ncounts = [\"diverting\", \"closed\"]\nmore_than = 99\nthen = \"suspend\"\nfor = \"4h\"";
        let at = Instant::from_seconds(NOON + 600 * minutes);
        let [free, limited] = ["honour_request = false", limit].map(|policy| {
            let world = World { policy, ..world.clone() };
            let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), false);
            let events = world.events(&registry, true);
            let timeline = Timeline::fold(&registry, &events, None);
            registry.facilities.ids().map(|id| board(&timeline.facility_at(&registry, id, at))).collect::<Vec<_>>()
        });
        prop_assert_eq!(free, limited);
    }

    #[test]
    fn no_more_divert_at_once_than_a_limit_allows(world in world(), minutes in -30..40_i64) {
        let limit = "[[policy.p.limit]]\ncounts = [\"diverting\"]\nmore_than = 1\nthen = \"reject\"";
        let world = World { policy: limit, ..world };
        let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), false);
        let events = world.events(&registry, true);
        let timeline = Timeline::fold(&registry, &events, None);
        let at = Instant::from_seconds(NOON + 600 * minutes);
        let diverting = registry.statuses.id("diverting").unwrap();
        let count = registry
            .facilities
            .iter()
            .filter(|(id, facility)| {
                let state = timeline.facility_at(&registry, *id, at);
                facility.receives(at) && state.in_force().any(|active| active.status.is_some_and(|(status, ..)| status == diverting))
            })
            .count();
        prop_assert!(count <= 1, "{count} divert at once");
    }

    #[test]
    fn of_the_episodes_that_hold_the_one_recorded_last_counts(world in world(), minutes in -30..40_i64) {
        let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), true);
        let events = world.events(&registry, true);
        let timeline = Timeline::fold(&registry, &events, None);
        let at = Instant::from_seconds(NOON + 600 * minutes);
        for history in registry.facilities.ids().filter_map(|facility| timeline.facility(facility)) {
            for track in history.tracks() {
                let plainly = track.episodes().iter().rev().find(|episode| episode.contains(at));
                prop_assert_eq!(track.at(at), plainly);
                let piece = track.pieces().into_iter().find(|piece| piece.interval.contains(at));
                prop_assert_eq!(piece.map(|piece| piece.episode), plainly);
            }
        }
    }

    #[test]
    fn the_order_of_the_files_tables_changes_nothing(
        (world, order) in world().prop_flat_map(|world| {
            let order = Just((0..world.sites.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(world), order)
        }),
        who in who(),
    ) {
        let (first, second) = (world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), true), world.registry(&order, true));
        let timelines = [&first, &second].map(|registry| Timeline::fold(registry, &world.events(registry, true), None));
        let decisions = [(&first, &timelines[0]), (&second, &timelines[1])]
            .map(|(registry, timeline)| who.decide(&timeline.at(registry, now())));
        // A rule is named with its line, which moves with the order of the tables.
        let told = |decision: &Decision| {
            (
                decision.outcome,
                decision.destination,
                decision.decided_by.clone(),
                decision.flags.clone(),
                decision.alternates.clone(),
                decision.rejected.clone(),
                decision.not_counted.clone(),
            )
        };
        prop_assert_eq!(told(&decisions[0]), told(&decisions[1]));
    }

    #[test]
    fn a_worse_status_never_makes_a_facility_more_likely(
        world in world(),
        who in who(),
        worse in prop::sample::select(vec!["diverting", "closed"]),
        target in 0..7_usize,
    ) {
        let mut world = world;
        let target = target % world.sites.len();
        let registry = world.registry(&(0..world.sites.len()).collect::<Vec<_>>(), false);
        let facility = registry.facilities.id(&format!("f{target}")).unwrap();
        let before_events = world.events(&registry, false);
        let before_timeline = Timeline::fold(&registry, &before_events, None);
        let before = who.decide(&before_timeline.at(&registry, now()));
        // Said last, from long ago and without end: it adds to what holds now, and replaces nothing that is worse.
        let holds = before_timeline.facility(facility).is_some_and(|history| {
            history.tracks().any(|track| track.at(now()).is_some() && track.lane != ambulance_diversion::model::Lane::Closed)
        });
        prop_assume!(worse == "closed" || !holds);
        world.said.push(Said { facility: target, what: ("", worse, ""), from: -1, length: None, walk_in: "closed", route: None });
        let after_events = world.events(&registry, false);
        let after_timeline = Timeline::fold(&registry, &after_events, None);
        let after = who.decide(&after_timeline.at(&registry, now()));
        let goes = |decision: &Decision| decision.destination.map(|stop| stop.facility) == Some(facility);
        prop_assert!(goes(&before) || !goes(&after), "{}: {:?} then {:?}", worse, before, after);
    }
}

proptest! {
    // Each starts the program twice.
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_row_of_many_patients_says_what_a_single_decision_says(
        world in world(),
        patients in prop::collection::vec((who(), -175..40_i64), 1..40),
        rotates in any::<bool>(),
        by_row in any::<bool>(),
        given in any::<bool>(),
    ) {
        let world = World { policy: if rotates { "all_diverting = \"rotate\"" } else { world.policy }, ..world };
        let order: Vec<usize> = (0..world.sites.len()).collect();
        let directory = tempfile::tempdir().unwrap();
        let registry = world.registry_in(directory.path(), &order, true);
        std::fs::write(directory.path().join("log.csv"), world.csv(true)).unwrap();
        let mut csv = String::from("id,time,lat,lon,need,priority,extremis,request\n");
        for (index, (who, minutes)) in patients.iter().enumerate() {
            let time = Instant::from_seconds(NOON + 600 * minutes).rfc3339(chrono_tz::UTC);
            let request = who.request.filter(|request| *request < world.sites.len());
            let request = request.map_or_else(String::new, |request| format!("f{request}"));
            let north = f64::from(who.north) / 100.0;
            let _ = writeln!(csv, "{index},{time},{north},0,{},{},{},{request}", who.need, who.priority, who.extremis);
        }
        std::fs::write(directory.path().join("patients.csv"), csv).unwrap();
        let at = now().rfc3339(chrono_tz::UTC);
        let mut options = vec!["--at", &at];
        if by_row {
            options.extend(["--known-at", "row"]);
        }
        if given {
            options.extend(["--given", "f0 diverting from 2023-11-14 10:00 until 2023-11-15 02:00"]);
        }
        let brief = batch(directory.path(), &options);
        options.extend(["-F", "jsonl"]);
        let whole = batch(directory.path(), &options);

        let mut supposed = Vec::new();
        let recorded = world.events(&registry, true);
        if given {
            let text = "f0 diverting from 2023-11-14 10:00 until 2023-11-15 02:00";
            let file = Sources::default().add("", text);
            let reading = ambulance_diversion::sentence::Reading { now: now(), zone: None };
            for declaration in ambulance_diversion::sentence::statement(text, file, &registry, reading).unwrap() {
                supposed.push(Event {
                    number: recorded.len() as u64 + 1,
                    recorded_at: now(),
                    source: "given".into(),
                    text: None,
                    kind: Kind::Declare(Box::new(declaration)),
                });
            }
        }
        let mut taken: BTreeMap<i64, BTreeMap<FacilityId, u32>> = BTreeMap::new();
        let (mut brief, mut whole) = (brief.lines().skip(1), whole.lines());
        for (index, (who, minutes)) in patients.iter().enumerate() {
            let at = Instant::from_seconds(NOON + 600 * minutes);
            let known_at = by_row.then_some(at);
            let known = recorded.iter().filter(|event| known_at.is_none_or(|known_at| event.recorded_at <= known_at));
            let timeline = Timeline::fold(&registry, known.chain(&supposed), None);
            let patient = who.patient(&registry);
            let origin = Origin::Point(Position { lat: f64::from(who.north) / 100.0, lon: 0.0 });
            let day = taken.entry(at.seconds().div_euclid(86_400)).or_default();
            let question = Question { patient: &patient, origin, exclude: &BTreeSet::new(), forced: day };
            let decision = decide(&timeline.at(&registry, at), &question);
            if let (Outcome::Forced, Some(stop)) = (decision.outcome, decision.destination) {
                *day.entry(stop.facility).or_default() += 1;
            }
            let basis = Basis { registry: &registry, timeline: &timeline, at, known_at, zone: None, log: None };
            let mut sheet = route::sheet(&basis, &patient, origin, &decision, Telling { explain: false, alternates: 2, whole: true });
            sheet.rows[0][0] = index.to_string().into();
            let options = render::Options { headers: false, ..render::Options::default() };
            for (format, answers) in [(Written::Csv, &mut brief as &mut dyn Iterator<Item = &str>), (Written::Jsonl, &mut whole)] {
                let mut single = Vec::new();
                render::write(&sheet, format, &options, &mut single).unwrap();
                let single = String::from_utf8(single).unwrap();
                prop_assert_eq!(answers.next(), single.strip_suffix('\n'));
            }
        }
        prop_assert_eq!((brief.next(), whole.next()), (None, None));
    }

    #[test]
    fn a_hostile_stream_is_answered_row_by_row_and_the_same_however_it_comes(
        pieces in prop::collection::vec(
            prop_oneof![
                4 => (0..100_u32).prop_map(|id| format!("{id},0.1,0,general\n").into_bytes()),
                1 => Just(b"\"7\n8\",\"0.1\",0,general\r\n".to_vec()),
                1 => Just(b"9,\"0.1,0,general\n".to_vec()),
                1 => Just(b"\r\n\n".to_vec()),
                1 => Just(b"10,91,NaN,no\n".to_vec()),
                1 => prop::collection::vec(any::<u8>(), 0..12),
                1 => Just([b"x".repeat(70_000), b"\n".to_vec()].concat()),
            ],
            0..30,
        ),
        pause in 1..9_usize,
    ) {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(
            directory.path().join("facilities.toml"),
            "[registry]\nname = \"F\"\ntimezone = \"UTC\"\n[facility.f]\nname = \"Facility\"\nlat = 0\nlon = 0\ned = {}\n",
        )
        .unwrap();
        let answers = |pieces: &[Vec<u8>]| {
            let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_divert"))
                .current_dir(directory.path())
                .env_clear()
                .args(["--at", "2023-08-04 09:00", "route", "--batch", "-"])
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let mut input = child.stdin.take().unwrap();
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    for (index, piece) in pieces.iter().enumerate() {
                        let _ = std::io::Write::write_all(&mut input, piece);
                        if index % pause == 0 {
                            std::thread::sleep(std::time::Duration::from_millis(2));
                        }
                    }
                });
                child.wait_with_output().unwrap()
            })
        };
        let header = b"id,lat,lon,need\n".to_vec();
        let whole = answers(&[[header.clone(), pieces.concat()].concat()]);
        let piecemeal = answers(&[&[header], pieces.as_slice()].concat());
        prop_assert_eq!(String::from_utf8_lossy(&whole.stdout), String::from_utf8_lossy(&piecemeal.stdout));
        let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(whole.stdout.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        let bad = rows.iter().filter(|row| &row[1] == "error").count();
        prop_assert!(rows.iter().all(|row| &row[1] == "routed" || &row[1] == "error"));
        prop_assert_eq!(whole.status.code(), Some(if bad > 0 { 2 } else { 0 }));
        prop_assert!(rows.iter().all(|row| row.iter().all(|cell| cell.len() < 2000)));
    }
}
