//! Values as they are shown: sealed text opened, and what stands in the catalog by its key.

use api::{
    audit::v1::{FieldChange, HistoryEntry},
    types::v1::{PersonalText, Reference},
};
use domain::{Instant, Kind, Personal};
use event_log::Word;
use runtime::{
    query::{QueryError, timestamp},
    to_proto::{Referring, personal},
    vault::Place,
};
use uuid::Uuid;

use crate::{
    fields::{Value, reason},
    steps::{Change, Step},
};

/// Shows the history of one entity.
pub struct Teller<'a> {
    pub referring: Referring<'a>,
    pub tenant: &'a Word,
    pub kind: Kind,
    pub entity: Uuid,
}

/// A value as it is shown.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    text: Option<String>,
    erased: bool,
    id: String,
}

impl Teller<'_> {
    /// One entry of the history.
    pub async fn entry(&self, step: &Step) -> Result<HistoryEntry, QueryError> {
        let Step { entry, voided_by, changes } = step;
        let (moment, who) = (&entry.moment, &entry.provenance);
        let mut shown = Vec::with_capacity(changes.len());
        for change in changes {
            shown.extend(self.change(change).await?);
        }
        let (code, words) = reason(&entry.fact);
        let words = match words {
            Some(text) => Some(self.opened(entry.fact.name(), "reason", text).await?),
            None => None,
        };
        let since_ever = moment.occurred_at == Instant::BEGINNING;
        Ok(HistoryEntry {
            position: entry.position,
            recorded_at: Some(timestamp(entry.recorded_at)),
            occurred_at: (!since_ever).then(|| timestamp(moment.occurred_at)),
            source_seq: moment.source_seq,
            command_id: moment.command_id.to_string(),
            fact: entry.fact.name().to_owned(),
            actor: who.actor.to_string(),
            source: who.origin.as_ref().map_or_else(String::new, |it| it.source.to_string()),
            rule: who.origin.as_ref().map_or_else(String::new, |it| it.rule.to_string()),
            correlation_id: who.correlation_id.to_string(),
            causation_id: who.causation_id.map(|id| id.to_string()).unwrap_or_default(),
            changes: shown,
            reason_code: code.to_owned(),
            reason: words,
            voided_by: *voided_by,
        })
    }

    /// A change; `None` when the same words were only sealed anew.
    async fn change(&self, change: &Change) -> Result<Option<FieldChange>, QueryError> {
        let before = self.shown(change.before.as_ref()).await?;
        let after = self.shown(change.after.as_ref()).await?;
        if before == after && !after.erased {
            return Ok(None);
        }
        Ok(Some(FieldChange {
            field: change.field.clone(),
            before: before.text,
            after: after.text,
            before_erased: before.erased,
            after_erased: after.erased,
            before_id: before.id,
            after_id: after.id,
        }))
    }

    async fn shown(&self, value: Option<&Value>) -> Result<Shown, QueryError> {
        Ok(match value {
            None => Shown::default(),
            Some(Value::Text(text)) => Shown { text: Some(text.clone()), ..Shown::default() },
            Some(Value::Sealed(sealed)) => {
                let opened = self.opened(sealed.fact, sealed.field, &sealed.text).await?;
                let text = (!opened.erased).then_some(opened.text);
                Shown { text, erased: opened.erased, ..Shown::default() }
            }
            Some(Value::User(id)) => named(self.referring.user(*id).await?),
            Some(Value::Product(id)) => named(self.referring.product(*id)),
            Some(Value::Pipeline(id)) => named(self.referring.pipeline(*id)),
        })
    }

    async fn opened(
        &self,
        fact: &str,
        field: &str,
        text: &Personal,
    ) -> Result<PersonalText, QueryError> {
        let place =
            Place { tenant: self.tenant, kind: self.kind, entity: self.entity, fact, field };
        Ok(personal(self.referring.runtime.vault.read(place, text).await?))
    }
}

fn named(reference: Reference) -> Shown {
    let Reference { id, key, name: _, known } = reference;
    match (known, key.is_empty()) {
        (true, true) => Shown { text: None, erased: true, id },
        (true, false) => Shown { text: Some(key), erased: false, id },
        (false, _) => Shown { text: Some(id.clone()), erased: false, id },
    }
}
