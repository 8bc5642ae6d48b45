//! What may be asked of a deal, and the rules that answer.

use super::{
    Abandoned, AccountChanged, AmountChanged, CategoryOverridden, CloseDateChanged,
    CompetitorNamed, ContactRoleChanged, Fact, Lost, Noted, Opened, Opportunity, OwnerChanged,
    Reopened, StageChanged, TypeChanged, Won,
};
use crate::{ForecastCategory, Money, Outcome, Reason, Rejection};

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
    /// Restates whom it is to be sold to.
    ChangeAccount(AccountChanged),
    /// Restates whether it is to a new customer or to one already there.
    ChangeType(TypeChanged),
    /// Says who else wants to sell there.
    NameCompetitor(CompetitorNamed),
    /// Says what part a contact plays in it.
    ChangeContactRole(ContactRoleChanged),
    /// Writes something down.
    Note(Noted),
}

impl Command {
    /// The fact as a system of record saw it, without our judgement.
    pub fn reported(self) -> Fact {
        match self {
            Command::Open(fact) => Fact::Opened(fact.into()),
            Command::ChangeStage(fact) => Fact::StageChanged(fact),
            Command::ChangeAmount(fact) => Fact::AmountChanged(fact),
            Command::ChangeCloseDate(fact) => Fact::CloseDateChanged(fact),
            Command::ChangeOwner(fact) => Fact::OwnerChanged(fact),
            Command::OverrideCategory(fact) => Fact::CategoryOverridden(fact),
            Command::Win(fact) => Fact::Won(fact),
            Command::Lose(fact) => Fact::Lost(fact),
            Command::Abandon(fact) => Fact::Abandoned(fact),
            Command::Reopen(fact) => Fact::Reopened(fact.into()),
            Command::ChangeAccount(fact) => Fact::AccountChanged(fact),
            Command::ChangeType(fact) => Fact::TypeChanged(fact),
            Command::NameCompetitor(fact) => Fact::CompetitorNamed(fact),
            Command::ChangeContactRole(fact) => Fact::ContactRoleChanged(fact),
            Command::Note(fact) => Fact::Noted(fact),
        }
    }
}

/// The rules, one for each command. Already so = no facts.
impl Opportunity {
    pub(super) fn decide_open(&self, opened: &Opened) -> Result<Vec<Fact>, Rejection> {
        if self.opened_at.is_some() {
            let message = "this opportunity exists already; change it instead of opening it again";
            return Err(Rejection::exists("OPPORTUNITY_EXISTS", "opportunity_id", message));
        }
        self.refuse_amount(opened.amount)?;
        Ok(vec![Fact::Opened(opened.clone().into())])
    }

    pub(super) fn decide_stage(&self, changed: &StageChanged) -> Result<Vec<Fact>, Rejection> {
        self.open_deal()?;
        let already = self.stays_after(&changed.stage);
        Ok(unless(already, Fact::StageChanged(changed.clone())))
    }

    pub(super) fn decide_amount(&self, changed: &AmountChanged) -> Result<Vec<Fact>, Rejection> {
        self.open_deal()?;
        self.refuse_amount(changed.amount)?;
        let already = self.amount == changed.amount;
        Ok(unless(already, Fact::AmountChanged(changed.clone())))
    }

    pub(super) fn decide_close_date(
        &self,
        changed: &CloseDateChanged,
    ) -> Result<Vec<Fact>, Rejection> {
        self.open_deal()?;
        let already = self.close_date == changed.close_date;
        Ok(unless(already, Fact::CloseDateChanged(changed.clone())))
    }

    pub(super) fn decide_owner(&self, changed: &OwnerChanged) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        let already = self.owner == changed.owner;
        Ok(unless(already, Fact::OwnerChanged(changed.clone())))
    }

    pub(super) fn decide_category(
        &self,
        overridden: &CategoryOverridden,
    ) -> Result<Vec<Fact>, Rejection> {
        self.open_deal()?;
        if overridden.category == Some(ForecastCategory::Closed) {
            let message = "a deal is closed by winning it, not by its category";
            return Err(Rejection::invalid("CATEGORY_CLOSED", "category", message));
        }
        let already = self.category_override == overridden.category;
        Ok(unless(already, Fact::CategoryOverridden(overridden.clone())))
    }

    pub(super) fn decide_win(&self, won: &Won) -> Result<Vec<Fact>, Rejection> {
        self.refuse_amount(won.amount)?;
        let same_amount = won.amount.is_none() || won.amount == self.value();
        if self.outcome == Outcome::Won && !same_amount {
            let message = "already won with another amount; reopen it, or void the winning";
            return Err(Rejection::precondition("ALREADY_CLOSED", message));
        }
        self.decide_end(Outcome::Won, &won.reason, Fact::Won(won.clone()))
    }

    pub(super) fn decide_lose(&self, lost: &Lost) -> Result<Vec<Fact>, Rejection> {
        self.decide_end(Outcome::Lost, &lost.reason, Fact::Lost(lost.clone()))
    }

    pub(super) fn decide_abandon(&self, abandoned: &Abandoned) -> Result<Vec<Fact>, Rejection> {
        let fact = Fact::Abandoned(abandoned.clone());
        self.decide_end(Outcome::NoDecision, &abandoned.reason, fact)
    }

    pub(super) fn decide_reopen(&self, reopened: &Reopened) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        let already = self.outcome == Outcome::Open;
        Ok(unless(already, Fact::Reopened(reopened.clone().into())))
    }

    pub(super) fn decide_account(&self, changed: &AccountChanged) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        let already = self.account == changed.account;
        Ok(unless(already, Fact::AccountChanged(changed.clone())))
    }

    pub(super) fn decide_type(&self, changed: &TypeChanged) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        let already = self.opportunity_type == changed.opportunity_type;
        Ok(unless(already, Fact::TypeChanged(changed.clone())))
    }

    /// Words about a competitor are news even when its name is not.
    pub(super) fn decide_competitor(
        &self,
        named: &CompetitorNamed,
    ) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        let already = named.text.is_none() && self.competitors.contains(&named.competitor);
        Ok(unless(already, Fact::CompetitorNamed(named.clone())))
    }

    pub(super) fn decide_contact_role(
        &self,
        changed: &ContactRoleChanged,
    ) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        let already = self.contact_roles.get(&changed.contact) == changed.role.as_ref();
        Ok(unless(already, Fact::ContactRoleChanged(changed.clone())))
    }

    pub(super) fn decide_note(&self, noted: &Noted) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        Ok(vec![Fact::Noted(noted.clone())])
    }

    fn decide_end(&self, to: Outcome, why: &Reason, fact: Fact) -> Result<Vec<Fact>, Rejection> {
        self.existing()?;
        if self.outcome == to && (why.code.is_empty() || why.code == self.reason_code) {
            return Ok(Vec::new());
        }
        self.open_deal()?;
        Ok(vec![fact])
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
                let message =
                    format!("the deal is in {}; give the amount in it", before.currency.code());
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
