//! The read models of all processes behind one address: what each has is listed as one, and checked
//! or made anew in every process that has it.

use std::{collections::BTreeMap, sync::Arc};

use api::projections::v1::{
    ListProjectionsRequest, ListProjectionsResponse, Projection, ProjectionHealth,
    RebuildProjectionRequest, RebuildProjectionResponse, VerifyProjectionRequest,
    VerifyProjectionResponse, projection_service_client::ProjectionServiceClient,
    projection_service_server::ProjectionService,
};
use runtime::revision::MIN_REVISION;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status, Streaming, metadata::MetadataMap, transport::Channel};

use super::replicas::Replicas;

type Client = ProjectionServiceClient<Channel>;
type Steps<T> = UnboundedSender<Result<T, Status>>;

/// ProjectionService over all processes that serve.
pub struct Projections {
    services: Vec<Arc<Replicas>>,
}

impl Projections {
    /// Over the processes of these services.
    pub fn of(services: Vec<Arc<Replicas>>) -> Projections {
        Projections { services }
    }

    /// What every process has that can be asked: one that takes no more calls has stopped following
    /// the log, and that is to be seen. Whether one cannot be asked at all, health says.
    async fn lists(
        &self,
        metadata: &MetadataMap,
    ) -> Result<Vec<(Client, ListProjectionsResponse)>, Status> {
        let channels = self.services.iter().flat_map(|replicas| replicas.channels());
        let asked = channels.map(|channel| async {
            let mut client = Client::new(channel);
            let mut list = client.list_projections(with(metadata, ListProjectionsRequest {})).await;
            if list.is_err() {
                // It did not get so far in time: how far behind it is, is to be seen.
                let mut anyhow = with(metadata, ListProjectionsRequest {});
                anyhow.metadata_mut().remove(MIN_REVISION);
                list = client.list_projections(anyhow).await;
            }
            Ok::<_, Status>((client, list?.into_inner()))
        });
        let asked = futures::future::join_all(asked).await;
        let (lists, failed): (Vec<_>, Vec<_>) = asked.into_iter().partition(Result::is_ok);
        match failed.into_iter().next() {
            Some(Err(status)) if lists.is_empty() => Err(status),
            _ => Ok(lists.into_iter().flatten().collect()),
        }
    }

    /// Every process that has a projection of this name; all of them for an empty one.
    async fn which_have(&self, metadata: &MetadataMap, name: &str) -> Result<Vec<Client>, Status> {
        let mut lists = self.lists(metadata).await?;
        let has =
            |list: &ListProjectionsResponse| list.projections.iter().any(|it| it.name == name);
        lists.retain(|(_, list)| name.is_empty() || has(list));
        if lists.is_empty() {
            return Err(Status::not_found(format!("no process has {name:?}: list them")));
        }
        Ok(lists.into_iter().map(|(client, _)| client).collect())
    }
}

#[tonic::async_trait]
impl ProjectionService for Projections {
    async fn list_projections(
        &self,
        request: Request<ListProjectionsRequest>,
    ) -> Result<Response<ListProjectionsResponse>, Status> {
        let lists = self.lists(request.metadata()).await?;
        let lists: Vec<_> = lists.into_iter().map(|(_, list)| list).collect();
        let reflected = lists.iter().filter_map(|list| list.reflected.clone());
        let reflected = reflected.min_by_key(|reflected| reflected.revision);
        let all = lists.into_iter().flat_map(|list| list.projections);
        Ok(Response::new(ListProjectionsResponse { reflected, projections: as_one(all) }))
    }

    type RebuildProjectionStream =
        UnboundedReceiverStream<Result<RebuildProjectionResponse, Status>>;

