//! `activity log`: write down that something took place, or is planned.

use api::accounts::v1::{
    ActivityLink, ActivityParticipant, ActivityType as SentType, LogActivityRequest,
};
use api::google::r#type::Date;
use prost_types::Timestamp;

use super::links::{self, ActivityType};
use crate::failure::Failure;
use crate::session::Session;
use crate::target::Creation;
use crate::times;

/// What took place, or is planned.
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// What it is
    activity_type: ActivityType,

    /// What it is about, as in account:ID; may be given several times
    #[arg(long, value_name = "KIND:ID", value_parser = links::link)]
    about: Vec<ActivityLink>,

    /// Who takes part, as in user:ann or contact:ID; may be given several times
    #[arg(long = "with", value_name = "KIND:ID", value_parser = links::participant)]
    participants: Vec<ActivityParticipant>,

    /// When it starts [default: when it happened]
    #[arg(long, value_name = "T", value_parser = times::instant)]
    starts: Option<Timestamp>,

    /// How long it lasts
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<u32>,

    /// The id that it has in every calendar, of which only a keyed hash is kept
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ID")]
    calendar_id: String,

    /// What it is called
    #[arg(long, default_value = "", hide_default_value = true)]
    subject: String,

    /// The user whose work it is, by key or id
    #[arg(long, default_value = "", hide_default_value = true)]
    owner: String,

    /// The day by which a task has to be done
    #[arg(long, value_name = "D", value_parser = times::day)]
    due: Option<Date>,

    #[command(flatten)]
    creation: Creation,
}

/// Logs the activity and shows it.
pub async fn run(args: LogArgs, session: &Session) -> anyhow::Result<()> {
    let request_id = args.creation.request_id();
    let request = LogActivityRequest {
        activity_id: args.creation.id,
        request_id: request_id.clone(),
        external_id: args.creation.external_id,
        occurred_at: args.creation.at,
        activity_type: SentType::from(args.activity_type).into(),
        about: args.about,
        starts_at: args.starts,
        duration_minutes: args.minutes,
        participants: args.participants,
        calendar_id: args.calendar_id,
        subject: args.subject,
        owner: args.owner,
        due: args.due,
    };
    let logged = session.activities().log_activity(session.request(request)).await;
    let logged = logged.map_err(|status| Failure::of_command(status, &request_id))?.into_inner();
    super::report(session, logged.activity_id, logged.recorded).await
}
