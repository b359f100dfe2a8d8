//! Distances by dead reckoning: points on a globe of radius 1, and the chords between them.
//!
//! Floor 2. A chord costs six multiplications where the haversine formula costs a sine, a cosine and an arc sine, and it
//! obeys the triangle inequality. Minutes come of it in the same tenths as by [`travel::minutes`]: where the fraction is
//! too near to where it is rounded up for the last bits of both to agree, that is asked instead.

use crate::model::{EARTH_RADIUS_KM, Position, TravelSettings};

/// A point on a globe of radius 1.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Point {
    x: f64,
    y: f64,
    z: f64,
}

impl Point {
    pub(super) fn of(position: Position) -> Self {
        let (sin_lat, cos_lat) = position.lat.to_radians().sin_cos();
        let (sin_lon, cos_lon) = position.lon.to_radians().sin_cos();
        Self { x: cos_lat * cos_lon, y: cos_lat * sin_lon, z: sin_lat }
    }
    /// Its coordinates in fewer bits: those of another point near by.
    #[allow(clippy::cast_possible_truncation)] // that is what it is for
    pub(super) fn short(self) -> [f32; 3] {
        [self.x as f32, self.y as f32, self.z as f32]
    }
    /// The square of the chord to another point, in radii.
    pub(super) fn chord2(self, to: Self) -> f64 {
        let (x, y, z) = (self.x - to.x, self.y - to.y, self.z - to.z);
        x * x + y * y + z * z
    }
    /// The chord to another point, in radii.
    #[cfg(test)]
    pub(super) fn chord(self, to: Self) -> f64 {
        self.chord2(to).sqrt()
    }
}

/// Turns chords into minutes and back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reckoning {
    /// Tenths of a minute that a radian takes to drive.
    per_radian: f64,
    /// Radians driven in a tenth of a minute.
    per_tenth: f64,
}

impl Reckoning {
    /// `None` where a way half round the globe takes so long that tenths can't be told apart any more.
    pub(super) fn of(travel: &TravelSettings) -> Option<Self> {
        let per_radian = EARTH_RADIUS_KM * travel.circuity / travel.speed_kmh * 600.0;
        (per_radian > 0.0 && per_radian < 1e9).then_some(Self { per_radian, per_tenth: 1.0 / per_radian })
    }
    /// Minutes in tenths, rounded half up, of a way with the square of this chord. `None`: too close to call.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // below 2^32, by the bound on `per_radian`
    pub(super) fn tenths(self, chord2: f64) -> Option<i64> {
        /// Beyond this chord the arc is not computed well enough.
        const FAR: f64 = 1.0;
        /// Of a tenth. The errors of both ways together are a thousand times smaller at any chord up to [`FAR`].
        const CLOSE: f64 = 1e-5;
        if chord2 > FAR * FAR {
            return None;
        }
        let half_up = arc(chord2) * self.per_radian + 0.5;
        let whole = half_up as i64; // it is positive, and casting cuts it down
        let part = half_up - whole as f64;
        (CLOSE < part && part < 1.0 - CLOSE).then_some(whole)
    }
    /// A chord that nothing exceeds that is so many tenths away or less.
    #[allow(clippy::cast_precision_loss)] // below 2^32
    pub(super) fn chord_within(self, tenths: i64) -> f64 {
        // No chord is longer than its arc. The slack covers what haversines of nearly opposite points are out by.
        (tenths as f64 + 0.5) * self.per_tenth * (1.0 + 1e-6) + 1e-12
    }
}

/// The arc over a chord of at most 1, of which the square is given: 2 arcsin(chord ÷ 2). By its series where that is short.
fn arc(chord2: f64) -> f64 {
    let y = chord2 / 4.0;
    if y < 2.5e-3 {
        // The first term left out is below 1e-16 of the arc.
        let series =
            1.0 / 6.0 + y * (3.0 / 40.0 + y * (15.0 / 336.0 + y * (105.0 / 3456.0 + y * (945.0 / 42240.0))));
        chord2.sqrt() * (1.0 + y * series)
    } else {
        2.0 * y.sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Minutes;

    fn travel() -> TravelSettings {
        TravelSettings {
            speed_kmh: 50.0,
            circuity: 1.3,
            from_zone: std::collections::HashMap::new(),
            from_facility: std::collections::HashMap::new(),
        }
    }

    #[test]
    fn minutes_by_chord_are_minutes_by_haversine() {
        let travel = travel();
        let reckoning = Reckoning::of(&travel).unwrap();
        let (mut told, mut asked) = (0, 0);
        for north in 0..300_u32 {
            for east in 0..300_u32 {
                let [north, east] = [north, east].map(|n| f64::from(n).powi(3) / 9e5);
                for lat in [-90.0, -33.3, 0.0, 41.78, 60.0] {
                    let here = Position { lat, lon: 179.9 };
                    let there = Position { lat: lat + north, lon: (here.lon + east + 180.0) % 360.0 - 180.0 };
                    let km = here.great_circle_km(there);
                    let plainly = Minutes::round(km * travel.circuity / travel.speed_kmh * 60.0).tenths();
                    asked += 1;
                    if let Some(tenths) = reckoning.tenths(Point::of(here).chord2(Point::of(there))) {
                        assert_eq!(tenths, plainly, "{here:?} {there:?}");
                        told += 1;
                    }
                    assert!(Point::of(here).chord(Point::of(there)) <= reckoning.chord_within(plainly));
                }
            }
        }
        assert!(told > asked * 9 / 10, "{told} of {asked}");
    }

    #[test]
    fn what_is_too_close_to_call_is_not_called() {
        let reckoning = Reckoning { per_radian: 1000.0, per_tenth: 0.001 };
        let chord = 2.0 * (0.5_f64 * 0.0015).sin(); // 1.5 tenths: rounded up by a hair or not
        assert_eq!(reckoning.tenths(chord * chord), None);
    }
}
