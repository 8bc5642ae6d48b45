//! Exchange rates: set from an instant on, and shown as of any.

use api::{
    google::r#type::Decimal,
    planning::v1::{ExchangeRate as Shown, ListExchangeRatesRequest, SetExchangeRateRequest},
};
use domain::{
    ExchangeRateId, Kind, Rejection,
    exchange_rate::{Command, ExchangeRate, Set},
};
use runtime::{command::Asked, status::rejected};
use tonic::{Request, Status};
use uuid::Uuid;

use super::from_proto::{self, show_purpose};
use crate::{Planning, commands::Defined, queries::Question};

impl Planning {
    /// Sets a rate. There is one entity for each pair of currencies and purpose.
    pub(crate) async fn exchange_rate(
        &self,
        request: Request<SetExchangeRateRequest>,
    ) -> Result<Defined, Status> {
        let message = request.get_ref();
        let asked = Asked {
            rpc: "SetExchangeRateRequest",
            request_id: &message.request_id,
            etag: &message.etag,
            at: message.effective_at.as_ref().map(|at| ("effective_at", at)),
        };
        let head = self.runtime.head(&request, &asked).map_err(rejected)?;
        let set = read(message).map_err(rejected)?;
        let tenant = &head.caller.tenant;
        let id = self.runtime.vault.entity_id(tenant, Kind::ExchangeRate, "", &key(&set));
        self.define_plainly::<ExchangeRate>(&head, id, Command::Set(set)).await
    }

    /// A page of the rates in force.
    pub(crate) fn list_exchange_rates(
        &self,
        question: &Question,
        request: &ListExchangeRatesRequest,
    ) -> Result<(Vec<Shown>, String), Status> {
        let rates = question.catalog.exchange_rates(question.at());
        let keys: Vec<(String, Uuid)> = rates.map(|(id, set)| (key(&set), id.0)).collect();
        let page = (request.page_size, &*request.page_token, request.read_at.as_ref());
        let (ids, token) = self.page(question, Kind::ExchangeRate, keys, page)?;
        let shown = ids.into_iter().filter_map(|id| {
            let set = question.catalog.exchange_rate(ExchangeRateId(id), question.at())?;
            let (effective_at, etag) = question.since(Kind::ExchangeRate, id);
            Some(Shown {
                id: id.to_string(),
                from_currency: set.from.code().to_owned(),
                to_currency: set.to.code().to_owned(),
                purpose: show_purpose(set.purpose),
                rate: Some(Decimal { value: set.rate.to_string() }),
                effective_at,
                etag: self.runtime.etag(etag),
            })
        });
        Ok((shown.collect(), token))
    }
}

fn read(message: &SetExchangeRateRequest) -> Result<Set, Rejection> {
    Ok(Set {
        from: from_proto::currency("from_currency", &message.from_currency)?,
        to: from_proto::currency("to_currency", &message.to_currency)?,
        purpose: from_proto::purpose("purpose", message.purpose)?,
        rate: from_proto::rate("rate", message.rate.as_ref())?,
    })
}

fn key(set: &Set) -> String {
    format!("{}/{}/{}", set.from.code(), set.to.code(), set.purpose.word())
}
