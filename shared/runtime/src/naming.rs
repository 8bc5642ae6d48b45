//! What the words of a command name in the catalog, at the command's instant.

use domain::{
    Instant, Kind, Known, Outcome, PipelineId, ProductId, Rejection, UserId, catalog::Catalog,
    opportunity::Stage, pipeline,
};

use crate::{from_proto, runtime::Runtime};

/// What the words of a request refer to: the catalog, at the command's instant.
pub struct Naming<'a> {
    /// Finds ids by key.
    pub runtime: &'a Runtime,
    /// The tenant.
    pub tenant: &'a str,
    /// Its catalog.
    pub catalog: &'a Catalog,
    /// When the command happens. What takes effect at that very instant is in force.
    pub at: Instant,
}

impl Naming<'_> {
    fn known(&self) -> Known {
        Known { as_of: self.at.next(), ..Known::NOW }
    }

    fn find(&self, kind: Kind, field: &str, text: &str) -> Result<uuid::Uuid, Rejection> {
        self.runtime.find((self.tenant, self.catalog), kind, field, text)
    }

    /// A user who is not retired; `None` for no word.
    pub fn user(&self, field: &str, text: &str) -> Result<Option<UserId>, Rejection> {
        if text.is_empty() {
            return Ok(None);
        }
        let id = UserId(self.find(Kind::User, field, text)?);
        let user = self.catalog.user(id, self.known());
        in_force(field, Kind::User, user.map(|user| user.retired))?;
        Ok(Some(id))
    }

    /// A product that is not retired; `None` for no word.
    pub fn product(&self, field: &str, text: &str) -> Result<Option<ProductId>, Rejection> {
        if text.is_empty() {
            return Ok(None);
        }
        let id = ProductId(self.find(Kind::Product, field, text)?);
        let product = self.catalog.product(id, self.known());
        in_force(field, Kind::Product, product.map(|product| product.retired))?;
        Ok(Some(id))
    }

    /// A pipeline that is not retired.
    pub fn pipeline(
        &self,
        field: &str,
        text: &str,
    ) -> Result<(PipelineId, pipeline::Defined), Rejection> {
        if text.is_empty() {
            return Err(from_proto::missing(field));
        }
        let id = PipelineId(self.find(Kind::Pipeline, field, text)?);
        let pipeline = self.catalog.pipeline(id, self.known());
        in_force(field, Kind::Pipeline, pipeline.as_ref().map(|pipeline| pipeline.retired))?;
        pipeline
            .map(|pipeline| (id, pipeline))
            .ok_or_else(|| Rejection::invalid("PIPELINE_UNKNOWN", field, "not defined then"))
    }
}

fn in_force(field: &str, kind: Kind, retired: Option<bool>) -> Result<(), Rejection> {
    match retired {
        Some(false) => Ok(()),
        Some(true) => {
            let message = "it is retired: name another, or define it anew";
            Err(Rejection::invalid("REFERENCE_RETIRED", field, message))
        }
        None => {
            let message = format!("this {kind} was not defined at that instant");
            Err(Rejection::invalid("REFERENCE_UNKNOWN", field, message))
        }
    }
}

/// An open stage of a pipeline; without a key, the first.
pub fn open_stage(
    field: &str,
    pipeline: &pipeline::Defined,
    key: &str,
) -> Result<Stage, Rejection> {
    let first = pipeline.open_stages().next().map_or("", |stage| stage.key.as_str());
    let key = if key.is_empty() { first } else { key };
    let Some(stage) = pipeline.stage(key) else {
        let known: Vec<&str> = pipeline.open_stages().map(|stage| stage.key.as_str()).collect();
        let message =
            format!("no stage {key:?} in {:?}; it has {}", pipeline.key, known.join(", "));
        return Err(Rejection::invalid("STAGE_UNKNOWN", field, message));
    };
    if stage.outcome != Outcome::Open {
        let message = "this stage closes deals: name an open one";
        return Err(Rejection::invalid("STAGE_CLOSES", field, message));
    }
    Ok(pipeline.stage_fact(key))
}
