//! `plan --each facility` on a large region, against deciding every row again for every loss.
//!
//! 2,000 facilities, 500 zones and 8 needs: 4,000 rows. The short way does every loss. The long way would take hours, so
//! it does a few losses, evenly spread, whose answers must be the same; the rest is a multiplication, and is said to be one.
//!
//! ```text
//! cargo bench --bench each
//! ```

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant as Clock;

use ambulance_diversion::foresight::each::{Contingency, Known};
use ambulance_diversion::foresight::loss::{self, Each, Loss};
use ambulance_diversion::load::{self, Options};
use ambulance_diversion::model::{Instant, Ledger, Registry, Sources};
use ambulance_diversion::routing::grid::Rows;

const FACILITIES: u64 = 2000;
const ZONES: u64 = 500;
const NEEDS: [&str; 8] =
    ["general", "stroke", "stemi", "trauma", "obstetric", "pediatric", "psychiatric", "burn"];
/// How many losses the long way does.
const SAMPLE: usize = 5;

/// The next of a fixed sequence of numbers (Knuth's MMIX generator): every run measures the same region.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[allow(clippy::cast_precision_loss)] // thousandths of a degree
fn degrees(state: &mut u64, from: f64) -> f64 {
    from + (next(state) % 10_000) as f64 / 1000.0
}

fn region() -> String {
    let mut state = 7;
    let mut text =
        String::from("[registry]\nname = \"Large\"\ntimezone = \"UTC\"\n[region.r]\nname = \"Region\"\n");
    let services =
        ["ct", "stroke-primary", "cath-lab", "trauma-2", "obstetrics", "pediatric", "psychiatric", "burn"];
    for index in 0..FACILITIES {
        let (lat, lon) = (degrees(&mut state, 35.0), degrees(&mut state, -80.0));
        let has: Vec<&str> = services
            .iter()
            .copied()
            .filter(|service| *service == "ct" || next(&mut state).is_multiple_of(3))
            .collect();
        let _ = writeln!(
            text,
            "[facility.f{index:04}]\nname = \"Facility {index}\"\nregion = \"r\"\nlat = {lat}\nlon = {lon}\n\
             services = {has:?}\ned = {{}}"
        );
    }
    for index in 0..ZONES {
        let (lat, lon) = (degrees(&mut state, 35.0), degrees(&mut state, -80.0));
        let _ = writeln!(
            text,
            "[zone.z{index:03}]\nname = \"Zone {index}\"\nregion = \"r\"\nlat = {lat}\nlon = {lon}\n\
             arrivals_per_day = {}.0",
            1 + index % 30
        );
    }
    text
}

fn read() -> anyhow::Result<Registry> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("facilities.toml");
    std::fs::write(&path, region())?;
    let mut sources = Sources::default();
    match load::registry(&path, &Options::default(), &mut sources) {
        Ok(loaded) => Ok(loaded.registry),
        Err(diagnostics) => anyhow::bail!("{diagnostics:#?}"),
    }
}

fn main() -> anyhow::Result<()> {
    let registry = read()?;
    let at = Instant::from_seconds(1_700_000_000);
    let known = Known { registry: &registry, events: &Ledger::default(), at, known_at: None };
    let needs = NEEDS.iter().filter_map(|need| registry.needs.id(need)).collect();
    let mut out = std::io::stdout().lock();

    let clock = Clock::now();
    let contingency = Contingency::new(known, &Rows { zones: None, needs: Some(needs) });
    let losses = loss::losses(&registry, Each::Facility, None, at);
    let table = clock.elapsed();
    writeln!(out, "{} facilities, {} rows", losses.len(), contingency.rows())?;
    writeln!(out, "every row once             {:8.2} s", table.as_secs_f64())?;
    let ranked = contingency.rank(losses.clone());
    let short = clock.elapsed();
    writeln!(out, "every loss, the short way  {:8.2} s, the table included", short.as_secs_f64())?;

    let sample: Vec<Loss> = losses.iter().step_by(losses.len() / SAMPLE).cloned().collect();
    let clock = Clock::now();
    for loss in &sample {
        let long = contingency.suffer_in_full(loss.clone());
        anyhow::ensure!(ranked.contains(&long), "{}: the two ways differ", loss.key);
    }
    let each = clock.elapsed().as_secs_f64() / f64::from(u32::try_from(sample.len())?);
    let all = each * f64::from(u32::try_from(losses.len())?);
    writeln!(out, "one loss, the long way     {each:8.2} s, measured on {}, the same answers", sample.len())?;
    writeln!(out, "every loss, the long way   {all:8.0} s, by multiplication")?;
    writeln!(out, "the short way is {:.0} times as fast", all / short.as_secs_f64())?;
    Ok(())
}
