//! The numbers of a period at one point of the two axes: a pure function of what is known there.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Currency, ForecastCategory, Hierarchy, Instant, Known, Money, Outcome, PipelineId, Rejection,
    UserId,
    calendar::Period,
    catalog::Catalog,
    conversion::{ConversionError, Rate},
    exchange_rate::Purpose,
    forecast::Forecast,
    pipeline,
    rate_table::RateTable,
    rollup::{Inputs, Leaf, NodeAdjustment, NodeQuota, Rollup, roll_up},
    waterfall::Standing,
};
use uuid::Uuid;

use crate::{
    book::Shelf,
    calendars::Calendar,
    counted::{Class, Count},
    deals::Deal,
    quota_sums::{self, Part},
};

/// The code of no currency (ISO 4217), for answers without any amount.
const NO_CURRENCY: &str = "XXX";

/// A tenant's deals, quotas and sheets of one period, at one point.
pub struct Scene<'a> {
    /// What is known of them.
    pub shelf: &'a Shelf,
    /// The configuration.
    pub catalog: &'a Catalog,
    /// The calendar of the period.
    pub calendar: &'a Calendar,
    /// The period.
    pub period: Period,
    /// Which facts count.
    pub at: Known,
    /// Which definitions are in force.
    pub in_force: Known,
    /// What deals of each class are judged as, as if they were open.
    categories: Vec<ForecastCategory>,
}

/// A sheet with its id and etag.
pub type NodeSheet = (Uuid, Forecast, u64);

/// The numbers of every node, and where the sheets stand that they were made with.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// The numbers.
    pub rollup: Rollup,
    /// Each node's sheets, with their ids and etags.
    pub sheets: BTreeMap<UserId, Vec<NodeSheet>>,
    /// The periods whose quotas a node's quota is the sum of, where none is set for the whole.
    pub summed: BTreeMap<UserId, Vec<Period>>,
    /// What was left out because no rate leads into the currency.
    pub left_out: Vec<LeftOut>,
}

/// A quota or adjustment without a rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// A stable UPPER_SNAKE word.
    pub kind: &'static str,
    /// Whose it is.
    pub user: UserId,
    /// Why, in a sentence.
    pub detail: String,
}

impl<'a> Scene<'a> {
    /// What is known of a period at a point.
    pub fn new(
        (shelf, catalog): (&'a Shelf, &'a Catalog),
        (calendar, period): (&'a Calendar, Period),
        (at, in_force): (Known, Known),
    ) -> Scene<'a> {
        let pipelines = catalog.pipelines(in_force).collect();
        let classes = shelf.deals.classes();
        let categories = classes.iter().map(|class| category(class, &pipelines)).collect();
        Scene { shelf, catalog, calendar, period, at, in_force, categories }
    }

    /// The hierarchy at the point, or as it was strictly before another instant.
    pub fn hierarchy(&self, restated_to: Option<Instant>) -> Hierarchy {
        let as_of = restated_to.unwrap_or(self.in_force.as_of);
        Hierarchy::of(self.catalog, Known { as_of, ..self.in_force })
    }

    /// The rates that were known.
    pub fn rates(&self, corporate: Currency) -> RateTable {
        RateTable::of(self.catalog, self.in_force.known_at, corporate)
    }

    /// How a deal stands, with its rate into a currency.
    pub fn standing(&self, deal: &Deal, rates: &RateTable, currency: Currency) -> Option<Standing> {
        let count = deal.at(self.at)?;
        let (class, category) = self.class(&count)?;
        let amount = count.amount(class);
        Some(Standing {
            outcome: class.outcome,
            owner: class.owner,
            in_window: self.is_in_window(class, &count),
            category,
            amount,
            rate: amount.and_then(|it| self.rate((class, &count), it, rates, currency)),
        })
    }

    /// The class of a deal, and what it is judged as, as if it were open.
    fn class(&self, count: &Count) -> Option<(&'a Class, ForecastCategory)> {
        let number = count.class as usize;
        Some((self.shelf.deals.classes().get(number)?, *self.categories.get(number)?))
    }

    /// The rate of a deal's amount into a currency; `None` when there is none.
    fn rate(
        &self,
        (class, count): (&Class, &Count),
        amount: Money,
        rates: &RateTable,
        currency: Currency,
    ) -> Option<Rate> {
        if amount.currency == currency {
            return Some(Rate::ONE);
        }
        let at = self.rate_instant(class, count);
        rates.rate(amount.currency, currency, Purpose::Actual, at).ok()
    }

