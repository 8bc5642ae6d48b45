//! The mappings that come with the product, against the histories that they were written for. These
//! are not part of the project: without them there is nothing to check.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::mapping;
use super::super::plan::Plan;

/// A mapping of the product and its files, when the machine has them.
fn history(name: &str) -> Option<Plan> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = std::env::var_os("REVOPS_DATA")
        .map_or_else(|| root.join("../shared/data"), PathBuf::from)
        .join(name);
    let mapping = root.join("deploy/mappings").join(name).with_extension("toml");
    let mapping = mapping::parse(&std::fs::read_to_string(mapping).unwrap(), name).unwrap();
    if !data.is_dir() {
        println!("skipped: {} is not there (REVOPS_DATA names its folder)", data.display());
        return None;
    }
    Some(Plan::make(&mapping, &data).unwrap())
}

fn by_rule(plan: &Plan) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for planned in plan.definitions.iter().chain(&plan.facts) {
        *counts.entry(&*planned.report.rule).or_default() += 1;
    }
    counts
}

fn rows(plan: &Plan) -> (usize, usize) {
    let catalog = plan.rows.iter().filter(|row| row.is_catalog).count();
    (plan.rows.len() - catalog, catalog)
}

#[test]
fn a_crm_export() {
    let Some(plan) = history("maven_crm") else {
        return;
    };
    assert_eq!((rows(&plan), plan.rejects.len()), ((8_800, 42), 0));
    let expected = [
        ("agent", 35),
        ("engaged", 8_300),
        ("lost", 2_473),
        ("manager", 6),
        ("product", 7),
        ("prospecting", 500),
        ("won", 4_238),
    ];
    assert_eq!(by_rule(&plan), BTreeMap::from(expected));
}

#[test]
fn an_event_log() {
    let Some(plan) = history("bpic2012") else {
        return;
    };
    assert_eq!((rows(&plan), plan.rejects.len()), ((113_485, 0), 0));
    let expected = [
        ("activity", 76_506),
        ("closed_cancelled", 1_346),
        ("closed_lost", 4_334),
        ("closed_won", 1_130),
        ("created", 7_455),
        ("owner", 60),
        ("stage_entered", 22_714),
        ("worked_by", 29_524),
    ];
    assert_eq!(by_rule(&plan), BTreeMap::from(expected));
    let mut stated = vec![false; plan.rows.len()];
    plan.facts.iter().flat_map(|planned| &planned.rows).for_each(|&row| stated[row] = true);
    assert!(stated.iter().all(|&stated| stated), "every row states a fact");
}
