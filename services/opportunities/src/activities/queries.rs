//! Questions about activities: wait, read, answer.

use api::accounts::v1::{
    ActivityCount, CountActivitiesRequest, CountActivitiesResponse, GetActivityRequest,
    GetActivityResponse, ListActivitiesRequest, ListActivitiesResponse,
};
use domain::{
    ActivityId, Instant, Kind, Rejection, UserId,
    activity::{Activity, ActivityType},
    catalog::Catalog,
};
use prost::Message as _;
use prost_types::Timestamp;
use runtime::{
    from_proto,
    query::{self, Caller, QueryError},
    status::rejected,
};
use tonic::{Request, Status};

use super::{
    Row,
    counts::{self, Count},
    from_proto::{activity_type, link},
    to_proto,
};
use crate::{
    Customers,
    customers::{Listing, Noun, not_found},
    reading::Reading,
};

impl Customers {
    /// One activity, at a point of the two axes.
    pub(crate) async fn activity(
        &self,
        request: Request<GetActivityRequest>,
    ) -> Result<GetActivityResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let id = from_proto::uuid(Activity::ID, &message.activity_id).map_err(rejected)?;
        let position = self.views.activities.read().position;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, position);
        let timeline = reading.timeline(Kind::Activity, id).await?;
        if timeline.live(reading.known).next().is_none() {
            return Err(not_found::<Activity>());
        }
        Ok(GetActivityResponse {
            reflected: Some(self.runtime.reflected(&asked, position)),
            activity: Some(to_proto::activity(id, &timeline, &reading).await?),
        })
    }

    /// Activities that answer to a filter, page by page.
    pub(crate) async fn list_of_activities(
        &self,
        request: Request<ListActivitiesRequest>,
    ) -> Result<ListActivitiesResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let about = message.about.as_ref().map(|given| link("about", given)).transpose();
        let about = about.map_err(rejected)?;
        let owner = self.owner(&caller, &catalog, &message.owner).map_err(rejected)?;
        let types = types(&message.activity_types).map_err(rejected)?;
        let from = bound("starts_at_start", message.starts_at_start.as_ref()).map_err(rejected)?;
        let before = bound("starts_at_end", message.starts_at_end.as_ref()).map_err(rejected)?;
        let wants = move |row: &Row| {
            about.is_none_or(|about| row.about.contains(&about))
                && (owner.is_none() || row.owner == owner)
                && (types.is_empty() || row.activity_type.is_some_and(|it| types.contains(&it)))
                && from.is_none_or(|from| row.starts_at.is_some_and(|at| at >= from))
                && before.is_none_or(|before| row.starts_at.is_some_and(|at| at < before))
        };
        let (page_size, page_token) = (message.page_size, message.page_token.clone());
        let question = ListActivitiesRequest { page_size: 0, page_token: String::new(), ..message };
        let question = question.encode_to_vec();
        let listing = Listing { question: &[&question], page_size, page_token: &page_token };
        let page = self.page(&self.views.activities, (&caller, &asked), listing, wants).await?;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, page.position);
        let mut activities = Vec::with_capacity(page.ids.len());
        for id in page.ids {
            let timeline = reading.timeline(Kind::Activity, id).await?;
            activities.push(to_proto::activity(id, &timeline, &reading).await?);
        }
        Ok(ListActivitiesResponse {
            reflected: Some(self.runtime.reflected(&asked, page.position)),
            activities,
            next_page_token: page.next_page_token,
        })
    }

    /// What started in a period, for each owner and type.
    pub(crate) async fn count(
        &self,
        request: Request<CountActivitiesRequest>,
    ) -> Result<CountActivitiesResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.ask_at(message.read_at.as_ref()).await?;
        let catalog = self.runtime.catalog(&caller.tenant).1;
        let owner = self.owner(&caller, &catalog, &message.owner).map_err(rejected)?;
        let types = types(&message.activity_types).map_err(rejected)?;
        let period = period(&message).map_err(rejected)?;
        let activities = &self.views.activities;
        let (position, rows) = self.find(activities, &caller.tenant, &asked, |_| true).await?;
        let reading = Reading::new(&self.runtime, (&caller, &catalog), &asked, position);
        let now = reading.instant;
        let counting = tokio::task::spawn_blocking(move || {
            let rows: Vec<_> = rows.into_iter().map(|(id, row)| (ActivityId(id), row)).collect();
            counts::count(&rows, &period, now)
        });
        let counted = counting.await.map_err(|error| Status::internal(error.to_string()))?;
        let mut rows = Vec::with_capacity(counted.len());
        for ((whose, of), count) in counted {
            let wanted =
                (owner.is_none() || whose == owner) && (types.is_empty() || types.contains(&of));
            if wanted {
                rows.push(row(whose, of, count, &reading).await?);
            }
        }
        let reflected = Some(self.runtime.reflected(&asked, position));
        Ok(CountActivitiesResponse { reflected, rows })
    }

    fn owner(
        &self,
        caller: &Caller,
        catalog: &Catalog,
        text: &str,
    ) -> Result<Option<UserId>, Rejection> {
        if text.is_empty() {
            return Ok(None);
        }
        let found = self.runtime.find((&caller.tenant, catalog), Kind::User, "owner", text);
        found.map(|id| Some(UserId(id)))
    }
}

async fn row(
    owner: Option<UserId>,
    activity_type: ActivityType,
    count: Count,
    reading: &Reading<'_>,
) -> Result<ActivityCount, QueryError> {
    Ok(ActivityCount {
        owner: reading.user(owner).await?,
        activity_type: to_proto::activity_type(activity_type) as i32,
        took_place: count.took_place,
        no_shows: count.no_shows,
        cancelled: count.cancelled,
        planned: count.planned,
        duplicates: count.duplicates,
    })
}

fn types(given: &[i32]) -> Result<Vec<ActivityType>, Rejection> {
    let read = given.iter().map(|it| activity_type("activity_types", *it));
    read.filter_map(Result::transpose).collect()
}

fn bound(field: &str, given: Option<&Timestamp>) -> Result<Option<Instant>, Rejection> {
    given.map(|given| query::instant(field, given)).transpose()
}

fn period(message: &CountActivitiesRequest) -> Result<std::ops::Range<Instant>, Rejection> {
    let start = bound("period_start", message.period_start.as_ref())?;
    let end = bound("period_end", message.period_end.as_ref())?;
    let start = start.ok_or_else(|| from_proto::missing("period_start"))?;
    let end = end.ok_or_else(|| from_proto::missing("period_end"))?;
    if end <= start {
        let message = "a period ends after it starts";
        return Err(Rejection::invalid("PERIOD_INVALID", "period_end", message));
    }
    Ok(start..end)
}
