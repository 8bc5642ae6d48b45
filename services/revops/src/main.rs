//! `revops`: everything that the product does, from one binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use revops::{
    config::{ConfigVerb, ServeArgs, UpArgs},
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
    /// Look at the settings that are in force
    #[command(subcommand)]
    Config(ConfigVerb),
    #[command(flatten)]
    Client(Box<cli::Command>),
}

fn main() -> ExitCode {
    let tokio = match revops::tokio() {
        Ok(tokio) => tokio,
        Err(error) => return fail(&error.into()),
    };
    let done = tokio.block_on(async {
        let line = cli::zone::read(Line::try_parse, |line| &line.globals).await;
        let line = match line.unwrap_or_else(|error| error.exit()) {
            Ok(line) => line,
            Err(error) => return Ok(cli::fail(&error)),
        };
        match line.command {
            Command::Up(args) => up::up(args).await,
            Command::Serve(args) => up::serve(args).await,
            Command::Config(verb) => verb.run(),
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
