//! Values in words: money, days, instants and fractions as people and programs both read them.

use chrono::{DateTime, SecondsFormat};
use domain::{Date, Instant, Money};

const SECONDS_PER_DAY: i64 = 86_400;

/// An amount and its currency, such as `2360.91 USD`.
pub fn money(money: Money) -> String {
    let exponent = usize::from(money.currency.exponent());
    let sign = if money.minor < 0 { "-" } else { "" };
    let minor = money.minor.unsigned_abs();
    let code = money.currency.code();
    if exponent == 0 {
        return format!("{sign}{minor} {code}");
    }
    let scale = 10_u64.pow(u32::from(money.currency.exponent()));
    format!("{sign}{}.{:0exponent$} {code}", minor / scale, minor % scale)
}

/// A day, such as `2017-03-01`.
pub fn date(date: Date) -> String {
    let midnight = DateTime::from_timestamp(i64::from(date.0) * SECONDS_PER_DAY, 0);
    midnight.map_or_else(|| date.0.to_string(), |day| day.date_naive().to_string())
}

/// An instant, such as `2017-03-01T12:30:00Z`.
pub fn instant(instant: Instant) -> String {
    let known = DateTime::from_timestamp_micros(instant.0);
    known.map_or_else(
        || instant.0.to_string(),
        |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

/// A fraction that is kept in parts per million, such as `0.35`.
pub fn fraction(parts_per_million: u32) -> String {
    let whole = parts_per_million / 1_000_000;
    let decimals = format!("{:06}", parts_per_million % 1_000_000);
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { whole.to_string() } else { format!("{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use domain::Currency;

    use super::*;

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        for (minor, code, expected) in [
            (236_091, "USD", "2360.91 USD"),
            (-5, "USD", "-0.05 USD"),
            (7, "JPY", "7 JPY"),
            (1_001, "KWD", "1.001 KWD"),
            (i64::MIN, "USD", "-92233720368547758.08 USD"),
        ] {
            let currency = Currency::from_code(code).unwrap();
            assert_eq!(money(Money { minor, currency }), expected);
        }
    }

    #[test]
    fn days_and_instants_are_written_as_everywhere() {
        assert_eq!(date(Date(17_226)), "2017-03-01");
        assert_eq!(date(Date(-1)), "1969-12-31");
        assert_eq!(instant(Instant(0)), "1970-01-01T00:00:00Z");
        assert_eq!(instant(Instant(1_500_000)), "1970-01-01T00:00:01.500Z");
        assert_eq!(instant(Instant(-1)), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn fractions_have_no_more_decimals_than_they_need() {
        for (ppm, expected) in [(0, "0"), (350_000, "0.35"), (1, "0.000001"), (1_000_000, "1")] {
            assert_eq!(fraction(ppm), expected);
        }
    }
}
