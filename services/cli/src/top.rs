//! `top`: how fast the log grows, how far behind each projection is, and the current quarter, once
//! or again and again on a screen of its own.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use api::forecasting::v1::GetForecastRequest;
use serde::Serialize;

use crate::forecast::Forecast;
use crate::grid::{Cell, Grid};
use crate::output::{Answer, Format};
use crate::projection::{self, Projection};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;

/// The screen beside the one with the history of commands, without a cursor and with lines that end
/// at its edge, and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// To the upper left; the rest of a line, and of the screen, is cleared as it is written.
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K\n";
const REST_OF_SCREEN: &str = "\x1b[J";

/// How far down the hierarchy the forecast is shown: managers and their managers.
const DEPTH_MAX: u32 = 1;

/// How often to look.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  revops top\n  revops top --once -o json")]
pub struct TopArgs {
    /// Show one frame, as when the output is no terminal
    #[arg(long)]
    once: bool,

    /// How long between two looks: 1s, 500ms
    #[arg(long, default_value = "1s", value_name = "SPAN", value_parser = times::span)]
    every: Duration,
}

/// What is seen at a look.
#[derive(Debug, Serialize)]
struct Frame {
    #[serde(flatten)]
    standing: Standing,
    server: String,
    /// The log's last position.
    head: u64,
    /// How many commits the log grew by in a second, since the look before.
    commits_per_second: Option<f64>,
    projections: Vec<Projection>,
    forecast: Option<Forecast>,
    why_no_forecast: Option<String>,
}

impl Answer for Frame {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(["what", "position", "lag", "commits_per_second", "health"]);
        let rate = Cell::Number(self.commits_per_second, 1);
        let none = || Cell::text("");
        grid.push(vec![
            Cell::text("log"),
            Cell::Count(self.head),
            Cell::Count(self.standing.lag),
            rate,
            none(),
        ]);
        for it in &self.projections {
            grid.push(vec![
                Cell::text(&it.name),
                Cell::Count(it.position),
                Cell::Count(it.lag),
                none(),
                Cell::text(&it.health),
            ]);
        }
        grid
    }
}

impl Frame {
    /// The frame for a person.
    fn text(&self) -> String {
        let server = &self.server;
        let mut text = format!("revops top · {server} · {}\n\n", self.standing);
        text += &self.grid().to_table();
        text.push('\n');
        match (&self.forecast, &self.why_no_forecast) {
            (Some(forecast), _) => text += &forecast.grid().to_table(),
            (None, why) => text += &format!("no forecast: {}\n", why.as_deref().unwrap_or("")),
        }
        text
    }
}

/// When the log was how long.
type Look = (Instant, u64);

/// Looks once, or until Ctrl-C.
pub async fn run(args: TopArgs, session: &Session) -> anyhow::Result<()> {
    let is_live =
        !args.once && session.output.format == Format::Table && io::stdout().is_terminal();
    if is_live {
        session.output.write(ENTER)?;
        let seen = tokio::select! {
            seen = live(args.every, session) => seen,
            stopped = tokio::signal::ctrl_c() => stopped.map_err(anyhow::Error::from),
        };
        session.output.write(LEAVE)?;
        return seen;
    }
    // A rate takes two looks.
    let (_, before) = look(None, session).await?;
    tokio::time::sleep(args.every).await;
    let (frame, _) = look(Some(before), session).await?;
    match session.output.format {
        Format::Table => session.output.write(&frame.text()),
        _ => session.output.answer(&frame),
    }
}

async fn live(every: Duration, session: &Session) -> anyhow::Result<()> {
    let mut before = None;
    loop {
        let text = match look(before, session).await {
            Ok((frame, seen)) => {
                before = Some(seen);
                frame.text()
            }
            // It may come back.
            Err(error) => format!("revops top · {}\n\nno answer: {error:#}\n", session.server),
        };
        let lines: Vec<&str> = text.lines().collect();
        let screen = lines.join(REST_OF_LINE) + REST_OF_LINE;
        session.output.write(&format!("{HOME}{screen}{REST_OF_SCREEN}"))?;
        tokio::time::sleep(every).await;
    }
}

async fn look(before: Option<Look>, session: &Session) -> anyhow::Result<(Frame, Look)> {
    let request = session.request(GetForecastRequest::default());
    let mut forecasts = session.forecasts();
    let (projections, forecast) =
        tokio::join!(projection::list(session), forecasts.get_forecast(request));
    let projection::Projections { standing, projections } = projections?;
    let (now, head) = (Instant::now(), standing.revision + standing.lag);
    let (forecast, why_no_forecast) = match forecast {
        Ok(answer) => {
            let mut forecast = Forecast::from(answer.into_inner());
            forecast.keep_above(DEPTH_MAX);
            (Some(forecast), None)
        }
        Err(status) => (None, Some(status.message().to_owned())),
    };
    let commits_per_second = before.map(|(then, position)| {
        head.saturating_sub(position) as f64 / (now - then).as_secs_f64().max(f64::EPSILON)
    });
    let server = session.server.clone();
    let frame = Frame {
        standing,
        server,
        head,
        commits_per_second,
        projections,
        forecast,
        why_no_forecast,
    };
    Ok((frame, (now, head)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_says_how_fast_the_log_grows_and_why_there_is_no_forecast() {
        let frame = Frame {
            standing: Standing::default(),
            server: "http://s".into(),
            head: 1_200,
            commits_per_second: Some(37.5),
            projections: Vec::new(),
            forecast: None,
            why_no_forecast: Some("several currencies".into()),
        };
        let text = frame.text();
        assert!(text.contains("37.5"), "{text}");
        assert!(text.contains("1,200"), "{text}");
        assert!(text.ends_with("no forecast: several currencies\n"), "{text}");
    }
}
