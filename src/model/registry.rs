//! The registry: facilities and the services, networks, regions, zones, needs, policies and rules around them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::{
    Directory, Effect, FacilityId, Instant, Keyed, Minutes, Name, Names, NeedId, NetworkId, Origin, Patient,
    PatientSaid, Place, Policy, Position, RegionId, Scope, ServiceId, StatusId, StatusType, Target, ZoneId,
};

/// What a facility is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FacilityKind {
    /// A hospital.
    Hospital,
    /// An emergency department without a hospital.
    FreestandingEd,
    /// A clinic.
    Clinic,
    /// Another outpatient site.
    Outpatient,
}

impl FacilityKind {
    /// Every kind with its word in the registry.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Hospital, "hospital"),
        (Self::FreestandingEd, "freestanding-ed"),
        (Self::Clinic, "clinic"),
        (Self::Outpatient, "outpatient"),
    ];
}

/// An emergency department.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ed {
    /// Its treatment spaces, where known.
    pub beds: Option<u32>,
    /// Those that are staffed, where known.
    pub staffed: Option<u32>,
}

/// A hospital, freestanding ED, clinic or outpatient site.
#[derive(Clone, Debug)]
pub struct Facility {
    /// The table key.
    pub key: String,
    /// Its full name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// What it is.
    pub kind: FacilityKind,
    /// Who owns it.
    pub network: Option<NetworkId>,
    /// Whose policy governs it.
    pub region: Option<RegionId>,
    /// City.
    pub city: Option<String>,
    /// County.
    pub county: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Where it is.
    pub position: Position,
    /// To be called.
    pub phone: Option<String>,
    /// What it has, with everything that those services include.
    pub services: BTreeSet<ServiceId>,
    /// Hospital beds.
    pub beds: Option<u32>,
    /// Only with one can it receive ambulances.
    pub ed: Option<Ed>,
    /// Patients a day whom it can take by ambulance, where it says so: beyond it, `plan --cascade` lets it divert.
    pub surge: Option<f64>,
    /// Its own time zone, where it differs from the registry's.
    pub timezone: Option<Tz>,
    /// Permanently closed from this instant on.
    pub closed_on: Option<Instant>,
    /// A last resort, ranked after all others.
    pub external: bool,
    /// How old a report may grow, where it differs from the registry's.
    pub stale_after: Option<TimeDelta>,
    /// Its ids elsewhere (`npi`, `ccn`, `have`, `emresource`…).
    pub ids: BTreeMap<String, String>,
    /// The keys of this table that rest on memory.
    pub unverified: Vec<String>,
}

impl Facility {
    /// Whether ambulances may go there at all at `at`: it has an ED, and is not closed for good.
    pub fn receives(&self, at: Instant) -> bool {
        self.ed.is_some() && !self.is_permanently_closed(at)
    }
    /// Whether it is closed for good at `at`.
    pub fn is_permanently_closed(&self, at: Instant) -> bool {
        self.closed_on.is_some_and(|closed| closed <= at)
    }
}

/// A health system that owns facilities.
#[derive(Clone, Debug)]
pub struct Network {
    /// The table key.
    pub key: String,
    /// Its full name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// The network that owns it. Never leads back to itself.
    pub parent: Option<NetworkId>,
}

/// The area that one diversion policy governs.
#[derive(Clone, Debug)]
pub struct Region {
    /// The table key.
    pub key: String,
    /// Its full name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
}

/// A place that patients come from.
#[derive(Clone, Debug)]
pub struct Zone {
    /// The table key.
    pub key: String,
    /// Its full name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Whose policy governs decisions for patients from here.
    pub region: Option<RegionId>,
    /// Its middle.
    pub position: Position,
    /// Patients a day who come by ambulance.
    pub arrivals_per_day: Option<f64>,
}

/// What a facility has and can lose.
#[derive(Clone, Debug)]
pub struct Service {
    /// The table key.
    pub key: String,
    /// How it is shown.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Everything it includes, through all steps, without itself.
    pub includes: BTreeSet<ServiceId>,
}

