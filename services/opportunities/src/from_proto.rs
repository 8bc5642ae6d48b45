//! Requests become commands; every error names its field.

use api::opportunities::v1::{
    AbandonOpportunityRequest, ChangeOpportunityAccountRequest, ChangeOpportunityAmountRequest,
    ChangeOpportunityCloseDateRequest, ChangeOpportunityContactRoleRequest,
    ChangeOpportunityOwnerRequest, ChangeOpportunityStageRequest, ChangeOpportunityTypeRequest,
    LoseOpportunityRequest, NameOpportunityCompetitorRequest, NoteOpportunityRequest,
    OpenOpportunityRequest, OpportunityType as ProtoType, OverrideOpportunityCategoryRequest,
    ReopenOpportunityRequest, VoidOpportunityCommandRequest, WinOpportunityRequest,
};
use domain::{
    OpportunityType, Rejection, Voided,
    opportunity::{
        Abandoned, AccountChanged, AmountChanged, CategoryOverridden, CloseDateChanged, Command,
        CompetitorNamed, ContactRoleChanged, Lost, Noted, Opened, Opportunity, OwnerChanged,
        Reopened, StageChanged, TypeChanged, Won,
    },
};
use runtime::{command::Asked, desk::Undecided, from_proto};

use crate::context::{Context, code, external_ids, open_stage, optional_code};

/// A command on one opportunity, as the contract spells them all.
pub trait OnOpportunity: prost::Message + Default + 'static {
    /// What every command says about itself.
    fn asked(&self) -> Asked<'_>;
    /// `opportunity_id`.
    fn opportunity_id(&self) -> &str;
    /// Whether it carries text that has to be sealed.
    fn has_text(&self) -> bool;
}

macro_rules! on_opportunity {
    ($($request:ident, $at:ident, $($text:ident)?;)+) => {$(
        impl OnOpportunity for $request {
            fn asked(&self) -> Asked<'_> {
                Asked {
                    rpc: stringify!($request),
                    request_id: &self.request_id,
                    etag: &self.etag,
                    at: on_opportunity!(@at self, $at),
                }
            }

            fn opportunity_id(&self) -> &str {
                &self.opportunity_id
            }

            fn has_text(&self) -> bool {
                false $(|| !self.$text.is_empty())?
            }
        }
    )+};
    (@at $self:ident, dated) => { $self.occurred_at.as_ref().map(|at| ("occurred_at", at)) };
    (@at $self:ident, undated) => { None };
}

on_opportunity! {
    ChangeOpportunityStageRequest, dated,;
    ChangeOpportunityAmountRequest, dated,;
    ChangeOpportunityCloseDateRequest, dated,;
    ChangeOpportunityOwnerRequest, dated,;
    OverrideOpportunityCategoryRequest, dated, reason;
    WinOpportunityRequest, dated, reason;
    LoseOpportunityRequest, dated, reason;
    AbandonOpportunityRequest, dated, reason;
    ReopenOpportunityRequest, dated, reason;
    ChangeOpportunityAccountRequest, dated,;
    ChangeOpportunityTypeRequest, dated,;
    NameOpportunityCompetitorRequest, dated, text;
    ChangeOpportunityContactRoleRequest, dated,;
    NoteOpportunityRequest, dated, text;
    VoidOpportunityCommandRequest, undated, reason;
}

/// Opening a deal.
pub fn open(request: &OpenOpportunityRequest, at: &Context<'_>) -> Result<Command, Undecided> {
    let (pipeline, definition) = at.pipeline(&request.pipeline)?;
    let first = definition.open_stages().next().map_or("", |stage| stage.key.as_str());
    let stage = if request.stage.is_empty() { first } else { &request.stage };
    Ok(Command::Open(Opened {
        external_ids: external_ids(request.external_id.as_ref())?,
        name: from_proto::name("name", &request.name)?,
        pipeline,
        stage: open_stage(&definition, stage)?,
        amount: from_proto::optional_money("amount", request.amount.as_ref())?,
        close_date: from_proto::optional_date("close_date", request.close_date.as_ref())?,
        owner: at.owner(&request.owner)?,
        product: at.product(&request.product)?,
        account: at.account("account_id", &request.account_id)?,
        opportunity_type: opportunity_type("opportunity_type", request.opportunity_type)?,
    }))
}

/// Moving a deal.
pub fn change_stage(
    request: &ChangeOpportunityStageRequest,
    deal: &Opportunity,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    if request.stage.is_empty() {
        return Err(from_proto::missing("stage").into());
    }
    Ok(Command::ChangeStage(StageChanged {
        stage: at.stage_of(deal, &request.stage)?,
        pipeline: None,
    }))
}

