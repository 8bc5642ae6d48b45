//! A school's leads convert as they are known to have, whole and by where they came from, in whatever
//! order and however often their rows are read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::Value;
use tests::{
    World,
    data::{self, History},
    figures::{count, number, row},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_schools_leads_convert_as_they_did() {
    let Some(history) = data::history("xeducation_leads") else {
        return;
    };
    let reference = history.reference();
    let world = World::start().await;
    let first = world.cli(&history.import(&[])).await;
    let rows = count(&reference["rows"]);
    assert_eq!((count(&first["rows_read"]), count(&first["applied"])), (rows, rows), "{first}");
    assert_eq!(first["rejected"], 0);
    figures_are_right(&world, &reference).await;

    let shuffled = shuffled_and_doubled(&history);
    let other = World::start().await;
    let folder = History { folder: shuffled.path().to_owned(), ..history.clone() };
    let read = other.cli(&folder.import(&[])).await;
    assert_eq!(count(&read["rows_read"]), 2 * rows);
    assert_eq!((&read["rejected"], count(&read["applied"])), (&0.into(), rows), "{read}");
    figures_are_right(&other, &reference).await;
    let position = other.position().await;
    other.cli(&folder.import(&[])).await;
    assert_eq!(other.position().await, position, "the second import recorded something");
}

async fn figures_are_right(world: &World, reference: &Value) {
    let whole = world.cli(&["lead", "conversion"]).await;
    let rate = &whole["total"]["converted"];
    assert_eq!(rate["numerator"], reference["converted"]);
    assert_eq!(rate["denominator"], reference["rows"]);
    assert_eq!(number(&rate["value"]), number(&reference["lead_conversion_rate"]));
    assert_eq!(whole["total"]["with_opportunity"]["numerator"], 0);
    for (by, name) in [("channel", "per_origin"), ("campaign", "per_source_raw")] {
        let answer = world.cli(&["lead", "conversion", "--by", by]).await;
        let expected = reference[name].as_object().unwrap();
        assert_eq!(answer["rows"].as_array().unwrap().len(), expected.len(), "groups by {by}");
        for (key, expected) in expected {
            let group = match key.as_str() {
                "nan" => without_key(&answer),
                key => row(&answer, key),
            };
            let rate = &group["converted"];
            assert_eq!(rate["denominator"], expected["n"], "{key}");
            assert_eq!(rate["numerator"], expected["converted"], "{key}");
            assert_eq!(number(&rate["value"]), number(&expected["rate"]), "{key}");
        }
    }
    // All of it happened on one day: nothing before, and everything after.
    let before = world.cli(&["lead", "conversion", "--as-of", "2019-01-01"]).await;
    assert_eq!(before["total"]["converted"]["why_null"], "ZERO_DENOMINATOR", "{before}");
    assert_eq!(before["total"]["converted"]["value"], Value::Null);
    let after = world.cli(&["lead", "conversion", "--as-of", "2019-01-02"]).await;
    assert_eq!(after["total"]["converted"], whole["total"]["converted"]);
}

fn without_key(answer: &Value) -> &Value {
    let rows = answer["rows"].as_array().unwrap();
    rows.iter().find(|row| row["key"].is_null()).unwrap()
}

/// The same rows twice, in another order.
fn shuffled_and_doubled(history: &History) -> tempfile::TempDir {
    let text = history.read("Leads.csv");
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut rows = [rows.clone(), rows].concat();
    rows.shuffle(&mut StdRng::seed_from_u64(7));
    let folder = tempfile::tempdir().unwrap();
    let mut writer = csv::Writer::from_path(folder.path().join("Leads.csv")).unwrap();
    writer.write_record(&header).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.flush().unwrap();
    folder
}
