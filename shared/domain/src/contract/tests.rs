//! The rules of a contract as rows: what was agreed, what is asked, what comes of it.

use super::{Command, Interval, Recurring, Step};
use crate::{
    Date, Instant,
    contract::Contract,
    entity::judge_void,
    testing::{
        contracts::{
            activate, activate_with, churn, contract, expand, monthly, monthly_in, renew, win_back,
            yearly,
        },
        entry, id,
        rows::{
            Asked,
            Then::{Nothing, Recorded, Refused},
            check, stands,
        },
        timeline,
    },
};

/// What is paid a year, on each of these days.
#[track_caller]
fn check_plan(given: &[Command], days: &[(i32, Option<i128>)]) {
    let contract = stands(given);
    assert_eq!(contract.faults, []);
    for (day, expected) in days {
        let paid = contract.recurring_on(Date(*day)).map(|it| it.minor_a_year());
        assert_eq!(paid, *expected, "day {day}");
    }
}

#[test]
fn a_contract_is_activated_once() {
    check(&[], activate(None), Recorded);
    check(&[], activate(Some(11)), Recorded);
    check(&[], activate(Some(10)), Refused("ENDS_BEFORE_START"));
    check(&[], activate_with(monthly(-1), 10, None), Refused("NEGATIVE_AMOUNT"));
    check(&[activate(None)], activate(None), Refused("CONTRACT_EXISTS"));
}

#[test]
fn everything_but_activating_needs_a_contract() {
    for command in [
        expand(monthly(200), 20),
        contract(monthly(50), 20),
        renew(monthly(100), 20, None),
        churn("price", 20),
        win_back(monthly(100), 20, None),
    ] {
        check(&[], command, Refused("CONTRACT_NOT_FOUND"));
    }
}

#[test]
fn a_contract_runs_from_its_first_day_to_its_end() {
    check_plan(&[activate(None)], &[(9, None), (10, Some(1_200)), (9_999, Some(1_200))]);
    check_plan(&[activate(Some(20))], &[(19, Some(1_200)), (20, None)]);
}

#[test]
fn an_expansion_is_an_increase_on_its_day() {
    let given = [activate(Some(50))];
    check(&given, expand(monthly(101), 20), Recorded);
    check(&given, expand(yearly(1_201), 20), Recorded);
    check(&given, expand(monthly(100), 20), Nothing);
    check(&given, expand(yearly(1_200), 20), Refused("NOT_AN_INCREASE"));
    check(&given, expand(monthly(99), 20), Refused("NOT_AN_INCREASE"));
    check(&given, expand(monthly(-1), 20), Refused("NEGATIVE_AMOUNT"));
    check(&given, expand(monthly_in(200, "EUR"), 20), Refused("WRONG_CURRENCY"));
    check(&given, expand(monthly(200), 9), Refused("BEFORE_START"));
    check(&given, expand(monthly(200), 50), Refused("NOT_RUNNING"));
    check_plan(
        &[activate(Some(50)), expand(monthly(200), 20)],
        &[(19, Some(1_200)), (20, Some(2_400)), (49, Some(2_400)), (50, None)],
    );
}

#[test]
fn a_contraction_is_a_decrease_on_its_day() {
    let given = [activate(None)];
    check(&given, contract(monthly(99), 20), Recorded);
    check(&given, contract(monthly(0), 20), Recorded);
    check(&given, contract(monthly(100), 20), Nothing);
    check(&given, contract(yearly(1_200), 20), Refused("NOT_A_DECREASE"));
    check(&given, contract(monthly(101), 20), Refused("NOT_A_DECREASE"));
    check_plan(&[activate(None), contract(yearly(600), 20)], &[(19, Some(1_200)), (20, Some(600))]);
}

#[test]
fn a_change_for_an_earlier_day_leaves_the_later_ones_what_they_are() {
    let grows = [activate(None), expand(monthly(200), 30)];
    check(&grows, expand(monthly(150), 20), Recorded);
    check(&grows, expand(monthly(200), 20), Refused("LATER_CHANGE_CONFLICT"));
    check(&grows, contract(monthly(50), 20), Recorded);
    let shrinks = [activate(None), contract(monthly(80), 30)];
    check(&shrinks, expand(monthly(150), 20), Recorded);
    check(&shrinks, contract(monthly(80), 20), Refused("LATER_CHANGE_CONFLICT"));
    check(&shrinks, contract(monthly(90), 20), Recorded);
    check_plan(
        &[activate(None), contract(monthly(80), 30), expand(monthly(150), 20)],
        &[(19, Some(1_200)), (20, Some(1_800)), (30, Some(960))],
    );
}

#[test]
fn of_two_changes_for_one_day_the_later_one_holds() {
    let given = [activate(None), expand(monthly(200), 20)];
    check(&given, expand(monthly(300), 20), Recorded);
    check(&given, contract(monthly(150), 20), Recorded);
    check_plan(&[&given[..], &[contract(monthly(150), 20)]].concat(), &[(20, Some(1_800))]);
}

