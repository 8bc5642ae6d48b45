//! The one table from refusals to gRPC statuses, with details that programs can read.

use domain::{Rejection, RejectionKind};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{order::Refusal, query::QueryError};

/// The domain of every error's reason.
pub const ERROR_DOMAIN: &str = "revops";

/// The status of a refused command.
pub fn of_refusal(refusal: &Refusal) -> Status {
    let (code, reason) = match refusal {
        Refusal::Rejected(rejection) => return of_rejection(rejection),
        Refusal::Busy => (Code::ResourceExhausted, "TOO_MANY_WAITING"),
        Refusal::Unavailable(_) => (Code::Unavailable, "LOG_UNAVAILABLE"),
        Refusal::Unknown => (Code::DeadlineExceeded, "OUTCOME_UNKNOWN"),
        Refusal::Stopped(_) => (Code::Unavailable, "COMMANDS_STOPPED"),
        Refusal::Internal(_) => (Code::Internal, "INTERNAL"),
    };
    with_details(code, reason, "", refusal.to_string())
}

/// The status of a rejection by the rules.
pub fn of_rejection(rejection: &Rejection) -> Status {
    let code = match rejection.kind {
        RejectionKind::NotFound => Code::NotFound,
        RejectionKind::Invalid => Code::InvalidArgument,
        RejectionKind::Exists => Code::AlreadyExists,
        RejectionKind::Stale => Code::Aborted,
        RejectionKind::Precondition => Code::FailedPrecondition,
    };
    with_details(code, rejection.reason, &rejection.field, rejection.message.clone())
}

/// The status of a question that cannot be answered.
pub fn of_query(error: &QueryError) -> Status {
    match error {
        QueryError::Rejected(rejection) => of_rejection(rejection),
        QueryError::Behind { .. } => {
            with_details(Code::DeadlineExceeded, "NOT_THERE_YET", "min_revision", error.to_string())
        }
        QueryError::Unavailable(_) => {
            with_details(Code::Unavailable, "LOG_UNAVAILABLE", "", error.to_string())
        }
        QueryError::Internal(_) => with_details(Code::Internal, "INTERNAL", "", error.to_string()),
    }
}

/// A status that names the field at fault.
pub fn invalid(field: &str, reason: &'static str, message: impl Into<String>) -> Status {
    with_details(Code::InvalidArgument, reason, field, message.into())
}

fn with_details(code: Code, reason: &str, field: &str, message: String) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, ERROR_DOMAIN, [("field".to_owned(), field.to_owned())]);
    if !field.is_empty() {
        details.add_bad_request_violation(field, message.clone());
    }
    if code == Code::FailedPrecondition {
        details.add_precondition_failure_violation(reason, field, message.clone());
    }
    Status::with_error_details(code, message, details)
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Status {
        of_refusal(&refusal)
    }
}

impl From<QueryError> for Status {
    fn from(error: QueryError) -> Status {
        of_query(&error)
    }
}

/// The status of a rejection, for handlers that end with `?`.
#[expect(clippy::needless_pass_by_value, reason = "map_err hands the error over")]
pub fn rejected(rejection: Rejection) -> Status {
    of_rejection(&rejection)
}
