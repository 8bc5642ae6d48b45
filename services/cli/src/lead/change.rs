//! `lead assign|work|nurture|...|note|merge`: what happens while a lead is worked.

use std::io::Read as _;

use api::leads::v1::{
    AcceptLeadRequest, AssignLeadRequest, ChangeLeadConsentRequest, CorrectLeadDetailsRequest,
    DismissLeadDuplicateRequest, DisqualifyLeadRequest, HandOverLeadRequest, MergeLeadsRequest,
    NoteLeadRequest, NurtureLeadRequest, QualifyLeadRequest, RecycleLeadRequest, RejectLeadRequest,
    WorkLeadRequest,
};
use api::types::v1::Recorded;
use clap::Subcommand;
use tonic::Status;

use super::capture::Details;
use crate::failure::Failure;
use crate::session::Session;
use crate::target::Target;

/// The verbs of a lead that is being worked.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say again, and in full, who a lead is: what is left out is not known any more
    Correct {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        details: Details,
    },
    /// Give a lead to a user
    Assign {
        #[command(flatten)]
        target: Target,
        /// The user, by key or id
        #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
        owner: Option<String>,
        /// Nobody works it
        #[arg(long)]
        nobody: bool,
    },
    /// Begin to work a lead
    Work(Target),
    /// Keep a lead warm that is not ready
    Nurture(MaybeBecause),
    /// Offer a lead to sales: it is marketing-qualified
    HandOver(Target),
    /// Take a lead that was handed over: it is sales-accepted
    Accept(Target),
    /// Hand back a lead that was handed over
    Reject(Because),
    /// Say that a lead is worth a deal: it is sales-qualified
    Qualify(Target),
    /// Say that a lead will not become a customer
    Disqualify(Because),
    /// Give a lead back to marketing, for another time
    Recycle(Because),
    /// Record that the person gave or withdrew consent
    Consent {
        #[command(flatten)]
        target: Target,
        /// What for, as a short key such as `newsletter`
        purpose: String,
        /// It was withdrawn
        #[arg(long)]
        withdrawn: bool,
    },
    /// Add a note to a lead
    Note {
        #[command(flatten)]
        target: Target,
        /// The note; `-` reads it from stdin
        text: String,
    },
    /// Say that another lead, which seemed to be the same, is not
    Dismiss {
        #[command(flatten)]
        because: MaybeBecause,
        /// The other lead's id
        of: String,
    },
    /// Let another lead go on in this one's place
    Merge {
        #[command(flatten)]
        target: Target,
        /// The id of the lead that goes on
        into: String,
    },
}

/// A step that needs a reason.
#[derive(Clone, Debug, clap::Args)]
pub struct Because {
    #[command(flatten)]
    target: Target,

    /// Why, as a short key
    #[arg(long, value_name = "CODE")]
    reason: String,

    /// Why, in one's own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
}

/// A step that may have a reason.
#[derive(Clone, Debug, clap::Args)]
pub struct MaybeBecause {
    #[command(flatten)]
    target: Target,

    /// Why, as a short key
    #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
    reason: String,

    /// Why, in one's own words
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    comment: String,
}

/// Sends the command and shows the lead as it left it.
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
            Self::Work(target)
            | Self::HandOver(target)
            | Self::Accept(target)
            | Self::Qualify(target)
            | Self::Correct { target, .. }
            | Self::Assign { target, .. }
            | Self::Consent { target, .. }
            | Self::Note { target, .. }
            | Self::Merge { target, .. }
            | Self::Nurture(MaybeBecause { target, .. })
            | Self::Dismiss { because: MaybeBecause { target, .. }, .. }
            | Self::Reject(Because { target, .. })
            | Self::Disqualify(Because { target, .. })
            | Self::Recycle(Because { target, .. }) => target,
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
        Verb::Correct { details, .. } => {
            let Details { name, email, phone, company, title } = details;
            send!(
                session.correct_lead_details,
                CorrectLeadDetailsRequest,
                [target, id],
                [name, email, phone, company, title]
            )
        }
        Verb::Assign { owner, .. } => {
            let owner = owner.unwrap_or_default();
            send!(session.assign_lead, AssignLeadRequest, [target, id], [owner])
        }
        Verb::Work(_) => send!(session.work_lead, WorkLeadRequest, [target, id], []),
        Verb::HandOver(_) => {
            send!(session.hand_over_lead, HandOverLeadRequest, [target, id], [])
        }
        Verb::Accept(_) => send!(session.accept_lead, AcceptLeadRequest, [target, id], []),
        Verb::Qualify(_) => send!(session.qualify_lead, QualifyLeadRequest, [target, id], []),
        Verb::Consent { purpose, withdrawn, .. } => {
            let granted = !withdrawn;
            send!(
                session.change_lead_consent,
                ChangeLeadConsentRequest,
                [target, id],
                [purpose, granted]
            )
        }
        Verb::Note { text, .. } => {
            send!(session.note_lead, NoteLeadRequest, [target, id], [text])
        }
        Verb::Merge { into, .. } => {
            send!(session.merge_leads, MergeLeadsRequest, [target, id], [into])
        }
        Verb::Nurture(_)
        | Verb::Dismiss { .. }
        | Verb::Reject(_)
        | Verb::Disqualify(_)
        | Verb::Recycle(_) => send_because(verb, id, session).await?,
    })
}

/// Sends a step that has a reason, or may have one.
async fn send_because(
    verb: Verb,
    id: String,
    session: &Session,
) -> Result<Option<Recorded>, Status> {
    macro_rules! send_because {
        ($call:ident, $message:ident, $because:expr $(, $field:ident)?) => {{
            let because = $because;
            let (target, reason_code, reason) = (because.target, because.reason, because.comment);
            send!(session.$call, $message, [target, id], [$($field,)? reason_code, reason])
        }};
    }
    Ok(match verb {
        Verb::Nurture(because) => send_because!(nurture_lead, NurtureLeadRequest, because),
        Verb::Reject(because) => send_because!(reject_lead, RejectLeadRequest, because),
        Verb::Disqualify(because) => {
            send_because!(disqualify_lead, DisqualifyLeadRequest, because)
        }
        Verb::Recycle(because) => send_because!(recycle_lead, RecycleLeadRequest, because),
        Verb::Dismiss { because, of } => {
            send_because!(dismiss_lead_duplicate, DismissLeadDuplicateRequest, because, of)
        }
        _ => None,
    })
}
