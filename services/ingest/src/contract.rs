//! Reports about contracts become facts.

use api::ingest::v1::{ContractActivated, report::Fact as Reported};
use domain::{
    AccountId, Kind, OpportunityId, ProductId, Rejection,
    contract::{Activated, Churned, Contracted, Expanded, Fact, Renewed, WonBack},
};
use runtime::from_proto;

use crate::from_proto::{Reader, reason};

impl Reader<'_> {
    /// What happened to a contract.
    pub(crate) fn contract(&self, key: &str, fact: &Reported) -> Result<domain::Fact, Rejection> {
        Ok(domain::Fact::from(match fact {
            Reported::ContractActivated(it) => Fact::Activated(self.activated(key, it)?.into()),
            Reported::ContractExpanded(it) => Fact::Expanded(Expanded {
                recurring: from_proto::recurring(it.recurring.as_ref())?,
                effective: from_proto::required_date("effective", it.effective.as_ref())?,
            }),
            Reported::ContractContracted(it) => Fact::Contracted(Contracted {
                recurring: from_proto::recurring(it.recurring.as_ref())?,
                effective: from_proto::required_date("effective", it.effective.as_ref())?,
            }),
            Reported::ContractRenewed(it) => Fact::Renewed(Renewed {
                recurring: from_proto::recurring(it.recurring.as_ref())?,
                ends: from_proto::optional_date("ends", it.ends.as_ref())?,
                effective: from_proto::required_date("effective", it.effective.as_ref())?,
            }),
            Reported::ContractChurned(it) => Fact::Churned(Churned {
                reason: reason(&it.reason_code, &it.reason)?,
                effective: from_proto::required_date("effective", it.effective.as_ref())?,
            }),
            Reported::ContractWonBack(it) => Fact::WonBack(WonBack {
                recurring: from_proto::recurring(it.recurring.as_ref())?,
                effective: from_proto::required_date("effective", it.effective.as_ref())?,
                ends: from_proto::optional_date("ends", it.ends.as_ref())?,
            }),
            _ => return Err(from_proto::missing("fact")),
        }))
    }

    fn activated(&self, key: &str, it: &ContractActivated) -> Result<Activated, Rejection> {
        let account = self.named(Kind::Account, "account", &it.account)?;
        let opportunity = self.named(Kind::Opportunity, "opportunity", &it.opportunity)?;
        Ok(Activated {
            external_ids: self.external_ids(key),
            account: AccountId(account.ok_or_else(|| from_proto::missing("account"))?),
            opportunity: opportunity.map(OpportunityId),
            product: self.named(Kind::Product, "product", &it.product)?.map(ProductId),
            recurring: from_proto::recurring(it.recurring.as_ref())?,
            starts: from_proto::required_date("starts", it.starts.as_ref())?,
            ends: from_proto::optional_date("ends", it.ends.as_ref())?,
        })
    }
}
