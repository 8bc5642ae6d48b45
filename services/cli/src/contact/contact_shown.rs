//! A contact as JSON and tables show it.

use api::accounts::v1 as sent;
use api::types::v1::PersonalText;
use serde::Serialize;

use crate::entity::{Consent, Fault, PersonalExternalId, faults, maybe};
use crate::grid::{Cell, Grid};
use crate::recorded::Shown;
use crate::times;
use crate::wording::{Reference, entity_label, given, text_shown};

/// A contact at the instant of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contact {
    id: String,
    person_id: String,
    external_ids: Vec<PersonalExternalId>,
    account: Option<Reference>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    title: Option<String>,
    /// The person was erased, and with them what was known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
    consents: Vec<Consent>,
    created_at: Option<String>,
    notes_count: u64,
    faults: Vec<Fault>,
    etag: String,
}

impl From<sent::Contact> for Contact {
    fn from(contact: sent::Contact) -> Self {
        let details = [&contact.name, &contact.email, &contact.phone, &contact.title];
        let erased = details.into_iter().flatten().any(|text| text.erased);
        let text = |text: Option<PersonalText>| given(text.unwrap_or_default().text);
        let external = contact.external_ids.into_iter();
        let consents = contact.consents.into_iter().map(|it| Consent {
            purpose: it.purpose,
            granted: it.granted,
            since: it.since.as_ref().map(times::show),
        });
        Self {
            id: contact.id,
            person_id: contact.person_id,
            external_ids: external
                .map(|it| PersonalExternalId { source: it.source, key: text(it.key) })
                .collect(),
            account: contact.account.map(Reference::from),
            name: text(contact.name),
            email: text(contact.email),
            phone: text(contact.phone),
            title: text(contact.title),
            erased,
            consents: consents.collect(),
            created_at: contact.created_at.as_ref().map(times::show),
            notes_count: contact.notes_count,
            faults: contact.faults.into_iter().map(Fault::from).collect(),
            etag: contact.etag,
        }
    }
}

impl Contact {
    /// The columns of a list of contacts.
    pub const COLUMNS: [&'static str; 8] =
        ["id", "name", "email", "phone", "title", "account", "consents", "created_at"];

    /// The contact as a row of a list.
    pub fn row(&self) -> Vec<Cell> {
        let sign = |granted: bool| if granted { '+' } else { '-' };
        let consents = self.consents.iter();
        let consents: Vec<String> =
            consents.map(|it| format!("{}{}", sign(it.granted), it.purpose)).collect();
        vec![
            Cell::text(&self.id),
            Cell::text(text_shown(self.name.as_deref(), self.erased)),
            maybe(&self.email),
            maybe(&self.phone),
            maybe(&self.title),
            Cell::text(entity_label(self.account.as_ref())),
            Cell::text(consents.join(" ")),
            maybe(&self.created_at),
        ]
    }

    /// The contact in a line.
    pub fn line(&self) -> String {
        let name = text_shown(self.name.as_deref(), self.erased);
        let title = self.title.as_deref().unwrap_or_default();
        [self.id.as_str(), &name, title].join(" ").trim_end().to_owned()
    }
}

impl Shown for Contact {
    const NOUN: &'static str = "contact";

    fn fields(&self) -> Grid {
        let columns = Self::COLUMNS.iter().map(|column| (*column).to_owned());
        let mut fields: Vec<(String, Cell)> = columns.zip(self.row()).collect();
        let external = self.external_ids.iter();
        let external: Vec<String> = external
            .map(|it| format!("{}:{}", it.source, it.key.as_deref().unwrap_or("?")))
            .collect();
        fields.push(("person_id".into(), Cell::text(&self.person_id)));
        fields.push(("notes".into(), Cell::text(self.notes_count.to_string())));
        fields.push(("external_ids".into(), Cell::text(external.join(" "))));
        fields.push(("etag".into(), Cell::text(&self.etag)));
        fields.extend(faults(&self.faults));
        fields.retain(|(_, cell)| *cell != Cell::text(""));
        Grid::of_fields(fields)
    }
}
