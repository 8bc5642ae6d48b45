//! Requests about contracts become commands; every error names its field.

use api::accounts::v1::{
    ActivateContractRequest, ChurnContractRequest, ContractContractRequest, ExpandContractRequest,
    RenewContractRequest, VoidContractCommandRequest, WinBackContractRequest,
};
use domain::{
    Kind, OpportunityId,
    contract::{Activated, Churned, Command, Contract, Contracted, Expanded, Renewed, WonBack},
};
use runtime::{desk::Undecided, from_proto};

use crate::{
    context::{Context, external_ids},
    customers::on,
};

on! { Contract, contract_id;
    ActivateContractRequest, creates, |_| false;
    ExpandContractRequest, changes, |_| false;
    ContractContractRequest, changes, |_| false;
    RenewContractRequest, changes, |_| false;
    ChurnContractRequest, changes, |it| !it.reason.is_empty();
    WinBackContractRequest, changes, |_| false;
    VoidContractCommandRequest, voids, |it| !it.reason.is_empty();
}

/// Taking up what was agreed.
pub fn activate(
    request: &ActivateContractRequest,
    _contract: &Contract,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    let account = at.account("account_id", &request.account_id)?;
    let opportunity = match request.opportunity_id.as_str() {
        "" => None,
        text => {
            let id = at.existing(Kind::Opportunity, "opportunity_id", text)?;
            Some(OpportunityId(id))
        }
    };
    Ok(Command::Activate(Activated {
        external_ids: external_ids(request.external_id.as_ref())?,
        account: account.ok_or_else(|| from_proto::missing("account_id"))?,
        opportunity,
        product: at.product(&request.product)?,
        recurring: from_proto::recurring(request.recurring.as_ref())?,
        starts: from_proto::required_date("starts", request.starts.as_ref())?,
        ends: from_proto::optional_date("ends", request.ends.as_ref())?,
    }))
}

/// Agreeing to more.
pub fn expand(
    request: &ExpandContractRequest,
    _contract: &Contract,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::Expand(Expanded {
        recurring: from_proto::recurring(request.recurring.as_ref())?,
        effective: from_proto::required_date("effective", request.effective.as_ref())?,
    }))
}

/// Agreeing to less.
pub fn contract(
    request: &ContractContractRequest,
    _contract: &Contract,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::Contract(Contracted {
        recurring: from_proto::recurring(request.recurring.as_ref())?,
        effective: from_proto::required_date("effective", request.effective.as_ref())?,
    }))
}

/// Agreeing to another term.
pub fn renew(
    request: &RenewContractRequest,
    _contract: &Contract,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::Renew(Renewed {
        recurring: from_proto::recurring(request.recurring.as_ref())?,
        ends: from_proto::optional_date("ends", request.ends.as_ref())?,
        effective: from_proto::required_date("effective", request.effective.as_ref())?,
    }))
}

/// Ending it.
pub fn churn(
    request: &ChurnContractRequest,
    _contract: &Contract,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::Churn(Churned {
        reason: from_proto::reason(&request.reason_code, &request.reason, true)?,
        effective: from_proto::required_date("effective", request.effective.as_ref())?,
    }))
}

/// Beginning it again.
pub fn win_back(
    request: &WinBackContractRequest,
    _contract: &Contract,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::WinBack(WonBack {
        recurring: from_proto::recurring(request.recurring.as_ref())?,
        effective: from_proto::required_date("effective", request.effective.as_ref())?,
        ends: from_proto::optional_date("ends", request.ends.as_ref())?,
    }))
}
