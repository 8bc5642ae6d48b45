//! The rules of a lead: what is so already, and what does not fit.

use super::{Duplicate, DuplicateDismissed, Fact, Lead, Status};
use crate::{ConsentChanged, LeadId, Reason, objection::Objection};

impl Lead {
    /// Whether a fact would say only what is so already.
    pub(super) fn is_so(&self, fact: &Fact) -> bool {
        if self.captured_at.is_none() {
            return false;
        }
        let status = self.status();
        match fact {
            Fact::Captured(_) | Fact::Noted(_) | Fact::Voided(_) => false,
            Fact::DetailsCorrected(it) => self.details == it.details,
            Fact::Assigned(it) => self.owner == it.owner,
            Fact::Worked(_) => match status {
                Status::Accepted | Status::HandedOver | Status::Qualified => {
                    self.first_worked_at.is_some()
                }
                status => status == Status::Working,
            },
            Fact::Nurtured(it) => self.stands_because(&it.reason, fact.name()),
            Fact::HandedOver(_) => status == Status::HandedOver,
            Fact::Accepted(_) => status == Status::Accepted,
            Fact::Rejected(it) => self.stands_because(&it.reason, fact.name()),
            Fact::Qualified(_) => status == Status::Qualified,
            Fact::Disqualified(it) => self.stands_because(&it.reason, fact.name()),
            Fact::Recycled(it) => self.stands_because(&it.reason, fact.name()),
            Fact::DuplicateFound(it) => {
                let known = |so: &Duplicate| (so.of, so.matched_on) == (it.of, it.matched_on);
                self.duplicates.iter().any(known)
            }
            Fact::DuplicateDismissed(it) => self.has_dismissed(it.of),
            Fact::Merged(it) => self.merged_into == Some(it.into),
            Fact::Absorbed(it) => self.absorbed.contains(&(it.lead, it.person)),
            Fact::Converted(it) => self.conversion.is_some_and(|so| {
                let ids = (so.account, so.contact, so.opportunity);
                ids == (it.account, it.contact, it.opportunity)
            }),
            Fact::ConsentChanged(ConsentChanged { purpose, granted }) => {
                self.consents.get(purpose).is_some_and(|so| so.granted == *granted)
            }
        }
    }

    /// Whether the last step was this one, for this reason.
    fn stands_because(&self, why: &Reason, fact: &str) -> bool {
        let ended = matches!(self.status(), Status::Merged | Status::Converted);
        !ended && self.reason_fact == fact && why.repeats(&self.reason)
    }

    fn has_dismissed(&self, of: LeadId) -> bool {
        let mut found = self.duplicates.iter().filter(|duplicate| duplicate.of == of).peekable();
        found.peek().is_some() && found.all(|duplicate| duplicate.dismissed_at.is_some())
    }

    /// Why a fact does not fit the lead as it stands; `None` when it does.
    pub(super) fn objection(&self, fact: &Fact) -> Option<Objection> {
        if let Fact::Captured(_) = fact {
            let but = "the lead exists already";
            let advice = "correct its details instead of capturing it again";
            let exists = Objection::exists("LEAD_EXISTS", "lead_id", but, advice);
            return self.captured_at.map(|_| exists);
        }
        if self.captured_at.is_none() {
            let but = "there is no such lead at that instant";
            let advice = "capture it first, or check the id";
            return Some(Objection::not_found("LEAD_NOT_FOUND", "lead_id", but, advice));
        }
        self.is_of_a_stranger(fact).or_else(|| match fact {
            Fact::Captured(_) | Fact::ConsentChanged(_) | Fact::Noted(_) | Fact::Voided(_) => None,
            Fact::DetailsCorrected(_) | Fact::Assigned(_) => self.is_over(),
            Fact::Worked(_) => self.is_over().or_else(|| self.is_disqualified()),
            Fact::Nurtured(_) | Fact::HandedOver(_) => self.is_not_with_marketing(),
            Fact::Accepted(_) | Fact::Rejected(_) => self.is_not_offered(),
            Fact::Qualified(_) | Fact::Converted(_) => {
                self.is_over().or_else(|| self.is_disqualified()).or_else(|| self.is_unanswered())
            }
            Fact::Disqualified(_) => self.is_over().or_else(|| self.is_disqualified()),
            Fact::Recycled(_) => {
                self.is_over().or_else(|| self.is_unanswered()).or_else(|| self.is_recycled())
            }
            Fact::DuplicateFound(it) => self.is_merged().or_else(|| self.is_absorbed(it.of)),
            Fact::DuplicateDismissed(it) => self.is_no_duplicate(it),
            Fact::Merged(it) => {
                self.is_over().or_else(|| self.comes_back(self.has_absorbed(it.into)))
            }
            Fact::Absorbed(it) => self
                .comes_back(self.merged_into == Some(it.lead))
                .or_else(|| self.is_merged())
                .or_else(|| self.is_absorbed(it.lead)),
        })
    }

