//! Questions: who asks, as of when, known at which position, and what the answer reflects.

use std::time::Duration;

use api::types::v1::{ReadAt, Reflected, read_at::KnownAt};
use domain::{Instant, Known, Rejection};
use event_log::{Frame, Word};
use prost_types::Timestamp;
use tonic::metadata::MetadataMap;

use crate::runtime::Runtime;

/// How long a question waits for a position that is not there yet, unless its deadline is nearer.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// The longest name of a tenant.
const TENANT_MAX: usize = 63;
/// The longest name of an actor.
const ACTOR_MAX: usize = 128;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant.
    pub tenant: Word,
    /// An opaque user id.
    pub actor: Word,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The question is wrong.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The position is not there in time.
    #[error(
        "position {asked} has not been reached in time, this process is at {reached}: ask again"
    )]
    Behind {
        /// The position that was asked for.
        asked: u64,
        /// The position that this process reflects.
        reached: u64,
    },
    /// Something that the answer needs is out of reach for now.
    #[error("not answered: {0}")]
    Unavailable(String),
    /// Our own fault.
    #[error("internal: {0}")]
    Internal(String),
}

/// A point of the two axes that a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The instant that was asked for; `None` for everything that is known.
    pub as_of: Option<Instant>,
    /// The position that was asked for; `None` for the latest.
    pub known_at: Option<u64>,
    /// The present, which stands for the instant in answers when none was asked for.
    pub now: Instant,
}

impl Asked {
    /// The same point for what is configured: without an instant, what is in force now, and not
    /// what is defined for later.
    pub fn in_force(&self, reflected: u64) -> Known {
        let as_of = self.as_of.unwrap_or(self.now.next());
        Known { as_of, ..self.known(reflected) }
    }

    /// The point, no later than what a view reflects.
    pub fn known(&self, reflected: u64) -> Known {
        Known {
            as_of: self.as_of.unwrap_or(Instant::END),
            known_at: self.known_at.map_or(reflected, |asked| asked.min(reflected)),
        }
    }
}

/// Who asks, from the request's metadata.
pub fn caller(metadata: &MetadataMap, default_tenant: Option<&str>) -> Result<Caller, Rejection> {
    let tenant = match text(metadata, "revops-tenant")? {
        Some(tenant) => tenant,
        None => default_tenant.ok_or_else(|| {
            let message = "say which tenant in the metadata key revops-tenant";
            Rejection::invalid("TENANT_MISSING", "revops-tenant", message)
        })?,
    };
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if tenant.is_empty() || tenant.len() > TENANT_MAX || !tenant.bytes().all(allowed) {
        let message = "a tenant is 1 to 63 of a-z, 0-9 and -";
        return Err(Rejection::invalid("TENANT_INVALID", "revops-tenant", message));
    }
    let actor = text(metadata, "revops-actor")?.unwrap_or("anonymous");
    if actor.len() > ACTOR_MAX {
        let message = "an actor's id has at most 128 bytes";
        return Err(Rejection::invalid("ACTOR_INVALID", "revops-actor", message));
    }
    Ok(Caller { tenant: Word::from(tenant), actor: Word::from(actor) })
}

fn text<'a>(metadata: &'a MetadataMap, key: &'static str) -> Result<Option<&'a str>, Rejection> {
    metadata
        .get(key)
        .map(|value| value.to_str())
        .transpose()
        .map_err(|_| Rejection::invalid("METADATA_INVALID", key, "it has to be plain ASCII"))
}

/// Reads an instant; finer than a microsecond is refused, for it would not come back as it went.
pub fn instant(field: &str, timestamp: &Timestamp) -> Result<Instant, Rejection> {
    let invalid = |message: &str| Rejection::invalid("TIME_INVALID", field, message);
    if !(0..1_000_000_000).contains(&timestamp.nanos) || timestamp.nanos % 1_000 != 0 {
        return Err(invalid("a time has whole microseconds"));
    }
    // 0001-01-01 to 9999-12-31, as protobuf defines its timestamps.
    if !(-62_135_596_800..253_402_300_800).contains(&timestamp.seconds) {
        return Err(invalid("a time lies in the years 1 to 9999"));
    }
    Ok(Instant(timestamp.seconds * 1_000_000 + i64::from(timestamp.nanos / 1_000)))
}

/// An instant as the API writes it.
pub fn timestamp(instant: Instant) -> Timestamp {
    Timestamp {
        seconds: instant.0.div_euclid(1_000_000),
        nanos: (instant.0.rem_euclid(1_000_000) * 1_000) as i32,
    }
}

