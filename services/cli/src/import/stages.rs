//! Pipelines whose stages stand in a file: the rows of one key become one definition.

use std::collections::BTreeMap;

use api::google::r#type::Decimal;
use api::ingest::v1::Report;
use api::ingest::v1::report::Fact;
use api::planning::v1::{PipelineDefinition, Stage};
use api::types::v1::Outcome;

use super::fact::{Flaw, Values};
use super::plan::Planned;

/// A stage that a row defines, and the name of its pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The stage; its order is what the file says.
    pub stage: Stage,
    /// What people call the pipeline; empty where the row does not say.
    pub pipeline: String,
}

/// The stages that were read so far, by pipeline and rule.
#[derive(Debug, Default)]
pub struct Stages(BTreeMap<(String, String), Vec<(Row, usize)>>);

impl Values<'_> {
    /// The stage that the values define.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub(super) fn stage(&self) -> Result<Row, Flaw> {
        let key = self.required("stage")?;
        let name = Some(self.text("name")).filter(|name| !name.is_empty());
        let probability = Some(self.text("probability")).filter(|value| !value.is_empty());
        self.required("category")?;
        let stage = Stage {
            name: name.unwrap_or_else(|| key.clone()),
            key,
            order: self.required("order")?.parse().map_err(|_| Flaw::new("order", "BAD_ORDER"))?,
            probability: probability.map(|value| Decimal { value }),
            category: self.category()?.into(),
            outcome: self.outcome()?.into(),
        };
        Ok(Row { stage, pipeline: self.text("pipeline") })
    }

    fn outcome(&self) -> Result<Outcome, Flaw> {
        let text = self.text("outcome");
        if text.is_empty() {
            return Ok(Outcome::Open);
        }
        Outcome::from_str_name(&format!("OUTCOME_{}", text.to_ascii_uppercase()))
            .filter(|outcome| *outcome != Outcome::Unspecified)
            .ok_or(Flaw::new("outcome", "BAD_OUTCOME"))
    }
}

impl Stages {
    /// Takes up a stage of a pipeline.
    pub fn add(&mut self, pipeline: &str, rule: &str, stage: Row, row: usize) {
        self.0.entry((pipeline.to_owned(), rule.to_owned())).or_default().push((stage, row));
    }

    /// The pipelines, with the rows that define each. Stages stand as the file orders them, those
    /// of one order by key; a pipeline numbers them anew, because its orders have to differ.
    ///
    /// The second list has the rows whose stage another row defines otherwise.
    pub fn pipelines(self) -> (Vec<Planned>, Vec<usize>) {
        let mut contradicting = Vec::new();
        let pipelines = self.0.into_iter().map(|((key, rule), mut read)| {
            read.sort_by(|(a, _), (b, _)| rank(&a.stage).cmp(&rank(&b.stage)));
            let name = read.iter().map(|(row, _)| &row.pipeline).find(|name| !name.is_empty());
            let name = name.unwrap_or(&key).clone();
            let mut stages: Vec<Row> = Vec::new();
            let mut rows = Vec::new();
            for (row, place) in read {
                match stages.iter().find(|other| other.stage.key == row.stage.key) {
                    Some(other) if other.stage != row.stage => contradicting.push(place),
                    Some(_) => rows.push(place),
                    None => {
                        rows.push(place);
                        stages.push(row);
                    }
                }
            }
            let numbered = (1..).zip(stages).map(|(order, row)| Stage { order, ..row.stage });
            let (furthest, retired) = (false, false);
            let definition =
                PipelineDefinition { name, furthest, stages: numbered.collect(), retired };
            let fact = Some(Fact::PipelineDefined(definition));
            Planned { report: Report { key, rule, fact, ..Default::default() }, rows }
        });
        (pipelines.collect(), contradicting)
    }
}

fn rank(stage: &Stage) -> (u32, &str, &str, &str, i32, i32) {
    let probability = stage.probability.as_ref().map_or("", |probability| &probability.value);
    (stage.order, &stage.key, &stage.name, probability, stage.category, stage.outcome)
}
