//! Requests become commands; every error names its field.

use api::opportunities::v1::{
    AbandonOpportunityRequest, ChangeOpportunityAmountRequest, ChangeOpportunityCloseDateRequest,
    ChangeOpportunityOwnerRequest, ChangeOpportunityStageRequest, LoseOpportunityRequest,
    NoteOpportunityRequest, OpenOpportunityRequest, OverrideOpportunityCategoryRequest,
    ReopenOpportunityRequest, VoidOpportunityCommandRequest, WinOpportunityRequest,
};
use domain::{
    ExternalId, Instant, Kind, Known, Outcome, PipelineId, ProductId, Rejection, UserId, Voided,
    catalog::Catalog,
    opportunity::{
        Abandoned, AmountChanged, CategoryOverridden, CloseDateChanged, Command, Lost, Noted,
        Opened, Opportunity, OwnerChanged, Reopened, Stage, StageChanged, Won,
    },
    pipeline,
};
use runtime::{command::Asked, from_proto, runtime::Runtime};

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
    NoteOpportunityRequest, dated, text;
    VoidOpportunityCommandRequest, undated, reason;
}

/// What the words of a request refer to: the catalog, at the command's instant.
pub struct Context<'a> {
    /// Finds ids by key.
    pub runtime: &'a Runtime,
    /// The tenant.
    pub tenant: &'a str,
    /// Its catalog.
    pub catalog: &'a Catalog,
    /// When the command happens. What takes effect at that very instant is in force.
    pub at: Instant,
}

impl Context<'_> {
    fn known(&self) -> Known {
        Known { as_of: self.at.next(), ..Known::NOW }
    }

    fn find(&self, kind: Kind, field: &str, text: &str) -> Result<uuid::Uuid, Rejection> {
        self.runtime.find((self.tenant, self.catalog), kind, field, text)
    }

    fn owner(&self, text: &str) -> Result<Option<UserId>, Rejection> {
        if text.is_empty() {
            return Ok(None);
        }
        let id = UserId(self.find(Kind::User, "owner", text)?);
        let user = self.catalog.user(id, self.known());
        in_force("owner", "USER", user.map(|user| user.retired))?;
        Ok(Some(id))
    }

    fn product(&self, text: &str) -> Result<Option<ProductId>, Rejection> {
        if text.is_empty() {
            return Ok(None);
        }
        let id = ProductId(self.find(Kind::Product, "product", text)?);
        let product = self.catalog.product(id, self.known());
        in_force("product", "PRODUCT", product.map(|product| product.retired))?;
        Ok(Some(id))
    }

    fn pipeline(&self, text: &str) -> Result<(PipelineId, pipeline::Defined), Rejection> {
        if text.is_empty() {
            return Err(from_proto::missing("pipeline"));
        }
        let id = PipelineId(self.find(Kind::Pipeline, "pipeline", text)?);
        let pipeline = self.catalog.pipeline(id, self.known());
        in_force("pipeline", "PIPELINE", pipeline.as_ref().map(|pipeline| pipeline.retired))?;
        pipeline
            .map(|pipeline| (id, pipeline))
            .ok_or_else(|| Rejection::invalid("PIPELINE_UNKNOWN", "pipeline", "not defined then"))
    }

    /// An open stage of a deal's own pipeline.
    fn stage_of(&self, deal: &Opportunity, key: &str) -> Result<Stage, Rejection> {
        let pipeline = deal.pipeline.and_then(|id| self.catalog.pipeline(id, self.known()));
        match pipeline {
            Some(pipeline) => open_stage(&pipeline, key),
            // The decision says that the deal does not exist; a stage without order hurts nobody.
            None => Ok(Stage { key: key.to_owned(), order: None }),
        }
    }
}

fn in_force(field: &str, what: &str, retired: Option<bool>) -> Result<(), Rejection> {
    match retired {
        Some(false) => Ok(()),
        Some(true) => {
            let message = "it is retired: name another, or define it anew";
            Err(Rejection::invalid("REFERENCE_RETIRED", field, message))
        }
        None => {
            let message = format!("this {} was not defined at that instant", what.to_lowercase());
            Err(Rejection::invalid("REFERENCE_UNKNOWN", field, message))
        }
    }
}

