//! The reports about accounts, contacts and contracts that a row's values make.

use api::accounts::v1::{Interval, Recurring};
use api::google::r#type::Date;
use api::ingest::v1::report::Fact;
use api::ingest::v1::{
    AccountCreated, AccountDomainChanged, AccountNoted, AccountOwnerChanged, AccountParentChanged,
    AccountRenamed, AccountSegmentChanged, ContactAccountChanged, ContactCreated,
    ContactDetailsCorrected, ContactNoted, ContractActivated, ContractChurned, ContractContracted,
    ContractExpanded, ContractRenewed, ContractWonBack,
};

use super::fact::{Flaw, Values};
use super::kind::FactKind;

impl Values<'_> {
    /// The fact about an account that the values state; `None` for a kind that is about anything
    /// else.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub(super) fn account(&self, kind: FactKind) -> Result<Option<Fact>, Flaw> {
        Ok(Some(match kind {
            FactKind::AccountCreated => Fact::AccountCreated(AccountCreated {
                name: self.text("name"),
                domain: self.text("domain"),
                parent: self.text("parent"),
                segment: self.text("segment"),
                key_account: false,
                owner: self.text("owner"),
            }),
            FactKind::AccountRenamed => {
                Fact::AccountRenamed(AccountRenamed { name: self.text("name") })
            }
            FactKind::AccountDomainChanged => {
                Fact::AccountDomainChanged(AccountDomainChanged { domain: self.text("domain") })
            }
            FactKind::AccountParentChanged => {
                Fact::AccountParentChanged(AccountParentChanged { parent: self.text("parent") })
            }
            FactKind::AccountSegmentChanged => {
                Fact::AccountSegmentChanged(AccountSegmentChanged { segment: self.text("segment") })
            }
            FactKind::AccountOwnerChanged => {
                Fact::AccountOwnerChanged(AccountOwnerChanged { owner: self.text("owner") })
            }
            FactKind::AccountNoted => {
                Fact::AccountNoted(AccountNoted { text: self.required("text")? })
            }
            _ => return Ok(None),
        }))
    }

    /// The fact about a contact that the values state; `None` for a kind that is about anything
    /// else.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub(super) fn contact(&self, kind: FactKind) -> Result<Option<Fact>, Flaw> {
        let [name, email, phone, title] =
            ["name", "email", "phone", "title"].map(|field| self.text(field));
        let account = self.text("account");
        Ok(Some(match kind {
            FactKind::ContactCreated => {
                Fact::ContactCreated(ContactCreated { account, name, email, phone, title })
            }
            FactKind::ContactDetailsCorrected => {
                let details = ContactDetailsCorrected { name, email, phone, title };
                Fact::ContactDetailsCorrected(details)
            }
            FactKind::ContactAccountChanged => {
                Fact::ContactAccountChanged(ContactAccountChanged { account })
            }
            FactKind::ContactNoted => {
                Fact::ContactNoted(ContactNoted { text: self.required("text")? })
            }
            _ => return Ok(None),
        }))
    }

    /// The fact about a contract that the values state; `None` for a kind that is about anything
    /// else.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub(super) fn contract(&self, kind: FactKind) -> Result<Option<Fact>, Flaw> {
        Ok(Some(match kind {
            FactKind::ContractActivated => Fact::ContractActivated(ContractActivated {
                account: self.required("account")?,
                opportunity: self.text("opportunity"),
                product: self.text("product"),
                recurring: self.recurring()?,
                starts: self.required_day("starts")?,
                ends: self.day("ends")?,
            }),
            FactKind::ContractExpanded => Fact::ContractExpanded(ContractExpanded {
                recurring: self.recurring()?,
                effective: self.required_day("effective")?,
            }),
            FactKind::ContractContracted => Fact::ContractContracted(ContractContracted {
                recurring: self.recurring()?,
                effective: self.required_day("effective")?,
            }),
            FactKind::ContractRenewed => Fact::ContractRenewed(ContractRenewed {
                recurring: self.recurring()?,
                ends: self.day("ends")?,
                effective: self.required_day("effective")?,
            }),
            FactKind::ContractChurned => Fact::ContractChurned(ContractChurned {
                reason_code: self.text("reason_code"),
                reason: self.text("reason"),
                effective: self.required_day("effective")?,
            }),
            FactKind::ContractWonBack => Fact::ContractWonBack(ContractWonBack {
                recurring: self.recurring()?,
                effective: self.required_day("effective")?,
                ends: self.day("ends")?,
            }),
            _ => return Ok(None),
        }))
    }

    fn recurring(&self) -> Result<Option<Recurring>, Flaw> {
        let interval = match self.required("interval")?.to_ascii_lowercase().as_str() {
            "monthly" => Interval::Monthly,
            "yearly" => Interval::Yearly,
            _ => return Err(Flaw::new("interval", "BAD_INTERVAL")),
        };
        let amount = self.money("amount")?.ok_or(Flaw::new("amount", "EMPTY"))?;
        Ok(Some(Recurring { amount: Some(amount), interval: interval.into() }))
    }

    fn required_day(&self, field: &str) -> Result<Option<Date>, Flaw> {
        self.day(field)?.map(Some).ok_or(Flaw::new(field, "EMPTY"))
    }
}
