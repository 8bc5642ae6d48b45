//! A person's hands: the commands that speak to a server, and how their answers look.
//!
//! The crate knows nothing but the contract, which proves that the contract is enough. Answers go
//! to stdout, everything else to stderr.

use std::process::ExitCode;
use std::time::Duration;

use crate::output::{Format, Output};

mod account;
mod activity;
mod catalog;
mod command;
mod contact;
mod contract;
mod doctor;
mod entity;
mod events;
pub mod failure;
mod forecast;
pub mod grid;
mod history;
pub mod import;
mod lead;
mod log;
mod metrics;
pub mod money;
mod opportunity;
pub mod output;
mod person;
mod pipeline;
pub mod progress;
mod projection;
mod recorded;
pub mod session;
pub mod standing;
mod target;
pub mod times;
mod top;
mod when;
mod wording;
pub mod zone;

pub use command::Command;

/// The flags that every command takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The server's address, as `revops up` prints it
    #[arg(
        long,
        global = true,
        env = "REVOPS_SERVER",
        default_value = "http://127.0.0.1:7878",
        value_name = "ADDR"
    )]
    pub server: String,

    /// Whose data
    #[arg(long, global = true, env = "REVOPS_TENANT", default_value = "default")]
    pub tenant: String,

    /// Who acts, as an opaque user id
    #[arg(long, global = true, env = "REVOPS_ACTOR", default_value = "cli")]
    pub actor: String,

    /// How answers are written
    #[arg(short, long, global = true, env = "REVOPS_OUTPUT", value_enum, default_value = "table")]
    pub output: Format,

    /// How long one call may take: 30s, 500ms, 2m
    #[arg(
        long,
        global = true,
        env = "REVOPS_TIMEOUT",
        default_value = "30s",
        value_name = "SPAN",
        value_parser = times::span
    )]
    pub timeout: Duration,

    /// Wait until the server has reached this position, to read one's own writes
    #[arg(long, global = true, default_value_t = 0, value_name = "P")]
    pub min_revision: u64,

    /// Say nothing but errors on stderr
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// Runs a command against the server and says how it went.
pub async fn run(command: Command, globals: Globals) -> ExitCode {
    let output = Output::standard(globals.output, globals.quiet);
    ExitCode::from(execute(command, &globals, output).await)
}

/// Says on stderr why a command could not even begin.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    Output::standard(Format::Table, false).complain(failure::explain(error));
    ExitCode::from(failure::exit_code(error))
}

/// Runs a command with its words going where the caller wants them; gives the exit code.
pub async fn execute(command: Command, globals: &Globals, output: Output) -> u8 {
    match command::dispatch(command, globals, output.clone()).await {
        Ok(()) => 0,
        // Whoever read the answer has seen enough of it.
        Err(error) if failure::is_closed_pipe(&error) => 0,
        Err(error) => {
            output.complain(failure::explain(&error));
            failure::exit_code(&error)
        }
    }
}
