//! The brute force: the numbers of a period worked out from what was told, by walking over all of it
//! for every question. It shares nothing with the product.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    calendar::{self, Days},
    company::{Amount, CATEGORIES, Change, Cut, Day, Deed, Micros, Number, STAGES, What},
    money::{self, Rates},
    sums::{Judgements, Row, Sums},
};

/// Since the beginning.
pub const BEGINNING: Micros = Micros::MIN;

/// Something that was recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// When it happened, or since when it holds.
    pub at: Micros,
    pub position: u64,
    /// The id of the entity.
    pub entity: String,
    /// The id of the command.
    pub command: String,
    /// The days of a quota's or sheet's period, as its calendar was then.
    pub days: Option<Days>,
    pub what: What,
    /// The command that it takes back.
    pub takes_back: Option<String>,
}

/// A question about a period.
#[derive(Debug, Clone)]
pub struct Question {
    pub as_of: Micros,
    pub known_at: u64,
    /// The point from which the calendar is taken.
    pub cut_at: (Micros, u64),
    /// As of when people stand in the hierarchy.
    pub restated_to: Option<Micros>,
    pub period: String,
    pub currency: &'static str,
}

/// What was told, with the ids of people, in the order in which they stand beside each other.
#[derive(Debug, Default)]
pub struct History {
    pub recorded: Vec<Recorded>,
    pub people: Vec<String>,
}

/// A deal as it stands.
#[derive(Debug, Clone, Default)]
struct Deal {
    opened: bool,
    stage: Option<&'static str>,
    amount: Option<Amount>,
    won_amount: Option<Amount>,
    closes: Option<Day>,
    owner: Option<usize>,
    judged: Option<&'static str>,
    outcome: &'static str,
    closed_at: Micros,
}

impl History {
    /// The position of the last that was recorded.
    pub fn last(&self) -> u64 {
        self.recorded.last().map_or(0, |it| it.position)
    }

    /// What counts at a point, in the order in which it happened.
    fn live(&self, as_of: Micros, known_at: u64) -> Vec<&Recorded> {
        let known: Vec<&Recorded> =
            self.recorded.iter().filter(|it| it.position <= known_at).collect();
        let back: BTreeSet<&str> = known.iter().filter_map(|it| it.takes_back.as_deref()).collect();
        let counts = |it: &&Recorded| it.at < as_of && !back.contains(&*it.command);
        let mut live: Vec<&Recorded> = known.into_iter().filter(counts).collect();
        live.sort_by_key(|it| it.at);
        live
    }

    /// How the calendar cuts time at a point; `None` while there is none.
    pub fn cut(&self, (as_of, known_at): (Micros, u64)) -> Option<Cut> {
        self.live(as_of, known_at).iter().rev().find_map(|it| match it.what {
            What::Calendar(cut) => Some(cut),
            _ => None,
        })
    }

    fn deals(&self, live: &[&Recorded]) -> Vec<Deal> {
        let mut deals = BTreeMap::<usize, Deal>::new();
        for it in live {
            if let What::Deal(deal, deed) = &it.what {
                happen(deals.entry(*deal).or_default(), it.at, deed);
            }
        }
        deals.into_values().filter(|it| it.opened || !it.outcome.is_empty()).collect()
    }

    /// Whom each of those who are known reports to, and whether they have left.
    fn hierarchy(&self, as_of: Micros, known_at: u64) -> BTreeMap<usize, (Option<usize>, bool)> {
        let mut said = BTreeMap::new();
        for it in self.live(as_of, known_at) {
            if let What::Person { person, manager, retired } = it.what {
                said.insert(person, (manager, retired));
            }
        }
        let known = said.clone();
        for (manager, _) in said.values_mut() {
            *manager = manager.filter(|manager| known.contains_key(manager));
        }
        let above = said.clone();
        for (person, (manager, _)) in &mut said {
            let mut ring = vec![*person];
            while let Some(next) = above[&ring[ring.len() - 1]].0 {
                if ring.contains(&next) {
                    break;
                }
                ring.push(next);
            }
            let closes = above[&ring[ring.len() - 1]].0 == Some(*person);
            let lowest = ring.iter().all(|it| self.people[*person] <= self.people[*it]);
            if closes && lowest {
                *manager = None;
            }
        }
        said
    }

