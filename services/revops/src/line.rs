//! The command line of the one binary: what it runs itself, and what it asks of a server.

use std::io::Write as _;

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::{ConfigVerb, ServeArgs, UpArgs};
use crate::help;
use crate::log_copy::{self, CopyArgs};

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
pub enum Command {
    /// Run a whole cell on this machine: nats-server, every service, one port
    Up(UpArgs),
    /// Run services against a NATS that is already there
    Serve(ServeArgs),
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
    Line(Line),
    /// A log is to be copied.
    LogCopy(CopyArgs, cli::Globals),
}

/// All that may be typed.
pub fn command() -> clap::Command {
    Line::command().mut_subcommand("log", log_copy::add_to)
}

/// Reads the command line, or says what is wrong with it and ends.
pub fn parse() -> Typed {
    let mut command = help::grouped(command());
    let matches = command.get_matches_mut();
    let typed = match log_copy::typed(&matches) {
        Some(copy) => copy
            .and_then(|copy| Ok(Typed::LogCopy(copy, cli::Globals::from_arg_matches(&matches)?))),
        None => Line::from_arg_matches(&matches).map(Typed::Line),
    };
    typed.unwrap_or_else(|error| error.format(&mut command).exit())
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
