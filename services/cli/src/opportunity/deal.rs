//! A deal as JSON and tables show it.

use api::opportunities::v1 as sent;
use serde::Serialize;

use super::opportunity_type::type_name;
use crate::entity::{ExternalId, Fault, external_ids, faults, maybe};
use crate::grid::{Cell, Grid};
use crate::money::Money;
use crate::recorded::Shown;
use crate::times;
use crate::wording::{
    Reference, category_name, entity_label, given, label, outcome_name, text_shown,
};

/// An opportunity at the instant of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deal {
    id: String,
    external_ids: Vec<ExternalId>,
    name: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    name_erased: bool,
    pipeline: Option<Reference>,
    stage: Option<Reference>,
    amount: Option<Money>,
    close_date: Option<String>,
    owner: Option<Reference>,
    product: Option<Reference>,
    account: Option<Reference>,
    #[serde(rename = "type")]
    opportunity_type: Option<String>,
    competitors: Vec<String>,
    contact_roles: Vec<ContactRole>,
    category: Option<String>,
    category_overridden: bool,
    outcome: Option<String>,
    closed_at: Option<String>,
    reason_code: Option<String>,
    reason: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reason_erased: bool,
    opened_at: Option<String>,
    stage_entered_at: Option<String>,
    notes_count: u64,
    faults: Vec<Fault>,
    etag: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct ContactRole {
    contact: Option<Reference>,
    role: String,
}

impl From<sent::Opportunity> for Deal {
    fn from(deal: sent::Opportunity) -> Self {
        let (name, reason) = (deal.name.unwrap_or_default(), deal.reason.unwrap_or_default());
        let external = deal.external_ids.into_iter();
        Self {
            id: deal.id,
            external_ids: external.map(ExternalId::from).collect(),
            name: given(name.text),
            name_erased: name.erased,
            pipeline: deal.pipeline.map(Reference::from),
            stage: deal.stage.map(Reference::from),
            amount: deal.amount.as_ref().map(Money::from),
            close_date: deal.close_date.as_ref().map(times::show_day),
            owner: deal.owner.map(Reference::from),
            product: deal.product.map(Reference::from),
            account: deal.account.map(Reference::from),
            opportunity_type: type_name(deal.opportunity_type),
            competitors: deal.competitors,
            contact_roles: deal
                .contact_roles
                .into_iter()
                .map(|it| ContactRole { contact: it.contact.map(Reference::from), role: it.role })
                .collect(),
            category: category_name(deal.category),
            category_overridden: deal.category_overridden,
            outcome: outcome_name(deal.outcome),
            closed_at: deal.closed_at.as_ref().map(times::show),
            reason_code: given(deal.reason_code),
            reason: given(reason.text),
            reason_erased: reason.erased,
            opened_at: deal.opened_at.as_ref().map(times::show),
            stage_entered_at: deal.stage_entered_at.as_ref().map(times::show),
            notes_count: deal.notes_count,
            faults: deal.faults.into_iter().map(Fault::from).collect(),
            etag: deal.etag,
        }
    }
}

impl Deal {
    /// The columns of a list of deals.
    pub const COLUMNS: [&'static str; 11] = [
        "id",
        "name",
        "pipeline",
        "stage",
        "amount",
        "currency",
        "close_date",
        "owner",
        "category",
        "outcome",
        "faults",
    ];

    /// The deal as a row of a list.
    pub fn row(&self) -> Vec<Cell> {
        vec![
            Cell::text(&self.id),
            Cell::text(text_shown(self.name.as_deref(), self.name_erased)),
            Cell::text(label(self.pipeline.as_ref())),
            Cell::text(label(self.stage.as_ref())),
            Cell::Amount(self.amount.clone()),
            Cell::text(self.amount.as_ref().map_or("", |amount| &amount.currency)),
            Cell::text(self.close_date.as_deref().unwrap_or_default()),
            Cell::text(label(self.owner.as_ref())),
            Cell::text(self.category.as_deref().unwrap_or_default()),
            Cell::text(self.outcome.as_deref().unwrap_or_default()),
            Cell::Count(self.faults.len() as u64),
        ]
    }
}

impl Shown for Deal {
    const NOUN: &'static str = "opportunity";

    fn fields(&self) -> Grid {
        Grid::of_fields(self.told())
    }
}

