//! A bare date is the start of that day where the tenant's fiscal calendar has it start.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use tests::{World, figures::count};

const MAPPING: &str = r#"
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
fields = { pipeline = { value = "p" }, stage = { value = "open" } }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_date_begins_where_the_fiscal_calendar_says() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("m.toml"), MAPPING).unwrap();
    let (mapping, from, rejects) = (path("m.toml"), path(""), path("rejects.csv"));
    let import = ["import", "--mapping", &mapping, "--from", &from, "--rejects", &rejects, "-q"];
    let open =
        async |before: &str| count(&world.cli(&["pipeline", "--as-of", before]).await["open"]);

    std::fs::write(path("deals.csv"), "id,opened\na,2026-01-10\n").unwrap();
    world.cli(&import).await;
    for (before, deals) in [
        ("2026-01-10", 0),
        ("2026-01-10T00:00:00Z", 0),
        ("2026-01-10T00:00:00.000001Z", 1),
        ("2026-01-11", 1),
    ] {
        assert_eq!(open(before).await, deals, "in UTC, before {before}");
    }

    let calendar = ["calendar", "define", "fiscal", "--name", "Fiscal", "--pattern", "months"];
    world.cli(&[&calendar[..], &["--time-zone", "Europe/Berlin"]].concat()).await;
    std::fs::write(path("deals.csv"), "id,opened\nb,2026-01-20\n").unwrap();
    world.cli(&import).await;
    for (before, deals) in [
        ("2026-01-20", 1),
        ("2026-01-19T23:00:00Z", 1),
        ("2026-01-19T23:00:00.000001Z", 2),
        ("2026-01-20T00:00:00Z", 2),
        ("2026-01-21", 2),
        // What was recorded before stands where it did.
        ("2026-01-10T00:00:00.000001Z", 1),
    ] {
        assert_eq!(open(before).await, deals, "in Berlin, before {before}");
    }

    // Two calendars of two zones: no day is the tenant's own.
    let calendar = ["calendar", "define", "retail", "--name", "Retail", "--pattern", "months"];
    world.cli(&[&calendar[..], &["--time-zone", "America/New_York"]].concat()).await;
    assert_eq!(open("2026-01-20").await, 2, "in UTC again");
}