    /// What counts in the period, and as which category.
    fn counting(&self) -> impl Iterator<Item = (ForecastCategory, &'a Class, Count)> {
        let deals = self.shelf.deals.of(&self.period, &[self.at]);
        let counts = deals.filter_map(|deal| deal.at(self.at));
        counts.filter_map(|count| {
            let (class, category) = self.class(&count)?;
            let counts_as = category.counted(class.outcome)?;
            self.is_in_window(class, &count).then_some((counts_as, class, count))
        })
    }

    /// The currencies of everything that has an amount in the period.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        let amounts = self.counting().filter_map(|(_, class, _)| class.currency);
        let quotas = self.quotas_set().into_values().flatten();
        let quotas = quotas.map(|part| part.amount.currency);
        let sheets = self.shelf.sheets(&self.period, self.at);
        let judged = sheets.flat_map(|(_, sheet, _)| {
            let in_force = sheet.adjustments_in_force(self.today());
            in_force.map(|adjusted| adjusted.amount.currency).collect::<Vec<_>>()
        });
        amounts.chain(quotas).chain(judged).collect()
    }

    /// Rolls everything up.
    pub fn numbers(
        &self,
        currency: Currency,
        restated_to: Option<Instant>,
    ) -> Result<Numbers, ConversionError> {
        let rates = self.rates(currency);
        let leaves = self.leaves(&rates, currency)?;
        let mut left_out = Vec::new();
        let set = self.quotas_set();
        let quotas = self.quotas(&set, &rates, currency, &mut left_out);
        let mut sheets = BTreeMap::<UserId, Vec<NodeSheet>>::new();
        for (id, sheet, etag) in self.shelf.sheets(&self.period, self.at) {
            if let Some(owner) = sheet.sheet.as_ref().map(|sheet| sheet.owner) {
                sheets.entry(owner).or_default().push((id, sheet, etag));
            }
        }
        let adjustments = self.adjustments(&sheets, &rates, currency, &mut left_out);
        let inputs = Inputs { leaves: &leaves, adjustments: &adjustments, quotas: &quotas };
        let rollup = roll_up(&self.hierarchy(restated_to), currency, inputs)?;
        let of_parts = |parts: &Vec<Part>| parts.iter().any(|part| part.period != self.period);
        let summed = set.into_iter().filter(|(_, parts)| of_parts(parts));
        let periods = |parts: Vec<Part>| parts.into_iter().map(|part| part.period).collect();
        let summed = summed.map(|(user, parts)| (user, periods(parts))).collect();
        Ok(Numbers { rollup, sheets, summed, left_out })
    }

    /// The deals that count, those together that are converted alike.
    fn leaves(&self, rates: &RateTable, currency: Currency) -> Result<Vec<Leaf>, ConversionError> {
        let mut leaves = BTreeMap::<_, (i64, u64)>::new();
        for (category, class, count) in self.counting() {
            let (amount, rate) = match count.amount(class) {
                Some(amount) => (amount, self.rate((class, &count), amount, rates, currency)),
                // It counts, and adds nothing.
                None => (Money { minor: 0, currency }, Some(Rate::ONE)),
            };
            let alike = (class.owner, category as usize, amount.currency, rate);
            let (minor, deals) = leaves.entry(alike).or_default();
            *minor = minor.checked_add(amount.minor).ok_or(ConversionError::TooLarge)?;
            *deals += 1;
        }
        let leaf = |((owner, category, currency, rate), (minor, count))| {
            let amount = Money { minor, currency };
            Leaf { owner, category: ForecastCategory::ALL[category], amount, rate, count }
        };
        Ok(leaves.into_iter().map(leaf).collect())
    }

    fn quotas_set(&self) -> BTreeMap<UserId, Vec<Part>> {
        quota_sums::quotas(self.shelf, &self.calendar.defined.shape, &self.period, self.at)
    }

    /// What everybody is to bring. A quota in parts of which one has no rate is left out whole.
    fn quotas(
        &self,
        set: &BTreeMap<UserId, Vec<Part>>,
        rates: &RateTable,
        currency: Currency,
        left_out: &mut Vec<LeftOut>,
    ) -> Vec<NodeQuota> {
        let mut quotas = Vec::new();
        for (user, parts) in set {
            let user = *user;
            let converted = parts.iter().map(|Part { amount, .. }| {
                let from = amount.currency;
                let rate = rates.rate(from, currency, Purpose::Plan, self.in_force.as_of);
                let rate = rate.map_err(|why| LeftOut {
                    kind: "QUOTA_WITHOUT_RATE",
                    user,
                    detail: format!("a quota in {}: {why}", from.code()),
                })?;
                Ok(NodeQuota { user, amount: *amount, rate })
            });
            match converted.collect::<Result<Vec<NodeQuota>, LeftOut>>() {
                Ok(converted) => quotas.extend(converted),
                Err(why) => left_out.push(why),
            }
        }
        quotas
    }

    /// Of two judgements of one number, on sheets of two currencies, the later one counts.
    fn adjustments(
        &self,
        sheets: &BTreeMap<UserId, Vec<NodeSheet>>,
        rates: &RateTable,
        currency: Currency,
        left_out: &mut Vec<LeftOut>,
    ) -> Vec<NodeAdjustment> {
        let mut judged = Vec::new();
        for (user, sheets) in sheets {
            let standing = sheets.iter().flat_map(|(_, sheet, _)| &sheet.adjustments);
            let today = self.today();
            let counts = standing.filter(|it| it.ended_at.is_none());
            let counts = counts.filter(|it| it.adjusted.expires.is_none_or(|day| today < day));
            let mut counts: Vec<_> = counts.collect();
            counts.sort_by_key(|adjustment| adjustment.made);
            for adjustment in counts {
                let it = &adjustment.adjusted;
                let (level, column, change, amount) = (it.level, it.column, it.change, it.amount);
                let from = amount.currency;
                match rates.rate(from, currency, Purpose::Actual, self.in_force.as_of) {
                    Ok(rate) => {
                        let user = *user;
                        judged.push(NodeAdjustment { user, level, column, change, amount, rate });
                    }
                    Err(why) => left_out.push(LeftOut {
                        kind: "ADJUSTMENT_WITHOUT_RATE",
                        user: *user,
                        detail: format!("an adjustment in {}: {why}", from.code()),
                    }),
                }
            }
        }
        judged
    }

    /// The last day of which anything counts.
    fn today(&self) -> domain::Date {
        self.calendar.day_of(Instant(self.in_force.as_of.0.saturating_sub(1)))
    }

    /// A won deal belongs to the day on which it closed, any other to the one on which it is
    /// expected to.
    fn is_in_window(&self, class: &Class, count: &Count) -> bool {
        let day = match (class.outcome, count.closed_at) {
            (Outcome::Won, Some(at)) => Some(self.calendar.day_of(at)),
            _ => count.close_date,
        };
        day.is_some_and(|day| self.period.holds(day))
    }

    /// What is won keeps the rate of its day, however long ago that is.
    fn rate_instant(&self, class: &Class, count: &Count) -> Instant {
        match (class.outcome, count.closed_at) {
            (Outcome::Won, Some(at)) => {
                self.calendar.start_of(self.calendar.day_of(at).plus_days(1))
            }
            _ => self.in_force.as_of,
        }
    }
}

