//! Clients that do not give up: every command has an id of its own, and is asked until answered.

use std::{collections::HashMap, future::Future, time::Duration};

use api::{
    accounts::v1::{
        ChangeAccountSegmentRequest, CreateAccountRequest, NoteAccountRequest,
        account_service_client::AccountServiceClient,
    },
    audit::v1::{GetHistoryRequest, HistoryEntry, audit_service_client::AuditServiceClient},
    leads::v1::{
        CaptureLeadRequest, NoteLeadRequest, WorkLeadRequest,
        lead_service_client::LeadServiceClient,
    },
    opportunities::v1::{
        ChangeOpportunityAmountRequest, ChangeOpportunityStageRequest, NoteOpportunityRequest,
        OpenOpportunityRequest, opportunity_service_client::OpportunityServiceClient,
    },
    planning::v1::{
        DefinePipelineRequest, DefineSourceRequest, SourceDefinition,
        planning_service_client::PlanningServiceClient,
    },
    types::v1::{ExternalId, ReadAt, Recorded},
};
use rand::{Rng, rngs::SmallRng};
use tests::{World, hands};
use tonic::{Code, Response, Status, transport::Channel};
use uuid::Uuid;

/// How long a call may take before it is made again.
const PATIENCE: Duration = Duration::from_secs(10);

/// A seed of the machine's choosing, unless one is named, and always printed.
#[expect(clippy::print_stdout, reason = "whoever sees a test fail needs its seed")]
pub fn seed(what: &str) -> u64 {
    let named = std::env::var("REVOPS_SEED").ok().map(|text| text.parse().unwrap());
    let seed = named.unwrap_or_else(|| {
        use std::hash::{BuildHasher, RandomState};
        RandomState::new().hash_one(what)
    });
    println!("{what}: REVOPS_SEED={seed}");
    seed
}

/// Something asked for, the same however often it is asked.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The request id.
    pub id: Uuid,
    /// The deal, lead or account.
    pub deal: String,
    /// What is to happen to it.
    pub what: What,
}

/// What can be worked on, and by which service.
pub const KINDS: [&str; 3] = ["opportunity", "lead", "account"];

#[derive(Debug, Clone)]
pub enum What {
    Open,
    OpenExternal(String),
    Price(i64),
    Move(&'static str),
    Note(String),
    Capture,
    Work,
    NoteLead(String),
    Create,
    Segment(String),
    NoteAccount(String),
}

impl Ask {
    /// A new request on a deal.
    pub fn new(dice: &mut SmallRng, deal: &str, what: What) -> Ask {
        Ask { id: Uuid::from_u128(dice.random()), deal: deal.to_owned(), what }
    }

    /// The beginning of something of a kind.
    pub fn first(dice: &mut SmallRng, kind: &str, id: &str) -> Ask {
        let what = match kind {
            "lead" => What::Capture,
            "account" => What::Create,
            _ => What::Open,
        };
        Ask::new(dice, id, what)
    }

    /// Whatever may come next to something of a kind; again, no two of them are alike.
    pub fn next(dice: &mut SmallRng, kind: &str, id: &str) -> Ask {
        let text = format!("text {}", dice.random::<u32>());
        let what = match (kind, dice.random_range(0..3)) {
            ("lead", 0) => What::Work,
            ("lead", _) => What::NoteLead(text),
            ("account", 0) => What::Segment(text.replace(' ', "_")),
            ("account", _) => What::NoteAccount(text),
            _ => return Ask::any(dice, id),
        };
        Ask::new(dice, id, what)
    }

    /// The kind of what it is about.
    pub fn kind(&self) -> &'static str {
        match self.what {
            What::Capture | What::Work | What::NoteLead(_) => "lead",
            What::Create | What::Segment(_) | What::NoteAccount(_) => "account",
            _ => "opportunity",
        }
    }

    /// Something that is bound to change a deal, for no two of them are alike.
    pub fn any(dice: &mut SmallRng, deal: &str) -> Ask {
        let what = match dice.random_range(0..3) {
            0 => What::Note(format!("note {}", dice.random::<u32>())),
            1 => What::Move(["new", "talks", "offer"][dice.random_range(0..3)]),
            _ => What::Price(dice.random_range(1..1_000_000)),
        };
        Ask::new(dice, deal, what)
    }

