//! Which past a question is about: the two axes of time, as flags.

use api::types::v1::ReadAt;
use api::types::v1::read_at::KnownAt as SentKnownAt;
use prost_types::Timestamp;

use crate::session::Session;
use crate::times::{self, KnownAt};

/// The flags of every question.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct When {
    /// What had happened strictly before this instant [default: everything]
    #[arg(long, value_name = "T", value_parser = times::instant)]
    pub as_of: Option<Timestamp>,

    /// What was known at this position, or strictly before this instant of recording
    #[arg(long, value_name = "P", value_parser = times::known_at)]
    pub known_at: Option<KnownAt>,
}

impl When {
    /// The question's past, as the contract says it.
    pub fn read_at(&self, session: &Session) -> ReadAt {
        ReadAt {
            as_of: self.as_of,
            known_at: self.known_at.map(|point| match point {
                KnownAt::Position(position) => SentKnownAt::KnownAtPosition(position),
                KnownAt::Time(time) => SentKnownAt::KnownAtTime(time),
            }),
            min_revision: session.min_revision,
        }
    }

    /// The same past, held to what the log held at a position.
    pub fn pinned(&self, position: u64) -> Self {
        Self { known_at: Some(KnownAt::Position(position)), ..self.clone() }
    }
}
