//! What most tests begin with: a small catalog, deals in it, and short ways to say amounts and days.

use api::{
    google::r#type::{Date, Decimal, Money},
    opportunities::v1::OpenOpportunityRequest,
    planning::v1::{
        DefinePipelineRequest, DefineProductRequest, DefineUserRequest, PipelineDefinition,
        ProductDefinition, Stage, UserDefinition,
    },
    types::v1::{ForecastCategory, Outcome, Recorded},
};
use prost_types::Timestamp;

use crate::World;

/// The stages of the pipeline `sales`, the open ones first.
pub const STAGES: [(&str, u32, &str, Outcome); 5] = [
    ("new", 1, "0.1", Outcome::Open),
    ("talks", 2, "0.4", Outcome::Open),
    ("offer", 3, "0.7", Outcome::Open),
    ("won", 4, "1", Outcome::Won),
    ("lost", 5, "0", Outcome::Lost),
];

/// Dollars.
pub fn usd(units: i64) -> Money {
    Money { currency_code: "USD".into(), units, nanos: 0 }
}

/// A day, as in `2026-03-31`.
pub fn day(text: &str) -> Date {
    let parts: Vec<i32> = text.split('-').map(|part| part.parse().unwrap()).collect();
    Date { year: parts[0], month: parts[1], day: parts[2] }
}

/// An instant, as in `2026-03-31T12:00:00Z`.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The pipeline `sales`.
pub fn pipeline() -> PipelineDefinition {
    let stages = STAGES.map(|(key, order, probability, outcome)| Stage {
        key: key.into(),
        name: key.to_uppercase(),
        order,
        probability: Some(Decimal { value: probability.into() }),
        category: match outcome {
            Outcome::Won => ForecastCategory::Closed,
            Outcome::Lost => ForecastCategory::Omitted,
            _ => ForecastCategory::Pipeline,
        }
        .into(),
        outcome: outcome.into(),
    });
    PipelineDefinition { name: "Sales".into(), stages: stages.into(), ..Default::default() }
}

impl World {
    /// Defines the pipeline `sales`, the product `box` and the users `mia` and `ann`, whose manager
    /// is `mia`.
    pub async fn define_catalog(&self) {
        let mut planning = self.planning();
        let sales = DefinePipelineRequest {
            key: "sales".into(),
            definition: Some(pipeline()),
            ..Default::default()
        };
        planning.define_pipeline(self.request(sales)).await.unwrap();
        let product = DefineProductRequest {
            key: "box".into(),
            definition: Some(ProductDefinition {
                name: "Box".into(),
                list_price: Some(usd(100)),
                retired: false,
            }),
            ..Default::default()
        };
        planning.define_product(self.request(product)).await.unwrap();
        for (key, name, manager) in [("mia", "Mia Stone", ""), ("ann", "Ann Lake", "mia")] {
            let definition = UserDefinition {
                name: name.into(),
                manager: manager.into(),
                office: "North".into(),
                role: "rep".into(),
                retired: false,
            };
            let user = DefineUserRequest {
                key: key.into(),
                definition: Some(definition),
                ..Default::default()
            };
            planning.define_user(self.request(user)).await.unwrap();
        }
    }

    /// Opens a deal of `ann`'s in `sales`, worth so many dollars; gives its id and what was
    /// recorded.
    pub async fn open(&self, name: &str, dollars: i64, occurred_at: &str) -> (String, Recorded) {
        let request = OpenOpportunityRequest {
            occurred_at: Some(at(occurred_at)),
            name: name.into(),
            pipeline: "sales".into(),
            amount: Some(usd(dollars)),
            close_date: Some(day("2026-03-31")),
            owner: "ann".into(),
            product: "box".into(),
            ..Default::default()
        };
        let opened = self.opportunities().open_opportunity(self.request(request)).await;
        let opened = opened.unwrap().into_inner();
        (opened.opportunity_id, opened.recorded.unwrap())
    }
}
