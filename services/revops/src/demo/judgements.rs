//! What is to be brought and what people expect: quotas, and the sheets on which reps and managers
//! adjust and submit, quarter by quarter.

use api::forecasting::v1::{
    AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, ColumnAmount, ForecastColumn,
    SubmitForecastRequest, UnlockForecastRequest,
};
use api::planning::v1::{
    CalendarDefinition, CalendarPattern, DefineCalendarRequest, QuotaMeasure, SetQuotaRequest,
};
use api::types::v1::ForecastCategory;

use super::calendar::{self, Quarter};
use super::call::{Call, Chain, Command, instant};
use super::names::one_of;
use super::team::HEAD;
use super::wares::dollars;
use super::world::{Chance, World};

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// What a rep who knows the work is to bring in a quarter, in dollars, in the first one and later.
const QUOTA: i64 = 110_000;
const QUOTA_GROWTH: i64 = 14_000;

/// Why somebody expects more than the deals say, and why less.
const MORE: [&str; 3] = [
    "Procurement has confirmed the date.",
    "One more will come in from the renewals.",
    "Their board has approved the budget.",
];
const LESS: [&str; 3] = [
    "Two deals have slipped before; I count them half.",
    "The champion is new, and so is the budget.",
    "Legal will not be done this quarter.",
];

/// The fiscal calendar: years from January, in the days of the head office.
pub fn calendar(world: &World<'_>) -> Chain {
    let definition = CalendarDefinition {
        name: "Fiscal".to_owned(),
        pattern: CalendarPattern::Months.into(),
        first_month: 1,
        time_zone: "America/New_York".to_owned(),
        ..Default::default()
    };
    let request = DefineCalendarRequest {
        key: "fiscal".to_owned(),
        request_id: world.chance(7).id(),
        definition: Some(definition),
        ..Default::default()
    };
    vec![Call::new(HEAD, world.start(), Command::DefineCalendar(request))]
}

/// What is told of one quarter.
struct Teller<'a> {
    world: &'a World<'a>,
    chance: Chance,
    quarter: Quarter,
    number: i64,
    chains: Vec<Chain>,
}

/// Quotas and sheets, one chain for each person and quarter.
pub fn judgements(world: &World<'_>) -> Vec<Chain> {
    let first = Quarter::of(world.first_day);
    let mut teller =
        Teller { world, chance: world.chance(8), quarter: first, number: 0, chains: Vec::new() };
    while calendar::start_of(teller.quarter.first) < world.end + 10 * DAY {
        teller.quarter();
        teller.quarter = Quarter::of(teller.quarter.after);
        teller.number += 1;
    }
    teller.chains.retain(|chain| !chain.is_empty());
    teller.chains
}

