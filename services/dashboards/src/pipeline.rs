//! The view of open deals: what they are worth per stage, owner, product and month, at any point.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::Arc,
    thread,
};

use domain::{
    Currency, Date, ForecastCategory, Instant, Kind, Known, Money, PipelineId, ProductId, Timeline,
    UserId,
    opportunity::{Fact, Opportunity},
};
use foldhash::fast::RandomState;
use read_model::Ledger;
use runtime::{
    digest::Digest,
    steps::{self, Signed, Standing, write_amount, write_id, write_text},
    timelines::EntityRef,
    view::View,
};
use serde::{Deserialize, Serialize};

use crate::amounts::Amounts;

/// Every tenant's open deals as of any instant. It knows ids; names and managers are applied when
/// somebody asks.
#[derive(Default, Serialize, Deserialize)]
pub struct PipelineLedger {
    tenants: HashMap<Arc<str>, Tenant, RandomState>,
}

/// One ledger per question. A ledger over all of a deal's parts at once would have as many leaves
/// as there are combinations, hundreds of thousands in a large team, and every answer would have to
/// look at each of them.
#[derive(Default, Serialize, Deserialize)]
struct Tenant {
    stages: Ledger<Leaf<StageRef>>,
    owners: Ledger<Leaf<Option<UserId>>>,
    products: Ledger<Leaf<Option<ProductId>>>,
    months: Ledger<Leaf<Option<Month>>>,
    digest: Digest,
}

/// What open deals have in common that are summed up together.
type Leaf<T> = (T, Option<Currency>);

/// A stage of a pipeline, known to the catalog or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StageRef {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The stage's key.
    pub key: Arc<str>,
}

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Month {
    /// The year.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
}

impl Month {
    /// The month of a day.
    pub fn of(date: Date) -> Month {
        let (year, month) = date.year_month();
        Month { year, month }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// An open deal at some instant of its life.
#[derive(Debug, Clone, PartialEq)]
struct Open {
    stage: StageRef,
    owner: Option<UserId>,
    product: Option<ProductId>,
    month: Option<Month>,
    category: Option<ForecastCategory>,
    amount: Option<Money>,
}

impl Standing for Open {
    fn after(before: Option<&Open>, deal: &Opportunity, _: &Fact) -> Option<Open> {
        if !deal.is_open() {
            return None;
        }
        let pipeline = deal.pipeline?;
        let key = deal.stage.as_ref().map_or("", |stage| &stage.key);
        let same = |stage: &StageRef| stage.pipeline == pipeline && *stage.key == *key;
        let stage = match before.map(|open| &open.stage).filter(|stage| same(stage)) {
            Some(stage) => stage.clone(),
            None => StageRef { pipeline, key: key.into() },
        };
        Some(Open {
            stage,
            owner: deal.owner,
            product: deal.product,
            month: deal.close_date.map(Month::of),
            category: deal.category_override,
            amount: deal.amount,
        })
    }

    fn write(&self, row: &mut Vec<u8>) {
        row.extend_from_slice(self.stage.pipeline.0.as_bytes());
        write_text(row, &self.stage.key);
        write_id(row, self.owner.map(|owner| owner.0));
        write_id(row, self.product.map(|product| product.0));
        let Month { year, month } = self.month.unwrap_or(Month { year: 0, month: 0 });
        row.extend_from_slice(&year.to_le_bytes());
        row.push(month);
        write_text(row, self.category.map_or("", ForecastCategory::word));
        write_amount(row, self.amount);
    }
}

/// Open deals that are summed up together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenSum {
    /// How many.
    pub count: u64,
    /// What they are worth; those without an amount add nothing.
    pub amounts: Amounts,
}

impl OpenSum {
    fn add(&mut self, currency: Option<Currency>, sum: read_model::Sum) {
        self.count += u64::try_from(sum.count).unwrap_or(0);
        if let Some(currency) = currency {
            self.amounts.add(currency, sum.amount);
        }
    }
}

/// What deals are grouped by, before anything is looked up in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The stage.
    Stage,
    /// The owner.
    Owner,
    /// The product.
    Product,
    /// The month in which it is expected to close.
    Month,
}

/// A value of a part.
#[derive(Debug, Clone, Copy)]
pub enum PartValue<'a> {
    /// The stage.
    Stage(&'a StageRef),
    /// The owner.
    Owner(Option<UserId>),
    /// The product.
    Product(Option<ProductId>),
    /// The month.
    Month(Option<Month>),
}

