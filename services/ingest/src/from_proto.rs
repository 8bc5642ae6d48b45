//! Reports become facts; what cannot be read is rejected, and the field is named.

use api::ingest::v1::{OpportunityOpened, Report, report::Fact as Reported};
use domain::{
    ExternalId, Fact, Instant, Kind, Known, PersonId, PipelineId, ProductId, Rejection, UserId,
    catalog::Catalog,
    opportunity::{
        self, Abandoned, AmountChanged, CategoryOverridden, CloseDateChanged, Lost, Noted, Opened,
        OwnerChanged, Reopened, Stage, StageChanged, Won,
    },
    pipeline, product, user,
};
use runtime::{
    from_proto::{self, within},
    query,
    runtime::Runtime,
};
use uuid::Uuid;

use crate::lead;

/// The longest name of a mapping's rule, in bytes.
const RULE_MAX: usize = 64;

/// A report that could be read.
pub struct Read {
    /// The entity that it is about.
    pub kind: Kind,
    /// The entity that it is about.
    pub id: Uuid,
    /// When it happened, or since when a definition holds.
    pub occurred_at: Instant,
    /// The source's order among reports of one instant.
    pub source_seq: u64,
    /// What it says.
    pub said: Said,
    /// The pipeline whose stage it names: where the furthest one counts, the stage's order goes
    /// into the fact, as it is defined at the instant of the report.
    pub pipeline: Option<PipelineId>,
    /// The keys under which its texts are to be sealed.
    pub seal_under: Vec<Uuid>,
}

/// What a report says.
#[derive(Clone)]
pub enum Said {
    /// Something happened to a deal: recorded as it is.
    Happened(Box<opportunity::Fact>),
    /// Something happened to a lead: recorded as it is.
    Lead(Box<domain::lead::Fact>),
    /// A definition, which is judged like any other.
    Pipeline(pipeline::Command),
    /// A definition, which is judged like any other.
    Product(product::Command),
    /// A definition, which is judged like any other.
    User(Box<user::Command>),
}

/// Reads the reports of one source of one tenant.
pub struct Reader<'a> {
    /// Ids and clock.
    pub runtime: &'a Runtime,
    /// The tenant.
    pub tenant: &'a str,
    /// Its catalog, for the stages of pipelines that count the furthest one.
    pub catalog: &'a Catalog,
    /// The source's key.
    pub source: &'a str,
}

