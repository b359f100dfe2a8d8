//! Names: how they are compared, and what each one stands for.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{FacilityId, NeedId, NetworkId, RegionId, ServiceId, StatusId, ZoneId};

/// A name as it is compared: without case, accents, white space and `' ’ . , & - _`. "Saint Mary's", "SAINT MARYS" and
/// `saint-marys` are one.
pub fn fold(name: &str) -> String {
    // Nearly every name; without this, folding the names of thousands of facilities took longer than reading their file.
    if name.is_ascii() {
        let mut folded = String::with_capacity(name.len());
        let kept = name.bytes().filter(|byte| !PASSED_OVER[usize::from(*byte)]);
        folded.extend(kept.map(|byte| char::from(byte.to_ascii_lowercase())));
        return folded;
    }
    name.nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_passed_over(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

const fn is_passed_over(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '’' | '‘' | '`' | '.' | ',' | '&' | '-' | '_')
}

/// The same of each byte of ASCII.
const PASSED_OVER: [bool; 128] = {
    let mut passed_over = [false; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        passed_over[byte as usize] = is_passed_over(byte as char);
        byte += 1;
    }
    passed_over
};

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Name {
    /// A facility.
    Facility(FacilityId),
    /// A network.
    Network(NetworkId),
    /// A region.
    Region(RegionId),
    /// A zone.
    Zone(ZoneId),
    /// A service.
    Service(ServiceId),
    /// A need.
    Need(NeedId),
    /// A status type.
    Status(StatusId),
}

/// The kinds of things that have names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)] // each is the kind of the same name
pub enum NameKind {
    Facility,
    Network,
    Region,
    Zone,
    Service,
    Need,
    Status,
}

impl NameKind {
    /// The word for it in a message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Facility => "facility",
            Self::Network => "network",
            Self::Region => "region",
            Self::Zone => "zone",
            Self::Service => "service",
            Self::Need => "need",
            Self::Status => "status",
        }
    }
}

impl Name {
    /// What kind of thing it is.
    pub fn kind(self) -> NameKind {
        match self {
            Self::Facility(_) => NameKind::Facility,
            Self::Network(_) => NameKind::Network,
            Self::Region(_) => NameKind::Region,
            Self::Zone(_) => NameKind::Zone,
            Self::Service(_) => NameKind::Service,
            Self::Need(_) => NameKind::Need,
            Self::Status(_) => NameKind::Status,
        }
    }
}

/// Every name of a registry: ids, names and aliases.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Nearly every name stands for one thing, and then needs no memory of its own.
    meanings: FxHashMap<String, SmallVec<[Name; 2]>>,
    longest: usize,
}

impl Names {
    /// Makes room for so many names more.
    pub fn reserve(&mut self, more: usize) {
        self.meanings.reserve(more);
    }
    /// Lets `text` stand for `name` too. A text may stand for several things; each is kept once.
    pub fn add(&mut self, text: &str, name: Name) {
        let key = fold(text);
        if key.is_empty() {
            return;
        }
        self.longest = self.longest.max(key.len());
        let meanings = self.meanings.entry(key).or_default();
        if let Err(at) = meanings.binary_search(&name) {
            meanings.insert(at, name);
        }
    }
    /// What a text stands for, sorted by kind and id; empty where it stands for nothing.
    pub fn meanings(&self, text: &str) -> &[Name] {
        self.of_folded(&fold(text))
    }
    /// The same for a text that is folded already.
    pub fn of_folded(&self, key: &str) -> &[Name] {
        self.meanings.get(key).map_or(&[], SmallVec::as_slice)
    }
    /// The length in bytes of the longest folded name: no longer run of words needs to be tried.
    pub fn longest(&self) -> usize {
        self.longest
    }
    /// Every folded name with what it stands for, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Name])> {
        self.meanings.iter().map(|(key, names)| (key.as_str(), names.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case_accents_and_punctuation() {
        for same in ["Saint Mary's", "SAINT MARYS", "saint-marys", "Saint  Mary’s", "Sáint Marys."] {
            assert_eq!(fold(same), "saintmarys", "{same}");
        }
        assert_ne!(fold("St. Mary's"), fold("Saint Mary's"));
    }

    #[test]
    fn a_name_without_accents_folds_as_one_with_an_accent_does() {
        for c in (0..128).map(char::from) {
            assert_eq!(fold(&format!("{c}Á")), fold(&c.to_string()) + "a", "{c:?}");
        }
    }

    #[test]
    fn a_text_may_stand_for_several_things() {
        let mut names = Names::default();
        names.add("Waterbury", Name::Zone(ZoneId::from(0)));
        names.add("waterbury", Name::Facility(FacilityId::from(3)));
        names.add("WATERBURY", Name::Facility(FacilityId::from(3)));
        assert_eq!(names.meanings("Waterbury").len(), 2);
    }
}
