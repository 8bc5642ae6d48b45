//! The story in its order: each line is a chapter, and each chapter tells what it changed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use tests::World;

use super::{
    deal, forgetting, lead, quarter, service,
    telling::{Reading, Story},
    undoing,
};

/// Everything that the story met, by id.
pub struct Met {
    /// The lead that the campaign brought.
    pub first: String,
    /// The same person once more, merged into it.
    pub second: String,
    /// What the lead became.
    pub account: String,
    /// The person, as a contact.
    pub contact: String,
    /// The deal.
    pub deal: String,
    /// The meeting, as each of two systems logged it.
    pub meetings: [String; 2],
    /// What the customer pays for.
    pub contract: String,
    /// Up to where the log told all this, before anything was taken back.
    pub known: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_found_won_served_lost_and_forgotten() {
    let mut world = World::start().await;
    let (met, readings) = tell(&world).await;
    forgetting::the_person_is_forgotten(&mut world, &met, &readings).await;
}

/// From the campaign to everything that is taken back; then every answer is asked for again.
pub async fn tell(world: &World) -> (Met, Vec<Reading>) {
    world.define_catalog().await;
    let mut story = Story::begin(world).await;
    let (first, second) = lead::a_campaign_brings_somebody_twice(&mut story).await;
    lead::marketing_hands_them_over(&mut story, &first).await;
    let (account, contact, deal) = lead::the_lead_is_converted(&mut story, &first).await;
    deal::its_close_date_is_pushed(&mut story, &deal).await;
    let meetings = deal::two_systems_log_one_meeting(&mut story, &deal, &contact).await;
    deal::it_is_promised(&mut story, &deal).await;
    quarter::the_manager_judges_and_submits(&mut story).await;
    quarter::the_deal_is_won(&mut story, &deal, &account).await;
    let contract = service::the_customer_is_served(&mut story, &account, &deal).await;
    service::the_customer_grows_and_goes(&mut story, &contract).await;
    let known = world.position().await;
    let met = Met { first, second, account, contact, deal, meetings, contract, known };
    undoing::what_others_stand_on_stays(&mut story, &met).await;
    undoing::another_lead_is_taken_back(&mut story).await;
    undoing::the_notice_was_a_mistake(&mut story, &met).await;
    (met, story.told_again().await)
}
