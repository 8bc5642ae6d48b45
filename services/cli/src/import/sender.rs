//! Sends reports in bulk: batches that follow one another without waiting, and again from the first
//! unanswered one when the server has gone away for a while.

use std::collections::VecDeque;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use api::ingest::v1::report_service_client::ReportServiceClient;
use api::ingest::v1::{Report, ReportAnswer, ReportRequest, ReportStatus};
use api::planning::v1::planning_service_client::PlanningServiceClient;
use api::planning::v1::{
    DefineSourceRequest, GetSourceRequest, GetSourceResponse, Source, SourceDefinition,
};
use api::types::v1::{ReadAt, Reflected};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use super::batches::Batches;

/// How many batches may be on their way: enough that the server never waits for the next.
const BATCHES_IN_FLIGHT: usize = 4;

/// How long the server may be away, counted from the last answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long one call on the catalog may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A way to send the reports of one source.
#[derive(Clone, Debug)]
pub struct Sender {
    channel: Channel,
    tenant: MetadataValue<Ascii>,
    actor: MetadataValue<Ascii>,
    source: String,
    mapping: String,
    patience: Duration,
}

/// What became of the reports that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// One verdict for each report, in their order.
    pub verdicts: Vec<Verdict>,
    /// The position up to which the log holds them.
    pub revision: u64,
}

/// What became of one report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was recorded.
    Applied,
    /// It had been recorded before.
    AlreadyThere,
    /// It cannot be read.
    Rejected {
        /// The field of the report at fault; empty when it is none.
        field: String,
        /// A stable UPPER_SNAKE word.
        reason: String,
    },
}

