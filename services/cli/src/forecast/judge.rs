//! `forecast adjust|withdraw|submit|unlock|void`: what people make of the numbers.

use api::forecasting::v1::{
    AdjustForecastRequest, AdjustmentChange, AdjustmentLevel, ColumnAmount, ForecastColumn,
    GetForecastRequest, SubmitForecastRequest, UnlockForecastRequest, VoidForecastCommandRequest,
    WithdrawForecastAdjustmentRequest,
};
use api::google::r#type::{Date, Money};
use api::types::v1::{ForecastCategory, ReadAt, Recorded};
use clap::{Subcommand, ValueEnum};
use prost_types::Timestamp;

use super::column;
use super::sheet::{self, Sheet};
use crate::failure::Failure;
use crate::recorded::{Done, Repeatable, just_after};
use crate::session::Session;
use crate::{money, times};

/// The verbs by which people judge.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Judge a number otherwise
    #[command(
        after_help = "Example:\n  revops forecast adjust mia --period 2026-Q2 --column commit \
                            --level manager --to '90000 USD' --note 'two will slip'"
    )]
    Adjust(Box<AdjustArgs>),
    /// Take a judgement back
    Withdraw {
        #[command(flatten)]
        on: On,
        /// Which number it is of
        #[arg(long, value_enum)]
        level: Level,
        /// Of which column
        #[arg(long, value_parser = column::parse)]
        column: ForecastColumn,
        #[command(flatten)]
        pick: Pick,
        /// Why, as a short key
        #[arg(long, value_name = "CODE", default_value = "", hide_default_value = true)]
        reason: String,
        /// Why, in one's own words
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
    },
    /// Stand for numbers, which locks the sheet
    #[command(after_help = "Without --amount it is what `forecast show` says of commit and best \
                            case.\n\nExample:\n  revops forecast submit ann --period 2026-Q2 \
                            --amount commit='50000 USD'")]
    Submit(Box<SubmitArgs>),
    /// Let a sheet be adjusted again
    Unlock {
        #[command(flatten)]
        on: On,
        #[command(flatten)]
        pick: Pick,
        /// Why, as a short key
        #[arg(long, value_name = "CODE")]
        reason: String,
        /// Why, in one's own words
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
    },
    /// Take one command on a sheet back, as if it had never been given
    Void {
        /// The sheet's id
        id: String,
        /// The id of the command to take back
        command_id: String,
        /// Why, as a short key
        #[arg(long, value_name = "CODE")]
        reason: String,
        /// Why, in one's own words
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        comment: String,
        #[command(flatten)]
        repeatable: Repeatable,
    },
}

/// Whose sheet of which period, and when it happened.
#[derive(Clone, Debug, clap::Args)]
pub struct On {
    /// Whose sheet: a user, by key or id
    owner: String,

    /// The period's key, such as 2026-Q2
    #[arg(long, value_name = "P")]
    period: String,

    /// The calendar, by key or id [default: the only one]
    #[arg(long, default_value = "", hide_default_value = true)]
    calendar: String,

    /// When it happened, if not now
    #[arg(long, value_name = "T", value_parser = times::instant)]
    at: Option<Timestamp>,

    #[command(flatten)]
    repeatable: Repeatable,
}

/// Which of an owner's sheets.
#[derive(Clone, Debug, clap::Args)]
pub struct Pick {
    /// The sheet's currency [default: that of the only one]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    currency: String,
}

/// A judgement.
#[derive(Debug, clap::Args)]
pub struct AdjustArgs {
    #[command(flatten)]
    on: On,

    /// Which number is judged
    #[arg(long, value_enum)]
    level: Level,

    /// Of which column: commit, or commit-only
    #[arg(long, value_parser = column::parse)]
    column: ForecastColumn,

    /// The amount that replaces the number
    #[arg(long, value_parser = money::parse, allow_hyphen_values = true)]
    #[arg(required_unless_present = "by", conflicts_with = "by")]
    to: Option<Money>,

