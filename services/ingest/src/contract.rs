//! Reports about contracts become facts.

use api::{
    accounts::v1::{Interval as ProtoInterval, Recurring as ProtoRecurring},
    google::r#type::Date as ProtoDate,
    ingest::v1::{ContractActivated, report::Fact as Reported},
};
use domain::{
    AccountId, Date, Kind, OpportunityId, ProductId, Rejection,
    contract::{
        Activated, Churned, Contracted, Expanded, Fact, Interval, Recurring, Renewed, WonBack,
    },
};
use runtime::from_proto;

use crate::from_proto::{Reader, reason};

impl Reader<'_> {
    /// What happened to a contract.
    pub(crate) fn contract(&self, key: &str, fact: &Reported) -> Result<domain::Fact, Rejection> {
        Ok(domain::Fact::from(match fact {
            Reported::ContractActivated(it) => Fact::Activated(self.activated(key, it)?.into()),
            Reported::ContractExpanded(it) => Fact::Expanded(Expanded {
                recurring: recurring(it.recurring.as_ref())?,
                effective: day("effective", it.effective.as_ref())?,
            }),
            Reported::ContractContracted(it) => Fact::Contracted(Contracted {
                recurring: recurring(it.recurring.as_ref())?,
                effective: day("effective", it.effective.as_ref())?,
            }),
            Reported::ContractRenewed(it) => Fact::Renewed(Renewed {
                recurring: recurring(it.recurring.as_ref())?,
                ends: from_proto::optional_date("ends", it.ends.as_ref())?,
                effective: day("effective", it.effective.as_ref())?,
            }),
            Reported::ContractChurned(it) => Fact::Churned(Churned {
                reason: reason(&it.reason_code, &it.reason)?,
                effective: day("effective", it.effective.as_ref())?,
            }),
            Reported::ContractWonBack(it) => Fact::WonBack(WonBack {
                recurring: recurring(it.recurring.as_ref())?,
                effective: day("effective", it.effective.as_ref())?,
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
            recurring: recurring(it.recurring.as_ref())?,
            starts: day("starts", it.starts.as_ref())?,
            ends: from_proto::optional_date("ends", it.ends.as_ref())?,
        })
    }
}

fn day(field: &str, given: Option<&ProtoDate>) -> Result<Date, Rejection> {
    from_proto::optional_date(field, given)?.ok_or_else(|| from_proto::missing(field))
}

fn recurring(given: Option<&ProtoRecurring>) -> Result<Recurring, Rejection> {
    let given = given.ok_or_else(|| from_proto::missing("recurring"))?;
    let amount = from_proto::optional_money("recurring.amount", given.amount.as_ref())?;
    let interval = match ProtoInterval::try_from(given.interval) {
        Ok(ProtoInterval::Monthly) => Interval::Monthly,
        Ok(ProtoInterval::Yearly) => Interval::Yearly,
        Ok(ProtoInterval::Unspecified) => return Err(from_proto::missing("recurring.interval")),
        Err(_) => {
            let (field, message) = ("recurring.interval", "no such interval");
            return Err(Rejection::invalid("INTERVAL_UNKNOWN", field, message));
        }
    };
    Ok(Recurring {
        amount: amount.ok_or_else(|| from_proto::missing("recurring.amount"))?,
        interval,
    })
}
