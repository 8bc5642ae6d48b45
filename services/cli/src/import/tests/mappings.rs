//! What mappings mean.

use api::google::r#type::{Date, Money};
use api::ingest::v1::report::Fact;
use api::ingest::v1::{OpportunityNoted, OpportunityOpened, OpportunityWon, Report};
use api::planning::v1::UserDefinition;
use prost_types::Timestamp;

use super::plan;

pub const DEALS: &str = "\u{feff}id,stage,thing,rep,opened,closed,value,seq\r\n\
    b,Won,Wdgt,Ada,02.01.2024,01.03.2024 12:30,90.50,7\r\n\
    a,Open,Gadget,,01.01.2024,,,8\r\n";

pub const THINGS: &str = "thing;price\nWidget;100\nGadget;7\n";

pub const MAPPING: &str = r#"
currency = "EUR"
dates = ["%d.%m.%Y", "%d.%m.%Y %H:%M"]
source = { key = "test", name = "Test" }

[[pipeline]]
key = "p"
since = "01.01.2000"
stages = [{ key = "open", category = "commit" }, { key = "won", order = 9, category = "closed", outcome = "won" }]

[map.thing]
Wdgt = "Widget"

[map.stage]
Open = "open"
Won = "open"

[table.deals]
file = "deals.csv"
key = "id"
order = "seq"

[table.things]
file = "things.csv"
delimiter = ";"

[[rule]]
name = "thing"
table = "things"
fact = "product"
key = "thing"
fields = { name = "thing", list_price = "price" }

[[rule]]
name = "rep"
table = "deals"
fact = "user"
key = { column = "rep", default = "nobody" }
fields = { role = { value = "rep" } }

[[rule]]
name = "opened"
table = "deals"
fact = "opened"
at = "opened"
step = 3

[rule.fields]
pipeline = { value = "p" }
stage = { column = "stage", map = "stage" }
owner = { column = "rep", default = "nobody" }
product = { column = "thing", map = "thing" }
amount = { column = "thing", map = "thing", lookup = { table = "things", key = "thing", take = "price" } }
close_date = "closed"

[[rule]]
name = "won"
table = "deals"
fact = "won"
when = { stage = ["Won", "Closed"] }
not_empty = ["closed"]
at = "closed"
fields = { amount = "value" }

[[rule]]
name = "note"
table = "deals"
fact = "noted"
empty = ["closed"]
at = { value = "05.01.2024" }
order = { row_number = true }
fields = { text = { columns = ["stage", "value", "thing"], separator = "/" } }
"#;

pub fn files() -> [(&'static str, &'static str); 2] {
    [("deals.csv", DEALS), ("things.csv", THINGS)]
}

fn euros(units: i64, nanos: i32) -> Option<Money> {
    Some(Money { currency_code: "EUR".to_owned(), units, nanos })
}

fn report(key: &str, rule: &str, at: i64, seq: u64, fact: Fact) -> Report {
    Report {
        key: key.to_owned(),
        rule: rule.to_owned(),
        occurred_at: Some(Timestamp { seconds: at, nanos: 0 }),
        source_seq: seq,
        fact: Some(fact),
    }
}

fn opened(owner: &str, product: &str, price: i64, close_date: Option<Date>) -> Fact {
    Fact::OpportunityOpened(OpportunityOpened {
        name: String::new(),
        pipeline: "p".to_owned(),
        stage: "open".to_owned(),
        amount: euros(price, 0),
        close_date,
        owner: owner.to_owned(),
        product: product.to_owned(),
        account: String::new(),
    })
}

#[test]
fn rows_become_reports_in_the_order_of_time() {
    let plan = plan(MAPPING, &files()).unwrap();
    let march = Some(Date { year: 2024, month: 3, day: 1 });
    let won = OpportunityWon { amount: euros(90, 500_000_000), ..Default::default() };
    let note = OpportunityNoted { text: "Open/Gadget".to_owned() };
    let facts: Vec<Report> = plan.facts.iter().map(|planned| planned.report.clone()).collect();
    assert_eq!(
        facts,
        [
            report("a", "opened", 1_704_067_200, 83, opened("nobody", "Gadget", 7, None)),
            report("b", "opened", 1_704_153_600, 73, opened("Ada", "Widget", 100, march)),
            report("a", "note", 1_704_412_800, 20, Fact::OpportunityNoted(note)),
            report("b", "won", 1_709_296_200, 70, Fact::OpportunityWon(won)),
        ]
    );
    let rows: Vec<&[usize]> = plan.facts.iter().map(|planned| &planned.rows[..]).collect();
    assert_eq!(rows, [[1], [0], [1], [0]]);
    assert_eq!(plan.rejects, []);
}

