//! `lead duplicates`: look through all leads for those that seem to be the same.

use api::leads::v1::FindLeadDuplicatesRequest;
use serde::Serialize;

use super::shown::match_name;
use crate::grid::{Cell, Grid};
use crate::output::{Answer, one_a_line};
use crate::session::Session;
use crate::standing::Standing;

/// How many leads are looked at per call.
const PAGE_SIZE: i32 = 1_000;

/// How to look.
#[derive(Debug, clap::Args)]
pub struct DuplicatesArgs {
    /// Show what would be found and record nothing
    #[arg(long)]
    dry_run: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Found {
    #[serde(flatten)]
    standing: Standing,
    looked_at: u64,
    left_out: u64,
    pairs: Vec<Pair>,
}

#[derive(Debug, Serialize)]
struct Pair {
    lead_id: String,
    of: String,
    matched_on: Option<String>,
}

impl Answer for Found {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.pairs)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(["lead_id", "of", "matched_on"]);
        for pair in &self.pairs {
            let matched_on = pair.matched_on.as_deref().unwrap_or_default();
            grid.push(vec![
                Cell::text(&pair.lead_id),
                Cell::text(&pair.of),
                Cell::text(matched_on),
            ]);
        }
        grid
    }
}

/// Looks at all leads, page by page.
pub async fn run(args: DuplicatesArgs, session: &Session) -> anyhow::Result<()> {
    let mut request = FindLeadDuplicatesRequest {
        dry_run: args.dry_run,
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let mut found =
        Found { standing: Standing::default(), looked_at: 0, left_out: 0, pairs: Vec::new() };
    loop {
        let call = session.request(request.clone());
        let page = session.leads().find_lead_duplicates(call).await?.into_inner();
        found.standing = Standing::of(page.reflected);
        found.standing.revision = found.standing.revision.max(page.revision);
        found.looked_at += page.looked_at;
        found.left_out += page.left_out;
        found.pairs.extend(page.pairs.into_iter().map(|pair| Pair {
            lead_id: pair.lead_id,
            of: pair.of,
            matched_on: match_name(pair.matched_on),
        }));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    session.output.answer(&found)?;
    let (pairs, looked_at) = (found.pairs.len(), found.looked_at);
    session.output.note(format!("{pairs} pairs among {looked_at} leads"));
    if found.left_out > 0 {
        let left_out = found.left_out;
        session.output.note(format!("{left_out} more pairs of crowded leads were left out"));
    }
    Ok(())
}
