//! Verification: the log is folded once more, in memory, and the read model compared with it.

use std::{collections::HashMap, sync::Arc};

use read_model::{Store, slices};
use tokio::sync::watch;

use crate::{
    appender::Appender,
    compare::{Comparison, Differences, compare},
    digest::Digest,
    fold::Applied,
    order::Refusal,
    projections::{TIMELINES, Which, blocking, find, names},
    rebuild::{self, Gathered, RebuildError},
    renewal::stored,
    runtime::Runtime,
    view::{Fresh, Projection},
};

/// Threads that read stored rows.
const READERS: usize = 2;

/// What is found of one projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The projection.
    pub name: String,
    /// The position at which it was compared.
    pub position: u64,
    /// The digest that the log gives.
    pub expected: Digest,
    /// The digest that the projection has.
    pub found: Digest,
    /// Rows that are not what the log makes them; a view has none that could be told apart.
    pub differences: Differences,
}

impl Verdict {
    /// Whether the projection is what the log makes it.
    pub fn is_ok(&self) -> bool {
        self.expected == self.found && self.differences.total == 0
    }
}

/// A step of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// So many positions of so many are done, for this projection.
    Progress(String, u64, u64),
    /// A projection is done.
    Verdict(Verdict),
}

/// Is told every step.
pub type Steps = Arc<dyn Fn(Step) + Send + Sync>;

/// The read model between two commands: what its projections say, and where its rows are.
struct Held {
    applied: Applied,
    timelines: Digest,
    views: HashMap<&'static str, Digest>,
    store: Store,
    written: watch::Receiver<read_model::Progress>,
}

/// Compares a tenant's rows of a projection, or of all of them when the name is empty.
pub async fn verify(
    runtime: &Runtime,
    tenant: &str,
    name: &str,
    steps: Steps,
) -> Result<(), Refusal> {
    let wanted = if name.is_empty() { names(runtime) } else { vec![known(runtime, name)?] };
    let held = hold(runtime, tenant.to_owned()).await?;
    let place = held.applied.place;
    stored(held.written.clone(), place.last).await?;
    let working_on = wanted.first().copied().unwrap_or(TIMELINES).to_owned();
    let told = |done| steps(Step::Progress(working_on.clone(), done, place.last));
    let gathered = Arc::new(rebuild::gather(&runtime.log, place.sequence, told).await?);
    if gathered.applied() != held.applied {
        let why = "the log is not the one that was followed: verify it";
        return Err(Refusal::Internal(why.to_owned()));
    }
    let (held, tenant) = (Arc::new(held), Arc::<str>::from(tenant));
    for name in wanted {
        steps(Step::Progress(name.to_owned(), place.last, place.last));
        let (held, gathered, tenant) = (held.clone(), gathered.clone(), tenant.clone());
        let which = find(runtime, name)?;
        let projections = runtime.projections.clone();
        let verdict = blocking(move || match which {
            Which::Timelines => timelines_verdict(&held, &gathered, &tenant),
            Which::View(number) => view_verdict(&held, &gathered, &tenant, &*projections[number]),
        });
        steps(Step::Verdict(verdict.await??));
    }
    Ok(())
}

fn known(runtime: &Runtime, name: &str) -> Result<&'static str, Refusal> {
    Ok(match find(runtime, name)? {
        Which::Timelines => TIMELINES,
        Which::View(number) => runtime.projections[number].name(),
    })
}

async fn hold(runtime: &Runtime, tenant: String) -> Result<Held, Refusal> {
    let held = runtime.keeper.errand(move |appender: &mut Appender| -> Result<Held, Refusal> {
        let fold = &mut appender.fold;
        fold.flush()?;
        if fold.is_cut_off() {
            let why = "the read model could not be written to the end: start the process again";
            return Err(Refusal::Internal(why.to_owned()));
        }
        Ok(Held {
            applied: fold.applied(),
            timelines: fold.totals.of(&tenant),
            views: fold
                .projections
                .iter()
                .map(|view| (view.name(), view.digest(&tenant).1))
                .collect(),
            store: fold.timelines.store(),
            written: fold.writer.progress(),
        })
    });
    held.await?
}

fn view_verdict(
    held: &Held,
    gathered: &Gathered,
    tenant: &str,
    view: &dyn Projection,
) -> Result<Verdict, RebuildError> {
    let mut fresh: Vec<Box<dyn Fresh>> = vec![view.fresh()];
    rebuild::fold(gathered, |entity| &*entity.tenant == tenant, &mut fresh)?;
    let expected = fresh.first().map(|view| view.digest(tenant)).unwrap_or_default();
    Ok(Verdict {
        name: view.name().to_owned(),
        position: held.applied.place.last,
        expected,
        found: held.views.get(view.name()).copied().unwrap_or_default(),
        differences: Differences::default(),
    })
}

fn timelines_verdict(
    held: &Held,
    gathered: &Gathered,
    tenant: &str,
) -> Result<Verdict, RebuildError> {
    let mut whole = std::thread::scope(|scope| {
        let readers: Vec<_> = slices(READERS)
            .into_iter()
            .map(|range| scope.spawn(move || compare(&held.store, range, gathered, tenant)))
            .collect();
        readers.into_iter().try_fold(Comparison::default(), |mut whole, reader| {
            let part =
                reader.join().map_err(|_| RebuildError::Thread("comparing".to_owned()))??;
            whole.merge(part);
            Ok::<_, RebuildError>(whole)
        })
    })?;
    whole.find_missing(gathered, tenant)?;
    let expected = gathered.totals().of(tenant);
    if whole.digest == expected && held.timelines != expected {
        let what = format!("the digest kept beside the rows is {}", held.timelines);
        whole.differences.add("digest".to_owned(), 0, &what);
    }
    Ok(Verdict {
        name: TIMELINES.to_owned(),
        position: held.applied.place.last,
        expected,
        found: whole.digest,
        differences: whole.differences,
    })
}
