//! A history step by step: every visible fact, and what it changed in the state before it.

use domain::{
    Entry, Kind, Known, Moment, Timeline, account::Account, activity::Activity, calendar::Calendar,
    contact::Contact, contract::Contract, exchange_rate::ExchangeRate, forecast::Forecast,
    lead::Lead, opportunity::Opportunity, person::Person, pipeline::Pipeline, product::Product,
    quota::Quota, source::Source, user::User,
};

use crate::fields::{Field, Told, Value, beside};

/// A fact and what it changed.
#[derive(Debug)]
pub struct Step {
    /// The fact.
    pub entry: Entry,
    /// The position of the void that took it back; zero when it stands.
    pub voided_by: u64,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// A field before and after.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// The facts of a timeline that are visible at a point of the two axes, in order.
pub fn steps(timeline: &Timeline, kind: Kind, at: Known) -> Vec<Step> {
    match kind {
        Kind::Lead => steps_of::<Lead>(timeline, at),
        Kind::Opportunity => steps_of::<Opportunity>(timeline, at),
        Kind::Person => steps_of::<Person>(timeline, at),
        Kind::Pipeline => steps_of::<Pipeline>(timeline, at),
        Kind::Product => steps_of::<Product>(timeline, at),
        Kind::Source => steps_of::<Source>(timeline, at),
        Kind::User => steps_of::<User>(timeline, at),
        Kind::Account => steps_of::<Account>(timeline, at),
        Kind::Activity => steps_of::<Activity>(timeline, at),
        Kind::Contact => steps_of::<Contact>(timeline, at),
        Kind::Contract => steps_of::<Contract>(timeline, at),
        Kind::Calendar => steps_of::<Calendar>(timeline, at),
        Kind::ExchangeRate => steps_of::<ExchangeRate>(timeline, at),
        Kind::Quota => steps_of::<Quota>(timeline, at),
        Kind::Forecast => steps_of::<Forecast>(timeline, at),
    }
}

fn steps_of<E: Told>(timeline: &Timeline, at: Known) -> Vec<Step> {
    let live: std::collections::HashSet<Moment> =
        timeline.live(at).map(|entry| entry.moment).collect();
    let (mut state, mut fields) = (E::default(), Vec::new());
    let visible = timeline.entries().iter().filter(|e| at.covers(e.moment.occurred_at, e.position));
    visible
        .map(|entry| {
            let mut changes = Vec::new();
            if live.contains(&entry.moment)
                && let Some(fact) = E::fact(&entry.fact)
            {
                state.evolve(&entry.moment, fact);
                let after = keep_origins(&fields, state.fields(entry.fact.name()));
                changes = differences(&fields, &after);
                changes.extend(beside(&entry.fact).map(|(field, value)| Change {
                    field,
                    before: None,
                    after: Some(value),
                }));
                fields = after;
            }
            let voided = timeline.voided_at(entry.moment.command_id);
            let voided_by = voided
                .filter(|position| *position <= at.known_at && entry.fact.voids().is_none())
                .unwrap_or(0);
            Step { entry: entry.clone(), voided_by, changes }
        })
        .collect()
}

/// A sealed text that a fact left alone still stands in the fact that brought it.
fn keep_origins(before: &[Field], mut after: Vec<Field>) -> Vec<Field> {
    for (field, value) in &mut after {
        if let Value::Sealed(now) = value
            && let Some((_, Value::Sealed(then))) = before.iter().find(|(name, _)| name == field)
            && then.text == now.text
        {
            now.fact = then.fact;
        }
    }
    after
}

fn differences(before: &[Field], after: &[Field]) -> Vec<Change> {
    let of = |fields: &[Field], name: &str| {
        fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone())
    };
    let gone = before.iter().filter(|(field, _)| of(after, field).is_none());
    after
        .iter()
        .chain(gone)
        .map(|(field, _)| Change {
            field: field.clone(),
            before: of(before, field),
            after: of(after, field),
        })
        .filter(|change| change.before != change.after)
        .collect()
}
