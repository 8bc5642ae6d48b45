//! `catalog pipeline`: sequences of stages that deals move through.

use std::path::PathBuf;

use api::planning::v1 as sent;
use api::types::v1::ReadAt;
use serde::Serialize;
use tonic::Status;

use super::stages;
use super::{Head, Listed, Many, One, PAGE_SIZE, Verb, mark};
use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::recorded::{Done, Shown, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;
use crate::wording::{category_name, outcome_name};

/// The file that says what a pipeline is.
#[derive(Debug, clap::Args)]
#[command(after_help = stages::EXAMPLE)]
pub struct Definition {
    /// The TOML file with the name and the stages
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

impl Definition {
    fn stated(self) -> anyhow::Result<sent::PipelineDefinition> {
        stages::read(&self.file)
    }
}

verbs! {
    Pipeline pipeline,
    list: list_pipelines ListPipelinesRequest pipelines,
    get: get_pipeline GetPipelineRequest,
    define: define_pipeline DefinePipelineRequest pipeline_id,
}

/// A pipeline as JSON shows it.
#[derive(Debug, Serialize)]
pub struct Pipeline {
    id: String,
    key: String,
    name: String,
    furthest: bool,
    stages: Vec<Stage>,
    retired: bool,
    effective_at: Option<String>,
    etag: String,
}

#[derive(Debug, Serialize)]
struct Stage {
    key: String,
    name: String,
    order: u32,
    probability: f64,
    category: Option<String>,
    outcome: Option<String>,
}

impl From<sent::Pipeline> for Pipeline {
    fn from(pipeline: sent::Pipeline) -> Self {
        Self {
            id: pipeline.id,
            key: pipeline.key,
            name: pipeline.name,
            furthest: pipeline.furthest,
            stages: pipeline.stages.into_iter().map(Stage::from).collect(),
            retired: pipeline.retired,
            effective_at: pipeline.effective_at.as_ref().map(times::show),
            etag: pipeline.etag,
        }
    }
}

impl From<sent::Stage> for Stage {
    fn from(stage: sent::Stage) -> Self {
        let probability = stage.probability.and_then(|decimal| decimal.value.parse().ok());
        Self {
            key: stage.key,
            name: stage.name,
            order: stage.order,
            probability: probability.unwrap_or_default(),
            category: category_name(stage.category),
            outcome: outcome_name(stage.outcome),
        }
    }
}

impl Shown for Pipeline {
    const NOUN: &'static str = "pipeline";

    fn fields(&self) -> Grid {
        let mut fields = vec![
            ("id".to_owned(), Cell::text(&self.id)),
            ("key".into(), Cell::text(&self.key)),
            ("name".into(), Cell::text(&self.name)),
            ("furthest".into(), mark(self.furthest)),
            ("retired".into(), mark(self.retired)),
            ("effective_at".into(), Cell::text(self.effective_at.as_deref().unwrap_or_default())),
            ("etag".into(), Cell::text(&self.etag)),
        ];
        for stage in &self.stages {
            let outcome = stage.outcome.as_deref().unwrap_or_default();
            let category = stage.category.as_deref().unwrap_or_default();
            let text = format!(
                "{}: {} · {outcome} · {category} · probability {}",
                stage.key, stage.name, stage.probability
            );
            fields.push((format!("stage_{}", stage.order), Cell::text(text)));
        }
        Grid::of_fields(fields)
    }
}

impl Listed for Pipeline {
    const NOUNS: &'static str = "pipelines";
    const COLUMNS: &'static [&'static str] = &["key", "name", "stages", "furthest", "retired"];

    fn row(&self) -> Vec<Cell> {
        let stages: Vec<_> = self.stages.iter().map(|stage| stage.key.as_str()).collect();
        vec![
            Cell::text(&self.key),
            Cell::text(&self.name),
            Cell::text(stages.join(" ")),
            mark(self.furthest),
            mark(self.retired),
        ]
    }
}
