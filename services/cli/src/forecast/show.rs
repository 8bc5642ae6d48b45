//! `forecast show|watch`: a period by hierarchy, once or whenever it changes.

use api::forecasting::v1::{GetForecastRequest, WatchForecastRequest};

use super::{Forecast, Window};
use crate::session::Session;
use crate::when::When;

/// What to show.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    window: Window,

    #[command(flatten)]
    when: When,
}

/// What to watch.
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    #[command(flatten)]
    window: Window,

    /// Stop after so many answers [default: never]
    #[arg(long, value_name = "N")]
    answers: Option<u64>,
}

/// Asks and answers.
pub async fn run(args: ShowArgs, session: &Session) -> anyhow::Result<()> {
    let request = GetForecastRequest {
        calendar: args.window.calendar,
        period: args.window.period,
        node: args.window.node,
        read_at: Some(args.when.read_at(session)),
        restated_to: args.window.restated_to,
        currency_code: args.window.currency,
    };
    let answer = session.forecasts().get_forecast(session.request(request)).await?.into_inner();
    answered(session, &Forecast::from(answer))
}

/// Answers until enough was seen, or the server goes away.
pub async fn watch(args: WatchArgs, session: &Session) -> anyhow::Result<()> {
    let request = WatchForecastRequest {
        calendar: args.window.calendar,
        period: args.window.period,
        node: args.window.node,
        restated_to: args.window.restated_to,
        currency_code: args.window.currency,
    };
    let answers = session.forecasts().watch_forecast(session.open_ended(request)).await?;
    let mut answers = answers.into_inner();
    let mut seen = 0;
    while args.answers.is_none_or(|enough| seen < enough)
        && let Some(answer) = answers.message().await?
    {
        answered(session, &Forecast::from(answer.forecast.unwrap_or_default()))?;
        seen += 1;
    }
    Ok(())
}

fn answered(session: &Session, forecast: &Forecast) -> anyhow::Result<()> {
    session.output.answer(forecast)?;
    for note in forecast.notes() {
        session.output.note(note);
    }
    Ok(())
}
