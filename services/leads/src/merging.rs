//! Merging two leads, and taking that back: always both of them, in one commit.

use api::{
    leads::v1::{MergeLeadsRequest, UnmergeLeadsRequest, UnmergeLeadsResponse},
    types::v1::Recorded,
};
use domain::{
    Kind, Rejection, Timeline,
    lead::{self, Fact, Lead},
};
use runtime::{command::Asked, desk::Undecided, from_proto::uuid as parse_uuid, status::rejected};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    Leads,
    commands::judged,
    undoing::{self, Undo},
};

impl Leads {
    /// Lets one lead go on in another's place.
    pub(crate) async fn merge(
        &self,
        request: Request<MergeLeadsRequest>,
    ) -> Result<Option<Recorded>, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "MergeLeadsRequest",
            request_id: &message.request_id,
            etag: &message.etag,
            at: message.occurred_at.as_ref().map(|at| ("occurred_at", at)),
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        let message = request.get_ref();
        let id = parse_uuid("lead_id", &message.lead_id).map_err(rejected)?;
        let into = parse_uuid("into", &message.into).map_err(rejected)?;
        let (at, person) = (head.at, self.person_of(&head.caller.tenant, id));
        let answer = self.runtime.record(&head, (Kind::Lead, id), move |desk| {
            // Both halves happen at one instant, after whatever either lead has seen.
            let later = |lead| desk.with(Kind::Lead, lead, |it| desk.instant(at, it));
            let at = later(id)?.max(later(into)?);
            let lead: Lead = desk.state(id)?;
            let person = lead.person.unwrap_or(person);
            let (merge, absorb) = lead::merge(domain::LeadId(id), person, domain::LeadId(into))?;
            let there = judged(desk, into, at, &absorb).map_err(|why| of_field("into", why));
            Ok(vec![judged(desk, id, at, &merge)?, there?])
        });
        Ok(self.recorded(head.command_id, answer.await?))
    }

    /// Takes the merge of a lead back, in both.
    pub(crate) async fn unmerge(
        &self,
        request: Request<UnmergeLeadsRequest>,
    ) -> Result<UnmergeLeadsResponse, Status> {
        let message = request.get_ref();
        let undo = Undo {
            asked: Asked {
                rpc: "UnmergeLeadsRequest",
                request_id: &message.request_id,
                etag: &message.etag,
                at: None,
            },
            lead_id: &message.lead_id,
            reason_code: &message.reason_code,
            reason: &message.reason,
        };
        let (recorded, command_id) = self
            .undo(&request, undo, |desk, id| {
                let found = desk.with(Kind::Lead, id, merged)?;
                let Some((command, into)) = found else {
                    let message = "the lead is not merged into another; there is nothing to undo";
                    return Err(Rejection::precondition("NOT_MERGED", message).into());
                };
                Ok((command, vec![(Kind::Lead, into)]))
            })
            .await?;
        Ok(UnmergeLeadsResponse { recorded, command_id })
    }
}

/// The command by which a lead was merged, and the lead that goes on.
fn merged(timeline: &Timeline) -> Option<(Uuid, Uuid)> {
    undoing::last(timeline, |fact| match fact {
        domain::Fact::Lead(Fact::Merged(merged)) => Some(merged.into.0),
        _ => None,
    })
}

/// A refusal about another entity than the one addressed names the field that named it.
pub fn of_field(field: &str, undecided: Undecided) -> Undecided {
    match undecided {
        Undecided::Rejected(mut rejection) if rejection.field == "lead_id" => {
            rejection.field = field.to_owned();
            Undecided::Rejected(rejection)
        }
        other => other,
    }
}
