//! Money: whole minor units of one currency; the only arithmetic on amounts.

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency with the number of decimals of its minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// Currencies whose minor unit is not a hundredth (ISO 4217, list one).
const EXPONENTS: &[(&str, u8)] = &[
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("ISK", 0),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("PYG", 0),
    ("RWF", 0),
    ("UGX", 0),
    ("UYI", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
    ("BHD", 3),
    ("IQD", 3),
    ("JOD", 3),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("TND", 3),
    ("CLF", 4),
    ("UYW", 4),
];

impl Currency {
    /// The currency of a three-letter upper-case code; `None` for anything else.
    pub fn from_code(code: &str) -> Option<Currency> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        if !bytes.iter().all(u8::is_ascii_uppercase) {
            return None;
        }
        let exponent =
            EXPONENTS.iter().find(|(known, _)| *known == code).map_or(2, |(_, exponent)| *exponent);
        Some(Currency { code: bytes, exponent })
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// How many decimals the minor unit has: 2 for USD, 0 for JPY.
    pub fn exponent(&self) -> u8 {
        self.exponent
    }
}

/// An amount in minor units (cents) of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; may be negative in sums, never in a command.
    pub minor: i64,
    /// The currency whose minor units are counted.
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_knows_its_exponent() {
        for (code, exponent) in [("USD", 2), ("JPY", 0), ("KWD", 3)] {
            assert_eq!(Currency::from_code(code).map(|c| c.exponent()), Some(exponent), "{code}");
        }
        for bad in ["", "usd", "US", "USDD", "U$D", "ÄÖ"] {
            assert_eq!(Currency::from_code(bad), None, "{bad}");
        }
    }
}
