//! What can go wrong with a supervised server, and what to do about it.

use std::io;
use std::path::PathBuf;

use tokio::task::JoinError;

/// Why a nats-server could not be found, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    #[error(
        "no nats-server was found: run `make tools`, \
         or name one with --nats-server or REVOPS_NATS_SERVER"
    )]
    NotFound,

    #[error("{path} is not a program: correct {named_by}")]
    NotAProgram { path: PathBuf, named_by: &'static str },

    #[error("cannot use {path} for nats-server: check the data folder's permissions and space")]
    Folder { path: PathBuf, source: io::Error },

    #[error("the data folder {path} is not valid UTF-8: choose another one with --data")]
    NotUtf8 { path: PathBuf },

    #[error(
        "{path} was made for {found} server(s), not {wanted}: start it with --replicas {found}, or \
         carry its log into another folder with `revops log copy --from DATA --to OTHER --replicas \
         {wanted}` and start that one"
    )]
    Replicas { path: PathBuf, found: usize, wanted: usize },

    #[error("{path} cannot be read ({reason}): restore it from a copy of the data folder")]
    Topology { path: PathBuf, reason: String },

    #[error("{path} is already looked after by another process: stop it, or choose another --data")]
    Locked { path: PathBuf },

    #[error(
        "a nats-server on this folder's store answers at {monitor}, \
         but its process cannot be seen from here: stop it first"
    )]
    Elsewhere { monitor: String },

    #[error("not enough free ports on 127.0.0.1 between 10000 and 32000: free some")]
    NoPorts,

    #[error("cannot run {path}: check that it is a nats-server for this machine")]
    Spawn { path: PathBuf, source: io::Error },

    #[error("nats-server stopped while starting: {said}; see {log}")]
    Exited { said: String, log: PathBuf },

    #[error(
        "nats-server was not healthy after {seconds} s: see {log}; it goes on, so a later start may adopt it"
    )]
    NotHealthy { seconds: u64, log: PathBuf },

    #[error("cannot stop nats-server, process {pid}: stop it by hand")]
    Stop { pid: u32, source: io::Error },

    #[error("the task that looks after nats-server ended early")]
    Supervisor(#[from] JoinError),
}
