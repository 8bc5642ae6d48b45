//! A deal as it stands at some instant, and what each fact makes of it.

use std::collections::BTreeMap;

use super::{
    AccountChanged, AmountChanged, CategoryOverridden, CloseDateChanged, CompetitorNamed,
    ContactRoleChanged, Opened, OwnerChanged, Reopened, Stage, StageChanged, TypeChanged,
};
use crate::{
    AccountId, ContactId, Date, ExternalId, Fault, ForecastCategory, Instant, Moment, Money,
    OpportunityType, Outcome, Personal, PipelineId, ProductId, Reason, UserId,
};

/// A deal as it stands at some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opportunity {
    /// When it was opened; `None` while no fact says so.
    pub opened_at: Option<Instant>,
    /// Its ids in systems of record.
    pub external_ids: Vec<ExternalId>,
    /// What people call it.
    pub name: Option<Personal>,
    /// The pipeline that it moves through.
    pub pipeline: Option<PipelineId>,
    /// The stage that it stands in, or was closed from.
    pub stage: Option<Stage>,
    /// When it entered that stage.
    pub stage_entered_at: Option<Instant>,
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
    /// Who else wants to sell there: codes, in the order in which they were named.
    pub competitors: Vec<String>,
    /// What part each contact plays: a code.
    pub contact_roles: BTreeMap<ContactId, String>,
    /// A person's judgement of the category.
    pub category_override: Option<ForecastCategory>,
    /// How it ended, if it did.
    pub outcome: Outcome,
    /// When it ended.
    pub closed_at: Option<Instant>,
    /// What it brought, when winning said another amount; gone when it is reopened.
    pub won_amount: Option<Money>,
    /// Why it ended: the code.
    pub reason_code: String,
    /// Why it ended: the words.
    pub reason_text: Option<Personal>,
    /// How many notes were written.
    pub notes: u32,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

impl Opportunity {
    /// The amount that counts: what it brought when won, what is expected otherwise.
    pub fn value(&self) -> Option<Money> {
        self.won_amount.or(self.amount)
    }

    /// Whether it is open at this instant of its life.
    pub fn is_open(&self) -> bool {
        self.opened_at.is_some() && self.outcome == Outcome::Open
    }

    /// Whether it would still stand in its stage after this move: where the furthest stage counts,
    /// a move back changes nothing.
    pub(super) fn stays_after(&self, stage: &Stage) -> bool {
        let reached = self.stage.as_ref().and_then(|stage| stage.order);
        match (reached, stage.order) {
            (Some(reached), Some(order)) => order <= reached,
            _ => self.stage.as_ref() == Some(stage),
        }
    }
}

/// What each fact changes. Whatever does not fit is done all the same, and leaves a fault.
impl Opportunity {
    pub(super) fn open(&mut self, moment: &Moment, fact: &Opened) {
        if self.opened_at.is_some() {
            self.fault(moment, "OPENED_TWICE", "opened although it existed");
        }
        self.opened_at.get_or_insert(moment.occurred_at);
        self.external_ids.clone_from(&fact.external_ids);
        self.name.clone_from(&fact.name);
        self.pipeline = Some(fact.pipeline);
        self.enter(moment.occurred_at, &fact.stage);
        self.check_amount(moment, fact.amount);
        self.amount = fact.amount;
        self.close_date = fact.close_date;
        self.owner = fact.owner;
        self.product = fact.product;
        self.account = fact.account;
        self.opportunity_type = fact.opportunity_type;
    }

    pub(super) fn change_stage(&mut self, moment: &Moment, fact: &StageChanged) {
        self.check_open(moment, "moved");
        self.change_pipeline(fact.pipeline);
        self.enter(moment.occurred_at, &fact.stage);
    }

    pub(super) fn change_amount(&mut self, moment: &Moment, fact: &AmountChanged) {
        self.check_open(moment, "given an amount");
        self.check_amount(moment, fact.amount);
        self.amount = fact.amount;
    }

    pub(super) fn change_close_date(&mut self, moment: &Moment, fact: &CloseDateChanged) {
        self.check_open(moment, "given a close date");
        self.close_date = fact.close_date;
    }

    /// A closed deal may change hands: its successor answers for it.
    pub(super) fn change_owner(&mut self, moment: &Moment, fact: &OwnerChanged) {
        self.check_opened(moment, "handed over");
        self.owner = fact.owner;
    }

