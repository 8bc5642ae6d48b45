//! `revops`: everything that the product does, from one binary.

use std::process::ExitCode;

use cli::output::Output;
use revops::{
    line::{Command, Typed, complete, parse},
    log_copy, up,
};

fn main() -> ExitCode {
    let tokio = match revops::tokio() {
        Ok(tokio) => tokio,
        Err(error) => return fail(&error.into()),
    };
    let done = tokio.block_on(async {
        let read = cli::zone::read(parse, |(typed, _)| Typed::globals(typed)).await;
        let (typed, settings) = match read.unwrap_or_else(|error| error.exit()) {
            Ok(read) => read,
            Err(error) => return Ok(cli::fail(&error)),
        };
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
