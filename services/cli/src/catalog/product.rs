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

/// Runs a verb.
pub async fn run(verb: Verb<Definition>, session: &Session) -> anyhow::Result<()> {
    match verb {
        Verb::List { when } => session
            .output
            .answer(&list(session, when.read_at(session)).await?),
        Verb::Get { key, when } => {
            let (standing, item) = read(session, &key, when.read_at(session)).await?;
            session.output.answer(&One { standing, item })
        }
        Verb::Define { head, definition } => define(head, definition, session).await,
    }
}

async fn list(session: &Session, read_at: ReadAt) -> Result<Many<Product>, Status> {
    let mut client = session.planning();
    let mut many = Many {
        standing: Standing::default(),
        items: Vec::new(),
    };
    let mut request = sent::ListProductsRequest {
        read_at: Some(read_at),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    loop {
        let page = client
            .list_products(session.request(request.clone()))
            .await?
            .into_inner();
        many.standing = Standing::of(page.reflected);
        many.items
            .extend(page.products.into_iter().map(Product::from));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return Ok(many);
        }
    }
}

async fn read(
    session: &Session,
    key: &str,
    read_at: ReadAt,
) -> Result<(Standing, Product), Status> {
    let request = sent::GetProductRequest {
        product: key.to_owned(),
        read_at: Some(read_at),
    };
    let found = session
        .planning()
        .get_product(session.request(request))
        .await?
        .into_inner();
    Ok((
        Standing::of(found.reflected),
        Product::from(found.product.unwrap_or_default()),
    ))
}

async fn define(head: Head, definition: Definition, session: &Session) -> anyhow::Result<()> {
    let request_id = head.repeatable.request_id();
    let request = sent::DefineProductRequest {
        key: head.key,
        id: head.id,
        request_id: request_id.clone(),
        etag: head.repeatable.etag,
        effective_at: head.effective_at,
        definition: Some(sent::ProductDefinition {
            name: definition.name,
            list_price: definition.list_price,
            retired: definition.retired,
        }),
    };
    let defined = session
        .planning()
        .define_product(session.request(request))
        .await
        .map_err(|status| Failure::of_command(status, &request_id))?
        .into_inner();
    let id = defined.product_id;
    // One that holds from a later day on is not there yet, and the definition stands all the same.
    let after = read(session, &id, just_after(defined.recorded.as_ref()))
        .await
        .ok();
    Done::new(id, defined.recorded, after).report(&session.output)
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
        let price = self
            .list_price
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        Grid::of_fields([
            ("id", Cell::text(&self.id)),
            ("key", Cell::text(&self.key)),
            ("name", Cell::text(&self.name)),
            ("list_price", Cell::text(price)),
            ("retired", mark(self.retired)),
            (
                "effective_at",
                Cell::text(self.effective_at.as_deref().unwrap_or_default()),
            ),
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