impl Runtime {
    /// Takes in at what point a question is asked, and waits until that is known here.
    pub async fn ask_at(&self, read_at: Option<&ReadAt>) -> Result<Asked, QueryError> {
        let now = self.clock.now();
        let Some(read_at) = read_at else {
            self.wait_for(0).await?;
            return Ok(Asked { as_of: None, known_at: None, now });
        };
        let as_of = read_at.as_of.as_ref().map(|at| instant("read_at.as_of", at)).transpose()?;
        // Before a time is looked up in the log: what lies before it may be on its way here.
        self.wait_for(read_at.min_revision).await?;
        let known_at = match &read_at.known_at {
            None => None,
            Some(KnownAt::KnownAtPosition(position)) => Some(*position),
            Some(KnownAt::KnownAtTime(at)) => {
                let at = instant("read_at.known_at_time", at)?;
                Some(self.position_before(at).await?)
            }
        };
        self.wait_for(known_at.unwrap_or(0)).await?;
        Ok(Asked { as_of, known_at, now })
    }

    /// Waits until this process reflects a position, and whatever it has told its callers of. One
    /// that has stopped takes in no more, and still answers from what it has.
    pub async fn wait_for(&self, position: u64) -> Result<(), QueryError> {
        let asked = position.max(self.keeper.told());
        let mut applied = self.applied();
        let is_there = applied.wait_for(|applied| applied.place.last >= asked);
        let has_stopped = tokio::select! {
            biased;
            is_there = tokio::time::timeout(WAIT_MAX, is_there) => match is_there {
                Ok(Ok(_)) => return Ok(()),
                // Nobody is left to take anything in.
                Ok(Err(_)) => true,
                Err(_) => false,
            },
            () = self.keeper.stopped() => true,
        };
        let reached = self.applied().borrow().place.last;
        let has_all_it_can = has_stopped && reached >= position;
        if has_all_it_can { Ok(()) } else { Err(QueryError::Behind { asked, reached }) }
    }

    /// What an answer reflects.
    pub fn reflected(&self, asked: &Asked, position: u64) -> Reflected {
        let as_of = asked.as_of.unwrap_or(asked.now);
        Reflected {
            revision: position,
            as_of: Some(timestamp(as_of)),
            known_at: asked.known(position).known_at,
            lag: self.keeper.head().saturating_sub(position),
            log: self.log_name(),
        }
    }

    /// The last position before which every clock lay before an instant. The latest clock so far
    /// never runs backwards, so this is a binary search in the log.
    async fn position_before(&self, at: Instant) -> Result<u64, QueryError> {
        let applied = *self.applied().borrow();
        if applied.latest < at.0 {
            return Ok(applied.place.last);
        }
        let (mut before, mut after) = (0, applied.place.sequence);
        let mut position = 0;
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let frame = self.frame(middle).await?;
            if frame.latest() < at.0 {
                (before, position) = (middle, frame.last());
            } else {
                after = middle;
            }
        }
        Ok(position)
    }

    /// The frame that holds a position which this process has taken in, and its sequence.
    pub async fn frame_with(&self, position: u64) -> Result<(u64, Frame), QueryError> {
        let (mut before, mut after) = (0, self.applied().borrow().place.sequence + 1);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let frame = self.frame(middle).await?;
            if frame.last() < position {
                before = middle;
            } else if frame.first > position {
                after = middle;
            } else {
                return Ok((middle, frame));
            }
        }
        Err(QueryError::Internal(format!("no frame holds position {position}")))
    }

    /// A frame of the log, by its sequence.
    pub async fn frame(&self, sequence: u64) -> Result<Frame, QueryError> {
        let internal = |why: String| QueryError::Internal(why);
        let stored = self.log.get(sequence).await;
        let stored = stored.map_err(|error| QueryError::Unavailable(error.to_string()))?;
        let stored = stored.ok_or_else(|| internal(format!("frame {sequence} is missing")))?;
        Frame::decode(stored.body).map_err(|error| internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(pairs: &[(&'static str, &str)]) -> MetadataMap {
        let mut map = MetadataMap::new();
        for (key, value) in pairs {
            map.insert(*key, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn a_caller_names_a_tenant_or_has_a_default_one() {
        let reason = |pairs: &[(&'static str, &str)], default| {
            caller(&metadata(pairs), default).map(|c| c.tenant.to_string()).map_err(|e| e.reason)
        };
        assert_eq!(reason(&[("revops-tenant", "acme")], None), Ok("acme".to_owned()));
        assert_eq!(reason(&[], Some("default")), Ok("default".to_owned()));
        assert_eq!(reason(&[], None), Err("TENANT_MISSING"));
        for bad in ["", "Acme", "a.b", "a*", "ä", &"a".repeat(64)] {
            let reason = reason(&[("revops-tenant", bad)], None).unwrap_err();
            assert!(["TENANT_INVALID", "METADATA_INVALID"].contains(&reason), "{bad}");
        }
    }

    #[test]
    fn times_come_back_as_they_went() {
        for micros in [0, -1, 1, 1_700_000_000_123_456, -62_135_596_800_000_000] {
            assert_eq!(instant("at", &timestamp(Instant(micros))), Ok(Instant(micros)));
        }
        for (seconds, nanos) in [(0, 1), (0, -1), (0, 1_000_000_000), (i64::MAX, 0)] {
            assert!(instant("at", &Timestamp { seconds, nanos }).is_err());
        }
    }
}