/// Restating the amount.
pub fn change_amount(
    request: &ChangeOpportunityAmountRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let amount = from_proto::optional_money("amount", request.amount.as_ref())?;
    Ok(Command::ChangeAmount(AmountChanged { amount }))
}

/// Restating the close date.
pub fn change_close_date(
    request: &ChangeOpportunityCloseDateRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let close_date = from_proto::optional_date("close_date", request.close_date.as_ref())?;
    Ok(Command::ChangeCloseDate(CloseDateChanged { close_date }))
}

/// Handing a deal over.
pub fn change_owner(
    request: &ChangeOpportunityOwnerRequest,
    _deal: &Opportunity,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::ChangeOwner(OwnerChanged { owner: at.owner(&request.owner)? }))
}

/// Judging the category by hand.
pub fn override_category(
    request: &OverrideOpportunityCategoryRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::OverrideCategory(CategoryOverridden {
        category: from_proto::category("category", request.category)?,
        reason: from_proto::reason(&request.reason_code, &request.reason, false)?,
    }))
}

/// Winning a deal.
pub fn win(
    request: &WinOpportunityRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::Win(Won {
        amount: from_proto::optional_money("amount", request.amount.as_ref())?,
        reason: from_proto::reason(&request.reason_code, &request.reason, false)?,
    }))
}

/// Losing a deal.
pub fn lose(
    request: &LoseOpportunityRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let reason = from_proto::reason(&request.reason_code, &request.reason, true)?;
    Ok(Command::Lose(Lost { reason }))
}

/// Ending a deal on which nobody decided.
pub fn abandon(
    request: &AbandonOpportunityRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let reason = from_proto::reason(&request.reason_code, &request.reason, true)?;
    Ok(Command::Abandon(Abandoned { reason }))
}

/// Working a closed deal again.
pub fn reopen(
    request: &ReopenOpportunityRequest,
    deal: &Opportunity,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    let stage = match request.stage.as_str() {
        "" => None,
        key => Some(at.stage_of(deal, key)?),
    };
    let reason = from_proto::reason(&request.reason_code, &request.reason, false)?;
    Ok(Command::Reopen(Reopened { stage, pipeline: None, reason }))
}

/// Writing something down.
pub fn note(
    request: &NoteOpportunityRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let text = from_proto::text("text", &request.text)?;
    let text = text.ok_or_else(|| from_proto::missing("text"))?;
    Ok(Command::Note(Noted { text }))
}

/// Saying whom a deal is with.
pub fn change_account(
    request: &ChangeOpportunityAccountRequest,
    _deal: &Opportunity,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    let account = at.account("account_id", &request.account_id)?;
    Ok(Command::ChangeAccount(AccountChanged { account }))
}

/// Saying of what type a deal is.
pub fn change_type(
    request: &ChangeOpportunityTypeRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    let opportunity_type = opportunity_type("opportunity_type", request.opportunity_type)?;
    Ok(Command::ChangeType(TypeChanged { opportunity_type }))
}

/// Naming somebody else who wants to sell there.
pub fn name_competitor(
    request: &NameOpportunityCompetitorRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::NameCompetitor(CompetitorNamed {
        competitor: code("competitor", &request.competitor)?,
        text: from_proto::text("text", &request.text)?,
    }))
}

/// Saying what part a contact plays.
pub fn change_contact_role(
    request: &ChangeOpportunityContactRoleRequest,
    _deal: &Opportunity,
    at: &Context<'_>,
) -> Result<Command, Undecided> {
    Ok(Command::ChangeContactRole(ContactRoleChanged {
        role: optional_code("role", &request.role)?,
        contact: at.contact("contact_id", &request.contact_id)?,
    }))
}

/// A deal's type; `None` when it is not said.
pub fn opportunity_type(field: &str, value: i32) -> Result<Option<OpportunityType>, Rejection> {
    match ProtoType::try_from(value) {
        Ok(ProtoType::Unspecified) => Ok(None),
        Ok(ProtoType::NewBusiness) => Ok(Some(OpportunityType::NewBusiness)),
        Ok(ProtoType::Expansion) => Ok(Some(OpportunityType::Expansion)),
        Ok(ProtoType::Renewal) => Ok(Some(OpportunityType::Renewal)),
        Err(_) => Err(Rejection::invalid("TYPE_UNKNOWN", field, "no such type of deal")),
    }
}

/// Taking a command back.
pub fn void(request: &VoidOpportunityCommandRequest) -> Result<Voided, Rejection> {
    Ok(Voided {
        command_id: from_proto::uuid("command_id", &request.command_id)?,
        reason: from_proto::reason(&request.reason_code, &request.reason, true)?,
    })
}
