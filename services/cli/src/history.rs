//! `history`: an entity's facts with both times, who, why, before and after.

use api::audit::v1::{self as sent, GetHistoryRequest};
use serde::Serialize;

use crate::grid::{Cell, Grid};
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::when::When;
use crate::wording::{given, text_shown};

const PAGE_SIZE: i32 = 1000;

/// Whose history, of which past.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  revops history opportunity ID\n  \
                        revops history user ann --known-at 2026-01-01")]
pub struct HistoryArgs {
    /// The kind of entity: lead, opportunity, account, contact, contract, activity, quota, forecast,
    /// calendar, exchange_rate, pipeline, product, user, source or person
    kind: String,

    /// Its id; for a kind of the catalog its key will do
    id: String,

    #[command(flatten)]
    when: When,
}

/// A history, oldest first.
#[derive(Debug, Serialize)]
struct History {
    #[serde(flatten)]
    standing: Standing,
    kind: String,
    id: String,
    entries: Vec<Entry>,
}

/// A fact of an entity, and what it changed.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub position: u64,
    recorded_at: Option<String>,
    occurred_at: Option<String>,
    source_seq: u64,
    command_id: String,
    fact: String,
    actor: Option<String>,
    source: Option<String>,
    rule: Option<String>,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    changes: Vec<Change>,
    reason_code: Option<String>,
    reason: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reason_erased: bool,
    voided_by: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Change {
    field: String,
    before: Option<String>,
    after: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    before_erased: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    after_erased: bool,
}

impl From<sent::HistoryEntry> for Entry {
    fn from(entry: sent::HistoryEntry) -> Self {
        let reason = entry.reason.unwrap_or_default();
        Self {
            position: entry.position,
            recorded_at: entry.recorded_at.as_ref().map(times::show),
            occurred_at: entry.occurred_at.as_ref().map(times::show),
            source_seq: entry.source_seq,
            command_id: entry.command_id,
            fact: entry.fact,
            actor: given(entry.actor),
            source: given(entry.source),
            rule: given(entry.rule),
            correlation_id: given(entry.correlation_id),
            causation_id: given(entry.causation_id),
            changes: entry.changes.into_iter().map(Change::from).collect(),
            reason_code: given(entry.reason_code),
            reason: given(reason.text),
            reason_erased: reason.erased,
            voided_by: (entry.voided_by > 0).then_some(entry.voided_by),
        }
    }
}

impl From<sent::FieldChange> for Change {
    fn from(change: sent::FieldChange) -> Self {
        Self {
            field: change.field,
            before: change.before,
            after: change.after,
            before_erased: change.before_erased,
            after_erased: change.after_erased,
        }
    }
}

impl Change {
    fn shown(&self) -> String {
        let before = text_shown(self.before.as_deref(), self.before_erased);
        let after = text_shown(self.after.as_deref(), self.after_erased);
        match (before.is_empty(), after.is_empty()) {
            (true, _) => format!("{}: {after}", self.field),
            (false, true) => format!("{}: {before} -> none", self.field),
            (false, false) => format!("{}: {before} -> {after}", self.field),
        }
    }
}

impl Entry {
    /// The columns of [`Self::row`].
    pub const COLUMNS: [&str; 9] = [
        "occurred_at",
        "fact",
        "changes",
        "why",
        "by",
        "position",
        "recorded_at",
        "voided",
        "command_id",
    ];

    /// The fact as a row of a table.
    pub fn row(&self) -> Vec<Cell> {
        let maybe = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let by = match &self.source {
            Some(source) => {
                format!("source {source}, rule {}", self.rule.as_deref().unwrap_or_default())
            }
            None => self.actor.clone().unwrap_or_default(),
        };
        let words = text_shown(self.reason.as_deref(), self.reason_erased);
        let why = [self.reason_code.clone().unwrap_or_default(), words].join(" ");
        let changes: Vec<_> = self.changes.iter().map(Change::shown).collect();
        let voided = self.voided_by.map_or_else(String::new, |position| format!("by {position}"));
        vec![
            maybe(&self.occurred_at),
            Cell::text(&self.fact),
            Cell::text(changes.join("; ")),
            Cell::text(why.trim()),
            Cell::text(by),
            Cell::Count(self.position),
            maybe(&self.recorded_at),
            Cell::text(voided),
            Cell::text(&self.command_id),
        ]
    }
}

impl Answer for History {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.entries)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(Entry::COLUMNS);
        for entry in &self.entries {
            grid.push(entry.row());
        }
        grid
    }
}

/// Collects every page.
pub async fn run(args: HistoryArgs, session: &Session) -> anyhow::Result<()> {
    let mut client = session.audit();
    let mut request = GetHistoryRequest {
        kind: args.kind.clone(),
        id: args.id,
        read_at: Some(args.when.read_at(session)),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let mut history = History {
        standing: Standing::default(),
        kind: args.kind,
        id: String::new(),
        entries: Vec::new(),
    };
    loop {
        let page = client.get_history(session.request(request.clone())).await?.into_inner();
        history.standing = Standing::of(page.reflected);
        history.id = page.id;
        history.entries.extend(page.entries.into_iter().map(Entry::from));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    session.output.answer(&history)
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::types::v1::PersonalText;

    #[test]
    fn json_of_an_entry() {
        let entry = sent::HistoryEntry {
            position: 12,
            command_id: "c".into(),
            fact: "opportunity.stage_changed.v1".into(),
            actor: "cli".into(),
            changes: vec![sent::FieldChange {
                field: "stage".into(),
                before: Some("new".into()),
                after: Some("late".into()),
                ..sent::FieldChange::default()
            }],
            reason: Some(PersonalText { text: String::new(), erased: true }),
            voided_by: 14,
            ..sent::HistoryEntry::default()
        };
        assert_eq!(
            serde_json::to_string(&Entry::from(entry)).unwrap(),
            concat!(
                r#"{"position":12,"recorded_at":null,"occurred_at":null,"source_seq":0,"#,
                r#""command_id":"c","fact":"opportunity.stage_changed.v1","actor":"cli","#,
                r#""source":null,"rule":null,"correlation_id":null,"causation_id":null,"#,
                r#""changes":[{"field":"stage","before":"new","after":"late"}],"#,
                r#""reason_code":null,"reason":null,"reason_erased":true,"voided_by":14}"#,
            )
        );
    }

    #[test]
    fn a_change_reads_as_a_sentence() {
        let change = |before: Option<&str>, after: Option<&str>, before_erased| Change {
            field: "name".into(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            before_erased,
            after_erased: false,
        };
        assert_eq!(change(None, Some("b"), false).shown(), "name: b");
        assert_eq!(change(Some("a"), Some("b"), false).shown(), "name: a -> b");
        assert_eq!(change(Some("a"), None, false).shown(), "name: a -> none");
        assert_eq!(change(None, Some("b"), true).shown(), "name: (erased) -> b");
    }
}
