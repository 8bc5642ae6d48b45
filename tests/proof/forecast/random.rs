//! Random companies: whatever is told in whatever order, every node is what the brute force says it
//! is, at any point of both axes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::collections::BTreeMap;

use api::{
    forecasting::v1::{
        ForecastCell, ForecastRow, GetForecastRequest, GetForecastResponse,
        GetForecastWaterfallRequest, GetForecastWaterfallResponse,
    },
    types::v1::{ReadAt, read_at::KnownAt},
};
use rand::{SeedableRng, rngs::SmallRng};
use tests::World;

use super::{
    asking::{Call, column},
    brute::{History, Question},
    company::{self, CATEGORIES, CURRENCIES, PEOPLE, any, instant, maybe, period},
    falls,
    recording::{Telling, category, key, minor, time},
    sums::{Cell, Row},
};

/// How many companies each test looks at.
const SEEDS: std::ops::Range<u64> = 0..8;
/// How many questions each is asked.
const QUESTIONS: usize = 24;

type Rows = BTreeMap<Option<usize>, Row>;

/// A company that was told all there is, with the answers that it gave on the way.
struct Company<'a> {
    world: &'a World,
    tenant: String,
    rng: SmallRng,
    history: History,
    on_the_way: Vec<(GetForecastRequest, GetForecastResponse)>,
}

/// A company of its own for every seed.
#[expect(clippy::print_stdout, reason = "whoever sees a test fail needs its seed")]
async fn company(world: &World, seed: u64) -> Company<'_> {
    println!("seed {seed}");
    let mut rng = SmallRng::seed_from_u64(seed);
    let tenant = format!("seed-{seed}");
    let told = company::random(&mut rng);
    let mut telling = Telling::begin(world, &tenant).await;
    let mut on_the_way = Vec::new();
    for (place, it) in told.iter().enumerate() {
        telling.tell(it).await;
        if place % 40 == 39 {
            let request = GetForecastRequest {
                period: period(&mut rng),
                currency_code: any(&mut rng, &CURRENCIES).0.into(),
                ..Default::default()
            };
            let answer = ask(world, &tenant, request.clone()).await;
            on_the_way.push((request, answer));
        }
    }
    let recorded = telling.history.recorded.len();
    assert!(2 * telling.refused < recorded, "{} refused of {recorded}", telling.refused);
    Company { world, tenant, rng, history: telling.history, on_the_way }
}

fn ask<'a>(
    world: &'a World,
    tenant: &str,
    request: GetForecastRequest,
) -> Call<'a, GetForecastResponse> {
    let request = World::request_of(tenant, request);
    Box::pin(async move { world.forecasts().get_forecast(request).await.unwrap().into_inner() })
}

impl Company<'_> {
    /// A point of both axes and a period.
    fn question(&mut self) -> Question {
        let rng = &mut self.rng;
        let as_of = instant(rng) + 20 * company::DAY;
        let known_at = any(rng, &self.history.recorded).position;
        let known_at = maybe(rng, 50, |_| known_at).unwrap_or(self.history.last());
        Question {
            as_of,
            known_at,
            cut_at: (as_of, known_at),
            restated_to: maybe(rng, 30, instant),
            period: period(rng),
            currency: any(rng, &CURRENCIES).0,
        }
    }

    fn ask(&self, asked: &Question, node: Option<usize>) -> Call<'_, GetForecastResponse> {
        let request = GetForecastRequest {
            period: asked.period.clone(),
            node: node.map(key).unwrap_or_default(),
            read_at: Some(read_at(asked)),
            restated_to: asked.restated_to.map(time),
            currency_code: asked.currency.into(),
            ..Default::default()
        };
        ask(self.world, &self.tenant, request)
    }

    fn explain(
        &self,
        (from, to): (&Question, &Question),
        (word, cumulative): (&str, bool),
        node: Option<usize>,
    ) -> Call<'_, GetForecastWaterfallResponse> {
        let message = GetForecastWaterfallRequest {
            period: to.period.clone(),
            node: node.map(key).unwrap_or_default(),
            column: Some(column(category(word), cumulative)),
            from: Some(read_at(from)),
            to: Some(read_at(to)),
            restated_to: to.restated_to.map(time),
            currency_code: to.currency.into(),
            page_size: 1_000,
            ..Default::default()
        };
        Box::pin(falls::whole_and_in_pages(self.world, &self.tenant, message))
    }

    fn rows(&self, answer: &GetForecastResponse) -> Rows {
        let place = |id: &str| self.history.people.iter().position(|it| it == id).unwrap();
        let node = |row: &ForecastRow| row.user.as_ref().map(|user| place(&user.id));
        answer.rows.iter().map(|row| (node(row), read(row))).collect()
    }
}

