//! NEDOCS: how crowded an emergency department is, from its census.
//!
//! Floor 2: arithmetic; no file, no clock.

use chrono::TimeDelta;

use crate::model::{Census, Facility};

/// The National Emergency Department Overcrowding Scale of a census: 100 and more is overcrowded, 140 severely, 180
/// dangerously so. `None` where a figure that it needs is not known. Not cut to the range 0 to 200, in which it is
/// usually shown.
///
/// −20 + 85.8 × (patients in the ED ÷ ED beds) + 600 × (admitted patients waiting in the ED ÷ hospital beds) + 13.4 ×
/// patients on a ventilator + 0.93 × hours that the admitted patient who waits longest has waited + 5.64 × hours that
/// the patient who was put in a bed last had waited.
///
/// Patients in the ED are those in its treatment spaces and those in the waiting room. ED beds are the staffed ones,
/// else all. Nobody boarding and no longest wait said: there is none.
///
/// Weiss SJ, Derlet R, Arndahl J, et al. Estimating the degree of emergency department overcrowding in academic medical
/// centers: results of the National ED Overcrowding Study (NEDOCS). Acad Emerg Med 2004; 11:38-50.
/// <https://doi.org/10.1197/j.aem.2003.07.017>
pub fn nedocs(facility: &Facility, census: &Census) -> Option<f64> {
    let ed = facility.ed?;
    let ed_beds = ed.staffed.or(ed.beds).filter(|beds| *beds > 0)?;
    let beds = facility.beds.filter(|beds| *beds > 0)?;
    let boarding = census.boarding?;
    let longest = census.longest_boarding.or((boarding == 0).then(TimeDelta::zero))?;
    let patients = f64::from(census.occupied?) + f64::from(census.waiting?);
    Some(
        -20.0
            + 85.8 * patients / f64::from(ed_beds)
            + 600.0 * f64::from(boarding) / f64::from(beds)
            + 13.4 * f64::from(census.ventilated?)
            + 0.93 * hours(longest)
            + 5.64 * hours(census.last_wait?),
    )
}

#[allow(clippy::cast_precision_loss)] // no wait is longer than 2^52 seconds
fn hours(length: TimeDelta) -> f64 {
    length.num_seconds() as f64 / 3600.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ed, FacilityId, FacilityKind, Instant, Position};

    fn facility(ed: Ed, beds: Option<u32>) -> Facility {
        Facility {
            key: "x".to_owned(),
            name: "X".to_owned(),
            aliases: Vec::new(),
            kind: FacilityKind::Hospital,
            network: None,
            region: None,
            city: None,
            county: None,
            state: None,
            position: Position { lat: 0.0, lon: 0.0 },
            phone: None,
            services: std::collections::BTreeSet::new(),
            beds,
            ed: Some(ed),
            timezone: None,
            closed_on: None,
            external: false,
            surge: None,
            stale_after: None,
            ids: std::collections::BTreeMap::new(),
            unverified: Vec::new(),
        }
    }

    fn census() -> Census {
        Census {
            facility: FacilityId::from(0),
            at: Instant::from_seconds(0),
            occupied: Some(28),
            boarding: Some(6),
            waiting: Some(12),
            ventilated: Some(2),
            longest_boarding: Some(TimeDelta::hours(9)),
            last_wait: Some(TimeDelta::minutes(90)),
        }
    }

    fn score(ed: Ed, beds: Option<u32>, census: &Census) -> Option<String> {
        nedocs(&facility(ed, beds), census).map(|score| format!("{score:.2}"))
    }

    #[test]
    fn the_published_formula() {
        let ed = Ed { beds: Some(31), staffed: Some(28) };
        // -20 + 85.8*40/28 + 600*6/249 + 13.4*2 + 0.93*9 + 5.64*1.5
        assert_eq!(score(ed, Some(249), &census()).as_deref(), Some("160.66"));
        // Without the count of staffed beds, all count: -20 + 85.8*40/31 + …
        assert_eq!(
            score(Ed { beds: Some(31), staffed: None }, Some(249), &census()).as_deref(),
            Some("148.80")
        );
        let empty = Census {
            occupied: Some(0),
            boarding: Some(0),
            waiting: Some(0),
            ventilated: Some(0),
            longest_boarding: None,
            last_wait: Some(TimeDelta::zero()),
            ..census()
        };
        assert_eq!(score(ed, Some(249), &empty).as_deref(), Some("-20.00"));
    }

    #[test]
    fn what_is_not_known_is_not_taken_for_nothing() {
        let ed = Ed { beds: Some(31), staffed: None };
        assert_eq!(score(ed, None, &census()), None);
        assert_eq!(score(Ed::default(), Some(249), &census()), None);
        for unsaid in [
            Census { occupied: None, ..census() },
            Census { boarding: None, ..census() },
            Census { waiting: None, ..census() },
            Census { ventilated: None, ..census() },
            Census { longest_boarding: None, ..census() },
            Census { last_wait: None, ..census() },
        ] {
            assert_eq!(score(ed, Some(249), &unsaid), None, "{unsaid:?}");
        }
    }
}