    /// The numbers of everybody who is to be seen, and of the whole company.
    pub fn numbers(&self, asked: &Question) -> BTreeMap<Option<usize>, Row> {
        let live = self.live(asked.as_of, asked.known_at);
        let cut = self.cut(asked.cut_at);
        let (days, zone) = (calendar::days(cut, &asked.period), cut.map_or(0, |cut| cut.zone.1));
        let rates = Rates::known(&self.recorded, asked.known_at, asked.currency);
        let hierarchy = self.hierarchy(asked.restated_to.unwrap_or(asked.as_of), asked.known_at);
        let mut sums = Sums::new(hierarchy.keys().copied());
        let mut seen: BTreeSet<usize> =
            hierarchy.iter().filter(|(_, (_, left))| !left).map(|(person, _)| *person).collect();
        let stages = stages(&live);
        let mut own: BTreeMap<(usize, Option<usize>), i128> = BTreeMap::new();
        for deal in self.deals(&live) {
            let Some((category, rated_at)) = deal.counts((days, zone), stages, asked.as_of) else {
                continue;
            };
            seen.extend(deal.owner);
            let cell = &mut sums.rows.entry(deal.owner).or_default().individual[category];
            let amount = deal.won_amount.or(deal.amount);
            match amount.map_or(Some(0), |amount| rates.exact(amount, false, rated_at)) {
                Some(exact) => {
                    cell.own_count += 1;
                    *own.entry((category, deal.owner)).or_default() += exact;
                }
                None => cell.unconverted += 1,
            }
        }
        for owner in 0..self.people.len() {
            let parts = quota(&live, cut, &asked.period, owner).unwrap_or_default();
            let exact = parts.iter().map(|part| rates.exact(*part, true, asked.as_of));
            let exact: Option<Vec<i128>> = exact.collect();
            if let Some(exact) = exact.filter(|exact| !exact.is_empty()) {
                let sum = money::rounded(exact.into_iter().sum());
                sums.rows.entry(Some(owner)).or_default().quota = Some(sum);
                seen.insert(owner);
            }
        }
        let today = calendar::day_of(asked.as_of - 1, zone);
        let judgements = judgements(&live, days, today, &rates, asked.as_of);
        seen.extend(judgements.keys().map(|(person, ..)| *person));
        sums.settle(&seen, |person| hierarchy.get(&person).and_then(|it| it.0), &self.people);
        for category in 0..CATEGORIES.len() {
            let own = own.iter().filter(|((of, _), _)| *of == category);
            sums.share(category, &own.map(|((_, node), exact)| (*node, *exact)).collect());
        }
        sums.accumulate();
        sums.judge(&judgements);
        let above = |person: &usize| hierarchy.get(person).and_then(|it| it.0);
        for person in seen.clone() {
            seen.extend(std::iter::successors(Some(person), above));
        }
        sums.rows.retain(|node, _| node.is_none_or(|person| seen.contains(&person)));
        sums.rows
    }
}

impl Deal {
    /// The category in which it counts and the instant of its rate, if it counts.
    fn counts(
        &self,
        (days, zone): (Days, i64),
        stages: [&str; STAGES.len()],
        as_of: Micros,
    ) -> Option<(usize, Micros)> {
        let place = |word: &str| CATEGORIES.iter().position(|it| *it == word);
        let won_on = calendar::day_of(self.closed_at, zone);
        let holds = |day: Day| (days.0..days.1).contains(&day);
        match self.outcome {
            "won" if holds(won_on) => Some((5, calendar::start_of(won_on + 1, zone))),
            "" if self.closes.is_some_and(holds) => {
                let stage = self.stage.and_then(|it| STAGES.iter().position(|key| *key == it));
                let word = self.judged.or(stage.map(|stage| stages[stage])).unwrap_or("omitted");
                Some((place(word)?, as_of))
            }
            _ => None,
        }
    }
}

