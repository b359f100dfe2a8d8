//! Words for the air and the pager: a template, filled in with one announcement.
//!
//! Floor 5: a template and fields in, text out; reads no file. Nothing is escaped: this is read aloud, and whoever prints
//! it keeps control characters from the terminal.

use minijinja::{Environment, UndefinedBehavior, context};

use crate::foresight::announce::Announcement;

/// The words that are read out where an agency has none of its own.
pub const LONG: &str = include_str!("templates/announce.txt");
/// One line for a pager.
pub const SHORT: &str = include_str!("templates/announce-short.txt");

/// Fills a template in. A template that asks for what an announcement does not have is refused, in words.
pub fn words(template: &str, announcement: &Announcement) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    let Announcement {
        call,
        facility,
        alias,
        id,
        what,
        from,
        until,
        route,
        walk_in,
        reason,
        source,
        approver,
        phone,
        also,
        not_in_force,
        event,
        corrects,
        exercise,
        planned,
        now,
        head,
    } = announcement;
    let call = call.as_str();
    let fields = context! {
        call, facility, alias, id, what, from, until, route, walk_in, reason, source, approver, phone, also,
        not_in_force, event, corrects, exercise, planned, now, head
    };
    environment.render_str(template, fields).map(|text| text.trim_end().to_owned()).map_err(|error| {
        let line = error.line().map_or_else(String::new, |line| format!("line {line}: "));
        let detail = error.detail().map_or_else(String::new, |detail| format!(": {detail}"));
        format!("{line}{}{detail}", error.kind())
    })
}
