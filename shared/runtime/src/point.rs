//! The point at which a question is answered: one position for facts and configuration alike.

use std::sync::Arc;

use domain::{Known, catalog::Catalog};

use crate::{
    query::{Asked, Caller, QueryError},
    runtime::Runtime,
    to_proto::Referring,
    view::{Shared, View},
};

/// Where on the two axes an answer stands, with the configuration to read it by.
#[derive(Debug, Clone)]
pub struct Point {
    /// The position that the answer reflects.
    pub position: u64,
    /// Which facts of deals count.
    pub at: Known,
    /// Which definitions are in force. Without an instant in the question every fact counts, but a
    /// definition that takes effect tomorrow does not hold today.
    pub in_force: Known,
    /// The tenant's configuration.
    pub catalog: Arc<Catalog>,
}

impl Point {
    /// The point of a question, no later than what either a view or the catalog reflects.
    pub fn new(asked: &Asked, reflected: u64, (position, catalog): (u64, Arc<Catalog>)) -> Point {
        let position = position.min(reflected);
        let at = asked.known(position);
        let in_force = Known { as_of: asked.as_of.unwrap_or(asked.now.next()), ..at };
        Point { position, at, in_force, catalog }
    }

    /// Names what the answer refers to.
    pub fn referring<'a>(&'a self, runtime: &'a Runtime, caller: &'a Caller) -> Referring<'a> {
        let (catalog, at) = (&*self.catalog, self.in_force);
        Referring { runtime, tenant: &caller.tenant, catalog, at }
    }
}

/// Looks at a view off the async threads, together with the point at which it is looked at.
pub async fn look<V: View, T: Send + 'static>(
    runtime: &Arc<Runtime>,
    view: &Arc<Shared<V>>,
    (caller, asked): (&Caller, Asked),
    answer: impl FnOnce(&V, &str, &Point) -> T + Send + 'static,
) -> Result<(Point, T), QueryError> {
    let (runtime, view, tenant) = (runtime.clone(), view.clone(), caller.tenant.clone());
    let looking = tokio::task::spawn_blocking(move || {
        let catalog = runtime.catalog(&tenant);
        let reflecting = view.read();
        let point = Point::new(&asked, reflecting.position, catalog);
        let answer = answer(&reflecting.view, &tenant, &point);
        (point, answer)
    });
    looking.await.map_err(|error| QueryError::Internal(error.to_string()))
}
