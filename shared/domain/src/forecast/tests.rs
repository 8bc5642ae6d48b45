//! The rules of a forecast sheet as rows: what was recorded, what is asked, what comes of it.

use super::{
    Adjusted, AdjustmentWithdrawn, Change, Column, Command, Fact, Forecast, Level, Sheet,
    Submitted, SubmittedAmount, Unlocked,
};
use crate::{
    CalendarId, Date, Entity, ForecastCategory, Instant, UserId, Voided,
    entity::judge,
    testing::{
        adjusted, because, commit_column, entry, eur, fiscal, fold, id, sheet, submitted, timeline,
        usd,
    },
};

fn adjust(adjusted: Adjusted) -> Command {
    Command::Adjust { adjusted, calendar: fiscal() }
}

fn manager(minor: i64) -> Command {
    adjust(adjusted(Level::Manager, minor))
}

fn submit(submitted: Submitted) -> Command {
    Command::Submit { submitted, calendar: fiscal() }
}

fn withdraw(level: Level) -> Command {
    let (column, reason) = (commit_column(), because("mistake"));
    Command::WithdrawAdjustment(AdjustmentWithdrawn { level, column, reason })
}

fn unlock() -> Command {
    Command::Unlock(Unlocked { reason: because("late deal") })
}

fn given(commands: &[Command]) -> Forecast {
    fold(commands.iter().cloned().map(Command::reported))
}

