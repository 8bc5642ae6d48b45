//! Reading one's own writes across processes: a revision travels with the calls of a client, and
//! whichever process answers waits until it has taken that in.
//!
//! A process tells in the trailers of every answer how far it is, as `revops-revision`. A client that
//! gives the latest one back as `revops-min-revision` with its next call never meets a
//! process that knows less than the client does, be it for a question or for a command.

use domain::Rejection;
use event_log::FrameHash;

use crate::{query::QueryError, runtime::Runtime};

/// The metadata key in which a process tells how far it is.
pub const REVISION: &str = "revops-revision";
/// The metadata key in which a caller tells what a process has to have taken in.
pub const MIN_REVISION: &str = "revops-min-revision";

/// How many hexadecimal digits name a log.
const LOG_DIGITS: usize = 16;

/// A position in a certain log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// The position; zero while the log is empty.
    pub position: u64,
    /// The first digits of the log's identity; empty when nobody said or the log is empty.
    pub log: String,
}

impl Revision {
    /// Reads `14224-85bc073a781b2b4b`, or a bare position.
    pub fn parse(text: &str) -> Option<Revision> {
        let (position, log) = text.split_once('-').unwrap_or((text, ""));
        let is_log = log.is_empty()
            || (log.len() == LOG_DIGITS && log.bytes().all(|byte| byte.is_ascii_hexdigit()));
        is_log.then_some(Revision { position: position.parse().ok()?, log: log.to_owned() })
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.position, self.log)
    }
}

/// A log's name for people; empty while the log is.
pub(crate) fn name_of(log: FrameHash) -> String {
    if log == FrameHash::NONE { String::new() } else { log.short() }
}

impl Runtime {
    /// How far this process is: what it has taken in, and what it has told its callers of.
    pub fn revision(&self) -> Revision {
        // In this order: once anybody was told of anything, the log has a name.
        let told = self.keeper.told();
        let applied = *self.applied().borrow();
        Revision { position: applied.place.last.max(told), log: name_of(applied.log) }
    }

    /// Waits until this process has taken in what a caller's metadata asks for, and whatever it has
    /// told any caller of.
    pub async fn reach(&self, asked: Option<&[u8]>) -> Result<(), QueryError> {
        let Some(asked) = asked else { return self.wait_for(0).await };
        let invalid = |message: &str| {
            Rejection::invalid("REVISION_INVALID", MIN_REVISION, message.to_owned())
        };
        let text = std::str::from_utf8(asked).ok();
        let asked = text.and_then(Revision::parse).ok_or_else(|| {
            invalid(
                "give back what the metadata key revops-revision said, as in 42-85bc073a781b2b4b",
            )
        })?;
        let is_other = |log: &str| !asked.log.is_empty() && !log.is_empty() && log != asked.log;
        // A process that has read nothing yet cannot tell, and waits.
        if is_other(&self.log_name()) {
            return Err(invalid("it is of another log: ask without it").into());
        }
        self.wait_for(asked.position).await?;
        if is_other(&self.log_name()) {
            return Err(invalid("it is of another log: ask without it").into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_comes_back_as_it_went() {
        for (position, log) in [(0, ""), (7, "85bc073a781b2b4b"), (u64::MAX, "0000000000000000")] {
            let revision = Revision { position, log: log.to_owned() };
            assert_eq!(Revision::parse(&revision.to_string()), Some(revision));
        }
        assert_eq!(Revision::parse("7"), Some(Revision { position: 7, log: String::new() }));
        for bad in ["", "-", "x", "-85bc073a781b2b4b", "7-85bc", "7-zzzzzzzzzzzzzzzz", "-1", "7 "] {
            assert_eq!(Revision::parse(bad), None, "{bad:?}");
        }
    }
}
