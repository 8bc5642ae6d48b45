//! Taking commands back: one on a lead alone, or one that touched several entities, in all of them.

use api::{leads::v1::VoidLeadCommandRequest, types::v1::Recorded};
use domain::{
    Entity, Kind, Known, PersonId, PersonalVoided, Reason, Rejection, Timeline, Voided, account,
    contact, entity::judge_void, lead, opportunity,
};
use runtime::{
    command::Asked,
    desk::{Decision, Desk, Undecided},
    from_proto::{self, uuid as parse_uuid},
    references::{Id, mentioned},
    status::rejected,
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::Leads;

/// What taking a command back takes.
pub struct Undo<'a> {
    /// What every command says about itself.
    pub asked: Asked<'a>,
    /// `lead_id`.
    pub lead_id: &'a str,
    /// `reason_code`.
    pub reason_code: &'a str,
    /// `reason`.
    pub reason: &'a str,
}

/// Finds the command to take back on a lead, and what else may have to take part.
type Find = fn(&Desk<'_>, Uuid) -> Result<(Uuid, Vec<Id>), Undecided>;

impl Leads {
    /// Takes one command back that concerns no other entity.
    pub(crate) async fn void(
        &self,
        request: Request<VoidLeadCommandRequest>,
    ) -> Result<Option<Recorded>, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "VoidLeadCommandRequest",
            request_id: &message.request_id,
            etag: &message.etag,
            at: None,
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        let message = request.get_ref();
        let id = parse_uuid("lead_id", &message.lead_id).map_err(rejected)?;
        let command = parse_uuid("command_id", &message.command_id).map_err(rejected)?;
        let reason = from_proto::reason(&message.reason_code, &message.reason, true);
        let reason = reason.map_err(rejected)?;
        let person = self.person_of(&head.caller.tenant, id);
        if reason.text.is_some() {
            self.seal_under(&head.caller.tenant, &[person.0]).await?;
        }
        let answer = self.runtime.record(&head, (Kind::Lead, id), move |desk| {
            refuse_shared(desk, id, command)?;
            Ok(vec![take_back(desk, (Kind::Lead, id), command, person, &reason)?])
        });
        Ok(self.recorded(head.command_id, answer.await?))
    }

    /// Takes back the command that `find` finds, in the lead and in everything else that it touched.
    /// Gives what was recorded and that command's id.
    pub(crate) async fn undo<M: prost::Message>(
        &self,
        request: &Request<M>,
        undo: Undo<'_>,
        find: Find,
    ) -> Result<(Option<Recorded>, String), Status> {
        let head = self.runtime.head(request, &undo.asked).map_err(rejected)?;
        let id = parse_uuid("lead_id", undo.lead_id).map_err(rejected)?;
        let reason = from_proto::reason(undo.reason_code, undo.reason, true).map_err(rejected)?;
        let tenant = head.caller.tenant.clone();
        let person = self.person_of(&tenant, id);
        if reason.text.is_some() {
            self.seal_under(&tenant, &[person.0]).await?;
        }
        let (references, of) = (self.views.references.clone(), tenant.clone());
        let answer = self.runtime.record_here(&head, (Kind::Lead, id), move |desk| {
            let (command, others) = find(desk, id)?;
            let mut touched = vec![(Kind::Lead, id)];
            for other in others {
                if desk.with(other.0, other.1, |it| it.answer_to(command).is_some())? {
                    touched.push(other);
                }
            }
            for made in &touched[1..] {
                let mentions = references.read().view.to(&of, *made);
                crate::converting::refuse_hanging(desk, *made, command, mentions)?;
            }
            // The words stay with the lead and its person; the others have the code.
            let code = Reason { code: reason.code.clone(), text: None };
            let reasons = std::iter::once(&reason).chain(std::iter::repeat(&code));
            let decided = touched.iter().zip(reasons);
            decided.map(|(it, why)| take_back(desk, *it, command, person, why)).collect()
        });
        let recorded = self.recorded(head.command_id, answer.await?);
        let entity = runtime::timelines::EntityRef { tenant, kind: Kind::Lead, id };
        let timeline = self.read(entity).await?;
        let void = timeline.entries().iter().find(|it| it.moment.command_id == head.command_id);
        let command_id = void.and_then(|void| void.fact.voids()).unwrap_or_default();
        Ok((recorded, command_id.to_string()))
    }
}

