//! The report that a row's values make: texts become money, days and facts, or else a flaw.

use api::google::r#type::{Date, Money};
use api::ingest::v1::report::Fact;
use api::ingest::v1::{
    OpportunityAbandoned, OpportunityAccountChanged, OpportunityAmountChanged,
    OpportunityCategoryOverridden, OpportunityCloseDateChanged, OpportunityLost, OpportunityNoted,
    OpportunityOpened, OpportunityOwnerChanged, OpportunityReopened, OpportunityStageChanged,
    OpportunityWon,
};
use api::planning::v1::{ProductDefinition, UserDefinition};
use api::types::v1::ForecastCategory;

use super::formats::Formats;
use super::kind::FactKind;
use crate::money;

/// Why a row cannot be read: which field of the rule, and a stable word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The field; empty when it is none.
    pub field: String,
    /// The word.
    pub reason: &'static str,
}

impl Flaw {
    /// A flaw in a field.
    pub fn new(field: &str, reason: &'static str) -> Self {
        Self { field: field.to_owned(), reason }
    }
}

/// The values of a row's fields, as texts.
#[derive(Debug)]
pub struct Values<'a> {
    /// Names and texts.
    pub texts: Vec<(&'a str, String)>,
    /// How days are written.
    pub formats: &'a Formats,
    /// The currency where there is no field for it.
    pub currency: &'a str,
}