    /// Asks once; gives the id of what it is about and what was recorded.
    pub async fn once(&self, channel: &Channel, etag: &str) -> Result<(String, Recorded), Status> {
        let recorded = match self.kind() {
            "lead" => self.of_lead(channel).await?,
            "account" => self.of_account(channel).await?,
            _ => return self.of_deal(channel, etag).await,
        };
        Ok((self.deal.clone(), recorded.unwrap()))
    }

    async fn of_lead(&self, channel: &Channel) -> Result<Option<Recorded>, Status> {
        let mut leads = LeadServiceClient::new(channel.clone());
        let (request_id, lead_id) = (self.id.to_string(), self.deal.clone());
        Ok(match &self.what {
            What::Capture => {
                let (name, email) = ("A lead".to_owned(), format!("lead@{lead_id}.example"));
                let request =
                    CaptureLeadRequest { lead_id, request_id, name, email, ..Default::default() };
                leads.capture_lead(call(request)).await?.into_inner().recorded
            }
            What::Work => {
                let request = WorkLeadRequest { lead_id, request_id, ..Default::default() };
                leads.work_lead(call(request)).await?.into_inner().recorded
            }
            what => {
                let What::NoteLead(text) = what else { panic!("{what:?} is not for leads") };
                let text = text.clone();
                let request = NoteLeadRequest { lead_id, request_id, text, ..Default::default() };
                leads.note_lead(call(request)).await?.into_inner().recorded
            }
        })
    }

    async fn of_account(&self, channel: &Channel) -> Result<Option<Recorded>, Status> {
        let mut accounts = AccountServiceClient::new(channel.clone());
        let (request_id, account_id) = (self.id.to_string(), self.deal.clone());
        Ok(match &self.what {
            What::Create => {
                let name = "An account".to_owned();
                let request =
                    CreateAccountRequest { account_id, request_id, name, ..Default::default() };
                accounts.create_account(call(request)).await?.into_inner().recorded
            }
            What::Segment(segment) => {
                let segment = segment.clone();
                let request = ChangeAccountSegmentRequest {
                    account_id,
                    request_id,
                    segment,
                    ..Default::default()
                };
                accounts.change_account_segment(call(request)).await?.into_inner().recorded
            }
            what => {
                let What::NoteAccount(text) = what else { panic!("{what:?} is not for accounts") };
                let text = text.clone();
                let request =
                    NoteAccountRequest { account_id, request_id, text, ..Default::default() };
                accounts.note_account(call(request)).await?.into_inner().recorded
            }
        })
    }

    async fn of_deal(&self, channel: &Channel, etag: &str) -> Result<(String, Recorded), Status> {
        let mut deals = OpportunityServiceClient::new(channel.clone());
        let (id, deal, etag) = (self.id.to_string(), self.deal.clone(), etag.to_owned());
        let recorded = match &self.what {
            What::Open | What::OpenExternal(_) => {
                let external = match &self.what {
                    What::OpenExternal(key) => {
                        Some(ExternalId { source: "crm".into(), key: key.clone() })
                    }
                    _ => None,
                };
                let opened = OpenOpportunityRequest {
                    opportunity_id: if external.is_some() { String::new() } else { deal },
                    external_id: external,
                    request_id: id,
                    name: "A deal".into(),
                    pipeline: "sales".into(),
                    amount: Some(hands::usd(100)),
                    ..Default::default()
                };
                let opened = deals.open_opportunity(call(opened)).await?.into_inner();
                return Ok((opened.opportunity_id, opened.recorded.unwrap()));
            }
            What::Price(dollars) => {
                let request = ChangeOpportunityAmountRequest {
                    opportunity_id: deal,
                    request_id: id,
                    etag,
                    amount: Some(hands::usd(*dollars)),
                    ..Default::default()
                };
                deals.change_opportunity_amount(call(request)).await?.into_inner().recorded
            }
            What::Move(stage) => {
                let request = ChangeOpportunityStageRequest {
                    opportunity_id: deal,
                    request_id: id,
                    etag,
                    stage: (*stage).into(),
                    ..Default::default()
                };
                deals.change_opportunity_stage(call(request)).await?.into_inner().recorded
            }
            what => {
                let What::Note(text) = what else { panic!("{what:?} is not for deals") };
                let request = NoteOpportunityRequest {
                    opportunity_id: deal,
                    request_id: id,
                    etag,
                    text: text.clone(),
                    ..Default::default()
                };
                deals.note_opportunity(call(request)).await?.into_inner().recorded
            }
        };
        Ok((self.deal.clone(), recorded.unwrap()))
    }

