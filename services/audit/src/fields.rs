//! The state of an entity as named fields, in the order in which people read them.

mod account;
mod activity;
mod contact;
mod contract;

use domain::{
    ExternalId, Fact, Personal, PipelineId, ProductId, UserId, opportunity,
    opportunity::Opportunity, person, person::Person, pipeline, pipeline::Pipeline, product,
    product::Product, source, source::Source, user, user::User,
};

use crate::words;

mod lead;
mod planning;

/// A value as it is recorded; what it is called is looked up when it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Everybody may read it.
    Text(String),
    /// Sealed, in the fact and field that its seal is bound to.
    Sealed(Sealed),
    /// Somebody who works here.
    User(UserId),
    /// Something that is sold.
    Product(ProductId),
    /// A sequence of stages.
    Pipeline(PipelineId),
}

/// A sealed text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub text: Personal,
    pub fact: &'static str,
    pub field: &'static str,
}

/// A field that has a value.
pub type Field = (String, Value);

/// An entity whose state can be told field by field.
pub trait Told: domain::Entity {
    /// The fields that have a value, after a fact of this name.
    fn fields(&self, fact: &'static str) -> Vec<Field>;
}

/// Collects fields, leaving out those without a value.
struct Fields {
    fact: &'static str,
    found: Vec<Field>,
}

impl Fields {
    fn after(fact: &'static str) -> Fields {
        Fields { fact, found: Vec::new() }
    }

    fn value(mut self, field: &str, value: Option<Value>) -> Fields {
        self.found.extend(value.map(|value| (field.to_owned(), value)));
        self
    }

    fn text(self, field: &str, text: Option<String>) -> Fields {
        let text = text.filter(|text| !text.is_empty());
        self.value(field, text.map(Value::Text))
    }

    fn flag(self, field: &str, set: bool) -> Fields {
        self.text(field, Some(set.to_string()))
    }

    fn sealed(self, field: &'static str, text: Option<&Personal>) -> Fields {
        let fact = self.fact;
        let sealed = text.map(|text| Value::Sealed(Sealed { text: text.clone(), fact, field }));
        self.value(field, sealed)
    }
}

impl Told for Opportunity {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let exists = self.opened_at.is_some() || self.outcome != domain::Outcome::Open;
        let fields = Fields::after(fact)
            .sealed("name", self.name.as_ref())
            .text("external_ids", external_ids(&self.external_ids))
            .value("pipeline", self.pipeline.map(Value::Pipeline))
            .text("stage", self.stage.as_ref().map(|stage| stage.key.clone()))
            .text("amount", self.amount.map(words::money))
            .text("close_date", self.close_date.map(words::date))
            .value("owner", self.owner.map(Value::User))
            .value("product", self.product.map(Value::Product))
            .text("category", self.category_override.map(|it| it.word().to_owned()))
            .text("outcome", exists.then(|| self.outcome.word().to_owned()))
            .text("won_amount", self.won_amount.map(words::money))
            .text("account", self.account.map(|id| id.to_string()))
            .text("type", self.opportunity_type.map(|it| it.word().to_owned()))
            .text("competitors", Some(self.competitors.join(", ")));
        let roles = self.contact_roles.iter();
        let role = |fields: Fields, (contact, role): (&_, &String)| {
            fields.text(&format!("contact_roles.{contact}"), Some(role.clone()))
        };
        roles.fold(fields, role).found
    }
}

impl Told for Pipeline {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let Some(defined) = &self.definition else {
            return Vec::new();
        };
        let head = Fields::after(fact)
            .text("key", Some(defined.key.clone()))
            .text("name", Some(defined.name.clone()))
            .flag("furthest", defined.furthest)
            .flag("retired", defined.retired);
        let stages = defined.stages.iter();
        stages
            .fold(head, |fields, it| fields.text(&format!("stages.{}", it.key), Some(stage(it))))
            .found
    }
}

fn stage(stage: &pipeline::StageDefinition) -> String {
    format!(
        "{}: order {}, probability {}, category {}, outcome {}",
        stage.name,
        stage.order,
        words::fraction(stage.probability_ppm),
        stage.category.word(),
        stage.outcome.word(),
    )
}

impl Told for Product {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let Some(defined) = &self.definition else {
            return Vec::new();
        };
        Fields::after(fact)
            .text("key", Some(defined.key.clone()))
            .text("name", Some(defined.name.clone()))
            .text("list_price", defined.list_price.map(words::money))
            .flag("retired", defined.retired)
            .found
    }
}

