//! `activity list`: activities by filter, page by page.

use api::accounts::v1::{ActivityLink, ActivityType as SentType, ListActivitiesRequest};
use prost_types::Timestamp;
use serde::Serialize;

use super::Activity;
use super::links::{self, ActivityType};
use crate::grid::Grid;
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::target::{Listed, Paging};
use crate::times;
use crate::when::When;

/// Which activities.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    when: When,

    /// Only activities about this, as in account:ID
    #[arg(long, value_name = "KIND:ID", value_parser = links::link)]
    about: Option<ActivityLink>,

    /// Only activities of this owner, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// Only activities of this type; may be given several times
    #[arg(long = "type", value_enum, value_name = "TYPE")]
    activity_type: Vec<ActivityType>,

    /// Only activities that start at this instant or later
    #[arg(long, value_name = "T", value_parser = times::instant)]
    from: Option<Timestamp>,

    /// Only activities that start before this instant
    #[arg(long, value_name = "T", value_parser = times::instant)]
    to: Option<Timestamp>,

    #[command(flatten)]
    paging: Paging,
}

/// The activities that were found.
#[derive(Debug, Serialize)]
struct Activities {
    #[serde(flatten)]
    standing: Standing,
    activities: Vec<Activity>,
    next_page_token: Option<String>,
}

impl Answer for Activities {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.activities)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Activity::COLUMNS);
        for activity in &self.activities {
            grid.push(activity.row());
        }
        grid
    }
}

/// Collects pages until there is enough.
pub async fn run(args: ListArgs, session: &Session) -> anyhow::Result<()> {
    let paging = args.paging.clone();
    let types = args.activity_type.into_iter();
    let request = ListActivitiesRequest {
        read_at: Some(args.when.read_at(session)),
        about: args.about,
        owner: args.owner,
        activity_types: types.map(|it| SentType::from(it).into()).collect(),
        starts_at_start: args.from,
        starts_at_end: args.to,
        ..Default::default()
    };
    let listed = paging.collect(|page_size, page_token| {
        let request = ListActivitiesRequest { page_size, page_token, ..request.clone() };
        let mut client = session.activities();
        async move {
            let page = client.list_activities(session.request(request)).await?.into_inner();
            let found = page.activities.into_iter().map(Activity::from).collect();
            Ok((page.reflected, found, page.next_page_token))
        }
    });
    let Listed { standing, items: activities, next_page_token } = listed.await?;
    let answer = Activities { standing, activities, next_page_token };
    session.output.answer(&answer)?;
    Listed::<Activity>::note_more(answer.next_page_token.as_deref(), session);
    Ok(())
}