    async fn rebuild_projection(
        &self,
        request: Request<RebuildProjectionRequest>,
    ) -> Result<Response<Self::RebuildProjectionStream>, Status> {
        let (metadata, _, wanted) = request.into_parts();
        let processes = self.which_have(&metadata, &wanted.name).await?;
        let (steps, stream) = mpsc::unbounded_channel();
        // One after another, so that the others answer meanwhile.
        tokio::spawn(async move {
            for mut process in processes {
                let request = with(&metadata, wanted.clone());
                if !pass_on(process.rebuild_projection(request).await, &steps).await {
                    return;
                }
            }
        });
        Ok(Response::new(UnboundedReceiverStream::new(stream)))
    }

    type VerifyProjectionStream = UnboundedReceiverStream<Result<VerifyProjectionResponse, Status>>;

    async fn verify_projection(
        &self,
        request: Request<VerifyProjectionRequest>,
    ) -> Result<Response<Self::VerifyProjectionStream>, Status> {
        let (metadata, _, wanted) = request.into_parts();
        let processes = self.which_have(&metadata, &wanted.name).await?;
        let (steps, stream) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            for mut process in processes {
                let request = with(&metadata, wanted.clone());
                let asked = tokio::select! {
                    () = steps.closed() => return,
                    asked = process.verify_projection(request) => asked,
                };
                if !pass_on(asked, &steps).await {
                    return;
                }
            }
        });
        Ok(Response::new(UnboundedReceiverStream::new(stream)))
    }
}

/// A request in the name of the caller.
fn with<T>(metadata: &MetadataMap, message: T) -> Request<T> {
    Request::from_parts(metadata.clone(), tonic::Extensions::default(), message)
}

/// Passes the steps of one process on; `false` when that is the end of it.
async fn pass_on<T>(asked: Result<Response<Streaming<T>>, Status>, to: &Steps<T>) -> bool {
    let mut told = match asked {
        Ok(answer) => answer.into_inner(),
        Err(status) => {
            let _ = to.send(Err(status));
            return false;
        }
    };
    loop {
        match told.message().await {
            Ok(None) => return true,
            Ok(Some(step)) => {
                if to.send(Ok(step)).is_err() {
                    return false;
                }
            }
            Err(status) => {
                let _ = to.send(Err(status));
                return false;
            }
        }
    }
}

/// Projections by name, each as it stands where it stands worst.
fn as_one(all: impl Iterator<Item = Projection>) -> Vec<Projection> {
    let mut named: BTreeMap<String, Projection> = BTreeMap::new();
    for found in all {
        let Some(known) = named.get_mut(&found.name) else {
            named.insert(found.name.clone(), found);
            continue;
        };
        if found.position == known.position && found.digest != known.digest {
            known.detail = format!(
                "two processes have different rows at position {}: verify it",
                found.position
            );
            known.set_health(ProjectionHealth::Stopped);
        } else if (found.health == known.health && found.position < known.position)
            || found.health > known.health
        {
            *known = found;
        }
    }
    named.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(position: u64, health: ProjectionHealth, digest: &str) -> Projection {
        let (name, digest) = ("leads".to_owned(), digest.to_owned());
        Projection { name, position, lag: 0, digest, health: health.into(), detail: String::new() }
    }

    #[test]
    fn what_stands_worst_is_shown() {
        use ProjectionHealth::{CatchingUp, Ok, Stopped};
        let shown = |all: [Projection; 2]| as_one(all.into_iter()).remove(0);
        assert_eq!(shown([one(7, Ok, "a"), one(5, Ok, "b")]).position, 5);
        assert_eq!(shown([one(5, Ok, "b"), one(7, Stopped, "a")]).health(), Stopped);
        assert_eq!(shown([one(5, CatchingUp, "b"), one(7, Ok, "a")]).position, 5);
        assert_eq!(shown([one(7, Ok, "a"), one(7, Ok, "a")]), one(7, Ok, "a"));
        let differ = shown([one(7, Ok, "a"), one(7, Ok, "b")]);
        assert!(differ.health() == Stopped && differ.detail.contains("verify"), "{differ:?}");
    }
}
