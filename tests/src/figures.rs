//! Reading figures out of JSON answers, exactly or to as many decimals as a reference has.

use serde_json::Value;

/// A count.
pub fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

/// The minor units of an amount.
pub fn minor(value: &Value) -> i64 {
    value["minor"].as_i64().unwrap_or_else(|| panic!("{value} is no amount"))
}

/// A number to six decimals, in millionths.
pub fn millionths(number: f64) -> i64 {
    (number * 1e6).round() as i64
}

/// A number of an answer or a reference to six decimals, in millionths.
pub fn number(value: &Value) -> i64 {
    millionths(value.as_f64().unwrap_or_else(|| panic!("{value} is no number")))
}

/// Whole units of money as a reference has them, in minor units.
pub fn units(value: &Value) -> i64 {
    number(value) / 10_000
}

/// The quotient that an amount was rounded from, in millionths of a unit.
pub fn exact(value: &Value) -> i64 {
    let exact = value["exact"].as_str().unwrap_or_else(|| panic!("{value} has no exact quotient"));
    millionths(exact.parse().unwrap())
}

/// The row of an answer that has this key.
pub fn row<'a>(answer: &'a Value, key: &str) -> &'a Value {
    let rows = answer["rows"].as_array().unwrap();
    let mut found = rows.iter().filter(|row| row["key"] == key);
    let row = found.next().unwrap_or_else(|| panic!("no row {key:?} in {answer}"));
    assert!(found.next().is_none(), "two rows {key:?} in {answer}");
    row
}
