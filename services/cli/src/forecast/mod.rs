//! `forecast`: what each node has, judges and expects of one period, as of any instant.

use clap::Subcommand;
use prost_types::Timestamp;

use crate::session::Session;
use crate::times;

mod answer;
mod column;
mod history;
mod judge;
mod sheet;
mod show;
mod waterfall;

pub use answer::Forecast;

/// The verbs of a forecast.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show a period by hierarchy, individual and cumulative columns at once
    #[command(after_help = "Examples:\n  revops forecast show\n  revops forecast show --period \
                            2026-Q2 --node ann --as-of 2026-05-01\n  revops forecast show \
                            --period 2026-Q2 --known-at 4711 --restated-to 2026-07-01 -o json")]
    Show(show::ShowArgs),
    /// Show it again whenever a commit changes it
    Watch(show::WatchArgs),
    /// Explain why a number changed between two points, to the cent
    #[command(
        after_help = "Example:\n  revops forecast waterfall --period 2026-Q2 --column commit \
                            --from-as-of 2026-04-01 --to-as-of 2026-05-01"
    )]
    Waterfall(waterfall::WaterfallArgs),
    /// Every judgement and submission of an owner, with what was taken back
    History(history::HistoryArgs),
    #[command(flatten)]
    Judge(judge::Verb),
}

/// Which period and whose hierarchy.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Window {
    /// The period's key, such as 2026-Q2 [default: the quarter of the instant asked for]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "P")]
    pub period: String,

    /// The calendar, by key or id [default: the only one]
    #[arg(long, default_value = "", hide_default_value = true)]
    pub calendar: String,

    /// The node: a user, by key or id [default: the whole company]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "U")]
    pub node: String,

    /// The hierarchy as it was strictly before this instant [default: the instant asked for]
    #[arg(long, value_name = "T", value_parser = times::instant)]
    pub restated_to: Option<Timestamp>,

    /// The currency of the answer [default: the one that all amounts have in common]
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    pub currency: String,
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::Show(args) => show::run(args, session).await,
        Verb::Watch(args) => show::watch(args, session).await,
        Verb::Waterfall(args) => waterfall::run(args, session).await,
        Verb::History(args) => history::run(args, session).await,
        Verb::Judge(verb) => judge::run(verb, session).await,
    }
}
