//! A registry built by hand, for tests that need names and no files. What it holds is told in `tests/rules/README.md`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ambulance_diversion::model::{
    Directory, Ed, Effect, Facility, FacilityKind, Need, Network, Place, Position, Region, Registry, Renewal,
    Scope, Service, StatusOf, StatusType, TravelSettings, Zone,
};

pub(crate) fn place(line: usize) -> Place {
    Place { file: "facilities.toml".into(), line, column: 1 }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) fn status(key: &str, label: &str, effect: Effect, line: Option<usize>) -> StatusType {
    StatusType {
        key: key.to_owned(),
        label: label.to_owned(),
        effect,
        diverts: Scope::all(),
        consult: None,
        regions: BTreeSet::new(),
        max: None,
        renewal: Renewal::Allowed,
        approver: Vec::new(),
        mandatory: false,
        of: StatusOf::Facility,
        suspends: BTreeSet::new(),
        builtin: line.is_none(),
        place: line.map(place),
    }
}

pub(crate) fn builtins() -> Vec<StatusType> {
    vec![
        status("advisory", "Advisory", Effect::Advisory, None),
        status("diverting", "Diverting", Effect::Diverting, None),
        status("closed", "Closed", Effect::Closed, None),
    ]
}

pub(crate) fn facility(key: &str, name: &str, aliases: &[&str]) -> Facility {
    Facility {
        key: key.to_owned(),
        name: name.to_owned(),
        aliases: owned(aliases),
        kind: FacilityKind::Hospital,
        network: None,
        region: None,
        city: None,
        county: None,
        state: None,
        position: Position { lat: 41.78, lon: -72.53 },
        phone: None,
        services: BTreeSet::new(),
        beds: None,
        ed: Some(Ed::default()),
        surge: None,
        timezone: None,
        closed_on: None,
        external: false,
        stale_after: None,
        ids: BTreeMap::new(),
        unverified: Vec::new(),
    }
}

pub(crate) fn network(key: &str, name: &str, aliases: &[&str]) -> Network {
    Network { key: key.to_owned(), name: name.to_owned(), aliases: owned(aliases), parent: None }
}

pub(crate) fn region(key: &str, name: &str) -> Region {
    Region { key: key.to_owned(), name: name.to_owned(), aliases: Vec::new() }
}

pub(crate) fn service(key: &str, name: &str, aliases: &[&str]) -> Service {
    let (key, name, aliases) = (key.to_owned(), name.to_owned(), owned(aliases));
    Service { key, name, aliases, includes: BTreeSet::new() }
}

pub(crate) fn need(key: &str, aliases: &[&str]) -> Need {
    Need {
        key: key.to_owned(),
        name: format!("{key} patients of any kind"),
        aliases: owned(aliases),
        requires: BTreeSet::new(),
        also: BTreeSet::new(),
        max_minutes: None,
        time_critical: false,
    }
}

pub(crate) fn zone(key: &str, name: &str) -> Zone {
    Zone {
        key: key.to_owned(),
        name: name.to_owned(),
        aliases: Vec::new(),
        region: None,
        position: Position { lat: 41.8, lon: -72.5 },
        arrivals_per_day: None,
    }
}

/// A registry of these entries and nothing else.
pub(crate) fn registry(
    facilities: Vec<Facility>,
    networks: Directory<Network>,
    regions: Directory<Region>,
    services: Vec<Service>,
    needs: Vec<Need>,
    statuses: Vec<StatusType>,
    zones: Vec<Zone>,
) -> Registry {
    let mut registry = Registry {
        name: "Test".to_owned(),
        sha256: String::new(),
        timezone: chrono_tz::America::New_York,
        stale_after: None,
        travel: TravelSettings {
            speed_kmh: 50.0,
            circuity: 1.3,
            from_zone: HashMap::new(),
            from_facility: HashMap::new(),
        },
        services: Directory::new(services),
        needs: Directory::new(needs),
        statuses: Directory::new(statuses),
        networks,
        regions,
        facilities: Directory::new(facilities),
        zones: Directory::new(zones),
        policies: Directory::default(),
        sources: BTreeMap::new(),
        rules: Vec::new(),
        expects: Vec::new(),
        names: ambulance_diversion::model::Names::default(),
    };
    registry.index_names();
    registry
}

