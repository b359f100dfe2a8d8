//! `divert announce`: what is to be read on the air or paged.
//!
//! Floor 6. Finds what is to be said and the words to say it in; says nothing to anybody by itself.

use crate::foresight::announce::{self, Announcement};
use crate::model::Kind;
use crate::render::words::{self, LONG, SHORT};
use crate::state::Timeline;

use super::super::args::AnnounceArgs;
use super::super::error::{Exit, Failure};
use super::super::lookup;
use super::Session;

pub(super) fn run(args: &AnnounceArgs, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let context = session.context()?;
    let said = args.words.join(" ");
    let (events, planned) = if args.plan {
        (context.suppose("--plan", std::slice::from_ref(&said), session.sources)?, context.events.len())
    } else {
        (context.events.clone(), 0)
    };
    let timeline = Timeline::of(&context.registry, &events, context.known_at);
    let basis = context.basis(&timeline);
    let announcements: Vec<Announcement> = if let Some(number) = args.event {
        let event = context.recorded(number)?;
        vec![announce::of_event(&basis, &event, &context.events).ok_or(Failure::NothingToSay(number))?]
    } else if args.plan {
        let declarations = events.iter().skip(planned).filter_map(|event| match event.kind {
            Kind::Declare(declaration) => Some(*declaration),
            Kind::Retract(_) | Kind::Note(_) | Kind::Census(_) | Kind::Assign(_) => None,
        });
        declarations
            .map(|declaration| Announcement {
                planned: true,
                ..announce::of_declaration(&basis, &declaration, None)
            })
            .collect()
    } else {
        let facilities = lookup::facilities(&context.registry, &said)?;
        let receiving = |facility| context.registry.facilities[facility].ed.is_some();
        let named =
            facilities.iter().copied().filter(|facility| facilities.len() == 1 || receiving(*facility));
        named.flat_map(|facility| announce::of_facility(&basis, facility)).collect()
    };
    let template = match &args.template {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::Template { path: path.clone(), error: error.to_string() })?,
        None => if args.short { SHORT } else { LONG }.to_owned(),
    };
    let mut told = Vec::new();
    for announcement in announcements {
        let words = words::words(&template, &announcement)
            .map_err(|error| Failure::Template { path: args.template.clone().unwrap_or_default(), error })?;
        told.push((announcement, words));
    }
    session.show(&announce::sheet(&basis, &told), "facility")?;
    Ok(Exit::Done)
}
