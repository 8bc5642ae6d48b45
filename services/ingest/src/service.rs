//! The stream of reports: read a batch, hand it to the keeper, answer in order.

use std::{pin::Pin, sync::Arc};

use api::ingest::v1::{
    Report, ReportAnswer, ReportRejection, ReportRequest, ReportResponse, ReportStatus,
    report_service_server::ReportService,
};
use domain::{
    Entity, Instant, Kind, Known, PipelineId, Rejection, SourceId, Timeline, opportunity::Fact,
    pipeline::Pipeline, product::Product, user::User,
};
use event_log::{Origin, Word};
use prost::Message;
use runtime::{
    desk::{Decision, Desk, Undecided},
    from_proto::within,
    keeper::answer_of,
    order::{Answer, Order, Refusal},
    query::{self, Caller},
    runtime::Runtime,
    status::{invalid, of_refusal, rejected},
    timelines::{EntityRef, TimelineError},
};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::{
    Counts, Ingest,
    faults::{self, Applied},
    from_proto::{Read, Reader, Said},
};

/// How many reports one message may hold.
const BATCH_MAX: usize = 1_000;
/// How many batches may be on their way before the stream is not read any further.
const BATCHES_WAITING_MAX: usize = 8;

type Answers = Pin<Box<dyn Stream<Item = Result<ReportResponse, Status>> + Send>>;

/// A report on its way, or turned away.
enum Waiting {
    Asked(EntityRef, Uuid, oneshot::Receiver<Result<Answer, Refusal>>),
    Rejected(Rejection),
}

#[tonic::async_trait]
impl ReportService for Ingest {
    type ReportStream = Answers;

    async fn report(
        &self,
        request: Request<Streaming<ReportRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let default = self.runtime.default_tenant.as_deref();
        let caller = query::caller(request.metadata(), default).map_err(rejected)?;
        let (batches, waiting) = mpsc::channel(BATCHES_WAITING_MAX);
        let door = Door { runtime: self.runtime.clone(), caller, source: None };
        tokio::spawn(take_in(door, request.into_inner(), batches));
        let (answers, answered) = mpsc::channel(BATCHES_WAITING_MAX);
        let counting = Counting { runtime: self.runtime.clone(), counts: self.counts.clone() };
        tokio::spawn(answer_all(waiting, answers, counting));
        Ok(Response::new(Box::pin(ReceiverStream::new(answered))))
    }
}

/// One stream's way in.
struct Door {
    runtime: Arc<Runtime>,
    caller: Caller,
    source: Option<Word>,
}

async fn take_in(
    mut door: Door,
    mut requests: Streaming<ReportRequest>,
    batches: mpsc::Sender<Result<Vec<Waiting>, Status>>,
) {
    while let Some(request) = requests.next().await {
        let batch = match request {
            Ok(request) => door.batch(request).await,
            Err(status) => Err(status),
        };
        let ended = batch.is_err();
        // Nobody may be left to be answered; what was handed over is recorded all the same.
        if batches.send(batch).await.is_err() || ended {
            return;
        }
    }
}

impl Door {
    async fn batch(&mut self, request: ReportRequest) -> Result<Vec<Waiting>, Status> {
        // What anybody was told is defined is there, whenever the stream was opened.
        self.runtime.wait_for(0).await?;
        let source = self.source(&request.source).map_err(rejected)?;
        if request.reports.len() > BATCH_MAX {
            let message = "send at most 1,000 reports in a batch";
            return Err(invalid("reports", "BATCH_TOO_LARGE", message));
        }
        let (_, catalog) = self.runtime.catalog(&self.caller.tenant);
        let reader = Reader {
            runtime: &self.runtime,
            tenant: &self.caller.tenant,
            catalog: &catalog,
            source: &source,
        };
        let read: Vec<(Report, Result<Read, Rejection>)> = request
            .reports
            .into_iter()
            .map(|report| {
                let read = reader.read(&report);
                (report, read)
            })
            .collect();
        let keys: Vec<Uuid> = read
            .iter()
            .flat_map(|(_, read)| read.iter().flat_map(|read| read.seal_under.iter().copied()))
            .collect();
        let ensured = self.runtime.vault.ensure_keys(&self.caller.tenant, &keys).await;
        ensured.map_err(|error| Status::unavailable(error.to_string()))?;
        let mut batch = Vec::with_capacity(read.len());
        for (report, read) in read {
            batch.push(match read {
                Ok(read) => self.hand_over(&source, &report, read).await?,
                Err(rejection) => Waiting::Rejected(rejection),
            });
        }
        Ok(batch)
    }

