//! The row of a deal: what lists filter and sort by.

use domain::{
    AccountId, Date, Instant, Kind, Money, OpportunityType, Outcome, PipelineId, ProductId, UserId,
    opportunity::Opportunity,
};
use serde::{Deserialize, Serialize};

use crate::rows::{self, Logical, Rows};

/// Every tenant's deals.
pub type Deals = Rows<Row>;

/// What a list needs to know of a deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// When it was opened; `None` while no fact says so.
    pub opened_at: Option<Instant>,
    /// The pipeline that it moves through.
    pub pipeline: Option<PipelineId>,
    /// The key of the stage that it stands in.
    pub stage: Box<str>,
    /// What counts as its amount.
    pub amount: Option<Money>,
    /// When it is expected to close.
    pub close_date: Option<Date>,
    /// Who works it.
    pub owner: Option<UserId>,
    /// What is to be sold.
    pub product: Option<ProductId>,
    /// Whom it is to be sold to.
    pub account: Option<AccountId>,
    /// Whether it is to a new customer or to one already there.
    pub opportunity_type: Option<OpportunityType>,
    /// How it stands.
    pub outcome: Outcome,
    /// How many faults its facts have among themselves.
    pub faults: u32,
}

impl rows::Row for Row {
    type Of = Opportunity;
    const VIEW: &'static str = "opportunities";
    const KINDS: &'static [Kind] = &[Kind::Opportunity];

    fn of(deal: &Opportunity) -> Row {
        Row {
            opened_at: deal.opened_at,
            pipeline: deal.pipeline,
            stage: deal.stage.as_ref().map_or("", |stage| &stage.key).into(),
            amount: deal.value(),
            close_date: deal.close_date,
            owner: deal.owner,
            product: deal.product,
            account: deal.account,
            opportunity_type: deal.opportunity_type,
            outcome: deal.outcome,
            faults: deal.faults.len() as u32,
        }
    }

    fn place(&self) -> Option<Instant> {
        self.opened_at
    }

    fn write(&self, to: &mut Logical) {
        to.number(self.opened_at.map(|at| at.0));
        to.id(self.pipeline.map(|id| id.0));
        to.word(&self.stage);
        to.number(self.amount.map(|amount| amount.minor));
        to.add(self.amount.as_ref().map(|amount| amount.currency.code().as_bytes()));
        to.number(self.close_date.map(|date| i64::from(date.0)));
        to.id(self.owner.map(|id| id.0));
        to.id(self.product.map(|id| id.0));
        to.id(self.account.map(|id| id.0));
        to.add(self.opportunity_type.map(|it| it.word().as_bytes()));
        to.word(self.outcome.word());
        to.number(Some(i64::from(self.faults)));
    }
}
