//! The TOML file that defines a pipeline.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use api::google::r#type::Decimal;
use api::planning::v1::{PipelineDefinition, Stage};
use api::types::v1::{ForecastCategory, Outcome};
use serde::Deserialize;

use crate::failure::Failure;
use crate::wording::constant;

/// What `--help` shows.
pub const EXAMPLE: &str = r#"The file:
  name = "Direct sales"
  furthest = false            # true: a deal is in the furthest stage it ever reached

  [[stages]]                  # in their order
  key = "qualify"
  name = "Qualification"
  probability = "0.10"
  category = "pipeline"       # omitted, pipeline, best_case, most_likely, commit, closed
  outcome = "open"            # open, won, lost, no_decision

  [[stages]]
  key = "won"
  name = "Closed won"
  probability = "1"
  category = "closed"
  outcome = "won"

Example:
  revops catalog pipeline define direct --file direct.toml"#;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    furthest: bool,
    #[serde(default)]
    retired: bool,
    stages: Vec<FileStage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileStage {
    key: String,
    /// The key will do.
    name: Option<String>,
    /// Where it stands; the place in the file will do.
    order: Option<u32>,
    #[serde(default)]
    probability: Probability,
    category: String,
    #[serde(default = "open")]
    outcome: String,
}

/// A fraction, best written as text: then it is taken as it stands.
#[derive(Deserialize)]
#[serde(untagged)]
enum Probability {
    Text(String),
    Number(f64),
    Whole(i64),
}

impl Default for Probability {
    fn default() -> Self {
        Self::Text("0".to_owned())
    }
}

fn open() -> String {
    "open".to_owned()
}

/// Reads a pipeline's definition.
pub fn read(file: &Path) -> anyhow::Result<PipelineDefinition> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    parse(&text).map_err(|what| Failure::usage(format!("{}: {what}", file.display())).into())
}

fn parse(text: &str) -> Result<PipelineDefinition, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let stages = file.stages.into_iter().enumerate().map(|(index, stage)| stage.into_sent(index));
    Ok(PipelineDefinition {
        name: file.name,
        furthest: file.furthest,
        stages: stages.collect::<Result<_, _>>()?,
        retired: file.retired,
    })
}

impl FileStage {
    fn into_sent(self, index: usize) -> Result<Stage, String> {
        let category = constant("FORECAST_CATEGORY_", &self.category);
        let category = ForecastCategory::from_str_name(&category)
            .ok_or_else(|| format!("stage {:?}: no category {:?}", self.key, self.category))?;
        let outcome = Outcome::from_str_name(&constant("OUTCOME_", &self.outcome))
            .ok_or_else(|| format!("stage {:?}: no outcome {:?}", self.key, self.outcome))?;
        let probability = match self.probability {
            Probability::Text(text) => text,
            Probability::Number(number) => number.to_string(),
            Probability::Whole(number) => number.to_string(),
        };
        let place = u32::try_from(index + 1).map_err(|_| "too many stages".to_owned())?;
        Ok(Stage {
            name: self.name.unwrap_or_else(|| self.key.clone()),
            key: self.key,
            order: self.order.unwrap_or(place),
            probability: Some(Decimal { value: probability }),
            category: category.into(),
            outcome: outcome.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_help_is_a_pipeline() {
        let toml: String = EXAMPLE
            .lines()
            .skip(1)
            .take_while(|line| !line.starts_with("Example"))
            .map(|line| line.to_owned() + "\n")
            .collect();
        let pipeline = parse(&toml).unwrap();
        let keys: Vec<_> = pipeline.stages.iter().map(|stage| stage.key.as_str()).collect();
        assert_eq!((pipeline.name.as_str(), keys), ("Direct sales", vec!["qualify", "won"]));
        let first = &pipeline.stages[0];
        assert_eq!(
            (first.order, first.outcome(), first.category()),
            (1, Outcome::Open, ForecastCategory::Pipeline)
        );
        assert_eq!(first.probability.as_ref().unwrap().value, "0.10");
    }

    #[test]
    fn mistakes_are_named() {
        for (toml, part) in [
            ("name = 'x'", "stages"),
            ("name = 'x'\nstages = []\ncolour = 1", "colour"),
            ("name = 'x'\n[[stages]]\nkey = 'a'\ncategory = 'sure'", "no category \"sure\""),
            (
                "name = 'x'\n[[stages]]\nkey = 'a'\ncategory = 'commit'\noutcome = 'maybe'",
                "no outcome \"maybe\"",
            ),
        ] {
            let error = parse(toml).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
