//! Quotas in a rollup: how much was to be brought, how far a node is, and what is left to bring.

use super::sum;
use crate::conversion::ConversionError;

/// A quota and what follows from it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// How much, in minor units; `None` when none is set.
    pub amount: Option<i64>,
    /// Won ÷ quota.
    pub attainment: Ratio,
    /// Quota − won; below 0 when more was won. `None` when no quota is set.
    pub gap: Option<i64>,
    /// Open ÷ (quota − won): how often the pipeline would fill the gap.
    pub coverage: Ratio,
}

/// A fraction that keeps what it was made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ratio {
    /// Above the line.
    pub numerator: i64,
    /// Below the line; `None` when there is no quota.
    pub denominator: Option<i64>,
}

/// Why a ratio has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// No quota is set.
    NoQuota,
    /// Nothing is, or is left, to be brought.
    NothingToBring,
}

impl Missing {
    /// A stable UPPER_SNAKE word.
    pub fn word(self) -> &'static str {
        match self {
            Missing::NoQuota => "NO_QUOTA",
            Missing::NothingToBring => "NOTHING_TO_BRING",
        }
    }
}

impl Ratio {
    /// The fraction, or why there is none: never 0 in its stead, and none below 0 either.
    pub fn value(self) -> Result<f64, Missing> {
        match self.denominator {
            None => Err(Missing::NoQuota),
            Some(denominator) if denominator <= 0 => Err(Missing::NothingToBring),
            Some(denominator) => Ok(self.numerator as f64 / denominator as f64),
        }
    }
}

impl Quota {
    pub(super) fn of(amount: i64) -> Quota {
        Quota { amount: Some(amount), ..Quota::default() }
    }

    /// Attainment, gap and coverage of what is won and what is open, neither of them adjusted.
    pub(super) fn measure(&mut self, won: i64, open: i64) -> Result<(), ConversionError> {
        let left = |quota: i64| sum([quota, won.checked_neg().ok_or(ConversionError::TooLarge)?]);
        self.gap = self.amount.map(left).transpose()?;
        self.attainment = Ratio { numerator: won, denominator: self.amount };
        self.coverage = Ratio { numerator: open, denominator: self.gap };
        Ok(())
    }
}
