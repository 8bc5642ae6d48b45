//! `revops`: everything that the product does, from one binary.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use cli::output::Output;
use revops::{
    config::{ConfigVerb, ServeArgs, UpArgs},
    log_copy::{self, CopyArgs},
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

/// What was typed.
enum Typed {
    Line(Line),
    LogCopy(CopyArgs, cli::Globals),
}

impl Typed {
    fn globals(&self) -> &cli::Globals {
        match self {
            Typed::Line(line) => &line.globals,
            Typed::LogCopy(_, globals) => globals,
        }
    }
}

/// Reads the command line, or says what is wrong with it.
fn parse() -> Result<Typed, clap::Error> {
    let mut command = Line::command().mut_subcommand("log", log_copy::add_to);
    let matches = command.try_get_matches_from_mut(std::env::args_os())?;
    let typed = match log_copy::typed(&matches) {
        Some(copy) => copy
            .and_then(|copy| Ok(Typed::LogCopy(copy, cli::Globals::from_arg_matches(&matches)?))),
        None => Line::from_arg_matches(&matches).map(Typed::Line),
    };
    typed.map_err(|error| error.format(&mut command))
}

fn main() -> ExitCode {
    let tokio = match revops::tokio() {
        Ok(tokio) => tokio,
        Err(error) => return fail(&error.into()),
    };
    let done = tokio.block_on(async {
        let typed = cli::zone::read(parse, Typed::globals).await;
        let line = match typed.unwrap_or_else(|error| error.exit()) {
            Ok(Typed::Line(line)) => line,
            Ok(Typed::LogCopy(args, globals)) => {
                let output = Output::standard(globals.output, globals.quiet);
                return log_copy::run(&args, &output).await.map(|()| ExitCode::SUCCESS);
            }
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
