//! The command line of the one binary: what it runs itself, and what it asks of a server.

use std::io::Write as _;

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind};
use clap_complete::Shell;

use crate::config::{ConfigVerb, RouteArgs, ServeArgs, UpArgs};
use crate::help;
use crate::log_copy::{self, CopyArgs};
use crate::settings::Settings;

/// Revenue operations on an immutable log: every number as of any instant.
#[derive(Debug, Parser)]
#[command(name = "revops", version, after_help = cli::failure::EXIT_CODES)]
pub struct Line {
    /// The flags that every command takes.
    #[command(flatten)]
    pub globals: cli::Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary does.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "a process has one of them")]
pub enum Command {
    /// Run a whole cell on this machine: nats-server, every service, one port
    Up(UpArgs),
    /// Run services against a NATS that is already there
    Serve(ServeArgs),
    /// Forward calls to services that run apart, so that they have one address
    Route(RouteArgs),
    /// Look at the settings that are in force
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Print what makes a shell complete these commands
    #[command(after_help = "Example:\n  revops completions bash > \
                            ~/.local/share/bash-completion/completions/revops")]
    Completions {
        /// The shell
        shell: Shell,
    },
    #[command(flatten)]
    Client(Box<cli::Command>),
}

/// What was typed.
pub enum Typed {
    /// Something that runs here, or is asked of a server.
    Line(Box<Line>),
    /// A log is to be copied.
    LogCopy(CopyArgs, cli::Globals),
}

/// All that may be typed.
pub fn command() -> clap::Command {
    Line::command().mut_subcommand("log", log_copy::add_to)
}

impl Typed {
    /// The flags that every command takes.
    pub fn globals(&self) -> &cli::Globals {
        match self {
            Typed::Line(line) => &line.globals,
            Typed::LogCopy(_, globals) => globals,
        }
    }
}

/// Reads the command line and the settings file below it.
///
/// # Errors
/// What is wrong with either, and a wish for help.
pub fn parse() -> Result<(Typed, Settings), clap::Error> {
    let mut command = help::grouped(command());
    let settings = Settings::of(&command, std::env::args_os().collect()).map_err(|error| {
        let of_file = |error| command.error(ErrorKind::InvalidValue, format!("{error:#}"));
        error.downcast::<clap::Error>().unwrap_or_else(of_file)
    })?;
    let typed = understand(&settings.matches).map_err(|error| error.format(&mut command))?;
    Ok((typed, settings))
}

fn understand(matches: &clap::ArgMatches) -> Result<Typed, clap::Error> {
    match log_copy::typed(matches) {
        Some(copy) => Ok(Typed::LogCopy(copy?, cli::Globals::from_arg_matches(matches)?)),
        None => Line::from_arg_matches(matches).map(|line| Typed::Line(Box::new(line))),
    }
}

/// Prints the completions of a shell.
///
/// # Errors
/// When stdout does not take them.
pub fn complete(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "revops", &mut script);
    match std::io::stdout().lock().write_all(&script) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("the completions cannot be written"),
    }
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
