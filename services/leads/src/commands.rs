//! Commands on one lead: parse, hand to the keeper, answer.

use api::types::v1::Recorded;
use domain::{
    Kind, PersonId, Rejection,
    entity::judge,
    lead::{Command, Lead},
};
use runtime::{
    desk::{Decision, Undecided},
    from_proto::uuid as parse_uuid,
    naming::Naming,
    order::Answer,
    status::rejected,
    to_proto,
    vault::VaultError,
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{Leads, from_proto::OnLead};

impl Leads {
    /// Changes a lead by whatever command the request is.
    pub(crate) async fn change<M: OnLead>(
        &self,
        request: Request<M>,
    ) -> Result<Option<Recorded>, Status> {
        let head = self.runtime.head(&request, &request.get_ref().asked()).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        let message = request.into_inner();
        let id = parse_uuid("lead_id", message.lead_id()).map_err(rejected)?;
        let (tenant, runtime) = (head.caller.tenant.clone(), self.runtime.clone());
        let person = self.person_of(&tenant, id);
        let sealed = [(message.has_words(), person.0), (message.has_company(), id)];
        let sealed: Vec<Uuid> =
            sealed.into_iter().filter_map(|(has, key)| has.then_some(key)).collect();
        self.seal_under(&tenant, &sealed).await?;
        let (at, catalog) = (head.at, self.runtime.catalog(&tenant).1);
        let answer = self.runtime.record(&head, (Kind::Lead, id), move |desk| {
            desk.judge_made(id, at, |lead: &Lead, at| {
                let naming = Naming { runtime: &runtime, tenant: &tenant, catalog: &catalog, at };
                Ok(message.command(lead.person.unwrap_or(person), &naming)?)
            })
        });
        Ok(self.recorded(head.command_id, answer.await?))
    }

    pub(crate) fn recorded(&self, command_id: Uuid, answer: Answer) -> Option<Recorded> {
        Some(to_proto::recorded(&self.runtime, command_id, answer))
    }

    /// The person behind a lead, which every capture mints from the lead's id.
    pub(crate) fn person_of(&self, tenant: &str, lead: Uuid) -> PersonId {
        PersonId(self.runtime.vault.person_id(tenant, Kind::Lead, lead))
    }

    /// Makes sure of the keys that texts are to be sealed under.
    pub(crate) async fn seal_under(&self, tenant: &str, ids: &[Uuid]) -> Result<(), Status> {
        match self.runtime.vault.ensure_keys(tenant, ids).await {
            Ok(()) => Ok(()),
            Err(VaultError::Erased(_)) => {
                let message = "this person was erased; nothing is written down about them again";
                Err(rejected(Rejection::precondition("PERSON_ERASED", message)))
            }
            Err(error) => Err(Status::unavailable(error.to_string())),
        }
    }
}

/// Judges a command on one lead at an instant; what it decides may be nothing.
pub fn judged(
    desk: &runtime::desk::Desk<'_>,
    id: Uuid,
    at: domain::Instant,
    command: &Command,
) -> Result<Decision, Undecided> {
    let (source_seq, facts) = desk.with(Kind::Lead, id, |timeline| {
        (timeline.sequence_after(at), judge::<Lead>(timeline, at, command))
    })?;
    Ok(Decision { kind: Kind::Lead, id, occurred_at: at, source_seq, facts: facts? })
}
