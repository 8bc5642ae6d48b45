//! Decimals: exact numbers such as rates, as a whole number and the place of its point.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `mantissa / 10^scale`, so that 1.0825 is 10825 with a scale of 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decimal {
    /// The digits.
    pub mantissa: i64,
    /// How many of them stand behind the point.
    pub scale: u8,
}

impl Decimal {
    /// Reads plain digits with at most one point, such as `-12.50`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Decimal> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let sign = if unsigned.len() < text.len() { "-" } else { "" };
        let mantissa = format!("{sign}{whole}{fraction}").parse().ok()?;
        Some(Decimal { mantissa, scale: u8::try_from(fraction.len()).ok()? })
    }

    /// The same number without zeros behind its last digit.
    pub fn shortest(mut self) -> Decimal {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self = Decimal { mantissa: self.mantissa / 10, scale: self.scale - 1 };
        }
        self
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_read_and_written() {
        for (text, mantissa, scale, again) in [
            ("1.0825", 10_825, 4, "1.0825"),
            ("1.50", 15, 1, "1.5"),
            ("-0.05", -5, 2, "-0.05"),
            ("007", 7, 0, "7"),
            ("100", 100, 0, "100"),
            ("0.0", 0, 0, "0"),
        ] {
            let read = Decimal::parse(text);
            assert_eq!(read, Some(Decimal { mantissa, scale }), "{text}");
            assert_eq!(read.map(|read| read.to_string()).as_deref(), Some(again));
        }
        for bad in ["", "-", ".", "1.", ".5", "1,5", "1.2.3", "+1", "1e5", "9223372036854775808"] {
            assert_eq!(Decimal::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_shortest_form_is_the_same_number() {
        let shortest = |mantissa, scale| Decimal { mantissa, scale }.shortest();
        assert_eq!(shortest(1_500, 3), Decimal { mantissa: 15, scale: 1 });
        assert_eq!(shortest(100, 0), Decimal { mantissa: 100, scale: 0 });
        assert_eq!(shortest(0, 9), Decimal { mantissa: 0, scale: 0 });
        assert_eq!(Decimal { mantissa: i64::MIN, scale: 255 }.to_string().len(), 258);
    }
}
