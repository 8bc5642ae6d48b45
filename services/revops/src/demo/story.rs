//! The life of a deal: how it will end is drawn first, and then what happens on the way there.

use api::ingest::v1::report::Fact;
use api::ingest::v1::{
    OpportunityAbandoned, OpportunityAmountChanged, OpportunityCategoryOverridden,
    OpportunityCloseDateChanged, OpportunityLost, OpportunityNoted, OpportunityOpened,
    OpportunityOwnerChanged, OpportunityReopened, OpportunityStageChanged, OpportunityWon, Report,
};
use api::types::v1::ForecastCategory;
use chrono::{NaiveDate, TimeDelta};
use cli::import::random::Random;

use super::calendar;
use super::deal::{Deal, date};
use super::names::{self, one_of};
use super::team::Team;
use super::wares::{PIPELINE, PRODUCTS, Product, STAGES, dollars};

const LOST: [&str; 8] = [
    "price",
    "price",
    "competitor",
    "competitor",
    "missing_feature",
    "no_budget",
    "timing",
    "champion_left",
];
const NO_DECISION: [&str; 5] = [
    "went_silent",
    "went_silent",
    "priorities_changed",
    "no_budget",
    "reorganised",
];
const REOPENED: [&str; 3] = ["budget_found", "competitor_failed", "new_champion"];
const NOTES: [&str; 6] = [
    "Demo went well; they want a second one for the operations team.",
    "Security questionnaire sent back.",
    "Asked for a reference from their industry.",
    "Procurement wants a three-year price.",
    "Their sponsor is on leave until next month.",
    "Legal has the contract.",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Won,
    Lost,
    NoDecision,
}

/// A stretch of a deal's life, from an opening to a closing.
#[derive(Clone, Copy)]
struct Stretch {
    opens: NaiveDate,
    closes: NaiveDate,
    from_stage: usize,
    to_stage: usize,
    ending: Ending,
}

/// What is needed to tell of one deal.
pub struct Story<'a> {
    random: &'a mut Random,
    team: &'a Team,
    rep: usize,
    product: &'static Product,
}

impl<'a> Story<'a> {
    /// A deal of a rep about some product.
    pub fn new(random: &'a mut Random, team: &'a Team, rep: usize) -> Self {
        let total = PRODUCTS.iter().map(|product| product.share).sum();
        let mut drawn = random.below(total);
        let mut product = &PRODUCTS[0];
        for candidate in &PRODUCTS {
            product = candidate;
            if drawn < candidate.share {
                break;
            }
            drawn -= candidate.share;
        }
        Self {
            random,
            team,
            rep,
            product,
        }
    }

    /// Everything that happens to it, whether or not that lies in the past.
    pub fn tell(mut self, number: u64, opens: NaiveDate) -> Vec<Report> {
        let mut deal = Deal::new(number);
        let mut amount = self.product.price * (1 + self.up_to(self.product.most));
        amount -= amount * self.up_to(15) / 100 / 100 * 100;
        let ending = self.ending();
        let stretch = self.stretch(opens, 0, ending);
        let expected = self.expected(opens);
        deal.add(opens, self.opened(amount, expected));
        self.live(&mut deal, stretch, &mut amount, expected);
        self.close(&mut deal, stretch, amount);
        if ending != Ending::Won && self.chance(6) {
            self.reopen(&mut deal, stretch, amount);
        }
        deal.reports(self.random)
    }

    fn opened(&mut self, amount: i64, expected: NaiveDate) -> Fact {
        let company = names::company(self.random);
        Fact::OpportunityOpened(OpportunityOpened {
            name: format!("{company}: {}", self.product.name),
            pipeline: PIPELINE.to_owned(),
            stage: STAGES[0].to_owned(),
            // One in ten has no figure yet when it is opened.
            amount: if self.chance(90) {
                dollars(amount)
            } else {
                None
            },
            close_date: date(expected),
            owner: self.team.reps[self.rep].key.clone(),
            product: self.product.key.to_owned(),
        })
    }

    fn ending(&mut self) -> Ending {
        let won = 31 * self.team.reps[self.rep].skill / 100;
        match self.random.below(100) {
            drawn if drawn < won => Ending::Won,
            drawn if drawn < 78 => Ending::Lost,
            _ => Ending::NoDecision,
        }
    }

    fn stretch(&mut self, opens: NaiveDate, from_stage: usize, ending: Ending) -> Stretch {
        let last = STAGES.len() - 1;
        let left = u64::try_from(last - from_stage).unwrap_or(0);
        let steps = match ending {
            Ending::Won => left,
            // Most are given up early.
            _ => self.random.below(left + 1).min(self.random.below(left + 1)),
        };
        let pace = match ending {
            Ending::Won => 60 + self.up_to(100),
            Ending::Lost => 30 + self.up_to(130),
            Ending::NoDecision => 120 + self.up_to(140),
        };
        let closes =
            calendar::working(opens + TimeDelta::days((self.product.days * pace / 100).max(3)));
        let to_stage = from_stage + usize::try_from(steps).unwrap_or(0);
        let closes = self.hurried(closes, ending);
        Stretch {
            opens,
            closes,
            from_stage,
            to_stage,
            ending,
        }
    }

    /// Orders are pulled into the quarter: many come in its last days.
    fn hurried(&mut self, closes: NaiveDate, ending: Ending) -> NaiveDate {
        let end = calendar::end_of(closes, 3);
        let is_near = (end - closes).num_days() <= 32;
        if ending == Ending::Won && is_near && self.chance(60) {
            let early = TimeDelta::days(self.up_to(6));
            return calendar::working(closes.max(end - early)).min(end);
        }
        closes
    }

