//! The view of deals: what lists filter and sort by; everything else is read from timelines.

use std::{collections::HashMap, sync::Arc};

use domain::{
    Date, Instant, Kind, Known, Money, Outcome, PipelineId, ProductId, Timeline, UserId,
    opportunity::Opportunity,
};
use foldhash::fast::RandomState;
use runtime::{digest::Digest, timelines::EntityRef, view::View};
use uuid::Uuid;

/// Every tenant's deals.
#[derive(Default)]
pub struct Deals {
    tenants: HashMap<Arc<str>, Tenant, RandomState>,
}

#[derive(Default)]
struct Tenant {
    rows: HashMap<Uuid, Row, RandomState>,
    digest: Digest,
}

/// What a list needs to know of a deal. Holds ids; what they mean is applied when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When it was opened; `None` while no fact says so.
    pub opened_at: Option<Instant>,
    /// The pipeline that it moves through.
    pub pipeline: Option<PipelineId>,
    /// The key of the stage that it stands in.
    pub stage: Box<str>,
    /// What counts as its amount.
    pub amount: Option<Money>,
    /// When it is expected to close.
    pub close_date: Option<Date>,
    /// Who works it.
    pub owner: Option<UserId>,
    /// What is to be sold.
    pub product: Option<ProductId>,
    /// How it stands.
    pub outcome: Outcome,
    /// How many faults its facts have among themselves.
    pub faults: u32,
}

impl Row {
    /// The row of a state.
    pub fn of(deal: &Opportunity) -> Row {
        Row {
            opened_at: deal.opened_at,
            pipeline: deal.pipeline,
            stage: deal.stage.as_ref().map_or("", |stage| &stage.key).into(),
            amount: deal.value(),
            close_date: deal.close_date,
            owner: deal.owner,
            product: deal.product,
            outcome: deal.outcome,
            faults: deal.faults.len() as u32,
        }
    }

    /// The row's bytes for a digest; `None` for one that says nothing, such as that of a deal whose
    /// opening was taken back.
    fn logical(&self, id: Uuid) -> Option<Vec<u8>> {
        if *self == Row::of(&Opportunity::default()) {
            return None;
        }
        let mut row = Vec::with_capacity(192);
        let mut add = |part: Option<&[u8]>| {
            let bytes = part.unwrap_or_default();
            row.push(u8::from(part.is_some()));
            row.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            row.extend_from_slice(bytes);
        };
        add(Some(id.as_bytes()));
        add(self.opened_at.map(|at| at.0.to_le_bytes()).as_ref().map(|bytes| &bytes[..]));
        add(self.pipeline.as_ref().map(|id| &id.0.as_bytes()[..]));
        add(Some(self.stage.as_bytes()));
        add(self.amount.map(|amount| amount.minor.to_le_bytes()).as_ref().map(|bytes| &bytes[..]));
        add(self.amount.as_ref().map(|amount| amount.currency.code().as_bytes()));
        add(self.close_date.map(|date| date.0.to_le_bytes()).as_ref().map(|bytes| &bytes[..]));
        add(self.owner.as_ref().map(|id| &id.0.as_bytes()[..]));
        add(self.product.as_ref().map(|id| &id.0.as_bytes()[..]));
        add(Some(self.outcome.word().as_bytes()));
        add(Some(&self.faults.to_le_bytes()));
        Some(row)
    }
}

impl Deals {
    /// A tenant's deals.
    pub fn rows(&self, tenant: &str) -> impl Iterator<Item = (Uuid, &Row)> {
        let rows = self.tenants.get(tenant).into_iter().flat_map(|tenant| &tenant.rows);
        rows.map(|(id, row)| (*id, row))
    }

    fn put(&mut self, entity: &EntityRef, deal: &Opportunity) {
        let tenant = self.tenants.entry(entity.tenant.clone()).or_default();
        let row = Row::of(deal);
        let before = tenant.rows.get(&entity.id);
        if before == Some(&row) {
            return;
        }
        if let Some(before) = before.and_then(|before| before.logical(entity.id)) {
            tenant.digest.remove(&before);
        }
        if let Some(added) = row.logical(entity.id) {
            tenant.digest.add(&added);
        }
        tenant.rows.insert(entity.id, row);
    }
}

impl View for Deals {
    const NAME: &'static str = "opportunities";
    const KINDS: &'static [Kind] = &[Kind::Opportunity];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        if timeline.entries().iter().any(|entry| entry.position <= upto) {
            self.apply(entity, timeline, upto);
        }
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let known = Known { known_at: position, ..Known::NOW };
        self.put(entity, &timeline.state(known));
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|tenant| tenant.digest).unwrap_or_default()
    }
}
