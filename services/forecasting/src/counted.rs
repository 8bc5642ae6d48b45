//! What a deal counts as in forecasts between two of its facts: ids and dates, nothing looked up.

use std::sync::Arc;

use domain::{
    Date, ForecastCategory, Instant, Money, Outcome, PipelineId, UserId,
    opportunity::{Fact, Opportunity},
};
use runtime::steps::{Standing, write_amount, write_id, write_text};
use serde::{Deserialize, Serialize};

/// A deal at some instant of its life. Its period, category and rate are applied when somebody asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    /// Whether it is open, or how it ended.
    pub outcome: Outcome,
    /// Who works it.
    pub owner: Option<UserId>,
    /// The pipeline that it moves through.
    pub pipeline: Option<PipelineId>,
    /// The key of the stage that it stands in, or was closed from.
    pub stage: Arc<str>,
    /// A person's judgement of the category.
    pub category: Option<ForecastCategory>,
    /// What counts as its amount.
    pub amount: Option<Money>,
    /// When it is expected to close.
    pub close_date: Option<Date>,
    /// When it ended.
    pub closed_at: Option<Instant>,
}

impl Standing for Counted {
    fn after(before: Option<&Counted>, deal: &Opportunity, _: &Fact) -> Option<Counted> {
        if deal.opened_at.is_none() && deal.outcome == Outcome::Open {
            return None;
        }
        let key = deal.stage.as_ref().map_or("", |stage| &stage.key);
        let stage = match before.map(|counted| &counted.stage).filter(|stage| &***stage == key) {
            Some(stage) => stage.clone(),
            None => key.into(),
        };
        Some(Counted {
            outcome: deal.outcome,
            owner: deal.owner,
            pipeline: deal.pipeline,
            stage,
            category: deal.category_override,
            amount: deal.value(),
            close_date: deal.close_date,
            closed_at: deal.closed_at,
        })
    }

    fn write(&self, row: &mut Vec<u8>) {
        write_text(row, self.outcome.word());
        write_id(row, self.owner.map(|owner| owner.0));
        write_id(row, self.pipeline.map(|pipeline| pipeline.0));
        write_text(row, &self.stage);
        write_text(row, self.category.map_or("", ForecastCategory::word));
        write_amount(row, self.amount);
        let days = self.close_date.map(|date| i64::from(date.0));
        for number in [days, self.closed_at.map(|at| at.0)] {
            row.push(u8::from(number.is_some()));
            row.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
        }
    }
}
