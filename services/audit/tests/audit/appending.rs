//! What a command is promised: once, in order, and against what its caller has seen.

use std::{collections::HashSet, sync::Arc};

use domain::RejectionKind;
use futures::future::join_all;
use runtime::{
    order::{Order, Refusal},
    runtime::Runtime,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::house::{House, amounts, ask, digests, moved, opened, stop, verify};

const DEAL: Uuid = Uuid::from_u128(0xD1);

#[tokio::test]
async fn a_repeated_command_gets_its_first_answer() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let id = house.command();
    let again = |stage| Order { command_id: id, ..house.deal("acme", DEAL, None, opened(stage, 5)) };
    let first = ask(&runtime, again("lead")).await.unwrap();
    ask(&runtime, house.deal("acme", DEAL, None, moved("demo"))).await.unwrap();

    let second = ask(&runtime, again("lead")).await.unwrap();
    assert!(first.changed && !first.repeated && second.changed && second.repeated);
    assert_eq!((second.position, second.etag), (first.position, first.etag));

    let stale = Order { expected: Some(999), ..again("lead") };
    assert!(ask(&runtime, stale).await.unwrap().repeated, "an answer comes before the etag");

    let other = Order { fingerprint: [2; 16], ..again("lead") };
    assert_eq!(reason(ask(&runtime, other).await), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_nothing_recorded() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let first = ask(&runtime, house.deal("acme", DEAL, None, opened("lead", 5))).await.unwrap();
    let seen = |etag, stage| Order {
        expected: Some(etag),
        ..house.deal("acme", DEAL, None, moved(stage))
    };
    let second = ask(&runtime, seen(first.etag, "demo")).await.unwrap();
    let refused = ask(&runtime, seen(first.etag, "won")).await;
    let Err(Refusal::Rejected(rejection)) = refused else { panic!("{refused:?}") };
    assert_eq!(rejection.kind, RejectionKind::Stale);
    assert_eq!(runtime.applied().borrow().place.last, second.position);
}

#[tokio::test]
async fn a_command_over_one_entity_twice_keeps_all_of_its_facts() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let now = house.now();
    let order = house.order("acme", (domain::Kind::Opportunity, DEAL), move |desk| {
        let mut decisions = desk.judge::<domain::opportunity::Opportunity>(
            DEAL,
            Some(now),
            &opened("lead", 5),
        )?;
        decisions.push(runtime::desk::Decision {
            facts: vec![domain::Fact::Opportunity(moved("demo").reported())],
            ..decisions[0].clone()
        });
        Ok(decisions)
    });
    ask(&runtime, order).await.unwrap();
    assert_eq!(entries(&runtime, DEAL), 2);
}

/// Both are written to at once, on the same deals and on others; what one process refuses or
/// repeats must be what the other has recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_lose_and_double_nothing() {
    const ROUNDS: u128 = 40;
    let (house, folders) = (House::new(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let one = house.start(folders[0].path()).await;
    let two = house.start(folders[1].path()).await;
    let shared = |round| Uuid::from_u128(0x5000 + round);
    let mut changed = 0;
    for round in 0..ROUNDS {
        let order = |runtime: &Arc<Runtime>, id, minor| {
            let (runtime, order) = (runtime.clone(), house.deal("acme", id, None, opened("a", minor)));
            async move { ask(&runtime, order).await }
        };
        // The same request reaches both processes, as when a client tries again elsewhere.
        let twin = house.command();
        let repeated = |runtime: &Arc<Runtime>| {
            let order = house.deal("acme", Uuid::from_u128(0x7000 + round), None, opened("b", 1));
            let (runtime, order) = (runtime.clone(), Order { command_id: twin, ..order });
            async move { ask(&runtime, order).await }
        };
        let own = |writer: u128| Uuid::from_u128(0x6000 + 2 * round + writer);
        let (contested, single, twins) = futures::join!(
            join_all([order(&one, shared(round), 1), order(&two, shared(round), 2)]),
            join_all([order(&one, own(0), 3), order(&two, own(1), 4)]),
            join_all([repeated(&one), repeated(&two)]),
        );
        let winners = contested.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(winners, 1, "{contested:?}");
        assert!(single.iter().all(|answer| answer.as_ref().unwrap().changed), "{single:?}");
        let positions: HashSet<u64> = twins.iter().map(|it| it.as_ref().unwrap().position).collect();
        assert_eq!(positions.len(), 1, "{twins:?}");
        let amount = house.deal("acme", shared(round), None, amounts(100 + round as i64));
        ask(if round % 2 == 0 { &one } else { &two }, amount).await.ok();
        changed += 4;
    }
    let last = one.applied().borrow().place.last.max(two.applied().borrow().place.last);
    one.wait_for(last).await.unwrap();
    two.wait_for(last).await.unwrap();
    assert!(last >= changed, "{last} positions for {changed} commands");
    for round in 0..ROUNDS {
        assert_eq!(entries(&one, Uuid::from_u128(0x7000 + round)), 1);
        assert_eq!(entries(&one, shared(round)), entries(&two, shared(round)));
    }
    assert_eq!(digests(&one, "acme").await, digests(&two, "acme").await);
    for runtime in [one, two] {
        assert!(verify(&runtime, "acme", "").await.unwrap().iter().all(|verdict| verdict.ok));
        stop(runtime).await;
    }
}

fn entries(runtime: &Runtime, id: Uuid) -> usize {
    let entity = runtime::timelines::EntityRef {
        tenant: "acme".into(),
        kind: domain::Kind::Opportunity,
        id,
    };
    runtime.timelines.get(&entity).unwrap().entries().len()
}

fn reason(answer: Result<runtime::order::Answer, Refusal>) -> &'static str {
    match answer {
        Err(Refusal::Rejected(rejection)) => rejection.reason,
        other => panic!("{other:?}"),
    }
}
