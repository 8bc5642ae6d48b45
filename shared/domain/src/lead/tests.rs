//! The rules of a lead as rows: what was recorded, what is asked, what comes of it.

use super::{Absorbed, Command, Lead, Status, merge};
use crate::{
    Instant, LeadId, MatchedOn, PersonId, Rejection, Timeline,
    entity::{judge, judge_void},
    testing::{
        entry, id,
        leads::{
            ADA, absorb, accept, assign, capture, captured, consent, convert, correct, dismiss,
            disqualify, find, hand_over, merge_into, note, nurture, person, qualify, recycle,
            reject, work,
        },
        rows::{
            Asked,
            Then::{Nothing, Recorded, Refused},
            check, stands,
        },
        timeline,
    },
};

mod undo;

fn statuses() -> Vec<(Status, Vec<Command>)> {
    let after = |more: &[Command]| [&[capture()], more].concat();
    vec![
        (Status::New, after(&[])),
        (Status::Assigned, after(&[assign(Some(1))])),
        (Status::Working, after(&[work()])),
        (Status::Nurturing, after(&[nurture("early")])),
        (Status::HandedOver, after(&[hand_over()])),
        (Status::Accepted, after(&[hand_over(), accept()])),
        (Status::Qualified, after(&[qualify()])),
        (Status::Converted, after(&[qualify(), convert(1, None)])),
        (Status::Recycled, after(&[recycle("later")])),
        (Status::Disqualified, after(&[disqualify("junk")])),
        (Status::Merged, after(&[merge_into(2)])),
    ]
}

#[test]
fn every_status_is_reached_and_has_its_word() {
    let reached: Vec<Status> = statuses().into_iter().map(|(status, _)| status).collect();
    assert_eq!(reached, Status::ALL);
    for (status, given) in statuses() {
        let lead = stands(&given);
        assert_eq!((lead.status(), lead.faults), (status, vec![]));
        assert_eq!(Status::from_word(status.word()), Some(status));
    }
    assert_eq!(Status::from_word("dead"), None);
}

#[test]
fn what_may_be_asked_depends_on_how_far_a_lead_has_come() {
    let refused = |letter| match letter {
        'c' => "LEAD_CONVERTED",
        'm' => "LEAD_MERGED",
        's' => "LEAD_WITH_SALES",
        'd' => "LEAD_DISQUALIFIED",
        'u' => "NOT_ACCEPTED",
        'h' => "NOT_HANDED_OVER",
        'r' => "LEAD_RECYCLED",
        _ => "?",
    };
    // N new, A assigned, W working, u nurturing, H handed over, A accepted, Q qualified,
    // C converted, R recycled, D disqualified, M merged.
    for (when, row) in [
        //                       NAWuHAQCRDM
        (assign(Some(2)), "+++++++c++m"),
        (work(), "++.++++c+dm"),
        (nurture("other"), "++++sssc+dm"),
        (hand_over(), "++++.ssc+dm"),
        (accept(), "hhhh+.hchhm"),
        (reject("small"), "hhhh+hhchhm"),
        (qualify(), "++++u+.c+dm"),
        (disqualify("other"), "+++++++c+dm"),
        (recycle("other"), "++++u++cr+m"),
        (merge_into(3), "+++++++c++m"),
        (absorb(3), "++++++++++m"),
        (convert(2, Some(2)), "++++u++c+dm"),
        (correct(ADA, b"Eve"), "+++++++c++m"),
        (find(3, MatchedOn::Email), "++++++++++m"),
        (consent("newsletter", true), "+++++++++++"),
        (note(ADA), "+++++++++++"),
    ] {
        for ((_, given), letter) in statuses().into_iter().zip(row.chars()) {
            let then = match letter {
                '+' => Recorded,
                '.' => Nothing,
                letter => Refused(refused(letter)),
            };
            check(&given, when.clone(), then);
        }
    }
}

#[test]
fn everything_but_capturing_needs_a_lead() {
    check(&[], capture(), Recorded);
    check(&[capture()], capture(), Refused("LEAD_EXISTS"));
    for command in [
        assign(None),
        work(),
        nurture(""),
        hand_over(),
        accept(),
        reject(""),
        qualify(),
        disqualify(""),
        recycle(""),
        find(2, MatchedOn::Phone),
        dismiss(2),
        merge_into(2),
        absorb(2),
        convert(1, None),
        correct(ADA, b"Eve"),
        consent("newsletter", false),
        note(ADA),
    ] {
        check(&[], command, Refused("LEAD_NOT_FOUND"));
    }
}

