//! Lists of deals: which ones, in which order, from where on.

use std::cmp::Ordering;

use api::opportunities::v1::ListOpportunitiesRequest;
use domain::{
    AccountId, Date, Kind, Known, OpportunityType, Outcome, PipelineId, ProductId, Rejection,
    UserId, catalog::Catalog, opportunity::Opportunity,
};
use event_log::Word;
use runtime::{
    from_proto,
    query::Asked,
    runtime::Runtime,
    timelines::{EntityRef, TimelineError},
    to_proto::Referring,
    view::Shared,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    from_proto::opportunity_type,
    rows::Row as _,
    views::{Deals, Row},
};

/// What a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    order: Order,
    descending: bool,
    outcomes: Vec<Outcome>,
    owner: Option<UserId>,
    stage: Option<String>,
    pipeline: Option<PipelineId>,
    product: Option<ProductId>,
    account: Option<AccountId>,
    types: Vec<OpportunityType>,
    close_from: Option<Date>,
    close_before: Option<Date>,
    has_faults: Option<bool>,
    read_at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    OpenedAt,
    Amount,
    CloseDate,
}

/// What deals are ordered by: a currency where there is one, and a number; absent ones come last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    currency: String,
    value: Option<i64>,
}

impl Question {
    /// Reads a request; every error names its field.
    pub fn read(
        runtime: &Runtime,
        (tenant, catalog): (&str, &Catalog),
        request: &ListOpportunitiesRequest,
    ) -> Result<Question, Rejection> {
        let find = |kind, field, text: &str| {
            let found =
                (!text.is_empty()).then(|| runtime.find((tenant, catalog), kind, field, text));
            found.transpose()
        };
        let (order, descending) = order(&request.order_by)?;
        let outcomes = request
            .outcomes
            .iter()
            .filter_map(|outcome| from_proto::outcome("outcomes", *outcome).transpose());
        let types = request
            .opportunity_types
            .iter()
            .filter_map(|it| opportunity_type("opportunity_types", *it).transpose());
        Ok(Question {
            order,
            descending,
            outcomes: outcomes.collect::<Result<_, Rejection>>()?,
            owner: find(Kind::User, "owner", &request.owner)?.map(UserId),
            stage: (!request.stage.is_empty()).then(|| request.stage.clone()),
            pipeline: find(Kind::Pipeline, "pipeline", &request.pipeline)?.map(PipelineId),
            product: find(Kind::Product, "product", &request.product)?.map(ProductId),
            account: from_proto::optional_uuid("account_id", &request.account_id)?.map(AccountId),
            types: types.collect::<Result<_, Rejection>>()?,
            close_from: from_proto::optional_date(
                "close_date_start",
                request.close_date_start.as_ref(),
            )?,
            close_before: from_proto::optional_date(
                "close_date_end",
                request.close_date_end.as_ref(),
            )?,
            has_faults: request.has_faults,
            read_at: format!("{:?}", request.read_at),
        })
    }

    /// The question in words, for a page token to be bound to.
    pub fn text(&self, tenant: &str) -> Vec<u8> {
        format!("{tenant}/{self:?}").into_bytes()
    }

    fn wants(&self, row: &Row) -> bool {
        let close_date = |test: &dyn Fn(Date) -> bool| row.close_date.is_some_and(test);
        // What was reported of a deal that nobody opened is a fault, and is found as one.
        (row.opened_at.is_some() || self.has_faults == Some(true))
            && (self.outcomes.is_empty() || self.outcomes.contains(&row.outcome))
            && (self.owner.is_none() || self.owner == row.owner)
            && self.stage.as_ref().is_none_or(|stage| **stage == *row.stage)
            && (self.pipeline.is_none() || self.pipeline == row.pipeline)
            && (self.product.is_none() || self.product == row.product)
            && (self.account.is_none() || self.account == row.account)
            && (self.types.is_empty()
                || row.opportunity_type.is_some_and(|it| self.types.contains(&it)))
            && self.close_from.is_none_or(|from| close_date(&|date| date >= from))
            && self.close_before.is_none_or(|before| close_date(&|date| date < before))
    }

