//! OpportunityService: commands on deals and questions about them; the services of the customers
//! whom they are with: accounts, contacts, contracts and activities; and PrivacyService.

mod accounts;
mod activities;
mod commands;
mod contacts;
mod context;
mod contracts;
mod customers;
mod from_proto;
mod identity;
mod list;
mod people;
mod privacy;
mod queries;
mod reading;
mod rows;
mod service;
mod stages;
mod to_proto;
mod views;

use std::sync::Arc;

use api::{
    accounts::v1::{
        account_service_server::AccountServiceServer,
        activity_service_server::ActivityServiceServer,
        contact_service_server::ContactServiceServer,
        contract_service_server::ContractServiceServer,
    },
    opportunities::v1::opportunity_service_server::OpportunityServiceServer,
    privacy::v1::privacy_service_server::PrivacyServiceServer,
};
use runtime::{references::References, runtime::Runtime, view::Shared};

pub use customers::{Customers, Views as CustomerViews};
pub use people::People;
pub use privacy::Privacy;
pub use views::Deals;

/// Answers for opportunities.
pub struct Opportunities {
    runtime: Arc<Runtime>,
    deals: Arc<Shared<Deals>>,
    references: Arc<Shared<References>>,
}

/// The service over a runtime whose views include `deals` and `references`.
pub fn service(
    runtime: Arc<Runtime>,
    deals: Arc<Shared<Deals>>,
    references: Arc<Shared<References>>,
) -> OpportunityServiceServer<Opportunities> {
    OpportunityServiceServer::new(Opportunities { runtime, deals, references })
}

/// What answers for customers, over a runtime whose views include these.
pub fn customers(runtime: Arc<Runtime>, views: CustomerViews) -> Customers {
    Customers { runtime, views }
}

impl Customers {
    /// The service of accounts.
    pub fn account_service(&self) -> AccountServiceServer<Customers> {
        AccountServiceServer::new(self.clone())
    }

    /// The service of contacts.
    pub fn contact_service(&self) -> ContactServiceServer<Customers> {
        ContactServiceServer::new(self.clone())
    }

    /// The service of contracts.
    pub fn contract_service(&self) -> ContractServiceServer<Customers> {
        ContractServiceServer::new(self.clone())
    }

    /// The service of activities.
    pub fn activity_service(&self) -> ActivityServiceServer<Customers> {
        ActivityServiceServer::new(self.clone())
    }
}

/// The service that erases people, over a runtime whose views include `people`.
pub fn privacy_service(
    runtime: Arc<Runtime>,
    people: Arc<Shared<People>>,
) -> PrivacyServiceServer<Privacy> {
    PrivacyServiceServer::new(Privacy::new(runtime, people))
}
