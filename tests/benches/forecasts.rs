//! Forecasts as of any instant and their waterfalls, beside the same questions asked of indexed
//! tables of PostgreSQL with the same rows, whose answers must be the same.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api::{
    forecasting::v1::{
        ForecastColumn, GetForecastRequest, GetForecastWaterfallRequest,
        forecast_service_client::ForecastServiceClient,
    },
    google::r#type::Money,
    types::v1::{ForecastCategory as Category, ReadAt},
};
use domain::{ForecastCategory, Outcome, opportunity::Opportunity};
use event_log::Chain;
use prost_types::Timestamp;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use tonic::transport::Channel;

use crate::{
    Scale,
    catalog::STAGES,
    fold::Folded,
    history::{History, Version},
    postgres::{Answer, Commits, Postgres},
    rounds::Round,
    table::{Line, Table},
};

const SEED: u64 = 11;
const DAY_S: i64 = 86_400;
/// The quarters that are asked for: the key, the first day since 1970, and how many days.
const QUARTERS: [(&str, i64, i64); 4] = [
    ("2022-Q2", 19_083, 91),
    ("2023-Q1", 19_358, 90),
    ("2023-Q4", 19_631, 92),
    ("2024-Q3", 19_905, 92),
];
/// A rollup has a row for each node.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// The columns that a waterfall of the whole forecast sums up, and the questions put beside it.
const WATERFALL: Category = Category::BestCase;

/// An instant of a quarter that is asked for.
struct Asked {
    period: &'static str,
    days: (i64, i64),
    /// The two instants, seconds since 1970.
    from: i64,
    to: i64,
}

/// Measures, and adds the lines.
pub async fn measure(scale: Scale, folded: &Folded, table: &mut Table) -> anyhow::Result<()> {
    let mut random = SmallRng::seed_from_u64(SEED);
    let asked: Vec<Asked> =
        (0..scale.questions.div_ceil(10)).map(|_| Asked::any(&mut random)).collect();
    let channel = folded.cell.channel().await?;
    let client = ForecastServiceClient::new(channel);
    let mut service = client.max_decoding_message_size(ANSWER_BYTES_MAX);
    let (mut rollups, mut waterfalls) = (Round::default(), Round::default());
    let (mut totals, mut ends) = (Vec::new(), Vec::new());
    for asked in &asked {
        let started = Instant::now();
        totals.push(rollup(&mut service, asked).await?);
        rollups.took.push(started.elapsed());
        let started = Instant::now();
        ends.push(waterfall(&mut service, asked).await?);
        waterfalls.took.push(started.elapsed());
    }
    table.question(&format!("Forecasts as of any instant at {} deals", scale.deals))?;
    let (deals, catalog) = (scale.deals, folded.catalog.clone());
    let beside = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        let Some(postgres) = Postgres::start(Commits::InMemory)? else { return Ok(None) };
        let history = History::new(deals, catalog, Chain::default())?;
        load(&postgres, &history)?;
        let rollups = postgres.ask(&asked.iter().map(rollup_sql).collect::<Vec<_>>())?;
        let waterfalls = postgres.ask(&asked.iter().map(waterfall_sql).collect::<Vec<_>>())?;
        Ok(Some((rollups, waterfalls)))
    });
    let beside = beside.await??;
    if let Some((rolled_up, explained)) = &beside {
        for ((answer, total), what) in rolled_up
            .iter()
            .zip(&totals)
            .map(|pair| (pair, "rollup"))
            .chain(explained.iter().zip(&ends).map(|pair| (pair, "waterfall")))
        {
            ensure!(sum_of(answer)? == *total, "a {what} differs: {answer:?} and {total}");
        }
    } else {
        table.remark(
            "PostgreSQL is not installed, so nothing stands beside: apt-get install postgresql",
        )?;
    }
    let (rolled_up, explained) = beside.unzip();
    show(table, "a quarter's rollup, every node", rollups, rolled_up.as_deref())?;
    show(table, "a quarter's waterfall, of every deal", waterfalls, explained.as_deref())
}

impl Asked {
    fn any(random: &mut SmallRng) -> Asked {
        let (period, first, days) = QUARTERS[random.random_range(0..QUARTERS.len())];
        let mut within =
            |low: i64, high: i64| first * DAY_S + random.random_range(low * DAY_S..high * DAY_S);
        let (from, to) = (within(1, days / 2), within(days / 2, days));
        Asked { period, days: (first, first + days), from, to }
    }
}

