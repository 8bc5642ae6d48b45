//! A campaign brings somebody, a form brings them again; marketing and sales agree on them, and the
//! lead becomes an account, a contact and a deal.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::leads::v1::{AcceptLeadRequest, CaptureLeadRequest, HandOverLeadRequest};
use tests::hands::at;

use super::{
    subject::{NOTHING, Subject},
    telling::Story,
};
use crate::forecast::asking::Call;

/// The person. Nothing else on a machine is called so.
pub const NAME: &str = "Thessaly Marrowbank";
/// Where they are written to.
pub const EMAIL: &str = "t.marrowbank@fjordlight.example";
/// Where they are called.
pub const PHONE: &str = "+49 30 7770 4321";
/// What brought them. It is nobody's name: every search has to find it.
pub const CAMPAIGN: &str = "kirkjubaejarklaustur_spring";

/// Captured twice, found to be the same, and merged; gives both.
pub fn a_campaign_brings_somebody_twice<'a>(
    story: &'a mut Story<'_>,
) -> Call<'a, (String, String)> {
    Box::pin(async move {
        let who = ["lead", "capture", "--name", NAME, "--email", EMAIL, "--phone", PHONE];
        let from = ["--company", "Fjordlight", "--campaign", CAMPAIGN, "--channel", "landing_page"];
        let captured = [&who[..], &from, &["--at", "2026-01-05"]].concat();
        let captured = story.world.cli(&captured).await;
        let first = captured["id"].as_str().unwrap().to_owned();
        assert_eq!(captured["lead"]["campaign"], CAMPAIGN);
        let lead = Subject::Lead(first.clone());
        story.happened("a campaign's lead", "2026-01-05", &[(&lead, NOTHING, "new")]).await;

        let second = captured_again(story, EMAIL, "2026-01-06", &first).await;
        let other = Subject::Lead(second.clone());
        let (new, merged) = ("new, like 1 other", "merged, like 1 other");
        story.happened("the form", "2026-01-06", &[(&other, NOTHING, new)]).await;

        story.run(&format!("lead merge {second} {first} --at 2026-01-07")).await;
        let changes = [(&other, new, merged), (&lead, "new", "new, in place of 1")];
        assert_eq!(story.happened("the merge", "2026-01-07", &changes).await, 1, "one commit");
        (first, second)
    })
}

/// The same address, written otherwise, through a form: it is found at once. Gives the new lead.
pub fn captured_again<'a>(
    story: &'a Story<'_>,
    email: &'a str,
    on: &'a str,
    first: &'a str,
) -> Call<'a, String> {
    Box::pin(async move {
        let again = CaptureLeadRequest {
            occurred_at: Some(at(&format!("{on}T00:00:00Z"))),
            email: email.to_uppercase(),
            channel: "form".into(),
            ..Default::default()
        };
        let captured = story.world.leads().capture_lead(story.world.request(again)).await.unwrap();
        let captured = captured.into_inner();
        let [found] = captured.duplicates.as_slice() else { panic!("{captured:?}") };
        assert_eq!(
            (&*found.lead_id, found.matched_on().as_str_name()),
            (first, "LEAD_MATCH_EMAIL")
        );
        captured.lead_id
    })
}

/// Worked, offered as marketing-qualified, accepted and found to be worth a deal.
pub fn marketing_hands_them_over<'a>(story: &'a mut Story<'_>, id: &'a str) -> Call<'a, ()> {
    Box::pin(async move {
        let lead = Subject::Lead(id.to_owned());
        let world = story.world;
        story.run(&format!("lead assign {id} ann --at 2026-01-08")).await;
        let changes = [(&lead, "new, in place of 1", "assigned, in place of 1")];
        story.happened("ann gets it", "2026-01-08", &changes).await;

        let hand_over = HandOverLeadRequest {
            lead_id: id.into(),
            occurred_at: Some(at("2026-01-09T00:00:00Z")),
            ..Default::default()
        };
        world.leads().hand_over_lead(world.request(hand_over)).await.unwrap();
        let changes = [(&lead, "assigned, in place of 1", "handed_over, in place of 1")];
        story.happened("marketing-qualified", "2026-01-09", &changes).await;

        let accept = AcceptLeadRequest {
            lead_id: id.into(),
            occurred_at: Some(at("2026-01-10T00:00:00Z")),
            ..Default::default()
        };
        world.leads().accept_lead(world.request(accept)).await.unwrap();
        let changes = [(&lead, "handed_over, in place of 1", "accepted, in place of 1")];
        story.happened("sales-accepted", "2026-01-10", &changes).await;

        story.run(&format!("lead qualify {id} --at 2026-01-12")).await;
        let changes = [(&lead, "accepted, in place of 1", "qualified, in place of 1")];
        story.happened("sales-qualified", "2026-01-12", &changes).await;
    })
}

/// Converted in one commit; gives the account, the contact and the deal.
pub fn the_lead_is_converted<'a>(
    story: &'a mut Story<'_>,
    id: &'a str,
) -> Call<'a, (String, String, String)> {
    Box::pin(async move {
        let convert = format!("lead convert {id} --pipeline sales --amount 1200USD");
        let more = "--close-date 2026-02-28 --deal-name Lanterns --at 2026-01-13";
        let done = story.run(&format!("{convert} {more}")).await;
        let made = &done["lead"]["conversion"];
        let [account, contact, deal] = ["account_id", "contact_id", "opportunity_id"]
            .map(|field| made[field].as_str().unwrap().to_owned());
        let lead =
            (&Subject::Lead(id.to_owned()), "qualified, in place of 1", "converted, in place of 1");
        let changes = [
            lead,
            (&Subject::Account(account.clone()), NOTHING, "contacts 1, open deals 1, contracts 0"),
            (&Subject::Contact(contact.clone()), NOTHING, NAME),
            (
                &Subject::Deal(deal.clone()),
                NOTHING,
                "open in new, pipeline, 1200 by 2026-02-28, pushed 0",
            ),
        ];
        let commits = story.happened("the conversion", "2026-01-13", &changes).await;
        assert_eq!(commits, 1, "all of it or nothing");
        (account, contact, deal)
    })
}
