//! `activity count`: what started in a period, for each owner and type.

use api::accounts::v1::{ActivityCount, ActivityType as SentType, CountActivitiesRequest};
use prost_types::Timestamp;
use serde::Serialize;

use super::links::{ActivityType, type_name};
use crate::entity::maybe;
use crate::grid::{Cell, Grid};
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;
use crate::wording::{Reference, label};

/// Which period.
#[derive(Debug, clap::Args)]
pub struct CountArgs {
    #[command(flatten)]
    when: When,

    /// The first instant of the period
    #[arg(long, value_name = "T", value_parser = times::instant)]
    from: Timestamp,

    /// The first instant after the period
    #[arg(long, value_name = "T", value_parser = times::instant)]
    to: Timestamp,

    /// Only activities of this owner, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// Only activities of this type; may be given several times
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    activity_type: Vec<ActivityType>,
}

/// The counts.
#[derive(Debug, Serialize)]
struct Counts {
    #[serde(flatten)]
    standing: Standing,
    rows: Vec<Count>,
}

#[derive(Debug, Serialize)]
struct Count {
    owner: Option<Reference>,
    #[serde(rename = "type")]
    activity_type: Option<String>,
    took_place: u64,
    no_shows: u64,
    cancelled: u64,
    planned: u64,
    duplicates: u64,
}

impl From<ActivityCount> for Count {
    fn from(count: ActivityCount) -> Self {
        Self {
            owner: count.owner.map(Reference::from),
            activity_type: type_name(count.activity_type),
            took_place: count.took_place,
            no_shows: count.no_shows,
            cancelled: count.cancelled,
            planned: count.planned,
            duplicates: count.duplicates,
        }
    }
}

impl Answer for Counts {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.rows)
    }

    fn grid(&self) -> Grid {
        let columns =
            ["owner", "type", "took_place", "no_shows", "cancelled", "planned", "duplicates"];
        let mut grid = Grid::new(columns);
        for row in &self.rows {
            grid.push(vec![
                Cell::text(label(row.owner.as_ref())),
                maybe(&row.activity_type),
                Cell::Count(row.took_place),
                Cell::Count(row.no_shows),
                Cell::Count(row.cancelled),
                Cell::Count(row.planned),
                Cell::Count(row.duplicates),
            ]);
        }
        grid
    }
}

/// Counts.
pub async fn run(args: CountArgs, session: &Session) -> anyhow::Result<()> {
    let types = args.activity_type.into_iter();
    let request = CountActivitiesRequest {
        read_at: Some(args.when.read_at(session)),
        period_start: Some(args.from),
        period_end: Some(args.to),
        owner: args.owner,
        activity_types: types.map(|it| SentType::from(it).into()).collect(),
    };
    let counted = session.activities().count_activities(session.request(request)).await?;
    let counted = counted.into_inner();
    let rows = counted.rows.into_iter().map(Count::from).collect();
    session.output.answer(&Counts { standing: Standing::of(counted.reflected), rows })
}
