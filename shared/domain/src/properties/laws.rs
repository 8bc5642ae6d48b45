//! The laws of every entity whose rules serve requests and reports alike.

use std::collections::HashSet;

use proptest::{
    collection::vec, prelude::*, prop_assert_eq, sample::Index, test_runner::TestCaseError,
};

use super::{INSTANTS, any_known, check_decoder, recorded};
use crate::{
    Entity, Entry, Fact, Instant, Known, Moment, Timeline,
    entity::{judge, judge_void},
    testing::{
        entry, id,
        rows::{Asked, check_again, stands},
        timeline,
    },
};

type Checked = Result<(), TestCaseError>;

/// What one command recorded: its facts, or the void of a command before it.
#[derive(Debug, Clone)]
enum Said<C> {
    Facts(Vec<C>),
    Void(Index),
}

/// A log of one entity, in its order: anything at any instant, under ids that rise and fall. What
/// may create it comes first more often than not.
pub fn any_log<C: Asked + 'static>(
    creation: C,
    command: BoxedStrategy<C>,
) -> impl Strategy<Value = Vec<Entry>> {
    let said = prop_oneof![
        5 => vec(command, 1..3).prop_map(Said::Facts),
        1 => any::<Index>().prop_map(Said::Void),
    ];
    let first = proptest::option::weighted(0.8, Just((0, 0, 0, Said::Facts(vec![creation]))));
    let later = vec((0..INSTANTS, 0..3_u64, any::<u16>(), said), 0..16);
    (first, later).prop_map(|(first, later)| log(first.into_iter().chain(later)))
}

fn log<C: Asked>(commits: impl Iterator<Item = (i64, u64, u16, Said<C>)>) -> Vec<Entry> {
    let mut ids: Vec<u128> = Vec::new();
    let mut entries = Vec::new();
    for (position, (occurred_at, source_seq, scatter, said)) in (1_u64..).zip(commits) {
        let command = u128::from(scatter) << 64 | u128::from(position);
        let facts: Vec<Fact> = match said {
            Said::Facts(commands) => commands.into_iter().map(Asked::told).collect(),
            Said::Void(_) if ids.is_empty() => Vec::new(),
            Said::Void(which) => vec![C::void(*which.get(&ids))],
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

pub fn known() -> impl Strategy<Value = Known> {
    any_known()
}

/// Order of arrival and repetition make no difference, at any point of the two axes.
pub fn arrival<C: Asked>(log: Vec<Entry>, shuffled: Vec<Entry>, at: Known) -> Checked {
    let (one, other) = (timeline(log), timeline(shuffled));
    prop_assert_eq!(&one, &other);
    prop_assert_eq!(one.state::<C::Of>(at), other.state::<C::Of>(at));
    Ok(())
}

/// What was voided might as well never have happened.
pub fn undoing<C: Asked>(log: Vec<Entry>) -> Checked {
    let voided: HashSet<_> = log.iter().filter_map(|entry| entry.fact.voids()).collect();
    let rest = log
        .iter()
        .filter(|entry| entry.fact.voids().is_none() && !voided.contains(&entry.moment.command_id));
    let never: C::Of = timeline(rest.cloned()).state(Known::NOW);
    prop_assert_eq!(timeline(log).state::<C::Of>(Known::NOW), never);
    Ok(())
}

/// A decision is the command's own fact, fits, and made again records nothing. What is refused and
/// reported all the same leaves a fault for the same reason; what is so already leaves nothing.
pub fn deciding<C: Asked>(given: Vec<C>, when: C) -> Checked {
    let before = stands(&given);
    let all: Vec<C> = given.into_iter().chain([when.clone()]).collect();
    let after = stands(&all);
    match before.decide(&when) {
        Ok(facts) if facts.is_empty() => prop_assert_eq!(after, before),
        Ok(facts) => {
            prop_assert_eq!(facts, vec![when.clone().fact()]);
            prop_assert_eq!(after.faults(), before.faults());
            check_again(&after, when);
        }
        Err(refused) => {
            prop_assert_eq!(after.faults().len(), before.faults().len() + 1);
            prop_assert_eq!(after.faults().last().map(|fault| fault.kind), Some(refused.reason));
        }
    }
    Ok(())
}

/// Neither a command nor a void that was judged makes a fault, whatever is on the timeline.
pub fn judging<C: Asked>(log: &[Entry], at: i64, when: &C, which: Index) -> Checked {
    let before = timeline(log.iter().cloned());
    if let Ok(facts) = judge::<C::Of>(&before, Instant(at), when) {
        prop_assert_eq!(new_faults::<C>(&before, &recorded(&before, at, facts)), vec![]);
    }
    if log.is_empty() {
        return Ok(());
    }
    let command = which.get(log).moment.command_id;
    let void = C::void(command.as_u128());
    if let Ok(facts) = judge_void::<C::Of>(&before, Instant(INSTANTS), command, void) {
        let after = recorded(&before, INSTANTS, facts);
        prop_assert_eq!(new_faults::<C>(&before, &after), vec![]);
        prop_assert!(after.is_voided(command));
    }
    Ok(())
}

fn new_faults<C: Asked>(before: &Timeline, after: &Timeline) -> Vec<crate::Fault> {
    let said = |fault: &crate::Fault| (fault.kind, fault.at, fault.command_id);
    let known: C::Of = before.state(Known::NOW);
    let known: HashSet<_> = known.faults().iter().map(said).collect();
    let after: C::Of = after.state(Known::NOW);
    after.faults().iter().filter(|fault| !known.contains(&said(fault))).cloned().collect()
}

/// A fact is read as it was written, and damage to it makes nothing panic.
pub fn storing<C: Asked>(command: C, place: Index, byte: u8) -> Checked {
    let written = command.told();
    let mut bytes = written.encode().unwrap();
    let read = Fact::decode(written.kind(), written.name(), &bytes);
    prop_assert_eq!(read.as_ref(), Ok(&written));
    if !bytes.is_empty() {
        *place.get_mut(&mut bytes) = byte;
    }
    check_decoder(written.kind(), written.name(), &bytes)?;
    if let Ok(read) = Fact::decode(written.kind(), written.name(), &bytes) {
        timeline([entry(1, 1, written), entry(2, 2, read)]).state::<C::Of>(Known::NOW);
    }
    Ok(())
}
