//! Rankings: the facilities nearest to a zone or a facility from which minutes are known, in the order of those minutes.
//!
//! Floor 2. Where minutes are known, no distance tells which facility is nearest. Such places are few and asked from often:
//! for each, and each requirement, what is near is listed once.

use crate::model::{Minutes, Origin, Position};

use super::super::travel::{self, MinutesSource};
use super::reckon::Point;
use super::{Candidates, Index};

/// A facility in a ranking.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Ranked {
    pub(super) tenths: i64,
    pub(super) facility: u32,
    pub(super) source: MinutesSource,
}

/// Facilities by minutes, then by id; last resorts aside.
#[derive(Debug)]
pub(super) struct Ranking {
    pub(super) ranked: Vec<Ranked>,
    /// Whatever is not listed is estimated, and so many tenths of a minute away or more; `None`: all are listed.
    pub(super) beyond: Option<i64>,
}

impl Ranking {
    /// So many are listed beyond those to which minutes are known.
    const LISTED: usize = 64;

    pub(super) fn new(
        index: &Index<'_>,
        origin: Origin,
        position: Position,
        row: &[(u32, i64)],
        candidates: &Candidates,
    ) -> Self {
        let here = Point::of(position);
        let mut ranked = Vec::new();
        let mut others: Vec<(f64, u32)> = Vec::new();
        for facility in &candidates.near {
            match row.binary_search_by_key(facility, |(to, _)| *to) {
                Ok(at) => ranked.push(Ranked {
                    tenths: row[at].1,
                    facility: *facility,
                    source: MinutesSource::Matrix,
                }),
                Err(_) => others.push((here.chord2(index.points[*facility as usize]), *facility)),
            }
        }
        let minutes =
            |facility: u32| -> Minutes { travel::minutes(index.registry, origin, facility.into()).0 };
        let mut beyond = None;
        if others.len() > Self::LISTED {
            let (_, (_, last), _) =
                others.select_nth_unstable_by(Self::LISTED - 1, |a, b| a.0.total_cmp(&b.0));
            // A chord that is longer by its last bits can be rounded to a tenth less.
            beyond = Some(minutes(*last).tenths() - 1);
            others.truncate(Self::LISTED);
        }
        ranked.extend(others.iter().map(|(_, facility)| Ranked {
            tenths: minutes(*facility).tenths(),
            facility: *facility,
            source: MinutesSource::Est,
        }));
        ranked.sort_unstable();
        Self { ranked, beyond }
    }
}
