//! Capturing leads, one or many, and what they seem to be duplicates of.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use api::leads::v1::{
    CaptureLeadAnswer, CaptureLeadRefusal, CaptureLeadRequest, CaptureLeadResponse,
    CaptureLeadsRequest, CaptureLeadsResponse, capture_lead_answer::Result as Captured,
};
use domain::{
    Kind, Known, LeadId, MatchedOn, Rejection,
    entity::judge,
    lead::{Command, DuplicateFound, Fact, Lead},
};
use futures::{StreamExt, stream};
use runtime::{
    command::{Asked, Head},
    desk::{Decision, Desk},
    from_proto::{optional_uuid, within},
    naming::Naming,
    status::{invalid, rejected},
    timelines::{EntityRef, TimelineError},
};
use tonic::{Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{Leads, duplicates, from_proto, to_proto};

/// How many leads one request may capture.
const LEADS_MAX: usize = 1_000;
/// How many of them are on their way at once.
const AT_ONCE: usize = 64;
/// How many duplicates of one lead are recorded: more are a crowd, which says little.
pub const FOUND_MAX: usize = 20;

impl Leads {
    /// Captures one lead.
    pub(crate) async fn capture(
        &self,
        request: Request<CaptureLeadRequest>,
    ) -> Result<CaptureLeadResponse, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "CaptureLeadRequest",
            request_id: &message.request_id,
            etag: "",
            at: message.occurred_at.as_ref().map(|at| ("occurred_at", at)),
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        self.catch_up(&head.caller.tenant).await?;
        self.capture_one(head, request.into_inner()).await
    }

    /// Captures many leads, each by a command of its own.
    pub(crate) async fn capture_many(
        &self,
        request: Request<CaptureLeadsRequest>,
    ) -> Result<CaptureLeadsResponse, Status> {
        let (metadata, extensions, message) = request.into_parts();
        if message.leads.len() > LEADS_MAX {
            return Err(invalid("leads", "TOO_MANY_LEADS", "capture at most 1,000 leads at once"));
        }
        let one = |lead: CaptureLeadRequest| {
            Request::from_parts(metadata.clone(), extensions.clone(), lead)
        };
        let requests: Vec<_> = message.leads.into_iter().map(one).collect();
        let answers = stream::iter(requests.into_iter().zip(0..))
            .map(|(request, index)| async move { answer(index, self.capture(request).await) })
            .buffered(AT_ONCE);
        Ok(CaptureLeadsResponse { answers: answers.collect().await })
    }

    async fn capture_one(
        &self,
        head: Head,
        message: CaptureLeadRequest,
    ) -> Result<CaptureLeadResponse, Status> {
        let tenant = head.caller.tenant.clone();
        let id = self.new_id(&tenant, head.command_id, &message).map_err(rejected)?;
        let person = self.person_of(&tenant, id);
        let words = [&message.name, &message.email, &message.phone, &message.title];
        let personal = message.external_id.is_some() || words.iter().any(|it| !it.is_empty());
        let sealed = [(personal, person.0), (!message.company.is_empty(), id)];
        let sealed: Vec<Uuid> =
            sealed.into_iter().filter_map(|(has, key)| has.then_some(key)).collect();
        self.seal_under(&tenant, &sealed).await?;
        let keys = duplicates::keys(&self.runtime.vault, &tenant, &message.email, &message.phone);
        let announced = self.duplicates.announce(&tenant, id, person, keys);
        let (runtime, index) = (self.runtime.clone(), self.duplicates.clone());
        let (at, catalog, of) = (head.at, self.runtime.catalog(&tenant).1, tenant.clone());
        let left_out = Arc::new(AtomicUsize::new(0));
        let beyond = left_out.clone();
        let answer = self.runtime.record_here(&head, (Kind::Lead, id), move |desk| {
            let (at, judged) = desk.with(Kind::Lead, id, |timeline| {
                let at = desk.instant(at, timeline);
                let naming = Naming { runtime: &runtime, tenant: &of, catalog: &catalog, at };
                let captured = from_proto::capture(&message, person, &naming);
                (at, captured.and_then(|it| judge::<Lead>(timeline, at, &Command::Capture(it))))
            })?;
            let mut facts = judged?;
            let same = confirmed(desk, id, index.of(&of, id))?;
            beyond.store(same.len().saturating_sub(FOUND_MAX), Ordering::Relaxed);
            facts
                .extend(same.into_iter().take(FOUND_MAX).map(|it| Fact::DuplicateFound(it).into()));
            Ok(vec![Decision { kind: Kind::Lead, id, occurred_at: at, source_seq: 0, facts }])
        });
        let answer = answer.await;
        if announced && answer.is_err() {
            self.duplicates.withdraw(&tenant, id);
        }
        let recorded = self.recorded(head.command_id, answer?);
        let duplicates = self.found_at_capture(&tenant, id, head.command_id).await?;
        Ok(CaptureLeadResponse {
            recorded,
            lead_id: id.to_string(),
            duplicates,
            duplicates_left_out: left_out.load(Ordering::Relaxed) as u64,
        })
    }

    /// The duplicates that a capture recorded, whether now or when it was asked before.
    async fn found_at_capture(
        &self,
        tenant: &event_log::Word,
        id: Uuid,
        command: Uuid,
    ) -> Result<Vec<api::leads::v1::LeadDuplicate>, Status> {
        let entity = EntityRef { tenant: tenant.clone(), kind: Kind::Lead, id };
        let timeline = self.read(entity).await?;
        let facts = timeline.entries().iter().filter(|it| it.moment.command_id == command);
        Ok(facts
            .filter_map(|entry| match &entry.fact {
                domain::Fact::Lead(Fact::DuplicateFound(found)) => {
                    Some(to_proto::found(found, entry.moment.occurred_at))
                }
                _ => None,
            })
            .collect())
    }

    /// Waits until every lead that this process knows can be compared.
    pub(crate) async fn catch_up(&self, tenant: &event_log::Word) -> Result<(), Status> {
        Ok(self.duplicates.catch_up(&self.runtime, &self.views.leads, tenant).await?)
    }

    fn new_id(
        &self,
        tenant: &str,
        command_id: Uuid,
        message: &CaptureLeadRequest,
    ) -> Result<Uuid, Rejection> {
        let given = optional_uuid("lead_id", &message.lead_id)?;
        let made =
            |source: &str, key: &str| self.runtime.vault.entity_id(tenant, Kind::Lead, source, key);
        match (given, &message.external_id) {
            (Some(_), Some(_)) => {
                let message = "give either an id of your own or an external id";
                Err(Rejection::invalid("ID_TWICE", "lead_id", message))
            }
            (Some(id), None) => Ok(id),
            (None, Some(external)) => {
                let (_, catalog) = self.runtime.catalog(tenant);
                if !catalog.sources(Known::NOW).any(|(_, source)| source.key == external.source) {
                    let message = "no source has this key; define it first";
                    let field = "external_id.source";
                    return Err(Rejection::invalid("SOURCE_UNKNOWN", field, message));
                }
                Ok(made(&external.source, &external.key))
            }
            (None, None) => Ok(made("", &command_id.to_string())),
        }
    }
}

