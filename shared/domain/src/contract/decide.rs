//! What may be asked of a contract, and the rules that answer.

use std::cmp::Ordering;

use super::{
    Activated, Change, Churned, Contract, Contracted, Expanded, Fact, Recurring, Renewed, Step,
    Terms, WonBack,
};
use crate::{Date, objection::Objection};

/// What may be asked of a contract. Each carries the fact that it would record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Takes up what was agreed.
    Activate(Activated),
    /// Agrees to more.
    Expand(Expanded),
    /// Agrees to less.
    Contract(Contracted),
    /// Agrees to another term.
    Renew(Renewed),
    /// Ends it.
    Churn(Churned),
    /// Begins it again.
    WinBack(WonBack),
}

impl Command {
    /// The fact as a system of record saw it, without our judgement.
    pub fn reported(self) -> Fact {
        match self {
            Command::Activate(fact) => Fact::Activated(fact.into()),
            Command::Expand(fact) => Fact::Expanded(fact),
            Command::Contract(fact) => Fact::Contracted(fact),
            Command::Renew(fact) => Fact::Renewed(fact),
            Command::Churn(fact) => Fact::Churned(fact),
            Command::WinBack(fact) => Fact::WonBack(fact),
        }
    }
}

impl Contract {
    /// Whether a fact would say only what is so already.
    pub(super) fn is_so(&self, fact: &Fact) -> bool {
        let planned = |effective, step| self.plan.contains(&Change { effective, step });
        self.activated_at.is_some()
            && match fact {
                Fact::Activated(_) | Fact::Voided(_) => false,
                Fact::Expanded(it) => self.recurring_on(it.effective) == Some(it.recurring),
                Fact::Contracted(it) => self.recurring_on(it.effective) == Some(it.recurring),
                Fact::Renewed(it) => {
                    let terms = Terms { recurring: it.recurring, ends: it.ends };
                    planned(it.effective, Step::Renewed(terms))
                }
                Fact::Churned(it) => {
                    planned(it.effective, Step::Churned) && it.reason.repeats(&self.churn_reason)
                }
                Fact::WonBack(it) => {
                    let terms = Terms { recurring: it.recurring, ends: it.ends };
                    planned(it.effective, Step::WonBack(terms))
                }
            }
    }

    /// Why a fact does not fit the contract as it stands; `None` when it does.
    pub(super) fn objection(&self, fact: &Fact) -> Option<Objection> {
        match fact {
            Fact::Activated(it) => self
                .exists()
                .or_else(|| is_negative(it.recurring))
                .or_else(|| ends_before(it.starts, it.ends)),
            _ if self.activated_at.is_none() => {
                let but = "there is no such contract at that instant";
                let advice = "activate it first, or check the id";
                Some(Objection::not_found("CONTRACT_NOT_FOUND", "contract_id", but, advice))
            }
            Fact::Expanded(it) => self.is_no_change(it.effective, it.recurring, Ordering::Greater),
            Fact::Contracted(it) => self.is_no_change(it.effective, it.recurring, Ordering::Less),
            Fact::Renewed(it) => is_negative(it.recurring)
                .or_else(|| ends_before(it.effective, it.ends))
                .or_else(|| self.has_stopped_by(it.effective))
                .or_else(|| self.is_in_another_currency(day_before(it.effective), it.recurring))
                .or_else(|| self.is_in_another_currency(it.effective, it.recurring))
                .or_else(|| self.upsets_the_next(it.effective, it.recurring)),
            Fact::Churned(it) => self.has_stopped_by(it.effective),
            Fact::WonBack(it) => is_negative(it.recurring)
                .or_else(|| ends_before(it.effective, it.ends))
                .or_else(|| self.is_before_the_start(it.effective))
                .or_else(|| self.runs_on(it.effective))
                .or_else(|| self.upsets_the_next(it.effective, it.recurring)),
            Fact::Voided(_) => None,
        }
    }

