//! The words in which the tests of leads are told.

use super::{because, id, sealed};
use crate::{
    AccountId, ConsentChanged, ContactId, LeadId, MatchedOn, OpportunityId, PersonId,
    PersonalExternalId, Reason, UserId,
    lead::{
        Absorbed, Accepted, Assigned, Captured, Command, Converted, Details, DetailsCorrected,
        Disqualified, DuplicateDismissed, DuplicateFound, HandedOver, Merged, Noted, Nurtured,
        Qualified, Recycled, Rejected, Worked,
    },
};

/// The person behind the leads of these tests; the others are strangers to them.
pub const ADA: u128 = 1;

pub fn person(number: u128) -> PersonId {
    PersonId(id(number))
}

pub fn details(name: &[u8]) -> Details {
    Details {
        name: Some(sealed(name)),
        email: Some(sealed(b"mail")),
        phone: Some(sealed(b"phone")),
        company: Some(sealed(b"company")),
        title: Some(sealed(b"title")),
    }
}

pub fn captured() -> Captured {
    Captured {
        person: person(ADA),
        external_ids: vec![PersonalExternalId { source: "crm".to_owned(), key: sealed(b"00Q") }],
        details: details(b"Ada"),
        channel: "landing_page".to_owned(),
        campaign: "spring".to_owned(),
        owner: None,
    }
}

pub fn capture() -> Command {
    Command::Capture(captured())
}

pub fn correct(person_number: u128, name: &[u8]) -> Command {
    let (person, details) = (person(person_number), details(name));
    Command::CorrectDetails(DetailsCorrected { person, details })
}

pub fn assign(owner: Option<u128>) -> Command {
    Command::Assign(Assigned { owner: owner.map(|number| UserId(id(number))) })
}

pub fn work() -> Command {
    Command::Work(Worked)
}

pub fn nurture(code: &str) -> Command {
    Command::Nurture(Nurtured { person: person(ADA), reason: because(code) })
}

pub fn hand_over() -> Command {
    Command::HandOver(HandedOver)
}

pub fn accept() -> Command {
    Command::Accept(Accepted)
}

pub fn reject(code: &str) -> Command {
    Command::Reject(Rejected { person: person(ADA), reason: because(code) })
}

pub fn qualify() -> Command {
    Command::Qualify(Qualified)
}

pub fn disqualify(code: &str) -> Command {
    Command::Disqualify(Disqualified { person: person(ADA), reason: because(code) })
}

pub fn recycle(code: &str) -> Command {
    Command::Recycle(Recycled { person: person(ADA), reason: because(code) })
}

pub fn find(of: u128, matched_on: MatchedOn) -> Command {
    Command::FindDuplicate(DuplicateFound { of: LeadId(id(of)), matched_on })
}

pub fn dismiss(of: u128) -> Command {
    let reason = Reason { text: Some(sealed(b"another Ada")), ..because("namesake") };
    let of = LeadId(id(of));
    Command::DismissDuplicate(DuplicateDismissed { of, person: person(ADA), reason })
}

pub fn merge_into(into: u128) -> Command {
    Command::Merge(Merged { into: LeadId(id(into)) })
}

/// The person behind another lead has a hundred times its number.
pub fn absorb(lead: u128) -> Command {
    Command::Absorb(Absorbed { lead: LeadId(id(lead)), person: person(lead * 100) })
}

pub fn convert(contact: u128, opportunity: Option<u128>) -> Command {
    Command::Convert(Converted {
        account: AccountId(id(1)),
        contact: ContactId(id(contact)),
        opportunity: opportunity.map(|number| OpportunityId(id(number))),
    })
}

pub fn consent(purpose: &str, granted: bool) -> Command {
    Command::ChangeConsent(ConsentChanged { purpose: purpose.to_owned(), granted })
}

pub fn note(person_number: u128) -> Command {
    Command::Note(Noted { person: person(person_number), text: sealed(b"called") })
}
