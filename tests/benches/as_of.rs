//! Questions as of random instants and as known at random positions, over gRPC.

use std::time::{Duration, Instant};

use api::{
    dashboards::v1::{
        GetMetricsRequest, GetPipelineRequest, MetricsBy, PipelineBy,
        dashboard_service_client::DashboardServiceClient,
    },
    types::v1::{ReadAt, read_at::KnownAt},
};
use prost_types::Timestamp;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use tonic::transport::Channel;

use crate::{
    Scale,
    fold::Folded,
    history::{DAYS, FIRST_DAY},
    rounds::Round,
    table::{Line, Table},
};

const SEED: u64 = 7;
const DAY_S: i64 = 86_400;

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Question {
    Pipeline(PipelineBy),
    Metrics(MetricsBy),
    /// Of the quarter before the instant only.
    Quarter(MetricsBy),
}

const QUESTIONS: [(&str, Question, &str); 6] = [
    ("pipeline by stage", Question::Pipeline(PipelineBy::Stage), "the changes since a checkpoint"),
    ("pipeline by owner", Question::Pipeline(PipelineBy::Owner), "the changes since a checkpoint"),
    ("pipeline by month", Question::Pipeline(PipelineBy::Month), "the changes since a checkpoint"),
    ("metrics by owner", Question::Metrics(MetricsBy::Owner), "every closing is looked at"),
    ("metrics by quarter", Question::Metrics(MetricsBy::Quarter), "every closing is looked at"),
    (
        "metrics of a quarter, by owner",
        Question::Quarter(MetricsBy::Owner),
        "the closings of a quarter",
    ),
];

/// Measures, and adds the lines.
pub async fn measure(scale: Scale, folded: &Folded, table: &mut Table) -> anyhow::Result<()> {
    table.question(&format!("Questions on both axes of time at {} deals", scale.deals))?;
    let mut asking = Asking {
        service: DashboardServiceClient::new(folded.cell.channel().await?),
        random: SmallRng::seed_from_u64(SEED),
        last: folded.last,
    };
    for (name, question, held_back_by) in QUESTIONS {
        for (axes, as_of, known_at) in [
            ("any instant", true, false),
            ("known at any position", false, true),
            ("both", true, true),
        ] {
            let round = asking.round(question, (as_of, known_at), scale.questions).await?;
            table.line(&line(format!("{name}, {axes}"), &round, held_back_by))?;
        }
    }
    Ok(())
}

fn line(what: String, round: &Round, held_back_by: &'static str) -> Line {
    let mut took = round.took.clone();
    took.sort_unstable();
    let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
    let latency: Option<(Duration, Duration)> = Some((at(50), at(99)));
    Line { what, figure: (round.rate(), "/s"), latency, held_back_by, ..Line::default() }
}

struct Asking {
    service: DashboardServiceClient<Channel>,
    random: SmallRng,
    last: u64,
}

impl Asking {
    async fn round(
        &mut self,
        question: Question,
        (as_of, known_at): (bool, bool),
        count: usize,
    ) -> anyhow::Result<Round> {
        let mut round = Round::default();
        let started = Instant::now();
        for _ in 0..count {
            let day = FIRST_DAY / 1_000_000 + self.random.random_range(100 * DAY_S..DAYS * DAY_S);
            let position = self.random.random_range(self.last / 20..self.last);
            let read_at = ReadAt {
                as_of: as_of.then_some(Timestamp { seconds: day, nanos: 0 }),
                known_at: known_at.then_some(KnownAt::KnownAtPosition(position)),
                min_revision: 0,
            };
            let asked = Instant::now();
            self.ask(question, read_at, day).await?;
            round.took.push(asked.elapsed());
        }
        (round.elapsed, round.done) = (started.elapsed(), count as u64);
        Ok(round)
    }

    async fn ask(&mut self, question: Question, read_at: ReadAt, day: i64) -> anyhow::Result<()> {
        let read_at = Some(read_at);
        let at = |seconds| Some(Timestamp { seconds, nanos: 0 });
        let (by, start_time, end_time) = match question {
            Question::Pipeline(by) => {
                let request = GetPipelineRequest { read_at, by: by as i32 };
                let answer = self.service.get_pipeline(request).await?.into_inner();
                anyhow::ensure!(answer.open > 0, "nothing is open");
                return Ok(());
            }
            Question::Metrics(by) => (by, None, None),
            Question::Quarter(by) => (by, at(day - 91 * DAY_S), at(day)),
        };
        let request = GetMetricsRequest { read_at, start_time, end_time, by: by as i32 };
        self.service.get_metrics(request).await?;
        Ok(())
    }
}