#[test]
fn a_contract_is_renewed_before_it_stops() {
    let given = [activate(Some(20))];
    check(&given, renew(monthly(50), 20, Some(30)), Recorded);
    check(&given, renew(monthly(50), 15, Some(30)), Recorded);
    check(&given, renew(monthly(100), 20, None), Recorded);
    check(&given, renew(monthly(50), 21, None), Refused("NOT_RUNNING"));
    check(&given, renew(monthly(50), 9, None), Refused("BEFORE_START"));
    check(&given, renew(monthly(50), 20, Some(20)), Refused("ENDS_BEFORE_START"));
    check(&given, renew(monthly_in(50, "EUR"), 20, None), Refused("WRONG_CURRENCY"));
    check_plan(
        &[activate(Some(20)), renew(monthly(50), 20, Some(30))],
        &[(19, Some(1_200)), (20, Some(600)), (29, Some(600)), (30, None)],
    );
}

#[test]
fn leaving_takes_later_agreements_with_it() {
    let given = [activate(None), expand(monthly(200), 30), churn("price", 20)];
    check_plan(&given, &[(19, Some(1_200)), (20, None), (30, None)]);
    let contract = stands(&given);
    assert!(!contract.is_churned_on(Date(19)));
    assert!(contract.is_churned_on(Date(20)));
    assert_eq!(contract.churn_reason.code, "price");
}

#[test]
fn a_customer_leaves_on_a_day_up_to_which_the_contract_runs() {
    check(&[activate(Some(20))], churn("price", 20), Recorded);
    check(&[activate(Some(20))], churn("price", 10), Recorded);
    check(&[activate(Some(20))], churn("price", 21), Refused("NOT_RUNNING"));
    check(&[activate(Some(20))], churn("price", 9), Refused("BEFORE_START"));
    let left = [activate(None), churn("price", 20)];
    check(&left, churn("price", 20), Nothing);
    check(&left, churn("", 20), Nothing);
    check(&left, churn("quality", 20), Recorded);
    check(&left, churn("price", 15), Recorded);
    check(&left, churn("price", 25), Refused("CHURNED"));
}

#[test]
fn who_has_left_is_only_won_back() {
    let left = [activate(None), churn("price", 20)];
    for change in [expand(monthly(200), 20), contract(monthly(50), 25)] {
        check(&left, change, Refused("CHURNED"));
    }
    check(&left, renew(monthly(50), 25, None), Refused("CHURNED"));
    check(&left, expand(monthly(200), 15), Recorded);
    check(&left, win_back(monthly_in(50, "EUR"), 25, Some(40)), Recorded);
    check(&left, win_back(monthly(50), 20, None), Recorded);
    check(&left, win_back(monthly(50), 19, None), Refused("STILL_RUNNING"));
    check(&left, win_back(monthly(50), 25, Some(25)), Refused("ENDS_BEFORE_START"));
    check(&left, win_back(monthly(-1), 25, None), Refused("NEGATIVE_AMOUNT"));
    check(&[activate(Some(20))], win_back(monthly(50), 30, None), Recorded);
    let back = [&left[..], &[win_back(monthly(50), 25, Some(40))]].concat();
    check(&back, win_back(monthly(50), 25, Some(40)), Nothing);
    check(&back, expand(monthly(60), 30), Recorded);
    check_plan(&back, &[(19, Some(1_200)), (20, None), (25, Some(600)), (40, None)]);
    assert!(matches!(stands(&back).plan.last().unwrap().step, Step::WonBack(_)));
}

#[test]
fn leaving_is_not_taken_back_while_coming_back_hangs_on_it() {
    let void = |given: &[Command], command: u128| {
        let numbered = (1..).zip(given.iter().cloned());
        let told = timeline(numbered.map(|(at, it)| entry(at, at as u128, it.told())));
        let void = <Command as Asked>::void(command);
        let judged = judge_void::<Contract>(&told, Instant(100), id(command), void);
        judged.map(|facts| facts.len()).map_err(|refused| refused.reason)
    };
    let left = [activate(None), churn("price", 20)];
    assert_eq!(void(&left, 2), Ok(1));
    assert_eq!(void(&left, 1), Err("LATER_FACTS_DEPEND"));
    let back = [&left[..], &[win_back(monthly(50), 25, None)]].concat();
    assert_eq!(void(&back, 2), Err("LATER_FACTS_DEPEND"));
    assert_eq!(void(&back, 3), Ok(1));
}

#[test]
fn months_and_years_compare_exactly() {
    let most = |interval| Recurring { interval, ..monthly(i64::MAX) };
    assert_eq!(most(Interval::Monthly).minor_a_year(), i128::from(i64::MAX) * 12);
    assert_eq!(most(Interval::Yearly).minor_a_year(), i128::from(i64::MAX));
    for interval in Interval::ALL {
        assert_eq!(Interval::from_word(interval.word()), Some(interval));
    }
    assert_eq!(Interval::from_word("weekly"), None);
}