#[test]
fn a_step_is_taken_again_only_for_another_reason() {
    check(&[capture(), nurture("early")], nurture("early"), Nothing);
    check(&[capture(), nurture("early")], nurture(""), Nothing);
    check(&[capture(), nurture("early")], nurture("budget"), Recorded);
    check(&[capture(), disqualify("junk")], disqualify(""), Nothing);
    check(&[capture(), recycle("later")], recycle("later"), Nothing);
    check(&[capture(), hand_over(), reject("small")], reject(""), Nothing);
    check(&[capture(), hand_over(), reject("small")], reject("far"), Refused("NOT_HANDED_OVER"));
    let worked = [capture(), hand_over(), reject("small"), work()];
    check(&worked, reject("small"), Refused("NOT_HANDED_OVER"));
}

#[test]
fn a_rejected_lead_stands_where_it_stood_before_it_was_offered() {
    for (given, status) in [
        (vec![], Status::New),
        (vec![assign(Some(1))], Status::Assigned),
        (vec![work()], Status::Working),
        (vec![nurture("early")], Status::Nurturing),
        (vec![recycle("later")], Status::Recycled),
    ] {
        let offered = [&[capture()], &given[..], &[hand_over(), reject("small")]].concat();
        let lead = stands(&offered);
        assert_eq!((lead.status(), &*lead.reason.code), (status, "small"));
        assert_eq!(lead.reason_fact, "lead.rejected.v1");
    }
}

#[test]
fn a_rejection_without_an_offer_moves_nothing() {
    let reported = stands(&[capture(), work(), reject("small")]);
    assert_eq!((reported.status(), &*reported.reason.code), (Status::Working, "small"));
    let again = [capture(), hand_over(), reject("small"), work(), reject("far")];
    let reported = stands(&again);
    assert_eq!((reported.status(), reported.rejected_at()), (Status::Working, Some(Instant(3))));
}

#[test]
fn every_offer_has_its_own_clock() {
    let lead = stands(&[
        capture(),
        hand_over(),
        reject("small"),
        work(),
        hand_over(),
        accept(),
        qualify(),
        recycle("later"),
        hand_over(),
    ]);
    let clocks: Vec<_> = lead
        .hand_overs
        .iter()
        .map(|it| (it.at.0, it.accepted_at.map(|at| at.0), it.rejected_at.map(|at| at.0)))
        .collect();
    assert_eq!(clocks, [(2, None, Some(3)), (5, Some(6), None), (9, None, None)]);
    assert_eq!(lead.handed_over_at(), Some(Instant(9)));
    assert_eq!((lead.accepted_at(), lead.rejected_at()), (None, None));
    assert_eq!(lead.first_worked_at, Some(Instant(4)));
    assert_eq!(lead.first_qualified_at, Some(Instant(7)));
    assert_eq!(lead.times_recycled, 1);
}

#[test]
fn what_sales_has_taken_is_touched_first_only_once() {
    let lead = stands(&[capture(), hand_over(), accept(), work(), qualify(), work()]);
    assert_eq!(lead.status(), Status::Qualified);
    assert_eq!(lead.first_worked_at, Some(Instant(4)));
    check(&[capture(), hand_over(), accept(), work()], work(), Nothing);
}

#[test]
fn details_are_restated_in_full_and_know_the_fact_that_they_are_sealed_in() {
    check(&[capture()], correct(ADA, b"Ada"), Nothing);
    let lead = stands(&[capture()]);
    assert_eq!((&lead.details, lead.details_fact), (&captured().details, "lead.captured.v1"));
    let lead = stands(&[capture(), correct(ADA, b"Eve")]);
    assert_eq!(lead.details_fact, "lead.details_corrected.v1");
}

#[test]
fn words_are_sealed_for_the_persons_behind_the_lead() {
    for stranger in [correct(200, b"Eve"), note(200)] {
        check(&[capture()], stranger.clone(), Refused("WRONG_PERSON"));
        check(&[capture(), absorb(2)], stranger, Recorded);
    }
    let persons: Vec<PersonId> = stands(&[capture(), absorb(2)]).persons().collect();
    assert_eq!(persons, [person(ADA), person(200)]);
}