    /// Asks until it is answered.
    pub async fn insist(&self, channel: &Channel) -> Result<(String, Recorded), Status> {
        insist(|| self.once(channel, "")).await
    }
}

/// Makes a call until it is answered, while it only fails because somebody is away.
pub async fn insist<T, F: Future<Output = Result<T, Status>>>(
    call: impl Fn() -> F,
) -> Result<T, Status> {
    loop {
        match tokio::time::timeout(PATIENCE, call()).await {
            Ok(Err(status)) if may_pass(&status) => {}
            Ok(answer) => return answer,
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether it says no more than that somebody is away for a while.
pub fn may_pass(status: &Status) -> bool {
    let away =
        [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled, Code::ResourceExhausted];
    // A connection that breaks in the middle of an answer has a code of its own.
    away.contains(&status.code())
        || (status.code() == Code::Unknown && std::error::Error::source(status).is_some())
}

fn call<T>(message: T) -> tonic::Request<T> {
    World::request_of("default", message)
}

/// Defines the pipeline `sales` and the source `crm`.
pub async fn define_catalog(channel: &Channel) {
    let mut planning = PlanningServiceClient::new(channel.clone());
    let sales = DefinePipelineRequest {
        key: "sales".into(),
        definition: Some(hands::pipeline()),
        ..Default::default()
    };
    planning.define_pipeline(call(sales)).await.unwrap();
    let crm = DefineSourceRequest {
        key: "crm".into(),
        definition: Some(SourceDefinition { name: "CRM".into(), ..Default::default() }),
        ..Default::default()
    };
    planning.define_source(call(crm)).await.unwrap();
}

/// A deal's history, once the process has taken in a position.
pub async fn history(channel: &Channel, deal: &str, min_revision: u64) -> Vec<HistoryEntry> {
    history_of(channel, "opportunity", deal, min_revision).await
}

/// The history of something of a kind, once the process has taken in a position.
pub async fn history_of(
    channel: &Channel,
    kind: &str,
    id: &str,
    min_revision: u64,
) -> Vec<HistoryEntry> {
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = GetHistoryRequest {
            kind: kind.to_owned(),
            id: id.to_owned(),
            read_at: Some(ReadAt { min_revision, ..Default::default() }),
            page_size: 1_000,
            page_token: page_token.clone(),
        };
        let ask = || async {
            AuditServiceClient::new(channel.clone()).get_history(call(request.clone())).await
        };
        let page = insist(ask).await.map(Response::into_inner).unwrap();
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return entries;
        }
    }
}

/// What was acknowledged of a deal: each is in its history once, where the answer said; and nothing
/// else that was ever asked for is there twice.
pub fn check_history(deal: &str, entries: &[HistoryEntry], acknowledged: &[(Ask, Recorded)]) {
    let mut found: HashMap<&str, Vec<u64>> = HashMap::new();
    for entry in entries {
        found.entry(&entry.command_id).or_default().push(entry.position);
    }
    for (command, positions) in &found {
        assert_eq!(positions.len(), 1, "{command} is in {deal} at {positions:?}");
    }
    for (ask, recorded) in acknowledged.iter().filter(|(_, recorded)| recorded.changed) {
        let id = ask.id.to_string();
        assert_eq!(found.get(id.as_str()), Some(&vec![recorded.revision]), "{ask:?}: {recorded:?}");
    }
}
