//! Money as people write it and as JSON shows it: exact, with its minor units and its currency.

use api::google::r#type::Money as Sent;
use serde::Serialize;

/// Currencies whose minor unit is not a hundredth (ISO 4217).
const EXPONENTS: &[(&str, u32)] = &[
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

const NANOS_PER_UNIT: i128 = 1_000_000_000;

/// How many decimals an average is written with beside its rounded amount.
const EXACT_DECIMALS: u32 = 6;

/// An amount in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Money {
    /// The amount in whole units, with as many decimals as the currency has.
    pub amount: String,
    /// The amount in minor units.
    pub minor: i128,
    /// The ISO 4217 code.
    pub currency: String,
    /// A quotient with more decimals than the currency has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
}

impl Money {
    /// So many minor units.
    pub fn of_minor(minor: i128, currency: &str) -> Self {
        let amount = decimal(minor, exponent(currency));
        Self { amount, minor, currency: currency.to_owned(), exact: None }
    }

    /// Nothing, in a currency.
    pub fn zero(currency: &str) -> Self {
        Self::of_minor(0, currency)
    }

    /// This rounded quotient with more of its decimals.
    pub fn with_exact(mut self, numerator: &Money, denominator: u64) -> Self {
        if denominator > 0 {
            let own = exponent(&numerator.currency);
            let decimals = EXACT_DECIMALS.max(own);
            let scaled = numerator.minor.saturating_mul(10_i128.pow(decimals - own));
            self.exact = Some(decimal(half_even(scaled, i128::from(denominator)), decimals));
        }
        self
    }
}

