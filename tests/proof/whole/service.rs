//! The customer is served: a contract is activated, expanded and churned.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::accounts::v1::{ExpandContractRequest, Interval, Recurring};
use tests::hands::{at, day, usd};

use super::{
    subject::{NOTHING, Subject},
    telling::Story,
};
use crate::forecast::asking::Call;

/// What was sold becomes a contract; gives it.
pub fn the_customer_is_served<'a>(
    story: &'a mut Story<'_>,
    account: &'a str,
    deal: &'a str,
) -> Call<'a, String> {
    Box::pin(async move {
        let activate = format!("contract activate --account {account} --opportunity {deal}");
        let terms = "--product box --yearly 1100USD --starts 2026-04-01 --at 2026-03-12";
        let done = story.run(&format!("{activate} {terms}")).await;
        let id = done["id"].as_str().unwrap().to_owned();
        let changes = [
            (&Subject::Contract(id.clone()), NOTHING, "1100 yearly"),
            (
                &Subject::Account(account.to_owned()),
                "contacts 1, open deals 0, contracts 0",
                "contacts 1, open deals 0, contracts 1",
            ),
        ];
        story.happened("the contract", "2026-03-12", &changes).await;
        id
    })
}

/// They want more, and then no more.
pub fn the_customer_grows_and_goes<'a>(story: &'a mut Story<'_>, id: &'a str) -> Call<'a, ()> {
    Box::pin(async move {
        let world = story.world;
        let contract = Subject::Contract(id.to_owned());
        let monthly = Recurring { amount: Some(usd(150)), interval: Interval::Monthly.into() };
        let expand = ExpandContractRequest {
            contract_id: id.into(),
            occurred_at: Some(at("2026-04-15T00:00:00Z")),
            recurring: Some(monthly),
            effective: Some(day("2026-05-01")),
            ..Default::default()
        };
        world.contracts().expand_contract(world.request(expand)).await.unwrap();
        let changes = [(&contract, "1100 yearly", "150 monthly")];
        story.happened("the expansion", "2026-04-15", &changes).await;

        let churn = format!("contract churn {id} --effective 2026-10-01 --reason price");
        story.run(&format!("{churn} --at 2026-08-01")).await;
        let changes = [(&contract, "150 monthly", "churned")];
        story.happened("the churn", "2026-08-01", &changes).await;
    })
}
