//! The tree of commands: a noun, then a verb.

use clap::Subcommand;

use crate::import::{self, ImportArgs};
use crate::output::Output;
use crate::session::Session;
use crate::{
    Globals, account, activity, catalog, contact, contract, doctor, events, forecast, history,
    lead, log, metrics, opportunity, person, pipeline, top,
};
use crate::{failure, projection};

/// What the command line can ask of a server.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Capture, work, merge and convert leads, and look at them as they stand or stood
    #[command(subcommand, after_help = failure::examples(&["revops lead list --status qualified --limit 10", "revops lead conversion --by channel --as-of 2026-07-01"]))]
    Lead(lead::Verb),

    /// Work deals, and look at them as they stand or stood
    #[command(subcommand, visible_alias = "opp", after_help = failure::examples(&["revops opportunity open --pipeline sales --name 'Harbor rollout' --amount '48000 USD'", "revops opportunity list --outcome open --order amount --descending"]))]
    Opportunity(opportunity::Verb),

    /// The companies that buy, or may
    #[command(subcommand, after_help = failure::examples(&["revops account list --segment enterprise --key"]))]
    Account(account::Verb),

    /// The people at accounts
    #[command(subcommand, after_help = failure::examples(&["revops contact create --account ACCOUNT --name 'Ada Lovelace'"]))]
    Contact(contact::Verb),

    /// What customers pay again and again
    #[command(subcommand, after_help = failure::examples(&["revops contract activate --account ACCOUNT --yearly '1200 USD' --starts 2026-02-01"]))]
    Contract(contract::Verb),

    /// Calls, e-mails, meetings, demos and tasks
    #[command(subcommand, after_help = failure::examples(&["revops activity count --from 2026-01-01 --to 2026-02-01"]))]
    Activity(activity::Verb),

    /// What everything else refers to: sources, pipelines, products
    #[command(subcommand, after_help = failure::examples(&["revops catalog pipeline get sales", "revops catalog product list"]))]
    Catalog(catalog::Kind),

    /// Who works here, and under whom
    #[command(subcommand, after_help = failure::examples(&["revops user list --as-of 2026-07-01", "revops user define ann --name 'Ann Lee' --manager bob"]))]
    User(catalog::Verb<catalog::user::Definition>),

    /// Fiscal calendars and their periods
    #[command(subcommand, after_help = failure::examples(&["revops calendar periods fiscal"]))]
    Calendar(catalog::calendar::CalendarVerb),

    /// Exchange rates, dated
    #[command(subcommand, after_help = failure::examples(&["revops rate list"]))]
    Rate(catalog::rate::Verb),

    /// What somebody is to bring in a period
    #[command(subcommand, after_help = failure::examples(&["revops quota set rep-03 '120000 USD' --period 2026-Q4"]))]
    Quota(catalog::quota::Verb),

    /// What each node has, judges and expects of a period, and why it changed
    #[command(subcommand, after_help = failure::examples(&["revops forecast show --period 2026-Q4", "revops forecast waterfall --period 2026-Q4 --from-as-of 2026-10-01"]))]
    Forecast(forecast::Verb),

    /// The open deals as of any instant, counted and summed
    Pipeline(pipeline::PipelineArgs),

    /// Figures of what closed: win rate, revenue, deals, cycles
    Metrics(metrics::MetricsArgs),

    /// An entity's facts with both times, who, why, before and after
    History(history::HistoryArgs),

    /// What happens, fact by fact, in the order in which it becomes known
    #[command(subcommand, after_help = failure::examples(&["revops events tail --follow"]))]
    Events(events::Verb),

    /// How fast the log grows, how far behind each projection is, and the current quarter, live
    Top(top::TopArgs),

    /// Erase a person without breaking the log
    #[command(subcommand, after_help = failure::examples(&["revops person erase PERSON"]))]
    Person(person::Verb),

    /// List, rebuild and verify the read model
    #[command(subcommand, after_help = failure::examples(&["revops projection verify"]))]
    Projection(projection::Verb),

    /// Prove that the log was not altered
    #[command(subcommand, after_help = failure::examples(&["revops log verify"]))]
    Log(log::Verb),

    /// Read another system's CSV export into the log, by a mapping
    #[command(after_help = "Example:\n  revops import --mapping deploy/mappings/crm.toml --from \
                            ./export\n\nRunning it again imports nothing twice.")]
    Import(ImportArgs),

    /// Say whether all is well, and if not, what to do
    #[command(after_help = failure::examples(&["revops doctor"]))]
    Doctor,
}

/// Connects and runs.
pub async fn dispatch(command: Command, globals: &Globals, output: Output) -> anyhow::Result<()> {
    let session = Session::connect(globals, output).await?;
    match command {
        Command::Lead(verb) => lead::run(verb, &session).await,
        Command::Opportunity(verb) => opportunity::run(verb, &session).await,
        Command::Account(verb) => account::run(verb, &session).await,
        Command::Contact(verb) => contact::run(verb, &session).await,
        Command::Contract(verb) => contract::run(verb, &session).await,
        Command::Activity(verb) => activity::run(verb, &session).await,
        Command::Catalog(kind) => catalog::run(kind, &session).await,
        Command::User(verb) => catalog::user::run(verb, &session).await,
        Command::Calendar(verb) => catalog::calendar::run_verb(verb, &session).await,
        Command::Rate(verb) => catalog::rate::run(verb, &session).await,
        Command::Quota(verb) => catalog::quota::run(verb, &session).await,
        Command::Forecast(verb) => forecast::run(verb, &session).await,
        Command::Pipeline(args) => pipeline::run(args, &session).await,
        Command::Metrics(args) => metrics::run(args, &session).await,
        Command::History(args) => history::run(args, &session).await,
        Command::Events(verb) => events::run(verb, &session).await,
        Command::Top(args) => top::run(args, &session).await,
        Command::Person(verb) => person::run(verb, &session).await,
        Command::Projection(verb) => projection::run(verb, &session).await,
        Command::Log(verb) => log::run(verb, &session).await,
        Command::Import(args) => {
            let summary = import::run(args, &session).await?;
            session.output.answer(&summary)
        }
        Command::Doctor => doctor::run(&session).await,
    }
}
