//! A deal is worked: pushed twice, talked about in a meeting that two systems log, and promised.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    accounts::v1::{
        ActivityLink, ActivityParticipant, ActivityType, LogActivityRequest, activity_link::Entity,
        activity_participant::Who,
    },
    opportunities::v1::{ChangeOpportunityCloseDateRequest, OverrideOpportunityCategoryRequest},
    types::v1::{ExternalId, ForecastCategory},
};
use tests::hands::{at, day};

use super::{
    subject::{NOTHING, Subject},
    telling::Story,
};
use crate::forecast::asking::Call;

/// What is known of the deal after both pushes, before and after it is moved on.
const PUSHED: &str = "open in new, pipeline, 1200 by 2026-03-25, pushed 2";
const MOVED: &str = "open in talks, pipeline, 1200 by 2026-03-25, pushed 2";

/// Once by a call, once by a line; the first date is kept.
pub fn its_close_date_is_pushed<'a>(story: &'a mut Story<'_>, id: &'a str) -> Call<'a, ()> {
    Box::pin(async move {
        let deal = Subject::Deal(id.to_owned());
        let world = story.world;
        let push = ChangeOpportunityCloseDateRequest {
            opportunity_id: id.into(),
            occurred_at: Some(at("2026-01-16T00:00:00Z")),
            close_date: Some(day("2026-03-10")),
            ..Default::default()
        };
        let mut deals = world.opportunities();
        deals.change_opportunity_close_date(world.request(push)).await.unwrap();
        let before = "open in new, pipeline, 1200 by 2026-02-28, pushed 0";
        let once = "open in new, pipeline, 1200 by 2026-03-10, pushed 1";
        story.happened("a push", "2026-01-16", &[(&deal, before, once)]).await;

        story.run(&format!("opportunity close-date {id} 2026-03-25 --at 2026-01-17")).await;
        story.happened("another push", "2026-01-17", &[(&deal, once, PUSHED)]).await;
        let told = world.cli(&["opportunity", "get", id]).await;
        assert_eq!(told["pushes"]["first_close_date"], "2026-02-28");
        assert_eq!(told["pushes"]["days_pushed"], 25);
    })
}

/// Zoom and Outreach each log the meeting, under a key of their own: it counts once.
pub fn two_systems_log_one_meeting<'a>(
    story: &'a mut Story<'_>,
    deal: &'a str,
    contact: &'a str,
) -> Call<'a, [String; 2]> {
    Box::pin(async move {
        for source in ["zoom", "outreach"] {
            story.world.cli(&["catalog", "source", "define", source, "--name", source]).await;
        }
        story.goes_on().await;
        let (once, again) = ("1 took place, 0 logged again", "1 took place, 1 logged again");
        let zoom = logged(story, deal, contact, ("zoom", "m-77", "2026-01-18T10:00:00Z")).await;
        let changes = [(&Subject::Meetings, NOTHING, once)];
        story.happened("a meeting, by zoom", "2026-01-18T10:00:00Z", &changes).await;
        let outreach =
            logged(story, deal, contact, ("outreach", "8812", "2026-01-18T12:00:00Z")).await;
        let changes = [(&Subject::Meetings, once, again)];
        story.happened("the same, by outreach", "2026-01-18T12:00:00Z", &changes).await;
        assert_ne!(zoom, outreach, "both are kept");
        [zoom, outreach]
    })
}

fn logged<'a>(
    story: &'a Story<'_>,
    deal: &'a str,
    contact: &'a str,
    (source, key, when): (&'a str, &'a str, &'a str),
) -> Call<'a, String> {
    let who = [Who::User("ann".into()), Who::ContactId(contact.into())];
    let request = LogActivityRequest {
        external_id: Some(ExternalId { source: source.into(), key: key.into() }),
        occurred_at: Some(at(when)),
        activity_type: ActivityType::Meeting.into(),
        about: vec![ActivityLink { entity: Some(Entity::OpportunityId(deal.into())) }],
        starts_at: Some(at("2026-01-18T09:00:00Z")),
        participants: who.map(|who| ActivityParticipant { who: Some(who) }).into(),
        owner: "ann".into(),
        ..Default::default()
    };
    Box::pin(async move {
        let logged = story.world.activities().log_activity(story.world.request(request)).await;
        logged.unwrap().into_inner().activity_id
    })
}

/// Moved on, which changes no number; then judged to be surer than its stage, which does.
pub fn it_is_promised<'a>(story: &'a mut Story<'_>, id: &'a str) -> Call<'a, ()> {
    Box::pin(async move {
        let deal = Subject::Deal(id.to_owned());
        let world = story.world;
        story.run(&format!("opportunity move {id} talks --at 2026-01-20")).await;
        let nothing_sure = "commit 0, closed 0";
        let changes = [(&deal, PUSHED, MOVED), (&Subject::Forecast, nothing_sure, nothing_sure)];
        story.happened("talks", "2026-01-20", &changes).await;

        let judge = OverrideOpportunityCategoryRequest {
            opportunity_id: id.into(),
            occurred_at: Some(at("2026-01-24T00:00:00Z")),
            category: ForecastCategory::Commit.into(),
            reason_code: "signed".into(),
            ..Default::default()
        };
        let mut deals = world.opportunities();
        deals.override_opportunity_category(world.request(judge)).await.unwrap();
        let promised = "open in talks, commit, 1200 by 2026-03-25, pushed 2";
        let changes =
            [(&deal, MOVED, promised), (&Subject::Forecast, nothing_sure, "commit 1200, closed 0")];
        story.happened("the override", "2026-01-24", &changes).await;
    })
}