fn read_at(asked: &Question) -> ReadAt {
    ReadAt {
        as_of: Some(time(asked.as_of)),
        known_at: Some(KnownAt::KnownAtPosition(asked.known_at)),
        ..Default::default()
    }
}

/// A row as the brute force writes it.
fn read(row: &ForecastRow) -> Row {
    let cells = |cells: &[ForecastCell]| CATEGORIES.map(|word| cell(cells, word));
    let quota = row.quota.as_ref().unwrap();
    Row {
        individual: cells(&row.individual),
        cumulative: cells(&row.cumulative),
        quota: quota.amount.as_ref().map(minor),
    }
}

fn cell(cells: &[ForecastCell], word: &str) -> Cell {
    let it = cells.iter().find(|it| it.category() == category(word)).unwrap();
    let amount = |money: &Option<_>| minor(money.as_ref().unwrap());
    Cell {
        own: amount(&it.owner_only_amount),
        sum: amount(&it.amount_without_adjustments),
        without_manager: amount(&it.amount_without_manager_adjustment),
        forecast: amount(&it.forecast_amount),
        own_count: it.owner_only_count,
        count: it.count,
        unconverted: it.unconverted_count,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_is_what_a_brute_force_says_at_any_point() {
    let world = World::start().await;
    let (mut won, mut judged, mut bound) = (0, 0, 0);
    for seed in SEEDS {
        let mut company = company(&world, seed).await;
        for _ in 0..QUESTIONS {
            let asked = company.question();
            let answer = company.ask(&asked, None).await;
            let (rows, expected) = (company.rows(&answer), company.history.numbers(&asked));
            assert_eq!(rows.len(), answer.rows.len(), "somebody stands twice: {asked:?}");
            for node in rows.keys().chain(expected.keys()) {
                assert_eq!(rows.get(node), expected.get(node), "{node:?} of {asked:?}");
            }
            children_add_up(&answer, &asked);
            let total = &rows[&None];
            won += total.individual[5].count;
            judged += usize::from(total.cumulative.iter().any(|it| it.forecast != it.sum));
            bound += rows.values().filter(|row| row.quota.is_some()).count();
        }
    }
    // The companies are worth asking.
    assert!(won > 40 && judged > 20 && bound > 20, "{won} won, {judged} judged, {bound} quotas");
}

/// Every node is what it owns and the sum of its children, to the minor unit.
fn children_add_up(answer: &GetForecastResponse, asked: &Question) {
    for row in &answer.rows {
        let id = row.user.as_ref().map_or("", |user| &*user.id);
        let children = answer.rows.iter().filter(|it| it.user.is_some() && it.manager_id == id);
        let children: Vec<Row> = children.map(read).collect();
        let own = read(row);
        for place in 0..CATEGORIES.len() {
            let below: i64 = children.iter().map(|it| it.individual[place].sum).sum();
            let cell = own.individual[place];
            assert_eq!(cell.sum, cell.own + below, "{id:?} {place} of {asked:?}");
            let below: i64 = children.iter().map(|it| it.cumulative[place].sum).sum();
            let cell = own.cumulative[place];
            assert_eq!(cell.sum, cell.own + below, "{id:?} {place}+ of {asked:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_alone_is_what_it_is_among_all() {
    let world = World::start().await;
    for seed in SEEDS {
        let mut company = company(&world, seed).await;
        let asked = Question { known_at: company.history.last(), ..company.question() };
        let asked = Question { cut_at: (asked.as_of, asked.known_at), ..asked };
        let all = company.ask(&asked, None).await;
        for person in 0..PEOPLE {
            let alone = company.ask(&asked, Some(person)).await;
            let id = &company.history.people[person];
            for row in &alone.rows {
                let among = all.rows.iter().find(|it| it.user == row.user);
                assert_eq!(among.unwrap(), row, "{person} of {asked:?}");
            }
            let depth = alone.rows.first().map_or(0, |row| row.depth);
            let of = |it: &&ForecastRow| it.user.as_ref().is_some_and(|user| user.id == *id);
            let place = all.rows.iter().position(|it| of(&it));
            let team = place.map_or(0, |place| {
                1 + all.rows[place + 1..].iter().take_while(|it| it.depth > depth).count()
            });
            assert_eq!(alone.rows.len(), team, "{person} of {asked:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn start_and_buckets_are_end_at_every_node() {
    let world = World::start().await;
    for seed in SEEDS {
        let mut company = company(&world, seed).await;
        for _ in 0..4 {
            let to = company.question();
            let other = company.question();
            let from = Question { as_of: other.as_of, known_at: other.known_at, ..to.clone() };
            let named = company::column(&mut company.rng);
            let told = [&from, &to].map(|it| company.history.numbers(it));
            for node in (0..PEOPLE).map(Some).chain([None]) {
                let fall = company.explain((&from, &to), named, node).await;
                let told = told.each_ref().map(|rows| number(rows, node, named));
                law(&fall, told, &format!("{node:?} {named:?} from {from:?} to {to:?}"));
            }
        }
    }
}

/// A column of a node before any judgement; deals without a rate count as nothing.
fn number(rows: &Rows, node: Option<usize>, (word, cumulative): (&str, bool)) -> (i64, i64) {
    let place = CATEGORIES.iter().position(|it| *it == word).unwrap();
    let row = rows.get(&node).copied().unwrap_or_default();
    let cell = if cumulative { row.cumulative } else { row.individual }[place];
    (cell.sum, i64::try_from(cell.count + cell.unconverted).unwrap())
}

fn law(fall: &GetForecastWaterfallResponse, told: [(i64, i64); 2], asked: &str) {
    let amount = |money: &Option<_>| minor(money.as_ref().unwrap());
    let start = (amount(&fall.start_amount), fall.start_count);
    let end = (amount(&fall.end_amount), fall.end_count);
    assert_eq!([start, end], told, "{asked}");
    let mut sum = start;
    for bucket in &fall.buckets {
        let own = (amount(&bucket.amount), bucket.count);
        let deals = bucket.deals.iter().map(|deal| (amount(&deal.amount), deal.count));
        let deals = deals.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        assert_eq!(own, deals, "{} of {asked}", bucket.name);
        sum = (sum.0 + own.0, sum.1 + own.1);
    }
    assert_eq!(sum, end, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_asked_for_again_is_the_same_answer() {
    let world = World::start().await;
    for seed in SEEDS {
        let company = company(&world, seed).await;
        assert!(company.on_the_way.len() > 2);
        for (request, answer) in &company.on_the_way {
            let reflected = answer.reflected.clone().unwrap();
            let read_at = Some(ReadAt {
                as_of: reflected.as_of,
                known_at: Some(KnownAt::KnownAtPosition(reflected.revision)),
                ..Default::default()
            });
            let again = GetForecastRequest { read_at, ..request.clone() };
            let again = ask(company.world, &company.tenant, again).await;
            let without =
                |it: &GetForecastResponse| GetForecastResponse { reflected: None, ..it.clone() };
            assert_eq!(without(&again), without(answer), "{request:?}");
        }
    }
}
