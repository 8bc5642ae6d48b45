//! What a program reads that calls the services. Each call is boxed where it is made.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use api::{
    accounts::v1::{
        CountActivitiesRequest, GetAccountRequest, GetContactRequest, GetContractRequest,
    },
    forecasting::v1::{ForecastCell, GetForecastRequest},
    google::r#type::{Date, Money},
    leads::v1::GetLeadRequest,
    opportunities::v1::GetOpportunityRequest,
    types::v1::{ForecastCategory, ReadAt, read_at::KnownAt},
};
use tests::{
    World,
    hands::{at, day},
};
use tonic::{Code, Response, Status};

use super::{
    subject::{self, DAY, ERASED, NOTHING, QUARTER, Subject},
    telling::When,
};
use crate::forecast::asking::Call;

/// How something stands, by a call.
pub fn read<'a>(world: &'a World, of: &'a Subject, when: &When) -> Call<'a, String> {
    let read_at = Some(ReadAt {
        as_of: when.as_of.as_deref().map(at),
        known_at: when.known_at.map(KnownAt::KnownAtPosition),
        ..Default::default()
    });
    match of {
        Subject::Lead(id) => lead(world, GetLeadRequest { lead_id: id.clone(), read_at }),
        Subject::Account(id) => {
            let account_id = id.clone();
            account(world, GetAccountRequest { account_id, read_at, ..Default::default() })
        }
        Subject::Contact(id) => {
            contact(world, GetContactRequest { contact_id: id.clone(), read_at })
        }
        Subject::Deal(id) => {
            deal(world, GetOpportunityRequest { opportunity_id: id.clone(), read_at })
        }
        Subject::Contract(id) => {
            let (contract_id, day) = (id.clone(), Some(day(DAY)));
            contract(world, GetContractRequest { contract_id, read_at, day })
        }
        Subject::Meetings => {
            let of_year = CountActivitiesRequest {
                read_at,
                period_start: Some(at("2026-01-01T00:00:00Z")),
                period_end: Some(at("2027-01-01T00:00:00Z")),
                ..Default::default()
            };
            meetings(world, of_year)
        }
        Subject::Forecast => {
            let of_mia = GetForecastRequest {
                period: QUARTER.into(),
                node: "mia".into(),
                currency_code: "USD".into(),
                read_at,
                ..Default::default()
            };
            forecast(world, of_mia)
        }
    }
}

/// The words for an answer, or for something that is not there.
fn told<T>(answer: Result<Response<T>, Status>, words: impl FnOnce(T) -> String) -> String {
    match answer {
        Ok(answer) => words(answer.into_inner()),
        Err(status) if status.code() == Code::NotFound => NOTHING.to_owned(),
        Err(status) => panic!("{status}"),
    }
}

fn lead(world: &World, request: GetLeadRequest) -> Call<'_, String> {
    Box::pin(async move {
        told(world.leads().get_lead(world.request(request)).await, |answer| {
            let lead = answer.lead.unwrap();
            let status = plain(lead.status().as_str_name(), "LEAD_STATUS_");
            subject::lead(&status, lead.duplicates.len(), lead.absorbed.len())
        })
    })
}

fn account(world: &World, request: GetAccountRequest) -> Call<'_, String> {
    Box::pin(async move {
        told(world.accounts().get_account(world.request(request)).await, |it| {
            subject::account(it.contacts_count, it.open_opportunities_count, it.contracts_count)
        })
    })
}

fn contact(world: &World, request: GetContactRequest) -> Call<'_, String> {
    Box::pin(async move {
        told(world.contacts().get_contact(world.request(request)).await, |answer| {
            let name = answer.contact.unwrap().name.unwrap();
            if name.erased { ERASED.to_owned() } else { name.text }
        })
    })
}

fn deal(world: &World, request: GetOpportunityRequest) -> Call<'_, String> {
    Box::pin(async move {
        told(world.opportunities().get_opportunity(world.request(request)).await, |answer| {
            let deal = answer.opportunity.unwrap();
            let outcome = plain(deal.outcome().as_str_name(), "OUTCOME_");
            let category = plain(deal.category().as_str_name(), "FORECAST_CATEGORY_");
            let stage = deal.stage.unwrap().key;
            let closes = date(deal.close_date.unwrap());
            let pushes = answer.pushes.unwrap().push_count;
            let dollars = dollars(deal.amount.as_ref());
            subject::deal((&outcome, &stage), &category, dollars, &closes, pushes)
        })
    })
}

fn contract(world: &World, request: GetContractRequest) -> Call<'_, String> {
    Box::pin(async move {
        told(world.contracts().get_contract(world.request(request)).await, |answer| {
            let contract = answer.contract.unwrap();
            let paid = contract.recurring.as_ref().map(|it| {
                let interval = plain(it.interval().as_str_name(), "INTERVAL_");
                (dollars(it.amount.as_ref()), interval)
            });
            let paid = paid.as_ref().map(|(dollars, interval)| (*dollars, interval.as_str()));
            subject::contract(paid, contract.churned)
        })
    })
}

fn meetings(world: &World, request: CountActivitiesRequest) -> Call<'_, String> {
    Box::pin(async move {
        told(world.activities().count_activities(world.request(request)).await, |answer| {
            match answer.rows.as_slice() {
                [] => NOTHING.to_owned(),
                [row] => subject::meetings(row.took_place, row.duplicates),
                rows => panic!("{rows:?}"),
            }
        })
    })
}

fn forecast(world: &World, request: GetForecastRequest) -> Call<'_, String> {
    Box::pin(async move {
        told(world.forecasts().get_forecast(world.request(request)).await, |answer| {
            let mia = &answer.rows[0];
            let number = |cells: &[ForecastCell], category: ForecastCategory| {
                let cell = cells.iter().find(|cell| cell.category() == category).unwrap();
                dollars(cell.forecast_amount.as_ref())
            };
            let locked = mia.sheets.iter().any(|sheet| sheet.locked_since.is_some());
            let commit = number(&mia.cumulative, ForecastCategory::Commit);
            subject::forecast(commit, number(&mia.individual, ForecastCategory::Closed), locked)
        })
    })
}

/// A word of the contract without what all of its kind begin with.
fn plain(word: &str, prefix: &str) -> String {
    word.strip_prefix(prefix).unwrap().to_lowercase()
}

fn dollars(money: Option<&Money>) -> i64 {
    let money = money.unwrap();
    assert_eq!((money.currency_code.as_str(), money.nanos), ("USD", 0));
    money.units
}

fn date(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}
