//! `events tail`: facts as they become known, from some position on.

use std::fmt::Write as _;

use api::audit::v1::{self as sent, TailEventsRequest};
use clap::Subcommand;
use serde::Serialize;

use crate::grid::{Cell, Grid};
use crate::history::Entry;
use crate::output::{Answer, Format};
use crate::projection;
use crate::session::Session;

/// How many commits are shown by default.
const COMMITS: u64 = 20;

/// The verbs of events.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show what happened last, and what happens
    #[command(after_help = "Examples:\n  revops events tail --follow\n  \
                            revops events tail --from 1 --kind lead --limit 10 -o ndjson\n\n\
                            Facts go on, so -o json writes an object on each line, as -o ndjson does.")]
    Tail(TailArgs),
}

/// Where to begin and where to end.
#[derive(Debug, clap::Args)]
pub struct TailArgs {
    /// The position of the first commit to show [default: that of the twentieth from the end]
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<u64>,

    /// Only facts of entities of this kind, such as lead; may be given several times
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,

    /// Go on with what happens, until Ctrl-C
    #[arg(short, long)]
    follow: bool,

    /// End after so many facts
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
}

/// A fact that came by.
#[derive(Debug, Serialize)]
struct Event {
    kind: String,
    id: String,
    #[serde(flatten)]
    entry: Entry,
}

impl From<sent::Event> for Event {
    fn from(event: sent::Event) -> Self {
        let entry = Entry::from(event.entry.unwrap_or_default());
        Self { kind: event.kind, id: event.id, entry }
    }
}

impl Event {
    /// A line for a person. Nobody knows how wide the next one will be, so only what always looks
    /// alike stands in columns.
    fn line(&self) -> String {
        let row = self.entry.row();
        let [_, fact, changes, why, by, _, recorded_at, ..] = &row[..] else {
            return String::new();
        };
        let [fact, changes, why, by, at] = [fact, changes, why, by, recorded_at].map(Cell::shown);
        let mut line = format!("{:>9}  {at:<27}  {fact:<34}  {}", self.entry.position, self.id);
        let named = [("", &changes), ("why: ", &why), ("by ", &by)];
        for (name, text) in named.into_iter().filter(|(_, text)| !text.is_empty()) {
            // Writing into a string cannot fail.
            let _ = write!(line, "  {name}{text}");
        }
        line + "\n"
    }
}

impl Answer for Event {
    fn grid(&self) -> Grid {
        let mut grid = Grid::new(["kind", "id"].into_iter().chain(Entry::COLUMNS));
        let mut row = vec![Cell::text(&self.kind), Cell::text(&self.id)];
        row.extend(self.entry.row());
        grid.push(row);
        grid
    }
}

/// Shows facts until there are enough, or no more.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    let Verb::Tail(args) = verb;
    let from_position = match args.from {
        Some(position) => position,
        None => projection::standing(session).await?.revision.saturating_sub(COMMITS - 1).max(1),
    };
    let request = TailEventsRequest {
        from_position,
        kinds: args.kind,
        follow: args.follow,
        limit: args.limit.unwrap_or(0),
    };
    let messages = session.audit().tail_events(session.open_ended(request)).await?;
    let mut messages = messages.into_inner();
    let mut is_first = true;
    while let Some(message) = messages.message().await? {
        for event in message.events.into_iter().map(Event::from) {
            show(&event, is_first, session)?;
            is_first = false;
        }
    }
    Ok(())
}

fn show(event: &Event, is_first: bool, session: &Session) -> anyhow::Result<()> {
    match session.output.format {
        Format::Table => session.output.write(&event.line()),
        Format::Csv if !is_first => {
            let csv = event.grid().to_csv()?;
            session.output.write(csv.split_once('\n').map_or("", |(_, rows)| rows))
        }
        // There is no last fact to close a list after, so each is a line of its own.
        Format::Json | Format::Ndjson => session.output.write(&(event.items()?.join("\n") + "\n")),
        Format::Csv => session.output.answer(event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::from(sent::Event {
            kind: "opportunity".into(),
            id: "an-id".into(),
            entry: Some(sent::HistoryEntry {
                position: 7,
                fact: "opportunity.stage_changed.v1".into(),
                actor: "ann".into(),
                changes: vec![sent::FieldChange {
                    field: "stage".into(),
                    after: Some("proposal".into()),
                    ..Default::default()
                }],
                ..Default::default()
            }),
        })
    }

    #[test]
    fn a_line_says_where_what_and_who() {
        let line = event().line();
        assert!(line.starts_with("        7  "), "{line}");
        assert!(line.ends_with("an-id  stage: proposal  by ann\n"), "{line}");
    }

    #[test]
    fn programs_get_one_object_for_each_fact() {
        let items = event().items().unwrap();
        assert_eq!(items.len(), 1);
        assert!(items[0].starts_with(r#"{"kind":"opportunity","id":"an-id","position":7,"#));
    }
}
