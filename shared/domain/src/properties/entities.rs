//! Leads, accounts, contacts, contracts and activities under the laws, whatever comes.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    prop_oneof, proptest,
    sample::{Index, select},
};

use super::laws;
use crate::{
    Date, Instant, MatchedOn, account, activity,
    activity::{ActivityType, Logged},
    contact, contract,
    contract::Recurring,
    lead,
    testing::{activities, companies, contracts, leads, leads::ADA},
};

macro_rules! laws {
    ($($module:ident, $command:ty, $creation:expr, $any:expr;)+) => {$(
        mod $module {
            use super::*;

            fn any_log() -> impl Strategy<Value = Vec<crate::Entry>> {
                laws::any_log($creation, $any.boxed())
            }

            proptest! {
                #[test]
                fn order_of_arrival_and_repetition_make_no_difference(
                    (log, shuffled) in any_log().prop_flat_map(|log| {
                        let twice = [&log[..], &log[..]].concat();
                        (Just(log), Just(twice).prop_shuffle())
                    }),
                    at in laws::known(),
                ) {
                    laws::arrival::<$command>(log, shuffled, at)?;
                }

                #[test]
                fn what_was_voided_might_as_well_never_have_happened(log in any_log()) {
                    laws::undoing::<$command>(log)?;
                }

                #[test]
                fn one_rule_serves_requests_and_reports(
                    given in vec($any, 0..12),
                    created in any::<bool>(),
                    when in $any,
                ) {
                    let creation = created.then(|| $creation);
                    laws::deciding(creation.into_iter().chain(given).collect(), when)?;
                }

                #[test]
                fn what_was_judged_never_makes_a_fault(
                    log in any_log(),
                    at in 0..super::super::INSTANTS + 2,
                    when in $any,
                    which in any::<Index>(),
                ) {
                    laws::judging(&log, at, &when, which)?;
                }

                #[test]
                fn every_fact_is_read_as_it_was_written(
                    command in $any,
                    place in any::<Index>(),
                    byte in any::<u8>(),
                ) {
                    laws::storing(command, place, byte)?;
                }
            }
        }
    )+};
}

laws! {
    of_leads, lead::Command, leads::capture(), any_lead();
    of_accounts, account::Command, companies::create(), any_account();
    of_contacts, contact::Command, companies::create_contact(), any_contact();
    of_contracts, contract::Command, contracts::activate(None), any_contract();
    of_activities, activity::Command, activities::log(ActivityType::Task), any_activity();
}

fn code() -> impl Strategy<Value = &'static str> {
    select(vec!["", "price", "silence"])
}

/// Few numbers, so that ids meet again.
fn few() -> impl Strategy<Value = u128> {
    1..4_u128
}

fn any_lead() -> impl Strategy<Value = lead::Command> {
    let person = || select(vec![ADA, 200]);
    let name = select(vec![&b"Ada"[..], b"Eve"]);
    prop_oneof![
        prop_oneof![
            Just(leads::capture()),
            (person(), name).prop_map(|(person, name)| leads::correct(person, name)),
            option::of(few()).prop_map(leads::assign),
            Just(leads::work()),
            code().prop_map(leads::nurture),
            Just(leads::hand_over()),
            Just(leads::accept()),
            code().prop_map(leads::reject),
            Just(leads::qualify()),
        ],
        prop_oneof![
            code().prop_map(leads::disqualify),
            code().prop_map(leads::recycle),
            (few(), select(MatchedOn::ALL.to_vec())).prop_map(|(of, on)| leads::find(of, on)),
            few().prop_map(leads::dismiss),
            few().prop_map(leads::merge_into),
            few().prop_map(leads::absorb),
            (few(), option::of(few())).prop_map(|(to, deal)| leads::convert(to, deal)),
            (code(), any::<bool>()).prop_map(|(purpose, granted)| leads::consent(purpose, granted)),
            person().prop_map(leads::note),
        ],
    ]
}

fn any_account() -> impl Strategy<Value = account::Command> {
    let text = || option::of(select(vec![&b"Acme"[..], b"Ajax"]));
    prop_oneof![
        Just(companies::create()),
        text().prop_map(companies::rename),
        text().prop_map(companies::domain),
        option::of(few()).prop_map(companies::parent),
        code().prop_map(companies::segment),
        any::<bool>().prop_map(companies::key_account),
        option::of(few()).prop_map(companies::owner),
        Just(companies::note()),
    ]
}

fn any_contact() -> impl Strategy<Value = contact::Command> {
    let name = select(vec![&b"Ada"[..], b"Eve"]);
    prop_oneof![
        Just(companies::create_contact()),
        (1..3_u128, name).prop_map(|(person, name)| companies::correct_contact(person, name)),
        option::of(few()).prop_map(companies::contact_account),
        (code(), any::<bool>()).prop_map(|(to, granted)| companies::contact_consent(to, granted)),
        (1..3_u128).prop_map(companies::contact_note),
    ]
}

