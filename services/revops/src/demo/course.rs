//! The course of a deal, read from its own reports: whatever else the demo tells of follows it.

use api::google::r#type::Date;
use api::ingest::v1::Report;
use api::ingest::v1::report::Fact;
use api::types::v1::ForecastCategory;

use super::wares::{self, Product};

/// A deal from its opening on.
#[derive(Debug)]
pub struct Course<'a> {
    /// The key that the source has for it.
    pub key: &'a str,
    /// Whom it is with.
    pub company: &'a str,
    /// What is to be sold.
    pub product: &'static Product,
    /// When it was opened: seconds since 1970.
    pub opened: i64,
    facts: Vec<(i64, &'a Fact)>,
}

/// How a deal stands at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Stand {
    /// The key of who works it.
    pub owner: String,
    /// Its forecast category while it is open.
    pub category: ForecastCategory,
    /// What it is expected to bring, or brought, in dollars.
    pub amount: i64,
    /// When it is expected to close.
    pub close_date: Option<Date>,
    /// When it was closed, and whether with an order; absent while it is open.
    pub closed: Option<(i64, bool)>,
}

/// The deals that reports tell of, in the order in which they were opened.
pub fn courses(facts: &[Report]) -> Vec<Course<'_>> {
    let mut courses: Vec<Course<'_>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for report in facts {
        let at = report.occurred_at.map_or(0, |at| at.seconds);
        let Some(fact) = &report.fact else { continue };
        if let Fact::OpportunityOpened(opened) = fact
            && let Some((company, _)) = opened.name.split_once(": ")
            && let Some(product) = wares::PRODUCTS.iter().find(|it| it.key == opened.product)
        {
            let facts = Vec::new();
            places.insert(&*report.key, courses.len());
            courses.push(Course { key: &report.key, company, product, opened: at, facts });
        }
        if let Some(place) = places.get(&*report.key) {
            courses[*place].facts.push((at, fact));
        }
    }
    courses
}

impl Course<'_> {
    /// How it stood right before an instant; `None` before it was opened.
    pub fn before(&self, at: i64) -> Option<Stand> {
        let mut stand: Option<Stand> = None;
        let (mut stage, mut judged) = ("", ForecastCategory::Unspecified);
        for (since, fact) in self.facts.iter().take_while(|(since, _)| *since < at) {
            if let Fact::OpportunityOpened(it) = fact {
                stage = &it.stage;
                stand = Some(Stand {
                    owner: it.owner.clone(),
                    category: ForecastCategory::Unspecified,
                    amount: it.amount.as_ref().map_or(0, |amount| amount.units),
                    close_date: it.close_date,
                    closed: None,
                });
            }
            let Some(stand) = &mut stand else { continue };
            match fact {
                Fact::OpportunityStageChanged(it) => stage = &it.stage,
                Fact::OpportunityAmountChanged(it) => {
                    stand.amount = it.amount.as_ref().map_or(0, |amount| amount.units);
                }
                Fact::OpportunityCloseDateChanged(it) => stand.close_date = it.close_date,
                Fact::OpportunityOwnerChanged(it) => stand.owner.clone_from(&it.owner),
                Fact::OpportunityCategoryOverridden(it) => judged = it.category(),
                Fact::OpportunityWon(it) => {
                    stand.amount = it.amount.as_ref().map_or(stand.amount, |amount| amount.units);
                    stand.closed = Some((*since, true));
                }
                Fact::OpportunityLost(_) | Fact::OpportunityAbandoned(_) => {
                    stand.closed = Some((*since, false));
                }
                Fact::OpportunityReopened(it) => {
                    stage = &it.stage;
                    stand.closed = None;
                }
                _ => {}
            }
        }
        let mut stand = stand?;
        stand.category = match judged {
            ForecastCategory::Unspecified => wares::category(stage),
            judged => judged,
        };
        Some(stand)
    }
}