impl Reader<'_> {
    /// Reads one report.
    pub fn read(&self, report: &Report) -> Result<Read, Rejection> {
        let key = from_proto::key("key", &report.key)?;
        check_order(report)?;
        let fact = report.fact.as_ref().ok_or_else(|| from_proto::missing("fact"))?;
        let at = report.occurred_at.as_ref();
        let at = at.map(|at| query::instant("occurred_at", at)).transpose()?;
        let read = match self.definition(&key, fact).map_err(|why| within(word(fact), why))? {
            Some((kind, said, seal_under)) => Read {
                kind,
                id: self.id(kind, &key),
                occurred_at: at.unwrap_or(Instant::BEGINNING),
                source_seq: report.source_seq,
                said,
                pipeline: None,
                seal_under: seal_under.into_iter().collect(),
            },
            None => {
                let occurred_at = at.ok_or_else(|| from_proto::missing("occurred_at"))?;
                self.runtime.refuse_future("occurred_at", Some(occurred_at))?;
                if let Some(lead) = self.lead(&key, fact).map_err(|why| within(word(fact), why))? {
                    return self.about_lead(&key, lead, (occurred_at, report.source_seq));
                }
                let fact = self.happened(&key, fact).map_err(|why| within(word(fact), why))?;
                let id = self.id(Kind::Opportunity, &key);
                let has_text = !Fact::from(fact.clone()).personal().is_empty();
                Read {
                    kind: Kind::Opportunity,
                    id,
                    occurred_at,
                    source_seq: report.source_seq,
                    pipeline: self.pipeline_of(&fact, occurred_at),
                    said: Said::Happened(Box::new(fact)),
                    seal_under: has_text.then_some(id).into_iter().collect(),
                }
            }
        };
        Ok(read)
    }

    /// A report about a lead, whose texts are sealed under the keys of its person and its own.
    fn about_lead(
        &self,
        key: &str,
        fact: domain::lead::Fact,
        (occurred_at, source_seq): (Instant, u64),
    ) -> Result<Read, Rejection> {
        let id = self.id(Kind::Lead, key);
        let mut texts = Fact::from(fact.clone());
        let keys = texts.personal().into_iter().map(|slot| slot.person);
        let mut seal_under: Vec<Uuid> =
            keys.map(|person| person.map_or(id, |person| person.0)).collect();
        seal_under.dedup();
        for key in &seal_under {
            self.refuse_erased(PersonId(*key))?;
        }
        let (kind, said) = (Kind::Lead, Said::Lead(Box::new(fact)));
        Ok(Read { kind, id, occurred_at, source_seq, said, pipeline: None, seal_under })
    }

    /// A definition, and the person whose key seals its texts; `None` for what happened to a deal.
    fn definition(
        &self,
        key: &str,
        fact: &Reported,
    ) -> Result<Option<(Kind, Said, Option<Uuid>)>, Rejection> {
        Ok(match fact {
            Reported::PipelineDefined(value) => {
                let defined = from_proto::pipeline(key, Some(value))?;
                let said = Said::Pipeline(pipeline::Command::Define(defined));
                Some((Kind::Pipeline, said, None))
            }
            Reported::ProductDefined(value) => {
                let defined = from_proto::product(key, Some(value))?;
                let said = Said::Product(product::Command::Define(defined));
                Some((Kind::Product, said, None))
            }
            Reported::UserDefined(value) => {
                let id = self.id(Kind::User, key);
                let person = self.runtime.vault.person_id(self.tenant, Kind::User, id);
                self.refuse_erased(PersonId(person))?;
                let manager = self.user(&value.manager);
                let defined = from_proto::user(key, Some(value), PersonId(person), manager)?;
                let said = Said::User(Box::new(user::Command::Define(defined)));
                Some((Kind::User, said, Some(person)))
            }
            _ => None,
        })
    }

    fn happened(&self, key: &str, fact: &Reported) -> Result<opportunity::Fact, Rejection> {
        use opportunity::Fact as To;
        Ok(match fact {
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
                    reason: from_proto::reason(&it.reason_code, &it.reason, false)?,
                })
            }
            Reported::OpportunityWon(it) => To::Won(Won {
                amount: from_proto::optional_money("amount", it.amount.as_ref())?,
                reason: from_proto::reason(&it.reason_code, &it.reason, false)?,
            }),
            Reported::OpportunityLost(it) => {
                To::Lost(Lost { reason: from_proto::reason(&it.reason_code, &it.reason, false)? })
            }
            Reported::OpportunityAbandoned(it) => To::Abandoned(Abandoned {
                reason: from_proto::reason(&it.reason_code, &it.reason, false)?,
            }),
            Reported::OpportunityReopened(it) => To::Reopened(
                Reopened {
                    stage: match it.stage.as_str() {
                        "" => None,
                        named => Some(stage("stage", named)?),
                    },
                    pipeline: self.pipeline(&it.pipeline),
                    reason: from_proto::reason(&it.reason_code, &it.reason, false)?,
                }
                .into(),
            ),
            Reported::OpportunityNoted(it) => To::Noted(Noted {
                text: from_proto::text("text", &it.text)?
                    .ok_or_else(|| from_proto::missing("text"))?,
            }),
            Reported::PipelineDefined(_)
            | Reported::ProductDefined(_)
            | Reported::UserDefined(_)
            | Reported::LeadCaptured(_)
            | Reported::LeadDetailsCorrected(_)
            | Reported::LeadAssigned(_)
            | Reported::LeadWorked(_)
            | Reported::LeadNurtured(_)
            | Reported::LeadHandedOver(_)
            | Reported::LeadAccepted(_)
            | Reported::LeadRejected(_)
            | Reported::LeadQualified(_)
            | Reported::LeadDisqualified(_)
            | Reported::LeadRecycled(_)
            | Reported::LeadConverted(_)
            | Reported::LeadConsentChanged(_)
            | Reported::LeadNoted(_) => return Err(from_proto::missing("fact")),
        })
    }

    fn opened(&self, key: &str, it: &OpportunityOpened) -> Result<Opened, Rejection> {
        let pipeline = from_proto::key("pipeline", &it.pipeline)?;
        let product =
            (!it.product.is_empty()).then(|| ProductId(self.id(Kind::Product, &it.product)));
        Ok(Opened {
            external_ids: vec![ExternalId { source: self.source.to_owned(), key: key.to_owned() }],
            name: from_proto::name("name", &it.name)?,
            pipeline: PipelineId(self.id(Kind::Pipeline, &pipeline)),
            stage: stage("stage", &it.stage)?,
            amount: from_proto::optional_money("amount", it.amount.as_ref())?,
            close_date: from_proto::optional_date("close_date", it.close_date.as_ref())?,
            owner: self.user(&it.owner),
            product,
            account: None,
            opportunity_type: None,
        })
    }

    /// The pipeline whose stage a report names: the one that it says, or the source's only one.
    fn pipeline_of(&self, fact: &opportunity::Fact, at: Instant) -> Option<PipelineId> {
        let (names_stage, named) = match fact {
            opportunity::Fact::Opened(fact) => (true, Some(fact.pipeline)),
            opportunity::Fact::StageChanged(fact) => (true, fact.pipeline),
            opportunity::Fact::Reopened(fact) => (fact.stage.is_some(), fact.pipeline),
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

    pub(crate) fn user(&self, key: &str) -> Option<UserId> {
        (!key.is_empty()).then(|| UserId(self.id(Kind::User, key)))
    }

    pub(crate) fn id(&self, kind: Kind, key: &str) -> Uuid {
        self.runtime.vault.entity_id(self.tenant, kind, self.source, key)
    }

    fn refuse_erased(&self, person: PersonId) -> Result<(), Rejection> {
        if self.catalog.is_erased(person) {
            let message = "this person was erased; their definition is not taken again";
            return Err(Rejection::precondition("PERSON_ERASED", message));
        }
        Ok(())
    }
}

/// A stage as the source names it; an unknown one is recorded as it is.
fn stage(field: &str, key: &str) -> Result<Stage, Rejection> {
    Ok(Stage { key: from_proto::key(field, key)?, order: None })
}

/// What the contract calls a fact, and with it the fields in it.
fn word(fact: &Reported) -> &'static str {
    if let Some(word) = lead::word(fact) {
        return word;
    }
    match fact {
        Reported::OpportunityOpened(_) => "opportunity_opened",
        Reported::OpportunityStageChanged(_) => "opportunity_stage_changed",
        Reported::OpportunityAmountChanged(_) => "opportunity_amount_changed",
        Reported::OpportunityCloseDateChanged(_) => "opportunity_close_date_changed",
        Reported::OpportunityOwnerChanged(_) => "opportunity_owner_changed",
        Reported::OpportunityCategoryOverridden(_) => "opportunity_category_overridden",
        Reported::OpportunityWon(_) => "opportunity_won",
        Reported::OpportunityLost(_) => "opportunity_lost",
        Reported::OpportunityAbandoned(_) => "opportunity_abandoned",
        Reported::OpportunityReopened(_) => "opportunity_reopened",
        Reported::OpportunityNoted(_) => "opportunity_noted",
        Reported::PipelineDefined(_) => "pipeline_defined",
        Reported::ProductDefined(_) => "product_defined",
        Reported::UserDefined(_) => "user_defined",
        Reported::LeadCaptured(_)
        | Reported::LeadDetailsCorrected(_)
        | Reported::LeadAssigned(_)
        | Reported::LeadWorked(_)
        | Reported::LeadNurtured(_)
        | Reported::LeadHandedOver(_)
        | Reported::LeadAccepted(_)
        | Reported::LeadRejected(_)
        | Reported::LeadQualified(_)
        | Reported::LeadDisqualified(_)
        | Reported::LeadRecycled(_)
        | Reported::LeadConverted(_)
        | Reported::LeadConsentChanged(_)
        | Reported::LeadNoted(_) => "lead",
    }
}

fn check_order(report: &Report) -> Result<(), Rejection> {
    if report.rule.is_empty() || report.rule.len() > RULE_MAX {
        return Err(Rejection::invalid("RULE_INVALID", "rule", "a rule has 1 to 64 bytes"));
    }
    if i64::try_from(report.source_seq).is_err() {
        let message = "an order among equals is below 2^63";
        return Err(Rejection::invalid("SOURCE_SEQ_INVALID", "source_seq", message));
    }
    Ok(())
}
