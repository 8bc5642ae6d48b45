//! Every row that was read is counted once, whatever became of its reports.

use super::super::rejects::{self, Import, Reject};
use super::super::sender::Verdict;
use super::super::summary::{Count, ImportSummary, Tally, kinds};
use super::plan;

const MAPPING: &str = r#"
source = { key = "test", name = "Test" }

[table.deals]
file = "deals.csv"
key = "id"
at = "at"

[[rule]]
name = "rep"
table = "deals"
fact = "user"
key = "rep"

[[rule]]
name = "owner"
table = "deals"
fact = "owner_changed"
fields = { owner = "rep" }

[[rule]]
name = "note"
table = "deals"
fact = "noted"
fields = { text = "text" }
"#;

const DEALS: &str = "id,rep,at,text\n\
    1,Ada,2024-01-01,a secret\n2,Ada,2024-01-02,a secret\n3,Bob,2024-01-03,a secret\n\
    4,Bob,someday,a secret\n";

fn rejected() -> Verdict {
    Verdict::Rejected { field: "occurred_at".to_owned(), reason: "FUTURE".to_owned() }
}

/// What is counted when definitions and facts get these verdicts.
fn count(definitions: &[Verdict; 2], facts: &[Verdict; 6]) -> (ImportSummary, Vec<Reject>) {
    let plan = plan(MAPPING, &[("deals.csv", DEALS)]).unwrap();
    let mut count = Count::new(&plan);
    for (planned, verdict) in plan.definitions.iter().zip(definitions) {
        count.add_definition(planned, verdict);
    }
    for (planned, verdict) in plan.facts.iter().zip(facts) {
        count.add_fact(planned, verdict);
    }
    count.finish(false)
}

#[test]
fn rows_are_applied_already_there_or_rejected() {
    use Verdict::{AlreadyThere, Applied};
    let old = || [AlreadyThere, AlreadyThere];
    for (definitions, facts, applied, already_there, rejected) in [
        ([Applied, Applied], [(); 6].map(|()| Applied), 3, 0, 1),
        (old(), [(); 6].map(|()| AlreadyThere), 0, 3, 1),
        // One new report makes a row new; here it is Ada, whom two rows name.
        ([Applied, AlreadyThere], [(); 6].map(|()| AlreadyThere), 2, 1, 1),
        (old(), [AlreadyThere, Applied, AlreadyThere, AlreadyThere, Applied, Applied], 2, 1, 1),
        // One rejected report makes a row rejected, whatever else was new.
        (old(), [Applied, rejected(), Applied, Applied, rejected(), rejected()], 1, 0, 3),
        ([rejected(), Applied], [(); 6].map(|()| Applied), 1, 0, 3),
    ] {
        let (summary, _) = count(&definitions, &facts);
        let rows = Tally { rows_read: 4, applied, already_there, rejected, would_send: None };
        assert_eq!(summary.rows, rows);
        let reports = summary.reports;
        assert_eq!((reports.definitions, reports.facts), (2, 6));
        assert_eq!(reports.applied + reports.already_there + reports.rejected, 8);
    }
}

#[test]
fn rejects_say_where_and_why_and_nothing_else() {
    let (_, rejects) = count(&[rejected(), Verdict::Applied], &[(); 6].map(|()| rejected()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejects.csv");
    let import = Import { mapping: "m.toml".into(), from: "export".into() };
    rejects::write(&path, &import, &rejects).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        "# import {\"mapping\":\"m.toml\",\"from\":\"export\"}\n\
         file,line,rule,field,reason\n\
         deals.csv,2,note,occurred_at,FUTURE\n\
         deals.csv,2,owner,occurred_at,FUTURE\n\
         deals.csv,2,rep,occurred_at,FUTURE\n\
         deals.csv,3,note,occurred_at,FUTURE\n\
         deals.csv,3,owner,occurred_at,FUTURE\n\
         deals.csv,3,rep,occurred_at,FUTURE\n\
         deals.csv,4,note,occurred_at,FUTURE\n\
         deals.csv,4,owner,occurred_at,FUTURE\n\
         deals.csv,5,owner,at,BAD_DATE\n"
    );
    assert_eq!(rejects::read(&path).unwrap(), (import, rejects.clone()));
    assert_eq!(
        kinds(&rejects)[0],
        "FUTURE: 3 in deals.csv, first on line 2, rule note, field occurred_at"
    );
}

#[test]
fn a_dry_run_says_what_would_be_sent() {
    let plan = plan(MAPPING, &[("deals.csv", DEALS)]).unwrap();
    let (summary, _) = Count::new(&plan).finish(true);
    assert_eq!(summary.rows.to_string(), "4 = 3 would be sent + 1 rejected");
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(
        (&json["rows_read"], &json["rejected"], &json["would_send"]),
        (&4.into(), &1.into(), &3.into())
    );
}
