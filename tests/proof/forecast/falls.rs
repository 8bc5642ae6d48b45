//! The deals of a waterfall come in pages: each has the numbers of all, and all are of one answer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::{future::Future, pin::Pin};

use api::{
    forecasting::v1::{
        GetForecastWaterfallRequest, GetForecastWaterfallResponse, WaterfallBucket, WaterfallDeal,
    },
    opportunities::v1::ChangeOpportunityAmountRequest,
    types::v1::ForecastCategory,
};
use prost_types::Timestamp;
use tests::{
    World,
    hands::{at, usd},
};
use tonic::{Code, Status};

use super::asking::{QUARTER, as_of, bucket, column, units};
use crate::bad_input::{Row, refused, row};

/// A call on its way that may be a row of what is refused.
type Asking<'a> =
    Pin<Box<dyn Future<Output = Result<GetForecastWaterfallResponse, Status>> + Send + 'a>>;

fn ask<'a>(world: &'a World, tenant: &str, message: GetForecastWaterfallRequest) -> Asking<'a> {
    let request = World::request_of(tenant, message);
    let mut forecasts = world.forecasts();
    Box::pin(async move { Ok(forecasts.get_forecast_waterfall(request).await?.into_inner()) })
}

/// Everything but the deals, which are those of all pages or of one.
fn numbers(fall: &GetForecastWaterfallResponse) -> GetForecastWaterfallResponse {
    let without_deals = |it: &WaterfallBucket| WaterfallBucket { deals: vec![], ..it.clone() };
    GetForecastWaterfallResponse {
        reflected: None,
        from_reflected: None,
        buckets: fall.buckets.iter().map(without_deals).collect(),
        next_page_token: String::new(),
        ..fall.clone()
    }
}

/// The deals of all buckets, each with its bucket's place.
fn deals(fall: &GetForecastWaterfallResponse) -> Vec<(usize, WaterfallDeal)> {
    let buckets = fall.buckets.iter().enumerate();
    buckets.flat_map(|(place, it)| it.deals.iter().map(move |deal| (place, deal.clone()))).collect()
}

/// How large a change is, in either direction, and whose.
fn order((place, deal): &(usize, WaterfallDeal)) -> (i128, String, usize) {
    let amount = deal.amount.as_ref().unwrap();
    let nanos = i128::from(amount.units) * 1_000_000_000 + i128::from(amount.nanos);
    (-nanos.abs(), deal.opportunity_id.clone(), *place)
}

