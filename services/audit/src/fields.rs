//! The state of an entity as named fields, in the order in which people read them.

use domain::{
    Fact, Personal, PipelineId, ProductId, UserId, opportunity, opportunity::Opportunity, person,
    person::Person, pipeline, pipeline::Pipeline, product, product::Product, source,
    source::Source, user, user::User,
};

use crate::words;

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
        let ids: Vec<String> =
            self.external_ids.iter().map(|id| format!("{}/{}", id.source, id.key)).collect();
        let exists = self.opened_at.is_some() || self.outcome != domain::Outcome::Open;
        Fields::after(fact)
            .sealed("name", self.name.as_ref())
            .text("external_ids", Some(ids.join(", ")))
            .value("pipeline", self.pipeline.map(Value::Pipeline))
            .text("stage", self.stage.as_ref().map(|stage| stage.key.clone()))
            .text("amount", self.amount.map(words::money))
            .text("close_date", self.close_date.map(words::date))
            .value("owner", self.owner.map(Value::User))
            .value("product", self.product.map(Value::Product))
            .text("category", self.category_override.map(|it| it.word().to_owned()))
            .text("outcome", exists.then(|| self.outcome.word().to_owned()))
            .text("won_amount", self.won_amount.map(words::money))
            .found
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

/// What a fact says that is no part of the state: a note.
pub fn beside(fact: &Fact) -> Option<Field> {
    match fact {
        Fact::Opportunity(opportunity::Fact::Noted(noted)) => {
            let text = noted.text.clone();
            let sealed = Sealed { text, fact: fact.name(), field: "text" };
            Some(("note".to_owned(), Value::Sealed(sealed)))
        }
        Fact::Forecast(_) => planning::note(fact),
        _ => None,
    }
}

/// Why a fact was recorded: the code, and the words.
pub fn reason(fact: &Fact) -> (&str, Option<&Personal>) {
    use opportunity::Fact as Deal;
    let reason = match fact {
        Fact::Person(person::Fact::Erased(erased)) => return (&erased.reason_code, None),
        Fact::Quota(fact) => match planning::reason_of_quota(fact) {
            Some(reason) => reason,
            None => return ("", None),
        },
        Fact::Forecast(fact) => match planning::reason_of_forecast(fact) {
            Some(reason) => reason,
            None => return ("", None),
        },
        Fact::Opportunity(Deal::CategoryOverridden(it)) => &it.reason,
        Fact::Opportunity(Deal::Won(it)) => &it.reason,
        Fact::Opportunity(Deal::Lost(it)) => &it.reason,
        Fact::Opportunity(Deal::Abandoned(it)) => &it.reason,
        Fact::Opportunity(Deal::Reopened(it)) => &it.reason,
        Fact::Opportunity(Deal::Voided(it)) => &it.reason,
        Fact::Opportunity(
            Deal::Opened(_)
            | Deal::StageChanged(_)
            | Deal::AmountChanged(_)
            | Deal::CloseDateChanged(_)
            | Deal::OwnerChanged(_)
            | Deal::AccountChanged(_)
            | Deal::TypeChanged(_)
            | Deal::CompetitorNamed(_)
            | Deal::ContactRoleChanged(_)
            | Deal::Noted(_),
        )
        | Fact::Account(_)
        | Fact::Activity(_)
        | Fact::Contact(_)
        | Fact::Contract(_)
        | Fact::Lead(_)
        | Fact::Calendar(_)
        | Fact::ExchangeRate(_)
        | Fact::Pipeline(pipeline::Fact::Defined(_))
        | Fact::Product(product::Fact::Defined(_))
        | Fact::Source(source::Fact::Defined(_))
        | Fact::User(user::Fact::Defined(_)) => return ("", None),
    };
    (&reason.code, reason.text.as_ref())
}
