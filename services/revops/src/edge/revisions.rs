//! What callers have seen travels with their calls, so that no process answers with less.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue};
use runtime::{
    revision::{MIN_REVISION, REVISION, Revision},
    runtime::Runtime,
};
use tokio::sync::watch;
use tonic::Status;

use super::answer::Answer;

/// What the calls of a process need: what it has taken in, and whether it stops.
#[derive(Clone)]
pub struct Process {
    /// The process's log and views.
    pub runtime: Arc<Runtime>,
    /// Becomes true when the process stops.
    pub stopping: watch::Receiver<bool>,
}

/// A call of a process waits for what its caller has seen, and tells what the process has.
pub async fn in_step(State(process): State<Process>, request: Request, next: Next) -> Response {
    let asked = request.headers().get(MIN_REVISION).map(HeaderValue::as_bytes);
    let reached = process.runtime.reach(asked).await;
    let mut response = match reached {
        Ok(()) => next.run(request).await,
        Err(behind) => Status::from(behind).into_http(),
    };
    let applied = process.runtime.applied();
    let tell = move |trailers: Option<&mut HeaderMap>| {
        let Some(trailers) = trailers else { return };
        if let Ok(revision) = Revision::of(&applied).to_string().parse() {
            trailers.insert(REVISION, revision);
        }
    };
    if has_ended(&response) {
        tell(Some(response.headers_mut()));
        return response;
    }
    response.map(|body| Body::new(Answer::new(body, process.stopping, Box::new(tell))))
}

/// The latest revision that has passed through a router. It is one for all callers: whoever comes
/// through the router reads whatever anybody was told before.
#[derive(Clone)]
pub struct Seen {
    latest: Arc<Mutex<Revision>>,
    stopping: watch::Receiver<bool>,
}

impl Seen {
    /// Nothing yet.
    pub fn nothing(stopping: watch::Receiver<bool>) -> Seen {
        Seen { latest: Arc::default(), stopping }
    }

    /// Asks for no less than has been seen; a caller who asks for more is left to.
    fn ask(&self, headers: &mut HeaderMap) {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = headers.get(MIN_REVISION) {
            let asked = asked.to_str().ok().and_then(Revision::parse);
            // What cannot be read is for the process to refuse.
            if asked.is_none_or(|asked| asked.position >= latest.position) {
                return;
            }
        }
        if latest.position > 0
            && let Ok(revision) = latest.to_string().parse()
        {
            headers.insert(MIN_REVISION, revision);
        }
    }

    fn note(&self, trailers: &HeaderMap) {
        let told = trailers.get(REVISION).and_then(|told| told.to_str().ok());
        let Some(told) = told.and_then(Revision::parse) else { return };
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        // Another log has come in the place of the one before, and counts anew.
        if told.log != latest.log || told.position > latest.position {
            *latest = told;
        }
    }
}

/// A call that passes through takes along what was seen, and adds to it.
pub async fn pass(State(seen): State<Seen>, mut request: Request, next: Next) -> Response {
    seen.ask(request.headers_mut());
    let response = next.run(request).await;
    if has_ended(&response) {
        seen.note(response.headers());
        return response;
    }
    let stopping = seen.stopping.clone();
    let note = move |trailers: Option<&mut HeaderMap>| {
        if let Some(trailers) = trailers {
            seen.note(trailers);
        }
    };
    response.map(|body| Body::new(Answer::new(body, stopping, Box::new(note))))
}

/// Whether an answer has no messages: its trailers then stand in front.
fn has_ended(response: &Response) -> bool {
    Status::from_header_map(response.headers()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(key: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(key), value.parse().unwrap())])
    }

    fn asked(seen: &Seen, own: Option<&str>) -> Option<String> {
        let mut headers = own.map(|own| headers(MIN_REVISION, own)).unwrap_or_default();
        seen.ask(&mut headers);
        headers.get(MIN_REVISION).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_router_asks_for_what_it_has_seen() {
        let seen = Seen::nothing(watch::channel(false).1);
        assert_eq!(asked(&seen, None), None);
        seen.note(&headers(REVISION, "0-"));
        assert_eq!(asked(&seen, None), None, "an empty log asks for nothing");
        let (old, new) = ("5-aaaaaaaaaaaaaaaa", "7-aaaaaaaaaaaaaaaa");
        seen.note(&headers(REVISION, new));
        seen.note(&headers(REVISION, old));
        seen.note(&headers(REVISION, "nonsense"));
        assert_eq!(asked(&seen, None).as_deref(), Some(new));
        assert_eq!(asked(&seen, Some(old)).as_deref(), Some(new));
        assert_eq!(asked(&seen, Some("9")).as_deref(), Some("9"));
        assert_eq!(asked(&seen, Some("nonsense")).as_deref(), Some("nonsense"));
        seen.note(&headers(REVISION, "1-bbbbbbbbbbbbbbbb"));
        assert_eq!(asked(&seen, None).as_deref(), Some("1-bbbbbbbbbbbbbbbb"));
    }
}