/// What a patient needs.
#[derive(Clone, Debug)]
pub struct Need {
    /// The table key.
    pub key: String,
    /// How it is shown.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// What it requires, all of it.
    pub requires: BTreeSet<ServiceId>,
    /// The needs that it is a kind of, through all steps: a scope that names one of these names it too.
    pub also: BTreeSet<NeedId>,
    /// Beyond it a destination is flagged.
    pub max_minutes: Option<Minutes>,
    /// Crowding and advisory minutes never move these patients.
    pub time_critical: bool,
}

macro_rules! keyed {
    ($($type:ident: $id:ident),*) => {$(
        impl Keyed for $type {
            type Id = $id;
            fn key(&self) -> &str { &self.key }
        }
    )*};
}
keyed!(Facility: FacilityId, Network: NetworkId, Region: RegionId, Zone: ZoneId, Service: ServiceId, Need: NeedId);

/// How minutes are estimated, and those that are known.
#[derive(Clone, Debug)]
pub struct TravelSettings {
    /// Kilometres an hour, above 0.
    pub speed_kmh: f64,
    /// Road kilometres per great-circle kilometre, 1 or more.
    pub circuity: f64,
    /// Known minutes from a zone to a facility.
    pub from_zone: HashMap<(ZoneId, FacilityId), Minutes>,
    /// Known minutes from a facility to a facility.
    pub from_facility: HashMap<(FacilityId, FacilityId), Minutes>,
}

/// What the registry says of a source of events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceSettings {
    /// Whether it is routed on, or only shown and compared.
    pub acts: bool,
    /// Where it stands.
    pub place: Place,
}

/// When a standing instruction holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuleCondition {
    /// An effect at least as bad is active and counts for the patient.
    Effect(Effect),
    /// An episode of this region-defined type is active and counts for the patient.
    Type(StatusId),
    /// The service is down and the patient requires it.
    Down(ServiceId),
}

/// A standing instruction: "when Manchester Memorial closed, route to ECHN". Ranked in file order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its id in explanations.
    pub key: String,
    /// The facilities it is about, each by itself.
    pub subjects: Vec<FacilityId>,
    /// When it holds.
    pub condition: RuleCondition,
    /// For which patients; `None`: all for whom the condition holds.
    pub scope: Option<Scope>,
    /// Where they go, in order of preference; never empty.
    pub route: Vec<Target>,
    /// Where it stands.
    pub place: Place,
}

/// What an expectation wants of a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Want {
    /// Routed there.
    Goes(FacilityId),
    /// Forced there.
    Forced(FacilityId),
    /// No destination at all.
    NoDestination,
    /// Somebody is asked.
    Consults,
}

/// What `say` of an expectation means.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// Who.
    pub patient: Patient,
    /// From where.
    pub origin: Origin,
    /// What must come of it.
    pub want: Want,
}

/// A test that the registry carries with it.
#[derive(Clone, Debug)]
pub struct Expect {
    /// At which instant; `None`: at the command's.
    pub at: Option<Instant>,
    /// Sentences declared beforehand, as written. They were parsed when the registry was read.
    pub given: Vec<String>,
    /// The expectation as written.
    pub say: String,
    /// What it means.
    pub expectation: Expectation,
    /// Where it stands.
    pub place: Place,
}

/// Facilities and everything around them, checked and linked.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Its name.
    pub name: String,
    /// Sha-256 over the bytes of every file it was read from, in the order of reading, in hexadecimal.
    pub sha256: String,
    /// The zone of every time that has no other.
    pub timezone: Tz,
    /// A report older than this is stale; `None`: never.
    pub stale_after: Option<TimeDelta>,
    /// How minutes are had.
    pub travel: TravelSettings,
    /// Services.
    pub services: Directory<Service>,
    /// Needs.
    pub needs: Directory<Need>,
    /// Status types, the built-in ones among them.
    pub statuses: Directory<StatusType>,
    /// Networks.
    pub networks: Directory<Network>,
    /// Regions.
    pub regions: Directory<Region>,
    /// Facilities.
    pub facilities: Directory<Facility>,
    /// Zones.
    pub zones: Directory<Zone>,
    /// Policies.
    pub policies: Directory<Policy>,
    /// What is said of sources, by name.
    pub sources: BTreeMap<String, SourceSettings>,
    /// Standing instructions, in file order.
    pub rules: Vec<Rule>,
    /// The tests that it carries, in file order.
    pub expects: Vec<Expect>,
    /// Every id, name and alias.
    pub names: Names,
}

