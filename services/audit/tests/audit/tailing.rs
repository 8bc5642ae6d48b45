//! Events come in the order in which they became known, the tenant's own alone, and live.

use std::sync::Arc;

use api::audit::v1::{Event, TailEventsRequest, TailEventsResponse};
use domain::{Instant, Kind};
use runtime::runtime::Runtime;
use tempfile::TempDir;
use tonic::{Code, Status, Streaming};
use uuid::Uuid;

use crate::{
    calls::{auditor, request},
    house::{DAY, House, NEW_YEAR, amounts, ask, moved, opened},
    telling::{DEAL, employ, told},
};

const OTHER: Uuid = Uuid::from_u128(0xD2);

/// A user, a deal that was opened and moved, with a late fact; and a deal of another tenant.
async fn a_past(house: &House, runtime: &Runtime) {
    employ(house, runtime).await;
    for (tenant, deal) in [("acme", DEAL), ("other", OTHER)] {
        ask(runtime, house.deal(tenant, deal, None, opened("lead", 10_000))).await.unwrap();
    }
    house.next_day();
    ask(runtime, house.deal("acme", DEAL, None, moved("demo"))).await.unwrap();
    let noon = Some(Instant(NEW_YEAR + DAY / 2));
    ask(runtime, house.deal("acme", DEAL, noon, amounts(9_999))).await.unwrap();
}

async fn tail(
    runtime: &Arc<Runtime>,
    message: TailEventsRequest,
) -> Result<Streaming<TailEventsResponse>, Status> {
    Ok(auditor(runtime).tail_events(request("acme", message)).await?.into_inner())
}

/// All events of a stream that ends, and the position that it ended with.
async fn all(runtime: &Arc<Runtime>, message: TailEventsRequest) -> (Vec<String>, u64) {
    let mut stream = tail(runtime, message).await.unwrap();
    let (mut events, mut position) = (Vec::new(), 0);
    while let Some(message) = stream.message().await.unwrap() {
        events.extend(message.events.iter().map(shown));
        assert!(message.position >= position);
        position = message.position;
    }
    (events, position)
}

fn shown(event: &Event) -> String {
    let entry = event.entry.as_ref().unwrap();
    let told = told(entry);
    // An opening says much.
    let short = told.split(", ").next().unwrap();
    format!("{} {} {}", entry.position, event.kind, short)
}

#[tokio::test]
async fn they_come_as_they_became_known() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    a_past(&house, &runtime).await;
    let from_the_start = TailEventsRequest { from_position: 1, ..Default::default() };
    let (events, position) = all(&runtime, from_the_start.clone()).await;
    assert_eq!(
        events,
        [
            "1 user defined.v1 [key: - > grace",
            "2 opportunity opened.v1 [name: - > Rocket for Ada",
            "4 opportunity stage_changed.v1 [stage: lead > demo]",
            // It happened before, and what it changed is told as of then.
            "5 opportunity amount_changed.v1 [amount: 100.00 USD > 99.99 USD]",
        ]
    );
    assert_eq!(position, 5);

    let limited = TailEventsRequest { limit: 2, ..from_the_start.clone() };
    assert_eq!(all(&runtime, limited).await.0, events[..2]);
    let rest = TailEventsRequest { from_position: 4, ..Default::default() };
    assert_eq!(all(&runtime, rest).await.0, events[2..]);
    let kinds = vec![Kind::User.word().to_owned()];
    let of_users = TailEventsRequest { kinds, ..from_the_start };
    assert_eq!(all(&runtime, of_users).await, (events[..1].to_vec(), 5));
    // From now on, without waiting for more: nothing.
    assert_eq!(all(&runtime, TailEventsRequest::default()).await, (Vec::new(), 0));
}

#[tokio::test]
async fn a_listener_hears_what_happens_until_the_process_leaves() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    a_past(&house, &runtime).await;
    let follow = TailEventsRequest { from_position: 5, follow: true, ..Default::default() };
    let mut stream = tail(&runtime, follow).await.unwrap();
    let past = stream.message().await.unwrap().unwrap();
    assert_eq!(past.position, 5);
    ask(&runtime, house.deal("acme", DEAL, None, moved("won"))).await.unwrap();
    let live = stream.message().await.unwrap().unwrap();
    let live: Vec<String> = live.events.iter().map(shown).collect();
    assert_eq!(live, ["6 opportunity stage_changed.v1 [stage: demo > won]"]);
    runtime.keeper.stop();
    let ended = stream.message().await.unwrap_err();
    assert_eq!(ended.code(), Code::Unavailable);
    assert_eq!(stream.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_kind_that_nobody_knows_is_refused() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let kinds = vec!["planet".to_owned()];
    let refused = tail(&runtime, TailEventsRequest { kinds, ..Default::default() }).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
}
