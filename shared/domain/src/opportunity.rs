//! An opportunity: a deal from its opening to its outcome.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Date, Entity, Fault, ForecastCategory, Instant, Kind, Money, Moment, OpportunityId, Outcome,
    Personal, PipelineId, ProductId, Rejection, UserId, personal::Slot,
};

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
}

/// The deal stands in another stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageChanged {
    /// The stage that was entered.
    pub stage: Stage,
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
    /// Why.
    pub reason: Reason,
}

/// Somebody wrote something down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// What.
    pub text: Personal,
}

/// Another command's facts are taken back, at every instant, from this position on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    /// The command.
    pub command_id: Uuid,
    /// Why.
    pub reason: Reason,
}

/// An id in a system of record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalId {
    /// The source's key.
    pub source: String,
    /// The record's key there.
    pub key: String,
}

/// A stage as a fact names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The stage's stable key in its pipeline.
    pub key: String,
    /// Its order, only in a pipeline that counts the furthest stage reached.
    pub order: Option<u32>,
}

/// Why something was decided: a stable code to count by, and words for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// `[a-z0-9_]{0,64}`; empty when none was given.
    pub code: String,
    /// In somebody's own words.
    pub text: Option<Personal>,
}

facts! {
    /// What can be recorded about an opportunity.
    Opened = "opportunity.opened.v1",
    StageChanged = "opportunity.stage_changed.v1",
    AmountChanged = "opportunity.amount_changed.v1",
    CloseDateChanged = "opportunity.close_date_changed.v1",
    OwnerChanged = "opportunity.owner_changed.v1",
    CategoryOverridden = "opportunity.category_overridden.v1",
    Won = "opportunity.won.v1",
    Lost = "opportunity.lost.v1",
    Abandoned = "opportunity.abandoned.v1",
    Reopened = "opportunity.reopened.v1",
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
            Fact::Noted(fact) => ("text", Some(&mut fact.text)),
            Fact::Voided(fact) => ("reason", fact.reason.text.as_mut()),
            Fact::StageChanged(_)
            | Fact::AmountChanged(_)
            | Fact::CloseDateChanged(_)
            | Fact::OwnerChanged(_) => ("", None),
        };
        text.into_iter().map(|text| Slot { field, person: None, text }).collect()
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

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

    fn enter(&mut self, at: Instant, stage: &Stage) {
        let behind = match (&self.stage, stage.order) {
            (Some(Stage { order: Some(reached), .. }), Some(order)) => order <= *reached,
            _ => false,
        };
        if behind || self.stage.as_ref() == Some(stage) {
            return;
        }
        self.stage = Some(stage.clone());
        self.stage_entered_at = Some(at);
    }

    fn close(&mut self, moment: &Moment, outcome: Outcome, amount: Option<Money>, why: &Reason) {
        if self.outcome != Outcome::Open {
            let detail = format!("{} although already {}", outcome.word(), self.outcome.word());
            self.faults.push(Fault::at(moment, "CLOSED_TWICE", detail));
        }
        self.outcome = outcome;
        self.closed_at = Some(moment.occurred_at);
        self.won_amount = amount;
        self.reason_code.clone_from(&why.code);
        self.reason_text.clone_from(&why.text);
        self.check_amount(moment, amount);
    }

    fn reopen(&mut self, moment: &Moment, fact: &Reopened) {
        if self.outcome == Outcome::Open {
            self.faults.push(Fault::at(moment, "NOT_CLOSED", "reopened although it was open"));
        }
        self.outcome = Outcome::Open;
        self.closed_at = None;
        self.won_amount = None;
        self.reason_code.clear();
        self.reason_text = None;
        if let Some(stage) = &fact.stage {
            self.enter(moment.occurred_at, stage);
        }
    }

    fn open(&mut self, moment: &Moment, fact: &Opened) {
        if self.opened_at.is_some() {
            self.faults.push(Fault::at(moment, "OPENED_TWICE", "opened although it existed"));
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
    }

    /// A fact that changes a deal needs one that exists and, unless it only adds words, is open.
    fn check_change(&mut self, moment: &Moment, what: &str) {
        if self.opened_at.is_none() {
            let detail = format!("{what} before it was opened");
            self.faults.push(Fault::at(moment, "NOT_OPENED", detail));
        } else if self.outcome != Outcome::Open {
            let detail = format!("{what} although it was {}", self.outcome.word());
            self.faults.push(Fault::at(moment, "CHANGED_AFTER_CLOSING", detail));
        }
    }

    fn check_amount(&mut self, moment: &Moment, amount: Option<Money>) {
        let Some(amount) = amount else { return };
        if amount.minor < 0 {
            self.faults.push(Fault::at(moment, "NEGATIVE_AMOUNT", "the amount is negative"));
        }
        if let Some(before) = self.amount.filter(|before| before.currency != amount.currency) {
            let detail = format!(
                "the amount was in {} and is now in {}",
                before.currency.code(),
                amount.currency.code()
            );
            self.faults.push(Fault::at(moment, "CURRENCY_CHANGED", detail));
        }
    }
}

