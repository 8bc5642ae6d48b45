//! The rules of an exchange rate as rows.

use super::{Command, ExchangeRate, Fact, Purpose, Set};
use crate::{
    Decimal, Entity,
    testing::{fold, rate_of},
};

#[track_caller]
fn check(given: &[Set], when: Set, then: Result<bool, &str>) {
    let state: ExchangeRate = fold(given.iter().copied().map(Fact::Set));
    let decided = state.decide(&Command::Set(when)).map_err(|no| no.reason);
    assert_eq!(decided, then.map(|recorded| Vec::from_iter(recorded.then_some(Fact::Set(when)))));
}

#[test]
fn a_rate_is_set_and_set_anew() {
    let first = rate_of("EUR", "USD", "1.1");
    check(&[], first, Ok(true));
    check(&[first], first, Ok(false));
    check(&[first], rate_of("EUR", "USD", "1.2"), Ok(true));
    let same = Set { rate: Decimal { mantissa: 110, scale: 2 }, ..first };
    check(&[first], same, Ok(false));
}

#[test]
fn a_rate_is_of_two_currencies_and_above_zero() {
    check(&[], rate_of("EUR", "EUR", "1.1"), Err("SAME_CURRENCY"));
    for bad in ["0", "-1.1", "0.000000000000001"] {
        check(&[], rate_of("EUR", "USD", bad), Err("RATE_UNUSABLE"));
        let reported: ExchangeRate = fold([Fact::Set(rate_of("EUR", "USD", bad))]);
        assert_eq!(reported.faults[0].kind, "RATE_UNUSABLE");
    }
    check(&[], rate_of("EUR", "USD", "0.00000000000001"), Ok(true));
}

#[test]
fn a_rate_stays_that_of_its_pair_and_purpose() {
    let first = rate_of("EUR", "USD", "1.1");
    let planned = Set { purpose: Purpose::Plan, ..first };
    for other in [rate_of("GBP", "USD", "1.1"), rate_of("EUR", "GBP", "1.1"), planned] {
        check(&[first], other, Err("EXCHANGE_RATE_CHANGED"));
        let reported: ExchangeRate = fold([Fact::Set(first), Fact::Set(other)]);
        assert_eq!(reported.faults[0].kind, "EXCHANGE_RATE_CHANGED");
    }
}
