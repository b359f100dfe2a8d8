//! Worlds by a seed: many facilities and sources, with everything that a log and a registry can say.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ambulance_diversion::load::{self, Options};
use ambulance_diversion::log::{self, Format};
use ambulance_diversion::model::{
    Event, FacilityId, Instant, Origin, Patient, PatientSaid, Position, Priority, Registry, Sources,
};

pub(crate) const NOON: i64 = 1_700_000_000;

/// A fixed sequence of numbers for each seed (Steele, Lea and Flood's `SplitMix64`).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// From `least` up to, not including, `most`.
    pub(crate) fn within(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least).unwrap();
        least + i64::try_from(self.next() % span).unwrap()
    }
    /// Once in `times`.
    pub(crate) fn once_in(&mut self, times: i64) -> bool {
        self.within(0, times) == 0
    }
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.within(0, i64::try_from(choices.len()).unwrap())).unwrap()]
    }
}

/// What a world may hold beyond facilities and declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) facilities: i64,
    pub(crate) events: i64,
    pub(crate) zones: i64,
    /// Policies, region statuses, rules, orders, levels: what can lead a patient away from the plain way.
    pub(crate) laws: bool,
    /// Whether everything is said as it happens, by those who know: then facilities are plain.
    pub(crate) orderly: bool,
}

pub(crate) struct World {
    pub(crate) registry: Registry,
    pub(crate) events: Vec<Event>,
    /// Where the world lies, in degrees, and how far it reaches, in hundredths.
    middle: (f64, f64),
    reach: i64,
    size: Size,
    excludes: bool,
}

const SERVICES: [&str; 6] = ["ct", "stroke-primary", "stroke-ready", "obstetrics", "trauma-1", "trauma-2"];
const NEEDS: [&str; 7] = ["general", "stroke", "obstetric", "trauma", "pediatric", "quick", "rare"];
const SOURCES: [&str; 4] = ["hospital", "dispatch", "news", "state"];
const POLICIES: [&str; 12] = [
    "",
    "all_diverting = \"closest\"\nmax_extra_minutes = 5",
    "all_diverting = \"consult\"\nhonour_request = true\nmax_minutes = 30",
    "alternatives = 1\nnever_diverted = \"obstetric\"",
    "honoured_reasons = [\"fire\"]",
    "honoured_reasons = [\"flood\", \"fire\"]\nnever_diverted = \"adult als, bls\"\nmax_order_extra = 10",
    "advisory_minutes = 5",
    "advisory_minutes = 0.3\ncrowding = { nedocs = 100, minutes = 7 }",
    "crowding = { nedocs = 60, minutes = 4 }\nall_diverting = \"rotate\"",
    "consult = \"the duty chief\"\nlevels = { RED = 2, BLACK = { at = 4, consult = true } }",
    "levels = { BUSY = { at = 1, consult = true }, FULL = 5 }",
    "[[policy.POLICY.limit]]\ncounts = [\"diverting\", \"yellow\"]\nmore_than = 2\nthen = \"suspend\"\nfor = \"1h\"",
];
const SAYINGS: [(&str, &str, &str); 20] = [
    ("", "diverting", ""),
    ("", "open", ""),
    ("", "diverting", "stroke"),
    ("", "open", "stroke"),
    ("", "diverting", "stroke and trauma"),
    ("", "diverting", "all except trauma"),
    ("", "diverting", "adult als"),
    ("", "advisory", ""),
    ("", "advisory", "pediatric"),
    ("", "closed", ""),
    ("", "closed", ""),
    ("", "yellow", ""),
    ("", "yellow", "trauma"),
    ("", "black", ""),
    ("service:ct", "down", ""),
    ("service:stroke-ready", "down", ""),
    ("service:ct", "up", ""),
    ("", "open", ""),
    ("", "off-divert", ""),
    ("", "fully-open", ""),
];

pub(crate) fn time(minutes: i64) -> String {
    Instant::from_seconds(NOON + 60 * minutes).rfc3339(chrono_tz::UTC)
}

