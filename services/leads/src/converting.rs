//! Converting a lead into an account, a contact and a deal, and taking that back: one commit on all.

use std::sync::Arc;

use api::leads::v1::{
    ConvertLeadRequest, ConvertLeadResponse, UnconvertLeadRequest, UnconvertLeadResponse,
};
use domain::{
    ConsentChanged, Instant, Kind, Known, Personal, Rejection, Timeline, account,
    catalog::Catalog,
    contact,
    entity::judge,
    lead::{self, Command, Details, Fact, Lead},
    opportunity,
};
use event_log::Word;
use runtime::{
    command::Asked,
    desk::{Decision, Desk, Undecided},
    from_proto::within,
    naming::Naming,
    references::{Id, mentioned},
    runtime::Runtime,
    status::rejected,
    timelines::EntityRef,
    vault::Place,
};
use tonic::{Request, Status};
use uuid::Uuid;

use crate::{
    Leads,
    targets::Targets,
    to_proto,
    undoing::{self, Undo},
};

/// A lead's texts, opened to be sealed again where the contact and the account have them.
struct Opened {
    sealed: Details,
    name: Option<Personal>,
    email: Option<Personal>,
    phone: Option<Personal>,
    company: Option<Personal>,
    title: Option<Personal>,
}

impl Leads {
    /// Converts a lead.
    pub(crate) async fn convert(
        &self,
        request: Request<ConvertLeadRequest>,
    ) -> Result<ConvertLeadResponse, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "ConvertLeadRequest",
            request_id: &message.request_id,
            etag: &message.etag,
            at: message.occurred_at.as_ref().map(|at| ("occurred_at", at)),
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        self.runtime.refuse_future("occurred_at", head.at).map_err(rejected)?;
        let tenant = head.caller.tenant.clone();
        let message = request.into_inner();
        let made =
            |kind| self.runtime.vault.entity_id(&tenant, kind, "", &head.command_id.to_string());
        let targets = Targets::read(&message, made).map_err(rejected)?;
        let id = targets.lead;
        let opened = self.open(&tenant, id, head.at).await?;
        let person = self.person_of(&tenant, id);
        self.seal_under(&tenant, &keys(&targets, &message, &opened, person.0)).await?;
        let deciding = Deciding {
            runtime: self.runtime.clone(),
            catalog: self.runtime.catalog(&tenant).1,
            tenant: tenant.clone(),
            message,
            targets,
            opened,
        };
        let at = head.at;
        let answer = self
            .runtime
            .record_here(&head, (Kind::Lead, id), move |desk| deciding.decide(desk, at));
        let recorded = self.recorded(head.command_id, answer.await?);
        let timeline = self.read(EntityRef { tenant, kind: Kind::Lead, id }).await?;
        // What this command recorded, now or before; or what was so already.
        let own = timeline.entries().iter().filter(|it| it.moment.command_id == head.command_id);
        let converted = own.chain(timeline.live(Known::NOW)).find_map(|entry| match &entry.fact {
            domain::Fact::Lead(Fact::Converted(it)) => Some((entry.moment.occurred_at, it)),
            _ => None,
        });
        let conversion = converted.map(|(at, it)| {
            to_proto::conversion(&lead::Conversion {
                at,
                account: it.account,
                contact: it.contact,
                opportunity: it.opportunity,
            })
        });
        Ok(ConvertLeadResponse { recorded, conversion })
    }

    /// Takes a conversion back, in everything that it touched.
    pub(crate) async fn unconvert(
        &self,
        request: Request<UnconvertLeadRequest>,
    ) -> Result<UnconvertLeadResponse, Status> {
        let message = request.get_ref();
        let undo = Undo {
            asked: Asked {
                rpc: "UnconvertLeadRequest",
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
                desk.with(Kind::Lead, id, converted)?.ok_or_else(|| {
                    let message = "the lead is not converted; there is nothing to undo";
                    Rejection::precondition("NOT_CONVERTED", message).into()
                })
            })
            .await?;
        Ok(UnconvertLeadResponse { recorded, command_id })
    }

    /// The texts of a lead as they stand when it is converted.
    async fn open(&self, tenant: &Word, id: Uuid, at: Option<Instant>) -> Result<Opened, Status> {
        let entity = EntityRef { tenant: tenant.clone(), kind: Kind::Lead, id };
        let as_of = at.map_or(Instant::END, Instant::next);
        let lead: Lead = self.read(entity).await?.state(Known { as_of, ..Known::NOW });
        let fact = lead.details_fact;
        let text = async |field, text: &Option<Personal>| {
            let Some(text) = text else { return Ok::<_, Status>(None) };
            let place = Place { tenant, kind: Kind::Lead, entity: id, fact, field };
            let read = self.runtime.vault.read(place, text).await;
            let read = read.map_err(runtime::query::QueryError::from)?;
            Ok(read.and_then(Personal::plain))
        };
        Ok(Opened {
            name: text("name", &lead.details.name).await?,
            email: text("email", &lead.details.email).await?,
            phone: text("phone", &lead.details.phone).await?,
            company: text("company", &lead.details.company).await?,
            title: text("title", &lead.details.title).await?,
            sealed: lead.details,
        })
    }
}

