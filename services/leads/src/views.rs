//! The view of leads: what lists and conversion are made from; texts are read from timelines.

use std::collections::{BTreeSet, HashMap};

use domain::{Instant, Kind, Known, LeadId, Timeline, UserId, lead::Lead, lead::Status};
use foldhash::fast::RandomState;
use runtime::{digest::Digest, timelines::EntityRef, view::View};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Every tenant's leads.
#[derive(Default, Serialize, Deserialize)]
pub struct Leads {
    tenants: HashMap<String, Tenant>,
}

#[derive(Default, Serialize, Deserialize)]
struct Tenant {
    rows: HashMap<Uuid, Kept, RandomState>,
    /// Leads by the position of the commit that changed them last, for whoever wants to keep up.
    by_change: BTreeSet<(u64, Uuid)>,
    digest: Digest,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    row: Row,
    changed: u64,
}

/// What a list needs to know of a lead. Holds ids; what they mean is applied when asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// When it was captured; `None` while no fact says so.
    pub captured_at: Option<Instant>,
    /// How far it has come.
    pub status: Status,
    /// Who works it.
    pub owner: Option<UserId>,
    /// Where it came from.
    pub channel: Box<str>,
    /// The campaign that brought it.
    pub campaign: Box<str>,
    /// Why it stands where it does: the code.
    pub reason_code: Box<str>,
    /// When somebody first worked it.
    pub first_worked_at: Option<Instant>,
    /// When it was last offered to sales.
    pub handed_over_at: Option<Instant>,
    /// When sales took it.
    pub accepted_at: Option<Instant>,
    /// When it was first worth a deal.
    pub first_qualified_at: Option<Instant>,
    /// When it became a contact.
    pub converted_at: Option<Instant>,
    /// Whether it became a deal too.
    pub has_opportunity: bool,
    /// The lead that goes on in its place.
    pub merged_into: Option<LeadId>,
    /// How many faults its facts have among themselves.
    pub faults: u32,
}

impl Row {
    /// The row of a state.
    pub fn of(lead: &Lead) -> Row {
        Row {
            captured_at: lead.captured_at,
            status: lead.status(),
            owner: lead.owner,
            channel: lead.channel.as_str().into(),
            campaign: lead.campaign.as_str().into(),
            reason_code: lead.reason.code.as_str().into(),
            first_worked_at: lead.first_worked_at,
            handed_over_at: lead.handed_over_at(),
            accepted_at: lead.accepted_at(),
            first_qualified_at: lead.first_qualified_at,
            converted_at: lead.converted_at(),
            has_opportunity: lead.conversion.is_some_and(|it| it.opportunity.is_some()),
            merged_into: lead.merged_into,
            faults: lead.faults.len() as u32,
        }
    }

    /// The row's bytes for a digest; `None` for one that says nothing, such as that of a lead whose
    /// capture was taken back.
    fn logical(&self, id: Uuid) -> Option<Vec<u8>> {
        if *self == Row::default() {
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
        add(Some(self.status.word().as_bytes()));
        add(self.owner.as_ref().map(|id| &id.0.as_bytes()[..]));
        for text in [&self.channel, &self.campaign, &self.reason_code] {
            add(Some(text.as_bytes()));
        }
        for at in [
            self.captured_at,
            self.first_worked_at,
            self.handed_over_at,
            self.accepted_at,
            self.first_qualified_at,
            self.converted_at,
        ] {
            add(at.map(|at| at.0.to_le_bytes()).as_ref().map(|bytes| &bytes[..]));
        }
        add(Some(&[u8::from(self.has_opportunity)]));
        add(self.merged_into.as_ref().map(|id| &id.0.as_bytes()[..]));
        add(Some(&self.faults.to_le_bytes()));
        Some(row)
    }
}

impl Leads {
    /// A tenant's leads.
    pub fn rows(&self, tenant: &str) -> impl Iterator<Item = (Uuid, &Row)> {
        let rows = self.tenants.get(tenant).into_iter().flat_map(|tenant| &tenant.rows);
        rows.map(|(id, kept)| (*id, &kept.row))
    }

    /// Every tenant that has leads.
    pub fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.keys().map(String::as_str)
    }

    /// A tenant's leads that a commit after this position changed.
    pub fn changed_after(&self, tenant: &str, position: u64) -> Vec<Uuid> {
        let Some(tenant) = self.tenants.get(tenant) else {
            return Vec::new();
        };
        let changed = tenant.by_change.range((position.saturating_add(1), Uuid::nil())..);
        changed.map(|(_, id)| *id).collect()
    }

    fn put(&mut self, entity: &EntityRef, row: Row, changed: u64) {
        let tenant = match self.tenants.get_mut(&*entity.tenant) {
            Some(tenant) => tenant,
            None => self.tenants.entry(entity.tenant.to_string()).or_default(),
        };
        let id = entity.id;
        let added = row.logical(id);
        if let Some(before) = tenant.rows.insert(id, Kept { row, changed }) {
            tenant.by_change.remove(&(before.changed, id));
            if let Some(before) = before.row.logical(id) {
                tenant.digest.remove(&before);
            }
        }
        tenant.by_change.insert((changed, id));
        if let Some(added) = added {
            tenant.digest.add(&added);
        }
    }
}

impl View for Leads {
    const NAME: &'static str = "leads";
    const KINDS: &'static [Kind] = &[Kind::Lead];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        let known = timeline.entries().iter().map(|entry| entry.position);
        if let Some(last) = known.filter(|position| *position <= upto).max() {
            self.apply(entity, timeline, last);
        }
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let known = Known { known_at: position, ..Known::NOW };
        self.put(entity, Row::of(&timeline.state(known)), position);
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|tenant| tenant.digest).unwrap_or_default()
    }
}