impl Sender {
    /// Reports of a source, made by a mapping, for a tenant in an actor's name.
    ///
    /// # Errors
    /// When the tenant or the actor cannot travel as metadata.
    pub fn new(
        channel: Channel,
        tenant: &str,
        actor: &str,
        source: &str,
        mapping: &str,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            channel,
            tenant: MetadataValue::try_from(tenant).context("the tenant cannot travel")?,
            actor: MetadataValue::try_from(actor).context("the actor cannot travel")?,
            source: source.to_owned(),
            mapping: mapping.to_owned(),
            patience: PATIENCE,
        })
    }

    /// Puts up with another length of absence than a minute.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Makes sure that the source is in the catalog. One that is there stays as it is, since
    /// somebody may have renamed or retired it on purpose.
    ///
    /// # Errors
    /// What the server says.
    pub async fn define_source(&self, definition: &SourceDefinition) -> Result<(), Status> {
        if self.source().await?.is_some() {
            return Ok(());
        }
        let answer = self.patiently(async || {
            let request = DefineSourceRequest {
                key: self.source.clone(),
                definition: Some(definition.clone()),
                ..Default::default()
            };
            self.planning().define_source(self.call(request)).await
        });
        answer.await.map(drop)
    }

    /// The source as the catalog has it, if it does.
    ///
    /// # Errors
    /// What the server says.
    pub async fn source(&self) -> Result<Option<Source>, Status> {
        match self.get_source(0).await {
            Err(status) if status.code() == Code::NotFound => Ok(None),
            answer => Ok(answer?.source),
        }
    }

    /// Where the server stands once it has reached a position.
    ///
    /// # Errors
    /// What the server says; NOT_FOUND while the source is not in the catalog.
    pub async fn standing(&self, min_revision: u64) -> Result<Option<Reflected>, Status> {
        Ok(self.get_source(min_revision).await?.reflected)
    }

    async fn get_source(&self, min_revision: u64) -> Result<GetSourceResponse, Status> {
        let answer = self.patiently(async || {
            let read_at = Some(ReadAt { min_revision, ..Default::default() });
            let request = GetSourceRequest { source: self.source.clone(), read_at };
            self.planning().get_source(self.call(request)).await
        });
        Ok(answer.await?.into_inner())
    }

    /// Sends reports and waits for every answer. `tell` hears how many have been answered.
    ///
    /// # Errors
    /// When the server refuses them all, or stays away for too long. What was answered until then is
    /// on disk: sending everything again continues.
    pub async fn send(
        &self,
        reports: &[&Report],
        mut tell: impl FnMut(usize),
    ) -> anyhow::Result<Sent> {
        let mut sent = Sent::default();
        let mut answered_at = Instant::now();
        let mut pause = FIRST_PAUSE;
        while sent.verdicts.len() < reports.len() {
            let done = sent.verdicts.len();
            let ended = self.stream(&reports[done..], &mut sent, &mut tell).await;
            if sent.verdicts.len() > done {
                (answered_at, pause) = (Instant::now(), FIRST_PAUSE);
            }
            let Err(status) = ended else { continue };
            if !may_pass(&status) || answered_at.elapsed() >= self.patience {
                let (done, all) = (sent.verdicts.len(), reports.len());
                let context = format!(
                    "sending stopped after {done} of {all} reports; those are recorded, and the \
                     same command continues after them"
                );
                return Err(anyhow::Error::new(status).context(context));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Ok(sent)
    }

    /// One stream, from the first report to the last answer or the first failure.
    async fn stream(
        &self,
        reports: &[&Report],
        sent: &mut Sent,
        tell: &mut impl FnMut(usize),
    ) -> Result<(), Status> {
        let base = sent.verdicts.len();
        let (outbox, inbox) = mpsc::channel(BATCHES_IN_FLIGHT);
        let mut batches = Batches::new(reports);
        let mut in_flight = VecDeque::new();
        // The server may look at the first batch before it answers the call itself.
        self.fill(&mut batches, &mut in_flight, &outbox).await;
        let call = self.marked(Request::new(ReceiverStream::new(inbox)));
        let call = ReportServiceClient::new(self.channel.clone()).report(call).await;
        let mut answers = call?.into_inner();
        while sent.verdicts.len() < base + reports.len() {
            let message = tokio::time::timeout(self.patience, answers.message())
                .await
                .map_err(|_| Status::deadline_exceeded("the server has stopped answering"))??
                .ok_or_else(|| Status::unavailable("the server ended the stream"))?;
            sent.revision = sent.revision.max(message.revision);
            for answer in message.answers {
                sent.verdicts.push(verdict(answer, sent.verdicts.len() - base)?);
            }
            let done = sent.verdicts.len();
            while in_flight.front().is_some_and(|end| base + end <= done) {
                in_flight.pop_front();
            }
            self.fill(&mut batches, &mut in_flight, &outbox).await;
            tell(done);
        }
        Ok(())
    }

    async fn fill(
        &self,
        batches: &mut Batches<'_>,
        in_flight: &mut VecDeque<usize>,
        outbox: &mpsc::Sender<ReportRequest>,
    ) {
        while in_flight.len() < BATCHES_IN_FLIGHT {
            let Some(range) = batches.next() else { return };
            let is_first = range.start == 0;
            let once = |text: &str| {
                if is_first { text.to_owned() } else { String::new() }
            };
            let reports = batches.reports[range.clone()].iter().map(|&report| report.clone());
            let request = ReportRequest {
                source: once(&self.source),
                mapping: once(&self.mapping),
                reports: reports.collect(),
            };
            in_flight.push_back(range.end);
            // A stream that has ended says why to whoever reads its answers.
            let _ = outbox.send(request).await;
        }
    }

    /// Calls again while the server is away. Only for calls that are safe to repeat.
    async fn patiently<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match call().await {
                Err(status) if may_pass(&status) && began.elapsed() < self.patience => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => return answer,
            }
        }
    }

    fn planning(&self) -> PlanningServiceClient<Channel> {
        PlanningServiceClient::new(self.channel.clone())
    }

    fn call<T>(&self, message: T) -> Request<T> {
        let mut request = self.marked(Request::new(message));
        request.set_timeout(CALL_TIMEOUT);
        request
    }

    fn marked<T>(&self, mut request: Request<T>) -> Request<T> {
        request.metadata_mut().insert("revops-tenant", self.tenant.clone());
        request.metadata_mut().insert("revops-actor", self.actor.clone());
        request
    }
}

fn verdict(answer: ReportAnswer, index: usize) -> Result<Verdict, Status> {
    if usize::try_from(answer.index) != Ok(index) {
        let message = format!("report {index} was answered as number {}", answer.index);
        return Err(Status::data_loss(message));
    }
    match answer.status() {
        ReportStatus::Applied => Ok(Verdict::Applied),
        ReportStatus::AlreadyThere => Ok(Verdict::AlreadyThere),
        ReportStatus::Rejected => {
            let rejection = answer.rejection.unwrap_or_default();
            Ok(Verdict::Rejected { field: rejection.field, reason: rejection.reason })
        }
        ReportStatus::Unspecified => {
            Err(Status::data_loss(format!("report {index} was answered without a status")))
        }
    }
}

/// Whether trying again later may help: the server is busy, away or coming back. A transport that
/// broke has an error behind its status; a server that refuses has none.
fn may_pass(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable | Code::ResourceExhausted | Code::Aborted | Code::DeadlineExceeded => {
            true
        }
        Code::Unknown | Code::Internal | Code::Cancelled => {
            std::error::Error::source(status).is_some()
        }
        _ => false,
    }
}