/// The keys that the new entities' texts are sealed under.
fn keys(
    targets: &Targets,
    message: &ConvertLeadRequest,
    opened: &Opened,
    person: Uuid,
) -> Vec<Uuid> {
    let words = [&opened.name, &opened.email, &opened.phone, &opened.title];
    let account = message.account.as_ref();
    let named = account.is_some_and(|it| !it.name.is_empty() || !it.domain.is_empty());
    let deal = message.opportunity.as_ref().is_some_and(|deal| !deal.name.is_empty());
    let needed = [
        (targets.contact.is_new && words.iter().any(|it| it.is_some()), person),
        (targets.account.is_new && (named || opened.company.is_some()), targets.account.id),
        (deal, targets.opportunity.map_or(Uuid::nil(), |deal| deal.id)),
    ];
    needed.into_iter().filter_map(|(is, key)| is.then_some(key)).collect()
}

/// All that deciding a conversion takes.
struct Deciding {
    runtime: Arc<Runtime>,
    catalog: Arc<Catalog>,
    tenant: Word,
    message: ConvertLeadRequest,
    targets: Targets,
    opened: Opened,
}

impl Deciding {
    fn decide(&self, desk: &Desk<'_>, asked: Option<Instant>) -> Result<Vec<Decision>, Undecided> {
        let targets = &self.targets;
        let mut at = desk.with(Kind::Lead, targets.lead, |it| desk.instant(asked, it))?;
        for (kind, id) in targets.existing() {
            at = at.max(desk.with(kind, id, |it| desk.instant(asked, it))?);
        }
        let known = Known { as_of: at.next(), ..Known::NOW };
        let lead: Lead = desk.with(Kind::Lead, targets.lead, |it| it.state(known))?;
        let converted = Command::Convert(targets.converted());
        let converted = crate::commands::judged(desk, targets.lead, at, &converted)?;
        if converted.facts.is_empty() {
            return Ok(Vec::new());
        }
        if lead.details != self.opened.sealed {
            let message = "its details were corrected just now: read the lead and ask again";
            return Err(Rejection::stale(message).into());
        }
        let mut decisions = vec![converted, self.account(desk, at, &lead)?];
        decisions.push(self.contact(desk, at, &lead)?);
        decisions.extend(self.opportunity(desk, at, &lead)?);
        Ok(decisions)
    }

    fn account(&self, desk: &Desk<'_>, at: Instant, lead: &Lead) -> Result<Decision, Undecided> {
        let target = self.targets.account;
        if target.is_new {
            let given = self.message.account.clone().unwrap_or_default();
            let mut created = crate::targets::account(&given)?;
            created.owner = lead.owner;
            created.name = created.name.or_else(|| self.opened.company.clone());
            let command = account::Command::Create(created);
            return decision::<account::Account>(desk, target.id, at, &command);
        }
        let there: account::Account = desk.with(Kind::Account, target.id, state_at(at))?;
        if there.created_at.is_none() {
            return Err(not_there(Kind::Account).into());
        }
        Ok(nothing(Kind::Account, target.id, at))
    }

    fn contact(&self, desk: &Desk<'_>, at: Instant, lead: &Lead) -> Result<Decision, Undecided> {
        let target = self.targets.contact;
        let account = Some(self.targets.account_id());
        if target.is_new {
            let Opened { name, email, phone, title, .. } = &self.opened;
            let details = contact::Details {
                name: name.clone(),
                email: email.clone(),
                phone: phone.clone(),
                title: title.clone(),
            };
            let person = lead.person.ok_or_else(|| not_there(Kind::Lead))?;
            let created = contact::Created { person, account, external_ids: Vec::new(), details };
            let command = contact::Command::Create(created);
            let mut made = decision::<contact::Contact>(desk, target.id, at, &command)?;
            // What the person agreed to as a lead holds for the contact.
            made.facts.extend(lead.consents.iter().map(|(purpose, consent)| {
                let (purpose, granted) = (purpose.clone(), consent.granted);
                contact::Fact::ConsentChanged(ConsentChanged { purpose, granted }).into()
            }));
            return Ok(made);
        }
        let there: contact::Contact = desk.with(Kind::Contact, target.id, state_at(at))?;
        match there.account {
            _ if there.created_at.is_none() => Err(not_there(Kind::Contact).into()),
            Some(other) if Some(other) != account => Err(elsewhere(Kind::Contact).into()),
            Some(_) => Ok(nothing(Kind::Contact, target.id, at)),
            None => {
                let command = contact::Command::ChangeAccount(contact::AccountChanged { account });
                decision::<contact::Contact>(desk, target.id, at, &command)
            }
        }
    }

