//! Policies that ship with the program: real ones, each with its public source, for a registry to include or copy.
//!
//! Floor 4: text only. Whatever they rule is in the files.

/// A policy that ships with the program.
#[derive(Clone, Copy, Debug)]
pub struct ReadyMade {
    /// What follows `builtin:` in an include.
    pub id: &'static str,
    /// The file, as a registry reads it.
    pub text: &'static str,
}

impl ReadyMade {
    /// Whose policy it is: the first line of the file.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().map_or(self.id, |line| line.trim_start_matches(['#', ' ']))
    }
    /// Where what it says is published: what follows `# Source:` in the file.
    pub fn sources(&self) -> impl Iterator<Item = &'static str> {
        self.text.lines().filter_map(|line| line.strip_prefix("# Source:")).map(str::trim)
    }
}

macro_rules! ready_made {
    ($($id:literal),* $(,)?) => {
        &[$(ReadyMade { id: $id, text: include_str!(concat!("policies/", $id, ".toml")) }),*]
    };
}

/// All of them, by id.
pub(super) const ALL: &[ReadyMade] = ready_made![
    "connecticut",
    "los-angeles-county",
    "maryland",
    "massachusetts",
    "pennsylvania",
    "rhode-island",
    "rhode-island-2018",
    "san-diego",
    "san-francisco",
    "santa-clara",
    "virginia-odemsa",
];

/// The one of this id.
pub(super) fn of(id: &str) -> Option<ReadyMade> {
    ALL.iter().find(|policy| policy.id == id).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_whose_it_is_and_where_it_is_published() {
        for policy in ALL {
            assert!(policy.text.starts_with("# "), "{}", policy.id);
            assert!(policy.sources().next().is_some_and(|source| !source.is_empty()), "{}", policy.id);
        }
    }

    #[test]
    fn they_stand_by_id() {
        assert!(ALL.is_sorted_by_key(|policy| policy.id));
    }
}
