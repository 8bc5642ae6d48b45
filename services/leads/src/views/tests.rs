//! The rows of leads beside a plain fold, and what a merge or a conversion leaves when it is taken
//! back.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    AccountId, ContactId, Fact, MatchedOn, OpportunityId, PersonId, PersonalVoided,
    lead::{
        Absorbed, Accepted, Assigned, Captured, Converted, Details, DuplicateFound, Fact as Said,
        HandedOver, Merged, Nurtured, Qualified, Recycled, Rejected, Worked,
    },
};
use proptest::{option, prelude::*, sample::select};
use runtime::{
    references::References,
    view::any_order::{
        Arrived, Checked, Counted, Story, TENANTS, check, check_taken_back, command, counted,
        digests, faults, few, followed, id, joined, loaded, reason, state, story,
    },
};

use super::{Instant, Lead, LeadId, Leads, Row, Status, UserId, Uuid};

fn person() -> PersonId {
    PersonId(id(1))
}

fn captured() -> impl Strategy<Value = Said> {
    let code = || select(vec!["", "spring"]).prop_map(str::to_owned);
    (code(), code(), option::of(few())).prop_map(|(channel, campaign, owner)| {
        let captured = Captured {
            person: person(),
            external_ids: Vec::new(),
            details: Details::default(),
            channel,
            campaign,
            owner: owner.map(|number| UserId(id(number))),
        };
        Said::Captured(captured.into())
    })
}

/// Steps with a reason, the same one often.
fn step() -> impl Strategy<Value = Said> {
    (0..3, select(vec!["", "budget", "silence"])).prop_map(|(step, code)| {
        let (person, reason) = (person(), reason(code));
        match step {
            0 => Said::Nurtured(Nurtured { person, reason }),
            1 => Said::Rejected(Rejected { person, reason }),
            _ => Said::Recycled(Recycled { person, reason }),
        }
    })
}

fn merged(into: u128) -> Said {
    Said::Merged(Merged { into: LeadId(id(into)) })
}

fn absorbed(lead: u128) -> Said {
    Said::Absorbed(Absorbed { lead: LeadId(id(lead)), person: person() })
}

fn converted((to, deal): (u128, Option<u128>)) -> Said {
    let (account, contact) = (AccountId(id(to)), ContactId(id(to)));
    let opportunity = deal.map(|number| OpportunityId(id(number)));
    Said::Converted(Converted { account, contact, opportunity }.into())
}

fn voided(command_id: Uuid) -> Said {
    let (person, reason) = (person(), reason("mistake"));
    Said::Voided(PersonalVoided { command_id, person, reason })
}

fn fact() -> impl Strategy<Value = Fact> {
    let found = few().prop_map(|number| {
        let (of, matched_on) = (LeadId(id(number)), MatchedOn::Email);
        Said::DuplicateFound(DuplicateFound { of, matched_on })
    });
    let said = prop_oneof![
        4 => captured(),
        1 => option::of(few()).prop_map(|owner| {
            Said::Assigned(Assigned { owner: owner.map(|number| UserId(id(number))) })
        }),
        2 => Just(Said::Worked(Worked)),
        2 => Just(Said::HandedOver(HandedOver)),
        2 => Just(Said::Accepted(Accepted)),
        2 => Just(Said::Qualified(Qualified)),
        3 => step(),
        1 => found,
        1 => few().prop_map(merged),
        1 => few().prop_map(absorbed),
        2 => (few(), option::of(few())).prop_map(converted),
        4 => command().prop_map(voided),
    ];
    said.prop_map(Fact::Lead)
}

/// The status and what hangs on it from the rules, all else from the first or last fact that speaks
/// of it.
fn told(facts: &Counted) -> Row {
    let lead: Lead = state(facts);
    let hand_over = lead.hand_overs.last();
    let mut row = Row {
        status: lead.status(),
        reason_code: lead.reason.code.as_str().into(),
        handed_over_at: hand_over.map(|it| it.at),
        accepted_at: hand_over.and_then(|it| it.accepted_at),
        converted_at: lead.conversion.map(|it| it.at),
        faults: faults::<Lead>(facts),
        ..Row::default()
    };
    let first = |before: Option<Instant>, at| before.or(Some(at));
    for (moment, fact) in facts {
        let Fact::Lead(fact) = fact else { continue };
        let at = moment.occurred_at;
        match fact {
            Said::Captured(it) => {
                row.captured_at = first(row.captured_at, at);
                (row.channel, row.campaign) =
                    (it.channel.as_str().into(), it.campaign.as_str().into());
                row.owner = it.owner;
            }
            Said::Assigned(it) => row.owner = it.owner,
            Said::Worked(_) => row.first_worked_at = first(row.first_worked_at, at),
            Said::Qualified(_) => row.first_qualified_at = first(row.first_qualified_at, at),
            Said::Merged(it) => row.merged_into = Some(it.into),
            Said::Converted(it) => row.has_opportunity = it.opportunity.is_some(),
            _ => {}
        }
    }
    row
}

