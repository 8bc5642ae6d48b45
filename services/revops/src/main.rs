//! `revops`: everything that the product does, from one binary.

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use revops::{
    help,
    line::{Command, Line, complete},
    up,
};

fn main() -> ExitCode {
    let matches = help::grouped(Line::command()).get_matches();
    let line = match Line::from_arg_matches(&matches) {
        Ok(line) => line,
        Err(error) => error.exit(),
    };
    let tokio = match revops::tokio() {
        Ok(tokio) => tokio,
        Err(error) => return fail(&error.into()),
    };
    let done = tokio.block_on(async {
        match line.command {
            Command::Up(args) => up::up(args).await,
            Command::Serve(args) => up::serve(args).await,
            Command::Config(verb) => verb.run(),
            Command::Completions { shell } => complete(shell),
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
