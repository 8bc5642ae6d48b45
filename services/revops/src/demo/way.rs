//! What happens to a deal on its way: steps forth and back, pushes, other amounts, other owners.

use api::ingest::v1::report::Fact;
use api::ingest::v1::{
    OpportunityAmountChanged, OpportunityCategoryOverridden, OpportunityCloseDateChanged,
    OpportunityNoted, OpportunityOwnerChanged, OpportunityStageChanged,
};
use api::types::v1::ForecastCategory;
use chrono::{NaiveDate, TimeDelta};

use super::calendar;
use super::names::one_of;
use super::record::{Record, date};
use super::story::{Ending, Story, Stretch};
use super::wares::{PIPELINE, STAGES, dollars};

const NOTES: [&str; 6] = [
    "Demo went well; they want a second one for the operations team.",
    "Security questionnaire sent back.",
    "Asked for a reference from their industry.",
    "Procurement wants a three-year price.",
    "Their sponsor is on leave until next month.",
    "Legal has the contract.",
];

impl Story<'_> {
    /// All that happens between the first day and the last.
    pub fn live(
        &mut self,
        deal: &mut Record,
        stretch: Stretch,
        amount: &mut i64,
        expected: NaiveDate,
    ) {
        self.hand_over(deal, stretch);
        self.advance(deal, stretch);
        self.slip(deal, stretch, expected);
        self.reprice(deal, stretch, amount);
        self.judge(deal, stretch);
        if self.chance(25) {
            let text = one_of(self.random, &NOTES).to_owned();
            let day = self.day_in(stretch);
            deal.add(day, Fact::OpportunityNoted(OpportunityNoted { text }));
        }
    }

    /// Leavers hand over what they have; others do now and then.
    fn hand_over(&mut self, deal: &mut Record, stretch: Stretch) {
        let within = |day: &NaiveDate| *day > stretch.opens && *day < stretch.closes;
        let leaves = self.team.reps[self.rep].leaves.filter(within);
        let by_chance = if self.chance(4) { Some(self.day_in(stretch)) } else { None };
        let Some(day) = leaves.or(by_chance) else {
            return;
        };
        if let Some(other) = self.team.colleague(self.random, self.rep, day) {
            self.rep = other;
            let owner = self.team.reps[other].key.clone();
            deal.add(day, Fact::OpportunityOwnerChanged(OpportunityOwnerChanged { owner }));
        }
    }

    fn advance(&mut self, deal: &mut Record, stretch: Stretch) {
        let Stretch { opens, closes, from_stage, to_stage, .. } = stretch;
        let steps = i64::try_from(to_stage - from_stage).unwrap_or(0);
        let days = (closes - opens).num_days();
        let mut day = opens;
        for stage in from_stage + 1..=to_stage {
            let step = days / (steps + 1);
            day += TimeDelta::days((step * (60 + self.up_to(70)) / 100).max(1));
            day = day.min(closes);
            deal.add(day, moved(stage));
            // Some have to go back a step and come again.
            if stage >= 3 && self.chance(8) && day + TimeDelta::days(4) < closes {
                deal.add(day + TimeDelta::days(1), moved(stage - 1));
                day += TimeDelta::days(3);
                deal.add(day, moved(stage));
            }
        }
    }

    /// A close date that will not be met is pushed shortly before it passes.
    fn slip(&mut self, deal: &mut Record, stretch: Stretch, mut expected: NaiveDate) {
        while expected < stretch.closes {
            let early = TimeDelta::days(1 + self.up_to(5));
            let day = (expected - early).max(stretch.opens + TimeDelta::days(1));
            if day >= stretch.closes {
                return;
            }
            let later = expected + TimeDelta::days(14 + self.up_to(32));
            expected = match self.random.below(10) {
                0..3 => calendar::end_of(later, 3),
                3..6 => calendar::end_of(later, 1),
                _ => calendar::working(later),
            };
            let close_date = date(expected);
            let pushed = OpportunityCloseDateChanged { close_date };
            deal.add(day, Fact::OpportunityCloseDateChanged(pushed));
        }
    }

    /// The amount grows with what they need, and shrinks with what they negotiate.
    fn reprice(&mut self, deal: &mut Record, stretch: Stretch, amount: &mut i64) {
        for percent in [self.up_to(60) - 20, -self.up_to(18)] {
            let change = *amount * percent / 100 / 100 * 100;
            if change == 0 || !self.chance(30) {
                continue;
            }
            *amount += change;
            let day = self.day_in(stretch);
            let changed = OpportunityAmountChanged { amount: dollars(*amount) };
            deal.add(day, Fact::OpportunityAmountChanged(changed));
        }
    }

    /// A rep or a manager knows better than the stage.
    fn judge(&mut self, deal: &mut Record, stretch: Stretch) {
        if stretch.to_stage < 2 || !self.chance(18) {
            return;
        }
        let (category, reason) = match stretch.ending {
            Ending::Won if self.chance(70) => (ForecastCategory::Commit, "verbal_yes"),
            _ if self.chance(50) => (ForecastCategory::BestCase, "budget_at_risk"),
            _ => (ForecastCategory::Pipeline, "too_early"),
        };
        let day = self.day_in(stretch);
        deal.add(day, overridden(category, reason));
        if self.chance(30) {
            let later = day + TimeDelta::days(5 + self.up_to(10));
            if later < stretch.closes {
                deal.add(later, overridden(ForecastCategory::Unspecified, ""));
            }
        }
    }

    /// A day between opening and closing, neither included where there is room.
    fn day_in(&mut self, stretch: Stretch) -> NaiveDate {
        let days = (stretch.closes - stretch.opens).num_days();
        let inside = u64::try_from(days - 1).unwrap_or(0).max(1);
        let day = stretch.opens + TimeDelta::days(1 + self.up_to(inside));
        calendar::working(day).min(stretch.closes)
    }
}

fn moved(stage: usize) -> Fact {
    let stage = STAGES[stage].to_owned();
    Fact::OpportunityStageChanged(OpportunityStageChanged { stage, pipeline: PIPELINE.to_owned() })
}

fn overridden(category: ForecastCategory, reason: &str) -> Fact {
    Fact::OpportunityCategoryOverridden(OpportunityCategoryOverridden {
        category: category.into(),
        reason_code: reason.to_owned(),
        reason: String::new(),
    })
}