// ── Commands ─────────────────────────────────────────────────────────────────────────────────

/// What may be asked of a deal. Each carries the fact that it would record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Starts a deal.
    Open(Opened),
    /// Moves it to another stage of its pipeline.
    ChangeStage(StageChanged),
    /// Restates what it is expected to bring.
    ChangeAmount(AmountChanged),
    /// Restates when it is expected to close.
    ChangeCloseDate(CloseDateChanged),
    /// Hands it to somebody else.
    ChangeOwner(OwnerChanged),
    /// Judges its category by hand, or takes the judgement back.
    OverrideCategory(CategoryOverridden),
    /// Closes it with an order.
    Win(Won),
    /// Closes it without one.
    Lose(Lost),
    /// Closes it because nobody decided.
    Abandon(Abandoned),
    /// Works a closed deal again.
    Reopen(Reopened),
    /// Writes something down.
    Note(Noted),
}

impl Command {
    /// The fact as a system of record saw it, without our judgement.
    pub fn reported(self) -> Fact {
        match self {
            Command::Open(fact) => Fact::Opened(fact),
            Command::ChangeStage(fact) => Fact::StageChanged(fact),
            Command::ChangeAmount(fact) => Fact::AmountChanged(fact),
            Command::ChangeCloseDate(fact) => Fact::CloseDateChanged(fact),
            Command::ChangeOwner(fact) => Fact::OwnerChanged(fact),
            Command::OverrideCategory(fact) => Fact::CategoryOverridden(fact),
            Command::Win(fact) => Fact::Won(fact),
            Command::Lose(fact) => Fact::Lost(fact),
            Command::Abandon(fact) => Fact::Abandoned(fact),
            Command::Reopen(fact) => Fact::Reopened(fact),
            Command::Note(fact) => Fact::Noted(fact),
        }
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
            Fact::StageChanged(changed) => {
                self.check_change(moment, "moved");
                self.enter(moment.occurred_at, &changed.stage);
            }
            Fact::AmountChanged(changed) => {
                self.check_change(moment, "given an amount");
                self.check_amount(moment, changed.amount);
                self.amount = changed.amount;
            }
            Fact::CloseDateChanged(changed) => {
                self.check_change(moment, "given a close date");
                self.close_date = changed.close_date;
            }
            Fact::OwnerChanged(changed) => {
                if self.opened_at.is_none() {
                    self.check_change(moment, "handed over");
                }
                self.owner = changed.owner;
            }
            Fact::CategoryOverridden(overridden) => {
                self.check_change(moment, "given a category");
                self.category_override = overridden.category;
            }
            Fact::Won(won) => self.close_existing(moment, Outcome::Won, won.amount, &won.reason),
            Fact::Lost(lost) => self.close_existing(moment, Outcome::Lost, None, &lost.reason),
            Fact::Abandoned(abandoned) => {
                self.close_existing(moment, Outcome::NoDecision, None, &abandoned.reason);
            }
            Fact::Reopened(reopened) => self.reopen(moment, reopened),
            Fact::Noted(_) => self.notes += 1,
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
            Command::Lose(lost) => {
                self.decide_end(Outcome::Lost, &lost.reason, Fact::Lost(lost.clone()))
            }
            Command::Abandon(abandoned) => self.decide_end(
                Outcome::NoDecision,
                &abandoned.reason,
                Fact::Abandoned(abandoned.clone()),
            ),
            Command::Reopen(reopened) => self.decide_reopen(reopened),
            Command::Note(noted) => {
                self.existing()?;
                Ok(vec![Fact::Noted(noted.clone())])
            }
        }
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl Opportunity {
    fn close_existing(&mut self, at: &Moment, outcome: Outcome, won: Option<Money>, why: &Reason) {
        if self.opened_at.is_none() {
            self.check_change(at, outcome.word());
        }
        self.close(at, outcome, won, why);
    }

    fn decide_open(&self, opened: &Opened) -> Result<Vec<Fact>, Rejection> {
        if self.opened_at.is_some() {
            let message = "this opportunity exists already; change it instead of opening it again";
            return Err(Rejection::exists("OPPORTUNITY_EXISTS", "opportunity_id", message));
        }
        refuse_negative(opened.amount)?;
        Ok(vec![Fact::Opened(opened.clone())])
    }

    fn decide_stage(&self, changed: &StageChanged) -> Result<Vec<Fact>, Rejection> {
        self.open_deal()?;
        let mut moved = self.clone();
        moved.enter(Instant::END, &changed.stage);
        Ok(unless(moved.stage == self.stage, Fact::StageChanged(changed.clone())))
    }

    fn decide_amount(&self, changed: &AmountChanged) -> Result<Vec<Fact>, Rejection> {
        self.open_deal()?;
        self.refuse_amount(changed.amount)?;
        Ok(unless(self.amount == changed.amount, Fact::AmountChanged(changed.clone())))
    }

    fn decide_close_date(&self, changed: &CloseDateChanged) -> Result<Vec<Fact>, Rejection> {
        self.open_deal()?;
        let already = self.close_date == changed.close_date;
        Ok(unless(already, Fact::CloseDateChanged(changed.clone())))
    }

    fn decide_owner(&self, changed: &OwnerChanged) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        Ok(unless(self.owner == changed.owner, Fact::OwnerChanged(changed.clone())))
    }

