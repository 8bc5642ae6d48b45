//! Reports about accounts become facts.

use api::ingest::v1::report::Fact as Reported;
use domain::{
    AccountId, Kind, Rejection,
    account::{
        Created, DomainChanged, Fact, KeyAccountChanged, Noted, OwnerChanged, ParentChanged,
        Renamed, SegmentChanged,
    },
};
use runtime::from_proto;

use crate::from_proto::{Reader, code, text};

impl Reader<'_> {
    /// What happened to an account.
    pub(crate) fn account(&self, key: &str, fact: &Reported) -> Result<domain::Fact, Rejection> {
        Ok(domain::Fact::from(match fact {
            Reported::AccountCreated(it) => Fact::Created(
                Created {
                    external_ids: self.external_ids(key),
                    name: from_proto::name("name", &it.name)?,
                    domain: from_proto::name("domain", &it.domain)?,
                    parent: self.named(Kind::Account, "parent", &it.parent)?.map(AccountId),
                    segment: code("segment", &it.segment)?.unwrap_or_default(),
                    key_account: it.key_account,
                    owner: self.user(&it.owner),
                }
                .into(),
            ),
            Reported::AccountRenamed(it) => {
                Fact::Renamed(Renamed { name: from_proto::name("name", &it.name)? })
            }
            Reported::AccountDomainChanged(it) => {
                let domain = from_proto::name("domain", &it.domain)?;
                Fact::DomainChanged(DomainChanged { domain })
            }
            Reported::AccountParentChanged(it) => {
                let parent = self.named(Kind::Account, "parent", &it.parent)?.map(AccountId);
                Fact::ParentChanged(ParentChanged { parent })
            }
            Reported::AccountSegmentChanged(it) => {
                let segment = code("segment", &it.segment)?.unwrap_or_default();
                Fact::SegmentChanged(SegmentChanged { segment })
            }
            Reported::KeyAccountChanged(it) => {
                Fact::KeyAccountChanged(KeyAccountChanged { key_account: it.key_account })
            }
            Reported::AccountOwnerChanged(it) => {
                Fact::OwnerChanged(OwnerChanged { owner: self.user(&it.owner) })
            }
            Reported::AccountNoted(it) => Fact::Noted(Noted { text: text("text", &it.text)? }),
            _ => return Err(from_proto::missing("fact")),
        }))
    }
}
