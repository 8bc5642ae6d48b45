//! `revops`: everything that the product does, from one binary.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use cli::output::Output;
use revops::{
    config::{ConfigVerb, RouteArgs, ServeArgs, UpArgs},
    log_copy::{self, CopyArgs},
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

/// What was typed.
enum Typed {
    Line(Box<Line>),
    LogCopy(CopyArgs, cli::Globals),
}

/// All that can be typed.
fn command() -> clap::Command {
    Line::command().mut_subcommand("log", log_copy::add_to)
}

/// Reads the command line and the settings file below it. A mistake in the words ends the program
/// with what is wrong with them, and a wish for help with help.
fn parse() -> anyhow::Result<(Typed, Settings)> {
    let mut command = command();
    let settings = match Settings::of(&command, std::env::args_os().collect()) {
        Ok(settings) => settings,
        Err(error) => error.downcast::<clap::Error>()?.exit(),
    };
    let typed = understand(&settings.matches);
    let typed = typed.unwrap_or_else(|error| error.format(&mut command).exit());
    Ok((typed, settings))
}

fn understand(matches: &clap::ArgMatches) -> Result<Typed, clap::Error> {
    match log_copy::typed(matches) {
        Some(copy) => Ok(Typed::LogCopy(copy?, cli::Globals::from_arg_matches(matches)?)),
        None => Line::from_arg_matches(matches).map(|line| Typed::Line(Box::new(line))),
    }
}

fn main() -> ExitCode {
    let (typed, settings) = match parse() {
        Ok(parsed) => parsed,
        Err(error) => return fail(&error),
    };
    let tokio = match revops::tokio() {
        Ok(tokio) => tokio,
        Err(error) => return fail(&error.into()),
    };
    let done = tokio.block_on(async {
        let line = match typed {
            Typed::Line(line) => *line,
            Typed::LogCopy(args, globals) => {
                let output = Output::standard(globals.output, globals.quiet);
                return log_copy::run(&args, &output).await.map(|()| ExitCode::SUCCESS);
            }
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Typed {
        let words = ["revops"].iter().chain(words);
        understand(&command().try_get_matches_from(words).unwrap()).unwrap()
    }

    #[test]
    fn log_copy_stands_beside_the_verbs_that_ask_a_server() {
        command().debug_assert();
        let copy = typed(&["log", "copy", "--from", "a", "--to", "nats://b:1,nats://c:2", "-q"]);
        let Typed::LogCopy(args, globals) = copy else { unreachable!("it is a copy") };
        assert_eq!(args.from, log_copy::End::Folder("a".into()));
        assert_eq!(args.to, log_copy::End::Url("nats://b:1,nats://c:2".to_owned()));
        assert!(globals.quiet && args.replicas.is_none());
        assert!(matches!(typed(&["log", "verify"]), Typed::Line(_)));
        let two = ["revops", "log", "copy", "--from", "a", "--to", "b", "--replicas", "2"];
        assert!(command().try_get_matches_from(two).is_err());
    }
}
