//! `contact correct|account|consent|note|void`: what changes about a person.

use api::accounts::v1::{
    ChangeContactAccountRequest, ChangeContactConsentRequest, CorrectContactDetailsRequest,
    NoteContactRequest, VoidContactCommandRequest,
};
use api::types::v1::Recorded;
use clap::Subcommand;
use tonic::Status;

use crate::recorded::Repeatable;
use crate::session::Session;
use crate::target::{Target, Voiding, send, send_void};

/// Who somebody is.
#[derive(Clone, Debug, clap::Args)]
pub struct Details {
    /// The person's name
    #[arg(long, default_value = "", hide_default_value = true)]
    pub name: String,

    /// Their e-mail address
    #[arg(long, default_value = "", hide_default_value = true)]
    pub email: String,

    /// Their phone number
    #[arg(long, default_value = "", hide_default_value = true)]
    pub phone: String,

    /// What they are at their company
    #[arg(long, default_value = "", hide_default_value = true)]
    pub title: String,
}

/// The verbs of a contact that is there.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say again, and in full, who it is: what is left out is not known any more
    Correct {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        details: Details,
    },
    /// Put them under another account
    Account {
        #[command(flatten)]
        target: Target,
        /// The account's id
        #[arg(required_unless_present = "none", conflicts_with = "none")]
        account_id: Option<String>,
        /// They belong to none
        #[arg(long)]
        none: bool,
    },
    /// Give consent for a purpose, or with `--withdrawn` withdraw it
    Consent {
        #[command(flatten)]
        target: Target,
        /// The purpose, as a short key such as newsletter
        purpose: String,
        /// It is withdrawn
        #[arg(long)]
        withdrawn: bool,
    },
    /// Add a note
    Note {
        #[command(flatten)]
        target: Target,
        /// The note
        text: String,
    },
    /// Take back everything that one earlier command recorded; `history` shows the commands' ids
    Void(Voiding),
}

impl Verb {
    /// The contact's id, and what makes the command repeatable.
    pub fn target(&self) -> (&String, &Repeatable) {
        match self {
            Self::Correct { target, .. }
            | Self::Account { target, .. }
            | Self::Consent { target, .. }
            | Self::Note { target, .. } => (&target.id, &target.repeatable),
            Self::Void(voiding) => (&voiding.id, &voiding.repeatable),
        }
    }
}

/// Sends the command.
pub async fn send(verb: Verb, id: String, session: &Session) -> Result<Option<Recorded>, Status> {
    Ok(match verb {
        Verb::Correct { target, details } => send!(
            session.contacts.correct_contact_details,
            CorrectContactDetailsRequest,
            [contact_id: target, id],
            [name: details.name, email: details.email, phone: details.phone, title: details.title]
        ),
        Verb::Account { target, account_id, .. } => send!(
            session.contacts.change_contact_account,
            ChangeContactAccountRequest,
            [contact_id: target, id],
            [account_id: account_id.unwrap_or_default()]
        ),
        Verb::Consent { target, purpose, withdrawn } => send!(
            session.contacts.change_contact_consent,
            ChangeContactConsentRequest,
            [contact_id: target, id],
            [purpose, granted: !withdrawn]
        ),
        Verb::Note { target, text } => send!(
            session.contacts.note_contact,
            NoteContactRequest,
            [contact_id: target, id],
            [text]
        ),
        Verb::Void(voiding) => send_void!(
            session.contacts.void_contact_command,
            VoidContactCommandRequest,
            [contact_id: voiding, id]
        ),
    })
}