    pub(super) fn override_category(&mut self, moment: &Moment, fact: &CategoryOverridden) {
        self.check_open(moment, "given a category");
        if fact.category == Some(ForecastCategory::Closed) {
            let detail = "given the category closed, which only winning gives";
            self.fault(moment, "CATEGORY_CLOSED", detail);
        }
        self.category_override = fact.category;
    }

    pub(super) fn close(
        &mut self,
        moment: &Moment,
        outcome: Outcome,
        amount: Option<Money>,
        why: &Reason,
    ) {
        self.check_opened(moment, outcome.word());
        if self.outcome != Outcome::Open {
            let detail = format!("{} although already {}", outcome.word(), self.outcome.word());
            self.fault(moment, "CLOSED_TWICE", detail);
        }
        self.check_amount(moment, amount);
        self.outcome = outcome;
        self.closed_at = Some(moment.occurred_at);
        self.won_amount = amount;
        self.reason_code.clone_from(&why.code);
        self.reason_text.clone_from(&why.text);
    }

    pub(super) fn reopen(&mut self, moment: &Moment, fact: &Reopened) {
        if self.check_opened(moment, "reopened") && self.outcome == Outcome::Open {
            self.fault(moment, "NOT_CLOSED", "reopened although it was open");
        }
        self.outcome = Outcome::Open;
        self.closed_at = None;
        self.won_amount = None;
        self.reason_code.clear();
        self.reason_text = None;
        self.change_pipeline(fact.pipeline);
        if let Some(stage) = &fact.stage {
            self.enter(moment.occurred_at, stage);
        }
    }

    /// Whom a deal is with, of what type it is and who else was there stays open to correction when
    /// it is closed.
    pub(super) fn change_account(&mut self, moment: &Moment, fact: &AccountChanged) {
        self.check_opened(moment, "given an account");
        self.account = fact.account;
    }

    pub(super) fn change_type(&mut self, moment: &Moment, fact: &TypeChanged) {
        self.check_opened(moment, "given a type");
        self.opportunity_type = fact.opportunity_type;
    }

    pub(super) fn name_competitor(&mut self, moment: &Moment, fact: &CompetitorNamed) {
        self.check_opened(moment, "given a competitor");
        if !self.competitors.contains(&fact.competitor) {
            self.competitors.push(fact.competitor.clone());
        }
    }

    pub(super) fn change_contact_role(&mut self, moment: &Moment, fact: &ContactRoleChanged) {
        self.check_opened(moment, "given a contact");
        match &fact.role {
            Some(role) => self.contact_roles.insert(fact.contact, role.clone()),
            None => self.contact_roles.remove(&fact.contact),
        };
    }

    pub(super) fn note(&mut self, moment: &Moment) {
        self.check_opened(moment, "written about");
        self.notes += 1;
    }

    /// Stages of another pipeline do not compare with those of the one before.
    fn change_pipeline(&mut self, pipeline: Option<PipelineId>) {
        let Some(pipeline) = pipeline else { return };
        if self.pipeline.is_some_and(|before| before != pipeline) {
            self.stage = None;
        }
        self.pipeline = Some(pipeline);
    }

    fn enter(&mut self, at: Instant, stage: &Stage) {
        if !self.stays_after(stage) {
            self.stage = Some(stage.clone());
            self.stage_entered_at = Some(at);
        }
    }

    /// Every fact needs a deal that exists.
    fn check_opened(&mut self, moment: &Moment, what: &str) -> bool {
        if self.opened_at.is_none() {
            let detail = format!("{what} before it was opened");
            self.fault(moment, "NOT_OPENED", detail);
        }
        self.opened_at.is_some()
    }

    /// A fact that changes what is expected of a deal needs one that is open.
    fn check_open(&mut self, moment: &Moment, what: &str) {
        if self.check_opened(moment, what) && self.outcome != Outcome::Open {
            let detail = format!("{what} although it was {}", self.outcome.word());
            self.fault(moment, "CHANGED_AFTER_CLOSING", detail);
        }
    }

    fn check_amount(&mut self, moment: &Moment, amount: Option<Money>) {
        let Some(amount) = amount else { return };
        if amount.minor < 0 {
            self.fault(moment, "NEGATIVE_AMOUNT", "the amount is negative");
        }
        if let Some(before) = self.amount.filter(|before| before.currency != amount.currency) {
            let detail = format!(
                "the amount was in {} and is now in {}",
                before.currency.code(),
                amount.currency.code()
            );
            self.fault(moment, "CURRENCY_CHANGED", detail);
        }
    }

    fn fault(&mut self, moment: &Moment, kind: &'static str, detail: impl Into<String>) {
        self.faults.push(Fault::at(moment, kind, detail));
    }
}
