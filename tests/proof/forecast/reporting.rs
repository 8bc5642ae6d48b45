//! What is told of deals, people and stages, as a source reports it.

use api::{
    google::r#type::Decimal,
    ingest::v1::{
        OpportunityAmountChanged, OpportunityCategoryOverridden, OpportunityCloseDateChanged,
        OpportunityLost, OpportunityOpened, OpportunityOwnerChanged, OpportunityReopened,
        OpportunityStageChanged, OpportunityWon, Report, report::Fact,
    },
    planning::v1::{PipelineDefinition, Stage, UserDefinition},
    types::v1::{ForecastCategory, Outcome},
};

use super::{
    calendar::date,
    company::{Deed, STAGES, Told, What},
    recording::{category, key, money, time},
};

/// The report of what is told.
pub fn report(told: &Told) -> Report {
    let (key, fact) = match &told.what {
        What::Deal(deal, deed) => (format!("deal {deal}"), deal_fact(deed)),
        What::Person { person, manager, retired } => {
            let manager = manager.map(key).unwrap_or_default();
            let user = UserDefinition { manager, retired: *retired, ..Default::default() };
            (key(*person), Fact::UserDefined(user))
        }
        What::Stages(categories) => {
            ("sales".to_owned(), Fact::PipelineDefined(pipeline(categories)))
        }
        other => unreachable!("{other:?}"),
    };
    let occurred_at = told.at.map(time);
    Report { key, rule: "told".into(), occurred_at, source_seq: 0, fact: Some(fact) }
}

fn deal_fact(deed: &Deed) -> Fact {
    match deed {
        Deed::Opened { stage, amount, closes, owner } => {
            Fact::OpportunityOpened(OpportunityOpened {
                pipeline: "sales".into(),
                stage: (*stage).into(),
                amount: amount.map(money),
                close_date: closes.map(date),
                owner: owner.map(key).unwrap_or_default(),
                ..Default::default()
            })
        }
        Deed::Moved(stage) => Fact::OpportunityStageChanged(OpportunityStageChanged {
            stage: (*stage).into(),
            ..Default::default()
        }),
        Deed::Valued(amount) => {
            let amount = amount.map(money);
            Fact::OpportunityAmountChanged(OpportunityAmountChanged { amount })
        }
        Deed::Dated(day) => {
            let close_date = day.map(date);
            Fact::OpportunityCloseDateChanged(OpportunityCloseDateChanged { close_date })
        }
        Deed::HandedOver(owner) => {
            let owner = owner.map(key).unwrap_or_default();
            Fact::OpportunityOwnerChanged(OpportunityOwnerChanged { owner })
        }
        Deed::Judged(word) => Fact::OpportunityCategoryOverridden(OpportunityCategoryOverridden {
            category: word.map_or(ForecastCategory::Unspecified, category).into(),
            ..Default::default()
        }),
        Deed::Won(amount) => {
            let amount = amount.map(money);
            Fact::OpportunityWon(OpportunityWon { amount, ..Default::default() })
        }
        Deed::Lost => Fact::OpportunityLost(OpportunityLost::default()),
        Deed::Reopened => Fact::OpportunityReopened(OpportunityReopened::default()),
    }
}

fn pipeline(categories: &[&str; STAGES.len()]) -> PipelineDefinition {
    let closed = [("won", "closed", Outcome::Won), ("lost", "omitted", Outcome::Lost)];
    let open = STAGES.iter().zip(categories).map(|(key, word)| (*key, *word, Outcome::Open));
    let stages = (1..).zip(open.chain(closed)).map(|(order, (key, word, outcome))| Stage {
        key: key.into(),
        name: key.to_uppercase(),
        order,
        probability: Some(Decimal { value: "0.5".into() }),
        category: category(word).into(),
        outcome: outcome.into(),
    });
    PipelineDefinition { name: "Sales".into(), stages: stages.collect(), ..Default::default() }
}