#[allow(clippy::cast_precision_loss)] // hundredths of degrees
fn degrees(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

/// A place in degrees that is on the globe.
fn on_the_globe((lat, lon): (f64, f64)) -> (f64, f64) {
    let lon = (lon + 180.0).rem_euclid(360.0) - 180.0;
    (lat.clamp(-90.0, 90.0), lon)
}

impl World {
    pub(crate) fn new(seed: u64, size: Size) -> Self {
        let mut chance = Chance::new(seed);
        let middle = chance.one_of(&[(41.0, -72.0), (41.0, -72.0), (89.9, 10.0), (-90.0, 0.0), (0.0, 180.0)]);
        let reach = chance.one_of(&[0, 3, 20, 60, 400]);
        let mut world = Self {
            registry: read(seed, size, middle, reach, &mut chance),
            events: Vec::new(),
            middle,
            reach,
            size,
            excludes: chance.once_in(5),
        };
        world.events = world.say(&mut chance);
        world
    }

    /// Facilities to be left out: none in most worlds.
    pub(crate) fn exclude(&self) -> BTreeSet<FacilityId> {
        let some = self.registry.facilities.ids().filter(|id| id.index() % 5 == 3);
        some.filter(|_| self.excludes).collect()
    }

    /// A patient somewhere in it, at some time.
    pub(crate) fn ask(&self, chance: &mut Chance) -> (Patient, Origin, Instant) {
        let need = |key: &str| self.registry.needs.id(key).unwrap();
        let mut needs = BTreeSet::from([need(chance.one_of(&NEEDS))]);
        if chance.once_in(6) {
            needs.insert(need(chance.one_of(&NEEDS)));
        }
        let patient = self.registry.patient(PatientSaid {
            needs,
            priority: Priority::from_number(u64::try_from(chance.within(1, 4)).unwrap()),
            transfer: chance.once_in(9),
            care: chance.once_in(4).then_some(ambulance_diversion::model::Care::Bls),
            ..PatientSaid::default()
        });
        let index = |chance: &mut Chance, count: i64| u32::try_from(chance.within(0, count)).unwrap();
        let origin = match chance.within(0, 5) {
            0 if self.size.zones > 0 => Origin::Zone(index(chance, self.size.zones).into()),
            1 => Origin::Facility(index(chance, self.size.facilities).into()),
            _ => {
                let (lat, lon) = somewhere(self.middle, self.reach + 2, chance);
                Origin::Point(Position { lat, lon })
            }
        };
        (patient, origin, instant(chance))
    }

    fn say(&self, chance: &mut Chance) -> Vec<Event> {
        let mut csv = String::from(
            "recorded_at,kind,facility,region,lane,status,scope,from,until,walk_in,route,reason,source,exercise,\
             retracts,data\n",
        );
        let mut recorded = -100;
        let orderly = self.size.orderly;
        // With few words there is more confirming and contradicting.
        let sayings = &SAYINGS[..chance.one_of(&[2, 4, SAYINGS.len()])];
        // What may last so long only is more than plain.
        let sayings: Vec<(&str, &str, &str)> =
            sayings.iter().copied().filter(|(_, status, _)| !orderly || *status != "black").collect();
        for number in 1..=self.size.events {
            recorded += chance.within(i64::from(orderly), 2 + 300 / self.size.events);
            let facility = format!("f{:03}", chance.within(0, self.size.facilities));
            let source = chance.one_of(if orderly { &SOURCES[..2] } else { &SOURCES });
            let late = if orderly { 0 } else { chance.one_of(&[0, 0, 0, -3, -5, -30, -70, 10, 60]) };
            let from = recorded + late;
            let retracts = chance.within(0, number) + 1;
            let row = match chance.within(0, 20) {
                0 if retracts < number => format!("retract,,,,,,,,,,,{source},,{retracts},"),
                1 => format!("note,{facility},,,,,,,,,,{source},,,"),
                2 | 3 => {
                    let figures = format!(
                        "\"{{\"\"occupied\"\":{},\"\"boarding\"\":{},\"\"waiting\"\":3,\"\"ventilated\"\":1,\
                         \"\"longest_boarding\"\":2,\"\"last_wait\"\":{}}}\"",
                        chance.within(0, 30),
                        chance.within(0, 3),
                        chance.within(0, 9)
                    );
                    format!("census,{facility},,,,,{},,,,,{source},,,{figures}", time(from))
                }
                4 if self.size.laws => {
                    let status = chance.one_of(&["blue", "off-blue"]);
                    format!("declare,,r{},,{status},,{},,,,,{source},,,", chance.within(0, 3), time(from))
                }
                _ => {
                    let (lane, status, scope) = chance.one_of(&sayings);
                    let begins =
                        !status.starts_with("off") && !matches!(status, "open" | "up" | "fully-open");
                    let until = if begins && chance.once_in(2) {
                        time(from + chance.one_of(&[1, 20, 45, 120]))
                    } else {
                        String::new()
                    };
                    let walk_in =
                        if status == "closed" { chance.one_of(&["", "open", "closed"]) } else { "" };
                    let target = chance.within(0, self.size.facilities);
                    let routes = begins && status != "advisory" && self.size.laws && chance.once_in(4);
                    let route = if routes { format!("f{target:03} then Network") } else { String::new() };
                    let reason = if begins { chance.one_of(&["", "fire", "flood"]) } else { "" };
                    let scope = if scope.contains(',') { format!("\"{scope}\"") } else { scope.to_owned() };
                    let exercise = if !orderly && chance.once_in(20) { "true" } else { "" };
                    format!(
                        "declare,{facility},,{lane},{status},{scope},{},{until},{walk_in},{route},{reason},\
                         {source},{exercise},,",
                        time(from)
                    )
                }
            };
            let _ = writeln!(csv, "{},{row}", time(recorded));
        }
        let mut sources = Sources::default();
        match log::read(csv.as_bytes(), "log.csv", Format::Csv, &self.registry, &mut sources) {
            Ok(log) => log.events.iter().collect(),
            Err(diagnostics) => panic!("{diagnostics:#?}\n{csv}"),
        }
    }
}

/// An instant at which something happens, or near it.
fn instant(chance: &mut Chance) -> Instant {
    Instant::from_seconds(NOON + 60 * chance.within(-90, 200) + chance.within(-1, 2))
}

fn somewhere(middle: (f64, f64), reach: i64, chance: &mut Chance) -> (f64, f64) {
    let mut off = || degrees(chance.within(-reach, reach + 1));
    on_the_globe((middle.0 + off(), middle.1 + off()))
}

fn read(seed: u64, size: Size, middle: (f64, f64), reach: i64, chance: &mut Chance) -> Registry {
    let mut text = format!(
        "[registry]\nname = \"World {seed}\"\ntimezone = \"UTC\"\n{}[travel]\nspeed_kmh = {}\ncircuity = {}\n\
         matrix = \"travel.csv\"\n\
         [source.news]\nacts = false\n[network.n]\nname = \"Network\"\n[region.r0]\nname = \"Region 0\"\n\
         [region.r1]\nname = \"Region 1\"\n[region.r2]\nname = \"Region 2\"\n\
         [service.rare]\n[need.rare]\nrequires = [\"rare\"]\n\
         [need.quick]\nrequires = [\"ct\"]\nmax_minutes = 20\ntime_critical = true\n\
         [status.yellow]\neffect = \"diverting\"\ndiverts = \"priority 2, priority 3\"\nconsult = \"pediatric\"\n\
         [status.black]\neffect = \"diverting\"\nmandatory = true\nmax = \"2h\"\n\
         [status.blue]\nof = \"region\"\nsuspends = [\"yellow\", \"diverting\"]\n",
        chance.one_of(&["", "stale_after = \"1h\"\n"]),
        chance.one_of(&[5, 50, 120, 400]),
        chance.one_of(&["1.0", "1.3"]),
    );
    if size.laws {
        for (name, region, window) in [
            ("early", "r0", format!("until = {}\n", time(0))),
            ("late", "r0", format!("from = {}\n", time(25))),
            ("whole", "r1", String::new()),
        ] {
            let policy = chance.one_of(&POLICIES).replace("POLICY", name);
            let _ = writeln!(text, "[policy.{name}]\nregions = [\"{region}\"]\n{window}{policy}");
        }
        for rule in 0..chance.within(0, 4) {
            let [subject, target] = [0; 2].map(|_| chance.within(0, size.facilities));
            let condition = chance.one_of(&["diverting", "closed", "yellow", "diverting for stroke"]);
            let _ = writeln!(
                text,
                "[[rule]]\nid = \"rule-{rule}\"\nsay = \"when f{subject:03} {condition}, route to f{target:03} then Network\""
            );
        }
    }
    for index in 0..size.facilities {
        let (lat, lon) = somewhere(middle, reach, chance);
        let services: Vec<&str> = SERVICES
            .into_iter()
            .chain(["rare"])
            .filter(|service| !chance.once_in(if *service == "rare" { 1 } else { 3 }))
            .collect();
        let services: Vec<&str> =
            if chance.once_in(12) { services.into_iter().chain(["rare"]).collect() } else { services };
        let _ = writeln!(
            text,
            "[facility.f{index:03}]\nname = \"Facility {index}\"\nlat = {lat}\nlon = {lon}\nservices = {services:?}\n\
             external = {}\n{}{}{}{}{}",
            chance.once_in(12),
            if chance.once_in(4) { "" } else { "beds = 100\n" },
            if chance.once_in(3) { "network = \"n\"\n" } else { "" },
            chance.one_of(&["", "region = \"r0\"\n", "region = \"r1\"\n", "region = \"r2\"\n"]),
            chance.one_of(&["", "", "", "stale_after = \"30m\"\n"]),
            if chance.once_in(9) { String::new() } else { "ed = { beds = 20 }\n".to_owned() },
        );
        if chance.once_in(12) {
            let _ = writeln!(text, "closed_on = {}", time(chance.within(-60, 120)));
        }
    }
    let mut matrix = String::from("from,to,minutes\n");
    for zone in 0..size.zones {
        let (lat, lon) = somewhere(middle, reach, chance);
        let region = chance.one_of(&["", "region = \"r0\"\n", "region = \"r1\"\n", "region = \"r2\"\n"]);
        let _ =
            writeln!(text, "[zone.z{zone:03}]\nname = \"Zone {zone}\"\nlat = {lat}\nlon = {lon}\n{region}");
        let share = chance.one_of(&[1, 3, 1000]);
        for facility in 0..size.facilities {
            if chance.once_in(share) {
                let _ = writeln!(matrix, "z{zone:03},f{facility:03},{}", chance.within(0, 40));
            }
        }
    }
    for facility in 0..size.facilities / 4 {
        let _ =
            writeln!(matrix, "f{facility:03},f{:03},{}", chance.within(0, size.facilities), facility % 40);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("facilities.toml");
    std::fs::write(directory.path().join("travel.csv"), matrix).unwrap();
    std::fs::write(&path, &text).unwrap();
    let mut sources = Sources::default();
    match load::registry(&path, &Options::default(), &mut sources) {
        Ok(loaded) => loaded.registry,
        Err(diagnostics) => panic!("{diagnostics:#?}\n{text}"),
    }
}