/// What seems to be the same, after a look at the leads themselves: those that are there, and for a
/// merged one the lead that goes on in its place.
pub fn confirmed(
    desk: &Desk<'_>,
    id: Uuid,
    hints: Vec<(Uuid, MatchedOn)>,
) -> Result<Vec<DuplicateFound>, TimelineError> {
    let mut found: Vec<DuplicateFound> = Vec::new();
    for (other, matched_on) in hints {
        if let Some(of) = survivor(desk, other)?
            && of != id
            && !found.iter().any(|known| known.of.0 == of)
        {
            found.push(DuplicateFound { of: LeadId(of), matched_on });
        }
    }
    Ok(found)
}

/// The lead that goes on for a lead, itself for most; `None` for one that is not there.
fn survivor(desk: &Desk<'_>, id: Uuid) -> Result<Option<Uuid>, TimelineError> {
    let mut seen = vec![id];
    while let Some(last) = seen.last() {
        let lead: Lead = desk.state(*last)?;
        match lead.merged_into {
            _ if lead.captured_at.is_none() => return Ok(None),
            // Reports may say that leads were merged in a circle.
            Some(into) if !seen.contains(&into.0) => seen.push(into.0),
            _ => return Ok(Some(*last)),
        }
    }
    Ok(None)
}

fn answer(index: usize, answer: Result<CaptureLeadResponse, Status>) -> CaptureLeadAnswer {
    let result = match answer {
        Ok(captured) => Captured::Captured(captured),
        Err(status) => {
            let details = status.get_error_details();
            let info = details.error_info();
            let named = |key: &str| info.and_then(|it| it.metadata.get(key).cloned());
            let field = named("field").unwrap_or_default();
            let rejection = Rejection::invalid("", &field, "");
            Captured::Refused(CaptureLeadRefusal {
                code: status.code() as i32,
                reason: info.map(|it| it.reason.clone()).unwrap_or_default(),
                field: within(&format!("leads[{index}]"), rejection).field,
                message: status.message().to_owned(),
            })
        }
    };
    CaptureLeadAnswer { result: Some(result) }
}
