//! What deals are grouped by, as the catalog had it at the instant of the question, and what the
//! groups are called.

use std::collections::HashMap;

use api::types::v1::{PersonalText, Reference};
use domain::{Known, ProductId, UserId, catalog::Catalog};
use runtime::{
    query::QueryError,
    to_proto::{Referring, public},
};

use crate::pipeline::StageRef;

/// What the deals of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The stage that they stand in.
    Stage(StageRef),
    /// Their owner, or their owner's manager.
    User(UserId),
    /// What is to be sold.
    Product(ProductId),
    /// An office, a month or a quarter.
    Word(String),
    /// Nothing: they have no owner, no product and so on; or nothing was to be grouped.
    None,
}

impl Group {
    /// The group of a word; an empty one says nothing.
    pub fn word(word: String) -> Group {
        if word.is_empty() { Group::None } else { Group::Word(word) }
    }
}

/// What of the owners counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnersBy {
    /// Who they are.
    Themselves,
    /// Whom they report to. A manager's own deals count for the manager's own manager.
    Manager,
    /// Where they work.
    Office,
}

/// Groups owners by what the catalog says of them at one point of the two axes.
pub struct Owners<'a> {
    catalog: &'a Catalog,
    at: Known,
    by: OwnersBy,
    known: HashMap<UserId, Group>,
}

impl<'a> Owners<'a> {
    /// Owners as a catalog has them in force at a point.
    pub fn new(catalog: &'a Catalog, at: Known, by: OwnersBy) -> Owners<'a> {
        Owners { catalog, at, by, known: HashMap::new() }
    }

    /// The group of an owner's deals.
    pub fn group(&mut self, owner: Option<UserId>) -> Group {
        let Some(owner) = owner else {
            return Group::None;
        };
        if self.by == OwnersBy::Themselves {
            return Group::User(owner);
        }
        if let Some(group) = self.known.get(&owner) {
            return group.clone();
        }
        let user = self.catalog.user(owner, self.at);
        let group = user.map_or(Group::None, |user| match self.by {
            OwnersBy::Manager => user.manager.map_or(Group::None, Group::User),
            OwnersBy::Office => Group::word(user.office),
            OwnersBy::Themselves => Group::User(owner),
        });
        self.known.insert(owner, group.clone());
        group
    }
}

/// A group as answers show it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Named {
    /// Its key, or the id when the key is unknown or erased.
    pub key: String,
    /// Its name for people.
    pub name: PersonalText,
    /// The id of an owner, manager or product.
    pub id: String,
    /// Of a stage: its pipeline's key, or the pipeline's id when that is unknown.
    pub pipeline: String,
    /// Of a stage: its place in the pipeline; unknown ones come last.
    order: u32,
}

impl Named {
    /// Names a group as the catalog had it; opening what is sealed.
    pub async fn of(group: &Group, at: &Referring<'_>) -> Result<Named, QueryError> {
        Ok(match group {
            Group::Stage(stage) => Named::of_stage(stage, at),
            Group::User(user) => Named::referred(at.user(*user).await?),
            Group::Product(product) => Named::referred(at.product(*product)),
            Group::Word(word) => Named { key: word.clone(), ..Named::default() },
            Group::None => Named::default(),
        })
    }

    /// The order of rows: stages by pipeline and place, others by key; without a key comes last.
    pub fn order(&self) -> (bool, &str, u32, &str, &str) {
        (self.key.is_empty(), &self.pipeline, self.order, &self.key, &self.id)
    }

    fn referred(it: Reference) -> Named {
        let key = if it.key.is_empty() { it.id.clone() } else { it.key };
        Named { key, name: it.name.unwrap_or_default(), id: it.id, ..Named::default() }
    }

    fn of_stage(stage: &StageRef, at: &Referring<'_>) -> Named {
        let StageRef { pipeline, key } = stage;
        let key = key.to_string();
        let Some(known) = at.catalog.pipeline(*pipeline, at.at) else {
            let pipeline = pipeline.to_string();
            return Named { key, pipeline, order: u32::MAX, ..Named::default() };
        };
        let defined = known.stage(&key);
        let name = public(defined.map_or("", |stage| &stage.name));
        let order = defined.map_or(u32::MAX, |stage| stage.order);
        Named { key, name, pipeline: known.key, order, ..Named::default() }
    }
}
