//! `contract expand|contract|renew|churn|win-back|void`: what is agreed later.

use api::accounts::v1::{
    ChurnContractRequest, ContractContractRequest, ExpandContractRequest, Interval, Recurring,
    RenewContractRequest, VoidContractCommandRequest, WinBackContractRequest,
};
use api::google::r#type::Date;
use api::types::v1::Recorded;
use clap::Subcommand;
use tonic::Status;

use crate::recorded::Repeatable;
use crate::session::Session;
use crate::target::{Paid, Target, Voiding, Why, send, send_void};
use crate::times;

/// The verbs of a contract that is there.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Agree to more
    Expand(Change),
    /// Agree to less
    Contract(Change),
    /// Agree to another term
    Renew(Term),
    /// End it, because the customer leaves
    Churn {
        #[command(flatten)]
        target: Target,
        /// The first day on which nothing is served
        #[arg(long, value_name = "D", value_parser = times::day)]
        effective: Date,
        #[command(flatten)]
        why: Why,
    },
    /// Begin it again, because the customer comes back
    WinBack(Term),
    /// Take back everything that one earlier command recorded; `history` shows the commands' ids
    Void(Voiding),
}

/// What another amount takes.
#[derive(Debug, clap::Args)]
pub struct Change {
    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    paid: Paid,

    /// The first day
    #[arg(long, value_name = "D", value_parser = times::day)]
    effective: Date,
}

/// What another term takes.
#[derive(Debug, clap::Args)]
pub struct Term {
    #[command(flatten)]
    change: Change,

    /// The day on which it runs no longer [default: it goes on]
    #[arg(long, value_name = "D", value_parser = times::day)]
    ends: Option<Date>,
}

impl Verb {
    /// The contract's id, and what makes the command repeatable.
    pub fn target(&self) -> (&String, &Repeatable) {
        match self {
            Self::Expand(Change { target, .. })
            | Self::Contract(Change { target, .. })
            | Self::Renew(Term { change: Change { target, .. }, .. })
            | Self::WinBack(Term { change: Change { target, .. }, .. })
            | Self::Churn { target, .. } => (&target.id, &target.repeatable),
            Self::Void(voiding) => (&voiding.id, &voiding.repeatable),
        }
    }
}

/// What is paid, as the contract says it.
pub fn recurring(paid: Paid) -> Recurring {
    let interval = if paid.monthly.is_some() { Interval::Monthly } else { Interval::Yearly };
    Recurring { amount: paid.monthly.or(paid.yearly), interval: interval.into() }
}

/// Sends the command.
pub async fn send(verb: Verb, id: String, session: &Session) -> Result<Option<Recorded>, Status> {
    Ok(match verb {
        Verb::Expand(Change { target, paid, effective }) => send!(
            session.contracts.expand_contract,
            ExpandContractRequest,
            [contract_id: target, id],
            [recurring: Some(recurring(paid)), effective: Some(effective)]
        ),
        Verb::Contract(Change { target, paid, effective }) => send!(
            session.contracts.contract_contract,
            ContractContractRequest,
            [contract_id: target, id],
            [recurring: Some(recurring(paid)), effective: Some(effective)]
        ),
        Verb::Renew(Term { change: Change { target, paid, effective }, ends }) => send!(
            session.contracts.renew_contract,
            RenewContractRequest,
            [contract_id: target, id],
            [recurring: Some(recurring(paid)), effective: Some(effective), ends]
        ),
        Verb::WinBack(Term { change: Change { target, paid, effective }, ends }) => send!(
            session.contracts.win_back_contract,
            WinBackContractRequest,
            [contract_id: target, id],
            [recurring: Some(recurring(paid)), effective: Some(effective), ends]
        ),
        Verb::Churn { target, effective, why } => send!(
            session.contracts.churn_contract,
            ChurnContractRequest,
            [contract_id: target, id],
            [effective: Some(effective), reason_code: why.reason, reason: why.comment]
        ),
        Verb::Void(voiding) => send_void!(
            session.contracts.void_contract_command,
            VoidContractCommandRequest,
            [contract_id: voiding, id]
        ),
    })
}
