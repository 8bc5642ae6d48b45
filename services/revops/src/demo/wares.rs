//! What is sold, for how much, and by which steps.

use api::google::r#type::{Decimal, Money};
use api::ingest::v1::Report;
use api::ingest::v1::report::Fact;
use api::planning::v1::{PipelineDefinition, ProductDefinition, Stage};
use api::types::v1::{ForecastCategory, Outcome};
use chrono::{NaiveDate, TimeDelta};
use prost_types::Timestamp;

use super::{SOURCE, calendar};

/// The key of the one pipeline.
pub const PIPELINE: &str = "sales";

/// The stages of work, from first to last.
pub const STAGES: [&str; 5] =
    ["qualification", "discovery", "proposal", "negotiation", "contracting"];

/// The forecast category of an open stage.
pub fn category(stage: &str) -> ForecastCategory {
    match stage {
        "proposal" | "negotiation" => ForecastCategory::BestCase,
        "contracting" => ForecastCategory::Commit,
        _ => ForecastCategory::Pipeline,
    }
}

/// Something that is sold.
#[derive(Debug)]
pub struct Product {
    /// The key.
    pub key: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// What one costs, in dollars.
    pub price: i64,
    /// What one costs in the second year.
    pub later_price: i64,
    /// How many are bought at most.
    pub most: u64,
    /// How many days it usually takes to sell.
    pub days: i64,
    /// How often it is asked for, beside the others.
    pub share: u64,
}

/// The products.
pub const PRODUCTS: [Product; 5] = [
    Product {
        key: "starter",
        name: "Starter",
        price: 4_800,
        later_price: 5_200,
        most: 3,
        days: 32,
        share: 30,
    },
    Product {
        key: "team",
        name: "Team",
        price: 14_500,
        later_price: 14_500,
        most: 4,
        days: 52,
        share: 28,
    },
    Product {
        key: "business",
        name: "Business",
        price: 42_000,
        later_price: 45_000,
        most: 3,
        days: 78,
        share: 18,
    },
    Product {
        key: "enterprise",
        name: "Enterprise",
        price: 118_000,
        later_price: 124_000,
        most: 2,
        days: 125,
        share: 8,
    },
    Product {
        key: "insights",
        name: "Insights add-on",
        price: 8_900,
        later_price: 8_900,
        most: 5,
        days: 40,
        share: 16,
    },
];

/// When prices rise, in days from the beginning.
const PRICES_RISE: i64 = 365;

/// So many dollars.
pub fn dollars(units: i64) -> Option<Money> {
    Some(Money { currency_code: "USD".to_owned(), units, nanos: 0 })
}

/// The pipeline and the products, with the prices of both years.
pub fn definitions(first_day: NaiveDate) -> Vec<Report> {
    let mut reports = vec![defined(PIPELINE, None, Fact::PipelineDefined(pipeline()))];
    let rise = calendar::start_of(first_day + TimeDelta::days(PRICES_RISE));
    for product in &PRODUCTS {
        let at = |price| {
            let list_price = dollars(price);
            let name = product.name.to_owned();
            Fact::ProductDefined(ProductDefinition { name, list_price, retired: false })
        };
        reports.push(defined(product.key, None, at(product.price)));
        if product.later_price != product.price {
            reports.push(defined(product.key, Some(rise), at(product.later_price)));
        }
    }
    reports
}

fn pipeline() -> PipelineDefinition {
    let stages = [
        ("Qualification", "0.1", ForecastCategory::Pipeline, Outcome::Open),
        ("Discovery", "0.2", ForecastCategory::Pipeline, Outcome::Open),
        ("Proposal", "0.4", ForecastCategory::BestCase, Outcome::Open),
        ("Negotiation", "0.7", ForecastCategory::BestCase, Outcome::Open),
        ("Contracting", "0.9", ForecastCategory::Commit, Outcome::Open),
        ("Won", "1", ForecastCategory::Closed, Outcome::Won),
        ("Lost", "0", ForecastCategory::Omitted, Outcome::Lost),
        ("No decision", "0", ForecastCategory::Omitted, Outcome::NoDecision),
    ];
    let stages = (1..).zip(stages).map(|(order, (name, probability, category, outcome))| Stage {
        key: name.to_lowercase().replace(' ', "_"),
        name: name.to_owned(),
        order,
        probability: Some(Decimal { value: probability.to_owned() }),
        category: category.into(),
        outcome: outcome.into(),
    });
    let name = "Sales".to_owned();
    PipelineDefinition { name, furthest: false, stages: stages.collect(), retired: false }
}

fn defined(key: &str, since: Option<i64>, fact: Fact) -> Report {
    Report {
        key: key.to_owned(),
        rule: SOURCE.to_owned(),
        occurred_at: since.map(|seconds| Timestamp { seconds, nanos: 0 }),
        source_seq: 0,
        fact: Some(fact),
    }
}
