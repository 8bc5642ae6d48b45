//! The life of a deal: how it will end is drawn first, and then what happens on the way there.

use api::ingest::v1::report::Fact;
use api::ingest::v1::{
    OpportunityAbandoned, OpportunityCloseDateChanged, OpportunityLost, OpportunityOpened,
    OpportunityReopened, OpportunityWon, Report,
};
use chrono::{NaiveDate, TimeDelta};
use cli::import::random::Random;

use super::calendar;
use super::names::{self, one_of};
use super::record::{Record, date};
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
const NO_DECISION: [&str; 5] =
    ["went_silent", "went_silent", "priorities_changed", "no_budget", "reorganised"];
const REOPENED: [&str; 3] = ["budget_found", "competitor_failed", "new_champion"];

/// How it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With an order.
    Won,
    /// Without one.
    Lost,
    /// Nobody decided.
    NoDecision,
}

/// A stretch of a deal's life, from an opening to a closing.
#[derive(Clone, Copy)]
pub struct Stretch {
    /// The first day.
    pub opens: NaiveDate,
    /// The last day.
    pub closes: NaiveDate,
    /// The stage that it begins in.
    pub from_stage: usize,
    /// The stage that it gets to.
    pub to_stage: usize,
    /// How it ends.
    pub ending: Ending,
}

/// What is needed to tell of one deal.
pub struct Story<'a> {
    /// Chance.
    pub random: &'a mut Random,
    /// Who there is.
    pub team: &'a Team,
    /// Who works it.
    pub rep: usize,
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
        Self { random, team, rep, product }
    }

    /// Everything that happens to it, whether or not that lies in the past.
    pub fn tell(mut self, number: u64, opens: NaiveDate) -> Vec<Report> {
        let mut deal = Record::new(format!("D-{number:05}"));
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
            amount: if self.chance(90) { dollars(amount) } else { None },
            close_date: date(expected),
            owner: self.team.reps[self.rep].key.clone(),
            product: self.product.key.to_owned(),
            account: String::new(),
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
        let closes = self.hurried(opens, closes, ending);
        Stretch { opens, closes, from_stage, to_stage, ending }
    }

    /// Orders are pulled into the quarter: many come in its last days, and some that would have
    /// come soon after.
    fn hurried(&mut self, opens: NaiveDate, closes: NaiveDate, ending: Ending) -> NaiveDate {
        let ahead = calendar::end_of(closes, 3);
        let behind = calendar::end_before(closes, 3);
        let near = |end: NaiveDate| (end - closes).num_days().abs() <= 40;
        let end = if near(behind) && (behind - opens).num_days() > 14 { behind } else { ahead };
        if ending != Ending::Won || !near(end) || !self.chance(65) {
            return closes;
        }
        let early = TimeDelta::days(self.up_to(6));
        calendar::working((end - early).max(opens + TimeDelta::days(3))).min(end)
    }

    /// When the rep thinks that a deal will close: rather early, and at the end of a period.
    fn expected(&mut self, from: NaiveDate) -> NaiveDate {
        let days = self.product.days * (50 + self.up_to(60)) / 100;
        let day = from + TimeDelta::days(days.max(7));
        match self.random.below(10) {
            0..4 => calendar::end_of(day, 3),
            4..7 => calendar::end_of(day, 1),
            _ => calendar::working(day),
        }
    }

    fn close(&mut self, deal: &mut Record, stretch: Stretch, amount: i64) {
        let reason = String::new();
        let fact = match stretch.ending {
            Ending::Won => {
                let (amount, reason_code) = (dollars(amount), String::new());
                Fact::OpportunityWon(OpportunityWon { amount, reason_code, reason })
            }
            Ending::Lost => {
                let reason_code = one_of(self.random, &LOST).to_owned();
                Fact::OpportunityLost(OpportunityLost { reason_code, reason })
            }
            Ending::NoDecision => {
                let reason_code = one_of(self.random, &NO_DECISION).to_owned();
                Fact::OpportunityAbandoned(OpportunityAbandoned { reason_code, reason })
            }
        };
        deal.add(stretch.closes, fact);
    }

    /// They call again, and this time it is over sooner.
    fn reopen(&mut self, deal: &mut Record, before: Stretch, mut amount: i64) {
        let opens = calendar::working(before.closes + TimeDelta::days(20 + self.up_to(100)));
        if self.team.drive(self.rep, opens) == 0 {
            return;
        }
        let stage = 2;
        let ending = if self.chance(55) { Ending::Won } else { Ending::Lost };
        let stretch = self.stretch(opens, stage, ending);
        let reopened = OpportunityReopened {
            stage: STAGES[stage].to_owned(),
            reason_code: one_of(self.random, &REOPENED).to_owned(),
            reason: String::new(),
            pipeline: PIPELINE.to_owned(),
        };
        deal.add(opens, Fact::OpportunityReopened(reopened));
        let expected = self.expected(opens);
        let pushed = OpportunityCloseDateChanged { close_date: date(expected) };
        deal.add(opens, Fact::OpportunityCloseDateChanged(pushed));
        self.live(deal, stretch, &mut amount, expected);
        self.close(deal, stretch, amount);
    }

    /// Whether something happens that does so often.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    /// A number below a bound.
    pub fn up_to(&mut self, bound: u64) -> i64 {
        i64::try_from(self.random.below(bound)).unwrap_or(0)
    }
}
