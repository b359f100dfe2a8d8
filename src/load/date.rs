//! From a TOML date or time to an instant.
//!
//! Floor 4; the zone is an argument.

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{FileId, Instant};
use crate::sentence;

/// Reads what TOML's parser found to be a date or time. An offset decides; a wall time is read in `zone`; a bare date is
/// its first moment there. The diagnostic's place is the caller's to set.
pub(super) fn instant(written: &str, zone: Tz, file: FileId) -> Result<Instant, Diagnostic> {
    let written = written.replace('Z', "+00:00");
    if let Ok(date) = written.parse::<NaiveDate>() {
        return Ok(first_moment(date, zone));
    }
    let with_offset = ["%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%dT%H:%M%:z"]
        .into_iter()
        .find_map(|format| DateTime::parse_from_str(&written, format).ok());
    if let Some(moment) = with_offset {
        return Ok(Instant::from(moment));
    }
    let wall = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&written, format).ok());
    match wall {
        Some(wall) => on_the_clocks_of(zone, wall, file),
        None => Err(Diagnostic::at(
            Code::BadTime,
            file,
            0..0,
            format!("expected a date, with or without a time of day, found `{written}`"),
        )),
    }
}

/// The first moment of a local day: midnight, or the end of the hour that the clocks jump over.
fn first_moment(date: NaiveDate, zone: Tz) -> Instant {
    let midnight = date.and_time(NaiveTime::MIN);
    // No zone has ever skipped more than a day.
    (0..=96)
        .find_map(|quarters| {
            zone.from_local_datetime(&(midnight + TimeDelta::minutes(15 * quarters))).earliest()
        })
        .map_or_else(|| Instant::from(midnight.and_utc()), Instant::from)
}

fn on_the_clocks_of(zone: Tz, wall: NaiveDateTime, file: FileId) -> Result<Instant, Diagnostic> {
    if let MappedLocalTime::Single(moment) = zone.from_local_datetime(&wall) {
        return Ok(Instant::from(moment));
    }
    // Sentences know how to say which two moments a wall time may mean.
    let text = wall.format("%Y-%m-%d %H:%M").to_string();
    sentence::time(&text, file, Instant::from_seconds(0), zone)
}