    fn opportunity(
        &self,
        desk: &Desk<'_>,
        at: Instant,
        lead: &Lead,
    ) -> Result<Option<Decision>, Undecided> {
        let Some(target) = self.targets.opportunity else { return Ok(None) };
        let account = Some(self.targets.account_id());
        if target.is_new {
            let given = self.message.opportunity.clone().unwrap_or_default();
            let naming =
                Naming { runtime: &self.runtime, tenant: &self.tenant, catalog: &self.catalog, at };
            let mut opened = crate::targets::opportunity(&given, &naming)?;
            opened.account = account;
            opened.owner = opened.owner.or(lead.owner);
            let command = opportunity::Command::Open(opened);
            let made = decision::<opportunity::Opportunity>(desk, target.id, at, &command);
            return made.map(Some).map_err(|undecided| match undecided {
                Undecided::Rejected(why) => within("opportunity", why).into(),
                Undecided::Timelines(_) => undecided,
            });
        }
        let there: opportunity::Opportunity =
            desk.with(Kind::Opportunity, target.id, state_at(at))?;
        match there.account {
            _ if there.opened_at.is_none() => Err(not_there(Kind::Opportunity).into()),
            Some(other) if Some(other) != account => Err(elsewhere(Kind::Opportunity).into()),
            Some(_) => Ok(None),
            None => {
                let changed = opportunity::AccountChanged { account };
                let command = opportunity::Command::ChangeAccount(changed);
                decision::<opportunity::Opportunity>(desk, target.id, at, &command).map(Some)
            }
        }
    }
}

fn state_at<E: domain::Entity>(at: Instant) -> impl FnOnce(&Timeline) -> E {
    move |timeline| timeline.state(Known { as_of: at.next(), ..Known::NOW })
}

fn decision<E: domain::Entity>(
    desk: &Desk<'_>,
    id: Uuid,
    at: Instant,
    command: &E::Command,
) -> Result<Decision, Undecided> {
    let (source_seq, judged) = desk.with(E::KIND, id, |timeline| {
        (timeline.sequence_after(at), judge::<E>(timeline, at, command))
    })?;
    Ok(Decision { kind: E::KIND, id, occurred_at: at, source_seq, facts: judged? })
}

fn nothing(kind: Kind, id: Uuid, occurred_at: Instant) -> Decision {
    Decision { kind, id, occurred_at, source_seq: 0, facts: Vec::new() }
}

fn not_there(kind: Kind) -> Rejection {
    let (reason, field) = match kind {
        Kind::Account => ("ACCOUNT_NOT_FOUND", "account_id"),
        Kind::Contact => ("CONTACT_NOT_FOUND", "contact_id"),
        Kind::Opportunity => ("OPPORTUNITY_NOT_FOUND", "opportunity_id"),
        _ => ("LEAD_NOT_FOUND", "lead_id"),
    };
    let message = format!("there is no such {kind} at that instant; name another, or none");
    Rejection::not_found(reason, field, message)
}

fn elsewhere(kind: Kind) -> Rejection {
    let message =
        format!("the {kind} belongs to another account: name that one, or another {kind}");
    Rejection::invalid("ANOTHER_ACCOUNT", &format!("{kind}_id"), message)
}

/// The command by which a lead was converted, and what it may have touched.
fn converted(timeline: &Timeline) -> Option<(Uuid, Vec<Id>)> {
    undoing::last(timeline, |fact| match fact {
        domain::Fact::Lead(Fact::Converted(_)) => Some(mentioned(fact)),
        _ => None,
    })
}

/// Refuses to take back what a command made of an entity while facts of other commands mention it.
/// `hints` are those who did when the views were last folded; the desk knows the rest.
pub fn refuse_hanging(
    desk: &Desk<'_>,
    made: Id,
    command: Uuid,
    mut hints: Vec<Id>,
) -> Result<(), Undecided> {
    let created = desk.with(made.0, made.1, |timeline| {
        let first = timeline.live(Known::NOW).next();
        first.is_some_and(|entry| entry.moment.command_id == command)
    })?;
    if !created {
        return Ok(());
    }
    hints.extend(desk.on_their_way());
    for (kind, id) in hints {
        let hangs = desk.with(kind, id, |timeline| {
            let others = timeline.live(Known::NOW).filter(|it| it.moment.command_id != command);
            others.into_iter().any(|entry| mentioned(&entry.fact).contains(&made))
        })?;
        if hangs {
            let message =
                format!("{kind} {id} refers to the {} made here; undo that first", made.0);
            return Err(Rejection::precondition("LATER_FACTS_DEPEND", message).into());
        }
    }
    Ok(())
}
