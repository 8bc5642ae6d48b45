//! Commands at the edge: who asks under which id, what the words of a request refer to, and the
//! way to the keeper.

use std::time::Duration;

use domain::{Instant, Kind, Known, Rejection, catalog::Catalog};
use prost_types::Timestamp;
use tonic::Request;
use uuid::Uuid;

use crate::{
    clock,
    desk::{Decision, Desk, Undecided},
    from_proto,
    order::{Answer, Decide, Order, Refusal},
    query::{self, Caller},
    runtime::Runtime,
};

/// How far a command's instant may lie ahead of our clock, in microseconds: one minute of skew.
const SKEW_US: i64 = 60_000_000;
/// How long a caller waits for the log.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What every command says about itself.
#[derive(Debug, Clone)]
pub struct Head {
    /// Who asks.
    pub caller: Caller,
    /// The request id, or one made here.
    pub command_id: Uuid,
    /// Keyed hash of the whole request.
    pub fingerprint: [u8; 16],
    /// The position that the caller has seen the entity at.
    pub expected: Option<u64>,
    /// When it happened, if the caller says so.
    pub at: Option<Instant>,
}

/// The parts of a request that every command has.
pub struct Asked<'a> {
    /// The RPC's name, part of the fingerprint.
    pub rpc: &'static str,
    /// `request_id`.
    pub request_id: &'a str,
    /// `etag`.
    pub etag: &'a str,
    /// When it happened or takes effect, with the field that says so.
    pub at: Option<(&'static str, &'a Timestamp)>,
}

impl Runtime {
    /// Reads what a request says about itself.
    pub fn head<M: prost::Message>(
        &self,
        request: &Request<M>,
        asked: &Asked<'_>,
    ) -> Result<Head, Rejection> {
        let caller = query::caller(request.metadata(), self.default_tenant.as_deref())?;
        let command_id = from_proto::optional_uuid("request_id", asked.request_id)?;
        let bytes = request.get_ref().encode_to_vec();
        Ok(Head {
            fingerprint: self.vault.fingerprint(&[asked.rpc.as_bytes(), &bytes]),
            command_id: command_id.unwrap_or_else(clock::new_id),
            expected: self.expected(asked.etag)?,
            at: asked.at.map(|(field, at)| query::instant(field, at)).transpose()?,
            caller,
        })
    }

    /// Refuses an instant that lies ahead of our clock.
    pub fn refuse_future(&self, field: &str, at: Option<Instant>) -> Result<(), Rejection> {
        match at {
            Some(at) if at.0 > self.clock.now().0 + SKEW_US => {
                let message = "it lies in the future; facts are recorded once they happened";
                Err(Rejection::invalid("TIME_IN_FUTURE", field, message))
            }
            _ => Ok(()),
        }
    }

    /// An entity's etag: its latest position, in this log.
    pub fn etag(&self, position: u64) -> String {
        format!("{position}-{}", self.log_name())
    }

    fn expected(&self, etag: &str) -> Result<Option<u64>, Rejection> {
        if etag.is_empty() {
            return Ok(None);
        }
        let position = etag
            .split_once('-')
            .filter(|(_, log)| *log == self.log_name())
            .and_then(|(position, _)| position.parse().ok());
        position.map(Some).ok_or_else(|| {
            let message = "it is not an etag of this log: read the entity again";
            Rejection::invalid("ETAG_INVALID", "etag", message)
        })
    }

    /// Hands a command on one entity to the keeper and waits for what became of it. Who looks at
    /// what it recorded calls [`Runtime::record_here`] instead.
    pub async fn record(
        &self,
        head: &Head,
        (kind, id): (Kind, Uuid),
        decide: impl Fn(&Desk<'_>) -> Result<Vec<Decision>, Undecided> + Send + 'static,
    ) -> Result<Answer, Refusal> {
        if let Some(expected) = head.expected {
            // Another process may have told it. If it does not come in time, the etag counts as stale.
            let _ = self.wait_for(expected).await;
        }
        let decide: Decide = Box::new(decide);
        let order = Order {
            tenant: head.caller.tenant.clone(),
            kind,
            id,
            command_id: head.command_id,
            fingerprint: head.fingerprint,
            actor: head.caller.actor.clone(),
            origin: None,
            correlation_id: head.command_id,
            causation_id: None,
            expected: head.expected,
            decide,
        };
        tokio::time::timeout(ANSWER_MAX, self.keeper.ask(order))
            .await
            .unwrap_or(Err(Refusal::Unknown))
    }

    /// The same, for who then looks at what was recorded: it is folded here. If that cannot be, the
    /// command may be recorded all the same, and its id finds out.
    pub async fn record_here(
        &self,
        head: &Head,
        entity: (Kind, Uuid),
        decide: impl Fn(&Desk<'_>) -> Result<Vec<Decision>, Undecided> + Send + 'static,
    ) -> Result<Answer, Refusal> {
        let answer = self.record(head, entity, decide).await?;
        self.wait_for(answer.position).await.map_err(|_| Refusal::Unknown)?;
        Ok(answer)
    }

    /// The id of what a request calls by an id or by a key of any source.
    pub fn find(
        &self,
        (tenant, catalog): (&str, &Catalog),
        kind: Kind,
        field: &str,
        text: &str,
    ) -> Result<Uuid, Rejection> {
        let unknown = || {
            let message = format!("no {kind} has this id or key; define it first, or list them");
            Rejection::invalid(unknown_reason(kind), field, message)
        };
        // A key may look like an id; an id that is known comes first.
        if let Some(id) = text.parse().ok().filter(|id| catalog.has(kind, *id)) {
            return Ok(id);
        }
        let sources = catalog.sources(Known::NOW).map(|(_, source)| source.key);
        let mut found: Vec<Uuid> = std::iter::once(String::new())
            .chain(sources)
            .map(|source| self.vault.entity_id(tenant, kind, &source, text))
            .filter(|id| catalog.has(kind, *id))
            .collect();
        found.dedup();
        match found.as_slice() {
            [] => Err(unknown()),
            [id] => Ok(*id),
            _ => {
                let message = format!("several sources have a {kind} of this key; give its id");
                Err(Rejection::invalid("REFERENCE_AMBIGUOUS", field, message))
            }
        }
    }
}

fn unknown_reason(kind: Kind) -> &'static str {
    match kind {
        Kind::Opportunity => "OPPORTUNITY_UNKNOWN",
        Kind::Person => "PERSON_UNKNOWN",
        Kind::Pipeline => "PIPELINE_UNKNOWN",
        Kind::Product => "PRODUCT_UNKNOWN",
        Kind::Source => "SOURCE_UNKNOWN",
        Kind::User => "USER_UNKNOWN",
        Kind::Lead => "LEAD_UNKNOWN",
        Kind::Account => "ACCOUNT_UNKNOWN",
        Kind::Contact => "CONTACT_UNKNOWN",
        Kind::Contract => "CONTRACT_UNKNOWN",
        Kind::Activity => "ACTIVITY_UNKNOWN",
        Kind::Calendar => "CALENDAR_UNKNOWN",
        Kind::ExchangeRate => "EXCHANGE_RATE_UNKNOWN",
        Kind::Quota => "QUOTA_UNKNOWN",
        Kind::Forecast => "FORECAST_UNKNOWN",
    }
}
