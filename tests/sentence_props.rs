//! Properties of sentences: whatever can be said prints back as something that says the same, and no text at all makes
//! the reader panic.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that can't go on is to stop

mod support;

use std::collections::BTreeSet;

use ambulance_diversion::model::{
    Class, Cohort, Declaration, Declared, Directory, Effect, FileId, Instant, Lane, Priority, RegionId,
    Registry, Scope, Sources, StatusOf, Subject, Target, Until, WalkIn,
};
use ambulance_diversion::sentence::{self, Reading, phrase};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

fn file() -> FileId {
    Sources::default().add("sentence", "")
}

/// Numbers out of which a registry and a declaration are built; an empty supply gives zeros, so that they shrink.
struct Choices(std::vec::IntoIter<u16>);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % bound.max(1)
    }
    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }
    fn of<T: Clone>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())].clone()
    }
    fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.yes() { Some(make(self)) } else { None }
    }
    /// A name of one to four words, joined by what names are joined by. Few words, so that names collide.
    fn name(&mut self) -> String {
        const WORDS: [&str; 7] =
            ["Grace", "St. Mary's", "Mercy", "Königsberg", "County", "General", "Hospital"];
        const JOINTS: [&str; 7] = [" ", " and ", " of ", " for ", " at ", ", ", " & "];
        let mut name = self.of(&WORDS).to_owned();
        for _ in 0..self.below(4) {
            name += self.of(&JOINTS);
            name += self.of(&WORDS);
        }
        name
    }
    fn registry(&mut self) -> Registry {
        let regions =
            Directory::new((0..2).map(|n| support::region(&format!("r{n}"), &self.name())).collect());
        let networks =
            Directory::new((0..2).map(|n| support::network(&format!("n{n}"), &self.name(), &[])).collect());
        let facilities = (0..4)
            .map(|n| {
                let mut facility = support::facility(&format!("f{n}"), &self.name(), &[]);
                facility.region = self.some(|all| all.of(&regions.ids().collect::<Vec<_>>()));
                facility.network = self.some(|all| all.of(&networks.ids().collect::<Vec<_>>()));
                facility.timezone = self.some(|_| chrono_tz::America::Denver);
                facility
            })
            .collect();
        let mut statuses = support::builtins();
        for (line, key) in ["yellow", "red-alert", "als-ed-sat"].into_iter().enumerate() {
            let mut status =
                support::status(key, self.of(&["Alert", "Yellow alert", key]), Effect::Diverting, Some(line));
            status.regions = regions.ids().filter(|_| self.yes()).collect();
            status.of = if self.yes() { StatusOf::Region } else { StatusOf::Facility };
            statuses.push(status);
        }
        let needs = ["stroke", "trauma", "trauma-pediatric", "lvo-stroke", "pediatric"];
        let services =
            ["ct", "cath-lab", "or"].map(|key| support::service(key, self.of(&["scanner", key]), &[]));
        support::registry(
            facilities,
            networks,
            regions,
            services.into(),
            needs.into_iter().filter(|_| self.yes()).map(|key| support::need(key, &[])).collect(),
            statuses,
            vec![support::zone("z0", &self.name())],
        )
    }
    fn cohort(&mut self, registry: &Registry) -> Cohort {
        let mut all =
            vec![Class::Adult, Class::Pediatric, Class::Als, Class::Bls, Class::Extremis, Class::Transfer];
        all.extend([Priority::One, Priority::Two, Priority::Three].map(Class::Priority));
        let pediatric = registry.needs.id("pediatric");
        all.extend(registry.needs.ids().filter(|need| Some(*need) != pediatric).map(Class::Need));
        let first = self.of(&all);
        let more: Vec<Class> = (0..self.below(3)).map(|_| self.of(&all)).collect();
        Cohort::new(more.into_iter().chain([first])).unwrap_or_else(|| Cohort::of(first))
    }
    fn scope(&mut self, registry: &Registry, excepting: bool) -> Scope {
        let named: Vec<Cohort> = (0..self.below(4)).map(|_| self.cohort(registry)).collect();
        let except = if excepting { self.below(3) } else { 0 };
        Scope::new(named, (0..except).map(|_| self.cohort(registry)).collect::<Vec<_>>())
    }
    fn target(&mut self, registry: &Registry) -> Target {
        match self.below(5) {
            0 => Target::Nearest(None),
            1 => Target::Nearest(Some(self.of(&registry.services.ids().collect::<Vec<_>>()))),
            2 => Target::Network(self.of(&registry.networks.ids().collect::<Vec<_>>())),
            3 => Target::Region(self.of(&registry.regions.ids().collect::<Vec<_>>())),
            _ => Target::Facility(self.of(&registry.facilities.ids().collect::<Vec<_>>())),
        }
    }
    fn declaration(&mut self, registry: &Registry) -> Declaration {
        let facility = self.of(&registry.facilities.ids().collect::<Vec<_>>());
        let region = self.of(&registry.regions.ids().collect::<Vec<_>>());
        let own = |of: StatusOf, at: Option<RegionId>| {
            let holds = move |regions: &BTreeSet<RegionId>| {
                regions.is_empty() || at.is_some_and(|at| regions.contains(&at))
            };
            let types =
                registry.statuses.iter().filter(move |(_, status)| status.of == of && holds(&status.regions));
            types.map(|(id, _)| id).collect::<Vec<_>>()
        };
        let of_region = own(StatusOf::Region, Some(region));
        let (subject, types) = if self.yes() && !of_region.is_empty() {
            (Subject::Region(region), of_region)
        } else {
            (Subject::Facility(facility), own(StatusOf::Facility, registry.facilities[facility].region))
        };
        let status = self.of(&types);
        let service = self.of(&registry.services.ids().collect::<Vec<_>>());
        let is_region = matches!(subject, Subject::Region(_));
        let builtin = registry.statuses[status].builtin;
        let closed = status == registry.builtin(Effect::Closed);
        let declared = match self.below(8) {
            0 if !is_region => {
                Declared::Open { scope: self.some(|all| all.scope(registry, false)).filter(|s| !s.is_all()) }
            }
            1 if !is_region => Declared::FullyOpen,
            2 if !is_region => Declared::OffDivert,
            3 if !builtin => Declared::Off(status),
            4 if !is_region => Declared::Down(service),
            5 if !is_region => Declared::Up(service),
            _ => Declared::Status {
                status,
                scope: if closed || is_region { None } else { self.some(|all| all.scope(registry, true)) },
            },
        };
        let begins = matches!(declared, Declared::Status { .. } | Declared::Down(_));
        let from =
            Instant::from_seconds(1_690_000_000 + i64::try_from(self.below(50_000)).unwrap_or(0) * 607);
        let later = chrono::TimeDelta::seconds(60 * (1 + i64::try_from(self.below(9000)).unwrap_or(0)));
        let until = self.some(|_| Until { at: from + later, stated: true }).filter(|_| begins);
        let route: Vec<Target> = (0..self.below(4)).map(|_| self.target(registry)).collect();
        let said = [
            "ransomware",
            "no beds",
            "Flood: 3rd floor",
            "internal disaster",
            "it, and more",
            "internal-disaster",
        ];
        let text = self.some(|all| all.of(&said));
        Declaration {
            subject,
            declared,
            from,
            until,
            route: if begins { route } else { Vec::new() },
            walk_in: self.some(|all| all.of(&[WalkIn::Open, WalkIn::Closed])).filter(|_| begins),
            reason: text.map(|text| sentence::reason_code(text).into()),
            text: text.filter(|text| sentence::reason_code(text) != *text).map(Into::into),
            approver: self.some(|all| all.of(&["Dr. Jane Roe", "chief 4411", "EMS duty chief"]).into()),
            exercise: false,
        }
    }
}

