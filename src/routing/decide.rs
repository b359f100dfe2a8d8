//! The decision: the steps from a patient to a destination, in their order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    AllDiverting, FacilityId, Minutes, Origin, Patient, Policy, Priority, RegionId, Registry, ServiceId,
};
use crate::state::Snapshot;

use super::decision::{DecidedBy, Decision, Disposition, Flag, Outcome, Rejected, Stop};
use super::examine::{self, Examined, Reason, ReasonCode, examine};
use super::redirect::Search;
use super::trace::{StepKind, Trace};
use super::travel::{self, MinutesSource};
use super::words;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who.
    pub patient: &'a Patient,
    /// From where.
    pub origin: Origin,
    /// Left out by the caller.
    pub exclude: &'a BTreeSet<FacilityId>,
    /// How many patients each facility was forced to take since local midnight, for policies that rotate. A facility
    /// that is not listed was forced to take none.
    pub forced: &'a BTreeMap<FacilityId, u32>,
}

/// What one step of the decision settles on.
struct Settled {
    facility: FacilityId,
    outcome: Outcome,
    by: DecidedBy,
}

/// One patient on the way through the steps.
struct Case<'a> {
    snapshot: &'a Snapshot<'a>,
    registry: &'a Registry,
    question: &'a Question<'a>,
    patient: &'a Patient,
    required: BTreeSet<ServiceId>,
    /// Every facility, by id.
    examined: Vec<Examined>,
    home: Option<FacilityId>,
    governing: Option<(RegionId, &'a Policy)>,
    /// Eligible facilities in the order of their rank, externals last.
    eligible: Vec<FacilityId>,
    trace: Trace,
    notes: Vec<String>,
    /// What orders and rules found beyond the destination.
    led_to: Vec<FacilityId>,
}

/// Decides where one patient goes at the snapshot's instant. While any ED is not closed, the outcome is not `none`.
pub fn decide(snapshot: &Snapshot<'_>, question: &Question<'_>) -> Decision {
    let registry = snapshot.registry;
    let patient = question.patient;
    let required = registry.requires(&patient.needs);
    let examined: Vec<Examined> = registry
        .facilities
        .ids()
        .map(|facility| {
            let (minutes, source) = travel::minutes(registry, question.origin, facility);
            let stop = Stop { facility, minutes, source };
            examine(snapshot, patient, &required, stop, question.exclude.contains(&facility))
        })
        .collect();
    let home = nearest(&examined, |there| there.candidate && !there.excluded && !there.external);
    let mut case = Case {
        snapshot,
        registry,
        question,
        patient,
        required,
        governing: governing(snapshot, question.origin, home),
        examined,
        home,
        eligible: Vec::new(),
        trace: Trace::default(),
        notes: Vec::new(),
        led_to: Vec::new(),
    };
    case.rank();
    case.decide()
}