type Standing = BTreeMap<(&'static str, Uuid), Row>;

fn standing(view: &Leads) -> Standing {
    let of = |tenant| view.rows(tenant).map(move |(id, row)| ((tenant, id), row.clone()));
    TENANTS.into_iter().flat_map(of).collect()
}

fn tells(arrived: &[Arrived]) -> Standing {
    let counted = counted(arrived).into_iter();
    counted.map(|(of, facts)| ((tenant(&of.tenant), of.id), told(&facts))).collect()
}

fn tenant(name: &str) -> &'static str {
    TENANTS.into_iter().find(|tenant| *tenant == name).unwrap()
}

/// The rows that say something.
fn existing(rows: &Standing) -> Standing {
    let existing = rows.iter().filter(|(_, row)| **row != Row::default());
    existing.map(|(id, row)| (*id, row.clone())).collect()
}

/// Whoever keeps up is told of every lead of which something new arrived after a position, once,
/// and of none of which nothing did.
fn check_changes(view: &Leads, arrived: &[Arrived]) -> Checked {
    let last = arrived.last().map_or(0, |it| it.0);
    for (name, position) in
        TENANTS.into_iter().flat_map(|it| (0..=last + 1).map(move |at| (it, at)))
    {
        let changed = view.changed_after(name, position);
        let once: BTreeSet<Uuid> = changed.iter().copied().collect();
        prop_assert_eq!(once.len(), changed.len(), "somebody is told of twice");
        let (before, after): (Vec<&Arrived>, Vec<&Arrived>) =
            arrived.iter().filter(|it| *it.1.tenant == *name).partition(|it| it.0 <= position);
        let touched: BTreeSet<Uuid> = after.iter().map(|it| it.1.id).collect();
        prop_assert!(once.is_subset(&touched), "{:?} after {}", once, position);
        let is_new = |it: &&&Arrived| {
            !before.iter().any(|known| (&known.1, &known.2[0].moment) == (&it.1, &it.2[0].moment))
        };
        let new: BTreeSet<Uuid> = after.iter().filter(is_new).map(|it| it.1.id).collect();
        prop_assert!(new.is_subset(&once), "{:?} after {}, not {:?}", once, position, new);
    }
    Ok(())
}

/// Says something and takes it back in every lead that it touched: leads and references stand as
/// before, and not in between.
fn check_undone(before: &Story, at: i64, facts: Vec<(u128, Said)>, becomes: Status) -> Checked {
    let numbers: Vec<u128> = facts.iter().map(|(number, _)| *number).collect();
    let mut after = before.clone();
    let command =
        after.say(at, facts.into_iter().map(|(number, it)| (number, it.into())).collect());
    let between: Leads = joined(&after.arrived(), 0);
    let status = standing(&between)[&(TENANTS[0], id(numbers[0]))].status;
    prop_assert!(status == becomes || status == Status::Merged, "it became {:?}", status);
    after.say(7, numbers.into_iter().map(|number| (number, voided(command).into())).collect());
    let (before, after) = (before.arrived(), after.arrived());
    let rows: [Leads; 2] = [joined(&before, 0), joined(&after, 0)];
    prop_assert_eq!(existing(&standing(&rows[1])), existing(&standing(&rows[0])));
    prop_assert_eq!(digests(&rows[1]), digests(&rows[0]));
    let references: [References; 2] = [joined(&before, 0), joined(&after, 0)];
    prop_assert_eq!(digests(&references[1]), digests(&references[0]));
    Ok(())
}

proptest! {
    #[test]
    fn rows_are_plain_folds_whatever_arrives_when(story in story(fact())) {
        check(&story, standing, tells, existing)?;
        check_taken_back(&story, |view: &Leads| existing(&standing(view)))?;
    }

    #[test]
    fn whoever_keeps_up_is_told_of_all_that_is_new(story in story(fact()), upto in 0..12_u64) {
        let arrived = story.arrived();
        check_changes(&followed(&arrived, |_, _: &Leads| Ok(()))?, &arrived)?;
        check_changes(&joined(&arrived, upto), &arrived)?;
        let half = arrived.partition_point(|it| it.0 <= upto);
        check_changes(&loaded(&arrived, upto), &arrived[..half])?;
    }

    #[test]
    fn a_merge_or_a_conversion_that_is_taken_back_leaves_rows_and_references(
        before in story(fact()),
        at in 0..7_i64,
        to in (few(), option::of(few())),
    ) {
        check_undone(&before, at, vec![(1, merged(2)), (2, absorbed(1))], Status::Merged)?;
        check_undone(&before, at, vec![(1, converted(to))], Status::Converted)?;
    }
}
