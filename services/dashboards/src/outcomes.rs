//! The view of closings: each with what counted when the deal closed, on both axes.

use std::{collections::HashMap, sync::Arc};

use domain::{
    Instant, Kind, Known, Money, Outcome, PipelineId, ProductId, Timeline, UserId,
    opportunity::{Fact, Opportunity},
};
use foldhash::fast::RandomState;
use read_model::Interner;
use runtime::{
    digest::Digest,
    steps::{self, Signed, Standing, write_amount, write_id, write_text},
    timelines::EntityRef,
    view::View,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Records whose bounds of closing times are kept together.
const BLOCK: usize = 1024;

/// Every tenant's closings as of any instant. It knows ids; names and managers are applied when
/// somebody asks.
#[derive(Default, Serialize, Deserialize)]
pub struct Outcomes {
    tenants: HashMap<Arc<str>, Tenant, RandomState>,
}

#[derive(Default, Serialize, Deserialize)]
struct Tenant {
    records: Vec<Record>,
    /// Of each block: the first and the last closing.
    blocks: Vec<(i64, i64)>,
    /// A deal's latest record.
    latest: HashMap<Uuid, u32, RandomState>,
    reasons: Interner<String>,
    digest: Digest,
}

/// A closing, said or taken back at a point of the two axes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Record {
    occurred_at: Instant,
    position: u64,
    sign: i32,
    /// Whether the deal has other records, so that only their sum says what holds.
    contested: bool,
    closing: Closing,
}

/// How a deal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Closing {
    /// The deal.
    pub deal: Uuid,
    /// When it ended.
    pub closed_at: Instant,
    /// When it was opened; after the end, when a source says so.
    pub opened_at: Instant,
    /// How.
    pub outcome: Outcome,
    /// Who worked it then.
    pub owner: Option<UserId>,
    /// What was to be sold.
    pub product: Option<ProductId>,
    /// What it brought when won, and what was expected otherwise.
    pub amount: Option<Money>,
    /// Why, as the place of the code among the tenant's reasons.
    pub reason: u32,
    pipeline: PipelineId,
}

/// A half-open period in which deals closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// From this instant on.
    pub start: Option<Instant>,
    /// Before this instant.
    pub end: Option<Instant>,
}

impl Period {
    fn covers(self, at: Instant) -> bool {
        self.start.is_none_or(|start| start <= at) && self.end.is_none_or(|end| at < end)
    }

    fn meets(self, (first, last): (i64, i64)) -> bool {
        self.start.is_none_or(|start| start.0 <= last) && self.end.is_none_or(|end| first < end.0)
    }
}

/// What counts of a closed deal: all of it as it stood when the deal closed. Who takes over the
/// customer afterwards, or what is corrected then, changes nothing here.
#[derive(Debug, Clone, PartialEq)]
struct Closed {
    closed_at: Instant,
    opened_at: Instant,
    outcome: Outcome,
    owner: Option<UserId>,
    product: Option<ProductId>,
    pipeline: PipelineId,
    amount: Option<Money>,
    reason: String,
}

impl Standing for Closed {
    fn after(before: Option<&Closed>, deal: &Opportunity, fact: &Fact) -> Option<Closed> {
        // A deal that no fact has opened yet is not there, whatever else is said of it.
        let (opened_at, closed_at) = (deal.opened_at?, deal.closed_at?);
        if deal.outcome == Outcome::Open {
            return None;
        }
        let closes = matches!(fact, Fact::Won(_) | Fact::Lost(_) | Fact::Abandoned(_));
        if let Some(before) = before.filter(|_| !closes) {
            return Some(before.clone());
        }
        Some(Closed {
            closed_at,
            opened_at,
            outcome: deal.outcome,
            owner: deal.owner,
            product: deal.product,
            pipeline: deal.pipeline?,
            amount: deal.value(),
            reason: deal.reason_code.clone(),
        })
    }