impl Teller<'_> {
    fn quarter(&mut self) {
        let world = self.world;
        let mut all = 0;
        let mut below = vec![0; world.team.managers().len()];
        for rep in &world.team.reps {
            let set = self.set_at(rep.hired.map_or(i64::MIN, calendar::start_of));
            let after = calendar::start_of(self.quarter.after);
            if set >= after || !world.team.is_there(&rep.key, set) {
                continue;
            }
            let full = QUOTA + QUOTA_GROWTH * self.number;
            let amount = full * i64::try_from(rep.skill).unwrap_or(100) / 100;
            let days = after - set.max(calendar::start_of(self.quarter.first));
            let amount = amount * (days / DAY).min(90) / 90 / 1_000 * 1_000;
            self.quota(&rep.key, set, amount);
            let manager = world.team.manager(&rep.key, set);
            if let Some(at) = world.team.managers().iter().position(|key| *key == manager) {
                below[at] += amount;
            }
            all += amount;
            self.sheet(&rep.key, std::slice::from_ref(&rep.key), 0);
        }
        // A manager's is a little less than the sum of those below.
        for (manager, amount) in world.team.managers().iter().zip(below) {
            let set = self.set_at(i64::MIN) + HOUR;
            self.quota(manager, set, amount * 95 / 100 / 1_000 * 1_000);
            let at = calendar::start_of(self.quarter.first);
            let is_below = |rep: &String| world.team.manager(rep, at) == *manager;
            let reps = world.team.reps.iter().map(|rep| rep.key.clone());
            let mut owners: Vec<String> = reps.filter(is_below).collect();
            owners.push(manager.clone());
            self.sheet(manager, &owners, 1);
        }
        self.quota(HEAD, self.set_at(i64::MIN) + 2 * HOUR, all * 9 / 10 / 1_000 * 1_000);
        let everybody = world.team.reps.iter().map(|rep| rep.key.clone()).collect::<Vec<_>>();
        self.sheet(HEAD, &everybody, 2);
    }

    /// Ten days before the quarter, or when somebody comes.
    fn set_at(&self, hired: i64) -> i64 {
        let usual = calendar::start_of(self.quarter.first) - 10 * DAY;
        usual.max(self.world.start()).max(hired) + 9 * HOUR
    }

    fn quota(&mut self, owner: &str, at: i64, amount: i64) {
        let request = SetQuotaRequest {
            request_id: self.chance.id(),
            occurred_at: instant(at),
            owner: owner.to_owned(),
            period: self.quarter.key(),
            measure: QuotaMeasure::Revenue.into(),
            amount: dollars(amount),
            ..Default::default()
        };
        if at < self.world.end {
            self.chains.push(vec![Call::new(HEAD, at, Command::SetQuota(request))]);
        }
    }

    /// A sheet's way through its quarter: judged, submitted, judged from above, submitted again.
    fn sheet(&mut self, owner: &str, owners: &[String], level: i64) {
        let start = calendar::start_of(self.quarter.first) + 14 * HOUR + level * 2 * HOUR;
        let end = calendar::start_of(self.quarter.after) + 14 * HOUR + level * 2 * HOUR;
        let manager = self.world.team.manager(owner, start + 50 * DAY);
        let mut chain = Chain::new();
        if self.chance.is_in(35) {
            let at = start + 21 * DAY;
            chain.push(self.adjusted(owner, owner, owners, at));
        }
        chain.push(self.submitted(owner, owners, start + 35 * DAY));
        if level < 2 && self.chance.is_in(40) {
            chain.push(self.unlocked(owner, &manager, start + 50 * DAY));
            chain.push(self.adjusted(owner, &manager, owners, start + 50 * DAY + HOUR));
        }
        let last = self.submitted(owner, owners, end - 12 * DAY);
        // Whoever stands for the same numbers as before has nothing to say.
        if chain.last().is_none_or(|before| !says_the_same(before, &last)) {
            chain.push(last);
        }
        let world = self.world;
        chain.retain(|call| {
            let was_there = world.team.is_there(owner, call.at);
            call.at >= world.start() && call.at < world.end && was_there
        });
        // Without its first submission there is nothing to unlock.
        if chain.first().is_some_and(|call| matches!(call.command, Command::UnlockForecast(_))) {
            chain.remove(0);
        }
        self.chains.push(chain);
    }

    fn sheet_name(&self, owner: &str) -> String {
        format!("sheet of {owner} {}", self.quarter.key())
    }

    fn adjusted(&mut self, owner: &str, by: &str, owners: &[String], at: i64) -> Call {
        let amounts = self.amounts(owners, at);
        let is_rep = self.world.team.reps.iter().any(|rep| rep.key == owner);
        // A manager's own deals are few: what a manager judges is the team.
        let level = match owner == by && is_rep {
            true => AdjustmentLevel::Owner,
            false => AdjustmentLevel::Manager,
        };
        let part = amounts.best_case * (self.chance.up_to(25) - 9) / 100;
        let (change, amount) = match self.chance.is_in(25) {
            true => (AdjustmentChange::To, (amounts.commit + part).max(0)),
            false => (AdjustmentChange::By, part),
        };
        let notes = if part < 0 { &LESS } else { &MORE };
        let request = AdjustForecastRequest {
            request_id: self.chance.id(),
            occurred_at: instant(at),
            owner: owner.to_owned(),
            period: self.quarter.key(),
            level: level.into(),
            by: by.to_owned(),
            column: column(ForecastCategory::Commit, true),
            change: change.into(),
            amount: dollars(amount / 1_000 * 1_000),
            note: one_of(&mut self.chance.0, notes).to_owned(),
            ..Default::default()
        };
        let name = self.sheet_name(owner);
        Call::new(by, at, Command::AdjustForecast(request)).named(name)
    }

    fn submitted(&mut self, owner: &str, owners: &[String], at: i64) -> Call {
        let amounts = self.amounts(owners, at);
        let of = |category, is_cumulative, amount| ColumnAmount {
            column: column(category, is_cumulative),
            amount: dollars(amount),
        };
        let request = SubmitForecastRequest {
            request_id: self.chance.id(),
            occurred_at: instant(at),
            owner: owner.to_owned(),
            period: self.quarter.key(),
            amounts: vec![
                of(ForecastCategory::Closed, false, amounts.closed),
                of(ForecastCategory::Commit, true, amounts.commit),
                of(ForecastCategory::BestCase, true, amounts.best_case),
            ],
            ..Default::default()
        };
        let name = self.sheet_name(owner);
        Call::new(owner, at, Command::SubmitForecast(request)).named(name)
    }

    fn unlocked(&mut self, owner: &str, by: &str, at: i64) -> Call {
        let request = UnlockForecastRequest {
            forecast_id: self.sheet_name(owner),
            request_id: self.chance.id(),
            occurred_at: instant(at),
            reason_code: "quarter_review".to_owned(),
            ..Default::default()
        };
        Call::new(by, at, Command::UnlockForecast(request))
    }

    /// What the deals of some people say at an instant.
    fn amounts(&self, owners: &[String], at: i64) -> Amounts {
        let mut amounts = Amounts::default();
        for stand in self.world.courses.iter().filter_map(|course| course.before(at)) {
            if !owners.contains(&stand.owner) {
                continue;
            }
            let day = match stand.closed {
                Some((_, false)) => continue,
                Some((closed, true)) => Some(calendar::day_of(closed)),
                None => stand.close_date.and_then(day),
            };
            if !day.is_some_and(|day| day >= self.quarter.first && day < self.quarter.after) {
                continue;
            }
            let is_closed = stand.closed.is_some();
            let category = if is_closed { ForecastCategory::Closed } else { stand.category };
            match category {
                ForecastCategory::Closed => amounts.add([1, 1, 1], stand.amount),
                ForecastCategory::Commit => amounts.add([0, 1, 1], stand.amount),
                ForecastCategory::BestCase => amounts.add([0, 0, 1], stand.amount),
                _ => {}
            }
        }
        amounts
    }
}

/// The columns of a submission, in dollars.
#[derive(Default)]
struct Amounts {
    closed: i64,
    commit: i64,
    best_case: i64,
}

impl Amounts {
    fn add(&mut self, [closed, commit, best_case]: [i64; 3], amount: i64) {
        self.closed += closed * amount;
        self.commit += commit * amount;
        self.best_case += best_case * amount;
    }
}

/// Whether two calls submit the same numbers.
fn says_the_same(one: &Call, other: &Call) -> bool {
    match (&one.command, &other.command) {
        (Command::SubmitForecast(one), Command::SubmitForecast(other)) => {
            one.amounts == other.amounts
        }
        _ => false,
    }
}

fn column(category: ForecastCategory, cumulative: bool) -> Option<ForecastColumn> {
    Some(ForecastColumn { category: category.into(), cumulative })
}

fn day(date: api::google::r#type::Date) -> Option<chrono::NaiveDate> {
    let (month, day) = (u32::try_from(date.month).ok()?, u32::try_from(date.day).ok()?);
    chrono::NaiveDate::from_ymd_opt(date.year, month, day)
}
