//! Reports about deals become facts.

use api::ingest::v1::{OpportunityOpened, report::Fact as Reported};
use domain::{
    AccountId, Fact, Instant, Kind, Known, PipelineId, ProductId, Rejection,
    opportunity::{
        Abandoned, AccountChanged, AmountChanged, CategoryOverridden, CloseDateChanged, Fact as To,
        Lost, Noted, Opened, OwnerChanged, Reopened, Stage, StageChanged, Won,
    },
};
use runtime::from_proto;

use crate::from_proto::{Reader, reason, text};

impl Reader<'_> {
    /// What happened to a deal.
    pub(crate) fn opportunity(&self, key: &str, fact: &Reported) -> Result<Fact, Rejection> {
        Ok(Fact::from(match fact {
            Reported::OpportunityOpened(it) => To::Opened(self.opened(key, it)?.into()),
            Reported::OpportunityStageChanged(it) => To::StageChanged(StageChanged {
                stage: stage("stage", &it.stage)?,
                pipeline: self.pipeline(&it.pipeline),
            }),
            Reported::OpportunityAmountChanged(it) => To::AmountChanged(AmountChanged {
                amount: from_proto::optional_money("amount", it.amount.as_ref())?,
            }),
            Reported::OpportunityCloseDateChanged(it) => To::CloseDateChanged(CloseDateChanged {
                close_date: from_proto::optional_date("close_date", it.close_date.as_ref())?,
            }),
            Reported::OpportunityOwnerChanged(it) => {
                To::OwnerChanged(OwnerChanged { owner: self.user(&it.owner) })
            }
            Reported::OpportunityCategoryOverridden(it) => {
                To::CategoryOverridden(CategoryOverridden {
                    category: from_proto::category("category", it.category)?,
                    reason: reason(&it.reason_code, &it.reason)?,
                })
            }
            Reported::OpportunityWon(it) => To::Won(Won {
                amount: from_proto::optional_money("amount", it.amount.as_ref())?,
                reason: reason(&it.reason_code, &it.reason)?,
            }),
            Reported::OpportunityLost(it) => {
                To::Lost(Lost { reason: reason(&it.reason_code, &it.reason)? })
            }
            Reported::OpportunityAbandoned(it) => {
                To::Abandoned(Abandoned { reason: reason(&it.reason_code, &it.reason)? })
            }
            Reported::OpportunityReopened(it) => To::Reopened(
                Reopened {
                    stage: match it.stage.as_str() {
                        "" => None,
                        named => Some(stage("stage", named)?),
                    },
                    pipeline: self.pipeline(&it.pipeline),
                    reason: reason(&it.reason_code, &it.reason)?,
                }
                .into(),
            ),
            Reported::OpportunityNoted(it) => To::Noted(Noted { text: text("text", &it.text)? }),
            Reported::OpportunityAccountChanged(it) => To::AccountChanged(AccountChanged {
                account: self.named(Kind::Account, "account", &it.account)?.map(AccountId),
            }),
            _ => return Err(from_proto::missing("fact")),
        }))
    }

    fn opened(&self, key: &str, it: &OpportunityOpened) -> Result<Opened, Rejection> {
        let pipeline = from_proto::key("pipeline", &it.pipeline)?;
        let product =
            (!it.product.is_empty()).then(|| ProductId(self.id(Kind::Product, &it.product)));
        Ok(Opened {
            external_ids: self.external_ids(key),
            name: from_proto::name("name", &it.name)?,
            pipeline: PipelineId(self.id(Kind::Pipeline, &pipeline)),
            stage: stage("stage", &it.stage)?,
            amount: from_proto::optional_money("amount", it.amount.as_ref())?,
            close_date: from_proto::optional_date("close_date", it.close_date.as_ref())?,
            owner: self.user(&it.owner),
            product,
            account: self.named(Kind::Account, "account", &it.account)?.map(AccountId),
            opportunity_type: None,
        })
    }

    /// The pipeline whose stage a report names: the one that it says, or the source's only one.
    pub(crate) fn pipeline_of(&self, fact: &To, at: Instant) -> Option<PipelineId> {
        let (names_stage, named) = match fact {
            To::Opened(fact) => (true, Some(fact.pipeline)),
            To::StageChanged(fact) => (true, fact.pipeline),
            To::Reopened(fact) => (fact.stage.is_some(), fact.pipeline),
            _ => (false, None),
        };
        if !names_stage {
            return None;
        }
        named.or_else(|| self.only_pipeline(Known { as_of: at.next(), ..Known::NOW }))
    }

    fn pipeline(&self, key: &str) -> Option<PipelineId> {
        (!key.is_empty()).then(|| PipelineId(self.id(Kind::Pipeline, key)))
    }

    /// The pipeline of a source that has just one.
    fn only_pipeline(&self, known: Known) -> Option<PipelineId> {
        let mut own = self
            .catalog
            .pipelines(known)
            .filter(|(id, pipeline)| self.id(Kind::Pipeline, &pipeline.key) == id.0);
        let (only, _) = own.next()?;
        own.next().is_none().then_some(only)
    }
}

/// A stage as the source names it; an unknown one is recorded as it is.
fn stage(field: &str, key: &str) -> Result<Stage, Rejection> {
    Ok(Stage { key: from_proto::key(field, key)?, order: None })
}
