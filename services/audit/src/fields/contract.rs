//! A contract as named fields: what is agreed, by the day on which it takes effect.

use domain::{
    Reason,
    contract::{Change, Contract, Fact, Recurring, Step, Terms},
};

use super::{Field, Fields, Told, Value, external_ids};
use crate::words;

impl Told for Contract {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let head = Fields::after(fact)
            .text("external_ids", external_ids(&self.external_ids))
            .text("account", self.account.map(|id| id.to_string()))
            .text("opportunity", self.opportunity.map(|id| id.to_string()))
            .value("product", self.product.map(Value::Product))
            .text("starts", self.starts.map(words::date));
        let mut days: Vec<_> = self.plan.iter().map(|change| change.effective).collect();
        days.dedup();
        days.into_iter()
            .fold(head, |fields, day| {
                let agreed = self.plan.iter().filter(|change| change.effective == day);
                let agreed: Vec<String> = agreed.map(step).collect();
                fields.text(&format!("plan.{}", words::date(day)), Some(agreed.join(", then ")))
            })
            .found
    }
}

fn step(change: &Change) -> String {
    match change.step {
        Step::Activated(terms) => format!("activated at {}", on(terms)),
        Step::Expanded(recurring) => format!("expanded to {}", paid(recurring)),
        Step::Contracted(recurring) => format!("contracted to {}", paid(recurring)),
        Step::Renewed(terms) => format!("renewed at {}", on(terms)),
        Step::Churned => "churned".to_owned(),
        Step::WonBack(terms) => format!("won back at {}", on(terms)),
    }
}

fn on(terms: Terms) -> String {
    let paid = paid(terms.recurring);
    terms.ends.map_or_else(|| paid.clone(), |ends| format!("{paid} until {}", words::date(ends)))
}

fn paid(recurring: Recurring) -> String {
    format!("{} {}", words::money(recurring.amount), recurring.interval.word())
}

/// Why a fact was recorded.
pub fn reason(fact: &Fact) -> Option<&Reason> {
    match fact {
        Fact::Churned(churned) => Some(&churned.reason),
        Fact::Voided(voided) => Some(&voided.reason),
        Fact::Activated(_)
        | Fact::Expanded(_)
        | Fact::Contracted(_)
        | Fact::Renewed(_)
        | Fact::WonBack(_) => None,
    }
}
