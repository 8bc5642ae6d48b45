//! What may be asked of a lead.

use super::{
    Absorbed, Accepted, Assigned, Captured, Converted, DetailsCorrected, Disqualified,
    DuplicateDismissed, DuplicateFound, Fact, HandedOver, Merged, Noted, Nurtured, Qualified,
    Recycled, Rejected, Worked,
};
use crate::{ConsentChanged, LeadId, PersonId, Rejection};

/// What may be asked of a lead. Each carries the fact that it would record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Takes somebody up as a lead.
    Capture(Captured),
    /// Says again, and in full, who it is.
    CorrectDetails(DetailsCorrected),
    /// Gives it to somebody.
    Assign(Assigned),
    /// Begins to work it.
    Work(Worked),
    /// Keeps it warm.
    Nurture(Nurtured),
    /// Offers it to sales.
    HandOver(HandedOver),
    /// Takes what marketing offered.
    Accept(Accepted),
    /// Hands back what marketing offered.
    Reject(Rejected),
    /// Says that it is worth a deal.
    Qualify(Qualified),
    /// Says that it will not become a customer.
    Disqualify(Disqualified),
    /// Gives it back to marketing for another time.
    Recycle(Recycled),
    /// Says that another lead seems to be the same.
    FindDuplicate(DuplicateFound),
    /// Says that another lead is not the same.
    DismissDuplicate(DuplicateDismissed),
    /// Lets another lead go on in its place.
    Merge(Merged),
    /// Lets it go on in another lead's place.
    Absorb(Absorbed),
    /// Makes a contact of it.
    Convert(Converted),
    /// Gives or withdraws consent.
    ChangeConsent(ConsentChanged),
    /// Writes something down.
    Note(Noted),
}

impl Command {
    /// The fact as a system of record saw it, without our judgement.
    pub fn reported(self) -> Fact {
        match self {
            Command::Capture(fact) => Fact::Captured(fact.into()),
            Command::CorrectDetails(fact) => Fact::DetailsCorrected(fact.into()),
            Command::Assign(fact) => Fact::Assigned(fact),
            Command::Work(fact) => Fact::Worked(fact),
            Command::Nurture(fact) => Fact::Nurtured(fact),
            Command::HandOver(fact) => Fact::HandedOver(fact),
            Command::Accept(fact) => Fact::Accepted(fact),
            Command::Reject(fact) => Fact::Rejected(fact),
            Command::Qualify(fact) => Fact::Qualified(fact),
            Command::Disqualify(fact) => Fact::Disqualified(fact),
            Command::Recycle(fact) => Fact::Recycled(fact),
            Command::FindDuplicate(fact) => Fact::DuplicateFound(fact),
            Command::DismissDuplicate(fact) => Fact::DuplicateDismissed(fact),
            Command::Merge(fact) => Fact::Merged(fact),
            Command::Absorb(fact) => Fact::Absorbed(fact),
            Command::Convert(fact) => Fact::Converted(fact.into()),
            Command::ChangeConsent(fact) => Fact::ConsentChanged(fact),
            Command::Note(fact) => Fact::Noted(fact),
        }
    }
}

/// Both halves of a merge: what the lead that disappears is asked, and what the other one is. They
/// belong into one commit; voiding that commit's command in both takes the merge back.
pub fn merge(
    lead: LeadId,
    person: PersonId,
    into: LeadId,
) -> Result<(Command, Command), Rejection> {
    if lead == into {
        let message = "a lead cannot be merged into itself; name another one";
        return Err(Rejection::invalid("MERGED_INTO_ITSELF", "into", message));
    }
    Ok((Command::Merge(Merged { into }), Command::Absorb(Absorbed { lead, person })))
}
