//! The codes of diagnostics: unique, kebab-case, each with an explanation and a reproducer under `tests/errors/`.

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Nothing is done with such an input.
    Error,
    /// It can be used, but it is not likely to be meant so.
    Warning,
}

macro_rules! codes {
    ($($name:ident $severity:ident $text:literal: $explanation:literal)*) => {
        /// Which kind of thing is wrong.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code { $(#[doc = $explanation] $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            /// The code as it is printed.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
            /// What it means, in a sentence or two.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $explanation,)* }
            }
        }
    };
}

codes! {
    // Files.
    CannotRead Error "cannot-read": "A file or directory cannot be read, or is not UTF-8."
    Syntax Error "syntax": "The text is not valid TOML."
    OutsidePath Error "outside-path": "A path leads outside the registry's directory; --allow-outside permits that."
    UnknownBuiltin Error "unknown-builtin": "No ready-made policy has this name."
    // Tables and keys.
    UnknownKey Error "unknown-key": "The table has no key of this name."
    MissingKey Error "missing-key": "The table lacks a key that it needs."
    WrongType Error "wrong-type": "The value is of another type than the key takes."
    BadId Error "bad-id": "An id is made of lower-case letters, digits and hyphens, and begins with a letter or a digit."
    Duplicate Error "duplicate": "Two tables of one kind have the same id, or a list names one twice."
    SharedName Error "shared-name": "A name or alias stands for two facilities or networks, or for two statuses that hold in one place."
    ReservedName Error "reserved-name": "A name or alias equals a keyword of sentences, a service, a need or a status type."
    UnknownId Error "unknown-id": "Nothing of that kind has this id."
    OutOfRange Error "out-of-range": "The number lies outside what the key can mean."
    UnknownTimezone Error "unknown-timezone": "The IANA time zone database has no zone of this name."
    Cycle Error "cycle": "A chain of parents, or of included services, leads back to where it began."
    BadDuration Error "bad-duration": "A duration is written as 90m, 2h, 1h30m or 3d."
    BadValue Error "bad-value": "The key takes one of a few words, and this is none of them, or one that cannot hold here."
    PolicyOverlap Error "policy-overlap": "Two policies are in force for one region at one time."
    BadMatrix Error "bad-matrix": "A row of the travel matrix cannot be read."
    // Sentences.
    UnexpectedWord Error "unexpected-word": "The word cannot stand here in a sentence."
    IncompleteSentence Error "incomplete-sentence": "The sentence ends where something must follow."
    UnknownName Error "unknown-name": "The registry has nothing of this name."
    AmbiguousName Error "ambiguous-name": "The name stands for several things; nothing is guessed."
    UnknownStatus Error "unknown-status": "The registry has no status type of this name."
    UnknownClass Error "unknown-class": "The word names no class of patients."
    WrongKind Error "wrong-kind": "The name stands for another kind of thing than can stand here."
    TwiceSaid Error "twice-said": "A part of a sentence that may stand once stands twice."
    BecauseSwallows Error "because-swallows": "The text after `because` holds a route or a time, which would be lost in it."
    BadTime Error "bad-time": "The time cannot be read."
    NoSuchLocalTime Error "no-such-local-time": "The clocks go forward over this local time: it does not exist."
    AmbiguousLocalTime Error "ambiguous-local-time": "The clocks go back over this local time: it exists twice."
    SeveralTimezones Error "several-timezones": "The subjects of the sentence are in several time zones, so its times need an offset."
    EmptyWindow Error "empty-window": "The time after `until` is not after the time after `from`."
    NoScopeHere Error "no-scope-here": "A scope cannot follow this condition."
    NoMembers Error "no-members": "The network has no member with an ED."
    // Logs.
    BadRow Error "bad-row": "A row of the log cannot be read."
    // Warnings.
    NearKey Warning "near-key": "A key that may be anything is nearly one that means something."
    UnmetNeed Warning "unmet-need": "No facility of the region has what the need requires."
    PartialMatrix Warning "partial-matrix": "The travel matrix has minutes from a zone to some facilities and not to others."
    IdleRule Warning "idle-rule": "The rule can never fire, or never routes anybody."
    FarCoordinates Warning "far-coordinates": "The facility lies far from the others of its state or region, or from the zones."
    DurationDiffers Warning "duration-differs": "The duration in an export is not the time between its start and its end."
    RowsOverlap Warning "rows-overlap": "A row of an export begins before the one before it ends, where only one can hold at a time."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            let text = code.as_str();
            assert!(seen.insert(text), "{text} twice");
            assert!(text.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{text}");
            assert!(code.explanation().ends_with('.'), "{text}");
        }
    }
}
