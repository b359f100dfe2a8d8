//! Paint: what a tone looks like on a terminal.
//!
//! Floor 5. Colour is asked for by the caller, never found out here.

use crate::report::Tone;

/// The text in the tone's colour, where colour is wanted.
pub(super) fn paint(text: &str, tone: Tone, color: bool) -> String {
    let code = match tone {
        Tone::Plain => "",
        Tone::Good => "32",
        Tone::Caution => "33",
        Tone::Warning => "1;33",
        Tone::Severe => "1;31",
        Tone::Faint => "2",
    };
    if !color || code.is_empty() || text.is_empty() {
        text.to_owned()
    } else {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_painted_unasked() {
        assert_eq!(paint("closed", Tone::Severe, false), "closed");
        assert_eq!(paint("closed", Tone::Severe, true), "\u{1b}[1;31mclosed\u{1b}[0m");
        assert_eq!(paint("", Tone::Severe, true), "");
    }
}
