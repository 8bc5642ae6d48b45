//! Names that facts use and nothing defines: said at once, because they show as faults later.

use std::collections::{BTreeMap, HashSet};

use api::ingest::v1::report::Fact;
use serde::Serialize;

use super::plan::Plan;

/// A stage, a pipeline, or users that nothing in the mapping or its files defines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// What it is: `stage`, `pipeline` or `users`.
    pub what: &'static str,
    /// Its key; empty for users, whose keys may be names.
    pub key: String,
    /// How many facts name it.
    pub facts: u64,
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { what, key, facts } = self;
        match *what {
            "users" => write!(f, "{facts} facts name users whom nothing here defines"),
            what => write!(f, "{what} {key:?} is not defined here, and {facts} facts name it"),
        }
    }
}

/// What the facts of a plan name and the plan does not define, in the order of the words.
pub fn of(plan: &Plan) -> Vec<Unknown> {
    let reports = plan.catalog.iter().chain(plan.definitions.iter().map(|it| &it.report));
    let mut users = HashSet::new();
    let mut stages: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for report in reports {
        match &report.fact {
            Some(Fact::UserDefined(_)) => {
                users.insert(report.key.as_str());
            }
            Some(Fact::PipelineDefined(pipeline)) => {
                let keys = pipeline.stages.iter().map(|stage| stage.key.as_str());
                stages.entry(&report.key).or_default().extend(keys);
            }
            _ => {}
        }
    }
    let mut unknown: BTreeMap<(&'static str, &str), u64> = BTreeMap::new();
    let mut count = |what, key| *unknown.entry((what, key)).or_default() += 1;
    for fact in plan.facts.iter().filter_map(|it| it.report.fact.as_ref()) {
        if let Some((pipeline, stage)) = place(fact) {
            match stages.get(pipeline) {
                None if !pipeline.is_empty() => count("pipeline", pipeline),
                Some(known) if known.contains(stage) => {}
                None if stages.values().any(|known| known.contains(stage)) => {}
                _ => count("stage", stage),
            }
        }
        if owner(fact).is_some_and(|owner| !owner.is_empty() && !users.contains(owner)) {
            count("users", "");
        }
    }
    let unknown = unknown.into_iter();
    unknown.map(|((what, key), facts)| Unknown { what, key: key.to_owned(), facts }).collect()
}

/// The pipeline, if it is named, and the stage that a fact puts a deal into.
fn place(fact: &Fact) -> Option<(&str, &str)> {
    match fact {
        Fact::OpportunityOpened(it) => Some((&it.pipeline, &it.stage)),
        Fact::OpportunityStageChanged(it) => Some((&it.pipeline, &it.stage)),
        Fact::OpportunityReopened(it) if !it.stage.is_empty() => Some((&it.pipeline, &it.stage)),
        _ => None,
    }
}

/// Whose work a fact says something is.
fn owner(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::OpportunityOpened(it) => Some(&it.owner),
        Fact::OpportunityOwnerChanged(it) => Some(&it.owner),
        Fact::LeadCaptured(it) => Some(&it.owner),
        Fact::LeadAssigned(it) => Some(&it.owner),
        Fact::AccountCreated(it) => Some(&it.owner),
        Fact::AccountOwnerChanged(it) => Some(&it.owner),
        Fact::ActivityLogged(it) => Some(&it.owner),
        _ => None,
    }
}
