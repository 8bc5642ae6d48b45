//! Values of the domain as the contract writes them.

use api::{
    google::r#type::{Date as ProtoDate, Decimal, Money as ProtoMoney},
    types::v1::{
        ForecastCategory as ProtoCategory, Outcome as ProtoOutcome, PersonalText, Recorded,
        Reference,
    },
};
use chrono::{Datelike, NaiveDate};
use domain::{
    Date, ForecastCategory, Known, Money, Outcome, PipelineId, ProductId, UserId, catalog::Catalog,
};
use event_log::Word;
use uuid::Uuid;

use crate::{
    from_proto::EPOCH_DAYS_FROM_CE,
    order::Answer,
    query::QueryError,
    runtime::Runtime,
    vault::{Place, VaultError},
};

/// An amount.
pub fn money(money: Money) -> ProtoMoney {
    let exponent = u32::from(money.currency.exponent());
    let scale = 10_i64.pow(exponent);
    ProtoMoney {
        currency_code: money.currency.code().to_owned(),
        units: money.minor / scale,
        nanos: (money.minor % scale) as i32 * 10_i32.pow(9 - exponent),
    }
}

/// A day.
pub fn date(date: Date) -> ProtoDate {
    let day = NaiveDate::from_num_days_from_ce_opt(date.0.saturating_add(EPOCH_DAYS_FROM_CE))
        .unwrap_or_default();
    ProtoDate { year: day.year(), month: day.month() as i32, day: day.day() as i32 }
}

/// A fraction.
pub fn fraction(parts_per_million: u32) -> Decimal {
    let value = format!("{}.{:06}", parts_per_million / 1_000_000, parts_per_million % 1_000_000);
    Decimal { value: value.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// A forecast category.
pub fn category(category: ForecastCategory) -> ProtoCategory {
    match category {
        ForecastCategory::Omitted => ProtoCategory::Omitted,
        ForecastCategory::Pipeline => ProtoCategory::Pipeline,
        ForecastCategory::BestCase => ProtoCategory::BestCase,
        ForecastCategory::MostLikely => ProtoCategory::MostLikely,
        ForecastCategory::Commit => ProtoCategory::Commit,
        ForecastCategory::Closed => ProtoCategory::Closed,
    }
}

/// An outcome.
pub fn outcome(outcome: Outcome) -> ProtoOutcome {
    match outcome {
        Outcome::Open => ProtoOutcome::Open,
        Outcome::Won => ProtoOutcome::Won,
        Outcome::Lost => ProtoOutcome::Lost,
        Outcome::NoDecision => ProtoOutcome::NoDecision,
    }
}

/// A name that everybody may read.
pub fn public(text: &str) -> PersonalText {
    PersonalText { text: text.to_owned(), erased: false }
}

/// The text of somebody, or that it was erased.
pub fn personal(text: Option<String>) -> PersonalText {
    match text {
        Some(text) => PersonalText { text, erased: false },
        None => PersonalText { text: String::new(), erased: true },
    }
}

/// What became of a command.
pub fn recorded(runtime: &Runtime, command_id: Uuid, answer: Answer) -> Recorded {
    Recorded {
        revision: answer.position,
        etag: runtime.etag(answer.etag),
        command_id: command_id.to_string(),
        changed: answer.changed,
        repeated: answer.repeated,
    }
}

/// Names what answers refer to, as a tenant's catalog had it at a point of the two axes.
pub struct Referring<'a> {
    /// Opens what is sealed.
    pub runtime: &'a Runtime,
    /// The tenant.
    pub tenant: &'a Word,
    /// Its catalog.
    pub catalog: &'a Catalog,
    /// The point.
    pub at: Known,
}

impl Referring<'_> {
    /// A user, whose key and name may have been erased.
    pub async fn user(&self, id: UserId) -> Result<Reference, QueryError> {
        let Some(user) = self.catalog.user(id, self.at) else {
            return Ok(unknown(id.0));
        };
        let read = |field, text| {
            let kind = domain::Kind::User;
            let fact = "user.defined.v1";
            let place = Place { tenant: self.tenant, kind, entity: id.0, fact, field };
            self.runtime.vault.read(place, text)
        };
        let key = read("key", &user.key).await?;
        let name = match &user.name {
            Some(name) => read("name", name).await?,
            None if key.is_none() => None,
            None => Some(String::new()),
        };
        Ok(Reference {
            id: id.to_string(),
            key: key.unwrap_or_default(),
            name: Some(personal(name)),
            known: true,
        })
    }

    /// A product.
    pub fn product(&self, id: ProductId) -> Reference {
        self.catalog
            .product(id, self.at)
            .map_or_else(|| unknown(id.0), |it| known(id.0, it.key, &it.name))
    }

    /// A pipeline.
    pub fn pipeline(&self, id: PipelineId) -> Reference {
        self.catalog
            .pipeline(id, self.at)
            .map_or_else(|| unknown(id.0), |it| known(id.0, it.key, &it.name))
    }

    /// A stage of a pipeline, which has a key and no id.
    pub fn stage(&self, pipeline: Option<PipelineId>, key: &str) -> Reference {
        let pipeline = pipeline.and_then(|id| self.catalog.pipeline(id, self.at));
        let stage = pipeline.as_ref().and_then(|pipeline| pipeline.stage(key));
        Reference {
            id: String::new(),
            key: key.to_owned(),
            name: Some(public(stage.map_or("", |stage| &stage.name))),
            known: stage.is_some(),
        }
    }
}

fn known(id: Uuid, key: String, name: &str) -> Reference {
    Reference { id: id.to_string(), key, name: Some(public(name)), known: true }
}

fn unknown(id: Uuid) -> Reference {
    let name = Some(PersonalText::default());
    Reference { id: id.to_string(), key: String::new(), name, known: false }
}

impl From<VaultError> for QueryError {
    fn from(error: VaultError) -> QueryError {
        match error {
            VaultError::Keys(_) => QueryError::Unavailable(error.to_string()),
            _ => QueryError::Internal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::from_proto;

    #[test]
    fn a_key_stream_out_of_reach_is_no_fault_of_ours() {
        let away = || VaultError::Keys("the server restarts".to_owned());
        let asked = tonic::Status::from(QueryError::from(away()));
        let commanded = tonic::Status::from(crate::order::Refusal::from(away()));
        for status in [asked, commanded] {
            assert_eq!(status.code(), tonic::Code::Unavailable, "{status}");
        }
    }

    #[test]
    fn values_come_back_as_they_went() {
        for (minor, code) in
            [(0, "USD"), (-1, "USD"), (i64::MAX, "USD"), (i64::MIN + 1, "KWD"), (5, "JPY")]
        {
            let there = Money { minor, currency: domain::Currency::from_code(code).unwrap() };
            assert_eq!(from_proto::money("m", &money(there)), Ok(there));
        }
        for days in [-25_567, 0, 19_782, 84_005] {
            assert_eq!(from_proto::date("d", &date(Date(days))), Ok(Date(days)));
        }
        for ppm in [0, 1, 500_000, 333_333, 1_000_000] {
            assert_eq!(from_proto::parts_per_million("p", Some(&fraction(ppm))), Ok(ppm));
        }
    }
}
