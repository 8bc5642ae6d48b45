//! Conversion: sums of one currency in another, exact until they are rounded once.
//!
//! A rate has 14 decimals, an amount that is not rounded yet has 18 behind its minor unit, so that
//! an amount times a rate is exact whatever the exponents of the two currencies are. What does not
//! fit is an error, never a wrong number. Only derived rates are rounded: the inverse of a rate and
//! the product of two, half-even at their fourteenth decimal; [`crate::rate_table`] says when.

use crate::{Currency, Decimal};

/// Ten to the 14th: what a rate of one is stored as.
const RATE_ONE: i128 = 100_000_000_000_000;
/// Ten to the 18th: one minor unit of an amount that is not rounded yet.
const EXACT_ONE: i128 = 1_000_000_000_000_000_000;
/// By how many decimals an amount is finer than a rate: what currencies' exponents may differ by.
const HEADROOM: i32 = 4;

/// Why an amount has no value in another currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// No rate leads from one to the other at that instant.
    #[error("no rate from {from} to {to} at that instant; set one", from = .from.code(), to = .to.code())]
    NoRate {
        /// The currency of the amount.
        from: Currency,
        /// The currency that was asked for.
        to: Currency,
    },
    /// The amount is too large to be written in minor units.
    #[error("the amount is too large")]
    TooLarge,
}

/// How many whole units of a currency one whole unit of another is worth: above 0, 14 decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(i128);

impl Rate {
    /// Every rate has as many decimals.
    pub const DECIMALS: u8 = 14;
    /// The rate of a currency in itself.
    pub const ONE: Rate = Rate(RATE_ONE);

    /// The rate of a decimal; `None` when it is not above 0 or has more decimals than rates have.
    pub fn of(decimal: Decimal) -> Option<Rate> {
        let decimal = decimal.shortest();
        let finer = u32::from(Self::DECIMALS.checked_sub(decimal.scale)?);
        Rate::above_zero(i128::from(decimal.mantissa) * 10_i128.pow(finer))
    }

    /// What a unit of the other currency is worth in this one, half-even at the last decimal.
    pub fn inverse(self) -> Option<Rate> {
        Rate::above_zero(half_even(RATE_ONE * RATE_ONE, self.0))
    }

    /// A rate and the one that follows it, half-even at the last decimal.
    pub fn times(self, next: Rate) -> Option<Rate> {
        Rate::above_zero(half_even(self.0.checked_mul(next.0)?, RATE_ONE))
    }

    fn above_zero(scaled: i128) -> Option<Rate> {
        (scaled > 0).then_some(Rate(scaled))
    }
}

/// An amount that is not rounded yet: 18 decimals behind its currency's minor unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact(i128);

impl Exact {
    /// Nothing.
    pub const ZERO: Exact = Exact(0);

    /// An amount of `from` in minor units as one of `to`.
    pub fn converted(
        minor: i64,
        from: Currency,
        to: Currency,
        rate: Rate,
    ) -> Result<Exact, ConversionError> {
        let finer = HEADROOM + i32::from(to.exponent()) - i32::from(from.exponent());
        let finer = u32::try_from(finer).ok().and_then(|finer| 10_i128.checked_pow(finer));
        let scaled = i128::from(minor).checked_mul(rate.0);
        scaled
            .zip(finer)
            .and_then(|(scaled, finer)| scaled.checked_mul(finer))
            .map(Exact)
            .ok_or(ConversionError::TooLarge)
    }

    /// The sum.
    pub fn plus(self, other: Exact) -> Result<Exact, ConversionError> {
        self.0.checked_add(other.0).map(Exact).ok_or(ConversionError::TooLarge)
    }

    /// Whole minor units; a half goes to the even one.
    pub fn rounded(self) -> Result<i64, ConversionError> {
        i64::try_from(half_even(self.0, EXACT_ONE)).map_err(|_| ConversionError::TooLarge)
    }

    /// The whole minor units at or below it, and how much is left.
    fn split(self) -> (i128, i128) {
        (self.0.div_euclid(EXACT_ONE), self.0.rem_euclid(EXACT_ONE))
    }
}

/// Divides by a number above 0; a half goes to the even neighbour.
fn half_even(number: i128, by: i128) -> i128 {
    let (below, rest) = (number.div_euclid(by), number.rem_euclid(by));
    let up = match rest.cmp(&(by - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => below % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    below + i128::from(up)
}

/// Shares a rounded sum out among its parts by the method of the largest remainder (Hamilton): each
/// part has its exact value rounded down or up, and together they are the sum. Of equal remainders
/// the first is rounded up.
///
/// The sum is the exact one rounded down or up, so no more parts are rounded up than have a
/// remainder: a part that was exact stays as it is, and the parts can be shared out again.
pub fn share_out(sum: i64, parts: &[Exact]) -> Result<Vec<i64>, ConversionError> {
    let split: Vec<(i128, i128)> = parts.iter().map(|part| part.split()).collect();
    let below: i128 = split.iter().map(|(below, _)| below).sum();
    let missing = usize::try_from(i128::from(sum) - below).unwrap_or(0);
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|part| std::cmp::Reverse(split[*part].1));
    let mut shares: Vec<i128> = split.iter().map(|(below, _)| *below).collect();
    for part in by_remainder.into_iter().take(missing) {
        shares[part] += 1;
    }
    shares
        .into_iter()
        .map(|share| i64::try_from(share).map_err(|_| ConversionError::TooLarge))
        .collect()
}

#[cfg(test)]
mod tests;
