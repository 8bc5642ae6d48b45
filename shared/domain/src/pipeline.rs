//! A pipeline: the stages that deals move through, and what each stage means.

use serde::{Deserialize, Serialize};

use crate::{
    Entity, Fault, ForecastCategory, Kind, Moment, Outcome, Rejection, opportunity::Stage,
    personal::Slot,
};

// ── Facts ────────────────────────────────────────────────────────────────────────────────────

/// What holds from the instant at which it takes effect; the definition before it stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defined {
    /// Its key.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Whether a deal counts in the furthest stage that it ever reached.
    pub furthest: bool,
    /// The stages, by rising order.
    pub stages: Vec<StageDefinition>,
    /// Takes no new deals.
    pub retired: bool,
}

/// What a stage means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageDefinition {
    /// Its key, which facts name; never changes.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Its place in the pipeline.
    pub order: u32,
    /// The chance of winning from here, in parts per million.
    pub probability_ppm: u32,
    /// The forecast category of deals that stand here, unless somebody judged otherwise.
    pub category: ForecastCategory,
    /// Whether deals here are open, or how they ended.
    pub outcome: Outcome,
}

impl Defined {
    /// The stage of this key.
    pub fn stage(&self, key: &str) -> Option<&StageDefinition> {
        self.stages.iter().find(|stage| stage.key == key)
    }

    /// The open stages by rising order.
    pub fn open_stages(&self) -> impl Iterator<Item = &StageDefinition> {
        self.stages.iter().filter(|stage| stage.outcome == Outcome::Open)
    }

    /// The stage as a fact names it: with its order where the furthest one counts.
    pub fn stage_fact(&self, key: &str) -> Stage {
        let order = self.stage(key).filter(|_| self.furthest).map(|stage| stage.order);
        Stage { key: key.to_owned(), order }
    }
}

facts! {
    /// What can be recorded about a pipeline.
    Defined = "pipeline.defined.v1",
}

impl Fact {
    /// The places where it carries personal text.
    pub fn personal(&mut self) -> Vec<Slot<'_>> {
        match self {
            Fact::Defined(_) => Vec::new(),
        }
    }
}

// ── State ────────────────────────────────────────────────────────────────────────────────────

/// The definition in force, if any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// As it was defined last.
    pub definition: Option<Defined>,
}

// ── Commands, evolve and decide ──────────────────────────────────────────────────────────────

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Lets a definition hold from the command's instant on.
    Define(Defined),
}

impl Entity for Pipeline {
    type Fact = Fact;
    type Command = Command;
    const KIND: Kind = Kind::Pipeline;

    fn fact(fact: &crate::Fact) -> Option<&Fact> {
        match fact {
            crate::Fact::Pipeline(fact) => Some(fact),
            _ => None,
        }
    }

    fn evolve(&mut self, _moment: &Moment, fact: &Fact) {
        match fact {
            Fact::Defined(defined) => self.definition = Some(defined.clone()),
        }
    }

    fn decide(&self, command: &Command) -> Result<Vec<Fact>, Rejection> {
        match command {
            Command::Define(defined) if self.definition.as_ref() == Some(defined) => Ok(vec![]),
            Command::Define(defined) => {
                refuse_contradictions(defined)?;
                Ok(vec![Fact::Defined(defined.clone())])
            }
        }
    }

    fn faults(&self) -> &[Fault] {
        &[]
    }
}

fn refuse_contradictions(pipeline: &Defined) -> Result<(), Rejection> {
    let invalid = |field: String, message: String| {
        Err(Rejection::invalid("PIPELINE_INVALID", &field, message))
    };
    if pipeline.open_stages().next().is_none() {
        return invalid("stages".into(), "a pipeline needs at least one open stage".into());
    }
    for (index, stage) in pipeline.stages.iter().enumerate() {
        if stage.probability_ppm > 1_000_000 {
            let message = format!("the probability of {:?} is above 1", stage.key);
            return invalid(format!("stages[{index}].probability"), message);
        }
        if pipeline.stages[..index].iter().any(|other| other.key == stage.key) {
            let message = format!("stage {:?} stands twice", stage.key);
            return invalid(format!("stages[{index}].key"), message);
        }
        if index > 0 && pipeline.stages[index - 1].order >= stage.order {
            let message = format!("stage {:?} does not come after the one before it", stage.key);
            return invalid(format!("stages[{index}].order"), message);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
