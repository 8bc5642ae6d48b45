//! Sending to a server that answers as the contract says, goes away, and comes back.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::ingest::v1::report::Fact;
use api::ingest::v1::report_service_server::{ReportService, ReportServiceServer};
use api::ingest::v1::{
    OpportunityNoted, Report, ReportAnswer, ReportRejection, ReportRequest, ReportResponse,
    ReportStatus,
};
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

use super::super::sender::{Sender, Verdict};

/// Remembers reports, and ends each stream after so many of them.
#[derive(Clone, Debug)]
struct Door {
    known: Arc<Mutex<HashSet<Vec<u8>>>>,
    streams: Arc<Mutex<Vec<String>>>,
    answers_per_stream: u64,
    end: Status,
}

#[tonic::async_trait]
impl ReportService for Door {
    type ReportStream = ReceiverStream<Result<ReportResponse, Status>>;

    async fn report(
        &self,
        request: Request<Streaming<ReportRequest>>,
    ) -> Result<Response<Self::ReportStream>, Status> {
        assert_eq!(request.metadata().get("revops-tenant").unwrap(), "t");
        let mut batches = request.into_inner();
        // The source is needed before the call itself is answered.
        let mut batch = batches.message().await?.unwrap();
        self.streams.lock().unwrap().push(batch.source.clone());
        let (answers, outbox) = mpsc::channel(1);
        let door = self.clone();
        tokio::spawn(async move {
            let mut index = 0;
            loop {
                assert!(batch.reports.len() <= 1_000);
                for report in batch.reports {
                    // One at a time, so that a stream can end inside a batch.
                    let answer = door.answer(index, &report);
                    index += 1;
                    let response = ReportResponse { answers: vec![answer], revision: 7 + index };
                    if answers.send(Ok(response)).await.is_err() {
                        return;
                    }
                    if index == door.answers_per_stream {
                        let _ = answers.send(Err(door.end.clone())).await;
                        return;
                    }
                }
                match batches.message().await {
                    Ok(Some(next)) => batch = next,
                    _ => return,
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(outbox)))
    }
}

impl Door {
    fn new(answers_per_stream: u64, end: Status) -> Self {
        let (known, streams) = Default::default();
        Self { known, streams, answers_per_stream, end }
    }

    fn answer(&self, index: u64, report: &Report) -> ReportAnswer {
        let mut answer = ReportAnswer { index, ..Default::default() };
        if report.key.is_empty() {
            answer.set_status(ReportStatus::Rejected);
            let (reason, field) = ("EMPTY_KEY".to_owned(), "key".to_owned());
            answer.rejection = Some(ReportRejection { reason, field, message: String::new() });
        } else if self.known.lock().unwrap().insert(report.encode_to_vec()) {
            answer.set_status(ReportStatus::Applied);
        } else {
            answer.set_status(ReportStatus::AlreadyThere);
        }
        answer
    }

    async fn open(&self) -> Channel {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = ReportServiceServer::new(self.clone());
        let incoming = TcpListenerStream::new(listener);
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        Endpoint::from_shared(address).unwrap().connect().await.unwrap()
    }

    async fn sender(&self) -> Sender {
        Sender::new(self.open().await, "t", "a", "s", "m").unwrap()
    }
}

fn notes(count: usize, text: &str) -> Vec<Report> {
    let note = |key: usize| Report {
        key: key.to_string(),
        rule: "note".to_owned(),
        fact: Some(Fact::OpportunityNoted(OpportunityNoted { text: text.to_owned() })),
        ..Default::default()
    };
    (0..count).map(note).collect()
}

#[tokio::test]
async fn every_report_has_its_verdict_and_repeats_are_known() {
    let door = Door::new(u64::MAX, Status::unavailable(""));
    let sender = door.sender().await;
    let mut reports = notes(9_000, "x");
    reports[4_321].key = String::new();
    let references: Vec<&Report> = reports.iter().collect();
    let mut heard = 0;
    let first = sender.send(&references, |done| heard = done).await.unwrap();
    assert_eq!((first.verdicts.len(), first.revision, heard), (9_000, 9_007, 9_000));
    let (field, reason) = ("key".to_owned(), "EMPTY_KEY".to_owned());
    assert_eq!(first.verdicts[4_321], Verdict::Rejected { field, reason });
    assert_eq!(first.verdicts.iter().filter(|v| **v == Verdict::Applied).count(), 8_999);
    let second = sender.send(&references, |_| {}).await.unwrap();
    assert_eq!(second.verdicts.iter().filter(|v| **v == Verdict::AlreadyThere).count(), 8_999);
    assert_eq!(*door.streams.lock().unwrap(), ["s", "s"]);
    assert_eq!(sender.send(&[], |_| {}).await.unwrap().verdicts, []);
}

#[tokio::test]
async fn a_stream_that_breaks_is_taken_up_where_it_was_answered() {
    let door = Door::new(1_700, Status::unavailable("going down"));
    let sender = door.sender().await;
    let reports = notes(5_000, "x");
    let sent = sender.send(&reports.iter().collect::<Vec<_>>(), |_| {}).await.unwrap();
    assert_eq!(sent.verdicts.len(), 5_000);
    assert!(sent.verdicts.iter().all(|verdict| *verdict == Verdict::Applied));
    assert_eq!(door.streams.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn large_reports_travel_in_smaller_batches() {
    let door = Door::new(u64::MAX, Status::unavailable(""));
    let sender = door.sender().await;
    let reports = notes(1_500, &"x".repeat(8_192));
    let sent = sender.send(&reports.iter().collect::<Vec<_>>(), |_| {}).await.unwrap();
    assert_eq!(sent.verdicts.len(), 1_500);
}

#[tokio::test]
async fn a_refusal_ends_it_and_says_how_far_it_came() {
    let door = Door::new(10, Status::failed_precondition("retired"));
    let sender = door.sender().await;
    let reports = notes(20, "x");
    let error = sender.send(&reports.iter().collect::<Vec<_>>(), |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("after 10 of 20 reports"), "{error}");
    assert_eq!(error.downcast_ref::<Status>().unwrap().message(), "retired");
    assert_eq!(door.streams.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn patience_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let channel = Endpoint::from_shared(address).unwrap().connect_lazy();
    let sender = Sender::new(channel, "t", "a", "s", "m").unwrap();
    let sender = sender.with_patience(Duration::from_millis(300));
    let reports = notes(1, "x");
    let error = sender.send(&reports.iter().collect::<Vec<_>>(), |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("after 0 of 1 reports"), "{error}");
}