/// As if it were open: a person's judgement, or else the stage's category.
fn category(
    class: &Class,
    pipelines: &BTreeMap<PipelineId, pipeline::Defined>,
) -> ForecastCategory {
    let of_stage = || Some(pipelines.get(&class.pipeline?)?.stage(&class.stage)?.category);
    class.category.or_else(of_stage).unwrap_or(ForecastCategory::Omitted)
}

/// The currency of an answer: the one asked for, or the only one that is found.
pub fn currency(
    asked: &str,
    find: impl FnOnce() -> BTreeSet<Currency>,
) -> Result<Currency, Rejection> {
    const FIELD: &str = "currency_code";
    if !asked.is_empty() {
        let message = "it has to be three letters such as USD";
        return Currency::from_code(asked)
            .ok_or_else(|| Rejection::invalid("CURRENCY_INVALID", FIELD, message));
    }
    let found = find();
    let mut codes = found.iter();
    match (codes.next(), codes.next()) {
        (Some(only), None) => Ok(*only),
        (None, _) => Currency::from_code(NO_CURRENCY)
            .ok_or_else(|| Rejection::invalid("CURRENCY_INVALID", FIELD, "there is none")),
        (Some(_), Some(_)) => {
            let codes: Vec<&str> = found.iter().map(Currency::code).collect();
            let message = format!(
                "there are amounts in {}: name the currency to answer in",
                codes.join(", ")
            );
            Err(Rejection::invalid("CURRENCY_NEEDED", FIELD, message))
        }
    }
}

/// What is said of sums beyond all amounts.
pub fn too_large(error: &ConversionError) -> Rejection {
    Rejection::precondition("AMOUNT_TOO_LARGE", format!("the forecast cannot be summed: {error}"))
}