    /// Deals in order, after the last one of the page before.
    pub fn after(
        &self,
        mut found: Vec<(Place, Uuid)>,
        after: Option<(Place, Uuid)>,
    ) -> Vec<(Place, Uuid)> {
        found.sort_by(|a, b| self.compare(a, b));
        let start = after.map_or(0, |after| {
            found.partition_point(|place| self.compare(place, &after) != Ordering::Greater)
        });
        found.split_off(start)
    }

    fn place(&self, row: &Row) -> Place {
        let value = match self.order {
            Order::OpenedAt => row.opened_at.map(|at| at.0),
            Order::Amount => row.amount.map(|amount| amount.minor),
            Order::CloseDate => row.close_date.map(|date| i64::from(date.0)),
        };
        let currency = match (self.order, row.amount) {
            (Order::Amount, Some(amount)) => amount.currency.code().to_owned(),
            _ => String::new(),
        };
        Place { currency, value }
    }

    fn compare(&self, a: &(Place, Uuid), b: &(Place, Uuid)) -> Ordering {
        let absent = (a.0.value.is_none()).cmp(&b.0.value.is_none());
        let value = a.0.value.cmp(&b.0.value);
        let value = if self.descending { value.reverse() } else { value };
        absent.then(a.0.currency.cmp(&b.0.currency)).then(value).then(a.1.cmp(&b.1))
    }
}

fn order(text: &str) -> Result<(Order, bool), Rejection> {
    let (name, descending) = match text.strip_suffix(" desc") {
        Some(name) => (name, true),
        None => (text, false),
    };
    let order = match name {
        "" | "opened_at" => Order::OpenedAt,
        "amount" => Order::Amount,
        "close_date" => Order::CloseDate,
        _ => {
            let message = "order by opened_at, amount or close_date, with ` desc` if you like";
            return Err(Rejection::invalid("ORDER_UNKNOWN", "order_by", message));
        }
    };
    Ok((order, descending))
}

/// A deal that answers to a question so far, with what is left to be looked at.
pub struct Found {
    place: Place,
    id: Uuid,
    deal: Option<Opportunity>,
}

/// The deals that answer to a question, faults apart, and the position that they reflect. The past
/// is folded from timelines, the present is in the view.
pub fn find(
    runtime: &Runtime,
    deals: &Shared<Deals>,
    tenant: &Word,
    question: &Question,
    asked: &Asked,
) -> Result<(u64, Vec<Found>), TimelineError> {
    let guard = deals.read();
    let position = guard.position;
    let rows = guard.view.rows(tenant);
    if asked.as_of.is_none() && asked.known_at.is_none() {
        let wanted = rows.filter(|(_, row)| question.wants(row));
        let found = wanted.map(|(id, row)| Found { place: question.place(row), id, deal: None });
        return Ok((position, found.collect()));
    }
    let ids: Vec<Uuid> = rows.map(|(id, _)| id).collect();
    // Commands must not wait for what is read from here on.
    drop(guard);
    let mut found = Vec::new();
    for id in ids {
        let entity = EntityRef { tenant: tenant.clone(), kind: Kind::Opportunity, id };
        let deal: Opportunity = runtime.timelines.get(&entity)?.state(asked.known(position));
        let row = Row::of(&deal);
        if question.wants(&row) {
            found.push(Found { place: question.place(&row), id, deal: Some(deal) });
        }
    }
    Ok((position, found))
}

/// Those with or without faults, when that was asked for.
pub fn with_faults(
    found: Vec<Found>,
    question: &Question,
    at: &Referring<'_>,
) -> Result<Vec<(Place, Uuid)>, TimelineError> {
    let mut kept = Vec::with_capacity(found.len());
    for Found { place, id, deal } in found {
        let Some(wanted) = question.has_faults else {
            kept.push((place, id));
            continue;
        };
        let deal = match deal {
            Some(deal) => deal,
            None => {
                let tenant = at.tenant.clone();
                let entity = EntityRef { tenant, kind: Kind::Opportunity, id };
                let known = Known { known_at: at.at.known_at, ..Known::NOW };
                at.runtime.timelines.get(&entity)?.state(known)
            }
        };
        if wanted != crate::to_proto::faults(&deal, at.catalog, at).is_empty() {
            kept.push((place, id));
        }
    }
    Ok(kept)
}
