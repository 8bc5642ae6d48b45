//! Reports about contacts become facts.

use api::ingest::v1::report::Fact as Reported;
use domain::{
    AccountId, ConsentChanged, Kind, PersonId, Personal, PersonalExternalId, Rejection,
    contact::{AccountChanged, Created, Details, DetailsCorrected, Fact, Noted},
};
use runtime::from_proto;

use crate::from_proto::{Reader, text};

impl Reader<'_> {
    /// What happened to a contact.
    pub(crate) fn contact(&self, key: &str, fact: &Reported) -> Result<domain::Fact, Rejection> {
        let contact = self.id(Kind::Contact, key);
        let person = PersonId(self.runtime.vault.person_id(self.tenant, Kind::Contact, contact));
        Ok(domain::Fact::from(match fact {
            Reported::ContactCreated(it) => Fact::Created(
                Created {
                    person,
                    account: self.named(Kind::Account, "account", &it.account)?.map(AccountId),
                    // A record's key may be an e-mail address.
                    external_ids: vec![PersonalExternalId {
                        source: self.source.to_owned(),
                        key: Personal::Plain(key.to_owned()),
                    }],
                    details: details([&it.name, &it.email, &it.phone, &it.title])?,
                }
                .into(),
            ),
            Reported::ContactDetailsCorrected(it) => Fact::DetailsCorrected(
                DetailsCorrected {
                    person,
                    details: details([&it.name, &it.email, &it.phone, &it.title])?,
                }
                .into(),
            ),
            Reported::ContactAccountChanged(it) => {
                let account = self.named(Kind::Account, "account", &it.account)?.map(AccountId);
                Fact::AccountChanged(AccountChanged { account })
            }
            Reported::ContactConsentChanged(it) => Fact::ConsentChanged(ConsentChanged {
                purpose: from_proto::key("purpose", &it.purpose)?,
                granted: it.granted,
            }),
            Reported::ContactNoted(it) => {
                Fact::Noted(Noted { person, text: text("text", &it.text)? })
            }
            _ => return Err(from_proto::missing("fact")),
        }))
    }
}

/// Name, e-mail address, phone number and title.
fn details([name, email, phone, title]: [&str; 4]) -> Result<Details, Rejection> {
    Ok(Details {
        name: from_proto::name("name", name)?,
        email: from_proto::name("email", email)?,
        phone: from_proto::name("phone", phone)?,
        title: from_proto::name("title", title)?,
    })
}
