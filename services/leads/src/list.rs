//! Lists of leads: which ones, in the order of their capture, from where on.

use api::leads::v1::{LeadStatus, ListLeadsRequest};
use domain::{Instant, Kind, Rejection, UserId, catalog::Catalog, lead::Status};
use runtime::{query::instant, runtime::Runtime};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::views::Row;

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    statuses: Vec<Status>,
    owner: Option<UserId>,
    channel: String,
    campaign: String,
    captured: Captured,
    descending: bool,
    read_at: String,
}

/// The instants between which leads were captured: the first included, the last not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Captured {
    from: Option<Instant>,
    before: Option<Instant>,
}

impl Captured {
    /// Reads both ends.
    pub fn read(
        from: Option<&prost_types::Timestamp>,
        before: Option<&prost_types::Timestamp>,
    ) -> Result<Captured, Rejection> {
        let from = from.map(|at| instant("captured_start", at)).transpose()?;
        let before = before.map(|at| instant("captured_end", at)).transpose()?;
        if let (Some(from), Some(before)) = (from, before)
            && before <= from
        {
            let message = "the end is exclusive and has to lie after the start";
            return Err(Rejection::invalid("PERIOD_EMPTY", "captured_end", message));
        }
        Ok(Captured { from, before })
    }

    /// Whether a lead captured then is among them.
    pub fn holds(&self, at: Instant) -> bool {
        self.from.is_none_or(|from| at >= from) && self.before.is_none_or(|before| at < before)
    }
}

/// Where a lead stands in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    captured_at: i64,
    /// The lead.
    pub id: Uuid,
}

impl Question {
    /// Reads a request; every error names its field.
    pub fn read(
        runtime: &Runtime,
        (tenant, catalog): (&str, &Catalog),
        request: &ListLeadsRequest,
    ) -> Result<Question, Rejection> {
        let find = |text: &str| runtime.find((tenant, catalog), Kind::User, "owner", text);
        let owner = (!request.owner.is_empty()).then(|| find(&request.owner)).transpose()?;
        let statuses = request.statuses.iter().map(|it| status(*it));
        let (from, before) = (request.captured_start.as_ref(), request.captured_end.as_ref());
        Ok(Question {
            statuses: statuses.collect::<Result<_, Rejection>>()?,
            owner: owner.map(UserId),
            channel: request.channel.clone(),
            campaign: request.campaign.clone(),
            captured: Captured::read(from, before)?,
            descending: request.descending,
            read_at: format!("{:?}", request.read_at),
        })
    }

    /// The question in words, for a page token to be bound to.
    pub fn text(&self, tenant: &str) -> Vec<u8> {
        format!("{tenant}/{self:?}").into_bytes()
    }

    fn place(&self, id: Uuid, row: &Row) -> Option<Place> {
        // What was reported of a lead that nobody captured is no lead; its history tells of it.
        let captured_at = row.captured_at?;
        let wanted = self.captured.holds(captured_at)
            && (self.statuses.is_empty() || self.statuses.contains(&row.status))
            && (self.owner.is_none() || self.owner == row.owner)
            && (self.channel.is_empty() || *self.channel == *row.channel)
            && (self.campaign.is_empty() || *self.campaign == *row.campaign);
        wanted.then_some(Place { captured_at: captured_at.0, id })
    }

    /// The leads that answer to it, in order, after the last one of the page before.
    pub fn after(&self, rows: &[(Uuid, Row)], after: Option<Place>) -> Vec<Place> {
        let found = rows.iter().filter_map(|(id, row)| self.place(*id, row));
        let beyond = |place: &Place| match after {
            None => true,
            Some(after) if self.descending => *place < after,
            Some(after) => *place > after,
        };
        let mut found: Vec<Place> = found.filter(beyond).collect();
        found.sort_unstable();
        if self.descending {
            found.reverse();
        }
        found
    }
}

fn status(value: i32) -> Result<Status, Rejection> {
    let found = match LeadStatus::try_from(value) {
        Ok(LeadStatus::New) => Status::New,
        Ok(LeadStatus::Assigned) => Status::Assigned,
        Ok(LeadStatus::Working) => Status::Working,
        Ok(LeadStatus::Nurturing) => Status::Nurturing,
        Ok(LeadStatus::HandedOver) => Status::HandedOver,
        Ok(LeadStatus::Accepted) => Status::Accepted,
        Ok(LeadStatus::Qualified) => Status::Qualified,
        Ok(LeadStatus::Converted) => Status::Converted,
        Ok(LeadStatus::Recycled) => Status::Recycled,
        Ok(LeadStatus::Disqualified) => Status::Disqualified,
        Ok(LeadStatus::Merged) => Status::Merged,
        Ok(LeadStatus::Unspecified) | Err(_) => {
            let message = "no such status; see LeadStatus";
            return Err(Rejection::invalid("STATUS_UNKNOWN", "statuses", message));
        }
    };
    Ok(found)
}