impl Registry {
    /// The zone in which a facility's times are read and shown.
    pub fn zone_of(&self, facility: FacilityId) -> Tz {
        self.facilities[facility].timezone.unwrap_or(self.timezone)
    }
    /// How old a facility's report may grow.
    pub fn stale_after(&self, facility: FacilityId) -> Option<TimeDelta> {
        self.facilities[facility].stale_after.or(self.stale_after)
    }
    /// Whether what a source says is routed on. One that the registry does not name is.
    pub fn acts(&self, source: &str) -> bool {
        self.sources.get(source).is_none_or(|settings| settings.acts)
    }
    /// Whether `network` is `ancestor` or part of it, through all steps.
    pub fn is_part_of(&self, network: NetworkId, ancestor: NetworkId) -> bool {
        let mut at = Some(network);
        // A chain of parents is never longer than the directory, even if it were a cycle.
        for _ in 0..=self.networks.len() {
            match at {
                Some(network) if network == ancestor => return true,
                Some(network) => at = self.networks[network].parent,
                None => return false,
            }
        }
        false
    }
    /// The facilities of a network and its sub-networks that have an ED, by id.
    pub fn members(&self, network: NetworkId) -> impl Iterator<Item = FacilityId> + '_ {
        self.facilities
            .iter()
            .filter(move |(_, facility)| facility.ed.is_some())
            .filter(move |(_, facility)| {
                facility.network.is_some_and(|owner| self.is_part_of(owner, network))
            })
            .map(|(id, _)| id)
    }
    /// The policy in force for a region at an instant.
    pub fn policy(&self, region: RegionId, at: Instant) -> Option<&Policy> {
        self.policies
            .iter()
            .map(|(_, policy)| policy)
            .find(|policy| policy.regions.contains(&region) && policy.is_in_force(at))
    }
    /// The built-in status type of an effect. Every registry has all three.
    pub fn builtin(&self, effect: Effect) -> StatusId {
        self.statuses.id(effect.as_str()).unwrap_or_else(|| StatusId::from(0))
    }
    /// A whole patient from what was said of one.
    pub fn patient(&self, said: PatientSaid) -> Patient {
        let (general, pediatric) = (self.needs.id("general"), self.needs.id("pediatric"));
        said.complete(general, pediatric, |need| &self.needs[need].also)
    }
    /// What these needs require together.
    pub fn requires(&self, needs: &BTreeSet<NeedId>) -> BTreeSet<ServiceId> {
        needs.iter().flat_map(|need| self.needs[*need].requires.iter().copied()).collect()
    }
    /// Fills [`Registry::names`] from ids, names and aliases.
    pub fn index_names(&mut self) {
        let mut names = Names::default();
        // Nearly every facility has an id and a name.
        names.reserve(2 * self.facilities.len());
        macro_rules! add {
            ($($entries:ident: $kind:ident),*) => {$(
                for (id, entry) in self.$entries.iter() {
                    names.add(&entry.key, Name::$kind(id));
                    names.add(&entry.name, Name::$kind(id));
                    for alias in &entry.aliases {
                        names.add(alias, Name::$kind(id));
                    }
                }
            )*};
        }
        add!(facilities: Facility, networks: Network, regions: Region, zones: Zone, services: Service, needs: Need);
        for (id, status) in self.statuses.iter() {
            names.add(&status.key, Name::Status(id));
            names.add(&status.label, Name::Status(id));
        }
        self.names = names;
    }
}
