//! What must not be recorded of leads: each row is a request, and what is said to it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::leads::v1::{
    AcceptLeadRequest, AssignLeadRequest, CaptureLeadRequest, ChangeLeadConsentRequest,
    ConvertLeadRequest, DismissLeadDuplicateRequest, DisqualifyLeadRequest,
    GetLeadConversionRequest, ListLeadsRequest, MergeLeadsRequest, NewLeadAccount,
    NewLeadOpportunity, NoteLeadRequest, UnmergeLeadsRequest, VoidLeadCommandRequest,
    WorkLeadRequest,
};
use api::types::v1::ExternalId;
use tests::{
    World,
    hands::{at, usd},
};
use tonic::{Code, Status};

use crate::bad_input::{Row, refused, row};

const NOBODY: &str = "00000000-0000-8000-8000-000000000007";

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_not_captured_on_a_bad_request() {
    let world = World::start().await;
    let taken = captured(&world).await;
    refused(&world, captures(&world, &taken)).await;
    refused(&world, questions(&world)).await;
    capture(&world, |_| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_is_not_changed_by_a_bad_request() {
    let world = World::start().await;
    world.define_catalog().await;
    let lead = captured(&world).await;
    refused(&world, steps(&world, &lead)).await;
    refused(&world, merges(&world, &lead)).await;
    refused(&world, conversions(&world, &lead)).await;
    let words = ["lead", "disqualify", &lead, "--reason", "price"];
    world.cli(&words).await;
    let (world, lead) = (&world, lead.as_str());
    let over = vec![
        row!("work on a disqualified lead", FailedPrecondition "LEAD_DISQUALIFIED" "",
            work(world, lead)),
        row!("a conversion of a disqualified lead", FailedPrecondition "LEAD_DISQUALIFIED" "",
            convert(world, lead, |_| ())),
    ];
    refused(world, over).await;
}

async fn captured(world: &World) -> String {
    let request = CaptureLeadRequest { email: "a@b.example".into(), ..Default::default() };
    let answer = world.leads().capture_lead(world.request(request)).await;
    answer.unwrap().into_inner().lead_id
}

/// A good request with something changed.
async fn capture(
    world: &World,
    change: impl FnOnce(&mut CaptureLeadRequest),
) -> Result<(), Status> {
    let mut request = CaptureLeadRequest { name: "Ann".into(), ..Default::default() };
    change(&mut request);
    world.leads().capture_lead(world.request(request)).await.map(drop)
}

fn captures<'a>(world: &'a World, taken: &'a str) -> Vec<Row<'a>> {
    let external = || Some(ExternalId { source: "crm".into(), key: "1".into() });
    vec![
        row!("a name without end", InvalidArgument "TEXT_TOO_LONG" "name",
            capture(world, |it| it.name = "x".repeat(1_025))),
        row!("an address without end", InvalidArgument "TEXT_TOO_LONG" "email",
            capture(world, |it| it.email = "x".repeat(1_025))),
        row!("a channel without end", InvalidArgument "KEY_INVALID" "channel",
            capture(world, |it| it.channel = "x".repeat(129))),
        row!("a campaign of two lines", InvalidArgument "KEY_INVALID" "campaign",
            capture(world, |it| it.campaign = "a\nb".into())),
        row!("an unknown owner", InvalidArgument "USER_UNKNOWN" "owner",
            capture(world, |it| it.owner = "nobody".into())),
        row!("an unknown source", InvalidArgument "SOURCE_UNKNOWN" "external_id.source",
            capture(world, |it| it.external_id = external())),
        row!("an id that is none", InvalidArgument "ID_INVALID" "lead_id",
            capture(world, |it| it.lead_id = "42".into())),
        row!("a request id that is none", InvalidArgument "ID_INVALID" "request_id",
            capture(world, |it| it.request_id = "again".into())),
        row!("two ids", InvalidArgument "ID_TWICE" "lead_id",
        capture(world, move |it| {
            it.lead_id = NOBODY.into();
            it.external_id = external();
        })),
        row!("an id that is taken", AlreadyExists "LEAD_EXISTS" "lead_id",
            capture(world, |it| it.lead_id = taken.into())),
        row!("a lead of the future", InvalidArgument "TIME_IN_FUTURE" "occurred_at",
            capture(world, |it| it.occurred_at = Some(at("2199-01-01T00:00:00Z")))),
    ]
}

fn questions(world: &World) -> Vec<Row<'_>> {
    let list = move |change: fn(&mut ListLeadsRequest)| {
        let mut request = ListLeadsRequest::default();
        change(&mut request);
        let mut leads = world.leads();
        async move { leads.list_leads(world.request(request)).await }
    };
    let conversion = move |request: GetLeadConversionRequest| {
        let mut leads = world.leads();
        async move { leads.get_lead_conversion(world.request(request)).await }
    };
    vec![
        row!("a list of a status that is none", InvalidArgument "STATUS_UNKNOWN" "statuses",
            list(|it| it.statuses = vec![99])),
        row!("a list of nobody's", InvalidArgument "USER_UNKNOWN" "owner",
            list(|it| it.owner = "nobody".into())),
        row!("a page of fewer than none", InvalidArgument "PAGE_SIZE_INVALID" "page_size",
            list(|it| it.page_size = -1)),
        row!("a token of nowhere", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            list(|it| it.page_token = "00".into())),
        row!("a period that ends before it starts", InvalidArgument "PERIOD_EMPTY" "captured_end",
        list(|it| {
            it.captured_start = Some(at("2026-02-01T00:00:00Z"));
            it.captured_end = Some(at("2026-01-01T00:00:00Z"));
        })),
        row!("a cohort of no time", InvalidArgument "PERIOD_EMPTY" "captured_end",
        conversion(GetLeadConversionRequest {
            captured_start: Some(at("2026-01-01T00:00:00Z")),
            captured_end: Some(at("2026-01-01T00:00:00Z")),
            ..Default::default()
        })),
        row!("a grouping that is none", InvalidArgument "GROUPING_UNKNOWN" "by",
            conversion(GetLeadConversionRequest { by: 99, ..Default::default() })),
    ]
}

async fn work(world: &World, lead: &str) -> Result<(), Status> {
    let request = WorkLeadRequest { lead_id: lead.into(), ..Default::default() };
    world.leads().work_lead(world.request(request)).await.map(drop)
}

fn steps<'a>(world: &'a World, lead: &'a str) -> Vec<Row<'a>> {
    let lead_id = || lead.to_owned();
    let assign = AssignLeadRequest { lead_id: lead_id(), owner: "x".into(), ..Default::default() };
    let consent = ChangeLeadConsentRequest { lead_id: lead_id(), ..Default::default() };
    let note = NoteLeadRequest { lead_id: lead_id(), ..Default::default() };
    let disqualify = DisqualifyLeadRequest { lead_id: lead_id(), ..Default::default() };
    let accept = AcceptLeadRequest { lead_id: lead_id(), ..Default::default() };
    let stale = WorkLeadRequest { lead_id: lead_id(), etag: "latest".into(), ..Default::default() };
    let early = WorkLeadRequest {
        lead_id: lead_id(),
        occurred_at: Some(at("2001-01-01T00:00:00Z")),
        ..Default::default()
    };
    let void = VoidLeadCommandRequest {
        lead_id: lead_id(),
        command_id: NOBODY.into(),
        reason_code: "mistake".into(),
        ..Default::default()
    };
    let mut leads: Vec<_> = (0..8).map(|_| world.leads()).collect();
    let mut next = || leads.pop().unwrap();
    let (mut a, mut b, mut c, mut d) = (next(), next(), next(), next());
    let (mut e, mut f, mut g, mut h) = (next(), next(), next(), next());
    vec![
        row!("a lead that is not there", NotFound "LEAD_NOT_FOUND" "lead_id", work(world, NOBODY)),
        row!("an unknown owner", InvalidArgument "USER_UNKNOWN" "owner",
            async move { a.assign_lead(world.request(assign)).await }),
        row!("consent to nothing", InvalidArgument "KEY_INVALID" "purpose",
            async move { b.change_lead_consent(world.request(consent)).await }),
        row!("an empty note", InvalidArgument "FIELD_MISSING" "text",
            async move { c.note_lead(world.request(note)).await }),
        row!("an end without a reason", InvalidArgument "REASON_INVALID" "reason_code",
            async move { d.disqualify_lead(world.request(disqualify)).await }),
        row!("an answer to no offer", FailedPrecondition "NOT_HANDED_OVER" "",
            async move { e.accept_lead(world.request(accept)).await }),
        row!("an etag that is none", InvalidArgument "ETAG_INVALID" "etag",
            async move { f.work_lead(world.request(stale)).await }),
        row!("before the capture", NotFound "LEAD_NOT_FOUND" "lead_id",
            async move { g.work_lead(world.request(early)).await }),
        row!("a void of nothing", NotFound "COMMAND_NOT_FOUND" "command_id",
            async move { h.void_lead_command(world.request(void)).await }),
    ]
}

async fn merge(world: &World, lead: &str, into: &str) -> Result<(), Status> {
    let request =
        MergeLeadsRequest { lead_id: lead.into(), into: into.into(), ..Default::default() };
    world.leads().merge_leads(world.request(request)).await.map(drop)
}

fn merges<'a>(world: &'a World, lead: &'a str) -> Vec<Row<'a>> {
    let unmerge = UnmergeLeadsRequest {
        lead_id: lead.into(),
        reason_code: "mistake".into(),
        ..Default::default()
    };
    let dismiss = DismissLeadDuplicateRequest {
        lead_id: lead.into(),
        of: NOBODY.into(),
        ..Default::default()
    };
    let (mut first, mut second) = (world.leads(), world.leads());
    vec![
        row!("a merge into itself", InvalidArgument "MERGED_INTO_ITSELF" "into",
            merge(world, lead, lead)),
        row!("a merge into nobody", NotFound "LEAD_NOT_FOUND" "into", merge(world, lead, NOBODY)),
        row!("a merge of nobody", NotFound "LEAD_NOT_FOUND" "lead_id", merge(world, NOBODY, lead)),
        row!("a merge into no id", InvalidArgument "ID_INVALID" "into", merge(world, lead, "42")),
        row!("an un-merge of what is not merged", FailedPrecondition "NOT_MERGED" "",
            async move { first.unmerge_leads(world.request(unmerge)).await }),
        row!("a dismissal of what was not found", NotFound "DUPLICATE_NOT_FOUND" "of",
            async move { second.dismiss_lead_duplicate(world.request(dismiss)).await }),
    ]
}

async fn convert(
    world: &World,
    lead: &str,
    change: impl FnOnce(&mut ConvertLeadRequest),
) -> Result<(), Status> {
    let mut request = ConvertLeadRequest { lead_id: lead.into(), ..Default::default() };
    change(&mut request);
    world.leads().convert_lead(world.request(request)).await.map(drop)
}

fn conversions<'a>(world: &'a World, lead: &'a str) -> Vec<Row<'a>> {
    let deal = |pipeline: &str, amount| {
        let pipeline = pipeline.to_owned();
        Some(NewLeadOpportunity { pipeline, amount: Some(usd(amount)), ..Default::default() })
    };
    vec![
        row!("an account that is not there", NotFound "ACCOUNT_NOT_FOUND" "account_id",
            convert(world, lead, |it| it.account_id = NOBODY.into())),
        row!("a contact that is not there", NotFound "CONTACT_NOT_FOUND" "contact_id",
            convert(world, lead, |it| it.contact_id = NOBODY.into())),
        row!("a deal that is not there", NotFound "OPPORTUNITY_NOT_FOUND" "opportunity_id",
            convert(world, lead, |it| it.opportunity_id = NOBODY.into())),
        row!("an account there and new", InvalidArgument "ID_TWICE" "account_id",
        convert(world, lead, |it| {
            it.account_id = NOBODY.into();
            it.account = Some(NewLeadAccount::default());
        })),
        row!("a deal without a pipeline", InvalidArgument "FIELD_MISSING" "opportunity.pipeline",
            convert(world, lead, move |it| it.opportunity = deal("", 1))),
        row!("an unknown pipeline", InvalidArgument "PIPELINE_UNKNOWN" "opportunity.pipeline",
            convert(world, lead, move |it| it.opportunity = deal("limbo", 1))),
        row!("a deal below nothing", InvalidArgument "NEGATIVE_AMOUNT" "opportunity.amount",
            convert(world, lead, move |it| it.opportunity = deal("sales", -1))),
        row!("a conversion of nobody", NotFound "LEAD_NOT_FOUND" "lead_id",
            convert(world, NOBODY, |_| ())),
    ]
}
