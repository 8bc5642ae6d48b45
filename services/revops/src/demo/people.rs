//! Who decides about a deal: contacts, new ones or from a lead that is converted, and their parts.

use std::collections::{BTreeMap, HashMap};

use api::accounts::v1::CreateContactRequest;
use api::leads::v1::ConvertLeadRequest;
use api::opportunities::v1::{
    ChangeOpportunityAccountRequest, ChangeOpportunityContactRoleRequest,
};

use super::call::{Call, Chain, Command, instant};
use super::companies::Companies;
use super::course::Course;
use super::names::{self, one_of};
use super::world::{Chance, World};

const ROLES: [&str; 5] =
    ["economic_buyer", "economic_buyer", "champion", "decision_maker", "technical_buyer"];

/// How many seconds after the opening a deal has its account, and its contact a part.
const LINKED: i64 = 20;
const PART: i64 = 40;

/// Everything about contacts.
#[derive(Debug, Default)]
pub struct People {
    /// The contacts and their accounts, one chain for each deal.
    pub chains: Vec<Chain>,
    /// The parts that they play, once all of them are there.
    pub parts: Vec<Chain>,
    contacts: HashMap<String, String>,
}

impl People {
    /// The contact of a deal: an id, or the name of one that a conversion makes.
    pub fn contact(&self, deal: &str) -> String {
        self.contacts.get(deal).cloned().unwrap_or_default()
    }
}

/// Gives every deal its account and a contact. `origins` has the lead that a deal came from.
pub fn people(
    world: &World<'_>,
    companies: &Companies,
    origins: &HashMap<String, String>,
) -> People {
    let mut chance = world.chance(2);
    let mut told = People::default();
    let mut known: BTreeMap<&str, String> = BTreeMap::new();
    for course in world.courses {
        let Some(stand) = course.before(course.opened + 1) else { continue };
        let mut chain = Chain::new();
        let account = companies.id(course.company);
        let contact = match (origins.get(course.key), known.get(course.company)) {
            (Some(lead), _) => {
                let contact = format!("contact of {}", course.key);
                let convert = conversion(&mut chance, course, lead, &account);
                let call = Call::new(&stand.owner, course.opened + LINKED, convert);
                chain.push(call.named(contact.clone()));
                contact
            }
            (None, Some(contact)) if chance.is_in(70) => {
                chain.push(linked(&mut chance, course, &stand.owner, &account));
                contact.clone()
            }
            (None, _) => {
                let (contact, create) = contact(&mut chance, course, &account);
                chain.push(Call::new(&stand.owner, course.opened - LINKED, create));
                chain.push(linked(&mut chance, course, &stand.owner, &account));
                contact
            }
        };
        known.insert(course.company, contact.clone());
        told.contacts.insert(course.key.to_owned(), contact.clone());
        let part = ChangeOpportunityContactRoleRequest {
            opportunity_id: course.key.to_owned(),
            request_id: chance.id(),
            occurred_at: instant(course.opened + PART),
            contact_id: contact,
            role: one_of(&mut chance.0, &ROLES).to_owned(),
            ..Default::default()
        };
        let part = Command::ChangeContactRole(part);
        told.chains.push(chain);
        told.parts.push(vec![Call::new(&stand.owner, course.opened + PART, part)]);
    }
    for chain in told.chains.iter_mut().chain(&mut told.parts) {
        chain.retain(|call| call.at < world.end);
    }
    told
}

fn conversion(chance: &mut Chance, course: &Course<'_>, lead: &str, account: &str) -> Command {
    Command::ConvertLead(ConvertLeadRequest {
        lead_id: lead.to_owned(),
        request_id: chance.id(),
        occurred_at: instant(course.opened + LINKED),
        account_id: account.to_owned(),
        opportunity_id: course.key.to_owned(),
        ..Default::default()
    })
}

fn linked(chance: &mut Chance, course: &Course<'_>, owner: &str, account: &str) -> Call {
    let request = ChangeOpportunityAccountRequest {
        opportunity_id: course.key.to_owned(),
        request_id: chance.id(),
        occurred_at: instant(course.opened + LINKED),
        account_id: account.to_owned(),
        ..Default::default()
    };
    Call::new(owner, course.opened + LINKED, Command::ChangeAccount(request))
}

fn contact(chance: &mut Chance, course: &Course<'_>, account: &str) -> (String, Command) {
    let name = names::person(&mut chance.0);
    let contact_id = chance.id();
    let request = CreateContactRequest {
        contact_id: contact_id.clone(),
        request_id: chance.id(),
        occurred_at: instant(course.opened - LINKED),
        account_id: account.to_owned(),
        email: names::email(&name, course.company),
        phone: names::phone(&mut chance.0),
        title: one_of(&mut chance.0, &names::TITLES).to_owned(),
        name,
        ..Default::default()
    };
    (contact_id, Command::CreateContact(request))
}
