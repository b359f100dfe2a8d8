//! Points on the Earth, and how far apart they are.

/// Mean radius of the Earth in kilometres (IUGG).
pub const EARTH_RADIUS_KM: f64 = 6371.0088;

/// A point on the Earth, in degrees (WGS 84).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Position {
    /// North positive, −90 to 90.
    pub lat: f64,
    /// East positive, −180 to 180.
    pub lon: f64,
}

impl Position {
    /// Great-circle distance in kilometres by the haversine formula (R. W. Sinnott, Sky and Telescope 68:159, 1984).
    pub fn great_circle_km(self, to: Self) -> f64 {
        let half_lat = ((to.lat - self.lat).to_radians() / 2.0).sin();
        let half_lon = ((to.lon - self.lon).to_radians() / 2.0).sin();
        let h = half_lat * half_lat
            + self.lat.to_radians().cos() * to.lat.to_radians().cos() * half_lon * half_lon;
        2.0 * EARTH_RADIUS_KM * h.min(1.0).sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_degree_of_latitude_is_111_km() {
        let km = Position { lat: 41.0, lon: -72.0 }.great_circle_km(Position { lat: 42.0, lon: -72.0 });
        assert!((km - 111.195).abs() < 0.001, "{km}");
    }

    #[test]
    fn opposite_points_are_half_a_great_circle_apart() {
        let km = Position { lat: 0.0, lon: 0.0 }.great_circle_km(Position { lat: 0.0, lon: 180.0 });
        assert!((km - std::f64::consts::PI * EARTH_RADIUS_KM).abs() < 1e-6, "{km}");
    }
}
