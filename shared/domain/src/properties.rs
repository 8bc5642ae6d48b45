//! What holds for every sequence of facts, legal or not, in whatever order they arrive.

use std::collections::HashSet;

use proptest::{
    collection::vec, option, prelude::*, prop_assert, prop_assert_eq, prop_oneof, proptest,
    sample::Index, sample::select,
};

use crate::{
    Entity, Entry, Fact, Fault, ForecastCategory, Instant, Kind, Known, Moment, OpportunityType,
    Outcome, Timeline,
    entity::{judge, judge_void},
    opportunity::{self, Command, Opportunity, Stage},
    testing::{
        abandon, account, amount, category, close_date, competitor, contact_role, deal, entry,
        fact, id, lose, money, move_to, note, nth_stage, open, open_in, open_with,
        opportunity_type, owner, reopen, stage, timeline, void, win,
    },
};

mod entities;
mod laws;

/// Instants are few, so that many facts share one.
const INSTANTS: i64 = 12;

// ── What may come ────────────────────────────────────────────────────────────────────────────

fn any_stage() -> impl Strategy<Value = Stage> {
    prop_oneof![select(vec!["lead", "demo"]).prop_map(stage), (1..4_u32).prop_map(nth_stage)]
}

fn any_amount() -> impl Strategy<Value = Option<crate::Money>> {
    let minor = select(vec![-1, 0, 5, 5, 7, 100]);
    option::of((minor, select(vec!["USD", "USD", "EUR"])))
        .prop_map(|amount| amount.and_then(|(minor, code)| money(minor, code)))
}

fn any_command() -> impl Strategy<Value = Command> {
    let code = || select(vec!["", "price", "silence"]);
    prop_oneof![
        any_stage().prop_map(open_in),
        any_amount().prop_map(open_with),
        any_stage().prop_map(move_to),
        any_amount().prop_map(amount),
        option::of(0..3).prop_map(close_date),
        option::of(1..3_u128).prop_map(owner),
        option::of(select(ForecastCategory::ALL.to_vec())).prop_map(category),
        any_amount().prop_map(win),
        code().prop_map(lose),
        code().prop_map(abandon),
        option::of(any_stage()).prop_map(reopen),
        option::of(1..3_u128).prop_map(account),
        option::of(select(OpportunityType::ALL.to_vec())).prop_map(opportunity_type),
        select(vec!["ajax", "zeta"]).prop_map(|code| competitor(code, None)),
        (1..3_u128, option::of(select(vec!["user", "champion"])))
            .prop_map(|(contact, role)| contact_role(contact, role)),
        Just(note()),
    ]
}

/// What one command recorded: its facts, or the void of a command before it.
#[derive(Debug, Clone)]
enum Said {
    Facts(Vec<Command>),
    Void(Index),
}

fn any_said() -> impl Strategy<Value = Said> {
    prop_oneof![
        6 => vec(any_command(), 1..3).prop_map(Said::Facts),
        1 => any::<Index>().prop_map(Said::Void),
    ]
}

/// A log of one deal, in its order: anything at any instant, under ids that rise and fall.
fn any_log() -> impl Strategy<Value = Vec<Entry>> {
    let opened = option::weighted(0.8, Just((0, 0, 0, Said::Facts(vec![open()]))));
    let later = vec((0..INSTANTS, 0..3_u64, any::<u16>(), any_said()), 0..16);
    (opened, later).prop_map(|(opened, later)| log(opened.into_iter().chain(later)))
}

fn log(commits: impl Iterator<Item = (i64, u64, u16, Said)>) -> Vec<Entry> {
    let mut ids: Vec<u128> = Vec::new();
    let mut entries = Vec::new();
    for (position, (occurred_at, source_seq, scatter, said)) in (1_u64..).zip(commits) {
        let command = u128::from(scatter) << 64 | u128::from(position);
        let facts = match said {
            Said::Facts(commands) => commands.into_iter().map(fact).collect(),
            Said::Void(_) if ids.is_empty() => Vec::new(),
            Said::Void(which) => vec![void(*which.get(&ids))],
        };
        ids.push(command);
        let occurred_at = Instant(occurred_at);
        for (index, fact) in (0..).zip(facts) {
            let moment = Moment { occurred_at, source_seq, command_id: id(command), index };
            entries.push(Entry { moment, position, ..entry(0, command, fact) });
        }
    }
    entries
}

fn any_known() -> impl Strategy<Value = Known> {
    let as_of = prop_oneof![(0..INSTANTS + 2).prop_map(Instant), Just(Instant::END)];
    let known_at = prop_oneof![0..20_u64, Just(u64::MAX)];
    (as_of, known_at).prop_map(|(as_of, known_at)| Known { as_of, known_at })
}