fn open_stage(pipeline: &pipeline::Defined, key: &str) -> Result<Stage, Rejection> {
    let Some(stage) = pipeline.stage(key) else {
        let known: Vec<&str> = pipeline.open_stages().map(|stage| stage.key.as_str()).collect();
        let message =
            format!("no stage {key:?} in {:?}; it has {}", pipeline.key, known.join(", "));
        return Err(Rejection::invalid("STAGE_UNKNOWN", "stage", message));
    };
    if stage.outcome != Outcome::Open {
        let message = "this stage closes deals: win, lose or abandon the deal instead";
        return Err(Rejection::invalid("STAGE_CLOSES", "stage", message));
    }
    Ok(pipeline.stage_fact(key))
}

/// Opening a deal.
pub fn open(request: &OpenOpportunityRequest, at: &Context<'_>) -> Result<Command, Rejection> {
    let (pipeline, definition) = at.pipeline(&request.pipeline)?;
    let first = definition.open_stages().next().map_or("", |stage| stage.key.as_str());
    let stage = if request.stage.is_empty() { first } else { &request.stage };
    let external_ids = request.external_id.iter().map(|external| {
        Ok(ExternalId {
            source: from_proto::key("external_id.source", &external.source)?,
            key: from_proto::key("external_id.key", &external.key)?,
        })
    });
    Ok(Command::Open(Opened {
        external_ids: external_ids.collect::<Result<_, Rejection>>()?,
        name: from_proto::name("name", &request.name)?,
        pipeline,
        stage: open_stage(&definition, stage)?,
        amount: from_proto::optional_money("amount", request.amount.as_ref())?,
        close_date: from_proto::optional_date("close_date", request.close_date.as_ref())?,
        owner: at.owner(&request.owner)?,
        product: at.product(&request.product)?,
        account: None,
        opportunity_type: None,
    }))
}

/// Moving a deal.
pub fn change_stage(
    request: &ChangeOpportunityStageRequest,
    deal: &Opportunity,
    at: &Context<'_>,
) -> Result<Command, Rejection> {
    if request.stage.is_empty() {
        return Err(from_proto::missing("stage"));
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
) -> Result<Command, Rejection> {
    let amount = from_proto::optional_money("amount", request.amount.as_ref())?;
    Ok(Command::ChangeAmount(AmountChanged { amount }))
}

/// Restating the close date.
pub fn change_close_date(
    request: &ChangeOpportunityCloseDateRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Rejection> {
    let close_date = from_proto::optional_date("close_date", request.close_date.as_ref())?;
    Ok(Command::ChangeCloseDate(CloseDateChanged { close_date }))
}

/// Handing a deal over.
pub fn change_owner(
    request: &ChangeOpportunityOwnerRequest,
    _deal: &Opportunity,
    at: &Context<'_>,
) -> Result<Command, Rejection> {
    Ok(Command::ChangeOwner(OwnerChanged { owner: at.owner(&request.owner)? }))
}

/// Judging the category by hand.
pub fn override_category(
    request: &OverrideOpportunityCategoryRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Rejection> {
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
) -> Result<Command, Rejection> {
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
) -> Result<Command, Rejection> {
    let reason = from_proto::reason(&request.reason_code, &request.reason, true)?;
    Ok(Command::Lose(Lost { reason }))
}

/// Ending a deal on which nobody decided.
pub fn abandon(
    request: &AbandonOpportunityRequest,
    _deal: &Opportunity,
    _at: &Context<'_>,
) -> Result<Command, Rejection> {
    let reason = from_proto::reason(&request.reason_code, &request.reason, true)?;
    Ok(Command::Abandon(Abandoned { reason }))
}

/// Working a closed deal again.
pub fn reopen(
    request: &ReopenOpportunityRequest,
    deal: &Opportunity,
    at: &Context<'_>,
) -> Result<Command, Rejection> {
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
) -> Result<Command, Rejection> {
    let text = from_proto::text("text", &request.text)?;
    text.map(|text| Command::Note(Noted { text })).ok_or_else(|| from_proto::missing("text"))
}

/// Taking a command back.
pub fn void(request: &VoidOpportunityCommandRequest) -> Result<Voided, Rejection> {
    Ok(Voided {
        command_id: from_proto::uuid("command_id", &request.command_id)?,
        reason: from_proto::reason(&request.reason_code, &request.reason, true)?,
    })
}