impl Case<'_> {
    fn decide(mut self) -> Decision {
        let asked = self.explain_question();
        self.explain_rank(asked);
        if let Some(settled) = self.extremis(asked).or_else(|| self.request(asked)) {
            return self.answer(Some(settled), None, asked);
        }
        if self.home.is_some_and(|home| self.at(home).is_only_consult()) || self.level_asks(asked) {
            let proposed = self.usual(asked);
            return self.answer(None, Some(proposed), asked);
        }
        match self.usual(asked) {
            Usual::Settled(settled) => self.answer(Some(settled), None, asked),
            Usual::Ask(proposed) => self.answer(None, Some(Usual::Ask(proposed)), asked),
            Usual::Nobody => self.answer(None, None, asked),
        }
    }

    fn policy(&self) -> Option<&Policy> {
        self.governing.map(|(_, policy)| policy)
    }
    fn at(&self, facility: FacilityId) -> &Examined {
        &self.examined[facility.index()]
    }
    fn name(&self, facility: FacilityId) -> &str {
        &self.registry.facilities[facility].name
    }
    fn clause(&self, key: &str) -> String {
        self.policy()
            .map_or_else(String::new, |policy| format!("policy.{}.{key} ({})", policy.key, policy.place))
    }

    /// Eligible facilities by minutes and what the policy adds for an advisory, then by id; externals last.
    fn rank(&mut self) {
        let policy = self.policy().filter(|_| examine::may_be_moved(self.registry, self.patient));
        let mut ranked: Vec<(bool, Minutes, FacilityId)> = Vec::new();
        for there in self.examined.iter().filter(|there| there.is_eligible()) {
            let added = policy.map_or(Minutes::ZERO, |policy| self.added(policy, there.stop.facility));
            ranked.push((there.external, there.stop.minutes + added, there.stop.facility));
        }
        ranked.sort_unstable();
        self.eligible = ranked.into_iter().map(|(_, _, facility)| facility).collect();
    }

    /// Records what was added to whose rank.
    fn explain_rank(&mut self, asked: u32) {
        let Some(policy) = self.policy().filter(|_| examine::may_be_moved(self.registry, self.patient))
        else {
            return;
        };
        let terms: Vec<(FacilityId, String)> = self
            .eligible
            .iter()
            .map(|facility| (*facility, self.added(policy, *facility)))
            .filter(|(_, added)| *added > Minutes::ZERO)
            .map(|(facility, added)| {
                let text = format!(
                    "{}, {} min: ranks {added} min farther for its advisory or crowding [policy.{}]",
                    self.name(facility),
                    self.at(facility).stop.minutes,
                    policy.key
                );
                (facility, text)
            })
            .collect();
        for (facility, text) in terms {
            self.trace.step(Some(asked), StepKind::Applied, Some(facility), text);
        }
    }

    /// What a policy adds to a facility's rank, never to the minutes shown: for an advisory, and for crowding.
    fn added(&self, policy: &Policy, facility: FacilityId) -> Minutes {
        let state = self.snapshot.facility(facility);
        let advisory = if policy.advisory_minutes > Minutes::ZERO && examine::is_advised(state, self.patient)
        {
            policy.advisory_minutes
        } else {
            Minutes::ZERO
        };
        let crowded =
            policy.crowding.filter(|crowding| state.nedocs().is_some_and(|score| score >= crowding.nedocs));
        advisory + crowded.map_or(Minutes::ZERO, |crowding| crowding.minutes)
    }

    /// Step 4: in extremis the nearest ED that is not shut, whatever the need.
    fn extremis(&mut self, asked: u32) -> Option<Settled> {
        if !self.patient.extremis {
            return None;
        }
        let facility = self.nearest_ed(|state, patient| !examine::is_shut_to(state, patient))?;
        self.trace.step(
            Some(asked),
            StepKind::Applied,
            Some(facility),
            "in extremis: the nearest ED that is not closed",
        );
        Some(Settled { facility, outcome: Outcome::Routed, by: DecidedBy::Extremis })
    }

    /// Step 5: the facility that the patient asked for.
    fn request(&mut self, asked: u32) -> Option<Settled> {
        let facility = self.patient.request?;
        let there = self.at(facility);
        if there.is_eligible()
            || (there.has_soft_reasons_only() && self.policy().is_some_and(|policy| policy.honour_request))
        {
            return Some(Settled { facility, outcome: Outcome::Routed, by: DecidedBy::Request });
        }
        let reasons: Vec<&str> = there.reasons.iter().map(|reason| reason.text.as_str()).collect();
        let soft = if there.has_soft_reasons_only() {
            ", and no policy here honours a choice against a diversion"
        } else {
            ""
        };
        let text = format!("{} was asked for: {}{soft}", self.name(facility), reasons.join("; "));
        self.trace.step(Some(asked), StepKind::Skipped, Some(facility), text.clone());
        self.notes.push(text);
        None
    }

    /// Step 6: whether the region stands at a level of strain that wants to be asked first. Never for priority 1.
    fn level_asks(&mut self, asked: u32) -> bool {
        let Some((region, policy)) = self.governing.filter(|_| self.patient.priority != Priority::One) else {
            return false;
        };
        let Some((name, level, count)) = self.snapshot.level(region, policy) else { return false };
        if level.consult {
            let text = format!(
                "{} stands at {name}: {count} facilities divert, {} or more: crews ask first [policy.{}.levels]",
                self.registry.regions[region].name, level.at, policy.key
            );
            self.trace.step(Some(asked), StepKind::Applied, None, text);
        }
        level.consult
    }

    /// Steps 7 to 9.
    fn usual(&mut self, asked: u32) -> Usual {
        self.orders(asked)
            .or_else(|| self.nearest_eligible(asked))
            .map_or_else(|| self.nobody_eligible(asked), Usual::Settled)
    }

    /// Step 7: orders, then rules, away from a home that has a reason against it.
    fn orders(&mut self, asked: u32) -> Option<Settled> {
        let home = self.home.filter(|home| !self.at(*home).reasons.is_empty())?;
        let extra = self.policy().map_or(Policy::MAX_ORDER_EXTRA, |policy| policy.max_order_extra);
        let nearest = self.eligible.iter().map(|facility| self.at(*facility));
        let nearest =
            nearest.min_by_key(|there| (there.external, there.stop.minutes)).map(|there| there.stop.minutes);
        let mut search = Search {
            snapshot: self.snapshot,
            patient: self.patient,
            examined: &self.examined,
            eligible: &self.eligible,
            farthest: nearest.map(|nearest| nearest + extra),
            visited: BTreeSet::new(),
            found: Vec::new(),
            notes: Vec::new(),
            trace: &mut self.trace,
        };
        search.away_from(home, Some(asked));
        let (found, notes) = (search.found, search.notes);
        for note in notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        let mut found = found.into_iter();
        let (facility, by) = found.next()?;
        self.led_to = found.map(|(facility, _)| facility).collect();
        Some(Settled { facility, outcome: Outcome::Routed, by })
    }

    /// Step 8: the nearest eligible, unless the policy limits the detour from a home that only asks to be bypassed.
    fn nearest_eligible(&mut self, asked: u32) -> Option<Settled> {
        let first = *self.eligible.first().filter(|facility| !self.at(**facility).external)?;
        let Some(home) = self.home.filter(|home| self.at(*home).has_soft_reasons_only()) else {
            return Some(Settled { facility: first, outcome: Outcome::Routed, by: DecidedBy::Nearest });
        };
        let tried = self
            .policy()
            .and_then(|policy| policy.alternatives)
            .map(|count| self.nearest_others(home, count));
        let mut beyond = None;
        for facility in self.eligible.iter().copied().filter(|facility| !self.at(*facility).external) {
            match self.beyond_limit(home, facility, tried.as_ref()) {
                None => return Some(Settled { facility, outcome: Outcome::Routed, by: DecidedBy::Nearest }),
                Some(clause) => {
                    beyond.get_or_insert((facility, clause));
                }
            }
        }
        if let Some((facility, clause)) = beyond {
            let minutes = self.at(facility).stop.minutes;
            let text = format!("{} at {minutes} min is beyond {clause}", self.name(facility));
            self.trace.step(Some(asked), StepKind::Applied, Some(facility), text.clone());
            self.notes.push(text);
        }
        Some(Settled { facility: home, outcome: Outcome::Forced, by: DecidedBy::TravelLimit })
    }

    /// The clause that keeps a patient from being driven past home to this facility; `None`: no clause does.
    fn beyond_limit(
        &self,
        home: FacilityId,
        there: FacilityId,
        tried: Option<&BTreeSet<FacilityId>>,
    ) -> Option<String> {
        let policy = self.policy()?;
        let minutes = self.at(there).stop.minutes;
        let extra = minutes - self.at(home).stop.minutes;
        if let Some(max) = policy.max_minutes.filter(|max| minutes > *max) {
            return Some(format!("{} = {max}", self.clause("max_minutes")));
        }
        if let Some(max) = policy.max_extra_minutes.filter(|max| extra > *max) {
            return Some(format!("{} = {max}", self.clause("max_extra_minutes")));
        }
        tried
            .filter(|tried| !tried.contains(&there))
            .map(|tried| format!("{} = {}", self.clause("alternatives"), tried.len()))
    }

    /// The nearest candidates other than home, whatever their state; externals last.
    fn nearest_others(&self, home: FacilityId, count: u32) -> BTreeSet<FacilityId> {
        let mut others: Vec<(bool, Minutes, FacilityId)> = self
            .examined
            .iter()
            .filter(|there| there.candidate && there.stop.facility != home)
            .map(|there| (there.external, there.stop.minutes, there.stop.facility))
            .collect();
        others.sort_unstable();
        others.into_iter().take(count as usize).map(|(_, _, facility)| facility).collect()
    }

    /// Step 9: nobody is eligible, externals aside.
    fn nobody_eligible(&mut self, asked: u32) -> Usual {
        let soft = |there: &Examined| there.has_soft_reasons_only() && !there.external;
        if let Some(closest) = nearest(&self.examined, soft) {
            let all_diverting = self.policy().map_or(AllDiverting::Closest, |policy| policy.all_diverting);
            let clause = self.clause("all_diverting");
            let facility = match all_diverting {
                AllDiverting::Closest => closest,
                AllDiverting::Consult => {
                    self.trace.step(
                        Some(asked),
                        StepKind::Applied,
                        Some(closest),
                        format!("every candidate diverts: {clause} wants to be asked"),
                    );
                    return Usual::Ask(closest);
                }
                AllDiverting::Rotate => {
                    let forced = |there: &Examined| {
                        self.question.forced.get(&there.stop.facility).copied().unwrap_or(0)
                    };
                    self.examined
                        .iter()
                        .filter(|there| soft(there))
                        .min_by_key(|there| (forced(there), there.stop.minutes, there.stop.facility))
                        .map_or(closest, |there| there.stop.facility)
                }
            };
            self.trace.step(
                Some(asked),
                StepKind::Applied,
                Some(facility),
                "every candidate asks to be bypassed",
            );
            return Usual::Settled(Settled {
                facility,
                outcome: Outcome::Forced,
                by: DecidedBy::AllDiverting,
            });
        }
        let settle = |facility: Option<FacilityId>, outcome: Outcome, by: DecidedBy| {
            facility.map(|facility| Usual::Settled(Settled { facility, outcome, by }))
        };
        let external = self.eligible.first().copied();
        let diverting = nearest(&self.examined, Examined::is_only_diverting);
        settle(external, Outcome::Routed, DecidedBy::External)
            .or_else(|| settle(diverting, Outcome::Forced, DecidedBy::AllDiverting))
            .or_else(|| {
                let any = self.nearest_ed(|state, patient| !examine::is_closed_to(state, patient));
                settle(any, Outcome::Forced, DecidedBy::NeedUnmet)
            })
            .unwrap_or(Usual::Nobody)
    }

    /// The nearest ED, whatever it has, that is not closed for good, not left out, and of which `takes` holds.
    fn nearest_ed(
        &self,
        takes: impl Fn(&crate::state::FacilityState<'_>, &Patient) -> bool,
    ) -> Option<FacilityId> {
        nearest(&self.examined, |there| {
            let facility = there.stop.facility;
            self.is_ed(facility) && !there.excluded && takes(self.snapshot.facility(facility), self.patient)
        })
    }

    fn is_ed(&self, facility: FacilityId) -> bool {
        self.registry.facilities[facility].receives(self.snapshot.at)
    }

    /// Puts the decision together. `proposed` is what would be done if nobody answered: then somebody is asked.
    fn answer(mut self, settled: Option<Settled>, proposed: Option<Usual>, asked: u32) -> Decision {
        let proposed = proposed.map(|usual| match usual {
            Usual::Settled(settled) => Some(settled.facility),
            Usual::Ask(facility) => Some(facility),
            Usual::Nobody => None,
        });
        let outcome = match (&settled, &proposed) {
            (Some(settled), _) => settled.outcome,
            (None, Some(_)) => Outcome::Consult,
            (None, None) => Outcome::None,
        };
        let proposed = proposed.flatten();
        let destination = settled.as_ref().map(|settled| self.at(settled.facility).stop);
        let decided_by = match outcome {
            Outcome::Consult => Some(DecidedBy::Consult),
            Outcome::Routed | Outcome::Forced | Outcome::None => settled.map(|settled| settled.by),
        };
        let home = self.home.map(|home| self.at(home).stop);
        let chosen = destination.map(|stop| stop.facility);
        let alternates = self.alternates(chosen, proposed);
        let flags =
            destination.map_or_else(Vec::new, |stop| self.flags(stop, decided_by.as_ref(), &alternates));
        let ask = (outcome == Outcome::Consult).then(|| {
            self.policy()
                .and_then(|policy| policy.consult.clone())
                .unwrap_or_else(|| "medical direction".to_owned())
        });
        let disposition = self.disposition(outcome, chosen, decided_by.as_ref());
        self.explain_answer(asked, outcome, destination, decided_by.as_ref(), ask.as_deref(), proposed);
        let overridden = chosen.map_or_else(Vec::new, |facility| self.at(facility).reasons.clone());
        let mut rejected = Vec::new();
        let mut not_counted = Vec::new();
        for there in self.examined {
            not_counted.extend(there.not_counted);
            if Some(there.stop.facility) != chosen && !there.reasons.is_empty() {
                rejected.push(Rejected { stop: there.stop, reasons: there.reasons });
            }
        }
        rejected.sort_by_key(|rejected| (rejected.stop.minutes, rejected.stop.facility));
        Decision {
            at: self.snapshot.at,
            outcome,
            destination,
            home,
            decided_by,
            disposition,
            ask,
            proposed,
            overridden,
            flags,
            alternates,
            rejected,
            not_counted,
            notes: self.notes,
            trace: self.trace,
        }
    }

    /// Everybody eligible but the destination: what was proposed, what orders and rules led to, then by rank.
    fn alternates(&self, chosen: Option<FacilityId>, proposed: Option<FacilityId>) -> Vec<Stop> {
        let mut seen = BTreeSet::new();
        let leading = proposed.into_iter().chain(self.led_to.iter().copied());
        leading
            .filter(|facility| self.at(*facility).is_eligible())
            .chain(self.eligible.iter().copied())
            .filter(|facility| Some(*facility) != chosen && seen.insert(*facility))
            .map(|facility| self.at(facility).stop)
            .collect()
    }

    fn flags(&self, stop: Stop, by: Option<&DecidedBy>, alternates: &[Stop]) -> Vec<Flag> {
        let mut flags = BTreeSet::new();
        let state = self.snapshot.facility(stop.facility);
        let sources: BTreeSet<MinutesSource> =
            alternates.iter().chain(std::iter::once(&stop)).map(|stop| stop.source).collect();
        let max_minutes =
            self.patient.needs.iter().filter_map(|need| self.registry.needs[*need].max_minutes).min();
        let mut flag = |holds: bool, flag: Flag| {
            if holds {
                flags.insert(flag);
            }
        };
        flag(stop.source == MinutesSource::Est, Flag::Est);
        flag(sources.len() > 1, Flag::Mixed);
        flag(state.is_stale(), Flag::Stale);
        flag(state.is_unknown(), Flag::Unknown);
        flag(!state.conflicts().is_empty(), Flag::Conflict);
        flag(state.expired_at().is_some(), Flag::Expired);
        flag(examine::is_advised(state, self.patient), Flag::Advisory);
        flag(by == Some(&DecidedBy::Request) && !self.at(stop.facility).is_eligible(), Flag::Wait);
        if let Some(home) = self.home.map(|home| self.at(home).stop) {
            let more = stop.minutes - home.minutes;
            flag(more > Minutes::ZERO, Flag::Detour(more));
        }
        flag(max_minutes.is_some_and(|max| stop.minutes > max), Flag::OverLimit);
        if by == Some(&DecidedBy::Extremis) {
            for nearer in self.nearer_closed(stop) {
                let facility = self.registry.facilities[nearer.facility].key.clone();
                flag(true, Flag::NearerClosed { facility, minutes: nearer.minutes });
            }
        }
        if by == Some(&DecidedBy::NeedUnmet) {
            let has = &self.registry.facilities[stop.facility].services;
            for service in &self.required {
                let lacking = !has.contains(service) || state.has_lost(*service);
                flag(lacking, Flag::NeedUnmet(self.registry.services[*service].key.clone()));
            }
        }
        flag(self.changes_before_arrival(stop), Flag::ChangesBeforeArrival);
        flags.into_iter().collect()
    }

    /// The EDs that would have been nearer in extremis, had they not been closed.
    fn nearer_closed(&self, stop: Stop) -> Vec<Stop> {
        let mut nearer: Vec<Stop> = self
            .examined
            .iter()
            .filter(|there| !there.excluded && self.is_ed(there.stop.facility))
            .map(|there| there.stop)
            .filter(|there| (there.minutes, there.facility) < (stop.minutes, stop.facility))
            .filter(|there| examine::is_shut_to(self.snapshot.facility(there.facility), self.patient))
            .collect();
        nearer.sort_by_key(|stop| (stop.minutes, stop.facility));
        nearer
    }

    /// Whether the reasons against the destination differ at any moment of the drive from what they are now.
    fn changes_before_arrival(&self, stop: Stop) -> bool {
        let arrival = self.snapshot.at + stop.minutes.length();
        let key = |reasons: Vec<Reason>| -> BTreeSet<(ReasonCode, bool, Option<u64>)> {
            reasons.into_iter().map(|reason| (reason.code, reason.hard, reason.event)).collect()
        };
        let reasons = |at| {
            let state = self.snapshot.facility_at(stop.facility, at);
            key(examine::standing_reasons(&state, self.registry, self.patient, &self.required).0)
        };
        let changes = self.snapshot.changes(stop.facility, arrival);
        if changes.is_empty() {
            return false;
        }
        let now = reasons(self.snapshot.at);
        let closes =
            self.registry.facilities[stop.facility].closed_on.is_some_and(|at| changes.contains(&at));
        closes || changes.into_iter().any(|at| reasons(at) != now)
    }

    fn disposition(
        &self,
        outcome: Outcome,
        chosen: Option<FacilityId>,
        by: Option<&DecidedBy>,
    ) -> Option<Disposition> {
        if outcome == Outcome::Consult {
            return Some(Disposition::MedicalDirection);
        }
        let chosen = chosen?;
        if by == Some(&DecidedBy::Request) {
            return Some(Disposition::PatientsChoice);
        }
        if Some(chosen) != self.home {
            return Some(Disposition::Diversion);
        }
        let nearest_ed = nearest(&self.examined, |there| {
            self.is_ed(there.stop.facility) && !there.excluded && !there.external
        });
        Some(if nearest_ed == self.home { Disposition::Closest } else { Disposition::SpecialtyCenter })
    }

    fn explain_question(&mut self) -> u32 {
        let patient = self.patient;
        let needs: Vec<&str> =
            patient.needs.iter().map(|need| self.registry.needs[*need].key.as_str()).collect();
        let mut text = format!(
            "{}, priority {}, {}, {}",
            needs.join(" + "),
            patient.priority.number(),
            patient.age.as_str(),
            patient.care.as_str()
        );
        if patient.extremis {
            text.push_str(", in extremis");
        }
        if patient.transfer {
            text.push_str(", transfer");
        }
        if !patient.assumed.is_empty() {
            let assumed: Vec<&str> = patient.assumed.iter().map(|what| what.as_str()).collect();
            text = format!("{text} ({} assumed)", assumed.join(", "));
        }
        if !self.required.is_empty() {
            let required: Vec<&str> =
                self.required.iter().map(|service| self.registry.services[*service].key.as_str()).collect();
            text = format!("{text}; requires {}", required.join(", "));
        }
        let asked = self.trace.step(None, StepKind::Asked, None, text);
        if let Some(policy) = self.policy() {
            let text = format!("policy `{}` ({}) governs", policy.key, policy.place);
            self.trace.step(Some(asked), StepKind::Applied, None, text);
        }
        let text = match self.home {
            Some(home) => format!(
                "home is {}, {} min: the nearest that has what is needed",
                self.name(home),
                self.at(home).stop.minutes
            ),
            None if self.examined.iter().any(|there| there.candidate) => {
                "no home: who has what is needed was left out by the caller or is a last resort".to_owned()
            }
            None => "no facility has what is needed".to_owned(),
        };
        self.trace.step(Some(asked), StepKind::Home, self.home, text);
        asked
    }

    /// Records what was decided, and before it why everything nearer was not.
    fn explain_answer(
        &mut self,
        asked: u32,
        outcome: Outcome,
        destination: Option<Stop>,
        by: Option<&DecidedBy>,
        ask: Option<&str>,
        proposed: Option<FacilityId>,
    ) {
        let limit = destination
            .or(proposed.map(|facility| self.at(facility).stop))
            .map(|stop| (stop.minutes, stop.facility));
        let mut nearer: Vec<&Examined> = self
            .examined
            .iter()
            .filter(|there| limit.is_none_or(|limit| (there.stop.minutes, there.stop.facility) <= limit))
            .filter(|there| {
                !(there.reasons.is_empty() && there.not_counted.is_empty() && there.aside.is_empty())
            })
            .filter(|there| there.reasons.first().is_none_or(|reason| reason.code != ReasonCode::NoEd))
            .collect();
        nearer.sort_by_key(|there| (there.stop.minutes, there.stop.facility));
        for there in nearer {
            let facility = there.stop.facility;
            let chosen = destination.is_some_and(|stop| stop.facility == facility);
            let name = format!("{}, {} min", self.registry.facilities[facility].name, there.stop.minutes);
            for reason in &there.reasons {
                let verb = if chosen { "taken all the same" } else { "rejected" };
                let clause = reason.rule.as_ref().map_or_else(String::new, |rule| format!(" [{rule}]"));
                let text = format!("{verb}: {name}: {}{clause}", reason.text);
                self.trace.step(Some(asked), StepKind::Rejected, Some(facility), text);
            }
            for told in &there.aside {
                let text = format!("{name}: {told}");
                self.trace.step(Some(asked), StepKind::NotCounted, Some(facility), text);
            }
            for status in &there.not_counted {
                let text = format!("not counted: {name}: {} [{}]", status.text, status.by);
                self.trace.step(Some(asked), StepKind::NotCounted, Some(facility), text);
            }
        }
        let by = by.map_or_else(String::new, |by| format!(", decided by {by}"));
        let text = match (destination, ask) {
            (Some(stop), _) => {
                format!("{}: {}, {} min{by}", outcome.as_str(), self.name(stop.facility), stop.minutes)
            }
            (None, Some(ask)) => {
                let proposed = proposed
                    .map_or_else(String::new, |facility| format!("; proposed {}", self.name(facility)));
                format!("{}: ask {ask}{proposed}{by}", outcome.as_str())
            }
            (None, None) => {
                let left_out = |there: &Examined| there.excluded && self.is_ed(there.stop.facility);
                let why = words::nobody_text(self.examined.iter().any(left_out));
                format!("{}: {why}", outcome.as_str())
            }
        };
        self.trace.step(Some(asked), StepKind::Decided, destination.map(|stop| stop.facility), text);
    }
}

/// What steps 7 to 9 come to.
enum Usual {
    Settled(Settled),
    /// Somebody is to be asked; the facility is what would be done otherwise.
    Ask(FacilityId),
    Nobody,
}

/// The nearest facility of which something holds; ties by id.
fn nearest(examined: &[Examined], holds: impl Fn(&Examined) -> bool) -> Option<FacilityId> {
    examined
        .iter()
        .filter(|there| holds(there))
        .min_by_key(|there| (there.stop.minutes, there.stop.facility))
        .map(|there| there.stop.facility)
}

/// The region and policy whose parameters rule the decision: the zone's region's, else home's.
fn governing<'a>(
    snapshot: &Snapshot<'a>,
    origin: Origin,
    home: Option<FacilityId>,
) -> Option<(RegionId, &'a Policy)> {
    let registry = snapshot.registry;
    let of_zone = match origin {
        Origin::Zone(zone) => registry.zones[zone].region,
        Origin::Facility(_) | Origin::Point(_) => None,
    };
    let of_home = home.and_then(|home| registry.facilities[home].region);
    let in_force = |region| registry.policy(region, snapshot.at).map(|policy| (region, policy));
    of_zone.and_then(in_force).or_else(|| of_home.and_then(in_force))
}
