//! The view of open deals: what they are worth per stage, owner, product and month, at any point.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use domain::{
    Currency, Date, ForecastCategory, Instant, Kind, Known, Money, PipelineId, ProductId, Timeline,
    UserId,
    opportunity::{Fact, Opportunity},
};
use read_model::{Interner, Ledger};
use runtime::{digest::Digest, timelines::EntityRef, view::View};

use crate::{
    amounts::Amounts,
    steps::{self, Signed, Standing, write_amount, write_part},
};

/// Every tenant's open deals as of any instant. It knows ids; names and managers are applied when
/// somebody asks.
#[derive(Default)]
pub struct PipelineLedger {
    tenants: HashMap<String, Tenant>,
}

#[derive(Default)]
struct Tenant {
    ledger: Ledger<Leaf>,
    stages: Interner<StageRef>,
    owners: Interner<Option<UserId>>,
    products: Interner<Option<ProductId>>,
    months: Interner<Option<Month>>,
    digest: Digest,
}

/// A stage of a pipeline, known to the catalog or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageRef {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The stage's key.
    pub key: String,
}

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// What open deals have in common that are summed up together; the numbers stand for values of
/// the tenant's interners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Leaf {
    stage: u32,
    owner: u32,
    product: u32,
    month: u32,
    category: Option<ForecastCategory>,
    currency: Option<Currency>,
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
    fn after(_: Option<&Open>, deal: &Opportunity, _: &Fact) -> Option<Open> {
        if !deal.is_open() {
            return None;
        }
        let key = deal
            .stage
            .as_ref()
            .map(|stage| stage.key.clone())
            .unwrap_or_default();
        Some(Open {
            stage: StageRef {
                pipeline: deal.pipeline?,
                key,
            },
            owner: deal.owner,
            product: deal.product,
            month: deal.close_date.map(Month::of),
            category: deal.category_override,
            amount: deal.amount,
        })
    }

    fn write(&self, row: &mut Vec<u8>) {
        row.extend_from_slice(self.stage.pipeline.0.as_bytes());
        write_part(row, Some(self.stage.key.as_bytes()));
        write_part(
            row,
            self.owner.as_ref().map(|id| id.0.as_bytes().as_slice()),
        );
        write_part(
            row,
            self.product.as_ref().map(|id| id.0.as_bytes().as_slice()),
        );
        write_part(
            row,
            self.month
                .map(|month| month.to_string())
                .as_ref()
                .map(String::as_bytes),
        );
        write_part(
            row,
            self.category.map(|category| category.word().as_bytes()),
        );
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
    pub fn open<K: Ord + Clone>(
        &self,
        tenant: &str,
        at: Known,
        part: Part,
        group: impl FnMut(PartValue<'_>) -> K,
    ) -> BTreeMap<K, OpenSum> {
        let Some(tenant) = self.tenants.get(tenant) else {
            return BTreeMap::new();
        };
        let groups = tenant.groups(part, group);
        let mut index: Vec<K> = groups.clone();
        index.sort_unstable();
        index.dedup();
        let places: Vec<usize> = groups
            .iter()
            .map(|group| index.binary_search(group).unwrap_or(0))
            .collect();
        let mut sums = vec![OpenSum::default(); index.len()];
        for (leaf, sum) in tenant.ledger.sums(at.as_of.0, at.known_at) {
            let value = match part {
                Part::Stage => leaf.stage,
                Part::Owner => leaf.owner,
                Part::Product => leaf.product,
                Part::Month => leaf.month,
            };
            if let Some(group) = places
                .get(value as usize)
                .and_then(|place| sums.get_mut(*place))
            {
                group.add(leaf.currency, sum);
            }
        }
        index
            .into_iter()
            .zip(sums)
            .filter(|(_, sum)| sum.count > 0)
            .collect()
    }

    fn tenant(&mut self, entity: &EntityRef) -> &mut Tenant {
        self.tenants.entry(entity.tenant.to_string()).or_default()
    }
}

impl Tenant {
    fn groups<K>(&self, part: Part, mut group: impl FnMut(PartValue<'_>) -> K) -> Vec<K> {
        match part {
            Part::Stage => each(&self.stages, |stage| group(PartValue::Stage(stage))),
            Part::Owner => each(&self.owners, |owner| group(PartValue::Owner(*owner))),
            Part::Product => each(&self.products, |product| {
                group(PartValue::Product(*product))
            }),
            Part::Month => each(&self.months, |month| group(PartValue::Month(*month))),
        }
    }

    fn change(&mut self, change: Signed<Open>) -> (i64, u64, Leaf, i32, i128) {
        let Signed {
            occurred_at: Instant(at),
            position,
            sign,
            stands,
        } = change;
        let leaf = Leaf {
            stage: self.stages.id(stands.stage),
            owner: self.owners.id(stands.owner),
            product: self.products.id(stands.product),
            month: self.months.id(stands.month),
            category: stands.category,
            currency: stands.amount.map(|amount| amount.currency),
        };
        let amount = i128::from(sign) * stands.amount.map_or(0, |amount| i128::from(amount.minor));
        (at, position, leaf, sign, amount)
    }
}

fn each<T: Clone + Eq + Hash, K>(values: &Interner<T>, group: impl FnMut(&T) -> K) -> Vec<K> {
    values.values().iter().map(group).collect()
}

impl View for PipelineLedger {
    const NAME: &'static str = "pipeline";
    const KINDS: &'static [Kind] = &[Kind::Opportunity];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        let (changes, steps) = steps::load::<Open>(timeline, upto);
        let tenant = self.tenant(entity);
        for change in changes {
            let (at, position, leaf, count, amount) = tenant.change(change);
            tenant.ledger.load(at, position, leaf, count, amount);
        }
        steps::restate(&mut tenant.digest, entity, &[], &steps);
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let (before, after) = steps::taught::<Open>(timeline, position);
        let tenant = self.tenant(entity);
        for change in steps::difference(&before, &after, position) {
            let (at, position, leaf, count, amount) = tenant.change(change);
            tenant.ledger.insert(at, position, leaf, count, amount);
        }
        steps::restate(&mut tenant.digest, entity, &before, &after);
    }

    fn settle(&mut self) {
        for tenant in self.tenants.values_mut() {
            tenant.ledger.settle();
        }
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants
            .get(tenant)
            .map(|tenant| tenant.digest)
            .unwrap_or_default()
    }
}
