//! A definition that is corrected is in force, however often and whatever it says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use serde_json::Value;
use tests::World;

/// A mapping whose pipeline, user and product all bear a version.
fn mapping(version: usize) -> String {
    format!(
        r#"
source = {{ key = "shop", name = "Shop" }}

[[pipeline]]
key = "p"
name = "Sales {version}"
stages = [
    {{ key = "open", category = "pipeline" }},
    {{ key = "late_{version}", category = "commit" }},
]

[[product]]
key = "plan"
name = "Plan {version}"

[[user]]
key = "ann"
name = "Ann {version}"

[table.deals]
file = "deals.csv"

[[rule]]
name = "opened"
table = "deals"
fact = "opened"
key = "id"
at = "opened"
fields = {{ pipeline = {{ value = "p" }}, stage = {{ value = "open" }} }}
"#
    )
}

fn name(answer: &Value, list: &str) -> String {
    let all = answer[list].as_array().unwrap();
    assert_eq!(all.len(), 1, "{answer}");
    all[0]["name"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_definition_that_was_imported_last_is_in_force() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("deals.csv"), "id,opened\na,2024-01-01\n").unwrap();
    let (file, from, rejects) = (path("m.toml"), path(""), path("rejects.csv"));
    let import = ["import", "--mapping", &file, "--from", &from, "--rejects", &rejects, "-q"];
    // A toss of a coin would have to fall right seven times for each of the three.
    for version in 1..=8 {
        std::fs::write(&file, mapping(version)).unwrap();
        world.cli(&import).await;
        let pipelines = world.cli(&["catalog", "pipeline", "list"]).await;
        assert_eq!(name(&pipelines, "pipelines"), format!("Sales {version}"));
        assert_eq!(pipelines["pipelines"][0]["stages"][1]["key"], format!("late_{version}"));
        let products = world.cli(&["catalog", "product", "list"]).await;
        assert_eq!(name(&products, "products"), format!("Plan {version}"));
        let users = world.cli(&["user", "list"]).await;
        assert_eq!(name(&users, "users"), format!("Ann {version}"));
        // What holds from the beginning holds for every day since.
        let then = world.cli(&["catalog", "pipeline", "list", "--as-of", "2024-01-01"]).await;
        assert_eq!(name(&then, "pipelines"), format!("Sales {version}"));

        let position = world.position().await;
        let again = world.cli(&import).await;
        assert_eq!(again["reports"]["applied"], 0, "{again}");
        assert_eq!(world.position().await, position, "a definition was recorded twice");
    }
}
