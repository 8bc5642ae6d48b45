//! Requests become commands; every error names its field.

use api::leads::v1::{
    AcceptLeadRequest, AssignLeadRequest, CaptureLeadRequest, ChangeLeadConsentRequest,
    CorrectLeadDetailsRequest, DismissLeadDuplicateRequest, DisqualifyLeadRequest,
    HandOverLeadRequest, NoteLeadRequest, NurtureLeadRequest, QualifyLeadRequest,
    RecycleLeadRequest, RejectLeadRequest, WorkLeadRequest,
};
use domain::{
    ConsentChanged, LeadId, PersonId, Personal, PersonalExternalId, Rejection,
    lead::{
        Accepted, Assigned, Captured, Command, Details, DetailsCorrected, Disqualified,
        DuplicateDismissed, HandedOver, Noted, Nurtured, Qualified, Recycled, Rejected, Worked,
    },
};
use runtime::{command::Asked, from_proto, naming::Naming};

/// A command on one lead, as the contract spells them all.
pub trait OnLead: prost::Message + Default + 'static {
    /// What every command says about itself.
    fn asked(&self) -> Asked<'_>;
    /// `lead_id`.
    fn lead_id(&self) -> &str;
    /// Whether it carries text that is sealed under the person's key.
    fn has_words(&self) -> bool;
    /// Whether it carries text that is sealed under the lead's own key.
    fn has_company(&self) -> bool {
        false
    }
    /// The command, about a lead of this person.
    fn command(&self, person: PersonId, at: &Naming<'_>) -> Result<Command, Rejection>;
}

macro_rules! on_lead {
    ($($request:ident, [$($text:ident)*], $command:expr;)+) => {$(
        impl OnLead for $request {
            fn asked(&self) -> Asked<'_> {
                Asked {
                    rpc: stringify!($request),
                    request_id: &self.request_id,
                    etag: &self.etag,
                    at: self.occurred_at.as_ref().map(|at| ("occurred_at", at)),
                }
            }

            fn lead_id(&self) -> &str {
                &self.lead_id
            }

            fn has_words(&self) -> bool {
                false $(|| !self.$text.is_empty())*
            }

            fn command(&self, person: PersonId, at: &Naming<'_>) -> Result<Command, Rejection> {
                let command: fn(&$request, PersonId, &Naming<'_>) -> _ = $command;
                command(self, person, at)
            }
        }
    )+};
}

macro_rules! reason {
    ($it:ident, $required:literal) => {
        from_proto::reason(&$it.reason_code, &$it.reason, $required)?
    };
}

on_lead! {
    AssignLeadRequest, [],
        |it, _, at| Ok(Command::Assign(Assigned { owner: at.user("owner", &it.owner)? }));
    WorkLeadRequest, [], |_, _, _| Ok(Command::Work(Worked));
    NurtureLeadRequest, [reason],
        |it, person, _| Ok(Command::Nurture(Nurtured { person, reason: reason!(it, false) }));
    HandOverLeadRequest, [], |_, _, _| Ok(Command::HandOver(HandedOver));
    AcceptLeadRequest, [], |_, _, _| Ok(Command::Accept(Accepted));
    RejectLeadRequest, [reason],
        |it, person, _| Ok(Command::Reject(Rejected { person, reason: reason!(it, true) }));
    QualifyLeadRequest, [], |_, _, _| Ok(Command::Qualify(Qualified));
    DisqualifyLeadRequest, [reason],
        |it, person, _| Ok(Command::Disqualify(Disqualified { person, reason: reason!(it, true) }));
    RecycleLeadRequest, [reason],
        |it, person, _| Ok(Command::Recycle(Recycled { person, reason: reason!(it, true) }));
    ChangeLeadConsentRequest, [], |it, _, _| {
        let purpose = from_proto::key("purpose", &it.purpose)?;
        Ok(Command::ChangeConsent(ConsentChanged { purpose, granted: it.granted }))
    };
    NoteLeadRequest, [text], |it, person, _| {
        let text = from_proto::text("text", &it.text)?;
        let text = text.ok_or_else(|| from_proto::missing("text"))?;
        Ok(Command::Note(Noted { person, text }))
    };
    DismissLeadDuplicateRequest, [reason], |it, person, _| {
        let of = LeadId(from_proto::uuid("of", &it.of)?);
        let reason = reason!(it, false);
        Ok(Command::DismissDuplicate(DuplicateDismissed { of, person, reason }))
    };
}

impl OnLead for CorrectLeadDetailsRequest {
    fn asked(&self) -> Asked<'_> {
        Asked {
            rpc: "CorrectLeadDetailsRequest",
            request_id: &self.request_id,
            etag: &self.etag,
            at: self.occurred_at.as_ref().map(|at| ("occurred_at", at)),
        }
    }

    fn lead_id(&self) -> &str {
        &self.lead_id
    }

    fn has_words(&self) -> bool {
        [&self.name, &self.email, &self.phone, &self.title].iter().any(|text| !text.is_empty())
    }

    fn has_company(&self) -> bool {
        !self.company.is_empty()
    }

    fn command(&self, person: PersonId, _: &Naming<'_>) -> Result<Command, Rejection> {
        let texts = [&self.name, &self.email, &self.phone, &self.company, &self.title];
        let details = details(texts.map(String::as_str))?;
        Ok(Command::CorrectDetails(DetailsCorrected { person, details }))
    }
}

/// Name, e-mail address, phone number, company and title.
fn details([name, email, phone, company, title]: [&str; 5]) -> Result<Details, Rejection> {
    Ok(Details {
        name: from_proto::name("name", name)?,
        email: from_proto::name("email", email)?,
        phone: from_proto::name("phone", phone)?,
        company: from_proto::name("company", company)?,
        title: from_proto::name("title", title)?,
    })
}

/// Capturing a lead of this person.
pub fn capture(
    request: &CaptureLeadRequest,
    person: PersonId,
    at: &Naming<'_>,
) -> Result<Captured, Rejection> {
    let CaptureLeadRequest { name, email, phone, company, title, .. } = request;
    let external_ids = request.external_id.iter().map(|external| {
        Ok(PersonalExternalId {
            source: from_proto::key("external_id.source", &external.source)?,
            key: Personal::Plain(from_proto::key("external_id.key", &external.key)?),
        })
    });
    Ok(Captured {
        person,
        external_ids: external_ids.collect::<Result<_, Rejection>>()?,
        details: details([name, email, phone, company, title].map(String::as_str))?,
        channel: code("channel", &request.channel)?,
        campaign: code("campaign", &request.campaign)?,
        owner: at.user("owner", &request.owner)?,
    })
}

/// A code that may be left out.
pub fn code(field: &str, text: &str) -> Result<String, Rejection> {
    if text.is_empty() { Ok(String::new()) } else { from_proto::key(field, text) }
}
