//! The words in which the tests of contracts are told.

use super::{because, id, money, usd};
use crate::{
    AccountId, Date, ExternalId, OpportunityId, ProductId,
    contract::{
        Activated, Churned, Command, Contracted, Expanded, Interval, Recurring, Renewed, WonBack,
    },
};

pub fn monthly(minor: i64) -> Recurring {
    Recurring { amount: usd(minor).unwrap(), interval: Interval::Monthly }
}

pub fn yearly(minor: i64) -> Recurring {
    Recurring { interval: Interval::Yearly, ..monthly(minor) }
}

pub fn monthly_in(minor: i64, code: &str) -> Recurring {
    Recurring { amount: money(minor, code).unwrap(), interval: Interval::Monthly }
}

pub fn activate_with(recurring: Recurring, starts: i32, ends: Option<i32>) -> Command {
    Command::Activate(Activated {
        external_ids: vec![ExternalId { source: "crm".to_owned(), key: "800".to_owned() }],
        account: AccountId(id(1)),
        opportunity: Some(OpportunityId(id(1))),
        product: Some(ProductId(id(1))),
        recurring,
        starts: Date(starts),
        ends: ends.map(Date),
    })
}

/// A hundred a month, from day 10 on, with or without an end.
pub fn activate(ends: Option<i32>) -> Command {
    activate_with(monthly(100), 10, ends)
}

pub fn expand(recurring: Recurring, day: i32) -> Command {
    Command::Expand(Expanded { recurring, effective: Date(day) })
}

pub fn contract(recurring: Recurring, day: i32) -> Command {
    Command::Contract(Contracted { recurring, effective: Date(day) })
}

pub fn renew(recurring: Recurring, day: i32, ends: Option<i32>) -> Command {
    Command::Renew(Renewed { recurring, ends: ends.map(Date), effective: Date(day) })
}

pub fn churn(code: &str, day: i32) -> Command {
    Command::Churn(Churned { reason: because(code), effective: Date(day) })
}

pub fn win_back(recurring: Recurring, day: i32, ends: Option<i32>) -> Command {
    Command::WinBack(WonBack { recurring, effective: Date(day), ends: ends.map(Date) })
}
