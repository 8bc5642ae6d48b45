//! A contract as JSON and tables show it.

use api::accounts::v1 as sent;
use serde::Serialize;

use crate::entity::{ExternalId, Fault, external_ids, faults, maybe};
use crate::grid::{Cell, Grid};
use crate::money::Money;
use crate::recorded::Shown;
use crate::times;
use crate::wording::{Reference, entity_label, given, label, lower, text_shown};

/// A contract at the instant of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contract {
    id: String,
    external_ids: Vec<ExternalId>,
    account: Option<Reference>,
    opportunity_id: Option<String>,
    product: Option<Reference>,
    activated_at: Option<String>,
    starts: Option<String>,
    day: Option<String>,
    recurring: Option<Recurring>,
    ends: Option<String>,
    churned: bool,
    churn_reason_code: Option<String>,
    churn_reason: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    churn_reason_erased: bool,
    plan: Vec<Change>,
    faults: Vec<Fault>,
    etag: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Recurring {
    amount: Option<Money>,
    interval: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Change {
    effective: Option<String>,
    step: Option<String>,
    recurring: Option<Recurring>,
    ends: Option<String>,
}

impl From<sent::Recurring> for Recurring {
    fn from(recurring: sent::Recurring) -> Self {
        let interval = lower(recurring.interval().as_str_name(), "INTERVAL_");
        Self { amount: recurring.amount.as_ref().map(Money::from), interval }
    }
}

impl From<sent::ContractChange> for Change {
    fn from(change: sent::ContractChange) -> Self {
        Self {
            step: lower(change.step().as_str_name(), "CONTRACT_STEP_"),
            effective: change.effective.as_ref().map(times::show_day),
            recurring: change.recurring.map(Recurring::from),
            ends: change.ends.as_ref().map(times::show_day),
        }
    }
}

impl From<sent::Contract> for Contract {
    fn from(contract: sent::Contract) -> Self {
        let reason = contract.churn_reason.unwrap_or_default();
        Self {
            id: contract.id,
            external_ids: contract.external_ids.into_iter().map(ExternalId::from).collect(),
            account: contract.account.map(Reference::from),
            opportunity_id: given(contract.opportunity_id),
            product: contract.product.map(Reference::from),
            activated_at: contract.activated_at.as_ref().map(times::show),
            starts: contract.starts.as_ref().map(times::show_day),
            day: contract.day.as_ref().map(times::show_day),
            recurring: contract.recurring.map(Recurring::from),
            ends: contract.ends.as_ref().map(times::show_day),
            churned: contract.churned,
            churn_reason_code: given(contract.churn_reason_code),
            churn_reason: given(reason.text),
            churn_reason_erased: reason.erased,
            plan: contract.plan.into_iter().map(Change::from).collect(),
            faults: contract.faults.into_iter().map(Fault::from).collect(),
            etag: contract.etag,
        }
    }
}

impl Recurring {
    fn line(&self) -> String {
        let amount = self.amount.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{amount} {}", self.interval.as_deref().unwrap_or_default())
    }
}

impl Contract {
    /// The columns of a list of contracts.
    pub const COLUMNS: [&'static str; 10] = [
        "id", "account", "product", "starts", "day", "amount", "currency", "interval", "ends",
        "churned",
    ];

    /// The contract as a row of a list.
    pub fn row(&self) -> Vec<Cell> {
        let amount = self.recurring.as_ref().and_then(|it| it.amount.clone());
        let currency = amount.as_ref().map(|it| it.currency.clone()).unwrap_or_default();
        let interval = self.recurring.as_ref().and_then(|it| it.interval.clone());
        vec![
            Cell::text(&self.id),
            Cell::text(entity_label(self.account.as_ref())),
            Cell::text(label(self.product.as_ref())),
            maybe(&self.starts),
            maybe(&self.day),
            Cell::Amount(amount),
            Cell::text(currency),
            maybe(&interval),
            maybe(&self.ends),
            Cell::text(if self.churned { "yes" } else { "no" }),
        ]
    }

    /// The contract in a line.
    pub fn line(&self) -> String {
        let paid =
            self.recurring.as_ref().map_or_else(|| "not running".to_owned(), Recurring::line);
        format!("{} {paid}", self.id)
    }
}

impl Shown for Contract {
    const NOUN: &'static str = "contract";

    fn fields(&self) -> Grid {
        let columns = Self::COLUMNS.iter().map(|column| (*column).to_owned());
        let mut fields: Vec<(String, Cell)> = columns.zip(self.row()).collect();
        let reason = text_shown(self.churn_reason.as_deref(), self.churn_reason_erased);
        fields.push(("opportunity_id".into(), maybe(&self.opportunity_id)));
        fields.push(("activated_at".into(), maybe(&self.activated_at)));
        fields.push(("churn_reason_code".into(), maybe(&self.churn_reason_code)));
        fields.push(("churn_reason".into(), Cell::text(reason)));
        for change in &self.plan {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let paid = change.recurring.as_ref().map(Recurring::line).unwrap_or_default();
            let ends = change.ends.as_ref().map(|day| format!(" until {day}")).unwrap_or_default();
            let line = format!("{} {paid}{ends}", text(&change.step));
            fields.push((text(&change.effective), Cell::text(line)));
        }
        fields.push(("external_ids".into(), external_ids(&self.external_ids)));
        fields.push(("etag".into(), Cell::text(&self.etag)));
        fields.extend(faults(&self.faults));
        let empty = [Cell::text(""), Cell::Amount(None)];
        fields.retain(|(_, cell)| !empty.contains(cell));
        Grid::of_fields(fields)
    }
}
