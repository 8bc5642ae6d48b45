//! What is said about mappings that mean nothing.

use super::mappings::{DEALS, MAPPING, THINGS, files};
use super::plan;

/// What is replaced in a mapping that means something, by what, and what is said about it.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("fact = \"won\"", "fact = \"wun\"", &["line ", "unknown variant `wun`", "`won`", "`lost`"]),
    ("name = \"won\"", "nmae = \"won\"", &["line ", "unknown field `nmae`", "`not_empty`"]),
    (
        "outcome = \"won\"",
        "outcome = \"win\"",
        &["line ", "unknown variant `win`", "`no_decision`"],
    ),
    ("category = \"commit\"", "category = 1", &["line "]),
    ("at = \"closed\"", "at = 7", &["line ", "the name of a column, or a table"]),
    ("at = \"closed\"", "at = { colum = \"closed\" }", &["unknown field `colum`", "`column`"]),
    (
        "at = \"closed\"",
        "at = { column = \"x\", value = \"y\" }",
        &["rule \"won\": at", "exactly one of"],
    ),
    ("at = \"closed\"", "at = {}", &["rule \"won\": at", "exactly one of"]),
    ("at = \"closed\"", "", &["rule \"won\"", "at is missing"]),
    (
        "at = \"closed\"",
        "at = \"close\"",
        &["rule \"won\": at", "no column \"close\"", "id, stage, thing"],
    ),
    ("when = { stage", "when = { stge", &["rule \"won\"", "no column \"stge\""]),
    (
        "{ amount = \"value\" }",
        "{ amuont = \"value\" }",
        &["rule \"won\"", "\"amuont\"", "reason_code"],
    ),
    (
        "stage = { column = \"stage\", map = \"stage\" }",
        "",
        &["rule \"opened\"", "lacks \"stage\""],
    ),
    (
        "map = \"stage\"",
        "map = \"stages\"",
        &["rule \"opened\": stage", "no map \"stages\"", "stage, thing"],
    ),
    (
        "lookup = { table = \"things\"",
        "lookup = { table = \"thing\"",
        &["rule \"opened\": amount", "no table \"thing\"", "deals, things"],
    ),
    (
        "take = \"price\"",
        "take = \"prize\"",
        &["rule \"opened\": amount", "no column \"prize\"", "thing, price"],
    ),
    ("step = 3", "step = 10", &["rule \"opened\"", "up to 9"]),
    ("name = \"won\"\ntable", "name = \"opened\"\ntable", &["rule \"opened\"", "taken"]),
    ("name = \"won\"\ntable", "name = \"catalog\"\ntable", &["rule \"catalog\"", "taken"]),
    ("currency = \"EUR\"", "currency = \"Euro\"", &["currency \"Euro\"", "ISO 4217"]),
    ("currency = \"EUR\"", "", &["rule \"thing\"", "needs a currency"]),
    ("since = \"01.01.2000\"", "since = \"2000\"", &["pipeline \"p\"", "no date"]),
    ("%d.%m.%Y %H:%M", "%Q", &["\"%Q\" is no date format"]),
    ("delimiter = \";\"", "delimiter = \"→\"", &["not one ASCII character"]),
    ("file = \"deals.csv\"", "file = \"deal.csv\"", &["no file deal.csv or deal.csv.gz"]),
    (
        "table = \"deals\"\nfact = \"won\"",
        "table = \"dels\"\nfact = \"won\"",
        &["rule \"won\"", "no table \"dels\""],
    ),
];

#[test]
fn a_mapping_that_means_nothing_is_explained() {
    for &(from, to, words) in MISTAKES {
        assert!(MAPPING.contains(from), "{from}");
        let error = plan(&MAPPING.replacen(from, to, 1), &files()).unwrap_err();
        for word in words {
            assert!(error.contains(word), "{from} -> {to}: {word:?} is not in: {error}");
        }
    }
}

#[test]
fn a_lookup_has_one_answer() {
    let things = format!("{THINGS}Widget;101\n");
    let error = plan(MAPPING, &[("deals.csv", DEALS), ("things.csv", &things)]).unwrap_err();
    assert!(error.contains("things.csv line 4: a second answer"), "{error}");
    let same = format!("{THINGS}Widget;100\n");
    assert!(plan(MAPPING, &[("deals.csv", DEALS), ("things.csv", &same)]).is_ok());
}