/// A declaration must print as something that reads back as itself.
fn reads_back(
    declaration: &Declaration,
    registry: &Registry,
) -> Result<(), proptest::test_runner::TestCaseError> {
    let text = phrase::declaration(declaration, registry);
    let reading = Reading { now: Instant::from_seconds(0), zone: None };
    let again = sentence::statement(&text, file(), registry, reading);
    prop_assert_eq!(again.as_deref(), Ok(std::slice::from_ref(declaration)), "{}", text);
    Ok(())
}

/// Everything that reads text, on one text. What is a sentence must print back.
fn read_all(text: &str, registry: &Registry) -> Result<(), proptest::test_runner::TestCaseError> {
    let (file, now, zone) = (file(), Instant::from_seconds(1_691_154_000), chrono_tz::America::New_York);
    for zone in [None, Some(zone)] {
        for one in sentence::statement(text, file, registry, Reading { now, zone }).unwrap_or_default() {
            reads_back(&one, registry)?;
        }
    }
    if let Ok(scope) = sentence::scope(text, file, registry) {
        prop_assert_eq!(sentence::scope(&phrase::scope(&scope, registry), file, registry), Ok(scope));
    }
    if let Ok(route) = sentence::route(text, file, registry) {
        prop_assert_eq!(sentence::route(&phrase::route(&route, registry), file, registry), Ok(route));
    }
    if let Ok(lane) = sentence::lane(text, file, registry) {
        prop_assert_eq!(sentence::lane(&phrase::lane(&lane, registry), file, registry), Ok(lane));
    }
    if let Ok(length) = sentence::duration(text, file) {
        prop_assert_eq!(sentence::duration(&phrase::length(length), file), Ok(length));
    }
    if let Ok(at) = sentence::time(text, file, now, zone) {
        prop_assert_eq!(sentence::time(&phrase::clock(at, zone), file, now, zone), Ok(at));
    }
    let _ = sentence::rule(text, file, registry);
    let _ = sentence::expectation(text, file, registry);
    let _ = sentence::patient_words(text, file, registry);
    let _ = sentence::place(text, file, registry);
    let _ = sentence::status_word(text, registry);
    let _ = sentence::is_keyword(text);
    let absurd = Reading { now: Instant::from_seconds(i64::MAX), zone: Some(zone) };
    let _ = sentence::statement(text, file, registry, absurd);
    let _ = sentence::time(text, file, Instant::from_seconds(i64::MIN), zone);
    Ok(())
}

