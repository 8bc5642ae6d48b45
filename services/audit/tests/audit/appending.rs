//! What a command is promised: once, in order, and against what its caller has seen.

use std::{collections::HashSet, sync::Arc};

use domain::RejectionKind;
use event_log::Word;
use futures::future::join_all;
use runtime::{
    order::{Order, Refusal},
    runtime::Runtime,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    calls::{digests, verify},
    house::{House, amounts, ask, moved, opened, stop},
};

const DEAL: Uuid = Uuid::from_u128(0xD1);

#[tokio::test]
async fn a_repeated_command_gets_its_first_answer() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let id = house.command();
    let again =
        |stage| Order { command_id: id, ..house.deal("acme", DEAL, None, opened(stage, 5)) };
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
        let mut decisions =
            desk.judge::<domain::opportunity::Opportunity>(DEAL, Some(now), &opened("lead", 5))?;
        decisions.push(runtime::desk::Decision {
            facts: vec![domain::Fact::Opportunity(moved("demo").reported())],
            ..decisions[0].clone()
        });
        Ok(decisions)
    });
    ask(&runtime, order).await.unwrap();
    assert_eq!(entries(&runtime, DEAL), 2);
}

/// Each is judged upon those before it, though none is in the log yet.
#[tokio::test]
async fn commands_on_one_deal_at_once_see_each_other() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    runtime.vault.ensure_keys(&Word::from("acme"), &[DEAL]).await.unwrap();
    let id = house.command();
    let opening = || Order { command_id: id, ..house.deal("acme", DEAL, None, opened("lead", 5)) };
    let change = |minor| house.deal("acme", DEAL, None, amounts(minor));
    let stale = Order { expected: Some(1), ..change(9) };
    let asked = [opening(), change(7), opening(), stale, change(7), change(8)];
    let answers = join_all(asked.map(|order| ask(&runtime, order))).await;

    let positions: Vec<Option<(u64, bool, bool)>> = answers
        .iter()
        .map(|answer| answer.as_ref().ok().map(|it| (it.position, it.changed, it.repeated)))
        .collect();
    let recorded = |position| Some((position, true, false));
    let [first, repeated, same] = [recorded(1), Some((1, true, true)), Some((3, false, false))];
    assert_eq!(positions, [first, recorded(2), repeated, None, same, recorded(3)]);
    assert_eq!(entries(&runtime, DEAL), 3);
}

/// However long nobody asks for anything after it.
#[tokio::test]
async fn what_is_recorded_is_stored_soon() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    for minor in 1..4 {
        let (deal, acme) = (house.command(), Word::from("acme"));
        runtime.vault.ensure_keys(&acme, &[deal]).await.unwrap();
        let order = house.deal("acme", deal, None, opened("lead", minor));
        let position = ask(&runtime, order).await.unwrap().position;
        let stored = async {
            while runtime.timelines.store().checkpoint().unwrap().position < position {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), stored).await.unwrap();
    }
}

/// Callers are told before their commands are folded: whoever looks after that waits for it.
#[tokio::test]
async fn what_a_caller_was_told_of_is_what_it_reads() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    runtime.vault.ensure_keys(&Word::from("acme"), &[DEAL]).await.unwrap();
    let changes = (0..40).map(|minor| if minor == 0 { opened("a", 0) } else { amounts(minor) });
    let mut told_first = 0;
    for (change, so_far) in changes.zip(1..) {
        let order = house.deal("acme", DEAL, None, change);
        let answer = runtime.keeper.ask(order).await.unwrap();
        told_first += usize::from(runtime.applied().borrow().place.last < answer.position);
        let told = runtime.revision();
        assert!(told.position >= answer.position, "{told}");
        assert_eq!(told.log, runtime.log_name(), "the first answer names the log");
        assert!(!told.log.is_empty());
        runtime.ask_at(None).await.unwrap();
        assert_eq!(entries(&runtime, DEAL), so_far);
    }
    // All but the first, which names the log.
    assert_eq!(told_first, 39);
}

const ROUNDS: u128 = 40;

fn contested(round: u128) -> Uuid {
    Uuid::from_u128(0x5000 + round)
}

fn twin(round: u128) -> Uuid {
    Uuid::from_u128(0x7000 + round)
}

/// Both processes are asked at once: to open the same deal, a deal each, and, as when a client
/// tries again elsewhere, the very same command.
async fn ask_both(house: &House, one: &Arc<Runtime>, two: &Arc<Runtime>, round: u128) {
    let order = |runtime: &Arc<Runtime>, id, minor| {
        let (runtime, order) = (runtime.clone(), house.deal("acme", id, None, opened("a", minor)));
        async move { ask(&runtime, order).await }
    };
    let command_id = house.command();
    let repeated = |runtime: &Arc<Runtime>| {
        let order = house.deal("acme", twin(round), None, opened("b", 1));
        let (runtime, order) = (runtime.clone(), Order { command_id, ..order });
        async move { ask(&runtime, order).await }
    };
    let own = |writer: u128| Uuid::from_u128(0x6000 + 2 * round + writer);
    let (same, single, twins) = futures::join!(
        join_all([order(one, contested(round), 1), order(two, contested(round), 2)]),
        join_all([order(one, own(0), 3), order(two, own(1), 4)]),
        join_all([repeated(one), repeated(two)]),
    );
    let winners = same.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(winners, 1, "{same:?}");
    let recorded = single.iter().all(|answer| answer.as_ref().unwrap().changed);
    assert!(recorded, "{single:?}");
    let positions: HashSet<u64> =
        twins.iter().map(|answer| answer.as_ref().unwrap().position).collect();
    assert_eq!(positions.len(), 1, "{twins:?}");
}

/// What one process refuses or repeats must be what the other has recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_lose_and_double_nothing() {
    let (house, folders) = (House::new(), [TempDir::new().unwrap(), TempDir::new().unwrap()]);
    let one = house.start(folders[0].path()).await;
    let two = house.start(folders[1].path()).await;
    for round in 0..ROUNDS {
        ask_both(&house, &one, &two, round).await;
        let writer = if round % 2 == 0 { &one } else { &two };
        writer.wait_for(5 * round as u64 + 4).await.unwrap();
        let amount = 100 + i64::try_from(round).unwrap();
        let amount = house.deal("acme", contested(round), None, amounts(amount));
        ask(writer, amount).await.unwrap();
    }
    let last = 5 * ROUNDS as u64;
    one.wait_for(last).await.unwrap();
    two.wait_for(last).await.unwrap();
    for runtime in [&one, &two] {
        assert_eq!(runtime.applied().borrow().place.last, last);
        for round in 0..ROUNDS {
            assert_eq!(entries(runtime, twin(round)), 1);
            assert_eq!(entries(runtime, contested(round)), 2);
        }
    }
    assert_eq!(digests(&one, "acme").await, digests(&two, "acme").await);
    for runtime in [one, two] {
        let verdicts = verify(&runtime, "acme", "").await.unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.ok), "{verdicts:?}");
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
