//! `divert export`: a map or a calendar for other programs.
//!
//! Floor 6. The rows are a report's and can be had in every format; what they are named for is the default.

use std::path::Path;

use crate::render::Export;
use crate::report::{calendar, places};

use super::super::args::{ExportArgs, ExportWhat};
use super::super::error::{Exit, Failure};
use super::super::lookup;
use super::Session;

pub(super) fn run(args: &ExportArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.context()?;
    let timeline = context.timeline();
    let basis = context.basis(&timeline);
    let (sheet, format, endings, ids) = match args.what {
        ExportWhat::Geojson => {
            let need = lookup::need(&context.registry, &args.need)?;
            (places::sheet(&basis, need), Export::GeoJson, ["geojson", "json"], "id")
        }
        ExportWhat::Ical => (calendar::sheet(&basis), Export::Ical, ["ics", "ical"], "facility"),
    };
    let is_named = |path: &Path| {
        let ending = path.extension().map(std::ffi::OsStr::to_string_lossy);
        ending.is_none_or(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
    };
    let as_named = session.common.format.is_none()
        && !session.common.quiet
        && session.common.output.as_deref().is_none_or(is_named);
    if as_named {
        session.export(&sheet, format)?;
    } else {
        session.show(&sheet, ids)?;
    }
    Ok(Exit::Done)
}
