//! What a client in Python reads, which finds services and messages by reflection.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::process::Stdio;

use serde_json::{Value, json};
use tests::{World, data::workspace};
use tokio::{io::AsyncWriteExt, process::Command};

use super::{
    subject::{self, DAY, ERASED, NOTHING, QUARTER, Subject},
    telling::{Reading, When},
};
use crate::forecast::asking::Call;

/// The words for every question of the story, in its order; none where Python is not to be tried.
pub fn read<'a>(world: &'a World, readings: &'a [Reading]) -> Call<'a, Option<Vec<String>>> {
    Box::pin(async move {
        let answers = answers(world, readings).await?;
        let words = readings.iter().zip(&answers);
        Some(words.map(|(reading, answer)| told(&reading.of, answer)).collect())
    })
}

/// The answers themselves, whole.
pub fn answers<'a>(world: &'a World, readings: &'a [Reading]) -> Call<'a, Option<Vec<Value>>> {
    Box::pin(async move {
        if std::env::var("REVOPS_SKIP_PYTHON").as_deref() == Ok("1") {
            eprintln!("skipped: REVOPS_SKIP_PYTHON=1, so no Python client has read the story");
            return None;
        }
        let address = world.address().trim_start_matches("http://");
        let mut command = Command::new(workspace().join("tests/stranger/run"));
        command.args(["reader.py", address, "default"]).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut reader = command.spawn().unwrap();
        let questions = readings.iter().map(|it| question(&it.of, &it.when).to_string() + "\n");
        let (mut stdin, questions) = (reader.stdin.take().unwrap(), questions.collect::<String>());
        // Written beside the reading: neither waits for the other's buffer to be emptied.
        let asked = tokio::spawn(async move { stdin.write_all(questions.as_bytes()).await });
        let output = reader.wait_with_output().await.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        asked.await.unwrap().unwrap();
        let answers: Vec<_> = said.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        assert_eq!(answers.len(), readings.len());
        Some(answers)
    })
}

fn question(of: &Subject, when: &When) -> Value {
    let mut read_at = serde_json::Map::new();
    read_at.extend(when.as_of.iter().map(|it| ("as_of".to_owned(), it.as_str().into())));
    let known_at = when.known_at.map(|it| ("known_at_position".to_owned(), it.into()));
    read_at.extend(known_at);
    let (service, method, mut request) = match of {
        Subject::Lead(id) => ("leads.v1.LeadService", "GetLead", json!({ "lead_id": id })),
        Subject::Account(id) => {
            ("accounts.v1.AccountService", "GetAccount", json!({ "account_id": id }))
        }
        Subject::Contact(id) => {
            ("accounts.v1.ContactService", "GetContact", json!({ "contact_id": id }))
        }
        Subject::Deal(id) => {
            let request = json!({ "opportunity_id": id });
            ("opportunities.v1.OpportunityService", "GetOpportunity", request)
        }
        Subject::Contract(id) => {
            let [year, month, day] = [0, 5, 8].map(|from| DAY[from..].split('-').next().unwrap());
            let number = |text: &str| text.parse::<i32>().unwrap();
            let day = json!({ "year": number(year), "month": number(month), "day": number(day) });
            let request = json!({ "contract_id": id, "day": day });
            ("accounts.v1.ContractService", "GetContract", request)
        }
        Subject::Meetings => {
            let [start, end] = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"];
            let request = json!({ "period_start": start, "period_end": end });
            ("accounts.v1.ActivityService", "CountActivities", request)
        }
        Subject::Forecast => {
            let request = json!({ "period": QUARTER, "node": "mia", "currency_code": "USD" });
            ("forecasting.v1.ForecastService", "GetForecast", request)
        }
    };
    request["read_at"] = read_at.into();
    json!({ "service": format!("revops.{service}"), "method": method, "request": request })
}

fn told(of: &Subject, answer: &Value) -> String {
    if answer.is_null() {
        return NOTHING.to_owned();
    }
    let plain = |word: &Value, prefix: &str| {
        word.as_str().unwrap().strip_prefix(prefix).unwrap().to_lowercase()
    };
    match of {
        Subject::Lead(_) => {
            let lead = &answer["lead"];
            let many = |field: &str| lead[field].as_array().unwrap().len();
            let status = plain(&lead["status"], "LEAD_STATUS_");
            subject::lead(&status, many("duplicates"), many("absorbed"))
        }
        Subject::Account(_) => subject::account(
            whole(&answer["contacts_count"]),
            whole(&answer["open_opportunities_count"]),
            whole(&answer["contracts_count"]),
        ),
        Subject::Contact(_) if answer["contact"]["name"]["erased"] == true => ERASED.to_owned(),
        Subject::Contact(_) => answer["contact"]["name"]["text"].as_str().unwrap().to_owned(),
        Subject::Deal(_) => {
            let deal = &answer["opportunity"];
            let outcome = plain(&deal["outcome"], "OUTCOME_");
            let [year, month, day] = ["year", "month", "day"].map(|it| &deal["close_date"][it]);
            let closes = format!("{year}-{:02}-{:02}", whole::<u8>(month), whole::<u8>(day));
            subject::deal(
                (&outcome, deal["stage"]["key"].as_str().unwrap()),
                &plain(&deal["category"], "FORECAST_CATEGORY_"),
                whole(&deal["amount"]["units"]),
                &closes,
                whole(&answer["pushes"]["push_count"]),
            )
        }
        Subject::Contract(_) => {
            let paid = answer["contract"].get("recurring");
            let paid = paid.map(|it| {
                (whole::<i64>(&it["amount"]["units"]), plain(&it["interval"], "INTERVAL_"))
            });
            let paid = paid.as_ref().map(|(dollars, interval)| (*dollars, interval.as_str()));
            subject::contract(paid, answer["contract"]["churned"] == true)
        }
        Subject::Meetings => match answer["rows"].as_array().unwrap().as_slice() {
            [] => NOTHING.to_owned(),
            [row] => subject::meetings(whole(&row["took_place"]), whole(&row["duplicates"])),
            rows => panic!("{rows:?}"),
        },
        Subject::Forecast => {
            let mia = &answer["rows"][0];
            let number = |columns: &str, category: &str| {
                let cells = mia[columns].as_array().unwrap();
                let word = format!("FORECAST_CATEGORY_{category}");
                let cell = cells.iter().find(|cell| cell["category"] == word).unwrap();
                whole(&cell["forecast_amount"]["units"])
            };
            let sheets = mia["sheets"].as_array().unwrap();
            let locked = sheets.iter().any(|sheet| sheet.get("locked_since").is_some());
            subject::forecast(
                number("cumulative", "COMMIT"),
                number("individual", "CLOSED"),
                locked,
            )
        }
    }
}

/// A whole number. The JSON of protobuf writes long ones as text.
fn whole<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().unwrap()
}