impl Told for Source {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let Some(defined) = &self.definition else {
            return Vec::new();
        };
        Fields::after(fact)
            .text("key", Some(defined.key.clone()))
            .text("name", Some(defined.name.clone()))
            .text("kind", Some(defined.label.clone()))
            .flag("retired", defined.retired)
            .found
    }
}

impl Told for User {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        let Some(defined) = &self.definition else {
            return Vec::new();
        };
        Fields::after(fact)
            .sealed("key", Some(&defined.key))
            .sealed("name", defined.name.as_ref())
            .value("manager", defined.manager.map(Value::User))
            .text("office", Some(defined.office.clone()))
            .text("role", Some(defined.role.clone()))
            .text("person_id", Some(defined.person.to_string()))
            .flag("retired", defined.retired)
            .found
    }
}

impl Told for Person {
    fn fields(&self, fact: &'static str) -> Vec<Field> {
        Fields::after(fact).text("erased_at", self.erased_at.map(words::instant)).found
    }
}

/// What other systems call an entity, in a line.
fn external_ids(ids: &[ExternalId]) -> Option<String> {
    let ids: Vec<String> = ids.iter().map(|id| format!("{}/{}", id.source, id.key)).collect();
    Some(ids.join(", "))
}

/// What somebody wrote down.
fn note(text: &Personal, fact: &'static str) -> Field {
    let sealed = Sealed { text: text.clone(), fact, field: "text" };
    ("note".to_owned(), Value::Sealed(sealed))
}

/// What a fact says that is no part of the state: a note.
pub fn beside(fact: &Fact) -> Option<Field> {
    use opportunity::Fact as Deal;
    match fact {
        Fact::Opportunity(Deal::Noted(noted)) => Some(note(&noted.text, fact.name())),
        Fact::Opportunity(Deal::CompetitorNamed(named)) => {
            named.text.as_ref().map(|text| note(text, fact.name()))
        }
        Fact::Lead(fact) => lead::beside(fact),
        Fact::Account(fact) => account::beside(fact),
        Fact::Activity(fact) => activity::beside(fact),
        Fact::Contact(fact) => contact::beside(fact),
        Fact::Forecast(_) => planning::note(fact),
        _ => None,
    }
}

/// Why a fact was recorded: the code, and the words.
pub fn reason(fact: &Fact) -> (&str, Option<&Personal>) {
    let reason = match fact {
        Fact::Person(person::Fact::Erased(erased)) => return (&erased.reason_code, None),
        Fact::Opportunity(fact) => reason_of_deal(fact),
        Fact::Account(fact) => account::reason(fact),
        Fact::Activity(fact) => activity::reason(fact),
        Fact::Contact(fact) => contact::reason(fact),
        Fact::Contract(fact) => contract::reason(fact),
        Fact::Lead(fact) => lead::reason(fact),
        Fact::Quota(fact) => planning::reason_of_quota(fact),
        Fact::Forecast(fact) => planning::reason_of_forecast(fact),
        Fact::Calendar(_)
        | Fact::ExchangeRate(_)
        | Fact::Pipeline(pipeline::Fact::Defined(_))
        | Fact::Product(product::Fact::Defined(_))
        | Fact::Source(source::Fact::Defined(_))
        | Fact::User(user::Fact::Defined(_)) => None,
    };
    reason.map_or(("", None), |reason| (&reason.code, reason.text.as_ref()))
}

fn reason_of_deal(fact: &opportunity::Fact) -> Option<&domain::Reason> {
    use opportunity::Fact as Deal;
    match fact {
        Deal::CategoryOverridden(it) => Some(&it.reason),
        Deal::Won(it) => Some(&it.reason),
        Deal::Lost(it) => Some(&it.reason),
        Deal::Abandoned(it) => Some(&it.reason),
        Deal::Reopened(it) => Some(&it.reason),
        Deal::Voided(it) => Some(&it.reason),
        Deal::Opened(_)
        | Deal::StageChanged(_)
        | Deal::AmountChanged(_)
        | Deal::CloseDateChanged(_)
        | Deal::OwnerChanged(_)
        | Deal::AccountChanged(_)
        | Deal::TypeChanged(_)
        | Deal::CompetitorNamed(_)
        | Deal::ContactRoleChanged(_)
        | Deal::Noted(_) => None,
    }
}
