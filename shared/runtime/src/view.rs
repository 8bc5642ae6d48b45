//! Views: answers kept in memory, each a pure fold of timelines, with the position they reflect.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use domain::{Kind, Timeline};
use event_log::Chain;
use read_model::Pieces;
use serde::{Serialize, de::DeserializeOwned};

use crate::{digest::Digest, timelines::EntityRef};

#[cfg(any(test, feature = "any-order"))]
pub mod any_order;

/// A fold of timelines into answers. A row depends on one timeline and holds ids; what reaches
/// across entities is applied when somebody asks.
///
/// As it serialises it is kept between two lives of a process.
pub trait View: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name under which it is listed, rebuilt and verified.
    const NAME: &'static str;
    /// The kinds of entities that it reads; others pass by.
    const KINDS: &'static [Kind];

    /// Adds what a whole timeline says up to a position; the timeline is new to this view.
    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64);
    /// Adds what the commit at this position changed; the timeline may hold later ones already.
    fn apply(&mut self, entity: &EntityRef, timeline: &Timeline, position: u64);
    /// Called after a load of everything, to put large structures in order.
    fn settle(&mut self) {}
    /// The sum over a tenant's logical rows.
    fn digest(&self, tenant: &str) -> Digest;
    /// The few entities that are left out when it is serialised, to be loaded again.
    fn left_out(&self) -> Vec<EntityRef> {
        Vec::new()
    }
}

/// A view and the position that it reflects, changed together under one lock.
#[derive(Default)]
pub struct Reflecting<V> {
    /// The position of the last commit that it has folded.
    pub position: u64,
    /// The last frame that it has folded whole.
    place: Chain,
    /// The view.
    pub view: V,
}

/// A view as queries and the writer share it.
pub struct Shared<V>(RwLock<Reflecting<V>>);

impl<V: View> Shared<V> {
    /// An empty view, to be filled when the process starts.
    pub fn empty() -> Arc<Shared<V>> {
        Arc::new(Shared(RwLock::new(Reflecting::default())))
    }

    /// The view with the position that it reflects, held still while the guard lives.
    pub fn read(&self) -> RwLockReadGuard<'_, Reflecting<V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One change to be folded: an entity's timeline and the position of the commit that touched it.
#[derive(Debug, Clone)]
pub struct Touch {
    /// The entity.
    pub entity: EntityRef,
    /// Its timeline with that commit.
    pub timeline: Arc<Timeline>,
    /// The commit's position.
    pub position: u64,
}

/// What the writer, rebuild and verify need of any view.
pub trait Projection: Send + Sync {
    /// The view's name.
    fn name(&self) -> &'static str;
    /// The kinds that it reads.
    fn kinds(&self) -> &'static [Kind];
    /// Folds the touches of frames in the order of the log, and then reflects it up to `place`.
    fn apply(&self, touches: &[Touch], place: Chain);
    /// The digest of a tenant's rows, with the position that it reflects.
    fn digest(&self, tenant: &str) -> (u64, Digest);
    /// The last frame that it has folded whole.
    fn place(&self) -> Chain;
    /// What to keep of it. Whoever would change it waits for that.
    fn snapshot(&self) -> Result<Snapshot, SnapshotError>;
    /// Starts an empty one of the same view, to be filled and then put in force.
    fn fresh(&self) -> Box<dyn Fresh>;
}

/// A view as it is kept between two lives of a process.
pub struct Snapshot {
    /// The position of the last commit that it reflects.
    pub position: u64,
    /// The last frame that it reflects whole.
    pub place: Chain,
    /// The entities to be loaded again after it was restored.
    pub left_out: Vec<EntityRef>,
    /// All else, for a program with the same view.
    pub bytes: Pieces,
}

/// Why a view cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Its shape has no bytes.
    #[error("it does not serialise: {0}")]
    Unserialisable(#[from] postcard::Error),
    /// Folding it panicked.
    #[error("a frame is folded into it by half")]
    HalfFolded,
}

/// A view that is being folded anew.
pub trait Fresh: Send {
    /// The view's name.
    fn name(&self) -> &'static str;
    /// The kinds that it reads.
    fn kinds(&self) -> &'static [Kind];
    /// Begins with what was kept, but for the entities that were left out.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), postcard::Error>;
    /// Adds a whole timeline up to a position.
    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64);
    /// Puts large structures in order, once everything is loaded.
    fn settle(&mut self);
    /// Folds touches that came after.
    fn apply(&mut self, touches: &[Touch]);
    /// The digest of a tenant's rows.
    fn digest(&self, tenant: &str) -> Digest;
    /// Puts it in force at a position, after a whole frame. Gives back the one before, for letting go
    /// of a large view takes a while, and nobody should wait for that.
    fn install(self: Box<Self>, position: u64, place: Chain) -> Box<dyn Send>;
}

struct Rebuilt<V: View> {
    view: V,
    target: Arc<Shared<V>>,
}

impl<V: View> Projection for Arc<Shared<V>> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn kinds(&self) -> &'static [Kind] {
        V::KINDS
    }

    fn apply(&self, touches: &[Touch], place: Chain) {
        let mut guard = self.0.write().unwrap_or_else(PoisonError::into_inner);
        apply_to(&mut guard.view, touches);
        (guard.position, guard.place) = (place.last, place);
    }

    fn digest(&self, tenant: &str) -> (u64, Digest) {
        let guard = self.read();
        (guard.position, guard.view.digest(tenant))
    }

    fn place(&self) -> Chain {
        self.read().place
    }

    fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        let guard = self.0.read().map_err(|_| SnapshotError::HalfFolded)?;
        let Reflecting { position, place, ref view } = *guard;
        let (left_out, bytes) = (view.left_out(), postcard::to_io(view, Pieces::default())?);
        Ok(Snapshot { position, place, left_out, bytes })
    }

    fn fresh(&self) -> Box<dyn Fresh> {
        Box::new(Rebuilt { view: V::default(), target: Arc::clone(self) })
    }
}

impl<V: View> Fresh for Rebuilt<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn kinds(&self) -> &'static [Kind] {
        V::KINDS
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), postcard::Error> {
        self.view = postcard::from_bytes(bytes)?;
        Ok(())
    }

    fn load(&mut self, entity: &EntityRef, timeline: &Timeline, upto: u64) {
        if V::KINDS.contains(&entity.kind) {
            self.view.load(entity, timeline, upto);
        }
    }

    fn settle(&mut self) {
        self.view.settle();
    }

    fn apply(&mut self, touches: &[Touch]) {
        apply_to(&mut self.view, touches);
    }

    fn digest(&self, tenant: &str) -> Digest {
        self.view.digest(tenant)
    }

    fn install(self: Box<Self>, position: u64, place: Chain) -> Box<dyn Send> {
        let mut guard = self.target.0.write().unwrap_or_else(PoisonError::into_inner);
        Box::new(std::mem::replace(&mut *guard, Reflecting { position, place, view: self.view }))
    }
}

fn apply_to<V: View>(view: &mut V, touches: &[Touch]) {
    for touch in touches.iter().filter(|touch| V::KINDS.contains(&touch.entity.kind)) {
        view.apply(&touch.entity, &touch.timeline, touch.position);
    }
}