impl From<&Sent> for Money {
    fn from(sent: &Sent) -> Self {
        let nanos = i128::from(sent.units) * NANOS_PER_UNIT + i128::from(sent.nanos);
        let nanos_per_minor = NANOS_PER_UNIT / 10_i128.pow(exponent(&sent.currency_code));
        Self::of_minor(half_even(nanos, nanos_per_minor), &sent.currency_code)
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// The one amount of an answer in which every amount has the same currency; zero of it for a row
/// that has none.
pub fn only(amounts: &[Money], currencies: &[String]) -> Option<Money> {
    let [currency] = currencies else { return None };
    let own = amounts.iter().find(|amount| amount.currency == *currency);
    Some(own.cloned().unwrap_or_else(|| Money::zero(currency)))
}

/// An amount as it is typed: "2360.91 USD", "USD 2360.91", "2360.91USD".
///
/// # Errors
/// A sentence that says what is missing or wrong.
pub fn parse(text: &str) -> Result<Sent, String> {
    let letter = |c: char| c.is_ascii_alphabetic();
    let text = text.trim();
    let (number, currency) = if text.starts_with(letter) {
        let end = text.find(|c| !letter(c)).unwrap_or(text.len());
        (text[end..].trim(), &text[..end])
    } else {
        let start = text.find(letter).unwrap_or(text.len());
        (text[..start].trim(), text[start..].trim())
    };
    if currency.len() != 3 || !currency.chars().all(letter) {
        return Err("an amount needs its currency, as in \"2360.91 USD\"".to_owned());
    }
    let (units, nanos) = units_and_nanos(number)
        .ok_or_else(|| format!("{number:?} is not an amount; write it as in \"2360.91 USD\""))?;
    Ok(Sent { currency_code: currency.to_ascii_uppercase(), units, nanos })
}

fn units_and_nanos(number: &str) -> Option<(i64, i32)> {
    let (negative, digits) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let units: i64 = whole.parse().ok()?;
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    Some(if negative { (-units, -nanos) } else { (units, nanos) })
}

fn exponent(currency: &str) -> u32 {
    EXPONENTS.iter().find(|(code, _)| *code == currency).map_or(2, |(_, exponent)| *exponent)
}

/// Divides and rounds to the nearest integer, a half to the even one.
fn half_even(numerator: i128, denominator: i128) -> i128 {
    let quotient = numerator.div_euclid(denominator);
    let twice = numerator.rem_euclid(denominator) * 2;
    let up = twice > denominator || (twice == denominator && quotient % 2 != 0);
    quotient + i128::from(up)
}

/// An integer as a decimal number whose last digits are its fraction.
fn decimal(scaled: i128, decimals: u32) -> String {
    let one = 10_u128.pow(decimals);
    let sign = if scaled < 0 { "-" } else { "" };
    let (whole, fraction) = (scaled.unsigned_abs() / one, scaled.unsigned_abs() % one);
    if decimals == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{fraction:0width$}", width = decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(units: i64, nanos: i32, currency: &str) -> Sent {
        Sent { currency_code: currency.to_owned(), units, nanos }
    }

    #[test]
    fn minor_units_follow_the_currency() {
        for (units, nanos, currency, amount, minor) in [
            (2360, 910_000_000, "USD", "2360.91", 236_091),
            (0, 0, "USD", "0.00", 0),
            (-1, -750_000_000, "EUR", "-1.75", -175),
            (0, -50_000_000, "USD", "-0.05", -5),
            (1200, 0, "JPY", "1200", 1200),
            (-7, 0, "JPY", "-7", -7),
            (3, 125_000_000, "KWD", "3.125", 3125),
            (0, -1_000_000, "KWD", "-0.001", -1),
            (1, 123_400_000, "CLF", "1.1234", 11_234),
            (i64::MAX, 990_000_000, "USD", "9223372036854775807.99", 922_337_203_685_477_580_799),
        ] {
            let money = Money::from(&sent(units, nanos, currency));
            assert_eq!((money.amount.as_str(), money.minor), (amount, minor), "{units} {nanos}");
        }
    }

    #[test]
    fn json_has_the_amount_the_minor_units_and_the_currency() {
        let money = Money::from(&sent(2360, 910_000_000, "USD"));
        assert_eq!(
            serde_json::to_string(&money).unwrap(),
            r#"{"amount":"2360.91","minor":236091,"currency":"USD"}"#
        );
    }

    #[test]
    fn a_quotient_keeps_six_decimals_beside_its_rounded_amount() {
        let sum = Money::of_minor(1_000_553_400, "USD");
        let average = Money::of_minor(236_091, "USD").with_exact(&sum, 4238);
        assert_eq!(average.exact.as_deref(), Some("2360.909391"));
        assert_eq!(Money::zero("USD").with_exact(&sum, 0).exact, None);
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (numerator, rounded) in [(5, 2), (15, 8), (25, 12), (26, 13), (-5, -2), (-15, -8)] {
            assert_eq!(half_even(numerator, 2), rounded, "{numerator}");
        }
    }

    #[test]
    fn amounts_are_typed_with_their_currency() {
        for (text, expected) in [
            ("2360.91 USD", Ok(sent(2360, 910_000_000, "USD"))),
            ("USD 10", Ok(sent(10, 0, "USD"))),
            ("10usd", Ok(sent(10, 0, "USD"))),
            ("-1.5EUR", Ok(sent(-1, -500_000_000, "EUR"))),
            ("0.000000001 USD", Ok(sent(0, 1, "USD"))),
            ("10", Err("an amount needs its currency, as in \"2360.91 USD\"")),
            ("10 DOLLARS", Err("an amount needs its currency, as in \"2360.91 USD\"")),
            ("1,000 USD", Err("\"1,000\" is not an amount; write it as in \"2360.91 USD\"")),
            ("1. USD", Err("\"1.\" is not an amount; write it as in \"2360.91 USD\"")),
            (".5 USD", Err("\".5\" is not an amount; write it as in \"2360.91 USD\"")),
            ("USD", Err("\"\" is not an amount; write it as in \"2360.91 USD\"")),
        ] {
            assert_eq!(parse(text), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn an_answer_in_one_currency_has_one_amount() {
        let usd = vec!["USD".to_owned()];
        let both = vec!["EUR".to_owned(), "USD".to_owned()];
        let five = Money::of_minor(500, "USD");
        assert_eq!(only(std::slice::from_ref(&five), &usd), Some(five.clone()));
        assert_eq!(only(&[], &usd), Some(Money::zero("USD")));
        assert_eq!(only(&[five], &both), None);
        assert_eq!(only(&[], &[]), None);
    }
}
