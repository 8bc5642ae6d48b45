//! What an entity is known by and sealed under: its id, and its key.

use api::types::v1::ExternalId;
use domain::{Kind, Known, Rejection};
use runtime::{from_proto::optional_uuid, runtime::Runtime, status::rejected, vault::VaultError};
use tonic::Status;
use uuid::Uuid;

/// The id of a new entity, which a repeated request meets again: the caller's own, or one made from
/// the external id or from the command's.
pub fn new_id(
    runtime: &Runtime,
    (tenant, kind, command_id): (&str, Kind, Uuid),
    (field, given): (&str, &str),
    external: Option<&ExternalId>,
) -> Result<Uuid, Rejection> {
    let given = optional_uuid(field, given)?;
    let made = |source: &str, key: &str| runtime.vault.entity_id(tenant, kind, source, key);
    match (given, external) {
        (Some(_), Some(_)) => {
            let message = "give either an id of your own or an external id";
            Err(Rejection::invalid("ID_TWICE", field, message))
        }
        (Some(id), None) => Ok(id),
        (None, Some(external)) => {
            let (_, catalog) = runtime.catalog(tenant);
            if !catalog.sources(Known::NOW).any(|(_, source)| source.key == external.source) {
                let message = "no source has this key; define it first";
                return Err(Rejection::invalid("SOURCE_UNKNOWN", "external_id.source", message));
            }
            Ok(made(&external.source, &external.key))
        }
        (None, None) => Ok(made("", &command_id.to_string())),
    }
}

/// Makes sure that the key which seals an entity's texts is at hand; it is made when first needed.
pub async fn ensure_key(runtime: &Runtime, tenant: &str, key: Uuid) -> Result<(), Status> {
    match runtime.vault.ensure_keys(tenant, &[key]).await {
        Ok(()) => Ok(()),
        Err(VaultError::Erased(_)) => {
            let message = "this person was erased; nothing is written about them again";
            Err(rejected(Rejection::precondition("PERSON_ERASED", message)))
        }
        Err(error) => Err(Status::unavailable(error.to_string())),
    }
}
