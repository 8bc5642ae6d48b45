//! The brute force's money: whole numbers, 18 decimals behind a minor unit.

use super::{
    brute::{BEGINNING, Recorded},
    company::{Amount, CURRENCIES, Micros, What},
};

/// One minor unit.
const ONE: i128 = 1_000_000_000_000_000_000;
/// A rate of one.
const RATE: i128 = 100_000_000_000_000;

/// The rates that are known, into one currency.
pub struct Rates {
    set: Vec<(Micros, &'static str, &'static str, bool, i128)>,
    into: &'static str,
}

impl Rates {
    pub fn known(recorded: &[Recorded], known_at: u64, into: &'static str) -> Rates {
        let mut set = Vec::new();
        for it in recorded.iter().filter(|it| it.position <= known_at) {
            if let What::Rate { from, to, plan, ten_thousandths } = it.what {
                set.push((it.at, from, to, plan, i128::from(ten_thousandths) * RATE / 10_000));
            }
        }
        set.sort_by_key(|(at, ..)| *at);
        Rates { set, into }
    }

    fn last(&self, from: &str, to: &str, plan: bool, before: Micros) -> Option<i128> {
        let fits = |it: &&(Micros, &str, &str, bool, i128)| {
            (it.1, it.2, it.3) == (from, to, plan) && (it.0 < before || it.0 == BEGINNING)
        };
        self.set.iter().rfind(fits).map(|it| it.4)
    }

    /// An amount in the currency, not rounded; `None` when no rate leads there.
    pub fn exact(&self, (minor, from): Amount, plan: bool, before: Micros) -> Option<i128> {
        let rate = if from == self.into {
            RATE
        } else if let Some(rate) = self.last(from, self.into, plan, before) {
            rate
        } else {
            half_even(RATE * RATE, self.last(self.into, from, plan, before)?)
        };
        let decimals = |code: &str| CURRENCIES.iter().find(|it| it.0 == code).unwrap().1;
        let shift = u32::try_from(4 + decimals(self.into) - decimals(from)).unwrap();
        Some(i128::from(minor) * rate * 10_i128.pow(shift))
    }
}

/// Whole minor units; a half goes to the even one.
pub fn rounded(exact: i128) -> i64 {
    half_even(exact, ONE).try_into().unwrap()
}

fn half_even(number: i128, by: i128) -> i128 {
    let (below, rest) = (number.div_euclid(by), number.rem_euclid(by));
    below + i128::from(2 * rest > by || (2 * rest == by && below % 2 != 0))
}

/// Shares a sum out by the largest remainder; of equal ones the first gets more.
pub fn share(sum: i64, parts: &[i128]) -> Vec<i64> {
    let mut shares: Vec<i128> = parts.iter().map(|part| part.div_euclid(ONE)).collect();
    let mut left: Vec<i128> = parts.iter().map(|part| part.rem_euclid(ONE)).collect();
    while shares.iter().sum::<i128>() < i128::from(sum) {
        let most = left.iter().max().unwrap();
        let place = left.iter().position(|it| it == most).unwrap();
        shares[place] += 1;
        left[place] = -1;
    }
    shares.into_iter().map(|share| share.try_into().unwrap()).collect()
}