/// The answer on one page, which is what the pages are that have three deals each.
pub async fn whole_and_in_pages(
    world: &World,
    tenant: &str,
    message: GetForecastWaterfallRequest,
) -> GetForecastWaterfallResponse {
    let whole = ask(world, tenant, message.clone()).await.unwrap();
    assert_eq!(whole.next_page_token, "", "{} deals are one page", whole.deals_total);
    let mut expected = deals(&whole);
    expected.sort_by_key(order);
    assert_eq!(whole.deals_total, expected.len() as i64);
    let mut joined = Vec::new();
    let mut message = GetForecastWaterfallRequest { page_size: 3, ..message };
    loop {
        let page = ask(world, tenant, message.clone()).await.unwrap();
        assert_eq!(numbers(&page), numbers(&whole), "{message:?}");
        let mut listed = deals(&page);
        listed.sort_by_key(order);
        assert!(listed.len() == 3 || page.next_page_token.is_empty(), "{message:?}");
        joined.extend(listed);
        message.page_token = page.next_page_token;
        if message.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(joined, expected, "{message:?}");
    whole
}

/// Six deals; afterwards one shrinks and one grows.
async fn deals_move(world: &World) {
    for (name, dollars) in [("a", 100), ("b", 500), ("c", 500), ("d", 20), ("e", 20), ("f", 1)] {
        let (id, _) = world.open(name, dollars, "2026-01-05T00:00:00Z").await;
        let now = match name {
            "b" => 440,
            "c" => 900,
            _ => continue,
        };
        let change = ChangeOpportunityAmountRequest {
            opportunity_id: id,
            occurred_at: Some(at("2026-01-10T00:00:00Z")),
            amount: Some(usd(now)),
            ..Default::default()
        };
        let mut deals = world.opportunities();
        deals.change_opportunity_amount(world.request(change)).await.unwrap();
    }
}

fn question() -> GetForecastWaterfallRequest {
    GetForecastWaterfallRequest {
        period: QUARTER.into(),
        column: Some(column(ForecastCategory::Pipeline, true)),
        from: Some(as_of("2026-01-07")),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_of_one_answer_whatever_is_recorded_between_them() {
    let world = World::start().await;
    world.define_catalog().await;
    deals_move(&world).await;
    let asked = GetForecastWaterfallRequest { from: Some(as_of("2026-01-01")), ..question() };
    let whole = ask(&world, "default", asked.clone()).await.unwrap();
    assert_eq!((whole.end_count, whole.deals_total), (6, 6), "six are new");
    let mut asked = GetForecastWaterfallRequest { page_size: 1, ..asked };
    let (mut listed, mut first) = (Vec::new(), None);
    loop {
        let page = ask(&world, "default", asked.clone()).await.unwrap();
        assert_eq!(numbers(&page), numbers(&whole));
        assert_eq!(points(&page), *first.get_or_insert_with(|| points(&page)));
        listed.extend(bucket(&page, "new").deals.clone());
        asked.page_token = page.next_page_token;
        if asked.page_token.is_empty() {
            break;
        }
        world.open("late", 5_000, "2026-01-06T00:00:00Z").await;
    }
    assert_eq!(listed, bucket(&whole, "new").deals);
    let amounts: Vec<i64> = listed.iter().map(|it| units(it.amount.as_ref())).collect();
    assert_eq!(amounts, [900, 440, 100, 20, 20, 1]);
    assert!(listed[3].opportunity_id < listed[4].opportunity_id);
    let now =
        ask(&world, "default", GetForecastWaterfallRequest { page_token: String::new(), ..asked });
    assert_eq!(now.await.unwrap().deals_total, 11, "a question of its own sees them all");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_between_pages_moves_neither_end() {
    let world = World::start().await;
    world.define_catalog().await;
    deals_move(&world).await;
    // Until now: each page has the now of the first.
    let mut asked = GetForecastWaterfallRequest { page_size: 1, to: None, ..question() };
    let first = ask(&world, "default", asked.clone()).await.unwrap();
    assert!(first.deals_total > 1 && first.start_count == 6, "{first:?}");
    let mut page = first.clone();
    while !page.next_page_token.is_empty() {
        asked.page_token = std::mem::take(&mut page.next_page_token);
        // It happened before both ends, and nobody knew.
        world.open("late", 5_000, "2026-01-06T00:00:00Z").await;
        page = ask(&world, "default", asked.clone()).await.unwrap();
        assert_eq!((numbers(&page), points(&page)), (numbers(&first), points(&first)));
    }
    let again = GetForecastWaterfallRequest { page_token: String::new(), ..asked };
    assert!(ask(&world, "default", again).await.unwrap().start_count > 6);
}

/// Between what instants, and as known when, an answer tells.
fn points(answer: &GetForecastWaterfallResponse) -> Vec<(Option<Timestamp>, u64)> {
    let ends = [&answer.from_reflected, &answer.reflected];
    ends.into_iter().flatten().map(|end| (end.as_of, end.known_at)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_waterfall_is_refused() {
    let world = World::start().await;
    world.define_catalog().await;
    deals_move(&world).await;
    let first = GetForecastWaterfallRequest { page_size: 1, ..question() };
    let token = ask(&world, "default", first).await.unwrap().next_page_token;
    assert_ne!(token, "");
    let page = |tenant: &str, change: fn(&mut GetForecastWaterfallRequest)| {
        let mut request = GetForecastWaterfallRequest { page_token: token.clone(), ..question() };
        change(&mut request);
        ask(&world, tenant, request)
    };
    assert_eq!(page("default", |it| it.page_size = 7).await.unwrap().deals_total, 2, "it is good");
    refused(
        &world,
        vec![
            row!("of another node", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            page("default", |it| it.node = "ann".into())),
            row!("of another column", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            page("default", |it| it.column = Some(column(ForecastCategory::Commit, true)))),
            row!("of another first point", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            page("default", |it| it.from = Some(as_of("2026-01-08")))),
            row!("of another second point", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            page("default", |it| it.to = Some(as_of("2026-01-20")))),
            row!("of another tenant", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            page("other", |_| {})),
            row!("that is none", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            page("default", |it| it.page_token.push('0'))),
            row!("with more behind it", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            page("default", |it| it.page_token.push_str("00"))),
            row!("whose end somebody changed", InvalidArgument "PAGE_TOKEN_INVALID" "page_token",
            page("default", |it| {
                let last = it.page_token.pop();
                it.page_token.push(if last == Some('7') { '8' } else { '7' });
            })),
            row!("with less than no deals", InvalidArgument "PAGE_SIZE_INVALID" "page_size",
            page("default", |it| it.page_size = -1)),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_lists_so_many_and_says_how_many_there_are() {
    let world = World::start().await;
    world.define_catalog().await;
    deals_move(&world).await;
    let waterfall = |more: &str| {
        let words = ["forecast", "waterfall", "--period", QUARTER, "--from-as-of", "2026-01-01"];
        let words: Vec<String> =
            words.into_iter().chain(more.split_whitespace()).map(str::to_owned).collect();
        let world = &world;
        async move { world.words(&words.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    let ids = |answer: &serde_json::Value| -> Vec<String> {
        let buckets = answer["buckets"].as_array().unwrap().iter();
        let deals = buckets.flat_map(|it| it["deals"].as_array().unwrap());
        deals.map(|deal| deal["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = waterfall("-o json --all").await;
    assert_eq!((ids(&all.json()).len(), all.notes.as_str()), (6, ""));
    assert!(all.json()["next_page_token"].is_null());

    let first = waterfall("-o json --limit 4").await;
    assert!(first.notes.starts_with("4 of 6 deals are listed"), "{}", first.notes);
    let told = first.json();
    assert_eq!((&told["deals_total"], &told["end_count"]), (&6.into(), &6.into()));
    assert_eq!(told["end_amount"], all.json()["end_amount"]);
    let token = told["next_page_token"].as_str().unwrap();
    let rest = waterfall(&format!("-o json --limit 4 --page-token {token}")).await;
    let joined = [ids(&told), ids(&rest.json())].concat();
    assert_eq!(joined, ids(&all.json()));

    let lines = waterfall("-o ndjson --limit 4").await;
    assert!(lines.notes.starts_with("4 of 6 deals are listed"), "{}", lines.notes);
    let buckets = lines.data.lines().map(|line| serde_json::from_str(line).unwrap());
    let told = serde_json::json!({ "buckets": buckets.collect::<Vec<serde_json::Value>>() });
    assert_eq!(ids(&told).len(), 4);

    let rows = waterfall("-o csv --deals --limit 4").await;
    assert!(rows.notes.starts_with("4 of 6 deals are listed"), "{}", rows.notes);
    assert_eq!(rows.data.lines().count(), 5, "a header and a row for each: {}", rows.data);
    let sums = waterfall("-o csv --limit 4").await;
    assert_eq!(sums.notes, "", "no deals are shown, so none are left out");
    assert!(sums.data.contains("new,6,1481.00,USD\n"), "{}", sums.data);
}
