//! The contract's words as JSON and tables show them, and as they are typed.

use api::types::v1 as sent;
use clap::ValueEnum;
use serde::Serialize;

/// Something of the catalog that an answer refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reference {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub key: Option<String>,
    pub name: Option<String>,
    pub known: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

impl From<sent::Reference> for Reference {
    fn from(reference: sent::Reference) -> Self {
        let name = reference.name.unwrap_or_default();
        Self {
            id: reference.id,
            key: given(reference.key),
            erased: name.erased,
            name: given(name.text),
            known: reference.known,
        }
    }
}

impl Reference {
    /// What a person calls it best: the key, which can be typed again, or else the id.
    pub fn label(&self) -> String {
        let mark = if self.known { "" } else { "?" };
        format!("{}{mark}", self.key.as_ref().unwrap_or(&self.id))
    }
}

/// What a table shows where a reference may be missing.
pub fn label(reference: Option<&Reference>) -> String {
    reference.map_or_else(String::new, Reference::label)
}

/// What a table shows of an account or contact, which have a name and no key.
pub fn entity_label(reference: Option<&Reference>) -> String {
    reference.map_or_else(String::new, |it| match &it.name {
        Some(name) => format!("{} {name}", it.id),
        None => it.label(),
    })
}

/// A text, unless it is empty.
pub fn given(text: String) -> Option<String> {
    if text.is_empty() { None } else { Some(text) }
}

/// A personal text for a table.
pub fn text_shown(text: Option<&str>, erased: bool) -> String {
    match text {
        Some(text) => text.to_owned(),
        None if erased => "(erased)".to_owned(),
        None => String::new(),
    }
}

/// How a deal stands, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// Still being worked
    Open,
    /// Closed with an order
    Won,
    /// Closed without one
    Lost,
    /// Closed because nobody decided
    #[value(alias = "no_decision")]
    NoDecision,
}

impl From<Outcome> for sent::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Open => Self::Open,
            Outcome::Won => Self::Won,
            Outcome::Lost => Self::Lost,
            Outcome::NoDecision => Self::NoDecision,
        }
    }
}

/// The name of an outcome; nothing for one that was not said.
pub fn outcome_name(outcome: i32) -> Option<String> {
    let outcome = sent::Outcome::try_from(outcome).ok()?;
    lower(outcome.as_str_name(), "OUTCOME_")
}

/// A forecast category, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Category {
    /// Left out of every forecast
    Omitted,
    /// Possible
    Pipeline,
    /// Could close if things go well
    #[value(alias = "best_case")]
    BestCase,
    /// More likely than not
    #[value(alias = "most_likely")]
    MostLikely,
    /// Promised
    Commit,
    /// The stage's own: no override any more
    None,
}

impl From<Category> for sent::ForecastCategory {
    fn from(category: Category) -> Self {
        match category {
            Category::Omitted => Self::Omitted,
            Category::Pipeline => Self::Pipeline,
            Category::BestCase => Self::BestCase,
            Category::MostLikely => Self::MostLikely,
            Category::Commit => Self::Commit,
            Category::None => Self::Unspecified,
        }
    }
}

/// The name of a forecast category; nothing for one that was not said.
pub fn category_name(category: i32) -> Option<String> {
    let category = sent::ForecastCategory::try_from(category).ok()?;
    lower(category.as_str_name(), "FORECAST_CATEGORY_")
}

/// A constant's name without its prefix and in small letters, unless it says that nothing was said.
pub fn lower(constant: &str, prefix: &str) -> Option<String> {
    let name = constant.strip_prefix(prefix).unwrap_or(constant);
    (name != "UNSPECIFIED").then(|| name.to_ascii_lowercase())
}

/// A constant of the contract from its name in small letters.
pub fn constant(prefix: &str, name: &str) -> String {
    format!("{prefix}{}", name.trim().replace('-', "_").to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_small_and_unsaid_ones_are_missing() {
        assert_eq!(outcome_name(4).as_deref(), Some("no_decision"));
        assert_eq!(outcome_name(0), None);
        assert_eq!(outcome_name(99), None);
        assert_eq!(category_name(3).as_deref(), Some("best_case"));
        assert_eq!(constant("OUTCOME_", "no-decision"), "OUTCOME_NO_DECISION");
    }

    #[test]
    fn an_unknown_reference_is_marked() {
        let sent = sent::Reference { key: "ann".into(), ..sent::Reference::default() };
        assert_eq!(Reference::from(sent).label(), "ann?");
    }
}
