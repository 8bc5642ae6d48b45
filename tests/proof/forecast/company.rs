//! Random companies: what happens to one in a year, in the order in which it is told, which is not
//! the order in which it happened. Plain numbers and words; nothing here knows the product.

use rand::{Rng, rngs::SmallRng, seq::SliceRandom};

/// Microseconds since 1970.
pub type Micros = i64;
/// Days since 1970.
pub type Day = i32;
/// Minor units and a currency.
pub type Amount = (i64, &'static str);

/// A day in microseconds.
pub const DAY: Micros = 86_400_000_000;
/// 2025-01-01, when every year begins.
pub const YEAR_STARTS: Day = 20_089;
/// The categories, from the least to the most certain.
pub const CATEGORIES: [&str; 6] =
    ["omitted", "pipeline", "best_case", "most_likely", "commit", "closed"];
/// The currencies, with how many decimals their minor units are.
pub const CURRENCIES: [(&str, i32); 3] = [("USD", 2), ("EUR", 2), ("JPY", 0)];
/// The open stages of the only pipeline.
pub const STAGES: [&str; 3] = ["new", "talks", "offer"];
/// How many people work there.
pub const PEOPLE: usize = 6;
/// How many deals there are.
const DEALS: usize = 24;

/// Something that is told, and when it happened, or since when it holds; `None` for the beginning.
#[derive(Debug, Clone)]
pub struct Told {
    pub at: Option<Micros>,
    pub what: What,
}

/// What is told.
#[derive(Debug, Clone)]
pub enum What {
    Deal(usize, Deed),
    Person {
        person: usize,
        manager: Option<usize>,
        retired: bool,
    },
    Stages([&'static str; STAGES.len()]),
    Calendar(Cut),
    Rate {
        from: &'static str,
        to: &'static str,
        plan: bool,
        ten_thousandths: i64,
    },
    Quota {
        owner: usize,
        period: String,
        amount: Amount,
    },
    QuotaWithdrawn {
        owner: usize,
        period: String,
    },
    Adjusted {
        on: Sheet,
        number: Number,
        change: Change,
        expires: Option<Day>,
    },
    AdjustmentWithdrawn {
        on: Sheet,
        number: Number,
    },
    Submitted {
        on: Sheet,
        minor: i64,
    },
    Unlocked {
        on: Sheet,
    },
    /// Takes back what was told so many tellings before.
    TakenBack(usize),
}

/// What happens to a deal.
#[derive(Debug, Clone)]
pub enum Deed {
    Opened {
        stage: &'static str,
        amount: Option<Amount>,
        closes: Option<Day>,
        owner: Option<usize>,
    },
    Moved(&'static str),
    Valued(Option<Amount>),
    Dated(Option<Day>),
    HandedOver(Option<usize>),
    Judged(Option<&'static str>),
    Won(Option<Amount>),
    Lost,
    Reopened,
}

/// How a calendar cuts time: months or weeks (4-4-5), from a month on, in a zone.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub weeks: bool,
    pub first_month: u32,
    pub zone: (&'static str, i64),
}

/// Whose sheet of which period and currency.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub owner: usize,
    pub period: String,
    pub currency: &'static str,
}

/// Which number of a sheet: the owner's or the manager's, of which column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    pub manager: bool,
    pub category: &'static str,
    pub cumulative: bool,
}

/// How a number is judged.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    To(i64),
    By(i64),
}

/// Everything that is told of a random company, in the order of telling.
pub fn random(rng: &mut SmallRng) -> Vec<Told> {
    let mut facts: Vec<Told> = (0..DEALS).flat_map(|deal| life(rng, deal)).collect();
    let twice: Vec<Told> = (0..facts.len() / 6).map(|_| any(rng, &facts).clone()).collect();
    facts.extend(twice);
    facts.extend((0..4).map(|_| person(rng, true)));
    facts.extend((0..rng.random_range(0..3)).map(|_| stages(rng)));
    facts.extend((0..5).map(|_| rate(rng)));
    facts.extend((0..8).map(|_| quota(rng)));
    facts.extend((0..16).map(|_| judgement(rng)));
    facts.extend((0..8).map(|_| {
        let back = rng.random_range(1..60);
        Told { at: None, what: What::TakenBack(back) }
    }));
    facts.shuffle(rng);
    // Everybody is known before anybody is named, and periods have a calendar or the built-in one.
    let mut told: Vec<Told> = (0..PEOPLE)
        .map(|person| Told { at: None, what: employed(rng, person) })
        .chain([Told { at: None, what: What::Stages(["pipeline", "best_case", "commit"]) }])
        .collect();
    for _ in 0..rng.random_range(0..3) {
        let calendar = Told { at: Some(instant(rng)), what: What::Calendar(cut(rng)) };
        facts.insert(rng.random_range(0..facts.len()), calendar);
    }
    told.extend(facts);
    told
}

/// An instant of the year.
pub fn instant(rng: &mut SmallRng) -> Micros {
    i64::from(YEAR_STARTS) * DAY + rng.random_range(0..300 * DAY)
}

/// A period that may be of interest.
pub fn period(rng: &mut SmallRng) -> String {
    any(rng, &["2025-Q1", "2025-Q2", "2025-Q3", "2025", "2025-H1", "2025-M05"]).to_string()
}

/// A column.
pub fn column(rng: &mut SmallRng) -> (&'static str, bool) {
    (any(rng, &CATEGORIES), rng.random())
}

pub fn any<T: Clone>(rng: &mut SmallRng, of: &[T]) -> T {
    of[rng.random_range(0..of.len())].clone()
}

pub fn maybe<T>(
    rng: &mut SmallRng,
    percent: u32,
    make: impl FnOnce(&mut SmallRng) -> T,
) -> Option<T> {
    (rng.random_range(0..100) < percent).then(|| make(rng))
}

fn day(rng: &mut SmallRng) -> Day {
    YEAR_STARTS + rng.random_range(0..330)
}

fn minor(rng: &mut SmallRng) -> i64 {
    rng.random_range(0..200_000)
}

fn amount(rng: &mut SmallRng) -> Amount {
    (minor(rng), any(rng, &CURRENCIES).0)
}

fn somebody(rng: &mut SmallRng) -> usize {
    rng.random_range(0..PEOPLE)
}

/// A deal from its opening on, in the order in which it happens: always legal, if all of it is known.
fn life(rng: &mut SmallRng, deal: usize) -> Vec<Told> {
    let mut at = instant(rng) - 60 * DAY;
    let opened = Deed::Opened {
        stage: any(rng, &STAGES),
        amount: maybe(rng, 85, amount),
        closes: maybe(rng, 90, day),
        owner: maybe(rng, 85, somebody),
    };
    let mut told = vec![Told { at: Some(at), what: What::Deal(deal, opened) }];
    let mut is_open = true;
    for _ in 0..rng.random_range(0..8) {
        at += rng.random_range(1..40 * DAY);
        let deed = match (is_open, rng.random_range(0..9)) {
            (true, 0) => Deed::Moved(any(rng, &STAGES)),
            (true, 1 | 2) => Deed::Valued(maybe(rng, 90, amount)),
            (true, 3 | 4) => Deed::Dated(maybe(rng, 90, day)),
            (_, 5) => Deed::HandedOver(maybe(rng, 90, somebody)),
            (true, 6) => Deed::Judged(maybe(rng, 80, |rng| any(rng, &CATEGORIES[..5]))),
            (true, 7) => Deed::Lost,
            (true, _) => Deed::Won(maybe(rng, 40, amount)),
            (false, _) => Deed::Reopened,
        };
        is_open = match deed {
            Deed::Won(_) | Deed::Lost => false,
            Deed::Reopened => true,
            _ => is_open,
        };
        told.push(Told { at: Some(at), what: What::Deal(deal, deed) });
    }
    told
}

fn employed(rng: &mut SmallRng, person: usize) -> What {
    let manager = maybe(rng, 70, somebody).filter(|manager| *manager != person);
    What::Person { person, manager, retired: rng.random_range(0..10) == 0 }
}

fn person(rng: &mut SmallRng, moved: bool) -> Told {
    let person = somebody(rng);
    Told { at: moved.then(|| instant(rng)), what: employed(rng, person) }
}

fn stages(rng: &mut SmallRng) -> Told {
    let categories = STAGES.map(|_| any(rng, &CATEGORIES[..5]));
    Told { at: Some(instant(rng)), what: What::Stages(categories) }
}

fn rate(rng: &mut SmallRng) -> Told {
    let mut pair = CURRENCIES.map(|(code, _)| code);
    pair.shuffle(rng);
    let ten_thousandths = rng.random_range(1..30_000);
    let plan = rng.random_range(0..3) == 0;
    let what = What::Rate { from: pair[0], to: pair[1], plan, ten_thousandths };
    Told { at: maybe(rng, 80, instant), what }
}

fn quota(rng: &mut SmallRng) -> Told {
    let (owner, period) = (somebody(rng), period(rng));
    let what = match maybe(rng, 80, amount) {
        Some(amount) => What::Quota { owner, period, amount },
        None => What::QuotaWithdrawn { owner, period },
    };
    Told { at: Some(instant(rng)), what }
}

fn judgement(rng: &mut SmallRng) -> Told {
    let currency = any(rng, &["USD", "USD", "EUR"]);
    let on = Sheet { owner: somebody(rng), period: period(rng), currency };
    let category = any(rng, &CATEGORIES[1..5]);
    let number = Number { manager: rng.random(), category, cumulative: rng.random() };
    let by = minor(rng) - 100_000;
    let what = match rng.random_range(0..10) {
        0..4 => What::Adjusted { on, number, change: Change::To(minor(rng)), expires: None },
        4..7 => {
            let expires = maybe(rng, 50, day);
            What::Adjusted { on, number, change: Change::By(by), expires }
        }
        7 => What::AdjustmentWithdrawn { on, number },
        8 => What::Submitted { on, minor: minor(rng) },
        _ => What::Unlocked { on },
    };
    Told { at: Some(instant(rng)), what }
}

fn cut(rng: &mut SmallRng) -> Cut {
    Cut {
        weeks: rng.random_range(0..3) == 0,
        first_month: any(rng, &[1, 2, 4]),
        zone: any(rng, &[("UTC", 0), ("Asia/Kolkata", 330), ("America/Phoenix", -420)]),
    }
}
