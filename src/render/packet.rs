//! The downtime packet as a page that is made to be printed.
//!
//! Floor 5. The mark and the page numbers stand in the margins of every sheet of paper.

use std::io::{self, Write};

use minijinja::value::Serde;
use serde::Serialize;

use crate::report::packet::Packet;

use super::Options;
use super::html::{Table, environment, shown, table};

/// The paper that it is printed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Paper {
    /// US Letter.
    #[default]
    Letter,
    /// ISO A4.
    A4,
}

impl Paper {
    /// Its name in a style sheet.
    fn as_str(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::A4 => "A4",
        }
    }
}

#[derive(Serialize)]
struct Page {
    title: String,
    mark: String,
    paper: &'static str,
    header: Vec<String>,
    sections: Vec<Section>,
    blank_lines: Vec<usize>,
    footer: Vec<String>,
}

#[derive(Serialize)]
struct Section {
    heading: &'static str,
    note: String,
    table: Table,
}

/// Writes a packet.
pub fn write_packet(packet: &Packet, paper: Paper, out: &mut dyn Write) -> io::Result<()> {
    let options = Options::default();
    let page = Page {
        title: shown(&packet.title),
        mark: for_style(&packet.mark),
        paper: paper.as_str(),
        header: packet.header.iter().map(|line| shown(line)).collect(),
        sections: packet
            .sections
            .iter()
            .map(|section| Section {
                heading: section.heading,
                note: shown(&section.note),
                table: table(&section.sheet, &options),
            })
            .collect(),
        blank_lines: (1..=packet.blank_lines).collect(),
        footer: packet.footer.iter().map(|line| shown(line)).collect(),
    };
    let environment = environment()?;
    let template = environment.get_template("packet.html").map_err(io::Error::other)?;
    out.write_all(template.render(Serde(page)).map_err(io::Error::other)?.as_bytes())
}

/// A text that stands in a style sheet, where no entity is undone: nothing but these characters.
fn for_style(text: &str) -> String {
    text.replace('·', "-")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | ':' | '.' | '+' | ','))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_a_style_sheet() {
        assert_eq!(for_style("10:00 · log head 5:ab</style>\\\"'"), "10:00 - log head 5:abstyle");
    }
}