fn any_recurring() -> impl Strategy<Value = Recurring> {
    let minor = || select(vec![-1, 0, 50, 100, 150, 200, 1_200, i64::MAX]);
    prop_oneof![
        4 => minor().prop_map(contracts::monthly),
        2 => minor().prop_map(contracts::yearly),
        1 => minor().prop_map(|minor| contracts::monthly_in(minor, "EUR")),
    ]
}

fn any_contract() -> impl Strategy<Value = contract::Command> {
    let day = || prop_oneof![20 => 8..16_i32, 1 => Just(i32::MIN), 1 => Just(i32::MAX)];
    let ends = move || option::of(day());
    let terms = move || (any_recurring(), day(), ends());
    prop_oneof![
        1 => terms().prop_map(|(it, starts, ends)| contracts::activate_with(it, starts, ends)),
        2 => (any_recurring(), day()).prop_map(|(it, day)| contracts::expand(it, day)),
        2 => (any_recurring(), day()).prop_map(|(it, day)| contracts::contract(it, day)),
        2 => terms().prop_map(|(it, day, ends)| contracts::renew(it, day, ends)),
        2 => (code(), day()).prop_map(|(code, day)| contracts::churn(code, day)),
        2 => terms().prop_map(|(it, day, ends)| contracts::win_back(it, day, ends)),
    ]
}

fn any_activity() -> impl Strategy<Value = activity::Command> {
    let logged = (select(ActivityType::ALL.to_vec()), option::of(0..3_i32), any::<i64>());
    let log = logged.prop_map(|(activity_type, due, starts_at)| {
        let (due, starts_at) = (due.map(Date), Instant(starts_at));
        activity::Command::Log(Logged { due, starts_at, ..activities::logged(activity_type) })
    });
    prop_oneof![
        log,
        code().prop_map(activities::outcome),
        Just(activities::complete()),
        code().prop_map(activities::cancel),
        Just(activities::note()),
    ]
}

/// What is paid on a day, found by asking which agreement spoke of it last.
fn paid_by_hand(told: &[contract::Fact], day: Date) -> Option<Recurring> {
    use contract::Fact;
    let mut agreed: Vec<(Date, Option<Recurring>, Option<Option<Date>>)> = Vec::new();
    for fact in told {
        match fact {
            Fact::Activated(it) => agreed.push((it.starts, Some(it.recurring), Some(it.ends))),
            Fact::Expanded(it) => agreed.push((it.effective, Some(it.recurring), None)),
            Fact::Contracted(it) => agreed.push((it.effective, Some(it.recurring), None)),
            Fact::Renewed(it) => agreed.push((it.effective, Some(it.recurring), Some(it.ends))),
            Fact::WonBack(it) => agreed.push((it.effective, Some(it.recurring), Some(it.ends))),
            Fact::Churned(it) => {
                agreed.retain(|(effective, ..)| *effective < it.effective);
                agreed.push((it.effective, None, Some(None)));
            }
            Fact::Voided(_) => {}
        }
    }
    agreed.sort_by_key(|(effective, ..)| *effective);
    agreed.retain(|(effective, ..)| *effective <= day);
    let ends = agreed.iter().rev().find_map(|(_, _, ends)| *ends).flatten();
    let paid = agreed.last().and_then(|(_, recurring, _)| *recurring);
    paid.filter(|_| ends.is_none_or(|ends| day < ends))
}

proptest! {
    #[test]
    fn a_contract_pays_what_the_last_agreement_for_the_day_says(
        asked in vec(any_contract(), 0..16),
        day in 6..18_i32,
    ) {
        // Only what the rules let through, as requests are recorded one after another.
        let mut told: Vec<contract::Fact> = Vec::new();
        for command in asked {
            let so_far: contract::Contract = crate::testing::fold(told.clone());
            told.extend(crate::Entity::decide(&so_far, &command).unwrap_or_default());
        }
        let contract: contract::Contract = crate::testing::fold(told.clone());
        prop_assert_eq!(&contract.faults, &vec![]);
        prop_assert_eq!(contract.recurring_on(Date(day)), paid_by_hand(&told, Date(day)));
        for step in contract.plan.windows(2) {
            let before = contract.recurring_on(Date(step[1].effective.0.saturating_sub(1)));
            let (Some(before), Some(after)) = (before, contract.recurring_on(step[1].effective))
            else {
                continue;
            };
            // Of several changes for one day only the last can be told from outside.
            let alone = contract.plan.iter().filter(|it| it.effective == step[1].effective).count();
            let grown = after.minor_a_year().cmp(&before.minor_a_year());
            match step[1].step {
                contract::Step::Expanded(_) if alone == 1 => prop_assert!(grown.is_gt()),
                contract::Step::Contracted(_) if alone == 1 => prop_assert!(grown.is_lt()),
                _ => {}
            }
        }
    }
}