/// The last live fact on a timeline that `what` takes for one of its own, with its command.
pub fn last<T>(
    timeline: &Timeline,
    what: impl Fn(&domain::Fact) -> Option<T>,
) -> Option<(Uuid, T)> {
    let found = timeline
        .live(Known::NOW)
        .filter_map(|entry| what(&entry.fact).map(|found| (entry.moment.command_id, found)));
    found.last()
}

/// A command that touched other entities too is not taken back by halves.
fn refuse_shared(desk: &Desk<'_>, id: Uuid, command: Uuid) -> Result<(), Undecided> {
    let others = desk.with(Kind::Lead, id, |timeline| {
        let of_command = timeline.entries().iter().filter(|it| it.moment.command_id == command);
        let others = of_command.flat_map(|entry| match &entry.fact {
            domain::Fact::Lead(lead::Fact::Merged(it)) => vec![(Kind::Lead, it.into.0)],
            domain::Fact::Lead(lead::Fact::Absorbed(it)) => vec![(Kind::Lead, it.lead.0)],
            fact => mentioned(fact),
        });
        others.collect::<Vec<Id>>()
    })?;
    for (kind, other) in others {
        if desk.with(kind, other, |it| it.answer_to(command).is_some())? {
            let message = format!(
                "the command touched {kind} {other} too: undo it by UnmergeLeads or UnconvertLead"
            );
            return Err(Rejection::precondition("TOUCHED_OTHERS", message).into());
        }
    }
    Ok(())
}

/// Takes a command back on one entity.
fn take_back(
    desk: &Desk<'_>,
    (kind, id): Id,
    command: Uuid,
    person: PersonId,
    why: &Reason,
) -> Result<Decision, Undecided> {
    let voided = || Voided { command_id: command, reason: why.clone() };
    let personal = |person| PersonalVoided { command_id: command, person, reason: why.clone() };
    match kind {
        Kind::Lead => {
            let lead: lead::Lead = desk.state(id)?;
            let fact = lead::Fact::Voided(personal(lead.person.unwrap_or(person)));
            voiding::<lead::Lead>(desk, id, command, fact.into())
        }
        Kind::Contact => {
            let contact: contact::Contact = desk.state(id)?;
            let fact = contact::Fact::Voided(personal(contact.person.unwrap_or(person)));
            voiding::<contact::Contact>(desk, id, command, fact.into())
        }
        Kind::Account => {
            let fact = account::Fact::Voided(voided());
            voiding::<account::Account>(desk, id, command, fact.into())
        }
        Kind::Opportunity => {
            let fact = opportunity::Fact::Voided(voided());
            voiding::<opportunity::Opportunity>(desk, id, command, fact.into())
        }
        other => {
            let message = format!("nothing of a {other} is taken back together with a lead");
            Err(Rejection::precondition("TOUCHED_OTHERS", message).into())
        }
    }
}

fn voiding<E: Entity>(
    desk: &Desk<'_>,
    id: Uuid,
    command: Uuid,
    fact: domain::Fact,
) -> Result<Decision, Undecided> {
    let (occurred_at, judged) = desk.with(E::KIND, id, |timeline| {
        let at = desk.instant(None, timeline);
        (at, judge_void::<E>(timeline, at, command, fact))
    })?;
    Ok(Decision { kind: E::KIND, id, occurred_at, source_seq: 0, facts: judged? })
}
