//! `make bench`: the whole product against the raw things that it stands on, in one run.
//!
//! Every figure is a ratio to something measured beside it, in rounds that take turns, because
//! machines differ and are shared. Figures that others published stand beside as text.
//! `REVOPS_BENCH_QUICK=1` measures less of everything, and some of it is measured by
//! `REVOPS_BENCH_ONLY=commands,three,writers,visible,bulk,history`. `REVOPS_BENCH_LOG=1` shows what
//! the cells log. The table goes to stdout, the same as JSON lines to `target/bench.json`.

mod as_of;
mod bulk;
mod catalog;
mod cell;
mod commands;
mod fold;
mod forecasts;
mod history;
mod nats;
mod postgres;
mod raw;
mod rounds;
mod table;
mod visible;
mod wire;
mod writers;

use std::{env, time::Duration};

use table::Table;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Deals of the generated history.
    deals: u32,
    /// Rounds that take turns.
    rounds: usize,
    /// How long one measurement of a round lasts.
    length: Duration,
    /// Reports that are sent in bulk per round.
    reports: usize,
    /// Questions asked of each sort.
    questions: usize,
}

const FULL: Scale = Scale {
    deals: 1_000_000,
    rounds: 5,
    length: Duration::from_millis(1_500),
    reports: 60_000,
    questions: 300,
};

const QUICK: Scale = Scale {
    deals: 100_000,
    rounds: 3,
    length: Duration::from_millis(800),
    reports: 30_000,
    questions: 100,
};

fn main() -> anyhow::Result<()> {
    let mut words = env::args().skip(1);
    if words.next().as_deref() == Some(cell::SERVE) {
        return revops::tokio()?.block_on(cell::serve(words.collect()));
    }
    // One thread for all clients, whose calls take little: they share the processor with what they
    // measure.
    let measuring = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    measuring.block_on(measure())
}

async fn measure() -> anyhow::Result<()> {
    let quick = env::var_os("REVOPS_BENCH_QUICK").is_some();
    let scale = if quick { QUICK } else { FULL };
    let only = env::var("REVOPS_BENCH_ONLY").unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only.split(',').any(|named| named == part);
    let mut table = Table::create()?;
    if wanted("commands") {
        commands::measure(scale, 1, &mut table).await?;
    }
    if wanted("three") {
        commands::measure(scale, 3, &mut table).await?;
    }
    if wanted("writers") {
        writers::measure(scale, &mut table).await?;
    }
    if wanted("visible") {
        visible::measure(scale, &mut table).await?;
    }
    if wanted("bulk") {
        bulk::measure(scale, &mut table).await?;
    }
    if wanted("history") {
        let folded = fold::measure(scale, &mut table).await?;
        as_of::measure(scale, &folded, &mut table).await?;
        forecasts::measure(scale, &folded, &mut table).await?;
        folded.cell.stop().await?;
        folded.ground.stop().await?;
    }
    table.end()
}
