//! What can go wrong for the caller, how it is said, and the exit code that it ends in.

use std::io;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What `--help` says about exit codes.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failure
  2  the command line is wrong
  3  not found
  4  refused: invalid, or the state does not allow it
  5  conflict: somebody else changed it meanwhile
  6  the server or its log cannot be reached, or is too busy
  7  the deadline passed";

/// What `--help` of a noun says at its end: how it is used, and how it exits.
pub fn examples(lines: &[&str]) -> String {
    let word = if lines.len() == 1 { "Example" } else { "Examples" };
    format!("{word}:\n  {}\n\n{EXIT_CODES}", lines.join("\n  "))
}

/// A failure that did not come from the server as a plain status.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line says something that cannot be meant.
    #[error("{0}")]
    Usage(String),

    /// Nothing answers at the address.
    #[error("no server answers at {server}: {cause}")]
    Unreachable {
        /// The address.
        server: String,
        /// The innermost cause.
        cause: String,
    },

    /// A command may or may not have been recorded.
    #[error("{status}")]
    Uncertain {
        /// What the call ended with.
        status: Box<Status>,
        /// The id with which it can be repeated safely.
        request_id: String,
    },

    /// A check was made and did not come out well; what it found has been printed.
    #[error("{0}")]
    Unsound(String),
}

impl Failure {
    /// A command line that cannot be meant.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// What became of a command that ended in a status: refused, or nobody knows.
    pub fn of_command(status: Status, request_id: &str) -> anyhow::Error {
        match exit_code_of(&status) {
            UNAVAILABLE | DEADLINE => {
                Self::Uncertain { status: Box::new(status), request_id: request_id.to_owned() }
                    .into()
            }
            _ => status.into(),
        }
    }
}

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const NOT_FOUND: u8 = 3;
const REFUSED: u8 = 4;
const CONFLICT: u8 = 5;
const UNAVAILABLE: u8 = 6;
const DEADLINE: u8 = 7;

/// The words in which the connection's own timer reports a passed deadline.
const TIMER: &str = "Timeout expired";

/// The exit code of an error.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(status) = error.downcast_ref::<Status>() {
        return exit_code_of(status);
    }
    match error.downcast_ref::<Failure>() {
        Some(Failure::Usage(_)) => USAGE,
        Some(Failure::Unreachable { .. }) => UNAVAILABLE,
        Some(Failure::Uncertain { status, .. }) => exit_code_of(status),
        Some(Failure::Unsound(_)) | None => FAILED,
    }
}

fn exit_code_of(status: &Status) -> u8 {
    match status.code() {
        Code::Ok => 0,
        Code::NotFound => NOT_FOUND,
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::AlreadyExists
        | Code::OutOfRange => REFUSED,
        Code::Aborted => CONFLICT,
        Code::Unavailable | Code::ResourceExhausted => UNAVAILABLE,
        Code::DeadlineExceeded => DEADLINE,
        Code::Cancelled if status.message().contains(TIMER) => DEADLINE,
        Code::Cancelled
        | Code::Unknown
        | Code::PermissionDenied
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss
        | Code::Unauthenticated => FAILED,
    }
}

/// Whether the reader of stdout has gone away, which is no failure of ours.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// An error in lines for a person: what, which field, the stable reason, and what to do.
pub fn explain(error: &anyhow::Error) -> String {
    if let Some(status) = error.downcast_ref::<Status>() {
        // A context stands before the status that it was given to.
        let context = error.chain().next().filter(|first| !first.is::<Status>());
        let context = context.map_or_else(String::new, |what| format!("\n  while: {what}"));
        return explain_status(status, None) + &context;
    }
    match error.downcast_ref::<Failure>() {
        Some(Failure::Uncertain { status, request_id }) => explain_status(status, Some(request_id)),
        Some(failure @ Failure::Unreachable { .. }) => format!(
            "error: {failure}\n  to do: start one with `revops up`, or name another with --server \
             or REVOPS_SERVER (`revops up` writes its address to DIR/address)"
        ),
        Some(Failure::Usage(_) | Failure::Unsound(_)) | None => format!("error: {error:#}"),
    }
}

