//! Orders and rules: where they lead a patient who cannot go home.

use std::collections::BTreeSet;

use crate::model::{Effect, FacilityId, Lane, Minutes, Patient, Rule, RuleCondition, ServiceId, Target};
use crate::sentence::phrase;
use crate::state::Snapshot;

use super::decision::DecidedBy;
use super::examine::{Examined, Reason, ReasonCode};
use super::trace::{StepKind, Trace};

/// A search along orders and rules, depth first.
pub(super) struct Search<'a> {
    pub(super) snapshot: &'a Snapshot<'a>,
    pub(super) patient: &'a Patient,
    /// Every facility as the patient finds it, by id.
    pub(super) examined: &'a [Examined],
    /// Eligible facilities, nearest first, externals last.
    pub(super) eligible: &'a [FacilityId],
    /// No target may be farther than this; `None`: nobody is eligible.
    pub(super) farthest: Option<Minutes>,
    /// Facilities already looked at: each once per decision.
    pub(super) visited: BTreeSet<FacilityId>,
    /// Eligible facilities found, the destination first, with the statement that named each.
    pub(super) found: Vec<(FacilityId, DecidedBy)>,
    /// What led nowhere, in words.
    pub(super) notes: Vec<String>,
    pub(super) trace: &'a mut Trace,
}

