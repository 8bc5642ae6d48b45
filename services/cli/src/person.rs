//! `person erase`: make what is known about a person unreadable for good.

use api::privacy::v1::ErasePersonRequest;
use clap::Subcommand;
use serde::Serialize;

use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::output::Answer;
use crate::projection;
use crate::recorded::new_request_id;
use crate::session::Session;

/// The verbs of a person.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Destroy the key of a person's names and words; it cannot be undone
    #[command(after_help = "`revops user get KEY` shows the id of the person behind a \
                            user.")]
    Erase {
        /// The person's id
        id: String,

        /// Why, as a short key
        #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
        reason: String,

        /// A UUID that makes the command safe to repeat [default: a new one]
        #[arg(long, value_name = "UUID")]
        request_id: Option<String>,
    },
}

/// What became of it.
#[derive(Debug, Serialize)]
struct Erased {
    revision: u64,
    as_of: Option<String>,
    person_id: String,
    command_id: String,
    changed: bool,
    repeated: bool,
}

impl Answer for Erased {
    fn grid(&self) -> Grid {
        Grid::of_fields([
            ("person_id", Cell::text(&self.person_id)),
            ("revision", Cell::text(self.revision.to_string())),
            ("command_id", Cell::text(&self.command_id)),
            ("changed", Cell::text(if self.changed { "yes" } else { "no" })),
        ])
    }
}

/// Erases.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    let Verb::Erase { id, reason, request_id } = verb;
    let request_id = request_id.unwrap_or_else(new_request_id);
    let request = ErasePersonRequest {
        person_id: id.clone(),
        request_id: request_id.clone(),
        reason_code: reason,
    };
    let recorded = session
        .privacy()
        .erase_person(session.request(request))
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?
        .into_inner()
        .recorded
        .unwrap_or_default();
    // What was recorded stands even when nobody can say at what time that is.
    let standing = projection::standing(session).await.unwrap_or_default();
    session.output.answer(&Erased {
        revision: recorded.revision,
        as_of: standing.as_of,
        person_id: id,
        command_id: recorded.command_id,
        changed: recorded.changed,
        repeated: recorded.repeated,
    })?;
    session.output.note(if recorded.changed {
        "erased: the person's names and words answer as erased, in every past"
    } else {
        "nothing recorded: the person had been erased before"
    });
    Ok(())
}