    /// When the rep thinks that a deal will close: rather early, and at the end of a period.
    fn expected(&mut self, from: NaiveDate) -> NaiveDate {
        let days = self.product.days * (70 + self.up_to(60)) / 100;
        let day = from + TimeDelta::days(days.max(7));
        match self.random.below(10) {
            0..4 => calendar::end_of(day, 3),
            4..7 => calendar::end_of(day, 1),
            _ => calendar::working(day),
        }
    }

    fn live(&mut self, deal: &mut Deal, stretch: Stretch, amount: &mut i64, expected: NaiveDate) {
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
    fn hand_over(&mut self, deal: &mut Deal, stretch: Stretch) {
        let within = |day: &NaiveDate| *day > stretch.opens && *day < stretch.closes;
        let leaves = self.team.reps[self.rep].leaves.filter(within);
        let by_chance = if self.chance(4) {
            Some(self.day_in(stretch))
        } else {
            None
        };
        let Some(day) = leaves.or(by_chance) else {
            return;
        };
        if let Some(other) = self.team.colleague(self.random, self.rep, day) {
            self.rep = other;
            let owner = self.team.reps[other].key.clone();
            deal.add(
                day,
                Fact::OpportunityOwnerChanged(OpportunityOwnerChanged { owner }),
            );
        }
    }

    fn advance(&mut self, deal: &mut Deal, stretch: Stretch) {
        let Stretch {
            opens,
            closes,
            from_stage,
            to_stage,
            ..
        } = stretch;
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
    fn slip(&mut self, deal: &mut Deal, stretch: Stretch, mut expected: NaiveDate) {
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
    fn reprice(&mut self, deal: &mut Deal, stretch: Stretch, amount: &mut i64) {
        for percent in [self.up_to(60) - 20, -self.up_to(18)] {
            let change = *amount * percent / 100 / 100 * 100;
            if change == 0 || !self.chance(30) {
                continue;
            }
            *amount += change;
            let day = self.day_in(stretch);
            let changed = OpportunityAmountChanged {
                amount: dollars(*amount),
            };
            deal.add(day, Fact::OpportunityAmountChanged(changed));
        }
    }

    /// A rep or a manager knows better than the stage.
    fn judge(&mut self, deal: &mut Deal, stretch: Stretch) {
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

    fn close(&mut self, deal: &mut Deal, stretch: Stretch, amount: i64) {
        let reason = String::new();
        let fact = match stretch.ending {
            Ending::Won => {
                let (amount, reason_code) = (dollars(amount), String::new());
                Fact::OpportunityWon(OpportunityWon {
                    amount,
                    reason_code,
                    reason,
                })
            }
            Ending::Lost => {
                let reason_code = one_of(self.random, &LOST).to_owned();
                Fact::OpportunityLost(OpportunityLost {
                    reason_code,
                    reason,
                })
            }
            Ending::NoDecision => {
                let reason_code = one_of(self.random, &NO_DECISION).to_owned();
                Fact::OpportunityAbandoned(OpportunityAbandoned {
                    reason_code,
                    reason,
                })
            }
        };
        deal.add(stretch.closes, fact);
    }

    /// They call again, and this time it is over sooner.
    fn reopen(&mut self, deal: &mut Deal, before: Stretch, mut amount: i64) {
        let opens = calendar::working(before.closes + TimeDelta::days(20 + self.up_to(100)));
        if self.team.drive(self.rep, opens) == 0 {
            return;
        }
        let stage = 2;
        let ending = if self.chance(55) {
            Ending::Won
        } else {
            Ending::Lost
        };
        let stretch = self.stretch(opens, stage, ending);
        let reopened = OpportunityReopened {
            stage: STAGES[stage].to_owned(),
            reason_code: one_of(self.random, &REOPENED).to_owned(),
            reason: String::new(),
            pipeline: PIPELINE.to_owned(),
        };
        deal.add(opens, Fact::OpportunityReopened(reopened));
        let expected = self.expected(opens);
        let pushed = OpportunityCloseDateChanged {
            close_date: date(expected),
        };
        deal.add(opens, Fact::OpportunityCloseDateChanged(pushed));
        self.live(deal, stretch, &mut amount, expected);
        self.close(deal, stretch, amount);
    }

    /// A day between opening and closing, neither included where there is room.
    fn day_in(&mut self, stretch: Stretch) -> NaiveDate {
        let days = (stretch.closes - stretch.opens).num_days();
        let inside = u64::try_from(days - 1).unwrap_or(0).max(1);
        let day = stretch.opens + TimeDelta::days(1 + self.up_to(inside));
        calendar::working(day).min(stretch.closes)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    fn up_to(&mut self, bound: u64) -> i64 {
        i64::try_from(self.random.below(bound)).unwrap_or(0)
    }
}

fn moved(stage: usize) -> Fact {
    let stage = STAGES[stage].to_owned();
    Fact::OpportunityStageChanged(OpportunityStageChanged {
        stage,
        pipeline: PIPELINE.to_owned(),
    })
}

fn overridden(category: ForecastCategory, reason: &str) -> Fact {
    Fact::OpportunityCategoryOverridden(OpportunityCategoryOverridden {
        category: category.into(),
        reason_code: reason.to_owned(),
        reason: String::new(),
    })
}