#[test]
fn a_duplicate_is_found_once_for_each_text_and_stays_dismissed() {
    let found = [capture(), find(2, MatchedOn::Email)];
    check(&found, find(2, MatchedOn::Email), Nothing);
    check(&found, find(2, MatchedOn::Phone), Recorded);
    check(&found, find(3, MatchedOn::Email), Recorded);
    check(&found, dismiss(2), Recorded);
    check(&found, dismiss(3), Refused("DUPLICATE_NOT_FOUND"));
    let dismissed = [&found[..], &[dismiss(2)]].concat();
    check(&dismissed, find(2, MatchedOn::Email), Nothing);
    check(&dismissed, find(2, MatchedOn::Phone), Recorded);
    assert_eq!(stands(&found).open_duplicates().count(), 1);
    assert_eq!(stands(&dismissed).open_duplicates().count(), 0);
    let again = [&dismissed[..], &[find(2, MatchedOn::Phone)]].concat();
    assert_eq!(stands(&again).open_duplicates().count(), 1);
    check(&again, dismiss(2), Recorded);
    let merged = [&found[..], &[absorb(2)]].concat();
    assert_eq!(stands(&merged).open_duplicates().count(), 0);
    check(&merged, find(2, MatchedOn::Phone), Refused("ALREADY_ABSORBED"));
}

#[test]
fn a_lead_is_merged_into_another_and_never_back() {
    check(&[capture(), merge_into(2)], merge_into(2), Nothing);
    check(&[capture(), absorb(2)], absorb(2), Nothing);
    let other_person = Command::Absorb(Absorbed { lead: LeadId(id(2)), person: person(ADA) });
    check(&[capture(), absorb(2)], other_person, Refused("ALREADY_ABSORBED"));
    check(&[capture(), absorb(2)], merge_into(2), Refused("MERGED_INTO_ITSELF"));
    check(&[capture(), merge_into(2)], absorb(2), Refused("MERGED_INTO_ITSELF"));
    check(&[capture(), absorb(2)], merge_into(3), Recorded);
    let (one, two, ada) = (LeadId(id(1)), LeadId(id(2)), person(ADA));
    let refused = merge(one, ada, one).map_err(|no| no.reason);
    assert_eq!(refused, Err("MERGED_INTO_ITSELF"));
    let (gone, goes_on) = merge(one, ada, two).unwrap();
    assert_eq!(stands(&[capture(), gone]).merged_into, Some(two));
    assert_eq!(stands(&[capture(), goes_on]).absorbed, [(one, ada)]);
}

#[test]
fn a_lead_is_converted_once() {
    let converted = [capture(), convert(1, Some(1))];
    check(&converted, convert(1, Some(1)), Nothing);
    check(&converted, convert(1, None), Refused("LEAD_CONVERTED"));
    let lead = stands(&converted);
    assert_eq!(lead.converted_at(), Some(Instant(2)));
    assert_eq!(lead.conversion.and_then(|it| it.opportunity.map(|id| id.0)), Some(id(1)));
}

#[test]
fn what_is_reported_after_the_end_ends_nothing_else() {
    let lead = stands(&[capture(), merge_into(2), work(), qualify()]);
    assert_eq!(lead.status(), Status::Merged);
    assert_eq!(lead.faults.len(), 2);
    assert_eq!(lead.faults[0].detail, "worked although the lead is merged into another");
    let lead = stands(&[capture(), convert(1, None), disqualify("junk")]);
    assert_eq!((lead.status(), lead.faults.len()), (Status::Converted, 1));
}

#[test]
fn consent_is_given_and_withdrawn_for_each_purpose() {
    let given = [capture(), consent("newsletter", true), consent("calls", false)];
    check(&given, consent("newsletter", true), Nothing);
    check(&given, consent("newsletter", false), Recorded);
    let lead = stands(&given);
    let newsletter = lead.consents.get("newsletter");
    assert_eq!(newsletter.map(|it| (it.granted, it.since.0)), Some((true, 2)));
    assert_eq!(lead.consents.get("calls").map(|it| it.granted), Some(false));
}