    fn is_no_change(&self, day: Date, to: Recurring, wanted: Ordering) -> Option<Objection> {
        is_negative(to)
            .or_else(|| self.is_before_the_start(day))
            .or_else(|| self.does_not_run_on(day))
            .or_else(|| self.is_in_another_currency(day, to))
            .or_else(|| {
                let from = self.recurring_on(day)?;
                if to.minor_a_year().cmp(&from.minor_a_year()) == wanted {
                    return None;
                }
                let field = "recurring.amount";
                Some(if wanted == Ordering::Greater {
                    let but = "the new amount is not above what is paid by then";
                    Objection::invalid("NOT_AN_INCREASE", field, but, "contract it instead")
                } else {
                    let but = "the new amount is not below what is paid by then";
                    Objection::invalid("NOT_A_DECREASE", field, but, "expand it instead")
                })
            })
            .or_else(|| self.upsets_the_next(day, to))
    }

    fn exists(&self) -> Option<Objection> {
        let but = "the contract exists already";
        let advice = "change it instead of activating it again";
        let exists = Objection::exists("CONTRACT_EXISTS", "contract_id", but, advice);
        self.activated_at.map(|_| exists)
    }

    fn is_before_the_start(&self, day: Date) -> Option<Objection> {
        let but = "the contract has not started on that day";
        let advice = "give a day from its start on";
        let so = self.starts.is_some_and(|starts| day < starts);
        so.then(|| Objection::invalid("BEFORE_START", "effective", but, advice))
    }

    fn does_not_run_on(&self, day: Date) -> Option<Objection> {
        if self.recurring_on(day).is_some() {
            return None;
        }
        if self.is_churned_on(day) {
            let but = "the customer has left by that day";
            return Some(Objection::precondition("CHURNED", but, "win the contract back first"));
        }
        let but = "the contract does not run on that day";
        Some(Objection::precondition("NOT_RUNNING", but, "renew it or win it back first"))
    }

    /// A day may end a contract, or begin another term, when it runs up to that day.
    fn has_stopped_by(&self, day: Date) -> Option<Objection> {
        self.is_before_the_start(day).or_else(|| {
            let runs_up_to_it = self.recurring_on(day_before(day)).is_some();
            self.does_not_run_on(day).filter(|_| !runs_up_to_it)
        })
    }

    fn runs_on(&self, day: Date) -> Option<Objection> {
        let but = "the contract runs on that day";
        let advice = "expand or renew it instead";
        self.recurring_on(day).map(|_| Objection::precondition("STILL_RUNNING", but, advice))
    }

    fn is_in_another_currency(&self, day: Date, to: Recurring) -> Option<Objection> {
        let before = self.recurring_on(day)?.amount.currency;
        let but = format!("the contract is in {}", before.code());
        let field = "recurring.amount.currency_code";
        (before != to.amount.currency)
            .then(|| Objection::invalid("WRONG_CURRENCY", field, but, "give the amount in it"))
    }

    /// What is agreed for later has to stay an increase or a decrease.
    fn upsets_the_next(&self, day: Date, to: Recurring) -> Option<Objection> {
        let (next, wanted) = match self.next_after(day)?.step {
            Step::Expanded(next) => (next, Ordering::Greater),
            Step::Contracted(next) => (next, Ordering::Less),
            _ => return None,
        };
        let but = "a change agreed for later would no longer be one";
        let advice = "void that one first";
        let fits = next.minor_a_year().cmp(&to.minor_a_year()) == wanted
            && next.amount.currency == to.amount.currency;
        (!fits).then(|| Objection::precondition("LATER_CHANGE_CONFLICT", but, advice))
    }
}

fn is_negative(recurring: Recurring) -> Option<Objection> {
    let (field, but) = ("recurring.amount", "the amount is negative");
    let advice = "give what is paid, or churn the contract";
    (recurring.amount.minor < 0).then(|| Objection::invalid("NEGATIVE_AMOUNT", field, but, advice))
}

fn ends_before(starts: Date, ends: Option<Date>) -> Option<Objection> {
    let but = "the term ends before its first day is over";
    let advice = "give a later end, or none";
    ends.is_some_and(|ends| ends <= starts)
        .then(|| Objection::invalid("ENDS_BEFORE_START", "ends", but, advice))
}

fn day_before(day: Date) -> Date {
    Date(day.0.saturating_sub(1))
}