#[test]
fn definitions_hold_from_the_beginning_unless_they_say_otherwise() {
    let plan = plan(MAPPING, &files()).unwrap();
    let Some(Fact::PipelineDefined(pipeline)) = &plan.catalog[0].fact else { panic!("a pipeline") };
    let orders: Vec<u32> = pipeline.stages.iter().map(|stage| stage.order).collect();
    assert_eq!((&*pipeline.name, orders), ("p", vec![1, 9]));
    assert_eq!(plan.catalog[0].occurred_at.map(|at| at.seconds), Some(946_684_800));
    let defined: Vec<(&str, &str, bool)> = plan
        .definitions
        .iter()
        .map(|planned| &planned.report)
        .map(|report| (&*report.key, &*report.rule, report.occurred_at.is_none()))
        .collect();
    let expected = [
        ("Ada", "rep", true),
        ("Gadget", "thing", true),
        ("Widget", "thing", true),
        ("nobody", "rep", true),
    ];
    assert_eq!(defined, expected);
    let user = UserDefinition { role: "rep".to_owned(), ..Default::default() };
    assert_eq!(plan.definitions[0].report.fact, Some(Fact::UserDefined(user)));
    let catalog = plan.rows.iter().filter(|row| row.is_catalog).count();
    assert_eq!((plan.rows.len(), catalog), (4, 2));
}

#[test]
fn one_definition_stands_for_all_rows_that_make_it() {
    let deals = "id,stage,thing,rep,opened,closed,value,seq\n\
        a,Open,Gadget,Ada,01.01.2024,,,1\nb,Open,Gadget,Ada,01.01.2024,,,2\n";
    let plan = plan(MAPPING, &[("deals.csv", deals), ("things.csv", THINGS)]).unwrap();
    assert_eq!(plan.definitions[0].rows, [0, 1]);
}

#[test]
fn a_row_is_taken_whole_or_not_at_all() {
    let mapping = MAPPING.replace("\nempty = [\"closed\"]", "\nwhen = { stage = \"Open\" }");
    let mapping =
        mapping.replace("fact = \"opened\"\n", "fact = \"opened\"\nnot_empty = [\"opened\"]\n");
    let mapping =
        mapping.replace("fact = \"user\"\n", "fact = \"user\"\nwhen = { stage = \"Won\" }\n");
    let good = "Won,Wdgt,Ada,02.01.2024,01.03.2024,90.50";
    for (row, rule, field, reason) in [
        (format!(",{good},7"), "rep", "", ""),
        (format!("a,{good},x"), "opened", "order", "BAD_ORDER"),
        (format!("a,{good},-1"), "opened", "order", "BAD_ORDER"),
        (format!("a,{good},1844674407370955162"), "opened", "order", "BAD_ORDER"),
        (format!("a,{good}"), "", "", "FIELD_COUNT"),
        (format!("a,{},7", good.replace("90.50", "ninety")), "won", "amount", "BAD_MONEY"),
        (format!("a,{},7", good.replace("02.01.2024", "2024-01-02")), "opened", "at", "BAD_DATE"),
        (format!("a,{},7", good.replace("01.03.2024", "1st")), "opened", "close_date", "BAD_DATE"),
        (format!("a,{},7", good.replacen("Won", "", 1)), "opened", "stage", "EMPTY"),
        ("a,Other,,,,,,".to_owned(), "", "", "NO_RULE"),
    ] {
        let deals = format!("id,stage,thing,rep,opened,closed,value,seq\n{row}\n");
        let plan = plan(&mapping, &[("deals.csv", &deals), ("things.csv", THINGS)]).unwrap();
        let (rule, field, reason) =
            if row.starts_with(',') { ("opened", "key", "EMPTY") } else { (rule, field, reason) };
        let reject = &plan.rejects[0];
        let found = (&*reject.file, reject.line, &*reject.rule, &*reject.field, &*reject.reason);
        assert_eq!(found, ("deals.csv", 2, rule, field, reason), "{row}");
        assert!(plan.facts.is_empty() && plan.definitions.len() == 2, "{row}");
    }
}
