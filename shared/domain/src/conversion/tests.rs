//! Conversion as rows, and against arithmetic by hand.

use proptest::{
    collection::vec, prelude::*, prop_assert, prop_assert_eq, proptest, sample::select,
};

use super::{ConversionError, EXACT_ONE, Exact, RATE_ONE, Rate, half_even, share_out};
use crate::{Decimal, testing::currency};

fn rate(text: &str) -> Rate {
    Rate::of(Decimal::parse(text).unwrap()).unwrap()
}

fn rounded(minor: i64, from: &str, to: &str, at: &str) -> Result<i64, ConversionError> {
    Exact::converted(minor, currency(from), currency(to), rate(at))?.rounded()
}

#[test]
fn an_amount_is_converted_between_minor_units() {
    for (minor, from, to, at, expected) in [
        (10_000, "EUR", "USD", "1.0825", 10_825),
        (-10_000, "EUR", "USD", "1.0825", -10_825),
        (1_000, "JPY", "USD", "0.0067", 670),
        (670, "USD", "JPY", "150", 1_005),
        (1_000, "KWD", "JPY", "480", 480),
        (1, "JPY", "CLF", "1", 10_000),
        (i64::MAX, "USD", "USD", "1", i64::MAX),
        (i64::MIN, "USD", "USD", "1", i64::MIN),
    ] {
        assert_eq!(rounded(minor, from, to, at), Ok(expected), "{minor} {from} in {to}");
    }
}

#[test]
fn a_half_goes_to_the_even_one() {
    for (minor, expected) in [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)] {
        assert_eq!(rounded(minor, "EUR", "USD", "0.5"), Ok(expected), "half of {minor}");
    }
    assert_eq!(rounded(1, "EUR", "USD", "0.50000000000001"), Ok(1), "more than a half");
}

#[test]
fn what_is_too_large_is_an_error() {
    let too_large = Err(ConversionError::TooLarge);
    assert_eq!(rounded(i64::MAX, "EUR", "USD", "1.01"), too_large);
    assert_eq!(rounded(i64::MAX, "JPY", "CLF", "9000000000000"), too_large);
    let most = Exact(i128::MAX);
    assert_eq!(most.plus(Exact(1)), Err(ConversionError::TooLarge));
}

#[test]
fn a_rate_is_above_zero_and_has_fourteen_decimals() {
    for (mantissa, scale) in [(0, 0), (-1, 0), (1, 15), (i64::MIN, 3), (1, 255)] {
        assert_eq!(Rate::of(Decimal { mantissa, scale }), None, "{mantissa}, {scale}");
    }
    assert_eq!(Rate::of(Decimal { mantissa: 10, scale: 15 }), Some(Rate(1)));
    assert_eq!(Rate::of(Decimal { mantissa: 1, scale: 0 }), Some(Rate::ONE));
}

#[test]
fn derived_rates_are_rounded_at_their_last_decimal() {
    assert_eq!(rate("1.0825").inverse(), Some(Rate(92_378_752_886_836)));
    assert_eq!(rate("4").inverse(), Some(rate("0.25")));
    assert_eq!(rate("0.00000000000001").inverse(), Some(Rate(RATE_ONE * RATE_ONE)));
    assert_eq!(Rate(RATE_ONE * RATE_ONE * 3).inverse(), None, "nothing is left of it");
    assert_eq!(rate("1.25").times(rate("0.8")), Some(Rate::ONE));
    assert_eq!(rate("0.00000000000001").times(rate("0.5")), None, "nothing is left of it");
    assert_eq!(rate("9000000000000").times(rate("9000000000000")), None, "too large");
}

#[test]
fn of_equal_remainders_the_first_is_rounded_up() {
    let third = Exact(EXACT_ONE / 3);
    assert_eq!(share_out(1, &[third, third, third]), Ok(vec![1, 0, 0]));
    assert_eq!(share_out(0, &[]), Ok(vec![]));
    let minus = Exact(-EXACT_ONE / 2);
    assert_eq!(share_out(-1, &[minus, Exact::ZERO, minus]), Ok(vec![0, 0, -1]));
}

fn any_exact() -> impl Strategy<Value = Exact> {
    let cents = (-500..500_i64).prop_map(|minor| Exact(i128::from(minor) * EXACT_ONE));
    let parts = (-500..500_i64).prop_map(|parts| Exact(i128::from(parts) * EXACT_ONE / 8));
    prop_oneof![cents, parts, any::<i64>().prop_map(|it| Exact(i128::from(it) * 77))]
}

fn sum_of(parts: &[Exact]) -> Exact {
    Exact(parts.iter().map(|part| part.0).sum())
}

/// Shares a sum out over a tree of parts of parts, and says whether all of it adds up.
fn check_tree(sum: i64, tree: &[Vec<Exact>]) -> Result<(), TestCaseError> {
    let branches: Vec<Exact> = tree.iter().map(|branch| sum_of(branch)).collect();
    let shares = share_out(sum, &branches).unwrap();
    prop_assert_eq!(shares.iter().sum::<i64>(), sum);
    for ((branch, exact), share) in tree.iter().zip(&branches).zip(shares) {
        prop_assert!((i128::from(share) * EXACT_ONE - exact.0).abs() < EXACT_ONE);
        let leaves = share_out(share, branch).unwrap();
        prop_assert_eq!(leaves.iter().sum::<i64>(), share);
        for (leaf, exact) in leaves.iter().zip(branch) {
            prop_assert!((i128::from(*leaf) * EXACT_ONE - exact.0).abs() < EXACT_ONE);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_sum_is_shared_out_to_the_minor_unit_at_every_level(
        tree in vec(vec(any_exact(), 0..6), 0..6),
    ) {
        let all: Vec<Exact> = tree.concat();
        check_tree(sum_of(&all).rounded().unwrap(), &tree)?;
    }

    #[test]
    fn nothing_is_lost_before_rounding(
        amounts in vec(-1_000_000_000..1_000_000_000_i64, 0..20),
        mantissa in 1..100_000_i64,
        scale in 0..=14_u8,
        codes in (select(vec!["USD", "JPY", "KWD", "CLF"]), select(vec!["USD", "JPY", "KWD"])),
    ) {
        let (from, to) = (currency(codes.0), currency(codes.1));
        let rate = Rate::of(Decimal { mantissa, scale }).unwrap();
        let each = amounts.iter().map(|minor| Exact::converted(*minor, from, to, rate).unwrap());
        let together = Exact::converted(amounts.iter().sum(), from, to, rate).unwrap();
        prop_assert_eq!(each.fold(Exact::ZERO, |sum, it| sum.plus(it).unwrap()), together);
    }

    #[test]
    fn half_even_is_nearest_and_even_between_two(number in -10_000..10_000_i128, by in 1..50_i128) {
        let found = half_even(number, by);
        let off = (found * by - number).abs() * 2;
        prop_assert!(off < by || off == by && found % 2 == 0);
    }

    #[test]
    fn an_inverse_is_the_inverse_as_far_as_decimals_go(mantissa in 1..1_000_000_000_i64) {
        let rate = Rate::of(Decimal { mantissa, scale: 4 }).unwrap();
        let inverse = rate.inverse().unwrap();
        // Off by half of the last decimal at most, and by as much of the rate.
        prop_assert!((rate.0 * inverse.0 - RATE_ONE * RATE_ONE).abs() * 2 <= rate.0);
    }
}
