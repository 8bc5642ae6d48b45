//! An account: a company that buys, or may.

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Entity, ExternalId, Fault, Instant, Kind, Moment, Personal, Rejection, UserId,
    Voided, objection, objection::Objection, personal::Slot,
};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// The account exists. Everything may be unknown yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Its ids in systems of record.
    pub external_ids: Vec<ExternalId>,
    /// What people call it.
    pub name: Option<Personal>,
    /// Its domain on the web.
    pub domain: Option<Personal>,
    /// The account that it belongs to.
    pub parent: Option<AccountId>,
    /// Its segment: a code, such as `enterprise`; empty when unknown.
    pub segment: String,
    /// Whether it is a key account.
    pub key_account: bool,
    /// Who answers for it.
    pub owner: Option<UserId>,
}

/// People call it something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    /// The new name; `None` when it is not known any more.
    pub name: Option<Personal>,
}

/// It has another domain on the web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainChanged {
    /// The new domain; `None` when it has none.
    pub domain: Option<Personal>,
}

/// It belongs to another account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentChanged {
    /// The new parent; `None` when it belongs to none.
    pub parent: Option<AccountId>,
}

/// It is in another segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentChanged {
    /// The new segment's code; empty when unknown.
    pub segment: String,
}

/// It became a key account, or is one no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAccountChanged {
    /// Whether it is one.
    pub key_account: bool,
}

/// Somebody else answers for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerChanged {
    /// The new owner; `None` when nobody does.
    pub owner: Option<UserId>,
}

/// Somebody wrote something down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// What.
    pub text: Personal,
}

facts! {
    /// What can be recorded about an account.
    Created = "account.created.v1" boxed,
    Renamed = "account.renamed.v1",
    DomainChanged = "account.domain_changed.v1",
    ParentChanged = "account.parent_changed.v1",
    SegmentChanged = "account.segment_changed.v1",
    KeyAccountChanged = "account.key_account_changed.v1",
    OwnerChanged = "account.owner_changed.v1",
    Noted = "account.noted.v1",
    Voided = "account.voided.v1",
}

impl Fact {
    /// The places where it carries personal text, all sealed under the account's own key.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        let slot = |(field, text): (_, Option<_>)| Some(Slot { field, person: None, text: text? });
        let texts = match self {
            Fact::Created(fact) => [("name", fact.name.as_mut()), ("domain", fact.domain.as_mut())],
            Fact::Renamed(fact) => [("name", fact.name.as_mut()), ("", None)],
            Fact::DomainChanged(fact) => [("domain", fact.domain.as_mut()), ("", None)],
            Fact::Noted(fact) => [("text", Some(&mut fact.text)), ("", None)],
            Fact::Voided(fact) => [("reason", fact.reason.text.as_mut()), ("", None)],
            Fact::ParentChanged(_)
            | Fact::SegmentChanged(_)
            | Fact::KeyAccountChanged(_)
            | Fact::OwnerChanged(_) => return Vec::new(),
        };
        texts.into_iter().filter_map(slot).collect()
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// An account as it stands at some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// When it was created; `None` while no fact says so.
    pub created_at: Option<Instant>,
    /// Its ids in systems of record.
    pub external_ids: Vec<ExternalId>,
    /// What people call it.
    pub name: Option<Personal>,
    /// The stable name of the fact that said so last, which the name is sealed in.
    pub name_fact: &'static str,
    /// Its domain on the web.
    pub domain: Option<Personal>,
    /// The stable name of the fact that said so last, which the domain is sealed in.
    pub domain_fact: &'static str,
    /// The account that it belongs to.
    pub parent: Option<AccountId>,
    /// Its segment: a code.
    pub segment: String,
    /// Whether it is a key account.
    pub key_account: bool,
    /// Who answers for it.
    pub owner: Option<UserId>,
    /// How many notes were written.
    pub notes: u32,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

impl Account {
    fn apply(&mut self, at: Instant, fact: &Fact) {
        match fact {
            Fact::Created(it) => self.create(at, it),
            Fact::Renamed(it) => {
                (self.name, self.name_fact) = (it.name.clone(), fact.name());
            }
            Fact::DomainChanged(it) => {
                (self.domain, self.domain_fact) = (it.domain.clone(), fact.name());
            }
            Fact::ParentChanged(it) => self.parent = it.parent,
            Fact::SegmentChanged(it) => self.segment.clone_from(&it.segment),
            Fact::KeyAccountChanged(it) => self.key_account = it.key_account,
            Fact::OwnerChanged(it) => self.owner = it.owner,
            Fact::Noted(_) => self.notes += 1,
            Fact::Voided(_) => {}
        }
    }