fn happen(deal: &mut Deal, at: Micros, deed: &Deed) {
    match deed {
        Deed::Opened { stage, amount, closes, owner } => {
            deal.opened = true;
            (deal.stage, deal.amount, deal.closes) = (Some(*stage), *amount, *closes);
            deal.owner = *owner;
        }
        Deed::Moved(stage) => deal.stage = Some(stage),
        Deed::Valued(amount) => deal.amount = *amount,
        Deed::Dated(day) => deal.closes = *day,
        Deed::HandedOver(owner) => deal.owner = *owner,
        Deed::Judged(category) => deal.judged = *category,
        Deed::Won(amount) => (deal.outcome, deal.closed_at, deal.won_amount) = ("won", at, *amount),
        Deed::Lost => (deal.outcome, deal.closed_at, deal.won_amount) = ("lost", at, None),
        Deed::Reopened => (deal.outcome, deal.won_amount) = ("", None),
    }
}

fn stages(live: &[&Recorded]) -> [&'static str; STAGES.len()] {
    let last = live.iter().rev().find_map(|it| match it.what {
        What::Stages(categories) => Some(categories),
        _ => None,
    });
    last.unwrap_or(["omitted"; STAGES.len()])
}

/// The quota of a period: the one that was set for its days, or those of all of its parts.
fn quota(live: &[&Recorded], cut: Option<Cut>, period: &str, of: usize) -> Option<Vec<Amount>> {
    let days = calendar::days(cut, period);
    let said = live.iter().rev().filter(|it| it.days == Some(days)).find_map(|it| match it.what {
        What::Quota { owner, amount, .. } if owner == of => Some(Some(amount)),
        What::QuotaWithdrawn { owner, .. } if owner == of => Some(None),
        _ => None,
    });
    if let Some(amount) = said.flatten() {
        return Some(vec![amount]);
    }
    let parts = calendar::parts(period);
    let parts: Option<Vec<_>> = parts.iter().map(|part| quota(live, cut, part, of)).collect();
    parts.map(|parts| parts.concat()).filter(|parts| !parts.is_empty())
}

fn judgements(
    live: &[&Recorded],
    days: Days,
    today: Day,
    rates: &Rates,
    as_of: Micros,
) -> Judgements {
    let mut standing = BTreeMap::new();
    for it in live.iter().filter(|it| it.days == Some(days)) {
        let key = |on: &super::company::Sheet, number: &Number| {
            let category = CATEGORIES.iter().position(|it| *it == number.category).unwrap();
            (on.currency, (on.owner, number.manager, category, number.cumulative))
        };
        match &it.what {
            What::Adjusted { on, number, change, expires } => {
                standing.insert(key(on, number), (it.at, *change, *expires));
            }
            What::AdjustmentWithdrawn { on, number } => {
                standing.remove(&key(on, number));
            }
            _ => {}
        }
    }
    let mut standing: Vec<_> = standing.into_iter().collect();
    standing.sort_by_key(|(_, (at, ..))| *at);
    let mut judgements = Judgements::new();
    for ((currency, number), (_, change, expires)) in standing {
        let rounded = |minor| rates.exact((minor, currency), false, as_of).map(money::rounded);
        let change = match change {
            Change::To(minor) => rounded(minor).map(Change::To),
            Change::By(minor) => rounded(minor).map(Change::By),
        };
        if expires.is_none_or(|day| today < day) {
            judgements.extend(change.map(|change| (number, change)));
        }
    }
    judgements
}
