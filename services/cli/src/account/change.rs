//! `account rename|domain|parent|segment|key|owner|note|void`: what changes about a company.

use api::accounts::v1::{
    ChangeAccountDomainRequest, ChangeAccountOwnerRequest, ChangeAccountParentRequest,
    ChangeAccountSegmentRequest, ChangeKeyAccountRequest, NoteAccountRequest, RenameAccountRequest,
    VoidAccountCommandRequest,
};
use api::types::v1::Recorded;
use clap::Subcommand;
use tonic::Status;

use crate::recorded::Repeatable;
use crate::session::Session;
use crate::target::{Target, Voiding, send, send_void};

/// The verbs of an account that is there.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say what people call it
    Rename {
        #[command(flatten)]
        target: Target,
        /// The name
        #[arg(required_unless_present = "unknown", conflicts_with = "unknown")]
        name: Option<String>,
        /// The name is no longer known
        #[arg(long)]
        unknown: bool,
    },
    /// Say where it is on the web
    Domain {
        #[command(flatten)]
        target: Target,
        /// The domain
        #[arg(required_unless_present = "none", conflicts_with = "none")]
        domain: Option<String>,
        /// It has none
        #[arg(long)]
        none: bool,
    },
    /// Put it below another account
    Parent {
        #[command(flatten)]
        target: Target,
        /// The parent's id
        #[arg(required_unless_present = "none", conflicts_with = "none")]
        parent_account_id: Option<String>,
        /// It belongs to none
        #[arg(long)]
        none: bool,
    },
    /// Put it into another segment
    Segment {
        #[command(flatten)]
        target: Target,
        /// The segment, as a short key
        #[arg(required_unless_present = "unknown", conflicts_with = "unknown")]
        segment: Option<String>,
        /// The segment is no longer known
        #[arg(long)]
        unknown: bool,
    },
    /// Make it a key account, or with `--no` no longer
    Key {
        #[command(flatten)]
        target: Target,
        /// It is none any more
        #[arg(long)]
        no: bool,
    },
    /// Give it to another user
    Owner {
        #[command(flatten)]
        target: Target,
        /// The user, by key or id
        #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
        owner: Option<String>,
        /// Nobody answers for it
        #[arg(long)]
        nobody: bool,
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
    /// The account's id, and what makes the command repeatable.
    pub fn target(&self) -> (&String, &Repeatable) {
        match self {
            Self::Rename { target, .. }
            | Self::Domain { target, .. }
            | Self::Parent { target, .. }
            | Self::Segment { target, .. }
            | Self::Key { target, .. }
            | Self::Owner { target, .. }
            | Self::Note { target, .. } => (&target.id, &target.repeatable),
            Self::Void(voiding) => (&voiding.id, &voiding.repeatable),
        }
    }
}

/// Sends the command.
pub async fn send(verb: Verb, id: String, session: &Session) -> Result<Option<Recorded>, Status> {
    Ok(match verb {
        Verb::Rename { target, name, .. } => send!(
            session.accounts.rename_account,
            RenameAccountRequest,
            [account_id: target, id],
            [name: name.unwrap_or_default()]
        ),
        Verb::Domain { target, domain, .. } => send!(
            session.accounts.change_account_domain,
            ChangeAccountDomainRequest,
            [account_id: target, id],
            [domain: domain.unwrap_or_default()]
        ),
        Verb::Parent { target, parent_account_id, .. } => send!(
            session.accounts.change_account_parent,
            ChangeAccountParentRequest,
            [account_id: target, id],
            [parent_account_id: parent_account_id.unwrap_or_default()]
        ),
        Verb::Segment { target, segment, .. } => send!(
            session.accounts.change_account_segment,
            ChangeAccountSegmentRequest,
            [account_id: target, id],
            [segment: segment.unwrap_or_default()]
        ),
        Verb::Key { target, no } => send!(
            session.accounts.change_key_account,
            ChangeKeyAccountRequest,
            [account_id: target, id],
            [key_account: !no]
        ),
        Verb::Owner { target, owner, .. } => send!(
            session.accounts.change_account_owner,
            ChangeAccountOwnerRequest,
            [account_id: target, id],
            [owner: owner.unwrap_or_default()]
        ),
        Verb::Note { target, text } => send!(
            session.accounts.note_account,
            NoteAccountRequest,
            [account_id: target, id],
            [text]
        ),
        Verb::Void(voiding) => send_void!(
            session.accounts.void_account_command,
            VoidAccountCommandRequest,
            [account_id: voiding, id]
        ),
    })
}
