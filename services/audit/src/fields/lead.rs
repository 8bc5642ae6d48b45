//! A lead's state as named fields.

use domain::{
    Personal, Reason,
    lead::{Duplicate, Fact, Lead},
};

use super::{Field, Fields, Sealed, Told, Value};

/// The fact that holds a lead's external ids.
const CAPTURED: &str = "lead.captured.v1";

impl Told for Lead {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let detail = |field: &'static str, text: Option<&Personal>| {
            text.map(|text| sealed(text, self.details_fact, field))
        };
        let details = &self.details;
        let status = self.captured_at.map(|_| self.status().word().to_owned());
        let absorbed: Vec<String> =
            self.absorbed.iter().map(|(lead, _)| lead.to_string()).collect();
        let mut fields = Fields::after(fact)
            .value("name", detail("name", details.name.as_ref()))
            .value("email", detail("email", details.email.as_ref()))
            .value("phone", detail("phone", details.phone.as_ref()))
            .value("company", detail("company", details.company.as_ref()))
            .value("title", detail("title", details.title.as_ref()));
        for id in &self.external_ids {
            let key = sealed(&id.key, CAPTURED, "external_ids");
            fields = fields.value(&format!("external_ids.{}", id.source), Some(key));
        }
        fields = fields
            .text("channel", Some(self.channel.clone()))
            .text("campaign", Some(self.campaign.clone()))
            .value("owner", self.owner.map(Value::User))
            .text("status", status)
            .text("merged_into", self.merged_into.map(|id| id.to_string()))
            .text("absorbed", Some(absorbed.join(", ")));
        if let Some(it) = self.conversion {
            fields = fields
                .text("account_id", Some(it.account.to_string()))
                .text("contact_id", Some(it.contact.to_string()))
                .text("opportunity_id", it.opportunity.map(|id| id.to_string()));
        }
        for duplicate in &self.duplicates {
            let field = format!("duplicates.{}", duplicate.of);
            fields = fields.text(&field, Some(told(duplicate)));
        }
        for (purpose, consent) in &self.consents {
            let word = if consent.granted { "granted" } else { "withdrawn" };
            fields = fields.text(&format!("consents.{purpose}"), Some(word.to_owned()));
        }
        fields.text("person_id", self.person.map(|id| id.to_string())).found
    }
}

fn sealed(text: &Personal, fact: &'static str, field: &'static str) -> Value {
    Value::Sealed(Sealed { text: text.clone(), fact, field })
}

fn told(duplicate: &Duplicate) -> String {
    let end = if duplicate.dismissed_at.is_some() { ", dismissed" } else { "" };
    format!("{}{end}", duplicate.matched_on.word())
}

/// What a fact says that is no part of the state: a note.
pub fn beside(fact: &Fact) -> Option<Field> {
    match fact {
        Fact::Noted(noted) => Some(("note".to_owned(), sealed(&noted.text, fact.name(), "text"))),
        _ => None,
    }
}

/// Why a fact was recorded; `None` for one that never says.
pub fn reason(fact: &Fact) -> Option<&Reason> {
    match fact {
        Fact::Nurtured(it) => Some(&it.reason),
        Fact::Rejected(it) => Some(&it.reason),
        Fact::Disqualified(it) => Some(&it.reason),
        Fact::Recycled(it) => Some(&it.reason),
        Fact::DuplicateDismissed(it) => Some(&it.reason),
        Fact::Voided(it) => Some(&it.reason),
        Fact::Captured(_)
        | Fact::DetailsCorrected(_)
        | Fact::Assigned(_)
        | Fact::Worked(_)
        | Fact::HandedOver(_)
        | Fact::Accepted(_)
        | Fact::Qualified(_)
        | Fact::DuplicateFound(_)
        | Fact::Merged(_)
        | Fact::Absorbed(_)
        | Fact::Converted(_)
        | Fact::ConsentChanged(_)
        | Fact::Noted(_) => None,
    }
}
