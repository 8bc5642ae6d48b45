//! The faults that came with reports, looked for once these are recorded.

use domain::{
    Fault, Kind, Timeline, account::Account, activity::Activity, contact::Contact,
    contract::Contract, entity::faults_with, lead::Lead, opportunity::Opportunity,
};
use runtime::timelines::{EntityRef, TimelineError, Timelines};

/// A report that was recorded.
pub struct Applied {
    /// Of what.
    pub entity: EntityRef,
    /// Where it is in the log.
    pub position: u64,
}

/// What these reports brought: the kind of entity that shows it, and the word of the fault. What a
/// report names and nobody has defined is not among it: it may be defined later, so that is told to
/// whoever asks.
pub fn brought_by(
    reports: &[Applied],
    timelines: &Timelines,
) -> Result<Vec<(Kind, &'static str)>, TimelineError> {
    let mut brought = Vec::new();
    for Applied { entity, position } in reports {
        let faults = faults_of(entity.kind, &*timelines.get(entity)?, *position);
        brought.extend(faults.into_iter().map(|fault| (entity.kind, fault.kind)));
    }
    Ok(brought)
}

fn faults_of(kind: Kind, timeline: &Timeline, position: u64) -> Vec<Fault> {
    match kind {
        Kind::Lead => faults_with::<Lead>(timeline, position),
        Kind::Opportunity => faults_with::<Opportunity>(timeline, position),
        Kind::Account => faults_with::<Account>(timeline, position),
        Kind::Contact => faults_with::<Contact>(timeline, position),
        Kind::Contract => faults_with::<Contract>(timeline, position),
        Kind::Activity => faults_with::<Activity>(timeline, position),
        // A definition holds together or is rejected, and of the others there are no reports.
        Kind::Pipeline
        | Kind::Product
        | Kind::User
        | Kind::Source
        | Kind::Person
        | Kind::Calendar
        | Kind::ExchangeRate
        | Kind::Quota
        | Kind::Forecast => Vec::new(),
    }
}
