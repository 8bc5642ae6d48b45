//! A lead as it stands at some instant, and what each fact makes of it.

use std::collections::BTreeMap;

use super::{Captured, Converted, Details, DuplicateFound, Fact, Status};
use crate::{
    AccountId, Consent, ContactId, Fault, Instant, LeadId, MatchedOn, OpportunityId, PersonId,
    PersonalExternalId, Reason, UserId,
};

/// A lead as it stands at some instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lead {
    /// When it was captured; `None` while no fact says so.
    pub captured_at: Option<Instant>,
    /// The person behind it.
    pub person: Option<PersonId>,
    /// Its ids in systems of record.
    pub external_ids: Vec<PersonalExternalId>,
    /// Who it is.
    pub details: Details,
    /// The stable name of the fact that said so last, which the texts are sealed in.
    pub details_fact: &'static str,
    /// Where it came from: a code.
    pub channel: String,
    /// The campaign that brought it: a code.
    pub campaign: String,
    /// Who works it.
    pub owner: Option<UserId>,
    /// How far work on it has come, whether or not it was merged or converted since.
    pub(super) progress: Status,
    /// Why it stands where it does, when somebody said so.
    pub reason: Reason,
    /// The stable name of the fact that said so, which the words are sealed in.
    pub reason_fact: &'static str,
    /// When somebody first worked it.
    pub first_worked_at: Option<Instant>,
    /// Every time that marketing offered it to sales, and what sales answered.
    pub hand_overs: Vec<HandOver>,
    /// When it was first worth a deal.
    pub first_qualified_at: Option<Instant>,
    /// How often it went back to marketing.
    pub times_recycled: u32,
    /// What it became.
    pub conversion: Option<Conversion>,
    /// The lead that goes on in its place.
    pub merged_into: Option<LeadId>,
    /// The leads in whose place it goes on, with the persons behind them.
    pub absorbed: Vec<(LeadId, PersonId)>,
    /// Leads that seem to be the same, or seemed so.
    pub duplicates: Vec<Duplicate>,
    /// For which purposes the person may be addressed.
    pub consents: BTreeMap<String, Consent>,
    /// How many notes were written.
    pub notes: u32,
    /// What was recorded although it does not fit.
    pub faults: Vec<Fault>,
}

/// An offer of marketing to sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandOver {
    /// When.
    pub at: Instant,
    /// Where the lead stood, and stands again when sales hands it back.
    pub from: Status,
    /// When sales took it.
    pub accepted_at: Option<Instant>,
    /// When sales handed it back.
    pub rejected_at: Option<Instant>,
}

/// What a lead became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversion {
    /// When.
    pub at: Instant,
    /// The account.
    pub account: AccountId,
    /// The contact.
    pub contact: ContactId,
    /// The deal.
    pub opportunity: Option<OpportunityId>,
}

/// A lead that seems to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// The other lead.
    pub of: LeadId,
    /// Which text says so.
    pub matched_on: MatchedOn,
    /// When it was found.
    pub found_at: Instant,
    /// When somebody said that it is not.
    pub dismissed_at: Option<Instant>,
}

impl Lead {
    /// How far it has come: merged before converted, and both before everything else.
    pub fn status(&self) -> Status {
        match self.progress {
            _ if self.merged_into.is_some() => Status::Merged,
            _ if self.conversion.is_some() => Status::Converted,
            Status::New if self.owner.is_some() => Status::Assigned,
            progress => progress,
        }
    }

    /// The last offer of marketing to sales.
    pub fn last_hand_over(&self) -> Option<&HandOver> {
        self.hand_overs.last()
    }

    /// When it was last offered to sales.
    pub fn handed_over_at(&self) -> Option<Instant> {
        self.last_hand_over().map(|last| last.at)
    }

    /// When sales took it, after it was last offered.
    pub fn accepted_at(&self) -> Option<Instant> {
        self.last_hand_over()?.accepted_at
    }

    /// When sales handed it back, after it was last offered.
    pub fn rejected_at(&self) -> Option<Instant> {
        self.last_hand_over()?.rejected_at
    }

    /// When it became a contact.
    pub fn converted_at(&self) -> Option<Instant> {
        self.conversion.map(|conversion| conversion.at)
    }

    /// The persons behind it: its own, and those of the leads that it goes on for.
    pub fn persons(&self) -> impl Iterator<Item = PersonId> {
        self.person.into_iter().chain(self.absorbed.iter().map(|(_, person)| *person))
    }

    /// The leads that seem to be the same, and neither were dismissed nor merged into this one.
    pub fn open_duplicates(&self) -> impl Iterator<Item = &Duplicate> {
        let open = |it: &&Duplicate| it.dismissed_at.is_none() && !self.has_absorbed(it.of);
        self.duplicates.iter().filter(open)
    }

