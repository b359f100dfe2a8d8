//! The words of sentences: which are keywords, and which can stand after a name.
//!
//! Floor 1: data only.

/// Words and phrases that mean something in a sentence: no facility or network may be called by one of them.
#[rustfmt::skip]
pub(super) const KEYWORDS: &[&str] = &[
    "adult", "adults", "advisory", "all", "als", "ambulances", "and", "approved", "are", "at", "back",
    "because", "bls", "but", "closed", "consults", "disaster", "divert", "diverting", "diversion",
    "down", "except", "extremis", "for", "forced", "from", "fully", "fully open", "further", "go", "goes",
    "has", "in", "in extremis", "internal", "internal disaster", "is", "midnight", "nearest", "no", "noon",
    "notice", "now", "off", "off divert", "on", "on bypass", "on diversion", "on divert", "open", "p1",
    "p2", "p3", "patients", "pediatric", "pediatrics", "priority", "region", "route", "send", "still",
    "then", "to", "today", "tomorrow", "transfer", "transfers", "until", "up", "walk-in", "walk-ins",
    "when", "yesterday",
];

/// Words that can follow a name, folded: an unknown name is taken to end before them.
#[rustfmt::skip]
pub(super) const AFTER_NAMES: &[&str] = &[
    "advisory", "and", "approved", "are", "at", "back", "because", "closed", "consults", "diverting",
    "down", "for", "from", "fully", "goes", "go", "has", "internal", "is", "no", "now", "off", "on", "open",
    "route", "send", "still", "then", "to", "until", "up", "walkin", "walkins",
];

/// Words that begin a condition, folded; `down` and `up` end one.
#[rustfmt::skip]
pub(super) const CONDITION_WORDS: &[&str] = &[
    "advisory", "are", "back", "closed", "diverting", "fully", "internal", "is", "no", "now", "off", "on",
    "open", "still",
];
