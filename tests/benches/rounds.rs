//! Closed loops of clients, and what several rounds of them come to.

use std::time::{Duration, Instant};

/// What one round did.
#[derive(Debug, Default)]
pub struct Round {
    /// How many.
    pub done: u64,
    /// In how long.
    pub elapsed: Duration,
    /// How long each took.
    pub took: Vec<Duration>,
}

impl Round {
    /// How many a second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64()
    }
}

/// Each of these clients calls again as soon as it has its answer, for this long.
pub async fn closed_loop<C, F>(
    clients: Vec<C>,
    length: Duration,
    call: impl Fn(C, u64) -> F + Clone + Send + 'static,
) -> anyhow::Result<Round>
where
    C: Clone + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let started = Instant::now();
    let calling = clients.into_iter().map(|client| {
        let call = call.clone();
        tokio::spawn(async move {
            let mut took = Vec::new();
            while started.elapsed() < length {
                let asked = Instant::now();
                call(client.clone(), took.len() as u64).await?;
                took.push(asked.elapsed());
            }
            anyhow::Ok(took)
        })
    });
    let calling: Vec<_> = calling.collect();
    let mut round = Round::default();
    for called in calling {
        round.took.extend(called.await??);
    }
    round.elapsed = started.elapsed();
    round.done = round.took.len() as u64;
    Ok(round)
}

/// The same thing measured in several rounds.
#[derive(Debug, Default)]
pub struct Rounds {
    rates: Vec<f64>,
    took: Vec<Duration>,
}

impl Rounds {
    /// Adds a round.
    pub fn add(&mut self, round: Round) {
        self.rates.push(round.rate());
        self.took.extend(round.took);
    }

    /// Adds a rate that was measured otherwise.
    pub fn add_rate(&mut self, rate: f64) {
        self.rates.push(rate);
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.rates.is_empty()
    }

    /// The median rate.
    pub fn rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The latency that so many of a thousand stay below.
    pub fn latency(&self, per_mille: usize) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took.get(took.len() * per_mille / 1000).copied().unwrap_or_default()
    }

    /// The median of the ratios round by round, so that a slow minute hits both sides.
    pub fn ratio_to(&self, other: &Rounds) -> f64 {
        let mut ratios: Vec<f64> =
            self.rates.iter().zip(&other.rates).map(|(this, that)| this / that).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }
}
