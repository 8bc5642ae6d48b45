//! A fact's stable name in the store: its place among all that this program knows.
//!
//! The log spells every name out, for ever. The store is disposable: one that was written under other
//! names has another schema and is rebuilt, so a number says the same in a fraction of the bytes.

use std::{collections::HashMap, fmt, sync::LazyLock};

use domain::{Fact, Kind};
use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

/// A stable name that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u16", try_from = "u16")]
pub struct Name(u16);

struct Names {
    all: Vec<&'static str>,
    places: HashMap<&'static str, u16, RandomState>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let all: Vec<_> = Kind::ALL.iter().flat_map(|kind| kind.fact_names()).copied().collect();
    let places = all.iter().copied().zip(0..).collect();
    Names { all, places }
});

impl Name {
    /// The name; `None` for one that this program does not know.
    pub fn of(name: &str) -> Option<Name> {
        NAMES.places.get(name).copied().map(Name)
    }

    /// A fact's name.
    pub fn of_fact(fact: &Fact) -> Name {
        Name::of(fact.name()).expect("the names of its kind are those of all its facts")
    }

    /// The name as the log spells it.
    pub fn as_str(self) -> &'static str {
        NAMES.all[usize::from(self.0)]
    }

    /// All names in the order of their numbers.
    pub fn all() -> impl Iterator<Item = &'static str> {
        NAMES.all.iter().copied()
    }
}

impl From<Name> for u16 {
    fn from(name: Name) -> u16 {
        name.0
    }
}

impl TryFrom<u16> for Name {
    type Error = &'static str;

    fn try_from(number: u16) -> Result<Name, &'static str> {
        let known = usize::from(number) < NAMES.all.len();
        known.then_some(Name(number)).ok_or("no fact has this number")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_number_of_its_own() {
        for (name, number) in Name::all().zip(0..) {
            assert_eq!(Name::of(name), Some(Name(number)));
            assert_eq!(Name::try_from(number).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_is_not_known_has_none() {
        assert_eq!(Name::of("opportunity.stage_changed.v0"), None);
        let beyond = u16::try_from(Name::all().count()).unwrap();
        assert!(Name::try_from(beyond).is_err());
    }
}
