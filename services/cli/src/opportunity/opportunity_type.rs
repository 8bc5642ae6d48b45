//! A deal's type, as it is typed and shown.

use api::opportunities::v1 as sent;
use clap::ValueEnum;

use crate::wording::lower;

/// Whether a deal would bring a new customer, or more from one already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OpportunityType {
    /// A first order from somebody
    #[value(alias = "new_business")]
    NewBusiness,
    /// More from a customer
    Expansion,
    /// A customer's contract goes on
    Renewal,
}

impl From<OpportunityType> for sent::OpportunityType {
    fn from(it: OpportunityType) -> Self {
        match it {
            OpportunityType::NewBusiness => Self::NewBusiness,
            OpportunityType::Expansion => Self::Expansion,
            OpportunityType::Renewal => Self::Renewal,
        }
    }
}

/// The name of a type; nothing for one that was not said.
pub fn type_name(value: i32) -> Option<String> {
    let value = sent::OpportunityType::try_from(value).ok()?;
    lower(value.as_str_name(), "OPPORTUNITY_TYPE_")
}