impl Values<'_> {
    /// The fact that they state.
    ///
    /// # Errors
    /// The first field that cannot be read.
    pub fn state(&self, kind: FactKind) -> Result<Fact, Flaw> {
        let (reason_code, reason) = (self.text("reason_code"), self.text("reason"));
        Ok(match kind {
            FactKind::Opened => Fact::OpportunityOpened(self.opened()?),
            FactKind::StageChanged => Fact::OpportunityStageChanged(OpportunityStageChanged {
                stage: self.required("stage")?,
                pipeline: self.text("pipeline"),
            }),
            FactKind::AmountChanged => Fact::OpportunityAmountChanged(OpportunityAmountChanged {
                amount: self.money("amount")?,
            }),
            FactKind::CloseDateChanged => {
                let close_date = self.day("close_date")?;
                Fact::OpportunityCloseDateChanged(OpportunityCloseDateChanged { close_date })
            }
            FactKind::OwnerChanged => {
                Fact::OpportunityOwnerChanged(OpportunityOwnerChanged { owner: self.text("owner") })
            }
            FactKind::CategoryOverridden => {
                let category = self.category()?.into();
                let overridden = OpportunityCategoryOverridden { category, reason_code, reason };
                Fact::OpportunityCategoryOverridden(overridden)
            }
            FactKind::Won => {
                let amount = self.money("amount")?;
                Fact::OpportunityWon(OpportunityWon { amount, reason_code, reason })
            }
            FactKind::Lost => Fact::OpportunityLost(OpportunityLost { reason_code, reason }),
            FactKind::Abandoned => {
                Fact::OpportunityAbandoned(OpportunityAbandoned { reason_code, reason })
            }
            FactKind::Reopened => Fact::OpportunityReopened(OpportunityReopened {
                stage: self.text("stage"),
                pipeline: self.text("pipeline"),
                reason_code,
                reason,
            }),
            FactKind::AccountChanged => {
                let account = self.text("account");
                Fact::OpportunityAccountChanged(OpportunityAccountChanged { account })
            }
            FactKind::Noted => {
                Fact::OpportunityNoted(OpportunityNoted { text: self.required("text")? })
            }
            FactKind::Product => Fact::ProductDefined(self.product()?),
            FactKind::User => Fact::UserDefined(self.user()?),
            _ => return self.of_others(kind),
        })
    }

    /// A fact that is about no deal.
    fn of_others(&self, kind: FactKind) -> Result<Fact, Flaw> {
        let stated = [Self::lead, Self::account, Self::contact, Self::contract, Self::activity];
        let mut stated = stated.iter().filter_map(|state| state(self, kind).transpose());
        stated.next().unwrap_or_else(|| Err(Flaw::new("", "NO_FACT")))
    }

    fn opened(&self) -> Result<OpportunityOpened, Flaw> {
        Ok(OpportunityOpened {
            name: self.text("name"),
            pipeline: self.required("pipeline")?,
            stage: self.required("stage")?,
            amount: self.money("amount")?,
            close_date: self.day("close_date")?,
            owner: self.text("owner"),
            product: self.text("product"),
            account: self.text("account"),
        })
    }

    fn product(&self) -> Result<ProductDefinition, Flaw> {
        Ok(ProductDefinition {
            name: self.required("name")?,
            list_price: self.money("list_price")?,
            retired: false,
        })
    }

    fn user(&self) -> Result<UserDefinition, Flaw> {
        Ok(UserDefinition {
            name: self.text("name"),
            manager: self.text("manager"),
            office: self.text("office"),
            role: self.text("role"),
            retired: self.flag("retired")?,
        })
    }

    /// Whether something is so: not, when nothing is said.
    fn flag(&self, field: &str) -> Result<bool, Flaw> {
        match self.text(field).to_ascii_lowercase().as_str() {
            "" | "false" => Ok(false),
            "true" => Ok(true),
            _ => Err(Flaw::new(field, "NO_FLAG")),
        }
    }

    pub(super) fn text(&self, field: &str) -> String {
        let found = self.texts.iter().find(|(name, _)| *name == field);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }

    pub(super) fn required(&self, field: &str) -> Result<String, Flaw> {
        Some(self.text(field)).filter(|text| !text.is_empty()).ok_or(Flaw::new(field, "EMPTY"))
    }

    pub(super) fn money(&self, field: &str) -> Result<Option<Money>, Flaw> {
        let amount = self.text(field);
        if amount.is_empty() {
            return Ok(None);
        }
        let currency = Some(self.text("currency")).filter(|text| !text.is_empty());
        let currency = currency.as_deref().unwrap_or(self.currency);
        if currency.is_empty() {
            return Err(Flaw::new("currency", "EMPTY"));
        }
        let money = money::parse(&format!("{amount} {currency}"));
        money.map(Some).map_err(|_| Flaw::new(field, "BAD_MONEY"))
    }

    pub(super) fn day(&self, field: &str) -> Result<Option<Date>, Flaw> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        self.formats.day(&text).map(Some).ok_or(Flaw::new(field, "BAD_DATE"))
    }

    pub(super) fn category(&self) -> Result<ForecastCategory, Flaw> {
        let text = self.text("category");
        if text.is_empty() {
            return Ok(ForecastCategory::Unspecified);
        }
        let name = format!("FORECAST_CATEGORY_{}", text.to_ascii_uppercase().replace(' ', "_"));
        ForecastCategory::from_str_name(&name)
            .filter(|category| *category != ForecastCategory::Unspecified)
            .ok_or(Flaw::new("category", "BAD_CATEGORY"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(kind: FactKind, texts: &[(&'static str, &str)]) -> Result<Fact, Flaw> {
        let formats = Formats::new(&["%d.%m.%Y".to_owned()], chrono_tz::Tz::UTC).unwrap();
        let texts = texts.iter().map(|&(name, text)| (name, text.to_owned())).collect();
        Values { texts, formats: &formats, currency: "EUR" }.state(kind)
    }

    #[test]
    fn fields_become_facts() {
        let euros = |units, nanos| Some(Money { currency_code: "EUR".to_owned(), units, nanos });
        for (kind, texts, expected) in [
            (
                FactKind::Won,
                &[("amount", "12.5")][..],
                Fact::OpportunityWon(OpportunityWon {
                    amount: euros(12, 500_000_000),
                    ..Default::default()
                }),
            ),
            (FactKind::Won, &[], Fact::OpportunityWon(OpportunityWon::default())),
            (
                FactKind::AmountChanged,
                &[("amount", "-3"), ("currency", "JPY")],
                Fact::OpportunityAmountChanged(OpportunityAmountChanged {
                    amount: Some(Money { currency_code: "JPY".to_owned(), units: -3, nanos: 0 }),
                }),
            ),
            (
                FactKind::CloseDateChanged,
                &[("close_date", "29.02.2024")],
                Fact::OpportunityCloseDateChanged(OpportunityCloseDateChanged {
                    close_date: Some(Date { year: 2024, month: 2, day: 29 }),
                }),
            ),
            (
                FactKind::CategoryOverridden,
                &[("category", "Best Case"), ("reason_code", "hunch")],
                Fact::OpportunityCategoryOverridden(OpportunityCategoryOverridden {
                    category: ForecastCategory::BestCase.into(),
                    reason_code: "hunch".to_owned(),
                    reason: String::new(),
                }),
            ),
        ] {
            assert_eq!(state(kind, texts), Ok(expected), "{kind:?} {texts:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (kind, texts, field, reason) in [
            (FactKind::Opened, &[("pipeline", "p")][..], "stage", "EMPTY"),
            (FactKind::Noted, &[("text", "")], "text", "EMPTY"),
            (FactKind::Won, &[("amount", "1,000")], "amount", "BAD_MONEY"),
            (FactKind::Won, &[("amount", "1"), ("currency", "Euro")], "amount", "BAD_MONEY"),
            (FactKind::CloseDateChanged, &[("close_date", "2024-02-29")], "close_date", "BAD_DATE"),
            (FactKind::CategoryOverridden, &[("category", "sure")], "category", "BAD_CATEGORY"),
        ] {
            assert_eq!(state(kind, texts), Err(Flaw::new(field, reason)), "{kind:?} {texts:?}");
        }
    }
}
