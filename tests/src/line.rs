//! A command line, from the words typed to the words printed, parsed as the binary does.

use std::{
    future::Future,
    io::{self, Write},
    pin::Pin,
    sync::{Arc, Mutex},
};

use clap::Parser;
use cli::output::Output;

#[derive(Debug, Parser)]
#[command(name = "revops")]
struct Line {
    #[command(flatten)]
    globals: cli::Globals,
    #[command(subcommand)]
    command: cli::Command,
}

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its exit code.
    pub code: u8,
    /// What it wrote to stdout.
    pub data: String,
    /// What it wrote to stderr.
    pub notes: String,
}

impl Said {
    /// The answer, of a command that was asked for JSON and succeeded.
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{}", self.notes);
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }
}

/// Runs a command line against a server. Boxed, so that the future of every command there is gets
/// compiled once, here, and not into each test that types one.
pub fn run<'a>(
    server: &'a str,
    words: &'a [&'a str],
) -> Pin<Box<dyn Future<Output = Said> + Send + 'a>> {
    Box::pin(execute(server, words))
}

async fn execute(server: &str, words: &[&str]) -> Said {
    let words = || ["revops", "--server", server].into_iter().chain(words.iter().copied());
    let line = cli::zone::read(|| Line::try_parse_from(words()), |line| &line.globals).await;
    let line = match line {
        Ok(line) => line.unwrap_or_else(|error| panic!("{error:#}")),
        Err(error) => {
            return Said { code: 2, data: String::new(), notes: error.to_string() };
        }
    };
    let (data, notes) = (Buffer::default(), Buffer::default());
    let output = Output::new(line.globals.output, line.globals.quiet, data.clone(), notes.clone());
    let code = cli::execute(line.command, &line.globals, output).await;
    Said { code, data: data.text(), notes: notes.text() }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
