//! The rules of a quota as rows.

use super::{Command, Fact, Quota, Set, Withdrawn};
use crate::{
    CalendarId, Date, Entity, Instant, UserId, Voided,
    testing::{because, eur, fiscal, fold, id, last_quarter, quota_of},
};

fn set(quota: Set) -> Command {
    Command::Set { quota, calendar: fiscal() }
}

fn withdraw(code: &str) -> Command {
    Command::Withdraw(Withdrawn { reason: because(code) })
}

fn withdrawn(code: &str) -> Fact {
    Fact::Withdrawn(Withdrawn { reason: because(code) })
}

#[track_caller]
fn check(given: &[Fact], when: &Command, then: Result<Vec<Fact>, &str>) {
    let before: Quota = fold(given.to_vec());
    let decided = before.decide(when).map_err(|no| no.reason);
    assert_eq!(decided, then);
    if let Ok(facts) = then {
        let after: Quota = fold([given, &facts].concat());
        assert_eq!(after.faults, before.faults, "a decision fits");
        assert_eq!(after.decide(when), Ok(vec![]), "asked again");
    }
}

#[test]
fn a_quota_is_set_and_set_anew() {
    let first = Fact::Set(quota_of(500));
    check(&[], &set(quota_of(500)), Ok(vec![first.clone()]));
    check(&[], &set(quota_of(0)), Ok(vec![Fact::Set(quota_of(0))]));
    check(std::slice::from_ref(&first), &set(quota_of(500)), Ok(vec![]));
    check(std::slice::from_ref(&first), &set(quota_of(600)), Ok(vec![Fact::Set(quota_of(600))]));
    let in_euros = Set { amount: eur(500).unwrap(), ..quota_of(0) };
    check(&[first], &set(in_euros.clone()), Ok(vec![Fact::Set(in_euros)]));
    check(&[], &set(quota_of(-1)), Err("NEGATIVE_AMOUNT"));
}

#[test]
fn a_quota_is_withdrawn_and_may_be_set_again() {
    let first = Fact::Set(quota_of(500));
    check(&[], &withdraw("left"), Err("QUOTA_NOT_FOUND"));
    check(std::slice::from_ref(&first), &withdraw("left"), Ok(vec![withdrawn("left")]));
    let both = [first.clone(), withdrawn("left")];
    check(&both, &withdraw("other"), Ok(vec![]));
    check(&both, &set(quota_of(500)), Ok(vec![first]));
    let state: Quota = fold(both);
    assert_eq!((state.in_force(), state.withdrawn_at), (None, Some(Instant(2))));
    assert_eq!(state.withdrawn_for, because("left"));
}

#[test]
fn a_quota_is_of_exactly_one_period() {
    let (starts, ends) = last_quarter();
    for wrong in [
        Set { starts: starts.plus_days(1), ..quota_of(5) },
        Set { ends: ends.plus_days(-1), ..quota_of(5) },
        Set { period: "2026-Q3".to_owned(), ..quota_of(5) },
        Set { period: String::new(), ..quota_of(5) },
    ] {
        check(&[], &set(wrong), Err("PERIOD_MISMATCH"));
    }
}

#[test]
fn a_quota_stays_its_owners_and_of_its_days() {
    let first = Fact::Set(quota_of(500));
    for other in
        [Set { owner: UserId(id(2)), ..quota_of(500) }, Set { starts: Date(1), ..quota_of(500) }]
    {
        check(std::slice::from_ref(&first), &set(other.clone()), Err("QUOTA_CHANGED"));
        let reported: Quota = fold([first.clone(), Fact::Set(other)]);
        assert_eq!(reported.faults[0].kind, "QUOTA_CHANGED");
    }
    let renamed = Set { calendar: CalendarId(id(2)), ..quota_of(500) };
    check(&[first], &set(renamed.clone()), Ok(vec![Fact::Set(renamed)]));
}

#[test]
fn what_does_not_fit_is_recorded_with_a_fault() {
    let kinds = |facts: Vec<Fact>| -> Vec<&str> {
        fold::<Quota>(facts).faults.iter().map(|fault| fault.kind).collect()
    };
    assert_eq!(kinds(vec![withdrawn("")]), ["NOT_SET"]);
    assert_eq!(kinds(vec![Fact::Set(quota_of(-1))]), ["NEGATIVE_AMOUNT"]);
    let empty = Set { ends: last_quarter().0, ..quota_of(5) };
    assert_eq!(kinds(vec![Fact::Set(empty)]), ["EMPTY_PERIOD"]);
}

#[test]
fn a_setting_stands_when_the_one_before_it_is_taken_back() {
    let voided = Voided { command_id: id(1), reason: because("mistake") };
    let facts = [Fact::Set(quota_of(500)), Fact::Set(quota_of(600)), Fact::Voided(voided.clone())];
    let state: Quota = fold(facts);
    assert_eq!(state.in_force(), Some(&quota_of(600)));
    assert_eq!(state.faults, []);
    let gone: Quota = fold([Fact::Set(quota_of(500)), Fact::Voided(voided)]);
    assert_eq!(gone.set, None);
}
