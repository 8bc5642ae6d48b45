//! Reports become facts; what cannot be read is rejected, and the field is named.

use api::ingest::v1::{Report, report::Fact as Reported};
use domain::{
    ExternalId, Fact, Instant, Kind, PersonId, Personal, PipelineId, Reason, Rejection, UserId,
    catalog::Catalog, pipeline, product, user,
};
use runtime::{
    from_proto::{self, within},
    query,
    runtime::Runtime,
};
use uuid::Uuid;

use crate::words;

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
    /// Something happened to an entity: recorded as it is.
    Happened(Box<Fact>),
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
        let (kind, word) = words::of(fact);
        let source_seq = report.source_seq;
        if let Some((said, seal_under)) =
            self.definition(&key, fact).map_err(|why| within(word, why))?
        {
            let (id, occurred_at) = (self.id(kind, &key), at.unwrap_or(Instant::BEGINNING));
            let seal_under = seal_under.into_iter().collect();
            return Ok(Read {
                kind,
                id,
                occurred_at,
                source_seq,
                said,
                pipeline: None,
                seal_under,
            });
        }
        let occurred_at = at.ok_or_else(|| from_proto::missing("occurred_at"))?;
        self.runtime.refuse_future("occurred_at", Some(occurred_at))?;
        let happened = match kind {
            Kind::Lead => self.lead(&key, fact),
            Kind::Account => self.account(&key, fact),
            Kind::Contact => self.contact(&key, fact),
            Kind::Contract => self.contract(&key, fact),
            Kind::Activity => self.activity(&key, occurred_at, fact),
            _ => self.opportunity(&key, fact),
        };
        let mut happened = happened.map_err(|why| within(word, why))?;
        let id = self.id(kind, &key);
        let seal_under = self.keys(id, &mut happened)?;
        let pipeline = match &happened {
            Fact::Opportunity(fact) => self.pipeline_of(fact, occurred_at),
            _ => None,
        };
        let said = Said::Happened(Box::new(happened));
        Ok(Read { kind, id, occurred_at, source_seq, said, pipeline, seal_under })
    }

    /// The keys that seal the texts of a fact: that of the person it is about, or the entity's own.
    fn keys(&self, id: Uuid, fact: &mut Fact) -> Result<Vec<Uuid>, Rejection> {
        let persons = fact.personal().into_iter().map(|slot| slot.person);
        let mut keys: Vec<Uuid> =
            persons.map(|person| person.map_or(id, |person| person.0)).collect();
        keys.dedup();
        for key in &keys {
            self.refuse_erased(PersonId(*key))?;
        }
        Ok(keys)
    }

    /// A definition, and the person whose key seals its texts; `None` for what happened.
    fn definition(
        &self,
        key: &str,
        fact: &Reported,
    ) -> Result<Option<(Said, Option<Uuid>)>, Rejection> {
        Ok(match fact {
            Reported::PipelineDefined(value) => {
                let defined = from_proto::pipeline(key, Some(value))?;
                let said = Said::Pipeline(pipeline::Command::Define(defined));
                Some((said, None))
            }
            Reported::ProductDefined(value) => {
                let defined = from_proto::product(key, Some(value))?;
                let said = Said::Product(product::Command::Define(defined));
                Some((said, None))
            }
            Reported::UserDefined(value) => {
                let id = self.id(Kind::User, key);
                let person = self.runtime.vault.person_id(self.tenant, Kind::User, id);
                self.refuse_erased(PersonId(person))?;
                let manager = self.user(&value.manager);
                let defined = from_proto::user(key, Some(value), PersonId(person), manager)?;
                let said = Said::User(Box::new(user::Command::Define(defined)));
                Some((said, Some(person)))
            }
            _ => None,
        })
    }

    pub(crate) fn user(&self, key: &str) -> Option<UserId> {
        (!key.is_empty()).then(|| UserId(self.id(Kind::User, key)))
    }

    pub(crate) fn id(&self, kind: Kind, key: &str) -> Uuid {
        self.runtime.vault.entity_id(self.tenant, kind, self.source, key)
    }

    /// The source's own id of an entity, as its first fact lists it.
    pub(crate) fn external_ids(&self, key: &str) -> Vec<ExternalId> {
        vec![ExternalId { source: self.source.to_owned(), key: key.to_owned() }]
    }

    /// The id of an entity that a report refers to; `None` when it names none.
    pub(crate) fn named(
        &self,
        kind: Kind,
        field: &str,
        key: &str,
    ) -> Result<Option<Uuid>, Rejection> {
        Ok(code(field, key)?.map(|key| self.id(kind, &key)))
    }

    fn refuse_erased(&self, person: PersonId) -> Result<(), Rejection> {
        if self.catalog.is_erased(person) {
            let message = "this person was erased; their definition is not taken again";
            return Err(Rejection::precondition("PERSON_ERASED", message));
        }
        Ok(())
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

/// A code or key that may be left out.
pub(crate) fn code(field: &str, text: &str) -> Result<Option<String>, Rejection> {
    if text.is_empty() { Ok(None) } else { from_proto::key(field, text).map(Some) }
}

/// A reason that a source may leave out.
pub(crate) fn reason(code: &str, words: &str) -> Result<Reason, Rejection> {
    from_proto::reason(code, words, false)
}

/// A text that has to be there.
pub(crate) fn text(field: &str, text: &str) -> Result<Personal, Rejection> {
    from_proto::text(field, text)?.ok_or_else(|| from_proto::missing(field))
}