fn explain_status(status: &Status, request_id: Option<&str>) -> String {
    let details = status.get_error_details();
    let message = match status.message() {
        "" => status.code().description(),
        message if message.contains(TIMER) => "no answer came before the deadline",
        message => message,
    };
    let mut text = format!("error: {message}");
    for violation in details.bad_request().iter().flat_map(|bad| &bad.field_violations) {
        text += &format!("\n  field: {}", violation.field);
        if !violation.description.is_empty() && violation.description != message {
            text += &format!(": {}", violation.description);
        }
    }
    for violation in details.precondition_failure().iter().flat_map(|failed| &failed.violations) {
        if !violation.description.is_empty() && violation.description != message {
            text += &format!("\n  state: {}", violation.description);
        }
    }
    if let Some(info) = details.error_info() {
        text += &format!("\n  reason: {}", info.reason);
    }
    for link in details.help().iter().flat_map(|help| &help.links) {
        text += &format!("\n  see: {} {}", link.description, link.url);
    }
    if let Some(id) = request_id {
        text += &format!(
            "\n  to do: nobody knows whether it was recorded; repeat it with --request-id {id}, \
             which records it once"
        );
    } else if let Some(advice) = advice(status) {
        text += &format!("\n  to do: {advice}");
    }
    text
}

fn advice(status: &Status) -> Option<&'static str> {
    Some(match exit_code_of(status) {
        NOT_FOUND => "check the id or key, --tenant, --as-of and --known-at",
        CONFLICT => "read it again and decide on what it is now, with the new etag",
        UNAVAILABLE => "wait a moment and try again; `revops doctor` says what is the matter",
        DEADLINE => {
            "give it more time with --timeout; a position that the log has not reached yet is \
             waited for, and `revops doctor` shows where it is"
        }
        _ if status.code() == Code::Unimplemented => "this server does not have it: is it older?",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::{ErrorDetails, FieldViolation};

    #[test]
    fn every_code_has_its_exit_code() {
        for (code, exit) in [
            (Code::NotFound, 3),
            (Code::InvalidArgument, 4),
            (Code::FailedPrecondition, 4),
            (Code::AlreadyExists, 4),
            (Code::Aborted, 5),
            (Code::Unavailable, 6),
            (Code::ResourceExhausted, 6),
            (Code::DeadlineExceeded, 7),
            (Code::Internal, 1),
            (Code::Cancelled, 1),
        ] {
            assert_eq!(exit_code(&Status::new(code, "x").into()), exit, "{code:?}");
        }
        assert_eq!(exit_code(&Status::cancelled("Timeout expired").into()), 7);
        assert_eq!(exit_code(&Failure::usage("x").into()), 2);
        assert_eq!(exit_code(&Failure::Unsound("x".into()).into()), 1);
        assert_eq!(exit_code(&anyhow::anyhow!("x")), 1);
        let gone = Failure::Unreachable { server: "s".into(), cause: "c".into() };
        assert_eq!(exit_code(&gone.into()), 6);
    }

    #[test]
    fn a_status_under_a_context_keeps_its_exit_code() {
        let error = anyhow::Error::from(Status::aborted("x")).context("while moving");
        assert_eq!(exit_code(&error), 5);
    }

    #[test]
    fn an_error_names_the_field_the_reason_and_what_to_do() {
        let mut details = ErrorDetails::new();
        details.set_bad_request(vec![FieldViolation::new("stage", "no such stage: limbo")]);
        details.set_error_info("UNKNOWN_STAGE", "revops", std::collections::HashMap::new());
        let status = tonic::Status::with_error_details(
            Code::InvalidArgument,
            "the stage is not defined",
            details,
        );
        assert_eq!(
            explain(&status.into()),
            "error: the stage is not defined\n  field: stage: no such stage: limbo\n  \
             reason: UNKNOWN_STAGE"
        );
        assert_eq!(
            explain(&Status::aborted("the etag is stale").into()),
            "error: the etag is stale\n  \
             to do: read it again and decide on what it is now, with the new etag"
        );
    }

    #[test]
    fn a_command_that_may_have_been_recorded_says_how_to_repeat_it() {
        let error = Failure::of_command(Status::unavailable("gone"), "an-id");
        assert_eq!(exit_code(&error), 6);
        assert!(explain(&error).contains("--request-id an-id"), "{}", explain(&error));
        let error = Failure::of_command(Status::not_found("none"), "an-id");
        assert_eq!(exit_code(&error), 3);
    }

    #[test]
    fn a_closed_pipe_is_recognised() {
        let error = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(is_closed_pipe(&error));
        assert!(!is_closed_pipe(&anyhow::anyhow!("x")));
    }
}