    /// The amount that is added to the number
    #[arg(long, value_parser = money::parse, allow_hyphen_values = true)]
    by: Option<Money>,

    /// Who judges: a user, by key or id [default: the owner]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "U")]
    judge: String,

    /// The first day on which it counts no longer
    #[arg(long, value_name = "D", value_parser = times::day)]
    expires: Option<Date>,

    /// In one's own words
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    note: String,
}

/// Numbers to stand for.
#[derive(Debug, clap::Args)]
pub struct SubmitArgs {
    #[command(flatten)]
    on: On,

    /// An amount of a column, as in commit='100 USD'; may be given several times
    #[arg(long = "amount", value_parser = column::parse_amount, value_name = "COLUMN=AMOUNT")]
    amounts: Vec<ColumnAmount>,

    /// The currency of what is read, where no amount is given
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    currency: String,

    /// Who submits: a user, by key or id [default: the owner]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "U")]
    submitter: String,

    /// In one's own words
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    note: String,
}

/// Which number of a sheet.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Level {
    /// That of the owner's own deals
    Owner,
    /// That of the owner's deals and of everybody below
    Manager,
}

impl From<Level> for AdjustmentLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Owner => Self::Owner,
            Level::Manager => Self::Manager,
        }
    }
}

/// Sends the command and shows the sheet as it left it.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::Adjust(args) => adjust(*args, session).await,
        Verb::Submit(args) => submit(*args, session).await,
        Verb::Withdraw { on, level, column, pick, reason, comment } => {
            let request_id = on.repeatable.request_id();
            let found = find(session, &on, &pick.currency).await?;
            let request = WithdrawForecastAdjustmentRequest {
                forecast_id: found.id.clone(),
                request_id: request_id.clone(),
                etag: on.repeatable.etag.clone(),
                occurred_at: on.at,
                level: AdjustmentLevel::from(level).into(),
                column: Some(column),
                reason_code: reason,
                reason: comment,
            };
            let request = session.request(request);
            let answer = session.forecasts().withdraw_forecast_adjustment(request).await;
            let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?;
            report(session, &on, found.id, answer.into_inner().recorded).await
        }
        Verb::Unlock { on, pick, reason, comment } => {
            let request_id = on.repeatable.request_id();
            let found = find(session, &on, &pick.currency).await?;
            let request = UnlockForecastRequest {
                forecast_id: found.id.clone(),
                request_id: request_id.clone(),
                etag: on.repeatable.etag.clone(),
                occurred_at: on.at,
                reason_code: reason,
                reason: comment,
            };
            let answer = session.forecasts().unlock_forecast(session.request(request)).await;
            let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?;
            report(session, &on, found.id, answer.into_inner().recorded).await
        }
        Verb::Void { id, command_id, reason, comment, repeatable } => {
            let request_id = repeatable.request_id();
            let request = VoidForecastCommandRequest {
                forecast_id: id.clone(),
                request_id: request_id.clone(),
                etag: repeatable.etag,
                command_id,
                reason_code: reason,
                reason: comment,
            };
            let answer = session.forecasts().void_forecast_command(session.request(request)).await;
            let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?;
            Done::<Sheet>::new(id, answer.into_inner().recorded, None).report(&session.output)
        }
    }
}

async fn adjust(args: AdjustArgs, session: &Session) -> anyhow::Result<()> {
    let on = args.on;
    let request_id = on.repeatable.request_id();
    let change = if args.to.is_some() { AdjustmentChange::To } else { AdjustmentChange::By };
    let request = AdjustForecastRequest {
        request_id: request_id.clone(),
        etag: on.repeatable.etag.clone(),
        occurred_at: on.at,
        owner: on.owner.clone(),
        calendar: on.calendar.clone(),
        period: on.period.clone(),
        level: AdjustmentLevel::from(args.level).into(),
        by: args.judge,
        column: Some(args.column),
        change: change.into(),
        amount: args.to.or(args.by),
        expire_date: args.expires,
        note: args.note,
    };
    let answer = session.forecasts().adjust_forecast(session.request(request)).await;
    let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?.into_inner();
    report(session, &on, answer.forecast_id, answer.recorded).await
}

