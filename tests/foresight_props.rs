//! A loss by the short way (only what can change is decided again) is a loss by the long way, whatever the world.

#![allow(clippy::unwrap_used)] // a test that can't go on is to stop

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ambulance_diversion::foresight::each::{Contingency, Known};
use ambulance_diversion::foresight::loss::{self, Each};
use ambulance_diversion::load::{self, Options};
use ambulance_diversion::log::{self, Format};
use ambulance_diversion::model::{Instant, Ledger, Registry, Sources};
use ambulance_diversion::routing::grid::Rows;
use proptest::prelude::*;

const NOON: i64 = 1_700_000_000;

/// A hospital to be: where on the line it stands, what it has, who owns it.
#[derive(Clone, Debug)]
struct Site {
    north: u32,
    has_ed: bool,
    external: bool,
    services: Vec<&'static str>,
    network: Option<&'static str>,
    region: &'static str,
}

/// A row of the log to be.
#[derive(Clone, Debug)]
struct Said {
    facility: usize,
    what: (&'static str, &'static str, &'static str),
    from: i64,
    length: Option<i64>,
    route: Option<&'static str>,
}

#[derive(Clone, Debug)]
struct World {
    sites: Vec<Site>,
    towns: Vec<u32>,
    said: Vec<Said>,
    rules: Vec<(usize, &'static str, &'static str)>,
    policies: [&'static str; 2],
}

const SAYINGS: &[(&str, &str, &str)] = &[
    ("", "diverting", ""),
    ("", "diverting", ""),
    ("", "diverting", "stroke"),
    ("", "diverting", "all except trauma"),
    ("", "advisory", ""),
    ("", "closed", ""),
    ("", "yellow", ""),
    ("", "black", ""),
    ("service:ct", "down", ""),
    ("", "open", ""),
];

const POLICIES: &[&str] = &[
    "",
    "all_diverting = \"closest\"\nmax_extra_minutes = 5",
    "all_diverting = \"consult\"",
    "alternatives = 1\nnever_diverted = \"obstetric\"",
    "max_minutes = 15\nmax_order_extra = 2",
    "advisory_minutes = 8",
    "honoured_reasons = [\"fire\"]",
    "[[policy.P.limit]]\ncounts = [\"diverting\", \"closed\"]\nmore_than = 1\nthen = \"suspend\"\nfor = \"4h\"",
    "[[policy.P.limit]]\ncounts = [\"closed\"]\nmore_than = 1\nthen = \"reject\"",
    "[policy.P.levels]\nRED = 1\nBLACK = { at = 2, consult = true }",
];

const TARGETS: &[&str] = &["f0", "f1", "f2 then f3", "Network", "nearest", "nearest ct"];

fn site() -> impl Strategy<Value = Site> {
    let services = prop::sample::subsequence(vec!["ct", "stroke-primary", "obstetrics", "trauma-2"], 0..=4);
    let network = prop::sample::select(vec![None, Some("n"), Some("m")]);
    let region = prop::sample::select(vec!["r", "s"]);
    (0..60_u32, prop::bool::weighted(0.9), prop::bool::weighted(0.1), services, network, region).prop_map(
        |(north, has_ed, external, services, network, region)| Site {
            north,
            has_ed,
            external,
            services,
            network,
            region,
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    prop::collection::vec(site(), 4..9).prop_flat_map(|sites| {
        let count = sites.len();
        let said = (
            0..count,
            prop::sample::select(SAYINGS.to_vec()),
            -20..10_i64,
            prop::option::of(1..20_i64),
            prop::option::weighted(0.3, prop::sample::select(TARGETS.to_vec())),
        )
            .prop_map(|(facility, what, from, length, route)| Said {
                facility,
                what,
                from,
                length,
                route,
            });
        let condition = prop::sample::select(vec!["diverting", "closed", "yellow", "ct down"]);
        let rule = (0..count, condition, prop::sample::select(TARGETS.to_vec()));
        let policy = || prop::sample::select(POLICIES.to_vec());
        (
            Just(sites),
            prop::collection::vec(0..60_u32, 1..4),
            prop::collection::vec(said, 0..10),
            prop::collection::vec(rule, 0..4),
            [policy(), policy()],
        )
            .prop_map(|(sites, towns, said, rules, policies)| World {
                sites,
                towns,
                said,
                rules,
                policies,
            })
    })
}

impl World {
    fn registry(&self) -> Registry {
        let mut text = String::from(
            "[registry]\nname = \"World\"\ntimezone = \"UTC\"\n[travel]\nspeed_kmh = 60\ncircuity = 1.0\n\
             [network.n]\nname = \"Network\"\n[network.m]\nname = \"Mission\"\nparent = \"n\"\n\
             [region.r]\nname = \"Region\"\n[region.s]\nname = \"Shire\"\n\
             [status.yellow]\neffect = \"diverting\"\ndiverts = \"priority 2, priority 3\"\nconsult = \"obstetric\"\n\
             [status.black]\neffect = \"diverting\"\nmandatory = true\nmax = \"2h\"\n\
             [need.stroke]\nrequires = [\"ct\", \"stroke-ready\"]\nmax_minutes = 12\n",
        );
        for (index, (policy, region)) in self.policies.iter().zip(["r", "s"]).enumerate() {
            if !policy.is_empty() {
                let key = format!("p{index}");
                let body = policy.replace("policy.P", &format!("policy.{key}"));
                let _ = writeln!(text, "[policy.{key}]\nregions = [\"{region}\"]\n{body}");
            }
        }
        for (index, site) in self.sites.iter().enumerate() {
            let _ = writeln!(
                text,
                "[facility.f{index}]\nname = \"Facility {index}\"\nregion = \"{}\"\nlat = {}\nlon = 0\n\
                 services = {:?}\nexternal = {}\n{}{}",
                site.region,
                f64::from(site.north) / 100.0,
                site.services,
                site.external,
                site.network.map_or_else(String::new, |network| format!("network = \"{network}\"\n")),
                if site.has_ed { "ed = {}" } else { "" }
            );
        }
        for (index, north) in self.towns.iter().enumerate() {
            let region = if index % 2 == 0 { "region = \"r\"\n" } else { "" };
            let _ = writeln!(
                text,
                "[zone.z{index}]\nname = \"Town {index}\"\n{region}lat = {}\nlon = 0\narrivals_per_day = {}.5",
                f64::from(*north) / 100.0,
                index + 1
            );
        }
        for (index, (subject, condition, target)) in self.rules.iter().enumerate() {
            let _ = writeln!(
                text,
                "[[rule]]\nid = \"rule-{index}\"\nsay = \"when f{subject} {condition}, route to {target}\""
            );
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("facilities.toml");
        std::fs::write(&path, &text).unwrap();
        let mut sources = Sources::default();
        match load::registry(&path, &Options::default(), &mut sources) {
            Ok(loaded) => loaded.registry,
            Err(diagnostics) => panic!("{diagnostics:#?}\n{text}"),
        }
    }

    fn events(&self, registry: &Registry) -> Ledger {
        let mut csv = String::from("recorded_at,facility,lane,status,scope,from,until,route,reason\n");
        for (index, said) in self.said.iter().enumerate() {
            let (lane, status, scope) = said.what;
            let begins = status != "open";
            let time = |minutes: i64| Instant::from_seconds(NOON + 600 * minutes).rfc3339(chrono_tz::UTC);
            let until =
                said.length.filter(|_| begins).map_or_else(String::new, |length| time(said.from + length));
            let route = said.route.filter(|_| begins && status != "advisory").unwrap_or_default();
            let _ = writeln!(
                csv,
                "{},f{},{lane},{status},{scope},{},{until},{route},{}",
                Instant::from_seconds(NOON - 100_000 + i64::try_from(index).unwrap()).rfc3339(chrono_tz::UTC),
                said.facility,
                time(said.from),
                if begins && index % 2 == 0 { "fire" } else { "" },
            );
        }
        let mut sources = Sources::default();
        match log::read(csv.as_bytes(), "log.csv", Format::Csv, registry, &mut sources) {
            Ok(log) => log.events,
            Err(diagnostics) => panic!("{diagnostics:#?}\n{csv}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_loss_by_the_short_way_is_a_loss_by_the_long_way(world in world()) {
        let registry = world.registry();
        let events = world.events(&registry);
        let at = Instant::from_seconds(NOON);
        let known = Known { registry: &registry, events: &events, at, known_at: None };
        let needs: BTreeSet<_> = ["general", "stroke", "obstetric", "trauma"]
            .iter()
            .map(|need| registry.needs.id(need).unwrap())
            .collect();
        let contingency = Contingency::new(known, &Rows { zones: None, needs: Some(needs) });
        let ct = registry.services.id("ct").unwrap();
        let single = loss::losses(&registry, Each::Facility, None, at);
        let mut losses = loss::pairs(&single);
        losses.extend(single);
        losses.extend(loss::losses(&registry, Each::Network, None, at));
        losses.extend(loss::losses(&registry, Each::Service(ct), None, at));
        for loss in losses {
            let (short, long) = (contingency.suffer(loss.clone()), contingency.suffer_in_full(loss));
            prop_assert_eq!(short, long);
        }
    }
}
