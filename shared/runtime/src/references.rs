//! The view of who refers to accounts, contacts and deals: what would hang in the air were one of
//! them taken back. What one timeline mentions is one row.

use std::collections::{BTreeSet, HashMap};

use domain::{
    Fact, Kind, Known, Rejection, Timeline, account, activity, contact, contract, lead, opportunity,
};
use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    desk::{Desk, Undecided},
    digest::Digest,
    timelines::EntityRef,
    view::View,
};

/// An entity of some kind.
pub type Id = (Kind, Uuid);

/// Every tenant's references.
#[derive(Default, Serialize, Deserialize)]
pub struct References {
    tenants: HashMap<String, Tenant>,
}

#[derive(Default, Serialize, Deserialize)]
struct Tenant {
    from: HashMap<Id, BTreeSet<Id>, RandomState>,
    to: HashMap<Id, BTreeSet<Id>, RandomState>,
    digest: Digest,
}

impl References {
    /// The entities whose facts mention this one.
    pub fn to(&self, tenant: &str, id: Id) -> Vec<Id> {
        let found = self.tenants.get(tenant).and_then(|tenant| tenant.to.get(&id));
        found.into_iter().flatten().copied().collect()
    }
}

impl Tenant {
    fn put(&mut self, id: Id, mentioned: &BTreeSet<Id>) {
        let before = if mentioned.is_empty() {
            self.from.remove(&id)
        } else {
            self.from.insert(id, mentioned.clone())
        };
        let before = before.unwrap_or_default();
        for gone in before.difference(mentioned) {
            self.digest.remove(&logical(id, *gone));
            if let Some(from) = self.to.get_mut(gone) {
                from.remove(&id);
                if from.is_empty() {
                    self.to.remove(gone);
                }
            }
        }
        for new in mentioned.difference(&before) {
            self.digest.add(&logical(id, *new));
            self.to.entry(*new).or_default().insert(id);
        }
    }
}

fn logical(from: Id, to: Id) -> Vec<u8> {
    let part = |(kind, id): Id| [kind.word().as_bytes(), &[0], id.as_bytes()].concat();
    [part(from), part(to)].concat()
}

/// What a fact mentions of accounts, contacts and deals.
pub fn mentioned(fact: &Fact) -> Vec<Id> {
    let account = |id: Option<domain::AccountId>| id.map(|id| (Kind::Account, id.0));
    let found: [Option<Id>; 3] = match fact {
        Fact::Account(account::Fact::Created(it)) => [account(it.parent), None, None],
        Fact::Account(account::Fact::ParentChanged(it)) => [account(it.parent), None, None],
        Fact::Contact(contact::Fact::Created(it)) => [account(it.account), None, None],
        Fact::Contact(contact::Fact::AccountChanged(it)) => [account(it.account), None, None],
        Fact::Opportunity(opportunity::Fact::Opened(it)) => [account(it.account), None, None],
        Fact::Opportunity(opportunity::Fact::AccountChanged(it)) => {
            [account(it.account), None, None]
        }
        Fact::Opportunity(opportunity::Fact::ContactRoleChanged(it)) => {
            [Some((Kind::Contact, it.contact.0)), None, None]
        }
        Fact::Contract(contract::Fact::Activated(it)) => {
            let deal = it.opportunity.map(|id| (Kind::Opportunity, id.0));
            [Some((Kind::Account, it.account.0)), deal, None]
        }
        Fact::Lead(lead::Fact::Converted(it)) => [
            Some((Kind::Account, it.account.0)),
            Some((Kind::Contact, it.contact.0)),
            it.opportunity.map(|id| (Kind::Opportunity, id.0)),
        ],
        Fact::Activity(activity::Fact::Logged(it)) => {
            let about = it.about.iter().filter_map(|link| linked(*link));
            let met = it.participants.iter().filter_map(|who| match who {
                activity::Participant::Contact(id) => Some((Kind::Contact, id.0)),
                activity::Participant::User(_) | activity::Participant::Lead(_) => None,
            });
            return about.chain(met).collect();
        }
        Fact::Account(_)
        | Fact::Activity(_)
        | Fact::Contact(_)
        | Fact::Contract(_)
        | Fact::Lead(_)
        | Fact::Opportunity(_)
        | Fact::Person(_)
        | Fact::Pipeline(_)
        | Fact::Product(_)
        | Fact::Source(_)
        | Fact::User(_)
        | Fact::Calendar(_)
        | Fact::ExchangeRate(_)
        | Fact::Forecast(_)
        | Fact::Quota(_) => return Vec::new(),
    };
    found.into_iter().flatten().collect()
}

/// Refuses to take a command back on one entity when it touched others too: a lead's conversion is
/// taken back whole or not at all. `hints` are those who referred to the entity when the view was
/// last folded; the desk knows the rest.
pub fn refuse_half(
    desk: &Desk<'_>,
    (kind, id): Id,
    command: Uuid,
    mut hints: Vec<Id>,
) -> Result<(), Undecided> {
    hints.extend(desk.with(kind, id, |timeline| {
        let of_command = timeline.entries().iter().filter(|it| it.moment.command_id == command);
        of_command.flat_map(|entry| mentioned(&entry.fact)).collect::<Vec<Id>>()
    })?);
    hints.extend(desk.on_their_way());
    for other in hints.into_iter().filter(|other| *other != (kind, id)) {
        if desk.with(other.0, other.1, |it| it.answer_to(command).is_some())? {
            let message = format!(
                "the command touched {} {} too: take it back whole, by UnconvertLead",
                other.0, other.1
            );
            return Err(Rejection::precondition("TOUCHED_OTHERS", message).into());
        }
    }
    Ok(())
}

fn linked(link: activity::Link) -> Option<Id> {
    match link {
        activity::Link::Lead(_) => None,
        activity::Link::Account(id) => Some((Kind::Account, id.0)),
        activity::Link::Contact(id) => Some((Kind::Contact, id.0)),
        activity::Link::Opportunity(id) => Some((Kind::Opportunity, id.0)),
    }
}

impl View for References {
    const NAME: &'static str = "references";
    const KINDS: &'static [Kind] = &[
        Kind::Account,
        Kind::Activity,
        Kind::Contact,
        Kind::Contract,
        Kind::Lead,
        Kind::Opportunity,
    ];

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        self.apply(entity, timeline, upto);
    }

    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64) {
        let known = Known { known_at: position, ..Known::NOW };
        let facts = timeline.live(known).map(|entry| &entry.fact);
        let mentions: BTreeSet<Id> = facts.flat_map(mentioned).collect();
        let tenant = match self.tenants.get_mut(&*entity.tenant) {
            Some(tenant) => tenant,
            None if mentions.is_empty() => return,
            None => self.tenants.entry(entity.tenant.to_string()).or_default(),
        };
        tenant.put((entity.kind, entity.id), &mentions);
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.tenants.get(tenant).map(|tenant| tenant.digest).unwrap_or_default()
    }
}