async fn submit(args: SubmitArgs, session: &Session) -> anyhow::Result<()> {
    let on = args.on;
    let request_id = on.repeatable.request_id();
    let (amounts, seen_revision) = match args.amounts.is_empty() {
        true => expected(session, &on, &args.currency).await?,
        false => (args.amounts, 0),
    };
    let request = SubmitForecastRequest {
        request_id: request_id.clone(),
        etag: on.repeatable.etag.clone(),
        occurred_at: on.at,
        owner: on.owner.clone(),
        calendar: on.calendar.clone(),
        period: on.period.clone(),
        by: args.submitter,
        amounts,
        note: args.note,
        seen_revision,
    };
    let answer = session.forecasts().submit_forecast(session.request(request)).await;
    let answer = answer.map_err(|status| Failure::of_command(status, &request_id))?.into_inner();
    report(session, &on, answer.forecast_id, answer.recorded).await
}

/// What the owner's node is expected to bring in commit and best case, and the revision that says so.
async fn expected(
    session: &Session,
    on: &On,
    currency: &str,
) -> anyhow::Result<(Vec<ColumnAmount>, u64)> {
    let request = GetForecastRequest {
        calendar: on.calendar.clone(),
        period: on.period.clone(),
        node: on.owner.clone(),
        read_at: Some(ReadAt {
            as_of: on.at,
            min_revision: session.min_revision,
            ..ReadAt::default()
        }),
        restated_to: None,
        currency_code: currency.to_owned(),
    };
    let answer = session.forecasts().get_forecast(session.request(request)).await?.into_inner();
    let own = answer.rows.into_iter().next().unwrap_or_default();
    let wanted = [ForecastCategory::Commit, ForecastCategory::BestCase];
    let cells = own.cumulative.into_iter().filter(|cell| wanted.contains(&cell.category()));
    let amounts = cells.map(|cell| {
        let column = ForecastColumn { category: cell.category, cumulative: true };
        ColumnAmount { column: Some(column), amount: cell.forecast_amount }
    });
    Ok((amounts.collect(), answer.reflected.map_or(0, |reflected| reflected.revision)))
}

/// The one sheet that an owner has in a period, or that of a currency.
async fn find(session: &Session, on: &On, currency: &str) -> anyhow::Result<Sheet> {
    let place = (&*on.owner, &*on.period, &*on.calendar);
    let now = ReadAt { min_revision: session.min_revision, ..ReadAt::default() };
    let (_, mut sheets) = sheet::sheets(session, place, currency, now).await?;
    sheets.retain(|sheet| currency.is_empty() || sheet.currency == currency);
    match sheets.len() {
        0 => Err(Failure::usage(format!("{} has no sheet in {}", on.owner, on.period)).into()),
        1 => Ok(sheets.swap_remove(0)),
        _ => Err(Failure::usage("there are sheets in several currencies: say --currency").into()),
    }
}

/// Shows what a command left behind. It stands even when the sheet cannot be read now.
async fn report(
    session: &Session,
    on: &On,
    id: String,
    recorded: Option<Recorded>,
) -> anyhow::Result<()> {
    let place = (&*on.owner, &*on.period, &*on.calendar);
    let read_at = just_after(recorded.as_ref());
    // An answer in any one currency shows the sheets of all.
    let read = sheet::sheets(session, place, "USD", read_at).await.ok();
    let after = read.and_then(|(standing, sheets)| {
        sheets.into_iter().find(|sheet| sheet.id == id).map(|sheet| (standing, sheet))
    });
    Done::new(id, recorded, after).report(&session.output)
}
