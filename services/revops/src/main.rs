//! `revops`: everything that the product does, from one binary.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use revops::{
    config::{ConfigVerb, RouteArgs, ServeArgs, UpArgs},
    settings::Settings,
    up,
};

/// Revenue operations on an immutable log: every number as of any instant.
#[derive(Debug, Parser)]
#[command(name = "revops", version, after_help = cli::failure::EXIT_CODES)]
struct Line {
    #[command(flatten)]
    globals: cli::Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a whole cell on this machine: nats-server, every service, one port
    Up(UpArgs),
    /// Run services against a NATS that is already there
    Serve(ServeArgs),
    /// Forward calls to services that run apart, so that they have one address
    Route(RouteArgs),
    /// Look at the settings that are in force
    #[command(subcommand)]
    Config(ConfigVerb),
    #[command(flatten)]
    Client(Box<cli::Command>),
}

fn main() -> ExitCode {
    let settings = match Settings::of(&Line::command(), std::env::args_os().collect()) {
        Ok(settings) => settings,
        Err(error) => match error.downcast::<clap::Error>() {
            // A mistake in the words, or a wish for help.
            Ok(said) => said.exit(),
            Err(error) => return fail(&error),
        },
    };
    let line = Line::from_arg_matches(&settings.matches).unwrap_or_else(|error| error.exit());
    let tokio = match revops::tokio() {
        Ok(tokio) => tokio,
        Err(error) => return fail(&error.into()),
    };
    let done = tokio.block_on(async {
        match line.command {
            Command::Up(args) => up::up(args).await,
            Command::Serve(args) => up::serve(args).await,
            Command::Route(args) => up::route(args).await,
            Command::Config(verb) => verb.check().and_then(|()| settings.print()),
            Command::Client(command) => return Ok(cli::run(*command, line.globals).await),
        }
        .map(|()| ExitCode::SUCCESS)
    });
    done.unwrap_or_else(|error| fail(&error))
}

fn fail(error: &anyhow::Error) -> ExitCode {
    use std::io::Write;
    // With stderr gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}