    pub(super) fn has_absorbed(&self, lead: LeadId) -> bool {
        self.absorbed.iter().any(|(absorbed, _)| *absorbed == lead)
    }
}

/// What each fact changes.
impl Lead {
    pub(super) fn apply(&mut self, at: Instant, fact: &Fact) {
        match fact {
            Fact::Captured(captured) => self.capture(at, captured),
            Fact::DetailsCorrected(it) => self.describe(&it.details, fact.name()),
            Fact::Assigned(it) => self.owner = it.owner,
            Fact::Worked(_) => self.work(at),
            Fact::Nurtured(it) => self.step_because(Status::Nurturing, &it.reason, fact.name()),
            Fact::HandedOver(_) => self.hand_over(at),
            Fact::Accepted(_) => self.accept(at),
            Fact::Rejected(it) => self.reject(at, &it.reason, fact.name()),
            Fact::Qualified(_) => {
                self.first_qualified_at.get_or_insert(at);
                self.step(Status::Qualified);
            }
            Fact::Disqualified(it) => {
                self.step_because(Status::Disqualified, &it.reason, fact.name());
            }
            Fact::Recycled(it) => {
                self.times_recycled += 1;
                self.step_because(Status::Recycled, &it.reason, fact.name());
            }
            Fact::DuplicateFound(it) => self.find_duplicate(at, it),
            Fact::DuplicateDismissed(it) => self.dismiss_duplicate(at, it.of),
            Fact::Merged(it) => self.merged_into = Some(it.into),
            Fact::Absorbed(it) => self.absorbed.push((it.lead, it.person)),
            Fact::Converted(it) => self.convert(at, it),
            Fact::ConsentChanged(it) => {
                let consent = Consent { granted: it.granted, since: at };
                self.consents.insert(it.purpose.clone(), consent);
            }
            Fact::Noted(_) => self.notes += 1,
            Fact::Voided(_) => {}
        }
    }

    fn capture(&mut self, at: Instant, fact: &Captured) {
        self.captured_at.get_or_insert(at);
        self.person = Some(fact.person);
        self.external_ids.clone_from(&fact.external_ids);
        self.describe(&fact.details, Fact::NAMES[0]);
        self.channel.clone_from(&fact.channel);
        self.campaign.clone_from(&fact.campaign);
        self.owner = fact.owner;
    }

    fn describe(&mut self, details: &Details, fact: &'static str) {
        self.details.clone_from(details);
        self.details_fact = fact;
    }

    fn step(&mut self, to: Status) {
        self.step_because(to, &Reason::default(), "");
    }

    fn step_because(&mut self, to: Status, why: &Reason, fact: &'static str) {
        self.progress = to;
        self.reason.clone_from(why);
        self.reason_fact = fact;
    }

    /// What sales has taken stays where it is: only the first touch is news.
    fn work(&mut self, at: Instant) {
        self.first_worked_at.get_or_insert(at);
        if !self.progress.is_with_sales() {
            self.step(Status::Working);
        }
    }

    fn hand_over(&mut self, at: Instant) {
        let from = self.progress;
        self.hand_overs.push(HandOver { at, from, accepted_at: None, rejected_at: None });
        self.step(Status::HandedOver);
    }

    fn accept(&mut self, at: Instant) {
        if let Some(last) = self.hand_overs.last_mut() {
            last.accepted_at.get_or_insert(at);
        }
        self.step(Status::Accepted);
    }

    fn reject(&mut self, at: Instant, why: &Reason, fact: &'static str) {
        let offered = self.hand_overs.last_mut().filter(|last| last.rejected_at.is_none());
        let back_to = offered.map_or(self.progress, |last| {
            last.rejected_at = Some(at);
            last.from
        });
        self.step_because(back_to, why, fact);
    }

    fn find_duplicate(&mut self, at: Instant, fact: &DuplicateFound) {
        let DuplicateFound { of, matched_on } = *fact;
        self.duplicates.push(Duplicate { of, matched_on, found_at: at, dismissed_at: None });
    }

    fn dismiss_duplicate(&mut self, at: Instant, of: LeadId) {
        for duplicate in self.duplicates.iter_mut().filter(|duplicate| duplicate.of == of) {
            duplicate.dismissed_at.get_or_insert(at);
        }
    }

    fn convert(&mut self, at: Instant, fact: &Converted) {
        let Converted { account, contact, opportunity } = *fact;
        self.conversion = Some(Conversion { at, account, contact, opportunity });
    }
}
