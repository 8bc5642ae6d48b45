//! A fact of a lead under each name, with everything in it and without.

use domain::{
    AccountId, ConsentChanged, ContactId, Fact, LeadId, MatchedOn, OpportunityId, PersonId,
    PersonalExternalId, PersonalVoided, Reason, UserId,
    lead::{
        Absorbed, Accepted, Assigned, Captured, Converted, Details, DetailsCorrected, Disqualified,
        DuplicateDismissed, DuplicateFound, Fact as Lead, HandedOver, Merged, Noted, Nurtured,
        Qualified, Recycled, Rejected, Worked,
    },
};

use super::{id, reason, sealed};

fn person() -> PersonId {
    PersonId(id(b'h'))
}

fn details() -> Details {
    Details {
        name: Some(sealed()),
        email: Some(sealed()),
        phone: Some(sealed()),
        company: Some(sealed()),
        title: Some(sealed()),
    }
}

/// With everything in it.
pub fn full() -> Vec<Fact> {
    let person = person();
    let external = |source: &str| PersonalExternalId { source: source.into(), key: sealed() };
    let captured = Captured {
        person,
        external_ids: vec![external("crm"), external("forms")],
        details: details(),
        channel: "landing_page".into(),
        campaign: "spring".into(),
        owner: Some(UserId(id(b'u'))),
    };
    let (of, reason) = (LeadId(id(b'l')), reason());
    let converted = Converted {
        account: AccountId(id(b'a')),
        contact: ContactId(id(b'c')),
        opportunity: Some(OpportunityId(id(b'o'))),
    };
    let facts = [
        Lead::Captured(captured.into()),
        Lead::DetailsCorrected(DetailsCorrected { person, details: details() }.into()),
        Lead::Assigned(Assigned { owner: Some(UserId(id(b'u'))) }),
        Lead::Worked(Worked),
        Lead::Nurtured(Nurtured { person, reason: reason.clone() }),
        Lead::HandedOver(HandedOver),
        Lead::Accepted(Accepted),
        Lead::Rejected(Rejected { person, reason: reason.clone() }),
        Lead::Qualified(Qualified),
        Lead::Disqualified(Disqualified { person, reason: reason.clone() }),
        Lead::Recycled(Recycled { person, reason: reason.clone() }),
        Lead::DuplicateFound(DuplicateFound { of, matched_on: MatchedOn::CompanyDomain }),
        Lead::DuplicateDismissed(DuplicateDismissed { of, person, reason: reason.clone() }),
        Lead::Merged(Merged { into: of }),
        Lead::Absorbed(Absorbed { lead: of, person }),
        Lead::Converted(converted.into()),
        Lead::ConsentChanged(ConsentChanged { purpose: "newsletter".into(), granted: true }),
        Lead::Noted(Noted { person, text: sealed() }),
        Lead::Voided(PersonalVoided { command_id: id(b'v'), person, reason }),
    ];
    facts.map(Fact::from).into()
}

/// Without the parts that may be absent.
pub fn bare() -> Vec<Fact> {
    let person = person();
    let (of, reason) = (LeadId(id(b'l')), Reason::default);
    let captured = Captured {
        person,
        external_ids: vec![],
        details: Details::default(),
        channel: String::new(),
        campaign: String::new(),
        owner: None,
    };
    let converted =
        Converted { account: AccountId(id(b'a')), contact: ContactId(id(b'c')), opportunity: None };
    let facts = [
        Lead::Captured(captured.into()),
        Lead::DetailsCorrected(DetailsCorrected { person, details: Details::default() }.into()),
        Lead::Assigned(Assigned { owner: None }),
        Lead::Nurtured(Nurtured { person, reason: reason() }),
        Lead::Rejected(Rejected { person, reason: reason() }),
        Lead::Disqualified(Disqualified { person, reason: reason() }),
        Lead::Recycled(Recycled { person, reason: reason() }),
        Lead::DuplicateDismissed(DuplicateDismissed { of, person, reason: reason() }),
        Lead::Converted(converted.into()),
        Lead::ConsentChanged(ConsentChanged { purpose: "newsletter".into(), granted: false }),
        Lead::Voided(PersonalVoided { command_id: id(b'v'), person, reason: reason() }),
    ];
    facts.map(Fact::from).into()
}
