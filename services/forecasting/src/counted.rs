//! What a deal counts as in forecasts between two of its facts: ids and dates, nothing looked up.
//! Deals by the hundred thousand share a few hundred classes, which are kept once.

use std::sync::Arc;

use domain::{
    Currency, Date, ForecastCategory, Instant, Money, Outcome, PipelineId, UserId,
    opportunity::{Fact, Opportunity},
};
use runtime::steps::{Standing, write_amount, write_id, write_text};
use serde::{Deserialize, Serialize};

/// A deal at some instant of its life. Its period, category and rate are applied when somebody asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// All but its own amount and days.
    pub class: Class,
    /// What counts as its amount, in minor units of its class's currency; 0 where there is none.
    pub minor: i64,
    /// When it is expected to close.
    pub close_date: Option<Date>,
    /// When it ended.
    pub closed_at: Option<Instant>,
}

/// What deals that count alike share.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Class {
    /// Whether they are open, or how they ended.
    pub outcome: Outcome,
    /// Who works them.
    pub owner: Option<UserId>,
    /// The pipeline that they move through.
    pub pipeline: Option<PipelineId>,
    /// The key of the stage that they stand in, or were closed from.
    pub stage: Arc<str>,
    /// A person's judgement of the category.
    pub category: Option<ForecastCategory>,
    /// The currency of their amounts; `None` for deals without one.
    pub currency: Option<Currency>,
}

/// A [`Counted`] as it is kept: with the number of its class among its tenant's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The number of its class.
    pub class: u32,
    /// As [`Counted::minor`].
    pub minor: i64,
    /// When it is expected to close.
    pub close_date: Option<Date>,
    /// When it ended.
    pub closed_at: Option<Instant>,
}

impl Count {
    /// A deal's count, given the number of its class.
    pub fn of(counted: &Counted, class: u32) -> Count {
        let Counted { minor, close_date, closed_at, .. } = *counted;
        Count { class, minor, close_date, closed_at }
    }

    /// What counts as its amount, given its class.
    pub fn amount(&self, class: &Class) -> Option<Money> {
        class.currency.map(|currency| Money { minor: self.minor, currency })
    }
}

impl Standing for Counted {
    fn after(before: Option<&Counted>, deal: &Opportunity, _: &Fact) -> Option<Counted> {
        if deal.opened_at.is_none() && deal.outcome == Outcome::Open {
            return None;
        }
        let key = deal.stage.as_ref().map_or("", |stage| &stage.key);
        let same = before.map(|before| &before.class.stage).filter(|stage| &***stage == key);
        let amount = deal.value();
        let class = Class {
            outcome: deal.outcome,
            owner: deal.owner,
            pipeline: deal.pipeline,
            stage: same.map_or_else(|| key.into(), Arc::clone),
            category: deal.category_override,
            currency: amount.map(|amount| amount.currency),
        };
        let minor = amount.map_or(0, |amount| amount.minor);
        Some(Counted { class, minor, close_date: deal.close_date, closed_at: deal.closed_at })
    }

    fn write(&self, row: &mut Vec<u8>) {
        let Class { outcome, owner, pipeline, stage, category, currency } = &self.class;
        write_text(row, outcome.word());
        write_id(row, owner.map(|owner| owner.0));
        write_id(row, pipeline.map(|pipeline| pipeline.0));
        write_text(row, stage);
        write_text(row, category.map_or("", ForecastCategory::word));
        write_amount(row, currency.map(|currency| Money { minor: self.minor, currency }));
        let days = self.close_date.map(|date| i64::from(date.0));
        for number in [days, self.closed_at.map(|at| at.0)] {
            row.push(u8::from(number.is_some()));
            row.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
        }
    }
}
