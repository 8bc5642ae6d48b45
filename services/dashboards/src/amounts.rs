//! Sums of money per currency, and rounding to the minor unit.

use api::google::r#type::Money as ProtoMoney;
use domain::Currency;
use runtime::query::QueryError;

/// One sum per currency, ordered by its code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amounts(Vec<(Currency, i128)>);

impl Amounts {
    /// Adds minor units of a currency.
    pub fn add(&mut self, currency: Currency, minor: i128) {
        match self.0.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, sum)) => *sum += minor,
            None => {
                self.0.push((currency, minor));
                self.0.sort_unstable_by_key(|(currency, _)| *currency);
            }
        }
    }

    /// The sums.
    pub fn iter(&self) -> impl Iterator<Item = (Currency, i128)> {
        self.0.iter().copied()
    }

    /// The sums as the contract writes them.
    pub fn proto(&self) -> Result<Vec<ProtoMoney>, QueryError> {
        self.iter().map(|(currency, minor)| proto(currency, minor)).collect()
    }
}

/// Minor units of a currency as the contract writes them.
pub fn proto(currency: Currency, minor: i128) -> Result<ProtoMoney, QueryError> {
    let exponent = u32::from(currency.exponent());
    let scale = 10_i128.pow(exponent);
    let too_large = |_| QueryError::Internal(format!("a sum in {} is too large", currency.code()));
    Ok(ProtoMoney {
        currency_code: currency.code().to_owned(),
        units: i64::try_from(minor / scale).map_err(too_large)?,
        nanos: (minor % scale) as i32 * 10_i32.pow(9 - exponent),
    })
}

/// A quotient rounded half to even; `None` when there is nothing to divide by.
pub fn divide(numerator: i128, denominator: u64) -> Option<i128> {
    if denominator == 0 {
        return None;
    }
    let denominator = i128::from(denominator);
    let quotient = numerator.div_euclid(denominator);
    let twice = 2 * numerator.rem_euclid(denominator);
    let up = twice > denominator || (twice == denominator && quotient % 2 != 0);
    Some(quotient + i128::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_to_even() {
        for (numerator, denominator, expected) in [
            (5, 2, Some(2)),
            (7, 2, Some(4)),
            (-5, 2, Some(-2)),
            (-7, 2, Some(-4)),
            (8, 3, Some(3)),
            (7, 3, Some(2)),
            (-7, 3, Some(-2)),
            (0, 3, Some(0)),
            (1, 0, None),
        ] {
            assert_eq!(divide(numerator, denominator), expected, "{numerator} / {denominator}");
        }
    }

    #[test]
    fn sums_are_written_in_units_and_nanos_by_currency() {
        let mut sums = Amounts::default();
        for (code, minor) in [("USD", 150), ("JPY", 7), ("KWD", -1_234), ("USD", 1)] {
            sums.add(Currency::from_code(code).unwrap(), minor);
        }
        let written = sums.proto().unwrap().into_iter();
        let written: Vec<_> = written.map(|m| (m.currency_code, m.units, m.nanos)).collect();
        let expected = [("JPY", 7, 0), ("KWD", -1, -234_000_000), ("USD", 1, 510_000_000)];
        assert_eq!(written, expected.map(|(code, units, nanos)| (code.to_owned(), units, nanos)));
        let usd = Currency::from_code("USD").unwrap();
        assert!(proto(usd, i128::MAX).is_err());
    }
}
