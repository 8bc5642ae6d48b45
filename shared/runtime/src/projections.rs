//! The projections of a process by name, and how each of them stands.

use std::collections::BTreeMap;

use domain::Rejection;

use crate::{digest::Digest, order::Refusal, runtime::Runtime, view::Projection};

/// The name of the base that all views are folded from.
pub const TIMELINES: &str = "timelines";

/// So many positions behind the log are the ordinary delay of following it.
const LAG_USUAL: u64 = 1_000;

/// How a projection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// The position of the last commit that it reflects.
    pub position: u64,
    /// How many positions it lies behind the log, as far as this process knows.
    pub lag: u64,
    /// The digest of the tenant's rows.
    pub digest: Digest,
    /// How it is.
    pub health: Health,
    /// How many facts of which newer kinds have passed by; only the timelines let any.
    pub passed: BTreeMap<String, u64>,
}

/// How a projection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It follows the log.
    Following,
    /// It follows the log from far behind.
    CatchingUp,
    /// It is being made anew, and the old one answers.
    Rebuilding,
    /// It goes no further, for this reason.
    Stopped(String),
}

/// The base, or the view of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Timelines,
    View(usize),
}

/// The names of all projections, ordered.
pub fn names(runtime: &Runtime) -> Vec<&'static str> {
    let views = runtime.projections.iter().map(|view| view.name());
    let mut names: Vec<_> = views.chain([TIMELINES]).collect();
    names.sort_unstable();
    names
}

/// The projection of this name.
pub(crate) fn find(runtime: &Runtime, name: &str) -> Result<Which, Rejection> {
    if name == TIMELINES {
        return Ok(Which::Timelines);
    }
    let found = runtime.projections.iter().position(|view| view.name() == name);
    found.map(Which::View).ok_or_else(|| {
        let message = format!("no projection {name:?}; there are: {}", names(runtime).join(", "));
        Rejection::not_found("PROJECTION_NOT_FOUND", "name", message)
    })
}

/// How every projection stands, ordered by name.
pub async fn standings(runtime: &Runtime, tenant: &str) -> Result<Vec<Standing>, Refusal> {
    let asked = tenant.to_owned();
    let looked = runtime.keeper.errand(move |appender| {
        let stopped = appender.stopped().map(str::to_owned);
        let rebuilding = appender.fold.recording.as_ref().map(|recording| recording.name.clone());
        let (applied, totals) = (appender.fold.applied(), &appender.fold.totals);
        let (timelines, passed) = (totals.of(&asked), totals.passed.clone());
        (applied.place.last, timelines, passed, stopped, rebuilding)
    });
    let (position, timelines, mut passed, stopped, rebuilding) = looked.await?;
    let (views, tenant) = (runtime.projections.clone(), tenant.to_owned());
    let mut found = blocking(move || digests(&views, &tenant)).await?;
    found.push((TIMELINES, position, timelines));
    found.sort_unstable_by_key(|(name, ..)| *name);
    let head = runtime.keeper.head();
    let mut standing = |(name, position, digest): (&str, u64, Digest)| {
        let lag = head.saturating_sub(position);
        let health = match &stopped {
            Some(why) => Health::Stopped(why.clone()),
            None if rebuilding.as_deref() == Some(name) => Health::Rebuilding,
            None if lag > LAG_USUAL => Health::CatchingUp,
            None => Health::Following,
        };
        let passed = if name == TIMELINES { std::mem::take(&mut passed) } else { BTreeMap::new() };
        Standing { name: name.to_owned(), position, lag, digest, health, passed }
    };
    Ok(found.into_iter().map(&mut standing).collect())
}

fn digests(views: &[Box<dyn Projection>], tenant: &str) -> Vec<(&'static str, u64, Digest)> {
    let mut found = Vec::with_capacity(views.len() + 1);
    for view in views {
        let (position, digest) = view.digest(tenant);
        found.push((view.name(), position, digest));
    }
    found
}

/// Does what takes its time away from the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Refusal::Internal(error.to_string()))
}
