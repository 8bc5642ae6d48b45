//! What a lead is to become: which of it is there, which is new, and what is known of that.

use api::leads::v1::{ConvertLeadRequest, NewLeadAccount, NewLeadOpportunity};
use domain::{
    AccountId, ContactId, Kind, OpportunityId, Rejection, account::Created, lead::Converted,
    opportunity::Opened,
};
use runtime::{
    from_proto::{self, within},
    naming::{self, Naming},
};
use uuid::Uuid;

use crate::from_proto::code;

/// An entity that a lead becomes, there or to be made.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its id.
    pub id: Uuid,
    /// Whether it is to be made.
    pub is_new: bool,
}

/// What a lead is to become.
pub struct Targets {
    /// The lead.
    pub lead: Uuid,
    /// The account.
    pub account: Target,
    /// The contact.
    pub contact: Target,
    /// The deal, when there is to be one.
    pub opportunity: Option<Target>,
}

impl Targets {
    /// Reads a request; ids of what is new are `made` from the command's, so that a repeated command
    /// meets the same.
    pub fn read(
        request: &ConvertLeadRequest,
        made: impl Fn(Kind) -> Uuid,
    ) -> Result<Targets, Rejection> {
        let target = |kind, field: &str, text: &str| {
            let given = from_proto::optional_uuid(field, text)?;
            let new = Target { id: made(kind), is_new: true };
            Ok::<_, Rejection>(given.map_or(new, |id| Target { id, is_new: false }))
        };
        let twice = |field: &str| {
            let message = "give either an id of what is there or what is known of a new one";
            Err(Rejection::invalid("ID_TWICE", field, message))
        };
        if !request.account_id.is_empty() && request.account.is_some() {
            return twice("account_id");
        }
        if !request.opportunity_id.is_empty() && request.opportunity.is_some() {
            return twice("opportunity_id");
        }
        let deal = !request.opportunity_id.is_empty() || request.opportunity.is_some();
        let opportunity =
            deal.then(|| target(Kind::Opportunity, "opportunity_id", &request.opportunity_id));
        Ok(Targets {
            lead: from_proto::uuid("lead_id", &request.lead_id)?,
            account: target(Kind::Account, "account_id", &request.account_id)?,
            contact: target(Kind::Contact, "contact_id", &request.contact_id)?,
            opportunity: opportunity.transpose()?,
        })
    }

    /// The account's id.
    pub fn account_id(&self) -> AccountId {
        AccountId(self.account.id)
    }

    /// What is there already.
    pub fn existing(&self) -> Vec<(Kind, Uuid)> {
        let all = [
            (Kind::Account, Some(self.account)),
            (Kind::Contact, Some(self.contact)),
            (Kind::Opportunity, self.opportunity),
        ];
        let there = all.into_iter().filter_map(|(kind, target)| Some((kind, target?)));
        there.filter(|(_, target)| !target.is_new).map(|(kind, target)| (kind, target.id)).collect()
    }

    /// What the lead records.
    pub fn converted(&self) -> Converted {
        Converted {
            account: self.account_id(),
            contact: ContactId(self.contact.id),
            opportunity: self.opportunity.map(|deal| OpportunityId(deal.id)),
        }
    }
}

/// A new account, without its owner.
pub fn account(given: &NewLeadAccount) -> Result<Created, Rejection> {
    Ok(Created {
        name: from_proto::name("account.name", &given.name)?,
        domain: from_proto::name("account.domain", &given.domain)?,
        segment: code("account.segment", &given.segment)?,
        ..Created::default()
    })
}

/// A new deal, without its account.
pub fn opportunity(given: &NewLeadOpportunity, at: &Naming<'_>) -> Result<Opened, Rejection> {
    let read = || {
        let (pipeline, definition) = at.pipeline("pipeline", &given.pipeline)?;
        Ok(Opened {
            external_ids: Vec::new(),
            name: from_proto::name("name", &given.name)?,
            pipeline,
            stage: naming::open_stage("stage", &definition, &given.stage)?,
            amount: from_proto::optional_money("amount", given.amount.as_ref())?,
            close_date: from_proto::optional_date("close_date", given.close_date.as_ref())?,
            owner: at.user("owner", &given.owner)?,
            product: at.product("product", &given.product)?,
            account: None,
            opportunity_type: None,
        })
    };
    read().map_err(|rejection| within("opportunity", rejection))
}
