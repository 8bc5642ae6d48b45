//! Rejected rows are tried again after the file or the mapping was mended, and nothing else is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::World;

const MAPPING: &str = r#"
currency = "EUR"
source = { key = "shop", name = "Shop" }

[[pipeline]]
key = "p"
stages = [{ key = "open", category = "pipeline" }]

[table.deals]
file = "deals.csv"
key = "id"
at = "opened"

[[rule]]
name = "opened"
table = "deals"
fact = "opened"
when = { kind = "deal" }
fields = { pipeline = { value = "p" }, stage = { value = "open" }, amount = "amount" }
"#;

/// Two good rows, an amount, a date and a kind that cannot be read, and a key that no server takes.
fn deals(mended: bool) -> String {
    let (amount, date) = if mended { ("7", "2024-01-04") } else { ("seven", "someday") };
    let endless = "x".repeat(129);
    format!(
        "id,kind,opened,amount\na,deal,2024-01-01,1\nb,deal,2024-01-02,2\n\
         c,deal,2024-01-03,{amount}\nd,deal,{date},4\ne,tender,2024-01-05,5\n\
         {endless},deal,2024-01-06,6\n"
    )
}

struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.write("m.toml", MAPPING);
        desk.write("deals.csv", &deals(false));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Where and why, as the list has it.
    fn listed(&self) -> Vec<(u64, String)> {
        let text = std::fs::read_to_string(self.path("rejects.csv")).unwrap();
        let rows = text.split_once('\n').unwrap().1;
        let mut reader = csv::Reader::from_reader(rows.as_bytes());
        let row = |row: csv::StringRecord| (row[1].parse().unwrap(), row[4].to_owned());
        reader.records().map(|record| row(record.unwrap())).collect()
    }
}

fn words<'a>(mapping: &'a Path, from: &'a Path, rejects: &'a Path) -> Vec<&'a str> {
    let [mapping, from, rejects] = [mapping, from, rejects].map(|path| path.to_str().unwrap());
    vec!["import", "--mapping", mapping, "--from", from, "--rejects", rejects, "-q"]
}

fn tally(answer: &Value) -> [u64; 4] {
    ["rows_read", "applied", "already_there", "rejected"]
        .map(|name| answer[name].as_u64().unwrap_or_else(|| panic!("{name} in {answer}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_rows_are_tried_again_after_mending() {
    let world = World::start().await;
    let desk = Desk::new();
    let (mapping, rejects) = (desk.path("m.toml"), desk.path("rejects.csv"));
    let first = world.cli(&words(&mapping, desk.folder.path(), &rejects)).await;
    assert_eq!(tally(&first), [6, 2, 0, 4], "{first}");
    let reasons = |rows: &[(u64, &str)]| {
        rows.iter().map(|(line, why)| (*line, (*why).to_owned())).collect::<Vec<_>>()
    };
    let bad = [(4, "BAD_MONEY"), (5, "BAD_DATE"), (6, "NO_RULE"), (7, "KEY_INVALID")];
    assert_eq!(desk.listed(), reasons(&bad));

    let retry = ["import", "retry", rejects.to_str().unwrap(), "-q"];
    let position = world.position().await;
    let same = world.cli(&retry).await;
    assert_eq!(tally(&same), [4, 0, 0, 4], "nothing was mended: {same}");
    assert_eq!((desk.listed(), world.position().await), (reasons(&bad), position));

    // The file is mended, then the mapping; each time what is mended comes in, and nothing else.
    desk.write("deals.csv", &deals(true));
    let file = world.cli(&retry).await;
    assert_eq!(tally(&file), [4, 2, 0, 2], "{file}");
    assert_eq!(desk.listed(), reasons(&bad[2..]));
    desk.write("m.toml", &MAPPING.replace("kind = \"deal\"", "kind = [\"deal\", \"tender\"]"));
    let mapping = world.cli(&retry).await;
    assert_eq!(tally(&mapping), [2, 1, 0, 1], "{mapping}");
    assert_eq!(desk.listed(), reasons(&bad[3..]));

    // A row that was there when the list was written and is gone now is not forgotten.
    let gone = deals(true).lines().take(6).map(|line| format!("{line}\n")).collect::<String>();
    desk.write("deals.csv", &gone);
    let without = world.cli(&retry).await;
    assert_eq!(tally(&without), [1, 0, 0, 1], "{without}");
    assert_eq!(desk.listed(), reasons(&[(7, "ROW_GONE")]));

    let pipeline = world.cli(&["pipeline"]).await;
    assert_eq!((&pipeline["open"], &pipeline["open_amount"]["minor"]), (&5.into(), &1_900.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_repeats_nothing_and_names_what_is_no_list() {
    let world = World::start().await;
    let desk = Desk::new();
    let (mapping, rejects) = (desk.path("m.toml"), desk.path("rejects.csv"));
    world.cli(&words(&mapping, desk.folder.path(), &rejects)).await;
    let list = std::fs::read_to_string(&rejects).unwrap();
    desk.write("deals.csv", &deals(true));
    let retry = ["import", "retry", rejects.to_str().unwrap(), "-q"];
    world.cli(&retry).await;
    let position = world.position().await;
    // The same list again, as if the machine had gone down before the new one was written.
    desk.write("rejects.csv", &list);
    let again = world.cli(&retry).await;
    assert_eq!(tally(&again), [4, 0, 2, 2], "{again}");
    assert_eq!(world.position().await, position);

    let other = desk.path("deals.csv");
    let (code, said) = world.cli_fails(&["import", "retry", other.to_str().unwrap()]).await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is no list of rejected rows"), "{said}");
}

const COURSE: &str = r#"
currency = "EUR"
source = { key = "shop", name = "Shop" }

[[pipeline]]
key = "p"
stages = [{ key = "open", category = "pipeline" }]

[table.deals]
file = "deals.csv"
key = "id"
at = "on"

[[rule]]
name = "opened"
table = "deals"
fact = "opened"
first = true
fields = { pipeline = { value = "p" }, stage = { value = "open" }, amount = "amount" }

[[rule]]
name = "amount"
table = "deals"
fact = "amount_changed"
first = false
changed = ["amount"]
fields = { amount = "amount" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_row_makes_something_new_of_the_next_one() {
    let world = World::start().await;
    let desk = Desk::new();
    desk.write("m.toml", COURSE);
    let course =
        |second: &str| format!("id,on,amount\na,2024-01-01,1\na,{second},2\na,2024-01-03,1\n");
    desk.write("deals.csv", &course("someday"));
    let (mapping, rejects) = (desk.path("m.toml"), desk.path("rejects.csv"));
    let first = world.cli(&words(&mapping, desk.folder.path(), &rejects)).await;
    assert_eq!(tally(&first), [3, 1, 1, 1], "{first}");

    // The amount went up and down again: the third row, which said nothing new, now does.
    desk.write("deals.csv", &course("2024-01-02"));
    let retry = ["import", "retry", rejects.to_str().unwrap(), "-q"];
    let mended = world.cli(&retry).await;
    assert_eq!(tally(&mended), [1, 1, 0, 0], "{mended}");
    for (before, minor) in [("2024-01-02", 100), ("2024-01-03", 200), ("2024-01-04", 100)] {
        let pipeline = world.cli(&["pipeline", "--as-of", before]).await;
        assert_eq!(pipeline["open_amount"]["minor"], minor, "{before}");
    }
}
