//! A contract as the contract shows it: what is agreed, and what is paid on a day.

use api::accounts::v1::{
    Contract as Shown, ContractChange, ContractStep, Interval as ProtoInterval,
    Recurring as ProtoRecurring,
};
use domain::{
    Date, Kind, Timeline,
    contract::{Change, Contract, Interval, Recurring, Step},
};
use runtime::{
    query::{QueryError, timestamp},
    to_proto::{date, money},
};
use uuid::Uuid;

use crate::reading::{Reading, external_ids, faults};

/// Shows a contract, and what is paid on a day.
pub async fn contract(
    id: Uuid,
    timeline: &Timeline,
    day: Date,
    reading: &Reading<'_>,
) -> Result<Shown, QueryError> {
    let contract: Contract = timeline.state(reading.known);
    let terms = contract.terms_on(day);
    let account = match contract.account {
        Some(account) => Some(reading.account(account).await?),
        None => None,
    };
    let words = contract.churn_reason.text.as_ref();
    let place = ("contract.churned.v1", "reason");
    Ok(Shown {
        id: id.to_string(),
        external_ids: external_ids(&contract.external_ids),
        account,
        opportunity_id: contract.opportunity.map(|id| id.to_string()).unwrap_or_default(),
        product: contract.product.map(|product| reading.at.product(product)),
        activated_at: contract.activated_at.map(timestamp),
        starts: contract.starts.map(date),
        day: Some(date(day)),
        recurring: terms.map(|terms| recurring(terms.recurring)),
        ends: terms.and_then(|terms| terms.ends).map(date),
        churned: contract.is_churned_on(day),
        churn_reason_code: contract.churn_reason.code.clone(),
        churn_reason: reading.text((Kind::Contract, id), place, words).await?,
        plan: contract.plan.iter().map(change).collect(),
        faults: faults(&contract),
        etag: reading.etag(timeline),
    })
}

fn change(change: &Change) -> ContractChange {
    let (step, paid, ends) = match change.step {
        Step::Activated(terms) => (ContractStep::Activated, Some(terms.recurring), terms.ends),
        Step::Expanded(recurring) => (ContractStep::Expanded, Some(recurring), None),
        Step::Contracted(recurring) => (ContractStep::Contracted, Some(recurring), None),
        Step::Renewed(terms) => (ContractStep::Renewed, Some(terms.recurring), terms.ends),
        Step::Churned => (ContractStep::Churned, None, None),
        Step::WonBack(terms) => (ContractStep::WonBack, Some(terms.recurring), terms.ends),
    };
    ContractChange {
        effective: Some(date(change.effective)),
        step: step as i32,
        recurring: paid.map(recurring),
        ends: ends.map(date),
    }
}

fn recurring(recurring: Recurring) -> ProtoRecurring {
    let interval = match recurring.interval {
        Interval::Monthly => ProtoInterval::Monthly,
        Interval::Yearly => ProtoInterval::Yearly,
    };
    ProtoRecurring { amount: Some(money(recurring.amount)), interval: interval as i32 }
}
