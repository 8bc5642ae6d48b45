//! Metrics: what closed in a period, tallied per group, and the figures that follow.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use api::dashboards::v1::MetricsBy;
use domain::{Currency, Known, Outcome, ProductId, Rejection, UserId, catalog::Catalog};
use runtime::point::Point;

use crate::{
    amounts::Amounts,
    groups::{Group, Owners, OwnersBy},
    outcomes::{Closing, Outcomes, Period},
    pipeline::Month,
};

/// Reads what is asked for.
pub fn by(value: i32) -> Result<MetricsBy, Rejection> {
    MetricsBy::try_from(value).map_err(|_| {
        let message = format!("{value} is no grouping of metrics");
        Rejection::invalid("GROUPING_UNKNOWN", "by", message)
    })
}

/// What closed.
#[derive(Debug, Default)]
pub struct Measured {
    /// Per group.
    pub tallies: Vec<(Group, Tally)>,
    /// The currencies of what was won.
    pub currencies: BTreeSet<Currency>,
    /// Per outcome and reason.
    pub reasons: BTreeMap<(Outcome, String), (u64, Amounts)>,
}

/// The closings of one group.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How many were won.
    pub won: u64,
    /// How many were lost.
    pub lost: u64,
    /// How many ended because nobody decided.
    pub no_decision: u64,
    /// Minor units of each deal won, by currency.
    pub amounts: BTreeMap<Currency, Vec<i64>>,
    /// How many were won without saying for how much.
    pub without_amount: u64,
    /// Microseconds from opening to winning.
    pub cycles: Vec<i64>,
    /// How many were won before they were opened, by what the sources say.
    pub negative_cycles: u64,
}

/// Tallies what closed in a period.
pub fn measure(
    outcomes: &Outcomes,
    tenant: &str,
    point: &Point,
    by: MetricsBy,
    period: Period,
) -> Measured {
    let mut measured = Measured::default();
    let mut grouping = Grouping::new(&point.catalog, point.in_force, by);
    if matches!(by, MetricsBy::Unspecified | MetricsBy::Reason) {
        measured.tallies.push((Group::None, Tally::default()));
        grouping.places.insert(Group::None, 0);
    }
    let mut reasons: HashMap<(Outcome, u32), (u64, Amounts)> = HashMap::new();
    outcomes.for_each(tenant, point.at, period, |closing| {
        let place = grouping.place(closing, &mut measured.tallies);
        if let Some((_, tally)) = measured.tallies.get_mut(place) {
            tally.add(closing);
        }
        if let (Outcome::Won, Some(amount)) = (closing.outcome, closing.amount) {
            measured.currencies.insert(amount.currency);
        }
        if by == MetricsBy::Reason {
            let (count, amounts) = reasons.entry((closing.outcome, closing.reason)).or_default();
            *count += 1;
            if let Some(amount) = closing.amount {
                amounts.add(amount.currency, amount.minor.into());
            }
        }
    });
    let codes = outcomes.reasons(tenant);
    for ((outcome, reason), row) in reasons {
        let code = codes.get(reason as usize).cloned().unwrap_or_default();
        measured.reasons.insert((outcome, code), row);
    }
    measured
}

impl Tally {
    fn add(&mut self, closing: &Closing) {
        match closing.outcome {
            Outcome::Open => {}
            Outcome::Lost => self.lost += 1,
            Outcome::NoDecision => self.no_decision += 1,
            Outcome::Won => {
                self.won += 1;
                match closing.amount {
                    Some(amount) => {
                        self.amounts.entry(amount.currency).or_default().push(amount.minor);
                    }
                    None => self.without_amount += 1,
                }
                match closing.closed_at.0.saturating_sub(closing.opened_at.0) {
                    cycle @ 0.. => self.cycles.push(cycle),
                    _ => self.negative_cycles += 1,
                }
            }
        }
    }
}

/// What a closing is grouped by, before anything is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Raw {
    All,
    Owner(Option<UserId>),
    Product(Option<ProductId>),
    Month(Month),
    /// With its first month.
    Quarter(Month),
}

/// Finds a closing's group, looking each of them up once.
struct Grouping<'a> {
    by: MetricsBy,
    owners: Owners<'a>,
    known: HashMap<Raw, usize>,
    places: HashMap<Group, usize>,
}

impl<'a> Grouping<'a> {
    fn new(catalog: &'a Catalog, at: Known, by: MetricsBy) -> Grouping<'a> {
        let owners_by = match by {
            MetricsBy::Manager => OwnersBy::Manager,
            MetricsBy::Office => OwnersBy::Office,
            _ => OwnersBy::Themselves,
        };
        let owners = Owners::new(catalog, at, owners_by);
        Grouping { by, owners, known: HashMap::new(), places: HashMap::new() }
    }

    fn place(&mut self, closing: &Closing, tallies: &mut Vec<(Group, Tally)>) -> usize {
        let raw = self.raw(closing);
        if let Some(place) = self.known.get(&raw) {
            return *place;
        }
        let group = self.group(raw);
        let place = *self.places.entry(group.clone()).or_insert_with(|| {
            tallies.push((group, Tally::default()));
            tallies.len() - 1
        });
        self.known.insert(raw, place);
        place
    }

    /// Months are those of UTC, the zone of every tenant until calendars can be configured.
    fn raw(&self, closing: &Closing) -> Raw {
        match self.by {
            MetricsBy::Unspecified | MetricsBy::Reason => Raw::All,
            MetricsBy::Owner | MetricsBy::Manager | MetricsBy::Office => Raw::Owner(closing.owner),
            MetricsBy::Product => Raw::Product(closing.product),
            MetricsBy::Month => Raw::Month(Month::of(closing.closed_at.date())),
            MetricsBy::Quarter => {
                let Month { year, month } = Month::of(closing.closed_at.date());
                Raw::Quarter(Month { year, month: (month - 1) / 3 * 3 + 1 })
            }
        }
    }

    fn group(&mut self, raw: Raw) -> Group {
        match raw {
            Raw::All => Group::None,
            Raw::Owner(owner) => self.owners.group(owner),
            Raw::Product(product) => product.map_or(Group::None, Group::Product),
            Raw::Month(month) => Group::Word(month.to_string()),
            Raw::Quarter(Month { year, month }) => {
                Group::Word(format!("{year:04}Q{}", month.div_ceil(3)))
            }
        }
    }
}
