//! What a person reads who types a command line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use serde_json::Value;
use tests::{
    World,
    figures::{count, minor},
};

use super::{
    subject::{self, DAY, ERASED, NOTHING, QUARTER, Subject},
    telling::When,
};
use crate::forecast::asking::Call;

/// How something stands, by a command line.
pub fn read<'a>(world: &'a World, of: &'a Subject, when: &'a When) -> Call<'a, String> {
    Box::pin(async move {
        let known_at = when.known_at.map(|position| position.to_string());
        let mut words = words(of);
        for (flag, value) in [("--as-of", &when.as_of), ("--known-at", &known_at)] {
            words.extend(value.iter().flat_map(|value| [flag, value.as_str()]));
        }
        words.extend(["-o", "json"]);
        let said = world.words(&words).await;
        // What is not there has an exit code of its own.
        if said.code == 3 { NOTHING.to_owned() } else { told(of, &said.json()) }
    })
}

fn words(of: &Subject) -> Vec<&str> {
    match of {
        Subject::Lead(id) => vec!["lead", "get", id],
        Subject::Account(id) => vec!["account", "get", id],
        Subject::Contact(id) => vec!["contact", "get", id],
        Subject::Deal(id) => vec!["opportunity", "get", id],
        Subject::Contract(id) => vec!["contract", "get", id, "--day", DAY],
        Subject::Meetings => {
            vec!["activity", "count", "--from", "2026-01-01", "--to", "2027-01-01"]
        }
        Subject::Forecast => {
            let show = ["forecast", "show", "--period", QUARTER, "--node", "mia"];
            [&show[..], &["--currency", "USD"]].concat()
        }
    }
}

fn told(of: &Subject, answer: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().replace('-', "_");
    let dollars = |money: &Value| minor(money) / 100;
    match of {
        Subject::Lead(_) => {
            let lead = &answer["lead"];
            let many = |field: &str| lead[field].as_array().unwrap().len();
            subject::lead(&text(&lead["status"]), many("duplicates"), many("absorbed"))
        }
        Subject::Account(_) => subject::account(
            count(&answer["contacts_count"]),
            count(&answer["open_opportunities_count"]),
            count(&answer["contracts_count"]),
        ),
        Subject::Contact(_) if answer["contact"]["erased"] == true => ERASED.to_owned(),
        Subject::Contact(_) => answer["contact"]["name"].as_str().unwrap().to_owned(),
        Subject::Deal(_) => {
            let deal = &answer["opportunity"];
            subject::deal(
                (&text(&deal["outcome"]), &text(&deal["stage"]["key"])),
                &text(&deal["category"]),
                dollars(&deal["amount"]),
                deal["close_date"].as_str().unwrap(),
                count(&answer["pushes"]["push_count"]),
            )
        }
        Subject::Contract(_) => {
            let paid = &answer["contract"]["recurring"];
            let interval = text(&paid["interval"]);
            let paid = (!paid.is_null()).then(|| (dollars(&paid["amount"]), interval.as_str()));
            subject::contract(paid, answer["contract"]["churned"] == true)
        }
        Subject::Meetings => match answer["rows"].as_array().unwrap().as_slice() {
            [] => NOTHING.to_owned(),
            [row] => subject::meetings(count(&row["took_place"]), count(&row["duplicates"])),
            rows => panic!("{rows:?}"),
        },
        Subject::Forecast => {
            let mia = &answer["rows"][0];
            let number =
                |columns: &str, category: &str| dollars(&mia[columns][category]["forecast_amount"]);
            let sheets = mia["sheets"].as_array().unwrap();
            let locked = sheets.iter().any(|sheet| !sheet["locked_since"].is_null());
            subject::forecast(
                number("cumulative", "commit"),
                number("individual", "closed"),
                locked,
            )
        }
    }
}
