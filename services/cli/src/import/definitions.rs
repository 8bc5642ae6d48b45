//! What a mapping defines itself: pipelines, and products and users who are in no file.

use api::google::r#type::Decimal;
use api::ingest::v1::Report;
use api::ingest::v1::report::Fact;
use api::planning::v1::{PipelineDefinition, ProductDefinition, Stage, UserDefinition};
use api::types::v1::{ForecastCategory, Outcome};
use prost_types::Timestamp;

use super::compile::CATALOG_RULE;
use super::formats::Formats;
use super::mapping::{self, Mapping};
use crate::failure::Failure;
use crate::money;

/// The reports of what is written into the mapping.
///
/// # Errors
/// A usage error that names the definition.
pub fn written(mapping: &Mapping, currency: &str) -> Result<Vec<Report>, Failure> {
    let formats = Formats::new(&mapping.dates, mapping.zone).map_err(Failure::usage)?;
    let mut reports = Vec::new();
    for pipeline in &mapping.pipelines {
        let since = pipeline.since.as_deref().map(|since| {
            let place = format!("pipeline {:?}: since {since:?}", pipeline.key);
            formats.instant(since).ok_or_else(|| Failure::usage(format!("{place} is no date")))
        });
        let definition = pipeline_definition(pipeline);
        reports.push(report(&pipeline.key, since.transpose()?, Fact::PipelineDefined(definition)));
    }
    for product in &mapping.products {
        let definition = product_definition(product, currency)?;
        reports.push(report(&product.key, None, Fact::ProductDefined(definition)));
    }
    for user in &mapping.users {
        let definition = UserDefinition {
            name: user.name.clone(),
            manager: user.manager.clone(),
            office: user.office.clone(),
            role: user.role.clone(),
            retired: false,
        };
        reports.push(report(&user.key, None, Fact::UserDefined(definition)));
    }
    Ok(reports)
}

fn report(key: &str, since: Option<Timestamp>, fact: Fact) -> Report {
    Report {
        key: key.to_owned(),
        rule: CATALOG_RULE.to_owned(),
        occurred_at: since,
        source_seq: 0,
        fact: Some(fact),
    }
}

fn pipeline_definition(pipeline: &mapping::Pipeline) -> PipelineDefinition {
    let stages = (1..).zip(&pipeline.stages).map(|(place, stage)| Stage {
        key: stage.key.clone(),
        name: stage.name.clone().unwrap_or_else(|| stage.key.clone()),
        order: stage.order.unwrap_or(place),
        probability: stage.probability.as_ref().map(|decimal| Decimal { value: decimal.0.clone() }),
        category: category(stage.category).into(),
        outcome: outcome(stage.outcome).into(),
    });
    PipelineDefinition {
        name: pipeline.name.clone().unwrap_or_else(|| pipeline.key.clone()),
        furthest: pipeline.furthest,
        stages: stages.collect(),
        retired: false,
    }
}

fn product_definition(
    product: &mapping::Product,
    currency: &str,
) -> Result<ProductDefinition, Failure> {
    let price = product.list_price.as_ref().map(|price| {
        money::parse(&format!("{} {currency}", price.0))
            .map_err(|error| Failure::usage(format!("product {:?}: {error}", product.key)))
    });
    Ok(ProductDefinition {
        name: product.name.clone().unwrap_or_else(|| product.key.clone()),
        list_price: price.transpose()?,
        retired: false,
    })
}

fn category(category: mapping::Category) -> ForecastCategory {
    match category {
        mapping::Category::Omitted => ForecastCategory::Omitted,
        mapping::Category::Pipeline => ForecastCategory::Pipeline,
        mapping::Category::BestCase => ForecastCategory::BestCase,
        mapping::Category::MostLikely => ForecastCategory::MostLikely,
        mapping::Category::Commit => ForecastCategory::Commit,
        mapping::Category::Closed => ForecastCategory::Closed,
    }
}

fn outcome(outcome: mapping::Outcome) -> Outcome {
    match outcome {
        mapping::Outcome::Open => Outcome::Open,
        mapping::Outcome::Won => Outcome::Won,
        mapping::Outcome::Lost => Outcome::Lost,
        mapping::Outcome::NoDecision => Outcome::NoDecision,
    }
}
