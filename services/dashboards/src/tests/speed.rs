//! throwaway
use std::time::Instant as Clock;
use super::deals::*;
use crate::{groups::*, metrics::*, outcomes::*, pipeline::*, open_deals, point::Point};
use api::dashboards::v1::{MetricsBy, PipelineBy};
use domain::{*, opportunity::*};
use runtime::view::View;

fn scatter(seed: u64) -> u64 {
    let mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
const DAY: i64 = 86_400_000_000;

fn run(deals: u64, owners: u64, products: u64, late_permille: u64, shuffle: bool) {
    // events (time, deal, k)
    let mut events: Vec<(i64, u64, u64)> = Vec::new();
    let span = 730 * DAY;
    for d in 0..deals {
        let start = (scatter(d) % span as u64) as i64;
        let many = 8 + scatter(d + 1) % 5;
        let life = (10 + scatter(d + 2) % 120) as i64 * DAY;
        for k in 0..many {
            let at = start + life * k as i64 / many as i64 + (scatter(d * 31 + k) % 1000) as i64;
            events.push((at, d, k | if k + 1 == many && scatter(d + 3) % 10 < 8 { 1 << 32 } else { 0 }));
        }
    }
    events.sort();
    let n = events.len() as u64;
    // arrival rank
    let mut arrival: Vec<(u64, usize)> = events.iter().enumerate().map(|(i, e)| {
        let r = scatter(e.1 * 77 + e.2);
        let key = if shuffle { scatter(i as u64) } else if r % 1000 < late_permille { i as u64 + scatter(r) % (n - i as u64) } else { i as u64 };
        (key, i)
    }).collect();
    arrival.sort();
    let mut position = vec![0; events.len()];
    for (p, (_, i)) in arrival.iter().enumerate() { position[*i] = p as u64 + 1; }
    let mut per: Vec<Vec<(i64, u64, u64)>> = vec![vec![]; deals as usize];
    for (i, (at, d, k)) in events.iter().enumerate() { per[*d as usize].push((*at, position[i], *k)); }
    drop(arrival);
    let mut view = PipelineLedger::default();
    let mut outcomes = Outcomes::default();
    let started = Clock::now();
    let mut making = 0.0;
    let mut fold = [0.0; 2];
    for (d, facts) in per.into_iter().enumerate() {
        let d = d as u64;
        let t = Clock::now();
        let mut line = Timeline::default();
        for (at, position, k) in facts {
            let r = scatter(d * 1009 + k);
            let stages = ["lead", "qualified", "demo", "proposal", "negotiation", "verbal"];
            let fact = if k & (1 << 32) != 0 {
                match r % 10 { 0..=4 => won(usd((r % 100_000) as i64)), 5..=8 => lost(["price", "timing", "feature"][(r >> 20) as usize % 3]), _ => abandoned() }
            } else if k == 0 {
                opportunity::Fact::Opened(Opened { external_ids: vec![], name: None, pipeline: PipelineId(uuid::Uuid::from_u128(1)), stage: stage("lead"), amount: usd((r % 1_000_000) as i64), close_date: Some(Date(17_000 + (at / DAY) as i32 + 90)), owner: Some(user((r >> 8) as u128 % owners as u128 + 100)), product: Some(ProductId(uuid::Uuid::from_u128((r >> 30) as u128 % products as u128))) })
            } else {
                match r % 4 { 0 | 1 => moved(stages[(k as usize).min(5)]), 2 => priced(usd((r % 1_000_000) as i64)), _ => planned(Some(17_000 + (at / DAY) as i32 + 60)) }
            };
            line.insert(entry(at, position, (d as u128) << 64 | k as u128, fact));
        }
        making += t.elapsed().as_secs_f64();
        let entity = deal(d as u128 + 1);
        let t = Clock::now();
        view.load(&entity, &line, u64::MAX);
        fold[0] += t.elapsed().as_secs_f64();
        let t = Clock::now();
        outcomes.load(&entity, &line, u64::MAX);
        fold[1] += t.elapsed().as_secs_f64();
    }
    let t = Clock::now();
    view.settle();
    let settle = t.elapsed().as_secs_f64();
    let t = Clock::now();
    outcomes.settle();
    println!("deals {deals} facts {n} owners {owners} products {products} late {late_permille} shuffle {shuffle}: load pipeline {:.2}s outcomes {:.2}s settle {settle:.2}+{:.2} (making {making:.1}, all {:.1})", fold[0], fold[1], t.elapsed().as_secs_f64(), started.elapsed().as_secs_f64());
    println!("rss {}", std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmRSS")).unwrap());
    let ask = |what: &str, f: &mut dyn FnMut(u64) -> u64| {
        let mut took: Vec<f64> = (0..200).map(|s| { let t = Clock::now(); std::hint::black_box(f(s)); t.elapsed().as_secs_f64() * 1e3 }).collect();
        took.sort_by(f64::total_cmp);
        println!("  {what:40} p50 {:.3} ms p99 {:.3} ms", took[100], took[198]);
    };
    let point = |as_of: i64, known_at: u64| { let at = at(as_of, known_at); Point { position: n, at, in_force: at, catalog: Default::default() } };
    let mut go = |what: &str, by, f: &dyn Fn(u64) -> Point| ask(what, &mut |s| open_deals::grouped(&view, TENANT, &f(s), by).len() as u64);
    let t = |s: u64| (scatter(s) % (span + 60 * DAY) as u64) as i64;
    let p = |s: u64| scatter(s + 99) % n;
    go("pipeline by stage now", PipelineBy::Stage, &|_| point(i64::MAX, n));
    go("pipeline by stage as of", PipelineBy::Stage, &|s| point(t(s), n));
    go("pipeline by owner as of", PipelineBy::Owner, &|s| point(t(s), n));
    go("pipeline by month known at", PipelineBy::Month, &|s| point(i64::MAX, p(s)));
    go("pipeline by stage both", PipelineBy::Stage, &|s| point(t(s), p(s)));
    let always = Period { start: None, end: None };
    let mut go = |what: &str, by, f: &dyn Fn(u64) -> Point, period: &dyn Fn(u64) -> Period| ask(what, &mut |s| {
        let m = measure(&outcomes, TENANT, &f(s), by, period(s));
        let c = m.currencies.clone();
        m.tallies.iter().map(|t| crate::figures::figures(&t.1, &c).unwrap().len() as u64).sum()
    });
    go("metrics all now", MetricsBy::Unspecified, &|_| point(i64::MAX, n), &|_| always);
    go("metrics all as of", MetricsBy::Unspecified, &|s| point(t(s), n), &|_| always);
    go("metrics quarter by owner both", MetricsBy::Owner, &|s| point(i64::MAX, p(s)), &|s| Period { start: Some(Instant(t(s))), end: Some(Instant(t(s) + 91 * DAY)) });
    let _ = Group::None;
}

#[test]
#[ignore]
fn speed() {
    let deals = std::env::var("DEALS").ok().and_then(|d| d.parse().ok()).unwrap_or(1_000_000);
    run(deals, 200, 10, 0, false);
    run(deals, 200, 10, 20, false);
    run(deals, 1000, 20, 20, false);
    run(deals, 200, 10, 0, true);
}