    /// The key of the source that the stream speaks for.
    fn source(&mut self, named: &str) -> Result<Word, Rejection> {
        if let Some(source) =
            self.source.as_ref().filter(|source| named.is_empty() || source.as_ref() == named)
        {
            return Ok(source.clone());
        }
        if named.is_empty() || self.source.is_some() {
            let message = "name one source in the first request, and no other later";
            return Err(Rejection::invalid("SOURCE_MISSING", "source", message));
        }
        let (_, catalog) = self.runtime.catalog(&self.caller.tenant);
        let not_found = || {
            let message = "no such source; define it first";
            Rejection::not_found("SOURCE_NOT_FOUND", "source", message)
        };
        let tenant = (&*self.caller.tenant, &*catalog);
        let id =
            self.runtime.find(tenant, Kind::Source, "source", named).map_err(|_| not_found())?;
        let source = catalog.source(SourceId(id), Known::NOW).ok_or_else(not_found)?;
        if source.retired {
            let message = "this source is retired; define it anew to take its reports";
            return Err(Rejection::precondition("SOURCE_RETIRED", message));
        }
        Ok(self.source.insert(Word::from(source.key.as_str())).clone())
    }

    async fn hand_over(
        &self,
        source: &Word,
        report: &Report,
        read: Read,
    ) -> Result<Waiting, Status> {
        let tenant = &self.caller.tenant;
        let row = report.encode_to_vec();
        let vault = &self.runtime.vault;
        let command_id = vault.report_id(tenant, source, &report.key, &report.rule, &row);
        let (kind, id) = (read.kind, read.id);
        let entity = EntityRef { tenant: tenant.clone(), kind, id };
        let order = Order {
            tenant: tenant.clone(),
            kind,
            id,
            command_id,
            fingerprint: vault.fingerprint(&[b"Report", &row]),
            actor: self.caller.actor.clone(),
            origin: Some(Origin { source: source.clone(), rule: Word::from(report.rule.as_str()) }),
            correlation_id: command_id,
            causation_id: None,
            expected: None,
            decide: Box::new(move |desk| decide(desk, &read)),
        };
        let receiver = self.runtime.keeper.ask_patiently(order).await;
        let receiver = receiver.map_err(|refusal| of_refusal(&refusal))?;
        Ok(Waiting::Asked(entity, command_id, receiver))
    }
}

/// What a source saw is recorded whatever was recorded before, so that the order in which reports
/// arrive does not matter; a definition only has to hold together, and of two with the same instant
/// and order the one that was reported later is in force, for it corrects the other.
fn decide(desk: &Desk<'_>, read: &Read) -> Result<Vec<Decision>, Undecided> {
    let facts: Vec<domain::Fact> = match &read.said {
        Said::Happened(fact) => vec![with_order(desk, read, fact)?],
        Said::Pipeline(command) => {
            alone::<Pipeline>(command).map_err(|why| within("pipeline_defined", why))?
        }
        Said::Product(command) => alone::<Product>(command)?,
        Said::User(command) => alone::<User>(command)?,
    };
    let Read { kind, id, occurred_at, .. } = *read;
    let source_seq = match &read.said {
        Said::Happened(_) => read.source_seq,
        _ => desk.with(kind, id, |known| free_seq(known, occurred_at, read.source_seq))?,
    };
    Ok(vec![Decision { kind, id, occurred_at, source_seq, facts }])
}

/// The order of a definition: the source's own, or after everything of its instant where that is taken.
fn free_seq(known: &Timeline, at: Instant, asked: u64) -> u64 {
    let moments = || known.entries().iter().map(|entry| &entry.moment);
    let is_taken = moments().any(|it| (it.occurred_at, it.source_seq) == (at, asked));
    if is_taken { known.sequence_after(at) } else { asked }
}

/// The facts of a definition as if it were the first.
fn alone<E: Entity>(command: &E::Command) -> Result<Vec<domain::Fact>, Rejection> {
    Ok(E::default().decide(command)?.into_iter().map(Into::into).collect())
}