// ── What must come of it ─────────────────────────────────────────────────────────────────────

/// The facts that count at a point of the two axes, found by looking at all of them.
fn counted(log: &[Entry], at: Known) -> Vec<&Entry> {
    let known = log.iter().filter(|entry| entry.position <= at.known_at);
    let voided: HashSet<_> = known.clone().filter_map(|entry| entry.fact.voids()).collect();
    let mut counted: Vec<&Entry> = known
        .filter(|entry| entry.fact.voids().is_none())
        .filter(|entry| !voided.contains(&entry.moment.command_id))
        .filter(|entry| at.as_of == Instant::END || entry.moment.occurred_at.0 < at.as_of.0)
        .collect();
    counted.sort_by_key(|entry| {
        let Moment { occurred_at, source_seq, command_id, index } = entry.moment;
        (occurred_at.0, source_seq, command_id.as_u128(), index)
    });
    counted
}

fn fold_by_hand(log: &[Entry], at: Known) -> Opportunity {
    let mut deal = Opportunity::default();
    for entry in counted(log, at) {
        if let Fact::Opportunity(fact) = &entry.fact {
            deal.evolve(&entry.moment, fact);
        }
    }
    deal
}

/// Amount, owner, outcome and notes, each from the last fact that speaks of it.
fn told_last(facts: &[opportunity::Fact]) -> Opportunity {
    use opportunity::Fact;
    let mut told = Opportunity::default();
    for fact in facts {
        match fact {
            Fact::Opened(it) => (told.amount, told.owner) = (it.amount, it.owner),
            Fact::AmountChanged(it) => told.amount = it.amount,
            Fact::OwnerChanged(it) => told.owner = it.owner,
            Fact::Won(it) => (told.outcome, told.won_amount) = (Outcome::Won, it.amount),
            Fact::Lost(_) => (told.outcome, told.won_amount) = (Outcome::Lost, None),
            Fact::Abandoned(_) => (told.outcome, told.won_amount) = (Outcome::NoDecision, None),
            Fact::Reopened(_) => (told.outcome, told.won_amount) = (Outcome::Open, None),
            Fact::Noted(_) => told.notes += 1,
            Fact::StageChanged(_)
            | Fact::CloseDateChanged(_)
            | Fact::CategoryOverridden(_)
            | Fact::AccountChanged(_)
            | Fact::TypeChanged(_)
            | Fact::CompetitorNamed(_)
            | Fact::ContactRoleChanged(_)
            | Fact::Voided(_) => {}
        }
    }
    told
}

/// Faults of facts that were not at fault before, or not in this way.
fn new_faults(before: &Timeline, after: &Timeline) -> Vec<Fault> {
    let known: Opportunity = before.state(Known::NOW);
    let said = |fault: &Fault| (fault.kind, fault.at, fault.command_id);
    let known: HashSet<_> = known.faults.iter().map(said).collect();
    let mut faults = after.state::<Opportunity>(Known::NOW).faults;
    faults.retain(|fault| !known.contains(&said(fault)));
    faults
}

/// The timeline with a decision recorded as the edge does it, under the lowest of all command ids.
fn recorded(before: &Timeline, at: i64, facts: Vec<Fact>) -> Timeline {
    let mut after = before.clone();
    let position = before.last_position() + 1;
    let source_seq = before.sequence_after(Instant(at));
    for (index, fact) in (0..).zip(facts) {
        let moment = Moment { occurred_at: Instant(at), source_seq, command_id: id(0), index };
        after.insert(Entry { moment, position, ..entry(at, 0, fact) });
    }
    after
}