#[derive(Clone, Copy)]
enum Then {
    /// The command's own fact is recorded, and fits.
    Recorded,
    /// It is so already.
    Nothing,
    /// The rules say no, for this reason.
    Refused(&'static str),
}
use Then::{Nothing, Recorded, Refused};

/// Decides, and asks again after everything that was recorded.
#[track_caller]
fn check(before: &[Command], when: &Command, then: Then) {
    let state = given(before);
    let decided = state.decide(when).map_err(|no| no.reason);
    match then {
        Nothing => assert_eq!(decided, Ok(vec![])),
        Refused(reason) => assert_eq!(decided, Err(reason)),
        Recorded => {
            assert_eq!(decided, Ok(vec![when.clone().reported()]));
            let after = given(&[before, std::slice::from_ref(when)].concat());
            assert_eq!(after.faults, state.faults);
            assert_eq!(after.decide(when), Ok(vec![]), "asked again");
        }
    }
}

#[test]
fn a_number_is_judged_and_judged_anew() {
    check(&[], &manager(500), Recorded);
    check(&[manager(500)], &manager(500), Nothing);
    check(&[manager(500)], &manager(600), Recorded);
    check(&[manager(500)], &adjust(adjusted(Level::Owner, 500)), Recorded);
    let by = Adjusted { change: Change::By, ..adjusted(Level::Manager, -500) };
    check(&[manager(500)], &adjust(by), Recorded);
    let expiring = Adjusted { expires: Some(Date(5)), ..adjusted(Level::Manager, 500) };
    check(&[manager(500)], &adjust(expiring), Recorded);
    let other = Adjusted { by: UserId(id(3)), ..adjusted(Level::Manager, 500) };
    check(&[manager(500)], &adjust(other), Recorded);
}

#[test]
fn each_level_and_column_has_a_judgement_of_its_own() {
    let cumulative = Column { cumulative: true, ..commit_column() };
    let both = [
        manager(500),
        adjust(Adjusted { column: cumulative, ..adjusted(Level::Manager, 900) }),
        adjust(adjusted(Level::Owner, 400)),
    ];
    let state = given(&both);
    let amount = |level, column| {
        state.adjustment(level, column, Date(0)).map(|adjusted| adjusted.amount.minor)
    };
    assert_eq!(amount(Level::Manager, commit_column()), Some(500));
    assert_eq!(amount(Level::Manager, cumulative), Some(900));
    assert_eq!(amount(Level::Owner, commit_column()), Some(400));
    assert_eq!(amount(Level::Owner, cumulative), None);
    assert_eq!(state.adjustments_in_force(Date(0)).count(), 3);
}

#[test]
fn what_is_closed_or_omitted_is_not_judged() {
    for category in [ForecastCategory::Closed, ForecastCategory::Omitted] {
        let column = Column { category, cumulative: false };
        let adjusted = Adjusted { column, ..adjusted(Level::Manager, 5) };
        check(&[], &adjust(adjusted.clone()), Refused("CATEGORY_NOT_ADJUSTABLE"));
        let reported: Forecast = fold([Fact::Adjusted(adjusted.into())]);
        assert_eq!(reported.faults[0].kind, "CATEGORY_NOT_ADJUSTABLE");
    }
}

#[test]
fn a_judgement_is_withdrawn() {
    check(&[], &withdraw(Level::Manager), Refused("FORECAST_NOT_FOUND"));
    check(&[manager(500)], &withdraw(Level::Owner), Nothing);
    check(&[manager(500)], &withdraw(Level::Manager), Recorded);
    check(&[manager(500), withdraw(Level::Manager)], &manager(500), Recorded);
}

#[test]
fn the_chain_of_judgements_is_kept() {
    let state = given(&[manager(500), manager(600), withdraw(Level::Manager), manager(700)]);
    let chain: Vec<_> = state
        .adjustments
        .iter()
        .map(|it| (it.made.occurred_at.0, it.adjusted.amount.minor, it.ended_at, &it.withdrawn))
        .collect();
    let withdrawn = Some(AdjustmentWithdrawn {
        level: Level::Manager,
        column: commit_column(),
        reason: because("mistake"),
    });
    assert_eq!(
        chain,
        [
            (1, 500, Some(Instant(2)), &None),
            (2, 600, Some(Instant(3)), &withdrawn),
            (4, 700, None, &None),
        ]
    );
}

#[test]
fn a_judgement_counts_until_it_expires() {
    let expiring = Adjusted { expires: Some(Date(5)), ..adjusted(Level::Owner, 500) };
    let state = given(&[adjust(expiring)]);
    let found = |day| state.adjustment(Level::Owner, commit_column(), Date(day)).is_some();
    assert!(found(4) && !found(5));
}

#[test]
fn a_submission_locks_the_sheet_until_it_is_unlocked() {
    let locked = [manager(500), submit(submitted(500))];
    check(&[], &submit(submitted(500)), Recorded);
    check(&locked[..1], &submit(submitted(500)), Recorded);
    check(&locked, &manager(600), Refused("FORECAST_LOCKED"));
    check(&locked, &withdraw(Level::Manager), Refused("FORECAST_LOCKED"));
    check(&locked, &manager(500), Nothing);
    check(&locked, &unlock(), Recorded);
    let unlocked = [&locked[..], &[unlock()]].concat();
    check(&unlocked, &manager(600), Recorded);
    check(&unlocked, &unlock(), Nothing);
    check(&unlocked, &submit(submitted(500)), Recorded);
    check(&[], &unlock(), Refused("FORECAST_NOT_FOUND"));
    assert_eq!(given(&locked).locked_since, Some(Instant(2)));
}

#[test]
fn every_submission_is_kept() {
    let first = submitted(500);
    let again = Submitted { seen_revision: 8, ..submitted(500) };
    let other = Submitted { by: UserId(id(9)), ..submitted(700) };
    check(&[submit(first.clone())], &submit(first.clone()), Nothing);
    check(&[submit(first.clone())], &submit(again.clone()), Recorded);
    check(&[submit(first.clone()), submit(again.clone())], &submit(other.clone()), Recorded);
    let state = given(&[submit(first.clone()), submit(again.clone()), submit(other.clone())]);
    let kept: Vec<_> = state.submissions.iter().map(|it| it.submitted.clone()).collect();
    assert_eq!(kept, [first.clone(), again, other.clone()]);
    assert_eq!(state.locked_since, Some(Instant(1)), "it stays locked");
    assert!(!first.is_on_behalf() && other.is_on_behalf());
    assert_eq!(state.submission().map(|it| &it.submitted), Some(&other));
}

#[test]
fn a_submission_names_each_column_once_and_none_that_is_omitted() {
    let amount = |category, cumulative, money: Option<crate::Money>| SubmittedAmount {
        column: Column { category, cumulative },
        amount: money.unwrap(),
    };
    let commit = ForecastCategory::Commit;
    for (amounts, then) in [
        (vec![], Refused("AMOUNTS_MISSING")),
        (vec![amount(ForecastCategory::Omitted, false, usd(5))], Refused("CATEGORY_OMITTED")),
        (vec![amount(commit, false, usd(5)); 2], Refused("COLUMN_TWICE")),
        (vec![amount(commit, false, eur(5))], Refused("WRONG_CURRENCY")),
        (vec![amount(commit, false, usd(5)), amount(commit, true, usd(9))], Recorded),
        (vec![amount(ForecastCategory::Closed, false, usd(-5))], Recorded),
    ] {
        check(&[], &submit(Submitted { amounts, ..submitted(0) }), then);
    }
}

#[test]
fn a_sheet_is_of_one_owner_period_and_currency() {
    let on = |sheet: Sheet| adjust(Adjusted { sheet, ..adjusted(Level::Owner, 5) });
    let euros = Adjusted { amount: eur(5).unwrap(), ..adjusted(Level::Owner, 5) };
    check(&[], &adjust(euros), Refused("WRONG_CURRENCY"));
    check(&[], &on(Sheet { starts: Date(1), ..sheet() }), Refused("PERIOD_MISMATCH"));
    check(&[], &on(Sheet { period: "2026".to_owned(), ..sheet() }), Refused("PERIOD_MISMATCH"));
    for other in [
        Sheet { owner: UserId(id(8)), ..sheet() },
        Sheet { currency: eur(1).unwrap().currency, ..sheet() },
    ] {
        check(&[manager(5)], &on(other.clone()), Refused("SHEET_CHANGED"));
        let reported = given(&[manager(5), on(other)]);
        assert_eq!(reported.faults[0].kind, "SHEET_CHANGED");
    }
    check(&[manager(5)], &on(Sheet { calendar: CalendarId(id(9)), ..sheet() }), Recorded);
}

#[test]
fn what_does_not_fit_is_recorded_with_a_fault() {
    let twice = SubmittedAmount { column: commit_column(), amount: usd(5).unwrap() };
    let twice = Submitted { amounts: vec![twice; 2], ..submitted(5) };
    let locked = submit(submitted(5));
    for (commands, kinds) in [
        (vec![withdraw(Level::Owner)], vec!["NOT_ADJUSTED"]),
        (vec![unlock()], vec!["NOT_LOCKED"]),
        (vec![locked.clone(), manager(5)], vec!["CHANGED_WHILE_LOCKED"]),
        (vec![manager(5), locked, withdraw(Level::Manager)], vec!["CHANGED_WHILE_LOCKED"]),
        (vec![submit(twice)], vec!["COLUMN_TWICE"]),
    ] {
        let faults: Vec<&str> = given(&commands).faults.iter().map(|fault| fault.kind).collect();
        assert_eq!(faults, kinds);
    }
}

#[test]
fn a_backdated_command_leaves_the_later_facts_legal() {
    let recorded = [(5, manager(500)), (10, submit(submitted(500)))];
    let entries = (1..).zip(recorded);
    let timeline =
        timeline(entries.map(|(number, (at, command))| entry(at, number, command.reported())));
    let judged = |at, when: &Command| {
        let facts = judge::<Forecast>(&timeline, Instant(at), when);
        facts.map(|facts| facts.len()).map_err(|no| no.reason)
    };
    assert_eq!(judged(3, &manager(400)), Ok(1));
    assert_eq!(judged(7, &manager(400)), Ok(1));
    assert_eq!(judged(12, &manager(400)), Err("FORECAST_LOCKED"));
    assert_eq!(judged(3, &submit(submitted(400))), Err("LATER_FACTS_CONFLICT"));
    assert_eq!(judged(7, &submit(submitted(400))), Ok(1));
}

#[test]
fn each_fact_stands_when_another_is_taken_back() {
    let voided = Voided { command_id: id(1), reason: because("mistake") };
    let facts = [
        manager(500).reported(),
        adjust(adjusted(Level::Owner, 400)).reported(),
        submit(submitted(500)).reported(),
        Fact::Voided(voided),
    ];
    let state: Forecast = fold(facts);
    assert_eq!(state.sheet, Some(sheet()));
    assert_eq!(state.faults, []);
    assert_eq!(state.adjustments_in_force(Date(0)).count(), 1);
}