/// The fact, with the order of its stage where the furthest one counts.
fn with_order(
    desk: &Desk<'_>,
    read: &Read,
    fact: &domain::Fact,
) -> Result<domain::Fact, TimelineError> {
    let mut fact = fact.clone();
    let (Some(PipelineId(pipeline)), domain::Fact::Opportunity(happened)) =
        (read.pipeline, &mut fact)
    else {
        return Ok(fact);
    };
    let known = Known { as_of: read.occurred_at.next(), ..Known::NOW };
    let defined: Pipeline =
        desk.with(Kind::Pipeline, pipeline, |timeline| timeline.state(known))?;
    let stage = match happened {
        Fact::Opened(fact) => Some(&mut fact.stage),
        Fact::StageChanged(fact) => Some(&mut fact.stage),
        Fact::Reopened(fact) => fact.stage.as_mut(),
        _ => None,
    };
    if let (Some(stage), Some(defined)) = (stage, defined.definition) {
        *stage = defined.stage_fact(&stage.key);
    }
    Ok(fact)
}

/// Counts what becomes of reports.
struct Counting {
    runtime: Arc<Runtime>,
    counts: Arc<Counts>,
}

impl Counting {
    /// Counts a batch before it is answered, so that whoever has the answer finds it counted.
    async fn count(&self, response: &ReportResponse, applied: Vec<Applied>) {
        self.counts.count(&response.answers);
        if applied.is_empty() {
            return;
        }
        let runtime = self.runtime.clone();
        if let Err(error) = runtime.wait_for(response.revision).await {
            tracing::warn!(%error, "faults of reports are not counted");
            return;
        }
        let looking = move || faults::brought_by(&applied, &runtime.timelines);
        match tokio::task::spawn_blocking(looking).await {
            Ok(Ok(brought)) => self.counts.count_faults(brought),
            Ok(Err(error)) => tracing::warn!(%error, "faults of reports are not counted"),
            Err(error) => tracing::warn!(%error, "faults of reports are not counted"),
        }
    }
}

async fn answer_all(
    mut batches: mpsc::Receiver<Result<Vec<Waiting>, Status>>,
    answers: mpsc::Sender<Result<ReportResponse, Status>>,
    counting: Counting,
) {
    let mut index = 0;
    let mut is_heard = true;
    while let Some(batch) = batches.recv().await {
        let (response, applied, broken) = match batch {
            Ok(batch) => answer_batch(batch, &mut index).await,
            Err(status) => (ReportResponse::default(), Vec::new(), Some(status)),
        };
        // What is recorded is counted, though nobody may hear of it any more.
        counting.count(&response, applied).await;
        let is_over = broken.is_some();
        is_heard = is_heard && answers.send(broken.map_or(Ok(response), Err)).await.is_ok();
        if is_over {
            return;
        }
    }
}

/// The answers to a batch, what of it was recorded, and why there are no more answers, if so.
async fn answer_batch(
    batch: Vec<Waiting>,
    index: &mut u64,
) -> (ReportResponse, Vec<Applied>, Option<Status>) {
    let mut response = ReportResponse::default();
    let mut applied = Vec::new();
    for waiting in batch {
        let answer = match waiting {
            Waiting::Rejected(rejection) => turned_away(*index, rejection),
            Waiting::Asked(entity, command, receiver) => match answer_of(receiver).await {
                Ok(answer) => {
                    let taken = taken_in(*index, entity.id, command, answer);
                    if taken.status() == ReportStatus::Applied {
                        applied.push(Applied { entity, position: answer.position });
                    }
                    taken
                }
                Err(Refusal::Rejected(rejection)) => turned_away(*index, rejection),
                // Nothing can be said of this one and those after it: send them again.
                Err(refusal) => return (response, applied, Some(of_refusal(&refusal))),
            },
        };
        response.revision = response.revision.max(answer.position);
        response.answers.push(answer);
        *index += 1;
    }
    (response, applied, None)
}

fn taken_in(index: u64, entity: Uuid, command: Uuid, answer: Answer) -> ReportAnswer {
    let applied = answer.changed && !answer.repeated;
    let status = if applied { ReportStatus::Applied } else { ReportStatus::AlreadyThere };
    ReportAnswer {
        index,
        status: status as i32,
        position: answer.position,
        entity_id: entity.to_string(),
        command_id: command.to_string(),
        rejection: None,
    }
}

fn turned_away(index: u64, rejection: Rejection) -> ReportAnswer {
    let Rejection { reason, field, message, .. } = rejection;
    ReportAnswer {
        index,
        status: ReportStatus::Rejected as i32,
        rejection: Some(ReportRejection { reason: reason.to_owned(), field, message }),
        ..ReportAnswer::default()
    }
}
