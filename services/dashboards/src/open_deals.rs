//! The open pipeline in rows: sums of the ledger under the groups of the catalog.

use std::collections::BTreeMap;

use api::dashboards::v1::{GetPipelineResponse, PipelineBy, PipelineRow};
use domain::Rejection;
use runtime::{point::Point, query::QueryError, to_proto::Referring};

use crate::{
    amounts::Amounts,
    groups::{Group, Named, Owners, OwnersBy},
    pipeline::{OpenSum, Part, PartValue, PipelineLedger, StageRef},
};

/// Reads what is asked for; nothing said means by stage.
pub fn by(value: i32) -> Result<PipelineBy, Rejection> {
    match PipelineBy::try_from(value) {
        Ok(PipelineBy::Unspecified) => Ok(PipelineBy::Stage),
        Ok(by) => Ok(by),
        Err(_) => {
            let message = format!("{value} is no grouping of the pipeline");
            Err(Rejection::invalid("GROUPING_UNKNOWN", "by", message))
        }
    }
}

/// The open deals of a tenant by group; by stage with every open stage of the catalog.
pub fn grouped(
    ledger: &PipelineLedger,
    tenant: &str,
    point: &Point,
    by: PipelineBy,
) -> BTreeMap<Group, OpenSum> {
    let (part, owners_by) = match by {
        PipelineBy::Unspecified | PipelineBy::Stage => (Part::Stage, OwnersBy::Themselves),
        PipelineBy::Owner => (Part::Owner, OwnersBy::Themselves),
        PipelineBy::Manager => (Part::Owner, OwnersBy::Manager),
        PipelineBy::Office => (Part::Owner, OwnersBy::Office),
        PipelineBy::Product => (Part::Product, OwnersBy::Themselves),
        PipelineBy::Month => (Part::Month, OwnersBy::Themselves),
    };
    let mut owners = Owners::new(&point.catalog, point.in_force, owners_by);
    let mut rows = ledger.open(tenant, point.at, part, |value| match value {
        PartValue::Stage(stage) => Group::Stage(stage.clone()),
        PartValue::Owner(owner) => owners.group(owner),
        PartValue::Product(product) => product.map_or(Group::None, Group::Product),
        PartValue::Month(month) => month.map_or(Group::None, |m| Group::Word(m.to_string())),
    });
    if part == Part::Stage {
        for (pipeline, defined) in point.catalog.pipelines(point.in_force) {
            for stage in defined.open_stages() {
                let stage = StageRef { pipeline, key: stage.key.as_str().into() };
                rows.entry(Group::Stage(stage)).or_default();
            }
        }
    }
    rows
}

/// The answer, still without what it reflects.
pub async fn answer(
    rows: BTreeMap<Group, OpenSum>,
    at: &Referring<'_>,
) -> Result<GetPipelineResponse, QueryError> {
    let (mut open, mut amounts) = (0, Amounts::default());
    let mut named = Vec::with_capacity(rows.len());
    for (group, sum) in rows {
        open += sum.count;
        sum.amounts.iter().for_each(|(currency, minor)| amounts.add(currency, minor));
        named.push((Named::of(&group, at).await?, sum));
    }
    named.sort_by(|(one, _), (other, _)| one.order().cmp(&other.order()));
    let rows: Result<_, QueryError> =
        named.into_iter().map(|(named, sum)| row(named, &sum)).collect();
    Ok(GetPipelineResponse { reflected: None, open, open_amounts: amounts.proto()?, rows: rows? })
}

fn row(named: Named, sum: &OpenSum) -> Result<PipelineRow, QueryError> {
    Ok(PipelineRow {
        key: named.key,
        name: Some(named.name),
        id: named.id,
        pipeline: named.pipeline,
        count: sum.count,
        amounts: sum.amounts.proto()?,
    })
}