impl Deal {
    /// The deal in a line.
    pub fn line(&self) -> String {
        let name = text_shown(self.name.as_deref(), self.name_erased);
        let amount = self.amount.as_ref().map(ToString::to_string).unwrap_or_default();
        [self.id.as_str(), &name, &label(self.stage.as_ref()), &amount].join(" ")
    }

    /// The fields that have a value, for a table.
    pub fn told(&self) -> Vec<(String, Cell)> {
        let override_mark = if self.category_overridden { " (chosen)" } else { "" };
        let category = self.category.as_deref().unwrap_or_default();
        let amount = self.amount.as_ref().map(ToString::to_string).unwrap_or_default();
        let roles: Vec<String> = self
            .contact_roles
            .iter()
            .map(|it| format!("{}={}", entity_label(it.contact.as_ref()), it.role))
            .collect();
        let mut fields = vec![
            ("id".to_owned(), Cell::text(&self.id)),
            ("name".into(), Cell::text(text_shown(self.name.as_deref(), self.name_erased))),
            ("pipeline".into(), Cell::text(label(self.pipeline.as_ref()))),
            ("stage".into(), Cell::text(label(self.stage.as_ref()))),
            ("stage_entered_at".into(), maybe(&self.stage_entered_at)),
            ("outcome".into(), maybe(&self.outcome)),
            ("amount".into(), Cell::text(amount)),
            ("close_date".into(), maybe(&self.close_date)),
            ("category".into(), Cell::text(format!("{category}{override_mark}"))),
            ("owner".into(), Cell::text(label(self.owner.as_ref()))),
            ("product".into(), Cell::text(label(self.product.as_ref()))),
            ("account".into(), Cell::text(entity_label(self.account.as_ref()))),
            ("type".into(), maybe(&self.opportunity_type)),
            ("competitors".into(), Cell::text(self.competitors.join(" "))),
            ("contact_roles".into(), Cell::text(roles.join(" "))),
            ("opened_at".into(), maybe(&self.opened_at)),
            ("closed_at".into(), maybe(&self.closed_at)),
            ("reason_code".into(), maybe(&self.reason_code)),
            ("reason".into(), Cell::text(text_shown(self.reason.as_deref(), self.reason_erased))),
            ("notes".into(), Cell::text(self.notes_count.to_string())),
            ("external_ids".into(), external_ids(&self.external_ids)),
            ("etag".into(), Cell::text(&self.etag)),
        ];
        fields.extend(faults(&self.faults));
        // A person looks for what is there; a program reads JSON or the fixed columns of a list.
        fields.retain(|(_, cell)| *cell != Cell::text(""));
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::types::v1::{PersonalText, Reference as SentReference};

    fn sample() -> sent::Opportunity {
        sent::Opportunity {
            id: "0190".into(),
            name: Some(PersonalText { text: String::new(), erased: true }),
            stage: Some(SentReference {
                key: "proposal".into(),
                known: true,
                ..SentReference::default()
            }),
            amount: Some(api::google::r#type::Money {
                currency_code: "JPY".into(),
                units: 12_000,
                nanos: 0,
            }),
            close_date: Some(api::google::r#type::Date { year: 2017, month: 3, day: 1 }),
            category: 4,
            outcome: 1,
            etag: "e".into(),
            ..sent::Opportunity::default()
        }
    }

    #[test]
    fn json_of_a_deal() {
        assert_eq!(
            serde_json::to_string(&Deal::from(sample())).unwrap(),
            concat!(
                r#"{"id":"0190","external_ids":[],"name":null,"name_erased":true,"#,
                r#""pipeline":null,"#,
                r#""stage":{"key":"proposal","name":null,"known":true},"#,
                r#""amount":{"amount":"12000","minor":12000,"currency":"JPY"},"#,
                r#""close_date":"2017-03-01","owner":null,"product":null,"account":null,"type":null,"#,
                r#""competitors":[],"contact_roles":[],"category":"commit","#,
                r#""category_overridden":false,"outcome":"open","closed_at":null,"#,
                r#""reason_code":null,"reason":null,"opened_at":null,"stage_entered_at":null,"#,
                r#""notes_count":0,"faults":[],"etag":"e"}"#,
            )
        );
    }

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        assert_eq!(Deal::from(sample()).row().len(), Deal::COLUMNS.len());
    }
}
