//! The search for duplicates among the leads that are there already, a part of them per call.

use api::leads::v1::{FindLeadDuplicatesRequest, FindLeadDuplicatesResponse, LeadPair};
use domain::{
    Instant, Kind, LeadId, MatchedOn,
    lead::{Command, DuplicateFound, Lead},
};
use event_log::Word;
use runtime::{
    command::Head,
    desk::{Desk, Undecided},
    page,
    query::Caller,
    status::rejected,
    timelines::{EntityRef, TimelineError},
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{Leads, capturing::FOUND_MAX, to_proto};

/// What was found about one lead.
struct Found {
    pairs: Vec<DuplicateFound>,
    left_out: usize,
}

impl Leads {
    /// Looks at the next leads in the order of their ids, and records what nobody had found.
    pub(crate) async fn find_duplicates(
        &self,
        request: Request<FindLeadDuplicatesRequest>,
    ) -> Result<FindLeadDuplicatesResponse, Status> {
        let caller = self.caller(&request)?;
        let message = request.into_inner();
        let asked = self.runtime.ask_at(None).await?;
        let size = page::size(message.page_size).map_err(rejected)?;
        let question: [&[u8]; 2] = [b"FindLeadDuplicates", caller.tenant.as_bytes()];
        let after: Option<Uuid> =
            page::after(&self.runtime, &question, &message.page_token).map_err(rejected)?;
        self.catch_up(&caller.tenant).await?;
        let (position, mut ids) = {
            let guard = self.views.leads.read();
            let rows = guard.view.rows(&caller.tenant);
            let rows = rows.filter(|(id, _)| after.is_none_or(|after| *id > after));
            (guard.position, rows.map(|(id, _)| id).collect::<Vec<Uuid>>())
        };
        ids.sort_unstable();
        let more = ids.len() > size;
        ids.truncate(size);
        let mut response = FindLeadDuplicatesResponse {
            reflected: Some(self.runtime.reflected(&asked, position)),
            looked_at: ids.len() as u64,
            next_page_token: match ids.last() {
                Some(last) if more => page::token(&self.runtime, &question, last),
                _ => String::new(),
            },
            ..Default::default()
        };
        for id in ids {
            self.look_at(&caller, id, message.dry_run, &mut response).await?;
        }
        Ok(response)
    }

    async fn look_at(
        &self,
        caller: &Caller,
        id: Uuid,
        dry_run: bool,
        response: &mut FindLeadDuplicatesResponse,
    ) -> Result<(), Status> {
        let hints = self.duplicates.of(&caller.tenant, id);
        if hints.is_empty() {
            return Ok(());
        }
        let found = self.missing(&caller.tenant, id, hints).await?;
        response.left_out += found.left_out as u64;
        response.pairs.extend(found.pairs.iter().map(|pair| LeadPair {
            lead_id: id.to_string(),
            of: pair.of.to_string(),
            matched_on: to_proto::matched_on(pair.matched_on) as i32,
        }));
        if dry_run || found.pairs.is_empty() {
            return Ok(());
        }
        let pairs: Vec<u8> = found.pairs.iter().flat_map(|pair| *pair.of.0.as_bytes()).collect();
        let (vault, rule) = (&self.runtime.vault, "find_lead_duplicates");
        let head = Head {
            caller: caller.clone(),
            // The same pairs of the same lead are the same command, whoever looks when.
            command_id: vault.report_id(&caller.tenant, "", &id.to_string(), rule, &pairs),
            fingerprint: vault.fingerprint(&[rule.as_bytes(), id.as_bytes(), &pairs]),
            expected: None,
            at: None,
        };
        // The next lead is read with this one's pairs on it.
        let answer = self
            .runtime
            .record_here(&head, (Kind::Lead, id), move |desk| record(desk, id, &found.pairs))
            .await?;
        if answer.changed {
            response.revision = response.revision.max(answer.position);
        }
        Ok(())
    }

    /// The pairs of a lead with one captured before it that neither of them knows of.
    async fn missing(
        &self,
        tenant: &Word,
        id: Uuid,
        hints: Vec<(Uuid, MatchedOn)>,
    ) -> Result<Found, Status> {
        let (timelines, tenant) = (self.runtime.timelines.clone(), tenant.clone());
        let found = tokio::task::spawn_blocking(move || {
            let lead = |id| -> Result<Lead, TimelineError> {
                let entity = EntityRef { tenant: tenant.clone(), kind: Kind::Lead, id };
                Ok(timelines.get(&entity)?.state(domain::Known::NOW))
            };
            let place = |id: Uuid, lead: &Lead| Some((lead.captured_at?, id));
            let own = lead(id)?;
            let mut found = Found { pairs: Vec::new(), left_out: 0 };
            for (other, matched_on) in hints {
                let of = lead(other)?;
                if let (Some(mine), Some(theirs)) = (place(id, &own), place(other, &of))
                    && is_pair((&own, mine), (&of, theirs))
                {
                    if found.pairs.len() < FOUND_MAX {
                        found.pairs.push(DuplicateFound { of: LeadId(other), matched_on });
                    } else {
                        found.left_out += 1;
                    }
                }
            }
            Ok::<_, TimelineError>(found)
        });
        let found = found.await.map_err(|error| Status::internal(error.to_string()))?;
        found.map_err(|error| Status::internal(error.to_string()))
    }
}

/// Whether the other lead came first, both go on, and neither has been told of the other.
fn is_pair((own, mine): (&Lead, (Instant, Uuid)), (of, theirs): (&Lead, (Instant, Uuid))) -> bool {
    let knows = |lead: &Lead, other: Uuid| lead.duplicates.iter().any(|it| it.of.0 == other);
    theirs < mine
        && own.merged_into.is_none()
        && of.merged_into.is_none()
        && !knows(own, theirs.1)
        && !knows(of, mine.1)
}

/// Records pairs one after another; those that became known meanwhile are left out.
fn record(
    desk: &Desk<'_>,
    id: Uuid,
    pairs: &[DuplicateFound],
) -> Result<Vec<runtime::desk::Decision>, Undecided> {
    let at = desk.with(Kind::Lead, id, |timeline| desk.instant(None, timeline))?;
    let commands = pairs.iter().map(|pair| Command::FindDuplicate(pair.clone()));
    commands.map(|command| crate::commands::judged(desk, id, at, &command)).collect()
}
