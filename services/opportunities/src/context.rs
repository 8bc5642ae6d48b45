//! What the words of a request refer to: the catalog and other entities, at the command's instant.

use domain::{
    AccountId, ContactId, ExternalId, Instant, Kind, Known, Outcome, PersonId, PipelineId,
    ProductId, Rejection, UserId,
    catalog::Catalog,
    opportunity::{Opportunity, Stage},
    pipeline,
};
use runtime::{
    desk::{Desk, Undecided},
    from_proto,
    runtime::Runtime,
};
use uuid::Uuid;

/// The longest code, in bytes.
const CODE_MAX: usize = 64;

/// What the words of a request refer to, at the command's instant.
pub struct Context<'a> {
    /// Finds ids by key.
    pub runtime: &'a Runtime,
    /// The tenant.
    pub tenant: &'a str,
    /// Its catalog.
    pub catalog: &'a Catalog,
    /// Every entity, with everything decided so far.
    pub desk: &'a Desk<'a>,
    /// When the command happens. What takes effect at that very instant is in force.
    pub at: Instant,
    /// Whose key seals the entity's texts: the entity's own id, or that of the person behind it.
    pub key: Uuid,
}

impl Context<'_> {
    /// What is known when the command happens.
    pub fn known(&self) -> Known {
        Known { as_of: self.at.next(), ..Known::NOW }
    }

    fn find(&self, kind: Kind, field: &str, text: &str) -> Result<Uuid, Rejection> {
        self.runtime.find((self.tenant, self.catalog), kind, field, text)
    }

    /// The person behind an entity that stands for one.
    pub fn person(&self) -> PersonId {
        PersonId(self.key)
    }

    /// A user, by id or key.
    pub fn user(&self, field: &str, text: &str) -> Result<Option<UserId>, Rejection> {
        if text.is_empty() {
            return Ok(None);
        }
        let id = UserId(self.find(Kind::User, field, text)?);
        let user = self.catalog.user(id, self.known());
        in_force(field, "USER", user.map(|user| user.retired))?;
        Ok(Some(id))
    }

    /// The user who answers for an entity.
    pub fn owner(&self, text: &str) -> Result<Option<UserId>, Rejection> {
        self.user("owner", text)
    }

    /// A product, by id or key.
    pub fn product(&self, text: &str) -> Result<Option<ProductId>, Rejection> {
        if text.is_empty() {
            return Ok(None);
        }
        let id = ProductId(self.find(Kind::Product, "product", text)?);
        let product = self.catalog.product(id, self.known());
        in_force("product", "PRODUCT", product.map(|product| product.retired))?;
        Ok(Some(id))
    }

    /// A pipeline, by id or key, with its definition.
    pub fn pipeline(&self, text: &str) -> Result<(PipelineId, pipeline::Defined), Rejection> {
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
    pub fn stage_of(&self, deal: &Opportunity, key: &str) -> Result<Stage, Rejection> {
        let pipeline = deal.pipeline.and_then(|id| self.catalog.pipeline(id, self.known()));
        match pipeline {
            Some(pipeline) => open_stage(&pipeline, key),
            // The decision says that the deal does not exist; a stage without order hurts nobody.
            None => Ok(Stage { key: key.to_owned(), order: None }),
        }
    }

    /// An account, by id.
    pub fn account(&self, field: &str, text: &str) -> Result<Option<AccountId>, Undecided> {
        if text.is_empty() {
            return Ok(None);
        }
        self.existing(Kind::Account, field, text).map(|id| Some(AccountId(id)))
    }

    /// A contact, by id.
    pub fn contact(&self, field: &str, text: &str) -> Result<ContactId, Undecided> {
        self.existing(Kind::Contact, field, text).map(ContactId)
    }

    /// Another entity, by id, of which something is known at the command's instant.
    pub fn existing(&self, kind: Kind, field: &str, text: &str) -> Result<Uuid, Undecided> {
        let id = from_proto::uuid(field, text)?;
        let known = self.known();
        if self.desk.with(kind, id, |timeline| timeline.live(known).next().is_some())? {
            return Ok(id);
        }
        let message = format!("there is no such {kind} at that instant; check the id");
        Err(Rejection::invalid("REFERENCE_UNKNOWN", field, message).into())
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

/// The stage of a pipeline that has this key and closes no deals.
pub fn open_stage(pipeline: &pipeline::Defined, key: &str) -> Result<Stage, Rejection> {
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

/// A code to count by; `None` when none is given.
pub fn optional_code(field: &str, text: &str) -> Result<Option<String>, Rejection> {
    if text.is_empty() { Ok(None) } else { code(field, text).map(Some) }
}

/// A code to count by.
pub fn code(field: &str, text: &str) -> Result<String, Rejection> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if text.is_empty() || text.len() > CODE_MAX || !text.bytes().all(allowed) {
        let message = "a code is 1 to 64 of a-z, 0-9 and _";
        return Err(Rejection::invalid("CODE_INVALID", field, message));
    }
    Ok(text.to_owned())
}

/// What another system calls an entity, as a fact lists it.
pub fn external_ids(
    given: Option<&api::types::v1::ExternalId>,
) -> Result<Vec<ExternalId>, Rejection> {
    let read = |external: &api::types::v1::ExternalId| {
        Ok(ExternalId {
            source: from_proto::key("external_id.source", &external.source)?,
            key: from_proto::key("external_id.key", &external.key)?,
        })
    };
    given.into_iter().map(read).collect()
}
