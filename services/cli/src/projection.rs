//! `projection`: list, rebuild and verify the read model of the process that answers.

use api::projections::v1 as sent;
use api::projections::v1::{rebuild_projection_response, verify_projection_response};
use clap::Subcommand;
use serde::Serialize;

use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::output::{Answer, one_a_line};
use crate::progress::Progress;
use crate::session::Session;
use crate::standing::Standing;
use crate::wording::{given, lower};

/// The verbs of a projection.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show every projection: where it is, how far behind, its digest and health
    List,
    /// Make a projection anew from the log; queries are answered all the while
    Rebuild {
        /// The name, as listed
        name: String,
    },
    /// Fold the log once more and compare; exit code 1 when a row differs
    Verify {
        /// The name, as listed [default: all of them]
        name: Option<String>,
    },
}

/// Runs a verb.
pub async fn run(verb: Verb, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List => session.output.answer(&list(session).await?),
        Verb::Rebuild { name } => rebuild(name, session).await,
        Verb::Verify { name } => verify(name.unwrap_or_default(), session).await,
    }
}

/// Every projection of the process.
#[derive(Debug, Serialize)]
pub struct Projections {
    #[serde(flatten)]
    pub standing: Standing,
    pub projections: Vec<Projection>,
}

/// A part of the read model.
#[derive(Debug, Serialize)]
pub struct Projection {
    pub name: String,
    pub position: u64,
    pub lag: u64,
    pub digest: String,
    pub health: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl From<sent::Projection> for Projection {
    fn from(projection: sent::Projection) -> Self {
        let health = lower(projection.health().as_str_name(), "PROJECTION_HEALTH_");
        Self {
            name: projection.name,
            position: projection.position,
            lag: projection.lag,
            digest: projection.digest,
            health: health.unwrap_or_else(|| "unknown".to_owned()),
            detail: given(projection.detail),
        }
    }
}

impl Projections {
    /// Rows and columns.
    pub fn grid(&self) -> Grid {
        let mut grid = Grid::new(["name", "position", "lag", "health", "digest", "detail"]);
        for it in &self.projections {
            grid.push(vec![
                Cell::text(&it.name),
                Cell::Count(it.position),
                Cell::Count(it.lag),
                Cell::text(&it.health),
                Cell::text(&it.digest),
                Cell::text(it.detail.as_deref().unwrap_or_default()),
            ]);
        }
        grid
    }
}

impl Answer for Projections {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.projections)
    }

    fn grid(&self) -> Grid {
        self.grid()
    }
}

/// Asks for every projection.
pub async fn list(session: &Session) -> Result<Projections, tonic::Status> {
    let request = session.request(sent::ListProjectionsRequest {});
    let answer = session.projections().list_projections(request).await?.into_inner();
    Ok(Projections {
        standing: Standing::of(answer.reflected),
        projections: answer.projections.into_iter().map(Projection::from).collect(),
    })
}

/// Where the server stands, for an answer that does not say so itself.
pub async fn standing(session: &Session) -> Result<Standing, tonic::Status> {
    Ok(list(session).await?.standing)
}

async fn rebuild(name: String, session: &Session) -> anyhow::Result<()> {
    let mut progress = Progress::new(&session.output, format!("rebuilding {name}"));
    let request = session.open_ended(sent::RebuildProjectionRequest { name });
    let mut steps = session.projections().rebuild_projection(request).await?.into_inner();
    let mut rebuilt = Vec::new();
    while let Some(step) = steps.message().await? {
        match step.step {
            Some(rebuild_projection_response::Step::Progress(it)) => progress.at(it.done, it.total),
            Some(rebuild_projection_response::Step::Finished(it)) => {
                rebuilt.push(Projection::from(it));
            }
            None => {}
        }
    }
    drop(progress);
    anyhow::ensure!(!rebuilt.is_empty(), "the server ended the rebuild without finishing it");
    let standing = standing(session).await?;
    session.output.answer(&Projections { standing, projections: rebuilt })
}

/// The verdicts on some projections.
#[derive(Debug, Serialize)]
struct Verdicts {
    #[serde(flatten)]
    standing: Standing,
    ok: bool,
    verdicts: Vec<Verdict>,
}

#[derive(Debug, Serialize)]
struct Verdict {
    name: String,
    ok: bool,
    position: u64,
    digest_expected: String,
    digest_found: String,
    differences: Vec<Difference>,
    differences_total: u64,
}

#[derive(Debug, Serialize)]
struct Difference {
    key: String,
    what: String,
}

impl From<sent::ProjectionVerdict> for Verdict {
    fn from(verdict: sent::ProjectionVerdict) -> Self {
        let differences = verdict.differences.into_iter();
        Self {
            name: verdict.name,
            ok: verdict.ok,
            position: verdict.position,
            digest_expected: verdict.digest_expected,
            digest_found: verdict.digest_found,
            differences: differences.map(|it| Difference { key: it.key, what: it.what }).collect(),
            differences_total: verdict.differences_total,
        }
    }
}

impl Answer for Verdicts {
    fn standing(&self) -> Option<&Standing> {
        Some(&self.standing)
    }

    fn items(&self) -> anyhow::Result<Vec<String>> {
        one_a_line(&self.verdicts)
    }

    fn grid(&self) -> Grid {
        let mut grid = Grid::new(["name", "verdict", "position", "differences", "digest_found"]);
        for it in &self.verdicts {
            grid.push(vec![
                Cell::text(&it.name),
                Cell::text(if it.ok { "ok" } else { "DIFFERS" }),
                Cell::Count(it.position),
                Cell::Count(it.differences_total),
                Cell::text(&it.digest_found),
            ]);
        }
        grid
    }
}

async fn verify(name: String, session: &Session) -> anyhow::Result<()> {
    let mut progress = Progress::new(&session.output, "verifying");
    let request = session.open_ended(sent::VerifyProjectionRequest { name });
    let mut steps = session.projections().verify_projection(request).await?.into_inner();
    let mut verdicts = Vec::new();
    while let Some(step) = steps.message().await? {
        match step.step {
            Some(verify_projection_response::Step::Progress(it)) => {
                progress.turn_to(format!("verifying {}", it.name));
                progress.at(it.done, it.total);
            }
            Some(verify_projection_response::Step::Verdict(it)) => verdicts.push(Verdict::from(it)),
            None => {}
        }
    }
    drop(progress);
    anyhow::ensure!(!verdicts.is_empty(), "the server ended the check without a verdict");
    let ok = verdicts.iter().all(|verdict| verdict.ok);
    let answer = Verdicts { standing: standing(session).await?, ok, verdicts };
    session.output.answer(&answer)?;
    let wrong = answer.verdicts.iter().filter(|verdict| !verdict.ok);
    for verdict in wrong.clone() {
        for difference in &verdict.differences {
            session
                .output
                .note(format!("{} {}: {}", verdict.name, difference.key, difference.what));
        }
    }
    let names: Vec<_> = wrong.map(|verdict| verdict.name.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let names = names.join(", ");
    Err(Failure::Unsound(format!(
        "not what the log makes of it: {names}\n  to do: revops projection rebuild NAME"
    ))
    .into())
}
