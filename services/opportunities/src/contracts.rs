//! ContractService: what customers pay again and again.

mod from_proto;
mod queries;
mod service;
mod to_proto;

use api::google::r#type::Date as ProtoDate;
use domain::{
    AccountId, Date, Fact, Instant, Kind, ProductId, Rejection, Voided,
    contract::{self, Change, Contract, Step},
};
use runtime::query::Asked;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use to_proto::contract as shown;

use crate::{
    customers::Noun,
    rows::{self, Logical, Rows},
};

/// Every tenant's contracts.
pub type Contracts = Rows<Row>;

/// What a list needs to know of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    activated_at: Option<Instant>,
    /// Whose it is.
    pub account: Option<AccountId>,
    product: Option<ProductId>,
    plan: Box<[Change]>,
    faults: u32,
}

impl Row {
    fn runs_on(&self, day: Date) -> bool {
        let plan = self.plan.to_vec();
        Contract { plan, ..Contract::default() }.recurring_on(day).is_some()
    }
}

impl rows::Row for Row {
    type Of = Contract;
    const VIEW: &'static str = "contracts";
    const KINDS: &'static [Kind] = &[Kind::Contract];

    fn of(contract: &Contract) -> Row {
        Row {
            activated_at: contract.activated_at,
            account: contract.account,
            product: contract.product,
            plan: contract.plan.as_slice().into(),
            faults: contract.faults.len() as u32,
        }
    }

    fn place(&self) -> Option<Instant> {
        self.activated_at
    }

    fn write(&self, to: &mut Logical) {
        to.number(self.activated_at.map(|at| at.0));
        to.id(self.account.map(|id| id.0));
        to.id(self.product.map(|id| id.0));
        for Change { effective, step } in &self.plan {
            to.number(Some(i64::from(effective.0)));
            let (word, recurring, ends) = match step {
                Step::Activated(terms) => ("activated", Some(terms.recurring), terms.ends),
                Step::Expanded(recurring) => ("expanded", Some(*recurring), None),
                Step::Contracted(recurring) => ("contracted", Some(*recurring), None),
                Step::Renewed(terms) => ("renewed", Some(terms.recurring), terms.ends),
                Step::Churned => ("churned", None, None),
                Step::WonBack(terms) => ("won_back", Some(terms.recurring), terms.ends),
            };
            to.word(word);
            to.number(recurring.map(|it| it.amount.minor));
            to.add(recurring.as_ref().map(|it| it.amount.currency.code().as_bytes()));
            to.add(recurring.map(|it| it.interval.word().as_bytes()));
            to.number(ends.map(|day| i64::from(day.0)));
        }
        to.number(Some(i64::from(self.faults)));
    }
}

impl Noun for Contract {
    const ID: &'static str = "contract_id";
    const NOT_FOUND: &'static str = "CONTRACT_NOT_FOUND";

    fn voided(voided: Voided, _key: Uuid) -> Fact {
        contract::Fact::Voided(voided).into()
    }
}

/// The day for which to tell what is paid: the one that was asked for, or that of the answer.
pub fn day(given: Option<&ProtoDate>, asked: &Asked) -> Result<Date, Rejection> {
    let given = runtime::from_proto::optional_date("day", given)?;
    Ok(given.unwrap_or_else(|| asked.as_of.unwrap_or(asked.now).date()))
}