impl Search<'_> {
    /// Follows the orders, then the rules, away from a facility that has reasons against it.
    pub(super) fn away_from(&mut self, facility: FacilityId, parent: Option<u32>) {
        self.visited.insert(facility);
        let registry = self.snapshot.registry;
        let reasons = &self.examined[facility.index()].reasons;
        let mut orders: Vec<&(u64, Vec<Target>)> =
            reasons.iter().filter_map(|reason| reason.order.as_ref()).collect();
        orders.sort_by_key(|(event, _)| std::cmp::Reverse(*event));
        orders.dedup_by_key(|(event, _)| *event);
        let here = &registry.facilities[facility].name;
        for (event, route) in orders {
            let named =
                format!("order of event {event}: {here}, route to {}", phrase::route(route, registry));
            self.follow(facility, &DecidedBy::Order(*event), route, &named, parent);
        }
        for rule in &registry.rules {
            if rule.subjects.contains(&facility) && holds(rule, self.patient, reasons) {
                let named = format!(
                    "rule `{}` ({}): {here}, route to {}",
                    rule.key,
                    rule.place,
                    phrase::route(&rule.route, registry)
                );
                self.follow(facility, &DecidedBy::Rule(rule.key.clone()), &rule.route, &named, parent);
            }
        }
    }

    fn follow(
        &mut self,
        from: FacilityId,
        by: &DecidedBy,
        route: &[Target],
        named: &str,
        parent: Option<u32>,
    ) {
        let registry = self.snapshot.registry;
        let step = self.trace.step(parent, StepKind::Followed, Some(from), named);
        let (before, noted) = (self.found.len(), self.notes.len());
        for target in route {
            match target {
                Target::Facility(facility) => self.visit(*facility, by, step),
                Target::Network(network) => {
                    let is_member = |facility: FacilityId| {
                        registry.facilities[facility]
                            .network
                            .is_some_and(|owner| registry.is_part_of(owner, *network))
                    };
                    let name = &registry.networks[*network];
                    self.visit_group(from, name.aliases.first().unwrap_or(&name.name), is_member, by, step);
                }
                Target::Region(region) => {
                    let is_member =
                        |facility: FacilityId| registry.facilities[facility].region == Some(*region);
                    self.visit_group(from, &registry.regions[*region].name, is_member, by, step);
                }
                Target::Nearest(service) => {
                    let has_it_up = |facility: FacilityId| {
                        service.is_none_or(|service| {
                            registry.facilities[facility].services.contains(&service)
                                && !self.snapshot.facility(facility).has_lost(service)
                        })
                    };
                    let name = phrase::route(std::slice::from_ref(target), registry);
                    self.visit_group(from, &name, has_it_up, by, step);
                }
            }
        }
        if self.found.len() == before && self.notes.len() == noted {
            self.notes.push(format!("{named}: nobody there is eligible"));
        }
    }

    /// The eligible members of a group, nearest first; externals are skipped.
    fn visit_group(
        &mut self,
        from: FacilityId,
        name: &str,
        is_member: impl Fn(FacilityId) -> bool,
        by: &DecidedBy,
        step: u32,
    ) {
        let eligible = self.eligible;
        let registry = self.snapshot.registry;
        let members = eligible.iter().filter(|facility| {
            **facility != from && !self.examined[facility.index()].external && is_member(**facility)
        });
        let members: Vec<FacilityId> = members.copied().collect();
        if members.is_empty() {
            let others = registry.facilities.ids().filter(|other| {
                *other != from && registry.facilities[*other].ed.is_some() && is_member(*other)
            });
            let others: Vec<String> = others.take(5).map(|other| self.why_not(other)).collect();
            let others = if others.is_empty() { String::new() } else { format!(": {}", others.join("; ")) };
            let text = format!("{name} has no eligible member{others}");
            self.trace.step(Some(step), StepKind::Skipped, None, text.clone());
            self.notes.push(text);
        }
        for member in members {
            self.take(member, by, step);
        }
    }

    fn visit(&mut self, facility: FacilityId, by: &DecidedBy, step: u32) {
        let there = &self.examined[facility.index()];
        if there.is_eligible() {
            self.take(facility, by, step);
            return;
        }
        let text = self.why_not(facility);
        let step = self.trace.step(Some(step), StepKind::Skipped, Some(facility), text);
        if there.candidate && !self.visited.contains(&facility) {
            self.away_from(facility, Some(step));
        }
    }

    /// Keeps an eligible facility, unless it is too far or was looked at before.
    fn take(&mut self, facility: FacilityId, by: &DecidedBy, step: u32) {
        if !self.visited.insert(facility) {
            return;
        }
        let minutes = self.examined[facility.index()].stop.minutes;
        if let Some(farthest) = self.farthest.filter(|farthest| minutes > *farthest) {
            let name = &self.snapshot.registry.facilities[facility].name;
            let text =
                format!("{name} is {minutes} min away; an order may lead {farthest} min from here at most");
            self.trace.step(Some(step), StepKind::Skipped, Some(facility), text.clone());
            self.notes.push(text);
            return;
        }
        self.found.push((facility, by.clone()));
    }

    fn why_not(&self, facility: FacilityId) -> String {
        let name = &self.snapshot.registry.facilities[facility].name;
        let reasons = &self.examined[facility.index()].reasons;
        match reasons.first() {
            Some(reason) => format!("{name} {}", reason.text),
            None => format!("{name} was looked at before"),
        }
    }
}

/// Whether a rule holds at a facility that has these reasons against it.
pub(super) fn holds(rule: &Rule, patient: &Patient, reasons: &[Reason]) -> bool {
    if rule.scope.as_ref().is_some_and(|scope| !patient.is_in(scope)) {
        return false;
    }
    reasons.iter().any(|reason| match &rule.condition {
        RuleCondition::Effect(Effect::Advisory) => false,
        RuleCondition::Effect(Effect::Diverting) => {
            matches!(reason.code, ReasonCode::Diverting | ReasonCode::Consult | ReasonCode::Closed)
        }
        RuleCondition::Effect(Effect::Closed) => reason.code == ReasonCode::Closed,
        RuleCondition::Type(status) => reason.status == Some(*status),
        RuleCondition::Down(service) => reason.code == ReasonCode::ServiceDown && is_about(reason, *service),
    })
}

/// Whether a service that is down is the one a rule names: it is required, or it is what took the required one away.
fn is_about(reason: &Reason, service: ServiceId) -> bool {
    reason.services.contains(&service) || reason.lane == Some(Lane::Service(service))
}