proptest! {
    #[test]
    fn the_order_of_arrival_makes_no_difference(
        (log, shuffled) in any_log().prop_flat_map(|log| {
            let twice = [&log[..], &log[..]].concat();
            (Just(log), Just(twice).prop_shuffle())
        }),
        at in any_known(),
    ) {
        let (one, other) = (timeline(log), timeline(shuffled));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.state::<Opportunity>(at), other.state::<Opportunity>(at));
    }

    #[test]
    fn a_state_is_the_fold_of_the_facts_that_count(log in any_log(), at in any_known()) {
        prop_assert_eq!(timeline(log.clone()).state::<Opportunity>(at), fold_by_hand(&log, at));
    }

    #[test]
    fn what_was_known_stays_known(log in any_log(), as_of in any_known(), until in 0..20_usize) {
        let known = log[..until.min(log.len())].to_vec();
        let at = Known { known_at: known.last().map_or(0, |entry| entry.position), ..as_of };
        let whole = log.iter().filter(|entry| entry.position <= at.known_at).cloned();
        let then: Opportunity = timeline(whole).state(Known { known_at: u64::MAX, ..at });
        prop_assert_eq!(timeline(log).state::<Opportunity>(at), then);
    }

    #[test]
    fn the_last_fact_to_speak_of_something_is_what_holds(given in vec(any_command(), 0..16)) {
        let facts: Vec<_> = given.iter().cloned().map(Command::reported).collect();
        let (deal, told) = (deal(&given), told_last(&facts));
        prop_assert_eq!((deal.amount, deal.won_amount), (told.amount, told.won_amount));
        prop_assert_eq!((deal.outcome, deal.owner, deal.notes), (told.outcome, told.owner, told.notes));
    }

    #[test]
    fn a_plain_timeline_grew_at_its_end_only(log in any_log()) {
        let mut grown = Timeline::default();
        let mut plain = true;
        for entry in log {
            plain &= entry.fact.voids().is_none();
            plain &= grown.entries().last().is_none_or(|last| last.moment < entry.moment);
            grown.insert(entry);
        }
        prop_assert_eq!(grown.is_plain(), plain);
    }

    #[test]
    fn a_decision_always_fits_and_made_again_records_nothing(
        given in vec(any_command(), 0..12),
        when in any_command(),
    ) {
        let before = deal(&given);
        let Ok(facts) = before.decide(&when) else { return Ok(()) };
        if facts.is_empty() {
            return Ok(());
        }
        prop_assert_eq!(facts, vec![when.clone().reported()]);
        let after = deal(&[&given[..], std::slice::from_ref(&when)].concat());
        prop_assert_eq!(&after.faults, &before.faults);
        let again = after.decide(&when).map_err(|refused| refused.reason);
        match when {
            Command::Open(_) => prop_assert_eq!(again, Err("OPPORTUNITY_EXISTS")),
            Command::Note(_) => prop_assert_eq!(again, Ok(vec![when.reported()])),
            _ => prop_assert_eq!(again, Ok(vec![])),
        }
    }

    #[test]
    fn a_judged_command_never_makes_a_fault(
        log in any_log(),
        at in 0..INSTANTS + 2,
        when in any_command(),
    ) {
        let before = timeline(log);
        if let Ok(facts) = judge::<Opportunity>(&before, Instant(at), &when) {
            prop_assert_eq!(new_faults(&before, &recorded(&before, at, facts)), vec![]);
        }
    }

    #[test]
    fn a_judged_void_never_makes_a_fault(log in any_log(), which in any::<Index>()) {
        prop_assume!(!log.is_empty());
        let command = which.get(&log).moment.command_id;
        let before = timeline(log);
        let judged = judge_void::<Opportunity>(
            &before,
            Instant(INSTANTS),
            command,
            void(command.as_u128()),
        );
        let Ok(facts) = judged else { return Ok(()) };
        let after = recorded(&before, INSTANTS, facts);
        prop_assert_eq!(new_faults(&before, &after), vec![]);
        prop_assert!(after.is_voided(command));
        prop_assert!(after.live(Known::NOW).all(|entry| entry.moment.command_id != command));
    }

    #[test]
    fn every_fact_is_read_as_it_was_written(command in any_command()) {
        let written = fact(command);
        let bytes = written.encode().unwrap();
        prop_assert_eq!(Fact::decode(written.kind(), written.name(), &bytes), Ok(written));
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in vec(any::<u8>(), 0..160)) {
        for kind in Kind::ALL {
            for name in kind.fact_names() {
                check_decoder(*kind, name, &bytes)?;
            }
        }
    }

    #[test]
    fn no_damage_to_a_fact_makes_its_decoder_panic(
        command in any_command(),
        place in any::<Index>(),
        byte in any::<u8>(),
        length in any::<Index>(),
    ) {
        let written = fact(command);
        let mut bytes = written.encode().unwrap();
        *place.get_mut(&mut bytes) = byte;
        check_decoder(written.kind(), written.name(), &bytes)?;
        bytes.truncate(length.index(bytes.len()));
        check_decoder(written.kind(), written.name(), &bytes)?;
    }
}

/// Whatever can be read at all is written and read again the same, and evolves without a panic.
fn check_decoder(kind: Kind, name: &str, bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(read) = Fact::decode(kind, name, bytes) else {
        return Ok(());
    };
    let again = read.encode().map(|bytes| Fact::decode(kind, name, &bytes));
    prop_assert_eq!(again, Ok(Ok(read.clone())));
    timeline([entry(1, 1, fact(open())), entry(2, 2, read)]).state::<Opportunity>(Known::NOW);
    Ok(())
}
