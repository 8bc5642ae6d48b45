//! Where a text was erased, the history says so, and nothing else of it changes.

use domain::Fact;
use tempfile::TempDir;

use crate::{
    house::{House, ask, opened},
    telling::{DEAL, PERSON, all_told, asking, employ, handed_to, history, told},
};

#[tokio::test]
async fn what_was_erased_is_said_to_be() {
    let (house, folder) = (House::new(), TempDir::new().unwrap());
    let runtime = house.start(folder.path()).await;
    let grace = employ(&house, &runtime).await;
    ask(&runtime, house.deal("acme", DEAL, None, opened("lead", 1))).await.unwrap();
    ask(&runtime, house.deal("acme", DEAL, None, handed_to(grace))).await.unwrap();
    let by_key = history(&runtime, asking("user", &"grace")).await;
    let said = format!(
        "defined.v1 [key: - > grace, name: - > Grace H., office: - > East, \
         person_id: - > {PERSON}, retired: - > false]"
    );
    assert_eq!(all_told(&by_key), std::slice::from_ref(&said));
    assert_eq!(by_key[0].occurred_at, None, "a first definition holds from the beginning");

    runtime.vault.erase("acme", PERSON).await.unwrap();
    let erased = domain::person::Erased { reason_code: "asked".to_owned() };
    let erased = Fact::Person(domain::person::Fact::Erased(erased));
    // Not through `ask`, which would make the person a new key.
    let order = house.define("acme", PERSON, Some(house.now()), erased);
    runtime.keeper.ask(order).await.unwrap();

    let by_id = history(&runtime, asking("user", &grace)).await;
    assert_eq!(all_told(&by_id), [said.replace("grace", "*").replace("Grace H.", "*")]);
    let deal = history(&runtime, asking("opportunity", &DEAL)).await;
    assert_eq!(told(&deal[1]), "owner_changed.v1 [owner: - > *]");
    assert_eq!(deal[1].changes[0].after_id, grace.to_string());
    let person = history(&runtime, asking("person", &PERSON)).await;
    assert_eq!(all_told(&person), ["erased.v1 [erased_at: - > 2024-01-01T00:00:00Z]"]);
    assert_eq!(person[0].reason_code, "asked");
}