/// Words that a sentence is made of, in no sensible order.
fn soup() -> impl Strategy<Value = String> {
    let words = "MMH|Rockville|ECHN|Crozer|Sinai|Denver|Love and Care|Hartford County|Vernon|Waterbury|Clinic Partners|\
        region Maryland III|region|is|now|back|still|open|fully open|off divert|off yellow|off|on|diverting|on bypass|\
        advisory|closed|closed to ambulances|internal disaster|yellow|blue alert|als-ed-sat|red|ct|cath|no|down|up|at|\
        for|to|all|except|but|stroke|trauma|pediatric|adult|als|bls|priority 2|priority|p1|extremis|transfer|patients|\
        and|,|+|from|until|further notice|route to|send to|go|then|nearest|walk-ins open|walk-ins|closed|approved by|\
        because|when|goes to|is forced to|has no destination|consults|10:00|0600|6pm|6|noon|midnight|tomorrow|friday|\
        2023-08-04|2023-11-05 01:30|2023-03-12 02:30|-04:00|Z|2h|90 min|1h30m|99999999999999999999d|-2h|+30m|41.8,-72.5|\
        traffic:|service:ct|a|.|…|İ|Roe|&|\"|é\u{301}|1m|9223372036854775807s|2199-12-31 23:59|1900-01-01 00:00|0:00"
        .split('|')
        .map(str::trim)
        .collect::<Vec<_>>();
    let word = prop::sample::select(words);
    let plausible = prop_oneof![
        Just(""),
        Just("MMH closed "),
        Just("MMH diverting for "),
        Just("CT down at MMH "),
        Just("MMH closed, approved by "),
        Just("MMH closed because "),
        Just("when MMH closed "),
        Just("stroke from "),
    ];
    (plausible, prop::collection::vec((word, prop::sample::select(vec![" ", " ", " ", ", ", ""])), 0..9))
        .prop_map(|(start, words)| {
            words.iter().fold(start.to_owned(), |text, (word, joint)| text + word + joint)
        })
}

proptest! {
    #[test]
    fn whatever_can_be_declared_prints_back_as_the_same(numbers in prop::collection::vec(any::<u16>(), 0..120)) {
        let mut choices = Choices(numbers.into_iter());
        let registry = choices.registry();
        reads_back(&choices.declaration(&registry), &registry)?;
    }

    #[test]
    fn a_lane_reads_back_as_itself(numbers in prop::collection::vec(any::<u16>(), 0..80)) {
        let mut choices = Choices(numbers.into_iter());
        let registry = choices.registry();
        let own = registry.statuses.iter().filter(|(_, status)| !status.builtin).map(|(id, _)| Lane::Type(id));
        let mut lanes: Vec<Lane> = vec![Lane::Closed, Lane::Traffic, Lane::TrafficFor(choices.cohort(&registry))];
        lanes.extend(own.chain(registry.services.ids().map(Lane::Service)));
        for lane in lanes {
            let text = phrase::lane(&lane, &registry);
            prop_assert_eq!(sentence::lane(&text, file(), &registry), Ok(lane), "{}", text);
        }
    }

    #[test]
    fn no_order_of_words_panics_and_every_sentence_prints_back(text in soup()) {
        read_all(&text, &support::prospect())?;
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        read_all(&text, &support::prospect())?;
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&String::from_utf8_lossy(&bytes), &support::prospect())?;
    }
}

/// With a reader that takes the square of the length, this would take hours.
#[test]
fn long_texts_are_refused_soon() {
    let registry = support::prospect();
    for word in ["& ", "MMH and ", "9 ", "closed ", "x ", ", ", "MMH closed for stroke and ", "MMH route to "]
    {
        read_all(&word.repeat(20_000 / word.len()), &registry).expect("no panic");
    }
}
