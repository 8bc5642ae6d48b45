//! What callers have seen travels with their calls, so that no process answers with less.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderValue};
use runtime::{
    revision::{MIN_REVISION, REVISION, Revision},
    runtime::Runtime,
};
use tonic::Status;

/// What keeps a process and its callers in step.
pub enum Step {
    /// A process that waits for what its caller has seen, and tells how far it is itself.
    Process(Arc<Runtime>),
    /// A router, through which a call takes along what was seen, and adds to it.
    Router(Seen),
}

impl Step {
    /// What a call's metadata asks for before anything else is done.
    pub async fn before(&self, headers: &mut HeaderMap) -> Result<(), Status> {
        match self {
            Step::Process(runtime) => {
                let asked = headers.get(MIN_REVISION).map(HeaderValue::as_bytes);
                Ok(runtime.reach(asked).await?)
            }
            Step::Router(seen) => {
                seen.ask(headers);
                Ok(())
            }
        }
    }

    /// What the trailers of its answer tell.
    pub fn after(&self, trailers: &mut HeaderMap) {
        match self {
            Step::Process(runtime) => {
                put(trailers, REVISION, &runtime.revision());
            }
            Step::Router(seen) => seen.note(trailers),
        }
    }
}

/// The latest revision that has passed through a router. It is one for all callers: whoever comes
/// through the router reads whatever anybody was told before.
#[derive(Default)]
pub struct Seen(Mutex<Revision>);

impl Seen {
    /// Asks for no less than has been seen; a caller who asks for more is left to.
    fn ask(&self, headers: &mut HeaderMap) {
        let latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = headers.get(MIN_REVISION) {
            let asked = asked.to_str().ok().and_then(Revision::parse);
            // What cannot be read is for the process to refuse.
            if asked.is_none_or(|asked| asked.position >= latest.position) {
                return;
            }
        }
        if latest.position > 0 {
            put(headers, MIN_REVISION, &latest);
        }
    }

    fn note(&self, trailers: &HeaderMap) {
        let told = trailers.get(REVISION).and_then(|told| told.to_str().ok());
        let Some(told) = told.and_then(Revision::parse) else { return };
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another log has come in the place of the one before, and counts anew.
        if told.log != latest.log || told.position > latest.position {
            *latest = told;
        }
    }
}

fn put(headers: &mut HeaderMap, key: &'static str, revision: &Revision) {
    if let Ok(mut value) = HeaderValue::try_from(revision.to_string()) {
        // Compression would remember it for the next call, which says another.
        value.set_sensitive(true);
        headers.insert(key, value);
    }
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
        let seen = Seen::default();
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
