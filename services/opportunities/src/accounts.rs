//! AccountService: the companies that buy, or may.

mod from_proto;
mod queries;
mod service;
mod to_proto;

use domain::{
    AccountId, Fact, Instant, Kind, UserId, Voided,
    account::{self, Account},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    customers::Noun,
    rows::{self, Logical, Rows},
};

/// Every tenant's accounts.
pub type Accounts = Rows<Row>;

/// What a list needs to know of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    created_at: Option<Instant>,
    parent: Option<AccountId>,
    segment: Box<str>,
    key_account: bool,
    owner: Option<UserId>,
    faults: u32,
}

impl rows::Row for Row {
    type Of = Account;
    const VIEW: &'static str = "accounts";
    const KINDS: &'static [Kind] = &[Kind::Account];

    fn of(account: &Account) -> Row {
        Row {
            created_at: account.created_at,
            parent: account.parent,
            segment: account.segment.as_str().into(),
            key_account: account.key_account,
            owner: account.owner,
            faults: account.faults.len() as u32,
        }
    }

    fn place(&self) -> Option<Instant> {
        self.created_at
    }

    fn write(&self, to: &mut Logical) {
        to.number(self.created_at.map(|at| at.0));
        to.id(self.parent.map(|id| id.0));
        to.word(&self.segment);
        to.number(Some(i64::from(self.key_account)));
        to.id(self.owner.map(|id| id.0));
        to.number(Some(i64::from(self.faults)));
    }
}

impl Noun for Account {
    const ID: &'static str = "account_id";
    const NOT_FOUND: &'static str = "ACCOUNT_NOT_FOUND";

    fn voided(voided: Voided, _key: Uuid) -> Fact {
        account::Fact::Voided(voided).into()
    }
}
