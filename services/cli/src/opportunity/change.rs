//! `opportunity move|amount|close-date|owner|category|note`: what happens while a deal is worked.

use std::io::Read as _;

use api::google::r#type::{Date, Money};
use api::opportunities::v1::{
    ChangeOpportunityAmountRequest, ChangeOpportunityCloseDateRequest,
    ChangeOpportunityOwnerRequest, ChangeOpportunityStageRequest, NoteOpportunityRequest,
    OverrideOpportunityCategoryRequest,
};
use api::types::v1::{ForecastCategory, Recorded};
use clap::Subcommand;
use tonic::Status;

use crate::failure::Failure;
use crate::session::Session;
use crate::target::Target;
use crate::wording::Category;
use crate::{money, times};

/// The verbs of a deal that is being worked.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Move an open deal to another open stage, forwards or back
    Move {
        #[command(flatten)]
        target: Target,
        /// The stage, by key
        stage: String,
    },
    /// Say what an open deal is expected to bring
    #[command(after_help = "Example:\n  revops opportunity amount ID '2360.91 USD'")]
    Amount {
        #[command(flatten)]
        target: Target,
        /// The amount with its currency; left out: no longer known
        #[arg(value_parser = money::parse, allow_hyphen_values = true)]
        #[arg(required_unless_present = "unknown", conflicts_with = "unknown")]
        amount: Option<Money>,
        /// The amount is no longer known
        #[arg(long)]
        unknown: bool,
    },
    /// Say when an open deal is expected to close
    CloseDate {
        #[command(flatten)]
        target: Target,
        /// The day
        #[arg(value_parser = times::day)]
        #[arg(required_unless_present = "unknown", conflicts_with = "unknown")]
        day: Option<Date>,
        /// The day is no longer known
        #[arg(long)]
        unknown: bool,
    },
    /// Give a deal to another user
    Owner {
        #[command(flatten)]
        target: Target,
        /// The user, by key or id
        #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
        owner: Option<String>,
        /// Nobody works it
        #[arg(long)]
        nobody: bool,
    },
    /// Choose an open deal's forecast category, or hand the choice back to its stage with `none`
    Category {
        #[command(flatten)]
        target: Target,
        /// The category
        category: Category,
        /// Why, as a short key
        #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
        reason: String,
        /// Why, in one's own words
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
    },
    /// Add a note to a deal
    Note {
        #[command(flatten)]
        target: Target,
        /// The note; `-` reads it from stdin
        text: String,
    },
}

/// Sends the command and shows the deal as it left it.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    let target = verb.target();
    let (id, request_id) = (target.id.clone(), target.repeatable.request_id());
    let verb = with_text_read(verb)?;
    let recorded = send(verb, request_id.clone(), session)
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?;
    super::report(session, id, recorded).await
}

impl Verb {
    fn target(&self) -> &Target {
        match self {
            Self::Move { target, .. }
            | Self::Amount { target, .. }
            | Self::CloseDate { target, .. }
            | Self::Owner { target, .. }
            | Self::Category { target, .. }
            | Self::Note { target, .. } => target,
        }
    }
}

/// A note that stands on stdin is read before anything is sent.
fn with_text_read(verb: Verb) -> anyhow::Result<Verb> {
    match verb {
        Verb::Note { target, text } if text == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            Ok(Verb::Note { target, text: text.trim_end().to_owned() })
        }
        verb => Ok(verb),
    }
}

async fn send(verb: Verb, id: String, session: &Session) -> Result<Option<Recorded>, Status> {
    let target = verb.target().clone();
    Ok(match verb {
        Verb::Move { stage, .. } => send!(
            session.change_opportunity_stage,
            ChangeOpportunityStageRequest,
            [target, id],
            [stage]
        ),
        Verb::Amount { amount, .. } => send!(
            session.change_opportunity_amount,
            ChangeOpportunityAmountRequest,
            [target, id],
            [amount]
        ),
        Verb::CloseDate { day: close_date, .. } => send!(
            session.change_opportunity_close_date,
            ChangeOpportunityCloseDateRequest,
            [target, id],
            [close_date]
        ),
        Verb::Owner { owner, .. } => {
            let owner = owner.unwrap_or_default();
            send!(
                session.change_opportunity_owner,
                ChangeOpportunityOwnerRequest,
                [target, id],
                [owner]
            )
        }
        Verb::Category { category, reason: reason_code, comment: reason, .. } => {
            let category = ForecastCategory::from(category).into();
            send!(
                session.override_opportunity_category,
                OverrideOpportunityCategoryRequest,
                [target, id],
                [category, reason_code, reason]
            )
        }
        Verb::Note { text, .. } => {
            send!(session.note_opportunity, NoteOpportunityRequest, [target, id], [text])
        }
    })
}
