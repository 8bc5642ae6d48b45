//! A contract as it stands at some instant: what is agreed for each day.

use serde::{Deserialize, Serialize};

use super::{Activated, Fact, Recurring};
use crate::{AccountId, Date, ExternalId, Fault, Instant, OpportunityId, ProductId, Reason};

/// A contract as it stands at some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contract {
    /// When it was agreed; `None` while no fact says so.
    pub activated_at: Option<Instant>,
    /// Its ids in systems of record.
    pub external_ids: Vec<ExternalId>,
    /// Whose it is.
    pub account: Option<AccountId>,
    /// The deal that brought it.
    pub opportunity: Option<OpportunityId>,
    /// What is paid for.
    pub product: Option<ProductId>,
    /// The first day.
    pub starts: Option<Date>,
    /// What is agreed, by the day on which it takes effect. Leaving takes with it all that had
    /// been agreed for later.
    pub plan: Vec<Change>,
    /// Why the customer left last.
    pub churn_reason: Reason,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

/// What changes on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The day.
    pub effective: Date,
    /// What changes.
    pub step: Step,
}

/// How a contract changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// It begins, on these terms.
    Activated(Terms),
    /// It grows to this.
    Expanded(Recurring),
    /// It shrinks to this.
    Contracted(Recurring),
    /// It goes on, on these terms.
    Renewed(Terms),
    /// It is over.
    Churned,
    /// It begins again, on these terms.
    WonBack(Terms),
}

/// On what terms a contract runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What is paid.
    pub recurring: Recurring,
    /// The day on which it runs no longer; `None` when it goes on.
    pub ends: Option<Date>,
}

impl Contract {
    /// What is paid on a day; `None` when the contract does not run.
    pub fn recurring_on(&self, day: Date) -> Option<Recurring> {
        self.terms_on(day).map(|terms| terms.recurring)
    }

    /// On what terms it runs on a day; `None` when it does not.
    pub fn terms_on(&self, day: Date) -> Option<Terms> {
        let until = self.plan.iter().take_while(|change| change.effective <= day);
        let terms = until.fold(None, |terms, change| change.step.after(terms))?;
        terms.ends.is_none_or(|ends| day < ends).then_some(terms)
    }

    /// Whether the customer has left by a day, and not come back.
    pub fn is_churned_on(&self, day: Date) -> bool {
        let last = self.plan.iter().take_while(|change| change.effective <= day).last();
        last.is_some_and(|change| change.step == Step::Churned)
    }

    /// The first change after a day.
    pub(super) fn next_after(&self, day: Date) -> Option<&Change> {
        self.plan.iter().find(|change| change.effective > day)
    }
}

impl Step {
    fn after(self, terms: Option<Terms>) -> Option<Terms> {
        match self {
            Step::Activated(terms) | Step::Renewed(terms) | Step::WonBack(terms) => Some(terms),
            Step::Expanded(recurring) | Step::Contracted(recurring) => {
                Some(Terms { recurring, ends: terms.and_then(|terms| terms.ends) })
            }
            Step::Churned => None,
        }
    }
}

/// What each fact changes.
impl Contract {
    pub(super) fn apply(&mut self, at: Instant, fact: &Fact) {
        match fact {
            Fact::Activated(it) => self.activate(at, it),
            Fact::Expanded(it) => self.plan(it.effective, Step::Expanded(it.recurring)),
            Fact::Contracted(it) => self.plan(it.effective, Step::Contracted(it.recurring)),
            Fact::Renewed(it) => {
                let terms = Terms { recurring: it.recurring, ends: it.ends };
                self.plan(it.effective, Step::Renewed(terms));
            }
            Fact::Churned(it) => {
                self.plan.retain(|change| change.effective < it.effective);
                self.plan(it.effective, Step::Churned);
                self.churn_reason.clone_from(&it.reason);
            }
            Fact::WonBack(it) => {
                let terms = Terms { recurring: it.recurring, ends: it.ends };
                self.plan(it.effective, Step::WonBack(terms));
            }
            Fact::Voided(_) => {}
        }
    }

    fn activate(&mut self, at: Instant, fact: &Activated) {
        self.activated_at.get_or_insert(at);
        self.external_ids.clone_from(&fact.external_ids);
        self.account = Some(fact.account);
        self.opportunity = fact.opportunity;
        self.product = fact.product;
        self.starts = Some(fact.starts);
        let terms = Terms { recurring: fact.recurring, ends: fact.ends };
        self.plan(fact.starts, Step::Activated(terms));
    }

    /// Of two changes for one day, the one agreed later holds.
    fn plan(&mut self, effective: Date, step: Step) {
        let place = self.plan.partition_point(|change| change.effective <= effective);
        self.plan.insert(place, Change { effective, step });
    }
}
