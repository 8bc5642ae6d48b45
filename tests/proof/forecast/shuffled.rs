//! Order of arrival: the same reports of deals, people, stages and leads, told as they happened and
//! told shuffled and doubled, are the same company in every view.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    forecasting::v1::GetForecastRequest,
    ingest::v1::{
        LeadAssigned, LeadCaptured, LeadConsentChanged, LeadDisqualified, LeadHandedOver,
        LeadQualified, LeadRecycled, LeadRejected, LeadWorked, Report, ReportRequest, ReportStatus,
        report::Fact,
    },
    planning::v1::{DefineSourceRequest, SourceDefinition},
};
use rand::{Rng, SeedableRng, rngs::SmallRng, seq::SliceRandom};
use tests::{Options, World};

use super::{
    asking::{Call, get},
    company::{self, What, any, instant, maybe, period},
    recording::{SOURCE, key, time},
    reporting::report,
};

const SEEDS: std::ops::Range<u64> = 100..103;

/// What is reported of a random company, its leads included, as it happened.
fn reports(rng: &mut SmallRng) -> Vec<Report> {
    let told = company::random(rng);
    let of_deals = told
        .iter()
        .filter(|it| matches!(it.what, What::Deal(..) | What::Person { .. } | What::Stages(_)));
    let mut reports: Vec<Report> = of_deals.map(report).collect();
    reports.extend((0..60).map(|_| of_lead(rng)));
    let when = |it: &Report| it.occurred_at.map(|at| (at.seconds, at.nanos));
    reports.sort_by_key(|it| (when(it), it.key.clone()));
    reports.dedup();
    reports
}

/// Anything about one of a few leads, at any time, legal or not.
fn of_lead(rng: &mut SmallRng) -> Report {
    let code = any(rng, &["budget", "junk", "timing"]).to_owned();
    let owner = maybe(rng, 80, |rng| key(rng.random_range(0..company::PEOPLE))).unwrap_or_default();
    let fact = match rng.random_range(0..10) {
        0..3 => Fact::LeadCaptured(LeadCaptured {
            email: any(rng, &["ann@pier.example", "ANN@pier.example", "bo@quay.example"]).into(),
            channel: any(rng, &["fair", "form"]).into(),
            owner,
            ..Default::default()
        }),
        3 => Fact::LeadAssigned(LeadAssigned { owner }),
        4 => Fact::LeadWorked(LeadWorked::default()),
        5 => Fact::LeadHandedOver(LeadHandedOver::default()),
        6 => Fact::LeadRejected(LeadRejected { reason_code: code, ..Default::default() }),
        7 => Fact::LeadQualified(LeadQualified::default()),
        8 => Fact::LeadDisqualified(LeadDisqualified { reason_code: code, ..Default::default() }),
        _ if rng.random() => Fact::LeadConsentChanged(LeadConsentChanged {
            purpose: "newsletter".into(),
            granted: rng.random(),
        }),
        _ => Fact::LeadRecycled(LeadRecycled::default()),
    };
    Report {
        key: format!("lead {}", rng.random_range(0..8)),
        rule: "told".into(),
        occurred_at: Some(time(instant(rng))),
        source_seq: 0,
        fact: Some(fact),
    }
}

/// A world to which the reports are told in batches, in this order.
fn world(reports: Vec<Report>) -> Call<'static, World> {
    Box::pin(async move {
        let world = World::start_with(Options::with_key_of('5')).await;
        let definition = SourceDefinition { name: "CRM".into(), ..Default::default() };
        // A digest tells commands apart by their ids.
        let source = DefineSourceRequest {
            key: SOURCE.into(),
            request_id: "01890000-0000-7000-8000-000000000001".into(),
            definition: Some(definition),
            ..Default::default()
        };
        world.planning().define_source(world.request(source)).await.unwrap();
        let batches: Vec<ReportRequest> = reports
            .chunks(7)
            .map(|reports| ReportRequest {
                source: SOURCE.into(),
                reports: reports.to_vec(),
                ..Default::default()
            })
            .collect();
        let stream = world.request(futures::stream::iter(batches));
        let mut answers = world.reports().report(stream).await.unwrap().into_inner();
        while let Some(response) = answers.message().await.unwrap() {
            let rejected =
                |it: &&api::ingest::v1::ReportAnswer| it.status() == ReportStatus::Rejected;
            assert_eq!(response.answers.iter().find(rejected), None);
        }
        world
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_told_in_any_order_is_the_same_company() {
    for seed in SEEDS {
        println!("seed {seed}");
        let mut rng = SmallRng::seed_from_u64(seed);
        let reports = reports(&mut rng);
        let mut mixed = reports.clone();
        mixed.extend((0..reports.len() / 3).map(|_| any(&mut rng, &reports)));
        mixed.shuffle(&mut rng);
        let (one, other) = (world(reports).await, world(mixed).await);
        let digests = one.digests().await;
        assert!(digests.len() > 8, "{digests:?}");
        assert_eq!(digests, other.digests().await, "seed {seed}");
        for _ in 0..12 {
            let request = GetForecastRequest {
                period: period(&mut rng),
                currency_code: "JPY".into(),
                read_at: Some(api::types::v1::ReadAt {
                    as_of: Some(time(instant(&mut rng))),
                    ..Default::default()
                }),
                ..Default::default()
            };
            let answers = [get(&one, request.clone()).await, get(&other, request.clone()).await];
            let [one, other] = answers.map(|it| (it.rows, it.faults));
            assert_eq!(one, other, "seed {seed}: {request:?}");
        }
        for world in [&one, &other] {
            assert_eq!(world.cli(&["projection", "verify"]).await["ok"], true, "seed {seed}");
        }
    }
}