impl PipelineLedger {
    /// The deals of a tenant that are open at a point of the two axes, grouped by what `group`
    /// makes of each value of a part.
    pub fn open<K: Ord>(
        &self,
        tenant: &str,
        at: Known,
        part: Part,
        mut group: impl FnMut(PartValue<'_>) -> K,
    ) -> BTreeMap<K, OpenSum> {
        let mut groups = BTreeMap::<K, OpenSum>::new();
        let Some(tenant) = self.tenants.get(tenant) else {
            return groups;
        };
        let mut add = |value: PartValue<'_>, currency, sum| {
            groups.entry(group(value)).or_default().add(currency, sum);
        };
        let Known { as_of: Instant(as_of), known_at } = at;
        match part {
            Part::Stage => {
                let sums = tenant.stages.sums(as_of, known_at);
                sums.for_each(|((stage, in_), sum)| add(PartValue::Stage(stage), *in_, sum));
            }
            Part::Owner => {
                let sums = tenant.owners.sums(as_of, known_at);
                sums.for_each(|((owner, in_), sum)| add(PartValue::Owner(*owner), *in_, sum));
            }
            Part::Product => {
                let sums = tenant.products.sums(as_of, known_at);
                sums.for_each(|((product, in_), sum)| add(PartValue::Product(*product), *in_, sum));
            }
            Part::Month => {
                let sums = tenant.months.sums(as_of, known_at);
                sums.for_each(|((month, in_), sum)| add(PartValue::Month(*month), *in_, sum));
            }
        }
        groups
    }

    fn tenant(&mut self, entity: &EntityRef) -> &mut Tenant {
        self.tenants.entry(entity.tenant.clone()).or_default()
    }
}

/// Whether changes come in the order of positions, or all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Feed {
    Live,
    Load,
}

impl Tenant {
    fn record(&mut self, changes: &[Signed<'_, Open>], feed: Feed) {
        record(&mut self.stages, changes, feed, |open| &open.stage);
        record(&mut self.owners, changes, feed, |open| &open.owner);
        record(&mut self.products, changes, feed, |open| &open.product);
        record(&mut self.months, changes, feed, |open| &open.month);
    }
}

/// Adds to a ledger what changes to deals come to in one of their parts: nothing, mostly.
fn record<T: Clone + Eq + Hash>(
    ledger: &mut Ledger<Leaf<T>>,
    changes: &[Signed<'_, Open>],
    feed: Feed,
    part: impl Fn(&Open) -> &T,
) {
    let together = |a: &Signed<'_, Open>, b: &Signed<'_, Open>| {
        (a.occurred_at, a.position) == (b.occurred_at, b.position)
    };
    let mut net: Vec<(Leaf<&T>, i32, i128)> = Vec::with_capacity(4);
    for changes in changes.chunk_by(together) {
        for Signed { sign, stands, .. } in changes {
            let leaf = (part(stands), stands.amount.map(|amount| amount.currency));
            let minor = stands.amount.map_or(0, |amount| i128::from(amount.minor));
            let amount = i128::from(*sign) * minor;
            match net.iter_mut().find(|(other, _, _)| *other == leaf) {
                Some((_, count, sum)) => (*count, *sum) = (*count + sign, *sum + amount),
                None => net.push((leaf, *sign, amount)),
            }
        }
        let (at, position) = (changes[0].occurred_at.0, changes[0].position);
        for ((part, currency), count, amount) in net.drain(..) {
            // Nearly every change of a deal leaves most of its parts what they were.
            if count == 0 && amount == 0 {
                continue;
            }
            let leaf = (part.clone(), currency);
            match feed {
                Feed::Live => ledger.insert(at, position, &leaf, count, amount),
                Feed::Load => ledger.load(at, position, &leaf, count, amount),
            }
        }
    }
}

impl View for PipelineLedger {
    const NAME: &'static str = "pipeline";
    const KINDS: &'static [Kind] = &[Kind::Opportunity];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        let life = steps::life::<Open>(timeline, upto);
        let tenant = self.tenant(entity);
        tenant.record(&life.changes(), Feed::Load);
        life.add_to(&mut tenant.digest, entity);
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let news = steps::taught::<Open>(timeline, position);
        let tenant = self.tenant(entity);
        tenant.record(&news.changes(position), Feed::Live);
        news.restate(&mut tenant.digest, entity);
    }

    fn settle(&mut self) {
        for Tenant { stages, owners, products, months, .. } in self.tenants.values_mut() {
            // Sorting is most of a load, and each ledger is a matter of its own.
            thread::scope(|scope| {
                scope.spawn(|| stages.settle());
                scope.spawn(|| owners.settle());
                scope.spawn(|| products.settle());
                months.settle();
            });
        }
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|tenant| tenant.digest).unwrap_or_default()
    }
}
