//! An opportunity: a deal from its opening to its outcome.

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, ContactId, Date, Entity, ExternalId, Fault, ForecastCategory, Kind, Moment, Money,
    OpportunityType, Outcome, Personal, PipelineId, ProductId, Reason, Rejection, UserId, Voided,
    personal::Slot,
};

mod decide;
mod pushes;
mod stage_history;
mod state;

pub use decide::Command;
pub use pushes::{Move, PushLedger, push_ledger};
pub use stage_history::{Direction, Stay, stage_history};
pub use state::Opportunity;

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// The deal exists. Everything but the pipeline may be unknown yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its ids in systems of record.
    pub external_ids: Vec<ExternalId>,
    /// What people call it.
    pub name: Option<Personal>,
    /// The pipeline that it moves through.
    pub pipeline: PipelineId,
    /// The stage that it starts in.
    pub stage: Stage,
    /// What it is expected to bring.
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
}

/// The deal stands in another stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageChanged {
    /// The stage that was entered.
    pub stage: Stage,
    /// The pipeline that it belongs to; `None` for the one that the deal is in.
    pub pipeline: Option<PipelineId>,
}

/// The deal is expected to bring another amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountChanged {
    /// The new amount; `None` when it is no longer known.
    pub amount: Option<Money>,
}

/// The deal is expected to close on another day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseDateChanged {
    /// The new day; `None` when it is no longer known.
    pub close_date: Option<Date>,
}

/// Somebody else works the deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerChanged {
    /// The new owner; `None` when nobody does.
    pub owner: Option<UserId>,
}

/// A person's judgement of the category, which outlives changes of stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryOverridden {
    /// The category; `None` takes the judgement back.
    pub category: Option<ForecastCategory>,
    /// Why.
    pub reason: Reason,
}

/// The deal was won.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Won {
    /// What it brought, when that is not the amount expected last.
    pub amount: Option<Money>,
    /// Why.
    pub reason: Reason,
}

/// The deal was lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Why.
    pub reason: Reason,
}

/// The deal ended because nobody decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abandoned {
    /// Why.
    pub reason: Reason,
}

/// A closed deal is worked again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reopened {
    /// The stage that it starts again in; `None` for the one it was closed from.
    pub stage: Option<Stage>,
    /// The pipeline that it belongs to; `None` for the one that the deal is in.
    pub pipeline: Option<PipelineId>,
    /// Why.
    pub reason: Reason,
}

/// The deal is to be sold to somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountChanged {
    /// The new account; `None` when it is not known any more.
    pub account: Option<AccountId>,
}

/// The deal is of another type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeChanged {
    /// The new type; `None` when it is not known any more.
    pub opportunity_type: Option<OpportunityType>,
}

/// Somebody else wants to sell there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompetitorNamed {
    /// Who: a code.
    pub competitor: String,
    /// What is known about it.
    pub text: Option<Personal>,
}

/// A contact plays another part in the deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRoleChanged {
    /// The contact.
    pub contact: ContactId,
    /// The part: a code, such as `economic_buyer`; `None` when they play none.
    pub role: Option<String>,
}

/// Somebody wrote something down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// What.
    pub text: Personal,
}

/// A stage as a fact names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The stage's stable key in its pipeline.
    pub key: String,
    /// Its order, only in a pipeline that counts the furthest stage reached.
    pub order: Option<u32>,
}

facts! {
    /// What can be recorded about an opportunity.
    Opened = "opportunity.opened.v1" boxed,
    StageChanged = "opportunity.stage_changed.v1",
    AmountChanged = "opportunity.amount_changed.v1",
    CloseDateChanged = "opportunity.close_date_changed.v1",
    OwnerChanged = "opportunity.owner_changed.v1",
    CategoryOverridden = "opportunity.category_overridden.v1",
    Won = "opportunity.won.v1",
    Lost = "opportunity.lost.v1",
    Abandoned = "opportunity.abandoned.v1",
    Reopened = "opportunity.reopened.v1" boxed,
    AccountChanged = "opportunity.account_changed.v1",
    TypeChanged = "opportunity.type_changed.v1",
    CompetitorNamed = "opportunity.competitor_named.v1",
    ContactRoleChanged = "opportunity.contact_role_changed.v1",
    Noted = "opportunity.noted.v1",
    Voided = "opportunity.voided.v1",
}

impl Fact {
    /// The places where it carries personal text, all sealed under the deal's own key.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        let (field, text) = match self {
            Fact::Opened(fact) => ("name", fact.name.as_mut()),
            Fact::CategoryOverridden(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::Won(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::Lost(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::Abandoned(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::Reopened(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::CompetitorNamed(fact) => ("text", fact.text.as_mut()),
            Fact::Noted(fact) => ("text", Some(&mut fact.text)),
            Fact::Voided(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::StageChanged(_)
            | Fact::AmountChanged(_)
            | Fact::CloseDateChanged(_)
            | Fact::OwnerChanged(_)
            | Fact::AccountChanged(_)
            | Fact::TypeChanged(_)
            | Fact::ContactRoleChanged(_) => ("", None),
        };
        text.into_iter().map(|text| Slot { field, person: None, text }).collect()
    }
}

// ── Evolve and decide ────────────────────────────────────────────────────────────────────────

impl Entity for Opportunity {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Opportunity;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Opportunity(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Opened(opened) => self.open(moment, opened),
            Fact::StageChanged(changed) => self.change_stage(moment, changed),
            Fact::AmountChanged(changed) => self.change_amount(moment, changed),
            Fact::CloseDateChanged(changed) => self.change_close_date(moment, changed),
            Fact::OwnerChanged(changed) => self.change_owner(moment, changed),
            Fact::CategoryOverridden(overridden) => self.override_category(moment, overridden),
            Fact::Won(won) => self.close(moment, Outcome::Won, won.amount, &won.reason),
            Fact::Lost(lost) => self.close(moment, Outcome::Lost, None, &lost.reason),
            Fact::Abandoned(abandoned) => {
                self.close(moment, Outcome::NoDecision, None, &abandoned.reason);
            }
            Fact::Reopened(reopened) => self.reopen(moment, reopened),
            Fact::AccountChanged(changed) => self.change_account(moment, changed),
            Fact::TypeChanged(changed) => self.change_type(moment, changed),
            Fact::CompetitorNamed(named) => self.name_competitor(moment, named),
            Fact::ContactRoleChanged(changed) => self.change_contact_role(moment, changed),
            Fact::Noted(_) => self.note(moment),
            Fact::Voided(_) => {}
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        match command {
            Command::Open(opened) => self.decide_open(opened),
            Command::ChangeStage(changed) => self.decide_stage(changed),
            Command::ChangeAmount(changed) => self.decide_amount(changed),
            Command::ChangeCloseDate(changed) => self.decide_close_date(changed),
            Command::ChangeOwner(changed) => self.decide_owner(changed),
            Command::OverrideCategory(overridden) => self.decide_category(overridden),
            Command::Win(won) => self.decide_win(won),
            Command::Lose(lost) => self.decide_lose(lost),
            Command::Abandon(abandoned) => self.decide_abandon(abandoned),
            Command::Reopen(reopened) => self.decide_reopen(reopened),
            Command::ChangeAccount(changed) => self.decide_account(changed),
            Command::ChangeType(changed) => self.decide_type(changed),
            Command::NameCompetitor(named) => self.decide_competitor(named),
            Command::ChangeContactRole(changed) => self.decide_contact_role(changed),
            Command::Note(noted) => self.decide_note(noted),
        }
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

#[cfg(test)]
mod tests;
