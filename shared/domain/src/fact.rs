//! Facts of every kind under their stable names: the name says which struct the bytes hold.

use std::fmt;

use crate::{
    account, activity, calendar, contact, contract, exchange_rate, forecast, lead, opportunity,
    person, personal::Slot, pipeline, product, quota, source, user,
};

/// Declares an entity's facts: one struct per name, and the name is the storage format.
///
/// A discriminant never reaches the log. A published name and its struct never change; another shape
/// is another name, with an upcast beside it. What is much larger than most is `boxed` in memory, or
/// every fact would take as much.
macro_rules! facts {
    ($(#[$doc:meta])* $($name:ident = $stable:literal $($boxed:ident)?,)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Fact {$(
            #[doc = concat!("`", $stable, "`")]
            $name($crate::fact::held!($name $($boxed)?)),
        )+}

        impl Fact {
            /// Every stable name ever published for this kind.
            pub const NAMES: &'static [&'static str] = &[$($stable),+];

            /// The stable name.
            pub fn name(&self) -> &'static str {
                match self {$( Fact::$name(_) => $stable, )+}
            }

            /// The bytes that are stored under the name. Fails on text that is not sealed.
            pub fn encode(&self) -> Result<Vec<u8>, postcard::Error> {
                match self {$( Fact::$name(fact) => postcard::to_stdvec(fact), )+}
            }

            /// Reads stored bytes; `None` for a name that this kind does not have.
            pub fn decode(name: &str, body: &[u8]) -> Option<Result<Fact, postcard::Error>> {
                match name {
                    $( $stable => Some($crate::fact::exactly(body).map(Fact::$name)), )+
                    _ => None,
                }
            }
        }
    };
}

/// How a fact's struct lies in memory.
macro_rules! held {
    ($name:ident) => { $name };
    ($name:ident boxed) => { Box<$name> };
}
pub(crate) use held;

/// Decodes a whole body: bytes left over mean that it was written by another shape.
pub(crate) fn exactly<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, postcard::Error> {
    let (value, rest) = postcard::take_from_bytes(body)?;
    if rest.is_empty() { Ok(value) } else { Err(postcard::Error::DeserializeBadEncoding) }
}

/// A fact that cannot be read from its bytes, or written to them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// The name is not one that this program knows.
    #[error("unknown fact {0:?}: this program is older than the log; upgrade it")]
    UnknownName(String),
    /// The bytes do not hold what the name promises.
    #[error("fact {name:?} cannot be read: {why}")]
    Unreadable {
        /// The stable name.
        name: String,
        /// What the decoder said.
        why: String,
    },
    /// The fact holds what must not be stored, such as text that is not sealed.
    #[error("fact {name:?} cannot be written: {why}")]
    Unwritable {
        /// The stable name.
        name: String,
        /// What the encoder said.
        why: String,
    },
}

macro_rules! kinds {
    ($($kind:ident = $word:literal, $module:ident;)+) => {
        /// What an entity is. Stored as its word.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        #[serde(into = "&str", try_from = "&str")]
        pub enum Kind {$(
            #[doc = concat!("`", $word, "`")]
            $kind,
        )+}

        impl Kind {
            /// Every kind that this program knows.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind),+];

            /// The stable word.
            pub fn word(self) -> &'static str {
                match self {$( Kind::$kind => $word, )+}
            }

            /// The kind of a stable word.
            pub fn from_word(word: &str) -> Option<Kind> {
                match word { $( $word => Some(Kind::$kind), )+ _ => None }
            }

            /// The stable names of the facts of this kind.
            pub fn fact_names(self) -> &'static [&'static str] {
                match self {$( Kind::$kind => $module::Fact::NAMES, )+}
            }
        }

        impl From<Kind> for &'static str {
            fn from(kind: Kind) -> &'static str {
                kind.word()
            }
        }

        impl TryFrom<&str> for Kind {
            type Error = String;

            fn try_from(word: &str) -> Result<Kind, String> {
                Kind::from_word(word).ok_or_else(|| format!("unknown kind {word:?}"))
            }
        }

        /// A fact of any kind.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Fact {$(
            #[doc = concat!("A fact of a ", $word, ".")]
            $kind($module::Fact),
        )+}

        impl Fact {
            /// The kind of entity that it belongs to.
            pub fn kind(&self) -> Kind {
                match self {$( Fact::$kind(_) => Kind::$kind, )+}
            }

            /// The stable name.
            pub fn name(&self) -> &'static str {
                match self {$( Fact::$kind(fact) => fact.name(), )+}
            }

            /// The bytes that are stored under the name. Fails on text that is not sealed.
            pub fn encode(&self) -> Result<Vec<u8>, FactError> {
                let bytes = match self {$( Fact::$kind(fact) => fact.encode(), )+};
                bytes.map_err(|why| FactError::Unwritable {
                    name: self.name().to_owned(),
                    why: why.to_string(),
                })
            }

            /// Reads a stored fact of an entity of this kind.
            pub fn decode(kind: Kind, name: &str, body: &[u8]) -> Result<Fact, FactError> {
                let read = match kind {$(
                    Kind::$kind => $module::Fact::decode(name, body).map(|fact| fact.map(Fact::$kind)),
                )+};
                match read {
                    None => Err(FactError::UnknownName(name.to_owned())),
                    Some(Err(why)) => {
                        Err(FactError::Unreadable { name: name.to_owned(), why: why.to_string() })
                    }
                    Some(Ok(fact)) => Ok(fact),
                }
            }

            /// The places where it carries personal text.
            pub fn personal(&mut self) -> Vec<Slot<'_>> {
                match self {$( Fact::$kind(fact) => fact.personal(), )+}
            }
        }

        $(impl From<$module::Fact> for Fact {
            fn from(fact: $module::Fact) -> Fact {
                Fact::$kind(fact)
            }
        })+
    };
}

kinds! {
    Account = "account", account;
    Activity = "activity", activity;
    Contact = "contact", contact;
    Contract = "contract", contract;
    Lead = "lead", lead;
    Opportunity = "opportunity", opportunity;
    Person = "person", person;
    Pipeline = "pipeline", pipeline;
    Product = "product", product;
    Source = "source", source;
    User = "user", user;
    Calendar = "calendar", calendar;
    ExchangeRate = "exchange_rate", exchange_rate;
    Forecast = "forecast", forecast;
    Quota = "quota", quota;
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Fact {
    /// The command whose facts this one takes back; `None` for every other fact.
    pub fn voids(&self) -> Option<uuid::Uuid> {
        match self {
            Fact::Account(account::Fact::Voided(voided))
            | Fact::Activity(activity::Fact::Voided(voided))
            | Fact::Contract(contract::Fact::Voided(voided))
            | Fact::Forecast(forecast::Fact::Voided(voided))
            | Fact::Quota(quota::Fact::Voided(voided))
            | Fact::Opportunity(opportunity::Fact::Voided(voided)) => Some(voided.command_id),
            Fact::Contact(contact::Fact::Voided(voided))
            | Fact::Lead(lead::Fact::Voided(voided)) => Some(voided.command_id),
            _ => None,
        }
    }

    /// The same fact with its personal text taken out: what a digest may depend on.
    pub fn blanked(&self) -> Fact {
        let mut fact = self.clone();
        for slot in fact.personal() {
            slot.text.blank();
        }
        fact
    }
}

#[cfg(test)]
mod tests;
