//! The rules of a deal as rows: what was recorded, what is asked, what comes of it.

use super::Command;
use crate::{
    ContactId, Entity, ForecastCategory, OpportunityType, RejectionKind,
    testing::{
        abandon, account, amount, category, close_date, competitor, contact_role, deal, eur, id,
        lose, note, nth_stage, open, open_in, open_with, opportunity_type, owner, reopen, sealed,
        stage, to, to_nth, usd, win,
    },
};
use Then::{Nothing, Recorded, Refused};

mod reports;

#[derive(Clone, Copy)]
enum Then {
    /// The command's own fact is recorded, and fits.
    Recorded,
    /// It is so already.
    Nothing,
    /// The rules say no, for this reason.
    Refused(&'static str),
}

const OPPORTUNITY_EXISTS: Then = Refused("OPPORTUNITY_EXISTS");
const OPPORTUNITY_NOT_FOUND: Then = Refused("OPPORTUNITY_NOT_FOUND");
const NEGATIVE_AMOUNT: Then = Refused("NEGATIVE_AMOUNT");
const WRONG_CURRENCY: Then = Refused("WRONG_CURRENCY");
const ALREADY_CLOSED: Then = Refused("ALREADY_CLOSED");
const CATEGORY_CLOSED: Then = Refused("CATEGORY_CLOSED");

/// Decides, and asks again after everything that was recorded.
#[track_caller]
fn check(given: &[Command], when: Command, then: Then) {
    let decided = deal(given).decide(&when);
    match then {
        Nothing => assert_eq!(decided, Ok(Vec::new())),
        Refused(reason) => assert_eq!(decided.map_err(|no| no.reason), Err(reason)),
        Recorded => {
            assert_eq!(decided, Ok(vec![when.clone().reported()]));
            let after = deal(&[given, std::slice::from_ref(&when)].concat());
            assert_eq!(after.faults, deal(given).faults);
            let again = after.decide(&when).map_err(|no| no.reason);
            match when {
                Command::Open(_) => assert_eq!(again, Err("OPPORTUNITY_EXISTS")),
                Command::Note(_) => assert_eq!(again, Ok(vec![when.reported()])),
                _ => assert_eq!(again, Ok(Vec::new()), "asked again"),
            }
        }
    }
}

#[test]
fn a_deal_is_opened_once() {
    check(&[], open(), Recorded);
    check(&[], open_with(None), Recorded);
    check(&[open()], open_in(stage("demo")), OPPORTUNITY_EXISTS);
    check(&[open(), lose("price")], open(), OPPORTUNITY_EXISTS);
    check(&[], open_with(usd(-1)), NEGATIVE_AMOUNT);
}

#[test]
fn a_deal_reported_in_part_is_opened_in_the_currency_that_it_has() {
    check(&[amount(eur(5))], open_with(usd(5)), WRONG_CURRENCY);
    check(&[amount(eur(5))], open_with(eur(6)), Recorded);
}

#[test]
fn everything_but_opening_needs_a_deal() {
    let others = [
        to("demo"),
        amount(usd(5)),
        close_date(Some(5)),
        owner(Some(2)),
        category(Some(ForecastCategory::Commit)),
        win(None),
        lose("price"),
        abandon("silence"),
        reopen(None),
        account(Some(1)),
        opportunity_type(Some(OpportunityType::Renewal)),
        competitor("ajax", None),
        contact_role(1, Some("champion")),
        note(),
    ];
    for command in others {
        check(&[], command, OPPORTUNITY_NOT_FOUND);
    }
}

#[test]
fn a_closed_deal_is_reopened_before_it_is_changed() {
    for closing in [win(None), lose("price"), abandon("silence")] {
        let commit = category(Some(ForecastCategory::Commit));
        for change in [to("demo"), amount(usd(5)), close_date(Some(5)), commit] {
            let closed = [open(), closing.clone()];
            check(&closed, change.clone(), ALREADY_CLOSED);
            check(&[open(), closing.clone(), reopen(None)], change, Recorded);
        }
    }
}

#[test]
fn a_deal_moves_to_any_other_stage() {
    check(&[open()], to("demo"), Recorded);
    check(&[open()], to("lead"), Nothing);
    check(&[open(), to("demo")], to("lead"), Recorded);
}

#[test]
fn where_the_furthest_stage_counts_a_move_back_is_no_fact() {
    let reached = [open_in(nth_stage(1)), to_nth(3)];
    check(&reached, to_nth(4), Recorded);
    check(&reached, to_nth(3), Nothing);
    check(&reached, to_nth(2), Nothing);
    let reported = deal(&[&reached[..], &[to_nth(2)]].concat());
    assert_eq!(reported.stage, Some(nth_stage(3)));
}

#[test]
fn an_amount_stays_in_its_currency_and_above_zero() {
    check(&[open()], amount(usd(101)), Recorded);
    check(&[open()], amount(usd(0)), Recorded);
    check(&[open()], amount(None), Recorded);
    check(&[open()], amount(usd(100)), Nothing);
    check(&[open()], amount(usd(-1)), NEGATIVE_AMOUNT);
    check(&[open()], amount(eur(100)), WRONG_CURRENCY);
    check(&[open_with(None)], amount(eur(100)), Recorded);
    check(&[open(), amount(None)], amount(eur(100)), Recorded);
}

#[test]
fn a_close_date_is_restated_or_taken_back() {
    check(&[open()], close_date(Some(91)), Recorded);
    check(&[open()], close_date(None), Recorded);
    check(&[open()], close_date(Some(90)), Nothing);
    check(&[open(), close_date(None)], close_date(None), Nothing);
}

#[test]
fn a_deal_changes_hands_even_when_it_is_closed() {
    check(&[open()], owner(Some(2)), Recorded);
    check(&[open()], owner(None), Recorded);
    check(&[open()], owner(Some(1)), Nothing);
    check(&[open(), win(None)], owner(Some(2)), Recorded);
    check(&[open(), lose("price")], owner(Some(1)), Nothing);
}

#[test]
fn whom_a_deal_is_with_and_of_what_type_it_is_stays_open_to_correction() {
    let renewal = || opportunity_type(Some(OpportunityType::Renewal));
    for (same, other, gone) in [
        (account(None), account(Some(2)), account(Some(3))),
        (opportunity_type(None), renewal(), opportunity_type(Some(OpportunityType::Expansion))),
    ] {
        for given in [vec![open()], vec![open(), win(None)], vec![open(), lose("price")]] {
            check(&given, same.clone(), Nothing);
            check(&given, other.clone(), Recorded);
            let changed = [&given[..], std::slice::from_ref(&other)].concat();
            check(&changed, gone.clone(), Recorded);
            check(&changed, same.clone(), Recorded);
        }
    }
    assert_eq!(deal(&[open(), renewal()]).opportunity_type, Some(OpportunityType::Renewal));
}

#[test]
fn a_competitor_is_named_once_unless_there_is_more_to_say() {
    let given = [open(), competitor("ajax", None)];
    check(&given[..1], competitor("ajax", None), Recorded);
    check(&given, competitor("ajax", None), Nothing);
    check(&given, competitor("zeta", None), Recorded);
    check(&[open(), lose("price")], competitor("ajax", None), Recorded);
    let said = competitor("ajax", Some(sealed(b"cheaper")));
    let facts = deal(&given).decide(&said);
    assert_eq!(facts, Ok(vec![said.clone().reported()]));
    let named = deal(&[&given[..], &[said, competitor("zeta", None)]].concat());
    assert_eq!(named.competitors, ["ajax", "zeta"]);
}

#[test]
fn a_contact_plays_one_part_or_none() {
    let given = [open(), contact_role(1, Some("champion"))];
    check(&given[..1], contact_role(1, Some("champion")), Recorded);
    check(&given[..1], contact_role(1, None), Nothing);
    check(&given, contact_role(1, Some("champion")), Nothing);
    check(&given, contact_role(1, Some("economic_buyer")), Recorded);
    check(&given, contact_role(2, Some("champion")), Recorded);
    check(&given, contact_role(1, None), Recorded);
    let roles =
        deal(&[&given[..], &[contact_role(2, Some("user")), contact_role(1, None)]].concat())
            .contact_roles;
    assert_eq!(roles.into_iter().collect::<Vec<_>>(), [(ContactId(id(2)), "user".to_owned())]);
}

#[test]
fn a_category_is_judged_by_hand_and_the_judgement_taken_back() {
    let commit = || category(Some(ForecastCategory::Commit));
    check(&[open()], commit(), Recorded);
    check(&[open(), commit()], commit(), Nothing);
    check(&[open(), commit()], category(None), Recorded);
    check(&[open()], category(None), Nothing);
    check(&[open()], category(Some(ForecastCategory::Closed)), CATEGORY_CLOSED);
    let moved = deal(&[open(), commit(), to("demo"), win(None), reopen(None)]);
    let judged = moved.category_override;
    assert_eq!(judged, Some(ForecastCategory::Commit), "it outlives them");
}

#[test]
fn a_deal_is_won_with_the_expected_amount_or_another() {
    check(&[open()], win(None), Recorded);
    check(&[open()], win(usd(100)), Recorded);
    check(&[open()], win(usd(80)), Recorded);
    check(&[open_with(None)], win(usd(80)), Recorded);
    check(&[open()], win(usd(-1)), NEGATIVE_AMOUNT);
    check(&[open()], win(eur(100)), WRONG_CURRENCY);
}

#[test]
fn winning_again_says_nothing_new_unless_the_amount_differs() {
    check(&[open(), win(None)], win(usd(100)), Nothing);
    check(&[open(), win(None)], win(usd(80)), ALREADY_CLOSED);
    check(&[open(), win(usd(80))], win(None), Nothing);
    check(&[open(), win(usd(80))], win(usd(80)), Nothing);
    check(&[open(), win(usd(80))], win(usd(100)), ALREADY_CLOSED);
    check(&[open_with(None), win(None)], win(usd(80)), ALREADY_CLOSED);
}

#[test]
fn a_deal_ends_once_and_for_one_reason() {
    for (end, other) in [(lose as fn(&str) -> Command, win(None)), (abandon, lose("price"))] {
        check(&[open()], end("price"), Recorded);
        check(&[open()], end(""), Recorded);
        check(&[open(), end("price")], end(""), Nothing);
        check(&[open(), end("price")], end("silence"), ALREADY_CLOSED);
        check(&[open(), end("price")], other.clone(), ALREADY_CLOSED);
        check(&[open(), other], end("price"), ALREADY_CLOSED);
    }
}

#[test]
fn a_closed_deal_is_reopened() {
    for closing in [win(usd(80)), lose("price"), abandon("silence")] {
        check(&[open(), closing.clone()], reopen(None), Recorded);
        let elsewhere = Some(stage("demo"));
        check(&[open(), closing.clone()], reopen(elsewhere), Recorded);
        check(&[open(), closing, reopen(None)], reopen(None), Nothing);
    }
    check(&[open()], reopen(None), Nothing);
}

#[test]
fn a_note_is_written_as_often_as_somebody_writes_it() {
    check(&[open()], note(), Recorded);
    check(&[open(), note()], note(), Recorded);
    check(&[open(), win(None)], note(), Recorded);
    assert_eq!(deal(&[open(), note(), note()]).notes, 2);
}

#[test]
fn a_refusal_names_its_kind_and_the_field_at_fault() {
    use RejectionKind::{Exists, Invalid, NotFound, Precondition};
    let closed = category(Some(ForecastCategory::Closed));
    for (given, when, kind, field) in [
        (vec![], win(None), NotFound, "opportunity_id"),
        (vec![open()], open(), Exists, "opportunity_id"),
        (vec![open()], amount(usd(-1)), Invalid, "amount"),
        (vec![open()], win(eur(1)), Invalid, "amount.currency_code"),
        (vec![open()], closed, Invalid, "category"),
        (vec![open(), win(None)], lose(""), Precondition, ""),
    ] {
        let refused = deal(&given).decide(&when).unwrap_err();
        assert_eq!((refused.kind, &*refused.field), (kind, field), "{refused}");
    }
}