fn as_of(seconds: i64) -> Option<ReadAt> {
    Some(ReadAt { as_of: Some(Timestamp { seconds, nanos: 0 }), ..ReadAt::default() })
}

/// Asks for every node, and gives what the whole company has in all categories but the omitted.
async fn rollup(
    service: &mut ForecastServiceClient<Channel>,
    asked: &Asked,
) -> anyhow::Result<i64> {
    let request = GetForecastRequest {
        period: asked.period.to_owned(),
        read_at: as_of(asked.to),
        currency_code: "USD".to_owned(),
        ..GetForecastRequest::default()
    };
    let answer = service.get_forecast(request).await?.into_inner();
    let company = answer.rows.first().context("no rows")?;
    let counted = company.individual.iter().filter(|cell| cell.category() != Category::Omitted);
    counted.map(|cell| minor(cell.amount_without_adjustments.as_ref())).sum()
}

/// Asks why the whole company's number changed, checks the sum, and gives the change.
async fn waterfall(
    service: &mut ForecastServiceClient<Channel>,
    asked: &Asked,
) -> anyhow::Result<i64> {
    let column = ForecastColumn { category: WATERFALL as i32, cumulative: true };
    let request = GetForecastWaterfallRequest {
        period: asked.period.to_owned(),
        column: Some(column),
        from: as_of(asked.from),
        to: as_of(asked.to),
        currency_code: "USD".to_owned(),
        ..GetForecastWaterfallRequest::default()
    };
    let answer = service.get_forecast_waterfall(request).await?.into_inner();
    let start = minor(answer.start_amount.as_ref())?;
    let change = minor(answer.end_amount.as_ref())? - start;
    let buckets: anyhow::Result<i64> =
        answer.buckets.iter().map(|bucket| minor(bucket.amount.as_ref())).sum();
    ensure!(buckets? == change, "the waterfall does not sum up");
    Ok(change)
}

fn minor(money: Option<&Money>) -> anyhow::Result<i64> {
    let money = money.context("no amount")?;
    Ok(money.units * 100 + i64::from(money.nanos) / 10_000_000)
}

/// One row per version of a deal, indexed for what is asked.
fn load(postgres: &Postgres, history: &History) -> anyhow::Result<()> {
    postgres.run(
        "CREATE UNLOGGED TABLE versions (deal uuid, since bigint, until bigint, owner uuid, \
         category smallint, day int, minor bigint); \
         CREATE UNLOGGED TABLE users (id uuid PRIMARY KEY, manager uuid);",
    )?;
    let by_deal = history.by_deal();
    postgres.copy("versions", history.versions(&by_deal).map(|version| row(&version)))?;
    postgres.copy(
        "users",
        history.hierarchy().map(|(user, manager)| {
            format!("{user}\t{}", manager.map_or("\\N".to_owned(), |id| id.to_string()))
        }),
    )?;
    postgres.run(
        "CREATE INDEX ON versions (day, since, until) INCLUDE (deal, owner, category, minor); \
         CREATE INDEX ON versions (deal, since); CREATE INDEX ON users (manager); \
         VACUUM ANALYZE versions; VACUUM ANALYZE users;",
    )
}

fn row(version: &Version) -> String {
    let Version { deal, since, until, state } = version;
    let day = match (state.outcome, state.closed_at) {
        (Outcome::Won, Some(at)) => Some(at.date()),
        _ => state.close_date,
    };
    let or_null = |field: Option<String>| field.unwrap_or_else(|| "\\N".to_owned());
    format!(
        "{deal}\t{}\t{}\t{}\t{}\t{}\t{}",
        since.0,
        until.0,
        or_null(state.owner.map(|owner| owner.0.to_string())),
        or_null(category(state).map(|category| category.to_string())),
        or_null(day.map(|day| day.0.to_string())),
        or_null(state.value().map(|amount| amount.minor.to_string())),
    )
}

/// The place of the category that a deal counts in; `None` when it counts in none.
fn category(state: &Opportunity) -> Option<usize> {
    let stage = state.stage.as_ref().map(|stage| stage.key.as_str());
    let of_stage = match STAGES.iter().position(|key| Some(*key) == stage) {
        Some(0 | 1) => ForecastCategory::Pipeline,
        Some(2) => ForecastCategory::BestCase,
        _ => ForecastCategory::Commit,
    };
    let counted = of_stage.counted(state.outcome)?;
    ForecastCategory::ALL.iter().position(|category| *category == counted)
}