    fn write(&self, row: &mut Vec<u8>) {
        row.extend_from_slice(&self.closed_at.0.to_le_bytes());
        row.extend_from_slice(&self.opened_at.0.to_le_bytes());
        row.extend_from_slice(self.pipeline.0.as_bytes());
        write_text(row, self.outcome.word());
        write_id(row, self.owner.map(|owner| owner.0));
        write_id(row, self.product.map(|product| product.0));
        write_text(row, &self.reason);
        write_amount(row, self.amount);
    }
}

impl Outcomes {
    /// Calls `each` for every deal of a tenant that closed in a period, as of a point of the two
    /// axes: a deal that closed again counts with its last closing only.
    pub fn for_each(
        &self,
        tenant: &str,
        at: Known,
        period: Period,
        mut each: impl FnMut(&Closing),
    ) {
        let Some(tenant) = self.tenants.get(tenant) else {
            return;
        };
        let mut contested: HashMap<Closing, i32> = HashMap::new();
        for (block, bounds) in tenant.records.chunks(BLOCK).zip(&tenant.blocks) {
            if !period.meets(*bounds) {
                continue;
            }
            for record in block {
                if !period.covers(record.closing.closed_at)
                    || !at.covers(record.occurred_at, record.position)
                {
                    continue;
                }
                if record.contested {
                    *contested.entry(record.closing).or_default() += record.sign;
                } else {
                    each(&record.closing);
                }
            }
        }
        contested.iter().filter(|(_, sum)| **sum > 0).for_each(|(closing, _)| each(closing));
    }

    /// The codes of a tenant's reasons.
    pub fn reasons(&self, tenant: &str) -> &[String] {
        self.tenants.get(tenant).map_or(&[], |tenant| tenant.reasons.values())
    }

    fn tenant(&mut self, entity: &EntityRef) -> &mut Tenant {
        self.tenants.entry(entity.tenant.clone()).or_default()
    }
}

impl Tenant {
    fn add(&mut self, deal: Uuid, change: &Signed<'_, Closed>) {
        let Signed { occurred_at, position, sign, stands } = *change;
        let reason = self.reasons.id(&stands.reason);
        let Closed { closed_at, opened_at, outcome, owner, product, pipeline, amount, .. } =
            *stands;
        let closing = Closing {
            deal,
            closed_at,
            opened_at,
            outcome,
            owner,
            product,
            amount,
            reason,
            pipeline,
        };
        self.records.push(Record { occurred_at, position, sign, contested: false, closing });
        self.enter(self.records.len() - 1);
    }

    /// Finds out what the next record, which lies at this place, has to do with those before it.
    fn enter(&mut self, place: usize) {
        let Closing { deal, closed_at: Instant(at), .. } = self.records[place].closing;
        // A third record finds the second contested, and with it the first.
        let earlier = self.latest.insert(deal, u32::try_from(place).unwrap_or(u32::MAX));
        if let Some(earlier) = earlier {
            self.records[place].contested = true;
            if let Some(earlier) = self.records.get_mut(earlier as usize) {
                earlier.contested = true;
            }
        }
        match self.blocks.get_mut(place / BLOCK) {
            Some(bounds) => *bounds = (bounds.0.min(at), bounds.1.max(at)),
            None => self.blocks.push((at, at)),
        }
    }

    /// Sorts by closing time, so that a short period meets few blocks.
    fn settle(&mut self) {
        self.records.sort_unstable_by_key(|record| record.closing.closed_at);
        self.blocks.clear();
        self.latest.clear();
        (0..self.records.len()).for_each(|place| self.enter(place));
    }
}

impl View for Outcomes {
    const NAME: &'static str = "outcomes";
    const KINDS: &'static [Kind] = &[Kind::Opportunity];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        let life = steps::life::<Closed>(timeline, upto);
        let tenant = self.tenant(entity);
        life.changes().iter().for_each(|change| tenant.add(entity.id, change));
        life.add_to(&mut tenant.digest, entity);
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let news = steps::taught::<Closed>(timeline, position);
        let tenant = self.tenant(entity);
        news.changes(position).iter().for_each(|change| tenant.add(entity.id, change));
        news.restate(&mut tenant.digest, entity);
    }

    fn settle(&mut self) {
        self.tenants.values_mut().for_each(Tenant::settle);
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|tenant| tenant.digest).unwrap_or_default()
    }
}
