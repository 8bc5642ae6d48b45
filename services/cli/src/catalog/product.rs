//! `catalog product`: what is sold.

use api::google::r#type::Money as SentMoney;
use api::planning::v1 as sent;
use api::types::v1::ReadAt;
use serde::Serialize;
use tonic::Status;

use super::{Head, Listed, Many, One, PAGE_SIZE, Verb, mark};
use crate::failure::Failure;
use crate::grid::{Cell, Grid};
use crate::money::{self, Money};
use crate::recorded::{Done, Shown, just_after};
use crate::session::Session;
use crate::standing::Standing;
use crate::times;

/// What a product is and costs.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  revops catalog product define gtx --name GTX --list-price '550 USD'"
)]
pub struct Definition {
    /// What people call it
    #[arg(long)]
    name: String,

    /// The list price of one, as in '550 USD'
    #[arg(long, value_parser = money::parse, allow_hyphen_values = true)]
    list_price: Option<SentMoney>,

    /// It is no longer sold
    #[arg(long)]
    retired: bool,
}

impl Definition {
    fn stated(self) -> anyhow::Result<sent::ProductDefinition> {
        Ok(sent::ProductDefinition {
            name: self.name,
            list_price: self.list_price,
            retired: self.retired,
        })
    }
}

verbs! {
    Product product,
    list: list_products ListProductsRequest products,
    get: get_product GetProductRequest,
    define: define_product DefineProductRequest product_id,
}

/// A product as JSON shows it.
#[derive(Debug, Serialize)]
pub struct Product {
    id: String,
    key: String,
    name: String,
    list_price: Option<Money>,
    retired: bool,
    effective_at: Option<String>,
    etag: String,
}

impl From<sent::Product> for Product {
    fn from(product: sent::Product) -> Self {
        Self {
            id: product.id,
            key: product.key,
            name: product.name,
            list_price: product.list_price.as_ref().map(Money::from),
            retired: product.retired,
            effective_at: product.effective_at.as_ref().map(times::show),
            etag: product.etag,
        }
    }
}

impl Shown for Product {
    const NOUN: &'static str = "product";

    fn fields(&self) -> Grid {
        let price = self.list_price.as_ref().map(ToString::to_string).unwrap_or_default();
        Grid::of_fields([
            ("id", Cell::text(&self.id)),
            ("key", Cell::text(&self.key)),
            ("name", Cell::text(&self.name)),
            ("list_price", Cell::text(price)),
            ("retired", mark(self.retired)),
            ("effective_at", Cell::text(self.effective_at.as_deref().unwrap_or_default())),
            ("etag", Cell::text(&self.etag)),
        ])
    }
}

impl Listed for Product {
    const NOUNS: &'static str = "products";
    const COLUMNS: &'static [&'static str] = &["key", "name", "list_price", "currency", "retired"];

    fn row(&self) -> Vec<Cell> {
        vec![
            Cell::text(&self.key),
            Cell::text(&self.name),
            Cell::Amount(self.list_price.clone()),
            Cell::text(self.list_price.as_ref().map_or("", |price| &price.currency)),
            mark(self.retired),
        ]
    }
}
