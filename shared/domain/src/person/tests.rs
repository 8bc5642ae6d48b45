//! The rules of a person as rows.

use super::{Command, Erased, Fact, Person};
use crate::{Entity, Instant, testing::fold};

fn erased(code: &str) -> Erased {
    Erased { reason_code: code.to_owned() }
}

#[test]
fn a_person_is_erased_once_whoever_asks_and_why() {
    let facts = Person::default().decide(&Command::Erase(erased("asked"))).unwrap();
    assert_eq!(facts, [Fact::Erased(erased("asked"))]);
    let gone: Person = fold(facts);
    assert_eq!(gone.decide(&Command::Erase(erased("asked"))), Ok(vec![]));
    assert_eq!(gone.decide(&Command::Erase(erased("again"))), Ok(vec![]));
}

#[test]
fn the_first_erasure_counts() {
    let twice: Person = fold([Fact::Erased(erased("asked")), Fact::Erased(erased("again"))]);
    assert_eq!(twice.erased_at, Some(Instant(1)));
    assert!(twice.faults().is_empty());
}
