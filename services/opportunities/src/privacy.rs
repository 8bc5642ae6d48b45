//! PrivacyService: makes what is known about a person unreadable for good.

use std::sync::Arc;

use api::privacy::v1::{
    ErasePersonRequest, ErasePersonResponse, privacy_service_server::PrivacyService,
};
use domain::{
    Kind, Known, PersonId, Rejection,
    catalog::Catalog,
    person::{Command, Erased, Person},
};
use runtime::{
    command::Asked, from_proto, runtime::Runtime, status::rejected, to_proto, view::Shared,
};
use tonic::{Request, Response, Status};

use crate::contacts::Contacts;

/// Erases people.
pub struct Privacy {
    runtime: Arc<Runtime>,
    contacts: Arc<Shared<Contacts>>,
}

impl Privacy {
    pub(crate) fn new(runtime: Arc<Runtime>, contacts: Arc<Shared<Contacts>>) -> Privacy {
        Privacy { runtime, contacts }
    }

    /// Whether a contact has this person behind it.
    fn is_contact(&self, tenant: &str, person: PersonId) -> bool {
        let contacts = self.contacts.read();
        contacts.view.rows(tenant).any(|(_, row)| row.person == Some(person))
    }
}

#[tonic::async_trait]
impl PrivacyService for Privacy {
    async fn erase_person(
        &self,
        request: Request<ErasePersonRequest>,
    ) -> Result<Response<ErasePersonResponse>, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "ErasePersonRequest",
            request_id: &message.request_id,
            etag: "",
            at: None,
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        let id = from_proto::uuid("person_id", &message.person_id).map_err(rejected)?;
        let reason = from_proto::reason(&message.reason_code, "", false).map_err(rejected)?;
        let tenant = head.caller.tenant.clone();
        let person = PersonId(id);
        let in_catalog = exists(&self.runtime.catalog(&tenant).1, person);
        if !in_catalog && !self.is_contact(&tenant, person) {
            let message = "no such person; see the entity that the person stands behind";
            let rejection = Rejection::not_found("PERSON_NOT_FOUND", "person_id", message);
            return Err(rejected(rejection));
        }
        let command = Command::Erase(Erased { reason_code: reason.code });
        let answer = self
            .runtime
            .record(&head, (Kind::Person, id), move |desk| desk.judge::<Person>(id, None, &command))
            .await?;
        // The fact first: from then on nobody seals for this person again, and a process that
        // dies here destroys the key when it starts.
        let erased = self.runtime.vault.erase(&tenant, id).await;
        erased.map_err(|error| Status::unavailable(error.to_string()))?;
        let recorded = Some(to_proto::recorded(&self.runtime, head.command_id, answer));
        Ok(Response::new(ErasePersonResponse { recorded }))
    }
}

/// Whether the catalog has ever named this person.
fn exists(catalog: &Catalog, person: PersonId) -> bool {
    catalog.is_erased(person) || catalog.users(Known::NOW).any(|(_, user)| user.person == person)
}
