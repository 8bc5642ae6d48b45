//! Rows of given, when and then, for every entity whose rules serve requests and reports alike.

use std::fmt::Debug;

use super::{because, fold, id};
use crate::{
    Entity, Fact, PersonId, PersonalVoided, RejectionKind, Voided,
    account::{self, Account},
    activity::{self, Activity},
    contact::{self, Contact},
    contract::{self, Contract},
    lead::{self, Lead},
};

/// A command that carries its fact.
pub trait Asked: Clone + Debug + PartialEq {
    type Of: Entity<Command = Self, Fact: Clone + Debug + PartialEq> + Clone + Debug + PartialEq;

    fn fact(self) -> <Self::Of as Entity>::Fact;

    /// The fact that takes a command's facts back.
    fn void(command: u128) -> Fact;

    fn told(self) -> Fact {
        self.fact().into()
    }
}

macro_rules! asked {
    ($($module:ident, $entity:ident, $voided:expr;)+) => {$(
        impl Asked for $module::Command {
            type Of = $entity;

            fn fact(self) -> $module::Fact {
                self.reported()
            }

            fn void(command: u128) -> Fact {
                $module::Fact::Voided($voided(command)).into()
            }
        }
    )+};
}

asked! {
    account, Account, voided;
    activity, Activity, voided;
    contact, Contact, personal_voided;
    contract, Contract, voided;
    lead, Lead, personal_voided;
}

pub fn voided(command: u128) -> Voided {
    Voided { command_id: id(command), reason: because("") }
}

pub fn personal_voided(command: u128) -> PersonalVoided {
    PersonalVoided { command_id: id(command), person: PersonId(id(1)), reason: because("") }
}

#[derive(Clone, Copy)]
pub enum Then {
    /// The command's own fact is recorded, and fits.
    Recorded,
    /// It is so already.
    Nothing,
    /// The rules say no, for this reason.
    Refused(&'static str),
}

pub fn stands<C: Asked>(given: &[C]) -> C::Of {
    fold(given.iter().cloned().map(Asked::fact))
}

/// Decides, and asks again after everything that was recorded; what is refused is reported all the
/// same, and leaves a fault of the same reason.
#[track_caller]
pub fn check<C: Asked>(given: &[C], when: C, then: Then) {
    let before = stands(given);
    let decided = before.decide(&when);
    let after = stands(&[given, std::slice::from_ref(&when)].concat());
    match then {
        Then::Nothing => {
            assert_eq!(decided, Ok(Vec::new()));
            assert_eq!(after, before, "reported all the same");
        }
        Then::Refused(reason) => {
            assert_eq!(decided.map_err(|no| no.reason), Err(reason));
            let faults: Vec<_> = after.faults().iter().map(|fault| fault.kind).collect();
            assert_eq!(faults.len(), before.faults().len() + 1, "reported all the same");
            assert_eq!(faults.last(), Some(&reason), "reported all the same");
        }
        Then::Recorded => {
            assert_eq!(decided, Ok(vec![when.clone().fact()]));
            assert_eq!(after.faults(), before.faults());
            check_again(&after, when);
        }
    }
}

/// Nothing is recorded twice, except for notes.
#[track_caller]
pub fn check_again<C: Asked>(after: &C::Of, when: C) {
    let name = when.clone().told().name();
    let again = after.decide(&when);
    if name.ends_with(".noted.v1") {
        assert_eq!(again, Ok(vec![when.fact()]));
    } else if again.as_ref().is_err_and(|no| no.kind == RejectionKind::Exists) {
        let creation = [".captured.v1", ".created.v1", ".activated.v1", ".logged.v1"];
        assert!(creation.iter().any(|suffix| name.ends_with(suffix)), "{name}");
    } else {
        assert_eq!(again, Ok(Vec::new()), "asked again");
    }
}
