//! Lists of deals: which ones, in which order, from where on.

use std::cmp::Ordering;

use api::opportunities::v1::ListOpportunitiesRequest;
use domain::{
    Date, Kind, Outcome, PipelineId, ProductId, Rejection, UserId, catalog::Catalog,
    opportunity::Opportunity,
};
use runtime::{
    from_proto, runtime::Runtime, timelines::{EntityRef, TimelineError}, to_proto::Referring,
    view::Shared,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::views::{Deals, Row};

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
            let found = (!text.is_empty())
                .then(|| runtime.find((tenant, catalog), kind, field, text));
            found.transpose()
        };
        let (order, descending) = order(&request.order_by)?;
        let outcomes = request.outcomes.iter().filter_map(|outcome| {
            from_proto::outcome("outcomes", *outcome).transpose()
        });
        Ok(Question {
            order,
            descending,
            outcomes: outcomes.collect::<Result<_, Rejection>>()?,
            owner: find(Kind::User, "owner", &request.owner)?.map(UserId),
            stage: (!request.stage.is_empty()).then(|| request.stage.clone()),
            pipeline: find(Kind::Pipeline, "pipeline", &request.pipeline)?.map(PipelineId),
            product: find(Kind::Product, "product", &request.product)?.map(ProductId),
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

    fn wants(&self, row: &Row, faults: impl Fn() -> bool) -> bool {
        let is = |wanted: bool| wanted;
        let close_date = |test: &dyn Fn(Date) -> bool| row.close_date.is_some_and(test);
        row.opened_at.is_some()
            && (self.outcomes.is_empty() || self.outcomes.contains(&row.outcome))
            && is(self.owner.is_none() || self.owner == row.owner)
            && self.stage.as_ref().is_none_or(|stage| **stage == *row.stage)
            && is(self.pipeline.is_none() || self.pipeline == row.pipeline)
            && is(self.product.is_none() || self.product == row.product)
            && self.close_from.is_none_or(|from| close_date(&|date| date >= from))
            && self.close_before.is_none_or(|before| close_date(&|date| date < before))
            && self.has_faults.is_none_or(|wanted| wanted == faults())
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

/// The deals that answer to a question, in order, after the given one. The past is folded from
/// timelines, the present is in the view.
pub fn find(
    deals: &Shared<Deals>,
    question: &Question,
    at: &Referring<'_>,
    past: bool,
    after: Option<(Place, Uuid)>,
) -> Result<Vec<(Place, Uuid)>, TimelineError> {
    let mut found: Vec<(Place, Uuid)> = Vec::new();
    if past {
        let ids: Vec<Uuid> = deals.read().view.rows(at.tenant).map(|(id, _)| id).collect();
        for id in ids {
            let deal = deal(id, at)?;
            let row = Row::of(&deal);
            if question.wants(&row, || has_faults(&deal, at)) {
                found.push((question.place(&row), id));
            }
        }
    } else {
        let guard = deals.read();
        let unknown = |id: Uuid| deal(id, at).is_ok_and(|deal| has_faults(&deal, at));
        let rows = guard.view.rows(at.tenant);
        let wanted = rows.filter(|(id, row)| question.wants(row, || row.faults > 0 || unknown(*id)));
        found.extend(wanted.map(|(id, row)| (question.place(row), id)));
    }
    found.sort_by(|a, b| question.compare(a, b));
    let start = after.map_or(0, |after| {
        found.partition_point(|place| question.compare(place, &after) != Ordering::Greater)
    });
    Ok(found.split_off(start))
}

fn deal(id: Uuid, at: &Referring<'_>) -> Result<Opportunity, TimelineError> {
    let entity = EntityRef { tenant: at.tenant.clone(), kind: Kind::Opportunity, id };
    Ok(at.runtime.timelines.get(&entity)?.state(at.at))
}

fn has_faults(deal: &Opportunity, at: &Referring<'_>) -> bool {
    !crate::to_proto::faults(deal, at.catalog, at).is_empty()
}
