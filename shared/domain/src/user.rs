//! A user: somebody who works here, with a manager, an office and a role.

use serde::{Deserialize, Serialize};

use crate::{Entity, Fault, Kind, Moment, PersonId, Personal, Rejection, UserId, personal::Slot};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// What holds from the instant at which it takes effect; the definition before it stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defined {
    /// The person whose key seals the name and the key.
    pub person: PersonId,
    /// The key by which the source names the user; may itself be a name.
    pub key: Personal,
    /// What people call them.
    pub name: Option<Personal>,
    /// Whom they report to.
    pub manager: Option<UserId>,
    /// Where they work; empty when unknown.
    pub office: String,
    /// What they do; empty when unknown.
    pub role: String,
    /// No longer works here.
    pub retired: bool,
}

facts! {
    /// What can be recorded about a user.
    Defined = "user.defined.v1" boxed,
}

impl Fact {
    /// The places where it carries personal text.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        match self {
            Fact::Defined(user) => {
                let person = Some(user.person);
                let key = Slot { field: "key", person, text: &mut user.key };
                let name = user.name.as_mut().map(|text| Slot { field: "name", person, text });
                std::iter::once(key).chain(name).collect()
            }
        }
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// The definition in force, if any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// As it was defined last.
    pub definition: Option<Defined>,
}

// ── Commands, evolve and decide ──────────────────────────────────────────────────────────────

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Lets a definition hold from the command's instant on.
    Define(Defined),
}

impl Entity for User {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::User;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::User(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, _moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Defined(defined) => self.definition = Some(*defined.clone()),
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        match command {
            Command::Define(defined) if self.definition.as_ref() == Some(defined) => Ok(vec![]),
            Command::Define(defined) => Ok(vec![Fact::Defined(defined.clone().into())]),
        }
    }

    fn faults(&self) -> &[Fault] {
        &[]
    }
}
