//! Where an answer stands in the log and in time: the top of every answer.

use std::fmt;

use api::types::v1::Reflected;
use serde::Serialize;
use serde::ser::SerializeMap;

use crate::times;

/// What an answer was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The position of the last commit that counts.
    pub revision: u64,
    /// The instant before which facts count; absent when the answer has none.
    pub as_of: Option<String>,
    /// The position up to which commits count.
    pub known_at: u64,
    /// How many positions the server lay behind the log's head.
    pub lag: u64,
    /// The log's identity.
    pub log: String,
}

impl From<Reflected> for Standing {
    fn from(reflected: Reflected) -> Self {
        Self {
            revision: reflected.revision,
            as_of: reflected.as_of.as_ref().map(times::show),
            known_at: reflected.known_at,
            lag: reflected.lag,
            log: reflected.log,
        }
    }
}

impl Standing {
    /// The standing of an answer, of which the server always sends one.
    pub fn of(reflected: Option<Reflected>) -> Self {
        reflected.map_or_else(Self::default, Self::from)
    }

    /// Begins an answer whose other names are known only when it is written.
    pub fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("revision", &self.revision)?;
        map.serialize_entry("as_of", &self.as_of)?;
        map.serialize_entry("known_at", &self.known_at)?;
        map.serialize_entry("lag", &self.lag)?;
        map.serialize_entry("log", &self.log)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "revision {}", self.revision)?;
        if self.known_at != self.revision {
            write!(f, " · known at {}", self.known_at)?;
        }
        if let Some(as_of) = &self.as_of {
            write!(f, " · as of {as_of}")?;
        }
        write!(f, " · lag {}", self.lag)
    }
}