/// Every node's categories, with and without those below it; the last column of the last row is the
/// whole company's total.
fn rollup_sql(asked: &Asked) -> String {
    let (first, end) = asked.days;
    let to = asked.to * 1_000_000;
    format!(
        "WITH RECURSIVE below(root, id) AS (SELECT id, id FROM users UNION ALL SELECT root, users.id \
         FROM below JOIN users ON manager = below.id), leaves AS (SELECT owner, category, \
         sum(minor) amount, count(*) deals FROM versions WHERE day >= {first} AND day < {end} AND \
         since < {to} AND until >= {to} AND category IS NOT NULL GROUP BY 1, 2), nodes AS (SELECT \
         root, category, sum(amount) amount, sum(deals) deals FROM below JOIN leaves ON owner = id \
         GROUP BY 1, 2) SELECT root, category, deals, amount FROM nodes UNION ALL SELECT owner, \
         category, deals, amount FROM leaves UNION ALL SELECT NULL, NULL, NULL, sum(amount) FROM \
         leaves ORDER BY 1 NULLS LAST, 2 NULLS LAST;"
    )
}

/// The buckets of everything of the column or surer; the last column is their sum.
fn waterfall_sql(asked: &Asked) -> String {
    let (first, end) = asked.days;
    let counted: Vec<String> = ForecastCategory::BestCase
        .accumulated()
        .iter()
        .filter_map(|wanted| ForecastCategory::ALL.iter().position(|category| category == wanted))
        .map(|place| place.to_string())
        .collect();
    let counted = counted.join(", ");
    let (from, to) = (asked.from * 1_000_000, asked.to * 1_000_000);
    let at = |point: i64| {
        format!(
            "SELECT deal, owner, category, minor FROM versions WHERE day >= {first} AND day < {end} \
             AND since < {point} AND until >= {point} AND category IN ({counted})"
        )
    };
    let then = |deal: &str, point: i64| {
        format!(
            "(SELECT CASE WHEN category IS NULL THEN 'lost' WHEN day < {first} OR day >= {end} THEN \
             'date' ELSE 'category' END FROM versions v WHERE v.deal = {deal} AND v.since < {point} \
             ORDER BY v.since DESC LIMIT 1)"
        )
    };
    format!(
        "WITH a AS ({}), b AS ({}), changes AS (SELECT coalesce(b.minor, 0) - coalesce(a.minor, 0) \
         change, CASE WHEN a.deal IS NULL THEN coalesce({}, 'new') WHEN b.deal IS NULL THEN {} WHEN \
         a.owner <> b.owner THEN 'owner' WHEN a.category <> b.category THEN 'category' ELSE 'amount' \
         END bucket FROM a FULL JOIN b USING (deal)), buckets AS (SELECT bucket, sum(change) change, \
         count(*) deals FROM changes GROUP BY 1) SELECT count(*), sum(change) FROM buckets;",
        at(from),
        at(to),
        then("b.deal", from),
        then("a.deal", to),
    )
}

/// The last field of the last row.
fn sum_of(answer: &Answer) -> anyhow::Result<i64> {
    let last = answer.rows.last().and_then(|row| row.rsplit('|').next());
    Ok(last.context("no answer")?.parse()?)
}

fn show(
    table: &mut Table,
    what: &str,
    mut ours: Round,
    theirs: Option<&[Answer]>,
) -> anyhow::Result<()> {
    let median = |took: &mut Vec<Duration>| {
        took.sort_unstable();
        took.get(took.len() / 2).copied().unwrap_or_default()
    };
    let mid = median(&mut ours.took);
    let late = ours.took.get(ours.took.len() * 99 / 100).copied().unwrap_or_default();
    let beside = theirs.map(|answers| {
        let took = median(&mut answers.iter().map(|answer| answer.took).collect());
        ("PostgreSQL, one at a time".to_owned(), 1.0 / took.as_secs_f64())
    });
    let rate = 1.0 / mid.as_secs_f64();
    table.line(&Line {
        what: what.to_owned(),
        figure: (rate, "/s"),
        latency: Some((mid, late)),
        ratio: beside.as_ref().map(|(_, theirs)| rate / theirs),
        beside,
        held_back_by: "every deal that may be in the quarter is looked at",
    })
}