    fn decide_category(&self, overridden: &CategoryOverridden) -> Result<Vec<Fact>, Rejection> {
        self.open_deal()?;
        if overridden.category == Some(ForecastCategory::Closed) {
            let message = "a deal is closed by winning it, not by its category";
            return Err(Rejection::invalid("CATEGORY_CLOSED", "category", message));
        }
        let already = self.category_override == overridden.category;
        Ok(unless(already, Fact::CategoryOverridden(overridden.clone())))
    }

    fn decide_win(&self, won: &Won) -> Result<Vec<Fact>, Rejection> {
        self.refuse_amount(won.amount)?;
        let same_amount = won.amount.is_none() || won.amount == self.value();
        if self.outcome == Outcome::Won && !same_amount {
            let message = "already won with another amount; reopen it, or void the winning";
            return Err(Rejection::precondition("ALREADY_CLOSED", message));
        }
        self.decide_end(Outcome::Won, &won.reason, Fact::Won(won.clone()))
    }

    fn decide_end(&self, to: Outcome, why: &Reason, fact: Fact) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        if self.outcome == to && (why.code.is_empty() || why.code == self.reason_code) {
            return Ok(Vec::new());
        }
        self.open_deal()?;
        Ok(vec![fact])
    }

    fn decide_reopen(&self, reopened: &Reopened) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        Ok(unless(self.outcome == Outcome::Open, Fact::Reopened(reopened.clone())))
    }

    fn existing(&self) -> Result<(), Rejection> {
        if self.opened_at.is_some() {
            return Ok(());
        }
        let message = "no such opportunity at that instant; open it first, or check the id";
        Err(Rejection::not_found("OPPORTUNITY_NOT_FOUND", "opportunity_id", message))
    }

    fn open_deal(&self) -> Result<(), Rejection> {
        self.existing()?;
        if self.outcome == Outcome::Open {
            return Ok(());
        }
        let message = format!("the deal is {}; reopen it first", self.outcome.word());
        Err(Rejection::precondition("ALREADY_CLOSED", message))
    }

    fn refuse_amount(&self, amount: Option<Money>) -> Result<(), Rejection> {
        refuse_negative(amount)?;
        match (self.amount, amount) {
            (Some(before), Some(after)) if before.currency != after.currency => {
                let message = format!("the deal is in {}; give the amount in it", before.currency.code());
                Err(Rejection::invalid("WRONG_CURRENCY", "amount.currency_code", message))
            }
            _ => Ok(()),
        }
    }
}

fn refuse_negative(amount: Option<Money>) -> Result<(), Rejection> {
    if amount.is_some_and(|amount| amount.minor < 0) {
        let message = "an amount cannot be negative";
        return Err(Rejection::invalid("NEGATIVE_AMOUNT", "amount", message));
    }
    Ok(())
}

fn unless(already: bool, fact: Fact) -> Vec<Fact> {
    if already { Vec::new() } else { vec![fact] }
}

/// The id of a deal, as timelines store it.
impl From<OpportunityId> for Uuid {
    fn from(id: OpportunityId) -> Uuid {
        id.0
    }
}