/// The registry that the literate cases speak of.
pub(crate) fn prospect() -> Registry {
    let regions = Directory::new(vec![
        region("connecticut", "Connecticut"),
        region("maryland-iii", "Maryland III"),
        region("pennsylvania", "Pennsylvania"),
        region("hartford-county", "Hartford County"),
        region("waterbury-area", "Waterbury"),
    ]);
    let mut networks = Directory::new(vec![
        network("prospect", "Prospect Medical Holdings", &["Prospect"]),
        network("echn", "Eastern Connecticut Health Network", &["ECHN"]),
        network("clinics", "Clinic Partners", &[]),
    ]);
    let parent = networks.id("prospect");
    networks = Directory::new(
        networks
            .iter()
            .map(|(_, network)| Network {
                parent: parent.filter(|_| network.key == "echn"),
                ..network.clone()
            })
            .collect(),
    );
    let at = |mut facility: Facility, network: &str, region: &str| {
        facility.network = networks.id(network);
        facility.region = regions.id(region);
        facility
    };
    let mut denver = facility("denver-health", "Denver Health", &["Denver"]);
    denver.timezone = Some(chrono_tz::America::Denver);
    let mut clinic = at(facility("vernon-clinic", "Vernon Walk-In Clinic", &[]), "clinics", "connecticut");
    clinic.ed = None;
    let facilities = vec![
        at(
            facility("manchester-memorial", "Manchester Memorial Hospital", &["Manchester Memorial", "MMH"]),
            "echn",
            "connecticut",
        ),
        at(
            facility("rockville-general", "Rockville General Hospital", &["Rockville"]),
            "echn",
            "connecticut",
        ),
        at(facility("saint-marys", "Saint Mary's Hospital", &["Saint Marys"]), "", "connecticut"),
        at(facility("waterbury", "Waterbury Hospital", &["Waterbury"]), "prospect", "connecticut"),
        at(facility("hartford-hospital", "Hartford Hospital", &["Hartford"]), "", "connecticut"),
        at(facility("crozer-chester", "Crozer-Chester Medical Center", &["Crozer"]), "", "pennsylvania"),
        at(facility("ecmc", "Erie County Medical Center", &["ECMC"]), "", ""),
        at(facility("sinai", "Sinai Hospital", &["Sinai"]), "", "maryland-iii"),
        at(facility("love", "Hospital of Brotherly Love and Care, at Camden", &["Love and Care"]), "", ""),
        denver,
        clinic,
    ];
    let maryland = regions.id("maryland-iii");
    let mut yellow = status("yellow", "Yellow alert", Effect::Diverting, Some(10));
    yellow.regions = maryland.into_iter().collect();
    let mut blue = status("blue", "Blue alert", Effect::Advisory, Some(20));
    blue.regions = maryland.into_iter().collect();
    blue.of = StatusOf::Region;
    let mut statuses = builtins();
    statuses.extend([yellow, blue, status("als-ed-sat", "ALS ED saturation", Effect::Diverting, Some(30))]);
    registry(
        facilities,
        networks,
        regions,
        vec![
            service("ct", "CT scanner", &["CAT scan"]),
            service("cath-lab", "cardiac catheterization laboratory", &["cath"]),
            service("operating-room", "operating room", &["OR"]),
            service("stroke-ready", "acute stroke ready hospital", &[]),
            service("burn", "burn center", &[]),
        ],
        vec![
            need("general", &[]),
            need("trauma", &[]),
            need("pediatric-trauma", &[]),
            need("stroke", &[]),
            need("stemi", &[]),
            need("burn", &[]),
            need("psychiatric", &["psych"]),
            need("pediatric", &[]),
        ],
        statuses,
        vec![zone("vernon", "Vernon"), zone("waterbury-town", "Waterbury"), zone("tolland", "Tolland")],
    )
}
