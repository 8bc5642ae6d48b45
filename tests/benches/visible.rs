//! From the acknowledgement of a command until its fact is seen, here and in another process, while
//! clients keep the log busy.

use std::time::{Duration, Instant};

use api::{
    opportunities::v1::{
        GetOpportunityRequest, opportunity_service_client::OpportunityServiceClient,
    },
    types::v1::ReadAt,
};
use revops::nats::SyncMode;
use tonic::transport::Channel;

use crate::{
    Scale, catalog,
    cell::OtherProcess,
    commands::{change_amount, open_deals},
    nats::Ground,
    rounds::{Round, Rounds},
    table::{Line, Table},
};

/// Clients that write while somebody else looks.
const WRITERS: u64 = 16;

/// Measures, and adds the lines.
pub async fn measure(scale: Scale, table: &mut Table) -> anyhow::Result<()> {
    let ground = Ground::start(SyncMode::Always).await?;
    let data = |name: &str| ground.folder.path().join(name);
    let here = OtherProcess::start(&ground.nats, &data("here"), false).await?;
    catalog::define(here.channel().await?).await?;
    open_deals(&here).await?;
    std::fs::create_dir_all(data("there"))?;
    // Both open what either has sealed.
    std::fs::copy(data("here").join("master.key"), data("there").join("master.key"))?;
    let there = OtherProcess::start(&ground.nats, &data("there"), false).await?;
    let writers = start_writers(&here).await?;
    let command = OpportunityServiceClient::new(here.channel().await?);
    table.question(&format!("From acknowledged to visible, while {WRITERS} clients write"))?;
    for (what, cell) in [("in the process that recorded it", &here), ("in another", &there)] {
        let question = OpportunityServiceClient::new(cell.channel().await?);
        let (seen, plain) = look(command.clone(), question, scale.questions).await?;
        table.line(&Line {
            what: what.to_owned(),
            figure: (seen.rate(), "/s"),
            latency: Some((seen.latency(500), seen.latency(990))),
            beside: Some(("the same question, naming no revision".to_owned(), plain.rate())),
            ratio: Some(seen.rate() / plain.rate()),
            held_back_by: "the frame's way through the log to the follower",
        })?;
    }
    writers.iter().for_each(tokio::task::JoinHandle::abort);
    here.stop().await?;
    there.stop().await?;
    ground.stop().await
}

async fn start_writers(
    cell: &OtherProcess,
) -> anyhow::Result<Vec<tokio::task::JoinHandle<anyhow::Result<()>>>> {
    let channel = cell.channel().await?;
    let writers = (0..WRITERS).map(|writer| {
        let mut deals = OpportunityServiceClient::new(channel.clone());
        tokio::spawn(async move {
            for turn in 0.. {
                deals.change_opportunity_amount(change_amount(writer * 1_009, turn)).await?;
            }
            Ok(())
        })
    });
    Ok(writers.collect())
}

/// How long it takes until a deal is seen as it was just changed, and as it is anyhow.
async fn look(
    mut command: OpportunityServiceClient<Channel>,
    mut question: OpportunityServiceClient<Channel>,
    times: usize,
) -> anyhow::Result<(Rounds, Rounds)> {
    let (mut seen, mut plain) = (Rounds::default(), Rounds::default());
    let (mut awaited, mut at_once) = (Round::default(), Round::default());
    for turn in 0..times as u64 {
        let request = change_amount(0, turn);
        let opportunity_id = request.opportunity_id.clone();
        let recorded = command.change_opportunity_amount(request).await?.into_inner().recorded;
        let min_revision = recorded.map_or(0, |recorded| recorded.revision);
        for (min_revision, round) in [(min_revision, &mut awaited), (0, &mut at_once)] {
            let read_at = Some(ReadAt { min_revision, ..ReadAt::default() });
            let opportunity_id = opportunity_id.clone();
            let asked = Instant::now();
            question.get_opportunity(GetOpportunityRequest { opportunity_id, read_at }).await?;
            round.took.push(asked.elapsed());
        }
    }
    for (round, rounds) in [(awaited, &mut seen), (at_once, &mut plain)] {
        let elapsed: Duration = round.took.iter().sum();
        rounds.add(Round { done: round.took.len() as u64, elapsed, took: round.took });
    }
    Ok((seen, plain))
}
