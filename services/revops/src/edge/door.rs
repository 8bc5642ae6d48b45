//! The door: what every call meets before its service does.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::HeaderMap;
use tokio::sync::watch;
use tower::ServiceExt;

use super::{
    answer::Answer,
    calls::{Calls, STATUS},
    revisions::Step,
};

/// Where every call comes in: it is counted, timed, and kept in step.
pub struct Door {
    /// What is counted.
    pub calls: Calls,
    /// What keeps a call and its caller in step.
    pub step: Step,
    /// Becomes true when the process stops.
    pub stopping: watch::Receiver<bool>,
    /// What is behind it.
    pub services: Router,
}

/// Has a call answered by the service that it names.
pub async fn enter(State(door): State<Arc<Door>>, mut request: Request) -> Response {
    let call = door.calls.begin(request.uri().path());
    let mut response = match door.step.before(request.headers_mut()).await {
        Ok(()) => match door.services.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        Err(behind) => behind.into_http(),
    };
    let stopping = door.stopping.clone();
    let at_end = move |trailers: Option<&mut HeaderMap>| {
        // All of it moves in here, to be counted when this is called or dropped.
        let mut call = call;
        if let Some(trailers) = trailers {
            door.step.after(trailers);
            call.end(trailers);
        }
    };
    // An answer without messages has its trailers in front.
    if response.headers().contains_key(STATUS) {
        at_end(Some(response.headers_mut()));
        return response;
    }
    response.map(|body| Body::new(Answer::new(body, stopping, Box::new(at_end))))
}