    fn create(&mut self, at: Instant, fact: &Created) {
        self.created_at.get_or_insert(at);
        self.external_ids.clone_from(&fact.external_ids);
        (self.name, self.name_fact) = (fact.name.clone(), Fact::NAMES[0]);
        (self.domain, self.domain_fact) = (fact.domain.clone(), Fact::NAMES[0]);
        self.parent = fact.parent;
        self.segment.clone_from(&fact.segment);
        self.key_account = fact.key_account;
        self.owner = fact.owner;
    }
}

// ── Commands and rules ───────────────────────────────────────────────────────────────────────

/// What may be asked of an account. Each carries the fact that it would record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Takes up a company.
    Create(Created),
    /// Says what people call it.
    Rename(Renamed),
    /// Says where it is on the web.
    ChangeDomain(DomainChanged),
    /// Puts it below another account, or below none.
    ChangeParent(ParentChanged),
    /// Puts it into another segment.
    ChangeSegment(SegmentChanged),
    /// Makes it a key account, or no longer.
    ChangeKeyAccount(KeyAccountChanged),
    /// Gives it to somebody else.
    ChangeOwner(OwnerChanged),
    /// Writes something down.
    Note(Noted),
}

impl Command {
    /// The fact as a system of record saw it, without our judgement.
    pub fn reported(self) -> Fact {
        match self {
            Command::Create(fact) => Fact::Created(fact.into()),
            Command::Rename(fact) => Fact::Renamed(fact),
            Command::ChangeDomain(fact) => Fact::DomainChanged(fact),
            Command::ChangeParent(fact) => Fact::ParentChanged(fact),
            Command::ChangeSegment(fact) => Fact::SegmentChanged(fact),
            Command::ChangeKeyAccount(fact) => Fact::KeyAccountChanged(fact),
            Command::ChangeOwner(fact) => Fact::OwnerChanged(fact),
            Command::Note(fact) => Fact::Noted(fact),
        }
    }
}

impl Account {
    /// Whether a fact would say only what is so already.
    fn is_so(&self, fact: &Fact) -> bool {
        self.created_at.is_some()
            && match fact {
                Fact::Created(_) | Fact::Noted(_) | Fact::Voided(_) => false,
                Fact::Renamed(it) => self.name == it.name,
                Fact::DomainChanged(it) => self.domain == it.domain,
                Fact::ParentChanged(it) => self.parent == it.parent,
                Fact::SegmentChanged(it) => self.segment == it.segment,
                Fact::KeyAccountChanged(it) => self.key_account == it.key_account,
                Fact::OwnerChanged(it) => self.owner == it.owner,
            }
    }

    /// Why a fact does not fit the account as it stands; `None` when it does.
    fn objection(&self, fact: &Fact) -> Option<Objection> {
        match (fact, self.created_at) {
            (Fact::Created(_), Some(_)) => {
                let but = "the account exists already";
                let advice = "change it instead of creating it again";
                Some(Objection::exists("ACCOUNT_EXISTS", "account_id", but, advice))
            }
            (Fact::Created(_), None) | (_, Some(_)) => None,
            (_, None) => {
                let but = "there is no such account at that instant";
                let advice = "create it first, or check the id";
                Some(Objection::not_found("ACCOUNT_NOT_FOUND", "account_id", but, advice))
            }
        }
    }
}

/// Refuses a parent that stands below the account itself. What is above an account is asked from
/// outside, because it is on other timelines.
pub fn refuse_circle(
    account: AccountId,
    parent: AccountId,
    parent_of: impl Fn(AccountId) -> Option<AccountId>,
) -> Result<(), Rejection> {
    let mut above = vec![parent];
    while let Some(last) = above.last() {
        if *last == account {
            let message = "an account cannot belong to itself or to one below it";
            return Err(Rejection::invalid("ACCOUNT_CIRCLE", "parent", message));
        }
        // A circle among the others came with reports; it is not of this making.
        match parent_of(*last).filter(|next| !above.contains(next)) {
            Some(next) => above.push(next),
            None => break,
        }
    }
    Ok(())
}

// ── Evolve and decide ────────────────────────────────────────────────────────────────────────

impl Entity for Account {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Account;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Account(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, moment: &Moment, fact: &Fact) {
        if self.is_so(fact) {
            return;
        }
        let fault = self.objection(fact).map(|objection| objection.fault(moment, fact.name()));
        self.faults.extend(fault);
        self.apply(moment.occurred_at, fact);
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        let fact = command.clone().reported();
        let objection = self.objection(&fact);
        objection::answer(self.is_so(&fact), objection, fact)
    }

    fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

#[cfg(test)]
mod tests;