    /// Words about somebody else are not sealed here: forgetting this person would not reach them.
    fn is_of_a_stranger(&self, fact: &Fact) -> Option<Objection> {
        let person = fact.person()?;
        let but = "the person is not the one behind the lead";
        let advice = "give the person of the lead, or of one merged into it";
        let stranger = self.persons().all(|known| known != person);
        stranger.then(|| Objection::invalid("WRONG_PERSON", "person", but, advice))
    }

    fn is_over(&self) -> Option<Objection> {
        self.is_merged().or_else(|| {
            let but = "the lead is converted";
            let advice = "work its contact, or undo the conversion first";
            self.conversion.map(|_| Objection::precondition("LEAD_CONVERTED", but, advice))
        })
    }

    fn is_merged(&self) -> Option<Objection> {
        let but = "the lead is merged into another";
        let advice = "work that one, or undo the merge first";
        self.merged_into.map(|_| Objection::precondition("LEAD_MERGED", but, advice))
    }

    fn is_disqualified(&self) -> Option<Objection> {
        let (but, advice) = ("the lead is disqualified", "recycle it first");
        let so = self.status() == Status::Disqualified;
        so.then(|| Objection::precondition("LEAD_DISQUALIFIED", but, advice))
    }

    fn is_recycled(&self) -> Option<Objection> {
        let but = "the lead is recycled";
        let advice = "work it before recycling it again";
        let so = self.status() == Status::Recycled;
        so.then(|| Objection::precondition("LEAD_RECYCLED", but, advice))
    }

    fn is_unanswered(&self) -> Option<Objection> {
        let but = "sales has not answered yet";
        let so = self.status() == Status::HandedOver;
        so.then(|| Objection::precondition("NOT_ACCEPTED", but, "accept or reject the lead first"))
    }

    fn is_not_with_marketing(&self) -> Option<Objection> {
        self.is_over().or_else(|| self.is_disqualified()).or_else(|| {
            let (but, advice) = ("the lead is with sales", "reject or recycle it first");
            let so = self.status().is_with_sales();
            so.then(|| Objection::precondition("LEAD_WITH_SALES", but, advice))
        })
    }

    fn is_not_offered(&self) -> Option<Objection> {
        self.is_over().or_else(|| {
            let but = "the lead is not waiting for an answer of sales";
            let so = self.status() != Status::HandedOver;
            so.then(|| Objection::precondition("NOT_HANDED_OVER", but, "hand it over first"))
        })
    }

    fn is_no_duplicate(&self, fact: &DuplicateDismissed) -> Option<Objection> {
        let but = "no duplicate of that lead was found";
        let advice = "see the lead's duplicates";
        let so = self.duplicates.iter().all(|duplicate| duplicate.of != fact.of);
        so.then(|| Objection::not_found("DUPLICATE_NOT_FOUND", "of", but, advice))
    }

    fn is_absorbed(&self, lead: LeadId) -> Option<Objection> {
        let but = "the other lead is merged into this one";
        let so = self.has_absorbed(lead);
        so.then(|| Objection::precondition("ALREADY_ABSORBED", but, "undo the merge first"))
    }

    fn comes_back(&self, so: bool) -> Option<Objection> {
        let but = "the other lead is merged with this one the other way round";
        so.then(|| Objection::invalid("MERGED_INTO_ITSELF", "into", but, "name another lead"))
    }
}
