//! Personal text: names of people and every free text, which facts carry only sealed.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use uuid::Uuid;

use crate::PersonId;

/// A text that can be forgotten: readable on its way in, sealed from the first fact on.
#[derive(Clone, PartialEq, Eq)]
pub enum Personal {
    /// As somebody typed it. Cannot be serialised, so that it can never reach the log.
    Plain(String),
    /// Under the key of its person or entity.
    Sealed(Box<Sealed>),
}

/// A ciphertext and the name of the key that opens it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The id of the key: a person's id, or that of the entity which the text is about.
    pub key: Uuid,
    /// Derived from the command, the field and the text, so that a retry is byte-identical.
    pub nonce: [u8; 24],
    /// XChaCha20-Poly1305 over the UTF-8 text.
    pub ciphertext: Vec<u8>,
}

/// Where a fact carries personal text, for sealing it and for leaving it out of digests.
pub struct Slot<'a> {
    /// The field's name, part of the associated data.
    pub field: &'static str,
    /// The person whose key seals it; `None` for the key of the entity itself.
    pub person: Option<PersonId>,
    /// The text.
    pub text: &'a mut Personal,
}

impl Personal {
    /// A text as typed; `None` when it is empty.
    pub fn plain(text: impl Into<String>) -> Option<Personal> {
        let text = text.into();
        (!text.is_empty()).then_some(Personal::Plain(text))
    }

    /// Takes the text out, leaving what every text looks like to a digest.
    pub fn blank(&mut self) {
        *self = Personal::from(Sealed { key: Uuid::nil(), nonce: [0; 24], ciphertext: Vec::new() });
    }
}

impl std::fmt::Debug for Personal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(personal)")
    }
}

/// Boxed, because most facts carry no text and should not be as large as those that do.
impl From<Sealed> for Personal {
    fn from(sealed: Sealed) -> Personal {
        Personal::Sealed(Box::new(sealed))
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "(sealed under {})", self.key)
    }
}

impl Serialize for Personal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Personal::Plain(_) => Err(S::Error::custom("personal text has to be sealed first")),
            Personal::Sealed(sealed) => sealed.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Personal, D::Error> {
        Sealed::deserialize(deserializer).map(Personal::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_text_cannot_be_serialised_or_printed() {
        let text = Personal::Plain("Ada".to_owned());
        assert!(postcard::to_stdvec(&text).is_err());
        assert!(!format!("{text:?}").contains("Ada"));
    }
}
