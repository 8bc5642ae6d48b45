//! What is taken back never was, at any instant, and was known all the same. What others stand on is
//! not taken back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use tests::World;

use super::{
    lead::captured_again,
    story::Met,
    subject::{NOTHING, Subject},
    telling::Story,
};
use crate::forecast::asking::Call;

/// The lead became what was sold and served: neither that nor the contract's beginning goes.
pub fn what_others_stand_on_stays<'a>(story: &'a mut Story<'_>, met: &'a Met) -> Call<'a, ()> {
    Box::pin(async move {
        let hangs = "LATER_FACTS_DEPEND";
        let unconvert = format!("lead unconvert {} --reason too_early", met.first);
        story.is_refused(&unconvert, hangs).await;
        let contract = &met.contract;
        let history = story.world.cli(&["history", "contract", contract]).await;
        let activated = history["entries"][0]["command_id"].as_str().unwrap();
        let void = format!("contract void {contract} {activated} --reason mistake");
        story.is_refused(&void, hangs).await;
    })
}

/// Another lead, merged and converted: both are taken back, the last one first, and every view is as
/// if neither had ever been.
pub fn another_lead_is_taken_back<'a>(story: &'a mut Story<'_>) -> Call<'a, ()> {
    Box::pin(async move {
        let email = "b.thistle@moorgate.example";
        let capture = format!("lead capture --email {email} --company Moorgate --at 2026-05-01");
        let first = story.run(&capture).await["id"].as_str().unwrap().to_owned();
        let second = captured_again(story, email, "2026-05-02", &first).await;
        let (lead, other) = (Subject::Lead(first.clone()), Subject::Lead(second.clone()));
        let (new, merged) = ("new, like 1 other", "merged, like 1 other");
        let changes = [(&other, NOTHING, new)];
        assert_eq!(story.happened("two more", "2026-05-02", &changes).await, 2);
        let apart = views(story.world).await;

        story.run(&format!("lead merge {second} {first} --at 2026-05-03")).await;
        let together = [(&lead, "new", "new, in place of 1"), (&other, new, merged)];
        story.happened("their merge", "2026-05-03", &together).await;
        let merged_only = views(story.world).await;

        let convert = format!("lead convert {first} --pipeline sales --amount 500USD");
        let convert = format!("{convert} --close-date 2026-06-30 --at 2026-05-04");
        let done = story.run(&convert).await;
        let made = &done["lead"]["conversion"];
        let id = |field: &str| made[field].as_str().unwrap().to_owned();
        let (account, deal) =
            (Subject::Account(id("account_id")), Subject::Deal(id("opportunity_id")));
        let belongs = "contacts 1, open deals 1, contracts 0";
        let open = "open in new, pipeline, 500 by 2026-06-30, pushed 0";
        let (qualified, converted) = ("new, in place of 1", "converted, in place of 1");
        let changes =
            [(&lead, qualified, converted), (&account, NOTHING, belongs), (&deal, NOTHING, open)];
        story.happened("their conversion", "2026-05-04", &changes).await;

        story.run(&format!("lead unconvert {first} --reason too_early")).await;
        let changes =
            [(&lead, converted, qualified), (&account, belongs, NOTHING), (&deal, open, NOTHING)];
        story.was_taken_back("the un-conversion", "2026-05-04", &changes).await;
        assert_eq!(views(story.world).await, merged_only, "un-converting leaves a trace");

        story.run(&format!("lead unmerge {second} --reason namesake")).await;
        let changes = [(&lead, "new, in place of 1", "new"), (&other, merged, new)];
        story.was_taken_back("the un-merge", "2026-05-03", &changes).await;
        assert_eq!(views(story.world).await, apart, "un-merging leaves a trace");
    })
}

/// Nobody gave notice: the customer is served as if nothing had been said.
pub fn the_notice_was_a_mistake<'a>(story: &'a mut Story<'_>, met: &'a Met) -> Call<'a, ()> {
    Box::pin(async move {
        let id = &met.contract;
        let history = story.world.cli(&["history", "contract", id]).await;
        let churned = &history["entries"][2];
        assert_eq!(churned["fact"], "contract.churned.v1");
        let command = churned["command_id"].as_str().unwrap();
        story.run(&format!("contract void {id} {command} --reason mistake")).await;
        let changes = [(&Subject::Contract(id.clone()), "churned", "150 monthly")];
        story.was_taken_back("the void", "2026-08-01", &changes).await;
    })
}

/// The digests of all views. What is made of everything that was ever said is left out.
pub async fn views(world: &World) -> Vec<(String, String)> {
    let mut digests = world.digests().await;
    digests.retain(|(name, _)| !["catalog", "people", "timelines"].contains(&name.as_str()));
    assert!(digests.len() >= 7, "{digests:?}");
    digests
}
