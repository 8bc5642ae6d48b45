//! The configuration that measured deals refer to.

use api::{
    google::r#type::{Decimal, Money},
    planning::v1::{
        DefinePipelineRequest, DefineProductRequest, DefineUserRequest, PipelineDefinition,
        ProductDefinition, Stage, UserDefinition, planning_service_client::PlanningServiceClient,
    },
    types::v1::{ForecastCategory, Outcome},
};
use tonic::transport::Channel;
use uuid::Uuid;

/// The key of the pipeline.
pub const PIPELINE: &str = "sales";
/// The open stages, from first to last.
pub const STAGES: [&str; 5] =
    ["qualification", "discovery", "proposal", "negotiation", "contracting"];
const PRODUCTS: usize = 12;
const OWNERS: usize = 200;
const MANAGERS: usize = 19;

/// What deals refer to, by id.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The pipeline.
    pub pipeline: Uuid,
    /// The products.
    pub products: Vec<Uuid>,
    /// The owners.
    pub owners: Vec<Uuid>,
}

/// Whom an owner reports to: one at the top, managers below, and all others below those.
pub fn manager_of(owner: usize) -> Option<usize> {
    match owner {
        0 => None,
        1..=MANAGERS => Some(0),
        _ => Some(1 + owner % MANAGERS),
    }
}

/// So many dollars.
pub fn dollars(units: i64) -> Option<Money> {
    Some(Money { currency_code: "USD".to_owned(), units, nanos: 0 })
}

/// Defines everything over gRPC.
pub async fn define(channel: Channel) -> anyhow::Result<Catalog> {
    let mut planning = PlanningServiceClient::new(channel);
    let request = DefinePipelineRequest {
        key: PIPELINE.to_owned(),
        definition: Some(pipeline()),
        ..DefinePipelineRequest::default()
    };
    let pipeline = planning.define_pipeline(request).await?.into_inner().pipeline_id.parse()?;
    let (mut products, mut owners) = (Vec::new(), Vec::new());
    for number in 0..PRODUCTS {
        let definition = ProductDefinition {
            name: format!("Product {number}"),
            list_price: dollars(1_000 * (number as i64 + 1)),
            retired: false,
        };
        let request = DefineProductRequest {
            key: format!("product-{number}"),
            definition: Some(definition),
            ..DefineProductRequest::default()
        };
        products.push(planning.define_product(request).await?.into_inner().product_id.parse()?);
    }
    for number in 0..OWNERS {
        let manager = manager_of(number).map(|number| format!("rep-{number}"));
        let definition = UserDefinition {
            name: format!("Rep {number}"),
            manager: manager.unwrap_or_default(),
            office: format!("office-{}", number % 8),
            role: "rep".to_owned(),
            ..UserDefinition::default()
        };
        let request = DefineUserRequest {
            key: format!("rep-{number}"),
            definition: Some(definition),
            ..DefineUserRequest::default()
        };
        owners.push(planning.define_user(request).await?.into_inner().user_id.parse()?);
    }
    Ok(Catalog { pipeline, products, owners })
}

fn pipeline() -> PipelineDefinition {
    let stage = |(place, key): (usize, &str), category: ForecastCategory, outcome: Outcome| Stage {
        key: key.to_owned(),
        name: key.to_owned(),
        order: place as u32 + 1,
        probability: Some(Decimal { value: format!("0.{}", place + 1) }),
        category: category as i32,
        outcome: outcome as i32,
    };
    let open = |(at, category)| stage(at, category, Outcome::Open);
    let categories = [
        ForecastCategory::Pipeline,
        ForecastCategory::Pipeline,
        ForecastCategory::BestCase,
        ForecastCategory::Commit,
        ForecastCategory::Commit,
    ];
    let mut stages: Vec<Stage> = STAGES.into_iter().enumerate().zip(categories).map(open).collect();
    stages.push(stage((7, "won"), ForecastCategory::Closed, Outcome::Won));
    stages.push(stage((8, "lost"), ForecastCategory::Omitted, Outcome::Lost));
    PipelineDefinition { name: "Sales".to_owned(), furthest: false, stages, retired: false }
}
